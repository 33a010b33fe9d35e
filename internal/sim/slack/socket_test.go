package slack

import (
	"context"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/coder/websocket"
)

func TestHello(t *testing.T) {
	a := start(t, Options{})
	l := a.dial(a.call("apps.connections.open", nil)["url"].(string))
	hello := l.next()
	info := asObj(hello["debug_info"])
	if hello["num_connections"] != 1.0 || str(asObj(hello["connection_info"]), "app_id") != AppID || str(info, "host") == "" ||
		info["approximate_connection_time"] != 18000.0 || info["build_number"] == nil || str(info, "started") == "" {
		t.Errorf("hello %v", hello)
	}
}

func TestTicketWorksOnce(t *testing.T) {
	a := start(t, Options{})
	url := a.call("apps.connections.open", nil)["url"].(string)
	a.dial(url).next()
	for _, u := range []string{url, strings.Replace(url, "ticket=", "ticket=x", 1)} {
		_, resp, err := websocket.Dial(t.Context(), u, &websocket.DialOptions{HTTPClient: a.http})
		if err == nil || resp.StatusCode != http.StatusForbidden {
			t.Errorf("%s: got %v, want 403", u, err)
		}
	}
}

// Every payload goes to one connection, and each of them gets some.
func TestConnectionsShareThePayloads(t *testing.T) {
	a := start(t, Options{})
	got := make(chan int, 200)
	for i := range 2 {
		l := a.connect()
		go func() {
			for {
				e, err := l.read()
				if err != nil {
					return
				}
				l.ack(e, nil)
				got <- i
			}
		}()
	}
	for range 60 {
		a.typed("alice", "team-a", "", "/stack list")
	}
	var count [2]int
	for range 60 {
		count[<-got]++
	}
	if count[0] == 0 || count[1] == 0 {
		t.Errorf("payloads per connection: %v", count)
	}
	a.waitFor("all acknowledged", func() bool { return a.w.Unacked() == 0 })
}

func TestEleventhConnectionIsSentAway(t *testing.T) {
	a := start(t, Options{})
	for range 10 {
		a.connect()
	}
	l := a.connect()
	if d := l.next(); d["type"] != "disconnect" || d["reason"] != "too_many_websockets" {
		t.Errorf("got %v", d)
	}
	if code := l.ended(); code != websocket.StatusNormalClosure {
		t.Errorf("closed with %v", code)
	}
	a.waitFor("ten left", func() bool { return a.w.Connections() == 10 })
}

func TestLongAckClosesTheConnection(t *testing.T) {
	a := start(t, Options{})
	for _, c := range []struct {
		bytes int
		want  websocket.StatusCode
	}{{20_480, -1}, {20_481, websocket.StatusMessageTooBig}} {
		l := a.connect()
		if err := l.ws.Write(t.Context(), websocket.MessageText, []byte(strings.Repeat(" ", c.bytes))); err != nil {
			t.Fatal(err)
		}
		if c.want < 0 { // still there: the next payload arrives
			a.typed("alice", "team-a", "", "/stack list")
			if l.take()["command"] != "/stack" {
				t.Error("no payload after a long but allowed message")
			}
			_ = l.ws.CloseNow()
			a.waitFor("the end", func() bool { return a.w.Connections() == 0 })
			continue
		}
		if code := l.ended(); code != c.want {
			t.Errorf("%d bytes: closed with %v, want %v", c.bytes, code, c.want)
		}
	}
}

func TestUnackedCommandIsToldToTheUser(t *testing.T) {
	a := start(t, Options{Clocks: Clocks{Ack: 2 * time.Second}})
	mark := a.w.Mark()
	a.typed("alice", "team-a", "", "/stack list")
	a.shown(mark, "notice", `/stack failed with the error "dispatch_failed"`)
	l := a.connect()
	mark = a.w.Mark()
	a.typed("alice", "team-a", "", "/stack list")
	e := l.next()
	s := a.shown(mark, "notice", "/stack failed because the app did not respond")
	if s.For != "U0ALICE" || s.Channel != "C0TEAMA" {
		t.Errorf("shown %+v", s)
	}
	mark = a.w.Mark()
	l.ack(e, obj{"text": "too late"})
	a.typed("alice", "team-a", "", "/stack whoami")
	l.ack(l.next(), obj{"text": "you are alice"})
	a.shown(mark, "ephemeral", "you are alice")
	for _, s := range a.w.Since(mark) {
		if strings.Contains(s.Text, "too late") {
			t.Errorf("an answer after the time was shown: %+v", s)
		}
	}
}

// An event comes again until it is acknowledged, with the same event_id in a new envelope.
func TestEventIsRetried(t *testing.T) {
	a := start(t, Options{Clocks: Clocks{Ack: 20 * time.Millisecond, Retries: []time.Duration{0, 0, 0}}})
	l := a.connect()
	a.typed("alice", "team-a", "", "@stackhand hello")
	seen := map[string]bool{}
	var id string
	for attempt := range 4 {
		e := l.next()
		p := asObj(e["payload"])
		if id == "" {
			id = str(p, "event_id")
		}
		if e["retry_attempt"] != float64(attempt) || str(p, "event_id") != id || seen[str(e, "envelope_id")] {
			t.Fatalf("attempt %d: %v", attempt, e)
		}
		if reason := str(e, "retry_reason"); (attempt == 0) != (reason == "") {
			t.Errorf("attempt %d has the reason %q", attempt, reason)
		}
		seen[str(e, "envelope_id")] = true
	}
	a.waitFor("the end of the retries", func() bool { return a.w.Unacked() == 0 })
}

