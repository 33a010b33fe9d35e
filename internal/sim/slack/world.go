package slack

import (
	"fmt"
	"slices"
	"strings"
)

// User is a person (or, with Bot, a program) in the workspace.
type User struct {
	ID, Name, RealName string
	Title              string // of the profile: "approver"
	Email              string
	TZ                 string // IANA name, default "Etc/UTC"
	Locale             string // default "en-US"
	Team               string // another team's id for strangers in shared channels; "" is ours
	Admin              bool
	Deleted            bool
	Restricted         bool // guest
	UltraRestricted    bool // single-channel guest
	Stranger           bool
	Bot                bool
	Status             Status
}

// Status is what a person says of themselves, such as :palm_tree: on vacation. Expires is in seconds since 1970; 0: never.
type Status struct {
	Emoji, Text string
	Expires     int64
}

// Channel describes a channel; the bot is a member if Members holds BotUserID.
type Channel struct {
	ID, Name string
	Members  []string
	Private  bool
	Archived bool
	Shared   bool // with another organisation (Slack Connect)
	ReadOnly bool // only admins may post
}

// Group is a user group, which is mentioned by its handle.
type Group struct {
	ID, Handle, Name string
	Members          []string
}

// channel is a Channel with what was said in it. With is the person of a direct message.
type channel struct {
	Channel
	with     string
	messages []*message // by ts, ephemeral ones included
}

func (c *channel) isDM() bool { return c.with != "" }

func (c *channel) member(user string) bool { return slices.Contains(c.Members, user) }

func defaultUsers() []User {
	user := func(id, name, real, title, tz string, admin bool) User {
		return User{ID: id, Name: name, RealName: real, Title: title, Email: name + "@example.com", TZ: tz, Admin: admin}
	}
	return []User{
		user("U0ALICE", "alice", "Alice Amber", "Member of team-a", "Europe/Berlin", false),
		user("U0BOB", "bob", "Bob Birch", "Member of team-b", "America/New_York", false),
		user("U0CAROL", "carol", "Carol Clay", "Approver", "Asia/Shanghai", false),
		user("U0DANA", "dana", "Dana Dune", "Administrator", "Etc/UTC", true),
	}
}

func defaultChannels() []Channel {
	people := []string{"U0ALICE", "U0BOB", "U0CAROL", "U0DANA"}
	with := append(slices.Clone(people), BotUserID)
	return []Channel{
		{ID: "C0TEAMA", Name: "team-a", Members: with},
		{ID: "C0TEAMB", Name: "team-b", Members: slices.Clone(with)},
		{ID: "C0OPS", Name: "ops", Members: slices.Clone(with)},
		{ID: "C0RANDOM", Name: "random", Members: people},
	}
}

func (w *Workspace) populate() {
	for _, u := range w.opt.Users {
		orDefault(&u.TZ, "Etc/UTC")
		orDefault(&u.Locale, "en-US")
		orDefault(&u.RealName, u.Name)
		orDefault(&u.Team, TeamID)
		w.users = append(w.users, &u)
	}
	w.users = append(w.users, &User{
		ID: BotUserID, Name: w.opt.BotName, RealName: w.opt.BotName, Bot: true,
		TZ: "Etc/UTC", Locale: "en-US", Team: TeamID,
	})
	for _, c := range w.opt.Channels {
		c.Members = slices.Clone(c.Members)
		w.channels = append(w.channels, &channel{Channel: c})
	}
	for _, g := range w.opt.Groups {
		w.groups = append(w.groups, &g)
	}
}

// user finds a person by id or name, with or without @.
func (w *Workspace) user(name string) *User {
	name = strings.TrimPrefix(name, "@")
	for _, u := range w.users {
		if u.ID == name || u.Name == name {
			return u
		}
	}
	return nil
}

func (w *Workspace) person(name string) (*User, error) {
	u := w.user(name)
	if u == nil || u.Bot {
		return nil, fmt.Errorf("nobody here is called %q", name)
	}
	return u, nil
}

// channel finds a channel by id or name, with or without #; or nil.
func (w *Workspace) channel(name string) *channel {
	name = strings.TrimPrefix(name, "#")
	for _, c := range w.channels {
		if c.ID == name || c.Name == name && !c.isDM() {
			return c
		}
	}
	return nil
}

