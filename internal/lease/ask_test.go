package lease

import (
	"strings"
	"testing"
	"time"

	"github.com/stackhand/stackhand"
)

// Whoever's server seems unused is asked at once, and not only shortly before something is done to it.
func TestAReasonBeginsWithAQuestion(t *testing.T) {
	s, b, now := world(72 * time.Hour)
	*now = t0.Add(10 * time.Hour)
	begun, err := rules.Begin(t.Context(), b, "j-1", stackhand.ReasonIdle, stackhand.Textf("It did nothing for two days."), t0.Add(34*time.Hour), *now)
	if err != nil || !begun {
		t.Fatal(begun, err)
	}
	for range 3 {
		if err := s.Sweep(t.Context()); err != nil {
			t.Fatal(err)
		}
	}
	if len(b.notices) != 1 || len(b.started) != 0 {
		t.Fatalf("%d notices and %d jobs at once, want the question", len(b.notices), len(b.started))
	}
	for *now = t0.Add(11 * time.Hour); now.Before(t0.Add(33*time.Hour - time.Minute)); *now = now.Add(30 * time.Minute) {
		if err := s.Sweep(t.Context()); err != nil {
			t.Fatal(err)
		}
	}
	if len(b.notices) != 1 || len(b.started) != 0 {
		t.Errorf("%d notices and %d jobs while there is time", len(b.notices), len(b.started))
	}
	for _, n := range b.notices {
		if strings.Contains(n.Text.String(), "time of web-1 is over") {
			t.Errorf("the question: %s", n.Text)
		}
	}
}
