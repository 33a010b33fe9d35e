package provision

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"github.com/stackhand/stackhand"
	"github.com/stackhand/stackhand/internal/jobs"
)

// deletion takes a stack down by its ledger.
type deletion struct {
	Deps
	id   string // the job's
	spec stackhand.DeleteSpec
}

// deleteFlow knows two versions: since the second there are volumes.
func deleteFlow(d Deps, version int) jobs.Flow {
	return jobs.Flow{
		Name: FlowDelete, Version: version,
		Steps: func(job stackhand.Job) ([]jobs.Step, error) {
			spec, err := input[stackhand.DeleteSpec](job)
			if err != nil {
				return nil, err
			}
			return deletion{d, job.ID, spec}.steps(version), nil
		},
		Settle: d.settleDelete,
		// What a deletion left is removed by deleting again.
		Cleanup: func(stackhand.Job) (stackhand.Job, error) { return stackhand.Job{}, nil },
	}
}

func (d deletion) steps(version int) []jobs.Step {
	step := func(name, title string, do func(context.Context, *jobs.Run) error, needs ...string) jobs.Step {
		return jobs.Step{Name: name, Title: title, Do: do, Needs: needs, Timeout: goneFor}
	}
	each := func(kind string) func(context.Context, *jobs.Run) error {
		return d.withStack(d.spec.Stack, d.removeEach(kind))
	}
	steps := []jobs.Step{
		step("stack", "Stack", d.take),
		// The server goes first: a cloud that refuses that, for a lock of which old ones do not tell, leaves it reachable.
		step("server", "Server", d.withStack(d.spec.Stack, d.server), "stack"),
		step("floating-ip", "Floating IP", each(stackhand.KindFloatingIP), "server"),
		step("port", "Port", each(stackhand.KindPort), "floating-ip"),
		step("group", "Security group", each(stackhand.KindSecurityGroup), "port"),
		step("network", "Network", d.withStack(d.spec.Stack, d.network), "port"),
	}
	last := []string{"group", "network"}
	if version > 1 {
		steps, last = append(steps, step("volume", "Volumes", each(stackhand.KindVolume), "server")), append(last, "volume")
	}
	return append(steps, step("lease", "Lease", d.end, last...))
}

// isKept is the value that says that the stack was never finished: its ledger may lack something.
const isKept = "kept"

// take makes the stack this job's to take down, with all that there is of it.
func (d deletion) take(ctx context.Context, run *jobs.Run) error {
	st, err := d.Book.Stack(ctx, d.spec.Stack)
	if err != nil {
		return err
	}
	if st.State == stackhand.StackKept {
		if err := run.Set(ctx, isKept, true); err != nil {
			return err
		}
	}
	if mine := st.Busy == d.id && st.State == stackhand.StackDeleting; !mine && st.State != stackhand.StackGone {
		if err := d.inTime(st, d.spec.Earliest, d.spec.Latest); err != nil {
			return err
		}
		if err := d.with(d.mayGo(st))(ctx, run); err != nil {
			return err
		}
	}
	if err := d.mark(ctx, run); err != nil {
		return err
	}
	return d.with(d.adopt)(ctx, run)
}

// mayGo refuses while nothing is taken away yet what the cloud would refuse when half of it is gone, and, where nobody asked for
// the deletion, a server that is not what the record says. Nova lets administrators delete what is locked.
func (d deletion) mayGo(st stackhand.Stack) action {
	return func(ctx context.Context, _ *jobs.Run, c Cloud) error {
		if st.Server == "" {
			return nil
		}
		srv, err := c.Server(ctx, st.Server)
		if err != nil {
			return gone(err)
		}
		if srv.Locked && (d.spec.Why == whyExpired || !isAdmin(c.Identity())) {
			return stackhand.Errorf(stackhand.Conflict, "%s is locked, so it cannot be deleted.", st.Name).Do("Say unlock %s, then try again.", st.Name)
		}
		if d.spec.Why != whyExpired {
			return nil
		}
		if err := d.same(st, srv); err != nil {
			return err
		}
		return awake(st, srv)
	}
}

// whyExpired is DeleteSpec.Why of a deletion for which nobody asked.
const whyExpired = "expired"

// mark says on the stack's record that this job takes it down.
func (d deletion) mark(ctx context.Context, run *jobs.Run) error {
	st, err := d.change(ctx, d.spec.Stack, func(st *stackhand.Stack) error {
		switch {
		case st.State == stackhand.StackGone, st.Busy == d.id && st.State == stackhand.StackDeleting:
			return nil
		case st.State == stackhand.StackBuilding:
			return stackhand.Errorf(stackhand.Conflict, "%s is still being built.", st.Name).Do("Cancel job %s.", st.Job)
		case st.Busy != "" && st.Busy != d.id:
			return stackhand.Errorf(stackhand.Conflict, "Job %s is at work on %s.", st.Busy, st.Name).Do("Wait for its end.")
		case !d.spec.Until.IsZero() && !st.Lease.End().Equal(d.spec.Until):
			return stackhand.Errorf(stackhand.Conflict, "%s was extended meanwhile, so it stays.", st.Name).Do("Say delete if it has to go all the same.")
		}
		st.State, st.Busy = stackhand.StackDeleting, d.id
		return nil
	})
	if err != nil {
		return err
	}
	if st.State == stackhand.StackGone {
		return run.Say(ctx, st.Name+" was gone already.")
	}
	return run.Note(ctx, st.Name)
}

// ledger is what is left of the stack; nothing if it is gone.
func (d deletion) ledger(ctx context.Context, kinds ...string) ([]stackhand.Resource, stackhand.Stack, error) {
	st, err := d.Book.Stack(ctx, d.spec.Stack)
	if err != nil || st.State == stackhand.StackGone {
		return nil, st, err
	}
	return ofKind(st.Ledger, kinds...), st, nil
}

