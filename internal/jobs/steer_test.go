package jobs_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/stackhand/stackhand"
	"github.com/stackhand/stackhand/internal/jobs"
	"github.com/stackhand/stackhand/internal/jobs/jobstest"
)

func TestCancel(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := &world{}
		e, _ := engine(t, (&jobstest.Records{}).Open(), jobs.Options{}, flow(w.step("a"), w.long("b", 3600, "a"), w.step("c", "b")))
		begin(t, e, job("j1"))
		<-time.After(10 * time.Second)
		asked := time.Now()
		if _, err := e.Cancel(t.Context(), "j1", "U2"); err != nil {
			t.Fatal(err)
		}
		j := rested(t, e, "j1")
		wantStates(t, j, "undone, a undone, b undone, c skipped")
		if j.Canceled != "U2" || j.Problem == nil || j.Problem.Kind != stackhand.Canceled {
			t.Errorf("canceled by %q, problem %+v", j.Canceled, j.Problem)
		}
		if took := j.Ended.Sub(asked); took > 2*time.Second {
			t.Errorf("stopping took %s", took)
		}
		if diff := cmp.Diff([]string{"do a", "b again=false", "undo b again=true", "undo a"}, w.lines()); diff != "" {
			t.Error(diff)
		}
		if _, err := e.Cancel(t.Context(), "j1", "U2"); stackhand.KindOf(err) != stackhand.Conflict {
			t.Errorf("cancelling what rests: %v", err)
		}
		if _, err := e.Cancel(t.Context(), "nope", "U2"); stackhand.KindOf(err) != stackhand.NotFound {
			t.Errorf("cancelling what is not there: %v", err)
		}
	})
}

func TestCancelOnAnotherEngine(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := &world{}
		recs := &jobstest.Records{}
		f := flow(w.long("a", 3600))
		e, _ := engine(t, recs.Open(), jobs.Options{}, f)
		begin(t, e, job("j1"))
		<-time.After(time.Second)
		other := jobs.New(recs.Open(), []jobs.Flow{f}, jobs.Options{Log: quiet(), Conflict: jobstest.ErrConflict})
		if _, err := other.Cancel(t.Context(), "j1", "U2"); err != nil {
			t.Fatal(err)
		}
		wantStates(t, rested(t, e, "j1"), "undone, a undone")
	})
}

func TestCancelOfWhatCannotBeTakenBack(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := &world{}
		f := flow(w.long("a", 60))
		f.Undo = false
		e, _ := engine(t, (&jobstest.Records{}).Open(), jobs.Options{PerUser: 1}, f)
		begin(t, e, job("j1"))
		begin(t, e, job("j2"))
		<-time.After(time.Second)
		if _, err := e.Cancel(t.Context(), "j1", "U1"); stackhand.KindOf(err) != stackhand.Conflict || !strings.Contains(err.Error(), "cannot be taken back") {
			t.Errorf("cancelling at work: %v", err)
		}
		if _, err := e.Cancel(t.Context(), "j2", "U1"); err != nil {
			t.Errorf("cancelling in the queue: %v", err)
		}
		wantStates(t, rested(t, e, "j1"), "done, a done")
		wantStates(t, rested(t, e, "j2"), "undone, a waiting")
	})
}

// TestACallOnItsWayIsWaitedFor stops a job in the middle of a call: its outcome must not be lost.
func TestACallOnItsWayIsWaitedFor(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := &world{}
		slow := func(name string, d time.Duration) jobs.Step {
			s := w.step(name)
			s.Do = func(ctx context.Context, run *jobs.Run) error {
				if err := wait(ctx, d); err != nil {
					w.note("%s cut off", name)
					return err
				}
				return run.Made(ctx, stackhand.Resource{Kind: "thing", ID: name})
			}
			return s
		}
		e, _ := engine(t, (&jobstest.Records{}).Open(), jobs.Options{}, flow(slow("short", 4*time.Second), slow("endless", time.Hour)))
		begin(t, e, job("j1"))
		<-time.After(time.Second)
		if _, err := e.Cancel(t.Context(), "j1", "U1"); err != nil {
			t.Fatal(err)
		}
		wantStates(t, rested(t, e, "j1"), "undone, short undone, endless undone")
		if w.count("short cut off") != 0 || w.count("endless cut off") != 1 {
			t.Errorf("%q", w.lines())
		}
	})
}

