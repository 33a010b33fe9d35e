// Package jobs is the engine that carries out accepted commands: exactly once, through
// crashes, lost answers and restarts. A Flow is a list of Steps; every start, attempt, end
// and made resource is on the job's record before anything depends on it, so that another
// engine can go on where this one stopped. The package knows neither clouds nor chats.
package jobs

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"time"

	"github.com/stackhand/stackhand"
)

// Flow says what is done for one kind of job. A job finishes on the version that it began
// with, so an engine may know several versions of a flow.
type Flow struct {
	Name    string
	Version int
	// Undo tells that the steps can be taken back: such a job can be cancelled, and ends
	// undone when a step fails. Without it a failure leads straight to failed.
	Undo bool
	// Steps lists the job's steps. It must answer the same list for the same job every time,
	// since a resumed job matches it with its record by name.
	Steps func(job stackhand.Job) ([]Step, error)
	// Settle, if set, is called before the job comes to rest in the state to, with the record
	// as it will be, and may be called again after a crash. It puts right what is recorded elsewhere, and
	// answers sentences to say at the job's end.
	Settle func(ctx context.Context, job stackhand.Job, to stackhand.JobState) ([]string, error)
	// Stacks makes the new stacks that go with a job that is tried again; nil: none.
	Stacks func(job stackhand.Job) []stackhand.Stack
	// Cleanup makes the job that removes what the resting job left: its Flow, Input and Title.
	// nil: such jobs leave nothing behind. An empty Flow means that trying again does it.
	Cleanup func(job stackhand.Job) (stackhand.Job, error)
	// Left tells whether something of the resting job is still there, or may be. Such a job is tried again only after it
	// was cleaned up. nil: nothing of it is in the way of another try.
	Left func(ctx context.Context, job stackhand.Job) (bool, error)
}

// Step is one piece of a flow. It runs as soon as the steps that it Needs are done.
type Step struct {
	Name  string // unique in the flow
	Title string // for people: "Floating IP"
	Needs []string
	// Timeout bounds the step with all its attempts; it counts anew after a restart.
	// 0: Retries.For.
	Timeout time.Duration
	// Do does it. Run.Again says when it must look before it makes.
	Do func(ctx context.Context, run *Run) error
	// Makes is the kind of the resource that the step makes; "": none, or one that is not worth a word of its own.
	Makes string
	// Undo takes back what Do did or may have done; nil: there is nothing to take back, or another step's Undo does it.
	Undo func(ctx context.Context, run *Run) error
	// Waits marks a step that only watches, so that it can be cut off at once. Others are
	// given a little time for the call that is on its way, whose outcome would be unknown.
	Waits bool
}

// Records is the part of the store that the engine uses. Saves compare and set on Job.Rev;
// a lost race is an error that matches Options.Conflict.
type Records interface {
	// CreateJob writes a new job with its new stacks. If the id exists it answers false and
	// fills job from the record.
	CreateJob(ctx context.Context, job *stackhand.Job, stacks []*stackhand.Stack) (created bool, err error)
	Job(ctx context.Context, id string) (stackhand.Job, error)
	SaveJob(ctx context.Context, job *stackhand.Job) error
	OpenJobs(ctx context.Context) ([]stackhand.Job, error)
	RecentJobs(ctx context.Context, user string, limit int) ([]stackhand.Job, error)
	// TryLock answers who holds the lock now: holder itself if it got it or had it.
	TryLock(ctx context.Context, name, holder string) (current string, err error)
	Unlock(ctx context.Context, name, holder string) error
	// Exclusive tells that no other process can have the records open.
	Exclusive() bool
}

// Retries says how attempts that may pass are repeated: exponential back-off with jitter.
type Retries struct {
	First   time.Duration // wait before the second attempt; default 500 ms
	Max     time.Duration // longest wait; default 10 s
	For     time.Duration // a step gives up after nothing but failures for so long; default 40 s, while somebody waits
	Step    time.Duration // a step without Timeout may take so long in all; default 5 min
	UndoMax time.Duration // longest wait between attempts to undo; default 5 min
	UndoFor time.Duration // undoing gives up after this; default 24 h
}

// Options are the engine's settings; the zero value works.
type Options struct {
	ID       string              // of this engine, unique among those on the same records; default random
	Workers  int                 // jobs at work at the same time; default 64
	PerUser  int                 // of them of one user; default 16
	Now      func() time.Time    // for the times that people read; default time.Now
	Log      *slog.Logger        // default slog.Default()
	Changed  func(jobID string)  // called after a job's record changed; must not block
	Conflict error               // what a lost race of SaveJob matches
	Seal     Sealer              // for the inputs of jobs; nil keeps them in clear
	Redact   func(string) string // takes secrets out of what is told of failures; nil takes none
	Panicked stackhand.Panicked  // is told of what panicked, in a step or in the engine itself; nil: it is logged
	Retries  Retries
	ClaimFor time.Duration // how long a claim lasts without a sign of life; default 30 s
	Grace    time.Duration // for calls on their way when a job is stopped; default 5 s
}

func (o *Options) fill() {
	o.ID = or(o.ID, newRef()+newRef())
	o.Workers = or(o.Workers, 64)
	o.PerUser = or(o.PerUser, 16)
	o.ClaimFor = or(o.ClaimFor, 30*time.Second)
	o.Grace = or(o.Grace, 5*time.Second)
	o.Retries.First = or(o.Retries.First, 500*time.Millisecond)
	o.Retries.Max = or(o.Retries.Max, 10*time.Second)
	o.Retries.For = or(o.Retries.For, 40*time.Second)
	o.Retries.Step = or(o.Retries.Step, 5*time.Minute)
	o.Retries.UndoMax = or(o.Retries.UndoMax, 5*time.Minute)
	o.Retries.UndoFor = or(o.Retries.UndoFor, 24*time.Hour)
	if o.Now == nil {
		o.Now = time.Now
	}
	if o.Log == nil {
		o.Log = slog.Default()
	}
	if o.Changed == nil {
		o.Changed = func(string) {}
	}
	if o.Panicked == nil {
		o.Panicked = stackhand.LogPanics(o.Log)
	}
	if o.Conflict == nil {
		o.Conflict = errors.New("jobs: no conflict error was set")
	}
}

func or[T comparable](v, fallback T) T {
	var zero T
	if v == zero {
		return fallback
	}
	return v
}

// Human wraps err so that the job stops and waits for a person: going on by itself could do harm.
func Human(err error) error {
	if err == nil {
		return nil
	}
	e := &stackhand.Error{Kind: stackhand.NeedsHuman, Msg: err.Error(), Err: err}
	var known *stackhand.Error
	if errors.As(err, &known) {
		e.Next = known.Next
	}
	return e
}

// check finds mistakes in a list of steps: names that are missing or double, needs that do
// not exist, circles.
func check(steps []Step) error {
	seen := map[string]bool{}
	for _, s := range steps {
		if s.Name == "" || s.Do == nil {
			return fmt.Errorf("jobs: step %q has no name or nothing to do", s.Name)
		}
		if seen[s.Name] {
			return fmt.Errorf("jobs: two steps are named %q", s.Name)
		}
		// Needs must name earlier steps, which also rules out circles.
		for _, n := range s.Needs {
			if !seen[n] {
				return fmt.Errorf("jobs: step %q needs %q, which does not come before it", s.Name, n)
			}
		}
		seen[s.Name] = true
	}
	return nil
}
