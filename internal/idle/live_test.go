package idle

import (
	"testing"
	"time"
)

// What is configured while it runs holds from the next sweep on: samples that nobody wanted before are taken, the question comes by the
// new bound, and where the section is left out again nothing is asked any more.
func TestRulesChange(t *testing.T) {
	w := newWorld(t, Rules{})
	w.give("web-1")
	inForce := Rules{}
	w.o.Live = func() Rules { return inForce }
	hours := func(n int) {
		t.Helper()
		for range n * 6 {
			w.now = w.now.Add(10 * time.Minute)
			w.must(w.Sweep(t.Context()))
		}
	}
	hours(5)
	if len(w.asked) != 0 {
		t.Fatalf("%d calls without a section", len(w.asked))
	}
	inForce = Rules{After: 48 * time.Hour, PerMinute: 30}
	hours(20)
	if len(w.asked) < 18 || len(w.begun) != 0 {
		t.Fatalf("%d calls in 20 hours, asked about %v", len(w.asked), w.begun)
	}
	inForce.After = 10 * time.Hour
	hours(2)
	if len(w.begun) != 1 {
		t.Errorf("asked about %v by the shorter bound", w.begun)
	}
	inForce = Rules{}
	was := len(w.asked)
	hours(5)
	if _, due, err := w.NextDue(t.Context(), w.now.Add(day)); len(w.asked) != was || due || err != nil {
		t.Errorf("%d calls after the section was left out, due %v, %v", len(w.asked)-was, due, err)
	}
}
