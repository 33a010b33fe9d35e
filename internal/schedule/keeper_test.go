package schedule

import (
	"errors"
	"fmt"
	"testing"
	"time"

	"github.com/stackhand/stackhand"
	"github.com/stackhand/stackhand/store"
	"github.com/stackhand/stackhand/store/storetest"
)

func TestAWeek(t *testing.T) {
	w := newWorld(t)
	st := w.give("U1", "web-1", nil)
	w.set(stackhand.Schedule{Stack: st.ID, Name: st.Name})
	w.live(at(7, 12, 0))
	w.want("a week", "Mon 20:00 Stop web-1", "Tue 08:00 Start web-1", "Tue 20:00 Stop web-1", "Wed 08:00 Start web-1", "Wed 20:00 Stop web-1",
		"Thu 08:00 Start web-1", "Thu 20:00 Stop web-1", "Fri 08:00 Start web-1", "Fri 20:00 Stop web-1", "Mon 08:00 Start web-1")
	if n := w.told("will be stopped at"); n != 5 || len(w.said()) != 5 {
		t.Errorf("%d of %d notices announce a stop, want 5: %q", n, len(w.said()), w.said())
	}
}

// A start that was missed by three hours is done late; of several that were missed only the last.
func TestLate(t *testing.T) {
	for _, c := range []struct {
		name      string
		awake     time.Time // the first sweep after Monday, 12:00
		was, want string
	}{
		{"a stop by three hours", at(0, 23, 0), "ACTIVE", "Mon 23:00 Stop web-1"},
		{"a start by three hours, after the stop", at(1, 11, 0), "SHUTOFF", "Tue 11:00 Start web-1"},
		{"a stop and a start of a server that runs", at(1, 11, 0), "ACTIVE", ""},
		{"many, the last of them on Friday", at(5, 12, 0), "ACTIVE", "Sat 12:00 Stop web-1"},
		{"two months", at(60, 9, 0), "SHUTOFF", "Fri 09:00 Start web-1"},
	} {
		t.Run(c.name, func(t *testing.T) {
			w := newWorld(t)
			st := w.give("U1", "web-1", nil)
			w.set(stackhand.Schedule{Stack: st.ID, Name: st.Name})
			w.servers[st.Server].Status = c.was
			w.now = c.awake
			for range 3 {
				w.must(w.Sweep(t.Context()))
			}
			if c.want == "" {
				w.want("late")
				return
			}
			w.want("late", c.want)
		})
	}
}

func TestByHandWinsUntilTheNextDay(t *testing.T) {
	w := newWorld(t)
	st := w.give("U1", "web-1", nil)
	w.set(stackhand.Schedule{Stack: st.ID, Name: st.Name})
	w.now = at(0, 21, 0) // the bot slept at 20:00
	w.must(w.store.SaveActivity(t.Context(), &stackhand.Activity{Stack: st.ID, Powered: at(0, 20, 30)}))
	w.live(at(0, 23, 59))
	w.want("started by hand after the moment")
	w.live(at(1, 20, 1))
	w.want("the next day", "Tue 20:00 Stop web-1")
}

// What somebody did in the cloud itself, without the bot, counts as well.
func TestByHandInTheCloud(t *testing.T) {
	w := newWorld(t)
	st := w.give("U1", "web-1", nil)
	w.set(stackhand.Schedule{Stack: st.ID, Name: st.Name})
	w.now = at(0, 21, 0)
	w.actions[st.Server] = []stackhand.ServerAction{{Action: "attach_volume", Start: at(0, 20, 50)}, {Action: "start", Start: at(0, 20, 40)}}
	w.live(at(0, 22, 0))
	w.want("started in the cloud after the moment")
	w.now = at(1, 20, 10)
	w.live(at(1, 20, 11))
	w.want("before the moment it does not count", "Tue 20:10 Stop web-1")
}

func TestLeaveItToday(t *testing.T) {
	w := newWorld(t)
	st := w.give("U1", "web-1", nil)
	w.set(stackhand.Schedule{Stack: st.ID, Name: st.Name})
	w.live(at(0, 19, 50))
	until, err := w.Leave(t.Context(), st, *w.servers[st.Server])
	if err != nil || !until.Equal(at(1, 0, 0)) {
		t.Fatalf("left until %s, %v", until, err)
	}
	w.live(at(1, 7, 0))
	w.want("left today")
	w.live(at(1, 20, 1))
	w.want("the next day it goes on", "Tue 20:00 Stop web-1")
	// Of a stop soon after midnight "today" is the night that begins.
	w.set(stackhand.Schedule{Stack: st.ID, Name: st.Name, Stop: "00:10", Days: "daily"})
	w.servers[st.Server].Status = "ACTIVE"
	w.live(at(1, 23, 57))
	if until, err = w.Leave(t.Context(), st, *w.servers[st.Server]); err != nil || !until.After(at(2, 0, 10)) {
		t.Fatalf("left until %s, %v", until, err)
	}
	w.live(at(2, 12, 0))
	w.want("left over midnight", "Tue 20:00 Stop web-1")
	if other := w.give("U1", "web-2", nil); true {
		if until, err := w.Leave(t.Context(), other, *w.servers[other.Server]); err != nil || !until.IsZero() {
			t.Errorf("a server without a schedule is left until %s, %v", until, err)
		}
	}
}

