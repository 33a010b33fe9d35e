package lease

import (
	"context"
	"fmt"
	"time"

	"github.com/stackhand/stackhand"
)

// ages is so far ahead that every lease is due by then.
const ages = 200 * 365 * 24 * time.Hour

// horizon is until when the leases count as due that a sweep reads: now, or all of them after the clock was put back far, since what was
// noted on them while it was ahead lets them rest until then.
func (p *pass) horizon(now time.Time) time.Time {
	if p.back {
		return now.Add(ages)
	}
	return now
}

// turnBack takes back, for one stack, what was noted while the clock was ahead: a warning that was delivered then spoke of another
// time, as do those after it, and is given anew in its own. What was put away then keeps the time of grace that was told. It tells whether there was anything.
func turnBack(l *stackhand.Lease, now time.Time) (changed bool) {
	for i := range l.Warned {
		// Those that follow may name a moment that was reckoned from it.
		if changed || l.Warned[i].Delivered.After(now) {
			takeBack(l, i)
			changed = true
		}
	}
	if l.Ladder.Later.Until.After(now) {
		l.Ladder.Later, changed = stackhand.Hold{}, true
	}
	return changed
}

// turnedBack notes that this was done for all, so that pauses are measured by the right clock from now on.
func (s *Sweeper) turnedBack(ctx context.Context, now time.Time) error {
	s.Log.Warn("the clock was put back; what was noted ahead of it was taken back", "to", now)
	_, err := s.changeBrake(ctx, func(b *stackhand.Brake) bool {
		b.Swept = now
		return true
	})
	return err
}

// takeBack lets a warning count for nothing any more.
func takeBack(l *stackhand.Lease, i int) {
	if w := &l.Warned[i]; !w.Until.IsZero() {
		l.Voided = voided(*l) + 1
		w.Until = time.Time{}
	}
}

// voided is how many warnings of a lease were taken back; records of before that was counted tell it of those that they keep.
func voided(l stackhand.Lease) int {
	n := 0
	for _, w := range l.Warned {
		if w.Until.IsZero() {
			n++
		}
	}
	return max(n, l.Voided)
}

// warningID ends the id of the notice that warns of a step. One that was taken back has another one follow, whose id was never used: what
// was said with that would count as told.
func warningID(l stackhand.Lease, n Next, before time.Duration) string {
	return fmt.Sprintf("/%d/%s/%s", n.At.Unix(), n.what(), before) + afterVoid(l)
}

// afterVoid tells, at the end of an id, after how many warnings that were taken back it is.
func afterVoid(l stackhand.Lease) string {
	if void := voided(l); void > 0 {
		return fmt.Sprintf("/%d", void)
	}
	return ""
}
