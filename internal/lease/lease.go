// Package lease is the one owner of time: what a lease's times mean now, and the sweep that acts
// on it. Nothing else ends a server. State is computed from the times on the record, so that a late
// sweep is only late, never wrong.
package lease

import (
	"fmt"
	"slices"
	"time"

	"github.com/stackhand/stackhand"
)

// Rules are the operator's settings.
type Rules struct {
	Default time.Duration   // of a lease for which nothing was said
	Max     time.Duration   // from now to the end, at any time
	Warn    []time.Duration // before the end; those as long as the whole lease are passed over
	Notice  time.Duration   // between a warning that was delivered and the end, at least
	Ladders []Ladder        // the first that fits a stack is its; none: it is deleted at its end

	Calendar *Calendar     // of days on which nothing is deleted; nil: there are none
	StopsToo bool          // nor stopped or shelved
	Again    time.Duration // how much longer a server lasts that somebody started without the bot, after it was put away
	Wait     time.Duration // how long steps wait for an owner who is away, at most
	Dry      *bool         // nothing is done, only said; nil: during the first day
	Limits   Limits        // of the brake

	// Budget is how far leases can be extended without an approver; 0 is no limit.
	Budget stackhand.Extensions
}

// Name tells these rules from others under which stacks come to be due at other times.
func (r Rules) Name() string { return fmt.Sprint(r.Warn, r.Notice, r.Ladders, r.Calendar, r.StopsToo) }

// State is where a lease stands at some moment.
type State string

const (
	Pending  State = "pending" // not ready yet, or its stack is being taken down: time does not count
	Active   State = "active"
	ToWarn   State = "to warn"  // a warning is due
	Warned   State = "warned"   // of the first step, which is not due yet
	Mute     State = "mute"     // a step is due, but no warning was delivered: it stays
	Stopped  State = "stopped"  // by the ladder; the deletion is not due yet
	Ended    State = "ended"    // the next step of the ladder is due, and its owner knew: see Next
	Archived State = "archived" // gone; a snapshot of it is there
	Deleted  State = "deleted"  // gone
)

// StateOf computes the state of a stack's lease at now.
func (r Rules) StateOf(s stackhand.Stack, now time.Time) State {
	n, ok := r.Next(s)
	switch {
	case s.State == stackhand.StackGone:
		if _, ok := s.Lease.Ladder.Snapshot(); ok {
			return Archived
		}
		return Deleted
	case !ok:
		return Pending
	}
	if _, due := r.nextWarning(s.Lease, n, now); due {
		return ToWarn
	}
	may, told := r.mayAt(s.Lease, n)
	switch {
	case told && !now.Before(may):
		return Ended
	case !told && !now.Before(n.At):
		return Mute
	case n.Parked:
		return Stopped
	case told || len(n.warnings(s.Lease)) > 0:
		return Warned
	}
	return Active
}

// Due is the next moment at which a sweep has to look at the stack; zero for never.
func (r Rules) Due(s stackhand.Stack) time.Time {
	n, ok := r.Next(s)
	if !ok {
		return time.Time{}
	}
	for _, before := range r.steps(n) {
		if !n.asked(s.Lease, before) {
			return n.At.Add(-before)
		}
	}
	if may, told := r.mayAt(s.Lease, n); told {
		if l := s.Lease.Ladder.Later; l.End.Equal(n.At) && l.Until.After(may) {
			return l.Until
		}
		return may
	}
	return s.Lease.Ready // asked, and not known to be delivered: look again at every sweep
}

// EndsAt is the moment from which the next step may be taken. It answers false as long as no warning of
// that step was delivered.
func (r Rules) EndsAt(s stackhand.Stack) (time.Time, bool) {
	n, ok := r.Next(s)
	if !ok {
		return time.Time{}, false
	}
	return r.mayAt(s.Lease, n)
}

func (r Rules) mayAt(l stackhand.Lease, n Next) (time.Time, bool) {
	first := time.Time{}
	for _, w := range n.warnings(l) {
		if !w.Delivered.IsZero() && (first.IsZero() || w.Delivered.Before(first)) {
			first = w.Delivered
		}
	}
	if first.IsZero() {
		return time.Time{}, false
	}
	if notice := first.Add(r.notice(n)); notice.After(n.At) {
		return r.working(n.Step, notice), true
	}
	return n.At, true
}

// notice is the least time between a delivered warning and the step; short leases have less of it, so that
// the warning at their half is not late.
func (r Rules) notice(n Next) time.Duration { return min(r.Notice, n.length()/4) }

// nextWarning is the warning that is due at now: of several that were missed the latest.
func (r Rules) nextWarning(l stackhand.Lease, n Next, now time.Time) (time.Duration, bool) {
	var due time.Duration
	var found bool
	for _, before := range r.steps(n) {
		if now.Before(n.At.Add(-before)) {
			break
		}
		due, found = before, !n.asked(l, before)
	}
	return due, found
}

// fresh is for how long whoever chose a later end knows it. The usual last warning comes an hour before; whoever answers that with
// "another day" would hear within the hour that it ends in one. Twice that, for those who answer a little early.
const fresh = 2 * time.Hour

// steps are the warnings that are given of a step, the earliest first. Where the time is too short for any
// of them, one comes at its half. That a server was put away is said at once, with what comes next. What would only
// repeat what somebody has just chosen is left out, but never the last one.
func (r Rules) steps(n Next) []time.Duration {
	var steps []time.Duration
	if n.Parked || n.Ask {
		steps = append(steps, n.length())
	}
	for _, w := range r.Warn {
		if w < n.length() {
			steps = append(steps, w)
		}
	}
	if len(steps) == 0 {
		return []time.Duration{n.length() / 2}
	}
	slices.Sort(steps)
	slices.Reverse(steps)
	steps = slices.Compact(steps)
	for len(steps) > 1 && !n.Chosen.IsZero() && n.At.Add(-steps[0]).Before(n.Chosen.Add(fresh)) {
		steps = steps[1:]
	}
	return steps
}

func counts(s stackhand.Stack) bool {
	return (s.State == stackhand.StackReady || s.State == stackhand.StackKept) && !s.Lease.Until.IsZero()
}
