package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/prometheus/client_golang/prometheus/promhttp"

	"github.com/stackhand/stackhand"
	"github.com/stackhand/stackhand/store"
)

// readBy is what only one part of the bot's own work reads of the store, by part.
var readBy = map[string]string{
	"approvals": "request.start", "audit": "job.ended", "chores": "setting/chore", "idle": "activity.due", "leases": "stack.due",
	"schedules": "schedule.due", "upkeep": "notice.ends",
}

// hollow is a disk on which the program stumbles over what readBy names, as over a page that is damaged, until it is whole.
type hollow struct {
	store.Driver
	whole *atomic.Bool
	mu    *sync.Mutex
	reads map[string]int // while it was whole, by part
}

func (h hollow) at(key string) {
	for part, prefix := range readBy {
		if !strings.HasPrefix(key, prefix) {
			continue
		}
		if !h.whole.Load() {
			panic("a hollow page of " + part)
		}
		h.mu.Lock()
		h.reads[part]++
		h.mu.Unlock()
	}
}

func (h hollow) Get(ctx context.Context, key string) (store.Item, error) {
	h.at(key)
	return h.Driver.Get(ctx, key)
}

func (h hollow) Scan(ctx context.Context, from, to string, limit int) ([]store.Item, error) {
	h.at(from)
	return h.Driver.Scan(ctx, from, to, limit)
}

func (h hollow) read(part string) int {
	h.mu.Lock()
	defer h.mu.Unlock()
	return h.reads[part]
}

// Every part of the bot's own work panics with each of its turns. The bot goes on, each of it is in the log with its stack and is counted, the
// administrator is told once of each part, and once the disk is whole each part does its work again.
func TestEveryPartMayPanic(t *testing.T) {
	log := &spoken{}
	d := demoCmd{Dir: t.TempDir(), ClockRate: 1, ClockAt: *scriptsAt, SlackPace: pace, Build: 100 * time.Millisecond, LogLevel: slog.LevelError}
	st, err := newStage(t.Context(), d, streams{err: log})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(st.close)
	h := hollow{whole: new(atomic.Bool), mu: new(sync.Mutex), reads: map[string]int{}}
	h.whole.Store(true)
	st.disk = func(d store.Driver, _ *atomic.Bool) store.Driver { h.Driver = d; return h }
	if err := errors.Join(st.start(t.Context()), newPlayer(st, io.Discard).connected(t.Context())); err != nil {
		t.Fatal(err)
	}
	a := st.on.app
	if n := len(a.loops()); n != len(readBy)-1 { // the audit trail has no turns
		t.Fatalf("%d parts have turns: name what only the new one reads", n)
	}
	mark := st.slack.Mark()
	h.whole.Store(false)
	a.changed("") // has the ends of jobs looked at
	for part := range readBy {
		eventually(t, part+" is in the log", func() bool { return log.has("a hollow page of " + part) })
		eventually(t, part+" is told of", func() bool { return st.told(mark, doing[part]) > 0 })
		eventually(t, part+" is counted", func() bool { return a.metrics.panicked(part) > 0 })
	}
	if !log.has("hollow.at(") {
		t.Error("no stack is in the log")
	}
	counted := a.metrics.panicked("leases")
	eventually(t, "the leases panic once more", func() bool { return a.metrics.panicked("leases") > counted })
	h.mu.Lock()
	clear(h.reads)
	h.mu.Unlock()
	h.whole.Store(true)
	for part := range readBy {
		eventually(t, part+" works again", func() bool { return h.read(part) > 0 })
		if n := st.told(mark, doing[part]); n != 1 {
			t.Errorf("of %s the administrator is told %d times", part, n)
		}
	}
	select {
	case err := <-st.on.done:
		t.Fatalf("the bot ended: %v", err)
	default:
	}
}

// eventually waits for what other goroutines do, however slow the machine is.
func eventually(t *testing.T, what string, cond func() bool) {
	t.Helper()
	for end := time.Now().Add(3 * time.Minute); !cond(); {
		if time.Now().After(end) {
			t.Fatalf("it did not come about that %s", what)
		}
		if err := pause(t.Context()); err != nil {
			t.Fatal(err)
		}
	}
}

