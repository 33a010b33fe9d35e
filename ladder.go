package stackhand

import (
	"slices"
	"time"
)

// Reason is why a stack comes to its end.
type Reason string

const (
	ReasonTime   Reason = ""        // its Lease.Until has come
	ReasonIdle   Reason = "idle"    // nobody uses it, and nobody said that it is needed
	ReasonStands Reason = "stopped" // it has been stopped for long, and still costs
)

// Ladder is how a stack comes to its end, in steps that can be undone: warnings, then a stop or shelve, then, after
// the time of grace, a snapshot and the deletion. Nobody but the sweeps of internal/lease takes a step of it.
//
// Whoever wants a stack to end for another reason than time sets Reason, Since, Ends and Why (lease.Rules.Begin does
// all of it). The sweeps then ask its owner with the words of Why, and go on as with a lease whose time is over. An owner who
// extends the lease, keeps it, or starts the server again has answered: Reason, Since, Ends and Why are empty again.
type Ladder struct {
	Reason Reason    `json:"reason,omitempty"`
	Since  time.Time `json:"since,omitzero"` // when the reason was noted
	Ends   time.Time `json:"ends,omitzero"`  // when the first step may be taken, if that is before Until
	Why    Text      `json:"why,omitempty"`  // the evidence, in sentences, for the owner
	// Rungs are the steps that were taken and have worked, the oldest first; those with an Undone count no more.
	Rungs []Rung `json:"rungs,omitempty"`
	// Hold is a moment before which no step is taken, because the owner is away. It is set once for each end.
	Hold Hold `json:"hold,omitzero"`
	// Later is a moment before which no sweep looks at the step: it has failed, came late on a day off, or its cloud gave no answer. Its
	// End is when the step was to be taken.
	Later Hold `json:"later,omitzero"`
}

// Hold moves the steps of one end to a later time.
type Hold struct {
	End   time.Time `json:"end,omitzero"` // the moment of the step that was moved, as it was
	Until time.Time `json:"until,omitzero"`
	Why   string    `json:"why,omitempty"` // "alice is away (on vacation)"
}

// Steps of the ladder.
const (
	StepStop     = "stop"
	StepShelve   = "shelve"
	StepSnapshot = "snapshot" // together with the deletion that it goes before
	StepDelete   = "delete"
)

// Rung is a step that was taken.
type Rung struct {
	Step     string    `json:"step"`             // one of the Step… constants
	Job      string    `json:"job"`              // which took it
	At       time.Time `json:"at"`               // when it was done
	Reason   Reason    `json:"reason,omitempty"` // why, of a stop or shelve: which ladder goes on from there
	Undone   time.Time `json:"undone,omitzero"`
	Address  string    `json:"address,omitempty"`  // the floating IP that was given back to the cloud
	External string    `json:"external,omitempty"` // id of the network that it was of
	Image    string    `json:"image,omitempty"`    // id of the snapshot
	Recipe   *Recipe   `json:"recipe,omitempty"`   // what the snapshot was of
	Woken    string    `json:"woken,omitempty"`    // the job of ours that woke the server since, to make an image of it
}

// Recipe is what a server was like before it was deleted, as far as it can be made again.
type Recipe struct {
	Image    string   `json:"image"` // id of its snapshot
	Named    string   `json:"named"` // the name of that
	Flavor   string   `json:"flavor,omitempty"`
	Key      string   `json:"key,omitempty"`
	Network  string   `json:"network,omitempty"` // auto, new, or an id
	Groups   []string `json:"groups,omitempty"`  // names of security groups that stay
	Open     []int    `json:"open,omitempty"`
	Floating bool     `json:"floating,omitempty"`
	Login    string   `json:"login,omitempty"`
}

// maxRungs is how many steps a record keeps; a server that is stopped and started again for years needs no more.
const maxRungs = 40

// Take notes a step that was taken.
func (l *Ladder) Take(r Rung) {
	if slices.ContainsFunc(l.Rungs, func(o Rung) bool { return o.Job == r.Job && o.Step == r.Step }) {
		return
	}
	l.Rungs = append(l.Rungs, r)
	if over := len(l.Rungs) - maxRungs; over > 0 {
		l.Rungs = slices.Delete(l.Rungs, 0, over)
	}
}

// Back notes that the steps that were taken are undone, and that whatever reason there was no longer holds.
func (l *Ladder) Back(now time.Time) {
	l.Rungs = slices.Clone(l.Rungs)
	for i := range l.Rungs {
		if l.Rungs[i].Undone.IsZero() {
			l.Rungs[i].Undone = now
		}
	}
	l.Answer()
}

