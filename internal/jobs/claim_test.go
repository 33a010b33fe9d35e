package jobs_test

import (
	"context"
	"errors"
	"fmt"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/stackhand/stackhand"
	"github.com/stackhand/stackhand/internal/jobs"
	"github.com/stackhand/stackhand/internal/jobs/jobstest"
)

// long is a step of n seconds that says what it saw.
func (w *world) long(name string, n int, needs ...string) jobs.Step {
	return jobs.Step{Name: name, Title: name, Needs: needs, Timeout: time.Hour, Waits: true,
		Do: func(ctx context.Context, run *jobs.Run) error {
			w.note("%s again=%v", name, run.Again())
			return wait(ctx, time.Duration(n)*time.Second)
		},
		Undo: func(ctx context.Context, run *jobs.Run) error {
			w.note("undo %s again=%v", name, run.Again())
			return nil
		}}
}

func TestAGracefulStopLetsGo(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := &world{}
		recs := &jobstest.Records{}
		e, stop := engine(t, recs.Open(), jobs.Options{}, flow(w.step("a"), w.long("b", 60, "a")))
		begin(t, e, job("j1"))
		<-time.After(10 * time.Second)
		stop()
		j, err := e.Job(t.Context(), "j1")
		if err != nil || j.Claim != (stackhand.Claim{}) || j.State != stackhand.JobRunning {
			t.Fatalf("after a stop the job is %s, claimed by %+v, %v", j.State, j.Claim, err)
		}
		e, _ = engine(t, recs.Open(), jobs.Options{}, flow(w.step("a"), w.long("b", 60, "a")))
		j = rested(t, e, "j1")
		wantStates(t, j, "done, a done, b done")
		if diff := cmp.Diff([]string{"do a", "b again=false", "b again=true"}, w.lines()); diff != "" {
			t.Error(diff)
		}
		if j.Resumed != 1 || j.Steps[1].Attempt != 2 {
			t.Errorf("resumed %d times, attempt %d", j.Resumed, j.Steps[1].Attempt)
		}
	})
}

func TestADeadEnginesJobIsTakenOver(t *testing.T) {
	for _, exclusive := range []bool{false, true} {
		t.Run(fmt.Sprint("exclusive=", exclusive), func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				w := &world{}
				recs := &jobstest.Records{OneProcess: exclusive}
				first := recs.Open()
				e, stop := engine(t, first, jobs.Options{}, flow(w.long("a", 100)))
				begin(t, e, job("j1"))
				<-time.After(50 * time.Second)
				first.Kill()
				stop()
				killed := time.Now()
				e, _ = engine(t, recs.Open(), jobs.Options{}, flow(w.long("a", 100)))
				j := rested(t, e, "j1")
				wantStates(t, j, "done, a done")
				idle := j.Ended.Sub(killed) - 100*time.Second
				if exclusive && idle > time.Second || !exclusive && (idle < time.Second || idle > 45*time.Second) {
					t.Errorf("taken over after %s", idle)
				}
			})
		})
	}
}

func TestTwoEnginesNeverRunOneJob(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := &world{}
		recs := &jobstest.Records{}
		var first *jobs.Engine
		for i := range 3 {
			e, _ := engine(t, recs.Open(), jobs.Options{ID: fmt.Sprint("engine-", i)}, flow(w.long("a", 300), w.step("b", "a")))
			if first == nil {
				first = e
			}
		}
		for i := range 20 {
			begin(t, first, job(fmt.Sprint("j", i)))
		}
		for i := range 20 {
			j := rested(t, first, fmt.Sprint("j", i))
			wantStates(t, j, "done, a done, b done")
			if j.Resumed != 0 {
				t.Errorf("job %s was resumed %d times", j.ID, j.Resumed)
			}
		}
		if n := w.count("a again=false"); n != 20 || len(w.lines()) != 40 {
			t.Errorf("%d steps ran, %d lines", n, len(w.lines()))
		}
	})
}

