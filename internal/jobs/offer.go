package jobs

import (
	"context"
	"slices"

	"github.com/stackhand/stackhand"
)

// Offer puts buttons on the job's end, instead of those that it had. It is durable when Offer returns.
func (r *Run) Offer(_ context.Context, offers ...stackhand.Offer) error {
	offers = slices.Clone(offers)
	return r.r.rec.do(func(j *stackhand.Job) { j.Offers = slices.Clone(offers) })
}

// Withdraw takes the offers off a job, because one of them was taken. A job that has none is left as it is.
func (e *Engine) Withdraw(ctx context.Context, id string) error {
	_, err := e.change(ctx, id, func(job *stackhand.Job) error {
		if len(job.Offers) == 0 {
			return errNoChange
		}
		job.Offers = nil
		return nil
	})
	return err
}
