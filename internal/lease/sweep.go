package lease

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"time"

	"github.com/stackhand/stackhand"
	"github.com/stackhand/stackhand/internal/abreast"
)

// Book is the records that a sweep reads and writes.
type Book interface {
	StacksDue(ctx context.Context, until time.Time, limit int) ([]stackhand.Stack, error)
	Stack(ctx context.Context, id string) (stackhand.Stack, error)
	SaveStack(ctx context.Context, s *stackhand.Stack) error
	AddNotice(ctx context.Context, n stackhand.Notice) (fresh bool, err error)
	Notice(ctx context.Context, id string) (stackhand.Notice, error)
	Report(ctx context.Context, job string) (stackhand.Report, error)
	PurgeSeen(ctx context.Context) (int, error)
}

// Starter starts the job that takes a stack down.
type Starter interface {
	Start(ctx context.Context, job stackhand.Job, stacks ...stackhand.Stack) (stackhand.Job, error)
	Job(ctx context.Context, id string) (stackhand.Job, error) // NotFound if it was never started
}

// Sweeper looks at the leases that are due: it warns, and it ends those whose owner was warned. It is
// safe to run late, often, and twice at once.
type Sweeper struct {
	Book    Book
	Jobs    Starter
	Rules   Rules
	Live    func() Rules // the rules that are in force by now; nil: Rules, always. A sweep ends with those that it began with
	Now     func() time.Time
	Log     *slog.Logger
	NewID   func(key string) string // of a job
	Noticed func()                  // a notice was written down
	// Conflict is what a save matches that somebody else was faster than, such as another sweep; nil: nothing does.
	Conflict error
	// Frozen tells whether no server ends for now: warnings go out, and what is over is said once more afterwards. nil: never.
	Frozen func(ctx context.Context) (bool, error)
	// Guard keeps it from doing harm; nil: nothing does.
	Guard *Guard
	// Away tells in which words a person is away, "" for who is not, and until when as far as they say. nil: nobody ever is.
	Away func(ctx context.Context, user string) (why string, until time.Time, err error)
	// Asked tells, in a sentence, that somebody waits for an approver who may keep a stack for longer; nil: nobody does.
	Asked func(ctx context.Context, stack string) (stackhand.Text, error)
	// Server asks a stack's cloud for its server; NotFound if it is not there any more. nil: the record is believed.
	Server func(ctx context.Context, stack stackhand.Stack) (stackhand.Server, error)
	// Servers asks for all servers of a stack's project, where many of them are to be looked at. nil: each is asked for by itself. Several
	// of both are asked at once.
	Servers func(ctx context.Context, stack stackhand.Stack) ([]stackhand.Server, error)
	// Record writes down, once for each id, what was done with a stack that no job does. nil: nowhere.
	Record func(ctx context.Context, id string, stack stackhand.Stack, why string) error
}

// again is how long after a deletion that failed the next one is tried.
const again = 6 * time.Hour

// current is the sweeper with the rules that are in force now.
func (s *Sweeper) current() *Sweeper {
	if s.Live == nil {
		return s
	}
	now := *s
	now.Rules = s.Live()
	return &now
}

// atOnce has the notices of a sweep looked at when it is through: those to one person can be told together then.
func (s *Sweeper) atOnce() (_ *Sweeper, done func()) {
	one, any := *s, false
	one.Noticed = func() { any = true }
	return &one, func() {
		if any {
			s.Noticed()
		}
	}
}

// Sweep does once what is due now. A lease that makes trouble does not stop the others.
func (s *Sweeper) Sweep(ctx context.Context) error {
	s, done := s.current().atOnce()
	defer done()
	p, err := s.begin(ctx)
	if err != nil {
		return err
	}
	// All of them: those that wait for a delivery stay due, and would hide the others for ever.
	stacks, err := s.Book.StacksDue(ctx, p.horizon(s.Now()), 0)
	if err != nil {
		return fmt.Errorf("reading the leases that are due: %w", err)
	}
	errs := []error{s.lookAtAll(ctx, p, stacks), p.unsure}
	if p.back && errs[0] == nil {
		errs = append(errs, s.turnedBack(ctx, s.Now()))
	}
	if _, err := s.Book.PurgeSeen(ctx); err != nil {
		errs = append(errs, fmt.Errorf("forgetting old deliveries: %w", err))
	}
	return errors.Join(errs...)
}