func TestSeveral(t *testing.T) {
	w := newWorld(t)
	w.give("U1", "test-1", map[string]string{"env": "test"})
	w.give("U1", "prod-1", map[string]string{"env": "prod"})
	w.give("U2", "other-1", map[string]string{"env": "test"})
	own := w.give("U1", "test-2", map[string]string{"env": "test"})
	w.set(stackhand.Schedule{Property: map[string]string{"env": "test"}, Stop: "20:00"})
	w.set(stackhand.Schedule{Stack: own.ID, Name: own.Name, Stop: "21:00"})
	w.live(at(0, 21, 30))
	w.want("by property; a server with a schedule of its own follows that one", "Mon 20:00 Stop test-1", "Mon 21:00 Stop test-2")
	w.done = nil
	w.set(stackhand.Schedule{Stop: "22:00"}) // all
	w.give("U1", "new-1", nil)               // comes later
	w.live(at(0, 22, 30))
	w.want("all", "Mon 22:00 Stop new-1", "Mon 22:00 Stop prod-1")
}

func TestWhatIsLeftAlone(t *testing.T) {
	for name, c := range map[string]struct {
		before func(w *world, st *stackhand.Stack)
		after  func(w *world, st *stackhand.Stack) // at 20:30; nil: it is not dealt with any more
		want   string                              // done then
		told   string
	}{
		"locked":            {before: func(w *world, st *stackhand.Stack) { w.servers[st.Server].Locked = true }, told: "it is locked"},
		"in ERROR":          {before: func(w *world, st *stackhand.Stack) { w.servers[st.Server].Status = "ERROR" }, told: "state ERROR"},
		"paused":            {before: func(w *world, st *stackhand.Stack) { w.servers[st.Server].Status = "PAUSED" }},
		"stopped already":   {before: func(w *world, st *stackhand.Stack) { w.servers[st.Server].Status = "SHUTOFF" }},
		"gone in the cloud": {before: func(w *world, st *stackhand.Stack) { delete(w.servers, st.Server) }, told: "There is no server"},
		"somebody else's": {before: func(w *world, st *stackhand.Stack) {
			st.Lease.Owner = "U2"
			w.must(w.store.SaveStack(w.t.Context(), st))
		}, told: "belongs to @U2 now"},
		"in a freeze": {
			before: func(w *world, _ *stackhand.Stack) {
				w.must(w.store.SetFreeze(w.t.Context(), stackhand.Freeze{Why: "x", At: w.now}))
			},
			after: func(w *world, _ *stackhand.Stack) { w.must(w.store.SetFreeze(w.t.Context(), stackhand.Freeze{})) },
			want:  "Mon 20:35 Stop web-1",
		},
		"being worked on": {
			before: func(w *world, st *stackhand.Stack) {
				job := stackhand.Job{ID: "busy", Flow: "act", State: stackhand.JobRunning, Created: w.now}
				_, err := w.store.CreateJob(w.t.Context(), &job, nil)
				w.must(err)
				st.Busy = "busy"
				w.must(w.store.SaveStack(w.t.Context(), st))
			},
			after: func(w *world, _ *stackhand.Stack) {
				job, err := w.store.Job(w.t.Context(), "busy")
				w.must(err)
				job.State = stackhand.JobDone
				w.must(w.store.SaveJob(w.t.Context(), &job))
			},
			want: "Mon 20:35 Stop web-1",
		},
		"at work in the cloud": {
			before: func(w *world, st *stackhand.Stack) { w.servers[st.Server].Task = "rebooting" },
			after:  func(w *world, st *stackhand.Stack) { w.servers[st.Server].Task = "" },
			want:   "Mon 20:35 Stop web-1",
		},
		"while the cloud is down": {
			before: func(w *world, _ *stackhand.Stack) { w.sick = stackhand.Errorf(stackhand.Unavailable, "down") },
			after:  func(w *world, _ *stackhand.Stack) { w.sick = nil },
			want:   "Mon 20:35 Stop web-1",
		},
		"while nobody can log in": {
			before: func(w *world, _ *stackhand.Stack) { w.shut = stackhand.Errorf(stackhand.Unavailable, "down") },
			after:  func(w *world, _ *stackhand.Stack) { w.shut = nil },
			want:   "Mon 20:35 Stop web-1",
		},
	} {
		t.Run(name, func(t *testing.T) {
			w := newWorld(t)
			st := w.give("U1", "web-1", nil)
			w.set(stackhand.Schedule{Stack: st.ID, Name: st.Name, Stop: "20:00"})
			w.live(at(0, 19, 0))
			c.before(w, &st)
			w.live(at(0, 20, 30))
			w.want("at first")
			if c.after != nil {
				c.after(w, &st)
			}
			w.live(at(0, 22, 0))
			if c.want == "" {
				w.want("later")
			} else {
				w.want("later", c.want)
			}
			if c.told != "" && (w.told(c.told) != 1 || len(w.said()) != 1) || c.told == "" && c.want == "" && len(w.said()) > 0 {
				t.Errorf("said %q, want once %q", w.said(), c.told)
			}
		})
	}
}

