// Package bolt keeps a store in one file, with go.etcd.io/bbolt. One process at a time can have
// the file open. Commits of many goroutines that meet share one write to the disk.
package bolt

import (
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"sync"
	"time"

	bbolt "go.etcd.io/bbolt"
	berrors "go.etcd.io/bbolt/errors"

	"github.com/stackhand/stackhand/store"
)

// ErrClosed is what every method answers after Close.
var ErrClosed = errors.New("bolt: the store is closed")

// bucket holds every key. Its sequence is the revision counter; a value is the revision as
// eight bytes, big endian, and then the value itself.
var bucket = []byte("stackhand")

const revSize = 8

// Options of Open. The zero value is good.
type Options struct {
	// Wait is how long Open waits for another process to let go of the file; 0: 100 ms.
	Wait time.Duration
	// NoSync leaves writing to the disk to the system's own time: a crash of the machine may
	// lose or break the file, a crash of the process does not. For tests and throw-away stores.
	NoSync bool
	// ReadOnly leaves the file as it is: every commit fails. Several may read it so at once; nobody can write meanwhile.
	ReadOnly bool
}

// ErrReadOnly is what Commit answers on a file that was opened for reading.
var ErrReadOnly = errors.New("bolt: the store was opened for reading only")

// DB is a store.Driver over one file.
type DB struct {
	db    *bbolt.DB
	reads bool // only
	queue chan *commit
	quit  chan struct{} // closed by Close
	done  chan struct{} // closed when the writer has ended
	close sync.Once
	err   error // of closing the file
}

var _ store.Driver = (*DB)(nil)

// Get reads one key.
func (d *DB) Get(ctx context.Context, key string) (store.Item, error) {
	var item store.Item
	err := d.view(ctx, func(b *bbolt.Bucket) error {
		v := b.Get([]byte(key))
		if v == nil {
			return store.ErrNotFound
		}
		var err error
		item, err = decode([]byte(key), v)
		return err
	})
	return item, err
}

// Scan reads keys in order.
func (d *DB) Scan(ctx context.Context, from, to string, limit int) ([]store.Item, error) {
	var items []store.Item
	err := d.view(ctx, func(b *bbolt.Bucket) error {
		c := b.Cursor()
		for k, v := c.Seek([]byte(from)); k != nil && string(k) < to; k, v = c.Next() {
			item, err := decode(k, v)
			if err != nil {
				return err
			}
			items = append(items, item)
			if len(items) == limit {
				return nil
			}
			if len(items)%1024 == 0 && ctx.Err() != nil {
				return ctx.Err()
			}
		}
		return nil
	})
	if err != nil {
		return nil, err
	}
	return items, nil
}

// Exclusive is true: the file's lock keeps other processes out.
func (d *DB) Exclusive() bool { return true }

// Backup writes a copy of the whole store, as of one moment, to w, while commits go on. The copy
// is a file that Open takes.
func (d *DB) Backup(ctx context.Context, w io.Writer) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	to := &contextWriter{ctx: ctx, w: w}
	err := d.db.View(func(tx *bbolt.Tx) error {
		_, err := tx.WriteTo(to)
		return err
	})
	if to.err != nil { // bbolt gives back its text only
		err = to.err
	}
	if err != nil {
		return fmt.Errorf("back up %s: %w", d.db.Path(), closed(err))
	}
	return nil
}

// contextWriter stops a copy whose context has ended.
type contextWriter struct {
	ctx context.Context
	w   io.Writer
	err error // the last one
}

func (w *contextWriter) Write(p []byte) (n int, err error) {
	if w.err = w.ctx.Err(); w.err != nil {
		return 0, w.err
	}
	n, w.err = w.w.Write(p)
	return n, w.err
}

// Close lets the commits that wait finish, and lets go of the file.
func (d *DB) Close() error {
	d.close.Do(func() {
		close(d.quit)
		<-d.done
		d.err = d.db.Close()
	})
	return d.err
}

func (d *DB) view(ctx context.Context, read func(*bbolt.Bucket) error) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	return closed(d.db.View(func(tx *bbolt.Tx) error { return read(tx.Bucket(bucket)) }))
}

// decode copies, since bbolt's memory is good only within its transaction.
func decode(key, v []byte) (store.Item, error) {
	if len(v) < revSize {
		return store.Item{}, fmt.Errorf("bolt: the value of %q is cut short", key)
	}
	return store.Item{
		Key:   string(key),
		Value: append([]byte{}, v[revSize:]...),
		Rev:   int64(binary.BigEndian.Uint64(v)),
	}, nil
}

func encode(rev uint64, value []byte) []byte {
	v := make([]byte, revSize, revSize+len(value))
	binary.BigEndian.PutUint64(v, rev)
	return append(v, value...)
}

func closed(err error) error {
	if errors.Is(err, berrors.ErrDatabaseNotOpen) {
		return ErrClosed
	}
	return err
}
