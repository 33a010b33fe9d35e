package idle

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"math"
	"strings"
	"testing"
	"time"

	"github.com/stackhand/stackhand"
	"github.com/stackhand/stackhand/store"
	"github.com/stackhand/stackhand/store/storetest"
)

var t0 = time.Date(2026, 11, 30, 12, 0, 0, 0, time.UTC)

// world is a Watcher on a real store, with a cloud whose servers are as busy as the test says, and a clock that it moves.
type world struct {
	*Watcher
	t       testing.TB
	store   *store.Store
	mem     *storetest.Memory
	now     time.Time
	load    map[string]float64 // percent, by server
	cpu     map[string]time.Duration
	at      map[string]time.Time
	status  map[string]string // of servers that do not run
	missing string
	sick    error
	asked   []time.Time // calls to the cloud
	each    int         // calls for a sample
	begun   []string
	taken   []string // questions that were taken back
}

func newWorld(t testing.TB, r Rules) *world {
	w := &world{t: t, now: t0, load: map[string]float64{}, cpu: map[string]time.Duration{}, at: map[string]time.Time{}, status: map[string]string{}, each: 1}
	w.mem = storetest.NewMemory()
	s, err := store.New(t.Context(), w.mem, store.Options{Now: func() time.Time { return w.now }})
	w.must(err)
	w.store = s
	w.Watcher = New(Options{
		Book: s, Rules: r, Numbers: w.numbers, Most: 9, Begin: w.begin, Answered: w.answered, Conflict: store.ErrConflict,
		Now: func() time.Time { return w.now }, Log: slog.New(slog.DiscardHandler),
	})
	return w
}

func (w *world) must(err error) {
	w.t.Helper()
	if err != nil {
		w.t.Fatal(err)
	}
}

func (w *world) give(name string) stackhand.Stack {
	w.t.Helper()
	st := stackhand.Stack{ID: name, Name: name, State: stackhand.StackReady, Server: "srv-" + name, Lease: stackhand.Lease{Owner: "U1", Ready: w.now, Until: w.now.Add(100 * day)}}
	w.must(w.store.SaveStack(w.t.Context(), &st))
	return st
}

// numbers are the counters of a server that was as busy as it is now since it was asked about last.
func (w *world) numbers(_ context.Context, st stackhand.Stack, _ time.Time, most int) (stackhand.Numbers, error) {
	if w.each > most {
		for range most {
			w.asked = append(w.asked, w.now)
		}
		return stackhand.Numbers{Calls: most, Cut: true}, nil
	}
	for range w.each {
		w.asked = append(w.asked, w.now)
	}
	n := stackhand.Numbers{Calls: w.each, Status: w.status[st.ID]}
	if w.sick != nil || n.Status != "" {
		return n, w.sick
	}
	if w.missing != "" {
		n.Source, n.Missing = stackhand.SourceNone, w.missing
		return n, nil
	}
	if from := w.at[st.ID]; !from.IsZero() {
		w.cpu[st.ID] += time.Duration(float64(w.now.Sub(from)) * w.load[st.ID] / 100 * 2)
	}
	w.at[st.ID] = w.now
	n.Source, n.Counters = stackhand.SourceDiagnostics, stackhand.Counters{At: w.now, CPU: w.cpu[st.ID], CPUs: 2}
	return n, nil
}

func (w *world) begin(ctx context.Context, id string, reason stackhand.Reason, why stackhand.Text, ends time.Time) (bool, error) {
	st, err := w.store.Stack(ctx, id)
	w.must(err)
	if st.Lease.Ladder.Reason != stackhand.ReasonTime {
		return false, nil
	}
	st.Lease.Ladder.Reason, st.Lease.Ladder.Since, st.Lease.Ladder.Ends, st.Lease.Ladder.Why = reason, w.now, ends, why
	if err := w.store.SaveStack(ctx, &st); err != nil {
		return false, err
	}
	w.begun = append(w.begun, fmt.Sprintf("%s after %.0fh: %s", reason, w.now.Sub(t0).Hours(), why))
	return true, nil
}

