package store

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/stackhand/stackhand"
)

var onceTable = table[stackhand.OneTime]{
	what: "password",
	key:  func(o *stackhand.OneTime) string { return key("once", o.ID) },
	rev:  func(o *stackhand.OneTime) *int64 { return &o.Rev },
}

// KeepOneTime writes a secret in the place of the one before; ErrConflict if its revision is neither 0 nor the store's.
func (s *Store) KeepOneTime(ctx context.Context, o stackhand.OneTime) error {
	if err := need("one-time secret", o.ID, o.User); err != nil {
		return err
	}
	for {
		next := o
		if o.Rev == 0 {
			was, err := onceTable.read(ctx, s.d, onceTable.key(&o))
			if err != nil && !errors.Is(err, ErrNotFound) {
				return err
			}
			next.Rev = was.Rev
		}
		err := onceTable.save(ctx, s.d, &next)
		if o.Rev != 0 || !errors.Is(err, ErrConflict) || ctx.Err() != nil {
			return err
		}
	}
}

// TakeOneTime reads a secret and takes it out, if may has nothing against it. Of two who take it at once one gets it; the other is
// answered NotFound, as for one that is not there.
func (s *Store) TakeOneTime(ctx context.Context, id string, may func(stackhand.OneTime) error) (stackhand.OneTime, error) {
	o, err := onceTable.get(ctx, s.d, key("once", id), id)
	if err != nil {
		return o, err
	}
	if err := may(o); err != nil {
		return stackhand.OneTime{}, err
	}
	_, err = s.d.Commit(ctx, Op{Key: onceTable.key(&o), Delete: true, Check: true, Expect: o.Rev})
	if errors.Is(err, ErrConflict) {
		return stackhand.OneTime{}, stackhand.Errorf(stackhand.NotFound, "There is no password %s.", id).Because(err)
	}
	if err != nil {
		return stackhand.OneTime{}, fmt.Errorf("take a one-time secret: %w", err)
	}
	return o, nil
}

// OneTimes reads all that are kept.
func (s *Store) OneTimes(ctx context.Context) ([]stackhand.OneTime, error) {
	from, to := under("once")
	return onceTable.list(ctx, s.d, from, to, 0)
}

// PurgeOneTimes takes out those whose end has come, and tells how many.
func (s *Store) PurgeOneTimes(ctx context.Context, now time.Time) (purged int, err error) {
	all, err := s.OneTimes(ctx)
	if err != nil {
		return 0, err
	}
	for _, o := range all {
		if now.Before(o.Ends) {
			continue
		}
		_, err := s.d.Commit(ctx, Op{Key: onceTable.key(&o), Delete: true, Check: true, Expect: o.Rev})
		if errors.Is(err, ErrConflict) {
			continue // it was taken, or there is a newer one
		}
		if err != nil {
			return purged, fmt.Errorf("forget a one-time secret: %w", err)
		}
		purged++
	}
	return purged, nil
}
