package commands

import (
	"context"
	"slices"

	"github.com/stackhand/stackhand"
)

type auditedOrphans struct {
	Orphans
	t *trail
}

// decided writes that something is about to be decided about a finding.
func (a auditedOrphans) decided(ctx context.Context, what string, o stackhand.Orphan, more ...any) error {
	return a.t.within(ctx, what+"/"+o.ID, func(r *stackhand.AuditRecord) {
		r.Cloud, r.Resolved = o.Cloud, object(append([]any{"finding", o.ID, "decision", what, "project_id", o.Scope.ProjectID}, more...)...)
		for _, word := range []string{o.ID, o.Record, o.Thing.ID, o.Name} {
			if word != "" && !slices.Contains(r.About, word) {
				r.About = append(r.About, word)
			}
		}
	})
}

func (a auditedOrphans) Ignore(ctx context.Context, o stackhand.Orphan, by, why string) error {
	if err := a.decided(ctx, "ignore", o, "by", by, "why", why); err != nil {
		return err
	}
	return a.Orphans.Ignore(ctx, o, by, why)
}

func (a auditedOrphans) Forget(ctx context.Context, user stackhand.User, o stackhand.Orphan) (stackhand.Stack, error) {
	if err := a.decided(ctx, "forget", o, "missing", o.Missing); err != nil {
		return stackhand.Stack{}, err
	}
	return a.Orphans.Forget(ctx, user, o)
}

func (a auditedOrphans) Keep(ctx context.Context, o stackhand.Orphan, stack string) (stackhand.Stack, error) {
	if err := a.decided(ctx, "keep", o, "stack", stack); err != nil {
		return stackhand.Stack{}, err
	}
	return a.Orphans.Keep(ctx, o, stack)
}
