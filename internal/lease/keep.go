package lease

import (
	"context"
	"time"

	"github.com/stackhand/stackhand"
)

// Extend moves the end of a stack's lease. It answers Invalid when that would be too far away, or
// earlier than now. key, unless it is "", names the wish: one that was carried out already, by a
// delivery that was cut short before it was marked as handled, moves nothing a second time.
func (r Rules) Extend(ctx context.Context, book Book, id string, until time.Time, key string, now time.Time) (stackhand.Stack, error) {
	s, err := book.Stack(ctx, id)
	if err != nil || key != "" && s.Lease.Extended == key {
		return s, err
	}
	latest := now.Add(r.Max)
	switch {
	case !counts(s):
		return s, stackhand.Errorf(stackhand.Conflict, "%s is %s: its time does not count now.", s.Name, s.State)
	case until.After(latest):
		return s, stackhand.Errorf(stackhand.Invalid, "%s can be kept until %s at most.", s.Name, latest.UTC().Format("2006-01-02 15:04 UTC")).
			Do("Ask for a shorter time now, and extend it again later.")
	case !until.After(now):
		return s, stackhand.Errorf(stackhand.Invalid, "That end is in the past.").Do("Say how much longer, such as 2d.")
	}
	s.Lease.Until, s.Lease.Extended = until, key
	s.Lease.Ladder.Answer()
	err = book.SaveStack(ctx, &s)
	if err != nil && ctx.Err() == nil {
		if fresh, e := book.Stack(ctx, id); e == nil && fresh.Rev != s.Rev {
			return r.Extend(ctx, book, id, until, key, now) // a sweep or a job wrote on it meanwhile
		}
	}
	return s, err
}

// Begin puts a stack on the ladder for a reason other than its time: its owner is asked, in the words of why, and where
// nobody answers until ends, the first step is taken. It does nothing, and answers false, where the stack is on its way for some
// reason already, has been put away, or would end before that anyway. Reasons are noted once: an owner who extends the lease
// has answered, and may be asked anew.
func (r Rules) Begin(ctx context.Context, book Book, id string, reason stackhand.Reason, why stackhand.Text, ends, now time.Time) (bool, error) {
	for {
		s, err := book.Stack(ctx, id)
		if err != nil {
			return false, err
		}
		l := &s.Lease
		if _, parked := l.Ladder.Parked(); parked || !counts(s) || l.Ladder.Reason != stackhand.ReasonTime || !ends.Before(l.Until) {
			return false, nil
		}
		l.Ladder.Reason, l.Ladder.Since, l.Ladder.Ends, l.Ladder.Why = reason, now, ends, why
		err = book.SaveStack(ctx, &s)
		if err == nil || ctx.Err() != nil {
			return err == nil, err
		}
		if fresh, e := book.Stack(ctx, id); e != nil || fresh.Rev == s.Rev {
			return false, err
		}
	}
}

// Answered takes a reason other than time off the stack, because somebody said that it is needed. It tells whether there was one.
func (r Rules) Answered(ctx context.Context, book Book, id string) (bool, error) {
	for {
		s, err := book.Stack(ctx, id)
		if err != nil || s.Lease.Ladder.Reason == stackhand.ReasonTime {
			return false, err
		}
		s.Lease.Ladder.Answer()
		err = book.SaveStack(ctx, &s)
		if err == nil || ctx.Err() != nil {
			return err == nil, err
		}
		if fresh, e := book.Stack(ctx, id); e != nil || fresh.Rev == s.Rev {
			return false, err
		}
	}
}