// What something else has stopped is not started again by a schedule.
func TestHeldIsNotStarted(t *testing.T) {
	w := newWorld(t)
	st := w.give("U1", "web-1", nil)
	w.set(stackhand.Schedule{Stack: st.ID, Name: st.Name})
	w.live(at(0, 21, 0))
	w.held[st.ID] = true
	w.live(at(1, 9, 0))
	w.want("held", "Mon 20:00 Stop web-1")
}

// Trouble is told once, not every night, and again when it had gone in between.
func TestTroubleIsToldOnce(t *testing.T) {
	w := newWorld(t)
	st := w.give("U1", "web-1", nil)
	w.set(stackhand.Schedule{Stack: st.ID, Name: st.Name, Stop: "20:00", Start: "08:00"}) // a start that has nothing to do changes nothing
	w.fail[st.ID] = true
	w.live(at(4, 12, 0))
	if n := w.told("on fire"); n != 1 || len(w.done) != 4 {
		t.Fatalf("told %d times in 4 nights, %v", n, w.done)
	}
	w.fail[st.ID] = false
	w.live(at(4, 21, 0))
	w.fail[st.ID], w.servers[st.Server].Status = true, "ACTIVE"
	w.live(at(6, 12, 0))
	if n := w.told("on fire"); n != 2 {
		t.Errorf("told %d times, want 2: it had worked in between", n)
	}
	w.shut = stackhand.Errorf(stackhand.Unauthorized, "You are not logged in to lab.").Do("Log in first.")
	w.live(at(9, 12, 0))
	if n := w.told("You are not logged in"); n != 1 {
		t.Errorf("told %d times that the login is missing, want 1", n)
	}
}

func TestEndsWithItsServer(t *testing.T) {
	w := newWorld(t)
	st := w.give("U1", "web-1", nil)
	s := w.set(stackhand.Schedule{Stack: st.ID, Name: st.Name})
	st.State = stackhand.StackDeleting
	w.must(w.store.SaveStack(t.Context(), &st))
	w.live(at(0, 20, 30))
	if _, err := w.Schedule(t.Context(), s.ID); err != nil {
		t.Fatalf("it ended while the deletion may still be given up: %v", err)
	}
	st.State, st.Gone = stackhand.StackGone, w.now
	w.must(w.store.SaveStack(t.Context(), &st))
	if all, err := w.OfOwner(t.Context(), "U1"); err != nil || len(all) != 0 {
		t.Errorf("the schedules of what is gone: %v, %v", all, err)
	}
	w.live(at(1, 8, 1))
	if _, err := w.Schedule(t.Context(), s.ID); stackhand.KindOf(err) != stackhand.NotFound {
		t.Errorf("the schedule of a server that is gone: %v", err)
	}
	w.want("nothing")
}

// A year ahead and back, or an hour back: nothing is done twice, and nothing is forgotten.
func TestTheClockJumps(t *testing.T) {
	w := newWorld(t)
	st := w.give("U1", "web-1", nil)
	w.set(stackhand.Schedule{Stack: st.ID, Name: st.Name})
	w.live(at(0, 20, 5))
	w.now = at(0, 19, 50)
	w.live(at(0, 21, 0))
	w.want("an hour back", "Mon 20:00 Stop web-1")
	w.now = at(365, 12, 0)
	w.must(w.Sweep(t.Context()))
	w.now = at(1, 7, 0)
	w.done = nil
	w.servers[st.Server].Status = "SHUTOFF"
	w.live(at(1, 21, 0))
	w.want("a year ahead and back", "Tue 08:00 Start web-1", "Tue 20:00 Stop web-1")
}

var errDied = errors.New("the process died")

