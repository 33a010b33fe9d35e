package commands

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"strings"

	"golang.org/x/sync/errgroup"

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
	more := s.beside(ctx, t)
	if t.stack != nil {
		more.longer, err = env.WaitingFor(ctx, t.stack.ID, "keep")
	} else {
		more.offer, err = env.offeredElsewhere(ctx, s.name, t.server.ID)
	}
	if err != nil {
		return Reply{}, err
	}
	r := Reply{Text: stackhand.Textf("%s %s %s", t.name(), t.status(), dash(t.address())), Actions: sizeButtons(t)}
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
	s.showLease(ctx, t, more, field)
	if when, err := env.scheduleOf(ctx, t); err != nil {
		return Reply{}, err
	} else if when != nil {
		field("Schedule", "%s", when)
	}
	sv := t.server
	for _, f := range []struct{ name, value string }{
		{"Flavor", first(sv.Flavor, stackOf(t).Flavor)}, {"Image", first(sv.Image, stackOf(t).Image)}, {"Key pair", sv.KeyName},
		{"Zone", sv.Zone}, {"Security groups", strings.Join(sv.Groups, ", ")}, {"Addresses", addresses(sv)},
		{"Access address", strings.Trim(sv.AccessIPv4+", "+sv.AccessIPv6, ", ")}, {"Volumes", more.volumes}, {"Properties", properties(sv)},
		{"Host", sv.Host}, {"Id", t.id()}, {"Mind", more.trouble},
	} {
		if f.value != "" {
			field(f.name, "%s", f.value)
		}
	}
	if sv.Locked {
		field("Locked", "yes; %s lets it be changed", stackhand.AsCode("unlock "+quote(t.name())))
	}
	if !sv.Created.IsZero() {
		field("Created", "%s", stackhand.At(sv.Created))
	}
	if made := ledger(stackOf(t)); made != "" {
		name := "Made for it"
		if s.env.adopted(ctx, *t.stack) == nil {
			name = "Uses"
		}
		field(name, "%s", made)
	}
	return r, env.showActivity(ctx, user, t, &r)
}

// sizeButtons confirm or revert a resize that waits for it.
func sizeButtons(t target) []stackhand.Action {
	if t.server.Status != "VERIFY_RESIZE" {
		return nil
	}
	line := func(option string) string { return "resize " + quote(t.id()) + " " + option }
	return []stackhand.Action{
		{ID: "choose", Label: "Confirm the new size", Value: line("--confirm")},
		{ID: "choose", Label: "Revert it", Value: line("--revert"), Danger: true, Confirm: "Give " + t.name() + " its old size back? What changed on its disk since is lost."},
	}
}

// beside is what show tells that is not in the server's own record.
type beside struct {
	volumes string             // names and sizes of those attached
	ssh     bool               // nothing keeps SSH out
	trouble string             // what could not be read
	longer  *stackhand.Request // to keep it for longer, which waits
	offer   *stackhand.Notice  // to put it under a lease, which waits for an answer
}

// beside reads it, side by side. What cannot be read is told as it is known without.
func (s *session) beside(ctx context.Context, t target) beside {
	b := beside{volumes: strings.Join(t.server.Volumes, ", "), ssh: true}
	var volumes []stackhand.Volume
	var groups []stackhand.SecurityGroup
	g := stackhand.Guarding(new(errgroup.Group))
	if len(t.server.Volumes) > 0 {
		g.Go(func() (err error) { volumes, err = s.Volumes(ctx); return err })
	}
	if t.address() != "" && stackOf(t).Login != "" && len(t.server.Groups) > 0 {
		g.Go(func() (err error) { groups, err = s.SecurityGroups(ctx); return err })
	}
	if err := g.Wait(); err != nil {
		b.trouble = "The names of its volumes and its open ports could not be read: " + err.Error()
		return b
	}
	var names []string
	for _, v := range volumes {
		if slices.Contains(t.server.Volumes, v.ID) {
			names = append(names, fmt.Sprintf("%s (%d GiB)", first(v.Name, v.ID), v.Size))
		}
	}
	if len(names) == len(t.server.Volumes) {
		b.volumes = strings.Join(names, ", ")
	}
	if len(groups) > 0 {
		b.ssh = slices.ContainsFunc(groups, func(g stackhand.SecurityGroup) bool { return slices.Contains(t.server.Groups, g.Name) && admits(g, 22) })
	}
	return b
}

// admits tells whether a group lets people from outside reach a TCP port over IPv4.
func admits(g stackhand.SecurityGroup, port int) bool {
	return slices.ContainsFunc(g.Rules, func(r stackhand.Rule) bool {
		return r.Direction != "egress" && (r.Protocol == "" || r.Protocol == "tcp" || r.Protocol == "6") && r.RemoteGroup == "" && r.EtherType != "IPv6" &&
			(r.PortMin == 0 && r.PortMax == 0 || r.PortMin <= port && port <= r.PortMax)
	})
}

// showLease tells who owns a server, until when, and how to get in.
func (s *session) showLease(ctx context.Context, t target, more beside, field func(name, format string, args ...any)) {
	if t.stack == nil {
		field("Owner", "not made here")
		if n := more.offer; n != nil {
			field("Offered to", "%s, until %s", stackhand.To(n.Adoption.To), stackhand.At(n.Ends))
		}
		return
	}
	s.showOwners(ctx, *t.stack, field)
	if !t.stack.Lease.Until.IsZero() {
		field("Ends", "%s (%s)", stackhand.At(t.stack.Lease.Until), left(t.stack, s.env.Now()))
	}
	if r := more.longer; r != nil {
		field("Asked for", "%s: waits for %s (request %s)", r.Job.Title, s.env.waitsFor(ctx, *r), stackhand.AsCode(r.ID))
	}
	s.showOutlook(ctx, t, field)
	if t.stack.Busy != "" {
		field("Job", "%s", t.stack.Busy)
	}
	if a := t.address(); a != "" && t.stack.Login != "" && more.ssh && t.runs() {
		field("Log in", "%s", stackhand.AsCode("ssh "+t.stack.Login+"@"+a))
	}
}

// showOutlook tells what comes next by its lease, and who was told.
func (s *session) showOutlook(ctx context.Context, t target, field func(name, format string, args ...any)) {
	if s.env.Leases == nil {
		return
	}
	next, told, err := s.env.Leases.Outlook(ctx, *t.stack, t.server.Status)
	if err != nil {
		field("Next", "%s", err)
	}
	if len(next) > 0 {
		field("Next", "%s", next)
	}
	if len(told) > 0 {
		field("Told", "%s", told)
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
