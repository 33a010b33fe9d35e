package slack

import (
	"encoding/json"
	"slices"
	"time"
)

// envelope is a payload on its way to the app.
type envelope struct {
	id, kind string // kind is events_api, slash_commands or interactive
	payload  obj
	attempt  int
	reason   string // of the new attempt
	timer    *time.Timer
	waiting  bool          // for another attempt: an acknowledgement comes too late now
	done     chan struct{} // closed when it was acknowledged or given up
	onAck    func(payload json.RawMessage)
	onFail   func()
}

func (e *envelope) event() bool { return e.kind == "events_api" }

func newEnvelope(kind string, payload obj) *envelope {
	return &envelope{kind: kind, payload: payload, done: make(chan struct{})}
}

// deliver sends an envelope over any connection and starts the clock of its acknowledgement.
// Without a connection people are told at once; events are tried again later.
func (w *Workspace) deliver(e *envelope) {
	e.id = random(16)
	e.waiting = false
	w.pending[e.id] = e
	w.keepSent(e)
	if c := w.anyConn(); c != nil {
		w.send(c, e.wire())
	} else if !e.event() {
		w.fail(e)
		return
	}
	e.timer = w.after(w.opt.Clocks.Ack, func() { w.fail(e) })
	w.touch()
}

func (e *envelope) wire() obj {
	o := obj{"envelope_id": e.id, "type": e.kind, "payload": e.payload, "accepts_response_payload": !e.event()}
	if e.event() {
		o["retry_attempt"], o["retry_reason"] = e.attempt, e.reason
	}
	return o
}

// fail is the end of an attempt that was not acknowledged in time.
func (w *Workspace) fail(e *envelope) {
	defer w.touch()
	if !e.event() || e.attempt >= len(w.opt.Clocks.Retries) {
		delete(w.pending, e.id)
		if e.onFail != nil {
			e.onFail()
		}
		close(e.done)
		return
	}
	e.waiting = true
	e.timer = w.after(w.opt.Clocks.Retries[e.attempt], func() {
		delete(w.pending, e.id)
		e.attempt++
		e.reason = "timeout"
		w.deliver(e)
	})
}

// acknowledge takes a message from the app. What is no acknowledgement, or comes too late, counts
// for nothing, as in Slack.
func (w *Workspace) acknowledge(data []byte) {
	var ack struct {
		ID      string          `json:"envelope_id"`
		Payload json.RawMessage `json:"payload"`
	}
	if json.Unmarshal(data, &ack) != nil {
		return
	}
	e := w.pending[ack.ID]
	if e == nil || e.waiting {
		return
	}
	delete(w.pending, e.id)
	w.stop(e.timer)
	if e.onAck != nil {
		e.onAck(ack.Payload)
	}
	close(e.done)
	w.touch()
}

// event sends an event to the app if it subscribed to kind, which is the name in its manifest:
// "message.im", while the event itself is of type "message".
func (w *Workspace) event(kind string, ev obj) {
	if !slices.Contains(w.opt.Events, kind) {
		return
	}
	if _, ok := ev["event_ts"]; !ok {
		ev["event_ts"] = w.nextTS()
	}
	e := newEnvelope("events_api", w.callback(ev))
	w.lastEv = e
	w.deliver(e)
}

func (w *Workspace) callback(ev obj) obj {
	shared := false
	if id, _ := ev["channel"].(string); id != "" {
		c := w.channel(id)
		shared = c != nil && c.Shared
	}
	return obj{
		"token": "simulated", "team_id": TeamID, "context_team_id": TeamID, "context_enterprise_id": nil, "api_app_id": AppID,
		"type": "event_callback", "event": ev, "event_id": newID("Ev"), "event_time": w.unixNow(),
		"is_ext_shared_channel": shared, "event_context": "4-" + random(12),
		"authorizations": []obj{{
			"enterprise_id": nil, "team_id": TeamID, "user_id": BotUserID, "is_bot": true, "is_enterprise_install": false,
		}},
	}
}

func (c *channel) kind() string {
	switch {
	case c.isDM():
		return "im"
	case c.Private:
		return "group"
	}
	return "channel"
}

// subscription is the name of the subscription to a channel's messages.
func (c *channel) subscription() string {
	if k := c.kind(); k != "im" {
		return "message." + k + "s"
	}
	return "message.im"
}

// echo tells the app what was said, changed or deleted in a channel that it hears, its own
// messages included.
func (w *Workspace) echo(m *message, subtype string) {
	c := m.channel
	if m.ephemeral != "" || !c.member(BotUserID) {
		return
	}
	ev := w.json(m)
	switch subtype {
	case "message_changed":
		ev = obj{"type": "message", "subtype": subtype, "hidden": true, "message": ev, "ts": w.nextTS()}
	case "message_deleted":
		ev = obj{"type": "message", "subtype": subtype, "hidden": true, "previous_message": ev, "deleted_ts": m.ts, "ts": w.nextTS()}
	default:
		ev["event_ts"] = m.ts
	}
	ev["channel"], ev["channel_type"] = c.ID, c.kind()
	w.event(c.subscription(), ev)
}

// mention tells the app that m speaks to it.
func (w *Workspace) mention(m *message) {
	ev := w.json(m)
	ev["type"], ev["channel"], ev["event_ts"] = "app_mention", m.channel.ID, m.ts
	if t := w.user(m.user); t != nil && t.Team != TeamID {
		ev["user_team"], ev["source_team"] = t.Team, t.Team
	}
	w.event("app_mention", ev)
}
