package main

import (
	"fmt"
	"io"
	"net/http"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stackhand/stackhand"
)

// killer ends the bot at one call to the cloud, before the call is sent or after it was answered.
type killer struct {
	host  string
	at    atomic.Int64 // which call from now on; 0 or less: none
	after bool
	calls atomic.Int64 // so far
	hit   chan struct{}
}

// tap gives each life of the bot a network with the killer in it; it strikes in the first life only.
func (k *killer) tap(net http.RoundTripper, dead *atomic.Bool) http.RoundTripper {
	return roundTrip(func(req *http.Request) (*http.Response, error) {
		if req.URL.Host != k.host {
			return net.RoundTrip(req)
		}
		if k.calls.Add(1); k.at.Load() <= 0 || k.at.Add(-1) != 0 {
			return net.RoundTrip(req)
		}
		if k.after {
			resp, err := net.RoundTrip(req)
			if err == nil {
				_, err = io.Copy(io.Discard, resp.Body)
				resp.Body.Close()
			}
			if err != nil {
				return nil, err
			}
		}
		dead.Store(true)
		close(k.hit)
		return nil, errKilled
	})
}

type roundTrip func(*http.Request) (*http.Response, error)

func (f roundTrip) RoundTrip(req *http.Request) (*http.Response, error) { return f(req) }

// crashCase is a line whose every call to the cloud is struck once before and once after it took effect.
type crashCase struct {
	name  string
	first string // typed before, undisturbed
	line  string
	final string // of the only final reply
	left  map[string]int
}

var crashCases = []crashCase{
	{"create", "", "/stack create web-1", "@alice web-1 ACTIVE 203.0.113.",
		map[string]int{"servers": 1, "networks": 1, "routers": 1, "floating-ips": 1, "security-groups": 1, "ports": 2}},
	{"reboot", "/stack create web-1", "/stack reboot web-1", "@alice web-1 was rebooted",
		map[string]int{"servers": 1, "networks": 1, "routers": 1, "floating-ips": 1, "security-groups": 1, "ports": 2}},
	{"delete", "/stack create web-1", "/stack delete web-1", "@alice web-1 is deleted",
		map[string]int{"servers": 0, "networks": 0, "routers": 0, "floating-ips": 0, "security-groups": 0, "ports": 0}},
}

// The bot dies at every single call to the cloud, through the real adapters, and comes up again: all is done,
// nothing is there twice, nothing is left over, and it was said once.
func TestDiesAtEveryCall(t *testing.T) {
	for _, c := range crashCases {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			calls := c.run(t, 0, false)
			if calls < 3 {
				t.Fatalf("only %d calls were seen", calls)
			}
			for i := int64(1); i <= calls; i++ {
				for _, after := range []bool{false, true} {
					t.Run(fmt.Sprintf("%d/%v", i, after), func(t *testing.T) {
						t.Parallel()
						c.run(t, i, after)
					})
				}
			}
		})
	}
}

// run types the line, with the bot dying at call number at, and returns how many calls there were.
func (c crashCase) run(t *testing.T, at int64, after bool) int64 {
	st, err := newStage(t.Context(), demoCmd{Dir: t.TempDir(), ClockRate: 1, ClockAt: *scriptsAt, SlackPace: pace, Build: 100 * time.Millisecond, LogLevel: 12}, streams{err: io.Discard})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(st.close)
	k := &killer{host: strings.TrimPrefix(strings.TrimSuffix(st.auth, "/identity/v3"), "http://"), after: after, hit: make(chan struct{})}
	st.tap = k.tap
	p := newPlayer(st, io.Discard)
	must := func(err error) {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
	}
	must(st.start(t.Context()))
	must(p.connected(t.Context()))
	if c.first != "" {
		must(st.slack.Type("alice", "team-a", "", c.first))
		must(p.wait(t.Context(), time.Minute))
	}
	k.at.Store(at)
	mark, from, reboots := st.slack.Mark(), k.calls.Load(), c.reboots(st)
	must(st.slack.Type("alice", "team-a", "", c.line))
	if at > 0 {
		select {
		case <-k.hit:
			st.kill()
			must(st.start(t.Context()))
			must(p.connected(t.Context()))
		case <-c.over(t, st): // fewer polls than in the counted run: nothing was struck, all else must hold
		}
	}
	must(p.wait(t.Context(), time.Minute))
	calls := k.calls.Load() - from
	c.check(t, st, mark)
	if n := c.reboots(st) - reboots; c.name == "reboot" && n != 1 {
		t.Errorf("rebooted %d times", n)
	}
	return calls
}

// over is closed when the job that the line asked for rests. A dead bot's job does not.
func (c crashCase) over(t *testing.T, st *stage) <-chan struct{} {
	done := make(chan struct{})
	records := st.on.app.store
	go func() {
		for t.Context().Err() == nil {
			jobs, err := records.RecentJobs(t.Context(), "U0ALICE", 1)
			if err == nil && len(jobs) > 0 && jobs[0].Flow == c.name && jobs[0].State.Rests() {
				close(done)
				return
			}
			<-time.After(glance)
		}
	}()
	return done
}

// reboots counts the reboots that the cloud took, answered or not.
func (c crashCase) reboots(st *stage) int {
	n := 0
	for _, r := range st.cloud.Requests() {
		if r.Method == http.MethodPost && strings.HasSuffix(r.Path, "/action") && r.Status == http.StatusAccepted {
			n++
		}
	}
	return n
}

func (c crashCase) check(t *testing.T, st *stage, mark int) {
	t.Helper()
	for kind, want := range c.left {
		if n, err := st.count(t.Context(), kind); err != nil || n != want {
			t.Errorf("the cloud holds %d %s, want %d (%v)", n, kind, want, err)
		}
	}
	finals := 0
	for _, s := range st.slack.Since(mark) {
		if s.Kind == "message" && strings.HasPrefix(s.Text, c.final) {
			finals++
		} else if s.Kind == "message" && strings.HasPrefix(s.Text, "@alice") {
			t.Errorf("another final reply: %s", s.Text)
		}
	}
	if finals != 1 {
		for _, s := range st.slack.Since(mark) {
			t.Logf("[%s] %s", s.Kind, s.Text)
		}
		t.Errorf("%d final replies, want 1", finals)
	}
	jobs, err := st.on.app.store.RecentJobs(t.Context(), "U0ALICE", 10)
	if err != nil || jobs[0].State != stackhand.JobDone {
		t.Errorf("the job is %s (%v)", jobs[0].State, err)
	}
	st.on.app.onTrail(t, len(jobs))
}
