package commands

import (
	"context"

	"github.com/stackhand/stackhand"
)

var _ = add(Command[jobArgs]{
	Name:     "cleanup",
	Help:     "look in the cloud for anything that a failed job left behind, and remove it",
	Examples: []string{"cleanup k3v9x2ab"},
	Role:     stackhand.Member,
	Run:      cleanup,
})

func cleanup(ctx context.Context, env *Env, user stackhand.User, a jobArgs) (Reply, error) {
	j, err := env.steer(ctx, user, a.Line, a.Job, "cleanup")
	if err != nil {
		return Reply{}, err
	}
	switch {
	case !j.State.Rests():
		return Reply{}, stillAtWork(j)
	case j.State == stackhand.JobDone:
		return Reply{}, stackhand.Errorf(stackhand.Conflict, "Job %s (%s) is done and left nothing that should go.", j.ID, j.Title).Do("To take a server down, say delete and its name.")
	}
	next, stacks, err := env.Jobs.PlanCleanup(ctx, j.ID, user.ID)
	if err == nil && next.State == "" {
		next, err = env.follow(ctx, user, a.Line, next, stacks)
	}
	if err != nil || next.State == stackhand.JobAsked {
		return begun(next), err
	}
	if next.State != stackhand.JobQueued {
		return Reply{}, stackhand.Errorf(stackhand.Conflict, "Cleaning up after job %s (%s) was begun already: job %s %s.", j.ID, j.Title, next.ID, stands(next)).
			Do("`job show %s` tells what it found.", next.ID)
	}
	return begun(next), nil
}

// CleanupAction is the button that cleans up after a job.
func CleanupAction(job string) stackhand.Action {
	return stackhand.Action{
		ID: "cleanup", Label: "Clean up", Value: job, Danger: true,
		Confirm: "Look in the cloud for everything that carries this job's mark, and remove it?",
	}
}
