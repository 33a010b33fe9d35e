package provision

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"

	"github.com/stackhand/stackhand"
	"github.com/stackhand/stackhand/internal/jobs"
)

// CleanupSpec is the input of the flow "cleanup".
type CleanupSpec struct {
	Job    string               `json:"job"` // the create job that left something
	Create stackhand.CreateSpec `json:"create"`
	Made   []stackhand.Resource `json:"made,omitempty"`
}

// planCleanup makes the job that removes what a create job left.
func planCleanup(old stackhand.Job) (stackhand.Job, error) {
	spec, err := input[stackhand.CreateSpec](old)
	if err != nil {
		return stackhand.Job{}, err
	}
	raw, err := json.Marshal(CleanupSpec{Job: old.ID, Create: spec, Made: old.Made})
	if err != nil {
		return stackhand.Job{}, fmt.Errorf("provision: clean up after %s: %w", old.ID, err)
	}
	return stackhand.Job{Flow: FlowCleanup, Input: raw, Title: "Clean up after " + old.Title}, nil
}

type cleanup struct {
	create
	job  string // of the cleanup
	made []stackhand.Resource
}

// cleanupFlow knows two versions: since the second there are volumes.
func cleanupFlow(d Deps, version int) jobs.Flow {
	return jobs.Flow{
		Name: FlowCleanup, Version: version,
		Steps: func(job stackhand.Job) ([]jobs.Step, error) {
			spec, err := input[CleanupSpec](job)
			if err != nil {
				return nil, err
			}
			raw, err := json.Marshal(spec.Create)
			if err != nil {
				return nil, err
			}
			c, err := newCreate(d, stackhand.Job{ID: spec.Job, Input: raw})
			if err != nil {
				return nil, err
			}
			return cleanup{c, job.ID, spec.Made}.steps(version), nil
		},
		// Trying again looks again, and removes what is there then.
		Cleanup: func(stackhand.Job) (stackhand.Job, error) { return stackhand.Job{}, nil },
	}
}

func (c cleanup) steps(version int) []jobs.Step {
	step := func(name, title string, do action, needs ...string) jobs.Step {
		return jobs.Step{Name: name, Title: title, Do: c.with(do), Needs: needs, Timeout: goneFor}
	}
	steps := []jobs.Step{
		step("look", "Look for leftovers", c.look),
		step("floating-ip", "Floating IP", c.removeEach(stackhand.KindFloatingIP), "look"),
		step("server", "Server", c.removeEach(stackhand.KindServer), "look"),
		step("port", "Port", c.removeEach(stackhand.KindPort), "server", "floating-ip"),
		step("group", "Security group", c.removeEach(stackhand.KindSecurityGroup), "port"),
		step("network", "Network", c.network, "port"),
	}
	last := []string{"group", "network"}
	if version > 1 {
		steps, last = append(steps, step("volume", "Volumes", c.removeEach(stackhand.KindVolume), "server")), append(last, "volume")
	}
	return append(steps, step("lease", "Lease", c.end, last...))
}

// leftKinds are the kinds that a create job may leave.
var leftKinds = append([]string{
	stackhand.KindFloatingIP, stackhand.KindServer, stackhand.KindPort, stackhand.KindSecurityGroup, stackhand.KindVolume,
}, networkKinds...)

// look puts on this job's record what the old one's record lists and what the cloud holds
// with the old one's mark.
func (c cleanup) look(ctx context.Context, run *jobs.Run, cloud Cloud) error {
	all := slices.Clone(c.made)
	for _, kind := range leftKinds {
		found, err := c.marked(ctx, cloud, kind)
		if err != nil {
			return err
		}
		for _, r := range found {
			if !slices.ContainsFunc(all, func(a stackhand.Resource) bool { return a.Kind == r.Kind && a.ID == r.ID }) {
				all = append(all, r)
			}
		}
	}
	if len(all) == 0 {
		return run.Say(ctx, "Nothing was left of job "+c.id+".")
	}
	if err := run.Note(ctx, fmt.Sprintf("%d found", len(all))); err != nil {
		return err
	}
	return run.Made(ctx, all...)
}

func (c cleanup) takedown(run *jobs.Run, cloud Cloud) *takedown {
	t := c.create.takedown(run, cloud)
	t.own = append(t.own, c.job)
	return t
}

func (c cleanup) removeEach(kind string) action {
	return func(ctx context.Context, run *jobs.Run, cloud Cloud) error {
		rs := ofKind(run.Job().Made, kind)
		if len(rs) == 0 && !run.Again() {
			run.Skip()
		}
		for _, r := range rs {
			if err := c.takedown(run, cloud).remove(ctx, r); err != nil {
				return err
			}
			if err := run.Note(ctx, r.Name); err != nil {
				return err
			}
		}
		return nil
	}
}

func (c cleanup) network(ctx context.Context, run *jobs.Run, cloud Cloud) error {
	rs := ofKind(run.Job().Made, networkKinds...)
	if len(rs) == 0 && !run.Again() {
		run.Skip()
	}
	return c.takedown(run, cloud).network(ctx, rs)
}

// end closes the stacks' records; one of which something stays keeps that on its ledger.
func (c cleanup) end(ctx context.Context, run *jobs.Run, _ Cloud) error {
	job := run.Job()
	for n := 1; n <= c.spec.Count; n++ {
		_, err := c.change(ctx, c.stack(n), func(st *stackhand.Stack) error {
			if st.State == stackhand.StackGone {
				return nil
			}
			st.Ledger = ledger(job, st.ID)
			st.State, st.Gone, st.Busy = stackhand.StackGone, c.Now(), ""
			return nil
		})
		if gone(err) != nil {
			return err
		}
	}
	return nil
}
