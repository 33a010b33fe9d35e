package lease

import (
	"cmp"
	"context"
	"slices"
	"time"

	"github.com/stackhand/stackhand"
)

// Outlook says what comes next for a stack, and when, and who was told of it; both are empty where time does not count. status is what the
// cloud says of its server, "" where that is not known.
func (s *Sweeper) Outlook(ctx context.Context, stack stackhand.Stack, status string) (next, told stackhand.Text, err error) {
	s = s.current()
	stack.Lease.Warned = slices.Clone(stack.Lease.Warned)
	if _, err := s.heard(ctx, &stack); err != nil {
		return nil, nil, err
	}
	frozen, err := s.frozen(ctx)
	if err != nil {
		return nil, nil, err
	}
	p := &pass{} // in a freeze nobody knows what comes after it
	if !frozen {
		p, err = s.foreseen(ctx)
	}
	next, told = s.Rules.outlook(stack, status, p, s.Now())
	if frozen && len(next) > 0 {
		next = next.Add(", but not while changes are stopped: its owner is told again before")
	}
	return next, told, err
}

// foreseen is the sweep that comes next, as far as the guard knows it.
func (s *Sweeper) foreseen(ctx context.Context) (*pass, error) {
	p := &pass{}
	if s.Guard == nil {
		return p, nil
	}
	b, err := s.Guard.Book.Brake(ctx)
	p.note(&b, s.Now())
	p.gap, p.from = b.Gap, b.Restored
	return p, err
}

// foresee is when a step will be taken that may be from at on, after what stale wants to be said of it first; and whether that is still to come.
func (r Rules) foresee(l stackhand.Lease, n Next, p *pass, at, now time.Time) (_ time.Time, tells bool) {
	for _, c := range p.breaks(n) {
		again, first := n.again(l, c.since), n.toldSince(l, c.since)
		if first.IsZero() {
			first = r.warnedNext(l, n, now)
		}
		switch {
		case again == nil && (c.anew || first.IsZero()), again != nil && again.Delivered.IsZero():
			at, tells = later(at, now).Add(r.Notice), true
		case again == nil:
			at = later(at, first.Add(r.notice(n)))
		default:
			at = later(at, again.Delivered.Add(r.Notice))
		}
	}
	return r.working(n.Step, at), tells
}

// warnedNext is when the next warning of a step is given; zero if none is left.
func (r Rules) warnedNext(l stackhand.Lease, n Next, now time.Time) time.Time {
	if _, due := r.nextWarning(l, n, now); due {
		return now
	}
	for _, before := range r.steps(n) {
		if at := n.At.Add(-before); at.After(now) && !n.asked(l, before) {
			return at
		}
	}
	return time.Time{}
}

func (r Rules) outlook(s stackhand.Stack, status string, p *pass, now time.Time) (next, told stackhand.Text) {
	n, ok := r.Next(s)
	if !ok {
		return nil, nil
	}
	n.Off = n.stands(status)
	at, knows := r.mayAt(s.Lease, n)
	at = later(at, n.At)
	may, tells := at, false
	if knows {
		at, tells = r.foresee(s.Lease, n, p, at, now)
	}
	switch {
	case !knows && !now.Before(n.At):
		next = stackhand.Textf("%s, as soon as somebody was told%s", n.outlook(), n.image())
	case tells:
		next = stackhand.Textf("%s %s at the earliest%s", n.outlook(), stackhand.At(at), n.image())
	default:
		next = stackhand.Textf("%s %s%s", n.outlook(), stackhand.At(at), n.image())
	}
	if n.Off {
		next = next.Add("; it is stopped already")
	}
	if n.Parked {
		next = next.Add(", unless it is started before")
	}
	if l := s.Lease.Ladder.Later; l.End.Equal(n.At) && l.Until.After(now) && !now.Before(may) {
		next = next.Add(", which could not be done then and is tried again %s", stackhand.At(l.Until))
	}
	if !n.Then.IsZero() {
		then := "then"
		if n.Off {
			then = "and is"
		}
		next = next.Add(", %s deleted %s%s", then, stackhand.At(r.working(stackhand.StepDelete, at.Add(r.LadderOf(s).Grace))), Next{Snapshot: n.Archive}.image())
	}
	if tells {
		next = next.Add("; its owner is told again before")
	}
	if h := s.Lease.Ladder.Hold; h.Until.Equal(n.At) && h.Why != "" {
		next = next.Add(" (later than its end, since %s)", h.Why)
	}
	return next, n.told(s)
}

// stands tells whether a server in this status is to be stopped, and does not run.
func (n Next) stands(status string) bool { return n.Step == stackhand.StepStop && status == "SHUTOFF" }

// outlook is the step as the beginning of what show says of it.
func (n Next) outlook() string {
	if n.Off {
		return "its time is over"
	}
	return n.did()
}

// did is the step as a word.
func (n Next) did() string {
	words := map[string]string{stackhand.StepStop: "stopped", stackhand.StepShelve: "shelved"}
	return cmp.Or(words[n.Step], "deleted")
}

// told lists who heard of the step, when, and where that stands.
func (n Next) told(s stackhand.Stack) (told stackhand.Text) {
	for _, w := range n.warnings(s.Lease) {
		for _, t := range w.Told {
			if len(told) > 0 {
				told = told.Add(", ")
			}
			who := stackhand.Textf("%s", stackhand.To(t.Who))
			if t.Who == s.Place.Channel {
				who = stackhand.Textf("the thread")
			}
			told = told.Add("%s %s", who, stackhand.At(t.At))
			if t.Link != "" {
				told = told.Add(" (%s)", stackhand.AsLink(t.Link, "message"))
			}
		}
		if w.Problem != "" && len(w.Told) > 0 {
			told = told.Add(", but not everywhere: %s", w.Problem)
		}
	}
	return told
}

func later(a, b time.Time) time.Time {
	if a.After(b) {
		return a
	}
	return b
}