func TestRetry(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var works atomic.Bool
		f := flow(jobs.Step{Name: "a", Title: "A", Do: func(context.Context, *jobs.Run) error {
			if works.Load() {
				return nil
			}
			return stackhand.Errorf(stackhand.Quota, "Full.")
		}})
		f.Stacks = func(j stackhand.Job) []stackhand.Stack {
			return []stackhand.Stack{{ID: j.ID + "-1", Cloud: "lab", State: stackhand.StackBuilding}}
		}
		e, _ := engine(t, (&jobstest.Records{}).Open(), jobs.Options{}, f)
		j := job("j1")
		j.Input, j.Place, j.Line = json.RawMessage(`{"name":"web"}`), stackhand.Place{Channel: "C1"}, "create web"
		begin(t, e, j)
		rested(t, e, "j1")
		works.Store(true)
		next, err := e.Retry(t.Context(), "j1", "U1", true)
		if err != nil {
			t.Fatal(err)
		}
		if again, err := e.Retry(t.Context(), "j1", "U1", false); err != nil || again.ID != next.ID {
			t.Errorf("a second click gives job %s, %v; want %s", again.ID, err, next.ID)
		}
		got := rested(t, e, next.ID)
		wantStates(t, got, "done, a done")
		if got.RetryOf != "j1" || !got.Keep || string(got.Input) != string(j.Input) || got.Place != j.Place || got.Line != j.Line || got.User.ID != "U1" {
			t.Errorf("job %+v", got)
		}
		if diff := cmp.Diff([]string{next.ID + "-1"}, got.Stacks); diff != "" {
			t.Error(diff)
		}
		if old, _ := e.Job(t.Context(), "j1"); old.RetriedAs != next.ID {
			t.Errorf("the old job says it was tried again as %q", old.RetriedAs)
		}
		if _, err := e.Retry(t.Context(), next.ID, "U1", false); stackhand.KindOf(err) != stackhand.Conflict {
			t.Errorf("trying again what is done: %v", err)
		}
		if recent, err := e.Recent(t.Context(), "U1", 1); err != nil || len(recent) != 1 || recent[0].ID != next.ID {
			t.Errorf("recent %v, %v", recent, err)
		}
	})
}

func TestCleanup(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := &world{}
		var works atomic.Bool
		f := flow(w.step("a"), failing("x", stackhand.Errorf(stackhand.Failed, "No."), "a"))
		f.Undo = false
		f.Cleanup = func(old stackhand.Job) (stackhand.Job, error) {
			return stackhand.Job{Flow: "tidy", Title: "Tidy", Input: json.RawMessage(`"` + old.ID + `"`)}, nil
		}
		tidy := jobs.Flow{Name: "tidy", Version: 1, Steps: func(stackhand.Job) ([]jobs.Step, error) {
			return []jobs.Step{{Name: "t", Do: func(context.Context, *jobs.Run) error {
				if !works.Load() {
					return stackhand.Errorf(stackhand.Forbidden, "No.")
				}
				return nil
			}}}, nil
		}}
		plain := flow(failing("x", stackhand.Errorf(stackhand.Failed, "No.")))
		plain.Name = "plain"
		e, _ := engine(t, (&jobstest.Records{}).Open(), jobs.Options{}, f, tidy, plain)
		begin(t, e, job("j1"))
		rested(t, e, "j1")
		clean := func() stackhand.Job {
			c, err := e.Cleanup(t.Context(), "j1", "U9")
			if c.Line != "cleanup j1" {
				t.Errorf("the card shows %q as what was typed", c.Line)
			}
			if err != nil {
				t.Fatal(err)
			}
			return rested(t, e, c.ID)
		}
		first := clean()
		if first.State != stackhand.JobFailed || first.User.ID != "U9" || string(first.Input) != `"j1"` {
			t.Errorf("job %+v", first)
		}
		works.Store(true)
		second, third := clean(), clean()
		if second.State != stackhand.JobDone || second.ID == first.ID || third.ID != second.ID {
			t.Errorf("second %s %s, third %s, first %s", second.ID, second.State, third.ID, first.ID)
		}
		j := job("j2")
		j.Flow = "plain"
		begin(t, e, j)
		rested(t, e, "j2")
		if _, err := e.Cleanup(t.Context(), "j2", "U1"); stackhand.KindOf(err) != stackhand.Invalid {
			t.Errorf("cleaning up what leaves nothing: %v", err)
		}
	})
}

func TestUsersTakeTurns(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := &world{}
		now, most, mine := 0, 0, map[string]int{}
		f := flow(jobs.Step{Name: "a", Do: func(ctx context.Context, run *jobs.Run) error {
			u := run.Job().User.ID
			w.mu.Lock()
			now, mine[u] = now+1, mine[u]+1
			most = max(most, now)
			if mine[u] > 2 {
				t.Errorf("%d jobs of %s at once", mine[u], u)
			}
			w.mu.Unlock()
			err := wait(ctx, time.Second)
			w.mu.Lock()
			now, mine[u] = now-1, mine[u]-1
			w.mu.Unlock()
			return err
		}})
		e, _ := engine(t, (&jobstest.Records{}).Open(), jobs.Options{Workers: 3, PerUser: 2}, f)
		for i := range 20 {
			begin(t, e, job(fmt.Sprint("many", i)))
		}
		j := job("single")
		j.User.ID = "U2"
		begin(t, e, j)
		j = rested(t, e, "single")
		if waited := j.Started.Sub(j.Created); waited > 1500*time.Millisecond {
			t.Errorf("one job waited %s behind another user's twenty", waited)
		}
		for i := range 20 {
			rested(t, e, fmt.Sprint("many", i))
		}
		if most != 3 {
			t.Errorf("%d jobs at once, want 3", most)
		}
	})
}

