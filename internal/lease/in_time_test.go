package lease

import (
	"encoding/json"
	"strings"
	"testing"
	"time"

	"github.com/stackhand/stackhand"
)

// A step is decided for a time: from its moment until the next attempt, and no deletion for a day off.
func TestStepsSayTheirTime(t *testing.T) {
	berlin := zoneOf(t, "Europe/Berlin")
	c, err := NewCalendar(berlin, []string{"sat", "sun"}, "", nil)
	if err != nil {
		t.Fatal(err)
	}
	friday := time.Date(2026, 3, 27, 21, 0, 0, 0, berlin) // summer time begins in the night to Sunday
	r := Rules{Calendar: c}
	for _, x := range []struct {
		step     string
		stopsToo bool
		at, want time.Time
	}{
		{stackhand.StepDelete, false, friday.Add(-12 * time.Hour), friday.Add(-6 * time.Hour)},
		{stackhand.StepDelete, false, friday, friday.Add(3*time.Hour - time.Second)},
		{stackhand.StepStop, false, friday, friday.Add(6 * time.Hour)},
		{stackhand.StepStop, true, friday, friday.Add(3*time.Hour - time.Second)},
		{stackhand.StepDelete, false, friday.Add(-24 * time.Hour), friday.Add(-18 * time.Hour)}, // the night to a working day
	} {
		r.StopsToo = x.stopsToo
		if got := r.latest(x.step, x.at); !got.Equal(x.want) {
			t.Errorf("%s at %s: until %s, want %s", x.step, x.at, got, x.want)
		}
	}
	if got := (*Calendar)(nil).Until(friday, friday.Add(time.Hour)); !got.Equal(friday.Add(time.Hour)) {
		t.Errorf("without a calendar: %s", got)
	}
}

func TestJobsSayTheirTime(t *testing.T) {
	s, b, now := world(2 * time.Hour)
	for ; len(b.started) == 0 && now.Before(t0.Add(3*time.Hour)); *now = now.Add(time.Minute) {
		sweeps(t, s, 1)
	}
	var spec stackhand.DeleteSpec
	if err := json.Unmarshal(b.started[0].Input, &spec); err != nil || !spec.Earliest.Equal(t0.Add(2*time.Hour)) || !spec.Latest.Equal(t0.Add(2*time.Hour+again)) {
		t.Errorf("%+v, %v", spec, err)
	}
}

// A step that is decided while the clock is ahead does not begin before that moment: what was told was told by that clock.
func TestAStepDoesNotBeginBeforeItIsDecided(t *testing.T) {
	s, b, now := world(2 * time.Hour)
	*now = t0.Add(90 * time.Minute)
	sweeps(t, s, 1)
	decided := t0.Add(9 * 24 * time.Hour)
	for *now = decided; len(b.started) == 0 && now.Before(decided.Add(time.Hour)); *now = now.Add(time.Minute) {
		sweeps(t, s, 1)
	}
	var spec stackhand.DeleteSpec
	if err := json.Unmarshal(b.started[0].Input, &spec); err != nil || spec.Earliest.Before(decided.Add(-skew)) || spec.Earliest.After(*now) {
		t.Errorf("%+v, %v", spec, err)
	}
}

// Who says that they need a server that was put away since nobody used it, has as much time as before.
func TestAnAnswerDoesNotTakeTimeAway(t *testing.T) {
	s := stackhand.Stack{ID: "a", State: stackhand.StackReady, Server: "s", Lease: stackhand.Lease{Owner: "U1", Ready: t0, Until: t0.Add(2 * time.Hour)}}
	s.Lease.Ladder.Take(stackhand.Rung{Step: stackhand.StepShelve, Job: "j1", At: t0.Add(time.Hour), Reason: stackhand.ReasonIdle})
	s.Lease.Ladder.Reason = stackhand.ReasonIdle
	before, _ := gentle().Next(s)
	s.Lease.Ladder.Answer()
	after, _ := gentle().Next(s)
	if want := t0.Add(7*24*time.Hour + time.Hour); !before.At.Equal(want) || !after.At.Equal(want) {
		t.Errorf("deleted at %s, and after the answer at %s, want %s", before.At, after.At, want)
	}
	if got := why(s); got != "because nobody used it" {
		t.Errorf("it is put away %s", got)
	}
}

// What was said of the deletion of a server does not count for a stop at the same moment, once it is started again.
func TestStartedAgainIsToldAnew(t *testing.T) {
	r, until := gentle(), t0.Add(9*24*time.Hour)
	s := stackhand.Stack{ID: "a", State: stackhand.StackReady, Server: "s", Lease: stackhand.Lease{Owner: "U1", Ready: t0, Until: until}}
	s.Lease.Ladder.Take(stackhand.Rung{Step: stackhand.StepStop, Job: "j1", At: t0.Add(time.Hour)})
	s.Lease.Warned = []stackhand.Warning{
		{Before: time.Hour, Until: t0.Add(time.Hour), Step: stackhand.StepStop, Delivered: t0},
		{Before: time.Minute, Until: until, Step: stackhand.StepDelete, Delivered: t0.Add(time.Hour)},
	}
	if _, told := r.EndsAt(s); !told {
		t.Fatal("its deletion was told")
	}
	s.Lease.Rise(t0.Add(2*time.Hour), time.Hour)
	if _, told := r.EndsAt(s); told || len(s.Lease.Warned) != 1 {
		t.Errorf("what was said of the deletion counts for the stop: %+v", s.Lease.Warned)
	}
}

// A message that comes late does not name a moment of the deletion that is over.
func TestLateWordsLookAhead(t *testing.T) {
	s, _, _ := world(2 * time.Hour)
	s.Rules = gentle()
	st := stackhand.Stack{ID: "a", Name: "web-1", State: stackhand.StackReady, Server: "s", Lease: stackhand.Lease{Owner: "U1", Ready: t0, Until: t0.Add(2 * time.Hour)}}
	n, _ := s.Rules.Next(st)
	now := t0.Add(30 * 24 * time.Hour)
	for _, span := range s.words(st, n, now) {
		if span.Kind == stackhand.Moment && span.T.Before(now) {
			t.Errorf("%s is over at %s", span.T, now)
		}
	}
	if text := s.words(st, n, now).String(); !strings.Contains(text, "will be stopped after") {
		t.Error(text)
	}
}
