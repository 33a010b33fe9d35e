package store

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"time"

	"github.com/stackhand/stackhand"
)

// dueRule is what the index of moments is made by.
type dueRule struct {
	mu   sync.RWMutex // held for reading from when a moment is computed until it is written
	due  func(stackhand.Stack) time.Time
	name string
	left bool // the index is not that of the rule yet
	anew bool // it has to be gone through whatever the store says: this process has saved by another rule until now

	settling sync.Mutex // one at a time
}

func endOfLease(st stackhand.Stack) time.Time { return st.Lease.Until }

// moment is when something has to be done about a stack, by the rule in force.
func (s *Store) moment(st stackhand.Stack) time.Time {
	s.rule.mu.RLock()
	defer s.rule.mu.RUnlock()
	return s.rule.due(st)
}

// SetDue puts another rule in force, as Options.Due and DueRule. What is saved from now on goes by it; the moments of what is there
// are computed again before SetDue returns. Should that fail, SettleDue does the rest.
func (s *Store) SetDue(ctx context.Context, due func(stackhand.Stack) time.Time, name string) error {
	s.rule.mu.Lock() // those who computed a moment by the old rule have written it
	s.rule.anew = s.rule.anew || s.rule.name != name
	s.rule.due, s.rule.name, s.rule.left = due, name, true
	s.rule.mu.Unlock()
	return s.SettleDue(ctx)
}

// SettleDue brings the index of moments to the rule that was set, if that is not done yet.
func (s *Store) SettleDue(ctx context.Context) error {
	s.rule.settling.Lock()
	defer s.rule.settling.Unlock()
	for {
		s.rule.mu.RLock()
		name, left, anew := s.rule.name, s.rule.left, s.rule.anew
		s.rule.mu.RUnlock()
		if !left {
			return nil
		}
		if err := s.applyDueRule(ctx, name, anew); err != nil {
			return err
		}
		s.rule.mu.Lock()
		if s.rule.left = s.rule.name != name; !s.rule.left { // else: yet another one meanwhile
			s.rule.anew = false
		}
		s.rule.mu.Unlock()
	}
}

var dueRuleKey = key("meta", "due rule")

// reindexPage is how many stacks are looked at in one go when the rule has changed.
const reindexPage = 500

// unsettled stands in the place of the rule's name while the index is between two rules.
const unsettled = "\x00"

// applyDueRule sees that the index of moments is that of the rule in force. Only when the rule's
// name has changed, or anew is set, does it read all stacks; the name is written at the end, so that
// work that was cut short is done again.
func (s *Store) applyDueRule(ctx context.Context, rule string, anew bool) error {
	item, err := s.d.Get(ctx, dueRuleKey)
	missing := errors.Is(err, ErrNotFound)
	if err != nil && !missing {
		return fmt.Errorf("read the rule of moments: %w", err)
	}
	if !missing && string(item.Value) == rule && !anew {
		return nil
	}
	rev, err := s.d.Commit(ctx, Op{Key: dueRuleKey, Value: []byte(unsettled), Check: true, Expect: item.Rev})
	if err == nil {
		if err = s.reindexAll(ctx); err != nil {
			return err
		}
		anew = false
		_, err = s.d.Commit(ctx, Op{Key: dueRuleKey, Value: []byte(rule), Check: true, Expect: rev})
	}
	if errors.Is(err, ErrConflict) { // another process opens the store as well
		return s.applyDueRule(ctx, rule, anew)
	}
	if err != nil {
		return fmt.Errorf("write the rule of moments: %w", err)
	}
	return nil
}

func (s *Store) reindexAll(ctx context.Context) error {
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
			return nil
		}
		from = stackTable.key(&rows[len(rows)-1]) + "\x00"
	}
}

// reindex saves a stack whose moment is another one now.
func (s *Store) reindex(ctx context.Context, r stackRow) error {
	if r.State == stackhand.StackGone || s.moment(r.Stack).Equal(r.DueAt) {
		return nil
	}
	st := r.Stack
	err := s.SaveStack(ctx, &st)
	if errors.Is(err, ErrConflict) {
		return nil // whoever wrote it meanwhile used the rule in force
	}
	return err
}
