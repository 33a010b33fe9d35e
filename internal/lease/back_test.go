package lease

import (
	"context"
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/stackhand/stackhand"
)

// A clock that is a year ahead for some minutes and is put right: whoever was told of an end in a year is warned of the true one, which
// comes then. What was put away meanwhile keeps the time of grace that was told.
func TestClockIsPutRight(t *testing.T) {
	s, b, g, now := herd(3, Limits{})
	b.deliver = true
	*now = t0
	for id, st := range b.stacks {
		st.Server, st.Lease.Warned = "v-"+id, nil
		b.stacks[id] = st
	}
	s.Rules.Ladders = []Ladder{{First: stackhand.StepStop, Grace: 6 * time.Hour}}
	sweeps(t, s, 2)
	*now = t0.Add(365 * 24 * time.Hour)
	sweeps(t, s, 1) // what it said is delivered, and the record does not know it yet
	ahead := *now
	if len(b.notices) != 3 || len(b.started) != 0 || !g.b.Swept.Equal(ahead) {
		t.Fatalf("ahead: %d notices, %d steps, swept at %s", len(b.notices), len(b.started), g.b.Swept)
	}
	st := b.stacks["h-002"]
	st.Lease.Ladder.Take(stackhand.Rung{Step: stackhand.StepStop, Job: "j", At: ahead})
	st.Lease.Ladder.Later = stackhand.Hold{End: ahead, Until: ahead.Add(time.Hour)}
	b.stacks["h-002"] = st
	*now = t0.Add(10 * time.Minute)
	sweeps(t, s, 2)
	if !g.b.Swept.Equal(*now) || !g.b.Gap.Equal(*now) || len(b.started) != 0 {
		t.Errorf("put right: swept at %s, gap at %s, %d steps", g.b.Swept, g.b.Gap, len(b.started))
	}
	if r, _ := b.stacks["h-002"].Lease.Ladder.Parked(); !r.At.Equal(ahead) || !b.stacks["h-002"].Lease.Ladder.Later.Until.IsZero() {
		t.Errorf("put away: %+v", b.stacks["h-002"].Lease.Ladder)
	}
	for ; now.Before(t0.Add(2 * time.Hour)); *now = now.Add(time.Minute) {
		sweeps(t, s, 1)
	}
	if len(b.started) != 0 {
		t.Fatalf("%d steps before the end: %+v", len(b.started), b.started)
	}
	warned := 0
	for _, n := range b.notices {
		if strings.Contains(n.Text.String(), "expires in 60 minutes") && !n.Delivered.IsZero() {
			warned++
		}
	}
	if warned != 2 {
		t.Errorf("%d were warned of the true end, want 2: %v", warned, b.notices)
	}
	sweeps(t, s, 1)
	if len(b.started) != 2 {
		t.Errorf("%d steps at the end, want 2", len(b.started))
	}
	*now = t0.Add(10 * 24 * time.Hour)
	sweeps(t, s, 3)
	if j := b.started; len(j) != 2 {
		t.Errorf("%d steps within the time of grace that was told", len(j))
	}
}

// stuck is a book in which one stack cannot be written.
type stuck struct {
	*book
	id string
}

func (b stuck) SaveStack(ctx context.Context, s *stackhand.Stack) error {
	if s.ID == b.id {
		return errors.New("the disk is full")
	}
	return b.book.SaveStack(ctx, s)
}

// One lease that cannot be put right after the clock was does not have the others said again and again.
func TestOneThatIsNotPutRight(t *testing.T) {
	s, b, g, now := herd(2, Limits{})
	b.deliver = true
	bad := b.stacks["h-000"]
	bad.Lease.Warned = []stackhand.Warning{{Before: time.Hour, Until: bad.Lease.Until, Delivered: now.Add(9 * time.Hour)}}
	b.stacks["h-000"] = bad
	s.Book = stuck{b, "h-000"}
	*now = now.Add(time.Hour)
	g.b.Swept, g.b.Gap = now.Add(10*time.Hour), now.Add(9*time.Hour)
	for range 30 {
		if err := s.Sweep(t.Context()); err == nil {
			t.Fatal("nothing went wrong")
		}
		*now = now.Add(time.Minute)
	}
	if len(b.notices) != 1 || len(b.started) != 1 {
		t.Errorf("the other one was told %d times, and %d steps taken", len(b.notices), len(b.started))
	}
}

// A warning that was written after one of the wrong time may name a moment reckoned from that: both are given anew, an earlier one is not.
func TestWhatFollowedAWrongWarningIsGivenAnew(t *testing.T) {
	end := t0.Add(24 * time.Hour)
	l := stackhand.Lease{Warned: []stackhand.Warning{
		{Notice: "right", Until: end, Delivered: t0.Add(-time.Hour)},
		{Notice: "ahead", Until: end, Delivered: t0.Add(30 * time.Hour)},
		{Notice: "after", Until: end, Delivered: t0},
	}}
	if !turnBack(&l, t0) || !l.Warned[0].Until.Equal(end) || !l.Warned[1].Until.IsZero() || !l.Warned[2].Until.IsZero() {
		t.Errorf("%+v", l.Warned)
	}
	if turnBack(&stackhand.Lease{Warned: l.Warned[:1]}, t0) {
		t.Error("something was taken back of a lease whose warnings are right")
	}
}
