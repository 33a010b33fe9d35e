package slack

import (
	"encoding/json"
	"errors"
	"fmt"
	"strings"
)

// Texts in which Slack itself speaks to people.
const (
	noAnswer     = "%s failed because the app did not respond"
	noDispatch   = "%s failed with the error \"dispatch_failed\""
	noThread     = "%s cannot be used in message threads. Consider app shortcuts."
	notACommand  = "%s is not a valid command. In Slack, all messages that start with \"/\" are interpreted as commands."
	notInChannel = "You mentioned @%s, but they are not in this channel."
	noTrouble    = "We had some trouble connecting. Try again?"
)

// say is somebody typing a line. The lock is held.
func (w *Workspace) say(u *User, c *channel, thread, text string, files []*file) error {
	switch {
	case c.Archived:
		return errors.New(w.label(c) + " is archived")
	case c.ReadOnly && !u.Admin:
		return errors.New("only admins can post in " + w.label(c))
	case strings.TrimSpace(text) == "" && len(files) == 0:
		return errors.New("there is nothing to send")
	}
	if thread != "" {
		root, err := c.threadOf(thread)
		if err != nil {
			return fmt.Errorf("there is no thread %s in %s", thread, w.label(c))
		}
		thread = root
	}
	if len(files) == 0 && strings.HasPrefix(text, "/") {
		w.slash(u, c, thread, text)
		return nil
	}
	m := &message{
		channel: c, user: u.ID, text: w.encode(text, false), thread: thread, files: files,
		clientID: random(16),
	}
	if files != nil {
		m.subtype = "file_share"
		for _, f := range files {
			f.channels = append(f.channels, c.ID)
		}
	}
	w.post(m)
	w.tell(u, m)
	return nil
}

// tell hands a person's message to the app, where it is meant for it.
func (w *Workspace) tell(u *User, m *message) {
	c := m.channel
	if !c.isDM() && strings.Contains(m.text, "<@"+BotUserID+">") {
		if !c.member(BotUserID) {
			w.notice(u.ID, c, m.thread, fmt.Sprintf(notInChannel, w.opt.BotName))
			return
		}
		w.mention(m)
	}
	w.echo(m, m.subtype)
}

// slash runs a slash command; it leaves no message.
func (w *Workspace) slash(u *User, c *channel, thread, line string) {
	name, args, _ := strings.Cut(line, " ")
	switch {
	case name != w.opt.Command:
		w.notice(u.ID, c, thread, fmt.Sprintf(notACommand, name))
		return
	case thread != "":
		w.notice(u.ID, c, thread, fmt.Sprintf(noThread, name))
		return
	}
	h := &hook{user: u.ID, channel: c}
	channelName := c.Name
	if c.isDM() {
		channelName = "directmessage"
	}
	e := newEnvelope("slash_commands", obj{
		"token": "simulated", "team_id": u.Team, "team_domain": strings.ToLower(w.opt.Team), "channel_id": c.ID, "channel_name": channelName,
		"user_id": u.ID, "user_name": u.Name, "command": name, "text": strings.TrimSpace(w.encode(args, true)), "api_app_id": AppID,
		"is_enterprise_install": "false", "response_url": w.newHook(h), "trigger_id": w.newTrigger(u.ID, nil),
	})
	failed := noAnswer
	if w.anyConn() == nil {
		failed = noDispatch
	}
	e.onFail = func() { w.notice(u.ID, c, "", fmt.Sprintf(failed, name)) }
	e.onAck = func(payload json.RawMessage) {
		if !w.slashAnswer(h, payload) {
			w.notice(u.ID, c, "", fmt.Sprintf(noAnswer, name))
		}
	}
	w.deliver(e)
}

// slashAnswer shows the answer that came with the acknowledgement of a slash command: none, a
// JSON string, or a message. It reports whether the answer was acceptable.
func (w *Workspace) slashAnswer(h *hook, payload json.RawMessage) bool {
	var doc any
	if len(payload) == 0 || json.Unmarshal(payload, &doc) != nil {
		return len(payload) == 0
	}
	q := &request{method: "ack", args: asObj(doc)}
	if s, ok := doc.(string); ok {
		q.args = obj{"text": s}
	}
	c, err := q.content()
	if err != nil {
		w.log.Debug("answer refused", "err", err)
		return false
	}
	if c.empty() {
		return true
	}
	return w.answer(h, q, c) == nil
}
