package idle

import (
	"context"
	"errors"
	"fmt"
	"hash/fnv"
	"log/slog"
	"sync"
	"time"

	"github.com/stackhand/stackhand"
)

// Records is what a Watcher reads and writes.
type Records interface {
	Book
	DeleteActivity(ctx context.Context, a stackhand.Activity) error
	ActivitiesDue(ctx context.Context, until time.Time, limit int) ([]stackhand.Activity, error)
	// StacksUnwatched are the stacks that are ready and have no next sample.
	StacksUnwatched(ctx context.Context) ([]stackhand.Stack, error)
	Stack(ctx context.Context, id string) (stackhand.Stack, error)
}

// Options of a Watcher; all are needed.
type Options struct {
	Book  Records
	Rules Rules
	Live  func() Rules // those in force by now; nil: Rules, always
	// Numbers asks a stack's cloud how busy its server is, since a moment, with so many calls at most.
	Numbers func(ctx context.Context, st stackhand.Stack, since time.Time, most int) (stackhand.Numbers, error)
	Most    int // calls that Numbers may need for a server
	// Begin puts a stack on the ladder, and tells whether it did; Answered takes a reason back.
	Begin    func(ctx context.Context, stack string, reason stackhand.Reason, why stackhand.Text, ends time.Time) (bool, error)
	Answered func(ctx context.Context, stack string) (bool, error)
	Conflict error // what a save matches that somebody else was faster than
	Now      func() time.Time
	Log      *slog.Logger
}

// Watcher takes samples of servers, spread out over time, and notices those that nobody uses. It is safe to run late, and
// twice at once; then each of the two keeps to the bound on calls.
type Watcher struct {
	o       Options
	mu      sync.Mutex     // one sweep at a time
	calls   []time.Time    // of the last minute
	cost    map[string]int // of a stack's last sample, in calls
	adopted time.Time      // when servers that are new were looked for
}

// New makes a Watcher.
func New(o Options) *Watcher {
	o.Rules = o.Rules.Defaults()
	return &Watcher{o: o, cost: map[string]int{}}
}

// Rules are the operator's settings, with what is not set filled in.
func (w *Watcher) Rules() Rules {
	if w.o.Live == nil {
		return w.o.Rules
	}
	return w.o.Live().Defaults()
}

// Tick is how often it is to be looked whether samples are due, and so how evenly calls are spread over a minute.
const Tick = 6 * time.Second

// NextDue is the first moment, not after until, at which a sweep has something to do; false if there is none.
func (w *Watcher) NextDue(ctx context.Context, until time.Time) (time.Time, bool, error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.o.Rules = w.Rules(); w.o.Rules.PerMinute == 0 {
		return time.Time{}, false, nil
	}
	due, err := w.o.Book.ActivitiesDue(ctx, until, 1)
	if err != nil {
		return time.Time{}, false, err
	}
	if next := w.adopted.Add(w.o.Rules.Every); !next.After(until) && (len(due) == 0 || next.Before(due[0].Next)) {
		return next, true, nil
	}
	if len(due) == 0 {
		return time.Time{}, false, nil
	}
	if at := due[0].Next; at.After(w.o.Now()) || w.mayCall(due[0]) {
		return at, true, nil
	}
	later := w.o.Now().Add(Tick) // the bound on calls holds it back
	return later, !later.After(until), nil
}

// Sweep takes the samples that are due, as far as the bound on calls lets it: the rest stays due.
func (w *Watcher) Sweep(ctx context.Context) error {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.o.Rules = w.Rules(); w.o.Rules.PerMinute == 0 {
		return nil
	}
	if err := w.adopt(ctx); err != nil {
		return err
	}
	var errs []error
	for seen := map[string]bool{}; ctx.Err() == nil; {
		due, err := w.o.Book.ActivitiesDue(ctx, w.o.Now(), len(seen)+1)
		if err != nil {
			return fmt.Errorf("reading the samples that are due: %w", err)
		}
		next := -1
		for i, a := range due {
			if !seen[a.Stack] {
				next = i
			}
		}
		if next < 0 || !w.mayCall(due[next]) {
			break
		}
		seen[due[next].Stack] = true
		if err := w.guarded(ctx, due[next]); err != nil {
			errs = append(errs, fmt.Errorf("server of the stack %s: %w", due[next].Stack, err))
		}
	}
	return errors.Join(errs...)
}

