package lease

import (
	"slices"
	"time"

	"github.com/stackhand/stackhand"
)

// Ladder is how the stacks that it fits are ended. Empty lists fit all.
type Ladder struct {
	Clouds   []string
	Projects []string // names or ids
	Flavors  []string
	Reasons  []stackhand.Reason

	First    string        // the first step: stackhand.StepStop, StepShelve, or StepDelete, which is all there is then
	FreeIP   bool          // give the floating IP back to the cloud when the server is stopped or shelved
	Grace    time.Duration // between the first step and the deletion
	Snapshot bool          // make an image of the server before it is deleted
}

func (l Ladder) fits(s stackhand.Stack) bool {
	in := func(list []string, any ...string) bool {
		return len(list) == 0 || slices.ContainsFunc(any, func(v string) bool { return v != "" && slices.Contains(list, v) })
	}
	return in(l.Clouds, s.Cloud) && in(l.Projects, s.Project, s.ProjectID) && in(l.Flavors, s.Flavor) &&
		(len(l.Reasons) == 0 || slices.Contains(l.Reasons, reasonOf(s)))
}

// reasonOf is why a stack ends, or was put away: an owner who says that they need it does not get less time for that.
func reasonOf(s stackhand.Stack) stackhand.Reason {
	if r, parked := s.Lease.Ladder.Parked(); parked && r.Reason != stackhand.ReasonTime {
		return r.Reason
	}
	return s.Lease.Ladder.Reason
}

// LadderOf is the ladder that a stack is on.
func (r Rules) LadderOf(s stackhand.Stack) Ladder {
	if i := slices.IndexFunc(r.Ladders, func(l Ladder) bool { return l.fits(s) }); i >= 0 {
		return r.Ladders[i]
	}
	return Ladder{First: stackhand.StepDelete}
}

// Next is the step that a stack's lease comes to next.
type Next struct {
	Step     string    // StepStop, StepShelve or StepDelete
	At       time.Time // when it is taken, if a warning of it was delivered in time
	Base     time.Time // At, before days off and the owner's absence moved it
	From     time.Time // when the time to At began: the lease, or the time of grace
	Parked   bool      // the server was stopped or shelved by the ladder; what comes is the deletion
	Ask      bool      // its owner is asked at once whether they need it: it comes for another reason than time
	Snapshot bool      // an image is made before the deletion
	FreeIP   bool      // the floating IP is given back together with this step
	Then     time.Time // when the deletion follows a stop or shelve, at the earliest; zero where this is the deletion
	Gone     bool      // the server is not in the cloud any more
	Off      bool      // it is to be stopped, and does not run: somebody stopped it already
	Silent   bool      // the cloud gives no answer
	InVain   bool      // … when it was asked for this server, and not only for others
	Archive  bool      // the deletion that follows makes an image first
	Chosen   time.Time // when somebody chose At, which is later than it was before; zero: nobody did
}

// Next tells what comes next, unless time does not count for the stack.
func (r Rules) Next(s stackhand.Stack) (Next, bool) {
	if !counts(s) {
		return Next{}, false
	}
	plan, end := r.LadderOf(s), s.Lease.End()
	n := Next{Step: plan.First, From: later(s.Lease.Ready, s.Lease.Ladder.Started()), At: end}
	if parked, ok := s.Lease.Ladder.Parked(); ok {
		n.Step, n.Parked, n.From, n.At = stackhand.StepDelete, true, parked.At, parked.At.Add(plan.Grace)
		if s.Lease.Until.After(n.At) {
			n.At = s.Lease.Until // extended since, and left as it is
		}
	} else if s.Lease.Ladder.Reason != stackhand.ReasonTime && end.Before(s.Lease.Until) {
		n.From, n.Ask = s.Lease.Ladder.Since, true
	}
	if s.Server == "" {
		n.Step = stackhand.StepDelete // there is nothing that could be stopped
	}
	n.Base = n.At
	if h := s.Lease.Ladder.Hold; h.End.Equal(n.At) && h.Until.After(n.At) {
		n.At = h.Until
	}
	n.At = r.working(n.Step, n.At)
	if n.At.Equal(s.Lease.Until) {
		n.Chosen = s.Lease.Moved
	}
	if n.Step == stackhand.StepDelete {
		n.Snapshot = plan.Snapshot && s.Server != ""
		return n, true
	}
	n.FreeIP, n.Archive = plan.FreeIP, plan.Snapshot
	n.Then = r.working(stackhand.StepDelete, n.At.Add(plan.Grace))
	return n, true
}

// working moves a step to a day on which it may be taken.
func (r Rules) working(step string, at time.Time) time.Time {
	if step != stackhand.StepDelete && !r.StopsToo {
		return at
	}
	return r.Calendar.Working(at)
}

// latest is when a step that is decided now may begin at the latest: before the next attempt at it, and not on a day off. Its job may
// be held up, by a bot that is off or by others' jobs.
func (r Rules) latest(step string, now time.Time) time.Time {
	last := now.Add(again)
	if step != stackhand.StepDelete && !r.StopsToo {
		return last
	}
	return r.Calendar.Until(now, last)
}

func (n Next) length() time.Duration { return n.At.Sub(n.From) }

// warnings are those that speak of this step; an extended lease starts anew.
func (n Next) warnings(l stackhand.Lease) []stackhand.Warning {
	var mine []stackhand.Warning
	for _, w := range l.Warned {
		if n.covered(w) {
			mine = append(mine, w)
		}
	}
	return mine
}

// asked tells whether that warning, or a later one, was sent already.
func (n Next) asked(l stackhand.Lease, before time.Duration) bool {
	return slices.ContainsFunc(l.Warned, func(w stackhand.Warning) bool { return w.Before <= before && n.covered(w) })
}

// what the step is called on the record of a warning: a deletion that makes an image first is another thing than one that does not.
func (n Next) what() string {
	if n.Step == stackhand.StepDelete && n.Snapshot {
		return stackhand.StepSnapshot
	}
	return n.Step
}

// harm orders the steps by what is lost. Warnings from before steps were noted count for all.
var harm = map[string]int{stackhand.StepStop: 1, stackhand.StepShelve: 1, stackhand.StepSnapshot: 2, stackhand.StepDelete: 3, "": 3}

// covered tells whether a warning spoke of this step: of its moment, and of no less than what it does. The rules may have changed since.
func (n Next) covered(w stackhand.Warning) bool {
	return w.Until.Equal(n.At) && harm[w.Step] >= harm[n.what()]
}
