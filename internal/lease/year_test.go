package lease

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"math/rand/v2"
	"slices"
	"time"

	"github.com/stackhand/stackhand"
)

// A year of many people's servers goes by in fake time, with all that goes wrong in a year: the cloud and Slack are away, the bot
// is killed between two writes, its clock jumps, people are on vacation or leave. year is that world: the
// records, the chat, the cloud and what is done in it. What the sweeps do is held against the rules in year_rules_test.go.
type year struct {
	rnd *rand.Rand
	now time.Time     // by the clock of the world
	off time.Duration // by which the bot's clock is wrong

	ids     []string // of stacks, in the order of their making
	alive   []dated  // … of those that are there
	stacks  map[string]stackhand.Stack
	notices map[string]stackhand.Notice
	open    []string // ids of notices that are not delivered
	jobs    map[string]*yearJob
	work    []string // ids of jobs that do not rest
	brake   stackhand.Brake
	servers map[string]*yearServer

	cloudUp, slackUp, botUp time.Time // from when on they work again
	frozenTo                time.Time // somebody froze all
	gone                    map[string]bool
	absent                  map[string]time.Time // on vacation, until when
	dies                    int                  // the process is killed at so many writes from now; 0: not
	rules                   Rules
	nested                  func() // another sweep, in the middle of this one
	made, sent, reads       int
	quiet                   bool // nothing new, nothing goes wrong, nobody extends

	*verdicts
}

// yearJob is a job, and when its work in the cloud is done.
type yearJob struct {
	stackhand.Job
	spec stackhand.LadderSpec
	ends time.Time
}

// dated is a stack, and when a sweep has to look at it; zero for never.
type dated struct {
	id string
	at time.Time
}

type yearServer struct {
	stack   string // whose mark it carries; "" for one that was made elsewhere
	volumes []string
	deleted bool
}

var (
	errKilled = errors.New("the process was killed")
	errSaved  = errors.New("somebody else was faster")
)

// clock is the bot's.
func (y *year) clock() time.Time { return y.now.Add(y.off) }

// write counts a write; the process may die at it.
func (y *year) write() error {
	if y.dies == 1 {
		return errKilled
	}
	y.dies = max(0, y.dies-1)
	return nil
}

func (y *year) StacksDue(_ context.Context, until time.Time, _ int) ([]stackhand.Stack, error) {
	var ids []string
	for i := range y.alive {
		if d := &y.alive[i]; !d.at.IsZero() && !d.at.After(until) {
			ids = append(ids, d.id)
		}
	}
	out := make([]stackhand.Stack, len(ids))
	for i, id := range ids {
		out[i] = y.read(id)
	}
	y.reads += len(out)
	return out, nil
}

func (y *year) read(id string) stackhand.Stack {
	st := y.stacks[id]
	st.Lease.Warned = slices.Clone(st.Lease.Warned)
	st.Lease.Ladder.Rungs = slices.Clone(st.Lease.Ladder.Rungs)
	return st
}

func (y *year) Stack(_ context.Context, id string) (stackhand.Stack, error) { return y.read(id), nil }

func (y *year) SaveStack(_ context.Context, s *stackhand.Stack) error {
	if err := y.write(); err != nil {
		return err
	}
	if other := y.nested; other != nil {
		y.nested = nil
		other()
	}
	if s.Rev != y.stacks[s.ID].Rev {
		return errSaved
	}
	s.Rev++
	y.put(*s)
	return nil
}

func (y *year) put(s stackhand.Stack) {
	y.stacks[s.ID] = s
	i := slices.IndexFunc(y.alive, func(d dated) bool { return d.id == s.ID })
	if s.State != stackhand.StackGone {
		y.alive[i].at = y.rules.Due(s)
		return
	}
	y.alive = slices.Delete(y.alive, i, i+1)
	for _, w := range s.Lease.Warned { // nobody asks for them any more
		delete(y.notices, w.Notice)
	}
	s.Ledger, s.Lease.Warned, s.Lease.Ladder.Rungs = nil, nil, nil
	y.stacks[s.ID] = s
}

