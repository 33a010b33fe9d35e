package lease

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/stackhand/stackhand"
)

// orderly is a book that reads the due leases as the store does: the earliest first, and no more than asked for.
type orderly struct{ *book }

func (b orderly) StacksDue(ctx context.Context, until time.Time, limit int) ([]stackhand.Stack, error) {
	due, err := b.book.StacksDue(ctx, until, 0)
	slices.SortFunc(due, func(x, y stackhand.Stack) int { return rules.Due(x).Compare(rules.Due(y)) })
	if limit > 0 {
		due = due[:min(limit, len(due))]
	}
	return due, err
}

// Hundreds of leases whose warning nobody gets stay due for ever. They must not stand before the others.
func TestTheUndeliverableDoNotHideTheRest(t *testing.T) {
	s, b, now := world(2 * time.Hour)
	s.Book = orderly{b}
	b.deliver = false
	for n := range 500 {
		st := b.stacks["j-1"]
		st.ID, st.Lease.Ready = fmt.Sprintf("mute-%d", n), t0.Add(-time.Hour)
		b.stacks[st.ID] = st
	}
	last := b.stacks["j-1"]
	last.Lease.Until = t0.Add(20 * time.Hour)
	b.stacks["j-1"] = last
	*now = t0.Add(12 * time.Hour)
	if err := s.Sweep(t.Context()); err != nil {
		t.Fatal(err)
	}
	b.deliver = true
	*now = t0.Add(19*time.Hour + time.Minute)
	if err := s.Sweep(t.Context()); err != nil {
		t.Fatal(err)
	}
	if !slices.ContainsFunc(b.stacks["j-1"].Lease.Warned, func(w stackhand.Warning) bool { return w.Before == time.Hour }) {
		t.Errorf("the one whose warning could be delivered was not warned: %+v", b.stacks["j-1"].Lease)
	}
}

// The deletion says of which end it is, so that one that was moved in between is seen.
func TestTheDeletionNamesTheEnd(t *testing.T) {
	s, b, now := world(2 * time.Hour)
	for ; len(b.started) == 0 && now.Before(t0.Add(3*time.Hour)); *now = now.Add(time.Minute) {
		if err := s.Sweep(t.Context()); err != nil {
			t.Fatal(err)
		}
	}
	if len(b.started) != 1 {
		t.Fatalf("%d deletions", len(b.started))
	}
	var spec stackhand.DeleteSpec
	if err := json.Unmarshal(b.started[0].Input, &spec); err != nil || !spec.Until.Equal(t0.Add(2*time.Hour)) || spec.Why != "expired" {
		t.Errorf("%+v (%v)", spec, err)
	}
	if j := b.started[0]; !strings.Contains(j.Title, "web-1") || !j.Own {
		t.Errorf("title %q, the bot's own: %v", j.Title, j.Own)
	}
}

var errFaster = errors.New("somebody else wrote first")

// raced is a book in which somebody else writes on the stack just before the first save.
type raced struct {
	*book
	other func(*stackhand.Stack)
	err   error
}

func (b *raced) SaveStack(ctx context.Context, s *stackhand.Stack) error {
	if other := b.other; other != nil {
		b.other = nil
		now := b.stacks[s.ID]
		now.Rev++
		other(&now)
		b.stacks[s.ID] = now
		return errFaster
	}
	if b.err != nil {
		return b.err
	}
	return b.book.SaveStack(ctx, s)
}

func TestExtendAgainstOthers(t *testing.T) {
	broken := errors.New("disk on fire")
	for _, c := range []struct {
		name  string
		other func(*stackhand.Stack)
		err   error
		want  func(error) bool
	}{
		{"a sweep", func(s *stackhand.Stack) { s.Lease.Warned = []stackhand.Warning{{Notice: "n"}} }, nil, func(err error) bool { return err == nil }},
		{"a deletion", func(s *stackhand.Stack) { s.State = stackhand.StackDeleting }, nil, func(err error) bool { return stackhand.KindOf(err) == stackhand.Conflict }},
		{"nobody", nil, broken, func(err error) bool { return errors.Is(err, broken) }},
	} {
		t.Run(c.name, func(t *testing.T) {
			_, b, now := world(2 * time.Hour)
			got, err := rules.Extend(t.Context(), &raced{b, c.other, c.err}, "j-1", t0.Add(9*time.Hour), "k", *now)
			if !c.want(err) {
				t.Fatalf("Extend: %v", err)
			}
			if err == nil && (!got.Lease.Until.Equal(t0.Add(9*time.Hour)) || len(b.stacks["j-1"].Lease.Warned) != 1) {
				t.Errorf("stack %+v", b.stacks["j-1"])
			}
		})
	}
}

