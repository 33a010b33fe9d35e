package bot

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/stackhand/stackhand"
	sim "github.com/stackhand/stackhand/internal/sim/slack"
)

// ending writes down that so many servers of alice's end, each said in some words.
func (w *world) ending(n int, place stackhand.Place, more string) {
	w.mem.mu.Lock()
	defer w.mem.mu.Unlock()
	for i := range n {
		id := fmt.Sprintf("n%02d", i)
		w.mem.notices[id] = stackhand.Notice{
			ID: id, User: "U0ALICE", Others: []string{"U0BOB"}, Place: place, Group: "ends",
			Text: stackhand.Textf("web-%02d ends, at length", i), Brief: stackhand.Textf("web-%02d ends%s", i, more),
			Actions: []stackhand.Action{{ID: "extend", Label: "Extend", Value: id}, {ID: "delete", Label: "Delete now", Value: id}},
		}
	}
}

// root is a message in whose thread servers may stand.
func (w *world) root() (ts string) {
	mark := w.typed("alice", "#team-a", "", "good morning")
	w.until("said", func() bool {
		for _, s := range w.slack.Since(mark) {
			ts = s.TS
		}
		return ts != ""
	})
	return ts
}

// allTold waits until all is delivered, and counts the messages, and how often the servers are named in them.
func (w *world) allTold(n int) (messages, named int) {
	w.until("delivered", func() bool {
		for i := range n {
			if w.notice(fmt.Sprintf("n%02d", i)).Delivered.IsZero() {
				return false
			}
		}
		return !w.bot.Busy()
	})
	for _, s := range w.slack.Since(0) {
		if s.Kind == "message" && s.User == sim.BotUserID && strings.Contains(s.Text, "web-") {
			messages++
			named += strings.Count(s.Text, "web-")
		}
	}
	return messages, named
}

// Whoever owns many servers that end at once reads some messages, in which each is named once, and not one for each.
func TestNoticesAreToldTogether(t *testing.T) {
	t.Parallel() // it waits most of the time
	long := ", " + strings.Repeat("which is said in many words, ", 20)
	for _, c := range []struct {
		name             string
		n                int
		more             string
		thread, gone     bool
		closed           bool
		messages, shares int // shares: notices whose direct message is that of several
	}{
		{"two", 2, "", true, false, false, 4, 0},
		{"three", 3, "", true, false, false, 2, 3},
		{"nine, each at its own place", 9, "", false, false, false, 10, 9},
		{"thirty", 30, "", true, false, false, 6, 30},
		{"in many words", 9, long, true, false, false, 4, 9},
		{"a thread that takes nothing", 4, "", true, true, false, 1, 4},
		{"an owner who cannot be reached", 3, "", true, false, true, 6, 0},
	} {
		t.Run(c.name, func(t *testing.T) {
			w := newWorld(t, sim.Options{Relaxed: true}).boot()
			place := stackhand.Place{Channel: "C0TEAMA"}
			if c.thread {
				place.Thread = w.root()
			}
			if c.gone {
				place.Channel = "C0GONE"
			}
			if c.closed {
				if err := w.slack.ChangeUser("alice", closed); err != nil {
					t.Fatal(err)
				}
			}
			w.ending(c.n, place, c.more)
			w.bot.Noticed()
			messages, named := w.allTold(c.n)
			if want := 2 * c.n; messages != c.messages || named != want && !(c.gone && named == c.n) {
				t.Errorf("%d messages name servers %d times; want %d, each server twice\n%s", messages, named, c.messages, w.transcript())
			}
			shares := 0
			for i := range c.n {
				n := w.notice(fmt.Sprintf("n%02d", i))
				if n.Direct.Shared {
					shares++
				}
				if last := n.Told[len(n.Told)-1]; !strings.Contains(last.Link, "/archives/") || last.Who == "U0ALICE" == c.closed {
					t.Errorf("told: %+v", n.Told)
				}
			}
			if shares != c.shares {
				t.Errorf("%d share a message", shares)
			}
		})
	}
}

