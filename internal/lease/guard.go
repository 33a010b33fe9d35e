package lease

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/stackhand/stackhand"
	"github.com/stackhand/stackhand/internal/abreast"
)

// Guard keeps sweeps from doing harm. Its record is one for all sweeps, also of other processes.
type Guard struct {
	Book GuardBook
}

// GuardBook is the record.
type GuardBook interface {
	Brake(ctx context.Context) (stackhand.Brake, error)
	SaveBrake(ctx context.Context, b *stackhand.Brake) error
	CountStacks(ctx context.Context) (int, error)
}

// Limits are how many steps may be taken; below 1 is no limit.
type Limits struct {
	Sweep   int // in one sweep
	Hour    int // in one hour
	Percent int // of all servers, in one hour; counts from the eleventh on
}

const (
	firstDay  = 24 * time.Hour
	longPause = 6 * time.Hour   // between two sweeps: what came to be due meanwhile is said once more
	beat      = 5 * time.Minute // how exactly the last sweep is noted
	few       = 10              // steps in an hour for which no percentage is looked at
)

// pass is one sweep, as far as the guard is concerned.
type pass struct {
	dry     bool
	gap     time.Time
	from    time.Time // what was told before it does not count: a backup was restored then
	taken   int
	stopped string               // why no more steps are taken in this sweep
	frozen  bool                 // a freeze was on when it began, or nobody knows: no step is taken in it, since what follows on a freeze comes first
	unsure  error                // why nobody knows
	back    bool                 // the clock was put back far: what was noted while it was ahead is taken back
	silent  map[abreast.Site]int // for how many servers a site gave no answer in it
	deaf    int                  // for how many people the chat gave no answer in it
	began   time.Time            // by a clock that nobody puts right
	turn    abreast.Turn         // given away while a cloud is asked
}

// idle tells that no step is taken any more in the sweep, nor told of.
func (p *pass) idle() bool { return !p.dry && p.stopped != "" }

// late tells that the sweep has taken long enough: clouds are not asked any more, since the next one is due, for all of them.
func (p *pass) late() bool { return time.Since(p.began) > abreast.SweepFor }

// begin notes that a sweep runs, and finds out whether a long pause came before it.
func (s *Sweeper) begin(ctx context.Context) (*pass, error) {
	frozen, unsure := s.frozen(ctx)
	p := &pass{began: time.Now(), silent: map[abreast.Site]int{}, frozen: frozen || unsure != nil, unsure: unsure}
	if s.Guard == nil {
		return p, nil
	}
	now := s.Now()
	b, err := s.changeBrake(ctx, func(b *stackhand.Brake) bool { return p.note(b, now) })
	if err != nil {
		return p, fmt.Errorf("reading the brake: %w", err)
	}
	p.gap, p.from = b.Gap, b.Restored
	p.dry = now.Sub(b.Installed) < firstDay
	if s.Rules.Dry != nil {
		p.dry = *s.Rules.Dry
	}
	if b.Held.On() {
		p.stopped = "somebody holds it"
	}
	return p, nil
}

// note writes on the brake's record what a sweep finds that begins. It tells whether that is to be saved.
func (p *pass) note(b *stackhand.Brake, now time.Time) bool {
	was := *b
	if p.unsure == nil && b.Frozen != p.frozen {
		if b.Frozen = p.frozen; !p.frozen {
			b.Gap = now
		}
	}
	if b.Installed.IsZero() {
		b.Installed = now
	}
	if b.Backup {
		b.Backup, b.Restored = false, now
	}
	if p.back = b.Swept.Sub(now) > longPause; p.back {
		if b.Gap.After(now) || now.Sub(b.Gap) > longPause { // else it is that of a sweep before this one, which did not get through
			b.Gap = now
		}
		return changed(was, *b) // the rest is noted when that is done
	}
	if !b.Swept.IsZero() && now.Sub(b.Swept) > longPause {
		b.Gap = now
	}
	if now.Sub(b.Swept) > beat { // a clock that went back is waited for
		b.Swept = now
	}
	return changed(was, *b) || b.Swept != was.Swept
}

func changed(was, b stackhand.Brake) bool {
	return b.Installed != was.Installed || b.Gap != was.Gap || b.Restored != was.Restored || b.Backup != was.Backup || b.Frozen != was.Frozen
}

// frozen tells whether a freeze is on.
func (s *Sweeper) frozen(ctx context.Context) (bool, error) {
	if s.Frozen == nil {
		return false, nil
	}
	return s.Frozen(ctx)
}

