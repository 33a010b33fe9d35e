package stackhand_test

import (
	"fmt"
	"testing"
	"time"

	. "github.com/stackhand/stackhand"
)

func TestLadderSteps(t *testing.T) {
	at := time.Date(2026, 11, 21, 12, 0, 0, 0, time.UTC)
	var l Ladder
	if _, ok := l.Parked(); ok {
		t.Error("parked from the start")
	}
	for range 2 {
		l.Take(Rung{Step: StepShelve, Job: "a", At: at, Address: "203.0.113.7"})
	}
	if r, ok := l.Parked(); !ok || r.Address != "203.0.113.7" || len(l.Rungs) != 1 {
		t.Errorf("%+v", l)
	}
	l.Reason, l.Ends = ReasonIdle, at
	l.Back(at.Add(time.Hour))
	if _, ok := l.Parked(); ok || l.Reason != "" || !l.Ends.IsZero() {
		t.Errorf("after Back: %+v", l)
	}
	l.Take(Rung{Step: StepSnapshot, Job: "b", Image: "img"})
	if r, ok := l.Snapshot(); !ok || r.Image != "img" {
		t.Errorf("%+v", l)
	}
	for n := range 100 {
		l.Take(Rung{Step: StepStop, Job: fmt.Sprint(n)})
	}
	if len(l.Rungs) != 40 || l.Rungs[39].Job != "99" {
		t.Errorf("%d rungs", len(l.Rungs))
	}
}

func TestGivenBack(t *testing.T) {
	at := func(h int) time.Time { return time.Date(2026, 11, 21, h, 0, 0, 0, time.UTC) }
	stop := Rung{Step: StepStop, Job: "a", At: at(2)}
	woken := stop
	woken.Undone = at(5)
	for _, c := range []struct {
		name  string
		stack Stack
		want  time.Duration
	}{
		{"nothing", Stack{}, 0},
		{"stopped", Stack{Lease: Lease{Ladder: Ladder{Rungs: []Rung{stop}}}}, 8 * time.Hour},
		{"started again", Stack{Lease: Lease{Ladder: Ladder{Rungs: []Rung{woken}}}}, 3 * time.Hour},
		{"deleted by its owner", Stack{Gone: at(4), Lease: Lease{Ladder: Ladder{Rungs: []Rung{stop}}}}, 2 * time.Hour},
		{"deleted by the ladder", Stack{Gone: at(4), Lease: Lease{Ladder: Ladder{Rungs: []Rung{stop, {Step: StepSnapshot, At: at(4)}, {Step: StepDelete, At: at(4)}}}}}, 8 * time.Hour},
		{"an image, and the deletion failed", Stack{Lease: Lease{Ladder: Ladder{Rungs: []Rung{{Step: StepSnapshot, At: at(2)}}}}}, 0},
		{"long before", Stack{Gone: at(0), Lease: Lease{Ladder: Ladder{Rungs: []Rung{{Step: StepDelete, At: at(0)}}}}}, 9 * time.Hour},
	} {
		if got := c.stack.GivenBack(at(1), at(10)); got != c.want {
			t.Errorf("%s: %s, want %s", c.name, got, c.want)
		}
	}
}

func TestLeaseEnd(t *testing.T) {
	at := time.Date(2026, 11, 21, 12, 0, 0, 0, time.UTC)
	l := Lease{Until: at}
	l.Ladder.Ends = at.Add(-time.Hour)
	if !l.End().Equal(at) {
		t.Error("ends for no reason")
	}
	if l.Ladder.Reason = ReasonIdle; !l.End().Equal(at.Add(-time.Hour)) {
		t.Error("the reason does not count")
	}
	if l.Ladder.Ends = at.Add(time.Hour); !l.End().Equal(at) {
		t.Error("a reason made it last longer")
	}
}
