package provision

import (
	"context"
	"fmt"
	"maps"
	"strings"

	"github.com/stackhand/stackhand"
	"github.com/stackhand/stackhand/internal/jobs"
)

// maker makes one resource that belongs to no stack.
type maker struct {
	Deps
	id   string // the job's
	spec stackhand.MakeSpec
}

func makeFlow(d Deps) jobs.Flow {
	return jobs.Flow{
		Name: FlowMake, Version: 1, Undo: true,
		Steps: func(job stackhand.Job) ([]jobs.Step, error) {
			spec, err := input[stackhand.MakeSpec](job)
			if err != nil {
				return nil, err
			}
			return maker{d, job.ID, spec}.steps()
		},
		// Trying again makes it anew; what was left is on the old job's record, and removed by name.
		Cleanup: planMakeCleanup,
		Left:    func(_ context.Context, job stackhand.Job) (bool, error) { return len(job.Made) > 0, nil },
	}
}

// makes are the ways to make each kind.
var makes = map[string]func(maker) action{
	stackhand.KindNetwork:       func(m maker) action { return m.network },
	stackhand.KindSubnet:        func(m maker) action { return m.subnet },
	stackhand.KindRouter:        func(m maker) action { return m.router },
	stackhand.KindInterface:     func(m maker) action { return m.join },
	stackhand.KindPort:          func(m maker) action { return m.port },
	stackhand.KindSecurityGroup: func(m maker) action { return m.group },
	stackhand.KindRule:          func(m maker) action { return m.rule },
	stackhand.KindFloatingIP:    func(m maker) action { return m.floatingIP },
	stackhand.KindVolume:        func(m maker) action { return m.volume },
	stackhand.KindSnapshot:      func(m maker) action { return m.snapshot },
}

func (m maker) steps() ([]jobs.Step, error) {
	how := makes[m.spec.Kind]
	if how == nil {
		return nil, stackhand.Errorf(stackhand.NeedsHuman, "This version of the bot does not know how to make a %s.", m.spec.Kind).
			Do("Start the version of the bot that began this job, or say it anew.")
	}
	steps := []jobs.Step{{Name: "make", Title: m.title(), Makes: m.spec.Kind, Do: m.with(how(m)), Undo: m.with(m.unmake)}}
	wait := jobs.Step{Name: "wait", Needs: []string{"make"}, Waits: true, Timeout: imageFor}
	switch m.spec.Kind {
	case stackhand.KindVolume:
		wait.Title, wait.Do = "Wait until it is available", m.with(m.volumeThere)
	case stackhand.KindSnapshot:
		wait.Title, wait.Do = "Wait until it is available", m.with(m.snapshotThere)
	case stackhand.KindFloatingIP:
		if m.spec.TargetID == "" {
			return steps, nil
		}
		wait = jobs.Step{Name: "attach", Title: "Attach it to " + m.spec.Target, Needs: []string{"make"}, Timeout: attachFor, Do: m.with(m.attach)}
	default:
		return steps, nil
	}
	return append(steps, wait), nil
}

func (m maker) title() string {
	switch m.spec.Kind {
	case stackhand.KindInterface:
		return fmt.Sprintf("Connect %s with %s", m.spec.Parent, m.spec.Target)
	case stackhand.KindRule:
		return "Rule in " + m.spec.Parent
	}
	kind := prose(m.spec.Kind)
	return strings.TrimSpace(strings.ToUpper(kind[:1]) + kind[1:] + " " + m.spec.Name)
}

// prose is a kind as it is written in a sentence.
func prose(kind string) string { return strings.Replace(kind, " ip", " IP", 1) }

// with opens the session of a step: things are made in the very project.
func (m maker) with(do action) func(context.Context, *jobs.Run) error {
	return m.Deps.with(func(ctx context.Context, run *jobs.Run, c Cloud) error {
		if err := (home{m.spec.ProjectID, m.spec.Project}).check(c.Identity(), false); err != nil {
			return err
		}
		return do(ctx, run, c)
	})
}

func (m maker) mark() string { return m.sign(m.id, "").With(m.spec.Description) }

// made keeps the thing, and says its id with a word on it.
func (m maker) made(ctx context.Context, run *jobs.Run, id, name, word string) error {
	r := stackhand.Resource{Kind: m.spec.Kind, ID: id, Name: name, Parent: m.spec.ParentID, Job: m.id}
	if err := run.Made(ctx, r); err != nil {
		return err
	}
	if err := run.Note(ctx, word); err != nil {
		return err
	}
	said := name
	if word != "" && word != name {
		said = strings.TrimSpace(name + " " + word)
	}
	return run.Say(ctx, fmt.Sprintf("The %s %s is there: %s.", prose(m.spec.Kind), said, id))
}

func (m maker) network(ctx context.Context, run *jobs.Run, c Cloud) error {
	n, err := makeNetwork(ctx, run, c, m.spec.Name, m.mark())
	if err != nil {
		return err
	}
	return m.made(ctx, run, n.ID, n.Name, "")
}

func (m maker) subnet(ctx context.Context, run *jobs.Run, c Cloud) error {
	spec := m.spec.Subnet
	spec.Name, spec.Description = m.spec.Name, m.mark()
	s, err := makeSubnet(ctx, run, c, spec)
	if err != nil {
		return err
	}
	return m.made(ctx, run, s.ID, s.Name, spec.CIDR)
}

