package slack

import (
	"bufio"
	"context"
	"encoding/json"
	"io"
	"net/http"
	"strings"
	"testing"
	"time"
)

func (a *app) get(path string, change func(*http.Request)) (obj, *http.Response) {
	a.t.Helper()
	req, err := http.NewRequestWithContext(a.t.Context(), http.MethodGet, a.url+path, nil)
	if err != nil {
		a.t.Fatal(err)
	}
	if change != nil {
		change(req)
	}
	return a.do(req)
}

func (a *app) state(user string) obj {
	a.t.Helper()
	o, resp := a.get("/ui/state?user="+user, nil)
	if resp.StatusCode != http.StatusOK {
		a.t.Fatalf("state of %s: %v", user, o)
	}
	return o
}

// act sends what the page would send; the answer must be want: "" for ok, or part of an error.
func (a *app) act(want, what string, body obj) obj {
	a.t.Helper()
	o, _ := a.post(a.url+"/ui/"+what, body)
	if want == "" && o["ok"] != true || want != "" && !strings.Contains(str(o, "error"), want) {
		a.t.Errorf("%s %v: got %v, want %q", what, body, o, want)
	}
	return o
}

func TestPageIsFenced(t *testing.T) {
	a := start(t, Options{})
	_, resp := a.get("/", nil)
	if resp.StatusCode != http.StatusOK || !strings.HasPrefix(resp.Header.Get("Content-Type"), "text/html") {
		t.Errorf("the page: %d %v", resp.StatusCode, resp.Header)
	}
	for k, want := range map[string]string{"Content-Security-Policy": policy, "X-Content-Type-Options": "nosniff", "Referrer-Policy": "no-referrer"} {
		if got := resp.Header.Get(k); got != want {
			t.Errorf("%s: %q", k, got)
		}
	}
	for _, path := range []string{"/", "/main.js", "/ui/state?user=alice", "/ui/events?user=alice", "/ui/say"} {
		_, resp := a.get(path, func(r *http.Request) { r.Host = "evil.example:80" })
		if resp.StatusCode != http.StatusForbidden && resp.StatusCode != http.StatusMethodNotAllowed {
			t.Errorf("%s under a foreign name: %d", path, resp.StatusCode)
		}
	}
	body := strings.NewReader(`{"user":"alice","channel":"C0OPS","text":"x"}`)
	resp, err := a.http.Post(a.url+"/ui/say", "text/plain", body) //nolint:noctx // a test
	if err != nil {
		t.Fatal(err)
	}
	_ = resp.Body.Close()
	if resp.StatusCode != http.StatusForbidden || len(a.w.Since(0)) != 0 {
		t.Errorf("a form of another site: %d", resp.StatusCode)
	}
	if o, resp := a.get("/ui/state?user=nobody", nil); resp.StatusCode != http.StatusNotFound {
		t.Errorf("nobody's state: %v", o)
	}
}

func TestLoopback(t *testing.T) {
	for host, want := range map[string]bool{
		"127.0.0.1:80": true, "localhost:8080": true, "localhost": true, "[::1]:80": true, "127.1.2.3": true,
		"example.com": false, "10.0.0.1:80": false, "127.0.0.1.example.com": false, "": false,
	} {
		if got := loopback(host); got != want {
			t.Errorf("%q: %v", host, got)
		}
	}
}

func TestStateIsWhatOneSees(t *testing.T) {
	a := start(t, Options{Channels: append(defaultChannels(), Channel{ID: "G0DUO", Name: "duo", Private: true, Members: []string{"U0BOB"}})})
	a.call("chat.postEphemeral", obj{"channel": "C0OPS", "user": "U0ALICE", "text": "psst"})
	ts := a.call("chat.postMessage", obj{"channel": "C0OPS", "text": "card", "blocks": []any{section("card")}})["ts"]
	a.call("chat.postMessage", obj{"channel": "C0OPS", "text": "reply", "thread_ts": ts})
	s := a.state("alice")
	if s["team"] != "Demo" || s["command"] != "/stack" || str(asObj(s["bot"]), "name") != "stackhand" || len(items(s["users"])) != 5 || str(s, "banner") == "" {
		t.Errorf("state %v", s)
	}
	if n := len(items(s["channels"])); n != 5 { // four and the direct message
		t.Errorf("alice sees %d channels", n)
	}
	if n := len(items(s["messages"])); n != 3 {
		t.Errorf("alice sees %d messages", n)
	}
	m := asObj(items(a.state("bob")["messages"])[0])
	if len(items(a.state("bob")["messages"])) != 2 || m["reply_count"] != 1.0 || m["bot"] != true || len(items(m["blocks"])) != 1 {
		t.Errorf("bob sees %v", m)
	}
	if n := len(items(a.state("bob")["channels"])); n != 6 {
		t.Errorf("bob sees %d channels", n)
	}
}

