package lease

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"slices"
	"strings"
	"time"

	"github.com/dustin/go-humanize"
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
	switch s.Rules.StateOf(stack, now) {
	case ToWarn:
		before, _ := s.Rules.nextWarning(stack.Lease, now)
		return s.warn(ctx, stack, before, now)
	case Ended:
		return s.end(ctx, stack, now)
	}
	return nil
}

// hear notes on the lease which of its warnings have been delivered meanwhile.
func (s *Sweeper) hear(ctx context.Context, stack *stackhand.Stack) error {
	news := false
	for i := range stack.Lease.Warned {
		w := &stack.Lease.Warned[i]
		if !w.Delivered.IsZero() || !w.Until.Equal(stack.Lease.Until) {
			continue
		}
		n, err := s.Book.Notice(ctx, w.Notice)
		if err != nil {
			return err
		}
		if !n.Delivered.IsZero() {
			w.Delivered, news = n.Delivered, true
		}
	}
	if !news {
		return nil
	}
	return s.Book.SaveStack(ctx, stack)
}

// warn writes the notice down first: should the lease's record not be saved, the next sweep finds the
// same notice by its id and nobody is warned twice.
func (s *Sweeper) warn(ctx context.Context, stack stackhand.Stack, before time.Duration, now time.Time) error {
	place, err := s.place(ctx, stack)
	if err != nil {
		return err
	}
	l := stack.Lease
	n := stackhand.Notice{
		ID:      fmt.Sprintf("ends/%s/%d/%s", stack.ID, l.Until.Unix(), before),
		Job:     stack.Job,
		User:    l.Owner,
		Place:   place,
		Text:    s.words(stack, now),
		Created: now,
		Actions: []stackhand.Action{
			{ID: "extend", Label: "Extend by a day", Value: stack.ID},
			{ID: "delete", Label: "Delete now", Value: stack.ID, Danger: true,
				Confirm: "Delete " + stack.Name + " and everything that was made for it?"},
		},
	}
	if _, err := s.Book.AddNotice(ctx, n); err != nil {
		return err
	}
	stack.Lease.Warned = append(stack.Lease.Warned, stackhand.Warning{Before: before, Until: l.Until, Notice: n.ID, Volumes: ids(dataVolumes(stack))})
	if err := s.Book.SaveStack(ctx, &stack); err != nil {
		return err
	}
	s.Log.Info("warned of the end of a lease", "stack", stack.ID, "user", l.Owner, "until", l.Until)
	s.Noticed()
	return nil
}

func (s *Sweeper) words(stack stackhand.Stack, now time.Time) stackhand.Text {
	end, volumes := stack.Lease.Until, ofVolumes(stack)
	if soonest := now.Add(s.Rules.notice(stack.Lease)); soonest.After(end) {
		return stackhand.Textf("The time of %s is over. It expires and will be deleted, with everything that was made for it, after %s.%s Extend it to keep it.",
			stackhand.AsBold(stack.Name), stackhand.At(soonest), volumes)
	}
	return stackhand.Textf("%s expires in %s, at %s. It will then be deleted with everything that was made for it.%s Extend it to keep it.",
		stackhand.AsBold(stack.Name), roughly(end.Sub(now)), stackhand.At(end), volumes)
}

// dataVolumes are the volumes that jobs made and added later: those that hold data of their own.
func dataVolumes(stack stackhand.Stack) []stackhand.Resource {
	var out []stackhand.Resource
	for _, r := range stack.Ledger {
		if r.Kind == stackhand.KindVolume && r.Job != "" && r.Job != stack.Job {
			out = append(out, r)
		}
	}
	return out
}

func ids(rs []stackhand.Resource) []string {
	var out []string
	for _, r := range rs {
		out = append(out, r.ID)
	}
	return out
}

// ofVolumes says that volumes go too, and how to keep them; "" where there are none.
func ofVolumes(stack stackhand.Stack) string {
	var names []string
	for _, v := range dataVolumes(stack) {
		names = append(names, cmp.Or(v.Name, v.ID))
	}
	if len(names) == 0 {
		return ""
	}
	return fmt.Sprintf(" The data on %s goes too; `remove volume %s %s` keeps it.", strings.Join(names, ", "), stack.Name, names[0])
}

// unwarned tells whether the stack has a volume with data of which no delivered warning of this end has told.
func unwarned(stack stackhand.Stack) bool {
	told := map[string]bool{}
	for _, w := range stack.Lease.Warned {
		if !w.Delivered.IsZero() && w.Until.Equal(stack.Lease.Until) {
			for _, id := range w.Volumes {
				told[id] = true
			}
		}
	}
	return slices.ContainsFunc(dataVolumes(stack), func(v stackhand.Resource) bool { return !told[v.ID] })
}

// roughly is a length of time as people say it.
func roughly(d time.Duration) string {
	t := time.Unix(0, 0)
	return humanize.CustomRelTime(t, t.Add(d.Round(time.Minute)), "", "", []humanize.RelTimeMagnitude{
		{D: 90 * time.Second, Format: "a minute", DivBy: 1},
		{D: 90 * time.Minute, Format: "%d minutes", DivBy: time.Minute},
		{D: 48 * time.Hour, Format: "%d hours", DivBy: time.Hour},
		{D: 1<<63 - 1, Format: "%d days", DivBy: 24 * time.Hour},
	})
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

// end starts the deletion. Its id is made from the lease's end, so that it is started once; should it
// fail, it is tried anew some hours later.
func (s *Sweeper) end(ctx context.Context, stack stackhand.Stack, now time.Time) error {
	place, err := s.place(ctx, stack)
	if err != nil {
		return err
	}
	input, err := json.Marshal(stackhand.DeleteSpec{Cloud: stack.Cloud, Stack: stack.ID, Why: "expired", Until: stack.Lease.Until, KeepVolumes: unwarned(stack)})
	if err != nil {
		return err
	}
	end, _ := s.Rules.EndsAt(stack.Lease)
	job, err := s.Jobs.Start(ctx, stackhand.Job{
		ID:     s.NewID(fmt.Sprintf("ended/%s/%d/%d", stack.ID, stack.Lease.Until.Unix(), now.Sub(end)/again)),
		Flow:   "delete",
		User:   stackhand.User{ID: stack.Lease.Owner},
		Cloud:  stack.Cloud,
		Scope:  stack.Scope(),
		Place:  place,
		Line:   "its lease has ended",
		Title:  "Delete " + stack.Name + " (expired)",
		Input:  input,
		Stacks: []string{stack.ID},
	})
	if err != nil {
		return err
	}
	if job.State.Rests() {
		return nil // it was tried before, and will be again some hours later
	}
	s.Log.Info("a lease has ended", "stack", stack.ID, "user", stack.Lease.Owner, "job", job.ID)
	return nil
}
