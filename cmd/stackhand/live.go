package main

import (
	"context"
	"slices"

	"github.com/stackhand/stackhand"
	"github.com/stackhand/stackhand/bot"
	"github.com/stackhand/stackhand/commands"
	"github.com/stackhand/stackhand/internal/cloud"
	"github.com/stackhand/stackhand/internal/config"
	"github.com/stackhand/stackhand/internal/lease"
	"github.com/stackhand/stackhand/internal/policy"
)

// live is what follows from the configuration and may be another one after a reload. It is never changed, only replaced.
type live struct {
	cfg      config.Config
	policy   *policy.Policy
	settings commands.Settings
	groups   []string // of user groups, whose members are looked up
	rules    lease.Rules
}

func liveOf(cfg config.Config, entries map[string]cloud.Entry) (*live, error) {
	rules, err := cfg.Rules()
	if err != nil {
		return nil, err
	}
	leases, err := rulesOf(cfg.Leases)
	if err != nil {
		return nil, err
	}
	return &live{cfg: cfg, policy: rules, settings: settingsOf(cfg, entries), groups: cfg.Groups(), rules: leases}, nil
}

func (a *app) policy() *policy.Policy      { return a.live.Load().policy }
func (a *app) settings() commands.Settings { return a.live.Load().settings }
func (a *app) groups() []string            { return a.live.Load().groups }
func (a *app) overseers() []string         { return a.live.Load().cfg.Roles.Admin }
func (a *app) rules() lease.Rules          { return a.live.Load().rules }

// frozen tells whether a freeze is on.
func (a *app) frozen(ctx context.Context) (bool, error) {
	f, err := a.store.Freeze(ctx)
	return f.On(), err
}

// setFreeze begins a freeze, or lifts it with the zero value. The sweeps are told of one that begins: what people could not answer to in it is
// said again.
func (a *app) setFreeze(ctx context.Context, f stackhand.Freeze) error {
	if f.On() {
		if err := a.sweeper.Freezes(ctx); err != nil {
			return err
		}
	}
	return a.store.SetFreeze(ctx, f)
}

// role reads a person's role from the configuration, which names users and user groups alike.
func (a *app) role(u bot.UserFacts) stackhand.Role { return roleOf(a.live.Load().cfg.Roles, u) }

func roleOf(roles config.Roles, u bot.UserFacts) stackhand.Role {
	in := func(list []string) bool {
		return slices.Contains(list, u.ID) || slices.ContainsFunc(u.Groups, func(g string) bool { return slices.Contains(list, g) })
	}
	switch {
	case in(roles.Admin):
		return stackhand.Admin
	case in(roles.Approver):
		return stackhand.Approver
	}
	return stackhand.Member
}
