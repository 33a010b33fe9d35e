// Package provision says, as flows of steps, how stacks are built, changed and taken down in an
// OpenStack, and how single resources are made and removed. It knows what must happen and in which order; the engine makes it happen
// once, and a Cloud does it.
package provision

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net"
	"time"

	"github.com/stackhand/stackhand"
	"github.com/stackhand/stackhand/internal/jobs"
)

// Book is the record of stacks. Saves compare and set on Stack.Rev; a lost race is an error
// that matches Deps.Conflict.
type Book interface {
	Stack(ctx context.Context, id string) (stackhand.Stack, error)
	SaveStack(ctx context.Context, stack *stackhand.Stack) error
	// UsersOfResource lists the ids of the stacks that are not gone and of the jobs at work
	// that hold the resource.
	UsersOfResource(ctx context.Context, cloud, resourceID string) ([]string, error)
}

// Deps are what the flows work with.
type Deps struct {
	// Open gives a session with the user's own credentials, where the job works.
	Open func(ctx context.Context, userID, cloud string, at stackhand.Scope) (Cloud, error)
	// Own gives a session with the bot's own login in the place at; Unauthorized where it does not get there. nil: it has none.
	Own      func(ctx context.Context, cloud string, at stackhand.Scope) (Cloud, error)
	Book     Book
	Conflict error            // what a lost race of Book.SaveStack matches
	Now      func() time.Time // default time.Now
	Home     string           // the installation, for the marks of what is made; "" says nothing
	// Keep keeps a password that a cloud gave a server, for its owner, who may see it once; nil forgets it.
	Keep func(ctx context.Context, owner, cloud, server, password string) error
	// Orphaned tells whether a thing with our mark is on no record, the job's own apart. Without it no orphan is removed.
	Orphaned func(ctx context.Context, cloud string, t stackhand.Thing, job string) (bool, error)
	// Line says a line again that waited for somebody's approval, and answers what came of it, in a sentence or "".
	Line func(ctx context.Context, job stackhand.Job) (string, error)
	// Dial is how "--wait-for ssh" looks at servers; default: the network.
	Dial func(ctx context.Context, network, addr string) (net.Conn, error)
}

// Names of the flows.
const (
	FlowCreate  = "create"
	FlowDelete  = "delete"
	FlowReboot  = "reboot"
	FlowCleanup = "cleanup"
	FlowAct     = "act"    // one change of one server: stackhand.ActSpec
	FlowMake    = "make"   // one resource that belongs to no stack: stackhand.MakeSpec
	FlowRemove  = "remove" // stackhand.RemoveSpec
	FlowEdit    = "edit"   // of an image: stackhand.EditSpec
	FlowAdopt   = "adopt"  // stackhand.AdoptSpec
	FlowRelease = "release"
	FlowOrphan  = "orphan" // things that belong to no record: stackhand.OrphanSpec
	FlowLine    = "line"   // a line that was approved and changes our own records, or what the command does at once
	FlowLadder  = "ladder" // a step of a lease's end, or back: stackhand.LadderSpec
)

// Flows are all flows of the package, for jobs.New.
func Flows(d Deps) []jobs.Flow {
	if d.Now == nil {
		d.Now = time.Now
	}
	if d.Dial == nil {
		d.Dial = (&net.Dialer{Timeout: 5 * time.Second}).DialContext
	}
	if d.Conflict == nil {
		d.Conflict = errors.New("provision: no conflict error was set")
	}
	return []jobs.Flow{
		createFlow(d), deleteFlow(d, 1), deleteFlow(d, 2), rebootFlow(d), cleanupFlow(d, 1), cleanupFlow(d, 2),
		actFlow(d), makeFlow(d), removeFlow(d), editFlow(d), orphanFlow(d), adoptFlow(d), releaseFlow(d), ladderFlow(d), lineFlow(d),
	}
}

// action is a step's work with a session in the job's cloud.
type action func(ctx context.Context, run *jobs.Run, c Cloud) error

// input reads a job's input.
func input[T any](job stackhand.Job) (T, error) {
	var v T
	if err := json.Unmarshal(job.Input, &v); err != nil {
		return v, fmt.Errorf("provision: input of job %s: %w", job.ID, err)
	}
	return v, nil
}

// change writes on a stack's record; what may run more than once. It answers the record as saved.
func (d Deps) change(ctx context.Context, id string, what func(*stackhand.Stack) error) (stackhand.Stack, error) {
	for {
		st, err := d.Book.Stack(ctx, id)
		if err != nil {
			return st, err
		}
		if err := what(&st); err != nil {
			return st, err
		}
		err = d.Book.SaveStack(ctx, &st)
		if err == nil {
			return st, nil
		}
		if !errors.Is(err, d.Conflict) || ctx.Err() != nil {
			return st, fmt.Errorf("provision: save stack %s: %w", id, err)
		}
	}
}

func is(err error, kind stackhand.Kind) bool { return stackhand.KindOf(err) == kind }

// gone turns the answer to a deletion into success where the thing is not there any more.
func gone(err error) error {
	if is(err, stackhand.NotFound) {
		return nil
	}
	return err
}

// patiently repeats a call that answers Conflict, which may be about something that is just
// going away, for at most d.
func patiently(ctx context.Context, d time.Duration, call func() error) error {
	end := time.Now().Add(d)
	for wait := 500 * time.Millisecond; ; wait = min(2*wait, 4*time.Second) {
		err := call()
		if !is(err, stackhand.Conflict) || time.Now().Add(wait).After(end) {
			return err
		}
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-time.After(wait):
		}
	}
}
