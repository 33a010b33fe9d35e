package commands

import (
	"context"

	"github.com/stackhand/stackhand"
)

type retryArgs struct {
	jobArgs
	Keep bool `help:"should it fail again, leave its pieces for a look"`
}

var _ = add(Command[retryArgs]{
	Name:     "retry",
	Help:     "do a job that failed once more, from the start",
	Examples: []string{"retry k3v9x2ab", "retry k3v9x2ab --keep"},
	Role:     stackhand.Member,
	Run:      retry,
})

var _ = add(Command[jobArgs]{
	Name:   "keep",
	Help:   "retry a job, and leave its pieces for a look should it fail again",
	Role:   stackhand.Member,
	Hidden: true,
	Run: func(ctx context.Context, env *Env, user stackhand.User, a jobArgs) (Reply, error) {
		return retry(ctx, env, user, retryArgs{jobArgs: a, Keep: true})
	},
})

func retry(ctx context.Context, env *Env, user stackhand.User, a retryArgs) (Reply, error) {
	j, err := env.steer(ctx, user, a.Line, a.Job, "retry")
	if err != nil {
		return Reply{}, err
	}
	switch {
	case !j.State.Rests():
		return Reply{}, stackhand.Errorf(stackhand.Conflict, "Job %s (%s) is still at work.", j.ID, j.Title).Do("Stop it first with `cancel %s`.", j.ID)
	case j.State == stackhand.JobDone:
		return Reply{}, stackhand.Errorf(stackhand.Conflict, "Job %s (%s) is done, so there is nothing to try again.", j.ID, j.Title).Do("Type the command again if you want another one.")
	}
	next, err := env.Jobs.Retry(ctx, j.ID, user.ID, a.Keep)
	if err != nil {
		return Reply{}, err
	}
	return begun(next), nil
}
