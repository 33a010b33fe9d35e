package lease

import (
	"slices"
	"testing"
	"time"

	"github.com/stackhand/stackhand"
)

// Whoever has just chosen an end is not told at once when that is; they are before it comes, whatever is chosen.
func TestAnEndJustChosenIsNotTold(t *testing.T) {
	const h = time.Hour
	for name, c := range map[string]struct {
		edit   func(*stackhand.Stack)
		at     time.Duration // when the end is moved, after t0
		until  time.Duration // to when
		warned []time.Duration
	}{
		"an hour before, by a day": {at: 71 * h, until: 96 * h, warned: []time.Duration{48 * h, 71 * h, 95 * h}},
		"in good time":             {at: 50 * h, until: 96 * h, warned: []time.Duration{48 * h, 72 * h, 95 * h}},
		"by less than the warning": {at: 50 * h, until: 73 * h, warned: []time.Duration{48 * h, 72 * h}},
		"to a nearer end":          {at: 20 * h, until: 45 * h, warned: []time.Duration{21 * h, 44 * h}},
		"by very little":           {at: 71 * h, until: 73 * h, warned: []time.Duration{48 * h, 71 * h, 72 * h}},
		"by who is not the owner any more": {at: 71 * h, until: 96 * h, warned: []time.Duration{48 * h, 71 * h, 72 * h, 95 * h},
			edit: func(st *stackhand.Stack) { st.Lease.Moved = time.Time{} }}, // as commands.give leaves it
	} {
		t.Run(name, func(t *testing.T) {
			s, b, now := world(72 * h)
			var warned []time.Duration
			for ; len(b.started) == 0 && now.Before(t0.Add(100*h)); *now = now.Add(time.Minute) {
				before := len(b.notices)
				if err := s.Sweep(t.Context()); err != nil {
					t.Fatal(err)
				}
				if len(b.notices) > before {
					warned = append(warned, now.Sub(t0))
				}
				if now.Sub(t0) != c.at {
					continue
				}
				st, err := s.Rules.Extend(t.Context(), b, "j-1", t0.Add(c.until), "k", *now)
				if err != nil {
					t.Fatal(err)
				}
				if c.edit != nil {
					c.edit(&st)
					b.stacks["j-1"] = st
				}
			}
			if !slices.Equal(warned, c.warned) || now.Sub(t0) != c.until+time.Minute {
				t.Errorf("warned %s, want %s; ended %s", warned, c.warned, now.Sub(t0))
			}
		})
	}
}

// The last warning is given however fresh the end is: no step comes without one.
func TestTheLastWarningStays(t *testing.T) {
	n := Next{From: t0, At: t0.Add(96 * time.Hour), Chosen: t0.Add(71 * time.Hour)}
	for _, warn := range [][]time.Duration{{24 * time.Hour}, {25 * time.Hour, 24 * time.Hour}} {
		if got := (Rules{Warn: warn}).steps(n); !slices.Equal(got, []time.Duration{24 * time.Hour}) {
			t.Errorf("%s of %s", got, warn)
		}
	}
}
