package store

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/stackhand/stackhand"
)

// Purged is how many records Purge took out.
type Purged struct{ Stacks, Jobs, Requests, Notices int }

// Sum is how many that are.
func (p Purged) Sum() int { return p.Stacks + p.Jobs + p.Requests + p.Notices }

// purge is one run.
type purge struct {
	*Store
	before time.Time
	left   int // how many records may still be taken out
	Purged
}

// errEnough ends a run that has taken out as much as it may.
var errEnough = errors.New("store: enough")

// Purge takes out what came to its end before a moment, and what nothing refers to: stacks that are gone, jobs and requests with what the
// chat was shown of them, and notices that were delivered. At most limit records in a run; another one goes on. Each is taken out
// whole, in one commit, so that a run that is cut short has only done less. It stays
//
//   - a stack with an image to restore it from, and what is not gone;
//   - a job of a stack whose record is there, one that has made what somebody may have still, one that does not rest or is stuck, whose end
//     is not on the audit trail, or of which not everything was shown; and its request;
//   - a request that waits, and one whose job has not begun;
//   - a notice that is not delivered, that can be answered, whose answer waits for an approval, or of a job that is there.
//
// Audit records are never touched.
func (s *Store) Purge(ctx context.Context, before time.Time, limit int) (Purged, error) {
	p := &purge{Store: s, before: before, left: limit}
	for _, part := range []func(context.Context) error{p.stacks, p.jobs, p.requests, p.notices} {
		if err := part(ctx); err != nil && !errors.Is(err, errEnough) {
			return p.Purged, err
		}
	}
	return p.Purged, nil
}

// take takes records out by their writes. What somebody changed meanwhile stays until the next run.
func (p *purge) take(ctx context.Context, count *int, ops []Op) error {
	if p.left <= 0 {
		return errEnough
	}
	if len(ops) > maxOps {
		return nil // it stays
	}
	_, err := p.d.Commit(ctx, ops...)
	if errors.Is(err, ErrConflict) {
		return nil
	}
	if err != nil {
		return fmt.Errorf("purge: %w", err)
	}
	*count++
	p.left--
	return nil
}

// without are the writes that take a record out as it was read.
func (t table[T]) without(v *T) []Op {
	ops := []Op{{Key: t.key(v), Delete: true, Check: true, Expect: *t.rev(v)}}
	if t.index != nil {
		for _, i := range t.index(v) {
			ops = append(ops, Op{Key: i, Delete: true})
		}
	}
	return ops
}

// stacks looks at those that went before the moment, by their index, which is by project.
func (p *purge) stacks(ctx context.Context) error {
	for from, to := under("stack.past"); ; {
		one, err := stackTable.follow(ctx, p.d, from, to, 1, nil)
		if err != nil || len(one) == 0 {
			return err
		}
		begin, end := under("stack.past", one[0].Cloud, one[0].ProjectID)
		past := key("stack.past", one[0].Cloud, one[0].ProjectID, rising(p.before))
		if err := along(ctx, p, stackTable, begin, past, p.stack); err != nil {
			return err
		}
		from = end
	}
}

func (p *purge) stack(ctx context.Context, r stackRow) error {
	if _, image := r.Lease.Ladder.Snapshot(); r.State != stackhand.StackGone || image || r.Gone.IsZero() || !r.Gone.Before(p.before) {
		return nil
	}
	ops := stackTable.without(&r)
	switch a, err := activityTable.read(ctx, p.d, key("activity", r.ID)); {
	case err == nil:
		ops = append(ops, activityTable.without(&a)...)
	case !errors.Is(err, ErrNotFound):
		return err
	}
	return p.take(ctx, &p.Stacks, ops)
}

// jobs looks at those that were asked for before the moment, by their index.
func (p *purge) jobs(ctx context.Context) error {
	_, to := under("job.recent")
	return along(ctx, p, jobTable, key("job.recent", falling(p.before)), to, func(ctx context.Context, j stackhand.Job) error {
		keep, err := p.needed(ctx, j)
		if err != nil || keep {
			return err
		}
		return p.takeAffair(ctx, &p.Jobs, j.ID, jobTable.without(&j))
	})
}

