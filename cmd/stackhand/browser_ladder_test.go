package main

import (
	"testing"
	"time"

	"github.com/stackhand/stackhand/internal/sim/slack/browse"
)

// TestLadderInTheBrowser is the end of a server as its owner sees it in the direct messages, while ten minutes go by in every
// second: warned, stopped by hand and by time, started again, kept for longer, and made an image of that a new one comes from.
func TestLadderInTheBrowser(t *testing.T) {
	ctx := browse.Browser(t)
	st := openStage(t, demoCmd{Dir: t.TempDir(), ClockRate: 600, Build: time.Minute, SlackPace: 20, LogLevel: 12})
	p := browse.Open(t, ctx, st.page, 1280, 1000)
	messages, thread := browse.ID("messages"), browse.ID("thread-messages")
	press := func(action string) { p.Click(messages + " " + browse.ID("action-"+action)) }
	p.Become("U0ALICE")
	p.Click(browse.ID("channel-C0TEAMA"))
	p.Say("composer", "/stack create web-1 --for 26h") // a day between the first warning and the end: more than two minutes, for whoever is slow
	p.See(messages, "Create web-1: done")

	p.Click(`[data-testid^="channel-D"]`)
	p.See(messages, "web-1 expires in")
	p.See(messages, "It will then be stopped. Nothing of it is lost then")
	p.Shot("warned")
	press("stop")
	p.See(browse.ID("confirm"), "Stop web-1 now?")
	p.Shot("confirm")
	p.Click(browse.ID("confirm-ok"))
	p.Click(browse.ID("open-thread"))
	p.See(thread, "Stop web-1")
	p.See(thread, "done")
	st.clock.MoveTo(st.clock.Now().Add(23 * time.Hour))
	p.See(messages, "web-1 is stopped, because its time is over")
	p.See(messages, "It will be deleted with everything that was made for it in ")
	p.Shot("stopped")
	press("start")
	p.Click(browse.ID("channel-C0TEAMA"))
	p.See(messages, "web-1 ACTIVE")
	p.Click(`[data-testid^="channel-D"]`)
	press("keep")
	p.See(browse.ID("modal"), "Until")
	p.Click(browse.ID("action-until"))
	p.Keys("10d")
	p.Shot("until")
	p.Click(browse.ID("modal-submit"))
	p.See(browse.ID("modal"), "web-1 is yours until")
	p.Click(browse.ID("modal-x"))
	p.Gone(browse.ID("modal"))

	press("archive")
	p.See(browse.ID("confirm"), "Make an image of web-1")
	p.Click(browse.ID("confirm-ok"))
	p.Click(browse.ID("open-thread"))
	p.See(thread, "The image web-1-20")
	p.See(thread, "web-1 is deleted")
	p.Shot("archived")
	p.Click(thread + " " + browse.ID("action-choose"))
	p.See(thread, "web-1 ACTIVE 203.0.113.")
	p.Shot("restored")
	if n := st.cloud.Count("servers", "team-a"); n != 1 {
		t.Errorf("the cloud holds %d servers", n)
	}
}
