package main

import (
	"errors"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/stackhand/stackhand"
	"github.com/stackhand/stackhand/store"
)

// TestEndOfRequestIsOnTrail lets a request end undecided: that is written once, before it is so, and not where it cannot be written.
func TestEndOfRequestIsOnTrail(t *testing.T) {
	a, m := recorder(t)
	b := requestBook{a.store, a}
	alice := stackhand.User{ID: "U0ALICE", Name: "alice"}
	r, err := a.store.Ask(t.Context(), stackhand.Request{
		ID: "k3v9x2ab", State: stackhand.RequestOpen, Rule: "large", Needed: 1, Created: a.now(), Ends: a.now(), Next: a.now(),
		Job:    stackhand.Job{ID: "k3v9x2ab", Flow: "create", Title: "Create web-1", User: alice, Cloud: "lab", Stacks: []string{"k3v9x2ab-1"}},
		Stacks: []stackhand.Stack{{ID: "k3v9x2ab-1", Name: "web-1"}},
	})
	a.must(t, err)
	r.Reminded = a.now()
	a.must(t, b.SaveRequest(t.Context(), &r))
	if got := a.trail(t); len(got) != 0 {
		t.Errorf("a reminder is no decision: %q", got)
	}
	r.State, r.Closed, r.Note = stackhand.RequestEnded, a.now().Add(time.Second), "Nobody decided in time."
	m.FailCommits(func(ops []store.Op) error {
		if strings.HasPrefix(ops[0].Key, "audit/") {
			return errCrash
		}
		return nil
	})
	if err := b.SaveRequest(t.Context(), &r); !errors.Is(err, errCrash) {
		t.Errorf("it ended, and the trail does not have it: %v", err)
	}
	m.FailCommits(nil)
	for range 2 {
		a.must(t, b.SaveRequest(t.Context(), &r))
	}
	if got := a.trail(t); !slices.Equal(got, []string{"decided k3v9x2ab ended"}) {
		t.Errorf("%q", got)
	}
	for _, word := range []string{"U0ALICE", "web-1", "k3v9x2ab-1", "k3v9x2ab"} {
		if found, err := a.store.AuditTrail(t.Context(), stackhand.AuditQuery{Of: word}); err != nil || len(found) != 1 || found[0].Why != r.Note || found[0].Rule != "large" {
			t.Errorf("not found by %s: %+v, %v", word, found, err)
		}
	}
}

// An end that loses to a decision at the same moment is on the trail as what it is: not saved.
func TestLostEndOfRequestIsOnTrail(t *testing.T) {
	a, _ := recorder(t)
	b := requestBook{a.store, a}
	r, err := a.store.Ask(t.Context(), stackhand.Request{ID: "k3v9x2ab", State: stackhand.RequestOpen, Created: a.now(), Ends: a.now(), Next: a.now(),
		Job: stackhand.Job{ID: "k3v9x2ab", Flow: "create", User: stackhand.User{ID: "U0ALICE"}}})
	a.must(t, err)
	late := r
	r.State = stackhand.RequestDenied
	a.must(t, b.SaveRequest(t.Context(), &r))
	late.State = stackhand.RequestEnded
	if err := b.SaveRequest(t.Context(), &late); !errors.Is(err, store.ErrConflict) {
		t.Errorf("got %v", err)
	}
	got := a.trail(t)
	slices.Sort(got)
	if want := []string{"decided k3v9x2ab ended", "decided k3v9x2ab not saved"}; !slices.Equal(got, want) {
		t.Errorf("%q", got)
	}
}
