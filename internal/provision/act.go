package provision

import (
	"context"
	"fmt"
	"strings"
	"time"

	"github.com/stackhand/stackhand"
	"github.com/stackhand/stackhand/internal/jobs"
)

// act is one change of one server.
type act struct {
	Deps
	id   string // the job's
	spec stackhand.ActSpec
}

func actFlow(d Deps) jobs.Flow {
	return jobs.Flow{
		Name: FlowAct, Version: 1,
		Steps: func(job stackhand.Job) ([]jobs.Step, error) {
			spec, err := input[stackhand.ActSpec](job)
			if err != nil {
				return nil, err
			}
			return act{d, job.ID, spec}.steps()
		},
		Settle:  d.settleAct,
		Cleanup: planActCleanup,
	}
}

// steps are few: what somebody asked for, and the wait until it is so.
func (a act) steps() ([]jobs.Step, error) {
	if m, ok := moves[a.spec.Verb]; ok {
		return a.moveSteps(m), nil
	}
	switch a.spec.Verb {
	case stackhand.ActLock, stackhand.ActUnlock:
		return a.single(a.lock), nil
	case stackhand.ActResize:
		return a.resizeSteps(), nil
	case stackhand.ActConfirm, stackhand.ActRevert:
		return a.decideSteps(), nil
	case stackhand.ActRebuild:
		return a.rebuildSteps(), nil
	case stackhand.ActImage:
		return a.imageSteps(), nil
	case stackhand.ActRename:
		return a.single(a.rename), nil
	case stackhand.ActPassword:
		return a.single(a.password), nil
	case stackhand.ActSet, stackhand.ActUnset:
		return a.single(a.properties), nil
	case stackhand.ActAddGroup, stackhand.ActRemoveGroup:
		return a.single(a.group), nil
	case stackhand.ActAddFloating:
		return a.addFloatingSteps(), nil
	case stackhand.ActRemoveFloating:
		return a.single(a.removeFloating), nil
	case stackhand.ActAddVolume, stackhand.ActRemoveVolume:
		return a.volumeSteps(), nil
	case stackhand.ActAddNetwork:
		return a.addNetworkSteps(), nil
	case stackhand.ActRemoveNetwork:
		return a.removeNetworkSteps(), nil
	}
	return nil, stackhand.Errorf(stackhand.NeedsHuman, "This version of the bot does not know how to %q a server.", a.spec.Verb).
		Do("Start the version of the bot that began this job, or say it anew.")
}

// title is what the verb is called on the card.
func (a act) title() string {
	name, to := a.spec.Name, a.spec.Target
	switch a.spec.Verb {
	case stackhand.ActResize:
		return fmt.Sprintf("Resize %s to %s", name, a.spec.Flavor)
	case stackhand.ActConfirm:
		return "Confirm the resize of " + name
	case stackhand.ActRevert:
		return "Revert the resize of " + name
	case stackhand.ActRename:
		return fmt.Sprintf("Rename %s to %s", name, a.spec.NewName)
	case stackhand.ActPassword:
		return "Set the password of " + name
	case stackhand.ActSet, stackhand.ActUnset:
		return "Change properties of " + name
	case stackhand.ActImage:
		return "Snapshot " + name
	}
	if kind, ok := strings.CutPrefix(a.spec.Verb, "add "); ok {
		return strings.TrimSpace(fmt.Sprintf("Add %s %s", kind, to)) + " to " + name
	}
	if kind, ok := strings.CutPrefix(a.spec.Verb, "remove "); ok {
		return strings.TrimSpace(fmt.Sprintf("Remove %s %s", kind, to)) + " from " + name
	}
	return strings.ToUpper(a.spec.Verb[:1]) + a.spec.Verb[1:] + " " + name
}

// single is a flow of one step.
func (a act) single(do action) []jobs.Step {
	return []jobs.Step{{Name: "act", Title: a.title(), Do: a.with(do)}}
}

// then adds the wait to the step that begins it.
func (a act) then(begin action, title string, for_ time.Duration, wait action) []jobs.Step {
	return append(a.single(begin), jobs.Step{
		Name: "wait", Title: title, Needs: []string{"act"}, Timeout: for_, Waits: true, Do: a.with(wait),
	})
}

// with opens the session of a step, and makes sure that the server's stack is this job's for the time being.
func (a act) with(do action) func(context.Context, *jobs.Run) error { return a.in(true, do) }

// making is with for a step that makes something: an administrator of the cloud, who reaches the server from another
// project, would make it there, where the server's owner could not remove it.
func (a act) making(do action) func(context.Context, *jobs.Run) error { return a.in(false, do) }

func (a act) in(byID bool, do action) func(context.Context, *jobs.Run) error {
	return a.Deps.with(func(ctx context.Context, run *jobs.Run, c Cloud) error {
		if err := (home{a.spec.ProjectID, a.spec.Project}).check(c.Identity(), byID); err != nil {
			return err
		}
		if err := a.take(ctx); err != nil {
			return err
		}
		return do(ctx, run, c)
	})
}

