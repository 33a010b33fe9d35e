package store_test

import (
	"testing"
	"time"

	"github.com/stackhand/stackhand"
	"github.com/stackhand/stackhand/store"
	"github.com/stackhand/stackhand/store/storetest"
)

func TestFreeze(t *testing.T) {
	s := newStore(t, storetest.NewMemory(), store.Options{})
	if f, err := s.Freeze(t.Context()); err != nil || f.On() {
		t.Errorf("a new store: %+v, %v", f, err)
	}
	want := stackhand.Freeze{Why: "an incident", By: "U0DANA", At: time.Date(2026, 11, 30, 8, 0, 0, 0, time.UTC)}
	if err := s.SetFreeze(t.Context(), want); err != nil {
		t.Fatal(err)
	}
	if f, err := s.Freeze(t.Context()); err != nil || f != want || !f.On() {
		t.Errorf("%+v, %v; want %+v", f, err, want)
	}
	if err := s.SetFreeze(t.Context(), stackhand.Freeze{}); err != nil {
		t.Fatal(err)
	}
	if f, err := s.Freeze(t.Context()); err != nil || f.On() {
		t.Errorf("after it was lifted: %+v, %v", f, err)
	}
}
