package store

import (
	"context"
	"errors"
	"fmt"

	"github.com/stackhand/stackhand"
)

var brakeTable = table[stackhand.Brake]{
	what: "brake",
	key:  func(*stackhand.Brake) string { return key("brake") },
	rev:  func(b *stackhand.Brake) *int64 { return &b.Rev },
}

// Brake reads the brake of the ladder, the zero value before its first save.
func (s *Store) Brake(ctx context.Context) (stackhand.Brake, error) {
	b, err := brakeTable.read(ctx, s.d, key("brake"))
	if errors.Is(err, ErrNotFound) {
		return stackhand.Brake{}, nil
	}
	return b, err
}

// SaveBrake writes it; ErrConflict if its revision is not the store's.
func (s *Store) SaveBrake(ctx context.Context, b *stackhand.Brake) error {
	return brakeTable.save(ctx, s.d, b)
}

// CountStacks tells how many stacks there are for which time counts. It reads a key for each.
func (s *Store) CountStacks(ctx context.Context) (n int, err error) {
	from, to := under("stack.due")
	for {
		page, err := s.d.Scan(ctx, from, to, countPage)
		if err != nil {
			return 0, fmt.Errorf("count the stacks: %w", err)
		}
		n += len(page)
		if len(page) < countPage {
			return n, nil
		}
		from = page[len(page)-1].Key + "\x00"
	}
}

const countPage = 1000