func (w *world) answered(ctx context.Context, id string) (bool, error) {
	w.taken = append(w.taken, id)
	return true, w.needed(ctx, id)
}

// needed is what an owner says.
func (w *world) needed(ctx context.Context, id string) error {
	st, err := w.store.Stack(ctx, id)
	w.must(err)
	st.Lease.Ladder.Answer()
	return w.store.SaveStack(ctx, &st)
}

// live lets time pass, by as much as the sweeps are apart.
func (w *world) live(d, step time.Duration) {
	w.t.Helper()
	for end := w.now.Add(d); w.now.Before(end); w.now = w.now.Add(step) {
		w.must(w.Sweep(w.t.Context()))
	}
}

func (w *world) activity(id string) stackhand.Activity {
	w.t.Helper()
	a, err := w.store.Activity(w.t.Context(), id)
	w.must(err)
	return a
}

var rules = Rules{After: 48 * time.Hour, Stopped: 14 * day, PerMinute: 30}

func TestAnIdleServerIsAskedAbout(t *testing.T) {
	w := newWorld(t, rules)
	w.give("idle")
	w.give("busy")
	w.load["idle"], w.load["busy"] = 0.5, 40
	w.live(72*time.Hour, time.Minute)
	if len(w.begun) != 1 || !strings.HasPrefix(w.begun[0], "idle after 4") && !strings.HasPrefix(w.begun[0], "idle after 5") {
		t.Fatalf("begun: %q", w.begun)
	}
	for _, want := range []string{"idle seems idle: in the last 2 days it used at most 0.5 % of its processors in any hour", "its network traffic is not known", "Nobody did anything"} {
		if !strings.Contains(w.begun[0], want) {
			t.Errorf("%q lacks %q", w.begun[0], want)
		}
	}
	// Its owner needs it: a week of peace, and then it is asked about again.
	w.must(w.needed(t.Context(), "idle"))
	w.live(6*day, time.Minute)
	if len(w.begun) != 1 {
		t.Fatalf("asked again too soon: %q", w.begun)
	}
	w.live(2*day, time.Minute)
	if len(w.begun) != 2 {
		t.Fatalf("not asked again: %q", w.begun)
	}
	// It becomes busy: the question is taken back.
	w.load["idle"] = 80
	w.live(3*time.Hour, time.Minute)
	if len(w.taken) != 1 || w.taken[0] != "idle" {
		t.Errorf("taken back: %v", w.taken)
	}
}

func TestUseCounts(t *testing.T) {
	w := newWorld(t, rules)
	w.give("web-1")
	for range 4 { // every day somebody restarts it, or looks at its console
		w.live(day, time.Minute)
		w.must(Used(t.Context(), w.store, store.ErrConflict, "web-1", "console", w.now))
	}
	if len(w.begun) != 0 {
		t.Fatalf("a server that is used was asked about: %q", w.begun)
	}
	w.live(3*day, time.Minute)
	if len(w.begun) != 1 || !strings.Contains(w.begun[0], "It was last used here at 2026-12-04 12:00 UTC (console).") {
		t.Fatalf("begun: %q", w.begun)
	}
	w.must(Used(t.Context(), w.store, store.ErrConflict, "web-1", "reboot", w.now))
	w.live(2*time.Hour, time.Minute)
	if len(w.taken) != 1 {
		t.Errorf("used after the question: %v", w.taken)
	}
}

