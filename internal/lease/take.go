package lease

import (
	"context"
	"encoding/json"
	"fmt"
	"time"

	"github.com/stackhand/stackhand"
)

// take starts the job that takes the next step. Its id is made from the step's moment, so that it is started once; should it
// fail, it is tried anew some hours later.
func (s *Sweeper) take(ctx context.Context, p *pass, in *project, stack stackhand.Stack, n Next, now time.Time) error {
	if stack.Busy != "" {
		return nil // a job is at work on it; the next sweep looks again
	}
	if at := s.Rules.working(n.Step, now); at.After(now) {
		return s.putOff(ctx, stack, n, at) // it comes late, or again, on a day off
	}
	if !p.dry {
		if over, err := s.reconcile(ctx, p, in, &stack, &n, now); err != nil || over {
			return err
		}
		if n.Silent && !n.InVain && p.late() {
			return nil
		}
		if n.Silent {
			return s.waits(ctx, stack, n, now)
		}
	}
	job, err := s.jobOf(ctx, stack, n, now)
	if err != nil {
		return err
	}
	if p.dry {
		return s.onlySay(ctx, stack, n, job.Place, now)
	}
	if frozen, err := s.frozen(ctx); frozen || err != nil { // it may have begun while the cloud was asked
		return err
	}
	if ok, err := s.allow(ctx, p, job, now); err != nil || !ok {
		return err
	}
	if job.Quiet, err = s.followsOn(ctx, stack, n, now); err != nil {
		return err
	}
	if job, err = s.Jobs.Start(ctx, job); err != nil {
		return err
	}
	if job.State.Rests() { // it was tried before, and will be again some hours later
		if err := s.tellTrouble(ctx, stack, n, job, now); err != nil {
			return err
		}
		return s.putOff(ctx, stack, n, n.At.Add((now.Sub(n.At)/again+1)*again))
	}
	s.Log.Info("a lease has ended", "stack", stack.ID, "user", stack.Lease.Owner, "job", job.ID, "step", n.Step)
	return nil
}

// jobOf is the job that takes a step.
func (s *Sweeper) jobOf(ctx context.Context, stack stackhand.Stack, n Next, now time.Time) (stackhand.Job, error) {
	place, err := s.place(ctx, stack)
	if err != nil {
		return stackhand.Job{}, err
	}
	flow, title, input := s.Rules.step(stack, n, s.Rules.latest(n.Step, now), now)
	in, err := json.Marshal(input)
	return stackhand.Job{
		ID:     s.attempt(stack, n, now.Sub(n.At)/again),
		User:   stackhand.User{ID: stack.Lease.Owner},
		Own:    true,
		Cloud:  stack.Cloud,
		Scope:  stack.Scope(),
		Place:  place,
		Stacks: []string{stack.ID},
		Flow:   flow,
		Title:  title + " (" + reason(stack) + ")",
		Line:   line(stack, n),
		Input:  in,
	}, err
}

// attempt is the id of the job that takes a step, from so many times six hours after its moment on.
func (s *Sweeper) attempt(stack stackhand.Stack, n Next, number time.Duration) string {
	return s.NewID(fmt.Sprintf("ended/%s/%s/%d/%d", stack.ID, n.Step, n.At.Unix(), number))
}

// daily is how many attempts at a step are made in a day.
const daily = 24 * time.Hour / again

// followsOn tells whether an attempt follows on one that failed, of which its owner has heard: once a day is enough.
func (s *Sweeper) followsOn(ctx context.Context, stack stackhand.Stack, n Next, now time.Time) (bool, error) {
	number := now.Sub(n.At) / again
	if number%daily == 0 {
		return false, nil
	}
	_, err := s.Jobs.Job(ctx, s.attempt(stack, n, number-1))
	if stackhand.KindOf(err) == stackhand.NotFound {
		return false, nil
	}
	return err == nil, err
}

// putOff notes when a step is looked at again, so that sweeps until then do not read the stack.
func (s *Sweeper) putOff(ctx context.Context, stack stackhand.Stack, n Next, at time.Time) error {
	stack.Lease.Ladder.Later = stackhand.Hold{End: n.At, Until: at}
	return s.Book.SaveStack(ctx, &stack)
}

