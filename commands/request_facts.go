package commands

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/stackhand/stackhand"
)

// Names of facts that are looked for by them.
const (
	factServers = "Servers"
	factFlavor  = "Flavor"
	factEnds    = "Ends"
	factCost    = "Cost"
	factLeft    = "Quota left afterwards"
	factMind    = "Mind"

	factEndsNow  = "Ends now"
	factWouldEnd = "Would end"
	factExtended = "Extended so far"
)

// outline is what approvers see of a job that waits for them, and what else its print depends on.
type outline struct {
	plan   []stackhand.Fact
	beside []any // prices and quotas
}

func (o *outline) fact(name, format string, args ...any) {
	o.plan = append(o.plan, stackhand.Fact{Name: name, Value: stackhand.Textf(format, args...)})
}

// request is what is asked for in place of a proposal's job.
func (env *Env) request(ctx context.Context, p proposal) (stackhand.Request, error) {
	var r stackhand.Request
	args, err := p.line.arguments()
	if err != nil {
		return r, err
	}
	o := p.outline
	if len(o.plan) == 0 {
		if o, err = env.outlined(ctx, p); err != nil {
			return r, err
		}
	}
	mark, err := planPrint(p.job, p.made, o.beside...)
	v := p.verdict
	return stackhand.Request{
		ID: p.job.ID, State: stackhand.RequestOpen, Job: p.job, Stacks: p.made, Args: args, Command: p.line.command(), Created: env.Now(),
		Rule: v.Rule, Why: v.Why, Approvers: v.Approvers, Needed: v.Needed, Own: v.Own, Plan: o.plan, Print: mark, Ends: p.ends,
	}, err
}

// outline tells of a create what approvers have to know.
func (p *plan) outline() outline {
	o := outline{}
	s := p.spec
	o.fact(factServers, "%s, in %s of %s", p.names(), s.Project, s.Cloud)
	for _, f := range p.show().Fields {
		switch f.Name {
		case factMind: // that is for whoever asks
			continue
		case factEnds: // nobody knows when it will be approved
			f.Value = stackhand.Textf("%s after it is ready", short(s.For))
		case factLeft:
			f.Value = stackhand.Textf("%s", leftOver(slices.DeleteFunc(p.needs(), func(n need) bool { return !scarce[n.what] })))
		}
		o.plan = append(o.plan, stackhand.Fact(f))
	}
	price, known := p.session.settings.Prices[p.flavor.Name]
	o.beside = append(o.beside, price, known)
	for _, n := range p.needs() {
		if scarce[n.what] {
			o.beside = append(o.beside, n.what, n.limit.Max)
		}
	}
	return o
}

// scarce are the quotas that approvers care about. There is room in the others too, or it would not be asked.
var scarce = map[string]bool{"servers": true, "cores": true, "RAM": true, "floating IPs": true, "volumes": true, "GiB of volumes": true}

// openPorts says who reaches which ports.
func openPorts(ports []int) string {
	return strings.Trim(strings.ReplaceAll(fmt.Sprint(ports), " ", ", "), "[]") + " (TCP), to everybody: 0.0.0.0/0"
}

