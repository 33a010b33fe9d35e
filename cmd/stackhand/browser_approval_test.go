package main

import (
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/stackhand/stackhand/internal/sim/slack/browse"
)

// TestApprovalInTheBrowser is an approver's whole path with three people on the page of the demo: alice asks, carol wants it
// otherwise in the form, dana gives the second approval; then carol denies another one with a reason.
func TestApprovalInTheBrowser(t *testing.T) {
	ctx := browse.Browser(t)
	rules := filepath.Join(t.TempDir(), "rules.yaml")
	if err := os.WriteFile(rules, []byte(`policy:
  - name: large
    when: request.verb == "create" && flavor.vcpus > 1
    then: approve
    why: large servers cost money
    needed: 2
    approvers: [S0OPS]
approvals: {channel: C0OPS}
`), 0o600); err != nil {
		t.Fatal(err)
	}
	st := openStage(t, demoCmd{Dir: t.TempDir(), Policy: rules, ClockRate: 1, Build: time.Second, SlackPace: 20, LogLevel: 12})
	p := browse.Open(t, ctx, st.page, 1280, 1000)
	messages, thread := browse.ID("messages"), browse.ID("thread-messages")
	as := func(person, channel string) {
		p.Become(person)
		p.Click(browse.ID("channel-" + channel))
	}

	as("U0ALICE", "C0TEAMA")
	p.Say("composer", "/stack create web-1 --flavor m1.medium --for 8h")
	p.See(messages, "waits for the approval of @ops")
	p.See(messages, "Cost: 0.96 a day, 0.32 for 8h")
	p.Shot("asked")
	p.Click(messages + " " + browse.ID("action-approve"))
	p.See(messages, "You asked for Create web-1 yourself")

	as("U0CAROL", "C0OPS")
	p.See(messages, "waits for the approval of @ops")
	p.Shot("approver")
	p.Click(messages + " " + browse.ID("action-change"))
	p.See(browse.ID("modal"), "Change and approve")
	p.Click(browse.ID("action-for"))
	p.Keys("2h")
	p.Shot("change")
	p.Click(browse.ID("modal-submit"))
	p.See(browse.ID("modal"), "It still needs 1 more approval")
	p.Shot("changed")
	p.Click(browse.ID("modal-x"))
	p.Gone(browse.ID("modal"))
	p.See(messages, "1 of 2 approvals so far, by @carol")
	p.See(messages, "Carol changed it. Ends: 2h after it is ready instead of 8h after it is ready")
	p.Shot("one of two")

	as("U0DANA", "C0OPS")
	p.Click(messages + " " + browse.ID("action-approve"))
	p.See(messages, "You approved Create web-1")
	p.See(messages, "approved by @carol and @dana")

	as("U0ALICE", "C0TEAMA")
	p.See(messages, "Create web-1: done")
	p.Click(browse.ID("open-thread"))
	p.See(thread, "Carol changed it")
	p.See(thread, "web-1 ACTIVE 203.0.113.")
	p.Shot("done")

	p.Say("composer", "/stack create web-2 --flavor m1.large")
	p.See(messages, "Create web-2: waits")
	as("U0CAROL", "C0OPS")
	p.See(messages, "Create web-2: waits")
	p.Click(messages + " " + browse.ID("action-deny"))
	p.See(browse.ID("modal"), "Why")
	p.Click(browse.ID("action-why"))
	p.Keys("too large for a test")
	p.Shot("deny")
	p.Click(browse.ID("modal-submit"))
	p.See(browse.ID("modal"), "You denied Create web-2")
	p.Click(browse.ID("modal-x"))
	p.See(messages, "denied by @carol: too large for a test")
	p.Shot("denied")
	as("U0ALICE", "C0TEAMA")
	p.See(messages, "denied by @carol: too large for a test")
	if n := st.cloud.Count("servers", "team-a"); n != 1 {
		t.Errorf("the cloud holds %d servers", n)
	}
}
