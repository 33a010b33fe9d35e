package lease

import (
	"strings"
	"testing"
	"time"

	"github.com/stackhand/stackhand"
)

// A warning that could not be delivered in time says what is so when it is: the step comes after it.
func TestRenew(t *testing.T) {
	s, b, now := world(2 * time.Hour)
	st := b.stacks["j-1"]
	st.Server = "v-1"
	b.stacks["j-1"] = st
	inForce := s.Rules
	s.Rules, s.Live = Rules{}, func() Rules { return inForce }
	b.deliver = false
	*now = t0.Add(61 * time.Minute)
	sweeps(t, s, 1)
	if len(b.notices) != 1 {
		t.Fatalf("%d warnings", len(b.notices))
	}
	var old stackhand.Notice
	for _, old = range b.notices {
	}
	if !strings.Contains(old.Text.String(), "expires in 59 minutes") {
		t.Fatalf("%s", old.Text)
	}
	*now = t0.Add(5 * time.Hour)
	sweeps(t, s, 3)
	if len(b.notices) != 1 || len(b.started) != 0 {
		t.Fatalf("%d warnings, %d steps without one", len(b.notices), len(b.started))
	}
	late := old
	if err := s.Renew(t.Context(), &late); err != nil || !strings.Contains(late.Text.String(), "The time of web-1 is over. It expires and will be deleted with everything that was made for it after 2026") ||
		!strings.Contains(late.Text.String(), t0.Add(5*time.Hour+inForce.Notice).UTC().Format("15:04")) || len(late.Actions) != len(old.Actions) {
		t.Errorf("%s (%v)", late.Text, err)
	}
	for name, edit := range map[string]func(n *stackhand.Notice){
		"another kind":    func(n *stackhand.Notice) { n.ID = "brake/17" },
		"nobody's stack":  func(n *stackhand.Notice) { n.ID = strings.Replace(n.ID, "j-1", "j-9", 1) },
		"another warning": func(n *stackhand.Notice) { n.ID += "/more" },
	} {
		n := old
		edit(&n)
		if err := s.Renew(t.Context(), &n); err != nil || n.Text.String() != old.Text.String() {
			t.Errorf("%s: %s (%v)", name, n.Text, err)
		}
	}
	inForce.Ladders = []Ladder{{First: stackhand.StepStop, Grace: time.Hour}} // what was recorded as told is the deletion
	stops := old
	if err := s.Renew(t.Context(), &stops); err != nil || !strings.Contains(stops.Text.String(), "will be stopped") || !b.stacks["j-1"].Lease.Warned[0].Until.IsZero() {
		t.Errorf("other rules: %s (%v) %+v", stops.Text, err, b.stacks["j-1"].Lease.Warned)
	}
	inForce.Ladders = nil
	st = b.stacks["j-1"]
	st.Lease.Until = t0.Add(50 * time.Hour) // extended meanwhile: what comes is another end
	st.Lease.Warned[0].Until = t0.Add(2 * time.Hour)
	b.stacks["j-1"] = st
	n := old
	if err := s.Renew(t.Context(), &n); err != nil || !strings.Contains(n.Text.String(), "web-1 expires in 45 hours") || !b.stacks["j-1"].Lease.Warned[0].Until.IsZero() {
		t.Errorf("extended: %s (%v) %+v", n.Text, err, b.stacks["j-1"].Lease.Warned)
	}
	st = b.stacks["j-1"]
	st.Lease.Owner = "U0BOB" // it is somebody else's now
	b.stacks["j-1"] = st
	n = old
	if err := s.Renew(t.Context(), &n); err != nil || n.Text.String() != old.Text.String() {
		t.Errorf("given away: %s (%v)", n.Text, err)
	}
}
