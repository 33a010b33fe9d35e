package lease

import (
	"context"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stackhand/stackhand/internal/loop"
)

// Sweeps follow the walls of their time zone through the change of hours, wherever the machine stands: a day of 23 hours, one of
// 25, and none is left out.
func TestRunInZone(t *testing.T) {
	synctest.Test(t, func(t *testing.T) { // it begins at 2000-01-01 00:00 UTC; Berlin changed on March 26 and October 29
		s, _, _ := world(2 * time.Hour)
		var at []string
		s.Now = func() time.Time {
			if now := time.Now().UTC().Format("01-02 15:04"); len(at) == 0 || at[len(at)-1] != now {
				at = append(at, now)
			}
			return t0
		}
		ctx, stop := context.WithCancel(t.Context())
		done := make(chan error)
		go func() {
			done <- loop.Runner{}.Run(ctx, loop.Part{Every: InZone("30 3 25,26,27,28,29,30 3,10 *", "Europe/Berlin"), Turn: s.Sweep})
		}()
		<-time.After(365 * 24 * time.Hour)
		stop()
		if err := <-done; err != nil {
			t.Fatal(err)
		}
		want := []string{
			"03-25 02:30", "03-26 01:30", "03-27 01:30", "03-28 01:30", "03-29 01:30", "03-30 01:30",
			"10-25 01:30", "10-26 01:30", "10-27 01:30", "10-28 01:30", "10-29 02:30", "10-30 02:30",
		}
		if len(at) != len(want) {
			t.Fatalf("sweeps at %v, want %v", at, want)
		}
		for i := range want {
			if at[i] != want[i] {
				t.Errorf("sweep %d was at %s, want %s", i, at[i], want[i])
			}
		}
	})
}
