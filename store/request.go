package store

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/stackhand/stackhand"
)

var requestTable = table[stackhand.Request]{
	what:  "request",
	key:   func(r *stackhand.Request) string { return key("request", r.ID) },
	rev:   func(r *stackhand.Request) *int64 { return &r.Rev },
	index: requestIndex,
}

func requestIndex(r *stackhand.Request) []string {
	var keys []string
	switch {
	case r.State == stackhand.RequestOpen:
		keys = append(keys, key("request.open", rising(r.Next), r.ID))
	case r.State == stackhand.RequestApproved && !r.Started:
		keys = append(keys, key("request.start", r.ID))
	}
	keys = append(keys, key("request.recent", falling(r.Created), r.ID), key("request.user", r.Job.User.ID, falling(r.Created), r.ID))
	if at := r.Job.Place; at.Thread != "" {
		keys = append(keys, threadKey(at.Channel, at.Thread, "request "+r.ID))
	}
	return keys
}

// Ask writes a request down, together with the open report that its job will have. If there is one of this id already
// it writes nothing and answers that.
func (s *Store) Ask(ctx context.Context, r stackhand.Request) (stackhand.Request, error) {
	if err := need("request", r.ID); err != nil {
		return r, err
	}
	was, err := requestTable.read(ctx, s.d, requestTable.key(&r))
	if err == nil || !errors.Is(err, ErrNotFound) {
		return was, err
	}
	r.Rev = 0
	ops, _, err := requestTable.ops(nil, &r)
	if err != nil {
		return r, err
	}
	report, err := s.reopened(ctx, r.ID)
	if err != nil {
		return r, err
	}
	rev, err := s.d.Commit(ctx, append(ops, report...)...)
	if errors.Is(err, ErrConflict) { // somebody else asked the same
		return requestTable.read(ctx, s.d, requestTable.key(&r))
	}
	if err != nil {
		return r, fmt.Errorf("ask for %s: %w", r.ID, err)
	}
	r.Rev = rev
	return r, nil
}

// reopened are the writes after which the job's report is open, so that what changed is shown: none if it is already.
func (s *Store) reopened(ctx context.Context, job string) ([]Op, error) {
	next := stackhand.Report{Job: job}
	var old *stackhand.Report
	switch was, err := reportTable.read(ctx, s.d, reportTable.key(&next)); {
	case err == nil && was.Open:
		return nil, nil
	case err == nil:
		old, next = &was, was
	case !errors.Is(err, ErrNotFound):
		return nil, err
	}
	next.Open = true
	ops, _, err := reportTable.ops(old, &next)
	return ops, err
}

// Request reads a request.
func (s *Store) Request(ctx context.Context, id string) (stackhand.Request, error) {
	return requestTable.get(ctx, s.d, key("request", id), id)
}

// SaveRequest writes a request and has its messages looked at. If its revision is not the store's it answers ErrConflict.
func (s *Store) SaveRequest(ctx context.Context, r *stackhand.Request) error {
	if err := need("request", r.ID); err != nil {
		return err
	}
	for {
		old, err := requestTable.read(ctx, s.d, requestTable.key(r))
		if errors.Is(err, ErrNotFound) || err == nil && old.Rev != r.Rev {
			return fmt.Errorf("save request %s: %w", r.ID, ErrConflict)
		}
		if err != nil {
			return err
		}
		ops, _, err := requestTable.ops(&old, r)
		if err != nil {
			return err
		}
		report, err := s.reopened(ctx, r.ID)
		if err != nil {
			return err
		}
		rev, err := s.d.Commit(ctx, append(ops, report...)...)
		if errors.Is(err, ErrConflict) {
			continue // the report's alone: then the request is still as it was
		}
		if err != nil {
			return fmt.Errorf("save request %s: %w", r.ID, err)
		}
		r.Rev = rev
		return nil
	}
}

// EachRequest calls do with every request, in the order of their ids.
func (s *Store) EachRequest(ctx context.Context, do func(stackhand.Request) error) error {
	from, to := under("request")
	return requestTable.each(ctx, s.d, from, to, do)
}

// OpenRequests reads the requests that wait for a decision, in the order of their next moment.
func (s *Store) OpenRequests(ctx context.Context) ([]stackhand.Request, error) {
	from, to := under("request.open")
	return requestTable.follow(ctx, s.d, from, to, 0, isOpen)
}

func isOpen(r *stackhand.Request) bool { return r.State == stackhand.RequestOpen }

// RequestsDue reads those of the open requests whose next moment is until or earlier, and no others.
func (s *Store) RequestsDue(ctx context.Context, until time.Time) ([]stackhand.Request, error) {
	from, _ := under("request.open")
	_, to := under("request.open", rising(until))
	return requestTable.follow(ctx, s.d, from, to, 0, func(r *stackhand.Request) bool { return isOpen(r) && !r.Next.After(until) })
}

// RequestsToStart reads the approved requests whose job may not be there yet.
func (s *Store) RequestsToStart(ctx context.Context) ([]stackhand.Request, error) {
	from, to := under("request.start")
	return requestTable.follow(ctx, s.d, from, to, 0, func(r *stackhand.Request) bool {
		return r.State == stackhand.RequestApproved && !r.Started
	})
}

// RecentRequests reads at most limit requests (0: all), newest first: those of one user, or of all with user "".
func (s *Store) RecentRequests(ctx context.Context, user string, limit int) ([]stackhand.Request, error) {
	from, to := under("request.recent")
	if user != "" {
		from, to = under("request.user", user)
	}
	return requestTable.follow(ctx, s.d, from, to, limit, nil)
}

// RequestsInThread reads the requests that were asked for in a thread, or one of whose cards it belongs to.
func (s *Store) RequestsInThread(ctx context.Context, channel, ts string) ([]stackhand.Request, error) {
	from, to := under("thread", channel, ts)
	items, err := s.d.Scan(ctx, from, to, 0)
	if err != nil {
		return nil, fmt.Errorf("read the thread's requests: %w", err)
	}
	var out []stackhand.Request
	seen := map[string]bool{}
	for _, i := range items {
		id, err := s.jobBehind(ctx, string(i.Value))
		if err != nil {
			return nil, err
		}
		if seen[id] {
			continue
		}
		seen[id] = true
		r, err := requestTable.read(ctx, s.d, key("request")+"/"+id)
		switch {
		case err == nil:
			out = append(out, r)
		case !errors.Is(err, ErrNotFound):
			return nil, err
		}
	}
	return out, nil
}