// outlined tells of any other job what approvers have to know: what it is about, by name and id.
func (env *Env) outlined(ctx context.Context, p proposal) (outline, error) {
	o, f := outline{}, p.facts
	if len(p.job.Stacks) > 0 && len(p.made) == 0 {
		st, err := env.Stacks.Stack(ctx, p.job.Stacks[0])
		if err != nil {
			return o, err
		}
		o.fact("Server", "%s (%s), %s, of %s", st.Name, first(st.Server, st.ID), first(st.Flavor, "size unknown"), stackhand.To(st.Lease.Owner))
		if p.job.Flow == "delete" {
			return o, o.goes(p.job, st)
		}
	} else if f.ServerID != "" {
		o.fact("Server", "%s (%s)", f.Name, f.ServerID)
	} else if f.Name != "" {
		o.fact(capital(first(f.Noun, "name")), "%s", withID(f.Name, f.ThingID))
	}
	if f.Thing != "" && f.Thing != f.Name {
		o.fact("With", "%s", withID(f.Thing, f.ThingID))
	}
	if f.ImageID != "" {
		o.fact("Image", "%s", withID(f.Image, f.ImageID))
	}
	if f.SizeGB > 0 {
		o.fact("Size", "%d GiB", f.SizeGB)
	}
	if len(f.Open) > 0 {
		o.fact("Open ports", "%s", clip(openPorts(f.Open), 200))
	}
	if where := first(f.Project, f.Cloud); where != "" {
		o.fact("Project", "%s of %s", where, f.Cloud)
	}
	if f.Verb == "adopt" && len(p.made) == 1 {
		o.adopts(env, f, p.made[0])
	}
	return o, env.sizes(ctx, p, &o)
}

// adopts tells whose a server becomes that was made elsewhere, for how long, and what it costs them.
func (o *outline) adopts(env *Env, f facts, st stackhand.Stack) {
	price, known := env.Settings.Clouds[st.Cloud].Prices[st.Flavor]
	o.fact("Becomes", "a server of %s, for %s from then on", stackhand.To(f.Owner), short(f.Lifetime))
	o.fact(factFlavor, "%s", first(st.Flavor, "size unknown"))
	o.fact(factCost, "%s", costOf(first(st.Flavor, "its size"), price, known, 1, f.Lifetime))
	o.beside = append(o.beside, price, known)
}

func withID(name, id string) string {
	if id == "" || id == name {
		return name
	}
	return first(name, "without a name") + " (" + id + ")"
}

// goes tells what a deletion takes away.
func (o *outline) goes(job stackhand.Job, st stackhand.Stack) error {
	var spec stackhand.DeleteSpec
	if err := json.Unmarshal(job.Input, &spec); err != nil {
		return fmt.Errorf("input of %s: %w", job.Flow, err)
	}
	o.fact("Goes with it", "%s", first(ledger(st), "nothing else"))
	for _, r := range st.Ledger {
		if r.Kind == stackhand.KindVolume && r.Job != "" && r.Job != st.Job {
			fate := "its data is deleted"
			if spec.KeepVolumes {
				fate = "is kept"
			}
			o.fact("Volume "+first(r.Name, r.ID), "%s", fate)
		}
	}
	if !st.Lease.Until.IsZero() {
		o.fact("Would have lasted until", "%s", stackhand.At(st.Lease.Until))
	}
	o.fact("Project", "%s of %s", st.Project, st.Cloud)
	return nil
}

// sizes tells what a new size comes to, and what is left of the quotas that a new thing takes.
func (env *Env) sizes(ctx context.Context, p proposal, o *outline) error {
	s := p.session
	if s == nil {
		return nil
	}
	if id := p.facts.FlavorID; id != "" {
		flavors, err := s.Flavors(ctx)
		if err != nil {
			return err
		}
		for _, f := range flavors {
			if f.ID != id {
				continue
			}
			price, known := s.settings.Prices[f.Name]
			o.fact(factFlavor, "%s (%s): %s", f.Name, f.ID, flavorThing(f).note)
			o.fact(factCost, "%s", costOf(f.Name, price, known, 1, p.facts.Lifetime.Round(time.Hour)))
			o.beside = append(o.beside, price, known)
		}
	}
	if p.job.Flow != "make" {
		return nil
	}
	var m stackhand.MakeSpec
	if err := json.Unmarshal(p.job.Input, &m); err != nil {
		return fmt.Errorf("input of %s: %w", p.job.Flow, err)
	}
	l, err := s.Limits(ctx)
	if err != nil {
		return err
	}
	needs := quotaOf(l, m)
	if len(needs) > 0 {
		o.fact(factLeft, "%s", leftOver(needs))
	}
	for _, n := range needs {
		o.beside = append(o.beside, n.what, n.limit.Max)
	}
	return nil
}
