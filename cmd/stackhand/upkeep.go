package main

import (
	"context"
	"fmt"

	"github.com/robfig/cron/v3"
)

// upkeep does on a schedule of robfig/cron what is nobody's command, until ctx ends. What fails is said in the log and tried again
// with the next turn.
func (a *app) upkeep(ctx context.Context, schedule string) error {
	c := cron.New(cron.WithChain(cron.SkipIfStillRunning(cron.DiscardLogger)))
	if _, err := c.AddFunc(schedule, func() { a.tend(ctx) }); err != nil {
		return fmt.Errorf("the schedule of upkeep: %w", err)
	}
	c.Start()
	<-ctx.Done()
	<-c.Stop().Done()
	return nil
}

// tend is one turn; turns come one after the other.
func (a *app) tend(ctx context.Context) {
	a.tending.Lock()
	defer a.tending.Unlock()
	for _, duty := range []struct {
		what string
		do   func(context.Context) error
	}{
		{"the keyset", a.rekey},
		{"logins that end", a.remind},
		{"passwords of servers", a.forgetPasswords},
		{"offers that end", a.endOffers},
		{"offers that were accepted", a.env.SettleOffers},
		{"the moments at which leases are looked at", a.store.SettleDue},
	} {
		if err := duty.do(ctx); err != nil && ctx.Err() == nil {
			a.log.Error("upkeep failed; it is tried again", "of", duty.what, "err", err)
		}
	}
}

// remind tells people of logins of theirs that end.
func (a *app) remind(ctx context.Context) error {
	told, err := a.sessions.Remind(ctx, a.store)
	if told > 0 {
		a.bot.Noticed()
	}
	return err
}
