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

// parseChange reads what an administrator of the workspace does: to a person, or to who is in a user group.
func parseChange(rest string) (scriptLine, error) {
	l := scriptLine{what: "slack"}
	words := strings.Fields(rest)
	switch {
	case len(words) == 2 && standings[words[1]] != nil:
		l.user, l.words = words[0], words[1]
		return l, nil
	case len(words) == 3 && (words[1] == "joins" || words[1] == "leaves"):
		l.user, l.words, l.value = words[0], words[1], words[2]
		return l, nil
	}
	return l, fmt.Errorf("write slack PERSON deactivated, guest or member, or slack PERSON joins GROUP, or leaves")
}

// change does what an administrator of the workspace does. Slack tells the bot so by itself.
func (p *player) change(ctx context.Context, l scriptLine) error {
	w := p.st.slack
	return p.act(ctx, func() error {
		if l.value == "" {
			return w.ChangeUser(l.user, standings[l.words])
		}
		id, err := w.UserID(l.user)
		if err != nil {
			return err
		}
		return w.ChangeGroup(l.value, func(g *slack.Group) {
			g.Members = slices.DeleteFunc(slices.Clone(g.Members), func(m string) bool { return m == id })
			if l.words == "joins" {
				g.Members = append(g.Members, id)
			}
		})
	})
}
