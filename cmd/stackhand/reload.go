package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"os"
	"slices"

	"github.com/stackhand/stackhand"
	"github.com/stackhand/stackhand/internal/config"
	"github.com/stackhand/stackhand/internal/lease"
)

// reloading is how the configuration is read anew while the bot runs: once for each signal.
type reloading struct {
	signal <-chan os.Signal
	read   func() (config.Config, error)
}

// reloads waits for signals until ctx ends.
func (a *app) reloads(ctx context.Context) error {
	for {
		select {
		case <-ctx.Done():
			return nil
		case <-a.again.signal:
			_ = a.runner().Do(ctx, "reload", func(ctx context.Context) error { a.reload(ctx, a.again.read); return nil }) // the next signal tries again
		}
	}
}

// reload takes over what may change while the bot runs: roles, rules, approvals, prices and defaults of clouds, and how leases
// end. What is at work, and what waits, is not touched; a line that is being carried out ends with what it began with. A
// configuration with a mistake is refused as a whole, and the old one stays. All of it is on record, and then logged.
func (a *app) reload(ctx context.Context, read func() (config.Config, error)) {
	old := a.live.Load()
	var changed, later []string
	cfg, err := read()
	if err == nil {
		changed, later = differences(old.cfg, cfg)
		var next *live
		if next, err = liveOf(onlyLive(old.cfg, cfg), a.entries); err == nil {
			a.live.Store(next)
			a.moments(ctx, next.rules)
		}
	}
	rec := stackhand.AuditRecord{
		ID: fmt.Sprint("reload/", a.now().UnixNano()), At: a.now(), What: stackhand.AuditOperator, Command: "reload", Result: "ok",
	}
	if err != nil {
		rec.Result, rec.Problem = string(stackhand.Invalid), err.Error()
	} else {
		digest, derr := a.digest()
		var bad error
		rec.Resolved, bad = json.Marshal(map[string]any{"changed": changed, "after_a_restart": later, "config_sha256": digest})
		if bad = errors.Join(derr, bad); bad != nil {
			a.log.ErrorContext(ctx, "what changed cannot be told", "err", bad)
		}
	}
	if a.env.Audit != nil {
		if bad := a.env.Audit(ctx, rec); bad != nil {
			a.log.ErrorContext(ctx, "that the configuration was read anew is not in the audit trail", "err", bad)
		}
	}
	if err != nil {
		a.log.ErrorContext(ctx, "the new configuration is refused; the old one stays in force", "err", err)
		return
	}
	a.log.InfoContext(ctx, "the configuration is read anew", "changed", changed, "after_a_restart", later)
}

// moments sees that the leases are looked at when these rules say so. Sweeps go on meanwhile: they find what to do by the rules, and
// are late at most.
func (a *app) moments(ctx context.Context, rules lease.Rules) {
	if err := a.store.SetDue(ctx, rules.Due, rules.Name()); err != nil && ctx.Err() == nil {
		a.log.ErrorContext(ctx, "some leases are still looked at when the old rules said; it is tried again", "err", err)
	}
}

// onlyLive is the new configuration as far as it is taken over at once; the rest is the old one's.
func onlyLive(old, next config.Config) config.Config {
	out := old
	out.Roles, out.Policy, out.Approvals = next.Roles, next.Policy, next.Approvals
	out.Leases = next.Leases
	if was := old.Leases.Schedule(); was != next.Leases.Schedule() {
		out.Leases.Sweep = was
	}
	out.Clouds.Entries = maps.Clone(old.Clouds.Entries)
	for name, e := range next.Clouds.Entries {
		if was, ok := old.Clouds.Entries[name]; ok {
			e.Credentials = was.Credentials
			out.Clouds.Entries[name] = e
		}
	}
	return out
}

// differences names the sections that are others now: those that are taken over, and those that need a restart.
func differences(old, next config.Config) (changed, later []string) {
	note := func(to *[]string, name string, a, b any) {
		if !same(a, b) {
			*to = append(*to, name)
		}
	}
	note(&changed, "roles", old.Roles, next.Roles)
	note(&changed, "policy", old.Policy, next.Policy)
	note(&changed, "approvals", old.Approvals, next.Approvals)
	for _, l := range leaseSettings(old.Leases, next.Leases) {
		note(&changed, "leases."+l.name, l.was, l.is)
	}
	note(&later, "slack", old.Slack, next.Slack)
	note(&later, "clouds.file", old.Clouds.File, next.Clouds.File)
	note(&later, "clouds.default", old.Clouds.Default, next.Clouds.Default)
	for _, name := range slices.Sorted(maps.Keys(merged(old.Clouds.Entries, next.Clouds.Entries))) {
		was, had := old.Clouds.Entries[name]
		is, has := next.Clouds.Entries[name]
		if had != has {
			later = append(later, "clouds."+name)
			continue
		}
		note(&later, "clouds."+name+".credentials", was.Credentials, is.Credentials)
		was.Credentials = is.Credentials
		note(&changed, "clouds."+name, was, is)
	}
	note(&later, "store", old.Store, next.Store)
	note(&later, "keep", old.Keep, next.Keep)
	note(&later, "listen", old.Listen, next.Listen)
	note(&later, "leases.sweep", old.Leases.Schedule(), next.Leases.Schedule())
	note(&later, "orphans", old.Orphans, next.Orphans)
	note(&later, "digest", old.Digest, next.Digest)
	return changed, later
}

// setting is one key, before and after.
type setting struct {
	name    string
	was, is any
}

// leaseSettings are those of leases that are taken over at once.
func leaseSettings(old, next config.Leases) []setting {
	return []setting{
		{"default", old.Default, next.Default}, {"max", old.Max, next.Max}, {"warn", old.Warn, next.Warn}, {"timezone", old.Timezone, next.Timezone},
		{"ladder", old.Ladder, next.Ladder}, {"again", old.Again, next.Again}, {"days_off", old.DaysOff, next.DaysOff}, {"away", old.Away, next.Away},
		{"extensions", old.Extensions, next.Extensions}, {"dry_run", old.DryRun, next.DryRun}, {"brake", old.Brake, next.Brake}, {"idle", old.Idle, next.Idle},
	}
}

func merged[V any](a, b map[string]V) map[string]V {
	all := maps.Clone(a)
	if all == nil {
		all = map[string]V{}
	}
	maps.Copy(all, b)
	return all
}

// same compares what was read from two files; where in them it stands does not count.
func same(a, b any) bool {
	x, errX := json.Marshal(a)
	y, errY := json.Marshal(b)
	return errX == nil && errY == nil && bytes.Equal(x, y)
}
