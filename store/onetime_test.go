package store_test

import (
	"errors"
	"testing"
	"time"

	"github.com/stackhand/stackhand"
	"github.com/stackhand/stackhand/store"
	"github.com/stackhand/stackhand/store/storetest"
)

// A one-time secret is taken once, by whom it is for, and goes at its end.
func TestOneTime(t *testing.T) {
	ctx := t.Context()
	s, err := store.New(ctx, storetest.NewMemory(), store.Options{})
	if err != nil {
		t.Fatal(err)
	}
	now := time.Now()
	keep := func(id, text string) {
		t.Helper()
		if err := s.KeepOneTime(ctx, stackhand.OneTime{ID: id, User: "U1", Sealed: []byte(text), Ends: now.Add(time.Hour)}); err != nil {
			t.Fatal(err)
		}
	}
	yes := func(stackhand.OneTime) error { return nil }
	no := errors.New("not yours")
	keep("a", "first")
	keep("a", "second")
	if _, err := s.TakeOneTime(ctx, "a", func(stackhand.OneTime) error { return no }); !errors.Is(err, no) {
		t.Errorf("refused: %v", err)
	}
	if o, err := s.TakeOneTime(ctx, "a", yes); err != nil || string(o.Sealed) != "second" {
		t.Errorf("taken: %s, %v", o.Sealed, err)
	}
	if _, err := s.TakeOneTime(ctx, "a", yes); stackhand.KindOf(err) != stackhand.NotFound {
		t.Errorf("again: %v", err)
	}
	keep("b", "x")
	_, err = s.TakeOneTime(ctx, "b", func(stackhand.OneTime) error {
		_, err := s.TakeOneTime(ctx, "b", yes) // somebody else is faster
		return err
	})
	if stackhand.KindOf(err) != stackhand.NotFound {
		t.Errorf("of two at once: %v", err)
	}
	keep("c", "x")
	for _, step := range []struct {
		at   time.Duration
		want int
	}{{time.Hour - 1, 0}, {time.Hour, 1}, {2 * time.Hour, 0}} {
		if n, err := s.PurgeOneTimes(ctx, now.Add(step.at)); err != nil || n != step.want {
			t.Errorf("after %v %d went, %v", step.at, n, err)
		}
	}
	if err := s.KeepOneTime(ctx, stackhand.OneTime{ID: "d", User: "U1", Rev: 7}); !errors.Is(err, store.ErrConflict) {
		t.Errorf("an old revision: %v", err)
	}
}
