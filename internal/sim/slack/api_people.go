package slack

import (
	"encoding/base64"
	"slices"
	"strconv"
	"strings"
	"time"
)

func (w *Workspace) userJSON(u *User, email bool) obj {
	offset, zone := 0, "UTC"
	if loc, err := time.LoadLocation(u.TZ); err == nil {
		zone, offset = w.opt.Now().In(loc).Zone()
	}
	profile := obj{"real_name": u.RealName, "display_name": u.Name, "title": u.Title, "team": u.Team,
		"status_emoji": u.Status.Emoji, "status_text": u.Status.Text, "status_expiration": u.Status.Expires}
	if email && u.Email != "" {
		profile["email"] = u.Email
	}
	return obj{
		"id": u.ID, "team_id": u.Team, "name": u.Name, "real_name": u.RealName, "deleted": u.Deleted,
		"tz": u.TZ, "tz_label": zone, "tz_offset": offset, "profile": profile,
		"is_admin": u.Admin, "is_owner": false, "is_primary_owner": false, "is_bot": u.Bot, "is_app_user": false,
		"is_restricted": u.Restricted || u.UltraRestricted, "is_ultra_restricted": u.UltraRestricted,
		"is_stranger": u.Stranger, "updated": 1_700_000_000,
	}
}

func (w *Workspace) userFor(q *request, u *User) obj {
	o := w.userJSON(u, slices.Contains(w.opt.Scopes, "users:read.email"))
	if q.bool("include_locale") {
		o["locale"] = u.Locale
	}
	return o
}

func usersInfo(w *Workspace, q *request) (obj, error) {
	u := w.user(q.str("user"))
	if u == nil || u.ID != q.str("user") {
		return nil, refuse("user_not_found")
	}
	return obj{"user": w.userFor(q, u)}, nil
}

func usersList(w *Workspace, q *request) (obj, error) {
	page, next, err := pageOf(q, w.users, 100)
	if err != nil {
		return nil, err
	}
	members := make([]obj, 0, len(page))
	for _, u := range page {
		members = append(members, w.userFor(q, u))
	}
	return obj{"members": members, "cache_ts": w.unixNow(), "response_metadata": obj{"next_cursor": next}}, nil
}

func usersLookupByEmail(w *Workspace, q *request) (obj, error) {
	for _, u := range w.users {
		if u.Email != "" && strings.EqualFold(u.Email, q.str("email")) && !u.Deleted {
			return obj{"user": w.userFor(q, u)}, nil
		}
	}
	return nil, refuse("users_not_found")
}

// pageOf cuts a page out of a list and gives the cursor of the next one ("" at the end).
func pageOf[T any](q *request, all []T, standard int) ([]T, string, error) {
	start := 0
	if c := q.str("cursor"); c != "" {
		raw, err := base64.StdEncoding.DecodeString(c)
		if err != nil {
			return nil, "", refuse("invalid_cursor")
		}
		start, err = strconv.Atoi(strings.TrimPrefix(string(raw), "next:"))
		if err != nil || start < 0 || start > len(all) {
			return nil, "", refuse("invalid_cursor")
		}
	}
	limit := min(q.int("limit", standard), 1000)
	end := min(start+limit, len(all))
	if end == len(all) {
		return all[start:end], "", nil
	}
	return all[start:end], base64.StdEncoding.EncodeToString([]byte("next:" + strconv.Itoa(end))), nil
}

func (w *Workspace) channelJSON(c *channel) obj {
	if c.isDM() {
		return obj{
			"id": c.ID, "is_im": true, "is_channel": false, "user": c.with, "is_archived": false, "is_org_shared": false,
			"created": 1_700_000_000, "is_user_deleted": false, "is_open": true,
		}
	}
	return obj{
		"id": c.ID, "name": c.Name, "name_normalized": c.Name, "is_channel": !c.Private, "is_group": c.Private, "is_im": false,
		"is_mpim": false, "is_private": c.Private, "is_archived": c.Archived, "is_general": false, "is_member": c.member(BotUserID),
		"is_shared": c.Shared, "is_ext_shared": c.Shared, "is_org_shared": false, "created": 1_700_000_000, "creator": "U0DANA",
		"num_members": len(c.Members), "context_team_id": TeamID,
		"topic": obj{"value": "", "creator": "", "last_set": 0}, "purpose": obj{"value": "", "creator": "", "last_set": 0},
	}
}

func conversationsInfo(w *Workspace, q *request) (obj, error) {
	c := w.channel(q.str("channel"))
	if c == nil || c.ID != q.str("channel") || c.Private && !c.member(BotUserID) {
		return nil, refuse("channel_not_found")
	}
	return obj{"channel": w.channelJSON(c)}, nil
}

func conversationsOpen(w *Workspace, q *request) (obj, error) {
	if id := q.str("channel"); id != "" {
		c := w.channel(id)
		if c == nil || !c.isDM() {
			return nil, refuse("channel_not_found")
		}
		return obj{"channel": w.channelJSON(c)}, nil
	}
	ids := strings.Split(q.str("users"), ",")
	if len(ids) != 1 || ids[0] == "" {
		return nil, refuse("users_list_not_supplied") // conversations with several people are not simulated
	}
	u := w.user(ids[0])
	switch {
	case u == nil || u.ID != ids[0]:
		return nil, refuse("user_not_found")
	case u.Bot:
		return nil, refuse("cannot_dm_bot")
	case u.Deleted:
		return nil, refuse("user_disabled")
	}
	return obj{"channel": w.channelJSON(w.dm(u))}, nil
}

