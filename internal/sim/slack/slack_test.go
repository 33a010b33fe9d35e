package slack

import (
	"bytes"
	"context"
	"encoding/json"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/coder/websocket"
	"go.uber.org/goleak"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// app is a program on the workspace that sees every byte: it answers nothing by itself.
type app struct {
	t    *testing.T
	w    *Workspace
	url  string
	http *http.Client
}

// start runs a workspace and closes it at the end of the test.
func start(t *testing.T, opt Options) *app {
	t.Helper()
	w := New(opt)
	srv := httptest.NewServer(w)
	a := &app{t: t, w: w, url: srv.URL, http: srv.Client()}
	t.Cleanup(func() {
		w.Close()
		srv.CloseClientConnections()
		srv.Close()
	})
	return a
}

// call is a call of the Web API as JSON; it fails the test unless it is answered ok.
func (a *app) call(method string, args obj) obj {
	a.t.Helper()
	o, _ := a.try(method, args)
	if o["ok"] != true {
		a.t.Fatalf("%s %v: %v", method, args, o)
	}
	return o
}

// refused expects an error of the Web API and returns the whole answer.
func (a *app) refused(want, method string, args obj) obj {
	a.t.Helper()
	o, _ := a.try(method, args)
	if o["ok"] != false || o["error"] != want {
		a.t.Errorf("%s %.200v: got %v, want error %s", method, args, o, want)
	}
	return o
}

func (a *app) try(method string, args obj) (obj, *http.Response) {
	a.t.Helper()
	token := a.w.BotToken()
	if method == "apps.connections.open" {
		token = a.w.AppToken()
	}
	body, err := json.Marshal(args)
	if err != nil {
		a.t.Fatal(err)
	}
	req, err := http.NewRequestWithContext(a.t.Context(), http.MethodPost, a.url+"/api/"+method, bytes.NewReader(body))
	if err != nil {
		a.t.Fatal(err)
	}
	req.Header.Set("Content-Type", "application/json; charset=utf-8")
	req.Header.Set("Authorization", "Bearer "+token)
	return a.do(req)
}

func (a *app) do(req *http.Request) (obj, *http.Response) {
	a.t.Helper()
	resp, err := a.http.Do(req)
	if err != nil {
		a.t.Fatal(err)
	}
	defer resp.Body.Close()
	raw, err := io.ReadAll(resp.Body)
	if err != nil {
		a.t.Fatal(err)
	}
	var o obj
	if json.Unmarshal(raw, &o) != nil {
		o = obj{"body": string(raw)}
	}
	return o, resp
}

func (a *app) post(url string, body any) (obj, *http.Response) {
	a.t.Helper()
	raw, err := json.Marshal(body)
	if err != nil {
		a.t.Fatal(err)
	}
	req, err := http.NewRequestWithContext(a.t.Context(), http.MethodPost, url, bytes.NewReader(raw))
	if err != nil {
		a.t.Fatal(err)
	}
	req.Header.Set("Content-Type", "application/json")
	req.Header.Set("X-Requested-With", "stackhand")
	return a.do(req)
}

// link is a connection of Socket Mode.
type link struct {
	t  *testing.T
	a  *app
	ws *websocket.Conn
}

// connect opens a connection and takes its greeting.
func (a *app) connect() *link {
	a.t.Helper()
	l := a.dial(a.call("apps.connections.open", nil)["url"].(string))
	if hello := l.next(); hello["type"] != "hello" {
		a.t.Fatalf("greeted with %v", hello)
	}
	return l
}

func (a *app) dial(url string) *link {
	a.t.Helper()
	ws, _, err := websocket.Dial(a.t.Context(), url, &websocket.DialOptions{HTTPClient: a.http}) //nolint:bodyclose // the connection owns it
	if err != nil {
		a.t.Fatal(err)
	}
	ws.SetReadLimit(1 << 20)
	l := &link{t: a.t, a: a, ws: ws}
	a.t.Cleanup(func() { _ = ws.CloseNow() })
	return l
}

// next is the next message, which must come within half a minute.
func (l *link) next() obj {
	l.t.Helper()
	o, err := l.read()
	if err != nil {
		l.t.Fatal(err)
	}
	return o
}

func (l *link) read() (obj, error) {
	ctx, cancel := context.WithTimeout(l.t.Context(), 30*time.Second)
	defer cancel()
	_, data, err := l.ws.Read(ctx)
	if err != nil {
		return nil, err
	}
	var o obj
	return o, json.Unmarshal(data, &o)
}

// ended reads until the connection ends and returns how it was closed.
func (l *link) ended() websocket.StatusCode {
	for {
		if _, err := l.read(); err != nil {
			return websocket.CloseStatus(err)
		}
	}
}

func (l *link) ack(envelope obj, payload any) {
	l.t.Helper()
	o := obj{"envelope_id": envelope["envelope_id"]}
	if payload != nil {
		o["payload"] = payload
	}
	raw, err := json.Marshal(o)
	if err != nil {
		l.t.Fatal(err)
	}
	if err := l.ws.Write(l.t.Context(), websocket.MessageText, raw); err != nil {
		l.t.Fatal(err)
	}
}

// take is the next envelope's payload; it returns when its acknowledgement has arrived.
func (l *link) take() obj {
	l.t.Helper()
	e := l.next()
	l.ack(e, nil)
	l.a.waitFor("the acknowledgement", func() bool {
		l.a.w.mu.Lock()
		defer l.a.w.mu.Unlock()
		return l.a.w.pending[str(e, "envelope_id")] == nil
	})
	return asObj(e["payload"])
}

// until waits for something to be shown after mark that f accepts.
func (a *app) until(mark int, f func(Shown) bool) Shown {
	a.t.Helper()
	timeout := time.After(30 * time.Second)
	for {
		changed := a.w.Changed()
		for _, s := range a.w.Since(mark) {
			if f(s) {
				return s
			}
		}
		select {
		case <-changed:
		case <-timeout:
			a.t.Fatalf("not shown; only %+v", a.w.Since(mark))
		}
	}
}

func (a *app) shown(mark int, kind, text string) Shown {
	a.t.Helper()
	return a.until(mark, func(s Shown) bool { return s.Kind == kind && strings.Contains(s.Text, text) })
}

// waitFor waits until f is true.
func (a *app) waitFor(what string, f func() bool) {
	a.t.Helper()
	timeout := time.After(30 * time.Second)
	for {
		changed := a.w.Changed()
		if f() {
			return
		}
		select {
		case <-changed:
		case <-timeout:
			a.t.Fatal("waited in vain for: " + what)
		}
	}
}

func (a *app) typed(user, channel, thread, text string) {
	a.t.Helper()
	if err := a.w.Type(user, channel, thread, text); err != nil {
		a.t.Fatal(err)
	}
}

func section(text string) obj {
	return obj{"type": "section", "text": obj{"type": "mrkdwn", "text": text}}
}

func button(action, label, value string) obj {
	return obj{"type": "button", "action_id": action, "value": value, "text": obj{"type": "plain_text", "text": label}}
}

func actions(elements ...any) obj { return obj{"type": "actions", "elements": elements} }

func input(block, action string) obj {
	return obj{
		"type": "input", "block_id": block, "label": obj{"type": "plain_text", "text": "Your " + action},
		"element": obj{"type": "plain_text_input", "action_id": action},
	}
}

func modal(title string, blocks ...any) obj {
	return obj{
		"type": "modal", "title": obj{"type": "plain_text", "text": title}, "submit": obj{"type": "plain_text", "text": "Send"},
		"callback_id": "form", "blocks": append([]any{}, blocks...),
	}
}
