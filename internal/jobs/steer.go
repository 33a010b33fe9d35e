package jobs

import (
	"context"
	"errors"
	"fmt"
	"strconv"

	"github.com/stackhand/stackhand"
)

// Start writes the job down together with its new stacks and sets it going. If its ID exists
// already it starts nothing and returns that job. ID, Flow and User must be set; a Version of
// 0 becomes the newest.
func (e *Engine) Start(ctx context.Context, job stackhand.Job, stacks ...stackhand.Stack) (stackhand.Job, error) {
	flow, err := e.newest(job.Flow)
	if err != nil {
		return stackhand.Job{}, err
	}
	if job.ID == "" {
		return stackhand.Job{}, errors.New("jobs: a job needs an id")
	}
	job.Version = or(job.Version, flow.Version)
	job.State = stackhand.JobQueued
	if job.Created.IsZero() {
		job.Created = e.o.Now()
	}
	named := len(job.Stacks) > 0
	fresh := make([]*stackhand.Stack, len(stacks))
	for i := range stacks {
		fresh[i] = &stacks[i]
		if !named {
			job.Stacks = append(job.Stacks, stacks[i].ID)
		}
	}
	if job, err = e.sealed(job); err != nil {
		return stackhand.Job{}, err
	}
	created, err := e.recs.CreateJob(ctx, &job, fresh)
	if err != nil {
		return stackhand.Job{}, fmt.Errorf("jobs: start %s: %w", job.ID, err)
	}
	if created {
		e.o.Log.InfoContext(ctx, "a job is accepted", "job", job.ID, "flow", job.Flow, "user", job.User.ID, "cloud", job.Cloud)
		e.o.Changed(job.ID)
		e.enqueue(job.ID, job.User.ID, false)
	}
	if job.RetryOf != "" {
		err = e.retriedAs(ctx, job)
	}
	return job, err
}

// retriedAs notes on a job's record that it was tried again.
func (e *Engine) retriedAs(ctx context.Context, job stackhand.Job) error {
	_, err := e.change(ctx, job.RetryOf, func(old *stackhand.Job) error {
		if old.RetriedAs != "" {
			return errNoChange
		}
		old.RetriedAs = job.ID
		return nil
	})
	return err
}

// Job reads a job's record.
func (e *Engine) Job(ctx context.Context, id string) (stackhand.Job, error) {
	return e.recs.Job(ctx, id)
}

// Recent lists the newest jobs of a user; of everybody with user "".
func (e *Engine) Recent(ctx context.Context, user string, limit int) ([]stackhand.Job, error) {
	return e.recs.RecentJobs(ctx, user, limit)
}

// Cancel asks a job to stop and to take back what it did; user is who asks. Conflict says
// that it is too late: the job rests, or does what cannot be taken back.
func (e *Engine) Cancel(ctx context.Context, id, user string) (stackhand.Job, error) {
	job, err := e.change(ctx, id, func(job *stackhand.Job) error {
		flow, err := e.flow(job.Flow, job.Version)
		switch {
		case job.State.Rests():
			return stackhand.Errorf(stackhand.Conflict, "Job %s cannot be cancelled: it is %s already.", job.ID, job.State)
		case job.State == stackhand.JobUndoing:
			return errNoChange
		case err == nil && !flow.Undo && job.State != stackhand.JobQueued:
			return stackhand.Errorf(stackhand.Conflict, "Job %s cannot be cancelled any more: what it does cannot be taken back.", job.ID).
				Do("Wait for its end.")
		case job.Canceled != "":
			return errNoChange
		}
		job.Canceled = user
		return nil
	})
	if err != nil {
		return job, err
	}
	e.mu.Lock()
	r := e.active[id]
	e.mu.Unlock()
	if r != nil {
		r.beat(0) // saving shows it what was written here
	}
	return job, nil
}

// errNoChange ends a change of a record that is as it should be.
var errNoChange = errors.New("jobs: nothing to change")

// change writes on the record of a job that may be at work.
func (e *Engine) change(ctx context.Context, id string, what func(*stackhand.Job) error) (stackhand.Job, error) {
	for {
		job, err := e.recs.Job(ctx, id)
		if err != nil {
			return job, err
		}
		switch err := what(&job); {
		case errors.Is(err, errNoChange):
			return job, nil
		case err != nil:
			return job, err
		}
		err = e.recs.SaveJob(ctx, &job)
		if err == nil {
			e.o.Changed(id)
			return job, nil
		}
		if !errors.Is(err, e.o.Conflict) || ctx.Err() != nil {
			return job, fmt.Errorf("jobs: change %s: %w", id, err)
		}
	}
}

// Retry starts a new job with the input of one that rests without being done; keep says
// that its pieces stay should it fail too. A second call answers the same new job.
func (e *Engine) Retry(ctx context.Context, id, user string, keep bool) (stackhand.Job, error) {
	job, stacks, err := e.PlanRetry(ctx, id, user, keep)
	if err != nil || job.State != "" {
		return job, err
	}
	return e.Start(ctx, job, stacks...)
}

