package main

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/stackhand/stackhand"
)

// forge sends an envelope again, changed, and waits until it is dealt with.
func (x *hostile) forge(kind string, change func(p map[string]any)) (mark int) {
	x.t.Helper()
	mark = x.st.slack.Mark()
	if err := x.p.act(x.t.Context(), func() error { return x.st.slack.Forge(kind, change) }); err != nil {
		x.t.Fatal(err)
	}
	if err := x.p.wait(x.t.Context(), time.Minute); err != nil {
		x.t.Fatal(err)
	}
	return mark
}

// told tells whether somebody was shown something since.
func (x *hostile) told(mark int, user, says string) {
	x.t.Helper()
	var all []string
	for _, s := range x.st.slack.Since(mark) {
		if (s.For == user || strings.HasPrefix(s.Channel, "D"+strings.TrimPrefix(user, "U"))) && strings.Contains(s.Text, says) {
			return
		}
		all = append(all, fmt.Sprintf("%s to %q in %s: %s", s.Kind, s.For, s.Channel, s.Text))
	}
	x.t.Errorf("%s was not told %q, but:\n%s", user, says, strings.Join(all, "\n"))
}

// onRecord tells whether a refusal of somebody stands in the audit trail.
func (x *hostile) onRecord(user, says string) {
	x.t.Helper()
	all, err := x.st.on.app.store.AuditTrail(x.t.Context(), stackhand.AuditQuery{Limit: 200})
	if err != nil {
		x.t.Fatal(err)
	}
	var had []string
	for _, r := range all {
		if r.User == user && r.What == stackhand.AuditRefused && strings.Contains(r.Problem, says) {
			return
		}
		had = append(had, r.User+" "+r.What+" "+r.Problem)
	}
	x.t.Errorf("no record of %s with %q, but:\n%s", user, says, strings.Join(had, "\n"))
}

func (x *hostile) stack(name string) stackhand.Stack {
	x.t.Helper()
	all, err := x.st.on.app.store.StacksOfOwner(x.t.Context(), "U0ALICE")
	if err != nil {
		x.t.Fatal(err)
	}
	for _, st := range all {
		if st.Name == name {
			return st
		}
	}
	x.t.Fatalf("alice has no %s", name)
	return stackhand.Stack{}
}

func pressedBy(p map[string]any, user, action, value, ts string) {
	p["user"] = map[string]any{"id": user, "team_id": "T0STACK"}
	delete(p, "response_url") // it would be told to whose it is
	a := p["actions"].([]any)[0].(map[string]any)
	a["action_id"], a["value"], a["action_ts"] = action, value, ts
}

// TestForgedClicks: a press is worth what its presser may do now, whoever they say to be, wherever, with whatever value.
func TestForgedClicks(t *testing.T) {
	x := newHostile(t)
	x.play(`carol #team-a: /stack login
carol submit username=carol password=carol-secret project_name=team-a
bob #team-b: /stack login
bob submit username=bob password=bob-secret
alice #team-a: /stack create web-1 --for 2h
wait
alice click extend`)
	st := x.stack("web-1")
	now := func(n int) string { return fmt.Sprintf("%d.%06d", x.st.clock.Now().Unix(), n) }

	mark := x.forge("block_actions", func(p map[string]any) { pressedBy(p, "U0CAROL", "delete", st.Server, now(1)) })
	x.told(mark, "U0CAROL", "web-1 belongs to alice, so you cannot delete it")
	x.onRecord("U0CAROL", "so you cannot delete it")
	mark = x.forge("block_actions", func(p map[string]any) { pressedBy(p, "U0BOB", "delete", st.ID, now(2)) })
	x.told(mark, "U0BOB", "another project")
	mark = x.forge("block_actions", func(p map[string]any) {
		pressedBy(p, "U0CAROL", "delete", st.Server, now(3))
		p["channel"] = map[string]any{"id": "C0OPS", "name": "ops"}
		p["container"].(map[string]any)["channel_id"] = "C0OPS"
	})
	x.told(mark, "U0CAROL", "so you cannot delete it")
	for i, value := range []string{"", "../../x", strings.Repeat("x", 5000), "web-1 --volumes delete; delete web-1", "<!channel>", "\x00", "web-1\ndelete web-1"} {
		for j, action := range []string{"delete", "choose", "share", "accept", "grant", "retry", "cancel", "cleanup", "keep", "ask", "detail", "nonsense", ""} {
			mark := x.forge("block_actions", func(p map[string]any) { pressedBy(p, "U0CAROL", action, value, now(100+100*i+j)) })
			if len(x.st.slack.Since(mark)) == 0 && action != "" {
				t.Errorf("%s with %q was answered with silence", action, value)
			}
		}
	}
	x.play("cloud servers 1")
	if found := x.check(); len(found) > 0 {
		t.Errorf("%s", strings.Join(found, "\n"))
	}
	if got := x.stack("web-1"); got.Lease.Owner != "U0ALICE" || len(got.Shared) > 0 || got.State != stackhand.StackReady {
		t.Errorf("web-1 became %+v", got)
	}
}