// events reads the page's stream for user.
func (a *app) events(user, after string) func() obj {
	a.t.Helper()
	ctx, cancel := context.WithCancel(a.t.Context())
	a.t.Cleanup(cancel)
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, a.url+"/ui/events?user="+user+"&after="+after, nil)
	if err != nil {
		a.t.Fatal(err)
	}
	resp, err := a.http.Do(req)
	if err != nil {
		a.t.Fatal(err)
	}
	a.t.Cleanup(func() { _ = resp.Body.Close() })
	if resp.Header.Get("Content-Type") != "text/event-stream" {
		a.t.Fatalf("headers %v", resp.Header)
	}
	lines := bufio.NewScanner(resp.Body)
	return func() obj {
		a.t.Helper()
		for lines.Scan() {
			if data, ok := strings.CutPrefix(lines.Text(), "data: "); ok {
				var o obj
				if err := json.Unmarshal([]byte(data), &o); err != nil {
					a.t.Fatal(err)
				}
				return o
			}
		}
		a.t.Fatal("the stream ended")
		return nil
	}
}

func TestEventStream(t *testing.T) {
	a := start(t, Options{})
	first := a.state("alice")
	next := a.events("alice", "")
	a.typed("bob", "ops", "", "hello")
	a.call("chat.postEphemeral", obj{"channel": "C0OPS", "user": "U0BOB", "text": "for bob"})
	ts := a.call("chat.postMessage", obj{"channel": "C0OPS", "text": "card"})["ts"]
	a.call("chat.update", obj{"channel": "C0OPS", "ts": ts, "text": "changed"})
	a.call("chat.delete", obj{"channel": "C0OPS", "ts": ts})
	a.typed("alice", "ops", "", "/dance")
	var seqs []float64
	for _, want := range []struct{ kind, text string }{
		{"message", "hello"}, {"message", "card"}, {"update", "changed"}, {"delete", ""}, {"notice", ""},
	} {
		e := next()
		if e["type"] != want.kind || want.text != "" && str(asObj(e["message"]), "text") != want.text {
			t.Errorf("got %v, want %v", e, want)
		}
		seqs = append(seqs, e["seq"].(float64))
	}
	// Whoever was away gets what they missed, and only that.
	again := a.events("alice", "0")
	for e := again(); e["seq"] != seqs[0]; e = again() {
		if e["seq"].(float64) > first["seq"].(float64) {
			t.Errorf("got %v", e)
		}
	}
	if e := again(); e["seq"] != seqs[1] {
		t.Errorf("after %v came %v", seqs[0], e)
	}
}

func TestStreamStartsAnew(t *testing.T) {
	a := start(t, Options{})
	a.w.mu.Lock()
	for range historySize + 1 {
		a.w.emit(uiEvent{Type: "status", audience: audience{user: "U0BOB"}})
	}
	a.w.mu.Unlock()
	for _, after := range []string{"1", "999999"} {
		if e := a.events("alice", after)(); e["type"] != "reset" || e["seq"] != nil {
			t.Errorf("after %s: got %v", after, e)
		}
	}
}

