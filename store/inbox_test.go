package store_test

import (
	"errors"
	"fmt"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stackhand/stackhand"
	"github.com/stackhand/stackhand/store"
)

func inbound(id string, at time.Time) stackhand.Inbound {
	return stackhand.Inbound{ID: id, Key: "slash/" + id, User: "U1", Kind: "slash", Body: []byte(`{"text":"list"}`), Received: at}
}

func receive(t testing.TB, s *store.Store, in stackhand.Inbound, want bool) {
	t.Helper()
	fresh, err := s.Receive(t.Context(), in)
	ok(t, err)
	if fresh != want {
		t.Errorf("Receive(%s): fresh %v, want %v", in.ID, fresh, want)
	}
}

func TestInbox(t *testing.T) {
	s, m, _ := memory(t)
	ctx := t.Context()
	a, b := inbound("a", start.Add(time.Second)), inbound("b", start)
	receive(t, s, a, true)
	receive(t, s, b, true)
	receive(t, s, a, false)
	s = newStore(t, m, store.Options{}) // after a restart they are still there, oldest first
	got, err := s.Pending(ctx)
	ok(t, err)
	a.Rev, b.Rev = got[1].Rev, got[0].Rev
	same(t, "pending", []stackhand.Inbound{b, a}, got)

	a.Tries = 1
	ok(t, s.SaveInbound(ctx, &a))
	lost(t, s.SaveInbound(ctx, &got[1]))
	ok(t, s.Handled(ctx, "b"))
	ok(t, s.Handled(ctx, "b"))
	lost(t, s.SaveInbound(ctx, &b))
	got, err = s.Pending(ctx)
	ok(t, err)
	same(t, "pending", []stackhand.Inbound{a}, got)
	receive(t, s, b, false) // handled, but remembered
}

func TestReceiveFails(t *testing.T) {
	s, m, _ := memory(t)
	full := errors.New("disk full")
	m.FailCommits(func([]store.Op) error { return full })
	if fresh, err := s.Receive(t.Context(), inbound("a", start)); fresh || !errors.Is(err, full) {
		t.Fatalf("Receive: %v, %v", fresh, err)
	}
	m.FailCommits(nil)
	receive(t, s, inbound("a", start), true) // the chat sends it again, and it was not seen
}

func TestReceiveOnce(t *testing.T) {
	s, _, _ := memory(t)
	var fresh atomic.Int32
	var wg sync.WaitGroup
	for range 16 {
		wg.Go(func() {
			switch was, err := s.Receive(t.Context(), inbound("a", start)); {
			case err != nil:
				t.Errorf("Receive: %v", err)
			case was:
				fresh.Add(1)
			}
		})
	}
	wg.Wait()
	same(t, "fresh", int32(1), fresh.Load())
}

func TestPurgeSeen(t *testing.T) {
	s, m, clock := memory(t)
	ctx := t.Context()
	const old = 120 // more than one commit takes
	for i := range old {
		receive(t, s, inbound(fmt.Sprintf("old%d", i), start), true)
		if i > 0 {
			ok(t, s.Handled(ctx, fmt.Sprintf("old%d", i)))
		}
	}
	clock.at = start.Add(24 * time.Hour)
	receive(t, s, inbound("new", clock.at), true)
	purge := func(want int) {
		t.Helper()
		m.Calls()
		n, err := s.PurgeSeen(ctx)
		ok(t, err)
		same(t, "purged", want, n)
		if c := m.Calls(); c.Items > 2*want {
			t.Errorf("read %d items to purge %d", c.Items, want)
		}
	}
	purge(0) // 24 hours is not more than 24 hours
	receive(t, s, inbound("old1", clock.at), false)
	clock.at = clock.at.Add(time.Nanosecond)
	purge(old)
	purge(0)
	receive(t, s, inbound("old1", clock.at), true)
	receive(t, s, inbound("new", clock.at), false)
	receive(t, s, inbound("old0", clock.at), false) // it still waits in the inbox
	left, err := m.Scan(ctx, "seen", "seeo", 0)
	ok(t, err)
	same(t, "marks left", 4, len(left))
}

// Two sweeps that forget at the same time do not stand in each other's way.
func TestPurgeSeenAgainstOthers(t *testing.T) {
	s, m, clock := memory(t)
	for i := range 60 {
		receive(t, s, inbound(fmt.Sprint("in", i), start), true)
	}
	clock.at = clock.at.Add(25 * time.Hour)
	once := true
	m.FailCommits(func([]store.Op) error {
		if once {
			once = false
			return store.ErrConflict
		}
		return nil
	})
	if n, err := s.PurgeSeen(t.Context()); n != 60 || err != nil {
		t.Errorf("%d forgotten, %v", n, err)
	}
}
