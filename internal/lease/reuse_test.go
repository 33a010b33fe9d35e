package lease

import (
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/stackhand/stackhand"
)

// A warning that was taken back is followed by one of its own, also where the record has forgotten the first ones: nobody is held to have
// been told by a message that said something else.
func TestNoWarningIsUsedAgain(t *testing.T) {
	s, b, now := world(2 * time.Hour)
	b.deliver = true
	st := b.stacks["j-1"]
	for i := range maxWarned { // of years ago, the first ones taken back
		w := stackhand.Warning{Step: stackhand.StepDelete, Notice: fmt.Sprint("old/", i), Delivered: t0.Add(-time.Hour)}
		if i > 2 {
			w.Until = t0.Add(-time.Hour)
		}
		st.Lease.Warned = append(st.Lease.Warned, w)
	}
	b.stacks["j-1"] = st
	*now = t0.Add(61 * time.Minute)
	for try := 1; try < 9; try++ {
		sweeps(t, s, 2)
		if len(b.notices) != try {
			t.Fatalf("the record has %d warnings after %d were taken back: %q", len(b.notices), try-1, slices.Sorted(maps.Keys(b.notices)))
		}
		st := b.stacks["j-1"]
		last := &st.Lease.Warned[len(st.Lease.Warned)-1]
		if last.Delivered.IsZero() || !last.Until.Equal(st.Lease.Until) || len(st.Lease.Warned) > maxWarned {
			t.Fatalf("%+v", *last)
		}
		if try%2 == 0 { // a clock that was ahead delivered it
			last.Delivered = now.Add(time.Hour)
			turnBack(&st.Lease, *now)
		} else { // it was delivered as something else
			takenBack(&st.Lease, last.Notice)
		}
		b.stacks["j-1"] = st
	}
}

// Nor is what was said once more after a pause, where that was taken back.
func TestNothingIsSaidAgainByAnOldMessage(t *testing.T) {
	s, b, g, now := herd(1, Limits{})
	g.b.Gap = t0.Add(2*time.Hour + time.Minute)
	*now = t0.Add(2*time.Hour + 2*time.Minute)
	sweeps(t, s, 2)
	st := b.stacks["h-000"]
	last := st.Lease.Warned[len(st.Lease.Warned)-1]
	if len(b.notices) != 1 || !takenBack(&st.Lease, last.Notice) {
		t.Fatalf("%d notices, %+v", len(b.notices), last)
	}
	b.stacks["h-000"] = st
	for *now = now.Add(time.Hour); len(b.started) == 0 && now.Before(t0.Add(5*time.Hour)); *now = now.Add(time.Minute) {
		sweeps(t, s, 2)
	}
	if took := now.Sub(t0.Add(3*time.Hour + 3*time.Minute)); len(b.notices) != 2 || took != 15*time.Minute {
		t.Errorf("%d notices, a step after %s", len(b.notices), took)
	}
}

// The bot may die between the message about a server that somebody started and the record of that: the message stays as it is then.
func TestRenewBeforeItIsTakenAsStarted(t *testing.T) {
	w := putAwayStack(nil)
	w.deliver = false
	w.sky.Status = "ACTIVE"
	was := w.stacks["j-1"]
	w.sweeps(t, 3*time.Hour)
	w.stacks["j-1"] = was
	*w.now = t0.Add(4 * time.Hour)
	for _, n := range w.notices {
		text := n.Text.String()
		if err := w.Renew(t.Context(), &n); err != nil || n.Text.String() != text || !strings.Contains(text, "web-1 runs, although it was stopped") {
			t.Errorf("%q became %q, %v", text, n.Text, err)
		}
	}
	w.sweeps(t, 4*time.Hour)
	if _, parked := w.stacks["j-1"].Lease.Ladder.Parked(); parked || len(w.notices) != 1 {
		t.Errorf("%d notices, parked: %v", len(w.notices), parked)
	}
}

// A server that somebody has stopped already is not said to run where that comes late, in full and in brief.
func TestRenewOfStoppedAlready(t *testing.T) {
	w := putAwayStack(func(st *stackhand.Stack) { st.Lease.Ladder.Rungs = nil })
	w.deliver = false
	w.sweeps(t, 90*time.Minute)
	*w.now = t0.Add(5 * time.Hour)
	for _, n := range w.notices {
		was := len(n.Actions)
		if err := w.Renew(t.Context(), &n); err != nil || len(n.Actions) != was || len(w.notices) != 1 {
			t.Fatalf("%v, %+v", err, n)
		}
		for _, text := range []string{n.Text.String(), n.Brief.String()} {
			if !strings.Contains(text, "web-1 expires in 15 minutes (2026-11-21 17:15 UTC). It is stopped already") {
				t.Errorf("%s", text)
			}
		}
	}
}

// What is said of a server that somebody started, and comes late, tells the moment that is so by then, and counts for no other.
func TestRenewOfStartedElsewhere(t *testing.T) {
	late := func(edit func(w *put)) (*put, stackhand.Notice) {
		w := putAwayStack(nil)
		w.deliver = false
		w.sky.Status = "ACTIVE"
		w.sweeps(t, 3*time.Hour)
		var n stackhand.Notice
		for _, n = range w.notices {
		}
		if len(w.notices) != 1 || !strings.HasPrefix(n.ID, "risen/") {
			t.Fatalf("%+v", w.notices)
		}
		*w.now = t0.Add(40 * time.Hour)
		if edit != nil {
			edit(w)
		}
		if err := w.Renew(t.Context(), &n); err != nil {
			t.Fatal(err)
		}
		return w, n
	}
	change := func(w *put, edit func(st *stackhand.Stack)) {
		st := w.stacks["j-1"]
		edit(&st)
		w.stacks["j-1"] = st
	}
	w, n := late(nil)
	soonest := t0.Add(40*time.Hour + w.Rules.Notice).UTC().Format("2006-01-02 15:04")
	if text := n.Text.String(); !strings.Contains(text, "web-1 runs, although it was stopped (") || !strings.Contains(text, "The time of web-1 is over. It expires and will be stopped after "+soonest) || strings.Contains(text, "It lasts until") {
		t.Errorf("late: %s", text)
	}
	if last := w.stacks["j-1"].Lease.Warned; last[len(last)-1].Until.IsZero() || len(n.Actions) == 0 {
		t.Errorf("it does not count for what it says: %+v", last)
	}
	w, n = late(func(w *put) { change(w, func(st *stackhand.Stack) { st.Lease.Until = t0.Add(100 * time.Hour) }) })
	if last := w.stacks["j-1"].Lease.Warned; !last[len(last)-1].Until.IsZero() || !strings.Contains(n.Text.String(), "web-1 runs, although it was stopped") || !strings.Contains(n.Text.String(), "expires in 2 days 12 hours") {
		t.Errorf("extended: %s %+v", n.Text, last)
	}
	_, n = late(func(w *put) {
		change(w, func(st *stackhand.Stack) {
			st.Lease.Ladder.Take(stackhand.Rung{Step: stackhand.StepStop, Job: "ended-2", At: t0.Add(39 * time.Hour)})
		})
	})
	if text := n.Text.String(); strings.Contains(text, "runs, although") || !strings.Contains(text, "web-1 is stopped, because its time is over") {
		t.Errorf("put away again: %s", text)
	}
	_, n = late(func(w *put) { change(w, func(st *stackhand.Stack) { st.Lease.Owner = "U0BOB" }) })
	if !strings.Contains(n.Text.String(), "It lasts until") {
		t.Errorf("given away: %s", n.Text)
	}
}
