package idle

import (
	"fmt"
	"runtime"
	"strings"
	"testing"
	"time"

	"github.com/stackhand/stackhand"
)

// A report names a server before its owner is asked, and where nobody is.
func TestSeems(t *testing.T) {
	for name, r := range map[string]Rules{"asked": rules, "nobody is asked": {PerMinute: 30}} {
		w := newWorld(t, r)
		w.give("idle")
		w.give("busy")
		w.load["idle"], w.load["busy"] = 40, 40
		w.live(3*time.Hour, time.Minute)
		w.load["idle"] = 0.5
		w.live(22*time.Hour, time.Minute)
		seems := func(id string) Seeming { return w.Rules().Seems(w.activity(id), t0, w.now) }
		if s := seems("idle"); s.Reason != stackhand.ReasonTime || s.Blind != "" {
			t.Errorf("%s: busy 22 hours ago: %+v", name, s)
		}
		w.live(7*time.Hour, time.Minute)
		s := seems("idle")
		if s.Reason != stackhand.ReasonIdle || len(w.begun) != 0 {
			t.Fatalf("%s: after a day: %+v, asked %q", name, s, w.begun)
		}
		if d := s.Since.Sub(t0); d < 3*time.Hour || d > 5*time.Hour {
			t.Errorf("%s: since %s", name, s.Since)
		}
		if got, want := s.Evidence.String(), "at most 0.5 % of its processors in any hour, its network traffic is not known"; got != want {
			t.Errorf("%s: %q", name, got)
		}
		if s := seems("busy"); s.Reason != stackhand.ReasonTime || s.Blind != "" {
			t.Errorf("%s: busy: %+v", name, s)
		}
		w.must(Used(t.Context(), w.store, nil, "idle", "console", w.now))
		if s := seems("idle"); s.Reason != stackhand.ReasonTime || s.Blind != "" {
			t.Errorf("%s: used just now: %+v", name, s)
		}
	}
}

// What is not known is said, and nothing is made of it.
func TestSeemsWithoutNumbers(t *testing.T) {
	w := newWorld(t, rules)
	w.give("web-1")
	w.missing = "this cloud gives no numbers."
	seems := func() Seeming { return w.Rules().Seems(w.activity("web-1"), t0, w.now) }
	w.live(20*time.Hour, 10*time.Minute)
	if s := seems(); s.Blind != "" || s.Reason != stackhand.ReasonTime {
		t.Errorf("a new server: %+v", s)
	}
	w.live(10*time.Hour, 10*time.Minute)
	if s := seems(); s.Blind != w.missing || s.Reason != stackhand.ReasonTime {
		t.Errorf("without numbers: %+v", s)
	}
	w.missing, w.sick = "", stackhand.Errorf(stackhand.Unavailable, "lab does not answer.")
	w.live(10*time.Hour, 10*time.Minute)
	if s := seems(); s.Reason != stackhand.ReasonTime || s.Blind == "" {
		t.Errorf("a cloud that does not answer: %+v", s)
	}
	w.sick = nil
	w.live(10*time.Hour, 10*time.Minute)
	if s := seems(); s.Reason != stackhand.ReasonTime || s.Blind != "there are too few numbers of the last 24 hours." {
		t.Errorf("too few: %+v", s)
	}
	w.live(20*time.Hour, 10*time.Minute)
	if s := seems(); s.Reason != stackhand.ReasonIdle {
		t.Errorf("with numbers: %+v", s)
	}
	// A gap ends what is said of the time before it.
	w.sick = stackhand.Errorf(stackhand.Unavailable, "lab does not answer.")
	w.live(9*time.Hour, 10*time.Minute)
	w.sick = nil
	w.live(23*time.Hour, 10*time.Minute)
	if s := seems(); s.Reason != stackhand.ReasonIdle || w.now.Sub(s.Since) > 24*time.Hour {
		t.Errorf("after a gap: %s, %+v", w.now.Sub(s.Since), s)
	}
}

// A server that does not run is named after longer than a weekend.
func TestSeemsStopped(t *testing.T) {
	w := newWorld(t, Rules{PerMinute: 30})
	w.give("web-1")
	w.status["web-1"] = "SHUTOFF"
	seems := func() Seeming { return w.Rules().Seems(w.activity("web-1"), t0, w.now) }
	w.live(62*time.Hour, 10*time.Minute)
	if s := seems(); s.Reason != stackhand.ReasonTime || s.Blind != "" {
		t.Errorf("over a weekend: %+v", s)
	}
	w.live(20*time.Hour, 10*time.Minute)
	if s := seems(); s.Reason != stackhand.ReasonStands || !strings.HasPrefix(s.Evidence.String(), "it is SHUTOFF, and its disk") || s.Since.Sub(t0) > 7*time.Hour {
		t.Errorf("for longer: %+v", s)
	}
	w.status["web-1"] = "ERROR"
	w.live(7*time.Hour, 10*time.Minute)
	if s := seems(); s.Reason != stackhand.ReasonTime {
		t.Errorf("nobody put it away: %+v", s)
	}
}

// A thousand servers that were watched for longer than anything is kept take at most 4 KB each: on disk, with their places in the index,
// and in the memory of a watcher that has just looked at all of them.
func TestAThousandServersTakeFourKilobytesEach(t *testing.T) {
	const n = 1000
	w := newWorld(t, rules)
	first := w.give("a-stack-with-a-long-name-0000")
	w.load[first.ID] = 12
	w.live(8*day, 30*time.Minute)
	for i := 1; i < n; i++ { // who has been watched as long
		st := w.give(fmt.Sprintf("a-stack-with-a-long-name-%04d", i))
		a := w.activity(first.ID)
		a.Stack, a.Rev, a.Next = st.ID, 0, w.now.Add(time.Duration(i)*time.Hour/n)
		w.must(w.store.SaveActivity(t.Context(), &a))
	}
	size, longest := 0, 0
	items, err := w.mem.Scan(t.Context(), "activity", "activity\xff", 0)
	w.must(err)
	for _, i := range items {
		size += len(i.Key) + len(i.Value)
		longest = max(longest, len(i.Value))
	}
	if size < n*maxHours*scoreSize || longest > 4096 || size/n > 4096 {
		t.Errorf("%d bytes for %d servers on disk, at most %d for one", size, n, longest)
	}
	heap := func() uint64 {
		runtime.GC()
		var m runtime.MemStats
		runtime.ReadMemStats(&m)
		return m.HeapAlloc
	}
	w.asked = nil
	before := heap()
	fresh := New(w.o)
	w.Watcher = fresh
	w.live(90*time.Minute, Tick)
	w.asked = nil
	if len(fresh.cost) != n {
		t.Fatalf("looked at %d servers", len(fresh.cost))
	}
	if grown := int64(heap()) - int64(before); grown > n*4096 {
		t.Errorf("%d bytes in memory for %d servers", grown, n)
	}
	runtime.KeepAlive(fresh)
}
