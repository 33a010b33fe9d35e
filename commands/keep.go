package commands

import (
	"context"
	"regexp"
	"time"

	"github.com/stackhand/stackhand"
)

// Leases are the ends of servers, as far as more than Stacks is needed for them.
type Leases interface {
	// Beyond is Stacks.Extend without the budget, for those who may go beyond it.
	Beyond(ctx context.Context, id string, until time.Time, key string) (stackhand.Stack, error)
	// Room tells whether an end can be moved there at all, in over why that is beyond the budget ("" where it is not), and when
	// the server will be deleted if nothing moves its end: zero where that is over or unknown.
	Room(ctx context.Context, id string, until time.Time) (over string, deleted time.Time, err error)
	// Needed notes that somebody needs a stack that was about to end for another reason than its time. It tells whether it was.
	Needed(ctx context.Context, id string) (bool, error)
	// Outlook says what comes next for a stack whose server is in this status ("": not known), and when, and who was told of it; both
	// are empty where nothing does.
	Outlook(ctx context.Context, s stackhand.Stack, status string) (next, told stackhand.Text, err error)
	// Brake is what keeps the ladder from ending too much; dry is that it only says what it would do.
	Brake(ctx context.Context) (b stackhand.Brake, dry bool, err error)
	Go(ctx context.Context, user string) (stackhand.Brake, error)
	Hold(ctx context.Context, user, why string) (stackhand.Brake, error)
}

type keepArgs struct {
	Server string `arg:"server" help:"name or id; in a server's thread, that one"`
	Until  string `opt:"until" words:"true" value:"\"friday 18:00\"" help:"a moment in your own time zone: friday 18:00, 2026-12-24, or a span such as 3d"`
	// For is how much longer, instead of Until: what an approver gives.
	For time.Duration `opt:"for" hidden:"true" help:"so much longer than now"`
	inCloud
	Line Line
}

var _ = add(Command[keepArgs]{
	Name:     "keep",
	Help:     "keep a server of yours until a moment that you name",
	Examples: []string{"keep web-1 --until friday 18:00", "keep web-1 --until 2026-12-24"},
	Role:     stackhand.Member,
	Run:      keep,
})

var jobIDShape = regexp.MustCompile(`^[a-z2-7]{8}$`)

// keep is also what the button says on a job that failed: to try it again, and leave its pieces for a look.
func keep(ctx context.Context, env *Env, user stackhand.User, a keepArgs) (Reply, error) {
	if a.Until == "" && a.For == 0 && jobIDShape.MatchString(a.Server) {
		if _, err := env.Jobs.Job(ctx, a.Server); err == nil {
			return retry(ctx, env, user, retryArgs{jobArgs: jobArgs{Job: a.Server, Line: a.Line}, Keep: true})
		}
	}
	zone := env.location(ctx, user)
	now := env.Now().In(zone)
	a.sort(now)
	s, t, err := locateLease(ctx, env, user, a.Line, a.Cloud, a.Server, func(id string) string { a.Server = id; return format("keep", a) })
	if err != nil {
		return Reply{}, err
	}
	if err := env.mayExtend(ctx, user, t); err != nil {
		return Reply{}, err
	}
	if a.For != 0 {
		return s.extendBy(ctx, t, a.For, a.Line)
	}
	if a.Until == "" {
		return Reply{Form: lineForm(format("keep", keepArgs{Server: t.stack.ID}), "Keep a server", "Keep it",
			stackhand.Textf("Until when do you need %s? It ends at %s now.", t.name(), stackhand.At(t.stack.Lease.Until)),
			Input{ID: "until", Label: "Until", Hint: "friday 18:00, 2026-12-24, or 3d: in your own time zone (" + zone.String() + ")"})}, nil
	}
	until, err := moment(a.Until, now)
	if err != nil {
		return Reply{}, find("keep").misuse("%s %s.", quote(clip(a.Until, 60)), err)
	}
	return s.extendTo(ctx, t, until, a.Line)
}

// mayExtend refuses to move the end of what is not the asker's, or has none. Approvers may: they are asked when a budget is used up.
func (env *Env) mayExtend(ctx context.Context, user stackhand.User, t target) error {
	if t.stack == nil {
		return stackhand.Errorf(stackhand.Conflict, "%s was not made here, so it has no end to be moved.", t.name()).Do("It stays until somebody deletes it.")
	}
	if err := env.mayChange(ctx, user, *t.stack, "extend"); err != nil && user.Role < stackhand.Approver {
		return err
	}
	switch t.stack.State {
	case stackhand.StackBuilding:
		return stackhand.Errorf(stackhand.Conflict, "%s is not ready yet, and its time begins when it is.", t.name()).Do("Extend it then.")
	case stackhand.StackDeleting, stackhand.StackGone:
		return stackhand.Errorf(stackhand.Conflict, "%s is being deleted, so it is too late to extend it.", t.name()).Do("Make a new one with `create %s`.", t.name())
	}
	return nil
}

var _ = add(Command[serverArgs]{
	Name:   "needed",
	Help:   "say that a server is needed although it looks unused",
	Role:   stackhand.Member,
	Hidden: true,
	Run:    needed,
})

// serverArgs is what commands take that are about one server.
type serverArgs struct {
	Server string `arg:"server" help:"name or id; in a server's thread, that one"`
	inCloud
	Line Line
}

// needed answers the question that a server which nobody uses is asked about. It passes neither rules nor a freeze: the server
// keeps the end that was allowed before, and gets none that is later.
func needed(ctx context.Context, env *Env, user stackhand.User, a serverArgs) (Reply, error) {
	_, t, err := locateLease(ctx, env, user, a.Line, a.Cloud, a.Server, func(id string) string { a.Server = id; return format("needed", a) })
	if err != nil {
		return Reply{}, err
	}
	if err := env.mayExtend(ctx, user, t); err != nil {
		return Reply{}, err
	}
	if env.Leases == nil {
		return Reply{}, stackhand.Errorf(stackhand.Invalid, "Nobody is asked here whether servers are needed.")
	}
	was, err := env.Leases.Needed(ctx, t.stack.ID)
	if err == nil {
		err = env.used(ctx, "needed", t.stack.ID)
	}
	if err != nil {
		return Reply{}, err
	}
	if !was {
		return Reply{Text: stackhand.Textf("%s lasts until %s; nobody had doubts about it.", t.name(), stackhand.At(t.stack.Lease.Until))}, nil
	}
	return Reply{Text: stackhand.Textf("%s stays, as it is needed, until %s.", t.name(), stackhand.At(t.stack.Lease.Until)), Public: true}, nil
}
