package bolt

import (
	"context"
	"errors"
	"fmt"
	"path/filepath"
	"strings"
	"testing"
	"testing/synctest"

	bbolt "go.etcd.io/bbolt"

	"github.com/stackhand/stackhand/store"
)

// idle is an open DB whose writer does not run, so that a test does its work step by step.
func idle(t *testing.T) *DB {
	t.Helper()
	d, err := Open(filepath.Join(t.TempDir(), "s.db"), Options{})
	if err != nil {
		t.Fatal(err)
	}
	close(d.quit)
	<-d.done
	t.Cleanup(func() { d.db.Close() })
	d.quit, d.done = make(chan struct{}), make(chan struct{})
	return d
}

func transactions(t *testing.T, d *DB) int {
	t.Helper()
	id := 0
	if err := d.db.View(func(tx *bbolt.Tx) error { id = tx.ID(); return nil }); err != nil {
		t.Fatal(err)
	}
	return id
}

type outcome struct {
	rev int64
	err error
}

// start begins a Commit and returns when it waits.
func start(ctx context.Context, d *DB, ops ...store.Op) chan outcome {
	c := make(chan outcome, 1)
	go func() {
		rev, err := d.Commit(ctx, ops...)
		c <- outcome{rev, err}
	}()
	synctest.Wait()
	return c
}

func TestCommitsShareOneTransaction(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		d := idle(t)
		var waiting []chan outcome
		for i := range 10 {
			waiting = append(waiting, start(t.Context(), d, store.Op{Key: fmt.Sprint(i % 5), Check: true}))
		}
		before := transactions(t, d)
		d.flush(d.gather(<-d.queue))
		if n := transactions(t, d) - before; n != 1 {
			t.Errorf("%d transactions for 10 commits", n)
		}
		revs := map[int64]bool{}
		for i, c := range waiting {
			got := <-c
			// The second of each pair expects a key not to be there that the first has written.
			if i >= 5 {
				if !errors.Is(got.err, store.ErrConflict) || got.rev != 0 {
					t.Errorf("commit %d: %+v, want a conflict", i, got)
				}
				continue
			}
			if got.err != nil || revs[got.rev] {
				t.Errorf("commit %d: %+v, with %v before", i, got, revs)
			}
			revs[got.rev] = true
		}
	})
}

func TestConflictsAloneWriteNothing(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		d := idle(t)
		before := transactions(t, d)
		c := start(t.Context(), d, store.Op{Key: "k", Check: true, Expect: 7})
		d.flush(d.gather(<-d.queue))
		if got := <-c; !errors.Is(got.err, store.ErrConflict) {
			t.Errorf("%+v", got)
		}
		if n := transactions(t, d) - before; n != 0 {
			t.Errorf("%d transactions", n)
		}
	})
}

func TestContextEndsBeforeTheWriterBegins(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		d := idle(t)
		ctx, cancel := context.WithCancel(t.Context())
		c := start(ctx, d, store.Op{Key: "k"})
		cancel()
		if got := <-c; !errors.Is(got.err, context.Canceled) {
			t.Fatalf("%+v", got)
		}
		d.flush(d.gather(<-d.queue))
		if _, err := d.Get(t.Context(), "k"); !errors.Is(err, store.ErrNotFound) {
			t.Errorf("what was withdrawn was written: %v", err)
		}
	})
}

func TestContextEndsWhileTheWriterWrites(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		d := idle(t)
		ctx, cancel := context.WithCancel(t.Context())
		c := start(ctx, d, store.Op{Key: "k"})
		batch := d.gather(<-d.queue)
		cancel()
		synctest.Wait()
		select {
		case got := <-c:
			t.Fatalf("the outcome %+v was told before there was one", got)
		default:
		}
		d.flush(batch)
		if got := <-c; got.err != nil || got.rev == 0 {
			t.Errorf("%+v", got)
		}
	})
}

func TestCloseWhileCommitsWait(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		d := idle(t)
		first := start(t.Context(), d, store.Op{Key: "first"})
		second := start(t.Context(), d, store.Op{Key: "second"})
		c := <-d.queue
		d.flush(d.gather(c)) // takes both
		late := start(t.Context(), d, store.Op{Key: "late"})
		close(d.done) // the writer ends without having seen the last one
		for _, c := range []chan outcome{first, second} {
			if got := <-c; got.err != nil {
				t.Errorf("%+v", got)
			}
		}
		if got := <-late; !errors.Is(got.err, ErrClosed) {
			t.Errorf("late: %+v", got)
		}
		close(d.quit)
		if _, err := d.Commit(t.Context(), store.Op{Key: "later"}); !errors.Is(err, ErrClosed) {
			t.Errorf("after that: %v", err)
		}
	})
}

// Whatever waits when Close is called is written.
func TestCloseWritesWhatWaits(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		d := idle(t)
		for range 30 {
			d.quit, d.done = make(chan struct{}), make(chan struct{})
			c := start(t.Context(), d, store.Op{Key: "k"})
			close(d.quit)
			d.write()
			if got := <-c; got.err != nil {
				t.Fatalf("%+v", got)
			}
		}
	})
}

// A broken transaction fails all that were in it, each with its own answer, and the next one is
// tried again.
func TestBrokenTransaction(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		d := idle(t)
		good := start(t.Context(), d, store.Op{Key: "good"})
		bad := start(t.Context(), d, store.Op{Key: "bad", Check: true, Expect: 5})
		batch := d.gather(<-d.queue)
		batch[0].ops[0].Key = "" // refused by bbolt itself, in the middle of the transaction
		d.flush(batch)
		for _, c := range []chan outcome{good, bad} {
			if got := <-c; got.err == nil || errors.Is(got.err, store.ErrConflict) {
				t.Errorf("%+v", got)
			}
		}
		again := start(t.Context(), d, store.Op{Key: "good"})
		d.flush(d.gather(<-d.queue))
		if got := <-again; got.err != nil {
			t.Errorf("afterwards: %+v", got)
		}
	})
}

func TestPanicIsAnError(t *testing.T) {
	d := &DB{}
	c := &commit{done: make(chan struct{})}
	d.flush([]*commit{c})
	<-c.done
	if c.err == nil || !strings.Contains(c.err.Error(), "panic") {
		t.Errorf("%v", c.err)
	}
}

func TestValidate(t *testing.T) {
	if err := validate([]store.Op{{Key: strings.Repeat("k", bbolt.MaxKeySize+1)}}); err == nil {
		t.Error("a key that bbolt does not take")
	}
}