func TestNothingIsGuessed(t *testing.T) {
	w := newWorld(t, rules)
	w.give("web-1")
	w.missing = "this cloud gives no numbers."
	w.live(5*day, time.Minute)
	if a := w.activity("web-1"); len(w.begun) != 0 || len(a.Hours) != 0 || a.Missing != w.missing || a.Source != stackhand.SourceNone {
		t.Errorf("without numbers: %q, %+v", w.begun, a)
	}
	w.missing, w.sick = "", stackhand.Errorf(stackhand.Unavailable, "lab does not answer.")
	w.live(5*day, time.Minute)
	if a := w.activity("web-1"); len(w.begun) != 0 || a.Missing != "lab does not answer." {
		t.Errorf("a cloud that does not answer: %q, %+v", w.begun, a)
	}
	// Half of the hours are gaps.
	w.live(3*day, time.Minute)
	for range 10 {
		w.sick = nil
		w.live(3*time.Hour, time.Minute)
		w.sick = stackhand.Errorf(stackhand.Unavailable, "lab does not answer.")
		w.live(8*time.Hour, time.Minute)
	}
	if len(w.begun) != 0 {
		t.Errorf("with gaps: %q", w.begun)
	}
	w.sick = nil
	w.live(3*day, time.Minute)
	if len(w.begun) != 1 {
		t.Errorf("with numbers again: %q", w.begun)
	}
}

func TestAStoppedServerHasItsOwnRule(t *testing.T) {
	w := newWorld(t, rules)
	st := w.give("web-1")
	w.status["web-1"] = "SHUTOFF"
	w.live(13*day, 10*time.Minute)
	if len(w.begun) != 0 {
		t.Fatalf("after 13 days: %q", w.begun)
	}
	w.live(2*day, 10*time.Minute)
	if len(w.begun) != 1 || !strings.HasPrefix(w.begun[0], "stopped after 33") || !strings.Contains(w.begun[0], "web-1 is SHUTOFF since 2026-11-30") {
		t.Fatalf("begun: %q", w.begun)
	}
	delete(w.status, "web-1")
	w.live(day, 10*time.Minute)
	if len(w.taken) != 1 {
		t.Errorf("started again: %v", w.taken)
	}
	// What the ladder itself has put away is not asked about.
	w.begun = nil
	st, err := w.store.Stack(t.Context(), "web-1")
	w.must(err)
	st.Lease.Ladder.Take(stackhand.Rung{Step: stackhand.StepStop, Job: "j", At: w.now})
	w.must(w.store.SaveStack(t.Context(), &st))
	w.status["web-1"] = "SHUTOFF"
	w.live(30*day, 10*time.Minute)
	if len(w.begun) != 0 {
		t.Errorf("put away by the ladder: %q", w.begun)
	}
	st, err = w.store.Stack(t.Context(), "web-1")
	w.must(err)
	st.State, st.Gone = stackhand.StackGone, w.now
	w.must(w.store.SaveStack(t.Context(), &st))
	w.live(day, 10*time.Minute)
	if a := w.activity("web-1"); a.Rev != 0 {
		t.Errorf("of a stack that is gone: %+v", a)
	}
}

// In no minute there are more calls than may be, they are spread out, and every server gets its turn.
func TestAThousandServersStayWithinTheBound(t *testing.T) {
	for _, c := range []struct{ perMinute, each int }{{30, 1}, {30, 2}, {12, 2}, {60, 7}} {
		r := rules
		r.PerMinute = c.perMinute
		w := newWorld(t, r)
		w.each = c.each
		for i := range 1000 {
			w.give(fmt.Sprintf("web-%04d", i))
		}
		w.live(90*time.Minute, Tick)
		w.each++ // each takes one more from now on
		w.live(90*time.Minute, Tick)
		first, near := 0, 0
		for i, at := range w.asked {
			for at.Sub(w.asked[near]) >= Tick {
				near++
			}
			if n := i - near + 1; n > max(c.each+1, c.perMinute/10) {
				t.Fatalf("%+v: %d calls at once, at %s", c, n, at)
			}
			for at.Sub(w.asked[first]) >= time.Minute {
				first++
			}
			if n := i - first + 1; n > c.perMinute {
				t.Fatalf("%+v: %d calls in the minute before %s", c, n, at)
			}
		}
		if least := 170 * c.perMinute * 3 / 4; len(w.asked) < min(least, 2000) {
			t.Errorf("%+v: only %d calls in three hours", c, len(w.asked))
		}
		if minutes := spread(w.asked); minutes < 150 {
			t.Errorf("%+v: calls in %d of 180 minutes", c, minutes)
		}
	}
}