// A whole conversation as the page has it.
func TestPageConversation(t *testing.T) {
	a := start(t, Options{})
	l := a.connect()
	a.act("", "say", obj{"user": "U0ALICE", "channel": "C0OPS", "text": "/stack create"})
	p := l.take()
	in := input("b", "name")
	menu := input("m", "image")
	menu["element"] = obj{"type": "external_select", "action_id": "image", "min_query_length": 2}
	menu["optional"] = true
	view := asObj(a.call("views.open", obj{"trigger_id": p["trigger_id"], "view": modal("Form", in, menu, actions(button("more", "More", "1")))})["view"])
	id := view["id"]

	options := make(chan obj, 1)
	go func() {
		options <- a.act("", "options", obj{"user": "U0ALICE", "view_id": id, "block_id": "m", "action_id": "image", "query": "ub"})
	}()
	e := l.next()
	l.ack(e, obj{"option_groups": []any{obj{"label": obj{"type": "plain_text", "text": "Linux"}, "options": []any{obj{"text": obj{"type": "plain_text", "text": "Ubuntu"}, "value": "u"}}}}})
	if o := <-options; len(items(o["options"])) != 1 || asObj(items(o["options"])[0])["group"] != "Linux" {
		t.Errorf("options %v", o)
	}

	a.act("", "click", obj{"user": "U0ALICE", "view_id": id, "action_id": "more", "values": obj{"b": obj{"name": "web-1"}}})
	p = l.take()
	if got := asObj(asObj(asObj(asObj(p["view"])["state"])["values"])["b"])["name"]; str(asObj(got), "value") != "web-1" {
		t.Errorf("clicked with the state %v", got)
	}
	a.act("not there any more", "click", obj{"user": "U0ALICE", "view_id": id, "action_id": "gone"})
	a.act("not open any more", "click", obj{"user": "U0BOB", "view_id": id, "action_id": "more"})

	if o, _ := a.post(a.url+"/ui/submit", obj{"user": "U0ALICE", "view_id": id, "values": obj{"b": obj{"name": ""}}}); str(asObj(o["errors"]), "b") == "" {
		t.Errorf("an empty field: %v", o)
	}
	for _, c := range []struct{ answer, want obj }{
		{obj{"response_action": "errors", "errors": obj{"b": "taken"}}, obj{"b": "taken"}},
		{nil, nil},
	} {
		sent := make(chan obj, 1)
		go func() {
			o, _ := a.post(a.url+"/ui/submit", obj{"user": "U0ALICE", "view_id": id, "values": obj{
				"b": obj{"name": obj{"type": "plain_text_input", "value": "web-2"}}, "m": obj{"image": obj{"type": "external_select", "selected_option": nil}},
			}})
			sent <- o
		}()
		e := l.next()
		l.ack(e, c.answer)
		if o := <-sent; (o["ok"] == true) != (c.want == nil) || c.want != nil && asObj(o["errors"])["b"] != c.want["b"] {
			t.Errorf("sent: %v", o)
		}
	}
	a.act("not open any more", "submit", obj{"user": "U0ALICE", "view_id": id})
	a.act("not open any more", "close", obj{"user": "U0ALICE", "view_id": id})
}

func TestPageActions(t *testing.T) {
	a := start(t, Options{})
	l := a.connect()
	blocks := []any{actions(button("go", "Go", "7")), section("x")}
	ts := a.call("chat.postMessage", obj{"channel": "C0OPS", "text": "card", "blocks": blocks})["ts"]
	a.act("", "click", obj{"user": "U0BOB", "channel": "C0OPS", "message_ts": ts, "action_id": "go"})
	if p := l.take(); asObj(items(p["actions"])[0])["value"] != "7" || asObj(p["user"])["id"] != "U0BOB" || asObj(p["message"])["ts"] != ts {
		t.Errorf("clicked: %v", p)
	}
	a.act("not there any more", "click", obj{"user": "U0BOB", "channel": "C0OPS", "message_ts": "1.2", "action_id": "go"})
	a.act("", "home", obj{"user": "U0BOB"})
	if ev := asObj(l.take()["event"]); ev["type"] != "app_home_opened" {
		t.Errorf("event %v", ev)
	}
	a.act("view_id is missing", "submit", obj{"user": "U0BOB", "channel": "C0OPS", "message_ts": ts})
	a.act("nobody here", "say", obj{"user": "eve", "channel": "C0OPS", "text": "x"})
	a.act("no channel", "say", obj{"user": "bob", "channel": "C0NONE", "text": "x"})
	if _, resp := a.post(a.url+"/ui/say", "not an object"); resp.StatusCode != http.StatusBadRequest {
		t.Errorf("nonsense: %d", resp.StatusCode)
	}
	a.act("", "say", obj{"user": "bob", "channel": "C0OPS", "text": "look", "files": []any{obj{"name": "a.txt", "content_base64": "aGVsbG8="}}})
	messages := items(a.state("alice")["messages"])
	f := asObj(items(asObj(messages[len(messages)-1])["files"])[0])
	resp, err := a.http.Get(a.url + str(f, "url")) //nolint:noctx // a test
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	body, err := io.ReadAll(resp.Body)
	if err != nil || string(body) != "hello" || !strings.HasPrefix(resp.Header.Get("Content-Disposition"), "attachment") {
		t.Errorf("downloaded %q %v %v", body, resp.Header, err)
	}
}

func TestPageIsToldOfSilence(t *testing.T) {
	a := start(t, Options{Clocks: Clocks{Ack: 2 * time.Second}})
	l := a.connect()
	id := a.open(l, input("b", "name"))["id"]
	a.act(noTrouble, "submit", obj{"user": "U0ALICE", "view_id": id, "values": obj{"b": obj{"name": "x"}}})
	if _, open := a.w.Modal("alice"); !open {
		t.Error("what was typed is lost")
	}
}
