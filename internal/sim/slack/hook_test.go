package slack

import (
	"net/http"
	"strings"
	"testing"
	"time"
)

// hookOf lets alice run a command and returns its response_url.
func (a *app) hookOf(l *link) string {
	a.t.Helper()
	a.typed("alice", "team-a", "", "/stack list")
	return str(l.take(), "response_url")
}

// respond posts to a response_url and returns the status and the body.
func (a *app) respond(url string, body obj) (int, string) {
	a.t.Helper()
	o, resp := a.post(url, body)
	return resp.StatusCode, strings.TrimSpace(str(o, "body"))
}

func TestResponseURL(t *testing.T) {
	a := start(t, Options{})
	l := a.connect()
	url := a.hookOf(l)
	mark := a.w.Mark()
	if status, body := a.respond(url, obj{}); status != http.StatusBadRequest || body != "no_text" {
		t.Errorf("an empty answer: %d %s", status, body)
	}
	if status, body := a.respond(url, obj{"blocks": []any{obj{"type": "alert"}}}); status != http.StatusBadRequest || body != "invalid_blocks" {
		t.Errorf("bad blocks: %d %s", status, body)
	}
	for i := range 5 { // the two above were refused and do not count
		if status, body := a.respond(url, obj{"text": "x"}); status != http.StatusOK || body != "ok" {
			t.Errorf("use %d: %d %s", i+1, status, body)
		}
	}
	if status, body := a.respond(url, obj{"text": "x"}); status != http.StatusNotFound || body != "used_url" {
		t.Errorf("a sixth use: %d %s", status, body)
	}
	if n := len(a.w.Since(mark)); n != 5 {
		t.Errorf("%d answers were shown, want 5", n)
	}
	if status, _ := a.respond(a.url+"/hooks/response/unknown", obj{"text": "x"}); status != http.StatusNotFound {
		t.Errorf("an unknown address: %d", status)
	}
}

func TestResponseURLEnds(t *testing.T) {
	a := start(t, Options{Clocks: Clocks{ResponseURL: time.Millisecond}})
	url := a.hookOf(a.connect())
	<-time.After(5 * time.Millisecond)
	if status, body := a.respond(url, obj{"text": "x"}); status != http.StatusNotFound || body != "expired_url" {
		t.Errorf("after its time: %d %s", status, body)
	}
}

func TestResponses(t *testing.T) {
	a := start(t, Options{})
	l := a.connect()
	blocks := []any{section("Card"), actions(button("go", "Go", ""))}
	ts := a.call("chat.postMessage", obj{"channel": "C0TEAMA", "text": "Card", "blocks": blocks})["ts"]
	url := str(a.press(l, "go"), "response_url")
	for _, c := range []struct {
		body      obj
		kind, who string
		thread    any
	}{
		{obj{"text": "for you"}, "ephemeral", "U0ALICE", ""},
		{obj{"text": "for all", "response_type": "in_channel"}, "message", "", ""},
		{obj{"text": "below", "response_type": "in_channel", "thread_ts": ts, "replace_original": false}, "message", "", ts},
		{obj{"text": "instead", "replace_original": true}, "update", "", ""},
	} {
		mark := a.w.Mark()
		if status, body := a.respond(url, c.body); status != http.StatusOK {
			t.Fatalf("%v: %d %s", c.body, status, body)
		}
		s := a.w.Since(mark)
		if len(s) != 1 || s[0].Kind != c.kind || s[0].For != c.who || s[0].Thread != c.thread || s[0].Text != c.body["text"] {
			t.Errorf("%v: shown %+v", c.body, s)
		}
	}
	if status, _ := a.respond(url, obj{"delete_original": true}); status != http.StatusOK {
		t.Error("not deleted")
	}
	a.refused("message_not_found", "chat.delete", obj{"channel": "C0TEAMA", "ts": ts})
}

// An ephemeral message can be changed by nothing but the response_url of a click on it.
func TestEphemeralIsReplaced(t *testing.T) {
	a := start(t, Options{})
	l := a.connect()
	a.call("chat.postEphemeral", obj{"channel": "C0TEAMA", "user": "U0ALICE", "text": "?", "blocks": []any{actions(button("go", "Go", ""))}})
	url := str(a.press(l, "go"), "response_url")
	mark := a.w.Mark()
	_, _ = a.respond(url, obj{"text": "!", "blocks": []any{}, "replace_original": true, "response_type": "in_channel"})
	if s := a.w.Since(mark); len(s) != 1 || s[0].Kind != "update" || s[0].For != "U0ALICE" {
		t.Errorf("shown %+v", s)
	}
	if err := a.w.Click("alice", "go"); err == nil {
		t.Error("the button is still there")
	}
}