// PlanRetry gives the job that Retry starts, and its stacks, and writes nothing. One that has a State was started already.
func (e *Engine) PlanRetry(ctx context.Context, id, user string, keep bool) (stackhand.Job, []stackhand.Stack, error) {
	old, err := e.recs.Job(ctx, id)
	if err != nil {
		return old, nil, err
	}
	if old.RetriedAs != "" {
		job, err := e.recs.Job(ctx, old.RetriedAs)
		return job, nil, err
	}
	if err := retriable(old); err != nil {
		return old, nil, err
	}
	if err := e.tidied(ctx, old); err != nil {
		return old, nil, err
	}
	if old, err = e.opened(old); err != nil {
		return old, nil, err
	}
	job := follow(old, user)
	job.ID, job.Flow, job.Title, job.Input = derive("retry", id), old.Flow, old.Title, old.Input
	job.Keep, job.RetryOf = keep, id
	var stacks []stackhand.Stack
	if flow, err := e.newest(job.Flow); err == nil && flow.Stacks != nil {
		stacks = flow.Stacks(job)
	} else {
		job.Stacks = old.Stacks
	}
	return job, stacks, nil
}

func retriable(old stackhand.Job) error {
	switch {
	case !old.State.Rests():
		return stackhand.Errorf(stackhand.Conflict, "Job %s is still at work.", old.ID).Do("Wait for its end, or cancel it first.")
	case old.State == stackhand.JobDone:
		return stackhand.Errorf(stackhand.Conflict, "Job %s is done: there is nothing to try again.", old.ID)
	}
	return nil
}

// tidied refuses to try a job again of which something is still there, or may be: that would come to stand there twice.
func (e *Engine) tidied(ctx context.Context, old stackhand.Job) error {
	flow, err := e.newest(old.Flow)
	if err != nil || flow.Left == nil {
		return err
	}
	left, err := flow.Left(ctx, old)
	if err != nil || !left {
		return err
	}
	for n := range tidyings {
		job, err := e.recs.Job(ctx, derive("cleanup", old.ID, strconv.Itoa(n)))
		switch {
		case stackhand.KindOf(err) == stackhand.NotFound:
			return untidy(old)
		case err != nil:
			return err
		case job.State == stackhand.JobDone:
			return nil
		case !job.State.Rests():
			return stackhand.Errorf(stackhand.Conflict, "Job %s, which cleans up after job %s, is still at work.", job.ID, old.ID).
				Do("Try again when it is done.")
		}
	}
	return untidy(old)
}

func untidy(old stackhand.Job) error {
	return &stackhand.Error{
		Kind: stackhand.Conflict,
		Msg:  fmt.Sprintf("Job %s may have left things in the cloud, and to try it again now could make them twice.", old.ID),
		Next: fmt.Sprintf("Clean up first, with the button or with `cleanup %s`; then try again.", old.ID),
	}
}

// follow begins a job that follows on old, with the rights of who asks for it.
func follow(old stackhand.Job, user string) stackhand.Job {
	who := old.User
	if user != "" && user != who.ID {
		who = stackhand.User{ID: user, Team: old.User.Team}
	}
	return stackhand.Job{User: who, Cloud: old.Cloud, Scope: old.Scope, Place: old.Place, Line: old.Line}
}

// tidyings bounds how often cleaning up after one job may be begun.
const tidyings = 50

// Cleanup starts the job that removes what a failed, stuck or kept job left. While that
// job is at work, or once it is done, a second call answers the same job; after it failed,
// a new one.
func (e *Engine) Cleanup(ctx context.Context, id, user string) (stackhand.Job, error) {
	job, stacks, err := e.PlanCleanup(ctx, id, user)
	if err != nil || job.State != "" {
		return job, err
	}
	return e.Start(ctx, job, stacks...)
}

// PlanCleanup gives the job that Cleanup starts, and its stacks, and writes nothing. One that has a State was started
// already.
func (e *Engine) PlanCleanup(ctx context.Context, id, user string) (stackhand.Job, []stackhand.Stack, error) {
	old, err := e.recs.Job(ctx, id)
	if err != nil {
		return old, nil, err
	}
	if err := retriable(old); err != nil {
		return old, nil, err
	}
	flow, err := e.newest(old.Flow)
	if err != nil || flow.Cleanup == nil {
		return old, nil, stackhand.Errorf(stackhand.Invalid, "Job %s (%s) leaves nothing behind that could be cleaned up.", old.ID, old.Flow)
	}
	if old, err = e.opened(old); err != nil {
		return old, nil, err
	}
	plan, err := flow.Cleanup(old)
	if err != nil {
		return old, nil, err
	}
	if plan.Flow == "" {
		return e.PlanRetry(ctx, id, user, false)
	}
	job := follow(old, user)
	job.Flow, job.Input, job.Title, job.Stacks = plan.Flow, plan.Input, plan.Title, old.Stacks
	job.Line = "cleanup " + id
	for n := range tidyings {
		job.ID = derive("cleanup", id, strconv.Itoa(n))
		got, err := e.recs.Job(ctx, job.ID)
		switch {
		case stackhand.KindOf(err) == stackhand.NotFound:
			return job, nil, nil
		case err != nil || !got.State.Rests() || got.State == stackhand.JobDone:
			return got, nil, err
		}
	}
	return old, nil, stackhand.Errorf(stackhand.Conflict, "Cleaning up after job %s was tried %d times and failed.", id, tidyings).
		Do("Ask the operator to look at what is left.")
}
