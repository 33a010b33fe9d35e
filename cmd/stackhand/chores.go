package main

import (
	"context"
	"errors"
	"slices"
	"time"

	"github.com/stackhand/stackhand"
	"github.com/stackhand/stackhand/commands"
	"github.com/stackhand/stackhand/internal/lease"
)

// planChores names what is done at the moments of a schedule.
func (a *app) planChores() error {
	orphans, err := lease.ParseSchedule(a.cfg.Orphans.Schedule, a.cfg.Orphans.TZ)
	if err != nil {
		return err
	}
	purges, err := lease.ParseSchedule("30 4 * * *", "")
	if err != nil {
		return err
	}
	a.chores = &lease.Chores{Diary: a.store, Now: a.now, List: []lease.Chore{
		{Name: "orphans", Schedule: orphans, Do: func(ctx context.Context, _ time.Time) error { return a.teller().Look(ctx) }},
		{Name: lateLook, Schedule: afterInterruptions{a}, Do: func(ctx context.Context, _ time.Time) error { return a.teller().Look(ctx) }},
		{Name: "purge", Schedule: purges, Do: a.purge},
	}}
	if a.cfg.Digest.Off {
		return nil
	}
	digest, err := lease.ParseSchedule(a.cfg.Digest.Schedule, a.cfg.Digest.TZ)
	if err != nil {
		return err
	}
	a.chores.List = append(a.chores.List, lease.Chore{Name: "digest", Schedule: digest, Do: a.postDigests})
	return nil
}

// postDigests writes the digest of the week for each channel down, to be posted. Channels that are shared with other
// organisations get none.
func (a *app) postDigests(ctx context.Context, due time.Time) error {
	all, err := a.store.StacksEver(ctx, due.Add(-7*24*time.Hour))
	if err != nil {
		return err
	}
	channels := a.cfg.Digest.Channels
	if len(channels) == 0 {
		for _, st := range all {
			if p := st.Place; p.Channel != "" && !p.Direct && !slices.Contains(channels, p.Channel) {
				channels = append(channels, p.Channel)
			}
		}
	}
	env := &commands.Env{Stacks: readOnce{stacks{Store: a.store}, all}, Settings: a.settings(), Now: a.now, Name: a.bot.Name, Unused: a.unused, Next: a.nextStep}
	var errs []error
	for _, channel := range channels {
		errs = append(errs, stackhand.Guarded("the digest of "+a.bot.Room(channel), func() error { return a.postDigest(ctx, env, channel, due) }))
	}
	a.bot.Noticed()
	return errors.Join(errs...)
}

// readOnce is the record of stacks, of which those that reports are about were read already.
type readOnce struct {
	commands.Stacks
	all []stackhand.Stack
}

// Ever answers what was read.
func (r readOnce) Ever(context.Context, time.Time) ([]stackhand.Stack, error) { return r.all, nil }

func (a *app) postDigest(ctx context.Context, env *commands.Env, channel string, due time.Time) error {
	if a.bot.SharedOutside(ctx, channel) {
		return nil
	}
	d, err := env.Digest(ctx, "the servers of this channel", due, func(st stackhand.Stack) bool { return st.Place.Channel == channel })
	if err != nil || d.Empty() {
		return err
	}
	_, err = a.store.AddNotice(ctx, d.Notice(channel, due, a.now()))
	return err
}
