package commands

import (
	"context"
	"time"

	"github.com/stackhand/stackhand"
	"github.com/stackhand/stackhand/internal/policy"
)

type extendArgs struct {
	Server string        `arg:"server" help:"name or id; in a server's thread, that one"`
	By     time.Duration `arg:"by" opt:"by,for" default:"24h" help:"how much longer"`
	inCloud
	Line Line
}

var _ = add(Command[extendArgs]{
	Name:     "extend",
	Help:     "keep a server of yours for longer",
	Examples: []string{"extend web-1 2d", "extend web-1 --by 8h"},
	Role:     stackhand.Member,
	Run:      extend,
})

func extend(ctx context.Context, env *Env, user stackhand.User, a extendArgs) (Reply, error) {
	// "extend 2d" in a thread has no name, but a time.
	if d, err := parseDuration(a.Server); err == nil && a.Line.Place.Thread != "" {
		a.Server, a.By = "", d
	}
	if a.By < time.Minute {
		return Reply{}, find("extend").misuse("A server is extended by a minute at least.")
	}
	s, t, err := locate(ctx, env, user, a.Line, a.Cloud, a.Server, func(id string) string { a.Server = id; return format("extend", a) })
	if err != nil {
		return Reply{}, err
	}
	if t.stack == nil {
		return Reply{}, stackhand.Errorf(stackhand.Conflict, "%s was not made here, so it has no end to be moved.", t.name()).Do("It stays until somebody deletes it.")
	}
	if err := env.mayChange(ctx, user, *t.stack, "extend"); err != nil {
		return Reply{}, err
	}
	switch t.stack.State {
	case stackhand.StackBuilding:
		return Reply{}, stackhand.Errorf(stackhand.Conflict, "%s is not ready yet, and its time begins when it is.", t.name()).Do("Extend it then.")
	case stackhand.StackDeleting, stackhand.StackGone:
		return Reply{}, stackhand.Errorf(stackhand.Conflict, "%s is being deleted, so it is too late to extend it.", t.name()).Do("Make a new one with `create %s`.", t.name())
	}
	until := t.stack.Lease.Until
	if now := env.Now(); until.Before(now) {
		until = now
	}
	wish := policy.Request{Verb: "extend", Noun: "server", Name: t.name(), Owner: t.stack.Lease.Owner, Lifetime: until.Add(a.By).Sub(env.Now())}
	if err := s.permit(ctx, a.Line, wish); err != nil {
		return Reply{}, err
	}
	st, err := env.Stacks.Extend(ctx, t.stack.ID, until.Add(a.By), a.Line.Key)
	if err == nil {
		err = env.used(ctx, "extend", st.ID)
	}
	if err != nil {
		return Reply{}, err
	}
	return Reply{Text: stackhand.Textf("%s is yours until %s.", st.Name, stackhand.At(st.Lease.Until)), Public: true}, nil
}