func TestLocks(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		inside := 0
		f := flow(jobs.Step{Name: "a", Do: func(ctx context.Context, run *jobs.Run) error {
			if err := run.Lock(ctx, "door"); err != nil {
				return err
			}
			if inside++; inside > 1 {
				t.Error("two jobs have the lock")
			}
			err := wait(ctx, time.Second)
			inside--
			return errors.Join(err, run.Unlock(ctx, "door"))
		}})
		recs := &jobstest.Records{}
		e, _ := engine(t, recs.Open(), jobs.Options{}, f)
		// A lock that a crash left: its holder does not exist any more.
		if _, err := recs.Open().TryLock(t.Context(), "door", "ghost"); err != nil {
			t.Fatal(err)
		}
		for i := range 5 {
			begin(t, e, job(fmt.Sprint("j", i)))
		}
		<-time.After(1500 * time.Millisecond)
		waiting := 0
		for i := range 5 {
			if j, _ := e.Job(t.Context(), fmt.Sprint("j", i)); strings.HasPrefix(j.Steps[0].Note, "waiting for job j") {
				waiting++
			}
		}
		if waiting != 3 {
			t.Errorf("%d jobs say that they wait, want 3", waiting)
		}
		for i := range 5 {
			if j := rested(t, e, fmt.Sprint("j", i)); j.State != stackhand.JobDone || j.Steps[0].Note != "" {
				t.Errorf("job %s with note %q", states(j), j.Steps[0].Note)
			}
		}
		synctest.Wait()
		if locks := recs.Locks(); len(locks) != 0 {
			t.Errorf("held: %q", locks)
		}
	})
}

func TestTheSameJobStartsOnce(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := &world{}
		e, _ := engine(t, (&jobstest.Records{}).Open(), jobs.Options{}, flow(w.step("a")))
		begin(t, e, job("j1"))
		begin(t, e, job("j1"))
		rested(t, e, "j1")
		begin(t, e, job("j1"))
		synctest.Wait()
		if n := w.count("do a"); n != 1 {
			t.Errorf("done %d times", n)
		}
	})
}

func TestValuesPassThroughTheRecord(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		type value struct{ N int }
		f := flow(jobs.Step{Name: "a", Do: func(ctx context.Context, run *jobs.Run) error {
			run.Skip()
			return errors.Join(run.Set(ctx, "v", value{7}), run.Say(ctx, "Hello."), run.Say(ctx, "Hello."), run.Note(ctx, "x\x00y"))
		}}, jobs.Step{Name: "b", Needs: []string{"a"}, Do: func(ctx context.Context, run *jobs.Run) error {
			var v value
			if ok, err := run.Get("v", &v); !ok || err != nil || v.N != 7 {
				t.Errorf("got %v, %v, %v", v, ok, err)
			}
			if ok, err := run.Get("none", &v); ok || err != nil {
				t.Errorf("a value that is not there: %v, %v", ok, err)
			}
			return nil
		}})
		e, _ := engine(t, (&jobstest.Records{}).Open(), jobs.Options{}, f)
		begin(t, e, job("j1"))
		j := rested(t, e, "j1")
		wantStates(t, j, "done, a skipped, b done")
		if len(j.Notes) != 1 || j.Steps[0].Note != "xy" {
			t.Errorf("notes %q, %q", j.Notes, j.Steps[0].Note)
		}
	})
}

func TestBadFlowsAreRefused(t *testing.T) {
	nothing := func(context.Context, *jobs.Run) error { return nil }
	for name, f := range map[string]jobs.Flow{
		"two of a name": flow(jobs.Step{Name: "a", Do: nothing}, jobs.Step{Name: "a", Do: nothing}),
		"a circle":      flow(jobs.Step{Name: "a", Needs: []string{"b"}, Do: nothing}, jobs.Step{Name: "b", Needs: []string{"a"}, Do: nothing}),
		"no work":       flow(jobs.Step{Name: "a"}),
		"bad input":     {Name: "f", Version: 1, Steps: func(stackhand.Job) ([]jobs.Step, error) { return nil, errors.New("what?") }},
		"a panic":       {Name: "f", Version: 1, Steps: func(stackhand.Job) ([]jobs.Step, error) { panic("oh") }},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				e, _ := engine(t, (&jobstest.Records{}).Open(), jobs.Options{}, f)
				begin(t, e, job("j1"))
				j := rested(t, e, "j1")
				if j.State != stackhand.JobFailed && j.State != stackhand.JobStuck || j.Problem == nil {
					t.Errorf("%s %+v", j.State, j.Problem)
				}
			})
		})
	}
}
