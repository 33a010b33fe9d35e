package commands

import (
	"context"

	"github.com/stackhand/stackhand"
)

var _ = add(Command[jobArgs]{
	Name:     "cancel",
	Help:     "stop a job; what it has made so far is taken down. Or withdraw a request of yours that waits for approval",
	Examples: []string{"cancel k3v9x2ab"},
	Role:     stackhand.Member,
	Run:      cancel,
})

func cancel(ctx context.Context, env *Env, user stackhand.User, a jobArgs) (Reply, error) {
	if q, err := env.unbegun(ctx, a.Line, a.Job); err != nil {
		return Reply{}, err
	} else if q != nil {
		return env.withdraw(ctx, user, *q)
	}
	j, err := env.steer(ctx, user, a.Line, a.Job, "cancel")
	if err != nil {
		return Reply{}, err
	}
	if j.State.Rests() {
		return Reply{}, stackhand.Errorf(stackhand.Conflict, "Job %s (%s) is over already: it %s.", j.ID, j.Title, stands(j)).Do("`job show %s` tells how it went.", j.ID)
	}
	if err := env.frozen(ctx, user); err != nil {
		return Reply{}, err
	}
	j, err = env.Jobs.Cancel(ctx, j.ID, user.ID)
	if err != nil {
		return Reply{}, err
	}
	return Reply{Text: stackhand.Textf("%s: job %s is being stopped.", j.Title, stackhand.AsCode(j.ID)), Job: j.ID}, nil
}
