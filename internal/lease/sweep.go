package lease

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"time"

	"github.com/robfig/cron/v3"

	"github.com/stackhand/stackhand"
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
}

// Sweeper looks at the leases that are due: it warns, and it ends those whose owner was warned. It is
// safe to run late, often, and twice at once.
type Sweeper struct {
	Book    Book
	Jobs    Starter
	Rules   Rules
	Now     func() time.Time
	Log     *slog.Logger
	NewID   func(key string) string // of a job
	Noticed func()                  // a notice was written down
	// Conflict is what a save matches that somebody else was faster than, such as another sweep; nil: nothing does.
	Conflict error
	// Frozen tells whether no server ends for now: warnings go out, and what is over ends afterwards. nil: never.
	Frozen func(ctx context.Context) (bool, error)
}

// again is how long after a deletion that failed the next one is tried.
const again = 6 * time.Hour

// Run sweeps on a schedule of robfig/cron ("@every 1m", "*/5 * * * *") until ctx ends.
func (s *Sweeper) Run(ctx context.Context, schedule string) error {
	c := cron.New(cron.WithChain(cron.SkipIfStillRunning(cron.DiscardLogger)))
	sweep := func() {
		if err := s.Sweep(ctx); err != nil && ctx.Err() == nil {
			s.Log.Error("sweep failed; the next one goes on", "err", err)
		}
	}
	if _, err := c.AddFunc(schedule, sweep); err != nil {
		return fmt.Errorf("the schedule of sweeps: %w", err)
	}
	c.Start()
	<-ctx.Done()
	<-c.Stop().Done()
	return nil
}

// Sweep does once what is due now. A lease that makes trouble does not stop the others.
func (s *Sweeper) Sweep(ctx context.Context) error {
	// All of them: those that wait for a delivery stay due, and would hide the others for ever.
	stacks, err := s.Book.StacksDue(ctx, s.Now(), 0)
	if err != nil {
		return fmt.Errorf("reading the leases that are due: %w", err)
	}
	var errs []error
	for _, stack := range stacks {
		err := s.look(ctx, stack)
		for try := 0; try < 5 && s.Conflict != nil && errors.Is(err, s.Conflict); try++ {
			if stack, err = s.Book.Stack(ctx, stack.ID); err == nil {
				err = s.look(ctx, stack)
			}
		}
		if err != nil {
			errs = append(errs, fmt.Errorf("lease of %s (%s): %w", stack.Name, stack.ID, err))
		}
	}
	if _, err := s.Book.PurgeSeen(ctx); err != nil {
		errs = append(errs, fmt.Errorf("forgetting old deliveries: %w", err))
	}
	return errors.Join(errs...)
}

func (s *Sweeper) look(ctx context.Context, stack stackhand.Stack) error {
	if err := s.hear(ctx, &stack); err != nil {
		return err
	}
	now := s.Now()
	n, ok := s.Rules.Next(stack)
	if !ok {
		return nil
	}
	switch s.Rules.StateOf(stack, now) {
	case ToWarn:
		before, _ := s.Rules.nextWarning(stack.Lease, n, now)
		return s.warn(ctx, stack, n, before, now)
	case Ended:
		if s.Frozen != nil {
			if frozen, err := s.Frozen(ctx); frozen || err != nil {
				return err
			}
		}
		return s.take(ctx, stack, n, now)
	}
	return nil
}

// hear notes on the lease which of its warnings have been delivered meanwhile.
func (s *Sweeper) hear(ctx context.Context, stack *stackhand.Stack) error {
	news := false
	next, ok := s.Rules.Next(*stack)
	if !ok {
		return nil
	}
	for i := range stack.Lease.Warned {
		w := &stack.Lease.Warned[i]
		if !w.Delivered.IsZero() || !w.Until.Equal(next.At) {
			continue
		}
		n, err := s.Book.Notice(ctx, w.Notice)
		if err != nil {
			return err
		}
		if !n.Delivered.IsZero() {
			w.Delivered, w.Told, news = n.Delivered, n.Told, true
		}
	}
	if !news {
		return nil
	}
	return s.Book.SaveStack(ctx, stack)
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

// take starts the job that takes the next step. Its id is made from the step's moment, so that it is started once; should it
// fail, it is tried anew some hours later.
func (s *Sweeper) take(ctx context.Context, stack stackhand.Stack, n Next, now time.Time) error {
	place, err := s.place(ctx, stack)
	if err != nil {
		return err
	}
	job := stackhand.Job{
		ID:     s.NewID(fmt.Sprintf("ended/%s/%s/%d/%d", stack.ID, n.Step, n.At.Unix(), now.Sub(n.At)/again)),
		Flow:   "delete",
		User:   stackhand.User{ID: stack.Lease.Owner},
		Cloud:  stack.Cloud,
		Scope:  stack.Scope(),
		Place:  place,
		Line:   "its lease has ended",
		Title:  "Delete " + stack.Name + " (expired)",
		Stacks: []string{stack.ID},
	}
	job.Input, err = json.Marshal(stackhand.DeleteSpec{
		Cloud: stack.Cloud, Stack: stack.ID, Why: "expired", Until: stack.Lease.End(), KeepVolumes: unwarned(stack, n),
	})
	if err != nil {
		return err
	}
	if job, err = s.Jobs.Start(ctx, job); err != nil {
		return err
	}
	if job.State.Rests() {
		return nil // it was tried before, and will be again some hours later
	}
	s.Log.Info("a lease has ended", "stack", stack.ID, "user", stack.Lease.Owner, "job", job.ID, "step", n.Step)
	return nil
}