// Rise is what becomes of a lease whose server was put away and runs again: it is off the ladder, and lasts for another while, which
// counts as an extension.
func (l *Lease) Rise(now time.Time, grant time.Duration) {
	l.Ladder.Back(now)
	// What was said of the deletion does not hold any more: that the server is stopped at the same moment is said anew.
	l.Warned = slices.DeleteFunc(slices.Clone(l.Warned), func(w Warning) bool { return w.Until.After(now) })
	if until := now.Add(grant); until.After(l.Until) {
		l.Extensions.Times++
		l.Extensions.Total += grant
		l.Until = until
	}
}

// Answer notes that whatever reason there was no longer holds, since somebody needs the stack. Steps that were taken stay.
func (l *Ladder) Answer() {
	l.Reason, l.Since, l.Ends, l.Why, l.Hold = ReasonTime, time.Time{}, time.Time{}, nil, Hold{}
	l.Later = Hold{}
}

// Parked is the step that put the server away, and whether it still is.
func (l Ladder) Parked() (Rung, bool) { return l.taken(StepStop, StepShelve) }

// Started is when a server that had been put away was started again the last time; zero if it never was.
func (l Ladder) Started() (at time.Time) {
	for _, r := range l.Rungs {
		at = later(at, r.Undone)
	}
	return at
}

// Wake notes that a job of ours wakes the server that was put away, and means to end it all the same.
func (l *Ladder) Wake(job string) {
	l.Rungs = slices.Clone(l.Rungs)
	for i := range l.Rungs {
		if r := &l.Rungs[i]; r.Undone.IsZero() {
			r.Woken = job
		}
	}
}

// Risen tells whether a server runs that the ladder put away, although no job of ours woke it: then somebody started it in
// another way. It answers the step that put it away.
func (l Ladder) Risen(srv Server) (Rung, bool) {
	r, parked := l.Parked()
	return r, parked && r.Woken == "" && srv.Runs()
}

// Snapshot is the step that made an image of the server, and whether there is one.
func (l Ladder) Snapshot() (Rung, bool) { return l.taken(StepSnapshot) }

func (l Ladder) taken(steps ...string) (Rung, bool) {
	for _, r := range slices.Backward(l.Rungs) {
		if r.Undone.IsZero() && slices.Contains(steps, r.Step) {
			return r, true
		}
	}
	return Rung{}, false
}

// End is when the lease's time is over: Until, or earlier where there is another reason.
func (l Lease) End() time.Time {
	if l.Ladder.Reason != ReasonTime && !l.Ladder.Ends.IsZero() && l.Ladder.Ends.Before(l.Until) {
		return l.Ladder.Ends
	}
	return l.Until
}

// GivenBack is for how long between two moments the ladder kept the stack from running: the time that its server stood,
// or was not there any more, because of a step of the ladder. A server that somebody else stopped or deleted does not count.
// Money is these hours by the price of the flavor; what a cloud bills for stopped servers is not in it.
func (s Stack) GivenBack(from, to time.Time) time.Duration {
	var sum time.Duration
	at := from // what is before it is counted
	for _, r := range s.Lease.Ladder.Rungs {
		if r.Step == StepSnapshot {
			continue // it runs until the deletion, which may fail
		}
		begin, end := r.At, r.Undone
		if end.IsZero() {
			end = to
			if !s.Gone.IsZero() && r.Step != StepDelete && s.Gone.Before(to) && !s.endedByLadder() {
				end = s.Gone // its owner deleted it
			}
		}
		begin, end = later(begin, at), earlier(end, to)
		if end.After(begin) {
			sum += end.Sub(begin)
			at = end
		}
	}
	return sum
}

func (s Stack) endedByLadder() bool {
	_, yes := s.Lease.Ladder.taken(StepDelete)
	return yes
}

func later(a, b time.Time) time.Time {
	if a.After(b) {
		return a
	}
	return b
}

func earlier(a, b time.Time) time.Time {
	if a.Before(b) {
		return a
	}
	return b
}

// Told is one address that a notice reached.
type Told struct {
	Who  string    `json:"who"` // id of a user, or of the channel
	At   time.Time `json:"at"`
	Link string    `json:"link,omitempty"` // of the message in the chat
}

// Extensions is how much of the budget for extending a lease is used up.
type Extensions struct {
	Times int           `json:"times,omitempty"`
	Total time.Duration `json:"total,omitempty"`
}
