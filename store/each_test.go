package store_test

import (
	"context"
	"errors"
	"fmt"
	"testing"

	"github.com/stackhand/stackhand"
	"github.com/stackhand/stackhand/store"
	"github.com/stackhand/stackhand/store/storetest"
)

// Every record is met once, however many pages they fill, and the first that makes trouble ends it.
func TestEach(t *testing.T) {
	s, err := store.New(t.Context(), storetest.NewMemory(), store.Options{})
	if err != nil {
		t.Fatal(err)
	}
	const n = 450
	for i := range n {
		job := stackhand.Job{ID: fmt.Sprintf("j%03d", i), User: stackhand.User{ID: "U1"}}
		if _, err := s.CreateJob(t.Context(), &job, nil); err != nil {
			t.Fatal(err)
		}
		if _, err := s.Ask(context.Background(), stackhand.Request{ID: job.ID}); err != nil {
			t.Fatal(err)
		}
	}
	seen := map[string]int{}
	errs := errors.Join(
		s.EachJob(t.Context(), func(j stackhand.Job) error { seen["job "+j.ID]++; return nil }),
		s.EachRequest(t.Context(), func(r stackhand.Request) error { seen["request "+r.ID]++; return nil }))
	if errs != nil || len(seen) != 2*n {
		t.Errorf("%d seen, %v", len(seen), errs)
	}
	for id, times := range seen {
		if times != 1 {
			t.Errorf("%s was seen %d times", id, times)
		}
	}
	enough := errors.New("enough")
	calls := 0
	if err := s.EachJob(t.Context(), func(stackhand.Job) error { calls++; return enough }); !errors.Is(err, enough) || calls != 1 {
		t.Errorf("%v after %d calls", err, calls)
	}
}
