package provision

import (
	"context"
	"time"

	"github.com/stackhand/stackhand"
	"github.com/stackhand/stackhand/internal/jobs"
)

// trace is what the cloud tells of a server before a call that changes it, so that later it can be told whether
// the call was heard. Old clouds keep no record of what was done to a server: there the time of its last change
// has to do.
type trace struct {
	Newest  string    `json:"newest,omitempty"` // request id of the newest entry of Nova's record
	Bare    bool      `json:"bare,omitempty"`   // there is no such record
	Status  string    `json:"status,omitempty"`
	Updated time.Time `json:"updated,omitzero"`
}

func traceKey(what string) string { return "before " + what }

// once makes a call that changes the server, unless an earlier attempt of this step was heard. what is the
// call's name in Nova's record: see https://docs.openstack.org/api-ref/compute/#servers-actions, os-instance-actions.
func once(ctx context.Context, run *jobs.Run, c Cloud, srv stackhand.Server, what string, call func() error) error {
	var was trace
	known, err := run.Get(traceKey(what), &was)
	if err != nil {
		return err
	}
	if !known {
		if was, err = traceOf(ctx, c, srv); err != nil {
			return err
		}
		if err := run.Set(ctx, traceKey(what), was); err != nil {
			return err
		}
	} else if _, heard, err := entry(ctx, c, srv, was, what); err != nil || heard {
		return err
	}
	err = call()
	if known && is(err, stackhand.Conflict) {
		// The earlier attempt may have been slow rather than lost.
		if _, heard, lookErr := entry(ctx, c, srv, was, what); lookErr == nil && heard {
			return nil
		}
	}
	return err
}

func traceOf(ctx context.Context, c Cloud, srv stackhand.Server) (trace, error) {
	t := trace{Status: srv.Status, Updated: srv.Updated}
	actions, err := c.ServerActions(ctx, srv.ID)
	if is(err, stackhand.NotFound) {
		t.Bare = true // the server was read just now
		return t, nil
	}
	if len(actions) > 0 {
		t.Newest = actions[0].RequestID
	}
	return t, err
}

// entry finds what Nova's record says of a call that was made after the trace was taken; without a record any
// change of the server since counts.
func entry(ctx context.Context, c Cloud, srv stackhand.Server, was trace, what string) (a stackhand.ServerAction, heard bool, err error) {
	if was.Bare {
		return a, srv.Task != "" || srv.Status != was.Status || !srv.Updated.Equal(was.Updated), nil
	}
	actions, err := c.ServerActions(ctx, srv.ID)
	if err != nil {
		return a, false, err
	}
	for _, a := range actions {
		if a.RequestID == was.Newest {
			break
		}
		if a.Action == what {
			return a, true, nil
		}
	}
	return a, false, nil
}
