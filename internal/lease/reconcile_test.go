package lease

import (
	"context"
	"errors"
	"maps"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stackhand/stackhand"
	"github.com/stackhand/stackhand/internal/abreast"
)

// put is a sweeper over a stack that the ladder stopped a day ago, and whose deletion is due or nearly so; sky is what its cloud says.
type put struct {
	*Sweeper
	*book
	now   *time.Time
	sky   stackhand.Server
	err   error
	mu    sync.Mutex // of asked: two clouds are asked at once
	asked int
	trail []string
}

func putAwayStack(edit func(*stackhand.Stack)) *put {
	s, b, now := world(2 * time.Hour)
	w := &put{Sweeper: s, book: b, now: now, sky: stackhand.Server{ID: "v-1", Name: "web-1", Status: "SHUTOFF"}}
	s.Rules.Again, s.Rules.Ladders = 24*time.Hour, []Ladder{{First: stackhand.StepStop, Grace: 72 * time.Hour}}
	s.Server = func(context.Context, stackhand.Stack) (stackhand.Server, error) {
		w.mu.Lock()
		defer w.mu.Unlock()
		w.asked++
		return w.sky, w.err
	}
	s.Record = func(_ context.Context, id string, _ stackhand.Stack, _ string) error {
		w.trail = append(w.trail, id)
		return nil
	}
	st := b.stacks["j-1"]
	st.Server, st.Status = "v-1", "SHUTOFF"
	st.Ledger = []stackhand.Resource{{Kind: stackhand.KindServer, ID: "v-1", Name: "web-1", Job: "j"}}
	st.Lease.Ladder.Take(stackhand.Rung{Step: stackhand.StepStop, Job: "ended-1", At: t0.Add(2 * time.Hour)})
	if edit != nil {
		edit(&st)
	}
	b.stacks["j-1"] = st
	*now = t0.Add(2 * time.Hour)
	return w
}

func (w *put) sweeps(t *testing.T, at time.Duration) {
	t.Helper()
	*w.now = t0.Add(at)
	sweeps(t, w.Sweeper, 2)
}

func (w *put) texts() string {
	var all []string
	for _, n := range w.notices {
		all = append(all, n.Text.String())
	}
	return strings.Join(all, "\n")
}

// A server that runs although it was put away was started by somebody: it is off the ladder, lasts for another day, and its owner is
// told once, in whatever state the ladder was.
func TestStartedElsewhere(t *testing.T) {
	for name, at := range map[string]time.Duration{"before it is told": 2*time.Hour + time.Minute, "before it is deleted": 75 * time.Hour} {
		t.Run(name, func(t *testing.T) {
			w := putAwayStack(func(st *stackhand.Stack) { st.Lease.Ladder.Rungs[0].Address = "203.0.113.7" })
			if at > 70*time.Hour {
				w.sweeps(t, 2*time.Hour+time.Minute) // told that it will be deleted
				w.sweeps(t, 73*time.Hour+5*time.Minute)
			}
			before := len(w.notices)
			w.sky.Status = "ACTIVE"
			w.sweeps(t, at)
			st := w.stacks["j-1"]
			_, parked := st.Lease.Ladder.Parked()
			if parked || !st.Lease.Until.Equal(t0.Add(at+24*time.Hour)) || st.Status != "" || st.Lease.Extensions.Times != 1 || len(w.started) > 0 {
				t.Errorf("%+v, %d jobs", st, len(w.started))
			}
			if text := w.texts(); len(w.notices) != before+1 || !strings.Contains(text, "web-1 runs, although it was stopped (") || !strings.Contains(text, "203.0.113.7 was given back") || len(w.trail) != 1 {
				t.Errorf("%d notices, trail %v: %s", len(w.notices), w.trail, text)
			}
			if got := w.Rules.StateOf(st, *w.now); got != Warned {
				t.Errorf("state %s", got)
			}
			w.sweeps(t, at+23*time.Hour+5*time.Minute)
			w.sweeps(t, at+24*time.Hour) // its new end comes in steps as any other
			if len(w.started) != 1 || w.started[0].Flow != "ladder" {
				t.Errorf("%+v", w.started)
			}
		})
	}
}

// Cut short after the owner was told, it goes on with the same words.
func TestStartedElsewhereKilled(t *testing.T) {
	w := putAwayStack(nil)
	w.sky.Status = "ACTIVE"
	*w.now = t0.Add(3 * time.Hour)
	w.Sweeper.Book = unsaved{w.book}
	if err := w.Sweep(t.Context()); err == nil {
		t.Fatal("nothing went wrong")
	}
	w.Sweeper.Book = w.book
	w.sweeps(t, 4*time.Hour)
	if st := w.stacks["j-1"]; len(w.notices) != 1 || !st.Lease.Until.Equal(t0.Add(28*time.Hour)) {
		t.Errorf("%d notices, until %s", len(w.notices), st.Lease.Until)
	}
}

