package main

import (
	"errors"
	"io"
	"strings"
	"testing"
	"time"

	"github.com/stackhand/stackhand/internal/sim/openstack"
)

// What is expected is looked for again though the bot has nothing to do at the first look: that may be between two of its duties.
func TestNotGivenUpAtOnce(t *testing.T) {
	st := openStage(t, demoCmd{Dir: t.TempDir(), ClockRate: 1, ClockAt: *scriptsAt, SlackPace: pace, Build: time.Millisecond, LogLevel: 12})
	p := newPlayer(st, io.Discard)
	if err := p.wait(t.Context(), time.Minute); err != nil {
		t.Fatal(err)
	}
	looks, never := 0, errors.New("not there yet")
	err := p.coming(t.Context(), func() error {
		if looks++; looks < 3 {
			return never
		}
		return nil
	})
	if err != nil || looks != 3 {
		t.Errorf("after %d looks: %v", looks, err)
	}
	if err := p.coming(t.Context(), func() error { return never }); !errors.Is(err, never) {
		t.Errorf("what never comes: %v", err)
	}
}

// When the bot has been killed the workspace knows: what is typed from then on waits for the next life, and does not go to the dead one.
func TestKilledIsGone(t *testing.T) {
	st := openStage(t, demoCmd{Dir: t.TempDir(), ClockRate: 1, ClockAt: *scriptsAt, SlackPace: pace, Build: time.Millisecond, LogLevel: 12})
	for range 5 {
		st.kill()
		if n := st.slack.Connections(); n != 0 {
			t.Fatalf("%d connections of a life that is over", n)
		}
		if err := st.start(t.Context()); err != nil {
			t.Fatal(err)
		}
		if err := newPlayer(st, io.Discard).connected(t.Context()); err != nil {
			t.Fatal(err)
		}
	}
}

// The bot starts again while the cloud is away, as it does anywhere: nobody has to log in anew.
func TestRestartWhileTheCloudIsAway(t *testing.T) {
	st := openStage(t, demoCmd{Dir: t.TempDir(), ClockRate: 1, ClockAt: *scriptsAt, SlackPace: pace, Build: time.Millisecond, LogLevel: 12})
	rule, err := openstack.ParseRule(strings.Fields("any / 503 always"))
	if err != nil {
		t.Fatal(err)
	}
	if err := st.cloud.Fault(rule); err != nil {
		t.Fatal(err)
	}
	st.kill()
	if err := st.start(t.Context()); err != nil {
		t.Fatal(err)
	}
	st.cloud.ClearFaults()
	p := newPlayer(st, t.Output())
	if err := p.connected(t.Context()); err != nil {
		t.Fatal(err)
	}
	for _, text := range []string{"alice #team-a: /stack create web-1", "wait", "expect web-1 ACTIVE"} {
		l, err := parseLine(text)
		if err == nil {
			err = p.do(t.Context(), l)
		}
		if err != nil {
			t.Fatalf("%s: %v", text, err)
		}
	}
}
