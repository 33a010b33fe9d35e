package main

import (
	"cmp"
	"context"
	"time"

	"github.com/stackhand/stackhand"
	"github.com/stackhand/stackhand/commands"
	"github.com/stackhand/stackhand/internal/cloud"
	"github.com/stackhand/stackhand/internal/config"
	"github.com/stackhand/stackhand/internal/idle"
	"github.com/stackhand/stackhand/internal/schedule"
	"github.com/stackhand/stackhand/store"
)

// announced is how long before a stop by the clock it is said.
const announced = 15 * time.Minute

// newKeeper makes what stops and starts servers by the clock, with their owners' own logins, and stops them without.
func (a *app) newKeeper() *schedule.Keeper {
	return schedule.New(schedule.Options{
		Book: a.store, Jobs: leaseJobs{a}, NewID: jobID, Now: a.now, Log: a.log, Noticed: a.noticed, Conflict: store.ErrConflict, Ahead: announced,
		Open: func(ctx context.Context, user, cloud string, at stackhand.Scope) (schedule.Cloud, error) {
			return a.sessions.Client(ctx, user, cloud, at)
		},
		Own: func(ctx context.Context, cloud string, at stackhand.Scope) (schedule.Cloud, error) {
			return a.sessions.Own(ctx, cloud, at)
		},
		Held: func(s stackhand.Stack) bool { _, parked := s.Lease.Ladder.Parked(); return parked },
	})
}

func jobID(key string) string { return commands.JobID(key, 0) }

// noticed passes on that a notice was written down.
func (a *app) noticed() {
	if a.bot != nil {
		a.bot.Noticed()
	}
}

// used writes down that a person did something with a stack.
func (a *app) used(ctx context.Context, stack, what string) error {
	return idle.Used(ctx, a.store, store.ErrConflict, stack, what, a.now())
}

// newWatcher makes what finds the servers that nobody uses. It does nothing where the configuration says nothing about them.
func (a *app) newWatcher() *idle.Watcher {
	return idle.New(idle.Options{
		Book: a.store, Live: a.idleRules, Numbers: a.numbers, Most: mostCalls,
		Begin: func(ctx context.Context, stack string, reason stackhand.Reason, why stackhand.Text, ends time.Time) (bool, error) {
			return a.rules().Begin(ctx, a.store, stack, reason, why, ends, a.now())
		},
		Answered: func(ctx context.Context, stack string) (bool, error) {
			return a.rules().Answered(ctx, a.store, stack)
		},
		Conflict: store.ErrConflict, Now: a.now, Log: a.log,
	})
}

// idleRules are those in force.
func (a *app) idleRules() idle.Rules { return idleRules(a.live.Load().cfg.Leases.Idle) }

// idleRules reads the configuration; the zero value takes no samples.
func idleRules(c *config.Idle) idle.Rules {
	if c == nil {
		return idle.Rules{}
	}
	r := idle.Rules{
		After: cmp.Or(time.Duration(c.After), 48*time.Hour), CPU: c.CPUBelow, Net: c.NetworkBelow * 1024, Disk: c.DiskBelow * 1024,
		Stopped: cmp.Or(time.Duration(c.StoppedAfter), 14*24*time.Hour), Answer: time.Duration(c.Answer), Quiet: time.Duration(c.Quiet),
		Every: time.Duration(c.Every), PerMinute: cmp.Or(c.CallsPerMinute, 30),
	}
	if c.Ask != nil && !*c.Ask {
		r.After, r.Stopped = 0, 0
	}
	return r
}

// mostCalls is how many calls a sample takes at most: with the cloud's own login, which may not get far, and with the owner's.
const mostCalls = cloud.MostCalls + 3

// numbers asks how busy a stack's server is, with the login that clouds.yaml has for its cloud, which may see more than its owner
// does, or else with its owner's.
func (a *app) numbers(ctx context.Context, st stackhand.Stack, since time.Time, most int) (n stackhand.Numbers, err error) {
	calls := 0
	if a.entries[st.Cloud].Auth != (stackhand.Login{}) {
		if c, err := a.pool.ServiceIn(ctx, st.Cloud, st.Region); err == nil {
			n, err = c.Numbers(ctx, st.Server, since, most)
			if err == nil && n.Source != stackhand.SourceNone {
				return n, nil
			}
			calls = n.Calls
		}
	}
	c, err := a.sessions.Client(ctx, st.Lease.Owner, st.Cloud, st.Scope())
	if err != nil {
		return stackhand.Numbers{Calls: calls}, err
	}
	n, err = c.Numbers(ctx, st.Server, since, most-calls)
	n.Calls += calls
	return n, err
}

// activity is what is known of how busy a stack is, as show tells it.
func (a *app) activity(ctx context.Context, stack string) (commands.Activity, error) {
	rec, err := a.store.Activity(ctx, stack)
	if err != nil {
		return commands.Activity{}, err
	}
	out := commands.Activity{Missing: rec.Missing, Used: rec.Used, UsedFor: rec.UsedFor, Off: rec.Off}
	for _, s := range idle.Hours(rec) {
		out.Hours = append(out.Hours, commands.Load{At: s.At, CPU: s.CPU, Net: s.Net, Disk: s.Disk})
	}
	return out, nil
}

// unused is what a server's own record says about its use, by the bounds of the configuration. Where no samples are taken it says nothing.
func (a *app) unused(ctx context.Context, st stackhand.Stack, now time.Time) (commands.Unused, error) {
	if a.live.Load().cfg.Leases.Idle == nil {
		return commands.Unused{}, nil
	}
	rec, err := a.store.Activity(ctx, st.ID)
	if err != nil {
		return commands.Unused{}, err
	}
	s := a.watcher.Rules().Seems(rec, st.Lease.Ready, now)
	out := commands.Unused{Since: s.Since, Why: s.Evidence, Blind: s.Blind}
	if rec.Quiet.After(now) {
		out.Needed = rec.Quiet
	}
	return out, nil
}
