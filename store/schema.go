package store

import (
	"context"
	"errors"
	"fmt"
	"strconv"

	"github.com/stackhand/stackhand"
)

// migration changes what an older version wrote into what the next one reads. It may be run
// again after it was cut short, so it has to look at what is there.
type migration func(ctx context.Context, d Driver) error

// migrations[i] leads from schema i+1 to schema i+2. Schema 1 is the first.
var migrations = []migration{credentialPerProject}

var schemaKey = key("meta", "schema")

// migrate brings the store to the schema that this program knows. The number is written after
// each step, so that a step that was cut short is run again.
func migrate(ctx context.Context, d Driver, steps []migration) error {
	known := len(steps) + 1
	at, rev, err := schema(ctx, d, known)
	if err != nil {
		return err
	}
	if at > known {
		return stackhand.Errorf(stackhand.Invalid,
			"The store was written by a newer stackhand: its schema is %d, this one knows %d.", at, known).
			Do("Run the newer version, or restore a backup from before the upgrade.")
	}
	for ; at < known; at++ {
		if err := steps[at-1](ctx, d); err != nil {
			return fmt.Errorf("migrate the store from schema %d to %d: %w", at, at+1, err)
		}
		rev, err = d.Commit(ctx, Op{Key: schemaKey, Value: []byte(strconv.Itoa(at + 1)), Check: true, Expect: rev})
		if err != nil {
			return fmt.Errorf("migrate the store from schema %d to %d: %w", at, at+1, err)
		}
	}
	return nil
}

// schema reads the schema's number; an empty store gets the newest one.
func schema(ctx context.Context, d Driver, newest int) (at int, rev int64, err error) {
	item, err := d.Get(ctx, schemaKey)
	if errors.Is(err, ErrNotFound) {
		return initial(ctx, d, newest)
	}
	if err != nil {
		return 0, 0, fmt.Errorf("read the store's schema: %w", err)
	}
	at, err = strconv.Atoi(string(item.Value))
	if err != nil || at < 1 {
		return 0, 0, stackhand.Errorf(stackhand.Invalid, "The store's schema is %q, which is no number.", item.Value).
			Do("Restore a backup, or use another store.")
	}
	return at, item.Rev, nil
}

func initial(ctx context.Context, d Driver, newest int) (int, int64, error) {
	found, err := d.Scan(ctx, "", "\xff", 1)
	if err != nil {
		return 0, 0, fmt.Errorf("read the store's schema: %w", err)
	}
	if len(found) > 0 {
		return 0, 0, stackhand.Errorf(stackhand.Invalid, "The store holds something else: it has keys, but no schema.").
			Do("Restore a backup, or use another, empty store.")
	}
	rev, err := d.Commit(ctx, Op{Key: schemaKey, Value: []byte(strconv.Itoa(newest)), Check: true})
	if errors.Is(err, ErrConflict) { // another process was first
		return schema(ctx, d, newest)
	}
	if err != nil {
		return 0, 0, fmt.Errorf("write the store's schema: %w", err)
	}
	return newest, rev, nil
}
