package store_test

import (
	"errors"
	"fmt"
	"sync"
	"testing"
	"time"

	"github.com/stackhand/stackhand"
	"github.com/stackhand/stackhand/store"
	"github.com/stackhand/stackhand/store/storetest"
)

func ahead(d time.Duration) func(stackhand.Stack) time.Time {
	return func(s stackhand.Stack) time.Time {
		if s.Lease.Until.IsZero() {
			return time.Time{}
		}
		return s.Lease.Until.Add(-d)
	}
}

// indexed holds the index of moments against a rule: each stack is due at its moment, and not a moment earlier.
func indexed(t *testing.T, s *store.Store, rule func(stackhand.Stack) time.Time, stacks int) {
	t.Helper()
	all, err := s.StacksEver(t.Context(), start)
	ok(t, err)
	same(t, "stacks", stacks, len(all))
	for _, st := range all {
		for at, want := range map[time.Time]bool{rule(st): true, rule(st).Add(-time.Nanosecond): false} {
			due, err := s.StacksDue(t.Context(), at, 0)
			ok(t, err)
			found := false
			for _, d := range due {
				found = found || d.ID == st.ID
			}
			if found != want {
				t.Fatalf("%s, whose moment is %s, is due at %s: %v", st.ID, rule(st), at, found)
			}
		}
	}
}

// Another rule is put in force while jobs and sweeps save stacks, extend them and make new ones: in the end each is due when the last
// rule says.
func TestSetDueWhileOthersSave(t *testing.T) {
	s := newStore(t, storetest.NewMemory(), store.Options{Due: ahead(time.Hour), DueRule: "1h"})
	const n = 40
	for i := range n {
		st := newStack(fmt.Sprintf("s%03d", i), "U1")
		st.Lease.Until = start.Add(24 * time.Hour)
		save(t, s, st)
	}
	var work sync.WaitGroup
	for worker := range 4 {
		work.Go(func() {
			for i := range 60 {
				st, err := s.Stack(t.Context(), fmt.Sprintf("s%03d", (i*7+worker)%n))
				if err == nil {
					st.Lease.Until = start.Add(time.Duration(24+i%3) * time.Hour)
					err = s.SaveStack(t.Context(), &st)
				}
				if err != nil && !errors.Is(err, store.ErrConflict) {
					t.Error(err)
				}
				fresh := newStack(fmt.Sprintf("new-%d-%d", worker, i), "U1")
				fresh.Lease.Until = start.Add(30 * time.Hour)
				if _, err := s.CreateJob(t.Context(), newJob(fmt.Sprintf("job%d%05d", worker, i), "U1", start), []*stackhand.Stack{fresh}); err != nil {
					t.Error(err)
				}
			}
		})
	}
	for i := range 12 {
		d := time.Duration(i%5) * time.Hour
		ok(t, s.SetDue(t.Context(), ahead(d), d.String()))
	}
	work.Wait()
	indexed(t, s, ahead(time.Hour), n+4*60)
}

