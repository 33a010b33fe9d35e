package store

import (
	"context"
	"errors"
)

// ErrConflict is what Driver.Commit answers when an expectation did not hold. Nothing of
// the commit was done.
var ErrConflict = errors.New("store: somebody else wrote first")

// ErrNotFound is what Driver.Get answers for a key that is not there.
var ErrNotFound = errors.New("store: no such key")

// Item is a key with its value. Rev grows with every write of the key and is never 0.
type Item struct {
	Key   string
	Value []byte
	Rev   int64
}

// Op is one write of a commit.
type Op struct {
	Key    string
	Value  []byte
	Delete bool
	// Expect, where Check is set, is the revision that the key must have now;
	// 0 means that it must not exist.
	Check  bool
	Expect int64
}

// Driver is the little that a database must do for Store: ordered string keys, compare and
// set, all-or-none commits. It fits an embedded B+ tree and etcd alike. storetest defines it.
type Driver interface {
	// Get reads one key.
	Get(ctx context.Context, key string) (Item, error)
	// Scan reads at most limit items (0: all) with from <= key < to, in order of keys.
	Scan(ctx context.Context, from, to string, limit int) ([]Item, error)
	// Commit does all ops or none, and returns only when they are safe on disk. The
	// revision of every written key becomes the returned one. At most 100 ops.
	Commit(ctx context.Context, ops ...Op) (rev int64, err error)
	// Exclusive tells whether this process alone can have the database open, so that every
	// claim of an earlier process is void.
	Exclusive() bool
	Close() error
}
