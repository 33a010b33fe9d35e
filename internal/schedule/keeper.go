package schedule

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"time"

	"github.com/stackhand/stackhand"
	"github.com/stackhand/stackhand/internal/abreast"
)

// Book is the records that a Keeper reads and writes.
type Book interface {
	Schedule(ctx context.Context, id string) (stackhand.Schedule, error)
	SaveSchedule(ctx context.Context, s *stackhand.Schedule) error
	DeleteSchedule(ctx context.Context, s stackhand.Schedule) error
	SchedulesDue(ctx context.Context, until time.Time, limit int) ([]stackhand.Schedule, error)
	SchedulesBeyond(ctx context.Context, after time.Time) ([]stackhand.Schedule, error)
	SchedulesOfOwner(ctx context.Context, user string) ([]stackhand.Schedule, error)
	SchedulesOfStack(ctx context.Context, id string) ([]stackhand.Schedule, error)
	Stack(ctx context.Context, id string) (stackhand.Stack, error)
	StacksOfOwner(ctx context.Context, user string) ([]stackhand.Stack, error)
	Activity(ctx context.Context, stack string) (stackhand.Activity, error)
	Job(ctx context.Context, id string) (stackhand.Job, error)
	Report(ctx context.Context, job string) (stackhand.Report, error)
	AddNotice(ctx context.Context, n stackhand.Notice) (fresh bool, err error)
	Freeze(ctx context.Context) (stackhand.Freeze, error)
}

// Starter starts a job; the same id again answers the first one.
type Starter interface {
	Start(ctx context.Context, job stackhand.Job, stacks ...stackhand.Stack) (stackhand.Job, error)
}

// Cloud is what is read of a cloud before a server is stopped or started.
type Cloud interface {
	Server(ctx context.Context, id string) (stackhand.Server, error)
	ServerActions(ctx context.Context, id string) ([]stackhand.ServerAction, error) // newest first
}

// Options of a Keeper. All but Own, Ahead and Held are needed.
type Options struct {
	Book Book
	Jobs Starter
	// Open reaches a cloud with a user's own login.
	Open func(ctx context.Context, user, cloud string, at stackhand.Scope) (Cloud, error)
	// Own reaches it with the bot's own login, for stops of owners whose login has ended; nil: it has none.
	Own      func(ctx context.Context, cloud string, at stackhand.Scope) (Cloud, error)
	NewID    func(key string) string // of a job or a schedule
	Now      func() time.Time
	Log      *slog.Logger
	Noticed  func()        // a notice was written down
	Conflict error         // what a save matches that somebody else was faster than
	Ahead    time.Duration // how long before a stop it is announced; 0: it is not
	// Held tells that something else has stopped a stack, which is not to be started by a schedule; nil: nothing does.
	Held func(stackhand.Stack) bool
}

// Keeper carries schedules out. It is safe to run late, often, and twice at once.
type Keeper struct{ o Options }

// New makes a Keeper.
func New(o Options) *Keeper { return &Keeper{o} }

// sweep is one of a Keeper's.
type sweep struct {
	turn   abreast.Turn         // given away while a cloud is asked
	silent map[abreast.Site]int // how often a site gave no answer in it
	began  time.Time            // by a clock that nobody puts right
}

// late tells that the sweep has taken long enough: the next one is due, for all clouds.
func (p *sweep) late() bool { return time.Since(p.began) > abreast.SweepFor }

// Sweep does once what is due now. A schedule that makes trouble, or a panic, does not stop the others, and a cloud that gives no answer keeps
// nobody waiting in another. Those of one owner in a place come one after the other, since they may be about the same servers.
func (k *Keeper) Sweep(ctx context.Context) error {
	now := k.o.Now()
	due, err := k.o.Book.SchedulesDue(ctx, now, 0)
	if err != nil {
		return fmt.Errorf("reading the schedules that are due: %w", err)
	}
	// No schedule rests for longer than a week: these were looked at while the clock was ahead.
	lost, err := k.o.Book.SchedulesBeyond(ctx, now.Add(week+24*time.Hour))
	if err != nil {
		return fmt.Errorf("reading the schedules that are due: %w", err)
	}
	p := &sweep{silent: map[abreast.Site]int{}, began: time.Now()}
	return abreast.Do(linesOf(append(due, lost...)), func(line []stackhand.Schedule) error {
		var errs []error
		for _, s := range line {
			err := p.turn.Take(func() error {
				return stackhand.Guarded("the schedule "+s.ID, func() error { return k.tend(ctx, p, s) })
			})
			if err != nil {
				errs = append(errs, fmt.Errorf("schedule %s of %s: %w", s.ID, s.Owner, err))
			}
		}
		return errors.Join(errs...)
	})
}

