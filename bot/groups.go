package bot

import (
	"context"
	"log/slog"
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
	always func() []string // nil: none
	news   *news
	shared func(ctx context.Context) ([]string, error)

	mu      sync.Mutex
	members map[string]membership // by group, of those that matter
	seen    time.Time             // when shared was asked
	more    []string              // what it said, and what was asked for by name since
	all     []slack.UserGroup
	listed  time.Time // when all was fetched
}

// membership is who was in a group when it was asked for.
type membership struct {
	in    []string
	asked time.Time
}

func newGroups(w *web, o Options, heard *news) groups {
	return groups{web: w, log: o.Log, always: o.Groups, shared: o.Shared, news: heard, members: map[string]membership{}}
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
	if g.always != nil {
		more = slices.Concat(g.always(), more)
	}
	all := slices.Sorted(slices.Values(more))
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
	var in []string
	for _, id := range wanted {
		members, err := g.membersOf(ctx, id)
		if err != nil {
			return nil, unknown.Because(err)
		}
		if slices.Contains(members, user) {
			in = append(in, id)
		}
	}
	return in, nil
}

// membersOf looks up who is in a group. An old answer serves while Slack gives no new one.
func (g *groups) membersOf(ctx context.Context, id string) ([]string, error) {
	g.mu.Lock()
	had, ok := g.members[id]
	g.mu.Unlock()
	for tries := 0; !ok || time.Since(had.asked) > freshFor; tries++ {
		before := g.news.now()
		ids, err := g.fetch(ctx, id)
		if err != nil {
			if g.news.since(id, before) || !ok || time.Since(had.asked) > usableFor {
				return nil, err
			}
			break
		}
		had = membership{in: ids, asked: time.Now()}
		if g.keep(id, had, before) || tries == maxAsks {
			break
		}
		ok = false
	}
	return had.in, nil
}

// keep remembers who is in a group, unless Slack told meanwhile that it is others.
func (g *groups) keep(id string, m membership, before uint64) bool {
	g.mu.Lock()
	defer g.mu.Unlock()
	if g.news.since(id, before) {
		return false
	}
	g.members[id] = m
	return true
}

// fetch asks Slack who is in a group. One that is not there (any more) has no members: what was shared with it is nobody's
// business then, and nobody else's requests must fail for it.
func (g *groups) fetch(ctx context.Context, id string) (members []string, err error) {
	err = g.web.call(ctx, "usergroups.users.list", "", true, func(ctx context.Context) error {
		members, err = g.web.api.GetUserGroupMembersContext(ctx, id)
		return err
	})
	if err != nil && slackCode(err) == "no_such_subteam" {
		g.log.WarnContext(ctx, "a user group is not there, and counts as empty", "group", id)
		return nil, nil
	}
	return members, err
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
