package main

import (
	"io"
	"testing"
	"time"

	"github.com/stackhand/stackhand/internal/sim/slack/browse"
)

// openStage is the demo with its bot on and connected, until the test ends.
func openStage(t *testing.T, d demoCmd) *stage {
	t.Helper()
	st, err := newStage(t.Context(), d, streams{err: io.Discard})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(st.close)
	if err := st.start(t.Context()); err != nil {
		t.Fatal(err)
	}
	if err := newPlayer(st, io.Discard).connected(t.Context()); err != nil {
		t.Fatal(err)
	}
	return st
}

// TestInTheBrowser is the product as its user sees it: log in, create a server, press Reboot, delete it, on the
// page of the demo, in Debian's chromium.
func TestInTheBrowser(t *testing.T) {
	ctx := browse.Browser(t)
	st := openStage(t, demoCmd{Dir: t.TempDir(), ClockRate: 1, SlackPace: pace, Build: time.Second, LogLevel: 12})
	p := browse.Open(t, ctx, st.page, 1280, 860)
	messages, thread := browse.ID("messages"), browse.ID("thread-messages")

	p.Become("U0BOB")
	p.Click(browse.ID("channel-C0TEAMB"))
	p.Say("composer", "/stack login")
	p.See(browse.ID("modal"), "Log in")
	p.Click(browse.ID("action-username"))
	p.Keys("bob")
	p.Click(browse.ID("action-password"))
	p.Keys("bob-secret")
	p.Shot("login")
	p.Click(browse.ID("modal-submit"))
	p.See(browse.ID("modal"), "logged in to lab as bob")
	p.Click(browse.ID("modal-x"))
	p.Gone(browse.ID("modal"))

	p.Say("composer", "/stack create web-1 --for 2h")
	p.See(messages, "Create web-1")
	p.Click(browse.ID("open-thread"))
	p.See(thread, "Floating IP")
	p.Shot("building")
	p.See(thread, "web-1 ACTIVE 203.0.113.")
	p.See(thread, "ssh ubuntu@203.0.113.")
	p.See(messages, "done after")
	p.Shot("ready")

	p.Click(messages + " " + browse.ID("action-reboot"))
	p.See(browse.ID("confirm"), "web-1")
	p.Shot("confirm")
	p.Click(browse.ID("confirm-ok"))
	p.See(thread, "web-1 was rebooted")

	p.Say("thread-composer", "@stackhand show")
	p.See(thread, "m1.small")
	p.Click(messages + " " + browse.ID("action-delete"))
	p.Click(browse.ID("confirm-ok"))
	p.See(thread, "web-1 is deleted")
	p.Shot("deleted")
	for _, kind := range []string{"servers", "networks", "routers", "ports", "floating-ips", "security-groups"} {
		if n := st.cloud.Count(kind, "team-b"); n != 0 {
			t.Errorf("the cloud still holds %d %s", n, kind)
		}
	}
	p.Click(`[data-testid^="channel-D"]`)
	p.Click(browse.ID("tab-home"))
	p.See(browse.ID("home"), "server")
	p.Shot("home")
}
