package bot

import (
	"bytes"
	"encoding/json"
	"fmt"
	"testing"
	"time"

	"github.com/stackhand/stackhand/commands"
)

// inClear is a sealer that hides nothing, so that a test sees all that would be written down.
type inClear struct{}

func (inClear) Seal(plain []byte, _, _ string) ([]byte, error)  { return plain, nil }
func (inClear) Open(sealed []byte, _, _ string) ([]byte, error) { return sealed, nil }

// What seems to hold a secret is not written down, not even sealed: neither the line, nor what came along with it. Messages that
// were edited or deleted are not looked at at all.
func TestLeaksAreNotKept(t *testing.T) {
	b := &Bot{self: self{user: "U0BOT"}, o: Options{Seal: inClear{}, Now: time.Now}, talk: talk{secretlike: commands.Secretlike}}
	const planted = "password=pl4nted-1"
	event := func(fields string) string {
		return `{"event_id": "Ev1", "team_id": "T1", "event": {"user": "U1", "channel": "D1", "channel_type": "im", "ts": "1.1", ` + fields + `}}`
	}
	for _, c := range []struct {
		name, kind, payload string
		leak, read          bool
	}{
		{"a line", "events_api", event(`"type": "message", "text": "create web --property ` + planted + `"`), true, true},
		{"a mention", "events_api", event(`"type": "message", "text": "<@U0BOT> my ` + planted + `"`), true, true},
		{"a slash command", "slash_commands", `{"team_id": "T1", "channel_id": "C1", "user_id": "U1", "trigger_id": "tr", "response_url": "u", "text": "create ` + planted + `"}`, true, true},
		{"a line with a file", "events_api", event(`"type": "message", "subtype": "file_share", "text": "` + planted + `", "files": [{"name": "pl4nted.txt", "url_private_download": "https://x/pl4nted"}]`), true, true},
		{"a file's name", "events_api", event(`"type": "message", "subtype": "file_share", "text": "create web", "files": [{"name": "` + planted + `.txt", "url_private_download": "https://x"}]`), true, true},
		{"a harmless file", "events_api", event(`"type": "message", "subtype": "file_share", "text": "create web --user-data", "files": [{"name": "cloud.yaml", "url_private_download": "https://x"}]`), false, true},
		{"an edited line", "events_api", event(`"type": "message", "text": "` + planted + `", "edited": {"ts": "1.2"}`), false, false},
		{"news of an edit", "events_api", event(`"type": "message", "subtype": "message_changed", "hidden": true, "message": {"text": "` + planted + `"}`), false, false},
		{"news of a deletion", "events_api", event(`"type": "message", "subtype": "message_deleted", "hidden": true, "previous_message": {"text": "` + planted + `"}`), false, false},
		{"somebody else's line in a channel", "events_api", `{"event_id": "Ev1", "event": {"type": "message", "user": "U1", "channel": "C1", "channel_type": "channel", "text": "` + planted + `"}}`, false, false},
	} {
		a, ok := b.read(envelope{Type: c.kind, Payload: json.RawMessage(c.payload)})
		if ok != c.read || a.body.Leak != "" != c.leak {
			t.Errorf("%s: read %v, leak %q", c.name, ok, a.body.Leak)
		}
		if !ok {
			continue
		}
		in, err := b.inbound(a)
		if err != nil {
			t.Fatal(err)
		}
		all := fmt.Sprintf("%+v %s", in, in.Body)
		var m body
		if err := json.Unmarshal(in.Body, &m); err != nil {
			t.Fatal(err)
		}
		if bytes.Contains([]byte(all+string(m.Sealed)), []byte("pl4nted")) {
			t.Errorf("%s is kept: %s %s", c.name, all, m.Sealed)
		}
	}
}
