package jobs_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/stackhand/stackhand"
	"github.com/stackhand/stackhand/internal/jobs"
	"github.com/stackhand/stackhand/internal/jobs/jobstest"
)

// world is a place where steps leave traces.
type world struct {
	mu  sync.Mutex
	log []string
}

func (w *world) note(format string, args ...any) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.log = append(w.log, fmt.Sprintf(format, args...))
}

func (w *world) lines() []string {
	w.mu.Lock()
	defer w.mu.Unlock()
	return slices.Clone(w.log)
}

func (w *world) count(line string) (n int) {
	for _, l := range w.lines() {
		if l == line {
			n++
		}
	}
	return n
}

// step leaves "do name" and "undo name", each after a second.
func (w *world) step(name string, needs ...string) jobs.Step {
	return jobs.Step{
		Name: name, Title: strings.ToUpper(name), Needs: needs,
		Do: func(ctx context.Context, run *jobs.Run) error {
			if err := wait(ctx, time.Second); err != nil {
				return err
			}
			w.note("do %s", name)
			return run.Made(ctx, stackhand.Resource{Kind: "thing", ID: name, Name: name})
		},
		Undo: func(ctx context.Context, run *jobs.Run) error {
			if err := wait(ctx, time.Second); err != nil {
				return err
			}
			w.note("undo %s", name)
			return run.Gone(ctx, "thing", name)
		},
	}
}

func wait(ctx context.Context, d time.Duration) error {
	select {
	case <-ctx.Done():
		return ctx.Err()
	case <-time.After(d):
		return nil
	}
}

func failing(name string, err error, needs ...string) jobs.Step {
	return jobs.Step{Name: name, Title: name, Needs: needs, Do: func(context.Context, *jobs.Run) error { return err }}
}

func flow(steps ...jobs.Step) jobs.Flow {
	return jobs.Flow{Name: "f", Version: 1, Undo: true, Steps: func(stackhand.Job) ([]jobs.Step, error) { return steps, nil }}
}

func quiet() *slog.Logger { return slog.New(slog.NewTextHandler(io.Discard, nil)) }

// engine runs an engine in the bubble until stop.
func engine(t *testing.T, recs jobs.Records, o jobs.Options, flows ...jobs.Flow) (e *jobs.Engine, stop func()) {
	t.Helper()
	o.Log, o.Conflict = or(o.Log, quiet()), jobstest.ErrConflict
	e = jobs.New(recs, flows, o)
	ctx, cancel := context.WithCancel(t.Context())
	done := make(chan error, 1)
	go func() { done <- e.Run(ctx) }()
	var once sync.Once
	stop = func() {
		once.Do(func() {
			cancel()
			if err := <-done; err != nil {
				t.Errorf("Run: %v", err)
			}
		})
	}
	t.Cleanup(stop)
	return e, stop
}

func or(a, b *slog.Logger) *slog.Logger {
	if a != nil {
		return a
	}
	return b
}

func job(id string) stackhand.Job {
	return stackhand.Job{ID: id, Flow: "f", User: stackhand.User{ID: "U1"}, Cloud: "lab", Title: "Do it"}
}

func begin(t *testing.T, e *jobs.Engine, j stackhand.Job) {
	t.Helper()
	if _, err := e.Start(t.Context(), j); err != nil {
		t.Fatal(err)
	}
}

// rested waits, in the bubble's time, until the job rests.
func rested(t *testing.T, e *jobs.Engine, id string) stackhand.Job {
	t.Helper()
	begun := time.Now()
	for time.Since(begun) < 100*time.Hour {
		j, err := e.Job(t.Context(), id)
		if err != nil {
			t.Fatal(err)
		}
		if j.State.Rests() {
			return j
		}
		<-time.After(max(100*time.Millisecond, time.Since(begun)/100))
	}
	t.Fatalf("job %s does not come to rest", id)
	return stackhand.Job{}
}

func states(j stackhand.Job) string {
	out := []string{string(j.State)}
	for _, s := range j.Steps {
		out = append(out, s.Name+" "+string(s.State))
	}
	return strings.Join(out, ", ")
}

func wantStates(t *testing.T, j stackhand.Job, want string) {
	t.Helper()
	if got := states(j); got != want {
		t.Errorf("job stands at\n  %s, want\n  %s\n  problem %+v", got, want, j.Problem)
	}
}

func TestStepsRunSideBySide(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := &world{}
		recs := &jobstest.Records{}
		e, _ := engine(t, recs.Open(), jobs.Options{}, flow(w.step("a"), w.step("b"), w.step("c", "a", "b"), w.step("d", "a"), w.step("e", "c", "d")))
		begin(t, e, job("j1"))
		j := rested(t, e, "j1")
		wantStates(t, j, "done, a done, b done, c done, d done, e done")
		if took := j.Ended.Sub(j.Started); took != 3*time.Second {
			t.Errorf("took %s, want 3s: three steps one after the other", took)
		}
		if len(j.Made) != 5 || j.Made[0].Job != "j1" {
			t.Errorf("made %v", j.Made)
		}
		if j.Claim != (stackhand.Claim{}) {
			t.Errorf("a resting job is claimed: %v", j.Claim)
		}
	})
}

