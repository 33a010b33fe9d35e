package bot

import (
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stackhand/stackhand"
	sim "github.com/stackhand/stackhand/internal/sim/slack"
)

// What panics while something is received, carried out or told is in the log with its stack, and tried again where that helps; the rest
// goes on meanwhile, and so does the bot.
func TestAPanicKeepsNothingElse(t *testing.T) {
	w := newWorld(t, sim.Options{Relaxed: true})
	var mu sync.Mutex
	left := map[string]int{"receive": 1, "report": 2, "notice n1": 1000}
	w.trip = func(over string) {
		mu.Lock()
		defer mu.Unlock()
		if left[over]--; left[over] >= 0 {
			panic("stumbled over " + over)
		}
	}
	w.boot()
	w.typed("alice", "#team-a", "", "@stackhand whoami") // is not acknowledged
	w.until("a panic", func() bool { return strings.Contains(w.log.String(), "stumbled over receive") })
	w.see(w.typed("alice", "#team-a", "", "/stack create web-1"), "Steps of Create web-1")

	w.mem.mu.Lock()
	for _, id := range []string{"n1", "n2"} {
		w.mem.notices[id] = stackhand.Notice{ID: id, User: "U0ALICE", Place: stackhand.Place{Channel: "C0TEAMA"}, Text: stackhand.Textf("%s ends soon", id),
			Actions: []stackhand.Action{{ID: "extend", Label: "Extend", Value: "boom"}}}
	}
	w.mem.mu.Unlock()
	mark := w.slack.Mark()
	w.bot.Noticed()
	w.until("the other one", func() bool { return !w.notice("n2").Delivered.IsZero() })
	mu.Lock()
	left["notice n1"] = 0
	mu.Unlock()
	w.forward(2 * time.Minute)
	w.until("the one that panicked", func() bool { return !w.notice("n1").Delivered.IsZero() })
	if n := w.count("message", "n[12] ends soon"); n != 4 {
		t.Errorf("%d messages of two notices", n)
	}

	w.see(w.clicked("alice", "extend"), "Something went wrong here, and it is not your fault")
	w.see(mark, "n1 ends soon")
	if log := w.log.String(); strings.Count(log, "a panic was caught") < 5 || !strings.Contains(log, "mortal.over(") {
		t.Errorf("%d panics are in the log with their stacks", strings.Count(log, "a panic was caught"))
	}
}
