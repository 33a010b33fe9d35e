package commands

import (
	"context"

	"github.com/stackhand/stackhand"
)

type rebootArgs struct {
	Server string `arg:"server" help:"name or id; in a server's thread, that one"`
	Soft   bool   `help:"ask its system to restart (the default)"`
	Hard   bool   `help:"as if the power had been cut"`
	inCloud
	Line Line
}

var _ = add(Command[rebootArgs]{
	Name:     "reboot",
	Help:     "restart a server",
	Examples: []string{"reboot web-1", "reboot web-1 --hard"},
	Role:     stackhand.Member,
	Run:      reboot,
})

func reboot(ctx context.Context, env *Env, user stackhand.User, a rebootArgs) (Reply, error) {
	if a.Soft && a.Hard {
		return Reply{}, find("reboot").misuse("--soft and --hard together make no sense.")
	}
	if job, done, err := env.started(ctx, a.Line, 0); err != nil || done {
		return begun(job), err
	}
	s, t, err := locate(ctx, env, user, a.Line, a.Cloud, a.Server, func(id string) string { a.Server = id; return format("reboot", a) })
	if err != nil {
		return Reply{}, err
	}
	if t.stack == nil && s.settings.Service && user.Role < stackhand.Admin {
		// The bot's own login would do it for anybody.
		return Reply{}, stackhand.Errorf(stackhand.Forbidden, "%s was not made here, so only an administrator may reboot it.", t.name()).Do("Ask one of them.")
	}
	if err := env.rebootable(ctx, user, t); err != nil {
		return Reply{}, err
	}
	spec := stackhand.RebootSpec{Cloud: s.name, Server: t.id(), Name: t.name(), Hard: a.Hard}
	job := stackhand.Job{Flow: "reboot", Cloud: s.name, Scope: s.scope(), Title: "Reboot " + t.name()}
	if t.stack != nil {
		spec.Stack = t.stack.ID
		job.Stacks = []string{t.stack.ID}
	}
	job, err = env.start(ctx, user, a.Line, 0, job, spec)
	return begun(job), err
}

// rebootable refuses what is not the asker's, or not in a state for it. Whether a server that
// was not made here may be restarted is for the cloud to say: the asker's own rights count.
func (env *Env) rebootable(ctx context.Context, user stackhand.User, t target) error {
	if t.stack == nil {
		return stateFits(t)
	}
	if err := env.mayChange(ctx, user, *t.stack, "reboot"); err != nil {
		return err
	}
	switch {
	case t.stack.State == stackhand.StackKept && t.stack.Server == "":
		return stackhand.Errorf(stackhand.Conflict, "%s cannot be rebooted: there is no server, only other pieces of it.", t.name()).
			Do("`delete %s` removes them.", t.name())
	case t.stack.State == stackhand.StackBuilding:
		return stackhand.Errorf(stackhand.Conflict, "%s is not ready yet.", t.name()).Do("Wait for its card to say so; `job show %s` tells how far it is.", t.stack.Job)
	case t.stack.State == stackhand.StackDeleting, t.stack.State == stackhand.StackGone:
		return stackhand.Errorf(stackhand.Conflict, "%s is being deleted.", t.name()).Do("Make a new one with `create %s`.", t.name())
	}
	if t.gone {
		return stackhand.Errorf(stackhand.Conflict, "%s is %s, so it cannot be rebooted.", t.name(), notThere).Do("`delete %s` removes what is left of it.", t.name())
	}
	return stateFits(t)
}

func stateFits(t target) error {
	switch t.server.Status {
	case "BUILD", "SHUTOFF", "DELETED", "SOFT_DELETED", "SHELVED", "SHELVED_OFFLOADED", "REBUILD", "RESIZE", "MIGRATING":
		return stackhand.Errorf(stackhand.Conflict, "%s is %s, so it cannot be rebooted now.", t.name(), t.server.Status).
			Do("`show %s` tells its state.", t.name())
	}
	return nil
}