func (s *Sweeper) look(ctx context.Context, p *pass, in *project, stack stackhand.Stack) error {
	if err := s.hear(ctx, &stack); err != nil {
		return err
	}
	if p.back && turnBack(&stack.Lease, s.Now()) {
		if err := s.Book.SaveStack(ctx, &stack); err != nil {
			return err
		}
	}
	now := s.Now()
	n, ok := s.Rules.Next(stack)
	if !ok {
		return nil
	}
	state := s.Rules.StateOf(stack, now)
	if state != ToWarn && state != Ended {
		return nil
	}
	say := time.Time{}
	if state == Ended {
		if p.frozen {
			return nil
		}
		var wait bool
		if say, wait = s.Rules.stale(stack.Lease, n, p, now); say.IsZero() && (wait || p.idle()) {
			return nil
		}
	}
	if held, err := s.holdFor(ctx, p, stack, n, state == Ended, now); err != nil || held {
		return err
	}
	switch {
	case state == ToWarn:
		before, _ := s.Rules.nextWarning(stack.Lease, n, now)
		return s.tell(ctx, p, in, stack, n, before, warningID(stack.Lease, n, before), now)
	case !say.IsZero():
		return s.tell(ctx, p, in, stack, n, 0, againID(n, say)+afterVoid(stack.Lease), now)
	}
	return s.take(ctx, p, in, stack, n, now)
}

// tell warns of a step, unless the cloud says that it is not to come. While the job that took the step before is not through, the cloud is not asked,
// and nobody is told what it would say: the next sweep looks again.
func (s *Sweeper) tell(ctx context.Context, p *pass, in *project, stack stackhand.Stack, n Next, before time.Duration, id string, now time.Time) error {
	if rung, parked := stack.Lease.Ladder.Parked(); parked && stack.Busy != "" && rung.Job == stack.Busy {
		return nil
	}
	if over, err := s.reconcile(ctx, p, in, &stack, &n, now); err != nil || over {
		return err
	}
	return s.warn(ctx, stack, n, before, id, now)
}

// awayFor is how long a sweep waits for what the chat knows of a person.
const awayFor = 5 * time.Second

// holdFor moves the step of an owner who is away to a later time, once for each end. It tells whether it did. Where the chat gives no answer a
// step that is due waits too, for a while; and after some of these the chat is not asked any more in the same sweep.
func (s *Sweeper) holdFor(ctx context.Context, p *pass, stack stackhand.Stack, n Next, due bool, now time.Time) (bool, error) {
	if s.Away == nil || s.Rules.Wait <= 0 || stack.Lease.Ladder.Hold.End.Equal(n.Base) {
		return false, nil
	}
	unknown := due && now.Sub(n.At) < silence
	if p.deaf >= abreast.SilentAfter {
		return unknown, nil
	}
	look, cancel := context.WithTimeout(ctx, awayFor)
	defer cancel()
	why, until, err := s.Away(look, stack.Lease.Owner)
	switch {
	case err != nil:
		if look.Err() != nil { // what it refuses to tell of one it may tell of others
			p.deaf++
		}
		return unknown, ctx.Err()
	case why == "":
		return false, nil
	}
	last := n.Base.Add(s.Rules.Wait)
	if until.IsZero() || until.After(last) {
		until = last
	}
	if !until.After(n.At) || !until.After(now) {
		return false, nil
	}
	stack.Lease.Ladder.Hold = stackhand.Hold{End: n.Base, Until: until, Why: why}
	s.Log.Info("a step waits for an owner who is away", "stack", stack.ID, "user", stack.Lease.Owner, "until", until)
	return true, s.Book.SaveStack(ctx, &stack)
}

// hear notes on the lease which of its warnings have been delivered meanwhile.
func (s *Sweeper) hear(ctx context.Context, stack *stackhand.Stack) error {
	news, err := s.heard(ctx, stack)
	if err != nil || !news {
		return err
	}
	return s.Book.SaveStack(ctx, stack)
}

// heard fills in which warnings of the next step have been delivered meanwhile. It tells whether any was.
func (s *Sweeper) heard(ctx context.Context, stack *stackhand.Stack) (news bool, err error) {
	next, ok := s.Rules.Next(*stack)
	if !ok {
		return false, nil
	}
	for i := range stack.Lease.Warned {
		w := &stack.Lease.Warned[i]
		if !w.Delivered.IsZero() || !next.covered(*w) {
			continue
		}
		n, err := s.Book.Notice(ctx, w.Notice)
		if err != nil {
			return false, err
		}
		if !n.Delivered.IsZero() {
			w.Delivered, w.Told, w.Problem, news = n.Delivered, n.Told, n.Problem, true
		}
	}
	return news, nil
}

// place is the thread of the stack's own card.
func (s *Sweeper) place(ctx context.Context, stack stackhand.Stack) (stackhand.Place, error) {
	if stack.Place.Thread != "" {
		return stack.Place, nil
	}
	r, err := s.Book.Report(ctx, stack.Job)
	if stackhand.KindOf(err) == stackhand.NotFound {
		return stack.Place, nil
	}
	if err != nil || r.Card.TS == "" {
		return stack.Place, err
	}
	p := stack.Place
	p.Direct = p.Direct && p.Channel == r.Card.Channel
	p.Channel, p.Thread = r.Card.Channel, r.Card.TS
	return p, nil
}
