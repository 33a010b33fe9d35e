package storetest

import (
	"errors"
	"fmt"
	"strconv"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/stackhand/stackhand/store"
)

const writers = 16

// together runs f once for each of the writers, at the same time.
func together(f func(n int)) {
	var wg sync.WaitGroup
	for n := range writers {
		wg.Go(func() { f(n) })
	}
	wg.Wait()
}

// testRace: of those who all expect the same revision exactly one wins, and the rest are told.
func testRace(t *testing.T, d store.Driver) {
	for round := range 8 {
		key := fmt.Sprintf("k%d", round)
		var won, lost atomic.Int32
		var winner atomic.Int64
		together(func(n int) {
			_, err := d.Commit(t.Context(), putIf(key, strconv.Itoa(n), 0), put(fmt.Sprintf("%s/%d", key, n), ""))
			switch {
			case err == nil:
				won.Add(1)
				winner.Store(int64(n))
			case errors.Is(err, store.ErrConflict):
				lost.Add(1)
			default:
				t.Errorf("Commit: %v", err)
			}
		})
		if won.Load() != 1 || lost.Load() != writers-1 {
			t.Fatalf("%d won and %d lost of %d", won.Load(), lost.Load(), writers)
		}
		if got := scan(t, d, key, key+"0", 0); len(got) != 2 {
			t.Fatalf("the losers wrote as well: %q", got)
		}
		got, err := d.Get(t.Context(), key)
		if err != nil || string(got.Value) != strconv.FormatInt(winner.Load(), 10) {
			t.Fatalf("%q, %v is there, but %d was told that it won", got.Value, err, winner.Load())
		}
	}
}

// testIncrement: a counter that everybody reads, adds to and writes back loses nothing.
func testIncrement(t *testing.T, d store.Driver) {
	const each = 5
	commit(t, d, put("count", "0"))
	together(func(int) {
		for done := 0; done < each; {
			err := increment(t, d)
			switch {
			case err == nil:
				done++
			case !errors.Is(err, store.ErrConflict):
				t.Errorf("increment: %v", err)
				return
			}
		}
	})
	got, err := d.Get(t.Context(), "count")
	if err != nil || string(got.Value) != strconv.Itoa(writers*each) {
		t.Fatalf("count is %q, %v, want %d", got.Value, err, writers*each)
	}
}

func increment(t *testing.T, d store.Driver) error {
	item, err := d.Get(t.Context(), "count")
	if err != nil {
		return err
	}
	n, err := strconv.Atoi(string(item.Value))
	if err != nil {
		return err
	}
	_, err = d.Commit(t.Context(), putIf("count", strconv.Itoa(n+1), item.Rev))
	return err
}

// testTransfers: a reader never sees one half of a commit, and sees no revision twice with
// different values.
func testTransfers(t *testing.T, d store.Driver) {
	const rounds = 20
	pair := func(n, i int) []store.Op {
		v := fmt.Sprintf("%d-%d", n, i)
		return []store.Op{put("left", v), put("right", v)}
	}
	commit(t, d, pair(0, 0)...)
	var revs sync.Map
	together(func(n int) {
		for i := range rounds {
			rev, err := d.Commit(t.Context(), pair(n, i)...)
			if err != nil {
				t.Errorf("Commit: %v", err)
				return
			}
			if was, twice := revs.LoadOrStore(rev, n); twice {
				t.Errorf("the revision %d was given to %v and to %d", rev, was, n)
			}
			items, err := d.Scan(t.Context(), "left", "right\x00", 0)
			if err != nil || len(items) != 2 {
				t.Errorf("Scan: %v, %v", items, err)
				return
			}
			l, r := items[0], items[1]
			if string(l.Value) != string(r.Value) || l.Rev != r.Rev {
				t.Errorf("half a commit: left %q@%d, right %q@%d", l.Value, l.Rev, r.Value, r.Rev)
			}
			if r.Rev < rev {
				t.Errorf("read the revision %d after %d was written", r.Rev, rev)
			}
		}
	})
}
