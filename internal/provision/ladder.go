package provision

import (
	"context"
	"fmt"
	"slices"
	"time"

	"github.com/stackhand/stackhand"
	"github.com/stackhand/stackhand/internal/jobs"
)

// rung is a step of the ladder, or what undoes one. It works as a change of the server does.
type rung struct {
	act
	spec stackhand.LadderSpec
}

func ladderFlow(d Deps) jobs.Flow {
	return jobs.Flow{
		Name: FlowLadder, Version: 1,
		Steps: func(job stackhand.Job) ([]jobs.Step, error) {
			spec, err := input[stackhand.LadderSpec](job)
			if err != nil {
				return nil, err
			}
			return newRung(d, job.ID, spec).steps()
		},
		Settle: d.settleLadder,
		// What a step that failed has made, an image or an address, is named; to try again finds it.
		Cleanup: planRungCleanup,
	}
}

func newRung(d Deps, job string, spec stackhand.LadderSpec) rung {
	return rung{act{d, job, stackhand.ActSpec{
		Cloud: spec.Cloud, ProjectID: spec.ProjectID, Project: spec.Project, Stack: spec.Stack, Server: spec.Server, Name: spec.Name,
		Verb: spec.Verb, NewName: spec.Image, External: spec.External,
	}}, spec}
}

func (r rung) steps() ([]jobs.Step, error) {
	check := jobs.Step{Name: "check", Title: "Check that it is the same server", Do: r.with(r.check)}
	switch r.spec.Verb {
	case stackhand.ActStop:
		return r.parkSteps(check), nil
	case stackhand.ActShelve:
		check.Do = r.with(r.inProject(r.check))
		return r.parkSteps(check), nil
	case stackhand.LadderWake:
		return r.wakeSteps(check), nil
	case stackhand.LadderArchive:
		check.Do = r.with(r.inProject(r.check))
		return r.archiveSteps(check), nil
	}
	return nil, stackhand.Errorf(stackhand.NeedsHuman, "This version of the bot does not know the step %q.", r.spec.Verb).
		Do("Start the version of the bot that began this job.")
}

// check holds the record against the cloud, and against what was to be done, before anything is.
func (r rung) check(ctx context.Context, run *jobs.Run, c Cloud) error {
	st, err := r.Book.Stack(ctx, r.spec.Stack)
	if err != nil {
		return err
	}
	if err := r.stillDue(ctx); err != nil {
		return err
	}
	srv, err := r.server(ctx, c)
	if is(err, stackhand.NotFound) && r.spec.Verb != stackhand.LadderWake {
		if err := run.Set(ctx, keyGone, true); err != nil {
			return err
		}
		return r.already(ctx, run, "is not in the cloud any more.")
	}
	if err != nil {
		return err
	}
	if !r.spec.Until.IsZero() {
		if err := r.same(st, srv); err != nil {
			return err
		}
		if err := awake(st, srv); err != nil {
			return err
		}
	}
	if srv.Locked && (!r.spec.Until.IsZero() || !isAdmin(c.Identity())) {
		return stackhand.Errorf(stackhand.Conflict, "%s is locked, so nothing was done to it.", st.Name).Do("Say unlock %s, then try again.", st.Name)
	}
	return run.Note(ctx, srv.Status)
}

// same refuses a server that is not the one of the record, or of which somebody else has written since: what runs by itself
// must not touch it.
func (d Deps) same(st stackhand.Stack, srv stackhand.Server) error {
	no := func(format string, args ...any) error {
		return stackhand.Errorf(stackhand.Conflict, "%s in the cloud is not what the record says, so nothing was done to it: %s.", st.Name, fmt.Sprintf(format, args...)).
			Do("Look at the server, and delete it by hand if it has to go.")
	}
	m, _ := stackhand.MarkOf(srv.Metadata)
	switch {
	case srv.ID != st.Server:
		return no("its id is %s, and was %s", srv.ID, st.Server)
	case m.Stack != st.ID || !m.Of(d.Home):
		return no("it does not carry the mark of this stack (%s)", st.ID)
	case m.Owner != "" && m.Owner != st.Lease.Owner && !slices.Contains(st.Lease.Past, m.Owner):
		return no("its mark names another owner")
	case srv.ProjectID != "" && srv.ProjectID != st.ProjectID:
		return no("it is in another project")
	case !srv.Created.IsZero() && !st.Born.IsZero() && !srv.Created.Equal(st.Born):
		return no("it was made %s, and by the record %s", stackhand.At(srv.Created), stackhand.At(st.Born))
	}
	return nil
}

