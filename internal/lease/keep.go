package lease

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/stackhand/stackhand"
)

// Extend moves the end of a stack's lease. It answers Invalid when that would be too far away, or
// earlier than now, and Forbidden when the budget does not allow it. key, unless it is "", names the wish: one that was carried
// out already, by a delivery that was cut short before it was marked as handled, moves nothing a second time.
func (r Rules) Extend(ctx context.Context, book Book, id string, until time.Time, key string, now time.Time) (stackhand.Stack, error) {
	return r.extend(ctx, book, id, until, key, now, r.Budget)
}

// Beyond is Extend without the budget, for those who may go beyond it.
func (r Rules) Beyond(ctx context.Context, book Book, id string, until time.Time, key string, now time.Time) (stackhand.Stack, error) {
	return r.extend(ctx, book, id, until, key, now, stackhand.Extensions{})
}

func (r Rules) extend(ctx context.Context, book Book, id string, until time.Time, key string, now time.Time, budget stackhand.Extensions) (stackhand.Stack, error) {
	s, err := book.Stack(ctx, id)
	if err != nil || key != "" && s.Lease.Extended == key {
		return s, err
	}
	if err := r.movable(s, until, now); err != nil {
		return s, err
	}
	used, err := spend(s, until, now, budget)
	if err != nil {
		return s, err
	}
	moved := time.Time{}
	if until.After(s.Lease.Until) {
		moved = now
	}
	s.Lease.Until, s.Lease.Moved, s.Lease.Extended, s.Lease.Extensions = until, moved, key, used
	s.Lease.Ladder.Answer()
	err = book.SaveStack(ctx, &s)
	if err != nil && ctx.Err() == nil {
		if fresh, e := book.Stack(ctx, id); e == nil && fresh.Rev != s.Rev {
			return r.extend(ctx, book, id, until, key, now, budget) // a sweep or a job wrote on it meanwhile
		}
	}
	return s, err
}

// movable refuses an end that no lease can have, whoever asks for it.
func (r Rules) movable(s stackhand.Stack, until, now time.Time) error {
	latest := now.Add(r.Max)
	switch {
	case !counts(s):
		return stackhand.Errorf(stackhand.Conflict, "%s is %s: its time does not count now.", s.Name, s.State)
	case until.After(latest):
		return stackhand.Errorf(stackhand.Invalid, "%s can be kept until %s at most.", s.Name, stackhand.At(latest)).
			Do("%s", instead(s, latest.Sub(later(s.Lease.Until, now))))
	case !until.After(now):
		return stackhand.Errorf(stackhand.Invalid, "That end is in the past.").Do("Say how much longer, such as 2d.")
	}
	return nil
}

// Room tells whether a stack's lease can be moved to an end at all, in over why that is beyond its budget ("" where it is
// not), and when the stack will be deleted if nothing moves its end: zero where that is over or unknown.
func (r Rules) Room(s stackhand.Stack, until, now time.Time) (over string, deleted time.Time, err error) {
	if err := r.movable(s, until, now); err != nil {
		return "", deleted, err
	}
	if n, ok := r.Next(s); ok {
		if deleted = n.Then; deleted.IsZero() {
			deleted = n.At
		}
	}
	if !deleted.After(now) {
		deleted = time.Time{}
	}
	_, err = spend(s, until, now, r.Budget)
	var e *stackhand.Error
	if errors.As(err, &e) && e.Kind == stackhand.Forbidden {
		return e.Msg, deleted, nil
	}
	return "", deleted, err
}

// spend counts an extension, and refuses one beyond the budget. To end a lease earlier costs nothing.
func spend(s stackhand.Stack, until, now time.Time, budget stackhand.Extensions) (stackhand.Extensions, error) {
	used, from := s.Lease.Extensions, s.Lease.Until
	if from.Before(now) {
		from = now
	}
	by := until.Sub(from)
	if by <= 0 {
		return used, nil
	}
	no := func(format string, args ...any) (stackhand.Extensions, error) {
		return used, stackhand.Errorf(stackhand.Forbidden, format, args...) // who may go beyond it, the commands know
	}
	if budget.Times > 0 && used.Times >= budget.Times {
		return no("%s was extended %s already, and more is not allowed without an approver.", s.Name, times(used.Times))
	}
	if budget.Total > 0 && used.Total+by > budget.Total {
		return no("%s would be extended by %s in all, and %s is allowed without an approver.", s.Name, short(used.Total+by), short(budget.Total))
	}
	return stackhand.Extensions{Times: used.Times + 1, Total: used.Total + by}, nil
}

func times(n int) string {
	if n == 1 {
		return "once"
	}
	return fmt.Sprintf("%d times", n)
}

// short says a length of time as commands take it.
func short(d time.Duration) string {
	d = d.Round(time.Minute)
	days, rest := d/(24*time.Hour), d%(24*time.Hour)
	out := ""
	if days > 0 {
		out = fmt.Sprintf("%dd", days)
	}
	if h := rest / time.Hour; h > 0 {
		out += fmt.Sprintf("%dh", h)
	}
	if m := rest % time.Hour / time.Minute; m > 0 || out == "" {
		out += fmt.Sprintf("%dm", m)
	}
	return out
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

// Answered takes a reason other than time off the stack, because somebody said that it is needed. What was told for that reason does
// not count for the end by time, be it at the same moment. It tells whether there was one.
func (r Rules) Answered(ctx context.Context, book Book, id string) (bool, error) {
	for {
		s, err := book.Stack(ctx, id)
		if err != nil || s.Lease.Ladder.Reason == stackhand.ReasonTime {
			return false, err
		}
		s.Lease.Ladder.Answer()
		for i := range s.Lease.Warned {
			takeBack(&s.Lease, i)
		}
		err = book.SaveStack(ctx, &s)
		if err == nil || ctx.Err() != nil {
			return err == nil, err
		}
		if fresh, e := book.Stack(ctx, id); e != nil || fresh.Rev == s.Rev {
			return false, err
		}
	}
}

// instead says what may be asked for where an end is too far away.
func instead(s stackhand.Stack, left time.Duration) string {
	switch {
	case left < time.Hour:
		return "It lasts about as long already: extend it again later."
	case left < 48*time.Hour:
		return fmt.Sprintf("Ask for a shorter time now, such as `extend %s %dh`, and extend it again later.", s.Name, left/time.Hour)
	}
	return fmt.Sprintf("Ask for a shorter time now, such as `extend %s %dd`, and extend it again later.", s.Name, left/(24*time.Hour))
}
