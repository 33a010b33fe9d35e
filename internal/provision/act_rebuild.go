package provision

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/stackhand/stackhand"
	"github.com/stackhand/stackhand/internal/jobs"
)

// reserved begins the names of the properties that are ours.
const reserved = "stackhand_"

func (a act) rebuildSteps() []jobs.Step {
	return a.then(a.rebuild, "Wait until it is back", imageFor, a.rebuilt)
}

func (a act) rebuild(ctx context.Context, run *jobs.Run, c Cloud) error {
	srv, err := a.server(ctx, c)
	if err != nil {
		return err
	}
	begun, err := run.Get(traceKey("rebuild"), &trace{})
	if err != nil {
		return err
	}
	if !begun {
		if err := a.allowed(srv, "rebuilt", "ACTIVE", "SHUTOFF", "ERROR", "RESCUE"); err != nil {
			return err
		}
		if err := run.Set(ctx, "was off", srv.Status == "SHUTOFF"); err != nil {
			return err
		}
	}
	spec := stackhand.RebuildSpec{
		ImageID: a.spec.ImageID, Name: a.spec.NewName, Password: a.spec.Password, UserData: a.spec.UserData, Files: a.spec.Files,
	}
	if len(a.spec.Set) > 0 {
		// Nova puts these in the place of all that there are.
		if spec.Metadata, err = a.ownProperties(); err != nil {
			return err
		}
		for k, v := range srv.Metadata {
			if _, set := spec.Metadata[k]; !set {
				spec.Metadata[k] = v
			}
		}
	}
	password := ""
	spec.TellPassword = func(p string) { password = p }
	err = once(ctx, run, c, srv, "rebuild", func() error { return hide(a.refused(c.RebuildServer(ctx, srv.ID, spec)), a.spec.Password) })
	if err != nil || password == "" {
		return err
	}
	owner, err := a.owner(ctx, run)
	if err != nil {
		return err
	}
	return a.keep(ctx, run, owner, srv.ID, password, "password")
}

// owner is whose the server is: who asked, where it is not on record.
func (a act) owner(ctx context.Context, run *jobs.Run) (string, error) {
	if a.spec.Stack == "" {
		return run.Job().User.ID, nil
	}
	st, err := a.Book.Stack(ctx, a.spec.Stack)
	return st.Lease.Owner, err
}

// ownProperties are those that the asker set; ours are not among them.
func (a act) ownProperties() (map[string]string, error) {
	names := append(slices.Sorted(maps.Keys(a.spec.Set)), a.spec.Unset...)
	if at := slices.IndexFunc(names, func(k string) bool { return strings.HasPrefix(k, reserved) }); at >= 0 {
		return nil, stackhand.Errorf(stackhand.Invalid, "The property %s is how the bot knows its servers, so it stays as it is.", names[at])
	}
	return maps.Clone(a.spec.Set), nil
}

func (a act) rebuilt(ctx context.Context, run *jobs.Run, c Cloud) error {
	to := []string{"ACTIVE"}
	var off bool
	if _, err := run.Get("was off", &off); err != nil {
		return err
	}
	if off {
		to = append(to, "SHUTOFF") // Nova stops it again
	}
	srv, err := a.await(ctx, run, c, "rebuild", to...)
	if err != nil {
		return err
	}
	err = a.correct(ctx, func(st *stackhand.Stack) {
		if a.spec.Image != "" {
			st.Image, st.Login = a.spec.Image, a.spec.Login
		}
		if a.spec.NewName != "" {
			st.Rename(a.spec.NewName)
		}
	})
	if err != nil {
		return err
	}
	if err := a.offerPassword(ctx, run, srv.Name, srv.ID, "password", false); err != nil {
		return err
	}
	if a.spec.Image == "" {
		return run.Note(ctx, srv.Status)
	}
	return run.Say(ctx, fmt.Sprintf("%s is %s with the image %s.", srv.Name, srv.Status, a.spec.Image))
}

// setName renames a stack, and its server on the ledger.
func (a act) rename(ctx context.Context, run *jobs.Run, c Cloud) error {
	srv, err := a.server(ctx, c)
	if err != nil {
		return err
	}
	name := a.spec.NewName
	if srv.Name == name && !run.Again() {
		if err := a.already(ctx, run, "had this name already."); err != nil {
			return err
		}
	} else if err := a.refused(c.UpdateServer(ctx, srv.ID, stackhand.ServerChange{Name: &name})); err != nil {
		return err
	}
	return a.correct(ctx, func(st *stackhand.Stack) { st.Rename(name) })
}

func (a act) password(ctx context.Context, _ *jobs.Run, c Cloud) error {
	err := c.SetServerPassword(ctx, a.spec.Server, a.spec.Password)
	if err == nil {
		return nil
	}
	// The refusal may quote what was sent.
	return hide(a.refused(err), a.spec.Password)
}

// properties changes metadata and access addresses, and the name if that is asked for too.
func (a act) properties(ctx context.Context, run *jobs.Run, c Cloud) error {
	set, err := a.ownProperties()
	if err != nil {
		return err
	}
	if len(set)+len(a.spec.Unset) > 0 {
		if err := a.refused(c.ChangeServerMetadata(ctx, a.spec.Server, set, a.spec.Unset)); err != nil {
			return err
		}
	}
	change := a.spec.Change
	if a.spec.NewName != "" {
		change.Name = &a.spec.NewName
	}
	if change.Name != nil || change.AccessIPv4 != nil || change.AccessIPv6 != nil {
		if err := a.refused(c.UpdateServer(ctx, a.spec.Server, change)); err != nil {
			return err
		}
	}
	if change.Name != nil {
		if err := a.correct(ctx, func(st *stackhand.Stack) { st.Rename(*change.Name) }); err != nil {
			return err
		}
	}
	return run.Note(ctx, strings.Join(append(slices.Sorted(maps.Keys(set)), a.spec.Unset...), ", "))
}
