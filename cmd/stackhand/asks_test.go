package main

import (
	"io"
	"path"
	"strings"
	"testing"
	"time"
)

// Where many servers of a project come to something at once, the cloud is asked for a few, and then for a list; what that tells counts as
// an answer does.
func TestManyAtOnceAreListed(t *testing.T) {
	st, err := newStage(t.Context(), demoCmd{Dir: t.TempDir(), ClockRate: 1, ClockAt: *scriptsAt, SlackPace: pace, Build: 100 * time.Millisecond, LogLevel: 12},
		streams{err: io.Discard})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(st.close)
	st.sweep = "@every 1000h" // what is asked is counted
	if err := st.start(t.Context()); err != nil {
		t.Fatal(err)
	}
	var out strings.Builder
	p := newPlayer(st, &out)
	play := func(talk ...string) {
		t.Helper()
		for _, text := range talk {
			l, err := parseLine(text)
			if err == nil {
				err = p.play(t.Context(), []scriptLine{l})
			}
			if err != nil {
				t.Fatalf("%v\n%s", err, &out)
			}
		}
	}
	asked := func() (one, all int) {
		for _, r := range st.cloud.Requests() {
			switch {
			case r.Method == "GET" && path.Base(r.Path) == "detail" && strings.Contains(r.Path, "/servers/"):
				all++
			case r.Method == "GET" && path.Base(path.Dir(r.Path)) == "servers":
				one++
			}
		}
		return one, all
	}
	play("alice #team-a: /stack create web --count 8 --for 3h", "wait 3m", "cloud servers 8")
	if err := p.pass(t.Context(), st.clock.Now().Add(121*time.Minute)); err != nil {
		t.Fatal(err)
	}
	st.cloud.ResetRequests()
	if err := st.on.app.sweeper.Sweep(t.Context()); err != nil {
		t.Fatal(err)
	}
	if one, all := asked(); one < 5 || one >= 8 || all == 0 { // the bot may do something else at that moment
		t.Errorf("asked for %d servers and %d lists before the warnings", one, all)
	}
	play("wait", "expect web-8 will be stopped")
}