// awake refuses the end of a server that was put away by the ladder, and runs: somebody started it, whom nobody warned.
func awake(st stackhand.Stack, srv stackhand.Server) error {
	rg, yes := st.Lease.Ladder.Risen(srv)
	if !yes {
		return nil
	}
	return stackhand.Errorf(stackhand.Conflict, "%s runs, although it was put away at %s: somebody started it without me, so nothing was done to it.",
		st.Name, stackhand.At(rg.At)).Do("Say delete %s if it has to go all the same.", st.Name)
}

// stillDue looks once more before the server is touched: the bot may have been off since the check.
func (r rung) stillDue(ctx context.Context) error {
	st, err := r.Book.Stack(ctx, r.spec.Stack)
	if err != nil {
		return err
	}
	if !r.spec.Until.IsZero() && !st.Lease.End().Equal(r.spec.Until) {
		return stackhand.Errorf(stackhand.Conflict, "%s was extended meanwhile, so it stays as it is.", st.Name)
	}
	return r.inTime(st, r.spec.Earliest, r.spec.Latest)
}

// inTime refuses a step for which nobody asked outside of the time for which it was decided: the bot was off meanwhile, or its clock ran ahead.
func (d Deps) inTime(st stackhand.Stack, earliest, latest time.Time) error {
	now, why := d.Now(), ""
	switch {
	case now.Before(earliest):
		why = "not come yet"
	case !latest.IsZero() && now.After(latest):
		why = "over"
	default:
		return nil
	}
	return stackhand.Errorf(stackhand.Conflict, "The time for which this step of %s was decided is %s, so nothing was done to it.", st.Name, why).
		Do("There is nothing to do: it is decided anew.")
}

// resting are the states of a server that does not run; to stop such a one is nothing to do.
var resting = []string{"SHUTOFF", "PAUSED", "SUSPENDED", "SHELVED", "SHELVED_OFFLOADED"}

func (r rung) parkSteps(check jobs.Step) []jobs.Step {
	m := moves[r.spec.Verb]
	move := func(ctx context.Context, run *jobs.Run, c Cloud) error { return r.move(ctx, run, c, m) }
	if r.spec.Verb == stackhand.ActShelve {
		move = r.inProject(move)
	}
	begin := func(ctx context.Context, run *jobs.Run, c Cloud) error {
		if nothing, err := wasAlready(run); err != nil || nothing {
			return err
		}
		srv, err := r.server(ctx, c)
		if err != nil {
			return err
		}
		begun, err := run.Get(traceKey(m.record), &trace{})
		if err == nil && !begun {
			err = r.stillDue(ctx)
		}
		if err == nil && !begun && r.spec.Verb == stackhand.ActStop && slices.Contains(resting, srv.Status) && srv.Task == "" {
			return r.already(ctx, run, "does not run: it is %s.", srv.Status)
		}
		if err != nil {
			return err
		}
		return move(ctx, run, c)
	}
	wait := func(ctx context.Context, run *jobs.Run, c Cloud) error {
		srv, err := r.await(ctx, run, c, m.record, m.to...)
		if err != nil || srv.ID == "" {
			return err
		}
		return run.Note(ctx, srv.Status)
	}
	steps := []jobs.Step{check,
		{Name: "act", Title: r.title(), Needs: []string{"check"}, Do: r.with(begin)},
		{Name: "wait", Title: "Wait until it is " + m.to[0], Needs: []string{"act"}, Timeout: m.limit, Waits: true, Do: r.with(wait)},
	}
	last := "wait"
	if r.spec.FreeIP {
		last = "address"
		steps = append(steps, jobs.Step{Name: last, Title: "Give the floating IP back", Needs: []string{"wait"}, Timeout: goneFor, Do: r.with(r.freeAddress)})
	}
	return append(steps, jobs.Step{Name: "lease", Title: "Lease", Needs: []string{last}, Do: r.parked})
}

