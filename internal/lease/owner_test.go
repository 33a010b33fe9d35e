package lease

import (
	"testing"
	"time"
)

// Who takes a server over shortly before its end is warned as well: what its owner before was told does not count.
func TestANewOwnerIsWarnedAnew(t *testing.T) {
	s, b, now := world(72 * time.Hour)
	sweep := func() {
		t.Helper()
		if err := s.Sweep(t.Context()); err != nil {
			t.Fatal(err)
		}
	}
	*now = t0.Add(71*time.Hour + time.Minute)
	sweep()
	warned := len(b.notices)
	if warned == 0 {
		t.Fatal("the first owner was not warned")
	}
	st := b.stacks["j-1"]
	st.Lease.Owner, st.Lease.Warned = "U0NEW", nil
	b.stacks["j-1"] = st
	b.deliver = false
	sweep()
	for _, n := range b.notices {
		if n.User == "U0NEW" && !n.Delivered.IsZero() {
			t.Errorf("the new owner counts as warned by %s", n.ID)
		}
	}
	if len(b.notices) != warned+1 {
		t.Errorf("%d notices after %d", len(b.notices), warned)
	}
	*now = t0.Add(80 * time.Hour)
	sweep()
	if len(b.started) != 0 {
		t.Error("it was taken down although its owner knew nothing")
	}
}
