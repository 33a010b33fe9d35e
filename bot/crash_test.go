package bot

import (
	"fmt"
	"net/http"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/stackhand/stackhand"
	sim "github.com/stackhand/stackhand/internal/sim/slack"
)

// doom lets the program die at its n-th call that writes into the chat, before Slack gets it
// or after Slack has done it. A dead program's calls have no effect.
type doom struct {
	next  http.RoundTripper
	w     *world
	n     int
	after bool
	seen  atomic.Int64
	died  atomic.Bool
}

func (d *doom) RoundTrip(req *http.Request) (*http.Response, error) {
	if d.died.Load() {
		return nil, errDead
	}
	writes := strings.HasSuffix(req.URL.Path, "chat.postMessage") || strings.HasSuffix(req.URL.Path, "chat.update")
	if !writes || d.seen.Add(1) != int64(d.n) {
		return d.next.RoundTrip(req)
	}
	if d.after {
		res, err := d.next.RoundTrip(req)
		if err == nil {
			res.Body.Close()
		}
	}
	d.w.dead.Store(true)
	d.died.Store(true)
	return nil, errDead
}

// TestCrashAtEveryMessage kills the program at every single message and edit of a job, before
// and after it took effect, and expects every message exactly once after the restart.
func TestCrashAtEveryMessage(t *testing.T) {
	for _, after := range []bool{false, true} {
		for n := 1; ; n++ {
			survived := false
			t.Run(fmt.Sprintf("call %d after=%v", n, after), func(t *testing.T) {
				w := newWorld(t, sim.Options{Relaxed: true})
				d := w.doomed(n, after)
				mark := w.typed("alice", "#team-a", "", "/stack create web-1")
				id := w.lastJob()
				w.until("the steps are told, or dead", func() bool { return d.died.Load() || w.mem.report(id).Steps.TS != "" })
				w.finish(id)
				w.until("dead, or all is told", func() bool { return d.died.Load() || !w.bot.Busy() && !w.mem.report(id).Open })
				survived = !d.died.Load()
				w.reboot()
				w.until("all is told", func() bool { return !w.bot.Busy() && !w.mem.report(id).Open })
				w.onceEach(t)
				w.see(mark, "(?s)Create web-1: done.*203.0.113.5.*Delete")
			})
			if survived || t.Failed() {
				if n < 4 {
					t.Errorf("only %d calls", n)
				}
				break
			}
		}
	}
}

// doomed boots a program that will die.
func (w *world) doomed(n int, after bool) *doom {
	d := &doom{w: w, n: n, after: after}
	w.wrap = func(next http.RoundTripper) http.RoundTripper { d.next = next; return d }
	w.boot()
	return d
}

// reboot starts a program that lives.
func (w *world) reboot() {
	w.kill()
	w.wrap = nil
	w.boot()
}

func TestCrashAtEveryMessageOfANotice(t *testing.T) {
	for n := 1; n <= 2; n++ {
		for _, after := range []bool{false, true} {
			w := newWorld(t, sim.Options{Relaxed: true})
			d := w.doomed(n, after)
			w.mem.mu.Lock()
			w.mem.notices["n1"] = stackhand.Notice{ID: "n1", User: "U0ALICE", Place: stackhand.Place{Channel: "C0TEAMA"}, Text: stackhand.Textf("web-1 ends soon")}
			w.mem.mu.Unlock()
			w.bot.Noticed()
			w.until("dead", d.died.Load)
			w.reboot()
			w.until("delivered", func() bool { return !w.notice("n1").Delivered.IsZero() && !w.bot.Busy() })
			if got := w.count("message", "web-1 ends soon"); got != 2 {
				t.Errorf("call %d after=%v: %d messages instead of two", n, after, got)
			}
			w.kill()
		}
	}
}

// A public answer that was posted by a program that died before it could note so is not
// posted a second time.
func TestCrashAfterAnAnswerThatStays(t *testing.T) {
	t.Parallel() // it waits most of the time
	for _, after := range []bool{false, true} {
		w := newWorld(t, sim.Options{Relaxed: true})
		d := w.doomed(1, after)
		w.typed("alice", "@stackhand", "", "hello")
		w.until("dead", d.died.Load)
		w.reboot()
		w.until("idle", func() bool { return !w.bot.Busy() && w.mem.pending() == 0 })
		if got := w.count("message", "did hello"); got != 1 {
			t.Errorf("after=%v: answered %d times", after, got)
		}
		w.kill()
	}
}
