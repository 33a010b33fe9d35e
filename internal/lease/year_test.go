package lease

import (
	"context"
	"errors"
	"log/slog"
	"maps"
	"math/rand/v2"
	"slices"
	"time"

	"github.com/stackhand/stackhand"
)

// A year of many people's servers goes by in fake time, with all that goes wrong in a year. year is that world: what the bot has on
// its disk, a chat (year_chat_test.go), a cloud (year_cloud_test.go), and what people do (year_life_test.go). What the chat took and
// what happens in the cloud is held against the rules in year_rules_test.go, which know nothing of how the sweeps come to it.
type year struct {
	disk yearDisk
	rnd  *rand.Rand
	now  time.Time     // by the clock of the world
	off  time.Duration // by which the bot's clock is wrong
	jump time.Time     // when that changed last

	rules  Rules
	dry    *bool      // dry_run of the configuration
	bots   []*Sweeper // processes that sweep on the one disk
	nested func()     // the other one's sweep, in the middle of this one's
	dies   int        // the process is killed at so many writes from now; 0: not
	backup *yearDisk
	crowd  int  // how many servers there are at most
	twins  int  // the other process sweeps too, once in so many times
	quiet  bool // nothing new, nothing goes wrong, nobody extends

	yearLife
	yearChat
	yearCloud
	verdicts
}

// yearDisk is what the bot has written down. A backup is a copy of it.
type yearDisk struct {
	stacks  map[string]stackhand.Stack
	alive   []dated // those that are there
	notices map[string]stackhand.Notice
	open    []string // ids of notices that are not delivered
	jobs    map[string]yearJob
	work    []string // ids of jobs that do not rest
	brake   stackhand.Brake
	frozen  bool
}

// dated is a stack, and when a sweep has to look at it; zero for never.
type dated struct {
	id string
	at time.Time
}

func (d *yearDisk) copy() *yearDisk {
	c := *d
	c.stacks, c.notices, c.jobs = maps.Clone(d.stacks), maps.Clone(d.notices), maps.Clone(d.jobs)
	c.alive, c.open, c.work = slices.Clone(d.alive), slices.Clone(d.open), slices.Clone(d.work)
	c.brake.Steps = slices.Clone(d.brake.Steps)
	return &c
}

var (
	errKilled = errors.New("the process was killed")
	errSaved  = errors.New("somebody else was faster")
)

// clock is the bot's.
func (y *year) clock() time.Time { return y.now.Add(y.off) }

func (y *year) chance(n int) bool { return y.rnd.IntN(n) == 0 }

// write is before each write to the disk: the process may die at it, and another one may come in between.
func (y *year) write() error {
	if other := y.nested; other != nil && y.chance(3) {
		y.nested = nil
		y.count("two sweeps at once")
		other()
	}
	if y.dies == 1 {
		y.count("killed")
		return errKilled
	}
	y.dies = max(0, y.dies-1)
	return nil
}

func (y *year) StacksDue(_ context.Context, until time.Time, _ int) ([]stackhand.Stack, error) {
	var out []stackhand.Stack
	for _, d := range y.disk.alive {
		if !d.at.IsZero() && !d.at.After(until) {
			out = append(out, y.read(d.id))
		}
	}
	y.reads += len(out)
	return out, nil
}

func (y *year) read(id string) stackhand.Stack {
	st := y.disk.stacks[id]
	st.Lease.Warned = slices.Clone(st.Lease.Warned)
	st.Lease.Ladder.Rungs = slices.Clone(st.Lease.Ladder.Rungs)
	return st
}

func (y *year) Stack(_ context.Context, id string) (stackhand.Stack, error) { return y.read(id), nil }

func (y *year) SaveStack(_ context.Context, s *stackhand.Stack) error {
	if err := y.write(); err != nil {
		return err
	}
	if s.Rev != y.disk.stacks[s.ID].Rev {
		return errSaved
	}
	if h := s.Lease.Ladder.Hold; h != y.disk.stacks[s.ID].Lease.Ladder.Hold && !h.End.IsZero() {
		y.count("an owner was waited for")
	}
	s.Rev++
	y.put(*s)
	return nil
}

