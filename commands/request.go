package commands

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"github.com/stackhand/stackhand"
	"github.com/stackhand/stackhand/internal/policy"
)

// decided says what became of a request, for somebody who comes too late.
func (env *Env) decided(ctx context.Context, user stackhand.User, r stackhand.Request) error {
	who := func(approved bool) string {
		var names []string
		for _, v := range r.Approvals {
			name := env.person(ctx, v.User)
			if v.User == user.ID {
				name = "you"
			}
			if v.Approved == approved && !slices.Contains(names, name) {
				names = append(names, name)
			}
		}
		return strings.Join(names, " and ")
	}
	e := func(format string, args ...any) *stackhand.Error {
		return stackhand.Errorf(stackhand.Conflict, "%s (request %s) %s", r.Job.Title, r.ID, fmt.Sprintf(format, args...))
	}
	switch r.State {
	case stackhand.RequestApproved:
		return e("was approved by %s already.", who(true)).Do("`job show %s` tells how it goes.", r.ID)
	case stackhand.RequestDenied:
		why := ""
		for _, v := range r.Approvals {
			if !v.Approved && v.Why != "" {
				why = ": " + v.Why
			}
		}
		return e("was denied by %s already%s", who(false), ended(why+".")).Do("Whoever asked has been told, and may ask anew.")
	case stackhand.RequestEnded:
		return e("has ended: nobody decided until %s.", stackhand.At(r.Ends)).Do("Whoever asked may ask anew.")
	case stackhand.RequestWithdrawn:
		return e("was withdrawn. %s", r.Note).Do("There is nothing left to decide.")
	}
	return nil
}

// entitled refuses whoever may not decide about a request: the asker, unless the rule says so, and everybody whom the
// rule does not name. Administrators stand in for approvers.
func (env *Env) entitled(ctx context.Context, user stackhand.User, r stackhand.Request) error {
	switch {
	case user.ID == r.Job.User.ID && !r.Own:
		return stackhand.Errorf(stackhand.Forbidden, "You asked for %s yourself, so somebody else has to decide about it.", r.Job.Title).
			Do("It waits for %s. `cancel %s` withdraws it.", env.waitsFor(ctx, r), r.ID)
	case mayDecide(user, r.Approvers):
		return nil
	}
	return stackhand.Errorf(stackhand.Forbidden, "You are not one of those who decide about %s: that is for %s.", r.Job.Title, env.waitsFor(ctx, r)).
		Do("Ask them, or an administrator.")
}

// mayDecide tells whether somebody is one of the approvers that a rule names: where it names none, everybody with that role.
func mayDecide(user stackhand.User, approvers []string) bool {
	return user.Role >= stackhand.Admin || len(approvers) == 0 && user.Role >= stackhand.Approver || slices.ContainsFunc(approvers, user.Is)
}

// decides tells whether somebody may decide about a request that is open.
func (env *Env) decides(ctx context.Context, user stackhand.User, r stackhand.Request) bool {
	return r.State == stackhand.RequestOpen && env.entitled(ctx, user, r) == nil
}

// findRequest reads the request that a line is about: by its id, or the one of the thread that it is typed in.
func (env *Env) findRequest(ctx context.Context, line Line, id, verb string) (stackhand.Request, error) {
	var none stackhand.Request
	if env.Requests == nil {
		return none, stackhand.Errorf(stackhand.NotFound, "Nothing waits for approval here.").Do("There is nothing to do.")
	}
	if id == "" && line.Place.Thread != "" {
		found, err := env.Requests.RequestsInThread(ctx, line.Place.Channel, line.Place.Thread)
		if err != nil {
			return none, err
		}
		if open := slices.DeleteFunc(slices.Clone(found), func(r stackhand.Request) bool { return r.State != stackhand.RequestOpen }); len(open) > 0 {
			found = open
		}
		switch len(found) {
		case 0:
		case 1:
			return env.readRequest(ctx, found[0].ID)
		default:
			return none, severalRequests(found, verb)
		}
	}
	if id == "" {
		return none, find(verb).misuse("Which request do you mean? `approvals` lists those that wait.")
	}
	r, err := env.readRequest(ctx, id)
	if stackhand.KindOf(err) != stackhand.NotFound {
		return r, err
	}
	if job, jerr := env.Jobs.Job(ctx, id); jerr == nil {
		return r, stackhand.Errorf(stackhand.Conflict, "Job %s (%s) needed no approval: it %s.", job.ID, job.Title, stands(job)).Do("`job show %s` tells more.", job.ID)
	}
	return r, stackhand.Errorf(stackhand.NotFound, "There is no request %s.", quote(clip(id, 40))).Do("`approvals` lists those that wait.").Because(err)
}