// Two sweeps at once: the one that is too late looks again, and nobody is warned twice.
func TestSweepAgainstOthers(t *testing.T) {
	s, b, now := world(2 * time.Hour)
	*now = t0.Add(61 * time.Minute)
	s.Book = &raced{b, func(st *stackhand.Stack) { st.Address = "203.0.113.9" }, nil}
	s.Conflict = errFaster
	if err := s.Sweep(t.Context()); err != nil {
		t.Fatal(err)
	}
	if st := b.stacks["j-1"]; len(st.Lease.Warned) != 1 || st.Address != "203.0.113.9" || len(b.notices) != 1 {
		t.Errorf("%+v, %d notices", st, len(b.notices))
	}
}

// Volumes with data go with their server if a warning that was delivered has named them; one that came later stays.
func TestVolumesAreNamed(t *testing.T) {
	for _, late := range []bool{false, true} {
		s, b, now := world(2 * time.Hour)
		st := b.stacks["j-1"]
		st.Ledger = append(st.Ledger, stackhand.Resource{Kind: stackhand.KindVolume, ID: "v0", Name: "boot", Job: st.Job},
			stackhand.Resource{Kind: stackhand.KindVolume, ID: "v1", Name: "data-1", Job: "jobv"}, stackhand.Resource{Kind: stackhand.KindVolume, ID: "v2", Name: "theirs"})
		b.stacks["j-1"] = st
		for ; len(b.started) == 0 && now.Before(t0.Add(3*time.Hour)); *now = now.Add(time.Minute) {
			if err := s.Sweep(t.Context()); err != nil {
				t.Fatal(err)
			}
			if late && now.Equal(t0.Add(119*time.Minute)) {
				st := b.stacks["j-1"]
				st.Ledger = append(st.Ledger, stackhand.Resource{Kind: stackhand.KindVolume, ID: "v3", Name: "data-3", Job: "jobw"})
				b.stacks["j-1"] = st
			}
		}
		for _, n := range b.notices {
			if !strings.Contains(n.Text.String(), "The data on data-1 goes too; `remove volume web-1 data-1` keeps it.") {
				t.Errorf("warned: %s", n.Text)
			}
		}
		var spec stackhand.DeleteSpec
		if len(b.started) != 1 || json.Unmarshal(b.started[0].Input, &spec) != nil || spec.KeepVolumes != late || len(b.notices) == 0 {
			t.Errorf("late %v: %d deletions, %+v", late, len(b.started), spec)
		}
	}
}

// resting is an engine whose deletions have all failed by the time that somebody asks again.
type resting struct{ *book }

func (b resting) Start(ctx context.Context, j stackhand.Job, stacks ...stackhand.Stack) (stackhand.Job, error) {
	before := len(b.started)
	j, err := b.book.Start(ctx, j, stacks...)
	if len(b.started) == before {
		j.State = stackhand.JobFailed
	}
	return j, err
}

// A deletion that does not work out is worth a line in the log each time that it is tried, not at every sweep.
func TestTheLogIsNotFlooded(t *testing.T) {
	s, b, now := world(2 * time.Hour)
	var log strings.Builder
	s.Jobs, s.Log = resting{b}, slog.New(slog.NewTextHandler(&log, nil))
	for ; now.Before(t0.Add(9 * time.Hour)); *now = now.Add(time.Minute) {
		if err := s.Sweep(t.Context()); err != nil {
			t.Fatal(err)
		}
	}
	if n := strings.Count(log.String(), "a lease has ended"); n != len(b.started) || n < 2 {
		t.Errorf("%d lines for %d deletions", n, len(b.started))
	}
}