// Each button in it is that of one server.
func TestButtonsOfNoticesThatAreToldTogether(t *testing.T) {
	w := newWorld(t, sim.Options{Relaxed: true}).boot()
	w.ending(3, stackhand.Place{Channel: "C0TEAMA"}, "")
	w.bot.Noticed()
	w.allTold(3)
	mark := w.slack.Mark()
	if err := w.slack.ClickValue("alice", "extend", "n01"); err != nil {
		t.Fatal(err)
	}
	w.see(mark, "did extend n01")
}

func TestCrashWhileNoticesAreToldTogether(t *testing.T) {
	for n := 1; n <= 2; n++ {
		for _, after := range []bool{false, true} {
			w := newWorld(t, sim.Options{Relaxed: true})
			d := w.doomed(n, after)
			w.ending(4, stackhand.Place{Channel: "C0TEAMA", Thread: w.root()}, "")
			w.bot.Noticed()
			w.until("dead", d.died.Load)
			w.reboot()
			if messages, named := w.allTold(4); messages != 2 || named != 8 {
				t.Errorf("call %d after=%v: %d messages name servers %d times\n%s", n, after, messages, named, w.transcript())
			}
			w.kill()
		}
	}
}

// What is not known to have arrived is tried again, of each notice at its own time. Only a message that names a server counts as its.
func TestNoticesOfOneMessageAreTriedAtDifferentTimes(t *testing.T) {
	for name, posted := range map[string]bool{"it did not arrive": false, "it arrived": true} {
		t.Run(name, func(t *testing.T) {
			w := newWorld(t, sim.Options{Relaxed: true})
			place := stackhand.Place{Channel: "C0TEAMA"}
			if posted {
				d := w.doomed(5, true) // four at their place, and then the one that is of all
				w.ending(4, place, "")
				w.bot.Noticed()
				w.until("dead", d.died.Load)
				w.kill()
				w.wrap = nil
			} else {
				w.ending(4, place, "")
			}
			w.mem.mu.Lock()
			for id, n := range w.mem.notices {
				if !posted {
					n.Direct = stackhand.Posted{Op: "notices-of-four-direct", Channel: "D0ALICE", Shared: true, At: w.now()}
				}
				if id != "n00" {
					n.NotBefore = w.now().Add(time.Hour)
				}
				w.mem.notices[id] = n
			}
			w.mem.mu.Unlock()
			w.boot()
			w.bot.Noticed()
			w.until("the first is told", func() bool { return !w.notice("n00").Delivered.IsZero() && !w.bot.Busy() })
			w.forward(2 * time.Hour)
			w.bot.Noticed()
			if _, named := w.allTold(4); named != 8 {
				t.Errorf("named %d times\n%s", named, w.transcript())
			}
			for i := range 4 {
				n := w.notice(fmt.Sprintf("n%02d", i))
				all := w.slack.Since(0)
				at := slices.IndexFunc(all, func(s sim.Shown) bool { return s.TS == n.Direct.TS })
				if got := all[max(at, 0)].Text; !strings.Contains(got, fmt.Sprintf("web-%02d", i)) {
					t.Errorf("%s is told by %q", n.ID, got)
				}
			}
		})
	}
}

// A message that was found posted, and of which other words are to be said by now, says those.
func TestNoticesThatAreFoundPostedSayWhatIsSoNow(t *testing.T) {
	w := newWorld(t, sim.Options{Relaxed: true})
	d := w.doomed(2, true)
	w.ending(4, stackhand.Place{Channel: "C0TEAMA", Thread: w.root()}, " soon")
	w.bot.Noticed()
	w.until("dead", d.died.Load)
	w.renew = func(_ context.Context, n *stackhand.Notice) error {
		n.Brief = stackhand.Textf("web-%s ends later", strings.TrimPrefix(n.ID, "n"))
		return nil
	}
	w.forward(time.Hour)
	w.reboot()
	if messages, named := w.allTold(4); messages != 2 || named != 8 {
		t.Errorf("%d messages name servers %d times\n%s", messages, named, w.transcript())
	}
	if got := w.last(w.notice("n01").Direct.TS); strings.Contains(got, "soon") || !strings.Contains(got, "web-01 ends later") {
		t.Errorf("it says %q", got)
	}
}
