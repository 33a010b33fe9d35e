package bot

import (
	"context"
	"sync"
	"time"

	"github.com/stackhand/stackhand"
)

// reporter keeps what the chat shows of jobs in line with their records. It looks at the
// record, derives the messages, compares them with what was posted and does one step at a
// time towards it; so only the latest state counts, and a crash changes nothing.
type reporter struct {
	b     *Bot
	mu    sync.Mutex
	tasks map[string]*task
	wake  chan struct{}
	slots chan struct{}
}

// task is a job whose messages may not be as they should. Its fields belong to the loop,
// or to the one call that is under way for it.
type task struct {
	id      string
	dirty   bool      // the record may have changed since it was looked at
	looking bool      // it is looked at just now
	working bool      // a call is under way
	next    *op       // what to do next; nil: nothing
	planned bool      // next was found since the last call: before, it may be what that call did
	open    bool      // the report is open: the job runs, or messages are missing
	wake    time.Time // by the bot's clock, when its messages change by themselves; zero: never
	edited  time.Time
	since   time.Time        // waiting with the same class since
	later   time.Time        // not before, after a failure
	tries   int              // failures in a row
	absent  map[partKey]bool // messages with an op id of which it is known that they are not posted
}

const (
	reportWorkers = 4
	tickEvery     = 15 * time.Second        // for the elapsed times of running steps
	editPause     = 1200 * time.Millisecond // between two edits of one running job
	holdFor       = 200 * time.Millisecond
	retryFirst    = 500 * time.Millisecond
	retryMax      = 5 * time.Minute
)

func newReporter(b *Bot) *reporter {
	return &reporter{b: b, tasks: map[string]*task{}, wake: make(chan struct{}, 1), slots: make(chan struct{}, reportWorkers)}
}

func (r *reporter) changed(job string) {
	if job == "" {
		return
	}
	r.mu.Lock()
	r.of(job).dirty = true
	r.mu.Unlock()
	r.poke()
}

func (r *reporter) of(job string) *task {
	t := r.tasks[job]
	if t == nil {
		t = &task{id: job, absent: map[partKey]bool{}}
		r.tasks[job] = t
	}
	return t
}

func (r *reporter) poke() {
	select {
	case r.wake <- struct{}{}:
	default:
	}
}

// busy tells whether something should be in the chat that is not.
func (r *reporter) busy() bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	for _, t := range r.tasks {
		if t.dirty || t.looking || t.working || t.next != nil {
			return true
		}
	}
	return false
}

// run works until ctx ends. Reports that were open before are looked at first.
func (r *reporter) run(ctx context.Context) {
	for wait := time.Second; ; wait = min(2*wait, time.Minute) {
		err := r.recall(ctx)
		if err == nil {
			break
		}
		r.b.log.ErrorContext(ctx, "the open reports cannot be read", "err", err)
		if !sleep(ctx, wait) {
			return
		}
	}
	var calls sync.WaitGroup
	defer calls.Wait()
	tick := time.NewTicker(tickEvery)
	defer tick.Stop()
	for {
		r.look(ctx)
		timer := time.NewTimer(min(r.dispatch(ctx, &calls), r.awaken()))
		select {
		case <-ctx.Done():
		case <-r.wake:
		case <-timer.C:
		case <-tick.C:
			r.tick()
		}
		timer.Stop()
		if ctx.Err() != nil {
			return
		}
	}
}

// recall has everything looked at that is not shown to the end, or changes by itself.
func (r *reporter) recall(ctx context.Context) error {
	open, err := r.b.o.Records.OpenReports(ctx)
	if err != nil {
		return err
	}
	later, err := r.b.o.Records.LaterReports(ctx)
	for _, rep := range append(open, later...) {
		r.changed(rep.Job)
	}
	return err
}

// awaken has the jobs looked at whose messages change by themselves now, and says how long to
// wait before asking again: the bot's clock may be set forward, so that it is no long time.
func (r *reporter) awaken() time.Duration {
	r.mu.Lock()
	defer r.mu.Unlock()
	wait := time.Minute
	for _, t := range r.tasks {
		switch {
		case t.wake.IsZero() || t.open || t.dirty || t.working:
		case r.b.o.Now().Before(t.wake):
			wait = min(wait, time.Second)
		default:
			t.dirty, wait = true, 0
		}
	}
	return wait
}

// tick has the running jobs looked at: their elapsed times went on.
func (r *reporter) tick() {
	r.mu.Lock()
	defer r.mu.Unlock()
	for _, t := range r.tasks {
		if t.open {
			t.dirty = true
		}
	}
}

