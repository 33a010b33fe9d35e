package main

import (
	"errors"
	"io"
	"strings"
	"testing"
	"time"

	"github.com/stackhand/stackhand"
	"github.com/stackhand/stackhand/internal/cloud"
	"github.com/stackhand/stackhand/internal/config"
	"github.com/stackhand/stackhand/internal/idle"
	"github.com/stackhand/stackhand/internal/sim/openstack"
)

// The login that clouds.yaml has may see what an owner may not; where it does not get far, the owner's own is used.
func TestNumbersByTheCloudsOwnLogin(t *testing.T) {
	st, err := newStage(t.Context(), demoCmd{Dir: t.TempDir(), ClockRate: 1, ClockAt: *scriptsAt, SlackPace: pace, Build: 100 * time.Millisecond, LogLevel: 12}, streams{err: io.Discard})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(st.close)
	rule := func(line string) {
		t.Helper()
		r, err := openstack.ParseRule(strings.Fields(line))
		if err := errors.Join(err, st.cloud.Fault(r)); err != nil {
			t.Fatal(err)
		}
	}
	rule("numbers no gnocchi")
	if err := st.start(t.Context()); err != nil {
		t.Fatal(err)
	}
	p := newPlayer(st, io.Discard)
	var lines []scriptLine
	for _, text := range []string{"alice #team-a: /stack create web-1 --for 3d", "wait"} {
		l, err := parseLine(text)
		if err != nil {
			t.Fatal(err)
		}
		lines = append(lines, l)
	}
	if err := p.play(t.Context(), lines); err != nil {
		t.Fatal(err)
	}
	a := st.on.app
	mine, err := a.store.StacksOfOwner(t.Context(), "U0ALICE")
	if err != nil || len(mine) != 1 {
		t.Fatal(mine, err)
	}
	look := func() stackhand.Numbers {
		t.Helper()
		n, err := a.numbers(t.Context(), mine[0], a.now().Add(-time.Hour), mostCalls)
		if err != nil || n.Calls > mostCalls {
			t.Fatalf("%+v, %v", n, err)
		}
		return n
	}
	if n := look(); n.Source != stackhand.SourceNone || !strings.Contains(n.Missing, "administrators only") {
		t.Errorf("with alice's login: %+v", n)
	}
	entry := a.entries[demoCloud]
	login := func(user, project string) {
		entry.Auth = stackhand.Login{Username: user, Password: user + "-secret", ProjectName: project, UserDomain: "Default", ProjectDomain: "Default"}
		a.entries = map[string]cloud.Entry{demoCloud: entry}
		a.pool = cloud.NewPool(a.entries, cloud.Options{Transport: a.outbound, Now: a.now})
	}
	login("admin", "admin")
	if n := look(); n.Source != stackhand.SourceDiagnostics || n.Counters.CPUs != 1 {
		t.Errorf("with an administrator's login in clouds.yaml: %+v", n)
	}
	login("bob", "team-b") // sees nothing of it
	rule("numbers members")
	if n := look(); n.Source != stackhand.SourceDiagnostics {
		t.Errorf("with a useless login in clouds.yaml: %+v", n)
	}
}

func TestIdleRules(t *testing.T) {
	no := false
	for _, c := range []struct {
		in   *config.Idle
		want idle.Rules
	}{
		{nil, idle.Rules{}},
		{&config.Idle{}, idle.Rules{After: 48 * time.Hour, Stopped: 14 * 24 * time.Hour, PerMinute: 30}},
		{&config.Idle{Ask: &no, CPUBelow: 5, NetworkBelow: 2, CallsPerMinute: 60}, idle.Rules{CPU: 5, Net: 2048, PerMinute: 60}},
	} {
		if got := idleRules(c.in); got != c.want {
			t.Errorf("%+v: %+v, want %+v", c.in, got, c.want)
		}
	}
}
