package provision

import (
	"context"
	"strings"

	"github.com/stackhand/stackhand"
	"github.com/stackhand/stackhand/internal/jobs"
)

// home is the project that a job's things are in.
type home struct{ id, name string }

// with opens the session of a step that makes things, or looks for what it may have made: that has to be
// in the very project.
func (c create) with(do action) func(context.Context, *jobs.Run) error {
	return c.Deps.with(func(ctx context.Context, run *jobs.Run, cloud Cloud) error {
		if err := (home{c.spec.ProjectID, c.spec.Project}).check(cloud.Identity(), false); err != nil {
			return err
		}
		return do(ctx, run, cloud)
	})
}

// withStack opens the session of a step about the things of a stack, by their ids.
func (d Deps) withStack(id string, do action) func(context.Context, *jobs.Run) error {
	return d.with(func(ctx context.Context, run *jobs.Run, cloud Cloud) error {
		st, err := d.Book.Stack(ctx, id)
		if err != nil {
			return err
		}
		if st.State == stackhand.StackGone {
			return do(ctx, run, cloud)
		}
		if err := (home{st.ProjectID, st.Project}).check(cloud.Identity(), true); err != nil {
			return err
		}
		return do(ctx, run, cloud)
	})
}

// check refuses a session in another project, as somebody has who logged in anew since. To it the things are
// not there: they would count as gone, or be made in the wrong place. By their ids (byID) an administrator of
// the cloud finds them from anywhere.
func (h home) check(who stackhand.Identity, byID bool) error {
	if h.id == "" || who.ProjectID == h.id || byID && isAdmin(who) {
		return nil
	}
	return stackhand.Errorf(stackhand.Unauthorized, "This is about the project %s, and the login is one to the project %s, so nothing was touched.", h.name, who.Project).
		Do("Log in to %s, then try again.", h.name)
}

func isAdmin(who stackhand.Identity) bool {
	for _, r := range who.Roles {
		if strings.EqualFold(r, "admin") {
			return true
		}
	}
	return false
}