func (d deletion) takedown(run *jobs.Run, c Cloud, st stackhand.Stack) *takedown {
	return &takedown{
		Deps: d.Deps, run: run, cloud: c, name: st.Cloud, project: st.ProjectID, within: st.ProjectID,
		// The job that made the stack may still be closing its record.
		own: []string{st.ID, d.id, st.Job}, since: st.Created, boot: st.Job, keep: d.spec.KeepVolumes,
		forget: func(ctx context.Context, r stackhand.Resource) error {
			_, err := d.change(ctx, st.ID, func(st *stackhand.Stack) error {
				st.Ledger = slices.DeleteFunc(st.Ledger, func(l stackhand.Resource) bool { return l.Kind == r.Kind && l.ID == r.ID })
				if r.Kind == stackhand.KindFloatingIP && st.Address == r.Name {
					st.Address = "" // it may be somebody else's by now
				}
				return nil
			})
			return err
		},
	}
}

func (d deletion) removeEach(kind string) action {
	return func(ctx context.Context, run *jobs.Run, c Cloud) error {
		rs, st, err := d.ledger(ctx, kind)
		if err != nil {
			return err
		}
		if len(rs) == 0 && !run.Again() {
			run.Skip()
		}
		for _, r := range rs {
			if r.Stack == "" && !r.Shared {
				r.Stack = st.ID
			}
			if err := d.takedown(run, c, st).remove(ctx, r); err != nil {
				return err
			}
			if err := run.Note(ctx, r.Name); err != nil {
				return err
			}
		}
		return nil
	}
}

// server deletes the server, unless it is one for whose end nobody asked, and that somebody started, or whose time is over: this job may
// stand in a backup that is older than that, or have been cut short days ago.
func (d deletion) server(ctx context.Context, run *jobs.Run, c Cloud) error {
	st, err := d.Book.Stack(ctx, d.spec.Stack)
	if err != nil {
		return err
	}
	if d.spec.Why == whyExpired && st.Server != "" {
		srv, err := c.Server(ctx, st.Server)
		if err == nil {
			err = awake(st, srv)
		}
		if err == nil && srv.Task != deletingTask {
			err = d.inTime(st, d.spec.Earliest, d.spec.Latest)
		}
		if gone(err) != nil {
			return err
		}
	}
	return d.removeEach(stackhand.KindServer)(ctx, run, c)
}

// deletingTask is what Nova has to do with a server that it was told to delete.
const deletingTask = "deleting"

func (d deletion) network(ctx context.Context, run *jobs.Run, c Cloud) error {
	rs, st, err := d.ledger(ctx, networkKinds...)
	if err != nil {
		return err
	}
	if len(rs) == 0 && !run.Again() {
		run.Skip()
	}
	return d.takedown(run, c, st).network(ctx, rs)
}

// end closes the stack's record. What others use stays on its ledger, for whoever asks later.
func (d deletion) end(ctx context.Context, _ *jobs.Run) error {
	_, err := d.change(ctx, d.spec.Stack, func(st *stackhand.Stack) error {
		if st.State != stackhand.StackGone {
			st.State, st.Gone, st.Busy = stackhand.StackGone, d.Now(), ""
			if d.spec.Why == whyExpired {
				st.Lease.Ladder.Take(stackhand.Rung{Step: stackhand.StepDelete, Job: d.id, At: st.Gone})
			}
		}
		return nil
	})
	return err
}

// settleDelete gives a stack back whose deletion did not get through, as what is left of it, and names that.
func (d Deps) settleDelete(ctx context.Context, job stackhand.Job, to stackhand.JobState) ([]string, error) {
	if to == stackhand.JobDone {
		return nil, nil
	}
	spec, err := input[stackhand.DeleteSpec](job)
	if err != nil {
		return nil, nil // such a job never touched a stack
	}
	return d.settleTakedown(ctx, job, spec)
}

func (d Deps) settleTakedown(ctx context.Context, job stackhand.Job, spec stackhand.DeleteSpec) ([]string, error) {
	mine := false
	st, err := d.change(ctx, spec.Stack, func(st *stackhand.Stack) error {
		if mine = st.Busy == job.ID; !mine {
			return nil
		}
		st.Busy, st.State = "", stackhand.StackKept
		if len(ofKind(st.Ledger, stackhand.KindServer)) == 0 {
			st.Server, st.Address = "", ""
		} else if _, kept := job.Values[isKept]; !kept {
			st.State = stackhand.StackReady
		}
		return nil
	})
	if gone(err) != nil {
		return nil, fmt.Errorf("provision: settle %s: %w", job.ID, err)
	}
	if err != nil || len(st.Ledger) == 0 {
		return nil, nil
	}
	if s := job.Step("stack"); !mine && (st.Busy != "" || s == nil || s.State != stackhand.StepDone) {
		return nil, nil // it never had the stack, or somebody else has it now
	}
	return []string{"Still there: " + inWords(st.Ledger) + "."}, nil
}

// inWords names things of a ledger, the stack's own first and then, marked, those that others may use as well.
func inWords(ledger []stackhand.Resource) string {
	var own, shared []string
	for _, r := range ledger {
		name := r.Kind + " " + r.Name
		if r.Name == "" {
			name = r.Kind + " " + r.ID
		}
		switch {
		case r.Kind == stackhand.KindInterface: // it goes with its router
		case r.Shared:
			shared = append(shared, name+" (shared)")
		default:
			own = append(own, name)
		}
	}
	return strings.Join(append(own, shared...), ", ")
}