// Servers that are found together are looked at one after the other, over the whole time between two samples.
func TestSamplesAreSpreadOut(t *testing.T) {
	r := rules
	r.PerMinute = 10_000
	w := newWorld(t, r)
	for i := range 60 {
		w.give(fmt.Sprintf("web-%04d", i))
	}
	w.live(2*time.Hour, Tick)
	if minutes := spread(w.asked); minutes < 60 {
		t.Errorf("%d calls in %d minutes only", len(w.asked), minutes)
	}
}

// At every write on the way the process dies; another one goes on. Nobody is asked twice, and no sample is made up.
func TestDyingAtEveryWrite(t *testing.T) {
	for n := 0; ; n++ {
		w := newWorld(t, rules)
		w.give("web-1")
		w.load["web-1"] = 0.5
		w.live(46*time.Hour, 10*time.Minute)
		left, died := n, false
		w.mem.FailCommits(func([]store.Op) error {
			if left--; left < 0 {
				return errors.New("the process died")
			}
			return nil
		})
		for range 40 {
			w.now = w.now.Add(10 * time.Minute)
			if died = w.Sweep(t.Context()) != nil; died {
				break
			}
		}
		w.mem.FailCommits(nil)
		w.Watcher = New(w.o) // which remembers nothing
		w.live(6*time.Hour, 10*time.Minute)
		for _, h := range Hours(w.activity("web-1"))[1:] {
			if h.Known() && math.Abs(h.CPU-0.5) > 0.05 {
				t.Fatalf("died at write %d: %+v", n, h)
			}
		}
		if len(w.begun) != 1 || w.activity("web-1").Asked.IsZero() {
			t.Fatalf("died at write %d: asked %d times", n, len(w.begun))
		}
		if !died {
			return
		}
	}
}

func spread(calls []time.Time) int {
	minutes := map[int]bool{}
	for _, at := range calls {
		minutes[int(at.Sub(t0).Minutes())] = true
	}
	return len(minutes)
}

func TestARecordTakesFourKilobytesAtMost(t *testing.T) {
	w := newWorld(t, rules)
	w.give("a-stack-with-a-long-id-of-40-characters")
	w.load["a-stack-with-a-long-id-of-40-characters"] = 37.5
	w.live(40*day, 30*time.Minute)
	a := w.activity("a-stack-with-a-long-id-of-40-characters")
	a.Missing, a.UsedFor = strings.Repeat("x", 200), "remove security group"
	raw, err := json.Marshal(a)
	if err != nil || len(raw) > 4096 {
		t.Errorf("%d bytes, %v", len(raw), err)
	}
	if len(a.Hours) != maxHours*scoreSize || len(a.Days) != maxDays*scoreSize {
		t.Errorf("%d bytes of hours, %d of days", len(a.Hours), len(a.Days))
	}
	if size := len(a.Hours) + len(a.Days); size > 4096 {
		t.Errorf("%d bytes in memory", size)
	}
	for _, s := range append(Hours(a)[1:], Days(a)[1:]...) {
		if math.Abs(s.CPU-37.5) > 0.1 || s.Net >= 0 {
			t.Fatalf("%+v", s)
		}
	}
}

