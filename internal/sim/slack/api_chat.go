package slack

import (
	"encoding/json"
	"slices"
	"time"
	"unicode/utf8"

	"github.com/stackhand/stackhand/internal/sim/slack/blockkit"
)

const (
	maxText       = 40_000 // longer ones are cut off
	maxUpdateText = 4_000
	maxMetadata   = 16_000 // bytes
)

// content is what a message says, read from the arguments and checked.
type content struct {
	text        string
	blocks      []any
	attachments []any
	metadata    any
}

func (q *request) content() (content, error) {
	var c content
	if md := q.str("markdown_text"); md != "" {
		if q.has("text") || q.has("blocks") {
			return c, refuse("markdown_text_conflict")
		}
		if utf8.RuneCountInString(md) > 12_000 {
			return c, refuse("msg_too_long")
		}
		c.text = md
		c.blocks, _ = checkBlocks([]any{obj{"type": "markdown", "text": md}}, blockkit.Message)
		return c, nil
	}
	blocks, err := q.blocks("blocks", blockkit.Message)
	if err != nil {
		return c, err
	}
	attachments, err := q.json("attachments")
	if err != nil {
		return c, refuse("invalid_attachments")
	}
	list := items(attachments)
	if len(list) > 100 {
		return c, refuse("too_many_attachments")
	}
	metadata, err := q.json("metadata")
	if err != nil {
		return c, refuse("invalid_metadata_format")
	}
	if m := asObj(metadata); m != nil && str(m, "event_type") == "" && m["event_payload"] == nil {
		metadata = nil // slack-go sends it so with every answer to a response_url
	}
	if metadata != nil {
		if err := checkMetadata(metadata); err != nil {
			return c, err
		}
	}
	return content{text: cut(q.str("text"), maxText), blocks: blocks, attachments: list, metadata: metadata}, nil
}

func checkMetadata(v any) error {
	m := asObj(v)
	if str(m, "event_type") == "" {
		return refuse("invalid_metadata_format")
	}
	if _, ok := m["event_payload"].(obj); !ok {
		return refuse("invalid_metadata_format")
	}
	if raw, err := json.Marshal(v); err != nil || len(raw) > maxMetadata {
		return refuse("metadata_too_large")
	}
	return nil
}

func cut(s string, n int) string {
	if r := []rune(s); len(r) > n {
		return string(r[:n])
	}
	return s
}

func (c content) empty() bool { return c.text == "" && len(c.blocks) == 0 && len(c.attachments) == 0 }

// target finds the channel of a call; a user's id stands for the direct message with them.
func (w *Workspace) target(id string) (*channel, error) {
	if u := w.user(id); u != nil && u.ID == id && !u.Bot {
		return w.dm(u), nil
	}
	c := w.channel(id)
	switch {
	case c == nil:
		return nil, refuse("channel_not_found")
	case c.Private && !c.member(BotUserID):
		return nil, refuse("channel_not_found") // what one is not in, one cannot see
	}
	return c, nil
}

// writable is target for calls that need to write.
func (w *Workspace) writable(id string) (*channel, error) {
	c, err := w.target(id)
	switch {
	case err != nil:
		return nil, err
	case c.Archived:
		return nil, refuse("is_archived")
	case !c.member(BotUserID):
		return nil, refuse("not_in_channel")
	case c.ReadOnly:
		return nil, refuse("restricted_action_read_only_channel")
	}
	return c, nil
}

func chatPostMessage(w *Workspace, q *request) (obj, error) {
	c, err := w.writable(q.str("channel"))
	if err != nil {
		return nil, err
	}
	body, err := q.content()
	if err != nil {
		return nil, err
	}
	if body.empty() {
		return nil, refuse("no_text")
	}
	m := w.botMessage(c, body)
	if m.thread, err = c.threadOf(q.str("thread_ts")); err != nil {
		return nil, err
	}
	m.broadcast = q.bool("reply_broadcast")
	w.post(m)
	w.echo(m, "")
	return obj{"channel": c.ID, "ts": m.ts, "message": w.withMetadata(m)}, nil
}

func (w *Workspace) botMessage(c *channel, b content) *message {
	return &message{
		channel: c, user: BotUserID, bot: true,
		text: b.text, blocks: b.blocks, attachments: b.attachments, metadata: b.metadata,
	}
}

// threadOf checks a thread_ts and returns the first message's: replies to a reply stay in the thread.
func (c *channel) threadOf(ts string) (string, error) {
	if ts == "" {
		return "", nil
	}
	p := c.find(ts)
	switch {
	case p == nil || p.ephemeral != "":
		return "", refuse("thread_not_found")
	case p.thread != "":
		return p.thread, nil
	}
	return ts, nil
}

func (w *Workspace) withMetadata(m *message) obj {
	o := w.json(m)
	if m.metadata != nil {
		o["metadata"] = m.metadata
	}
	return o
}

func chatPostEphemeral(w *Workspace, q *request) (obj, error) {
	c, err := w.writable(q.str("channel"))
	if err != nil {
		return nil, err
	}
	u := w.user(q.str("user"))
	if u == nil || u.ID != q.str("user") || !c.member(u.ID) {
		return nil, refuse("user_not_in_channel")
	}
	body, err := q.content()
	if err != nil {
		return nil, err
	}
	if body.empty() {
		return nil, refuse("no_text")
	}
	m := w.botMessage(c, body)
	if m.thread, err = c.threadOf(q.str("thread_ts")); err != nil {
		return nil, err
	}
	m.ephemeral = u.ID
	w.post(m)
	return obj{"message_ts": m.ts}, nil
}

