package store

import (
	"context"
	"errors"
	"fmt"

	"github.com/stackhand/stackhand"
)

var dueRuleKey = key("meta", "due rule")

// reindexPage is how many stacks are looked at in one go when the rule has changed.
const reindexPage = 500

// applyDueRule sees that the index of moments is that of the rule in force. Only when the rule's
// name has changed does it read all stacks; the name is written at the end, so that work that was
// cut short is done again.
func (s *Store) applyDueRule(ctx context.Context, rule string) error {
	item, err := s.d.Get(ctx, dueRuleKey)
	missing := errors.Is(err, ErrNotFound)
	if err != nil && !missing {
		return fmt.Errorf("read the rule of moments: %w", err)
	}
	if !missing && string(item.Value) == rule {
		return nil
	}
	from, to := under("stack")
	for {
		rows, err := stackTable.list(ctx, s.d, from, to, reindexPage)
		if err != nil {
			return err
		}
		for _, r := range rows {
			if err := s.reindex(ctx, r); err != nil {
				return err
			}
		}
		if len(rows) < reindexPage {
			break
		}
		from = stackTable.key(&rows[len(rows)-1]) + "\x00"
	}
	_, err = s.d.Commit(ctx, Op{Key: dueRuleKey, Value: []byte(rule), Check: true, Expect: item.Rev})
	if errors.Is(err, ErrConflict) { // another process opens the store as well
		return s.applyDueRule(ctx, rule)
	}
	if err != nil {
		return fmt.Errorf("write the rule of moments: %w", err)
	}
	return nil
}

// reindex saves a stack whose moment is another one now.
func (s *Store) reindex(ctx context.Context, r stackRow) error {
	if r.State == stackhand.StackGone || s.due(r.Stack).Equal(r.DueAt) {
		return nil
	}
	st := r.Stack
	err := s.SaveStack(ctx, &st)
	if errors.Is(err, ErrConflict) {
		return nil // whoever wrote it meanwhile used the rule in force
	}
	return err
}
