// Package storetest says, as tests, what a store.Driver is. Every driver runs the suite; what
// holds in it is what the rest of the program may rely on.
package storetest

import (
	"context"
	"errors"
	"fmt"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/stackhand/stackhand/store"
)

// MaxOps is how many ops one commit may have.
const MaxOps = 100

// Options of Run. The zero value is good.
type Options struct {
	// Reopen closes the driver and opens the same database again; nil for a driver that
	// keeps nothing.
	Reopen func(t *testing.T, d store.Driver) store.Driver
}

// Run runs the suite. open makes a new, empty database for every test; the suite closes it.
func Run(t *testing.T, open func(t *testing.T) store.Driver, o Options) {
	t.Helper()
	tests := []struct {
		name string
		run  func(t *testing.T, d store.Driver)
	}{
		{"Get", testGet},
		{"Values", testValues},
		{"OwnMemory", testOwnMemory},
		{"Revisions", testRevisions},
		{"CompareAndSet", testCompareAndSet},
		{"AllOrNone", testAllOrNone},
		{"Delete", testDelete},
		{"Order", testOrder},
		{"ScanBounds", testScanBounds},
		{"Limits", testLimits},
		{"Context", testContext},
		{"Closed", testClosed},
		{"Race", testRace},
		{"Increment", testIncrement},
		{"Transfers", testTransfers},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			d := open(t)
			t.Cleanup(func() { d.Close() })
			tt.run(t, d)
		})
	}
	if o.Reopen != nil {
		t.Run("Reopen", func(t *testing.T) { testReopen(t, open(t), o.Reopen) })
	}
}

func put(key, value string) store.Op { return store.Op{Key: key, Value: []byte(value)} }

func putIf(key, value string, rev int64) store.Op {
	return store.Op{Key: key, Value: []byte(value), Check: true, Expect: rev}
}

func del(key string) store.Op { return store.Op{Key: key, Delete: true} }

func delIf(key string, rev int64) store.Op {
	return store.Op{Key: key, Delete: true, Check: true, Expect: rev}
}

func commit(t *testing.T, d store.Driver, ops ...store.Op) int64 {
	t.Helper()
	rev, err := d.Commit(t.Context(), ops...)
	if err != nil {
		t.Fatalf("Commit: %v", err)
	}
	if rev <= 0 {
		t.Fatalf("Commit gave the revision %d", rev)
	}
	return rev
}

func conflict(t *testing.T, d store.Driver, ops ...store.Op) {
	t.Helper()
	if _, err := d.Commit(t.Context(), ops...); !errors.Is(err, store.ErrConflict) {
		t.Fatalf("Commit answered %v, want ErrConflict", err)
	}
}

func expect(t *testing.T, d store.Driver, key, value string, rev int64) {
	t.Helper()
	got, err := d.Get(t.Context(), key)
	if err != nil {
		t.Fatalf("Get(%q): %v", key, err)
	}
	if diff := cmp.Diff(store.Item{Key: key, Value: []byte(value), Rev: rev}, got); diff != "" {
		t.Fatalf("Get(%q) (-want +got):\n%s", key, diff)
	}
}

func missing(t *testing.T, d store.Driver, key string) {
	t.Helper()
	if got, err := d.Get(t.Context(), key); !errors.Is(err, store.ErrNotFound) {
		t.Fatalf("Get(%q) gave %q, %v, want ErrNotFound", key, got.Value, err)
	}
}

func scan(t *testing.T, d store.Driver, from, to string, limit int) []string {
	t.Helper()
	items, err := d.Scan(t.Context(), from, to, limit)
	if err != nil {
		t.Fatalf("Scan(%q, %q, %d): %v", from, to, limit, err)
	}
	keys := []string{}
	for _, i := range items {
		keys = append(keys, i.Key)
	}
	return keys
}

func testReopen(t *testing.T, d store.Driver, reopen func(*testing.T, store.Driver) store.Driver) {
	var last int64
	for i := range 20 {
		last = commit(t, d, put(fmt.Sprintf("a%02d", i), fmt.Sprint(i)))
	}
	commit(t, d, del("a19"))
	d = reopen(t, d)
	t.Cleanup(func() { d.Close() })
	if got := scan(t, d, "", "\xff", 0); len(got) != 19 {
		t.Fatalf("%d keys after opening again, want 19: %q", len(got), got)
	}
	expect(t, d, "a18", "18", last-1)
	if rev := commit(t, d, put("b", "")); rev <= last {
		t.Fatalf("the revision went back from %d to %d", last, rev)
	}
	conflict(t, d, putIf("a00", "", 0))
}

func testContext(t *testing.T, d store.Driver) {
	rev := commit(t, d, put("k", "v"))
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := d.Get(ctx, "k"); !errors.Is(err, context.Canceled) {
		t.Errorf("Get with an ended context: %v", err)
	}
	if _, err := d.Scan(ctx, "a", "z", 0); !errors.Is(err, context.Canceled) {
		t.Errorf("Scan with an ended context: %v", err)
	}
	if _, err := d.Commit(ctx, put("k", "w")); !errors.Is(err, context.Canceled) {
		t.Errorf("Commit with an ended context: %v", err)
	}
	expect(t, d, "k", "v", rev)
}

func testClosed(t *testing.T, d store.Driver) {
	commit(t, d, put("k", "v"))
	if err := d.Close(); err != nil {
		t.Fatalf("Close: %v", err)
	}
	if err := d.Close(); err != nil {
		t.Errorf("closing twice: %v", err)
	}
	if _, err := d.Get(t.Context(), "k"); err == nil || errors.Is(err, store.ErrNotFound) {
		t.Errorf("Get after Close: %v", err)
	}
	if _, err := d.Scan(t.Context(), "a", "z", 0); err == nil {
		t.Error("Scan after Close succeeded")
	}
	if _, err := d.Commit(t.Context(), put("k", "w")); err == nil || errors.Is(err, store.ErrConflict) {
		t.Errorf("Commit after Close: %v", err)
	}
}
