package provision

import (
	"context"
	"errors"
	"slices"
	"strings"

	"github.com/stackhand/stackhand"
	"github.com/stackhand/stackhand/internal/jobs"
)

// group adds or removes a security group, which servers know by its name.
func (a act) group(ctx context.Context, run *jobs.Run, c Cloud) error {
	srv, err := a.server(ctx, c)
	if err != nil {
		return err
	}
	f, err := c.Features(ctx)
	if err != nil {
		return err
	}
	group := a.spec.Target
	if f.Network && a.spec.TargetID != "" {
		group = a.spec.TargetID
	}
	if a.spec.Verb == stackhand.ActAddGroup {
		if slices.Contains(srv.Groups, a.spec.Target) && !run.Again() {
			return a.already(ctx, run, "was in the security group %s already.", a.spec.Target)
		}
		return c.AddServerGroup(ctx, srv.ID, group)
	}
	err = c.RemoveServerGroup(ctx, srv.ID, group)
	if is(err, stackhand.NotFound) {
		if run.Again() {
			return nil
		}
		return a.already(ctx, run, "was not in the security group %s.", a.spec.Target)
	}
	return err
}

// hide takes a secret out of what people may read of an error.
func hide(err error, secret string) error {
	var e *stackhand.Error
	if secret == "" || !errors.As(err, &e) {
		return err
	}
	c := *e
	c.Msg = strings.ReplaceAll(c.Msg, secret, "***")
	c.Next = strings.ReplaceAll(c.Next, secret, "***")
	c.Detail = strings.ReplaceAll(c.Detail, secret, "***")
	c.Err = nil // it may hold it too, and goes to the log
	return &c
}
