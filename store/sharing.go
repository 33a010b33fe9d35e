package store

import (
	"context"
	"errors"
	"slices"
	"strings"

	"github.com/stackhand/stackhand"
)

// sharedKeys are where a stack stands for each of its co-owners.
func sharedKeys(st *stackhand.Stack) []string {
	var keys []string
	for _, who := range st.Shared {
		if k := key("stack.shared", who, st.ID); !slices.Contains(keys, k) {
			keys = append(keys, k)
		}
	}
	return keys
}

// StacksSharedWith reads the stacks of which one of the ids, of users or of user groups, is a co-owner, oldest first.
func (s *Store) StacksSharedWith(ctx context.Context, ids ...string) ([]stackhand.Stack, error) {
	var out []stackhand.Stack
	known := map[string]bool{}
	for _, id := range ids {
		from, to := under("stack.shared", id)
		more, err := s.stacks(ctx, from, to, 0, nil, func(r *stackRow) bool {
			fits := slices.Contains(r.Shared, id) && !known[r.ID]
			known[r.ID] = known[r.ID] || fits
			return fits
		})
		if err != nil {
			return nil, err
		}
		out = append(out, more...)
	}
	sortByAge(out)
	return out, nil
}

// CoOwners tells the ids of those that begin with a prefix and are co-owners of a stack, each once. An id may stay for
// a moment after the last stack that it shared is gone.
func (s *Store) CoOwners(ctx context.Context, prefix string) ([]string, error) {
	from, to := under("stack.shared")
	if prefix != "" {
		from, to = from+escape.Replace(prefix), from+escape.Replace(prefix)+"\xff"
	}
	items, err := s.d.Scan(ctx, from, to, 0)
	var ids []string
	for _, i := range items {
		parts := strings.Split(i.Key, "/")
		if len(parts) == 3 && (len(ids) == 0 || ids[len(ids)-1] != parts[1]) {
			ids = append(ids, parts[1])
		}
	}
	return ids, err
}

// ChangeStack changes a stack, reading it again where somebody else was faster, and answers it as it is then. An error of
// change is answered as it is, with the stack that it was about, and writes nothing.
func (s *Store) ChangeStack(ctx context.Context, id string, change func(*stackhand.Stack) error) (stackhand.Stack, error) {
	for {
		st, err := s.Stack(ctx, id)
		if err != nil {
			return st, err
		}
		if err := change(&st); err != nil {
			return st, err
		}
		err = s.SaveStack(ctx, &st)
		if err == nil || !errors.Is(err, ErrConflict) || ctx.Err() != nil {
			return st, err
		}
	}
}