// adopt begins to watch servers that are new, now and then. Each gets a place of its own in the time between two samples.
func (w *Watcher) adopt(ctx context.Context) error {
	now := w.o.Now()
	if since := now.Sub(w.adopted); since >= 0 && since < w.o.Rules.Every {
		return nil
	}
	fresh, err := w.o.Book.StacksUnwatched(ctx)
	if err != nil {
		return fmt.Errorf("looking for servers that are new: %w", err)
	}
	w.adopted = now
	for _, st := range fresh {
		err := change(ctx, w.o.Book, w.o.Conflict, st.ID, func(a *stackhand.Activity) bool {
			if !a.Next.IsZero() {
				return false
			}
			h := fnv.New64a()
			h.Write([]byte(st.ID))
			a.Next = now.Add(time.Duration(h.Sum64() % uint64(w.o.Rules.Every)))
			return true
		})
		if err != nil {
			return err
		}
	}
	return nil
}

// few is how many calls a sample takes where nothing is in the way.
const few = 2

// needs is how many calls a sample of a stack may take: as many as its last one, or else few, unless that was not enough.
func (w *Watcher) needs(a stackhand.Activity) int {
	if n := w.cost[a.Stack]; n > 0 {
		return n
	}
	if a.Source == stackhand.SourceMetrics {
		return w.o.Most
	}
	return min(few, w.o.Most)
}

// mayCall tells whether a sample of a stack keeps to the bound, in any minute and in a tenth of one.
func (w *Watcher) mayCall(a stackhand.Activity) bool {
	now := w.o.Now()
	kept, lately := w.calls[:0], 0
	for _, at := range w.calls {
		if d := now.Sub(at); d >= 0 && d < time.Minute {
			kept = append(kept, at)
			if d < Tick {
				lately++
			}
		}
	}
	w.calls = kept
	n := w.needs(a)
	return len(kept)+n <= w.o.Rules.PerMinute && (lately == 0 || lately+n <= max(n, w.o.Rules.PerMinute/10))
}

func (w *Watcher) called(n int) {
	for range n {
		w.calls = append(w.calls, w.o.Now())
	}
}

// guarded takes a sample. After a panic the next one of that server comes as if this one had been taken: samples are due very often.
func (w *Watcher) guarded(ctx context.Context, a stackhand.Activity) error {
	err := stackhand.Guarded("the samples of the stack "+a.Stack, func() error { return w.sample(ctx, a) })
	if len(stackhand.Panics(err)) == 0 {
		return err
	}
	return errors.Join(err, change(ctx, w.o.Book, w.o.Conflict, a.Stack, func(a *stackhand.Activity) bool {
		a.Next = w.next(*a, w.o.Now())
		return true
	}))
}

// sample takes one, and judges by it.
func (w *Watcher) sample(ctx context.Context, a stackhand.Activity) error {
	st, err := w.o.Book.Stack(ctx, a.Stack)
	if stackhand.KindOf(err) == stackhand.NotFound || err == nil && st.State == stackhand.StackGone {
		delete(w.cost, a.Stack)
		return w.o.Book.DeleteActivity(ctx, a)
	}
	if err != nil {
		return err
	}
	now := w.o.Now()
	var n stackhand.Numbers
	var asked error
	ready := st.State == stackhand.StackReady && st.Server != ""
	if ready {
		since := a.Seen
		if from := now.Add(-maxSpan); since.Before(from) {
			since = from
		}
		n, asked = w.o.Numbers(ctx, st, since, w.needs(a))
		w.called(n.Calls)
		w.cost[st.ID] = n.Calls
		if n.Cut {
			w.cost[st.ID] = w.o.Most // it stays due, and may take that
		}
		if ctx.Err() != nil || n.Cut {
			return ctx.Err()
		}
	}
	var after stackhand.Activity
	err = change(ctx, w.o.Book, w.o.Conflict, a.Stack, func(a *stackhand.Activity) bool {
		if ready {
			w.note(a, n, asked, now)
		}
		a.Next = w.next(*a, now)
		after = *a
		return true
	})
	if err != nil || !ready || asked != nil {
		return err
	}
	return w.judge(ctx, st, after, now)
}