func TestCounters(t *testing.T) {
	a := stackhand.Counters{At: t0, CPU: time.Hour, CPUs: 2, Net: 1000, NICs: 1, Disk: 5000, Disks: 1, Uptime: 10 * time.Hour}
	later := func(change func(*stackhand.Counters)) stackhand.Counters {
		b := a
		b.At, b.CPU, b.Net, b.Disk, b.Uptime = t0.Add(time.Hour), a.CPU+12*time.Minute, a.Net+3600, a.Disk+7200, 11*time.Hour
		change(&b)
		return b
	}
	for name, c := range map[string]struct {
		change         func(*stackhand.Counters)
		ok             bool
		cpu, net, disk float64
	}{
		"an hour":              {func(*stackhand.Counters) {}, true, 10, 1, 2},
		"started anew":         {func(c *stackhand.Counters) { c.CPU = time.Minute }, false, 0, 0, 0},
		"anew, and much since": {func(c *stackhand.Counters) { c.Uptime = 10 * time.Minute }, false, 0, 0, 0},
		"uptime not told":      {func(c *stackhand.Counters) { c.Uptime = 0 }, true, 10, 1, 2},
		"resized":              {func(c *stackhand.Counters) { c.CPUs = 4 }, false, 0, 0, 0},
		"the same moment":      {func(c *stackhand.Counters) { c.At = t0 }, false, 0, 0, 0},
		"time went back":       {func(c *stackhand.Counters) { c.At = t0.Add(-time.Hour) }, false, 0, 0, 0},
		"another interface":    {func(c *stackhand.Counters) { c.NICs, c.Net = 2, 1<<40 }, true, 10, -1, 2},
		"network went back":    {func(c *stackhand.Counters) { c.Net = 1 }, true, 10, -1, 2},
		"disks not told":       {func(c *stackhand.Counters) { c.Disks, c.Disk = 0, 0 }, true, 10, 1, -1},
	} {
		l, ok := between(a, later(c.change))
		if ok != c.ok || ok && (math.Abs(l.CPU-c.cpu) > 0.01 || l.Net != c.net || l.Disk != c.disk) {
			t.Errorf("%s: %+v, %v", name, l, ok)
		}
	}
	if _, ok := between(stackhand.Counters{}, a); ok {
		t.Error("the first reading alone tells a load")
	}
}

func TestScores(t *testing.T) {
	var a stackhand.Activity
	add(&a, stackhand.Load{From: t0.Add(30 * time.Minute), To: t0.Add(90 * time.Minute), CPU: 3, Net: 2000, Disk: -1})
	add(&a, stackhand.Load{From: t0.Add(90 * time.Minute), To: t0.Add(110 * time.Minute), CPU: 50, Net: -1, Disk: 10})
	add(&a, stackhand.Load{From: t0.Add(5 * time.Hour), To: t0.Add(6 * time.Hour), CPU: 0, Net: 0, Disk: 0})
	add(&a, stackhand.Load{From: t0.Add(7 * time.Hour), To: t0.Add(17 * time.Hour), CPU: 1}) // too long to stand for its hours
	add(&a, stackhand.Load{From: t0.Add(-1000 * time.Hour), To: t0.Add(-999 * time.Hour), CPU: 1})
	h := Hours(a)
	if len(h) != 6 || !h[0].At.Equal(t0) || h[0].CPU != 3 || h[1].CPU != 50 || h[2].Known() || h[3].Known() || !h[5].Known() || h[5].CPU != 0 {
		t.Fatalf("%+v", h)
	}
	if math.Abs(h[1].Net-2000) > 200 || h[0].Disk >= 0 || math.Abs(h[1].Disk-10) > 1 || h[5].Net != 0 {
		t.Errorf("%+v", h)
	}
	if d := Days(a); len(d) != 1 || d[0].CPU != 50 {
		t.Errorf("%+v", d)
	}
}

func TestSwitchedOff(t *testing.T) {
	w := newWorld(t, Rules{})
	w.give("web-1")
	w.live(day, time.Hour)
	if _, due, err := w.NextDue(t.Context(), w.now); due || err != nil || len(w.asked) != 0 {
		t.Errorf("switched off: %v, %v, %d calls", due, err, len(w.asked))
	}
}

func TestNextDue(t *testing.T) {
	w := newWorld(t, rules)
	w.must(w.Sweep(t.Context()))
	w.give("web-1")
	for range 200 {
		next, due, err := w.NextDue(t.Context(), t0.Add(50*time.Hour))
		w.must(err)
		if !due {
			break
		}
		if next.Before(w.now) {
			t.Fatalf("the next moment, %s, is past", next)
		}
		w.now = next.Add(time.Minute)
		w.must(w.Sweep(t.Context()))
	}
	if h := Hours(w.activity("web-1")); len(h) < 45 {
		t.Errorf("only %d hours are known", len(h))
	}
}
