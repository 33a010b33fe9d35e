package lease

import (
	"context"
	"errors"
	"io"
	"log/slog"
	"strings"
	"testing"
	"time"

	"github.com/stackhand/stackhand"
)

var t0 = time.Date(2026, 11, 21, 12, 0, 0, 0, time.UTC)

var rules = Rules{
	Default: 72 * time.Hour, Max: 14 * 24 * time.Hour,
	Warn: []time.Duration{time.Hour, 24 * time.Hour}, Notice: 15 * time.Minute,
}

// book is the records, in memory.
type book struct {
	stacks  map[string]stackhand.Stack
	notices map[string]stackhand.Notice
	started []stackhand.Job
	deliver bool // notices are delivered as soon as they are written
	now     func() time.Time
}

func (b *book) StacksDue(_ context.Context, until time.Time, _ int) ([]stackhand.Stack, error) {
	var due []stackhand.Stack
	for _, s := range b.stacks {
		if d := rules.Due(s); !d.IsZero() && !d.After(until) {
			due = append(due, s)
		}
	}
	return due, nil
}

func (b *book) Stack(_ context.Context, id string) (stackhand.Stack, error) {
	s, ok := b.stacks[id]
	if !ok {
		return s, stackhand.Errorf(stackhand.NotFound, "no stack %s", id)
	}
	return s, nil
}

func (b *book) SaveStack(_ context.Context, s *stackhand.Stack) error {
	b.stacks[s.ID] = *s
	return nil
}

func (b *book) AddNotice(_ context.Context, n stackhand.Notice) (bool, error) {
	if _, ok := b.notices[n.ID]; ok {
		return false, nil
	}
	if b.deliver {
		n.Delivered = b.now()
	}
	b.notices[n.ID] = n
	return true, nil
}

func (b *book) Notice(_ context.Context, id string) (stackhand.Notice, error) {
	return b.notices[id], nil
}

func (b *book) Report(context.Context, string) (stackhand.Report, error) {
	return stackhand.Report{Card: stackhand.Posted{Channel: "C1", TS: "17.1"}}, nil
}

func (b *book) PurgeSeen(context.Context) (int, error) { return 0, nil }

func (b *book) Start(_ context.Context, j stackhand.Job, _ ...stackhand.Stack) (stackhand.Job, error) {
	for _, old := range b.started {
		if old.ID == j.ID {
			return old, nil
		}
	}
	b.started = append(b.started, j)
	return j, nil
}

func (b *book) Job(_ context.Context, id string) (stackhand.Job, error) {
	for _, j := range b.started {
		if j.ID == id {
			return j, nil
		}
	}
	return stackhand.Job{}, stackhand.Errorf(stackhand.NotFound, "no job %s", id)
}

// world is a sweeper over one stack that was made ready at t0, with a clock that the test moves.
func world(length time.Duration) (*Sweeper, *book, *time.Time) {
	now := t0
	b := &book{stacks: map[string]stackhand.Stack{}, notices: map[string]stackhand.Notice{}, deliver: true}
	b.now = func() time.Time { return now }
	b.stacks["j-1"] = stackhand.Stack{
		ID: "j-1", Name: "web-1", State: stackhand.StackReady, Job: "j", Cloud: "lab",
		Place: stackhand.Place{Channel: "C1"},
		Lease: stackhand.Lease{Owner: "U1", Ready: t0, Until: t0.Add(length)},
	}
	return &Sweeper{
		Book: b, Jobs: b, Rules: rules, Now: b.now, NewID: func(k string) string { return k },
		Log: slog.New(slog.NewTextHandler(io.Discard, nil)), Noticed: func() {},
	}, b, &now
}