func (y *year) AddNotice(_ context.Context, n stackhand.Notice) (bool, error) {
	if err := y.write(); err != nil {
		return false, err
	}
	if _, ok := y.notices[n.ID]; ok {
		return false, nil
	}
	y.notices[n.ID] = n
	y.open = append(y.open, n.ID)
	y.sent++
	return true, nil
}

func (y *year) Notice(_ context.Context, id string) (stackhand.Notice, error) {
	return y.notices[id], nil
}

func (y *year) Report(context.Context, string) (stackhand.Report, error) {
	return stackhand.Report{}, nil
}
func (y *year) PurgeSeen(context.Context) (int, error)         { return 0, nil }
func (y *year) Brake(context.Context) (stackhand.Brake, error) { return y.brake, nil }
func (y *year) CountStacks(context.Context) (int, error)       { return len(y.alive), nil }
func (y *year) frozen(context.Context) (bool, error)           { return y.now.Before(y.frozenTo), nil }

func (y *year) away(_ context.Context, user string) (string, time.Time, bool) {
	until := y.absent[user]
	return "its owner is away", until, y.clock().Before(until)
}

func (y *year) SaveBrake(_ context.Context, b *stackhand.Brake) error {
	if err := y.write(); err != nil {
		return err
	}
	if b.Rev != y.brake.Rev {
		return errSaved
	}
	b.Rev++
	y.brake = *b
	y.brake.Steps = slices.Clone(b.Steps)
	return nil
}

// sweeper is a process that sweeps.
func (y *year) sweeper(edit func(*Sweeper)) *Sweeper {
	no := false
	s := &Sweeper{
		Book: y, Jobs: y, Rules: y.rules, Now: y.clock, NewID: func(k string) string { return k }, Noticed: func() {},
		Log: slog.New(slog.DiscardHandler), Conflict: errSaved,
		Guard: &Guard{Book: y}, Frozen: y.frozen,
		Away: y.away,
	}
	s.Rules.Wait, s.Rules.Limits, s.Rules.Dry = yearWait, yearLimits, &no
	if edit != nil {
		edit(s)
	}
	return s
}

// live lets the year pass, a tick at a time.
func (y *year) live(ctx context.Context, days int, s *Sweeper) {
	for end := y.now.Add(time.Duration(days) * 24 * time.Hour); y.now.Before(end); y.now = y.now.Add(yearTick) {
		y.trouble()
		y.people()
		y.deliver()
		y.cloudWorks()
		if y.now.Before(y.botUp) {
			continue
		}
		if y.chance(200) && !y.quiet {
			y.dies = 1 + y.rnd.IntN(12)
		}
		if y.chance(50) {
			y.nested = func() { y.swept(ctx, s) }
		}
		y.swept(ctx, s)
		y.dies, y.nested = 0, nil
	}
}

func (y *year) swept(ctx context.Context, s *Sweeper) {
	y.inSweep = 0
	if err := s.Sweep(ctx); err != nil && !errors.Is(err, errKilled) {
		y.broken("a sweep failed: %v", err)
	}
}

func (y *year) chance(n int) bool { return y.rnd.IntN(n) == 0 }

// trouble begins outages, restarts and jumps of the clock.
func (y *year) trouble() {
	if y.quiet {
		y.off, y.cloudUp, y.slackUp, y.botUp, y.frozenTo = 0, y.now, y.now, y.now, y.now
		return
	}
	hours := func(n int) time.Time { return y.now.Add(time.Duration(1+y.rnd.IntN(n)) * time.Hour) }
	switch {
	case y.chance(4000):
		y.cloudUp = hours(30)
	case y.chance(4000):
		y.slackUp = hours(40)
	case y.chance(3000):
		y.botUp = hours(60)
	case y.chance(6000):
		y.frozenTo = hours(50)
	case y.chance(300):
		y.absent[anybody(y.rnd)] = y.now.Add(time.Duration(1+y.rnd.IntN(480)) * time.Hour)
	case y.chance(5000):
		y.off = []time.Duration{-time.Hour, time.Hour, 30 * time.Hour, 9 * 24 * time.Hour}[y.rnd.IntN(4)]
	case y.off != 0 && y.chance(12):
		y.off = 0
	}
}

