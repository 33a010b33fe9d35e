package commands

import (
	"context"
	"time"

	"github.com/stackhand/stackhand"
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
	s, t, err := locateLease(ctx, env, user, a.Line, a.Cloud, a.Server, func(id string) string { a.Server = id; return format("extend", a) })
	if d, bad := parseDuration(a.Server); bad == nil && stackhand.KindOf(err) == stackhand.NotFound {
		return Reply{}, find("extend").misuse("Which server do you want to keep for %s longer? Name it: extend NAME %s.", short(d), short(d))
	}
	if err != nil {
		return Reply{}, err
	}
	if err := env.mayExtend(ctx, user, t); err != nil {
		return Reply{}, err
	}
	return s.extendBy(ctx, t, a.By, a.Line)
}

// extendBy moves the end of a lease to so much later than it is, or than now where that has passed.
func (s *session) extendBy(ctx context.Context, t target, by time.Duration, line Line) (Reply, error) {
	if by < time.Minute {
		return Reply{}, find("extend").misuse("A server is extended by a minute at least.")
	}
	until := t.stack.Lease.Until
	if now := s.env.Now(); until.Before(now) {
		until = now
	}
	return s.extendTo(ctx, t, until.Add(by), line)
}