// change is a write of somebody else's than a sweep.
func (y *year) change(id string, do func(st *stackhand.Stack)) {
	st := y.read(id)
	do(&st)
	st.Rev++
	y.put(st)
}

func (y *year) put(s stackhand.Stack) {
	i := slices.IndexFunc(y.disk.alive, func(d dated) bool { return d.id == s.ID })
	switch {
	case s.State != stackhand.StackGone && i >= 0:
		y.disk.alive[i].at = y.rules.Due(s)
	case s.State != stackhand.StackGone:
		y.disk.alive = append(y.disk.alive, dated{s.ID, y.rules.Due(s)})
	case i >= 0:
		y.disk.alive = slices.Delete(y.disk.alive, i, i+1)
	}
	if s.State == stackhand.StackGone { // nobody asks for these any more
		for _, w := range s.Lease.Warned {
			delete(y.disk.notices, w.Notice)
		}
		s.Ledger, s.Lease.Warned, s.Lease.Ladder.Rungs, s.Lease.Ladder.Why = nil, nil, nil, nil
	}
	y.disk.stacks[s.ID] = s
}

func (y *year) AddNotice(_ context.Context, n stackhand.Notice) (bool, error) {
	if err := y.write(); err != nil {
		return false, err
	}
	if _, ok := y.disk.notices[n.ID]; ok {
		return false, nil
	}
	y.disk.notices[n.ID] = n
	y.disk.open = append(y.disk.open, n.ID)
	return true, nil
}

func (y *year) Notice(_ context.Context, id string) (stackhand.Notice, error) {
	return y.disk.notices[id], nil
}

func (y *year) Report(context.Context, string) (stackhand.Report, error) {
	return stackhand.Report{}, nil
}
func (y *year) PurgeSeen(context.Context) (int, error) { return 0, nil }

func (y *year) Brake(context.Context) (stackhand.Brake, error) {
	b := y.disk.brake
	b.Steps = slices.Clone(b.Steps)
	return b, nil
}

func (y *year) CountStacks(context.Context) (int, error) { return len(y.disk.alive), nil }

func (y *year) SaveBrake(_ context.Context, b *stackhand.Brake) error {
	if err := y.write(); err != nil {
		return err
	}
	if b.Rev != y.disk.brake.Rev {
		return errSaved
	}
	b.Rev++
	y.disk.brake = *b
	y.disk.brake.Steps = slices.Clone(b.Steps)
	return nil
}

func (y *year) frozen(context.Context) (bool, error) { return y.disk.frozen, nil }

// newBot is a process that sweeps.
func (y *year) newBot() *Sweeper {
	s := &Sweeper{
		Book: y, Jobs: y, Rules: y.rules, Now: y.clock, NewID: func(k string) string { return k }, Noticed: func() {},
		Log: slog.New(slog.DiscardHandler), Conflict: errSaved, Frozen: y.frozen, Away: y.away,
		Guard: &Guard{Book: y}, Server: y.server, Servers: y.serversOf,
	}
	s.Rules.Wait, s.Rules.Limits = yearWait, yearLimits
	return s
}

// live lets the year pass, a tick at a time, or until a rule is broken.
func (y *year) live(ctx context.Context, days int, patient bool) {
	end := y.now.Add(time.Duration(days) * 24 * time.Hour)
	for ; y.now.Before(end) && (patient || len(y.faults) == 0); y.now = y.now.Add(yearTick) {
		y.trouble()
		y.people(ctx)
		y.counts = append(y.counts[max(0, len(y.counts)-12):], len(y.disk.alive))
		if y.now.Before(y.botUp) {
			continue
		}
		y.deliver(ctx)
		y.cloudWorks()
		if y.chance(200) && !y.quiet {
			y.dies = 1 + y.rnd.IntN(12)
		}
		if y.chance(y.twins) {
			y.nested = func() { y.sweep(ctx, y.bots[1]) }
		}
		y.sweep(ctx, y.bots[0])
		y.dies, y.nested = 0, nil
	}
}

func (y *year) sweep(ctx context.Context, s *Sweeper) {
	was := y.inSweep
	y.inSweep = 0
	if err := s.Sweep(ctx); err != nil && !errors.Is(err, errKilled) {
		y.broken("a sweep failed: %v", err)
	}
	y.inSweep = was
}
