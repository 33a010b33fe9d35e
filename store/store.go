// Package store remembers everything that must survive a crash: jobs, stacks, credentials, what
// arrived from the chat and what was shown there. Store holds the meaning; a Driver is the
// database under it.
//
// Records are read with their revision and saved only if the store still holds it: of two who
// change the same record one gets ErrConflict, reads again and decides anew.
package store

import (
	"context"
	"errors"
	"fmt"
	"strconv"
	"time"

	"github.com/stackhand/stackhand"
)

// Options of New. The zero value is good.
type Options struct {
	Now func() time.Time // nil: time.Now
	// Due tells the next moment at which something has to be done about a stack, zero for never.
	// It must depend on the stack alone. nil: the end of its lease.
	Due func(stackhand.Stack) time.Time
	// DueRule names what Due does, such as "24h,1h". When it is another one than the last time,
	// New computes every stack's moment again.
	DueRule string
}

// Store is the bot's memory. It is safe for use by many goroutines.
type Store struct {
	d   Driver
	now func() time.Time

	rule  dueRule
	audit auditQueue
}

// New opens the store in d, brings an older one up to date, and refuses one that was written by
// a newer version of this program. Closing the Store closes d; if New fails, d stays open.
func New(ctx context.Context, d Driver, o Options) (*Store, error) {
	s := &Store{d: d, now: o.Now, rule: dueRule{due: o.Due, name: o.DueRule}}
	if s.now == nil {
		s.now = time.Now
	}
	if s.rule.due == nil {
		s.rule.due = endOfLease
	}
	if err := migrate(ctx, d, migrations); err != nil {
		return nil, err
	}
	if err := s.applyDueRule(ctx, o.DueRule, false); err != nil {
		return nil, err
	}
	return s, nil
}

// Reader opens a store for reading only: nothing is written to d, not even what brings an older store up to date.
func Reader(ctx context.Context, d Driver) (*Store, error) {
	item, err := d.Get(ctx, schemaKey)
	if errors.Is(err, ErrNotFound) {
		return nil, stackhand.Errorf(stackhand.Invalid, "The store is empty: no bot has worked with it yet.").Do("Check the config under store.")
	}
	if err != nil {
		return nil, fmt.Errorf("read the store's schema: %w", err)
	}
	if at, err := strconv.Atoi(string(item.Value)); err != nil || at > len(migrations)+1 {
		return nil, stackhand.Errorf(stackhand.Invalid, "The store was written by a newer stackhand: its schema is %s, this one knows %d.", item.Value, len(migrations)+1).
			Do("Run the newer version.")
	}
	return &Store{d: d, now: time.Now, rule: dueRule{due: endOfLease}}, nil
}

// Exclusive tells whether no other process can have the store open.
func (s *Store) Exclusive() bool { return s.d.Exclusive() }

// Close closes the database.
func (s *Store) Close() error { return s.d.Close() }