// place finds the channel that user means, which for "@stackhand" is their direct message.
func (w *Workspace) place(user *User, name string) (*channel, error) {
	if name == "@"+w.opt.BotName || name == BotUserID {
		return w.dm(user), nil
	}
	c := w.channel(name)
	if c == nil {
		return nil, fmt.Errorf("there is no channel %q", name)
	}
	if !c.member(user.ID) {
		return nil, fmt.Errorf("%s is not in %s", user.Name, w.label(c))
	}
	return c, nil
}

// dm is the direct message between user and the bot; it is made when first needed.
func (w *Workspace) dm(u *User) *channel {
	for _, c := range w.channels {
		if c.with == u.ID {
			return c
		}
	}
	c := &channel{with: u.ID, Channel: Channel{
		ID: "D" + strings.TrimLeft(u.ID, "UW"), Name: "@" + u.Name, Members: []string{u.ID, BotUserID}, Private: true,
	}}
	w.channels = append(w.channels, c)
	w.emit(uiEvent{Type: "channel", audience: audience{user: u.ID}, Body: obj{"channel": w.uiChannel(c)}})
	return c
}

func (w *Workspace) label(c *channel) string {
	if c.isDM() {
		return "@" + w.opt.BotName
	}
	return "#" + c.Name
}

func (w *Workspace) group(name string) *Group {
	name = strings.TrimPrefix(name, "@")
	for _, g := range w.groups {
		if g.ID == name || g.Handle == name {
			return g
		}
	}
	return nil
}

// UserID is the id of the person with that name.
func (w *Workspace) UserID(name string) (string, error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	u, err := w.person(name)
	if err != nil {
		return "", err
	}
	return u.ID, nil
}

// AddUser puts another person into the workspace.
func (w *Workspace) AddUser(u User) {
	w.mu.Lock()
	defer w.mu.Unlock()
	orDefault(&u.TZ, "Etc/UTC")
	orDefault(&u.Locale, "en-US")
	orDefault(&u.RealName, u.Name)
	orDefault(&u.Team, TeamID)
	w.users = append(w.users, &u)
	w.emit(uiEvent{Type: "user", Body: obj{"user": w.uiUser(&u)}})
}

// ChangeUser lets f change a person, and tells the app if it subscribed to user_change.
func (w *Workspace) ChangeUser(name string, f func(*User)) error {
	w.mu.Lock()
	defer w.mu.Unlock()
	u, err := w.person(name)
	if err != nil {
		return err
	}
	f(u)
	w.emit(uiEvent{Type: "user", Body: obj{"user": w.uiUser(u)}})
	w.event("user_change", obj{"type": "user_change", "user": w.userJSON(u, true)})
	return nil
}

// ChangeGroup lets f change a user group's members or names, and tells the app if it subscribed to subteam_updated or
// subteam_members_changed.
func (w *Workspace) ChangeGroup(name string, f func(*Group)) error {
	w.mu.Lock()
	defer w.mu.Unlock()
	g := w.group(name)
	if g == nil {
		return fmt.Errorf("there is no user group %q", name)
	}
	before := slices.Clone(g.Members)
	f(g)
	only := func(a, b []string) []string {
		return append([]string{}, slices.DeleteFunc(slices.Clone(a), func(id string) bool { return slices.Contains(b, id) })...)
	}
	added, removed := only(g.Members, before), only(before, g.Members)
	w.event("subteam_updated", obj{"type": "subteam_updated", "subteam": w.groupJSON(g, true)})
	if len(added)+len(removed) > 0 {
		w.event("subteam_members_changed", obj{
			"type": "subteam_members_changed", "subteam_id": g.ID, "team_id": TeamID, "date_previous_update": w.unixNow(), "date_update": w.unixNow(),
			"added_users": added, "added_users_count": len(added), "removed_users": removed, "removed_users_count": len(removed),
		})
	}
	return nil
}

// ChangeChannel lets f change a channel: its members, or whether it is archived.
func (w *Workspace) ChangeChannel(name string, f func(*Channel)) error {
	w.mu.Lock()
	defer w.mu.Unlock()
	c := w.channel(name)
	if c == nil {
		return fmt.Errorf("there is no channel %q", name)
	}
	f(&c.Channel)
	w.emit(uiEvent{Type: "channel", Body: obj{"channel": w.uiChannel(c)}})
	return nil
}
