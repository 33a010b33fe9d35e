package provision

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"github.com/stackhand/stackhand"
	"github.com/stackhand/stackhand/internal/jobs"
)

func (a act) volumeSteps() []jobs.Step {
	if a.spec.Verb == stackhand.ActAddVolume {
		return a.then(a.addVolume, "Wait until it is attached", actFor, a.volumeAdded)
	}
	return a.then(a.removeVolume, "Wait until it is detached", actFor, a.volumeRemoved)
}

// isAttached tells whether a volume is at a server.
func isAttached(v stackhand.Volume, server string) bool {
	return slices.ContainsFunc(v.Attached, func(at stackhand.Attachment) bool { return at.ServerID == server })
}

func volumeName(v stackhand.Volume) string {
	if v.Name == "" {
		return v.ID
	}
	return v.Name
}

func (a act) volume(ctx context.Context, c Cloud) (stackhand.Volume, error) {
	v, err := c.Volume(ctx, a.spec.TargetID)
	if is(err, stackhand.NotFound) {
		err = stackhand.Errorf(stackhand.NotFound, "The volume %s is not there any more.", a.spec.Target).Because(err)
	}
	return v, err
}

func (a act) addVolume(ctx context.Context, run *jobs.Run, c Cloud) error {
	v, err := a.volume(ctx, c)
	if err != nil {
		return err
	}
	switch {
	case isAttached(v, a.spec.Server):
		if run.Again() {
			return nil
		}
		if err := a.already(ctx, run, "had the volume %s already.", volumeName(v)); err != nil {
			return err
		}
		return a.volumeOwned(ctx, v)
	case len(v.Attached) > 0:
		return volumeInUse(ctx, c, v)
	case run.Again() && (v.Status == "attaching" || v.Status == "reserved" || v.Status == "in-use"):
		return nil // it was heard
	case v.Status != "available":
		return stackhand.Errorf(stackhand.Conflict, "The volume %s cannot be attached: it is %s.", volumeName(v), v.Status)
	}
	err = c.AttachVolume(ctx, a.spec.Server, v.ID)
	if is(err, stackhand.Conflict) && run.Again() {
		return nil // the wait says whether it was heard after all
	}
	return err
}

// volumeInUse names who uses a volume.
func volumeInUse(ctx context.Context, c Cloud, v stackhand.Volume) error {
	var names []string
	for _, at := range v.Attached {
		names = append(names, serverName(ctx, c, at.ServerID))
	}
	return stackhand.Errorf(stackhand.Conflict, "The volume %s is attached to %s.", volumeName(v), strings.Join(names, ", ")).
		Do("Remove it there first: remove volume %s %s.", quoted(names[0]), quoted(volumeName(v)))
}

// volumeAdded waits for the volume, and puts it on the stack's ledger: made by whichever job of ours it names,
// or foreign.
func (a act) volumeAdded(ctx context.Context, run *jobs.Run, c Cloud) error {
	if done, err := wasAlready(run); err != nil || done {
		return err
	}
	var v stackhand.Volume
	err := until(ctx, func() (over bool, err error) {
		if v, err = a.volume(ctx, c); err != nil {
			return false, err
		}
		switch {
		case v.Status == "in-use" && isAttached(v, a.spec.Server):
			return true, nil
		case v.Status == "available" || strings.HasPrefix(v.Status, "error"):
			return true, stackhand.Errorf(stackhand.Failed, "The cloud could not attach the volume %s to %s: it is %s.", volumeName(v), a.spec.Name, v.Status).
				Do("Try again; if it happens again, ask the cloud's administrator.")
		}
		return false, run.Note(ctx, v.Status)
	})
	if err != nil {
		return err
	}
	if err := a.volumeOwned(ctx, v); err != nil {
		return err
	}
	return run.Say(ctx, fmt.Sprintf("%s has the volume %s (%d GiB)%s.", a.spec.Name, volumeName(v), v.Size, device(v, a.spec.Server)))
}

func device(v stackhand.Volume, server string) string {
	for _, at := range v.Attached {
		if at.ServerID == server && at.Device != "" {
			return " as " + at.Device
		}
	}
	return ""
}

func (a act) volumeOwned(ctx context.Context, v stackhand.Volume) error {
	r := stackhand.Resource{Kind: stackhand.KindVolume, ID: v.ID, Name: volumeName(v), Parent: a.spec.Server, Job: v.Metadata[metaJob], Stack: a.spec.Stack}
	return a.correct(ctx, func(st *stackhand.Stack) { st.Ledger = with(st.Ledger, r) })
}

func (a act) removeVolume(ctx context.Context, run *jobs.Run, c Cloud) error {
	v, err := a.volume(ctx, c)
	if err != nil {
		return err
	}
	if !isAttached(v, a.spec.Server) {
		if run.Again() {
			return nil
		}
		if err := a.already(ctx, run, "did not have the volume %s.", volumeName(v)); err != nil {
			return err
		}
		return a.forgetVolume(ctx, v.ID)
	}
	if run.Again() && v.Status == "detaching" {
		return nil
	}
	err = gone(c.DetachVolume(ctx, a.spec.Server, v.ID))
	if is(err, stackhand.Conflict) && run.Again() {
		return nil
	}
	return err
}

func (a act) forgetVolume(ctx context.Context, id string) error {
	return a.correct(ctx, func(st *stackhand.Stack) { st.Ledger = lacking(st.Ledger, stackhand.KindVolume, id) })
}

func (a act) volumeRemoved(ctx context.Context, run *jobs.Run, c Cloud) error {
	if done, err := wasAlready(run); err != nil || done {
		return err
	}
	v, err := awaitDetached(ctx, run, c, a.spec.TargetID, a.spec.Server, a.spec.Name)
	if gone(err) != nil {
		return err
	}
	if err := a.forgetVolume(ctx, a.spec.TargetID); err != nil {
		return err
	}
	return run.Note(ctx, v.Status)
}

// awaitDetached waits until a volume is free of a server that it was asked to leave.
func awaitDetached(ctx context.Context, run *jobs.Run, c Cloud, id, server, name string) (v stackhand.Volume, err error) {
	seen := false
	err = until(ctx, func() (over bool, err error) {
		if v, err = c.Volume(ctx, id); err != nil {
			return false, err
		}
		seen = seen || v.Status == "detaching"
		switch {
		case !isAttached(v, server) && v.Status != "detaching":
			return true, nil
		case strings.HasPrefix(v.Status, "error"), seen && v.Status == "in-use":
			return true, stackhand.Errorf(stackhand.Failed, "The cloud could not detach the volume %s from %s: it is %s.", volumeName(v), name, v.Status).
				Do("Unmount it in the server, then try again; or stop the server first.")
		}
		return false, run.Note(ctx, v.Status)
	})
	return v, err
}