type unsaved struct{ *book }

func (unsaved) SaveStack(context.Context, *stackhand.Stack) error { return errors.New("disk full") }

// What the cloud says else: the record is believed where it says nothing, and people are told what is so.
func TestReconcile(t *testing.T) {
	due := 75*time.Hour + time.Minute
	for name, c := range map[string]struct {
		edit  func(*stackhand.Stack)
		sky   func(*put)
		jobs  int
		says  string
		named string
	}{
		"as it is on record": {jobs: 1, says: "web-1 is stopped, because its time is over"},
		"no answer":          {sky: func(w *put) { w.err = stackhand.Errorf(stackhand.Unavailable, "no answer") }, says: "web-1 is stopped"},
		"refused":            {sky: func(w *put) { w.err = stackhand.Errorf(stackhand.Forbidden, "not you") }, jobs: 1, says: "web-1 is stopped"},
		"gone": {sky: func(w *put) { w.err = stackhand.Errorf(stackhand.NotFound, "no such server") }, jobs: 1,
			says: "web-1 is not in the cloud any more: somebody deleted it there. What else was made for it will be removed in 3 days"},
		"renamed":       {sky: func(w *put) { w.sky.Name = "shop" }, jobs: 1, says: "shop is stopped", named: "shop"},
		"broken":        {sky: func(w *put) { w.sky.Status = "ERROR" }, jobs: 1, says: "web-1 is stopped"},
		"being started": {sky: func(w *put) { w.sky.Task = "powering-on" }, says: "web-1 runs, although"},
		"being unshelved": {edit: func(st *stackhand.Stack) { st.Lease.Ladder.Rungs[0].Step = stackhand.StepShelve },
			sky: func(w *put) { w.sky.Status, w.sky.Task = "SHELVED_OFFLOADED", "spawning" }, says: "web-1 runs, although it was shelved ("},
		"shelved instead of stopped": {sky: func(w *put) { w.sky.Status = "SHELVED_OFFLOADED" }, jobs: 1, says: "web-1 is stopped"},
		"woken by a job that made its image": {edit: func(st *stackhand.Stack) { st.Lease.Ladder.Wake("archive-1") },
			sky: func(w *put) { w.sky.Status = "ACTIVE" }, jobs: 1, says: "web-1 is stopped"},
		"a job is at work": {edit: func(st *stackhand.Stack) { st.Busy = "wake-1" }, sky: func(w *put) { w.sky.Status = "ACTIVE" }, says: "web-1 is stopped"},
	} {
		t.Run(name, func(t *testing.T) {
			w := putAwayStack(c.edit)
			if c.sky != nil {
				c.sky(w)
			}
			w.sweeps(t, 2*time.Hour+time.Minute)
			for at := 73 * time.Hour; at < due; at += 20 * time.Minute {
				w.sweeps(t, at)
			}
			deleted := slices.DeleteFunc(slices.Clone(w.started), func(j stackhand.Job) bool { return j.Flow != "delete" })
			if text := w.texts(); len(deleted) != c.jobs || !strings.Contains(text, c.says) {
				t.Errorf("%d deletions, want %d: %s", len(deleted), c.jobs, text)
			}
			if st := w.stacks["j-1"]; c.named != "" && (st.Name != c.named || st.Ledger[0].Name != c.named) {
				t.Errorf("called %s, %+v", st.Name, st.Ledger)
			}
		})
	}
}

// A sweep that comes between the record of a step and the end of its job does not yet ask the cloud, and so tells nothing: the server that it would
// call stopped may be gone.
func TestNotToldBeforeTheJobIsThrough(t *testing.T) {
	w := putAwayStack(func(st *stackhand.Stack) { st.Busy = "ended-1" })
	w.err = stackhand.Errorf(stackhand.NotFound, "no such server")
	w.sweeps(t, 2*time.Hour+time.Minute)
	if text := w.texts(); text != "" {
		t.Errorf("told before the job was through: %s", text)
	}
	st := w.stacks["j-1"]
	st.Busy = ""
	w.stacks["j-1"] = st
	w.sweeps(t, 2*time.Hour+2*time.Minute)
	if text := w.texts(); len(w.notices) != 1 || !strings.Contains(text, "web-1 is not in the cloud any more") {
		t.Errorf("%d notices: %s", len(w.notices), text)
	}
}

