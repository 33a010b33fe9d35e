package jobs

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"

	"github.com/stackhand/stackhand"
)

// Run is what a step sees of its job.
type Run struct {
	r     *runner
	ph    *phase
	step  string
	again bool
	skip  bool
}

// Job is a copy of the job's record as last saved.
func (r *Run) Job() stackhand.Job { return r.r.rec.view() }

// Again tells that an earlier attempt may have taken effect: look before you make. In an Undo
// it tells that the step did not end well, so that it may have made things that are not in Made.
func (r *Run) Again() bool { return r.again }

// Get reads what a step passed on under key into v, a pointer. It answers false where
// there is nothing.
func (r *Run) Get(key string, v any) (bool, error) {
	raw, ok := r.r.rec.view().Values[key]
	if !ok {
		return false, nil
	}
	if err := json.Unmarshal(raw, v); err != nil {
		return false, fmt.Errorf("jobs: value %q: %w", key, err)
	}
	return true, nil
}

// Set keeps v, as JSON, for later steps and attempts. It is durable when Set returns.
func (r *Run) Set(_ context.Context, key string, v any) error {
	raw, err := json.Marshal(v)
	if err != nil {
		return fmt.Errorf("jobs: value %q: %w", key, err)
	}
	return r.r.rec.do(func(j *stackhand.Job) {
		if j.Values == nil {
			j.Values = map[string]json.RawMessage{}
		}
		j.Values[key] = raw
	})
}

// Made records resources as the job's, once each by kind and id. It is durable when Made
// returns, also when ctx has ended meanwhile: what exists must not be forgotten.
func (r *Run) Made(_ context.Context, things ...stackhand.Resource) error {
	return r.r.rec.do(func(j *stackhand.Job) {
		for _, t := range things {
			if t.Job == "" {
				t.Job = j.ID
			}
			at := slices.IndexFunc(j.Made, func(m stackhand.Resource) bool { return m.Kind == t.Kind && m.ID == t.ID })
			if at < 0 {
				j.Made = append(j.Made, t)
			} else {
				j.Made[at] = t
			}
		}
	})
}

// Gone takes a resource off the record: it was removed, or is not the job's any more. It is
// durable when Gone returns.
func (r *Run) Gone(_ context.Context, kind, id string) error {
	return r.r.rec.do(func(j *stackhand.Job) {
		j.Made = slices.DeleteFunc(j.Made, func(m stackhand.Resource) bool { return m.Kind == kind && m.ID == id })
	})
}

// Note puts a word beside the step: its result, or what it waits for. It is durable at the
// latest when the step ends.
func (r *Run) Note(_ context.Context, note string) error {
	note = stackhand.Clean(note)
	return r.r.rec.later(func(j *stackhand.Job) {
		if s := j.Step(r.step); s != nil {
			s.Note = note
		}
	})
}

// Say adds a sentence to the final reply, once. It is durable at the latest when the step ends.
func (r *Run) Say(_ context.Context, sentence string) error {
	sentence = stackhand.Clean(sentence)
	return r.r.rec.later(func(j *stackhand.Job) {
		if !slices.Contains(j.Notes, sentence) {
			j.Notes = append(j.Notes, sentence)
		}
	})
}

// Instead notes with whose login the job goes on instead of its user's, and why, as a sentence of the final reply. It is
// durable when Instead returns.
func (r *Run) Instead(_ context.Context, login, sentence string) error {
	return r.r.rec.do(func(j *stackhand.Job) {
		j.Instead = login
		note(j, stackhand.Clean(sentence))
	})
}

// Skip says that the step has nothing to do: it is shown as skipped once it returns nil.
func (r *Run) Skip() { r.skip = true }

// Lock waits for the named lock, which is the job's until Unlock or until the job rests. It
// survives restarts; a job that has it gets it again at once, in any of its steps.
func (r *Run) Lock(ctx context.Context, name string) error { return r.r.lock(ctx, r, name) }

// Unlock lets the named lock go.
func (r *Run) Unlock(ctx context.Context, name string) error {
	return r.r.lets(ctx, name)
}