// In a freeze nothing ends; what was over ends when the freeze does.
func TestFrozen(t *testing.T) {
	s, b, now := world(2 * time.Hour)
	frozen := true
	s.Frozen = func(context.Context) (bool, error) { return frozen, nil }
	sweep := func() {
		t.Helper()
		for range 300 {
			*now = now.Add(time.Minute)
			if err := s.Sweep(t.Context()); err != nil {
				t.Fatal(err)
			}
		}
	}
	sweep()
	if len(b.started) != 0 || len(b.stacks["j-1"].Lease.Warned) == 0 {
		t.Errorf("in the freeze: %d jobs, lease %+v", len(b.started), b.stacks["j-1"].Lease)
	}
	frozen = false
	sweep()
	if len(b.started) == 0 {
		t.Error("after the freeze nothing ended")
	}
	s.Frozen = func(context.Context) (bool, error) { return false, errors.New("disk") }
	b.stacks["j-2"] = stackhand.Stack{ID: "j-2", State: stackhand.StackReady, Lease: stackhand.Lease{Owner: "U1", Ready: t0, Until: t0.Add(time.Hour)}}
	*now = now.Add(time.Minute)
	n := len(b.started)
	for range 100 {
		*now = now.Add(time.Minute)
		s.Sweep(t.Context())
	}
	if len(b.started) != n {
		t.Error("it ended although nobody knows whether there is a freeze")
	}
}

// counting counts what sweeps read, as the due index of the store would answer.
type counting struct {
	*book
	rules Rules
	reads int
}

func (c *counting) StacksDue(context.Context, time.Time, int) ([]stackhand.Stack, error) {
	var due []stackhand.Stack
	for _, s := range c.stacks {
		if d := c.rules.Due(s); !d.IsZero() && !d.After(c.now()) {
			due = append(due, s)
		}
	}
	c.reads += len(due)
	return due, nil
}

// A step that fails for ever, and one that comes late on a day off, cost the sweeps in between nothing.
func TestWhatWaitsIsNotRead(t *testing.T) {
	sunday, err := NewCalendar(time.UTC, []string{"sun"}, "", nil)
	if err != nil {
		t.Fatal(err)
	}
	for name, c := range map[string]struct {
		fails            bool
		frozen           time.Duration // until then, on the next day
		until, next      time.Duration // when it is looked at again, about
		before, atTheEnd int           // how many steps were begun
	}{
		"it fails":                {fails: true, until: 17 * time.Hour, next: 18 * time.Hour, before: 1, atTheEnd: 2},
		"it is late on a day off": {frozen: 12*time.Hour + 5*time.Minute, until: 44 * time.Hour, next: 46 * time.Hour, atTheEnd: 1},
	} {
		t.Run(name, func(t *testing.T) {
			s, b, now := world(11*time.Hour + 50*time.Minute)
			s.Frozen = func(context.Context) (bool, error) { return now.Before(t0.Add(c.frozen)), nil }
			if s.Rules.Calendar = sunday; c.fails {
				s.Jobs, s.Rules.Calendar = failing{b}, nil
			}
			counted := &counting{book: b, rules: s.Rules}
			s.Book = counted
			sweep := func(until time.Duration) {
				for ; now.Before(t0.Add(until)); *now = now.Add(time.Minute) {
					if err := s.Sweep(t.Context()); err != nil {
						t.Fatal(err)
					}
				}
			}
			sweep(12*time.Hour + 10*time.Minute)
			counted.reads = 0
			if sweep(c.until); counted.reads != 0 || len(b.started) != c.before {
				t.Errorf("%d reads, and %d steps instead of %d", counted.reads, len(b.started), c.before)
			}
			if sweep(c.next); len(b.started) != c.atTheEnd {
				t.Errorf("%d steps in the end, not %d", len(b.started), c.atTheEnd)
			}
		})
	}
}

// The bot looks at the warnings of a sweep once, when all are written down: it tells somebody of all their servers together then.
func TestNoticesOfASweepAreLookedAtTogether(t *testing.T) {
	s, b, _, now := herd(5, Limits{})
	for id, st := range b.stacks {
		st.Lease.Warned = nil
		b.stacks[id] = st
	}
	*now = t0.Add(61 * time.Minute)
	var seen []int
	s.Noticed = func() { seen = append(seen, len(b.notices)) }
	sweeps(t, s, 2)
	if len(seen) != 1 || seen[0] != 5 {
		t.Errorf("looked when there were %v notices", seen)
	}
	for _, n := range b.notices {
		if n.Group == "" || !strings.Contains(n.Brief.String(), "will be stopped in") && !strings.Contains(n.Brief.String(), "will be deleted") {
			t.Errorf("group %q, in brief %q", n.Group, n.Brief)
		}
	}
}