// own finds a message of the bot that it may change.
func (w *Workspace) own(q *request) (*message, error) {
	c, err := w.target(q.str("channel"))
	if err != nil {
		return nil, err
	}
	m := c.find(q.str("ts"))
	if m == nil || m.ephemeral != "" { // ephemeral messages are not kept by Slack
		return nil, refuse("message_not_found")
	}
	return m, nil
}

func chatUpdate(w *Workspace, q *request) (obj, error) {
	m, err := w.own(q)
	switch {
	case err != nil:
		return nil, err
	case !m.bot:
		return nil, refuse("cant_update_message")
	case m.streaming:
		return nil, refuse("streaming_state_conflict")
	case m.channel.Archived:
		return nil, refuse("is_archived")
	case utf8.RuneCountInString(q.str("text")) > maxUpdateText:
		return nil, refuse("msg_too_long")
	}
	body, err := q.content()
	if err != nil {
		return nil, err
	}
	if body.empty() && !q.has("metadata") {
		return nil, refuse("no_text")
	}
	if q.has("text") || q.has("blocks") || q.has("attachments") || q.has("markdown_text") {
		m.replace(q, body)
	}
	if body.metadata != nil {
		m.metadata = body.metadata
	}
	w.revise(m)
	w.echo(m, "message_changed")
	return obj{"channel": m.channel.ID, "ts": m.ts, "text": m.text, "message": w.withMetadata(m)}, nil
}

// replace puts new words in; blocks stay if only the text was given, as in Slack.
func (m *message) replace(q *request, b content) {
	m.text = b.text
	if q.args["blocks"] != nil || q.has("markdown_text") {
		m.blocks = b.blocks
	}
	if q.args["attachments"] != nil {
		m.attachments = b.attachments
	}
}

func chatDelete(w *Workspace, q *request) (obj, error) {
	m, err := w.own(q)
	if err != nil {
		return nil, err
	}
	if !m.bot {
		return nil, refuse("cant_delete_message")
	}
	w.remove(m)
	w.echo(m, "message_deleted")
	return obj{"channel": m.channel.ID, "ts": m.ts}, nil
}

func chatGetPermalink(w *Workspace, q *request) (obj, error) {
	c, err := w.target(q.str("channel"))
	if err != nil {
		return nil, err
	}
	m := c.find(q.str("message_ts"))
	if m == nil {
		return nil, refuse("message_not_found")
	}
	return obj{"channel": c.ID, "permalink": w.permalink(m, q.host)}, nil
}

func chatUnfurl(w *Workspace, q *request) (obj, error) {
	c, err := w.target(q.str("channel"))
	if err != nil {
		return nil, err
	}
	m := c.find(q.str("ts"))
	if m == nil {
		return nil, refuse("cannot_find_message")
	}
	unfurls, err := q.json("unfurls")
	if err != nil || asObj(unfurls) == nil && !q.has("metadata") {
		return nil, refuse("cannot_parse_attachment")
	}
	for url, a := range asObj(unfurls) {
		at := asObj(a)
		at["from_url"] = url
		m.attachments = append(m.attachments, at)
	}
	w.revise(m)
	return obj{}, nil
}

func assistantSetStatus(w *Workspace, q *request) (obj, error) {
	c, err := w.target(q.str("channel_id"))
	if err != nil {
		return nil, err
	}
	if q.str("thread_ts") == "" {
		return nil, refuse("invalid_thread_ts")
	}
	key := c.ID + "/" + q.str("thread_ts")
	if w.statuses[key] = q.str("status"); w.statuses[key] == "" {
		delete(w.statuses, key)
	}
	w.emit(uiEvent{Type: "status", audience: audience{channel: c}, Body: obj{
		"channel": c.ID, "thread": q.str("thread_ts"), "status": q.str("status"),
	}})
	return obj{}, nil
}

func reactionsAdd(w *Workspace, q *request) (obj, error) {
	c, err := w.target(q.str("channel"))
	if err != nil {
		return nil, err
	}
	m := c.find(q.str("timestamp"))
	name := q.str("name")
	switch {
	case m == nil || m.ephemeral != "":
		return nil, refuse("message_not_found")
	case name == "":
		return nil, refuse("invalid_name")
	}
	at := slices.IndexFunc(m.reactions, func(r reaction) bool { return r.name == name })
	if at < 0 {
		m.reactions = append(m.reactions, reaction{name: name})
		at = len(m.reactions) - 1
	}
	if slices.Contains(m.reactions[at].users, BotUserID) {
		return nil, refuse("already_reacted")
	}
	m.reactions[at].users = append(m.reactions[at].users, BotUserID)
	w.emit(uiEvent{Type: "update", audience: m.audience(), Body: obj{"message": w.uiMessage(m)}})
	return obj{}, nil
}

// unixNow is now in seconds, for fields that Slack gives as numbers.
func (w *Workspace) unixNow() int64 { return w.opt.Now().Truncate(time.Second).Unix() }
