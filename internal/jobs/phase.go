package jobs

import (
	"context"
	"errors"
	"time"
)

// errStopped is what a wait of the engine ends with when the job is to stop.
var errStopped = errors.New("jobs: asked to stop")

// phase is one way of a job, forward or back. When it is stopped nothing new begins and
// waiting ends at once; calls on their way get the grace before their context ends, since
// the outcome of a call that was cut off is unknown.
type phase struct {
	soft, hard context.Context
	stop, cut  context.CancelFunc
}

func newPhase(ctx context.Context, grace time.Duration) *phase {
	ph := &phase{}
	ph.soft, ph.stop = context.WithCancel(ctx)
	ph.hard, ph.cut = context.WithCancel(context.WithoutCancel(ctx))
	context.AfterFunc(ph.soft, func() {
		t := time.NewTimer(grace)
		defer t.Stop()
		select {
		case <-t.C:
			ph.cut()
		case <-ph.hard.Done():
		}
	})
	return ph
}

func (ph *phase) end() {
	ph.cut()
	ph.stop()
}

func (ph *phase) stopped() bool { return ph.soft.Err() != nil }

// pause waits for d, or until also is closed; it ends early with an error when ctx ends or
// the phase is stopped.
func (ph *phase) pause(ctx context.Context, d time.Duration, also <-chan struct{}) error {
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-ctx.Done():
		return ctx.Err()
	case <-ph.soft.Done():
		return errStopped
	case <-also:
	case <-t.C:
	}
	return nil
}
