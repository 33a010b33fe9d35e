package provision_test

import (
	"context"
	"encoding/json"
	"slices"
	"testing"

	"github.com/stackhand/stackhand"
	"github.com/stackhand/stackhand/internal/jobs"
	"github.com/stackhand/stackhand/internal/jobs/jobstest"
	"github.com/stackhand/stackhand/internal/provision"
)

// An approved line is said by the job that came of it, with what it was asked with; its end is the job's.
func TestLine(t *testing.T) {
	refused := stackhand.Errorf(stackhand.Conflict, "It is gone.")
	for name, c := range map[string]struct {
		line  func(context.Context, stackhand.Job) (string, error)
		state stackhand.JobState
		notes []string
	}{
		"done":       {func(_ context.Context, j stackhand.Job) (string, error) { return string(j.Input), nil }, stackhand.JobDone, []string{`{"command":"keep"}`}},
		"no words":   {func(context.Context, stackhand.Job) (string, error) { return "", nil }, stackhand.JobDone, nil},
		"refused":    {func(context.Context, stackhand.Job) (string, error) { return "x", refused }, stackhand.JobFailed, nil},
		"not at all": {nil, stackhand.JobStuck, nil},
	} {
		t.Run(name, func(t *testing.T) {
			l := newLab(t)
			done := make(chan struct{}, 9)
			recs := l.recs.Open()
			e := jobs.New(recs, provision.Flows(provision.Deps{Book: recs, Line: c.line}), jobs.Options{
				Conflict: jobstest.ErrConflict, Changed: func(string) { done <- struct{}{} },
			})
			ctx, stop := context.WithCancel(t.Context())
			defer stop()
			go func() { _ = e.Run(ctx) }()
			job := stackhand.Job{ID: "line1", Flow: provision.FlowLine, Title: "Keep web-1", Input: json.RawMessage(`{"command":"keep"}`), User: stackhand.User{ID: "U1"}}
			if _, err := e.Start(ctx, job); err != nil {
				t.Fatal(err)
			}
			var j stackhand.Job
			for j.State == "" || !j.State.Rests() {
				<-done
				var err error
				if j, err = e.Job(ctx, "line1"); err != nil {
					t.Fatal(err)
				}
			}
			if j.State != c.state || !slices.Equal(j.Notes, c.notes) {
				t.Errorf("%s, %q, %+v", j.State, j.Notes, j.Problem)
			}
		})
	}
}
