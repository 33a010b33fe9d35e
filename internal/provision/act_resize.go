package provision

import (
	"context"
	"fmt"
	"strings"
	"time"

	"github.com/stackhand/stackhand"
	"github.com/stackhand/stackhand/internal/jobs"
)

// confirmFor is how long a resize may be confirmed or reverted by a button. Clouds keep the old disk at least
// that long, unless they confirm by themselves.
const confirmFor = 24 * time.Hour

func (a act) resizeSteps() []jobs.Step {
	steps := a.then(a.resize, "Wait until the new size is there", imageFor, a.resized)
	if !a.spec.Confirm {
		return steps
	}
	return append(steps,
		jobs.Step{Name: "confirm", Title: "Confirm", Needs: []string{"wait"}, Do: a.with(a.confirm)},
		jobs.Step{Name: "confirmed", Title: "Wait until it is confirmed", Needs: []string{"confirm"}, Timeout: actFor, Waits: true, Do: a.with(a.decided)},
	)
}

// hasFlavor tells whether the server has the flavor; clouds tell its id or its name.
func (a act) hasFlavor(srv stackhand.Server) bool {
	if srv.FlavorID != "" {
		return srv.FlavorID == a.spec.FlavorID
	}
	return srv.Flavor == a.spec.Flavor
}

func (a act) resize(ctx context.Context, run *jobs.Run, c Cloud) error {
	srv, err := a.server(ctx, c)
	if err != nil {
		return err
	}
	begun, err := run.Get(traceKey("resize"), &trace{})
	if err != nil {
		return err
	}
	if !begun {
		if err := a.allowed(srv, "resized", "ACTIVE", "SHUTOFF"); err != nil {
			return err
		}
		if a.hasFlavor(srv) {
			return stackhand.Errorf(stackhand.Invalid, "%s has the flavor %s already.", a.spec.Name, a.spec.Flavor).
				Do("Choose another one: flavor list shows them.")
		}
	}
	return once(ctx, run, c, srv, "resize", func() error { return a.noSmallerDisk(c.ResizeServer(ctx, srv.ID, a.spec.FlavorID)) })
}

// noSmallerDisk says in plain words that disks do not shrink.
func (a act) noSmallerDisk(err error) error {
	low := ""
	if err != nil {
		low = strings.ToLower(stackhand.Said(err))
	}
	if !strings.Contains(low, "disk") || !strings.Contains(low, "smaller") && !strings.Contains(low, "too small") && !strings.Contains(low, "resize to zero disk") {
		return a.refused(err)
	}
	e := stackhand.Errorf(stackhand.Invalid, "%s cannot be resized to %s: its disk would have to shrink, and disks only grow.", a.spec.Name, a.spec.Flavor).
		Do("Choose a flavor with a disk at least as large as now, or build a new server.").Because(err)
	e.Detail = stackhand.Said(err)
	return e
}

// resized waits until somebody has to confirm, or, in clouds that confirm by themselves, until it is done.
func (a act) resized(ctx context.Context, run *jobs.Run, c Cloud) error {
	for {
		srv, err := a.await(ctx, run, c, "resize", "VERIFY_RESIZE", a.autoState(run))
		if err != nil {
			return err
		}
		if srv.Status == "VERIFY_RESIZE" {
			if err := a.setFlavor(ctx, srv); err != nil || a.spec.Confirm {
				return err
			}
			return a.offer(ctx, run)
		}
		if a.hasFlavor(srv) {
			if err := run.Set(ctx, "confirmed", true); err != nil {
				return err
			}
			if err := a.setFlavor(ctx, srv); err != nil {
				return err
			}
			return run.Say(ctx, fmt.Sprintf("%s has the flavor %s now: the cloud confirmed it by itself.", a.spec.Name, a.spec.Flavor))
		}
		if err := a.stillTheOld(ctx, run, c, srv); err != nil {
			return err
		}
	}
}

// autoState is where a server ends that the cloud confirms by itself: where it was.
func (a act) autoState(run *jobs.Run) string {
	var was trace
	if ok, err := run.Get(traceKey("resize"), &was); err != nil || !ok {
		return "ACTIVE"
	}
	return was.Status
}