// At every write on the way the process dies; another one goes on. The server is stopped once and the owner told once.
func TestDyingAtEveryWrite(t *testing.T) {
	for n := 0; ; n++ {
		w := newWorld(t)
		st := w.give("U1", "web-1", nil)
		w.give("U1", "web-2", nil)
		w.set(stackhand.Schedule{Stop: "20:00"})
		w.hang = true
		left := n
		w.mem.FailCommits(func([]store.Op) error {
			if left--; left < 0 {
				return errDied
			}
			return nil
		})
		died := false
		for _, when := range []time.Time{at(0, 19, 45), at(0, 20, 0)} {
			w.now = when
			died = died || w.Sweep(t.Context()) != nil
		}
		w.mem.FailCommits(nil)
		w.Keeper = w.keeper()
		w.live(at(0, 20, 10))
		if len(w.done) != 2 || w.told("will be stopped") != 2 && n > 3 {
			t.Fatalf("died at write %d: %v, %q", n, w.done, w.said())
		}
		if !died {
			if n < 5 {
				t.Fatalf("only %d writes", n)
			}
			return
		}
		_ = st
	}
}

// Two processes sweep at the same moments.
func TestTwoAtOnce(t *testing.T) {
	w := newWorld(t)
	st := w.give("U1", "web-1", nil)
	w.set(stackhand.Schedule{Stack: st.ID, Name: st.Name})
	other := w.keeper()
	for ; w.now.Before(at(2, 0, 0)); w.now = w.now.Add(5 * time.Minute) {
		results := make(chan error, 1)
		go func() { results <- other.Sweep(t.Context()) }()
		err := w.Sweep(t.Context())
		w.must(errors.Join(err, <-results))
	}
	w.want("two days", "Mon 20:00 Stop web-1", "Tue 08:00 Start web-1", "Tue 20:00 Stop web-1")
}

func TestReplacedAndRemoved(t *testing.T) {
	w := newWorld(t)
	st := w.give("U1", "web-1", nil)
	first := w.set(stackhand.Schedule{Stack: st.ID, Name: st.Name})
	second := w.set(stackhand.Schedule{Stack: st.ID, Name: st.Name, Stop: "18:00"})
	if first.ID != second.ID {
		t.Errorf("a server has two schedules: %s, %s", first.ID, second.ID)
	}
	w.live(at(0, 21, 0))
	w.want("the newer one", "Mon 18:00 Stop web-1")
	if runs := w.Runs(second, 2); len(runs) != 2 || !runs[0].At.Equal(at(1, 18, 0)) || !runs[1].At.Equal(at(2, 18, 0)) {
		t.Errorf("the next moments: %v", runs)
	}
	for range 2 {
		w.must(w.Remove(t.Context(), second.ID))
	}
	w.live(at(2, 0, 0))
	w.want("after it was removed", "Mon 18:00 Stop web-1")
	if _, err := w.Set(t.Context(), stackhand.Schedule{Owner: "U1", Stack: st.ID, Stop: "noon", Zone: "UTC"}); stackhand.KindOf(err) != stackhand.Invalid {
		t.Errorf("a nonsense time was taken: %v", err)
	}
}

// crowd is a world with many schedules, of which ten are due.
func crowd(t testing.TB, rest int) *world {
	w := newWorld(t)
	for i := range rest {
		s := stackhand.Schedule{ID: fmt.Sprint("rest", i), Owner: "U9", Stack: "x", Stop: "20:00", Days: "*", Zone: "UTC", From: w.now, Next: at(1, 20, 0)}
		w.must(w.store.SaveSchedule(t.Context(), &s))
	}
	for i := range 10 {
		st := w.give("U1", fmt.Sprint("web-", i), nil)
		w.set(stackhand.Schedule{Stack: st.ID, Name: st.Name, Stop: "20:00"})
	}
	w.now = at(0, 20, 0)
	w.mem.Calls()
	return w
}

// What a sweep reads does not depend on the schedules that are not due.
func TestASweepReadsWhatIsDue(t *testing.T) {
	var read []storetest.Calls
	for _, rest := range []int{0, 2000} {
		w := crowd(t, rest)
		w.must(w.Sweep(t.Context()))
		read = append(read, w.mem.Calls())
		if len(w.done) != 10 {
			t.Fatalf("%d of 10 were stopped", len(w.done))
		}
	}
	if read[0] != read[1] || read[0].Items > 200 {
		t.Errorf("read %+v with ten schedules, %+v with many", read[0], read[1])
	}
}

func BenchmarkSweep(b *testing.B) {
	for _, rest := range []int{100, 10_000} {
		b.Run(fmt.Sprint(rest), func(b *testing.B) {
			var items int
			for b.Loop() {
				b.StopTimer()
				w := crowd(b, rest)
				b.StartTimer()
				w.must(w.Sweep(b.Context()))
				items = w.mem.Calls().Items
			}
			b.ReportMetric(float64(items), "items-read/op")
		})
	}
}
