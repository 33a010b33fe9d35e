package store

import (
	"context"
	"slices"

	"github.com/stackhand/stackhand"
)

var reportTable = table[stackhand.Report]{
	what:  "report of job",
	key:   func(r *stackhand.Report) string { return key("report", r.Job) },
	rev:   func(r *stackhand.Report) *int64 { return &r.Rev },
	index: reportIndex,
}

func reportIndex(r *stackhand.Report) []string {
	var keys []string
	if r.Open {
		keys = append(keys, key("report.open", r.Job))
	}
	if !r.Later.IsZero() {
		keys = append(keys, key("report.later", r.Job))
	}
	if r.Card.TS != "" {
		keys = append(keys, threadKey(r.Card.Channel, r.Card.TS, "card of "+r.Job))
	}
	for _, c := range r.Copies {
		if k := threadKey(c.Channel, c.TS, "card of "+r.Job); c.TS != "" && !slices.Contains(keys, k) {
			keys = append(keys, k)
		}
	}
	return keys
}

// Report reads what the chat has been shown of a job.
func (s *Store) Report(ctx context.Context, job string) (stackhand.Report, error) {
	return reportTable.get(ctx, s.d, key("report", job), job)
}

// SaveReport writes a report; ErrConflict if its revision is not the store's. From then on the
// thread of its card leads to the job.
func (s *Store) SaveReport(ctx context.Context, r *stackhand.Report) error {
	if err := need("report", r.Job); err != nil {
		return err
	}
	return reportTable.save(ctx, s.d, r)
}

// OpenReports reads the reports that the chat does not show to the end yet.
func (s *Store) OpenReports(ctx context.Context) ([]stackhand.Report, error) {
	from, to := under("report.open")
	return reportTable.follow(ctx, s.d, from, to, 0, func(r *stackhand.Report) bool { return r.Open })
}

// LaterReports reads the reports whose messages change by themselves at their time Later.
func (s *Store) LaterReports(ctx context.Context) ([]stackhand.Report, error) {
	from, to := under("report.later")
	return reportTable.follow(ctx, s.d, from, to, 0, func(r *stackhand.Report) bool { return !r.Later.IsZero() })
}
