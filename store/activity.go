package store

import (
	"context"
	"fmt"
	"time"

	"github.com/stackhand/stackhand"
)

var activityTable = table[stackhand.Activity]{
	what: "activity",
	key:  func(a *stackhand.Activity) string { return key("activity", a.Stack) },
	rev:  func(a *stackhand.Activity) *int64 { return &a.Rev },
	index: func(a *stackhand.Activity) []string {
		if a.Next.IsZero() {
			return nil
		}
		return []string{key("activity.due", rising(a.Next), a.Stack)}
	},
}

// Activity reads what is known of how busy a stack is; one of which nothing is known is empty, and no error.
func (s *Store) Activity(ctx context.Context, stack string) (stackhand.Activity, error) {
	a, err := activityTable.get(ctx, s.d, key("activity", stack), stack)
	if stackhand.KindOf(err) == stackhand.NotFound {
		return stackhand.Activity{Stack: stack}, nil
	}
	return a, err
}

// SaveActivity writes what is known of how busy a stack is; ErrConflict if its revision is not the store's.
func (s *Store) SaveActivity(ctx context.Context, a *stackhand.Activity) error {
	if err := need("activity", a.Stack); err != nil {
		return err
	}
	return activityTable.save(ctx, s.d, a)
}

// DeleteActivity forgets it; ErrConflict if its revision is not the store's.
func (s *Store) DeleteActivity(ctx context.Context, a stackhand.Activity) error {
	return activityTable.remove(ctx, s.d, &a)
}

// ActivitiesDue reads those whose next sample is due by a moment, the earliest first, at most limit (0: all). It reads no others.
func (s *Store) ActivitiesDue(ctx context.Context, until time.Time, limit int) ([]stackhand.Activity, error) {
	from, _ := under("activity.due")
	_, to := under("activity.due", rising(until))
	return activityTable.follow(ctx, s.d, from, to, limit, func(a *stackhand.Activity) bool {
		return !a.Next.IsZero() && !a.Next.After(until)
	})
}

// StacksUnwatched reads the stacks that are ready, with a server, and have no next sample. It reads all stacks.
func (s *Store) StacksUnwatched(ctx context.Context) ([]stackhand.Stack, error) {
	from, to := under("activity.due")
	items, err := s.d.Scan(ctx, from, to, 0)
	if err != nil {
		return nil, fmt.Errorf("list each activity: %w", err)
	}
	watched := map[string]bool{}
	for _, i := range items {
		watched[string(i.Value)] = true
	}
	var out []stackhand.Stack
	for from, to = under("stack"); ; {
		rows, err := stackTable.list(ctx, s.d, from, to, reindexPage)
		if err != nil {
			return nil, err
		}
		for _, r := range rows {
			if r.State == stackhand.StackReady && r.Server != "" && !watched[key("activity", r.ID)] {
				out = append(out, r.Stack)
			}
		}
		if len(rows) < reindexPage {
			return out, nil
		}
		from = stackTable.key(&rows[len(rows)-1]) + "\x00"
	}
}
