package main

import (
	"context"
	"errors"
	"fmt"
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
		Records: requestBook{a.store, a}, Seal: box, Changed: a.changed, Now: a.now,
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

// requestBook is the store as the book of requests sees it: that one ends without a decision, which is nobody's line, is written down first.
type requestBook struct {
	*store.Store
	a *app
}

func (b requestBook) SaveRequest(ctx context.Context, r *stackhand.Request) error {
	var rec stackhand.AuditRecord
	if r.State == stackhand.RequestEnded {
		rec = stackhand.AuditRecord{
			ID: "request/" + r.ID + "/ended", At: b.a.now(), What: stackhand.AuditDecided, Command: r.Job.Flow, Job: r.ID, Cloud: r.Job.Cloud, Place: r.Job.Place,
			About: append([]string{r.Job.User.ID}, r.Job.Stacks...), Line: r.Job.Line, Rule: r.Rule, Why: r.Note, Approvals: r.Approvals, Result: string(r.State),
		}
		for _, st := range r.Stacks {
			rec.About = append(rec.About, st.Name)
		}
		if err := b.a.audit(ctx, rec); err != nil {
			return err
		}
	}
	err := b.Store.SaveRequest(ctx, r)
	if err == nil || rec.ID == "" {
		return err
	}
	rec.ID, rec.Result, rec.Approvals = fmt.Sprintf("%s/lost/%d", rec.ID, r.Rev), commands.NotSaved, nil
	if lost := b.a.audit(ctx, rec); lost != nil {
		return errors.Join(err, lost)
	}
	return err
}
