package store

import (
	"context"

	"github.com/stackhand/stackhand"
)

var orphanTable = table[stackhand.Orphan]{
	what: "finding",
	key:  func(o *stackhand.Orphan) string { return key("orphan", o.ID) },
	rev:  func(o *stackhand.Orphan) *int64 { return &o.Rev },
}

// Orphan reads what was noted down about a finding; the zero value if nothing was.
func (s *Store) Orphan(ctx context.Context, id string) (stackhand.Orphan, error) {
	o, err := orphanTable.get(ctx, s.d, key("orphan", id), id)
	if stackhand.KindOf(err) == stackhand.NotFound {
		return stackhand.Orphan{}, nil
	}
	return o, err
}

// SaveOrphan notes a finding down; ErrConflict if its revision is not the store's.
func (s *Store) SaveOrphan(ctx context.Context, o *stackhand.Orphan) error {
	if err := need("finding", o.ID); err != nil {
		return err
	}
	return orphanTable.save(ctx, s.d, o)
}
