package main

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"github.com/stackhand/stackhand/internal/sim/slack"
)

// standings are what `slack PERSON …` makes of somebody.
var standings = map[string]func(*slack.User){
	"deactivated": func(u *slack.User) { u.Deleted = true },
	"guest":       func(u *slack.User) { u.Restricted = true },
	"member":      func(u *slack.User) { u.Deleted, u.Restricted = false, false },
}

// roomStates are what `slack #CHANNEL …` makes of a channel.
var roomStates = map[string]func(*slack.Channel){
	"archived":   func(c *slack.Channel) { c.Archived = true },
	"unarchived": func(c *slack.Channel) { c.Archived = false },
}

// parseChange reads what an administrator of the workspace does, to a person, to a channel, or to who is in a user group or a channel; or
// that Slack as a whole is away, or back.
func parseChange(rest string) (scriptLine, error) {
	l := scriptLine{what: "slack"}
	words := strings.Fields(rest)
	switch {
	case rest == "away", rest == "back":
		l.words = rest
		return l, nil
	case len(words) == 2 && standings[words[1]] != nil:
		l.user, l.words = words[0], words[1]
		return l, nil
	case len(words) == 2 && strings.HasPrefix(words[0], "#") && roomStates[words[1]] != nil:
		l.where, l.words = words[0][1:], words[1]
		return l, nil
	case len(words) == 3 && (words[1] == "joins" || words[1] == "leaves") && strings.HasPrefix(words[2], "#"):
		l.user, l.words, l.where = words[0], words[1], words[2][1:]
		return l, nil
	case len(words) == 3 && (words[1] == "joins" || words[1] == "leaves"):
		l.user, l.words, l.value = words[0], words[1], words[2]
		return l, nil
	}
	return l, fmt.Errorf("write slack PERSON deactivated, guest or member, slack PERSON joins GROUP or #CHANNEL, or leaves, slack #CHANNEL archived, or unarchived, or slack away, and slack back")
}

// change does what an administrator of the workspace does. Slack tells the bot so by itself.
func (p *player) change(ctx context.Context, l scriptLine) error {
	w := p.st.slack
	if l.user == "" && l.where == "" {
		if err := w.Fault(l.words); err != nil || l.words == "away" {
			return err
		}
		return p.until(ctx, patience, "the bot does not connect again", func() (bool, error) { return w.Connections() > 0, nil })
	}
	return p.act(ctx, func() error {
		if l.where != "" {
			return p.changeRoom(l)
		}
		if l.value == "" {
			return w.ChangeUser(l.user, standings[l.words])
		}
		id, err := w.UserID(l.user)
		if err != nil {
			return err
		}
		return w.ChangeGroup(l.value, func(g *slack.Group) { g.Members = comes(g.Members, id, l.words == "joins") })
	})
}

// changeRoom does it to a channel, or to who is in it.
func (p *player) changeRoom(l scriptLine) error {
	w := p.st.slack
	if l.user == "" {
		return w.ChangeChannel(l.where, roomStates[l.words])
	}
	id, err := slack.BotUserID, error(nil)
	if l.user != "stackhand" {
		id, err = w.UserID(l.user)
	}
	if err != nil {
		return err
	}
	return w.ChangeChannel(l.where, func(c *slack.Channel) { c.Members = comes(c.Members, id, l.words == "joins") })
}

// comes are the members with somebody among them, or without.
func comes(members []string, id string, in bool) []string {
	out := slices.DeleteFunc(slices.Clone(members), func(m string) bool { return m == id })
	if in {
		out = append(out, id)
	}
	return out
}
