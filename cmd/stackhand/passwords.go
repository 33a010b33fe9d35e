package main

import (
	"context"
	"time"

	"github.com/stackhand/stackhand"
	"github.com/stackhand/stackhand/commands"
)

// passwordLife is how long a password that a cloud gave a server waits for its owner to look at it.
const passwordLife = 24 * time.Hour

// withPasswords lets commands show them.
func (a *app) withPasswords(env *commands.Env) *commands.Env {
	env.TakePassword = a.takePassword
	return env
}

func passwordID(cloud, server string) string { return "password " + cloud + " " + server }

// keepPassword seals a password that a cloud gave a server, for its owner.
func (a *app) keepPassword(ctx context.Context, owner, cloud, server, password string) error {
	id := passwordID(cloud, server)
	sealed, err := a.box.Seal([]byte(password), owner, id)
	if err != nil {
		return err
	}
	return a.store.KeepOneTime(ctx, stackhand.OneTime{ID: id, User: owner, Sealed: sealed, Ends: a.now().Add(passwordLife)})
}

// takePassword gives it to its owner, and to nobody else, once.
func (a *app) takePassword(ctx context.Context, user stackhand.User, cloud, server string) (string, error) {
	kept, err := a.store.TakeOneTime(ctx, passwordID(cloud, server), func(o stackhand.OneTime) error {
		switch {
		case !a.now().Before(o.Ends):
			return stackhand.Errorf(stackhand.NotFound, "The password was kept for a day.")
		case o.User != user.ID:
			return stackhand.Errorf(stackhand.Forbidden, "That password is for the owner of the server alone.").
				Do("Ask the owner, or set another one with `password NAME`.")
		}
		return nil
	})
	if err != nil {
		return "", err
	}
	plain, err := a.box.Open(kept.Sealed, kept.User, kept.ID)
	return string(plain), err
}

// forgetPasswords takes out those that nobody looked at in time.
func (a *app) forgetPasswords(ctx context.Context) error {
	_, err := a.store.PurgeOneTimes(ctx, a.now())
	return err
}
