package lease

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/stackhand/stackhand"
)

// brakes is the brake's record, in memory.
type brakes struct {
	b       stackhand.Brake
	servers int
	counted int
	other   func(*stackhand.Brake) // writes just before the next save
}

func (g *brakes) Brake(context.Context) (stackhand.Brake, error) {
	b := g.b
	b.Steps = slices.Clone(b.Steps)
	return b, nil
}

func (g *brakes) SaveBrake(_ context.Context, b *stackhand.Brake) error {
	if other := g.other; other != nil {
		g.other = nil
		other(&g.b)
		g.b.Rev++
	}
	if b.Rev != g.b.Rev {
		return errFaster
	}
	b.Rev++
	g.b = *b
	return nil
}

func (g *brakes) CountStacks(context.Context) (int, error) { g.counted++; return g.servers, nil }

func never() *bool { return new(bool) }

// herd is a sweeper over many stacks whose leases end at the same time, and which the owners have been told of.
func herd(n int, limits Limits) (*Sweeper, *book, *brakes, *time.Time) {
	s, b, now := world(2 * time.Hour)
	g := &brakes{servers: n}
	s.Guard, s.Rules.Limits, s.Rules.Dry, s.Conflict = &Guard{Book: g}, limits, never(), errFaster
	for i := range n {
		st := b.stacks["j-1"]
		st.ID = fmt.Sprintf("h-%03d", i)
		st.Lease.Warned = []stackhand.Warning{{Before: time.Hour, Until: st.Lease.Until, Delivered: t0.Add(time.Hour)}}
		b.stacks[st.ID] = st
	}
	delete(b.stacks, "j-1")
	*now = t0.Add(2 * time.Hour)
	return s, b, g, now
}

func sweeps(t *testing.T, s *Sweeper, times int) {
	t.Helper()
	for range times {
		if err := s.Sweep(t.Context()); err != nil {
			t.Fatal(err)
		}
	}
}

func TestBrake(t *testing.T) {
	for _, c := range []struct {
		name                      string
		servers                   int
		limits                    Limits
		sweeps                    int
		began, asked, afterAnHour int
	}{
		{"in a sweep", 20, Limits{Sweep: 5}, 1, 5, 1, 10},
		{"in an hour", 20, Limits{Sweep: 5, Hour: 12}, 9, 12, 1, 17},
		{"of all", 40, Limits{Percent: 40}, 9, 16, 1, 32},
		{"of a few", 9, Limits{Percent: 1}, 9, 9, 0, 9},
		{"none", 20, Limits{Sweep: -1, Hour: -1, Percent: -1}, 1, 20, 0, 20},
	} {
		t.Run(c.name, func(t *testing.T) {
			s, b, _, now := herd(c.servers, c.limits)
			sweeps(t, s, c.sweeps)
			if len(b.started) != c.began || len(b.notices) != c.asked {
				t.Errorf("%d steps, %d notices, want %d and %d", len(b.started), len(b.notices), c.began, c.asked)
			}
			*now = now.Add(61 * time.Minute)
			sweeps(t, s, 1)
			if len(b.started) != c.afterAnHour {
				t.Errorf("%d steps after an hour, want %d", len(b.started), c.afterAnHour)
			}
		})
	}
}

// The administrators are asked, with two buttons; what they say holds for all sweeps.
func TestGoOnAndHold(t *testing.T) {
	s, b, _, now := herd(20, Limits{Sweep: 3, Hour: 3})
	sweeps(t, s, 3)
	for _, n := range b.notices {
		if !n.Admins || n.User != "" || len(n.Actions) != 2 || !strings.Contains(n.Text.String(), "3 servers") {
			t.Errorf("%+v", n)
		}
	}
	if _, err := s.Hold(t.Context(), "U0DANA", "wait"); err != nil {
		t.Fatal(err)
	}
	*now = now.Add(2 * time.Hour)
	sweeps(t, s, 3)
	if len(b.started) != 3 || len(b.notices) != 1 {
		t.Errorf("%d steps while it was held, %d notices", len(b.started), len(b.notices))
	}
	if _, err := s.Go(t.Context(), "U0DANA"); err != nil {
		t.Fatal(err)
	}
	sweeps(t, s, 1)
	if len(b.started) != 20 {
		t.Errorf("%d steps after all", len(b.started))
	}
}