// freeAddress gives the stack's floating IPs back to the cloud. One that serves something else by now is left, and so are those of a server
// that runs again: this job may stand in a backup, and somebody have started it since.
func (r rung) freeAddress(ctx context.Context, run *jobs.Run, c Cloud) error {
	st, err := r.Book.Stack(ctx, r.spec.Stack)
	if err != nil {
		return err
	}
	ips := slices.DeleteFunc(ofKind(st.Ledger, stackhand.KindFloatingIP), func(f stackhand.Resource) bool { return f.Job == "" })
	if len(ips) == 0 && !run.Again() {
		run.Skip()
	}
	if srv, err := r.server(ctx, c); gone(err) != nil {
		return err
	} else if len(ips) > 0 && srv.Runs() {
		return run.Say(ctx, st.Name+" runs again, so it keeps its floating IP.")
	}
	t := deletion{r.Deps, r.id, stackhand.DeleteSpec{Cloud: r.spec.Cloud, Stack: r.spec.Stack}}.takedown(run, c, st)
	for _, ip := range ips {
		if ip.Stack == "" {
			ip.Stack = st.ID
		}
		f, err := c.FloatingIP(ctx, ip.ID)
		if err == nil {
			err = run.Set(ctx, keyFreed, freed{f.IP, f.NetworkID})
		}
		if gone(err) != nil {
			return err
		}
		if err := t.floatingIP(ctx, ip); err != nil {
			return err
		}
		if err := run.Note(ctx, ip.Name); err != nil {
			return err
		}
	}
	return nil
}

// freed is the address that was given back.
type freed struct{ IP, Network string }

const keyFreed = "freed"

// keyGone is set where the server was not in the cloud any more.
const keyGone = "gone"

// parked notes that the step was taken: from now on the time of grace runs.
func (r rung) parked(ctx context.Context, run *jobs.Run) error {
	var was freed
	if _, err := run.Get(keyFreed, &was); err != nil {
		return err
	}
	now := r.Now()
	return r.correct(ctx, func(st *stackhand.Stack) {
		rg := stackhand.Rung{Step: r.spec.Verb, Job: r.id, At: now}
		if still := ofKind(st.Ledger, stackhand.KindFloatingIP); !slices.ContainsFunc(still, func(f stackhand.Resource) bool { return f.Name == was.IP }) {
			rg.Address, rg.External = was.IP, was.Network
		}
		rg.Reason = st.Lease.Ladder.Reason
		st.Lease.Ladder.Take(rg)
	})
}

// settleLadder gives the stack back.
func (d Deps) settleLadder(ctx context.Context, job stackhand.Job, to stackhand.JobState) ([]string, error) {
	spec, err := input[stackhand.LadderSpec](job)
	if err != nil {
		return nil, nil // such a job never touched a stack
	}
	if spec.Verb == stackhand.LadderArchive {
		return d.settleArchive(ctx, job, spec, to)
	}
	if st, err := d.Book.Stack(ctx, spec.Stack); err != nil || st.Busy != job.ID {
		return nil, gone(err)
	}
	_, err = d.change(ctx, spec.Stack, func(st *stackhand.Stack) error {
		if st.Busy != job.ID {
			return nil
		}
		st.Busy = ""
		if to != stackhand.JobDone {
			return nil
		}
		st.Status = leaves[spec.Verb]
		if _, gone := job.Values[keyGone]; gone {
			st.Status = "DELETED"
		}
		return nil
	})
	return nil, err
}

// planRungCleanup makes the job that removes an address that was made for a server that did not wake.
func planRungCleanup(old stackhand.Job) (stackhand.Job, error) {
	spec, err := input[stackhand.LadderSpec](old)
	if err != nil || spec.Verb == stackhand.LadderArchive {
		return stackhand.Job{}, err // an image of a server that may be half gone is worth keeping
	}
	return cleanupOf(old, spec.Cloud, spec.ProjectID, spec.Project)
}
