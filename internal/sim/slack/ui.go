package slack

import (
	"encoding/json"
	"fmt"
	"maps"
	"mime"
	"slices"
)

// uiEvent is something that the page is told.
type uiEvent struct {
	audience
	Seq  int
	Type string
	Body obj
}

// emit tells the pages of all who may see it.
func (w *Workspace) emit(e uiEvent) {
	e.Seq = w.ui.next()
	w.ui.add(e)
	w.touch()
}

func (e uiEvent) MarshalJSON() ([]byte, error) {
	o := maps.Clone(e.Body)
	if o == nil {
		o = obj{}
	}
	if o["type"] = e.Type; e.Seq > 0 {
		o["seq"] = e.Seq
	}
	return json.Marshal(o)
}

func (w *Workspace) uiUser(u *User) obj {
	return obj{
		"id": u.ID, "name": u.Name, "real_name": u.RealName, "title": u.Title, "tz": u.TZ, "bot": u.Bot,
		"admin": u.Admin, "deleted": u.Deleted,
	}
}

func (w *Workspace) uiChannel(c *channel) obj {
	return obj{
		"id": c.ID, "name": c.Name, "is_dm": c.isDM(), "with": c.with, "members": slices.Clone(c.Members),
		"archived": c.Archived, "private": c.Private,
	}
}

func (w *Workspace) uiMessage(m *message) obj {
	replies := 0
	if m.thread == "" && m.ephemeral == "" {
		replies = len(m.channel.replies(m.ts)) - 1
	}
	files := make([]obj, 0, len(m.files))
	for _, f := range m.files {
		kind, _, err := mime.ParseMediaType(f.mimetype())
		if err != nil {
			kind = "application/octet-stream"
		}
		files = append(files, obj{"id": f.id, "name": f.name, "title": f.title, "url": "/ui/files/" + f.id, "size": len(f.content), "mimetype": kind})
	}
	blocks := m.blocks
	if blocks == nil {
		blocks = []any{}
	}
	return obj{
		"ts": m.ts, "channel": m.channel.ID, "thread_ts": m.thread, "user": m.user, "bot": m.bot, "text": m.text, "blocks": blocks,
		"attachments": m.attachments, "ephemeral": m.ephemeral != "", "edited": m.edited != "", "files": files,
		"reactions": m.reactionsJSON(), "reply_count": replies, "broadcast": m.broadcast,
	}
}

// uiState is all that one user sees.
func (w *Workspace) uiState(u *User) obj {
	w.dm(u)
	users, channels, messages, views := []obj{}, []obj{}, []obj{}, []obj{}
	for _, x := range w.users {
		users = append(users, w.uiUser(x))
	}
	for _, c := range w.channels {
		if !c.member(u.ID) {
			continue
		}
		channels = append(channels, w.uiChannel(c))
		for _, m := range c.messages {
			if m.visible(u.ID) {
				messages = append(messages, w.uiMessage(m))
			}
		}
	}
	for _, v := range w.stacks[u.ID] {
		views = append(views, v.json())
	}
	groups := []obj{}
	for _, g := range w.groups {
		groups = append(groups, obj{"id": g.ID, "handle": g.Handle, "name": g.Name})
	}
	var home any
	if v := w.homes[u.ID]; v != nil {
		home = v.json()
	}
	return obj{
		"team": w.opt.Team, "bot": obj{"id": BotUserID, "name": w.opt.BotName}, "command": w.opt.Command, "users": users,
		"groups": groups, "channels": channels, "messages": messages, "views": views, "home": home, "seq": w.ui.next() - 1,
		"banner": "Simulator – this is not Slack", "me": u.ID, "now": w.opt.Now().Unix(),
	}
}

// uiPlace finds what a click of the page points at.
func (w *Workspace) uiPlace(u *User, channel, ts, viewID string) (place, error) {
	if viewID != "" {
		v := w.views[viewID]
		if v == nil || v.user != u.ID {
			return place{}, fmt.Errorf("this form is not open any more")
		}
		return place{view: v}, nil
	}
	c, err := w.place(u, channel)
	if err != nil {
		return place{}, err
	}
	m := c.find(ts)
	if m == nil || !m.visible(u.ID) {
		return place{}, fmt.Errorf("this message is not there any more")
	}
	return place{message: m}, nil
}
