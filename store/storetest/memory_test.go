package storetest_test

import (
	"errors"
	"testing"

	"github.com/stackhand/stackhand/store"
	"github.com/stackhand/stackhand/store/storetest"
)

func TestMemory(t *testing.T) {
	storetest.Run(t, func(*testing.T) store.Driver { return storetest.NewMemory() }, storetest.Options{})
}

func TestMemoryFailsAndCounts(t *testing.T) {
	m := storetest.NewMemory()
	full := errors.New("disk full")
	m.FailCommits(func([]store.Op) error { return full })
	if _, err := m.Commit(t.Context(), store.Op{Key: "k"}); !errors.Is(err, full) {
		t.Fatalf("Commit: %v", err)
	}
	if _, err := m.Get(t.Context(), "k"); !errors.Is(err, store.ErrNotFound) {
		t.Fatalf("Get: %v", err)
	}
	m.FailCommits(nil)
	if _, err := m.Commit(t.Context(), store.Op{Key: "k"}); err != nil {
		t.Fatal(err)
	}
	if _, err := m.Scan(t.Context(), "a", "z", 0); err != nil {
		t.Fatal(err)
	}
	if got, want := m.Calls(), (storetest.Calls{Gets: 1, Scans: 1, Commits: 2, Items: 1}); got != want {
		t.Errorf("Calls: %+v, want %+v", got, want)
	}
	if got := m.Calls(); got != (storetest.Calls{}) {
		t.Errorf("Calls again: %+v", got)
	}
	if !m.Exclusive() {
		t.Error("not exclusive")
	}
}
