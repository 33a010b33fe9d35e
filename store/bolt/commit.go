package bolt

import (
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"sync/atomic"

	bbolt "go.etcd.io/bbolt"

	"github.com/stackhand/stackhand/store"
)

const (
	maxOps   = 100
	maxBatch = 256 // commits in one transaction, so that the first does not wait for too many others
)

// commit is one caller's ops on their way to the disk.
type commit struct {
	ops   []store.Op
	taken atomic.Bool // set by the writer that begins, or by the caller that gives up; the first wins
	rev   uint64
	err   error
	done  chan struct{} // closed when rev and err are set
}

// Commit hands the ops to the writer and waits until they are on disk. A context that ends
// withdraws ops that were not begun; those that were begun are waited for, so that the outcome
// is always known.
func (d *DB) Commit(ctx context.Context, ops ...store.Op) (int64, error) {
	if err := ctx.Err(); err != nil {
		return 0, err
	}
	if d.reads {
		return 0, ErrReadOnly
	}
	if err := validate(ops); err != nil {
		return 0, err
	}
	c := &commit{ops: ops, done: make(chan struct{})}
	select {
	case <-d.quit:
		return 0, ErrClosed
	default:
	}
	select {
	case d.queue <- c:
	case <-d.quit:
		return 0, ErrClosed
	case <-ctx.Done():
		return 0, ctx.Err()
	}
	select {
	case <-c.done:
	case <-ctx.Done():
		if c.taken.CompareAndSwap(false, true) {
			return 0, ctx.Err()
		}
		<-c.done
	case <-d.done:
		// The writer has ended. It answered this one before, or never saw it.
		if c.taken.CompareAndSwap(false, true) {
			return 0, ErrClosed
		}
		<-c.done
	}
	return int64(c.rev), c.err
}

// validate refuses what would fail only inside the shared transaction, where it would take the
// commits of others with it.
func validate(ops []store.Op) error {
	if len(ops) == 0 || len(ops) > maxOps {
		return fmt.Errorf("bolt: a commit has 1 to %d ops, this one has %d", maxOps, len(ops))
	}
	seen := make(map[string]bool, len(ops))
	for _, op := range ops {
		switch {
		case op.Key == "":
			return errors.New("bolt: a key must not be empty")
		case len(op.Key) > bbolt.MaxKeySize:
			return fmt.Errorf("bolt: the key %.40q… is longer than %d bytes", op.Key, bbolt.MaxKeySize)
		case len(op.Value) > bbolt.MaxValueSize-revSize:
			return fmt.Errorf("bolt: the value of %q is too large", op.Key)
		case seen[op.Key]:
			return fmt.Errorf("bolt: the key %q is twice in one commit", op.Key)
		}
		seen[op.Key] = true
	}
	return nil
}

// write is the writer: while one transaction goes to the disk the next commits gather in the
// queue, and then go together. A lone commit never waits for company.
func (d *DB) write() {
	defer close(d.done)
	for {
		select {
		case c := <-d.queue:
			d.flush(d.gather(c))
		case <-d.quit:
			d.drain()
			return
		}
	}
}

func (d *DB) gather(first *commit) []*commit {
	batch := take(nil, first)
	for len(batch) < maxBatch {
		select {
		case c := <-d.queue:
			batch = take(batch, c)
		default:
			return batch
		}
	}
	return batch
}

func (d *DB) drain() {
	for {
		select {
		case c := <-d.queue:
			d.flush(d.gather(c))
		default:
			return
		}
	}
}

// take appends c, unless its caller has given up.
func take(batch []*commit, c *commit) []*commit {
	if !c.taken.CompareAndSwap(false, true) {
		return batch
	}
	return append(batch, c)
}

// flush does a batch in one transaction and tells every caller the outcome.
func (d *DB) flush(batch []*commit) {
	if len(batch) == 0 {
		return
	}
	err := d.update(batch)
	for _, c := range batch {
		if err != nil {
			c.rev, c.err = 0, err
		}
		close(c.done)
	}
}

// update turns a panic inside bbolt into an error of this batch: the transaction is rolled back.
func (d *DB) update(batch []*commit) (err error) {
	defer func() {
		if p := recover(); p != nil {
			err = fmt.Errorf("bolt: panic while writing: %v", p)
		}
	}()
	err = d.db.Update(func(tx *bbolt.Tx) error {
		b := tx.Bucket(bucket)
		changed := false
		for _, c := range batch {
			if c.err = check(b, c.ops); c.err != nil {
				continue
			}
			if err := c.apply(b); err != nil {
				return err
			}
			changed = true
		}
		if !changed {
			return errNothing
		}
		return nil
	})
	if errors.Is(err, errNothing) {
		return nil
	}
	return closed(err)
}

// errNothing rolls back a transaction in which every commit met a conflict: it saves the disk.
var errNothing = errors.New("bolt: nothing to write")

// check tells the conflict of a commit with what is there now, earlier ones of the batch included.
func check(b *bbolt.Bucket, ops []store.Op) error {
	for _, op := range ops {
		if !op.Check {
			continue
		}
		var now int64
		if v := b.Get([]byte(op.Key)); v != nil {
			now = int64(binary.BigEndian.Uint64(v))
		}
		if now != op.Expect {
			return fmt.Errorf("%w: %s", store.ErrConflict, op.Key)
		}
	}
	return nil
}

func (c *commit) apply(b *bbolt.Bucket) error {
	rev, err := b.NextSequence()
	if err != nil {
		return err
	}
	for _, op := range c.ops {
		if op.Delete {
			err = b.Delete([]byte(op.Key))
		} else {
			err = b.Put([]byte(op.Key), encode(rev, op.Value))
		}
		if err != nil {
			return err
		}
	}
	c.rev = rev
	return nil
}
