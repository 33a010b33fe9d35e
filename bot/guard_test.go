package bot

import (
	"context"
	"net/http"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/slack-go/slack"
	"github.com/slack-go/slack/socketmode"

	"github.com/stackhand/stackhand"
	sim "github.com/stackhand/stackhand/internal/sim/slack"
)

// What panics while something is received, carried out or told is in the log with its stack, and tried again where that helps; the rest
// goes on meanwhile, and so does the bot.
func TestAPanicKeepsNothingElse(t *testing.T) {
	w := newWorld(t, sim.Options{Relaxed: true})
	var mu sync.Mutex
	left := map[string]int{"receive": 1, "report": 2, "handled": 1, "notice n1": 1000, "group": 1000}
	w.trip = func(over string) {
		mu.Lock()
		defer mu.Unlock()
		if left[over]--; left[over] >= 0 {
			panic("stumbled over " + over)
		}
	}
	w.renew = func(_ context.Context, n *stackhand.Notice) error { // which is the first that is done with what may be told together
		if n.Group != "" {
			w.trip("group")
		}
		return nil
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
	w.mem.notices["n0"] = stackhand.Notice{ID: "n0", User: "U0ALICE", Group: "ends", Text: stackhand.Textf("n0 ends soon")}
	w.mem.mu.Unlock()
	mark := w.slack.Mark()
	w.bot.Noticed()
	w.until("the other one", func() bool { return !w.notice("n2").Delivered.IsZero() })
	mu.Lock()
	left["notice n1"], left["group"] = 0, 0
	mu.Unlock()
	w.forward(2 * time.Minute)
	w.until("the one of a group", func() bool { return !w.notice("n0").Delivered.IsZero() })
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

// stumbling is a redactor that panics, once each, over what is said beside the work on a line.
type stumbling struct{ over sync.Map }

func (s *stumbling) Strict(text string) string {
	for _, word := range []string{"On it…", "is at work"} {
		if _, before := s.over.Load(word); !before && strings.Contains(text, word) {
			s.over.Store(word, true)
			panic("stumbled over " + word)
		}
	}
	return text
}

func (s *stumbling) Redact(text string) string { return text }

// What panics beside the work on a line, such as saying that it takes a moment, keeps neither the line nor the bot.
func TestAPanicBesideALine(t *testing.T) {
	w := newWorld(t, sim.Options{Relaxed: true})
	release := make(chan struct{})
	w.wrap = func(next http.RoundTripper) http.RoundTripper { return slowPosts{next, release} }
	w.hide = &stumbling{}
	w.boot()
	mark := w.typed("alice", "#team-a", "", "/stack slow")
	w.until("a panic", func() bool { return strings.Contains(w.log.String(), "stumbled over On it…") })
	close(w.hold)
	w.see(mark, "slow is done")
	mark = w.typed("alice", "#team-a", "", "/stack create web-1")
	w.until("another panic", func() bool { return strings.Contains(w.log.String(), "stumbled over is at work") })
	close(release)
	w.see(mark, "asked by alice")
}

// An event over which the program stumbles keeps none that comes after it.
func TestAPanicOverAnEvent(t *testing.T) {
	w := newWorld(t, sim.Options{}).boot()
	var told atomic.Int64
	w.bot.o.Panicked = func(_ context.Context, part string, found []*stackhand.Panic) string {
		told.Add(int64(len(found)))
		return "r"
	}
	client := socketmode.New(w.bot.web.api)
	ctx, stop := context.WithCancel(t.Context())
	over := make(chan struct{})
	go func() {
		defer close(over)
		w.bot.consume(ctx, client, 0, func(error) {})
	}()
	client.Events <- socketmode.Event{Type: socketmode.EventTypeConnectionError, Data: (*slack.ConnectionErrorEvent)(nil)}
	client.Events <- socketmode.Event{Type: socketmode.EventTypeHello}
	w.until("the panic is told of", func() bool { return told.Load() == 1 })
	stop()
	<-over
}
