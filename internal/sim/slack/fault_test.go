package slack

import (
	"context"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/coder/websocket"
)

func (a *app) fault(name string, args ...string) {
	a.t.Helper()
	if err := a.w.Fault(name, args...); err != nil {
		a.t.Fatal(err)
	}
}

func TestDisconnects(t *testing.T) {
	for _, c := range []struct {
		fault string
		ends  bool // at once
		ready int  // connections that still get payloads
	}{{"warning", false, 1}, {"refresh_requested", false, 0}, {"link_disabled", true, 0}} {
		t.Run(c.fault, func(t *testing.T) {
			a := start(t, Options{})
			l := a.connect()
			a.fault(c.fault)
			if d := l.next(); d["type"] != "disconnect" || d["reason"] != c.fault || asObj(d["debug_info"])["host"] == nil {
				t.Errorf("got %v", d)
			}
			if c.ends {
				if code := l.ended(); code != websocket.StatusNormalClosure {
					t.Errorf("closed with %v", code)
				}
			}
			if n := a.w.Connections(); n != c.ready {
				t.Errorf("%d connections get payloads, want %d", n, c.ready)
			}
		})
	}
}

func TestKillCutsTheLine(t *testing.T) {
	a := start(t, Options{})
	l := a.connect()
	a.fault("kill")
	if code := l.ended(); code != -1 {
		t.Errorf("closed with a frame: %v", code)
	}
	a.waitFor("the end", func() bool { return a.w.Connections() == 0 })
}

func TestHalfOpen(t *testing.T) {
	a := start(t, Options{Clocks: Clocks{Ack: 30 * time.Millisecond, Ping: 200 * time.Millisecond}})
	l := a.connect()
	a.fault("half_open")
	mark := a.w.Mark()
	a.typed("alice", "team-a", "", "/stack list")
	a.shown(mark, "notice", "did not respond")
	if a.w.Connections() != 1 {
		t.Error("the connection was closed")
	}
	_ = l.ws.CloseNow()
}

func TestNoPings(t *testing.T) {
	a := start(t, Options{Clocks: Clocks{Ping: 20 * time.Millisecond}})
	url := a.call("apps.connections.open", nil)["url"].(string)
	pings := make(chan bool, 1000)
	ws, _, err := websocket.Dial(t.Context(), url, &websocket.DialOptions{ //nolint:bodyclose // the connection owns it
		HTTPClient: a.http, OnPingReceived: func(context.Context, []byte) bool { pings <- true; return true },
	})
	if err != nil {
		t.Fatal(err)
	}
	l := &link{t: t, a: a, ws: ws}
	l.next()
	go l.ended()
	<-pings
	a.fault("no_pings")
	if err := ws.Ping(t.Context()); err != nil { // what was sent before has arrived then
		t.Fatal(err)
	}
	for len(pings) > 0 {
		<-pings
	}
	<-time.After(300 * time.Millisecond)
	if n := len(pings); n > 1 { // one may have been on its way
		t.Errorf("pinged %d times", n)
	}
	_ = ws.CloseNow()
}

func TestOpenFails(t *testing.T) {
	a := start(t, Options{})
	a.fault("open_status", "500", "times", "2")
	a.fault("open_status", "429")
	for _, want := range []int{500, 500, 429, 200} {
		_, resp := a.try("apps.connections.open", nil)
		if resp.StatusCode != want || (want == 429) != (resp.Header.Get("Retry-After") != "") {
			t.Errorf("got %d %v, want %d", resp.StatusCode, resp.Header, want)
		}
	}
	a.fault("upgrade_status", "409")
	url := a.call("apps.connections.open", nil)["url"].(string)
	if _, resp, err := websocket.Dial(t.Context(), url, nil); err == nil || resp.StatusCode != http.StatusConflict { //nolint:bodyclose // there is none
		t.Errorf("the upgrade went through: %v", err)
	}
	a.fault("too_many_websockets")
	l := a.connect()
	if d := l.next(); d["reason"] != "too_many_websockets" {
		t.Errorf("got %v", d)
	}
	a.connect()
}

