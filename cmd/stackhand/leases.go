package main

import (
	"context"
	"fmt"
	"slices"
	"time"

	"github.com/stackhand/stackhand"
	"github.com/stackhand/stackhand/internal/cloud"
	"github.com/stackhand/stackhand/internal/config"
	"github.com/stackhand/stackhand/internal/lease"
	"github.com/stackhand/stackhand/internal/session"
	"github.com/stackhand/stackhand/store"
)

// notice is the least time between a delivered warning and the step that it is of.
const notice = 15 * time.Minute

// rulesOf is how servers end by the configuration.
func rulesOf(cfg config.Leases) (lease.Rules, error) {
	zone, err := time.LoadLocation(cfg.Timezone)
	if err != nil {
		return lease.Rules{}, fmt.Errorf("leases.timezone: %w", err)
	}
	r := lease.Rules{
		Default: time.Duration(cfg.Default), Max: time.Duration(cfg.Max), Notice: notice,
		StopsToo: cfg.DaysOff.Steps == "all", Budget: budgetOf(cfg), Again: time.Duration(cfg.Again),
		Wait: time.Duration(cfg.Away.Wait), Dry: cfg.DryRun, Limits: lease.Limits{Sweep: cfg.Brake.Sweep, Hour: cfg.Brake.Hour, Percent: cfg.Brake.Percent},
	}
	for _, d := range cfg.Warn {
		r.Warn = append(r.Warn, time.Duration(d))
	}
	for _, l := range cfg.Ladder {
		r.Ladders = append(r.Ladders, ladderOf(l))
	}
	if r.Calendar, err = lease.NewCalendar(zone, cfg.DaysOff.Weekdays, cfg.DaysOff.Country, cfg.DaysOff.Dates); err != nil {
		return r, fmt.Errorf("leases.days_off: %w", err)
	}
	return r, nil
}

func budgetOf(cfg config.Leases) stackhand.Extensions {
	return stackhand.Extensions{Times: cfg.Extensions.Times, Total: time.Duration(cfg.Extensions.Total)}
}

func ladderOf(l config.Ladder) lease.Ladder {
	out := lease.Ladder{
		Clouds: l.For.Clouds, Projects: l.For.Projects, Flavors: l.For.Flavors,
		First: l.End, FreeIP: l.FloatingIP == "free", Snapshot: l.Snapshot,
	}
	if l.Grace != nil {
		out.Grace = time.Duration(*l.Grace)
	}
	for _, reason := range l.For.Reasons {
		if reason == "time" {
			reason = string(stackhand.ReasonTime)
		}
		out.Reasons = append(out.Reasons, stackhand.Reason(reason))
	}
	return out
}

// leases are the ends of servers, as the commands see them.
type leases struct {
	stacks
	*lease.Sweeper
}

// Beyond moves the end of a lease without its budget.
func (l leases) Beyond(ctx context.Context, id string, until time.Time, key string) (stackhand.Stack, error) {
	return l.rules().Beyond(ctx, l.Store, id, until, key, l.now())
}

// Room tells how far the end of a lease can be moved.
func (l leases) Room(ctx context.Context, id string, until time.Time) (over string, deleted time.Time, err error) {
	st, err := l.Store.Stack(ctx, id)
	if err != nil {
		return "", deleted, err
	}
	return l.rules().Room(st, until, l.now())
}

// Needed notes that somebody needs a stack.
func (l leases) Needed(ctx context.Context, id string) (bool, error) {
	return l.rules().Answered(ctx, l.Store, id)
}

// newSweeper makes what looks after the leases.
func (a *app) newSweeper() *lease.Sweeper {
	return &lease.Sweeper{
		Book: leaseBook{a.store, a}, Jobs: leaseJobs{a}, Live: a.rules, Now: a.now, Log: a.log, NewID: jobID, Noticed: a.noticed, Conflict: store.ErrConflict, Frozen: a.frozen,
		Guard: &lease.Guard{Book: a.store}, Away: a.away, Asked: a.askedForLonger, Server: a.serverOf, Servers: a.serversOf, Record: a.reconciled,
	}
}

// nextStep is what comes to a stack by its lease.
func (a *app) nextStep(st stackhand.Stack) (step string, at time.Time, ok bool) {
	n, ok := a.rules().Next(st)
	return n.Step, n.At, ok
}

// askedForLonger tells that somebody waits for an approver who may keep a stack for longer. Until then it ends as before.
func (a *app) askedForLonger(ctx context.Context, stack string) (stackhand.Text, error) {
	r, err := a.env.WaitingFor(ctx, stack, "keep")
	if err != nil || r == nil {
		return nil, err
	}
	return stackhand.Textf("%s asked for more time (%s, request %s), which nobody has decided about so far.",
		stackhand.To(r.Job.User.ID), r.Job.Title, stackhand.AsCode(r.ID)), nil
}

// serverOf asks a stack's cloud for its server.
func (a *app) serverOf(ctx context.Context, st stackhand.Stack) (stackhand.Server, error) {
	return askCloud(ctx, a.sessions, st, func(c *cloud.Client) (stackhand.Server, error) { return c.Server(ctx, st.Server) })
}

// serversOf asks a stack's cloud for all servers of its project.
func (a *app) serversOf(ctx context.Context, st stackhand.Stack) ([]stackhand.Server, error) {
	return askCloud(ctx, a.sessions, st, func(c *cloud.Client) ([]stackhand.Server, error) { return c.Servers(ctx) })
}

// askCloud asks a stack's cloud with its owner's login, or where that has ended with the bot's own.
func askCloud[T any](ctx context.Context, m *session.Manager, st stackhand.Stack, ask func(*cloud.Client) (T, error)) (none T, err error) {
	c, err := m.Client(ctx, st.Lease.Owner, st.Cloud, st.Scope())
	if stackhand.KindOf(err) == stackhand.NotFound {
		return none, stackhand.Errorf(stackhand.Invalid, "%s cannot be opened.", st.Cloud).Because(err) // it says nothing about the server
	}
	if err == nil {
		var got T
		if got, err = ask(c); stackhand.KindOf(err) != stackhand.Unauthorized {
			return got, err
		}
	}
	if stackhand.KindOf(err) != stackhand.Unauthorized {
		return none, err
	}
	if c, err = m.Own(ctx, st.Cloud, st.Scope()); err != nil {
		return none, err
	}
	return ask(c)
}

// reconciled writes down that a sweep took a server as started.
func (a *app) reconciled(ctx context.Context, id string, st stackhand.Stack, why string) error {
	return a.audit(ctx, stackhand.AuditRecord{
		ID: id, At: a.now(), What: stackhand.AuditLease, Command: "reconcile", Cloud: st.Cloud, Project: st.Project, Place: st.Place,
		About: []string{st.ID, st.Name, st.Server, st.Lease.Owner}, Why: why, Result: "ok",
	})
}

// away tells in which words a person's status says that they are away; "" where it does not.
func (a *app) away(ctx context.Context, user string) (why string, until time.Time, err error) {
	s, err := a.bot.Status(ctx, user)
	if err != nil || !slices.Contains(a.live.Load().cfg.Leases.Away.Status, s.Emoji) || !s.Until.IsZero() && !s.Until.After(a.now()) {
		return "", until, err
	}
	why = "its owner is away"
	if s.Text != "" {
		why += " (" + s.Text + ")"
	}
	return why, s.Until, nil
}
