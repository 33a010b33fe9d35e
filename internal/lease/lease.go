// Package lease is the one owner of time: what a lease's times mean now, and the sweep that acts
// on it. Nothing else ends a server. State is computed from the times on the record, so that a late
// sweep is only late, never wrong.
package lease

import (
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
}

// State is where a lease stands at some moment.
type State string

const (
	Pending State = "pending" // not ready yet, or its stack is being taken down: time does not count
	Active  State = "active"
	ToWarn  State = "to warn" // a warning is due
	Warned  State = "warned"
	Mute    State = "mute"  // its time is over, but no warning was delivered: it stays
	Ended   State = "ended" // its time is over and its owner knew
)

// StateOf computes the state of a stack's lease at now.
func (r Rules) StateOf(s stackhand.Stack, now time.Time) State {
	if !counts(s) {
		return Pending
	}
	if _, due := r.nextWarning(s.Lease, now); due {
		return ToWarn
	}
	end, told := r.EndsAt(s.Lease)
	switch {
	case told && !now.Before(end):
		return Ended
	case told:
		return Warned
	case !now.Before(s.Lease.Until):
		return Mute
	case len(warnings(s.Lease)) > 0:
		return Warned
	}
	return Active
}

// Due is the next moment at which a sweep has to look at the stack; zero for never.
func (r Rules) Due(s stackhand.Stack) time.Time {
	if !counts(s) {
		return time.Time{}
	}
	for _, before := range r.steps(s.Lease) {
		if !asked(s.Lease, before) {
			return s.Lease.Until.Add(-before)
		}
	}
	if end, told := r.EndsAt(s.Lease); told {
		return end
	}
	return s.Lease.Ready // asked, and not known to be delivered: look again at every sweep
}

// EndsAt is the moment from which the stack may be removed. It answers false as long as no warning of
// this end was delivered.
func (r Rules) EndsAt(l stackhand.Lease) (time.Time, bool) {
	first := time.Time{}
	for _, w := range warnings(l) {
		if !w.Delivered.IsZero() && (first.IsZero() || w.Delivered.Before(first)) {
			first = w.Delivered
		}
	}
	if first.IsZero() {
		return time.Time{}, false
	}
	if notice := first.Add(r.notice(l)); notice.After(l.Until) {
		return notice, true
	}
	return l.Until, true
}

// notice is the least time between a delivered warning and the end; short leases have less of it, so that
// the warning at their half is not late.
func (r Rules) notice(l stackhand.Lease) time.Duration { return min(r.Notice, length(l)/4) }

// nextWarning is the warning that is due at now: of several that were missed the latest.
func (r Rules) nextWarning(l stackhand.Lease, now time.Time) (time.Duration, bool) {
	var due time.Duration
	var found bool
	for _, before := range r.steps(l) {
		if now.Before(l.Until.Add(-before)) {
			break
		}
		due, found = before, !asked(l, before)
	}
	return due, found
}

// steps are the warnings that this lease gets, the earliest first. A lease that is too short for any
// of them is warned at its half.
func (r Rules) steps(l stackhand.Lease) []time.Duration {
	var steps []time.Duration
	for _, w := range r.Warn {
		if w < length(l) {
			steps = append(steps, w)
		}
	}
	if len(steps) == 0 {
		return []time.Duration{length(l) / 2}
	}
	slices.Sort(steps)
	slices.Reverse(steps)
	return slices.Compact(steps)
}

func length(l stackhand.Lease) time.Duration { return l.Until.Sub(l.Ready) }

// warnings are those that speak of the present end; an extended lease starts anew.
func warnings(l stackhand.Lease) []stackhand.Warning {
	var mine []stackhand.Warning
	for _, w := range l.Warned {
		if w.Until.Equal(l.Until) {
			mine = append(mine, w)
		}
	}
	return mine
}

// asked tells whether that warning, or a later one, was sent already.
func asked(l stackhand.Lease, before time.Duration) bool {
	return slices.ContainsFunc(warnings(l), func(w stackhand.Warning) bool { return w.Before <= before })
}

func counts(s stackhand.Stack) bool {
	return (s.State == stackhand.StackReady || s.State == stackhand.StackKept) && !s.Lease.Until.IsZero()
}