// Every minute of a lease is swept; what happened, and when, is compared.
func TestLives(t *testing.T) {
	for _, c := range []struct {
		name   string
		length time.Duration
		warned []time.Duration // after t0
		ended  time.Duration
	}{
		{"three days", 72 * time.Hour, []time.Duration{48 * time.Hour, 71 * time.Hour}, 72 * time.Hour},
		{"two hours", 2 * time.Hour, []time.Duration{time.Hour}, 2 * time.Hour},
		{"shorter than any warning", 30 * time.Minute, []time.Duration{15 * time.Minute}, 30 * time.Minute},
	} {
		t.Run(c.name, func(t *testing.T) {
			s, b, now := world(c.length)
			var warned []time.Duration
			for ; len(b.started) == 0 && now.Before(t0.Add(c.length+time.Hour)); *now = now.Add(time.Minute) {
				before := len(b.notices)
				if err := s.Sweep(t.Context()); err != nil {
					t.Fatal(err)
				}
				if len(b.notices) > before {
					warned = append(warned, now.Sub(t0))
				}
			}
			if len(b.started) != 1 || now.Add(-time.Minute).Sub(t0) != c.ended {
				t.Errorf("ended %d times, at %s, want %s", len(b.started), now.Add(-time.Minute).Sub(t0), c.ended)
			}
			if len(warned) != len(c.warned) {
				t.Fatalf("warned at %v, want %v", warned, c.warned)
			}
			for i := range warned {
				if warned[i] != c.warned[i] {
					t.Errorf("warned at %v, want %v", warned, c.warned)
				}
			}
		})
	}
}

func TestNothingEndsUnwarned(t *testing.T) {
	s, b, now := world(2 * time.Hour)
	b.deliver = false
	for range 500 {
		*now = now.Add(time.Minute)
		if err := s.Sweep(t.Context()); err != nil {
			t.Fatal(err)
		}
	}
	if len(b.started) != 0 {
		t.Fatalf("ended though no warning was delivered: %+v", b.started)
	}
	if got := rules.StateOf(b.stacks["j-1"], *now); got != Mute {
		t.Errorf("state %s, want %s", got, Mute)
	}
	for id, n := range b.notices { // at last it gets through
		n.Delivered = *now
		b.notices[id] = n
	}
	if err := s.Sweep(t.Context()); err != nil || len(b.started) != 0 {
		t.Fatalf("ended at once after the first delivered warning (%v)", err)
	}
	*now = now.Add(16 * time.Minute)
	if err := s.Sweep(t.Context()); err != nil || len(b.started) != 1 {
		t.Errorf("started %d jobs after the notice had passed, want 1 (%v)", len(b.started), err)
	}
}

// A sweep that comes days late warns first, once, and ends the server only when the notice has passed.
func TestLateSweep(t *testing.T) {
	s, b, now := world(72 * time.Hour)
	*now = t0.Add(100 * time.Hour)
	for range 3 {
		if err := s.Sweep(t.Context()); err != nil {
			t.Fatal(err)
		}
	}
	if len(b.notices) != 1 || len(b.started) != 0 {
		t.Fatalf("%d notices, %d jobs; want one notice", len(b.notices), len(b.started))
	}
	for _, n := range b.notices {
		if !strings.Contains(n.Text.String(), "time of web-1 is over") || n.Place.Thread != "17.1" {
			t.Errorf("notice %+v", n)
		}
	}
	*now = now.Add(15 * time.Minute)
	for range 3 {
		if err := s.Sweep(t.Context()); err != nil {
			t.Fatal(err)
		}
	}
	if len(b.started) != 1 || b.started[0].Flow != "delete" || b.started[0].User.ID != "U1" {
		t.Errorf("jobs %+v, want one deletion in the owner's name", b.started)
	}
}

func TestExtendedIsWarnedAnew(t *testing.T) {
	s, b, now := world(2 * time.Hour)
	*now = t0.Add(90 * time.Minute)
	if err := s.Sweep(t.Context()); err != nil {
		t.Fatal(err)
	}
	if _, err := rules.Extend(t.Context(), b, "j-1", t0.Add(26*time.Hour), "k", *now); err != nil {
		t.Fatal(err)
	}
	if got := rules.StateOf(b.stacks["j-1"], *now); got != Active {
		t.Errorf("state %s after the extension, want %s", got, Active)
	}
	*now = t0.Add(25*time.Hour + time.Minute)
	for range 2 {
		if err := s.Sweep(t.Context()); err != nil {
			t.Fatal(err)
		}
	}
	if len(b.notices) != 2 {
		t.Errorf("%d notices, want one for each end", len(b.notices))
	}
}