// next keeps a server at its place in the time between two samples. Where there is little to see it is looked at less often.
func (w *Watcher) next(a stackhand.Activity, now time.Time) time.Time {
	every := w.o.Rules.Every
	switch {
	case a.Source == stackhand.SourceNone, !a.Off.IsZero():
		every *= 6
	case a.Source == stackhand.SourceMetrics: // what is missed meanwhile is kept there
		every *= 3
	}
	if behind := now.Sub(a.Next); behind >= 0 && behind < 1000*every {
		return a.Next.Add((behind/every + 1) * every)
	}
	return now.Add(every)
}

// note writes a sample down. What could not be read is a gap.
func (w *Watcher) note(a *stackhand.Activity, n stackhand.Numbers, asked error, now time.Time) {
	if asked != nil {
		a.Missing = reason(asked)
		return
	}
	if n.Status != "" {
		if a.Off.IsZero() {
			a.Off = now
		}
		a.Status, a.Last = n.Status, stackhand.Counters{}
		if n.Source == stackhand.SourceNone {
			a.Source, a.Missing = n.Source, n.Missing
		}
		return
	}
	a.Off, a.Status, a.Source, a.Missing = time.Time{}, "", n.Source, n.Missing
	switch n.Source {
	case stackhand.SourceDiagnostics:
		if l, ok := between(a.Last, n.Counters); ok {
			add(a, l)
		}
		a.Last = n.Counters
	case stackhand.SourceMetrics:
		a.Last = stackhand.Counters{}
		for _, l := range n.Loads {
			add(a, l)
			a.Seen = l.To
		}
	}
}

// reason is what people are told of an error.
func reason(err error) string {
	var e *stackhand.Error
	if errors.As(err, &e) {
		return e.Msg
	}
	return "its cloud could not be asked."
}

// judge asks the owner of a server that nobody uses, and takes the question back once somebody does.
func (w *Watcher) judge(ctx context.Context, st stackhand.Stack, a stackhand.Activity, now time.Time) error {
	lad := st.Lease.Ladder
	if _, parked := lad.Parked(); parked {
		return nil // that it does nothing is the ladder's own doing
	}
	v := w.o.Rules.Judge(st.Name, a, st.Lease.Ready, now)
	switch {
	case lad.Reason != stackhand.ReasonTime:
		if v.Reason == stackhand.ReasonTime && contradicts(w.o.Rules, a, lad) {
			_, err := w.o.Answered(ctx, st.ID)
			return err
		}
		return w.asked(ctx, a, now, false)
	case !a.Asked.IsZero(): // there was a question, and it was answered
		return w.asked(ctx, a, now, true)
	case v.Reason == stackhand.ReasonTime, now.Before(a.Quiet) && a.Quiet.Sub(now) <= w.o.Rules.Quiet:
		return nil
	}
	begun, err := w.o.Begin(ctx, st.ID, v.Reason, v.Evidence, now.Add(w.o.Rules.Answer))
	if err != nil || !begun {
		return err
	}
	w.o.Log.Info("a server seems unused, and its owner is asked", "stack", st.ID, "user", st.Lease.Owner, "reason", v.Reason)
	return w.asked(ctx, a, now, false)
}

// asked notes that there is a question, or that it was answered: then its owner is left in peace for a while.
func (w *Watcher) asked(ctx context.Context, a stackhand.Activity, now time.Time, answered bool) error {
	return change(ctx, w.o.Book, w.o.Conflict, a.Stack, func(a *stackhand.Activity) bool {
		switch {
		case answered:
			a.Asked, a.Quiet = time.Time{}, now.Add(w.o.Rules.Quiet)
		case !a.Asked.IsZero():
			return false
		default:
			a.Asked = now
		}
		return true
	})
}

// contradicts tells whether what came after a question speaks against it: the server was used, or runs, or is at work.
func contradicts(r Rules, a stackhand.Activity, lad stackhand.Ladder) bool {
	if lad.Reason == stackhand.ReasonStands {
		return a.Off.IsZero()
	}
	if a.Used.After(lad.Since) {
		return true
	}
	for _, s := range Hours(a) {
		if s.At.After(lad.Since) && s.Known() && r.busy(s) {
			return true
		}
	}
	return false
}