// linesOf sorts schedules by where their servers are, and by whose they are; the earliest come first.
func linesOf(due []stackhand.Schedule) map[abreast.Site][][]stackhand.Schedule {
	out, of := map[abreast.Site][][]stackhand.Schedule{}, map[abreast.Site]map[string]int{}
	for _, s := range due {
		at := siteOf(s)
		if of[at] == nil {
			of[at] = map[string]int{}
		}
		n, known := of[at][s.Owner]
		if !known {
			n, of[at][s.Owner] = len(out[at]), len(out[at])
			out[at] = append(out[at], nil)
		}
		out[at][n] = append(out[at][n], s)
	}
	return out
}

func siteOf(s stackhand.Schedule) abreast.Site {
	return abreast.Site{Cloud: s.Cloud, Region: s.Scope.Region}
}

// tend looks at a schedule, and again where somebody wrote on it meanwhile. In a sweep that has taken long enough it stays due.
func (k *Keeper) tend(ctx context.Context, p *sweep, s stackhand.Schedule) error {
	if p.late() {
		return nil
	}
	err := k.look(ctx, p, s)
	for try := 0; try < 5 && k.o.Conflict != nil && errors.Is(err, k.o.Conflict); try++ {
		if s, err = k.o.Book.Schedule(ctx, s.ID); stackhand.KindOf(err) == stackhand.NotFound {
			return nil
		}
		if err == nil && !s.Next.After(k.o.Now()) {
			err = k.look(ctx, p, s)
		}
	}
	return err
}

// NextDue is the first moment, not after until, at which a sweep has something to do; false if there is none.
func (k *Keeper) NextDue(ctx context.Context, until time.Time) (time.Time, bool, error) {
	due, err := k.o.Book.SchedulesDue(ctx, until, 1)
	if err != nil || len(due) == 0 {
		return time.Time{}, false, err
	}
	return due[0].Next, true, nil
}

// How long it takes until a server is looked at again that could not be touched, and until the outcome of a job is.
const (
	again   = 5 * time.Minute
	outcome = time.Minute
)

// look brings a schedule up to now, and writes down how far that came.
func (k *Keeper) look(ctx context.Context, p *sweep, s stackhand.Schedule) error {
	c, err := read(s)
	if err != nil {
		return err
	}
	now := k.o.Now()
	if s.From.After(now) { // the clock was ahead when it was looked at last
		s.From = now
	}
	r := &round{Keeper: k, sweep: p, s: &s, clock: c, now: now}
	if run, ok := c.last(s.From, now); ok {
		if err := r.begin(ctx, run); err != nil {
			return err
		}
	}
	ended, err := r.turns(ctx)
	if err != nil {
		return err
	}
	if ended {
		return k.o.Book.DeleteSchedule(ctx, s)
	}
	if err := r.announce(ctx); err != nil {
		return err
	}
	s.Next = r.next()
	return k.o.Book.SaveSchedule(ctx, &s)
}

// next is when the schedule has to be looked at again.
func (r *round) next() time.Time {
	next := r.clock.next(r.now).At
	sooner := func(t time.Time) {
		if t.Before(next) {
			next = t
		}
	}
	if stop := r.clock.nextStop(r.now); r.o.Ahead > 0 && !stop.IsZero() && !stop.Equal(r.s.Announced) {
		sooner(stop.Add(-r.o.Ahead))
	}
	for _, t := range r.s.Turns {
		if t.Wait {
			sooner(r.now.Add(again))
		}
		if t.Job != "" {
			sooner(r.now.Add(outcome))
		}
	}
	return next
}

// nextStop is the first stop after a moment; zero for a schedule that stops nothing.
func (c clock) nextStop(after time.Time) (at time.Time) {
	for _, a := range c.acts {
		if a.verb == stackhand.ActStop {
			at, _ = c.nextOf(a, after)
		}
	}
	return at
}
