package main

import (
	"context"
	"errors"
	"fmt"

	"github.com/stackhand/stackhand"
)

// tend does what keeps the bot itself in order; turns come one after the other. A duty that fails or panics does not stop the others.
func (a *app) tend(ctx context.Context) error {
	a.tending.Lock()
	defer a.tending.Unlock()
	var errs []error
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
		if err := stackhand.Guarded(duty.what, func() error { return duty.do(ctx) }); err != nil {
			errs = append(errs, fmt.Errorf("%s: %w", duty.what, err))
		}
	}
	return errors.Join(errs...)
}

// remind tells people of logins of theirs that end.
func (a *app) remind(ctx context.Context) error {
	told, err := a.sessions.Remind(ctx, a.store)
	if told > 0 {
		a.bot.Noticed()
	}
	return err
}
