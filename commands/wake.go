package commands

import (
	"context"
	"time"

	"github.com/stackhand/stackhand"
)

// parked is the step with which the ladder put a server away, if it did and nobody undid it.
func (t target) parked() (stackhand.Rung, bool) {
	if t.stack == nil {
		return stackhand.Rung{}, false
	}
	return t.stack.Lease.Ladder.Parked()
}

// brings tells whether a change brings a server back.
func (c simple) brings() bool { return c.verb == stackhand.ActStart || c.verb == stackhand.ActUnshelve }

// mayWake refuses to bring a server back whose lease cannot be extended any more.
func (s *session) mayWake(t target) error {
	if t.stack.Lease.Until.After(s.env.Now()) {
		return nil // it was extended already
	}
	budget, used := s.env.Settings.Extensions, t.stack.Lease.Extensions
	over := budget.Times > 0 && used.Times >= budget.Times || budget.Total > 0 && used.Total+s.grant() > budget.Total
	if !over || s.user.Role >= stackhand.Admin {
		return nil
	}
	return stackhand.Errorf(stackhand.Forbidden, "The time of %s is over, and it was extended as often as is allowed here.", t.name()).
		Do("`extend %s 1d` asks an approver for more; then start it.", quote(t.stack.ID))
}

func (s *session) grant() time.Duration {
	if d := s.env.Settings.LeaseAgain; d > 0 {
		return d
	}
	return day
}

// wake proposes the job that brings a server back that the ladder put away, with a new end and, where the old one was given
// back, another floating IP.
func (s *session) wake(ctx context.Context, line Line, n int, t target, put stackhand.Rung) (proposal, error) {
	st := t.stack
	spec := stackhand.LadderSpec{
		Cloud: st.Cloud, ProjectID: st.ProjectID, Project: st.Project, Stack: st.ID, Server: st.Server, Name: st.Name,
		Verb: stackhand.LadderWake, Grant: s.grant(), External: put.External,
	}
	job := stackhand.Job{Flow: "ladder", Cloud: st.Cloud, Scope: st.Scope(), Title: "Start " + st.Name + " again", Stacks: []string{st.ID}}
	return s.propose(ctx, line, n, job, spec)
}
