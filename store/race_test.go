package store_test

import (
	"context"
	"testing"

	"github.com/stackhand/stackhand"
	"github.com/stackhand/stackhand/store"
	"github.com/stackhand/stackhand/store/storetest"
)

// meddler lets somebody else do something between what a Store reads and what it then writes.
type meddler struct {
	store.Driver
	meddle func()
	after  func() // once the write is done
}

func (m *meddler) Commit(ctx context.Context, ops ...store.Op) (int64, error) {
	if f := m.meddle; f != nil {
		m.meddle = nil
		f()
	}
	rev, err := m.Driver.Commit(ctx, ops...)
	if f := m.after; f != nil {
		m.after = nil
		f()
	}
	return rev, err
}

// meddled gives two stores on one database, and the point between the first one's reads and writes.
func meddled(t *testing.T) (first, second *store.Store, m *meddler) {
	d := storetest.NewMemory()
	m = &meddler{Driver: d}
	return newStore(t, m, store.Options{}), newStore(t, d, store.Options{}), m
}

func TestReceivedAndHandledMeanwhile(t *testing.T) {
	first, second, m := meddled(t)
	m.meddle = func() {
		receive(t, second, inbound("a", start), true)
		ok(t, second.Handled(t.Context(), "a"))
	}
	receive(t, first, inbound("a", start), false)
}

func TestCreatedMeanwhile(t *testing.T) {
	first, second, m := meddled(t)
	theirs := newJob("aaaa0000", "U2", start)
	m.meddle = func() { create(t, second, theirs) }
	mine := newJob("aaaa0000", "U1", start)
	created, err := first.CreateJob(t.Context(), mine, []*stackhand.Stack{newStack("aaaa0000-1", "U1")})
	ok(t, err)
	same(t, "created", false, created)
	same(t, "the job", *theirs, *mine)
	_, err = first.Stack(t.Context(), "aaaa0000-1")
	notFound(t, err)
}

func TestSavedMeanwhile(t *testing.T) {
	first, second, m := meddled(t)
	st := newStack("web-1", "U1")
	save(t, first, st)
	m.meddle = func() {
		theirs := *st
		theirs.Lease.Owner = "U2"
		save(t, second, &theirs)
	}
	st.Lease.Owner = "U3"
	lost(t, first.SaveStack(t.Context(), st))
	for user, want := range map[string]int{"U1": 0, "U2": 1, "U3": 0} {
		got, err := first.StacksOfOwner(t.Context(), user)
		ok(t, err)
		same(t, "stacks of "+user, want, len(got))
	}
}

func TestLockedMeanwhile(t *testing.T) {
	first, second, m := meddled(t)
	m.meddle = func() {
		got, err := second.TryLock(t.Context(), "net", "job2")
		ok(t, err)
		same(t, "the other's lock", "job2", got)
	}
	got, err := first.TryLock(t.Context(), "net", "job1")
	ok(t, err)
	same(t, "holder", "job2", got)
	m.meddle = func() { ok(t, second.Unlock(t.Context(), "net", "job2")) }
	ok(t, first.Unlock(t.Context(), "net", "job2"))
}

// While index keys that found no room in the commit are taken out, somebody makes one valid again:
// before it is looked at, or after.
func TestPrunedMeanwhile(t *testing.T) {
	for _, when := range []string{"before the look", "after the look"} {
		t.Run(when, func(t *testing.T) {
			first, second, m := meddled(t)
			st := newStack("web-1", "U1")
			for _, n := range []int{90, 180} {
				for i := len(st.Ledger); i < n; i++ {
					st.Ledger = append(st.Ledger, stackhand.Resource{Kind: "port", ID: string(rune('A' + i))})
				}
				save(t, first, st)
			}
			last := st.Ledger[len(st.Ledger)-1]
			again := func() {
				theirs, err := second.Stack(t.Context(), "web-1")
				ok(t, err)
				theirs.Ledger = []stackhand.Resource{last}
				save(t, second, &theirs)
			}
			if when == "before the look" {
				m.after = again
			} else {
				m.meddle = func() { m.meddle = again } // not at the commit, but at the one that prunes
			}
			st.Ledger = nil
			save(t, first, st)
			users, err := first.UsersOfResource(t.Context(), "lab", last.ID)
			ok(t, err)
			same(t, "users", []string{"web-1"}, users)
		})
	}
}
