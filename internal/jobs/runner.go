package jobs

import (
	"context"
	"fmt"
	"log/slog"
	"slices"
	"sync"
	"time"

	"github.com/stackhand/stackhand"
)

// runner carries one job from where its record stands to where it rests.
type runner struct {
	e     *Engine
	id    string
	log   *slog.Logger
	ctx   context.Context // ends with the engine, or with the claim
	drop  context.CancelFunc
	flow  Flow
	steps []Step
	rec   *record
	ends  chan ended

	mu       sync.Mutex
	locks    map[string]bool
	phase    *phase // the one that runs now
	forwards bool   // it goes forward
}

// work runs the job until it rests or the engine stops. It tells whether the job changed
// while it was about to be claimed, so that it has to be looked at again.
func (r *runner) work() (again bool) {
	stopping := r.ctx
	defer r.drop()
	job, err := r.e.recs.Job(r.ctx, r.id)
	if err != nil {
		r.log.Error("a job's record could not be read", "err", err)
		return false
	}
	if job.State.Rests() || !r.e.mayClaim(job) {
		return false
	}
	r.log = r.log.With("user", job.User.ID, "cloud", job.Cloud)
	rec := &record{e: r.e, ctx: r.ctx, job: job, saved: r.saved, beat: time.Now()}
	defer rec.close()
	r.mu.Lock()
	r.rec = rec
	r.recall(job)
	r.mu.Unlock()
	if err := r.prepare(job); err != nil {
		p := r.e.problemOf(r.ctx, err, "")
		r.log.Error("a job could not be begun", "ref", p.Ref, "err", causes(err))
		to := stackhand.JobStuck
		if job.State == stackhand.JobQueued && p.Kind != stackhand.NeedsHuman {
			to = stackhand.JobFailed // nothing was done yet
		}
		r.rest(to, p)
	} else if job.State == stackhand.JobUndoing || r.goForward() {
		r.goBack()
	}
	return rec.isLost() && !rec.isClaimed() && stopping.Err() == nil
}

// prepare finds the flow and its steps, and notes on the record, together with the first
// save, that the job is at work.
func (r *runner) prepare(job stackhand.Job) error {
	flow, err := r.e.flow(job.Flow, job.Version)
	if err != nil {
		return err
	}
	r.flow = flow
	if job, err = r.e.opened(job); err != nil {
		return err
	}
	if r.steps, err = stepsOf(flow, job); err != nil {
		return err
	}
	fresh := make([]stackhand.JobStep, len(r.steps))
	for i, s := range r.steps {
		fresh[i] = stackhand.JobStep{Name: s.Name, Title: s.Title, Needs: s.Needs, State: stackhand.StepWaiting}
		if len(job.Steps) > 0 && job.Step(s.Name) == nil {
			return fmt.Errorf("jobs: flow %s %d has no step %q on the record of job %s", flow.Name, flow.Version, s.Name, job.ID)
		}
	}
	r.ends = make(chan ended, len(r.steps))
	now, begun, resumed := r.e.o.Now(), job.State != stackhand.JobQueued, job.Resumed+1
	open := func(j *stackhand.Job) {
		if begun {
			j.Resumed = resumed
			return
		}
		j.State, j.Started, j.Steps = stackhand.JobRunning, now, slices.Clone(fresh)
	}
	open(&r.rec.job)
	_, err = r.rec.add(open)
	return err
}

func stepsOf(flow Flow, job stackhand.Job) (steps []Step, err error) {
	err = stackhand.Guarded("job "+job.ID, func() (err error) {
		if steps, err = flow.Steps(job); err != nil {
			return err
		}
		return check(steps)
	})
	return steps, forHuman(err)
}

// saved follows every save of the record.
func (r *runner) saved(job stackhand.Job, err error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if err != nil {
		r.log.Warn("the job is left to whoever claims it next", "err", err)
		if r.phase != nil {
			r.phase.cut()
		}
		r.drop()
		return
	}
	if job.Canceled != "" && r.forwards {
		r.phase.stop()
	}
	r.e.o.Changed(job.ID)
}

// begin starts a phase.
func (r *runner) begin(forward bool) *phase {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.phase, r.forwards = newPhase(r.ctx, r.e.o.Grace), forward
	return r.phase
}

// goForward runs the steps. It tells whether the job has to go back.
func (r *runner) goForward() bool {
	ph := r.begin(true)
	defer ph.end()
	if err := r.pass(ph, r.startable); err != nil {
		return false
	}
	return r.decide(r.rec.view())
}

// pass runs what next finds startable until nothing runs and nothing can be started. What
// ended and what starts because of it is written in one save.
func (r *runner) pass(ph *phase, next func(stackhand.Job, map[string]bool) []start) error {
	live := map[string]bool{}
	var over []ended
	for {
		fold := r.fold(over)
		job := r.rec.view()
		fold(&job)
		var starts []start
		if !ph.stopped() {
			starts = next(job, live)
		}
		if err := r.write(fold, over, starts); err != nil {
			ph.cut()
			for range live {
				<-r.ends
			}
			return err
		}
		for _, s := range starts {
			live[s.step.Name] = true
			go r.carry(ph, s)
		}
		if len(live) == 0 {
			return nil
		}
		over = r.collect(ph, live)
	}
}

// collect waits for a step to end and takes along those that ended with it. One that went
// wrong stops a forward phase.
func (r *runner) collect(ph *phase, live map[string]bool) []ended {
	over := []ended{<-r.ends}
	for {
		select {
		case e := <-r.ends:
			over = append(over, e)
			continue
		default:
		}
		for _, e := range over {
			delete(live, e.step)
			if e.err != nil && r.goesForward() {
				ph.stop()
			}
		}
		return over
	}
}

func (r *runner) goesForward() bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.forwards
}

// beat renews the claim if the record was not saved for so long.
func (r *runner) beat(after time.Duration) {
	r.mu.Lock()
	rec := r.rec
	r.mu.Unlock()
	if rec == nil || rec.quietFor() < after {
		return
	}
	if rec.later(func(*stackhand.Job) {}) == nil && after == 0 {
		rec.kick()
	}
}
