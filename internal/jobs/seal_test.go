package jobs_test

import (
	"context"
	"encoding/base64"
	"encoding/json"
	"errors"
	"strings"
	"sync/atomic"
	"testing"
	"testing/synctest"

	"github.com/stackhand/stackhand"
	"github.com/stackhand/stackhand/internal/jobs"
	"github.com/stackhand/stackhand/internal/jobs/jobstest"
	"github.com/stackhand/stackhand/internal/secret"
)

const planted = `{"user_data":"pl4nted"}`

func newBox(t *testing.T) *secret.Box {
	t.Helper()
	keyset, err := secret.NewKeyset()
	if err != nil {
		t.Fatal(err)
	}
	box, err := secret.Open(keyset)
	if err != nil {
		t.Fatal(err)
	}
	return box
}

// reader is a flow that fails at first, and looks at its input wherever it gets it.
func reader(t *testing.T, works *atomic.Bool, settled *atomic.Int32) jobs.Flow {
	look := func(what string, j stackhand.Job) {
		if string(j.Input) != planted {
			t.Errorf("%s of %s sees %s", what, j.ID, j.Input)
		}
	}
	return jobs.Flow{
		Name: "flow", Version: 1,
		Steps: func(j stackhand.Job) ([]jobs.Step, error) {
			look("Steps", j)
			return []jobs.Step{{Name: "a", Title: "A", Do: func(context.Context, *jobs.Run) error {
				if works.Load() {
					return nil
				}
				return errors.New("not yet")
			}}}, nil
		},
		Settle: func(_ context.Context, j stackhand.Job, _ stackhand.JobState) ([]string, error) {
			look("Settle", j)
			settled.Add(1)
			return nil, nil
		},
		Stacks: func(j stackhand.Job) []stackhand.Stack { look("Stacks", j); return nil },
		Cleanup: func(j stackhand.Job) (stackhand.Job, error) {
			look("Cleanup", j)
			return stackhand.Job{Flow: "flow", Input: j.Input}, nil
		},
	}
}

// What a job has to do is in clear for its flow, and never on its record.
func TestInputsAreSealed(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var works atomic.Bool
		var settled atomic.Int32
		e, _ := engine(t, (&jobstest.Records{}).Open(), jobs.Options{Seal: newBox(t)}, reader(t, &works, &settled))
		hidden := func(j stackhand.Job) {
			t.Helper()
			all, err := json.Marshal(j)
			if err != nil || strings.Contains(string(all), "pl4nted") || strings.Contains(string(all), base64.StdEncoding.EncodeToString([]byte(planted))[:20]) {
				t.Errorf("job %s (%v)", all, err)
			}
		}
		j := job("j1")
		j.Flow, j.Input = "flow", json.RawMessage(planted)
		begin(t, e, j)
		hidden(rested(t, e, "j1"))
		works.Store(true)
		for _, start := range []func() (stackhand.Job, error){
			func() (stackhand.Job, error) { return e.Cleanup(t.Context(), "j1", "U2") },
			func() (stackhand.Job, error) { return e.Retry(t.Context(), "j1", "U2", false) },
		} {
			next, err := start()
			if err != nil {
				t.Fatal(err)
			}
			got := rested(t, e, next.ID)
			wantStates(t, got, "done, a done")
			hidden(got)
		}
		if settled.Load() != 3 {
			t.Errorf("settled %d times", settled.Load())
		}
	})
}

// With another keyset nothing is done, nothing is settled, and what is missing is said; what was written in clear goes on.
func TestAnotherKeyset(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		recs := &jobstest.Records{OneProcess: true}
		var works atomic.Bool
		var settled atomic.Int32
		first, stop := engine(t, recs.Open(), jobs.Options{Seal: newBox(t)}, reader(t, &works, &settled))
		j := job("j1")
		j.Flow, j.Input = "flow", json.RawMessage(planted)
		begin(t, first, j)
		rested(t, first, "j1")
		stop()
		sealed, err := recs.Open().Job(t.Context(), "j1")
		if err != nil {
			t.Fatal(err)
		}
		settled.Store(0)
		works.Store(true)
		plain := job("j2")
		plain.Flow, plain.Input, plain.State = "flow", json.RawMessage(planted), stackhand.JobQueued
		lost := job("j3")
		lost.Flow, lost.Version, lost.Input, lost.State = "flow", 1, sealed.Input, stackhand.JobQueued
		plain.Version = 1
		for _, j := range []*stackhand.Job{&plain, &lost} {
			if _, err := recs.Open().CreateJob(t.Context(), j, nil); err != nil {
				t.Fatal(err)
			}
		}
		e, _ := engine(t, recs.Open(), jobs.Options{Seal: newBox(t)}, reader(t, &works, &settled))
		wantStates(t, rested(t, e, "j2"), "done, a done")
		got := rested(t, e, "j3")
		if got.State != stackhand.JobStuck || got.Problem == nil || !strings.Contains(got.Problem.Msg, "present keyset") || got.Problem.Next == "" {
			t.Errorf("job %+v, problem %+v", got, got.Problem)
		}
		if settled.Load() != 1 {
			t.Errorf("settled %d times, want only what could be read", settled.Load())
		}
		for name, again := range map[string]func() (stackhand.Job, error){
			"retry":   func() (stackhand.Job, error) { return e.Retry(t.Context(), "j1", "U1", false) },
			"cleanup": func() (stackhand.Job, error) { return e.Cleanup(t.Context(), "j1", "U1") },
		} {
			if _, err := again(); stackhand.KindOf(err) != stackhand.NeedsHuman {
				t.Errorf("%s: %v", name, err)
			}
		}
	})
}