// Freezes notes that a freeze begins, which may be over before a sweep finds it.
func (s *Sweeper) Freezes(ctx context.Context) error {
	if s.Guard == nil {
		return nil
	}
	_, err := s.changeBrake(ctx, func(b *stackhand.Brake) bool {
		was := b.Frozen
		b.Frozen = true
		return !was
	})
	return err
}

// Passed notes that sweeps have run until a moment, for those who move a clock on.
func (s *Sweeper) Passed(ctx context.Context, at time.Time) error {
	if s.Guard == nil {
		return nil
	}
	_, err := s.changeBrake(ctx, func(b *stackhand.Brake) bool {
		if !at.After(b.Swept) {
			return false
		}
		b.Swept = at
		return true
	})
	return err
}

// changeBrake writes on the brake's record what change makes of it, if it says that it changed.
func (s *Sweeper) changeBrake(ctx context.Context, change func(*stackhand.Brake) bool) (stackhand.Brake, error) {
	for try := 0; ; try++ {
		b, err := s.Guard.Book.Brake(ctx)
		if err != nil || !change(&b) {
			return b, err
		}
		err = s.Guard.Book.SaveBrake(ctx, &b)
		if err == nil || try > 20 || s.Conflict == nil || !errors.Is(err, s.Conflict) {
			return b, err
		}
	}
}

// allow tells whether a step may be taken now, and counts it. Above the limits the rest of the sweep takes none, and the
// administrators are asked.
func (s *Sweeper) allow(ctx context.Context, p *pass, job stackhand.Job, now time.Time) (bool, error) {
	switch {
	case s.Guard == nil:
		return true, nil
	case p.stopped != "":
		return false, nil
	}
	stack, why := job.Stacks[0], ""
	known, err := s.began(ctx, job.ID)
	if err != nil || known {
		return known, err
	}
	_, err = s.changeBrake(ctx, func(b *stackhand.Brake) bool {
		why = ""
		// One that was let through and did not begin, since the bot was killed there, counts from now.
		b.Steps = slices.DeleteFunc(b.Steps, func(s stackhand.BrakeStep) bool { return s.Job == job.ID })
		if b.Held.On() {
			why = "somebody holds it"
			return false
		}
		if !now.Before(b.Free) {
			if why = s.over(ctx, p, b, now); why != "" {
				return false
			}
		}
		old := now.Add(-2 * again)
		for len(b.Steps) > 0 && b.Steps[0].At.Before(old) {
			b.Steps = b.Steps[1:]
		}
		b.Steps = append(b.Steps, stackhand.BrakeStep{Job: job.ID, Stack: stack, At: now})
		return true
	})
	if err != nil {
		return false, err
	}
	if why == "" {
		p.taken++
		return true, nil
	}
	p.stopped = why
	s.Log.Warn("the brake stops the ladder", "why", why, "stack", stack)
	return false, s.askToGoOn(ctx, why, now)
}

// began tells whether a job that was let through has begun: then it is counted already.
func (s *Sweeper) began(ctx context.Context, job string) (bool, error) {
	b, err := s.Guard.Book.Brake(ctx)
	if err != nil || !b.Has(job) {
		return false, err
	}
	_, err = s.Jobs.Job(ctx, job)
	if stackhand.KindOf(err) == stackhand.NotFound {
		return false, nil
	}
	return err == nil, err
}

// over says which limit one more step would break; "" if none.
func (s *Sweeper) over(ctx context.Context, p *pass, b *stackhand.Brake, now time.Time) string {
	l, hour := s.Rules.Limits, b.Since(now.Add(-time.Hour))
	switch {
	case l.Sweep > 0 && p.taken >= l.Sweep:
		return fmt.Sprintf("%d servers have come to a step in one sweep", p.taken)
	case l.Hour > 0 && hour >= l.Hour:
		return fmt.Sprintf("%d servers have come to a step within an hour", hour)
	case l.Percent <= 0 || hour < few:
		return ""
	}
	if b.Counted.IsZero() || now.Sub(b.Counted) > time.Hour || b.Counted.After(now) {
		n, err := s.Guard.Book.CountStacks(ctx)
		if err != nil {
			return "the servers cannot be counted: " + err.Error()
		}
		b.Servers, b.Counted = n, now
	}
	if (hour+1)*100 > l.Percent*b.Servers {
		return fmt.Sprintf("%d of %d servers have come to a step within an hour, and %d%% are allowed", hour, b.Servers, l.Percent)
	}
	return ""
}