// Cut short, it is done by SettleDue, or at the next start: by whatever rule is in force then, the one from before as well.
func TestSetDueCutShort(t *testing.T) {
	for name, end := range map[string]func(t *testing.T, m *storetest.Memory, s *store.Store) (*store.Store, time.Duration){
		"tried again": func(t *testing.T, _ *storetest.Memory, s *store.Store) (*store.Store, time.Duration) {
			ok(t, s.SettleDue(t.Context()))
			return s, 4 * time.Hour
		},
		"started with the new rule": func(t *testing.T, m *storetest.Memory, _ *store.Store) (*store.Store, time.Duration) {
			return newStore(t, m, store.Options{Due: ahead(4 * time.Hour), DueRule: "4h"}), 4 * time.Hour
		},
		"started with the old rule": func(t *testing.T, m *storetest.Memory, _ *store.Store) (*store.Store, time.Duration) {
			return newStore(t, m, store.Options{Due: ahead(time.Hour), DueRule: "1h"}), time.Hour
		},
	} {
		t.Run(name, func(t *testing.T) {
			m := storetest.NewMemory()
			d := &cutShort{Driver: m, left: 1000}
			s := newStore(t, d, store.Options{Due: ahead(time.Hour), DueRule: "1h"})
			for i := range 20 {
				st := newStack(fmt.Sprintf("s%03d", i), "U1")
				st.Lease.Until = start.Add(24 * time.Hour)
				save(t, s, st)
			}
			d.left = 10
			if err := s.SetDue(t.Context(), ahead(4*time.Hour), "4h"); err == nil {
				t.Fatal("nothing went wrong")
			}
			d.left = 1000
			s, rule := end(t, m, s)
			indexed(t, s, ahead(rule), 20)
			same(t, "nothing is left to do", nil, s.SettleDue(t.Context()))
		})
	}
}

// A save that has computed its moment by the old rule, and is written after the new one was put in force, does not bring the old moment
// back: the new rule waits for it.
func TestSetDueWaitsForSaves(t *testing.T) {
	m := storetest.NewMemory()
	d := &meddler{Driver: m}
	s := newStore(t, d, store.Options{Due: ahead(time.Hour), DueRule: "1h"})
	st := newStack("s000", "U1")
	st.Lease.Until = start.Add(4 * time.Hour)
	save(t, s, st)
	// The moment of the record that is there is the same by both rules; that of the one which is being written is not.
	late := start.Add(3 * time.Hour)
	rule := func(st stackhand.Stack) time.Time { return late }
	done := make(chan error, 1)
	d.meddle = func() {
		go func() { done <- s.SetDue(t.Context(), rule, "at three") }()
		select {
		case err := <-done: // it did not wait
			done <- err
		case <-time.After(50 * time.Millisecond):
		}
	}
	st.Lease.Until = start.Add(24 * time.Hour)
	save(t, s, st)
	ok(t, <-done)
	indexed(t, s, rule, 1)
}

// Two processes take another rule over one after the other: what the second saved by the old rule in between, when the first had brought the
// index to the new one, does not keep its old moment.
func TestSetDueInTwoProcesses(t *testing.T) {
	m := storetest.NewMemory()
	old := store.Options{Due: ahead(time.Hour), DueRule: "1h"}
	one, two := newStore(t, m, old), newStore(t, m, old)
	st := newStack("s000", "U1")
	st.Lease.Until = start.Add(24 * time.Hour)
	save(t, one, st)
	ok(t, one.SetDue(t.Context(), ahead(4*time.Hour), "4h"))
	again, err := two.Stack(t.Context(), st.ID)
	ok(t, err)
	again.Lease.Until = start.Add(48 * time.Hour)
	save(t, two, &again)
	ok(t, two.SetDue(t.Context(), ahead(4*time.Hour), "4h"))
	indexed(t, two, ahead(4*time.Hour), 1)
	m.Calls()
	ok(t, two.SetDue(t.Context(), ahead(4*time.Hour), "4h"))
	if reads := m.Calls().Items; reads > 2 {
		t.Errorf("the same rule once more reads %d records", reads)
	}
}

// A rule that panics over a stack keeps nobody from setting another one, nor from saving stacks afterwards.
func TestARuleThatPanics(t *testing.T) {
	s := newStore(t, storetest.NewMemory(), store.Options{Due: func(stackhand.Stack) time.Time { panic("no such thing") }, DueRule: "broken"})
	st := newStack("s1", "U1")
	if err := stackhand.Guarded("", func() error { return s.SaveStack(t.Context(), st) }); len(stackhand.Panics(err)) != 1 {
		t.Errorf("saved: %v", err)
	}
	ok(t, s.SetDue(t.Context(), ahead(time.Hour), "1h"))
	ok(t, s.SaveStack(t.Context(), st))
}