func (m maker) router(ctx context.Context, run *jobs.Run, c Cloud) error {
	r, err := makeRouter(ctx, run, c, m.spec.Name, m.mark(), m.spec.External)
	if err != nil {
		return err
	}
	return m.made(ctx, run, r.ID, r.Name, "")
}

// fresh tells whether what the step makes was not there before its first attempt; only then may it be taken back.
func (m maker) fresh(ctx context.Context, run *jobs.Run, there func() (bool, error)) (fresh bool, err error) {
	known, err := run.Get("fresh", &fresh)
	if err != nil || known {
		return fresh, err
	}
	is, err := there()
	if err != nil {
		return false, err
	}
	return !is, run.Set(ctx, "fresh", !is)
}

// join connects a router with a subnet.
func (m maker) join(ctx context.Context, run *jobs.Run, c Cloud) error {
	fresh, err := m.fresh(ctx, run, func() (bool, error) { return joined(ctx, c, m.spec.ParentID, m.spec.TargetID) })
	if err != nil {
		return err
	}
	if !fresh {
		return run.Say(ctx, fmt.Sprintf("%s is connected with %s already.", m.spec.Parent, m.spec.Target))
	}
	err = c.AddRouterInterface(ctx, m.spec.ParentID, m.spec.TargetID)
	if is(err, stackhand.Conflict) && run.Again() {
		if there, lookErr := joined(ctx, c, m.spec.ParentID, m.spec.TargetID); lookErr == nil && there {
			err = nil
		}
	}
	if err != nil {
		return err
	}
	err = run.Made(ctx, stackhand.Resource{Kind: m.spec.Kind, ID: m.spec.TargetID, Name: m.spec.Target, Parent: m.spec.ParentID, Job: m.id})
	if err != nil {
		return err
	}
	return run.Say(ctx, fmt.Sprintf("%s is connected with %s now.", m.spec.Parent, m.spec.Target))
}

func (m maker) port(ctx context.Context, run *jobs.Run, c Cloud) error {
	spec := m.spec.Port
	spec.Name, spec.Description = m.spec.Name, m.mark()
	p, err := makePort(ctx, run, c, spec)
	if err != nil {
		return err
	}
	word := ""
	if len(p.IPs) > 0 {
		word = p.IPs[0].IP
	}
	return m.made(ctx, run, p.ID, p.Name, word)
}

func (m maker) group(ctx context.Context, run *jobs.Run, c Cloud) error {
	g, err := makeGroup(ctx, run, c, m.spec.Name, m.mark())
	if err != nil {
		return err
	}
	return m.made(ctx, run, g.ID, g.Name, "")
}

// rule adds a rule. The cloud refuses a second one like it, so trying again does no harm.
func (m maker) rule(ctx context.Context, run *jobs.Run, c Cloud) error {
	fresh, err := m.fresh(ctx, run, func() (bool, error) {
		r, err := m.findRule(ctx, c)
		return r.ID != "", err
	})
	if err != nil {
		return err
	}
	if fresh {
		err = c.CreateRule(ctx, m.spec.ParentID, m.spec.Rule)
	}
	if !fresh || is(err, stackhand.Conflict) && !run.Again() {
		return run.Say(ctx, fmt.Sprintf("The security group %s has this rule already.", m.spec.Parent))
	}
	if is(err, stackhand.Conflict) {
		return nil
	}
	return err
}

// findRule finds a rule of the group that means the same; the zero Rule if there is none.
func (m maker) findRule(ctx context.Context, c Cloud) (stackhand.Rule, error) {
	all, err := c.SecurityGroups(ctx)
	if err != nil {
		return stackhand.Rule{}, err
	}
	for _, g := range all {
		for _, r := range g.Rules {
			if g.ID == m.spec.ParentID && sameRule(r, m.spec.Rule) {
				return r, nil
			}
		}
	}
	return stackhand.Rule{}, nil
}

func (m maker) floatingIP(ctx context.Context, run *jobs.Run, c Cloud) error {
	f, err := m.makeFloatingIP(ctx, run, c, m.spec.External, m.mark())
	if err != nil {
		return err
	}
	return m.made(ctx, run, f.ID, f.IP, f.IP)
}

func (m maker) attach(ctx context.Context, run *jobs.Run, c Cloud) error {
	id := madeID(run.Job(), stackhand.KindFloatingIP, "")
	err := c.AttachFloatingIP(ctx, id, m.spec.TargetID)
	if is(err, stackhand.NotFound) || is(err, stackhand.Conflict) {
		e := stackhand.Errorf(stackhand.Conflict, "The floating IP cannot serve the port %s.", m.spec.Target).
			Do("Look whether its network has a router to the outside, and whether it has an address already.").Because(err)
		e.Detail = stackhand.Said(err)
		return e
	}
	return err
}

// marks are the metadata of volumes and snapshots.
func (m maker) marks() map[string]string {
	out := map[string]string{}
	maps.Copy(out, m.spec.Volume.Metadata)
	maps.Copy(out, m.sign(m.id, "").Metadata())
	return out
}
