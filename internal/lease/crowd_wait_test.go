package lease

import (
	"context"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stackhand/stackhand"
)

// busying is a book whose jobs are at work on their stacks.
type busying struct{ *book }

func (b busying) Start(ctx context.Context, j stackhand.Job, _ ...stackhand.Stack) (stackhand.Job, error) {
	st := b.stacks[j.Stacks[0]]
	st.Busy = j.ID
	b.stacks[st.ID] = st
	return b.book.Start(ctx, j)
}

// A cloud that answers, but takes its time for it, keeps no sweep from ending: the next one goes on with what is left, and the others are not
// kept waiting.
func TestCrowdBesideASlowCloud(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newCrowd(3, append(projects("slow", 40), projects("lab", 1)...)...)
		w.Jobs, w.slow = busying{w.book}, 14*time.Second
		sweep := func(most time.Duration) {
			t.Helper()
			at := time.Now()
			if sweeps(t, w.Sweeper, 1); time.Since(at) > most {
				t.Fatalf("a sweep took %s", time.Since(at))
			}
		}
		if sweep(75 * time.Second); len(w.notices) != 123 || w.last("lab") > time.Second {
			t.Errorf("%d were told, those of another cloud after %s", len(w.notices), w.last("lab"))
		}
		time.Sleep(time.Until(w.began.Add(61 * time.Minute)))
		for n := range 8 {
			had := len(w.started)
			if sweep(75 * time.Second); len(w.started) == had && had < 123 || n == 0 && had+len(w.started) < 20 {
				t.Fatalf("%d steps by sweep %d", len(w.started), n)
			}
		}
		if len(w.notices) != 123 || len(w.started) != 123 {
			t.Errorf("%d notices, %d steps", len(w.notices), len(w.started))
		}
	})
}

// Who extends a lease while the cloud is asked for its server is not told of the end that it had.
func TestCrowdAndAnOwnerWhoIsFaster(t *testing.T) {
	s, b, now := world(2 * time.Hour)
	s.Conflict = errFaster
	st := b.stacks["j-1"]
	st.Server = "v-1"
	b.stacks["j-1"] = st
	s.Server = func(_ context.Context, st stackhand.Stack) (stackhand.Server, error) {
		st.Rev++
		st.Lease.Until = t0.Add(72 * time.Hour)
		b.stacks["j-1"] = st
		return stackhand.Server{ID: st.Server, Name: st.Name, Status: "ACTIVE"}, nil
	}
	*now = t0.Add(61 * time.Minute)
	if sweeps(t, s, 1); len(b.notices) != 0 {
		t.Errorf("told: %+v", b.notices)
	}
}
