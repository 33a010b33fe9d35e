package lease

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/stackhand/stackhand"
)

// orderly is a book that reads the due leases as the store does: the earliest first, and no more than asked for.
type orderly struct{ *book }

func (b orderly) StacksDue(ctx context.Context, until time.Time, limit int) ([]stackhand.Stack, error) {
	due, err := b.book.StacksDue(ctx, until, 0)
	slices.SortFunc(due, func(x, y stackhand.Stack) int { return rules.Due(x).Compare(rules.Due(y)) })
	if limit > 0 {
		due = due[:min(limit, len(due))]
	}
	return due, err
}

// Hundreds of leases whose warning nobody gets stay due for ever. They must not stand before the others.
func TestTheUndeliverableDoNotHideTheRest(t *testing.T) {
	s, b, now := world(2 * time.Hour)
	s.Book = orderly{b}
	b.deliver = false
	for n := range 500 {
		st := b.stacks["j-1"]
		st.ID, st.Lease.Ready = fmt.Sprintf("mute-%d", n), t0.Add(-time.Hour)
		b.stacks[st.ID] = st
	}
	last := b.stacks["j-1"]
	last.Lease.Until = t0.Add(20 * time.Hour)
	b.stacks["j-1"] = last
	*now = t0.Add(12 * time.Hour)
	if err := s.Sweep(t.Context()); err != nil {
		t.Fatal(err)
	}
	b.deliver = true
	*now = t0.Add(19*time.Hour + time.Minute)
	if err := s.Sweep(t.Context()); err != nil {
		t.Fatal(err)
	}
	if !slices.ContainsFunc(b.stacks["j-1"].Lease.Warned, func(w stackhand.Warning) bool { return w.Before == time.Hour }) {
		t.Errorf("the one whose warning could be delivered was not warned: %+v", b.stacks["j-1"].Lease)
	}
}

// The deletion says of which end it is, so that one that was moved in between is seen.
func TestTheDeletionNamesTheEnd(t *testing.T) {
	s, b, now := world(2 * time.Hour)
	for ; len(b.started) == 0 && now.Before(t0.Add(3*time.Hour)); *now = now.Add(time.Minute) {
		if err := s.Sweep(t.Context()); err != nil {
			t.Fatal(err)
		}
	}
	if len(b.started) != 1 {
		t.Fatalf("%d deletions", len(b.started))
	}
	var spec stackhand.DeleteSpec
	if err := json.Unmarshal(b.started[0].Input, &spec); err != nil || !spec.Until.Equal(t0.Add(2*time.Hour)) || spec.Why != "expired" {
		t.Errorf("%+v (%v)", spec, err)
	}
	if !strings.Contains(b.started[0].Title, "web-1") {
		t.Errorf("title %q", b.started[0].Title)
	}
}