// TestALostClaimStopsTheWork takes the records away from an engine for longer than its claim
// lasts, and gives them back after another engine has gone on.
func TestALostClaimStopsTheWork(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := &world{}
		recs := &jobstest.Records{}
		cut := recs.Open()
		from := time.Now().Add(5 * time.Second)
		cut.SetFail(func(string) error {
			if d := time.Since(from); d > 0 && d < 100*time.Second {
				return errors.New("the disk is gone")
			}
			return nil
		})
		f := flow(w.long("a", 200), w.step("b", "a"))
		e1, _ := engine(t, cut, jobs.Options{ID: "one"}, f)
		begin(t, e1, job("j1"))
		<-time.After(10 * time.Second)
		e2, _ := engine(t, recs.Open(), jobs.Options{ID: "two"}, f)
		wantStates(t, rested(t, e2, "j1"), "done, a done, b done")
		if diff := cmp.Diff([]string{"a again=false", "a again=true", "do b"}, w.lines()); diff != "" {
			t.Errorf("the first engine went on without its claim:\n%s", diff)
		}
	})
}

func TestUndoGoesOnAfterARestart(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := &world{}
		slow := jobs.Step{Name: "slow", Title: "slow", Do: func(context.Context, *jobs.Run) error { return nil },
			Undo: func(ctx context.Context, run *jobs.Run) error {
				w.note("undo again=%v", run.Again())
				return wait(ctx, time.Minute)
			}}
		f := flow(slow, failing("x", stackhand.Errorf(stackhand.Failed, "No."), "slow"))
		recs := &jobstest.Records{}
		s := recs.Open()
		e, stop := engine(t, s, jobs.Options{}, f)
		begin(t, e, job("j1"))
		<-time.After(30 * time.Second)
		s.Kill()
		stop()
		e, _ = engine(t, recs.Open(), jobs.Options{}, f)
		wantStates(t, rested(t, e, "j1"), "undone, slow undone, x failed")
		if diff := cmp.Diff([]string{"undo again=false", "undo again=true"}, w.lines()); diff != "" {
			t.Error(diff)
		}
	})
}

func TestUndoIsPatientAndThenSaysWhatIsLeft(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := &world{}
		tries := 0
		bad := w.step("bad", "base")
		bad.Undo = func(context.Context, *jobs.Run) error {
			if tries++; tries < 200 {
				return stackhand.Errorf(stackhand.Unavailable, "Busy.")
			}
			return stackhand.Errorf(stackhand.Forbidden, "You may not delete it.")
		}
		e, _ := engine(t, (&jobstest.Records{}).Open(), jobs.Options{},
			flow(w.step("base"), bad, w.step("free"), failing("x", stackhand.Errorf(stackhand.Failed, "No."), "bad", "free")))
		begin(t, e, job("j1"))
		j := rested(t, e, "j1")
		wantStates(t, j, "failed, base failed, bad failed, free undone, x failed")
		if j.Problem.Msg != "No." || j.Step("bad").Problem.Msg != "You may not delete it." {
			t.Errorf("problems %+v, %+v", j.Problem, j.Step("bad").Problem)
		}
		if took := j.Ended.Sub(j.Started); took < 10*time.Hour || took > 20*time.Hour {
			t.Errorf("200 tries took %s", took)
		}
		if diff := cmp.Diff([]string{"Still there: thing base, thing bad."}, j.Notes); diff != "" {
			t.Error(diff)
		}
	})
}

func TestUndoEndsAfterADay(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := &world{}
		a := w.step("a")
		a.Undo = func(context.Context, *jobs.Run) error { return stackhand.Errorf(stackhand.Unavailable, "Busy.") }
		e, _ := engine(t, (&jobstest.Records{}).Open(), jobs.Options{}, flow(a, failing("x", stackhand.Errorf(stackhand.Failed, "No."), "a")))
		begin(t, e, job("j1"))
		j := rested(t, e, "j1")
		wantStates(t, j, "failed, a failed, x failed")
		if took := j.Ended.Sub(j.Started); took < 23*time.Hour || took > 25*time.Hour {
			t.Errorf("took %s", took)
		}
	})
}
