package lease

import (
	"testing"
	"time"

	"github.com/stackhand/stackhand"
)

// gentle are rules with a ladder of all steps.
func gentle() Rules {
	r := rules
	r.Ladders = []Ladder{
		{Reasons: []stackhand.Reason{stackhand.ReasonIdle}, First: stackhand.StepShelve, Grace: 7 * 24 * time.Hour, FreeIP: true},
		{First: stackhand.StepStop, Grace: 48 * time.Hour, Snapshot: true},
	}
	return r
}

func TestStates(t *testing.T) {
	told := func(at time.Duration) []stackhand.Warning {
		return []stackhand.Warning{{Before: time.Hour, Until: t0.Add(at), Delivered: t0.Add(at - 30*time.Minute)}}
	}
	silent := func(at time.Duration) []stackhand.Warning {
		return []stackhand.Warning{{Before: time.Minute, Until: t0.Add(at)}}
	}
	stopped := stackhand.Ladder{Rungs: []stackhand.Rung{{Step: stackhand.StepStop, Job: "j1", At: t0.Add(4 * time.Hour)}}}
	woken := stackhand.Ladder{Rungs: []stackhand.Rung{{Step: stackhand.StepStop, Job: "j1", At: t0.Add(4 * time.Hour), Undone: t0.Add(5 * time.Hour)}}}
	idle := stackhand.Ladder{Reason: stackhand.ReasonIdle, Since: t0, Ends: t0.Add(2 * time.Hour)}
	kept := stackhand.Ladder{Rungs: []stackhand.Rung{{Step: stackhand.StepSnapshot, Job: "j2", Image: "img"}, {Step: stackhand.StepDelete, Job: "j2"}}}
	for _, c := range []struct {
		name   string
		state  stackhand.StackState
		ladder stackhand.Ladder
		warned []stackhand.Warning
		at     time.Duration
		want   State
		step   string
		next   time.Duration // when the next step is, after t0
	}{
		{"building", stackhand.StackBuilding, stackhand.Ladder{}, nil, 0, Pending, "", 0},
		{"young", stackhand.StackReady, stackhand.Ladder{}, nil, time.Hour, Active, stackhand.StepStop, 4 * time.Hour},
		{"an hour before", stackhand.StackReady, stackhand.Ladder{}, nil, 3 * time.Hour, ToWarn, stackhand.StepStop, 4 * time.Hour},
		{"warned", stackhand.StackReady, stackhand.Ladder{}, told(4 * time.Hour), 3*time.Hour + 59*time.Minute, Warned, stackhand.StepStop, 4 * time.Hour},
		{"over", stackhand.StackReady, stackhand.Ladder{}, told(4 * time.Hour), 4 * time.Hour, Ended, stackhand.StepStop, 4 * time.Hour},
		{"over, and nobody told", stackhand.StackReady, stackhand.Ladder{}, silent(4 * time.Hour), 4 * time.Hour, Mute, stackhand.StepStop, 4 * time.Hour},
		{"just stopped", stackhand.StackReady, stopped, told(4 * time.Hour), 4 * time.Hour, ToWarn, stackhand.StepDelete, 52 * time.Hour},
		{"stopped", stackhand.StackReady, stopped, told(52 * time.Hour), 20 * time.Hour, Stopped, stackhand.StepDelete, 52 * time.Hour},
		{"stopped for long", stackhand.StackReady, stopped, told(52 * time.Hour), 52 * time.Hour, Ended, stackhand.StepDelete, 52 * time.Hour},
		{"stopped, and nobody told", stackhand.StackReady, stopped, silent(52 * time.Hour), 90 * time.Hour, Mute, stackhand.StepDelete, 52 * time.Hour},
		{"started again", stackhand.StackReady, woken, told(4 * time.Hour), 4 * time.Hour, Ended, stackhand.StepStop, 4 * time.Hour},
		{"idle", stackhand.StackReady, idle, told(2 * time.Hour), 2 * time.Hour, Ended, stackhand.StepShelve, 2 * time.Hour},
		{"going", stackhand.StackDeleting, stopped, told(52 * time.Hour), 60 * time.Hour, Pending, "", 0},
		{"gone", stackhand.StackGone, stackhand.Ladder{}, nil, 0, Deleted, "", 0},
		{"gone with a snapshot", stackhand.StackGone, kept, nil, 0, Archived, "", 0},
	} {
		s := stackhand.Stack{ID: "a", State: c.state, Server: "s", Lease: stackhand.Lease{
			Owner: "U1", Ready: t0, Until: t0.Add(4 * time.Hour), Warned: c.warned, Ladder: c.ladder}}
		r := gentle()
		if got := r.StateOf(s, t0.Add(c.at)); got != c.want {
			t.Errorf("%s: %s, want %s", c.name, got, c.want)
		}
		n, ok := r.Next(s)
		if ok != (c.step != "") || n.Step != c.step || ok && !n.At.Equal(t0.Add(c.next)) {
			t.Errorf("%s: next is %q at %s", c.name, n.Step, n.At.Sub(t0))
		}
	}
}

