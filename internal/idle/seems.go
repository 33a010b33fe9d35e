package idle

import (
	"slices"
	"time"

	"github.com/stackhand/stackhand"
)

// Seeming is what the record of a server says about its use, whether or not its owner is asked: for reports.
type Seeming struct {
	Reason   stackhand.Reason // ReasonIdle, ReasonStands, or ReasonTime: it is used, it is new, or nobody can tell
	Since    time.Time        // that it does nothing, or does not run, as far as the record goes back
	Evidence stackhand.Text   // what was measured, or its status: a clause
	Blind    string           // why nobody can tell, in words that begin small; "" where the record tells
}

// A report names a server after a day of doing nothing, and one that does not run after longer than a weekend: many are stopped
// over night, and over Sunday. Where the owner is asked earlier, it is named earlier.
const (
	nothingFor = day
	standsFor  = 3 * day
)

// sooner is the shorter of the two that is set.
func sooner(asked, d time.Duration) time.Duration {
	if asked > 0 {
		return min(asked, d)
	}
	return d
}

// Seems tells what a server's own scores say at now, by the bounds of the question and without its delays. What is not known is
// said, and not guessed. ready is when the server was made.
func (r Rules) Seems(a stackhand.Activity, ready, now time.Time) Seeming {
	span := sooner(r.After, nothingFor)
	switch {
	case ready.IsZero() || now.Sub(ready) < span:
		return Seeming{}
	case !a.Off.IsZero():
		if !off(a.Status) || now.Sub(a.Off) < sooner(r.Stopped, standsFor) {
			return Seeming{}
		}
		return Seeming{Reason: stackhand.ReasonStands, Since: a.Off, Evidence: stackhand.Textf("it is %s, and its disk and its address are taken", a.Status)}
	case a.Source == stackhand.SourceNone:
		return Seeming{Blind: a.Missing}
	case a.Used.After(now.Add(-span)):
		return Seeming{}
	}
	seen, known := r.quiet(a, later(ready, a.Used), now, span)
	switch {
	case seen == nil:
		return Seeming{}
	case !known && a.Missing != "":
		return Seeming{Blind: a.Missing}
	case !known:
		return Seeming{Blind: "there are too few numbers of the last " + hours(span) + "."}
	}
	return Seeming{Reason: stackhand.ReasonIdle, Since: later(seen[0].At, later(ready, a.Used)), Evidence: measured(top(seen))}
}

// quiet are the newest hours, without a gap longer than a number may stand for, in which a server did nothing, the oldest first: nil
// where it did something within the span before now. known tells whether enough of that span is known.
func (r Rules) quiet(a stackhand.Activity, from, now time.Time, span time.Duration) (seen []Score, known bool) {
	seen = []Score{}
	begin, n := now.Add(-span).Truncate(time.Hour), 0
	for _, s := range slices.Backward(Hours(a)) {
		if !s.Known() {
			continue
		}
		lately := !s.At.Before(begin)
		if r.busy(s) && lately {
			return nil, true
		}
		oldest := s.At
		if len(seen) > 0 {
			oldest = seen[len(seen)-1].At
		}
		if r.busy(s) || !s.At.After(from.Add(-time.Hour)) || oldest.Sub(s.At) > maxSpan {
			break
		}
		seen = append(seen, s)
		if lately {
			n++
		}
	}
	slices.Reverse(seen)
	return seen, len(seen) > 0 && float64(n)/span.Hours() >= enough
}

func later(a, b time.Time) time.Time {
	if a.After(b) {
		return a
	}
	return b
}
