package provision

import (
	"context"
	"time"

	"github.com/stackhand/stackhand"
	"github.com/stackhand/stackhand/internal/jobs"
)

// rebootFor is how long a reboot may take.
const rebootFor = 15 * time.Minute

type reboot struct {
	Deps
	spec stackhand.RebootSpec
}

func rebootFlow(d Deps) jobs.Flow {
	return jobs.Flow{
		Name: FlowReboot, Version: 1,
		Steps: func(job stackhand.Job) ([]jobs.Step, error) {
			spec, err := input[stackhand.RebootSpec](job)
			if err != nil {
				return nil, err
			}
			r := reboot{d, spec}
			with := d.with
			if spec.Stack != "" {
				with = func(do action) func(context.Context, *jobs.Run) error { return d.withStack(spec.Stack, do) }
			}
			return []jobs.Step{
				{Name: "look", Title: "Look at " + spec.Name, Do: with(r.look)},
				{Name: "reboot", Title: "Reboot", Needs: []string{"look"}, Do: with(r.reboot)},
				{Name: "wait", Title: "Wait until it is back", Needs: []string{"reboot"}, Do: with(r.wait), Timeout: rebootFor, Waits: true},
			}, nil
		},
	}
}

// look makes sure that nobody else is at work on the server.
func (r reboot) look(ctx context.Context, run *jobs.Run, _ Cloud) error {
	if r.spec.Stack != "" {
		st, err := r.Book.Stack(ctx, r.spec.Stack)
		if err != nil {
			return err
		}
		if st.State != stackhand.StackReady && st.State != stackhand.StackKept {
			return stackhand.Errorf(stackhand.Conflict, "%s cannot be rebooted: it is %s.", r.spec.Name, st.State)
		}
		if err := free(st, run.Job().ID, r.spec.Server); err != nil {
			return err
		}
	}
	return nil
}

func (r reboot) missing(err error) error {
	return stackhand.Errorf(stackhand.NotFound, "The server %s is not there any more.", r.spec.Name).Because(err)
}

// reboot asks for it once: an attempt that may have been heard is looked up in Nova's record.
func (r reboot) reboot(ctx context.Context, run *jobs.Run, c Cloud) error {
	srv, err := c.Server(ctx, r.spec.Server)
	if err == nil {
		err = once(ctx, run, c, srv, "reboot", func() error { return c.RebootServer(ctx, r.spec.Server, r.spec.Hard) })
	}
	if is(err, stackhand.NotFound) {
		return r.missing(err)
	}
	return err
}

func (r reboot) wait(ctx context.Context, run *jobs.Run, c Cloud) error {
	srv, err := c.Await(ctx, r.spec.Server, func(s stackhand.Server) bool {
		return s.Task == "" && (s.Status == "ACTIVE" || s.Status == "ERROR")
	})
	switch {
	case is(err, stackhand.NotFound):
		return r.missing(err)
	case err != nil:
		return err
	case srv.Status == "ERROR":
		return broken(srv, "Try a hard reboot; if that fails too, ask the cloud's administrator.", "%s did not come back from its reboot", r.spec.Name)
	}
	if err := r.runs(ctx); err != nil {
		return err
	}
	return run.Note(ctx, srv.Status)
}

// runs notes on the stack's record that its server runs, whatever it was left in before.
func (r reboot) runs(ctx context.Context) error {
	if r.spec.Stack == "" {
		return nil
	}
	_, err := r.change(ctx, r.spec.Stack, func(st *stackhand.Stack) error {
		st.Status = ""
		return nil
	})
	return gone(err)
}
