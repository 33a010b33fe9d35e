package jobs

import (
	"context"
	"errors"
	"maps"
	"slices"
	"sync"
	"time"

	"github.com/cenkalti/backoff/v5"

	"github.com/stackhand/stackhand"
)

// lazily is how long a change that nothing depends on may wait for company.
const lazily = 25 * time.Millisecond

// errLost means that the job is no longer ours to work on: another engine has claimed it, or
// its record cannot be written.
var errLost = errors.New("jobs: the claim on the job is lost")

// record is the one writer of a running job's record. Changes that arrive while a save is on
// its way go together into the next one, so that steps side by side neither fight over the
// revision nor pay a disk write each. A change may be applied again on a newer record, so all
// of them must give the same result when applied twice.
type record struct {
	e     *Engine
	ctx   context.Context // ended: saves are tried once only
	saved func(stackhand.Job, error)

	mu      sync.Mutex
	job     stackhand.Job // as last saved
	next    *batch
	writing bool
	closed  bool
	lost    error
	claimed bool      // by the first save
	beat    time.Time // of the last save
	timer   *time.Timer
	idle    chan struct{} // closed when no write is on its way
}

type batch struct {
	changes []func(*stackhand.Job)
	done    chan struct{}
	err     error
}

// do applies the change and returns when it is on disk.
func (r *record) do(change func(*stackhand.Job)) error {
	b, err := r.add(change)
	if err != nil {
		return err
	}
	r.kick()
	<-b.done
	return b.err
}

// later applies the change soon: at the latest together with the next do.
func (r *record) later(change func(*stackhand.Job)) error {
	_, err := r.add(change)
	if err != nil {
		return err
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.timer == nil && !r.closed {
		r.timer = time.AfterFunc(lazily, r.kick)
	}
	return nil
}

func (r *record) add(change func(*stackhand.Job)) (*batch, error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.lost != nil {
		return nil, r.lost
	}
	if r.next == nil {
		r.next = &batch{done: make(chan struct{})}
	}
	r.next.changes = append(r.next.changes, change)
	return r.next, nil
}

func (r *record) kick() {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.timer != nil {
		r.timer.Stop()
		r.timer = nil
	}
	if r.writing || r.next == nil {
		return
	}
	r.writing, r.idle = true, make(chan struct{})
	go r.write()
}

func (r *record) write() {
	for {
		r.mu.Lock()
		b := r.next
		r.next = nil
		if b == nil {
			r.writing = false
			close(r.idle)
			r.mu.Unlock()
			return
		}
		if r.lost != nil {
			b.err = r.lost
			r.mu.Unlock()
			close(b.done)
			continue
		}
		job := r.job
		r.mu.Unlock()

		err := r.e.guarded(r.ctx, job.ID, func() (err error) {
			job, err = r.save(job, b.changes)
			return err
		})
		if len(stackhand.Panics(err)) > 0 {
			err = errors.Join(errLost, err)
		}
		r.mu.Lock()
		if err != nil {
			r.lost, b.err = err, err
		} else {
			r.job, r.beat, r.claimed = job, time.Now(), true
		}
		r.mu.Unlock()
		_ = r.e.guarded(r.ctx, job.ID, func() error { r.saved(job, err); return nil }) // it is saved all the same
		close(b.done)
	}
}

// save writes job with the changes. After a lost race it starts from the newer record, if
// that is still ours. Failing disks are given as much time as the claim lasts.
func (r *record) save(job stackhand.Job, changes []func(*stackhand.Job)) (stackhand.Job, error) {
	wait := backoff.NewExponentialBackOff()
	wait.InitialInterval, wait.MaxInterval = 50*time.Millisecond, 2*time.Second
	until := time.Now().Add(r.e.o.ClaimFor / 2)
	for {
		next := clone(job)
		next.Claim = stackhand.Claim{Engine: r.e.o.ID, Until: time.Now().Add(r.e.o.ClaimFor)}
		for _, change := range changes {
			change(&next)
		}
		err := r.e.recs.SaveJob(context.WithoutCancel(r.ctx), &next)
		if err == nil {
			return next, nil
		}
		if errors.Is(err, r.e.o.Conflict) {
			job, err = r.reload(job.ID)
			if err == nil {
				continue
			}
		}
		if errors.Is(err, errLost) || r.ctx.Err() != nil || time.Now().After(until) {
			return job, errors.Join(errLost, err)
		}
		r.e.o.Log.Warn("the job's record could not be saved, trying again", "job", job.ID, "err", err)
		select {
		case <-r.ctx.Done():
		case <-time.After(wait.NextBackOff()):
		}
	}
}

func (r *record) reload(id string) (stackhand.Job, error) {
	job, err := r.e.recs.Job(context.WithoutCancel(r.ctx), id)
	if err != nil {
		return job, err
	}
	if !r.isClaimed() || job.Claim.Engine != r.e.o.ID || job.State.Rests() {
		return job, errLost
	}
	return job, nil
}

// isClaimed tells whether the job was claimed by a save. Until then a lost race means that
// what is known of the job may be old.
func (r *record) isClaimed() bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.claimed
}

// view is the job as last saved.
func (r *record) view() stackhand.Job {
	r.mu.Lock()
	defer r.mu.Unlock()
	return clone(r.job)
}

// isLost tells that nothing can be written any more.
func (r *record) isLost() bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.lost != nil
}

// quietFor tells how long ago the record was last saved.
func (r *record) quietFor() time.Duration {
	r.mu.Lock()
	defer r.mu.Unlock()
	return time.Since(r.beat)
}

// close waits for the last write; changes that come later are dropped.
func (r *record) close() {
	r.mu.Lock()
	r.closed = true
	if r.lost == nil {
		r.lost = errLost
	}
	if r.timer != nil {
		r.timer.Stop()
	}
	idle, writing := r.idle, r.writing
	r.mu.Unlock()
	if writing {
		<-idle
	}
}

// clone copies what changes of a record touch; Problems and Needs are replaced, never changed.
func clone(j stackhand.Job) stackhand.Job {
	j.Steps = slices.Clone(j.Steps)
	j.Values = maps.Clone(j.Values)
	j.Made = slices.Clone(j.Made)
	j.Notes = slices.Clone(j.Notes)
	j.Offers = slices.Clone(j.Offers)
	return j
}
