package main

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"path/filepath"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"golang.org/x/sync/errgroup"

	"github.com/stackhand/stackhand"
	"github.com/stackhand/stackhand/bot"
	"github.com/stackhand/stackhand/commands"
	"github.com/stackhand/stackhand/internal/approval"
	"github.com/stackhand/stackhand/internal/cloud"
	"github.com/stackhand/stackhand/internal/config"
	"github.com/stackhand/stackhand/internal/idle"
	"github.com/stackhand/stackhand/internal/jobs"
	"github.com/stackhand/stackhand/internal/lease"
	"github.com/stackhand/stackhand/internal/provision"
	"github.com/stackhand/stackhand/internal/schedule"
	"github.com/stackhand/stackhand/internal/secret"
	"github.com/stackhand/stackhand/internal/session"
	"github.com/stackhand/stackhand/store"
)

// world is all that the bot does not make itself: its configuration, and what lies around it. The demo
// and the tests give their own.
type world struct {
	cfg      config.Config
	appToken string
	botToken string
	keyset   string
	entries  map[string]cloud.Entry
	driver   store.Driver
	now      func() time.Time
	log      *slog.Logger
	redact   *secret.Redactor
	desk     string            // path of the socket for the operator; "": none
	sweep    string            // schedule of the sweeps
	pace     float64           // how many times Slack's rates the workspace takes; 0: 1
	again    reloading         // zero: the configuration stays as it is
	outbound http.RoundTripper // to Slack and the clouds; nil for the real network
	dial     func(ctx context.Context, network, addr string) (net.Conn, error)
	// freshKeyset reads the keyset anew, as it may have been rotated; nil: it stays the same.
	freshKeyset func() (string, error)
}

// app is the bot, wired.
type app struct {
	world
	store    *store.Store
	engine   *jobs.Engine
	asked    *approval.Sweeper
	bot      *bot.Bot
	sessions *session.Manager
	sweeper  *lease.Sweeper
	keeper   *schedule.Keeper
	watcher  *idle.Watcher
	pool     *cloud.Pool
	metrics  *metrics
	ended    chan struct{} // a job's record changed: it may have come to rest
	env      *commands.Env
	live     atomic.Pointer[live]
	box      *secret.Box
	tending  sync.Mutex
	home     string // this installation, in the marks of what it makes
	chores   *lease.Chores
}