// TestReplays: what was carried out once is not carried out again, at once or after a day and a night.
func TestReplays(t *testing.T) {
	x := newHostile(t)
	x.play(`alice #team-a: /stack create web-1 --for 100h
wait
alice click extend`)
	until := x.stack("web-1").Lease.Until
	for range 3 {
		x.forge("block_actions", nil)
	}
	x.forge("slash_commands", nil)
	if got := x.stack("web-1").Lease.Until; !got.Equal(until) {
		t.Errorf("extended until %s, and by replays until %s", until, got)
	}
	x.play(`cloud servers 1
alice #team-a: /stack extend web-1 1h
expect is yours until
clock +25h`)
	until = x.stack("web-1").Lease.Until
	mark := x.forge("block_actions", nil)
	x.told(mark, "U0ALICE", "That was said more than a day before it came to me")
	x.onRecord("U0ALICE", "more than a day before")
	if got := x.stack("web-1").Lease.Until; !got.Equal(until) {
		t.Errorf("extended until %s by a press of long ago, from %s", got, until)
	}
	x.play("cloud servers 1")
}

// TestForgedForms: a form is worth nothing in somebody else's hands.
func TestForgedForms(t *testing.T) {
	x := newHostile(t)
	x.play(`bob #team-b: /stack login
bob submit username=bob password=bob-secret`)
	mark := x.forge("view_submission", func(p map[string]any) {
		p["user"] = map[string]any{"id": "U0CAROL", "team_id": "T0STACK"}
		p["view"].(map[string]any)["hash"] = "forged"
	})
	x.told(mark, "U0CAROL", "That form was opened for somebody else")
	x.onRecord("U0CAROL", "opened for somebody else")
	creds, err := x.st.on.app.store.Credentials(t.Context(), "U0CAROL")
	if err != nil || len(creds) > 0 {
		t.Errorf("carol is logged in with %d credentials (%v)", len(creds), err)
	}
	for i, meta := range []string{"", "{", `{"form":"nonsense"}`, `{"form":"line","state":"delete web-1"}`, `{"form":"project","state":"lab"}`, strings.Repeat("[", 3000)} {
		x.forge("view_submission", func(p map[string]any) {
			v := p["view"].(map[string]any)
			v["private_metadata"], v["hash"] = meta, fmt.Sprint("forged", i)
		})
	}
	if found := x.check(); len(found) > 0 {
		t.Errorf("%s", strings.Join(found, "\n"))
	}
}

// TestIDsOfOthers: what is in another project is neither shown nor touched, by whatever name or id it is called.
func TestIDsOfOthers(t *testing.T) {
	x := newHostile(t)
	x.play(`bob #team-b: /stack login
bob submit username=bob password=bob-secret
alice #team-a: /stack create web-1
wait`)
	st := x.stack("web-1")
	lines := []string{"show %s", "delete %s", "reboot %s", "console log %s", "console url %s", "extend %s 1h", "share %s @bob", "transfer %s @bob", "rename %s x", "stop %s",
		"image create %s", "password %s", "events %s", "resize %s --flavor m1.medium", "rebuild %s", "add floating ip %s", "unshare %s", "job show " + st.Job, "cancel " + st.Job, "retry " + st.Job}
	for _, l := range lines {
		for _, id := range []string{st.Server, st.ID} {
			if strings.Contains(l, "%s") {
				l = fmt.Sprintf(l, id)
			}
			x.play("bob #team-b: /stack " + l + "\nwait\nreject 203\\.0\\.113\nreject (?i)is at work|ubuntu@")
		}
	}
	for _, r := range st.Ledger {
		noun := map[string]string{"floating ip": "floating ip", "port": "port", "network": "network", "subnet": "subnet", "router": "router", "security group": "security group"}[r.Kind]
		if noun != "" {
			x.play("bob #team-b: /stack " + noun + " delete " + r.ID + "\nwait\nreject (?i)is at work")
		}
	}
	x.play("cloud servers 1\ncloud floating-ips 1")
	if got := x.stack("web-1"); got.State != stackhand.StackReady || len(got.Shared) > 0 || got.Transfer != nil {
		t.Errorf("web-1 became %+v", got)
	}
}
