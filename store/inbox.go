package store

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/stackhand/stackhand"
)

// seenFor is how long a delivery is remembered: the chat repeats itself within hours.
const seenFor = 24 * time.Hour

var inboxTable = table[stackhand.Inbound]{
	what: "delivery",
	key:  func(in *stackhand.Inbound) string { return key("inbox", in.ID) },
	rev:  func(in *stackhand.Inbound) *int64 { return &in.Rev },
}

// Receive writes down what arrived, and that it did. It returns when both are on disk. fresh is
// false, and nothing is written, if the same delivery came within the last 24 hours or still
// waits.
func (s *Store) Receive(ctx context.Context, in stackhand.Inbound) (fresh bool, err error) {
	if err := need("delivery", in.ID, in.Key); err != nil {
		return false, err
	}
	seen := key("seen", in.Key)
	switch _, err := s.d.Get(ctx, seen); {
	case err == nil:
		return false, nil
	case !errors.Is(err, ErrNotFound):
		return false, fmt.Errorf("receive: %w", err)
	}
	value, err := json.Marshal(in)
	if err != nil {
		return false, fmt.Errorf("receive: %w", err)
	}
	_, err = s.d.Commit(ctx,
		Op{Key: seen, Check: true},
		Op{Key: key("inbox", in.ID), Value: value, Check: true},
		Op{Key: key("seen.at", rising(s.now()), in.Key), Value: []byte(seen)})
	if errors.Is(err, ErrConflict) {
		return false, nil
	}
	if err != nil {
		return false, fmt.Errorf("receive: %w", err)
	}
	return true, nil
}

// Pending reads what arrived and was not handled, oldest first.
func (s *Store) Pending(ctx context.Context) ([]stackhand.Inbound, error) {
	from, to := under("inbox")
	all, err := inboxTable.list(ctx, s.d, from, to, 0)
	slices.SortFunc(all, func(a, b stackhand.Inbound) int {
		return cmp.Or(a.Received.Compare(b.Received), strings.Compare(a.ID, b.ID))
	})
	return all, err
}

// SaveInbound writes what became of a delivery; ErrConflict if its revision is not the store's,
// as it is when it was handled meanwhile.
func (s *Store) SaveInbound(ctx context.Context, in *stackhand.Inbound) error {
	if err := need("delivery", in.ID); err != nil {
		return err
	}
	return inboxTable.save(ctx, s.d, in)
}

// Handled takes a delivery out of the inbox. That it came is still remembered. Again, it does
// nothing.
func (s *Store) Handled(ctx context.Context, id string) error {
	k := key("inbox", id)
	if _, err := s.d.Get(ctx, k); errors.Is(err, ErrNotFound) {
		return nil
	} else if err != nil {
		return fmt.Errorf("handle a delivery: %w", err)
	}
	if _, err := s.d.Commit(ctx, Op{Key: k, Delete: true}); err != nil {
		return fmt.Errorf("handle a delivery: %w", err)
	}
	return nil
}

// PurgeSeen forgets the deliveries that came more than 24 hours ago, and tells how many.
func (s *Store) PurgeSeen(ctx context.Context) (int, error) {
	from, _ := under("seen.at")
	to := key("seen.at", rising(s.now().Add(-seenFor)))
	purged := 0
	for {
		old, err := s.d.Scan(ctx, from, to, maxOps/2)
		if err != nil {
			return purged, fmt.Errorf("forget old deliveries: %w", err)
		}
		if len(old) == 0 {
			return purged, nil
		}
		var ops []Op
		for _, i := range old {
			ops = append(ops,
				Op{Key: i.Key, Delete: true, Check: true, Expect: i.Rev},
				Op{Key: string(i.Value), Delete: true})
		}
		_, err = s.d.Commit(ctx, ops...)
		if errors.Is(err, ErrConflict) && ctx.Err() == nil {
			continue // another sweep forgot some of them: look again
		}
		if err != nil {
			return purged, fmt.Errorf("forget old deliveries: %w", err)
		}
		purged += len(old)
	}
}
