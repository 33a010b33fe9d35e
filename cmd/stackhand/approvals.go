package main

import (
	"context"
	"time"

	"github.com/stackhand/stackhand"
	"github.com/stackhand/stackhand/bot"
	"github.com/stackhand/stackhand/commands"
	"github.com/stackhand/stackhand/internal/approval"
	"github.com/stackhand/stackhand/internal/secret"
	"github.com/stackhand/stackhand/store"
)

// asking keeps in env what waits for approval, and has the requests looked after that nobody decides or whose job is not there yet.
func (a *app) asking(box *secret.Box, env *commands.Env) *commands.Env {
	book := &approval.Book{
		Records: a.store, Seal: box, Changed: a.changed, Now: a.now,
		Rules: func() approval.Rules {
			c := a.live.Load().cfg.Approvals
			return approval.Rules{Remind: time.Duration(c.Remind), Escalate: time.Duration(c.Escalate), End: time.Duration(c.End)}
		},
	}
	env.Requests = book
	a.asked = &approval.Sweeper{
		Book: book, Log: a.log, Conflict: store.ErrConflict,
		Begin: func(ctx context.Context, r stackhand.Request) error {
			_, err := env.Begin(ctx, r)
			return err
		},
	}
	return env
}

// approvals says where and whom the bot asks.
func (a *app) approvals() bot.Approvals {
	cfg := a.live.Load().cfg
	return bot.Approvals{Channel: cfg.Approvals.Channel, Approvers: cfg.Roles.Approver, Admins: cfg.Roles.Admin}
}