// Two sweeps at once, on two machines, do not take more steps together than are allowed.
func TestBrakeOfTwo(t *testing.T) {
	s, b, g, now := herd(20, Limits{Hour: 5})
	g.other = func(b *stackhand.Brake) {
		for i := range 4 {
			b.Steps = append(b.Steps, stackhand.BrakeStep{Job: fmt.Sprint("other-", i), At: *now})
		}
	}
	if _, err := s.begin(t.Context()); err != nil {
		t.Fatal(err)
	}
	sweeps(t, s, 1)
	if len(b.started) != 1 {
		t.Errorf("%d steps beside four of another sweep, want 1", len(b.started))
	}
}

// A bot that is killed between the brake's record and the job has taken no step: what it takes when it is back counts then.
func TestBrakeAfterDeath(t *testing.T) {
	s, b, g, now := herd(20, Limits{Hour: 5})
	s.Jobs = dying{b}
	if err := s.Sweep(t.Context()); err == nil {
		t.Fatal("nobody died")
	}
	if len(g.b.Steps) == 0 || len(b.started) != 0 {
		t.Fatalf("%d steps on the record, %d jobs", len(g.b.Steps), len(b.started))
	}
	s.Jobs = b
	*now = now.Add(50 * time.Minute)
	sweeps(t, s, 1)
	*now = now.Add(20 * time.Minute)
	sweeps(t, s, 1)
	if len(b.started) != 5 {
		t.Errorf("%d steps within 20 minutes, and 5 are allowed in an hour", len(b.started))
	}
	*now = now.Add(time.Hour)
	sweeps(t, s, 1)
	if len(b.started) != 10 {
		t.Errorf("%d steps an hour later, want 10", len(b.started))
	}
}

// dying is an engine that is killed before it writes a job down.
type dying struct{ *book }

func (dying) Start(context.Context, stackhand.Job, ...stackhand.Stack) (stackhand.Job, error) {
	return stackhand.Job{}, errors.New("killed")
}

func TestDryRun(t *testing.T) {
	s, b, _, now := herd(3, Limits{})
	s.Rules.Dry = nil
	sweeps(t, s, 5)
	if len(b.started) != 0 || len(b.notices) != 3 {
		t.Fatalf("%d steps, %d notices on the first day", len(b.started), len(b.notices))
	}
	for _, n := range b.notices {
		if !strings.Contains(n.Text.String(), "dry run: web-1 would now be deleted") {
			t.Errorf("%s", n.Text)
		}
	}
	for range 25 { // the program runs all the time
		*now = now.Add(time.Hour)
		sweeps(t, s, 1)
	}
	if len(b.started) != 3 {
		t.Errorf("%d steps after the first day", len(b.started))
	}
}

