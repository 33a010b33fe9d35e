package jobs_test

import (
	"context"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stackhand/stackhand"
	"github.com/stackhand/stackhand/internal/jobs"
	"github.com/stackhand/stackhand/internal/jobs/jobstest"
)

// Whatever way a job comes to rest, nothing of it says that somebody is still at work.
func TestNoStepOfARestingJobIsAtWork(t *testing.T) {
	w := &world{}
	tired := jobs.Step{Name: "tired", Title: "Tired", Do: func(context.Context, *jobs.Run) error {
		return stackhand.Errorf(stackhand.Unavailable, "The cloud is tired.")
	}}
	late := func(kind stackhand.Kind) jobs.Step {
		return jobs.Step{Name: "late", Title: "Late", Do: func(ctx context.Context, _ *jobs.Run) error {
			if err := wait(ctx, 10*time.Second); err != nil {
				return err
			}
			return stackhand.Errorf(kind, "No.")
		}}
	}
	sticky := w.step("sticky")
	sticky.Undo = func(context.Context, *jobs.Run) error {
		return stackhand.Errorf(stackhand.NeedsHuman, "Look yourself.")
	}
	for _, c := range []struct {
		name       string
		undo, keep bool
		last       jobs.Step
		more       []jobs.Step
		want       string
	}{
		{"failed for good", false, false, late(stackhand.Forbidden), nil, "failed, long failed, tired failed, late failed"},
		{"kept", true, true, late(stackhand.Forbidden), nil, "kept, long failed, tired failed, late failed"},
		{"stuck forward", true, false, late(stackhand.NeedsHuman), nil, "stuck, long failed, tired failed, late failed"},
		{"stuck back", true, false, late(stackhand.Forbidden), []jobs.Step{w.step("base"), func() jobs.Step {
			s := sticky
			s.Needs = []string{"base"}
			return s
		}()}, "stuck, long undone, tired undone, late failed, base failed, sticky failed"},
	} {
		t.Run(c.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				f := flow(append([]jobs.Step{w.long("long", 3600), tired, c.last}, c.more...)...)
				f.Undo = c.undo
				var seen stackhand.Job
				f.Settle = func(_ context.Context, j stackhand.Job, _ stackhand.JobState) ([]string, error) {
					seen = j
					return []string{"Mind the step."}, nil
				}
				e, _ := engine(t, (&jobstest.Records{}).Open(), jobs.Options{}, f)
				first := job("j1")
				first.Keep = c.keep
				begin(t, e, first)
				j := rested(t, e, "j1")
				wantStates(t, j, c.want)
				if states(seen) != c.want {
					t.Errorf("settled as %s", states(seen))
				}
				if !slices.Contains(j.Notes, "Mind the step.") {
					t.Errorf("it says %q", j.Notes)
				}
				for _, s := range j.Steps {
					if s.Ended.IsZero() {
						t.Errorf("step %s has no end", s.Name)
					}
				}
				long, tired := j.Step("long").Problem, j.Step("tired").Problem
				if long != nil && (long.Msg != "It was stopped midway." || !strings.HasSuffix(tired.Msg, "tried again: The cloud is tired.")) {
					t.Errorf("told as %q and %q", long.Msg, tired.Msg)
				}
				if j.Problem == nil || j.Problem.Kind == stackhand.Canceled {
					t.Errorf("the job's problem is %+v", j.Problem)
				}
			})
		})
	}
}

// tripping records panic once, at a call of a method after so many others.
type tripping struct {
	jobs.Records
	method string
	after  int
}

func (r *tripping) over(method string) {
	if method == r.method {
		if r.after--; r.after == -1 {
			panic("at the disco")
		}
	}
}

func (r *tripping) Job(ctx context.Context, id string) (stackhand.Job, error) {
	r.over("read")
	return r.Records.Job(ctx, id)
}

func (r *tripping) SaveJob(ctx context.Context, j *stackhand.Job) error {
	r.over("save")
	return r.Records.SaveJob(ctx, j)
}

// A panic of the engine itself is told of, and the job goes on when it is looked at next.
func TestAPanicOutsideOfSteps(t *testing.T) {
	for _, c := range []tripping{{method: "read"}, {method: "save"}, {method: "save", after: 1}, {method: "changed", after: 1}} {
		synctest.Test(t, func(t *testing.T) {
			w, recs := &world{}, c
			recs.Records = (&jobstest.Records{}).Open()
			var told []*stackhand.Panic
			e, _ := engine(t, &recs, jobs.Options{
				Changed: func(string) { recs.over("changed") },
				Panicked: func(_ context.Context, part string, found []*stackhand.Panic) string {
					if part == "jobs" {
						told = append(told, found...)
					}
					return "r"
				},
			}, flow(w.step("a")))
			begin(t, e, job("j1"))
			<-time.After(time.Hour)
			j, err := recs.Records.Job(t.Context(), "j1")
			if err != nil {
				t.Fatal(err)
			}
			wantStates(t, j, "done, a done")
			if len(told) != 1 || told[0].Of != "job j1" {
				t.Errorf("%s %d: told of %v", c.method, c.after, told)
			}
		})
	}
}

// A panic between two attempts at a step ends that step: the job is stuck, and neither the engine nor a worker is lost.
func TestAPanicBetweenAttempts(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		recs := (&jobstest.Records{}).Open()
		told, panics := 0, 1
		e, _ := engine(t, recs, jobs.Options{
			Redact: func(s string) string {
				if panics--; panics >= 0 {
					panic("at the disco")
				}
				return s
			},
			Panicked: func(_ context.Context, _ string, found []*stackhand.Panic) string { told += len(found); return "r" },
		}, flow(failing("a", stackhand.Errorf(stackhand.Unavailable, "The cloud is away."))))
		begin(t, e, job("j1"))
		if j := rested(t, e, "j1"); j.State != stackhand.JobStuck || told != 1 {
			t.Errorf("%s, told of %d panics", j.State, told)
		}
	})
}