// readRequest reads a request. One whose sealed parts cannot be opened can still be shown, denied and withdrawn.
func (env *Env) readRequest(ctx context.Context, id string) (stackhand.Request, error) {
	r, err := env.Requests.Request(ctx, id)
	if stackhand.KindOf(err) == stackhand.NeedsHuman && r.ID != "" {
		err = nil
	}
	return r, err
}

// severalRequests asks which of the requests of a thread is meant.
func severalRequests(found []stackhand.Request, verb string) error {
	c := &choice{kind: "request"}
	for _, r := range found {
		c.lines = append(c.lines, verb+" "+r.ID)
		c.things = append(c.things, thing{r.ID, r.Job.Title, r.ID})
	}
	return c
}

// waitsFor says in words who decides about a request: not who asked for it, unless the rule says so.
func (env *Env) waitsFor(ctx context.Context, r stackhand.Request) string {
	others := slices.DeleteFunc(slices.Clone(r.Approvers), func(id string) bool { return id == r.Job.User.ID && !r.Own })
	group := slices.ContainsFunc(others, func(id string) bool { return strings.HasPrefix(id, "S") })
	if len(r.Approvers) == 0 || len(others) >= max(1, r.Needed) || group {
		return env.approvers(ctx, policy.Verdict{Approvers: others, Needed: r.Needed})
	}
	who := "an administrator" // who stands in for those who are missing
	if len(others) > 0 {
		who = env.approvers(ctx, policy.Verdict{Approvers: others}) + " or " + who
	}
	if r.Needed > 1 {
		who += fmt.Sprintf(" (%d of them)", r.Needed)
	}
	return who
}

// races is how often a decision is made anew because somebody else wrote at the same moment.
const races = 10

// amend reads a request, has it changed, and saves it; where somebody else was faster it begins anew with what they left.
func (env *Env) amend(ctx context.Context, id string, change func(r *stackhand.Request) error) (r stackhand.Request, err error) {
	for range races {
		env.decision("", "") // what an earlier try decided did not come to be
		if r, err = env.readRequest(ctx, id); err != nil {
			return r, err
		}
		before := r.Rev
		if err = change(&r); err != nil {
			return r, err
		}
		if err = env.Requests.SaveRequest(ctx, &r); err == nil || !env.lostRace(ctx, id, before) {
			return r, err
		}
	}
	return r, err
}

// lostRace tells whether a request is another one than it was.
func (env *Env) lostRace(ctx context.Context, id string, before int64) bool {
	now, err := env.readRequest(ctx, id)
	return err == nil && now.Rev != before
}

// Begin starts the job of an approved request, and notes that it did. It may be called again at any time: a job exists once.
func (env *Env) Begin(ctx context.Context, r stackhand.Request) (stackhand.Job, error) {
	job := r.Job
	job.State, job.Approvals, job.Created = stackhand.JobQueued, r.Approvals, r.Closed
	job, err := env.Jobs.Start(ctx, job, r.Stacks...)
	if err != nil {
		return job, err
	}
	_, err = env.amend(ctx, r.ID, func(r *stackhand.Request) error { r.Started = true; return nil })
	return job, err
}

// decision notes for the audit trail what somebody decided.
func (env *Env) decision(verdict, why string) {
	env.note(func(r *stackhand.AuditRecord) { r.Verdict, r.Why = verdict, why })
}
