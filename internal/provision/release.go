package provision

import (
	"context"

	"github.com/stackhand/stackhand"
	"github.com/stackhand/stackhand/internal/jobs"
)

// release ends the lease of an adopted server and takes the mark off; the server stays as it is.
type release struct {
	Deps
	id   string // the job's
	spec stackhand.ReleaseSpec
}

func releaseFlow(d Deps) jobs.Flow {
	return jobs.Flow{
		Name: FlowRelease, Version: 1,
		Steps: func(job stackhand.Job) ([]jobs.Step, error) {
			spec, err := input[stackhand.ReleaseSpec](job)
			if err != nil {
				return nil, err
			}
			r := release{d, job.ID, spec}
			return []jobs.Step{
				{Name: "take", Title: "Take " + spec.Name, Do: r.take},
				{Name: "mark", Title: "Take the mark off", Needs: []string{"take"}, Do: d.with(r.unmark)},
				{Name: "lease", Title: "End the lease", Needs: []string{"mark"}, Do: r.end},
			}, nil
		},
		Settle: d.settleRelease,
		// What was not released is released by trying again.
		Cleanup: func(stackhand.Job) (stackhand.Job, error) { return stackhand.Job{}, nil },
	}
}

// take keeps other jobs off the stack.
func (r release) take(ctx context.Context, _ *jobs.Run) error {
	_, err := r.change(ctx, r.spec.Stack, func(st *stackhand.Stack) error {
		switch {
		case st.State == stackhand.StackGone || st.Busy == r.id:
			return nil
		case st.Busy != "" || st.State == stackhand.StackDeleting:
			return stackhand.Errorf(stackhand.Conflict, "A job is at work on %s.", st.Name).Do("Wait for its end.")
		}
		st.Busy = r.id
		return nil
	})
	return err
}

func (r release) unmark(ctx context.Context, _ *jobs.Run, c Cloud) error {
	st, err := r.Book.Stack(ctx, r.spec.Stack)
	if err != nil || st.Server == "" {
		return err
	}
	return unmark(ctx, c, st.Server, st.ID)
}

func (r release) end(ctx context.Context, run *jobs.Run) error {
	_, err := r.change(ctx, r.spec.Stack, func(st *stackhand.Stack) error {
		if st.State != stackhand.StackGone {
			st.State, st.Gone, st.Busy = stackhand.StackGone, r.Now(), ""
		}
		return nil
	})
	if err != nil {
		return err
	}
	return run.Say(ctx, r.spec.Name+" stays in the cloud as it is. It has no end here any more, so nobody is warned and nothing is deleted.")
}

// settleRelease lets a stack go that a job could not release.
func (d Deps) settleRelease(ctx context.Context, job stackhand.Job, to stackhand.JobState) ([]string, error) {
	spec, err := input[stackhand.ReleaseSpec](job)
	if err != nil || to == stackhand.JobDone {
		return nil, nil // such a job never touched a stack
	}
	_, err = d.change(ctx, spec.Stack, func(st *stackhand.Stack) error {
		if st.Busy == job.ID {
			st.Busy = ""
		}
		return nil
	})
	return nil, gone(err)
}
