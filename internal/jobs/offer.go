package jobs

import (
	"context"
	"fmt"
	"slices"

	"github.com/stackhand/stackhand"
)

// Offer puts buttons on the job's end, instead of those that it had. It is durable when Offer returns.
func (r *Run) Offer(_ context.Context, offers ...stackhand.Offer) error {
	offers = slices.Clone(offers)
	return r.r.rec.do(func(j *stackhand.Job) { j.Offers = slices.Clone(offers) })
}

// OfferToo puts another button on the job's end, beside those that it has. It is durable when OfferToo returns; one that is there
// already stays as it is.
func (r *Run) OfferToo(_ context.Context, offer stackhand.Offer) error {
	return r.r.rec.do(func(j *stackhand.Job) {
		if !slices.ContainsFunc(j.Offers, func(o stackhand.Offer) bool { return o.Line == offer.Line }) {
			j.Offers = append(slices.Clone(j.Offers), offer)
		}
	})
}

// offersLook is among how many of the newest jobs the offers about a thing are looked for.
const offersLook = 500

// Withdraw takes the offers about a thing off whichever jobs have them: they are void now.
func (r *Run) Withdraw(ctx context.Context, about string) error {
	recent, err := r.r.e.recs.RecentJobs(ctx, "", offersLook)
	if err != nil {
		return fmt.Errorf("jobs: offers about %s: %w", about, err)
	}
	for _, job := range recent {
		void := slices.ContainsFunc(job.Offers, func(o stackhand.Offer) bool { return o.About == about })
		if !void || job.ID == r.r.id {
			continue
		}
		if err := r.r.e.Withdraw(ctx, job.ID); err != nil {
			return err
		}
	}
	return nil
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

// WithdrawLine takes the offers of a line off a job and leaves the others. A job that has none is left as it is.
func (e *Engine) WithdrawLine(ctx context.Context, id, line string) error {
	_, err := e.change(ctx, id, func(job *stackhand.Job) error {
		rest := slices.DeleteFunc(slices.Clone(job.Offers), func(o stackhand.Offer) bool { return o.Line == line })
		if len(rest) == len(job.Offers) {
			return errNoChange
		}
		job.Offers = rest
		return nil
	})
	return err
}
