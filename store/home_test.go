package store_test

import (
	"testing"

	"github.com/stackhand/stackhand/store"
	"github.com/stackhand/stackhand/store/storetest"
)

// An installation has one id, whoever asks for it first and however often.
func TestHome(t *testing.T) {
	d := storetest.NewMemory()
	a, b := newStore(t, d, store.Options{}), newStore(t, d, store.Options{})
	first, err := a.Home(t.Context())
	if err != nil || len(first) != 8 {
		t.Fatalf("%q, %v", first, err)
	}
	for _, s := range []*store.Store{a, b} {
		if again, err := s.Home(t.Context()); err != nil || again != first {
			t.Errorf("%q, %v; it was %q", again, err, first)
		}
	}
	other, err := newStore(t, storetest.NewMemory(), store.Options{}).Home(t.Context())
	if err != nil || other == first {
		t.Errorf("another store is %q too (%v)", other, err)
	}
}
