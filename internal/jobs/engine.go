package jobs

import (
	"context"
	"fmt"
	"slices"
	"sync"
	"time"

	"github.com/stackhand/stackhand"
)

// Engine works on the jobs of its records.
type Engine struct {
	recs  Records
	flows map[string][]Flow // by name, oldest first
	o     Options

	mu      sync.Mutex
	queue   queue
	active  map[string]*runner
	running map[string]int // jobs at work, by user
	free    chan struct{}  // closed and renewed when a lock is let go
	wake    chan struct{}
	work    sync.WaitGroup
}

// New makes an engine; Run sets it to work.
func New(recs Records, flows []Flow, o Options) *Engine {
	o.fill()
	e := &Engine{
		recs: recs, o: o, flows: map[string][]Flow{},
		active: map[string]*runner{}, running: map[string]int{},
		free: make(chan struct{}), wake: make(chan struct{}, 1),
	}
	for _, f := range flows {
		e.flows[f.Name] = append(e.flows[f.Name], f)
	}
	for _, fs := range e.flows {
		slices.SortFunc(fs, func(a, b Flow) int { return a.Version - b.Version })
	}
	return e
}

// Run takes up the open jobs and works until ctx ends; it returns after every job was let go.
// The error is that the open jobs could not be read at the beginning.
func (e *Engine) Run(ctx context.Context) error {
	if err := e.adopt(ctx); err != nil {
		return fmt.Errorf("jobs: open jobs: %w", err)
	}
	beat := time.NewTicker(e.lateness())
	defer beat.Stop()
	defer e.work.Wait()
	for {
		e.dispatch(ctx)
		select {
		case <-ctx.Done():
			return nil
		case <-e.wake:
		case <-beat.C:
			e.signOfLife()
			if err := e.adopt(ctx); err != nil && ctx.Err() == nil {
				e.o.Log.Error("the open jobs could not be read", "err", err)
			}
		}
	}
}

// adopt queues the open jobs that nobody works on.
func (e *Engine) adopt(ctx context.Context) error {
	open, err := e.recs.OpenJobs(ctx)
	if err != nil {
		return err
	}
	for _, job := range open {
		if e.mayClaim(job) {
			e.enqueue(job.ID, job.User.ID, job.State != stackhand.JobQueued)
		}
	}
	return nil
}

// mayClaim tells whether no other engine has a right to the job. In records that nobody else
// can have open, claims of others are of the dead.
func (e *Engine) mayClaim(job stackhand.Job) bool {
	return job.Claim.Engine == "" || job.Claim.Engine == e.o.ID || e.recs.Exclusive() || !time.Now().Before(job.Claim.Until)
}

func (e *Engine) enqueue(id, user string, urgent bool) {
	e.mu.Lock()
	if e.active[id] == nil {
		e.queue.add(id, user, urgent)
	}
	e.mu.Unlock()
	e.nudge()
}

func (e *Engine) nudge() {
	select {
	case e.wake <- struct{}{}:
	default:
	}
}

// dispatch starts queued jobs while there are workers. Jobs that were at work before start
// in any case: they were within the bounds then, and may hold what others wait for.
func (e *Engine) dispatch(ctx context.Context) {
	e.mu.Lock()
	defer e.mu.Unlock()
	for ctx.Err() == nil {
		id, ok := e.queue.resumed()
		if !ok {
			break
		}
		e.launch(ctx, id, "")
	}
	for ctx.Err() == nil && len(e.active) < e.o.Workers {
		id, user, ok := e.queue.next(func(u string) bool { return e.running[u] < e.o.PerUser })
		if !ok {
			return
		}
		e.launch(ctx, id, user)
	}
}

// launch starts a runner; e.mu is held.
func (e *Engine) launch(ctx context.Context, id, user string) {
	r := &runner{e: e, id: id, log: e.o.Log.With("job", id), locks: map[string]bool{}}
	r.ctx, r.drop = context.WithCancel(ctx)
	e.active[id] = r
	e.running[user]++
	e.work.Go(func() {
		var again bool
		_ = e.guarded(ctx, id, func() error { again = r.work(); return nil }) // whoever claims the job next goes on with it
		e.mu.Lock()
		delete(e.active, id)
		if e.running[user]--; e.running[user] == 0 {
			delete(e.running, user)
		}
		if again {
			e.queue.add(id, user, false)
		}
		e.mu.Unlock()
		e.nudge()
	})
}

// guarded does a part of the engine's own work for a job. What panics there is told to whoever runs the engine, and is an error of that part
// alone.
func (e *Engine) guarded(ctx context.Context, id string, work func() error) error {
	err := stackhand.Guarded("job "+id, work)
	if found := stackhand.Panics(err); len(found) > 0 {
		e.o.Panicked(ctx, "jobs", found)
	}
	return err
}

// signOfLife renews the claims of jobs whose record was not saved lately; that also shows
// what others wrote on it.
func (e *Engine) signOfLife() {
	e.mu.Lock()
	defer e.mu.Unlock()
	for _, r := range e.active {
		r.beat(e.lateness())
	}
}

// flow finds the version of a flow that a job began with.
func (e *Engine) flow(name string, version int) (Flow, error) {
	for _, f := range e.flows[name] {
		if f.Version == version {
			return f, nil
		}
	}
	return Flow{}, stackhand.Errorf(stackhand.NeedsHuman, "This job (%s, version %d) is of a kind that this version of the bot does not know.", name, version).
		Do("Start the version of the bot that began it, or clean up by hand.")
}

// newest finds the version of a flow that new jobs get.
func (e *Engine) newest(name string) (Flow, error) {
	fs := e.flows[name]
	if len(fs) == 0 {
		return Flow{}, fmt.Errorf("jobs: there is no flow %q", name)
	}
	return fs[len(fs)-1], nil
}

// lateness is how long a record may be silent before a sign of life is due.
func (e *Engine) lateness() time.Duration { return e.o.ClaimFor / 3 }
