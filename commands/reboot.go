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
	c := softReboot
	if a.Hard {
		c = hardReboot
	}
	s, t, err := c.find(ctx, env, user, oneServer{a.Line, a.Cloud, a.Server, func(id string) string { a.Server = id; return format("reboot", a) }})
	if err != nil {
		return Reply{}, err
	}
	spec := stackhand.RebootSpec{Cloud: s.name, Server: t.id(), Name: t.name(), Hard: a.Hard}
	job := stackhand.Job{Flow: "reboot", Cloud: s.name, Scope: s.scope(), Title: "Reboot " + t.name()}
	if t.stack != nil {
		spec.Stack = t.stack.ID
		job.Stacks, job.Scope = []string{t.stack.ID}, t.stack.Scope()
	}
	job, err = s.start(ctx, a.Line, 0, job, spec)
	return begun(job), err
}

// A reboot that is asked for again while one is under way is for the job to settle.
var (
	softReboot = change{verb: "reboot", do: "reboot", from: []string{"ACTIVE", "REBOOT", "PASSWORD"}, unlocked: true}
	hardReboot = change{verb: "reboot", do: "reboot", from: []string{"ACTIVE", "REBOOT", "HARD_REBOOT", "PASSWORD", "PAUSED", "SUSPENDED", "ERROR"}, unlocked: true}
)
