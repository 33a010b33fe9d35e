package slack

import (
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"time"
)

// obj is a JSON object.
type obj = map[string]any

// message is something said in a channel.
type message struct {
	ts, thread  string // thread is the ts of the first message of the thread, "" outside threads
	channel     *channel
	user        string
	bot         bool
	text        string
	blocks      []any
	attachments []any
	metadata    any
	ephemeral   string // the only person who sees it
	edited      string // ts of the newest edit
	subtype     string
	broadcast   bool
	files       []*file
	reactions   []reaction
	streaming   bool
	clientID    string
	hook        *hook // the response URL that made it
}

type reaction struct {
	name  string
	users []string
}

// audience says who sees something: one user, the members of a channel, or everybody.
type audience struct {
	user    string
	channel *channel
}

func (a audience) has(user string) bool {
	switch {
	case a.user != "":
		return a.user == user
	case a.channel != nil:
		return a.channel.member(user)
	}
	return true
}

func (m *message) audience() audience { return audience{user: m.ephemeral, channel: m.channel} }

func (m *message) visible(user string) bool { return m.audience().has(user) }

// nextTS is the time as Slack writes it, which is also the id of a message in its channel.
func (w *Workspace) nextTS() string {
	now := w.opt.Now().UnixMicro()
	w.lastTS = max(now, w.lastTS+1)
	return fmt.Sprintf("%d.%06d", w.lastTS/1e6, w.lastTS%1e6)
}

// tsTime is the moment of a ts; the zero time if it is none.
func tsTime(ts string) time.Time {
	var s, us int64
	if n, err := fmt.Sscanf(ts, "%d.%d", &s, &us); n != 2 || err != nil {
		return time.Time{}
	}
	return time.Unix(s, us*1000)
}

func (c *channel) find(ts string) *message {
	for _, m := range slices.Backward(c.messages) {
		if m.ts == ts {
			return m
		}
	}
	return nil
}

// replies are the messages of the thread of ts, that one included.
func (c *channel) replies(ts string) []*message {
	var all []*message
	for _, m := range c.messages {
		if m.ephemeral == "" && (m.ts == ts || m.thread == ts) {
			all = append(all, m)
		}
	}
	return all
}

// post shows a new message to everybody who may see it.
func (w *Workspace) post(m *message) *message {
	m.ts = w.nextTS()
	m.channel.messages = append(m.channel.messages, m)
	kind, event := "message", "message"
	if m.ephemeral != "" {
		kind, event = "ephemeral", "ephemeral"
	}
	if len(m.files) > 0 {
		kind = "file"
	}
	w.show(kind, m)
	w.emit(uiEvent{Type: event, audience: m.audience(), Body: obj{"message": w.uiMessage(m)}})
	w.touchParent(m)
	return m
}

// touchParent shows the new number of replies below the first message of a thread.
func (w *Workspace) touchParent(m *message) {
	if m.thread == "" || m.ephemeral != "" {
		return
	}
	if p := m.channel.find(m.thread); p != nil {
		w.emit(uiEvent{Type: "update", audience: p.audience(), Body: obj{"message": w.uiMessage(p)}})
	}
}

// revise shows that m has changed.
func (w *Workspace) revise(m *message) {
	m.edited = w.nextTS()
	w.show("update", m)
	w.emit(uiEvent{Type: "update", audience: m.audience(), Body: obj{"message": w.uiMessage(m)}})
}

func (w *Workspace) remove(m *message) {
	c := m.channel
	c.messages = slices.DeleteFunc(c.messages, func(x *message) bool { return x == m })
	w.emit(uiEvent{Type: "delete", audience: m.audience(), Body: obj{"channel": c.ID, "ts": m.ts}})
	w.touchParent(m)
}

// notice tells one user something that Slack itself says.
func (w *Workspace) notice(user string, c *channel, thread, text string) {
	s := Shown{Kind: "notice", For: user, Thread: thread, Text: text, Raw: text}
	id := ""
	if c != nil {
		s.Channel, id = c.ID, c.ID
	}
	w.record(s)
	w.emit(uiEvent{Type: "notice", audience: audience{user: user}, Body: obj{"text": text, "channel": id, "thread": thread}})
}

// json is the message as the Web API and events give it.
func (w *Workspace) json(m *message) obj {
	o := obj{"type": "message", "user": m.user, "ts": m.ts, "text": m.text, "team": TeamID}
	if m.thread != "" {
		o["thread_ts"] = m.thread
	}
	if m.bot {
		o["bot_id"], o["app_id"] = BotID, AppID
		o["bot_profile"] = obj{"id": BotID, "app_id": AppID, "user_id": BotUserID, "name": w.opt.BotName, "team_id": TeamID, "deleted": false, "updated": 0}
	}
	if m.subtype != "" {
		o["subtype"] = m.subtype
	}
	if m.blocks != nil {
		o["blocks"] = m.blocks
	}
	if m.attachments != nil {
		o["attachments"] = m.attachments
	}
	if m.clientID != "" {
		o["client_msg_id"] = m.clientID
	}
	if m.edited != "" {
		o["edited"] = obj{"user": m.user, "ts": m.edited}
	}
	if m.files != nil {
		o["files"] = w.filesJSON(m.files)
	}
	if m.reactions != nil {
		o["reactions"] = m.reactionsJSON()
	}
	w.addThread(o, m)
	return o
}

func (w *Workspace) addThread(o obj, m *message) {
	replies := m.channel.replies(m.ts)
	if m.thread != "" || m.ephemeral != "" || len(replies) < 2 {
		return
	}
	var users []string
	for _, r := range replies[1:] {
		if !slices.Contains(users, r.user) {
			users = append(users, r.user)
		}
	}
	o["thread_ts"], o["reply_count"], o["reply_users"] = m.ts, len(replies)-1, users
	o["reply_users_count"], o["latest_reply"] = len(users), replies[len(replies)-1].ts
}

func (m *message) reactionsJSON() []obj {
	all := make([]obj, 0, len(m.reactions))
	for _, r := range m.reactions {
		all = append(all, obj{"name": r.name, "users": r.users, "count": len(r.users)})
	}
	return all
}

// permalink is the address of a message as Slack writes it: archives/<channel>/p<ts without its dot>.
func (w *Workspace) permalink(m *message, host string) string {
	link := fmt.Sprintf("http://%s/archives/%s/p%s", host, m.channel.ID, strings.ReplaceAll(m.ts, ".", ""))
	if m.thread != "" && m.thread != m.ts {
		link += "?thread_ts=" + m.thread + "&cid=" + m.channel.ID
	}
	return link
}

// goThere leads from the address of a message, or of a channel, to the page that shows it.
func goThere(rw http.ResponseWriter, r *http.Request) {
	q := url.Values{"channel": {r.PathValue("channel")}}
	if ts := strings.TrimPrefix(r.PathValue("message"), "p"); len(ts) > 6 {
		q.Set("ts", ts[:len(ts)-6]+"."+ts[len(ts)-6:])
	}
	if thread := r.URL.Query().Get("thread_ts"); thread != "" {
		q.Set("thread_ts", thread)
	}
	http.Redirect(rw, r, "/?"+q.Encode(), http.StatusFound)
}

// speaker is the name of whoever wrote m.
func (w *Workspace) speaker(id string) string {
	if u := w.user(id); u != nil {
		return u.Name
	}
	return strings.TrimSpace(id)
}
