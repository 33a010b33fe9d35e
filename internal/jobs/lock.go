package jobs

import (
	"context"
	"encoding/json"
	"fmt"
	"strings"
	"time"

	"github.com/stackhand/stackhand"
)

// lockLook is how often a waiting job looks at a lock. Within one engine it is woken at
// once; another engine's unlock is seen by looking.
const lockLook = time.Second

// lock waits for a lock of the records. A lock whose holder rests was left by a crash and is
// taken over, so no lock outlives its job.
func (r *runner) lock(ctx context.Context, run *Run, name string) error {
	noted := ""
	for {
		released := r.e.released()
		holder, err := r.e.recs.TryLock(ctx, name, r.id)
		if err != nil {
			return fmt.Errorf("jobs: lock %s: %w", name, err)
		}
		if holder == r.id {
			if err := r.holds(name); err != nil {
				return err
			}
			if noted != "" {
				return run.Note(ctx, "")
			}
			return nil
		}
		if r.e.abandoned(ctx, holder) {
			if err := r.e.recs.Unlock(ctx, name, holder); err != nil {
				return fmt.Errorf("jobs: lock %s: %w", name, err)
			}
			continue
		}
		if noted != holder {
			noted = holder
			if err := run.Note(ctx, "waiting for job "+holder); err != nil {
				return err
			}
		}
		if err := run.ph.pause(ctx, lockLook, released); err != nil {
			return err
		}
	}
}

// abandoned tells whether the job that holds a lock rests, or is unknown.
func (e *Engine) abandoned(ctx context.Context, id string) bool {
	job, err := e.recs.Job(ctx, id)
	if err != nil {
		return stackhand.KindOf(err) == stackhand.NotFound
	}
	return job.State.Rests()
}

func (e *Engine) unlock(ctx context.Context, name, holder string) error {
	if err := e.recs.Unlock(context.WithoutCancel(ctx), name, holder); err != nil {
		return fmt.Errorf("jobs: unlock %s: %w", name, err)
	}
	e.mu.Lock()
	close(e.free)
	e.free = make(chan struct{})
	e.mu.Unlock()
	return nil
}

// released is closed when some lock is let go by this engine.
func (e *Engine) released() <-chan struct{} {
	e.mu.Lock()
	defer e.mu.Unlock()
	return e.free
}

// lockKey begins the keys of Job.Values under which a job's locks are noted, so that they are
// let go when it rests, also by another engine.
const lockKey = "lock:"

func (r *runner) holds(name string) error {
	r.mu.Lock()
	r.locks[name] = true
	r.mu.Unlock()
	return r.rec.later(func(j *stackhand.Job) {
		if j.Values == nil {
			j.Values = map[string]json.RawMessage{}
		}
		j.Values[lockKey+name] = json.RawMessage("true")
	})
}

// lets lets a lock go.
func (r *runner) lets(ctx context.Context, name string) error {
	if err := r.e.unlock(ctx, name, r.id); err != nil {
		return err
	}
	r.mu.Lock()
	delete(r.locks, name)
	r.mu.Unlock()
	return r.rec.later(func(j *stackhand.Job) { delete(j.Values, lockKey+name) })
}

// recall finds the locks that the job has from before.
func (r *runner) recall(job stackhand.Job) {
	for key := range job.Values {
		if name, ok := strings.CutPrefix(key, lockKey); ok {
			r.locks[name] = true
		}
	}
}

// unlockAll lets go of what the job locked in this engine; failures heal themselves, see lock.
func (r *runner) unlockAll(ctx context.Context) {
	r.mu.Lock()
	defer r.mu.Unlock()
	for name := range r.locks {
		if err := r.e.unlock(ctx, name, r.id); err != nil {
			r.log.WarnContext(ctx, "a lock was not let go; it is taken over when somebody wants it", "lock", name, "err", err)
		}
	}
	clear(r.locks)
}
