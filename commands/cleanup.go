package commands

import (
	"context"

	"github.com/stackhand/stackhand"
)

var _ = add(Command[jobArgs]{
	Name:     "cleanup",
	Help:     "remove what a failed job left behind",
	Examples: []string{"cleanup k3v9x2ab"},
	Role:     stackhand.Member,
	Run:      cleanup,
})

func cleanup(ctx context.Context, env *Env, user stackhand.User, a jobArgs) (Reply, error) {
	j, err := env.steer(ctx, user, a.Line, a.Job, "cleanup")
	if err != nil {
		return Reply{}, err
	}
	switch j.State {
	case stackhand.JobFailed, stackhand.JobStuck, stackhand.JobKept:
	case stackhand.JobDone:
		return Reply{}, stackhand.Errorf(stackhand.Conflict, "Job %s (%s) is done and left nothing that should go.", j.ID, j.Title).Do("To take a server down, say delete and its name.")
	case stackhand.JobUndone:
		return Reply{}, stackhand.Errorf(stackhand.Conflict, "Job %s (%s) is undone: nothing of it is left.", j.ID, j.Title).Do("`retry %s` does it once more.", j.ID)
	default:
		return Reply{}, stackhand.Errorf(stackhand.Conflict, "Job %s (%s) is still at work.", j.ID, j.Title).Do("Stop it first with `cancel %s`.", j.ID)
	}
	next, err := env.Jobs.Cleanup(ctx, j.ID, user.ID)
	if err != nil {
		return Reply{}, err
	}
	return begun(next), nil
}