func TestFreezeStopsTheLadder(t *testing.T) {
	s, b, _, now := herd(3, Limits{})
	on := true
	s.Frozen = func(context.Context) (bool, error) { return on, nil }
	sweeps(t, s, 2)
	if next, _, err := s.Outlook(t.Context(), b.stacks["h-000"], "ACTIVE"); err != nil || !strings.Contains(next.String(), "not while changes are stopped") {
		t.Errorf("in a freeze it is said that it is %s, %v", next, err)
	}
	told := len(b.notices)
	if on, *now = false, now.Add(time.Minute); len(b.started) != 0 {
		t.Fatal("a frozen ladder took a step")
	}
	// Nobody could start or extend it meanwhile: they are told, and have a quarter of an hour.
	taken := now.Add(15 * time.Minute)
	foretold(t, s, b.stacks["h-000"], taken, true)
	sweeps(t, s, 2)
	foretold(t, s, b.stacks["h-000"], taken, false)
	if *now = now.Add(14 * time.Minute); len(b.started) != 0 || len(b.notices) != told+3 {
		t.Fatalf("%d steps, %d notices right after the freeze", len(b.started), len(b.notices)-told)
	}
	sweeps(t, s, 1)
	if len(b.started) != 0 {
		t.Fatal("too early")
	}
	*now = now.Add(2 * time.Minute)
	sweeps(t, s, 1)
	if len(b.started) != 3 {
		t.Errorf("%d steps after the freeze", len(b.started))
	}
	s.Frozen = func(context.Context) (bool, error) { return false, errors.New("disk on fire") }
	if err := s.Sweep(t.Context()); err == nil {
		t.Error("it goes on although nobody knows whether there is a freeze")
	}
}

// A clock that jumps a year ahead, or a backup of last month: what came to be due meanwhile is said once more first.
func TestLongPause(t *testing.T) {
	for name, pause := range map[string]time.Duration{"a year": 365 * 24 * time.Hour, "a night": 8 * time.Hour} {
		t.Run(name, func(t *testing.T) {
			s, b, g, now := herd(3, Limits{})
			*now = t0.Add(90 * time.Minute)
			sweeps(t, s, 1)
			for jumps := range 2 { // the second one before the notice has passed
				*now = now.Add(pause)
				foretold(t, s, b.stacks["h-000"], now.Add(15*time.Minute), true)
				sweeps(t, s, 3)
				if want := 3 * (jumps + 1); len(b.started) != 0 || len(b.notices) != want {
					t.Fatalf("%d steps, %d notices right after the pause, want none and %d", len(b.started), len(b.notices), want)
				}
			}
			*now = now.Add(14 * time.Minute)
			sweeps(t, s, 1)
			if len(b.started) != 0 {
				t.Fatal("too early")
			}
			*now = now.Add(2 * time.Minute)
			sweeps(t, s, 2)
			if len(b.started) != 3 || g.b.Gap.IsZero() {
				t.Errorf("%d steps after the notice", len(b.started))
			}
		})
	}
}

// A clock that goes back an hour, or a day, does nothing.
func TestClockGoesBack(t *testing.T) {
	s, b, _, now := herd(3, Limits{})
	*now = t0.Add(119 * time.Minute)
	for _, back := range []time.Duration{0, time.Hour, 24 * time.Hour} {
		*now = now.Add(-back)
		sweeps(t, s, 2)
		if len(b.started) != 0 {
			t.Fatalf("a step after the clock went back by %s", back)
		}
	}
	if n := len(b.notices); n != 0 {
		t.Errorf("%d notices", n)
	}
}

func TestAway(t *testing.T) {
	s, b, _, now := herd(1, Limits{})
	back := t0.Add(5 * 24 * time.Hour)
	s.Rules.Wait = 14 * 24 * time.Hour
	s.Away = func(_ context.Context, user string) (string, time.Time, error) { return user + " is away", back, nil }
	sweeps(t, s, 3)
	st := b.stacks["h-000"]
	if n, _ := s.Rules.Next(st); len(b.started) != 0 || !n.At.Equal(back) {
		t.Fatalf("%d steps, next at %s", len(b.started), n.At)
	}
	if txt := s.words(st, Next{Step: stackhand.StepDelete, At: back, From: t0}, *now).String(); !strings.Contains(txt, "That is later than its end, since U1 is away.") {
		t.Errorf("words: %s", txt)
	}
	for at := *now; at.Before(back.Add(-time.Minute)); at = at.Add(time.Hour) {
		*now = at
		sweeps(t, s, 1)
	}
	if len(b.started) != 0 || len(b.notices) != 2 {
		t.Fatalf("%d steps, %d notices before they are back", len(b.started), len(b.notices))
	}
	*now = back.Add(time.Minute)
	sweeps(t, s, 1) // still away, as they say; it waited long enough
	if len(b.started) != 1 {
		t.Errorf("%d steps", len(b.started))
	}
}