// look plans anew for all tasks whose record may have changed.
func (r *reporter) look(ctx context.Context) {
	for _, t := range r.due() {
		var next *op
		var open bool
		err := r.b.guarded(ctx, "the messages of job "+t.id, func() (err error) {
			next, open, err = r.plan(ctx, t)
			return err
		})
		r.mu.Lock()
		t.looking, t.planned = false, err == nil
		switch {
		case err != nil:
			t.dirty = true
			r.backOff(t)
			if ctx.Err() == nil { // while the bot stops, nothing can be read
				r.b.log.ErrorContext(ctx, "a report cannot be derived", "job", t.id, "err", err)
			}
		default:
			if next == nil || t.next == nil || next.class != t.next.class {
				t.since = time.Now()
			}
			t.next, t.open = next, open
			if next == nil && !open && !t.dirty && !t.working && t.wake.IsZero() {
				delete(r.tasks, t.id)
			}
		}
		r.mu.Unlock()
	}
}

// due takes the tasks to look at and marks them as looked at.
func (r *reporter) due() []*task {
	r.mu.Lock()
	defer r.mu.Unlock()
	var out []*task
	for _, t := range r.tasks {
		if t.dirty && !t.working && !time.Now().Before(t.later) {
			t.dirty, t.looking = false, true
			out = append(out, t)
		}
	}
	return out
}

func (r *reporter) backOff(t *task) {
	t.later = time.Now().Add(min(retryFirst<<min(t.tries, 12), retryMax))
	t.tries++
}

// dispatch starts every call that is allowed now, the most important first, and says how
// long it is until another may be.
func (r *reporter) dispatch(ctx context.Context, calls *sync.WaitGroup) time.Duration {
	for {
		select {
		case r.slots <- struct{}{}:
		default:
			return time.Minute // a call that ends wakes us
		}
		t, wait := r.pick()
		if t == nil {
			<-r.slots
			return wait
		}
		calls.Go(func() {
			err := r.b.guarded(ctx, "the messages of job "+t.id, func() error { return r.perform(ctx, t) })
			r.mu.Lock()
			t.working, t.planned, t.dirty = false, false, true
			if err == nil {
				t.tries = 0
			} else if ctx.Err() == nil {
				r.backOff(t)
				r.b.log.WarnContext(ctx, "a message is not as it should be", "job", t.id, "part", t.next.part, "err", err)
			}
			r.mu.Unlock()
			<-r.slots
			r.poke()
		})
	}
}

// pick finds the most important task whose next call is allowed now, and takes the place.
func (r *reporter) pick() (*task, time.Duration) {
	r.mu.Lock()
	defer r.mu.Unlock()
	soonest := time.Minute
	refusedNow := map[string]bool{}
	for {
		best := r.best(refusedNow, &soonest)
		if best == nil {
			return nil, soonest
		}
		wait := r.b.web.limit.ready(best.next.method, best.next.channel)
		if wait == 0 {
			best.working = true
			return best, 0
		}
		soonest = min(soonest, wait)
		refusedNow[best.next.place()] = true
	}
}

// best is the task of the lowest class, and among those the one that waits longest.
func (r *reporter) best(without map[string]bool, soonest *time.Duration) *task {
	var best *task
	now := time.Now()
	for _, t := range r.tasks {
		if t.next == nil && !t.dirty || t.working {
			continue
		}
		at := t.later
		if t.next != nil && t.next.hold {
			at = later(at, t.since.Add(holdFor))
		}
		if t.next != nil && t.next.pause {
			at = later(at, t.edited.Add(editPause))
		}
		if now.Before(at) {
			*soonest = min(*soonest, at.Sub(now)+time.Millisecond)
			continue
		}
		if !t.planned {
			*soonest = 0 // it is to be looked at since a moment ago
			continue
		}
		if t.next == nil || without[t.next.place()] {
			continue
		}
		if best == nil || t.next.class < best.next.class || t.next.class == best.next.class && t.since.Before(best.since) {
			best = t
		}
	}
	return best
}

func later(a, b time.Time) time.Time {
	if a.After(b) {
		return a
	}
	return b
}

// stacksOf reads what the job is about. A stack that is not there (yet) is left out.
func (b *Bot) stacksOf(ctx context.Context, job stackhand.Job) ([]stackhand.Stack, error) {
	var out []stackhand.Stack
	for _, id := range job.Stacks {
		st, err := b.o.Env.Stacks.Stack(ctx, id)
		if stackhand.KindOf(err) == stackhand.NotFound {
			continue
		}
		if err != nil {
			return nil, err
		}
		out = append(out, st)
	}
	return out, nil
}
