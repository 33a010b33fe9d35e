package slack

import (
	"strings"
	"testing"
)

// A slash command, its answer with a button, a modal, and the message that comes of it.
func TestConversation(t *testing.T) {
	a := start(t, Options{})
	l := a.connect()
	mark := a.w.Mark()
	a.typed("alice", "#team-a", "", "/stack create web-1 & more for @bob")
	e := l.next()
	p := asObj(e["payload"])
	if e["type"] != "slash_commands" || e["accepts_response_payload"] != true || p["command"] != "/stack" ||
		p["text"] != "create web-1 &amp; more for <@U0BOB|bob>" || p["channel_name"] != "team-a" || p["user_id"] != "U0ALICE" {
		t.Fatalf("envelope %v", e)
	}
	l.ack(e, obj{"text": "Shall I?", "blocks": []any{section("Shall I?"), actions(button("go", "Go", "1"))}})
	s := a.shown(mark, "ephemeral", "Shall I?")
	if s.For != "U0ALICE" || s.Text != "Shall I?\n[Go]" {
		t.Errorf("shown %+v", s)
	}
	if err := a.w.Click("bob", "go"); err == nil || !strings.Contains(err.Error(), "none at all") {
		t.Errorf("bob pressed a button that he does not see: %v", err)
	}
	if err := a.w.Click("alice", "go"); err != nil {
		t.Fatal(err)
	}
	p = l.take()
	if asObj(p["container"])["is_ephemeral"] != true || p["message"] != nil {
		t.Errorf("a click on an ephemeral message brought %v", p)
	}
	a.call("views.open", obj{"trigger_id": p["trigger_id"], "view": modal("Who?", input("b", "username"))})
	a.shown(mark, "modal", "Your username:")
	done := make(chan error, 1)
	go func() { done <- a.w.Submit("alice", map[string]string{"username": "ally"}) }()
	e = l.next()
	values := asObj(asObj(asObj(asObj(e["payload"])["view"])["state"])["values"])
	if got := str(asObj(asObj(values["b"])["username"]), "value"); got != "ally" {
		t.Errorf("submitted %v", values)
	}
	l.ack(e, nil)
	if err := <-done; err != nil {
		t.Fatal(err)
	}
	if _, open := a.w.Modal("alice"); open {
		t.Error("the modal is still open")
	}
	a.call("chat.postMessage", obj{"channel": "C0TEAMA", "text": "*web-1* is `203.0.113.7`, <@U0ALICE>"})
	if s := a.shown(mark, "message", "web-1 is"); s.Text != "web-1 is 203.0.113.7, @alice" || s.User != BotUserID {
		t.Errorf("shown %+v", s)
	}
	if n := a.w.Unacked(); n != 0 {
		t.Errorf("%d envelopes are unacknowledged", n)
	}
}