// A server that is not there cannot be stopped, and rules without a ladder know nothing but the deletion.
func TestNothingToStop(t *testing.T) {
	s := stackhand.Stack{State: stackhand.StackKept, Lease: stackhand.Lease{Ready: t0, Until: t0.Add(time.Hour)}}
	if n, ok := gentle().Next(s); !ok || n.Step != stackhand.StepDelete || n.Snapshot {
		t.Errorf("%+v", n)
	}
	s.Server = "x"
	if n, ok := rules.Next(s); !ok || n.Step != stackhand.StepDelete || !n.Then.IsZero() {
		t.Errorf("%+v", n)
	}
}

// Every moment at which the state changes by itself is one at which a sweep looks.
func TestDueIsWhenItChanges(t *testing.T) {
	r := gentle()
	s := stackhand.Stack{State: stackhand.StackReady, Server: "s", Lease: stackhand.Lease{Ready: t0, Until: t0.Add(72 * time.Hour)}}
	for _, want := range []time.Duration{48 * time.Hour, 71 * time.Hour} {
		if got := r.Due(s).Sub(t0); got != want {
			t.Fatalf("due at %s, want %s", got, want)
		}
		s.Lease.Warned = append(s.Lease.Warned, stackhand.Warning{Before: 72*time.Hour - want, Until: s.Lease.Until, Delivered: t0.Add(want)})
	}
	if got := r.Due(s); !got.Equal(s.Lease.Until) {
		t.Errorf("due at %s, want the end", got)
	}
	s.Lease.Ladder.Take(stackhand.Rung{Step: stackhand.StepStop, Job: "j", At: t0.Add(73 * time.Hour)})
	if got := r.Due(s).Sub(t0); got != 73*time.Hour {
		t.Errorf("due at %s, want at once, to say what comes next", got)
	}
}

func TestBegin(t *testing.T) {
	s, b, now := world(72 * time.Hour)
	ends := t0.Add(10 * time.Hour)
	begin := func(at time.Time) bool {
		t.Helper()
		ok, err := s.Rules.Begin(t.Context(), b, "j-1", stackhand.ReasonIdle, stackhand.Textf("No CPU time since Monday."), at, *now)
		if err != nil {
			t.Fatal(err)
		}
		return ok
	}
	if begin(t0.Add(100*time.Hour)) || !begin(ends) || begin(t0.Add(9*time.Hour)) {
		t.Fatalf("%+v", b.stacks["j-1"].Lease.Ladder)
	}
	st := b.stacks["j-1"]
	if n, _ := s.Rules.Next(st); !n.At.Equal(ends) || !n.From.Equal(t0) {
		t.Errorf("next %+v", n)
	}
	if _, err := s.Rules.Extend(t.Context(), b, "j-1", t0.Add(80*time.Hour), "k", *now); err != nil {
		t.Fatal(err)
	}
	if l := b.stacks["j-1"].Lease; l.Ladder.Reason != "" || !l.End().Equal(t0.Add(80*time.Hour)) {
		t.Errorf("an owner who extended was not heard: %+v", l)
	}
	if !begin(ends) {
		t.Error("it is not asked anew")
	}
	st = b.stacks["j-1"]
	n, _ := s.Rules.Next(st)
	st.Lease.Warned = []stackhand.Warning{{Until: t0.Add(80 * time.Hour), Step: n.Step, Delivered: *now}}
	b.stacks["j-1"] = st
	if ok, err := s.Rules.Answered(t.Context(), b, "j-1"); !ok || err != nil || b.stacks["j-1"].Lease.Ladder.Reason != "" {
		t.Errorf("Answered: %v, %v", ok, err)
	}
	if at, told := s.Rules.EndsAt(b.stacks["j-1"]); told {
		t.Errorf("it ends at %s by what was said while it looked unused", at)
	}
	if ok, err := s.Rules.Answered(t.Context(), b, "j-1"); ok || err != nil {
		t.Errorf("Answered twice: %v, %v", ok, err)
	}
}
