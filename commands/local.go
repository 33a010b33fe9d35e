package commands

import (
	"context"
	"time"

	"github.com/stackhand/stackhand"
)

// location is a user's time zone; UTC where Slack knows none, or one that this machine does not.
func (env *Env) location(ctx context.Context, user stackhand.User) *time.Location {
	zone, err := time.LoadLocation(env.zone(ctx, user))
	if err != nil {
		return time.UTC
	}
	return zone
}

// local writes moments out in the asker's time zone where an answer cannot hold them as such: in cells of tables, and on buttons.
func (env *Env) local(ctx context.Context, user stackhand.User, r Reply) Reply {
	var zone *time.Location
	in := func(s string) string {
		t := stackhand.Retold(s)
		if len(t) == 0 || len(t) == 1 && t[0].Kind == stackhand.Plain {
			return s
		}
		if zone == nil {
			zone = env.location(ctx, user)
		}
		return t.In(zone)
	}
	if r.Table != nil {
		table := *r.Table
		table.Rows = make([][]string, len(r.Table.Rows))
		for i, row := range r.Table.Rows {
			for _, cell := range row {
				table.Rows[i] = append(table.Rows[i], in(cell))
			}
		}
		r.Table = &table
	}
	for i, a := range r.Actions {
		r.Actions[i].Label, r.Actions[i].Confirm = in(a.Label), in(a.Confirm)
	}
	return r
}
