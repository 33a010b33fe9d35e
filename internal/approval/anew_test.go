package approval_test

import (
	"encoding/json"
	"testing"

	"github.com/stackhand/stackhand"
	"github.com/stackhand/stackhand/internal/approval"
	"github.com/stackhand/stackhand/internal/secret"
)

// After a rotation a request is sealed with the new key, both its parts, and opens without the earlier one.
func TestAnew(t *testing.T) {
	w := newWorld(t)
	first, err := secret.NewKeyset()
	must(t, err)
	second, err := secret.Rotate(first)
	must(t, err)
	only, err := secret.OnlyFirst(second)
	must(t, err)
	before, err := secret.Open(first)
	must(t, err)
	w.open(t, before)
	ask := stackhand.Request{ID: "r1", Job: stackhand.Job{ID: "r1", User: stackhand.User{ID: "U1"}, Input: json.RawMessage(`{"a":1}`)}, Args: json.RawMessage(`{"b":2}`)}
	_, err = w.book.Ask(t.Context(), ask)
	must(t, err)
	must(t, before.Replace(second))
	stored, err := w.store.Request(t.Context(), "r1")
	must(t, err)
	fresh, changed, err := approval.Anew(stored, before.Anew)
	if err != nil || !changed {
		t.Fatalf("changed %v, %v", changed, err)
	}
	must(t, w.store.SaveRequest(t.Context(), &fresh))
	if _, changed, err := approval.Anew(fresh, before.Anew); err != nil || changed {
		t.Errorf("again: changed %v, %v", changed, err)
	}
	after, err := secret.Open(only)
	must(t, err)
	w.open(t, after)
	got, err := w.book.Request(t.Context(), "r1")
	if err != nil || string(got.Job.Input) != `{"a":1}` || string(got.Args) != `{"b":2}` {
		t.Errorf("%s, %s, %v", got.Job.Input, got.Args, err)
	}
}

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}
