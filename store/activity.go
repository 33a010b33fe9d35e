package store

import (
	"context"
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
