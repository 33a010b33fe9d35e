package store

import (
	"context"
	"errors"
	"fmt"

	"github.com/stackhand/stackhand"
)

// TryLock takes the lock of this name for holder, unless somebody has it, and tells who has it
// now. Locks outlive the process; whoever has one may take it again.
func (s *Store) TryLock(ctx context.Context, name, holder string) (current string, err error) {
	if err := need("lock", name, holder); err != nil {
		return "", err
	}
	k := key("lock", name)
	for {
		item, err := s.d.Get(ctx, k)
		if err == nil {
			return string(item.Value), nil
		}
		if !errors.Is(err, ErrNotFound) {
			return "", fmt.Errorf("lock %s: %w", name, err)
		}
		_, err = s.d.Commit(ctx, Op{Key: k, Value: []byte(holder), Check: true})
		if err == nil {
			return holder, nil
		}
		if !errors.Is(err, ErrConflict) { // else somebody was faster: who?
			return "", fmt.Errorf("lock %s: %w", name, err)
		}
	}
}

// Unlock gives the lock back. It does nothing if nobody has it, and answers Conflict if another
// holder does.
func (s *Store) Unlock(ctx context.Context, name, holder string) error {
	k := key("lock", name)
	item, err := s.d.Get(ctx, k)
	if errors.Is(err, ErrNotFound) {
		return nil
	}
	if err != nil {
		return fmt.Errorf("unlock %s: %w", name, err)
	}
	if string(item.Value) != holder {
		return stackhand.Errorf(stackhand.Conflict, "The lock %s is held by %s, not by %s.", name, item.Value, holder)
	}
	_, err = s.d.Commit(ctx, Op{Key: k, Delete: true, Check: true, Expect: item.Rev})
	if err != nil && !errors.Is(err, ErrConflict) { // a conflict: it was given back meanwhile
		return fmt.Errorf("unlock %s: %w", name, err)
	}
	return nil
}

// Setting reads a value that somebody chose; NotFound if nobody did.
func (s *Store) Setting(ctx context.Context, name string) ([]byte, error) {
	item, err := s.d.Get(ctx, key("setting", name))
	if errors.Is(err, ErrNotFound) {
		return nil, stackhand.Errorf(stackhand.NotFound, "The setting %s is not set.", name).Because(ErrNotFound)
	}
	if err != nil {
		return nil, fmt.Errorf("read the setting %s: %w", name, err)
	}
	return item.Value, nil
}

// SetSetting writes a value; the last one to do so wins.
func (s *Store) SetSetting(ctx context.Context, name string, value []byte) error {
	if err := need("setting", name); err != nil {
		return err
	}
	if _, err := s.d.Commit(ctx, Op{Key: key("setting", name), Value: value}); err != nil {
		return fmt.Errorf("write the setting %s: %w", name, err)
	}
	return nil
}