// told counts the messages that say something.
func (st *stage) told(mark int, text string) (n int) {
	for _, s := range st.slack.Since(mark) {
		if s.Kind == "message" && strings.Contains(s.Text, text) {
			n++
		}
	}
	return n
}

// panicked is how often /metrics says that a part did.
func (m *metrics) panicked(part string) (n int) {
	w := httptest.NewRecorder()
	promhttp.HandlerFor(m.registry, promhttp.HandlerOpts{}).ServeHTTP(w, httptest.NewRequest(http.MethodGet, "/metrics", http.NoBody))
	for line := range strings.Lines(w.Body.String()) {
		if _, err := fmt.Sscanf(line, "stackhand_panics_total{part=\""+part+"\"} %d", &n); err == nil {
			return n
		}
	}
	return 0
}

// A job over whose end the program stumbles does not keep the ends of others from the trail, and its own is tried again.
func TestAnEndThatPanics(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		a, m := recorder(t)
		var log bytes.Buffer
		a.log = slog.New(slog.NewTextHandler(&log, nil))
		panics := 3
		m.FailCommits(func(ops []store.Op) error {
			for _, op := range ops {
				if panics > 0 && strings.HasPrefix(op.Key, "audit/") && strings.Contains(string(op.Value), "aaaaaaaa") {
					panics--
					panic("no such thing")
				}
			}
			return nil
		})
		for _, id := range []string{"aaaaaaaa", "bbbbbbbb"} {
			a.rest(t, id, stackhand.JobDone)
		}
		ctx, stop := context.WithCancel(t.Context())
		ended := make(chan error)
		go func() { ended <- a.endings(ctx) }()
		synctest.Wait()
		if left, err := a.store.Endings(ctx, 5); err != nil || len(left) != 1 || left[0].Job.ID != "aaaaaaaa" {
			t.Errorf("%v, not noted: %+v\n%s", err, left, log.String())
		}
		time.Sleep(10 * time.Second)
		synctest.Wait()
		if left, err := a.store.Endings(ctx, 5); err != nil || len(left) != 0 {
			t.Errorf("%v, not noted: %+v", err, left)
		}
		open, err := a.store.OpenNotices(ctx)
		if text := "stopped me while I was writing to the audit trail how jobs ended (the job aaaaaaaa)."; err != nil || len(open) != 1 || !open[0].Admins || !strings.Contains(open[0].Text.String(), text) {
			t.Errorf("%v, the administrators are told %+v", err, open)
		}
		if strings.Count(log.String(), "no such thing") < 3 || a.metrics.panicked("audit") != 3 {
			t.Errorf("counted %d: %s", a.metrics.panicked("audit"), log.String())
		}
		stop()
		a.must(t, <-ended)
	})
}

// Of many things at once some are named, and what cannot be written down is logged.
func TestTellPanics(t *testing.T) {
	a, m := recorder(t)
	var log bytes.Buffer
	a.log = slog.New(slog.NewTextHandler(&log, nil))
	var found []*stackhand.Panic
	for n := range 8 {
		found = append(found, &stackhand.Panic{Of: fmt.Sprint("the lease of web-", n), Value: "oh"})
	}
	m.FailCommits(func([]store.Op) error { panic("a hollow page") })
	a.panicked(t.Context(), "leases", found)
	if !strings.Contains(log.String(), "cannot be told of a panic") || strings.Count(log.String(), "a panic was caught") != 8 {
		t.Errorf("the log says %s", log.String())
	}
	m.FailCommits(nil)
	for range 3 {
		a.panicked(t.Context(), "leases", found)
	}
	open, err := a.store.OpenNotices(t.Context())
	a.must(t, err)
	want := "A mistake in my program stopped me while I was looking after the ends of servers (the lease of web-0, the lease of web-1, the lease of web-2, the lease of web-3, the lease of web-4, 3 more). The rest goes on"
	if len(open) != 1 || !strings.HasPrefix(open[0].Text.String(), want) {
		t.Errorf("told %+v", open)
	}
}