func conversationsMembers(w *Workspace, q *request) (obj, error) {
	c, err := w.target(q.str("channel"))
	if err != nil {
		return nil, err
	}
	page, next, err := pageOf(q, c.Members, 100)
	if err != nil {
		return nil, err
	}
	return obj{"members": page, "response_metadata": obj{"next_cursor": next}}, nil
}

func conversationsList(w *Workspace, q *request) (obj, error) {
	types := q.str("types")
	orDefault(&types, "public_channel")
	var fit []obj
	for _, c := range w.channels {
		kind := "public_channel"
		switch {
		case c.isDM():
			kind = "im"
		case c.Private:
			kind = "private_channel"
		}
		hidden := c.Private && !c.member(BotUserID) || c.Archived && q.bool("exclude_archived")
		if slices.Contains(strings.Split(types, ","), kind) && !hidden {
			fit = append(fit, w.channelJSON(c))
		}
	}
	page, next, err := pageOf(q, fit, 100)
	if err != nil {
		return nil, err
	}
	return obj{"channels": append([]obj{}, page...), "response_metadata": obj{"next_cursor": next}}, nil
}

func conversationsJoin(w *Workspace, q *request) (obj, error) {
	c := w.channel(q.str("channel"))
	switch {
	case c == nil || c.Private:
		return nil, refuse("channel_not_found")
	case c.Archived:
		return nil, refuse("is_archived")
	}
	if !c.member(BotUserID) {
		c.Members = append(c.Members, BotUserID)
		w.emit(uiEvent{Type: "channel", Body: obj{"channel": w.uiChannel(c)}})
	}
	return obj{"channel": w.channelJSON(c)}, nil
}

func conversationsHistory(w *Workspace, q *request) (obj, error) {
	c, err := w.readableChannel(q)
	if err != nil {
		return nil, err
	}
	var all []*message
	for _, m := range slices.Backward(c.messages) { // newest first
		if m.ephemeral == "" && (m.thread == "" || m.broadcast) && q.within(m.ts) {
			all = append(all, m)
		}
	}
	return w.messagePage(q, all)
}

func conversationsReplies(w *Workspace, q *request) (obj, error) {
	c, err := w.readableChannel(q)
	if err != nil {
		return nil, err
	}
	first := c.find(q.str("ts"))
	if first == nil || first.ephemeral != "" {
		return nil, refuse("thread_not_found")
	}
	root := first.ts
	if first.thread != "" {
		root = first.thread
	}
	var all []*message
	for _, m := range c.replies(root) {
		if m.ts == root || q.within(m.ts) {
			all = append(all, m)
		}
	}
	return w.messagePage(q, all)
}

// readableChannel is target for calls that read messages: one must be a member for that.
func (w *Workspace) readableChannel(q *request) (*channel, error) {
	c, err := w.target(q.str("channel"))
	if err != nil {
		return nil, err
	}
	if !c.member(BotUserID) {
		return nil, refuse("not_in_channel")
	}
	return c, nil
}

// within tells whether ts lies between the arguments oldest and latest.
func (q *request) within(ts string) bool {
	at := tsTime(ts)
	after, before := tsTime(q.str("oldest")), tsTime(q.str("latest"))
	same := q.bool("inclusive")
	if q.has("oldest") && !(at.After(after) || same && at.Equal(after)) {
		return false
	}
	return !q.has("latest") || at.Before(before) || same && at.Equal(before)
}

func (w *Workspace) messagePage(q *request, all []*message) (obj, error) {
	page, next, err := pageOf(q, all, 100)
	if err != nil {
		return nil, err
	}
	list := make([]obj, 0, len(page))
	for _, m := range page {
		if q.bool("include_all_metadata") {
			list = append(list, w.withMetadata(m))
			continue
		}
		list = append(list, w.json(m))
	}
	return obj{"messages": list, "has_more": next != "", "pin_count": 0, "response_metadata": obj{"next_cursor": next}}, nil
}

func usergroupsList(w *Workspace, q *request) (obj, error) {
	list := make([]obj, 0, len(w.groups))
	for _, g := range w.groups {
		list = append(list, w.groupJSON(g, q.bool("include_users")))
	}
	return obj{"usergroups": list}, nil
}

func (w *Workspace) groupJSON(g *Group, users bool) obj {
	o := obj{
		"id": g.ID, "team_id": TeamID, "is_usergroup": true, "name": g.Name, "handle": g.Handle,
		"description": "", "date_delete": 0, "user_count": len(g.Members),
	}
	if users {
		o["users"] = append([]string{}, g.Members...)
	}
	return o
}

func usergroupsUsersList(w *Workspace, q *request) (obj, error) {
	g := w.group(q.str("usergroup"))
	if g == nil || g.ID != q.str("usergroup") {
		return nil, refuse("no_such_subteam")
	}
	return obj{"users": append([]string{}, g.Members...)}, nil
}
