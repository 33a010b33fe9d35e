package bot

import (
	"context"
	"errors"
	"slices"
	"strings"

	"github.com/slack-go/slack"

	"github.com/stackhand/stackhand"
)

// errDeactivated is what keeps a notice from a person whose account is closed: Slack may still take the message.
var errDeactivated = slack.SlackErrorResponse{Err: "user_disabled"}

// chain is the delivery of one notice to those who are told directly, one after the other: its user; where that one cannot be
// told, those who own the thing together with them; and where nobody was told and its place took nothing, the administrators.
type chain struct {
	t        *teller
	n        *stackhand.Notice
	m        message
	problems []error
	later    bool // somebody may be reached at another time
}

// direct tells one person, once, and answers whether they were told.
func (c *chain) direct(ctx context.Context, user string, p *stackhand.Posted, which string) bool {
	if p.TS != "" {
		return true
	}
	err := c.t.reachable(ctx, user)
	var own string
	if err == nil {
		own, err = c.t.b.web.dm(ctx, user)
	}
	if err == nil {
		err = c.t.post(ctx, c.n, p, own, "", which, c.m)
	}
	if err != nil {
		c.problems = append(c.problems, err)
		c.later = c.later || outcomeOf(err) != refused && stackhand.KindOf(err) != stackhand.Forbidden
		return false
	}
	return true
}

// each tells several people; groups are told as their members.
func (c *chain) each(ctx context.Context, ids []string) (any bool) {
	for _, user := range c.t.members(ctx, ids) {
		if user == c.n.User {
			continue
		}
		p := c.n.More[user]
		told := c.direct(ctx, user, &p, "to-"+user)
		if c.n.More == nil {
			c.n.More = map[string]stackhand.Posted{}
		}
		c.n.More[user] = p
		any = any || told
	}
	return any
}

// reachable refuses people whose accounts are closed. Where Slack does not tell, the message is tried.
func (t *teller) reachable(ctx context.Context, user string) error {
	f, err := t.b.people.facts(ctx, user, t.b.self.team)
	if err == nil && f.Deactivated {
		return errDeactivated
	}
	return nil
}

// members are people by their ids, and the members of user groups.
func (t *teller) members(ctx context.Context, ids []string) []string {
	var out []string
	for _, id := range ids {
		found := []string{id}
		if strings.HasPrefix(id, "S") {
			err := t.b.web.call(ctx, "usergroups.users.list", "", true, func(ctx context.Context) (err error) {
				found, err = t.b.web.api.GetUserGroupMembersContext(ctx, id)
				return err
			})
			if err != nil {
				t.b.log.WarnContext(ctx, "the members of a group are not told", "group", id, "err", err)
				continue
			}
		}
		for _, u := range found {
			if !slices.Contains(out, u) {
				out = append(out, u)
			}
		}
	}
	return out
}

// tellAll brings a notice to its place and to people, and notes whom it reached.
func (t *teller) tellAll(ctx context.Context, n *stackhand.Notice) error {
	c := &chain{t: t, n: n, m: sheet{{Text: n.Text, Actions: n.Actions}}.message()}
	gone := n.User != "" && t.reachable(ctx, n.User) != nil
	if gone {
		c.m = sheet{{Text: stackhand.Textf("%s cannot be reached any more. ", stackhand.To(n.User)).Add("%s", n.Text), Actions: n.Actions}}.message()
	}
	if n.Place.Channel != "" && n.Public.TS == "" && !(gone && n.Place.Direct) {
		if err := t.post(ctx, n, &n.Public, n.Place.Channel, n.Place.Thread, "public", c.m); err != nil {
			c.problems = append(c.problems, err)
			c.later = c.later || outcomeOf(err) != refused
		}
	}
	told := n.User != "" && (n.Place.Direct && n.Public.TS != "" || !n.Place.Direct && c.direct(ctx, n.User, &n.Direct, "direct"))
	if !told && len(n.Others) > 0 && !c.later {
		told = c.each(ctx, n.Others)
	}
	if !told && n.Public.TS == "" && n.Admins && !c.later && t.b.o.Admins != nil {
		c.each(ctx, t.b.o.Admins())
	}
	t.note(n)
	return errors.Join(c.problems...)
}

// note writes down whom a notice has reached.
func (t *teller) note(n *stackhand.Notice) {
	reached := func(who string, p stackhand.Posted, thread string) {
		if p.TS == "" || slices.ContainsFunc(n.Told, func(d stackhand.Told) bool { return d.Who == who }) {
			return
		}
		n.Told = append(n.Told, stackhand.Told{Who: who, At: p.At, Link: t.b.Link(p.Channel, p.TS, thread)})
	}
	reached(n.Public.Channel, n.Public, n.Place.Thread)
	reached(n.User, n.Direct, "")
	for who, p := range n.More {
		reached(who, p, "")
	}
}
