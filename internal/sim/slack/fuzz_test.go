package slack

import (
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
)

// Whatever an app sends over its connection: it acknowledges nothing but what was sent to it.
func FuzzAcknowledge(f *testing.F) {
	f.Add(`{"envelope_id":"x"}`)
	f.Add(`{"envelope_id":"ID","payload":{"text":"hello","blocks":[{"type":"section"}]}}`)
	f.Add(`{"envelope_id":"ID","payload":"hello"}`)
	f.Add(`{"envelope_id":"ID","payload":{"response_action":"update","view":{"type":"modal"}}}`)
	f.Add(`[`)
	f.Fuzz(func(t *testing.T, data string) {
		w := New(Options{})
		defer w.Close()
		w.mu.Lock()
		defer w.mu.Unlock()
		u := w.user("alice")
		w.conns = []*conn{{ready: true, out: make(chan []byte, 10)}}
		w.slash(u, w.channel("team-a"), "", "/stack list")
		if len(w.pending) != 1 {
			t.Fatal("nothing was sent")
		}
		var id string
		for id = range w.pending {
		}
		data = strings.ReplaceAll(data, "ID", id)
		w.acknowledge([]byte(data))
		var ack struct {
			ID string `json:"envelope_id"`
		}
		known := json.Unmarshal([]byte(data), &ack) == nil && ack.ID == id
		if known != (len(w.pending) == 0) {
			t.Errorf("%q: acknowledged is %v", data, len(w.pending) == 0)
		}
	})
}

// Whatever arrives as a message: the answer is JSON, and nothing but an accepted message is shown.
func FuzzPostMessage(f *testing.F) {
	f.Add("text", `[{"type":"section","text":{"type":"mrkdwn","text":"x"}}]`, `{"event_type":"e","event_payload":{}}`)
	f.Add("", `{}`, `[]`)
	f.Add("*<@U0ALICE|x>* `", `[{"type":"table","rows":[[{}]]}]`, "")
	f.Add("<>", `[{"type":"rich_text","elements":[{"type":"rich_text_list","elements":[1]}]}]`, "0")
	f.Fuzz(func(t *testing.T, text, blocks, metadata string) {
		w := New(Options{})
		defer w.Close()
		body := must(json.Marshal(obj{"channel": "C0OPS", "text": text, "blocks": blocks, "metadata": metadata}))
		req := httptest.NewRequest(http.MethodPost, "/api/chat.postMessage", strings.NewReader(string(body)))
		req.Header.Set("Content-Type", "application/json")
		req.Header.Set("Authorization", "Bearer "+w.BotToken())
		rec := httptest.NewRecorder()
		w.ServeHTTP(rec, req)
		var answer obj
		if err := json.Unmarshal(rec.Body.Bytes(), &answer); err != nil {
			t.Fatalf("%q: %v", rec.Body, err)
		}
		if shown := len(w.Since(0)) == 1; shown != (answer["ok"] == true) {
			t.Errorf("shown is %v, but the answer %v", shown, answer)
		}
	})
}

// Whatever people type: nothing of it becomes markup that they did not write, and it reads the same.
func FuzzEncode(f *testing.F) {
	f.Add("a <b> & @alice `c` http://x.org/?a&b")
	f.Add("``` @bob ``` #ops <@U0ALICE>")
	f.Fuzz(func(t *testing.T, typed string) {
		w := New(Options{})
		defer w.Close()
		got := w.encode(typed, false)
		for _, bad := range []string{"<@U0ALICE", "<!channel>"} {
			if name := map[string]string{"<@U0ALICE": "@alice", "<!channel>": "@channel"}[bad]; strings.Contains(got, bad) &&
				!strings.Contains(typed, name) && !strings.Contains(typed, "@U0ALICE") {
				t.Errorf("%q became %q", typed, got)
			}
		}
		_ = w.readable(got)
	})
}