func newApp(ctx context.Context, w world) (*app, error) {
	a := &app{world: w, metrics: newMetrics(), ended: make(chan struct{}, 1)}
	now, err := liveOf(w.cfg, w.entries)
	if err != nil {
		return nil, err
	}
	a.live.Store(now)
	rules := now.rules
	box, err := secret.Open(w.keyset)
	if err != nil {
		return nil, err
	}
	a.box = box
	for _, e := range w.entries {
		w.redact.Hide(e.Auth.Password, e.Auth.Token, e.Auth.AppCredSecret)
	}
	if err := fits(ctx, w.driver, box); err != nil {
		return nil, err
	}
	if a.store, err = store.New(ctx, w.driver, store.Options{
		Now: w.now, Due: rules.Due, DueRule: rules.Name(),
	}); err != nil {
		return nil, err
	}
	if a.home, err = a.store.Home(ctx); err != nil {
		return nil, err
	}
	if err := a.planChores(); err != nil {
		return nil, err
	}
	settings := now.settings
	a.pool = cloud.NewPool(w.entries, cloud.Options{
		UserAgent: "stackhand/" + version, Log: w.log, Transport: w.outbound, Now: w.now,
	})
	a.sessions = session.New(a.pool, a.store, box, session.Options{
		Clouds: settings.Clouds, Default: settings.DefaultCloud, Busy: a.busy, Conflict: store.ErrConflict, Alone: a.store.Exclusive(), Now: w.now, Log: w.log,
	})
	a.engine = jobs.New(a.store, provision.Flows(provision.Deps{
		Open: func(ctx context.Context, user, name string, at stackhand.Scope) (provision.Cloud, error) {
			return a.sessions.Client(ctx, user, name, at)
		},
		Own: func(ctx context.Context, name string, at stackhand.Scope) (provision.Cloud, error) {
			return a.sessions.Own(ctx, name, at)
		},
		Book: a.store, Conflict: store.ErrConflict, Now: w.now, Dial: w.dial, Home: a.home, Keep: a.keepPassword, Orphaned: a.orphaned,
		Line: func(ctx context.Context, job stackhand.Job) (string, error) {
			return commands.CarryOut(ctx, a.env, job)
		},
	}), jobs.Options{
		Now: w.now, Log: w.log, Changed: a.changed, Conflict: store.ErrConflict, Seal: box, Redact: w.redact.Redact, Panicked: a.panicked,
	})
	a.keeper = a.newKeeper()
	a.sweeper = a.newSweeper()
	a.env = &commands.Env{
		Orphans: a.orphans(),
		Clouds:  a.sessions, Jobs: a.engine, Stacks: stacks{a.store, a.rules, w.now}, Settings: settings, Live: a.settings, Now: w.now,
		Policy: a.policy, Freeze: a.store.Freeze, SetFreeze: a.setFreeze, Audit: a.audit, Trail: a.store.AuditTrail,
		Schedules: a.keeper, Used: a.used, Activity: a.activity, Unused: a.unused, Next: a.nextStep, Notices: notices{a.store, func() { a.bot.Noticed() }}, Holders: a.holders,
		Leases: leases{stacks{a.store, a.rules, w.now}, a.sweeper},
	}
	a.bot, err = bot.New(bot.Options{
		AppToken: w.appToken, BotToken: w.botToken, APIURL: w.cfg.Slack.APIURL, Command: w.cfg.Slack.Command, Pace: w.pace,
		Env:     a.withPasswords(a.asking(box, a.env)),
		Records: a.store, Seal: box, Role: a.role, Groups: a.groups, Admins: a.overseers, Now: w.now, Log: w.log, Approvals: a.approvals,
		Shared: func(ctx context.Context) ([]string, error) { return a.store.CoOwners(ctx, "S") },
		HTTP:   &http.Client{Transport: w.outbound, Timeout: 30 * time.Second}, Withdraw: a.engine.Withdraw, Renew: a.sweeper.Renew, Posted: a.digestPosted,
		WithdrawLine: a.engine.WithdrawLine, Redact: w.redact, Panicked: a.panicked,
	})
	if err != nil {
		return nil, err
	}
	a.watcher = a.newWatcher()
	return a, nil
}

// busy answers the jobs of the user that are still at work in the cloud, the oldest first.
func (a *app) busy(ctx context.Context, user, cloud string) ([]stackhand.Job, error) {
	open, err := a.store.OpenJobs(ctx)
	return slices.DeleteFunc(open, func(job stackhand.Job) bool { return job.User.ID != user || job.Cloud != cloud }), err
}

// changed passes on that a job's record is another one now.
func (a *app) changed(job string) {
	a.metrics.jobChanged()
	select {
	case a.ended <- struct{}{}:
	default:
	}
	if a.bot != nil {
		a.bot.Changed(job)
	}
}

// run works until ctx ends or a part gives up.
func (a *app) run(ctx context.Context) error {
	if err := a.started(ctx); err != nil && ctx.Err() == nil {
		return fmt.Errorf("the audit trail: %w", err)
	}
	if err := a.sealAnew(ctx, a.store.Exclusive()); err != nil && ctx.Err() == nil {
		return fmt.Errorf("sealing with another key: %w", err)
	}
	g, ctx := errgroup.WithContext(ctx)
	g.Go(func() error { return named("audit", a.endings(ctx)) })
	g.Go(func() error { return named("jobs", a.engine.Run(ctx)) })
	g.Go(func() error { return named("slack", a.bot.Run(ctx)) })
	for _, part := range a.loops() {
		g.Go(func() error { return named(part.Name, a.runner().Run(ctx, part)) })
	}
	if a.desk != "" {
		g.Go(func() error { return named("desk", a.serveDesk(ctx)) })
	}
	if a.again.signal != nil {
		g.Go(func() error { return named("reload", a.reloads(ctx)) })
	}
	if a.cfg.Listen != "" {
		g.Go(func() error { return named("listen", a.serveHTTP(ctx)) })
	}
	if err := g.Wait(); err != nil && !errors.Is(err, context.Canceled) {
		return err
	}
	return nil
}

func named(part string, err error) error {
	if err == nil {
		return nil
	}
	return fmt.Errorf("%s: %w", part, err)
}