// askToGoOn asks the administrators, once an hour.
func (s *Sweeper) askToGoOn(ctx context.Context, why string, now time.Time) error {
	ask := false
	_, err := s.changeBrake(ctx, func(b *stackhand.Brake) bool {
		if ask = !b.Held.On() && (now.Sub(b.Asked) >= time.Hour || b.Asked.After(now)); ask {
			b.Asked = now
		}
		return ask
	})
	if err != nil || !ask {
		return err
	}
	_, err = s.Book.AddNotice(ctx, stackhand.Notice{
		ID: fmt.Sprintf("brake/%d", now.Unix()), Admins: true, Created: now,
		Text: stackhand.Textf("I stopped ending servers: %s. If that is as it should be, let it go on: the limits do not count for an hour then. Otherwise hold it, and nothing is ended until somebody lets it go on. Warnings are given in either case.", why),
		Actions: []stackhand.Action{
			{ID: "choose", Label: "Go on", Value: "ladder go", Confirm: "Let the ladder go on without limits for an hour?"},
			{ID: "choose", Label: "Hold", Value: "ladder hold", Danger: true},
		},
	})
	if err == nil {
		s.Noticed()
	}
	return err
}

// Go lets the ladder go on, without limits for an hour.
func (s *Sweeper) Go(ctx context.Context, user string) (stackhand.Brake, error) {
	now := s.Now()
	return s.changeBrake(ctx, func(b *stackhand.Brake) bool {
		b.Held, b.Free, b.By = stackhand.Freeze{}, now.Add(time.Hour), user
		return true
	})
}

// Hold stops the ladder until somebody lets it go on.
func (s *Sweeper) Hold(ctx context.Context, user, why string) (stackhand.Brake, error) {
	now := s.Now()
	return s.changeBrake(ctx, func(b *stackhand.Brake) bool {
		b.Held, b.Free, b.By = stackhand.Freeze{By: user, At: now, Why: why}, time.Time{}, user
		return true
	})
}

// Brake is the record as it is now, and whether nothing but words comes of steps.
func (s *Sweeper) Brake(ctx context.Context) (b stackhand.Brake, dry bool, err error) {
	if s.Guard == nil {
		return b, false, nil
	}
	b, err = s.Guard.Book.Brake(ctx)
	dry = b.Installed.IsZero() || s.Now().Sub(b.Installed) < firstDay
	if d := s.current().Rules.Dry; d != nil {
		dry = *d
	}
	return b, dry, err
}

// stale tells whether a step has to be said once more before it is taken, because nobody was told of it since a moment that counts: the end of
// a pause in which no sweep ran, or of a freeze in which nobody could answer, or the restore of a backup. Then it waits for as long as it
// would after any first warning. say is the moment since which nobody was told, zero where that is not so.
func (r Rules) stale(l stackhand.Lease, n Next, p *pass, now time.Time) (say time.Time, wait bool) {
	for _, c := range p.breaks(n) {
		again, first := n.again(l, c.since), n.toldSince(l, c.since)
		switch {
		case again == nil && (c.anew || first.IsZero()):
			return c.since, true
		case again == nil && now.Before(first.Add(r.notice(n))):
			return say, true
		case again != nil && (again.Delivered.IsZero() || now.Before(again.Delivered.Add(r.Notice))):
			return say, true
		}
	}
	return say, false
}

// gap is a moment before which what was told of a step does not count. anew is that it is said once more in any case, since it came to be
// due before.
type gap struct {
	since time.Time
	anew  bool
}

// breaks are the gaps that a step comes after.
func (p *pass) breaks(n Next) []gap {
	all := []gap{{p.from, false}, {p.gap, n.At.Before(p.gap)}}
	return slices.DeleteFunc(all, func(g gap) bool { return g.since.IsZero() })
}

// again is the warning with which a step was said once more after a gap; nil where it was not.
func (n Next) again(l stackhand.Lease, since time.Time) *stackhand.Warning {
	id := againID(n, since)
	i := slices.IndexFunc(l.Warned, func(w stackhand.Warning) bool { return n.covered(w) && strings.Contains(w.Notice, id) })
	if i < 0 {
		return nil
	}
	return &l.Warned[i]
}

// toldSince is when a warning of the step was delivered first since a moment; zero if none was.
func (n Next) toldSince(l stackhand.Lease, since time.Time) (first time.Time) {
	for _, w := range n.warnings(l) {
		if d := w.Delivered; !d.IsZero() && !d.Before(since) && (first.IsZero() || d.Before(first)) {
			first = d
		}
	}
	return first
}

// againID ends the id of the notice with which a step is said once more after a pause.
func againID(n Next, gap time.Time) string {
	return fmt.Sprintf("/%d/%s/after/%d", n.At.Unix(), n.what(), gap.Unix())
}
