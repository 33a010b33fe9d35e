package commands

import (
	"context"
	"slices"
	"time"

	"github.com/dustin/go-humanize"

	"github.com/stackhand/stackhand"
)

type eventsArgs struct {
	Server string `arg:"server" help:"name or id; in a server's thread, that one"`
	Page   int    `default:"1" help:"which page of a long list"`
	inCloud
	Line Line
}

var _ = add(Command[eventsArgs]{
	Name:     "events",
	Help:     "who did what to a server: the cloud's own record, and the jobs that were asked for here",
	Examples: []string{"events web-1"},
	Role:     stackhand.Member,
	Reads:    true,
	Run:      events,
})

// event is something that was done to a server.
type event struct {
	at                 time.Time
	what, by, how, ref string
}

// maxPast is how many jobs are looked through for those of one server.
const maxPast = 500

func events(ctx context.Context, env *Env, user stackhand.User, a eventsArgs) (Reply, error) {
	s, t, err := locate(ctx, env, user, a.Line, a.Cloud, a.Server, func(id string) string { a.Server = id; return format("events", a) })
	if err != nil {
		return Reply{}, err
	}
	all, err := s.ownEvents(ctx, t)
	if err != nil {
		return Reply{}, err
	}
	if t.stack == nil || t.stack.Server != "" && !t.gone {
		actions, err := s.ServerActions(ctx, t.id())
		if err != nil {
			return Reply{}, err
		}
		for _, x := range actions {
			how := "done"
			if x.Message != "" {
				how = x.Message
			}
			all = append(all, event{x.Start, x.Action, s.cloudUser(x.UserID), how, x.RequestID})
		}
	}
	if len(all) == 0 {
		return Reply{Text: stackhand.Textf("Nothing is recorded of %s.", t.name())}, nil
	}
	slices.SortStableFunc(all, func(x, y event) int { return y.at.Compare(x.at) })
	table := &Table{Columns: []string{"When", "What", "By", "Result", "Job or request"}}
	for _, x := range all {
		table.Rows = append(table.Rows, []string{humanize.RelTime(x.at, env.Now(), "ago", "from now"), x.what, dash(x.by), x.how, dash(x.ref)})
	}
	return paged(stackhand.Textf("%s of %s, newest first", count(len(all), "event"), t.name()), table, a.Page, func(p int) string { a.Page = p; return format("events", a) })
}

// ownEvents are the jobs that a server's stack was changed by, among the last that there were.
func (s *session) ownEvents(ctx context.Context, t target) ([]event, error) {
	if t.stack == nil {
		return nil, nil
	}
	jobs, err := s.env.Jobs.Recent(ctx, "", maxPast)
	if err != nil {
		return nil, err
	}
	var out []event
	for _, j := range jobs {
		if slices.Contains(j.Stacks, t.stack.ID) {
			out = append(out, event{j.Created, j.Title, s.env.person(ctx, j.User.ID), string(j.State), j.ID})
		}
	}
	return out, nil
}

// cloudUser is how a user of the cloud is shown: by the name where it is the asker's own.
func (s *session) cloudUser(id string) string {
	if id != "" && id == s.who.UserID && s.who.User != "" {
		return s.who.User
	}
	return id
}