// A line that is delivered again, because the program ended before it was marked as handled, finds
// the end where it put it; another line moves it on.
func TestExtendedOnce(t *testing.T) {
	_, b, now := world(2 * time.Hour)
	for _, c := range []struct {
		key         string
		until, want time.Duration
	}{
		{"a", 3 * time.Hour, 3 * time.Hour},
		{"a", 4 * time.Hour, 3 * time.Hour},
		{"a", 1000 * time.Hour, 3 * time.Hour}, // no matter what it would come to now
		{"b", 4 * time.Hour, 4 * time.Hour},
		{"", 5 * time.Hour, 5 * time.Hour},
		{"", 6 * time.Hour, 6 * time.Hour},
	} {
		got, err := rules.Extend(t.Context(), b, "j-1", t0.Add(c.until), c.key, *now)
		if err != nil || !got.Lease.Until.Equal(t0.Add(c.want)) || !b.stacks["j-1"].Lease.Until.Equal(t0.Add(c.want)) {
			t.Errorf("Extend by %q to %s: until %s, %v, want %s", c.key, c.until, got.Lease.Until.Sub(t0), err, c.want)
		}
	}
}

func TestExtendRefuses(t *testing.T) {
	_, b, now := world(2 * time.Hour)
	for _, c := range []struct {
		id    string
		until time.Time
		kind  stackhand.Kind
	}{
		{"j-1", now.Add(15 * 24 * time.Hour), stackhand.Invalid},
		{"j-1", now.Add(-time.Minute), stackhand.Invalid},
		{"nobody", now.Add(time.Hour), stackhand.NotFound},
	} {
		if _, err := rules.Extend(t.Context(), b, c.id, c.until, "k", *now); stackhand.KindOf(err) != c.kind {
			t.Errorf("Extend(%s, %s): %v, want %s", c.id, c.until, err, c.kind)
		}
	}
	s := b.stacks["j-1"]
	s.State = stackhand.StackDeleting
	b.stacks["j-1"] = s
	if _, err := rules.Extend(t.Context(), b, "j-1", now.Add(time.Hour), "k", *now); stackhand.KindOf(err) != stackhand.Conflict {
		t.Errorf("a stack that is being deleted was extended: %v", err)
	}
}

// A deletion that failed leaves the stack ready; it is tried again, but not at every sweep.
func TestTriesAgain(t *testing.T) {
	s, b, now := world(2 * time.Hour)
	for ; now.Before(t0.Add(9 * time.Hour)); *now = now.Add(time.Minute) {
		if err := s.Sweep(t.Context()); err != nil {
			t.Fatal(err)
		}
	}
	if len(b.started) != 2 {
		t.Errorf("%d deletions in seven hours, want 2", len(b.started))
	}
}

type brokenBook struct{ *book }

func (brokenBook) Report(context.Context, string) (stackhand.Report, error) {
	return stackhand.Report{}, errors.New("disk on fire")
}

func TestTroubleIsReported(t *testing.T) {
	s, b, now := world(2 * time.Hour)
	s.Book = brokenBook{b}
	*now = t0.Add(90 * time.Minute)
	if err := s.Sweep(t.Context()); err == nil || !strings.Contains(err.Error(), "web-1") {
		t.Errorf("Sweep = %v, want an error that names the stack", err)
	}
}

func TestRoughly(t *testing.T) {
	for d, want := range map[time.Duration]string{
		-time.Hour: "a minute", 30 * time.Second: "a minute", 15 * time.Minute: "15 minutes", time.Hour: "60 minutes",
		90 * time.Minute: "1 hour 30 minutes", 2*time.Hour - time.Second: "2 hours", 5*time.Hour + 59*time.Minute: "5 hours 59 minutes",
		23*time.Hour + 20*time.Minute: "23 hours", 23*time.Hour + 59*time.Minute: "24 hours", 24 * time.Hour: "24 hours",
		47*time.Hour + 45*time.Minute: "2 days", 49 * time.Hour: "2 days 1 hour", 71 * time.Hour: "2 days 23 hours",
		72*time.Hour - 10*time.Minute: "3 days", 72 * time.Hour: "3 days",
	} {
		if got := roughly(d); got != want {
			t.Errorf("roughly(%s) = %q, want %q", d, got, want)
		}
	}
}
