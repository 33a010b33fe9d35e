package commands

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/stackhand/stackhand"
)

// The methods of Env's interfaces that change something, with the audit trail before them. Methods that are not here read;
// a test holds the lists against the interfaces.

type auditedJobs struct {
	Jobs
	t *trail
}

func (a auditedJobs) Start(ctx context.Context, job stackhand.Job, made ...stackhand.Stack) (stackhand.Job, error) {
	if err := a.t.starts(ctx, job.ID, func(r *stackhand.AuditRecord) { a.t.ofJob(r, job, made) }); err != nil {
		return job, err
	}
	return a.Jobs.Start(ctx, job, made...)
}

// Cancel writes no more than that: what the job does was written when it was asked for.
func (a auditedJobs) Cancel(ctx context.Context, id, user string) (stackhand.Job, error) {
	job, err := a.Job(ctx, id)
	if err != nil {
		return job, err
	}
	err = a.t.within(ctx, "cancel/"+id, func(r *stackhand.AuditRecord) {
		a.t.ofJob(r, job, nil)
		r.Resolved = nil
	})
	if err != nil {
		return job, err
	}
	return a.Jobs.Cancel(ctx, id, user)
}

type auditedStacks struct {
	Stacks
	t *trail
}

// ofStack is what a record says of a stack.
func ofStack(r *stackhand.AuditRecord, st stackhand.Stack) {
	r.Cloud, r.Project = st.Cloud, st.Project
	for _, word := range []string{st.ID, st.Name, st.Server} {
		if word != "" {
			r.About = append(r.About, word)
		}
	}
}

func (a auditedStacks) Extend(ctx context.Context, id string, until time.Time, key string) (stackhand.Stack, error) {
	st, err := a.Stack(ctx, id)
	if err != nil {
		return st, err
	}
	err = a.t.within(ctx, "extend/"+id, func(r *stackhand.AuditRecord) {
		ofStack(r, st)
		r.What, r.Resolved = stackhand.AuditLease, object("from", st.Lease.Until, "until", until)
	})
	if err != nil {
		return st, err
	}
	return a.Stacks.Extend(ctx, id, until, key)
}

// ChangeStack writes what the change makes of the stack as it stands; what is refused writes nothing here.
func (a auditedStacks) ChangeStack(ctx context.Context, id string, change func(*stackhand.Stack) error) (stackhand.Stack, error) {
	st, err := a.Stack(ctx, id)
	if err != nil {
		return st, err
	}
	was := st
	if err := change(&st); err != nil {
		return st, err
	}
	err = a.t.within(ctx, "change/"+id, func(r *stackhand.AuditRecord) {
		ofStack(r, st)
		r.What, r.Resolved = stackhand.AuditLease, object("owner", st.Lease.Owner, "before", was.Lease.Owner, "shared", st.Shared, "transfer", st.Transfer)
	})
	if err != nil {
		return st, err
	}
	return a.Stacks.ChangeStack(ctx, id, change)
}

type auditedNotices struct {
	Notices
	t *trail
}

// AddNotice writes that somebody is told, or asked, in words of the line's, where that is all that the line does.
func (a auditedNotices) AddNotice(ctx context.Context, n stackhand.Notice) (bool, error) {
	if a.t.wrote() {
		return a.Notices.AddNotice(ctx, n)
	}
	err := a.t.within(ctx, "tell/"+n.ID, func(r *stackhand.AuditRecord) {
		r.Resolved = object("told", n.User, "by", n.By, "for", n.Line)
	})
	if err != nil {
		return false, err
	}
	return a.Notices.AddNotice(ctx, n)
}

// ReviseNotice writes nothing: what is said anew was written when it was decided.
func (a auditedNotices) ReviseNotice(ctx context.Context, id string, text stackhand.Text, actions ...stackhand.Action) error {
	return a.Notices.ReviseNotice(ctx, id, text, actions...)
}

// ChangeNotice writes what became of an offer that is kept with a notice. What else changes about one was written when it was decided.
func (a auditedNotices) ChangeNotice(ctx context.Context, id string, change func(*stackhand.Notice) error) (stackhand.Notice, error) {
	n, err := a.Notice(ctx, id)
	if err != nil {
		return n, err
	}
	before := stackhand.TransferOpen
	if n.Adoption != nil {
		before = n.Adoption.State
	}
	if err := change(&n); err != nil {
		return n, err
	}
	if o := n.Adoption; o != nil && o.State != before {
		err = a.t.within(ctx, "answer/"+id, func(r *stackhand.AuditRecord) {
			r.Cloud, r.Project, r.About, r.Result = o.Cloud, o.Project, []string{o.Server, o.Name, o.To}, string(o.State)
			r.Resolved = object("adoption", o)
		})
		if err != nil {
			return n, err
		}
	}
	return a.Notices.ChangeNotice(ctx, id, change)
}

type auditedLeases struct {
	Leases
	stacks Stacks
	t      *trail
}

func (a auditedLeases) Beyond(ctx context.Context, id string, until time.Time, key string) (stackhand.Stack, error) {
	st, err := a.stacks.Stack(ctx, id)
	if err != nil {
		return st, err
	}
	err = a.t.within(ctx, "extend/"+id, func(r *stackhand.AuditRecord) {
		ofStack(r, st)
		r.What, r.Resolved = stackhand.AuditLease, object("from", st.Lease.Until, "until", until, "beyond the budget", true)
	})
	if err != nil {
		return st, err
	}
	return a.Leases.Beyond(ctx, id, until, key)
}

