package provision

import (
	"context"
	"slices"
	"strings"
	"time"

	"github.com/stackhand/stackhand"
	"github.com/stackhand/stackhand/internal/jobs"
)

// How long changes of a server may take.
const (
	actFor   = 15 * time.Minute // what needs no copying
	imageFor = 2 * time.Hour    // what copies a disk
)

// move is a change from one state of a server to another. The states are those of
// https://docs.openstack.org/api-guide/compute/server_concepts.html.
type move struct {
	record   string   // in Nova's record of actions
	from, to []string // any of them
	done     string   // "stopped"
	already  string   // "was stopped already"
	limit    time.Duration
}

var moves = map[string]move{
	stackhand.ActStart:   {"start", []string{"SHUTOFF"}, []string{"ACTIVE"}, "started", "was running already.", actFor},
	stackhand.ActStop:    {"stop", []string{"ACTIVE", "ERROR", "RESCUE"}, []string{"SHUTOFF"}, "stopped", "was stopped already.", actFor},
	stackhand.ActPause:   {"pause", []string{"ACTIVE", "RESCUE"}, []string{"PAUSED"}, "paused", "was paused already.", actFor},
	stackhand.ActUnpause: {"unpause", []string{"PAUSED"}, []string{"ACTIVE"}, "unpaused", "was running already.", actFor},
	stackhand.ActSuspend: {"suspend", []string{"ACTIVE", "RESCUE"}, []string{"SUSPENDED"}, "suspended", "was suspended already.", actFor},
	stackhand.ActResume:  {"resume", []string{"SUSPENDED"}, []string{"ACTIVE"}, "resumed", "was running already.", actFor},
	stackhand.ActShelve: {"shelve", []string{"ACTIVE", "SHUTOFF", "PAUSED", "SUSPENDED"}, []string{"SHELVED_OFFLOADED", "SHELVED"},
		"shelved", "was shelved already.", imageFor},
	stackhand.ActUnshelve: {"unshelve", []string{"SHELVED", "SHELVED_OFFLOADED"}, []string{"ACTIVE"}, "unshelved", "was not shelved.", imageFor},
}

func (a act) moveSteps(m move) []jobs.Step {
	begin := func(ctx context.Context, run *jobs.Run, c Cloud) error { return a.move(ctx, run, c, m) }
	wait := func(ctx context.Context, run *jobs.Run, c Cloud) error {
		srv, err := a.await(ctx, run, c, m.record, m.to...)
		if err != nil || srv.ID == "" {
			return err
		}
		return run.Note(ctx, srv.Status)
	}
	return a.then(begin, "Wait until it is "+m.to[0], m.limit, wait)
}

func (a act) move(ctx context.Context, run *jobs.Run, c Cloud, m move) error {
	srv, err := a.server(ctx, c)
	if err != nil {
		return err
	}
	begun, err := run.Get(traceKey(m.record), &trace{})
	if err != nil {
		return err
	}
	if !begun {
		if slices.Contains(m.to, srv.Status) && srv.Task == "" {
			return a.already(ctx, run, "%s", m.already)
		}
		if run.Job().RetryOf == "" { // else somebody wants it now
			err = a.inTime(stackhand.Stack{Name: a.spec.Name}, time.Time{}, a.spec.Latest)
		}
		if err != nil {
			return err
		}
		if err := a.allowed(srv, m.done, m.from...); err != nil {
			return err
		}
	}
	return once(ctx, run, c, srv, m.record, func() error { return a.refused(c.ActOnServer(ctx, srv.ID, a.spec.Verb)) })
}

// allowed refuses what cannot be done in the server's state.
func (a act) allowed(srv stackhand.Server, done string, states ...string) error {
	if slices.Contains(states, srv.Status) {
		return nil
	}
	e := stackhand.Errorf(stackhand.Conflict, "%s cannot be %s: it is %s.", a.spec.Name, done, srv.Status)
	if way := wayOut[srv.Status]; way != "" {
		return e.Do("Say %s first.", way)
	}
	return e.Do("Wait until it is %s, then try again.", strings.Join(states, " or "))
}

// wayOut is what leads from a state to ACTIVE.
var wayOut = map[string]string{
	"SHUTOFF": "start", "PAUSED": "unpause", "SUSPENDED": "resume", "SHELVED": "unshelve", "SHELVED_OFFLOADED": "unshelve",
	"VERIFY_RESIZE": "resize --confirm or resize --revert", "ERROR": "reboot --hard",
}

// refused gives a refusal of the cloud the server's name.
func (a act) refused(err error) error {
	if is(err, stackhand.NotFound) {
		return a.missing(err)
	}
	return err
}

// await waits until the server is in one of the states, after a call that Nova records as record. It answers a
// server without an ID where there was nothing to do. A server that is left as it was, by a change that failed,
// ends the wait too.
func (a act) await(ctx context.Context, run *jobs.Run, c Cloud, record string, to ...string) (stackhand.Server, error) {
	if done, err := wasAlready(run); err != nil || done {
		return stackhand.Server{}, err
	}
	var was trace
	if _, err := run.Get(traceKey(record), &was); err != nil {
		return stackhand.Server{}, err
	}
	for {
		srv, err := c.Await(ctx, a.spec.Server, func(s stackhand.Server) bool {
			return s.Task == "" && (slices.Contains(to, s.Status) || s.Status == "ERROR" || s.Status == was.Status)
		})
		switch {
		case is(err, stackhand.NotFound):
			return srv, a.missing(err)
		case err != nil:
			return srv, err
		case slices.Contains(to, srv.Status):
			return srv, nil
		case srv.Status == "ERROR" && was.Status != "ERROR":
			return srv, a.failed(record, srv)
		}
		what, heard, err := entry(ctx, c, srv, was, record)
		if err != nil {
			return srv, err
		}
		if heard && what.Message != "" {
			return srv, a.failed(record, stackhand.Server{Fault: "it gave no reason, and left it as it was (" + srv.Status + ")."})
		}
		if err := pause(ctx, time.Second); err != nil {
			return srv, err
		}
	}
}

func (a act) failed(what string, srv stackhand.Server) error {
	return broken(srv, tryAgain, "The cloud could not %s %s", spoken(what), a.spec.Name)
}

// spoken says a word of Nova's record in plain ones.
func spoken(record string) string {
	switch record {
	case "confirmResize":
		return "confirm the resize of"
	case "revertResize":
		return "revert the resize of"
	}
	return record
}

func pause(ctx context.Context, d time.Duration) error {
	select {
	case <-ctx.Done():
		return ctx.Err()
	case <-time.After(d):
		return nil
	}
}

// lock locks and unlocks: what is so already is no error to Nova. Old clouds do not tell that a server is locked.
func (a act) lock(ctx context.Context, run *jobs.Run, c Cloud) error {
	srv, err := a.server(ctx, c)
	if err != nil {
		return err
	}
	if srv.Locked && a.spec.Verb == stackhand.ActLock && !run.Again() {
		return a.already(ctx, run, "was locked already.")
	}
	return a.refused(c.ActOnServer(ctx, srv.ID, a.spec.Verb))
}