func TestFailureIsUndoneInReverse(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := &world{}
		full := stackhand.Errorf(stackhand.Quota, "The project is full.").Do("Delete something.")
		e, _ := engine(t, (&jobstest.Records{}).Open(), jobs.Options{},
			flow(w.step("a"), w.step("b", "a"), w.step("c", "a"), failing("x", full, "b", "c"), w.step("y", "x")))
		begin(t, e, job("j1"))
		j := rested(t, e, "j1")
		wantStates(t, j, "undone, a undone, b undone, c undone, x failed, y skipped")
		if j.Problem == nil || j.Problem.Msg != "The project is full." || j.Problem.Next != "Delete something." || j.Problem.Step != "x" || j.Problem.Ref == "" {
			t.Errorf("problem %+v", j.Problem)
		}
		if len(j.Made) != 0 {
			t.Errorf("left: %v", j.Made)
		}
		lines := w.lines()
		if len(lines) != 6 || lines[5] != "undo a" {
			t.Errorf("the first must be undone last: %q", lines)
		}
	})
}

func TestKeepLeavesThePieces(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := &world{}
		var settled []string
		f := flow(w.step("a"), failing("x", stackhand.Errorf(stackhand.Failed, "No."), "a"))
		f.Settle = func(_ context.Context, j stackhand.Job, to stackhand.JobState) ([]string, error) {
			settled = append(settled, fmt.Sprint(to, " ", len(j.Made)))
			return nil, nil
		}
		e, _ := engine(t, (&jobstest.Records{}).Open(), jobs.Options{}, f)
		j := job("j1")
		j.Keep = true
		begin(t, e, j)
		wantStates(t, rested(t, e, "j1"), "kept, a done, x failed")
		if diff := cmp.Diff([]string{"kept 1"}, settled); diff != "" {
			t.Error(diff)
		}
	})
}

func TestWithoutUndoAFailureStays(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := &world{}
		f := flow(w.step("a"), failing("x", errors.New("odd: secret detail"), "a"))
		f.Undo = false
		e, _ := engine(t, (&jobstest.Records{}).Open(), jobs.Options{}, f)
		begin(t, e, job("j1"))
		j := rested(t, e, "j1")
		wantStates(t, j, "failed, a done, x failed")
		if j.Problem.Kind != stackhand.Internal || strings.Contains(j.Problem.Msg, "secret") || !strings.Contains(j.Problem.Msg, j.Problem.Ref) {
			t.Errorf("problem %+v: an inner error must show as a ref only", j.Problem)
		}
		if diff := cmp.Diff([]string{"Still there: thing a."}, j.Notes); diff != "" {
			t.Error(diff)
		}
	})
}

func TestWhatMayPassIsTriedAgain(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var agains []bool
		var times []time.Duration
		begun := time.Now()
		s := jobs.Step{Name: "a", Title: "A", Do: func(_ context.Context, run *jobs.Run) error {
			agains = append(agains, run.Again())
			times = append(times, time.Since(begun))
			switch len(agains) {
			case 1:
				return stackhand.Errorf(stackhand.Unavailable, "No answer.")
			case 2:
				return &stackhand.Error{Kind: stackhand.RateLimited, Msg: "Too often.", RetryAfter: 20 * time.Second}
			}
			return nil
		}}
		e, _ := engine(t, (&jobstest.Records{}).Open(), jobs.Options{}, flow(s))
		begin(t, e, job("j1"))
		j := rested(t, e, "j1")
		wantStates(t, j, "done, a done")
		if diff := cmp.Diff([]bool{false, true, true}, agains); diff != "" {
			t.Error(diff)
		}
		if j.Steps[0].Attempt != 3 || j.Steps[0].Problem != nil {
			t.Errorf("step %+v", j.Steps[0])
		}
		if d := times[2] - times[1]; d < 20*time.Second {
			t.Errorf("tried again after %s, asked were 20s", d)
		}
	})
}

func TestAStepGivesUpInTime(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		hang := func(ctx context.Context, _ *jobs.Run) error { <-ctx.Done(); return ctx.Err() }
		busy := func(context.Context, *jobs.Run) error {
			return stackhand.Errorf(stackhand.Unavailable, "The cloud is tired.")
		}
		for _, tt := range []struct {
			do    func(context.Context, *jobs.Run) error
			want  string
			after time.Duration // at most; and not much earlier
		}{
			{hang, "It was not done within 1m0s.", time.Minute},
			{busy, "The cloud is tired.", 40 * time.Second}, // somebody waits for the answer
		} {
			e, stop := engine(t, (&jobstest.Records{}).Open(), jobs.Options{}, flow(jobs.Step{Name: "a", Timeout: time.Minute, Do: tt.do}))
			begin(t, e, job("j1"))
			j := rested(t, e, "j1")
			wantStates(t, j, "undone, a failed")
			took := j.Ended.Sub(j.Started)
			if j.Problem.Msg != tt.want || took > tt.after+time.Second || took < tt.after/2 {
				t.Errorf("%s after %s, want %s after %s at most", j.Problem.Msg, took, tt.want, tt.after)
			}
			stop()
		}
	})
}

