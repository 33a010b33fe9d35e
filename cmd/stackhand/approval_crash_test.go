package main

import (
	"context"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stackhand/stackhand"
	"github.com/stackhand/stackhand/store"
)

// brittle is a disk that ends the bot at one write, before it is done or after.
type brittle struct {
	store.Driver
	dead   *atomic.Bool
	at     *atomic.Int64 // which write from now on; 0 or less: none
	after  bool
	struck chan struct{}
}

func (b brittle) Commit(ctx context.Context, ops ...store.Op) (int64, error) {
	if b.at.Load() <= 0 || b.at.Add(-1) != 0 { // several may be under way at once
		return b.Driver.Commit(ctx, ops...)
	}
	if b.after {
		if _, err := b.Driver.Commit(ctx, ops...); err != nil {
			return 0, err
		}
	}
	b.dead.Store(true)
	close(b.struck)
	return 0, errKilled
}

const largeRule = `policy:
  - name: servers
    when: request.verb == "create"
    then: approve
`

// TestDiesAtEveryWriteOfAnApproval has the bot die at each write from the click on, until the job is there for sure: after the
// restart there is one server, and whoever asked is told once.
func TestDiesAtEveryWriteOfAnApproval(t *testing.T) {
	rules := filepath.Join(t.TempDir(), "rules.yaml")
	if err := os.WriteFile(rules, []byte(largeRule), 0o600); err != nil {
		t.Fatal(err)
	}
	for _, after := range []bool{false, true} {
		for n := int64(1); ; n++ {
			begun := false
			t.Run(fmt.Sprintf("%d/%v", n, after), func(t *testing.T) { begun = approvedDyingAt(t, rules, n, after) })
			if begun || t.Failed() {
				if n < 4 {
					t.Errorf("only %d writes", n)
				}
				break
			}
		}
	}
}

// approvedDyingAt tells whether the job was there when the bot died.
func approvedDyingAt(t *testing.T, rules string, n int64, after bool) (begun bool) {
	st, err := newStage(t.Context(), demoCmd{Dir: t.TempDir(), Policy: rules, ClockRate: 1, ClockAt: *scriptsAt, SlackPace: pace, Build: 100 * time.Millisecond, LogLevel: 12}, streams{err: io.Discard})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(st.close)
	at, struck := new(atomic.Int64), make(chan struct{})
	st.disk = func(d store.Driver, dead *atomic.Bool) store.Driver {
		return brittle{d, dead, at, after, struck}
	}
	p := newPlayer(st, io.Discard)
	must := func(err error) {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
	}
	must(st.start(t.Context()))
	must(p.connected(t.Context()))
	must(st.slack.Type("alice", "team-a", "", "/stack create web-1"))
	must(p.wait(t.Context(), time.Minute))
	mark := st.slack.Mark()
	at.Store(n)
	must(st.slack.Click("carol", "approve"))
	select {
	case <-struck:
	case <-time.After(3 * time.Minute):
		t.Fatalf("there is no write %d", n)
	}
	st.kill()
	a, closed := onFile(t, filepath.Join(st.dir, "stackhand.db")) // before the next life goes on with it
	asked, err := a.store.RecentRequests(t.Context(), "", 0)
	must(err)
	begun = len(asked) == 1 && asked[0].Started
	closed()
	must(st.start(t.Context()))
	must(p.connected(t.Context()))
	must(p.wait(t.Context(), time.Minute))
	// What was not written down when the bot died was not acknowledged, and Slack does not repeat clicks.
	if asked, err = st.on.app.store.RecentRequests(t.Context(), "", 0); len(asked) == 1 && asked[0].State == stackhand.RequestOpen {
		must(st.slack.Click("carol", "approve"))
		must(p.wait(t.Context(), time.Minute))
	}
	must(err)
	if got := st.cloud.Count("servers", "team-a"); got != 1 {
		t.Errorf("%d servers", got)
	}
	told := 0
	for _, s := range st.slack.Since(mark) {
		if s.Kind == "message" && strings.Contains(s.Text, "@alice web-1 ACTIVE") {
			told++
		}
	}
	if told != 1 {
		t.Errorf("alice was told %d times", told)
	}
	return begun
}