// settingsOf is what the commands see of the configuration. Every entry of clouds.yaml that was loaded
// is a cloud, also one about which stackhand.yaml says nothing.
func settingsOf(cfg config.Config, entries map[string]cloud.Entry) commands.Settings {
	s := commands.Settings{
		Command: cfg.Slack.Command, BotName: "stackhand", DefaultCloud: cfg.Clouds.Default,
		Clouds:       map[string]commands.CloudSettings{},
		LeaseDefault: time.Duration(cfg.Leases.Default), LeaseMax: time.Duration(cfg.Leases.Max), LeaseAgain: time.Duration(cfg.Leases.Again),
		Extensions: budgetOf(cfg.Leases), Deciders: len(cfg.Roles.Approver)+len(cfg.Roles.Admin) > 0,
	}
	for name := range entries {
		if len(entries) == 1 {
			s.DefaultCloud = name
		}
		e := cfg.Clouds.Entries[name]
		s.Clouds[name] = commands.CloudSettings{
			LoginFor: time.Duration(e.LoginFor), LoginRoles: e.LoginRoles,
			Service: e.Credentials == "service", ExternalNetwork: e.ExternalNetwork,
			Image: e.Image, Flavor: e.Flavor, Prices: e.Prices, AuthURL: entries[name].AuthURL, Region: entries[name].Region,
		}
	}
	return s
}

// stacks is the record of who owns what, as the commands see it.
type stacks struct {
	*store.Store
	rules func() lease.Rules
	now   func() time.Time
}

var _ commands.Stacks = stacks{}

// ByServer, InProject and OfOwner read the record by its indexes.
func (s stacks) ByServer(ctx context.Context, cloud, server string) (stackhand.Stack, error) {
	return s.StackByServer(ctx, cloud, server)
}

func (s stacks) InProject(ctx context.Context, cloud, project string) ([]stackhand.Stack, error) {
	return s.StacksInProject(ctx, cloud, project)
}

func (s stacks) EverInProject(ctx context.Context, cloud, project string, since time.Time) ([]stackhand.Stack, error) {
	return s.StacksEverInProject(ctx, cloud, project, since)
}

// Ever reads all that is there, and what went since a moment.
func (s stacks) Ever(ctx context.Context, since time.Time) ([]stackhand.Stack, error) {
	return s.StacksEver(ctx, since)
}

func (s stacks) OfOwner(ctx context.Context, user string) ([]stackhand.Stack, error) {
	return s.StacksOfOwner(ctx, user)
}

// InThread answers the stacks that a thread is about: those of its jobs, the newest first, and those of which something waits for
// an approval there.
func (s stacks) InThread(ctx context.Context, channel, thread string) ([]stackhand.Stack, error) {
	ids, err := s.JobsInThread(ctx, channel, thread)
	if err != nil {
		return nil, err
	}
	var about []string
	for _, id := range ids {
		job, err := s.Job(ctx, id)
		if err != nil {
			return nil, err
		}
		about = append(about, job.Stacks...)
	}
	asked, err := s.RequestsInThread(ctx, channel, thread)
	if err != nil {
		return nil, err
	}
	for _, r := range asked {
		about = append(about, r.Job.Stacks...)
	}
	var found []stackhand.Stack
	for i, id := range about {
		if slices.Contains(about[:i], id) {
			continue
		}
		stack, err := s.Stack(ctx, id)
		if err != nil && stackhand.KindOf(err) != stackhand.NotFound {
			return nil, err
		}
		if err == nil && stack.State != stackhand.StackGone {
			found = append(found, stack)
		}
	}
	return found, nil
}

// Extend moves the end of a lease, as far as the rules let it, once for each key.
func (s stacks) Extend(ctx context.Context, id string, until time.Time, key string) (stackhand.Stack, error) {
	return s.rules().Extend(ctx, s.Store, id, until, key, s.now())
}

// load reads the configuration that the command line names, or finds it.
func (c *cli) load() (config.Config, error) {
	path := c.Config
	if path == "" {
		var err error
		if path, err = config.Find(); err != nil {
			return config.Config{}, err
		}
	}
	cfg, err := config.Load(path)
	if err != nil {
		return cfg, err
	}
	if cfg.Path, err = filepath.Abs(path); err != nil {
		return cfg, err
	}
	return cfg, nil
}
