package jobs

import (
	"context"
	"errors"
	"time"

	"github.com/cenkalti/backoff/v5"

	"github.com/stackhand/stackhand"
)

// ended is the outcome of a step, after all its attempts.
type ended struct {
	step    string
	err     error
	skipped bool
	stopped bool // it was stopped midway: it neither failed nor is done
}

// start is a step that is about to run.
type start struct {
	step    Step
	attempt int
	again   bool
	undo    bool
}

// carry makes attempts at the step until one is final, and reports it.
func (r *runner) carry(ph *phase, s start) {
	run := &Run{r: r, ph: ph, step: s.step.Name, again: s.again}
	err := errStopped
	if !ph.stopped() {
		err = forHuman(stackhand.Guarded("job "+r.id, func() error { return r.attempts(ph, s, run) })) // the runner waits for an end
	}
	r.ends <- ended{step: s.step.Name, err: err, skipped: run.skip, stopped: ph.stopped() && interrupted(err)}
}

// attempts makes attempts until one is final. While somebody waits, nothing but failures is borne with for
// Retries.For only; a cloud that names a time to come back, and undoing, have longer.
func (r *runner) attempts(ph *phase, s start, run *Run) error {
	base, retries := ph.hard, r.e.o.Retries
	if s.step.Waits && !s.undo {
		base = ph.soft
	}
	each := or(s.step.Timeout, retries.Step)
	whole, stubborn, most := each, retries.For, retries.Max
	if s.undo {
		whole, stubborn, most = retries.UndoFor, retries.UndoFor, retries.UndoMax
	}
	ctx, cancel := context.WithTimeout(base, whole)
	defer cancel()
	wait := backoff.NewExponentialBackOff()
	wait.InitialInterval, wait.MaxInterval, wait.Multiplier = retries.First, most, 2
	failing := time.Now() // since then nothing but failures
	for n := s.attempt; ; n++ {
		began := time.Now()
		err := once(ctx, each, s, run)
		if err == nil || !stackhand.Temporary(err) {
			return err
		}
		if time.Since(began) > stubborn {
			failing = time.Now() // it went well for long
		}
		limit, d := stubborn, wait.NextBackOff()
		if asked := retryAfter(err); asked > d {
			limit, d = max(stubborn, each), asked
		}
		switch {
		case ctx.Err() != nil:
			return gaveUp(ctx, err, whole)
		case time.Since(failing)+d > limit:
			return gaveUp(ctx, err, limit)
		}
		if paused := r.again(ph, ctx, s.step, n, err, d); errors.Is(paused, context.DeadlineExceeded) {
			return gaveUp(ctx, err, whole)
		} else if paused != nil {
			return paused
		}
		run.again, run.skip = true, false
	}
}

// again waits before the next attempt and writes that down first.
func (r *runner) again(ph *phase, ctx context.Context, step Step, n int, cause error, d time.Duration) error {
	p := r.e.problemOf(ctx, cause, step.Title)
	r.log.WarnContext(ctx, "an attempt went wrong, trying again", "step", step.Name, "attempt", n, "ref", p.Ref, "in", d, "err", causes(cause))
	err := r.rec.later(func(j *stackhand.Job) {
		if s := j.Step(step.Name); s != nil {
			s.Problem = p
		}
	})
	if err != nil {
		return err
	}
	if err := ph.pause(ctx, d, nil); err != nil {
		return err
	}
	return r.rec.do(func(j *stackhand.Job) {
		if s := j.Step(step.Name); s != nil {
			s.Attempt = n + 1
		}
	})
}

// once makes one attempt; a panic becomes an error.
func once(ctx context.Context, limit time.Duration, s start, run *Run) error {
	ctx, cancel := context.WithTimeout(ctx, limit)
	defer cancel()
	return forHuman(stackhand.Guarded("job "+run.r.id, func() error {
		if s.undo {
			return s.step.Undo(ctx, run)
		}
		return s.step.Do(ctx, run)
	}))
}

func retryAfter(err error) time.Duration {
	var e *stackhand.Error
	if errors.As(err, &e) {
		return e.RetryAfter
	}
	return 0
}

// gaveUp is the last word after attempts that all might have passed.
func gaveUp(ctx context.Context, err error, limit time.Duration) error {
	var e *stackhand.Error
	if errors.As(err, &e) || errors.Is(ctx.Err(), context.Canceled) {
		return err
	}
	return stackhand.Errorf(stackhand.Unavailable, "It was not done within %s.", limit.Round(time.Second)).
		Do("Try again later; if it happens again, ask the cloud's administrator.").Because(err)
}

// causes is the chain of err for the log: an Error's own text hides its cause.
func causes(err error) string {
	s := err.Error()
	var e *stackhand.Error
	for errors.As(err, &e) && e.Err != nil {
		err = e.Err
		s += ": " + err.Error()
	}
	return s
}
