package store

import (
	"context"
	"errors"
	"fmt"

	"github.com/stackhand/stackhand"
)

// Ending is a job that came to rest, and of which that is not on the audit trail yet.
type Ending struct {
	Job  stackhand.Job
	mark Item
}

// Endings reads at most limit of them (0: all).
func (s *Store) Endings(ctx context.Context, limit int) ([]Ending, error) {
	from, to := under("job.ended")
	marks, err := s.d.Scan(ctx, from, to, limit)
	if err != nil {
		return nil, fmt.Errorf("list the jobs that ended: %w", err)
	}
	var out []Ending
	for _, m := range marks {
		job, err := jobTable.read(ctx, s.d, string(m.Value))
		if err != nil && !errors.Is(err, ErrNotFound) {
			return nil, err
		}
		out = append(out, Ending{job, m})
	}
	return out, nil
}

// Noted forgets an ending whose record is on the audit trail. A job that went on and came to rest anew meanwhile stays.
func (s *Store) Noted(ctx context.Context, e Ending) error {
	_, err := s.d.Commit(ctx, Op{Key: e.mark.Key, Delete: true, Check: true, Expect: e.mark.Rev})
	if err != nil && !errors.Is(err, ErrConflict) {
		return fmt.Errorf("forget the end of job %s: %w", e.Job.ID, err)
	}
	return nil
}
