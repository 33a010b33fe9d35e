package commands

import (
	"context"
	"slices"
	"strings"

	"github.com/stackhand/stackhand"
	"github.com/stackhand/stackhand/internal/policy"
)

type orphansDeleteArgs struct {
	IDs []string `arg:"id" required:"true" help:"ids of findings, as orphans shows them"`
	inJob
}

type orphansIgnoreArgs struct {
	ID   string `arg:"id" required:"true" help:"id of a finding, as orphans shows it"`
	Why  string `value:"\"TEXT\"" help:"why it is as it should be"`
	Undo bool   `help:"hear of it again"`
	inJob
}

type orphansForgetArgs struct {
	ID string `arg:"id" required:"true" help:"id of a finding about a record"`
	inJob
}

var (
	_ = add(Command[orphansDeleteArgs]{
		Name: "orphans delete", Help: "delete things that orphans has found, each as a job", Role: stackhand.Member,
		Examples: []string{"orphans delete k3v9qx2m"}, Run: orphansDelete,
	})
	_ = add(Command[orphansIgnoreArgs]{
		Name: "orphans ignore", Help: "hear no more of a finding of orphans", Role: stackhand.Member,
		Examples: []string{"orphans ignore k3v9qx2m --why \"kept for the audit\""}, Run: orphansIgnore,
	})
	_ = add(Command[orphansForgetArgs]{
		Name: "orphans forget", Help: "take off a record what is not in the cloud any more", Role: stackhand.Member,
		Examples: []string{"orphans forget k3v9qx2m"}, Run: orphansForget,
	})
)

// finding looks again for a finding, and refuses it to those whose it is not.
func (env *Env) finding(ctx context.Context, user stackhand.User, cloud, id string) (stackhand.Orphan, error) {
	h, err := hunt(ctx, env, user, cloud)
	if err != nil {
		return stackhand.Orphan{}, err
	}
	at := slices.IndexFunc(h.found, func(o stackhand.Orphan) bool { return o.ID == strings.ToLower(id) })
	if at < 0 {
		return stackhand.Orphan{}, stackhand.Errorf(stackhand.NotFound, "There is no finding %s any more, or not where you can see it.", quote(clip(id, 40))).
			Do("`orphans` shows those that there are.")
	}
	o := h.found[at]
	if o.Owner != user.ID && user.Role < stackhand.Admin {
		return o, stackhand.Errorf(stackhand.Forbidden, "The %s was not made for you, so only an administrator decides about it.", o.Title()).Do("Ask one of them.")
	}
	return o, nil
}

func orphansDelete(ctx context.Context, env *Env, user stackhand.User, a orphansDeleteArgs) (Reply, error) {
	if len(a.IDs) > maxServers {
		return Reply{}, find("orphans delete").misuse("At most %d at once.", maxServers)
	}
	var r Reply
	for i, id := range a.IDs {
		job, done, err := env.started(ctx, a.Line, i)
		if err != nil {
			return Reply{}, err
		}
		if !done {
			o, err := env.finding(ctx, user, a.Cloud, id)
			if err != nil {
				return Reply{}, err
			}
			if job, err = env.deleteOrphan(ctx, user, a.Line, i, o); err != nil {
				return Reply{}, err
			}
		}
		r = r.and(job)
	}
	return r, nil
}

// deleteOrphan starts the job: of a record that lost a part it is the usual deletion of what is left.
func (env *Env) deleteOrphan(ctx context.Context, user stackhand.User, line Line, n int, o stackhand.Orphan) (stackhand.Job, error) {
	s, err := openAt(ctx, env, user, o.Cloud, o.Scope)
	if err != nil {
		return stackhand.Job{}, err
	}
	if o.Record == "" {
		job := stackhand.Job{Flow: "orphan", Cloud: o.Cloud, Scope: o.Scope, Title: "Delete orphan: " + whatItIs(o)}
		return s.start(ctx, line, n, job, stackhand.OrphanSpec{Cloud: o.Cloud, Things: o.All()})
	}
	if len(o.Rest) == 0 {
		return stackhand.Job{}, stackhand.Errorf(stackhand.Conflict, "Nothing of %s is in the cloud, so there is nothing to delete.", o.Name).
			Do("Close its record with `orphans forget %s`.", o.ID)
	}
	job := stackhand.Job{Flow: "delete", Cloud: o.Cloud, Scope: o.Scope, Title: "Delete what is left of " + o.Name, Stacks: []string{o.Record}}
	return s.start(ctx, line, n, job, stackhand.DeleteSpec{Cloud: o.Cloud, Stack: o.Record, Why: "asked", KeepVolumes: true})
}

// mayDecide passes a decision that is no job through the gate.
func (env *Env) mayDecide(ctx context.Context, user stackhand.User, line Line, verb string, o stackhand.Orphan) error {
	s, err := openAt(ctx, env, user, o.Cloud, o.Scope)
	if err != nil {
		return err
	}
	return s.permit(ctx, line, policy.Request{Verb: verb, Noun: "orphan", Name: o.Name, Owner: o.Owner})
}

func orphansIgnore(ctx context.Context, env *Env, user stackhand.User, a orphansIgnoreArgs) (Reply, error) {
	o, err := env.finding(ctx, user, a.Cloud, a.ID)
	if err != nil {
		return Reply{}, err
	}
	if err := env.mayDecide(ctx, user, a.Line, "ignore", o); err != nil {
		return Reply{}, err
	}
	by, done := user.ID, "is ignored from now on"
	if a.Undo {
		by, done = "", "is shown again"
	}
	if err := env.Orphans.Ignore(ctx, o, by, clip(a.Why, 200)); err != nil {
		return Reply{}, err
	}
	why := ""
	if a.Why != "" && !a.Undo {
		why = ": " + clip(a.Why, 200)
	}
	text := stackhand.Textf("The %s %s%s.", o.Title(), done, why)
	if !a.Undo {
		text = text.Add(" It stays where it is and costs what it costs; %s shows it.", stackhand.AsCode("orphans --ignored"))
	}
	return Reply{Text: text}, nil
}

func orphansForget(ctx context.Context, env *Env, user stackhand.User, a orphansForgetArgs) (Reply, error) {
	o, err := env.finding(ctx, user, a.Cloud, a.ID)
	if err != nil {
		return Reply{}, err
	}
	if o.Record == "" {
		return Reply{}, stackhand.Errorf(stackhand.Invalid, "The %s is in the cloud, and no record is about it, so there is nothing to forget.", o.Title()).
			Do("Delete it with `orphans delete %s`, or ignore it with `orphans ignore %s`.", o.ID, o.ID)
	}
	if slices.ContainsFunc(o.Missing, func(r stackhand.Resource) bool { return r.Kind == stackhand.KindServer }) && len(o.Rest) > 0 {
		return Reply{}, stackhand.Errorf(stackhand.Conflict, "The server of %s is gone, but not all of it: %s.", o.Name, ledger(stackhand.Stack{Ledger: o.Rest})).
			Do("Delete the rest with `orphans delete %s`: that closes the record.", o.ID)
	}
	if err := env.mayDecide(ctx, user, a.Line, "forget", o); err != nil {
		return Reply{}, err
	}
	st, err := env.Orphans.Forget(ctx, user, o)
	if err != nil {
		return Reply{}, err
	}
	text := stackhand.Textf("The record of %s is closed: nothing of it was in the cloud any more.", st.Name)
	if st.State != stackhand.StackGone {
		text = stackhand.Textf("Taken off the record of %s: %s.", st.Name, ledger(stackhand.Stack{Ledger: o.Missing}))
	}
	return Reply{Text: text}, nil
}