// A cloud that gives no answer is asked twice in a sweep, and none is asked for steps that are not taken anyway.
func TestCloudIsAskedSeldom(t *testing.T) {
	s, b, g, now := herd(30, Limits{Sweep: 3})
	for id, st := range b.stacks {
		st.Server = "v-" + id
		b.stacks[id] = st
	}
	const several = -1
	asked := 0
	var answer error
	s.Server = func(context.Context, stackhand.Stack) (stackhand.Server, error) {
		asked++
		return stackhand.Server{Status: "ACTIVE"}, answer
	}
	for _, c := range []struct {
		name   string
		answer error
		edit   func()
		want   int
	}{
		{"all is well: as many as the brake lets through, and one", nil, func() {}, 4},
		{"the brake has stopped", nil, func() { g.b.Held = stackhand.Freeze{By: "U0DANA", At: *now} }, 0},
		{"no answer", stackhand.Errorf(stackhand.Unavailable, "no answer"), func() { g.b.Held = stackhand.Freeze{} }, 2},
		{"one owner's login has ended: the others are asked for", stackhand.Errorf(stackhand.Unauthorized, "log in"), func() {}, several},
	} {
		*now = now.Add(2 * time.Hour)
		g.b.Swept = *now
		c.edit()
		asked, answer = 0, c.answer
		sweeps(t, s, 1)
		if asked != c.want && (c.want != several || asked < 3) {
			t.Errorf("%s: asked %d times, want %d", c.name, asked, c.want)
		}
	}
}

// While a cloud gives no answer steps wait, and the administrators hear of it once a day; afterwards they are taken. One server of which
// it cannot tell does not stop the others.
func TestStepsWaitForTheCloud(t *testing.T) {
	s, b, g, now := herd(4, Limits{})
	for id, st := range b.stacks {
		st.Server = "v-" + id
		b.stacks[id] = st
	}
	bad := func(string) bool { return true }
	s.Server = func(_ context.Context, st stackhand.Stack) (stackhand.Server, error) {
		if bad(st.ID) {
			return stackhand.Server{}, stackhand.Errorf(stackhand.Unavailable, "no answer")
		}
		return stackhand.Server{ID: st.Server, Status: "ACTIVE"}, nil
	}
	told := func() (n int) {
		for _, notice := range b.notices {
			if notice.Admins && strings.Contains(notice.Text.String(), "gives no answer. ") {
				n++
			}
		}
		return n
	}
	hours := func(n int) {
		for range 4 * n {
			*now = now.Add(15 * time.Minute)
			g.b.Swept = *now
			sweeps(t, s, 1)
		}
	}
	sweeps(t, s, 1)
	if told() != 0 || len(b.started) != 0 {
		t.Fatalf("at once: told %d times, %d steps", told(), len(b.started))
	}
	hours(26)
	if n := told(); len(b.started) != 0 || n < 1 || n > 2 {
		t.Fatalf("in 26 hours: told %d times, %d steps", n, len(b.started))
	}
	first := slices.Sorted(maps.Keys(b.stacks))[0]
	bad = func(id string) bool { return id == first }
	*now = now.Add(askAgain)
	sweeps(t, s, 1)
	if len(b.started) != 3 {
		t.Errorf("%d steps, want those of the three others", len(b.started))
	}
	bad = func(string) bool { return false }
	*now = now.Add(askAgain)
	sweeps(t, s, 1)
	if len(b.started) != 4 {
		t.Errorf("%d steps once the cloud answers", len(b.started))
	}
}

// Some servers of which their cloud cannot tell, for ever, do not hold up the steps of all the others there: those have their turn as well.
func TestSilentServersDoNotHoldUpOthers(t *testing.T) {
	s, b, g, now := herd(12, Limits{})
	for id, st := range b.stacks {
		st.Server = "v-" + id
		b.stacks[id] = st
	}
	s.Book = orderly{b}
	first := slices.Sorted(maps.Keys(b.stacks))[:5]
	for _, id := range first { // they come first
		st := b.stacks[id]
		st.Lease.Until = st.Lease.Until.Add(-time.Minute)
		st.Lease.Warned = []stackhand.Warning{{Before: time.Hour, Until: st.Lease.Until, Delivered: t0.Add(time.Hour)}}
		b.stacks[id] = st
	}
	most := 0
	s.Server = func(_ context.Context, st stackhand.Stack) (stackhand.Server, error) {
		if slices.Contains(first, st.ID) {
			most++
			return stackhand.Server{}, stackhand.Errorf(stackhand.Unavailable, "no answer")
		}
		return stackhand.Server{ID: st.Server, Status: "ACTIVE"}, nil
	}
	for range 30 {
		*now = now.Add(time.Minute)
		g.b.Swept, most = *now, 0
		sweeps(t, s, 1)
		if most > abreast.SilentAfter {
			t.Fatalf("asked for %d in vain in one sweep", most)
		}
	}
	if len(b.started) != 7 {
		t.Errorf("%d steps, want those of the seven others", len(b.started))
	}
}
