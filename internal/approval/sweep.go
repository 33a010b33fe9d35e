package approval

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"time"

	"github.com/stackhand/stackhand"
)

// Sweeper does what is due about requests. It is safe to run late, often, and twice at once.
type Sweeper struct {
	Book *Book
	// Begin starts the job of an approved request and notes that on it; doing it again does no harm.
	Begin    func(ctx context.Context, r stackhand.Request) error
	Log      *slog.Logger
	Conflict error // what a save matches that somebody else was faster than
}

// Sweep does once what is due now. A request that makes trouble, or a panic, does not stop the others.
func (s *Sweeper) Sweep(ctx context.Context) error {
	var errs []error
	begin, err := s.Book.Records.RequestsToStart(ctx)
	errs = append(errs, err)
	for _, r := range begin {
		if err := stackhand.Guarded("the request "+r.ID, func() error { return s.begin(ctx, r.ID) }); err != nil {
			errs = append(errs, fmt.Errorf("begin request %s: %w", r.ID, err))
		}
	}
	due, err := s.Book.Records.RequestsDue(ctx, s.Book.Now())
	errs = append(errs, err)
	for _, r := range due {
		if err := stackhand.Guarded("the request "+r.ID, func() error { return s.look(ctx, r) }); err != nil && !(s.Conflict != nil && errors.Is(err, s.Conflict)) {
			errs = append(errs, fmt.Errorf("request %s: %w", r.ID, err))
		}
	}
	return errors.Join(errs...)
}

func (s *Sweeper) begin(ctx context.Context, id string) error {
	r, err := s.Book.Request(ctx, id)
	if err != nil {
		return err
	}
	return s.Begin(ctx, r)
}

// look does the one thing that is due about a request. Who decides at the same moment wins: the save is lost, and there
// is nothing left to do.
func (s *Sweeper) look(ctx context.Context, r stackhand.Request) error {
	now, rules := s.Book.Now(), s.Book.Rules().of(r)
	was := r
	is := func(after time.Duration, done time.Time) bool {
		return after > 0 && done.IsZero() && !now.Before(r.Created.Add(after))
	}
	if is(rules.Remind, r.Reminded) {
		r.Reminded = now
	}
	if is(rules.Escalate, r.Escalated) {
		r.Escalated = now
	}
	if !now.Before(r.Ends) {
		r.State, r.Closed, r.Note = stackhand.RequestEnded, now, "Nobody decided in time."
		r.Reminded, r.Escalated = was.Reminded, was.Escalated // too late for that
	}
	if err := s.Book.SaveRequest(ctx, &r); err != nil {
		return err
	}
	s.Log.Info("a request was looked at", "job", r.ID, "user", r.Job.User.ID, "state", r.State,
		"reminded", !r.Reminded.Equal(was.Reminded), "escalated", !r.Escalated.Equal(was.Escalated))
	return nil
}
