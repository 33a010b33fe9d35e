package commands

import (
	"context"
	"maps"
	"slices"
	"strings"

	"github.com/stackhand/stackhand"
)

type showArgs struct {
	Server string `arg:"server" help:"name or id; in a server's thread, that one"`
	inCloud
	Line Line
}

var _ = add(Command[showArgs]{
	Name:     "show",
	Help:     "everything about one server",
	Examples: []string{"show web-1"},
	Role:     stackhand.Member,
	Reads:    true,
	Run:      show,
})

func show(ctx context.Context, env *Env, user stackhand.User, a showArgs) (Reply, error) {
	s, t, err := locate(ctx, env, user, a.Line, a.Cloud, a.Server, func(id string) string { a.Server = id; return format("show", a) })
	if err != nil {
		return Reply{}, err
	}
	r := Reply{Text: stackhand.Textf("%s %s %s", t.name(), t.status(), dash(t.address()))}
	if t.gone {
		r.Text = stackhand.Textf("%s is %s; %s removes what is left of it.", t.name(), notThere, stackhand.AsCode("delete "+t.name()))
	}
	field := func(name, format string, args ...any) {
		r.Fields = append(r.Fields, Field{name, stackhand.Textf(format, args...)})
	}
	if t.server.Task != "" {
		field("At work", "%s", t.server.Task)
	}
	if t.server.Fault != "" {
		field("Fault", "%s", t.server.Fault)
	}
	s.showLease(t, field)
	sv := t.server
	for _, f := range []struct{ name, value string }{
		{"Flavor", first(sv.Flavor, stackOf(t).Flavor)}, {"Image", first(sv.Image, stackOf(t).Image)}, {"Key pair", sv.KeyName},
		{"Zone", sv.Zone}, {"Security groups", strings.Join(sv.Groups, ", ")}, {"Addresses", addresses(sv)}, {"Properties", properties(sv)},
		{"Id", t.id()},
	} {
		if f.value != "" {
			field(f.name, "%s", f.value)
		}
	}
	if !sv.Created.IsZero() {
		field("Created", "%s", stackhand.At(sv.Created))
	}
	if made := ledger(stackOf(t)); made != "" {
		field("Made for it", "%s", made)
	}
	return r, nil
}

// showLease tells who owns a server, until when, and how to get in.
func (s *session) showLease(t target, field func(name, format string, args ...any)) {
	if t.stack == nil {
		field("Owner", "not made here")
		return
	}
	field("Owner", "%s", stackhand.To(t.stack.Lease.Owner))
	if !t.stack.Lease.Until.IsZero() {
		field("Ends", "%s (%s)", stackhand.At(t.stack.Lease.Until), left(t.stack, s.env.Now()))
	}
	if t.stack.Busy != "" {
		field("Job", "%s", t.stack.Busy)
	}
	if a := t.address(); a != "" && t.stack.Login != "" {
		field("Log in", "%s", stackhand.AsCode("ssh "+t.stack.Login+"@"+a))
	}
}

func stackOf(t target) stackhand.Stack {
	if t.stack == nil {
		return stackhand.Stack{}
	}
	return *t.stack
}

func first(words ...string) string {
	for _, w := range words {
		if w != "" {
			return w
		}
	}
	return ""
}

func addresses(sv stackhand.Server) string {
	var out []string
	for _, a := range sv.Addresses {
		w := a.IP + " (" + a.Network
		if a.Floating {
			w += ", floating"
		}
		out = append(out, w+")")
	}
	return strings.Join(out, ", ")
}

func properties(sv stackhand.Server) string {
	var out []string
	for _, k := range slices.Sorted(maps.Keys(sv.Metadata)) {
		if !strings.HasPrefix(k, "stackhand_") {
			out = append(out, k+"="+sv.Metadata[k])
		}
	}
	return strings.Join(out, ", ")
}

// ledger lists what was made for a stack.
func ledger(st stackhand.Stack) string {
	var out []string
	for _, r := range st.Ledger {
		w := r.Kind + " " + first(r.Name, r.ID)
		if r.Shared {
			w += " (shared)"
		}
		out = append(out, w)
	}
	return strings.Join(out, ", ")
}
