package slack

import (
	"encoding/json"
	"fmt"
)

// kindOf is what Forge calls an envelope.
func kindOf(envelope string, payload obj) string {
	switch envelope {
	case "interactive":
		return str(payload, "type")
	case "events_api":
		return str(asObj(payload["event"]), "type")
	}
	return envelope
}

// keepSent remembers the newest payload of each kind, as it was.
func (w *Workspace) keepSent(e *envelope) {
	raw, err := json.Marshal(e.payload)
	if err != nil {
		return
	}
	if w.sent == nil {
		w.sent = map[string]sentPayload{}
	}
	w.sent[kindOf(e.kind, e.payload)] = sentPayload{e.kind, raw}
}

// sentPayload is what went to the app, and in which kind of envelope.
type sentPayload struct {
	envelope string
	raw      []byte
}

// Forge sends the newest envelope of a kind once more after change has had its way with it: as somebody would who can speak to
// the app in Slack's stead. The kinds are slash_commands, block_actions, view_submission, app_mention and message.
func (w *Workspace) Forge(kind string, change func(payload map[string]any)) error {
	w.mu.Lock()
	defer w.mu.Unlock()
	was, ok := w.sent[kind]
	if !ok {
		return fmt.Errorf("nothing of the kind %q was sent so far", kind)
	}
	var payload obj
	if err := json.Unmarshal(was.raw, &payload); err != nil {
		return err
	}
	if change != nil {
		change(payload)
	}
	w.deliver(newEnvelope(was.envelope, payload))
	return nil
}