// stillTheOld looks why a server came back as it was, and waits a moment if nothing is said against it.
func (a act) stillTheOld(ctx context.Context, run *jobs.Run, c Cloud, srv stackhand.Server) error {
	var was trace
	if _, err := run.Get(traceKey("resize"), &was); err != nil {
		return err
	}
	what, heard, err := entry(ctx, c, srv, was, "resize")
	if err != nil {
		return err
	}
	if heard && what.Message != "" {
		return stackhand.Errorf(stackhand.Failed, "The cloud could not resize %s: it is %s with the flavor it had.", a.spec.Name, srv.Status).
			Do("No host may have room for %s: try a smaller one, or ask the cloud's administrator.", a.spec.Flavor)
	}
	return pause(ctx, time.Second)
}

func (a act) setFlavor(ctx context.Context, srv stackhand.Server) error {
	name := srv.Flavor
	if name == "" {
		name = a.spec.Flavor
	}
	if name == "" {
		return nil
	}
	return a.correct(ctx, func(st *stackhand.Stack) { st.Flavor = name })
}

// offer puts the two ways out under the job's end.
func (a act) offer(ctx context.Context, run *jobs.Run) error {
	end := a.Now().Add(confirmFor)
	name := quoted(a.spec.Name)
	if err := run.Offer(ctx,
		stackhand.Offer{Line: "resize " + name + " --confirm", Label: "Confirm", Until: end, About: a.spec.Server},
		stackhand.Offer{Line: "resize " + name + " --revert", Label: "Revert", Danger: true, Until: end, About: a.spec.Server},
	); err != nil {
		return err
	}
	return run.Say(ctx, fmt.Sprintf("%s runs with %s now. Look whether it does well, then confirm, or revert to what it was.", a.spec.Name, a.spec.Flavor))
}

// quoted makes a name one word of a line.
func quoted(name string) string {
	if strings.ContainsAny(name, " \t'\"\\") {
		return `"` + strings.NewReplacer(`\`, `\\`, `"`, `\"`).Replace(name) + `"`
	}
	return name
}

// confirm goes on from a resize that is to be confirmed at once.
func (a act) confirm(ctx context.Context, run *jobs.Run, c Cloud) error {
	if done, err := run.Get("confirmed", new(bool)); err != nil || done {
		run.Skip()
		return err
	}
	return a.decide(ctx, run, c)
}

func (a act) decideSteps() []jobs.Step {
	return a.then(a.decide, "Wait until it is done", actFor, a.decided)
}

// record is what Nova calls the end of a resize that was asked for.
func (a act) record() string {
	if a.spec.Verb == stackhand.ActRevert {
		return "revertResize"
	}
	return "confirmResize"
}

// decide confirms a resize, or takes it back.
func (a act) decide(ctx context.Context, run *jobs.Run, c Cloud) error {
	srv, err := a.server(ctx, c)
	if err != nil {
		return err
	}
	begun, err := run.Get(traceKey(a.record()), &trace{})
	if err != nil {
		return err
	}
	verb := stackhand.ActConfirm
	if a.spec.Verb == stackhand.ActRevert {
		verb = stackhand.ActRevert
	}
	if !begun && srv.Status != "VERIFY_RESIZE" {
		what := strings.TrimPrefix(verb, "resize --")
		with := ""
		if srv.Flavor != "" {
			with = " with " + srv.Flavor
		}
		return stackhand.Errorf(stackhand.Conflict, "There is nothing to %s: %s is %s%s.", what, a.spec.Name, srv.Status, with)
	}
	return once(ctx, run, c, srv, a.record(), func() error { return a.refused(c.ActOnServer(ctx, srv.ID, verb)) })
}

// decided waits for the end of a resize.
func (a act) decided(ctx context.Context, run *jobs.Run, c Cloud) error {
	if done, err := run.Get("confirmed", new(bool)); err != nil || done {
		run.Skip()
		return err
	}
	srv, err := a.await(ctx, run, c, a.record(), "ACTIVE", "SHUTOFF")
	if err != nil {
		return err
	}
	if err := a.setFlavor(ctx, srv); err != nil {
		return err
	}
	if err := run.Withdraw(ctx, a.spec.Server); err != nil {
		return err
	}
	if srv.Flavor == "" {
		return run.Note(ctx, srv.Status)
	}
	return run.Say(ctx, fmt.Sprintf("%s is %s with %s.", a.spec.Name, srv.Status, srv.Flavor))
}