func TestAckEndsTheRetries(t *testing.T) {
	a := start(t, Options{Clocks: Clocks{Ack: 2 * time.Second, Retries: []time.Duration{0, time.Hour}}})
	l := a.connect()
	a.typed("alice", "team-a", "", "@stackhand hello")
	first := l.next()
	second := l.next()
	l.ack(first, nil) // too late, and for an envelope that is gone
	l.ack(second, nil)
	a.waitFor("the acknowledgement", func() bool { return a.w.Unacked() == 0 })
}

// Without a connection an event waits for its next try; a new connection gets it then.
func TestEventOutlivesAGap(t *testing.T) {
	a := start(t, Options{Clocks: Clocks{Ack: 5 * time.Millisecond, Retries: slices.Repeat([]time.Duration{30 * time.Millisecond}, 1000)}})
	a.typed("alice", "team-a", "", "@stackhand hello")
	if a.w.Unacked() != 1 {
		t.Fatal("the event was not kept")
	}
	l := a.connect()
	if e := l.next(); e["type"] != "events_api" || e["retry_attempt"] == 0.0 {
		t.Errorf("got %v", e)
	}
}

func TestRefreshAfterItsTime(t *testing.T) {
	a := start(t, Options{Clocks: Clocks{Connection: 60 * time.Millisecond, Warning: 30 * time.Millisecond}})
	l := a.connect()
	for _, want := range []string{"warning", "refresh_requested"} {
		if d := l.next(); d["type"] != "disconnect" || d["reason"] != want {
			t.Fatalf("got %v, want %s", d, want)
		}
	}
	if a.w.Connections() != 0 {
		t.Error("a connection that was asked to come again still counts")
	}
}

func TestPings(t *testing.T) {
	a := start(t, Options{Clocks: Clocks{Ping: 200 * time.Millisecond}})
	pings := make(chan bool, 100)
	url := a.call("apps.connections.open", nil)["url"].(string)
	ws, _, err := websocket.Dial(t.Context(), url, &websocket.DialOptions{ //nolint:bodyclose // the connection owns it
		HTTPClient:     a.http,
		OnPingReceived: func(context.Context, []byte) bool { pings <- true; return true },
	})
	if err != nil {
		t.Fatal(err)
	}
	l := &link{t: t, a: a, ws: ws}
	l.next()
	go l.ended() // reading answers pings
	for range 3 {
		<-pings
	}
	if err := ws.Ping(t.Context()); err != nil {
		t.Errorf("a ping of the app was not answered: %v", err)
	}
	_ = ws.CloseNow()
}

// A peer that answers no pings is gone, whatever its TCP connection says.
func TestDeadPeerIsDropped(t *testing.T) {
	a := start(t, Options{Clocks: Clocks{Ping: 5 * time.Millisecond}})
	url := a.call("apps.connections.open", nil)["url"].(string)
	ws, _, err := websocket.Dial(t.Context(), url, &websocket.DialOptions{ //nolint:bodyclose // the connection owns it
		HTTPClient:     a.http,
		OnPingReceived: func(context.Context, []byte) bool { return false },
	})
	if err != nil {
		t.Fatal(err)
	}
	defer ws.CloseNow() //nolint:errcheck // it is closed by the other side
	l := &link{t: t, a: a, ws: ws}
	l.next()
	if code := l.ended(); code != -1 {
		t.Errorf("closed with %v", code)
	}
	a.waitFor("the drop", func() bool { return a.w.Connections() == 0 })
}

func TestCloseEndsEverything(t *testing.T) {
	a := start(t, Options{})
	l := a.connect()
	a.typed("alice", "team-a", "", "@stackhand hello")
	l.next()
	a.w.Close()
	if _, err := l.read(); err == nil {
		t.Error("the connection goes on after Close")
	}
	if err := a.w.Submit("alice", nil); err == nil {
		t.Error("a form was sent in a closed workspace")
	}
	a.w.Close() // a second time does no harm
}

// Between two tries an acknowledgement of the first one comes too late.
func TestLateAckCountsForNothing(t *testing.T) {
	a := start(t, Options{Clocks: Clocks{Ack: 10 * time.Millisecond, Retries: []time.Duration{time.Hour}}})
	l := a.connect()
	a.typed("alice", "team-a", "", "@stackhand hello")
	e := l.next()
	a.waitFor("the time to be over", func() bool {
		a.w.mu.Lock()
		defer a.w.mu.Unlock()
		p := a.w.pending[str(e, "envelope_id")]
		return p != nil && p.waiting
	})
	l.ack(e, nil)
	a.waitFor("the acknowledgement", func() bool { return len(a.w.Frames()) == 3 })
	if a.w.Unacked() != 1 {
		t.Error("a late acknowledgement was taken")
	}
}
