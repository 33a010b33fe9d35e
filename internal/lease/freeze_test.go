package lease

import (
	"context"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/stackhand/stackhand"
)

// Whoever was told of an end while nobody could answer is told again before anything happens, also where the end comes after the freeze or the
// pause; and has the time that a warning gives.
func TestAnEndRightAfterAFreeze(t *testing.T) {
	for name, c := range map[string]struct {
		thaw  time.Duration // when the freeze ends; the end is at two hours
		off   time.Duration // no sweep runs until then
		told  int
		taken time.Duration
	}{
		"a minute before the end":           {thaw: 119 * time.Minute, told: 2, taken: 135 * time.Minute},
		"before the warning":                {thaw: 50 * time.Minute, told: 1, taken: 120 * time.Minute},
		"at the end":                        {thaw: 120 * time.Minute, told: 2, taken: 135 * time.Minute},
		"the bot is off until right before": {off: 119 * time.Minute, told: 1, taken: 134 * time.Minute},
	} {
		t.Run(name, func(t *testing.T) {
			s, b, g, now := herd(1, Limits{})
			st := b.stacks["h-000"]
			st.Lease.Warned = nil
			if c.off > 0 { // of a longer lease: the first warning came in time
				st.Lease.Ready = t0.Add(-30 * time.Hour)
				st.Lease.Warned = []stackhand.Warning{{Before: 24 * time.Hour, Step: stackhand.StepDelete, Until: st.Lease.Until, Delivered: t0.Add(-22 * time.Hour)}}
				g.b.Swept, g.b.Installed = t0.Add(-20*time.Hour), t0.Add(-99*time.Hour)
			}
			b.stacks["h-000"] = st
			s.Frozen = func(context.Context) (bool, error) { return now.Before(t0.Add(c.thaw)), nil }
			for *now = t0.Add(c.off); len(b.started) == 0 && now.Before(t0.Add(3*time.Hour)); *now = now.Add(time.Minute) {
				foretold(t, s, b.stacks["h-000"], t0.Add(c.taken), len(b.notices) < c.told)
				if sweeps(t, s, 2); len(b.started) == 0 {
					foretold(t, s, b.stacks["h-000"], t0.Add(c.taken), len(b.notices) < c.told)
				}
			}
			if took := now.Sub(t0) - time.Minute; took != c.taken || len(b.notices) != c.told {
				t.Errorf("told %d times, taken after %s; want %d and %s", len(b.notices), took, c.told, c.taken)
			}
		})
	}
}

// foretold holds what show says of a step against the moment at which it is taken in the end; while there is a freeze nobody knows that.
func foretold(t *testing.T, s *Sweeper, st stackhand.Stack, taken time.Time, toTell bool) {
	t.Helper()
	next, _, err := s.Outlook(t.Context(), st, "ACTIVE")
	words := next.String()
	switch frozen, _ := s.frozen(t.Context()); {
	case err != nil || strings.Contains(words, "not while changes are stopped") != frozen:
		t.Fatalf("at %s: %q, %v", s.Now(), words, err)
	case frozen:
	case !strings.Contains(words, "deleted "+stackhand.At(taken).String()):
		t.Errorf("at %s it is said: %q; it is taken at %s", s.Now(), words, taken)
	case strings.Contains(words, "told again") && !(toTell && strings.Contains(words, "at the earliest")):
		t.Errorf("at %s it is said: %q; everybody was told", s.Now(), words)
	}
}

// A freeze that begins while the cloud is asked for a server stops its step.
func TestAFreezeWhileTheCloudIsAsked(t *testing.T) {
	s, b, _, _ := herd(2, Limits{})
	frozen := false
	s.Frozen = func(context.Context) (bool, error) { return frozen, nil }
	for id, st := range b.stacks {
		st.Server = "v-" + id
		b.stacks[id] = st
	}
	s.Server = func(_ context.Context, st stackhand.Stack) (stackhand.Server, error) {
		frozen = true
		return stackhand.Server{ID: st.Server, Name: st.Name, Status: "ACTIVE"}, nil
	}
	if sweeps(t, s, 1); len(b.started) != 0 {
		t.Errorf("%d steps in a freeze", len(b.started))
	}
}

// A sweep that began in a freeze takes no step once that is over: people are told first, by the next one.
func TestAFreezeEndsWhileTheCloudIsAsked(t *testing.T) {
	s, b, _, now := herd(2, Limits{})
	frozen := true
	s.Frozen = func(context.Context) (bool, error) { return frozen, nil }
	warned := b.stacks["h-001"] // which will be, with the other's end due by then
	warned.Server, warned.Lease.Warned, warned.Lease.Until = "v-1", nil, t0.Add(150*time.Minute)
	b.stacks["h-001"] = warned
	s.Book = warnedFirst{b}
	s.Server = func(_ context.Context, st stackhand.Stack) (stackhand.Server, error) {
		frozen = false
		return stackhand.Server{ID: st.Server, Name: st.Name, Status: "ACTIVE"}, nil
	}
	if sweeps(t, s, 1); frozen || len(b.started) != 0 || len(b.notices) != 1 {
		t.Fatalf("%d steps, %d notices by a sweep that began in the freeze", len(b.started), len(b.notices))
	}
	if sweeps(t, s, 2); len(b.started) != 0 || len(b.notices) != 2 {
		t.Errorf("%d steps, %d notices by those after it", len(b.started), len(b.notices))
	}
	*now = now.Add(16 * time.Minute)
	if sweeps(t, s, 1); len(b.started) != 1 {
		t.Errorf("%d steps in the end", len(b.started))
	}
}

// warnedFirst is a book that tells first of those that are not warned yet.
type warnedFirst struct{ *book }

func (b warnedFirst) StacksDue(ctx context.Context, until time.Time, limit int) ([]stackhand.Stack, error) {
	all, err := b.book.StacksDue(ctx, until, limit)
	slices.SortFunc(all, func(x, y stackhand.Stack) int { return len(x.Lease.Warned) - len(y.Lease.Warned) })
	return all, err
}

// A freeze that is over before a sweep finds it counts as well: sweeps may be hours apart.
func TestAFreezeBetweenTwoSweeps(t *testing.T) {
	s, b, _, now := herd(1, Limits{})
	*now = t0.Add(90 * time.Minute)
	sweeps(t, s, 1)
	for range 2 {
		if err := s.Freezes(t.Context()); err != nil {
			t.Fatal(err)
		}
	}
	*now = t0.Add(2 * time.Hour)
	if sweeps(t, s, 2); len(b.started) != 0 || len(b.notices) != 1 {
		t.Errorf("%d steps, %d notices", len(b.started), len(b.notices))
	}
	*now = now.Add(15 * time.Minute)
	if sweeps(t, s, 1); len(b.started) != 1 {
		t.Errorf("%d steps in the end", len(b.started))
	}
}
