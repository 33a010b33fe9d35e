package lease

import (
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/stackhand/stackhand"
)

// What is left of the budget, and the moment of the deletion, are told before anybody is asked for more.
func TestRoom(t *testing.T) {
	_, b, now := world(2 * time.Hour)
	r := rules
	r.Budget = stackhand.Extensions{Times: 2, Total: 3 * time.Hour}
	r.Ladders = []Ladder{{First: stackhand.StepStop, Grace: 72 * time.Hour}}
	s := b.stacks["j-1"]
	s.Server = "srv"
	s.Lease.Extensions = stackhand.Extensions{Times: 1, Total: 2 * time.Hour}
	for _, c := range []struct {
		name    string
		until   time.Duration
		edit    func(*stackhand.Stack)
		over    string
		deleted time.Duration // after t0; 0: not known
		kind    stackhand.Kind
	}{
		{"enough", 3 * time.Hour, func(*stackhand.Stack) {}, "", 74 * time.Hour, ""},
		{"earlier", time.Hour, func(s *stackhand.Stack) { s.Lease.Extensions.Times = 9 }, "", 74 * time.Hour, ""},
		{"too long", 4 * time.Hour, func(*stackhand.Stack) {}, "web-1 would be extended by 4h in all, and 3h is allowed without an approver.", 74 * time.Hour, ""},
		{"too often", 3 * time.Hour, func(s *stackhand.Stack) { s.Lease.Extensions.Times = 2 }, "web-1 was extended 2 times already, and more is not allowed without an approver.", 74 * time.Hour, ""},
		{"stopped", 3 * time.Hour, func(s *stackhand.Stack) {
			s.Lease.Until = t0.Add(-80 * time.Hour)
			s.Lease.Ladder.Take(stackhand.Rung{Step: stackhand.StepStop, Job: "k", At: t0.Add(-10 * time.Hour)})
		}, "web-1 would be extended by 5h in all, and 3h is allowed without an approver.", 62 * time.Hour, ""},
		{"to be deleted", 3 * time.Hour, func(s *stackhand.Stack) {
			s.Lease.Ladder.Take(stackhand.Rung{Step: stackhand.StepStop, Job: "k", At: t0.Add(-80 * time.Hour)})
			s.Lease.Until = t0.Add(-90 * time.Hour)
		}, "web-1 would be extended by 5h in all, and 3h is allowed without an approver.", 0, ""},
		{"further than any", 1000 * time.Hour, func(*stackhand.Stack) {}, "", 0, stackhand.Invalid},
	} {
		st := s
		c.edit(&st)
		over, deleted, err := r.Room(st, t0.Add(c.until), *now)
		want := t0.Add(c.deleted)
		if c.deleted == 0 {
			want = time.Time{}
		}
		if over != c.over || !deleted.Equal(want) || stackhand.KindOf(err) != c.kind {
			t.Errorf("%s: %q, deleted %s, %v", c.name, over, deleted, err)
		}
	}
}

// Who asks for too much is told how much there is.
func TestInstead(t *testing.T) {
	_, b, now := world(2 * time.Hour)
	r, s := rules, b.stacks["j-1"]
	r.Max = 14 * 24 * time.Hour
	for until, want := range map[time.Duration]string{
		2 * time.Hour: "such as `extend web-1 13d`", -50 * time.Hour: "such as `extend web-1 14d`", r.Max - 30*time.Hour: "such as `extend web-1 30h`", r.Max - time.Minute: "about as long already", r.Max: "about as long already",
	} {
		s.Lease.Until = t0.Add(until)
		_, _, err := r.Room(s, t0.Add(r.Max+time.Hour), *now)
		var e *stackhand.Error
		if !errors.As(err, &e) || !strings.Contains(e.Next, want) {
			t.Errorf("%s: %v, want %s", until, err, want)
		}
	}
}