// take says on the stack's record that this job is at work on it.
func (a act) take(ctx context.Context) error {
	if a.spec.Stack == "" {
		return nil
	}
	if st, err := a.Book.Stack(ctx, a.spec.Stack); err != nil || st.Busy == a.id {
		return err
	}
	_, err := a.change(ctx, a.spec.Stack, func(st *stackhand.Stack) error {
		if err := free(*st, a.id, a.spec.Server); err != nil {
			return err
		}
		st.Busy = a.id
		return nil
	})
	return err
}

// free refuses work on a stack's server while it is being built or taken down, or another job is at work on it.
func free(st stackhand.Stack, job, server string) error {
	switch {
	case st.State == stackhand.StackBuilding:
		return stackhand.Errorf(stackhand.Conflict, "%s is still being built.", st.Name).Do("Wait for its end.")
	case st.State != stackhand.StackReady && st.State != stackhand.StackKept:
		return stackhand.Errorf(stackhand.Conflict, "%s is %s.", st.Name, st.State)
	case st.Busy != "" && st.Busy != job:
		return stackhand.Errorf(stackhand.Conflict, "Job %s is at work on %s.", st.Busy, st.Name).Do("Wait for its end, then try again.")
	case st.Server == "" || st.Server != server:
		return stackhand.Errorf(stackhand.Conflict, "%s has no server any more.", st.Name).Do("Delete what is left of it.")
	}
	return nil
}

// leaves is the state that a verb leaves a server in, as Stack.Status has it. The others leave it as it was.
var leaves = map[string]string{
	stackhand.ActStart: "", stackhand.ActUnpause: "", stackhand.ActResume: "", stackhand.ActUnshelve: "",
	stackhand.ActStop: "SHUTOFF", stackhand.ActPause: "PAUSED", stackhand.ActSuspend: "SUSPENDED", stackhand.ActShelve: "SHELVED",
}

// settleAct gives the stack back, and notes the state that its server was left in.
func (d Deps) settleAct(ctx context.Context, job stackhand.Job, to stackhand.JobState) ([]string, error) {
	spec, err := input[stackhand.ActSpec](job)
	if err != nil || spec.Stack == "" {
		return nil, nil // such a job never took a stack
	}
	if st, err := d.Book.Stack(ctx, spec.Stack); err != nil || st.Busy != job.ID {
		return nil, gone(err)
	}
	_, err = d.change(ctx, spec.Stack, func(st *stackhand.Stack) error {
		if st.Busy != job.ID {
			return nil
		}
		st.Busy = ""
		if left, moved := leaves[spec.Verb]; moved && to == stackhand.JobDone {
			st.Status = left
		}
		return nil
	})
	return nil, err
}

// planActCleanup makes the job that removes what a failed change had made: an address, a port or an image.
func planActCleanup(old stackhand.Job) (stackhand.Job, error) {
	spec, err := input[stackhand.ActSpec](old)
	if err != nil {
		return stackhand.Job{}, err
	}
	return cleanupOf(old, spec.Cloud, spec.ProjectID, spec.Project)
}

// correct changes the stack's record, if the server has one.
func (a act) correct(ctx context.Context, what func(*stackhand.Stack)) error {
	if a.spec.Stack == "" {
		return nil
	}
	_, err := a.change(ctx, a.spec.Stack, func(st *stackhand.Stack) error {
		what(st)
		return nil
	})
	return err
}

// server reads the server.
func (a act) server(ctx context.Context, c Cloud) (stackhand.Server, error) {
	srv, err := c.Server(ctx, a.spec.Server)
	if is(err, stackhand.NotFound) {
		err = a.missing(err)
	}
	return srv, err
}

func (a act) missing(err error) error {
	return stackhand.Errorf(stackhand.NotFound, "The server %s is not there any more.", a.spec.Name).Because(err)
}

// already says that there is nothing to do.
func (a act) already(ctx context.Context, run *jobs.Run, format string, args ...any) error {
	if err := run.Set(ctx, "already", true); err != nil {
		return err
	}
	return run.Say(ctx, a.spec.Name+" "+fmt.Sprintf(format, args...))
}

// wasAlready tells, for the wait, that there was nothing to do.
func wasAlready(run *jobs.Run) (yes bool, err error) {
	_, err = run.Get("already", &yes)
	if yes {
		run.Skip()
	}
	return yes, err
}

// until looks now and then until look says that it is over, or fails.
func until(ctx context.Context, look func() (over bool, err error)) error {
	for wait := 400 * time.Millisecond; ; wait = min(wait*3/2, 4*time.Second) {
		if over, err := look(); err != nil || over {
			return err
		}
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-time.After(wait):
		}
	}
}
