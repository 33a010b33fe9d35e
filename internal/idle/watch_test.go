package idle

import (
	"context"
	"strings"
	"testing"
	"time"

	"github.com/stackhand/stackhand"
)

// A server over which the program stumbles is looked at no more often than others, and keeps nobody from looking at these.
func TestASampleThatPanics(t *testing.T) {
	w := newWorld(t, rules)
	numbers, panics := w.o.Numbers, 0
	w.o.Numbers = func(ctx context.Context, st stackhand.Stack, since time.Time, most int) (stackhand.Numbers, error) {
		if st.ID == "web-1" {
			panics++
			panic("no such thing")
		}
		return numbers(ctx, st, since, most)
	}
	for _, name := range []string{"web-1", "web-2", "web-3"} {
		w.give(name)
	}
	told := 0
	const hours = 6
	for end := w.now.Add(hours * time.Hour); w.now.Before(end); w.now = w.now.Add(Tick) {
		if err := w.Sweep(t.Context()); err != nil {
			found := stackhand.Panics(err)
			if told += len(found); len(found) != 1 || !strings.Contains(found[0].Of, "web-1") {
				t.Fatalf("a sweep says %v", err)
			}
		}
	}
	if most := hours * int(time.Hour/w.Rules().Every); panics != told || panics < most-1 || panics > most+1 {
		t.Errorf("it panicked %d times in %d hours and was told %d times, want as many as there are samples: %d", panics, hours, told, most)
	}
	for _, name := range []string{"web-2", "web-3"} {
		if h := Hours(w.activity(name)); len(h) < hours-1 {
			t.Errorf("of %s %d hours are known", name, len(h))
		}
	}
}