// skew is by how much a clock is put right in passing.
const skew = time.Minute

// step is what a job has to do: its flow, what it is called, and its input.
func (r Rules) step(stack stackhand.Stack, n Next, latest, now time.Time) (flow, title string, input any) {
	keep := r.unwarned(stack, n, now)
	earliest := later(n.At, now.Add(-skew)) // and not before the moment of this decision: the clock may be ahead
	spec := stackhand.LadderSpec{
		Cloud: stack.Cloud, ProjectID: stack.ProjectID, Project: stack.Project, Stack: stack.ID, Server: stack.Server, Name: stack.Name,
		Until: stack.Lease.End(), Earliest: earliest, Latest: latest, FreeIP: n.FreeIP, KeepVolumes: keep,
	}
	switch {
	case n.Step == stackhand.StepStop:
		spec.Verb = stackhand.ActStop
		return "ladder", "Stop " + stack.Name, spec
	case n.Step == stackhand.StepShelve:
		spec.Verb = stackhand.ActShelve
		return "ladder", "Shelve " + stack.Name, spec
	case n.Snapshot:
		spec.Verb, spec.Image = stackhand.LadderArchive, stack.Name+"-"+now.UTC().Format("20060102-1504")
		return "ladder", "Snapshot and delete " + stack.Name, spec
	}
	return "delete", "Delete " + stack.Name, stackhand.DeleteSpec{
		Cloud: stack.Cloud, Stack: stack.ID, Why: "expired", Until: stack.Lease.End(), Earliest: earliest, Latest: latest, KeepVolumes: keep,
	}
}

func reason(stack stackhand.Stack) string {
	if r := stack.Lease.Ladder.Reason; r != stackhand.ReasonTime {
		return string(r)
	}
	return "expired"
}

func line(stack stackhand.Stack, n Next) string {
	switch {
	case n.Parked:
		return "its time of grace is over"
	case stack.Lease.Ladder.Reason == stackhand.ReasonIdle:
		return "nobody uses it"
	case stack.Lease.Ladder.Reason == stackhand.ReasonStands:
		return "it has been stopped for long"
	}
	return "its lease has ended"
}

// onlySay says, once, what would have been done.
func (s *Sweeper) onlySay(ctx context.Context, stack stackhand.Stack, n Next, place stackhand.Place, now time.Time) error {
	fresh, err := s.Book.AddNotice(ctx, stackhand.Notice{
		ID: fmt.Sprintf("dry/%s/%s/%d", stack.ID, n.Step, n.At.Unix()), Job: stack.Job, User: stack.Lease.Owner, Place: place, Created: now,
		Text: stackhand.Textf("This is a dry run: %s would now be %s, and is not.", stackhand.AsBold(stack.Name), n.done()),
	})
	if err == nil && fresh {
		s.Log.Info("dry run: a step would be taken", "stack", stack.ID, "step", n.Step)
		s.Noticed()
	}
	return err
}

// tellTrouble tells the administrators, once for each step, that it could not be taken.
func (s *Sweeper) tellTrouble(ctx context.Context, stack stackhand.Stack, n Next, job stackhand.Job, now time.Time) error {
	if job.State == stackhand.JobDone || job.Problem == nil {
		return nil
	}
	why := sentence(job.Problem.Msg)
	if job.Problem.Next != "" {
		why += " " + sentence(job.Problem.Next)
	}
	fresh, err := s.Book.AddNotice(ctx, stackhand.Notice{
		ID: fmt.Sprintf("trouble/%s/%s/%d", stack.ID, n.Step, n.At.Unix()), Admins: true, Created: now,
		Text: stackhand.Textf("%s of %s should be %s, and that failed: %s It is tried again every %d hours. Job %s tells more.",
			stackhand.AsBold(stack.Name), stackhand.To(stack.Lease.Owner), n.done(), why, int(again.Hours()), stackhand.AsCode(job.ID)),
	})
	if err == nil && fresh {
		s.Noticed()
	}
	return err
}

func sentence(s string) string {
	if s == "" || s[len(s)-1] == '.' || s[len(s)-1] == '!' {
		return s
	}
	return s + "."
}