// requests looks at those that were asked for before the moment and never became a job.
func (p *purge) requests(ctx context.Context) error {
	_, to := under("request.recent")
	return along(ctx, p, requestTable, key("request.recent", falling(p.before)), to, func(ctx context.Context, r stackhand.Request) error {
		switch _, err := jobTable.read(ctx, p.d, key("job", r.ID)); {
		case err == nil:
			return nil // it goes with its job
		case !errors.Is(err, ErrNotFound):
			return err
		}
		return p.takeAffair(ctx, &p.Requests, r.ID, nil)
	})
}

// along calls do with the records that the index keys in [from, to) lead to, a page at a time.
func along[T any](ctx context.Context, p *purge, t table[T], from, to string, do func(context.Context, T) error) error {
	for {
		items, err := p.d.Scan(ctx, from, to, eachPage)
		if err != nil {
			return fmt.Errorf("list each old %s: %w", t.what, err)
		}
		for _, i := range items {
			v, err := t.read(ctx, p.d, string(i.Value))
			if errors.Is(err, ErrNotFound) {
				continue
			}
			if err == nil {
				err = do(ctx, v)
			}
			if err != nil {
				return err
			}
		}
		if len(items) < eachPage {
			return nil
		}
		from = items[len(items)-1].Key + "\x00"
	}
}

// takeAffair takes out, in one commit, what has an id together: a job, its request, and what the chat was shown. Where the request is not
// decided, or something is still to be shown, all of it stays.
func (p *purge) takeAffair(ctx context.Context, count *int, id string, ops []Op) error {
	req, err := requestTable.read(ctx, p.d, key("request", id))
	switch {
	case err == nil && (isOpen(&req) || req.State == stackhand.RequestApproved && !req.Started):
		return nil
	case err == nil:
		ops = append(ops, requestTable.without(&req)...)
	case !errors.Is(err, ErrNotFound):
		return err
	}
	shown, err := reportTable.read(ctx, p.d, key("report", id))
	switch {
	case err == nil && shown.Open:
		return nil
	case err == nil:
		ops = append(ops, reportTable.without(&shown)...)
	case !errors.Is(err, ErrNotFound):
		return err
	}
	return p.take(ctx, count, ops)
}

// needed tells whether something refers to a job still, or may.
func (p *purge) needed(ctx context.Context, j stackhand.Job) (bool, error) {
	if !j.State.Rests() || j.State == stackhand.JobStuck || j.Ended.IsZero() || !j.Ended.Before(p.before) || leaves(j) {
		return true, nil
	}
	for _, k := range append(stackKeys(j.Stacks), endedKey(j.ID)) {
		switch _, err := p.d.Get(ctx, k); {
		case err == nil:
			return true, nil
		case !errors.Is(err, ErrNotFound):
			return true, fmt.Errorf("read %s: %w", k, err)
		}
	}
	return false, nil
}

func stackKeys(ids []string) (keys []string) {
	for _, id := range ids {
		keys = append(keys, key("stack", id))
	}
	return keys
}

// leaves tells whether a job has made what somebody may have still: what was made for stacks is on their ledgers, all else is told from what
// nobody wants by the job alone.
func leaves(j stackhand.Job) bool {
	onLedgers := j.State == stackhand.JobDone && slices.Contains([]string{"create", "adopt"}, j.Flow)
	return len(j.Made) > 0 && !onLedgers
}

func (p *purge) notices(ctx context.Context) error {
	from, to := under("notice")
	return noticeTable.each(ctx, p.d, from, to, func(n stackhand.Notice) error {
		open := n.Open() || n.Waits != "" || !n.Ends.IsZero() && len(n.Actions) > 0 && !n.Ends.Before(p.before)
		if open || !n.Created.Before(p.before) {
			return nil
		}
		if n.Job != "" {
			switch _, err := p.d.Get(ctx, key("job", n.Job)); {
			case err == nil:
				return nil
			case !errors.Is(err, ErrNotFound):
				return fmt.Errorf("read job %s: %w", n.Job, err)
			}
		}
		return p.take(ctx, &p.Notices, noticeTable.without(&n))
	})
}
