package storetest

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"

	"github.com/stackhand/stackhand/store"
)

// Memory is a store.Driver that forgets everything when the process ends. It is for tests: it
// counts its calls, and a test can make calls fail.
type Memory struct {
	mu     sync.Mutex
	items  map[string]store.Item
	keys   []string // sorted
	rev    int64
	closed bool
	calls  Calls
	fail   func(ops []store.Op) error
}

// Calls counts what a Memory was asked for. Items are those that Get and Scan gave back.
type Calls struct{ Gets, Scans, Commits, Items int }

var _ store.Driver = (*Memory)(nil)

var errClosed = errors.New("storetest: the store is closed")

// NewMemory makes an empty store in memory.
func NewMemory() *Memory { return &Memory{items: map[string]store.Item{}} }

// Calls tells how often the driver was called since it was made or since the last Calls.
func (m *Memory) Calls() Calls {
	m.mu.Lock()
	defer m.mu.Unlock()
	c := m.calls
	m.calls = Calls{}
	return c
}

// FailCommits lets fail decide about every commit to come: an error of it is what Commit answers,
// and nothing is written. nil ends it. fail must not call the Memory.
func (m *Memory) FailCommits(fail func(ops []store.Op) error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.fail = fail
}

// Get reads one key.
func (m *Memory) Get(ctx context.Context, key string) (store.Item, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.calls.Gets++
	if err := m.usable(ctx); err != nil {
		return store.Item{}, err
	}
	item, ok := m.items[key]
	if !ok {
		return store.Item{}, store.ErrNotFound
	}
	m.calls.Items++
	return clone(item), nil
}

// Scan reads keys in order.
func (m *Memory) Scan(ctx context.Context, from, to string, limit int) ([]store.Item, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.calls.Scans++
	if err := m.usable(ctx); err != nil {
		return nil, err
	}
	var items []store.Item
	at, _ := slices.BinarySearch(m.keys, from)
	for ; at < len(m.keys) && m.keys[at] < to; at++ {
		items = append(items, clone(m.items[m.keys[at]]))
		if len(items) == limit {
			break
		}
	}
	m.calls.Items += len(items)
	return items, nil
}

// Commit does all ops or none.
func (m *Memory) Commit(ctx context.Context, ops ...store.Op) (int64, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.calls.Commits++
	if err := m.usable(ctx); err != nil {
		return 0, err
	}
	if err := m.check(ops); err != nil {
		return 0, err
	}
	if m.fail != nil {
		if err := m.fail(ops); err != nil {
			return 0, err
		}
	}
	m.rev++
	for _, op := range ops {
		m.apply(op)
	}
	return m.rev, nil
}

func (m *Memory) check(ops []store.Op) error {
	if len(ops) == 0 || len(ops) > MaxOps {
		return fmt.Errorf("storetest: a commit has 1 to %d ops, this one has %d", MaxOps, len(ops))
	}
	seen := map[string]bool{}
	for _, op := range ops {
		if op.Key == "" || seen[op.Key] {
			return fmt.Errorf("storetest: the key %q is empty or twice in one commit", op.Key)
		}
		seen[op.Key] = true
		if op.Check && m.items[op.Key].Rev != op.Expect {
			return fmt.Errorf("%w: %s", store.ErrConflict, op.Key)
		}
	}
	return nil
}

func (m *Memory) apply(op store.Op) {
	at, found := slices.BinarySearch(m.keys, op.Key)
	switch {
	case op.Delete && found:
		m.keys = slices.Delete(m.keys, at, at+1)
		delete(m.items, op.Key)
	case op.Delete:
	default:
		if !found {
			m.keys = slices.Insert(m.keys, at, strings.Clone(op.Key))
		}
		m.items[op.Key] = clone(store.Item{Key: op.Key, Value: op.Value, Rev: m.rev})
	}
}

// Exclusive is true.
func (m *Memory) Exclusive() bool { return true }

// Close ends it; every later call is refused.
func (m *Memory) Close() error {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.closed = true
	return nil
}

func (m *Memory) usable(ctx context.Context) error {
	if m.closed {
		return errClosed
	}
	return ctx.Err()
}

func clone(i store.Item) store.Item {
	i.Value = append([]byte{}, i.Value...)
	return i
}
