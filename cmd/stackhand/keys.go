package main

import (
	"context"
	"errors"
	"strings"

	"github.com/stackhand/stackhand"
	"github.com/stackhand/stackhand/bot"
	"github.com/stackhand/stackhand/internal/approval"
	"github.com/stackhand/stackhand/internal/jobs"
	"github.com/stackhand/stackhand/internal/secret"
	"github.com/stackhand/stackhand/store"
)

// marked is what the store's mark of the keyset holds, and markFor what that is bound to. The mark is sealed with the oldest
// key that anything in the store may need: it is the last to be sealed anew after a rotation.
const (
	marked  = "stackhand"
	markFor = "mark of the keyset"
)

// fits refuses a keyset that cannot open what lies in the store, before anything is written there.
func fits(ctx context.Context, d store.Driver, box *secret.Box) error {
	mark, creds, err := store.Keymark(ctx, d)
	if err != nil {
		return err
	}
	if mark != nil {
		if _, err := box.Open(mark, "", markFor); err != nil {
			return wrongKeyset(err)
		}
		return nil
	}
	var last error
	for _, c := range creds { // a store from before there was a mark: one login that opens will do
		if _, last = box.Open(c.Sealed, c.User, c.Cloud); last == nil {
			return nil
		}
	}
	if last != nil {
		return wrongKeyset(last)
	}
	return nil
}

func wrongKeyset(cause error) error {
	return stackhand.Errorf(stackhand.Invalid, "The keyset in %s is not the one that the store was sealed with, or lacks a key of it. Nothing was changed.", secret.Variable).
		Do("Put back the keyset from before; after a rotation, the one that has the earlier keys as well. Where it is lost for good, “stackhand keyset abandon” forgets all logins.").Because(cause)
}

// rekey looks whether another keyset is to be used by now, and seals with its first key whatever an earlier one sealed. What
// is at work just now is left for the next time.
func (a *app) rekey(ctx context.Context) error {
	if a.freshKeyset != nil {
		if err := a.takeKeyset(ctx); err != nil {
			return err
		}
	}
	return a.sealAnew(ctx, false)
}

func (a *app) takeKeyset(ctx context.Context) error {
	fresh, err := a.freshKeyset()
	if err != nil || strings.TrimSpace(fresh) == strings.TrimSpace(a.keyset) {
		return err
	}
	a.redact.Hide(fresh)
	box, err := secret.Open(fresh)
	if err == nil {
		err = fits(ctx, a.driver, box)
	}
	if err == nil {
		err = a.box.Replace(fresh)
	}
	if err != nil {
		return err
	}
	a.keyset = fresh
	a.log.Info("another keyset is in use from now on")
	return nil
}

// sealAnew does the work of rekey. atStart says that nothing else works on the store yet.
func (a *app) sealAnew(ctx context.Context, atStart bool) error {
	mark, err := a.store.Keymark(ctx)
	if err != nil || mark != nil && !a.box.Stale(mark) {
		return err
	}
	r := resealing{app: a, all: atStart}
	if err := errors.Join(r.credentials(ctx), r.jobs(ctx), r.requests(ctx), r.passwords(ctx), r.inbox(ctx)); err != nil {
		return err
	}
	if r.left > 0 {
		a.log.Info("sealed with the keyset's first key; the rest is in use and follows", "sealed", r.done, "left", r.left)
		return nil
	}
	fresh, err := a.box.Seal([]byte(marked), "", markFor)
	if err != nil {
		return err
	}
	if mark != nil {
		a.log.Info("everything in the store is sealed with the keyset's first key; the earlier ones are needed for old backups only", "sealed", r.done)
	}
	return a.store.SaveKeymark(ctx, fresh)
}

// resealing counts what it sealed anew, and what it left.
type resealing struct {
	*app
	all        bool
	done, left int
}

// saved notes what became of a record. One that somebody else changed meanwhile is left; one that no key opens is lost whatever
// is done, and does not hold up the rest.
func (r *resealing) saved(what, id string, err error) error {
	switch {
	case err == nil:
		r.done++
	case errors.Is(err, store.ErrConflict):
		r.left++
	case stackhand.KindOf(err) == stackhand.Unauthorized:
		r.log.Warn("a record cannot be opened with any key of the keyset", "what", what, "id", id)
	default:
		return err
	}
	return nil
}

func (r *resealing) credentials(ctx context.Context) error {
	all, err := r.store.EveryCredential(ctx)
	if err != nil {
		return err
	}
	for _, c := range all {
		fresh, changed, err := r.box.Anew(c.Sealed, c.User, c.Cloud)
		if err == nil && !changed {
			continue
		}
		if err == nil {
			c.Sealed = fresh
			err = r.store.SaveCredential(ctx, &c)
		}
		if err := r.saved("login", c.User, err); err != nil {
			return err
		}
	}
	return nil
}

func (r *resealing) jobs(ctx context.Context) error {
	return r.store.EachJob(ctx, func(job stackhand.Job) error {
		fresh, changed, err := jobs.Anew(job, r.box.Anew)
		switch {
		case err == nil && !changed:
			return nil
		case err == nil && !job.State.Rests() && !r.all:
			r.left++ // an engine holds it, and seals it anew with its next step
			return nil
		case err == nil:
			err = r.store.SaveJob(ctx, &fresh)
		}
		return r.saved("job", job.ID, err)
	})
}

func (r *resealing) requests(ctx context.Context) error {
	return r.store.EachRequest(ctx, func(q stackhand.Request) error {
		fresh, changed, err := approval.Anew(q, r.box.Anew)
		if err == nil && !changed {
			return nil
		}
		if err == nil {
			err = r.store.SaveRequest(ctx, &fresh)
		}
		return r.saved("request", q.ID, err)
	})
}

func (r *resealing) passwords(ctx context.Context) error {
	all, err := r.store.OneTimes(ctx)
	if err != nil {
		return err
	}
	for _, o := range all {
		fresh, changed, err := r.box.Anew(o.Sealed, o.User, o.ID)
		if err == nil && !changed {
			continue
		}
		if err == nil {
			o.Sealed = fresh
			err = r.store.KeepOneTime(ctx, o)
		}
		if err := r.saved("password", o.ID, err); err != nil {
			return err
		}
	}
	return nil
}

// inbox is what arrived and was not handled: it goes within moments, or waits for the next start.
func (r *resealing) inbox(ctx context.Context) error {
	all, err := r.store.Pending(ctx)
	if err != nil {
		return err
	}
	for _, in := range all {
		fresh, changed, err := bot.Anew(in, r.box.Anew)
		switch {
		case err == nil && !changed:
			continue
		case err == nil && !r.all:
			r.left++
			continue
		case err == nil:
			err = r.store.SaveInbound(ctx, &fresh)
		}
		if err := r.saved("delivery", in.ID, err); err != nil {
			return err
		}
	}
	return nil
}