func (a auditedLeases) Needed(ctx context.Context, id string) (bool, error) {
	st, err := a.stacks.Stack(ctx, id)
	if err == nil {
		err = a.t.within(ctx, "needed/"+id, func(r *stackhand.AuditRecord) {
			ofStack(r, st)
			r.What = stackhand.AuditLease
		})
	}
	if err != nil {
		return false, err
	}
	return a.Leases.Needed(ctx, id)
}

func (a auditedLeases) Go(ctx context.Context, user string) (stackhand.Brake, error) {
	if err := a.t.within(ctx, "ladder go", func(r *stackhand.AuditRecord) { r.What = stackhand.AuditLease }); err != nil {
		return stackhand.Brake{}, err
	}
	return a.Leases.Go(ctx, user)
}

func (a auditedLeases) Hold(ctx context.Context, user, why string) (stackhand.Brake, error) {
	err := a.t.within(ctx, "ladder hold", func(r *stackhand.AuditRecord) { r.What, r.Why = stackhand.AuditLease, why })
	if err != nil {
		return stackhand.Brake{}, err
	}
	return a.Leases.Hold(ctx, user, why)
}

type auditedRequests struct {
	Requests
	t *trail
}

func ofRequest(r *stackhand.AuditRecord, q stackhand.Request) {
	r.Job, r.Rule, r.Approvals = q.ID, q.Rule, q.Approvals
	for _, st := range q.Stacks {
		r.About = append(r.About, st.ID, st.Name)
	}
}

func (a auditedRequests) Ask(ctx context.Context, q stackhand.Request) (stackhand.Request, error) {
	err := a.t.starts(ctx, q.ID, func(r *stackhand.AuditRecord) {
		a.t.ofJob(r, q.Job, q.Stacks)
		ofRequest(r, q)
		r.Verdict, r.Why = "approve", q.Why
	})
	if err != nil {
		return q, err
	}
	return a.Requests.Ask(ctx, q)
}

// NotSaved is the result of a decision that came to nothing, because somebody else decided at the same moment.
const NotSaved = "not saved"

// SaveRequest is a decision, or a change of what is asked for, by whoever the line is of. One that loses a race is made anew, and then
// another one; that it was lost is written too. That the job of an approved request has begun is on its own record.
func (a auditedRequests) SaveRequest(ctx context.Context, q *stackhand.Request) error {
	if q.Started {
		return a.Requests.SaveRequest(ctx, q)
	}
	err := a.t.within(ctx, fmt.Sprintf("request/%s/%d", q.ID, q.Rev), func(r *stackhand.AuditRecord) {
		a.t.ofJob(r, q.Job, q.Stacks)
		ofRequest(r, *q)
		r.What, r.Result = stackhand.AuditDecided, string(q.State)
	})
	if err != nil {
		return err
	}
	err = a.Requests.SaveRequest(ctx, q)
	if err == nil {
		return nil
	}
	lost := a.t.within(ctx, fmt.Sprintf("request/%s/%d/lost", q.ID, q.Rev), func(r *stackhand.AuditRecord) {
		a.t.ofJob(r, q.Job, q.Stacks)
		ofRequest(r, *q)
		r.What, r.Result, r.Approvals, r.Resolved = stackhand.AuditDecided, NotSaved, nil, nil
	})
	if lost != nil {
		return errors.Join(err, lost)
	}
	return err
}

type auditedSchedules struct {
	Schedules
	t *trail
}

func (a auditedSchedules) Set(ctx context.Context, s stackhand.Schedule) (stackhand.Schedule, error) {
	err := a.t.within(ctx, "schedule/set", func(r *stackhand.AuditRecord) { r.Resolved = object("schedule", s) })
	if err != nil {
		return s, err
	}
	return a.Schedules.Set(ctx, s)
}

func (a auditedSchedules) Remove(ctx context.Context, id string) error {
	err := a.t.within(ctx, "schedule/remove/"+id, func(r *stackhand.AuditRecord) { r.Resolved = object("schedule_id", id) })
	if err != nil {
		return err
	}
	return a.Schedules.Remove(ctx, id)
}

func (a auditedSchedules) Leave(ctx context.Context, st stackhand.Stack, sv stackhand.Server) (time.Time, error) {
	err := a.t.within(ctx, "schedule/leave/"+st.ID, func(r *stackhand.AuditRecord) {
		r.About = nil
		ofStack(r, st)
	})
	if err != nil {
		return time.Time{}, err
	}
	return a.Schedules.Leave(ctx, st, sv)
}

// passwords writes down that somebody is about to see a server's password, which then is there no more.
func (t *trail) passwords(take func(ctx context.Context, user stackhand.User, cloud, server string) (string, error)) func(context.Context, stackhand.User, string, string) (string, error) {
	return func(ctx context.Context, user stackhand.User, cloud, server string) (string, error) {
		err := t.within(ctx, "password/"+server, func(r *stackhand.AuditRecord) {
			r.Cloud, r.About = cloud, append(r.About, server)
		})
		if err != nil {
			return "", err
		}
		return take(ctx, user, cloud, server)
	}
}