func TestEventsThatHurt(t *testing.T) {
	a := start(t, Options{})
	l := a.connect()
	if err := a.w.Fault("duplicate_event"); err == nil {
		t.Error("an event that never was came again")
	}
	a.typed("alice", "team-a", "", "@stackhand list")
	first := l.next()
	l.ack(first, nil)
	a.waitFor("the acknowledgement", func() bool { return a.w.Unacked() == 0 })
	for _, c := range []struct {
		fault   string
		attempt any
	}{{"duplicate_event", 1.0}, {"late_retry", 3.0}} {
		a.fault(c.fault)
		e := l.next()
		l.ack(e, nil)
		a.waitFor("the acknowledgement", func() bool { return a.w.Unacked() == 0 })
		if e["retry_attempt"] != c.attempt || e["envelope_id"] == first["envelope_id"] ||
			asObj(e["payload"])["event_id"] != asObj(first["payload"])["event_id"] {
			t.Errorf("%s: %v", c.fault, e)
		}
	}
	a.fault("unknown_event")
	if ev := asObj(l.take()["event"]); ev["type"] != "sparkle_added" {
		t.Errorf("got %v", ev)
	}
	a.fault("bad_block")
	if ev := asObj(l.take()["event"]); asObj(items(ev["blocks"])[0])["text"] != 7.0 {
		t.Errorf("got %v", ev)
	}
	a.fault("unknown_envelope")
	e := l.next()
	if e["type"] != "sparkles" || a.w.Unacked() != 1 {
		t.Errorf("got %v", e)
	}
	l.ack(e, nil)
	a.waitFor("the acknowledgement", func() bool { return a.w.Unacked() == 0 })
}

// Slack is away as a whole: its connections are cut, and no call is answered, until it is back.
func TestAway(t *testing.T) {
	a := start(t, Options{})
	a.connect()
	a.waitFor("the connection", func() bool { return a.w.Connections() == 1 })
	a.fault("away")
	a.waitFor("its end", func() bool { return a.w.Connections() == 0 })
	for _, method := range []string{"chat.postMessage", "apps.connections.open", "auth.test"} {
		if _, resp := a.try(method, obj{"channel": "C0OPS", "text": "x"}); resp.StatusCode != 503 {
			t.Errorf("%s: %d", method, resp.StatusCode)
		}
	}
	if len(a.w.Since(0)) != 0 {
		t.Errorf("%d messages", len(a.w.Since(0)))
	}
	a.fault("back")
	a.call("auth.test", nil)
	a.connect()
	a.waitFor("the connection", func() bool { return a.w.Connections() == 1 })
}

func TestAPIFaults(t *testing.T) {
	a := start(t, Options{})
	args := obj{"channel": "C0OPS", "text": "x"}
	a.fault("api", "chat.postMessage", "503", "times", "2")
	a.fault("api", "chat.postMessage", "500", "after")
	for _, c := range []struct{ status, shown int }{{503, 0}, {503, 0}, {500, 1}, {200, 2}} {
		_, resp := a.try("chat.postMessage", args)
		if resp.StatusCode != c.status || len(a.w.Since(0)) != c.shown {
			t.Errorf("got %d with %d messages, want %d with %d", resp.StatusCode, len(a.w.Since(0)), c.status, c.shown)
		}
	}
	a.fault("token_expired")
	a.refused("token_expired", "auth.test", nil)
	a.call("auth.test", nil)
	a.fault("slow_api", "30ms")
	began := time.Now()
	a.call("auth.test", nil)
	if d := time.Since(began); d < 30*time.Millisecond {
		t.Errorf("a slow call took %v", d)
	}
	a.fault("api", "*", "500", "times", "9")
	a.fault("none")
	a.call("auth.test", nil)
	url := a.hookOf(a.connect())
	a.fault("api", "response_url", "502", "after")
	mark := a.w.Mark()
	if status, _ := a.respond(url, obj{"text": "done all the same"}); status != 502 {
		t.Errorf("got %d", status)
	}
	a.shown(mark, "ephemeral", "done all the same")
}

func TestFaultMenu(t *testing.T) {
	a := start(t, Options{})
	for _, c := range []struct {
		args []string
		want string
	}{
		{[]string{"earthquake"}, "there is no fault"},
		{[]string{"warning"}, "there is no connection"},
		{[]string{"kill", "all"}, `unexpected "all"`},
		{[]string{"api", "chat.postMessage"}, "a method and a status are needed"},
		{[]string{"api", "chat.dance", "500"}, "there is no method"},
		{[]string{"api", "chat.update", "oops"}, "is no HTTP status"},
		{[]string{"api", "chat.update", "500", "times", "no"}, "is no number of times"},
		{[]string{"token_expired", "now"}, `unexpected "now"`},
		{[]string{"slow_api"}, "one duration is needed"},
		{[]string{"slow_api", "long"}, "invalid duration"},
		{[]string{"upgrade_status"}, "the status is missing"},
	} {
		if err := a.w.Fault(c.args[0], c.args[1:]...); err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%v: got %v, want %q", c.args, err, c.want)
		}
	}
	if n := len(Faults()); n != len(menu) {
		t.Errorf("%d faults are listed of %d", n, len(menu))
	}
}
