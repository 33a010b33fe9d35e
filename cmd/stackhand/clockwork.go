package main

import (
	"context"
	"time"

	"github.com/stackhand/stackhand"
	"github.com/stackhand/stackhand/commands"
	"github.com/stackhand/stackhand/internal/idle"
	"github.com/stackhand/stackhand/internal/schedule"
	"github.com/stackhand/stackhand/store"
)

// announced is how long before a stop by the clock it is said.
const announced = 15 * time.Minute

// newKeeper makes what stops and starts servers by the clock, with their owners' own logins.
func (a *app) newKeeper() *schedule.Keeper {
	return schedule.New(schedule.Options{
		Book: a.store, Jobs: leaseJobs{a}, NewID: jobID, Now: a.now, Log: a.log, Noticed: a.noticed, Conflict: store.ErrConflict, Ahead: announced,
		Open: func(ctx context.Context, user, cloud string, at stackhand.Scope) (schedule.Cloud, error) {
			return a.sessions.Client(ctx, user, cloud, at)
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
