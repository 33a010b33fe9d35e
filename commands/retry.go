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

func retry(ctx context.Context, env *Env, user stackhand.User, a retryArgs) (Reply, error) {
	j, err := env.steer(ctx, user, a.Line, a.Job, "retry")
	if err != nil {
		return Reply{}, err
	}
	switch {
	case j.RetriedAs != "":
		next, err := env.Jobs.Job(ctx, j.RetriedAs)
		if err != nil {
			return Reply{}, err
		}
		return Reply{}, retried(j, next, a.Keep)
	case !j.State.Rests():
		return Reply{}, stillAtWork(j)
	case j.State == stackhand.JobDone:
		return Reply{}, stackhand.Errorf(stackhand.Conflict, "Job %s (%s) is done, so there is nothing to try again.", j.ID, j.Title).Do("Type the command again if you want another one.")
	}
	next, stacks, err := env.Jobs.PlanRetry(ctx, j.ID, user.ID, a.Keep)
	if stackhand.KindOf(err) == stackhand.Conflict {
		return Reply{Actions: []stackhand.Action{CleanupAction(j.ID)}}, err
	}
	if err == nil && next.State == "" {
		next, err = env.follow(ctx, user, a.Line, next, stacks)
	}
	if err != nil || next.State == stackhand.JobAsked {
		return begun(next), err
	}
	if next.Keep != a.Keep || next.User.ID != user.ID {
		return Reply{}, retried(j, next, a.Keep) // somebody else was a moment faster
	}
	return begun(next), nil
}

// follow lets a job begin that follows on another, as far as the gate lets it.
func (env *Env) follow(ctx context.Context, user stackhand.User, line Line, job stackhand.Job, stacks []stackhand.Stack) (stackhand.Job, error) {
	job.User = user
	if asked, done, err := env.requested(ctx, job.ID); err != nil || done {
		return asked, err
	}
	p, err := env.proposed(ctx, matter{user: user, line: line, job: job}, stacks)
	if err != nil {
		return job, err
	}
	return env.admit(ctx, p)
}

// retried tells who comes too late what became of the job instead.
func retried(j, next stackhand.Job, keep bool) error {
	what := ""
	if keep && !next.Keep {
		what = ", without keeping its pieces"
	}
	return stackhand.Errorf(stackhand.Conflict, "Job %s (%s) was tried again already%s: job %s %s.", j.ID, j.Title, what, next.ID, stands(next)).
		Do("`job show %s` tells more.", next.ID)
}

func stillAtWork(j stackhand.Job) error {
	return stackhand.Errorf(stackhand.Conflict, "Job %s (%s) is still at work.", j.ID, j.Title).Do("Stop it first with `cancel %s`.", j.ID)
}

// stands says in words where a job stands.
func stands(j stackhand.Job) string {
	switch j.State {
	case stackhand.JobQueued:
		return "waits to start"
	case stackhand.JobRunning:
		return "is at work"
	case stackhand.JobUndoing:
		return "is being undone"
	case stackhand.JobDone:
		return "is done"
	case stackhand.JobUndone:
		if j.Canceled != "" {
			return "was cancelled, and everything it made is removed"
		}
		return "failed, and everything it made is removed"
	case stackhand.JobKept:
		return "failed, and its pieces are kept"
	case stackhand.JobStuck:
		return "stopped, and a person has to look at it"
	}
	return "failed"
}