// A cloud that names a time to come back gets it, also a long one.
func TestALongRetryAfterIsHonoured(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		tries := 0
		do := func(context.Context, *jobs.Run) error {
			if tries++; tries > 1 {
				return nil
			}
			return &stackhand.Error{Kind: stackhand.RateLimited, Msg: "Slow down.", RetryAfter: 90 * time.Second}
		}
		e, stop := engine(t, (&jobstest.Records{}).Open(), jobs.Options{}, flow(jobs.Step{Name: "a", Do: do}))
		defer stop()
		begin(t, e, job("j1"))
		j := rested(t, e, "j1")
		if took := j.Ended.Sub(j.Started); j.State != stackhand.JobDone || took < 90*time.Second || took > 2*time.Minute {
			t.Errorf("%s after %s, want done after 90 s", j.State, took)
		}
	})
}

func TestAPanicWaitsForAPerson(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := &world{}
		var log strings.Builder
		boom := jobs.Step{Name: "x", Title: "X", Needs: []string{"a"}, Do: func(context.Context, *jobs.Run) error {
			w.note("boom")
			panic("at the disco")
		}}
		recs := &jobstest.Records{}
		o := jobs.Options{Log: slog.New(slog.NewTextHandler(&log, nil))}
		e, stop := engine(t, recs.Open(), o, flow(w.step("a"), boom))
		begin(t, e, job("j1"))
		j := rested(t, e, "j1")
		wantStates(t, j, "stuck, a done, x failed")
		stop()
		if n := strings.Count(log.String(), "a panic was caught"); n != 1 {
			t.Errorf("it is told of %d times", n)
		}
		if s := log.String(); !strings.Contains(s, j.Problem.Ref) || !strings.Contains(s, "at the disco") || !strings.Contains(s, "engine_test.go") {
			t.Errorf("the log must have ref %s, cause and stack: %s", j.Problem.Ref, s)
		}
		e, _ = engine(t, recs.Open(), jobs.Options{}, flow(w.step("a"), boom))
		<-time.After(time.Hour)
		if n := w.count("boom"); n != 1 {
			t.Errorf("the step ran %d times", n)
		}
		if j, _ := e.Job(t.Context(), "j1"); len(j.Made) != 1 {
			t.Errorf("a stuck job keeps what it made: %v", j.Made)
		}
	})
}

// What is refused because of what somebody asked for wakes no operator.
func TestRefusalsAreNoAlarm(t *testing.T) {
	for kind, level := range map[stackhand.Kind]string{stackhand.Invalid: "INFO", stackhand.Conflict: "INFO", stackhand.Failed: "ERROR", stackhand.Internal: "ERROR"} {
		synctest.Test(t, func(t *testing.T) {
			var log strings.Builder
			bad := failing("x", stackhand.Errorf(kind, "No."))
			e, stop := engine(t, (&jobstest.Records{}).Open(), jobs.Options{Log: slog.New(slog.NewTextHandler(&log, nil))}, flow(bad))
			begin(t, e, job("j1"))
			rested(t, e, "j1")
			stop()
			if s := log.String(); !strings.Contains(s, "level="+level+" msg=\"a step went wrong\"") {
				t.Errorf("%s: %s", kind, s)
			}
		})
	}
}

func TestHumanMakesStuck(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		err := jobs.Human(stackhand.Errorf(stackhand.Conflict, "Two servers have our mark.").Do("Look which is yours."))
		e, _ := engine(t, (&jobstest.Records{}).Open(), jobs.Options{}, flow(failing("x", err)))
		begin(t, e, job("j1"))
		j := rested(t, e, "j1")
		wantStates(t, j, "stuck, x failed")
		if j.Problem.Msg != "Two servers have our mark." || j.Problem.Next != "Look which is yours." {
			t.Errorf("problem %+v", j.Problem)
		}
		if jobs.Human(nil) != nil {
			t.Error("no error is no error for a person either")
		}
	})
}

func TestUnknownFlowsAreLeftAlone(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		recs := &jobstest.Records{}
		w := &world{}
		newer := flow(w.step("a"))
		newer.Version = 7
		begin(t, jobs.New(recs.Open(), []jobs.Flow{newer}, jobs.Options{Log: quiet()}), job("j1"))
		e, _ := engine(t, recs.Open(), jobs.Options{}, flow(w.step("a")))
		j := rested(t, e, "j1")
		if j.State != stackhand.JobStuck || j.Problem == nil || !strings.Contains(j.Problem.Msg, "version 7") {
			t.Errorf("%s %+v", j.State, j.Problem)
		}
		if _, err := e.Start(t.Context(), stackhand.Job{ID: "j2", Flow: "nonsense"}); err == nil {
			t.Error("a flow that does not exist was started")
		}
	})
}
