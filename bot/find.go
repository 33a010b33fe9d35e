package bot

import (
	"context"
	"errors"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/slack-go/slack"

	"github.com/stackhand/stackhand"
	"github.com/stackhand/stackhand/commands"
)

// roll is everybody of the workspace by name, for those who are spoken of by name instead of being mentioned.
type roll struct {
	mu     sync.Mutex
	all    []called
	listed time.Time
}

// called is somebody and the names that they go by.
type called struct {
	id    string
	names []string
}

const (
	rollPage  = 1000
	rollPages = 20 // of a larger workspace not everybody is found by name; a mention always works
)

// Who answers the people and user groups that a word means: a mention as it was typed (@U0BOB), an id, or a name. None is
// that nobody is called that.
func (b *Bot) Who(ctx context.Context, word string) ([]commands.Person, error) {
	found, err := b.who(ctx, strings.TrimPrefix(strings.TrimSpace(word), "@"))
	var ours *stackhand.Error
	if err != nil && !errors.As(err, &ours) && ctx.Err() == nil {
		err = stackhand.Errorf(stackhand.Unavailable, "Slack does not tell me who that is, so I did nothing.").Because(err).Do("Try again in a minute.")
	}
	return found, err
}

func (b *Bot) who(ctx context.Context, word string) ([]commands.Person, error) {
	switch {
	case word == "":
		return nil, nil
	case groupID.MatchString(word):
		if found, err := b.people.groups.find(ctx, word); err != nil || len(found) > 0 {
			return found, err
		}
	case userID.MatchString(word):
		if who, err := b.someone(ctx, word); err != nil || who.ID != "" {
			return slices.DeleteFunc([]commands.Person{who}, func(p commands.Person) bool { return p.ID == "" }), err
		}
	}
	all, err := b.roll.list(ctx, b.web)
	if err != nil {
		return nil, err
	}
	var out []commands.Person
	for _, c := range all {
		if !slices.ContainsFunc(c.names, func(n string) bool { return strings.EqualFold(n, word) }) {
			continue
		}
		who, err := b.someone(ctx, c.id)
		if err != nil {
			return nil, err
		}
		if who.ID != "" {
			out = append(out, who)
		}
	}
	groups, err := b.people.groups.find(ctx, word)
	return append(out, groups...), err
}

// someone is a person by id; the zero Person is nobody.
func (b *Bot) someone(ctx context.Context, id string) (commands.Person, error) {
	f, err := b.people.facts(ctx, id, b.self.team)
	if err != nil {
		var said slack.SlackErrorResponse
		if errors.As(err, &said) && (said.Err == "user_not_found" || said.Err == "user_not_visible") {
			return commands.Person{}, nil
		}
		return commands.Person{}, err
	}
	return commands.Person{ID: id, Name: firstOf(f.Name, id), Refused: b.barred(f)}, nil
}

// barred says why somebody else gets no servers here; nil if they may.
func (b *Bot) barred(f UserFacts) error {
	who := firstOf(f.Name, f.ID)
	refuse := func(format string) error { return stackhand.Errorf(stackhand.Forbidden, format, who) }
	switch {
	case f.Deactivated:
		return refuse("%s is deactivated in Slack.")
	case f.Bot:
		return refuse("%s is no person.")
	case f.Stranger:
		return refuse("%s belongs to another workspace; servers are given only to members of this one.")
	case f.Guest:
		return refuse("%s is a guest, and guests cannot use servers here.")
	case b.o.Role(f) < stackhand.Member:
		return refuse("%s may not use servers here.")
	}
	return nil
}

// list is everybody who is not deactivated.
func (r *roll) list(ctx context.Context, w *web) ([]called, error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if time.Since(r.listed) < freshFor {
		return r.all, nil
	}
	var all []called
	p := w.api.GetUsersPaginated(slack.GetUsersOptionLimit(rollPage))
	for range rollPages {
		var next slack.UserPagination
		err := w.call(ctx, "users.list", "", true, func(ctx context.Context) (err error) {
			next, err = p.Next(ctx)
			return err
		})
		if err != nil {
			return nil, err
		}
		p = next
		for _, u := range p.Users {
			if !u.Deleted {
				all = append(all, called{u.ID, []string{u.Name, u.Profile.DisplayName, u.RealName}})
			}
		}
		if p.Cursor == "" {
			break
		}
	}
	r.all, r.listed = all, time.Now()
	return all, nil
}
