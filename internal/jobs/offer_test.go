package jobs_test

import (
	"context"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/stackhand/stackhand"
	"github.com/stackhand/stackhand/internal/jobs"
	"github.com/stackhand/stackhand/internal/jobs/jobstest"
)

// TestOffers leaves offers on jobs that rest, takes them off one by one, and all about one thing at once.
func TestOffers(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		until := time.Now().Add(time.Hour)
		offers := []stackhand.Offer{{Line: "resize web --confirm", Label: "Confirm", Until: until, About: "s1"}, {Line: "resize web --revert", Label: "Revert", About: "s1"}}
		offer := jobs.Step{Name: "offer", Title: "Offer", Do: func(ctx context.Context, run *jobs.Run) error {
			if err := run.Offer(ctx, stackhand.Offer{Line: "old"}); err != nil {
				return err
			}
			return run.Offer(ctx, offers...)
		}}
		void := jobs.Step{Name: "void", Title: "Void", Do: func(ctx context.Context, run *jobs.Run) error {
			if err := run.Withdraw(ctx, "another"); err != nil {
				return err
			}
			return run.Withdraw(ctx, "s1")
		}}
		f, g := flow(offer), flow(void)
		g.Name = "g"
		changed := map[string]int{}
		recs := (&jobstest.Records{OneProcess: true}).Open()
		e, stop := engine(t, recs, jobs.Options{Changed: func(id string) { changed[id]++ }}, f, g)
		start := func(id, flow string) stackhand.Job {
			j := job(id)
			j.Flow = flow
			if _, err := e.Start(t.Context(), j); err != nil {
				t.Fatal(err)
			}
			if err := wait(t.Context(), time.Second); err != nil {
				t.Fatal(err)
			}
			synctest.Wait()
			j, err := e.Job(t.Context(), id)
			if err != nil || j.State != stackhand.JobDone {
				t.Fatalf("%s: %v", j.State, err)
			}
			return j
		}
		if diff := cmp.Diff(offers, start("j1", "f").Offers); diff != "" {
			t.Error(diff)
		}
		before := changed["j1"]
		for range 2 { // the second time there is nothing to do
			if err := e.Withdraw(t.Context(), "j1"); err != nil {
				t.Fatal(err)
			}
		}
		if j, err := e.Job(t.Context(), "j1"); err != nil || len(j.Offers) > 0 || changed["j1"] != before+1 {
			t.Errorf("offers %v, %d changes, %v", j.Offers, changed["j1"]-before, err)
		}
		if err := e.Withdraw(t.Context(), "nobody"); stackhand.KindOf(err) != stackhand.NotFound {
			t.Errorf("withdraw of no job: %v", err)
		}
		start("j2", "f")
		start("j3", "g")
		if j, err := e.Job(t.Context(), "j2"); err != nil || len(j.Offers) > 0 {
			t.Errorf("offers %v, %v", j.Offers, err)
		}
		stop()
	})
}