// people make servers, extend leases, start what was stopped, delete their own, leave, and make some without the bot.
func (y *year) people() {
	for !y.quiet && len(y.alive) < yearServers && y.chance(3) {
		y.create()
	}
	if y.quiet || !y.chance(2) || len(y.alive) == 0 {
		return
	}
	id := y.alive[y.rnd.IntN(len(y.alive))].id
	st := y.read(id)
	if st.State != stackhand.StackReady || st.Busy != "" || y.gone[st.Lease.Owner] {
		return
	}
	switch y.rnd.IntN(40) {
	case 0, 1, 2, 3, 4:
		if st.Lease.Until.Sub(y.now) < 24*time.Hour {
			st.Lease.Until, st.Lease.Ladder = y.now.Add(time.Duration(1+y.rnd.IntN(96))*time.Hour), back(st.Lease.Ladder, y.now)
		}
	case 5:
		if sv := y.servers[st.Server]; sv.stack == id {
			sv.deleted = true
			st.State, st.Gone = stackhand.StackGone, y.now
		}
	case 6:
		y.gone[st.Lease.Owner] = len(y.gone) < 12
	case 7: // the server is taken for something else by hand: it carries another mark now
		if y.chance(6) {
			y.servers[st.Server].stack = ""
		}
	}
	st.Rev++
	y.put(st)
}

func back(l stackhand.Ladder, now time.Time) stackhand.Ladder {
	l.Back(now)
	return l
}

func anybody(rnd *rand.Rand) string { return fmt.Sprintf("U%02d", rnd.IntN(yearPeople)) }

func (y *year) create() {
	y.made++
	id := fmt.Sprintf("s%05d", y.made)
	length := time.Duration(2+y.rnd.IntN(300)) * time.Hour
	st := stackhand.Stack{
		ID: id, Name: id, Job: "job-" + id, Cloud: "lab", ProjectID: "p", State: stackhand.StackReady, Server: "server-" + id, Created: y.now,
		Flavor: []string{"small", "large"}[y.rnd.IntN(2)], Place: stackhand.Place{Channel: "C1", Thread: "1"},
		Lease: stackhand.Lease{Owner: anybody(y.rnd), Ready: y.now, Until: y.now.Add(length), For: length},
	}
	st.Ledger = []stackhand.Resource{{Kind: stackhand.KindServer, ID: st.Server, Job: st.Job}}
	y.servers[st.Server] = &yearServer{stack: id}
	if y.chance(4) {
		st.Ledger = append(st.Ledger, stackhand.Resource{Kind: stackhand.KindVolume, ID: "vol-" + id, Job: "later-" + id})
		y.servers[st.Server].volumes = []string{"vol-" + id}
	}
	if y.chance(5) {
		y.servers["foreign-"+id] = &yearServer{}
	}
	y.ids, y.alive = append(y.ids, id), append(y.alive, dated{id: id})
	y.put(st)
}

// deliver is the chat: a notice reaches its owner, or where that is nobody any more the channel or the administrators.
func (y *year) deliver() {
	if y.now.Before(y.slackUp) || y.now.Before(y.botUp) {
		return
	}
	y.open = slices.DeleteFunc(y.open, func(id string) bool {
		n, ok := y.notices[id]
		if !ok {
			return true // of a server that is gone
		}
		if y.gone[n.User] && y.chance(2) {
			return false
		}
		n.Delivered = y.clock()
		y.notices[id] = n
		return true
	})
}
