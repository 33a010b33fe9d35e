package bot

import (
	"context"
	"log/slog"
	"maps"
	"regexp"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/slack-go/slack"

	"github.com/stackhand/stackhand"
	"github.com/stackhand/stackhand/commands"
)

// groupID is what the ids of user groups look like.
var groupID = regexp.MustCompile(`^S[A-Z0-9]{2,30}$`)

// groups remembers for some minutes who is in those user groups that matter, and what all of them are called.
type groups struct {
	web    *web
	log    *slog.Logger
	always []string
	shared func(ctx context.Context) ([]string, error)

	mu      sync.Mutex
	members map[string][]string // by group, of those that matter
	asked   time.Time           // when members were fetched
	seen    time.Time           // when shared was asked
	more    []string            // what it said, and what was asked for by name since
	all     []slack.UserGroup
	listed  time.Time // when all was fetched
}

func newGroups(w *web, o Options) groups {
	return groups{web: w, log: o.Log, always: o.Groups, shared: o.Shared}
}

// wanted are the groups that matter now. A group that somebody has just shared something with is among them already.
func (g *groups) wanted(ctx context.Context) ([]string, error) {
	g.mu.Lock()
	more, seen := g.more, g.seen
	g.mu.Unlock()
	if g.shared != nil && time.Since(seen) > freshFor {
		ids, err := g.shared(ctx)
		if err != nil {
			return nil, err
		}
		g.mu.Lock()
		g.more, g.seen = ids, time.Now()
		more = ids
		g.mu.Unlock()
	}
	all := slices.Sorted(slices.Values(slices.Concat(g.always, more)))
	return slices.DeleteFunc(slices.Compact(all), func(id string) bool { return !groupID.MatchString(id) }), nil
}

// watch makes a group matter from now on.
func (g *groups) watch(id string) {
	g.mu.Lock()
	defer g.mu.Unlock()
	if !slices.Contains(g.more, id) {
		g.more = append(slices.Clone(g.more), id)
	}
}

// of answers the groups that matter and that somebody is in.
func (g *groups) of(ctx context.Context, user string) ([]string, error) {
	unknown := stackhand.Errorf(stackhand.Unavailable, "Slack does not tell me what groups you are in, so I did nothing.").Do("Try again in a minute.")
	wanted, err := g.wanted(ctx)
	if err != nil {
		return nil, unknown.Because(err)
	}
	g.mu.Lock()
	members, asked := g.members, g.asked
	g.mu.Unlock()
	old := time.Since(asked) > freshFor
	lacking := slices.DeleteFunc(slices.Clone(wanted), func(id string) bool { _, ok := members[id]; return ok && !old })
	if len(lacking) > 0 {
		fetched, err := g.fetch(ctx, lacking)
		if err != nil && (members == nil || time.Since(asked) > usableFor) {
			return nil, unknown.Because(err)
		}
		if err == nil {
			members = g.keep(fetched, old)
		}
	}
	return slices.DeleteFunc(wanted, func(id string) bool { return !slices.Contains(members[id], user) }), nil
}

// keep remembers members; whole is that they are all that there is to know.
func (g *groups) keep(fetched map[string][]string, whole bool) map[string][]string {
	g.mu.Lock()
	defer g.mu.Unlock()
	if !whole {
		fetched = maps.Clone(fetched)
		for id, m := range g.members {
			if _, newer := fetched[id]; !newer {
				fetched[id] = m
			}
		}
	} else {
		g.asked = time.Now()
	}
	g.members = fetched
	return fetched
}

// fetch asks Slack who is in groups. One that is not there any more has no members: what was shared with it is nobody's
// business then, and nobody else's requests must fail for it.
func (g *groups) fetch(ctx context.Context, ids []string) (map[string][]string, error) {
	all := map[string][]string{}
	for _, id := range ids {
		err := g.web.call(ctx, "usergroups.users.list", "", true, func(ctx context.Context) error {
			members, err := g.web.api.GetUserGroupMembersContext(ctx, id)
			all[id] = members
			return err
		})
		if err != nil && slackCode(err) == "no_such_subteam" {
			g.log.WarnContext(ctx, "a user group is not there any more, and counts as empty", "group", id)
			all[id], err = nil, nil
		}
		if err != nil {
			return nil, err
		}
	}
	return all, nil
}

// list answers all user groups of the workspace that are in use.
func (g *groups) list(ctx context.Context) ([]slack.UserGroup, error) {
	g.mu.Lock()
	all, listed := g.all, g.listed
	g.mu.Unlock()
	if time.Since(listed) < freshFor {
		return all, nil
	}
	err := g.web.call(ctx, "usergroups.list", "", true, func(ctx context.Context) (err error) {
		all, err = g.web.api.GetUserGroupsContext(ctx)
		return err
	})
	if err != nil {
		return nil, err
	}
	g.mu.Lock()
	defer g.mu.Unlock()
	g.all, g.listed = all, time.Now()
	return all, nil
}

// name is how a group is written, such as @ops; "" where that is unknown.
func (g *groups) name(ctx context.Context, id string) string {
	ctx, cancel := context.WithTimeout(ctx, nameFor)
	defer cancel()
	all, err := g.list(ctx)
	at := slices.IndexFunc(all, func(u slack.UserGroup) bool { return u.ID == id })
	if err != nil || at < 0 {
		return ""
	}
	return "@" + all[at].Handle
}

// find answers the groups that a word means: an id, a handle or a name.
func (g *groups) find(ctx context.Context, word string) ([]commands.Person, error) {
	all, err := g.list(ctx)
	var out []commands.Person
	for _, u := range all {
		if u.DateDelete == 0 && (u.ID == word || strings.EqualFold(u.Handle, word) || strings.EqualFold(u.Name, word)) {
			g.watch(u.ID)
			out = append(out, commands.Person{ID: u.ID, Name: "@" + u.Handle, Group: true})
		}
	}
	return out, err
}