func TestTroubleIsTold(t *testing.T) {
	s, b, _, now := herd(1, Limits{})
	s.Jobs = failing{b}
	for range 28 {
		sweeps(t, s, 1)
		*now = now.Add(time.Hour)
	}
	var quiet []bool
	for _, j := range b.started {
		quiet = append(quiet, j.Quiet)
	}
	if want := []bool{false, true, true, true, false}; !slices.Equal(quiet, want) {
		t.Errorf("the owner does not hear of these attempts: %v, want %v", quiet, want)
	}
	if len(b.notices) != 1 || len(b.started) < 3 {
		t.Fatalf("%d notices of %d attempts", len(b.notices), len(b.started))
	}
	for _, n := range b.notices {
		if !n.Admins || !strings.Contains(n.Text.String(), "should be deleted with everything that was made for it, and that failed: It is locked. Unlock it. It is tried again every 6 hours.") {
			t.Errorf("%s", n.Text)
		}
	}
}

// failing is an engine whose jobs have failed by the time that somebody asks again.
type failing struct{ *book }

func (b failing) Start(ctx context.Context, j stackhand.Job, _ ...stackhand.Stack) (stackhand.Job, error) {
	j, err := b.book.Start(ctx, j)
	j.State, j.Problem = stackhand.JobFailed, &stackhand.Problem{Msg: "It is locked.", Next: "Unlock it."}
	return j, err
}

// After a backup was restored, what people were told before counts for nothing, also of steps that come to be due only later: it is said once
// more, and waits. What is said afterwards counts, and things go on as ever.
func TestBackupRestored(t *testing.T) {
	s, b, g, now := herd(1, Limits{})
	*now = t0.Add(90 * time.Minute) // warned an hour before the end, as the record has it
	g.b.Backup, g.b.Swept = true, t0.Add(80*time.Minute)
	sweeps(t, s, 2)
	if g.b.Backup || !g.b.Restored.Equal(*now) || !g.b.Gap.IsZero() {
		t.Fatalf("%+v", g.b)
	}
	b.deliver = false
	*now = t0.Add(2 * time.Hour)
	sweeps(t, s, 3)
	*now = now.Add(time.Hour)
	sweeps(t, s, 3)
	if len(b.started) != 0 || len(b.notices) != 1 {
		t.Fatalf("%d steps and %d notices before anybody was told anew", len(b.started), len(b.notices))
	}
	for id, n := range b.notices {
		n.Delivered = *now
		b.notices[id] = n
		if txt := n.Text.String(); !strings.Contains(txt, "The time of web-1 is over") {
			t.Error(txt)
		}
	}
	sweeps(t, s, 1)
	*now = now.Add(14 * time.Minute)
	sweeps(t, s, 1)
	if len(b.started) != 0 {
		t.Fatal("it did not wait")
	}
	*now = now.Add(time.Minute)
	sweeps(t, s, 2)
	if len(b.started) != 1 || len(b.notices) != 1 {
		t.Errorf("%d steps, %d notices", len(b.started), len(b.notices))
	}

	b.deliver = true // one that is warned in the ordinary way afterwards
	st := b.stacks["h-000"]
	st.ID, st.Lease.Warned, st.Lease.Ready, st.Lease.Until = "later", nil, *now, now.Add(2*time.Hour)
	b.stacks = map[string]stackhand.Stack{st.ID: st}
	end := now.Add(2 * time.Hour)
	for ; !now.After(end); *now = now.Add(5 * time.Minute) {
		sweeps(t, s, 1)
	}
	if len(b.started) != 2 || len(b.notices) != 2 {
		t.Errorf("later: %d steps, %d notices", len(b.started), len(b.notices))
	}
}
