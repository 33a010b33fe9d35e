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

// finding looks again for a finding, and refuses it to those whose it is not, and while a job takes care of it.
func (env *Env) finding(ctx context.Context, user stackhand.User, cloud, id string) (stackhand.Orphan, error) {
	h, err := hunt(ctx, env, user, cloud)
	if err != nil {
		return stackhand.Orphan{}, err
	}
	at := slices.IndexFunc(h.found, func(o stackhand.Orphan) bool { return o.ID == strings.ToLower(id) })
	if at < 0 && len(h.failed) > 0 {
		return stackhand.Orphan{}, stackhand.Errorf(stackhand.Unavailable, "There is no finding %s where I could look. Not looked at: %s", quote(clip(id, 40)), strings.Join(h.failed, "; ")).
			Do("Try again in some minutes; `orphans` shows what can be looked at.")
	}
	if at < 0 {
		return stackhand.Orphan{}, stackhand.Errorf(stackhand.NotFound, "There is no finding %s any more, or not where you can see it.", quote(clip(id, 40))).
			Do("`orphans` shows those that there are.")
	}
	o := h.found[at]
	if o.Owner != user.ID && user.Role < stackhand.Admin {
		return o, stackhand.Errorf(stackhand.Forbidden, "The %s was not made for you, so only an administrator decides about it.", o.Title()).Do("Ask one of them.")
	}
	return o, env.atWork(ctx, o)
}

// orphansDelete starts a job for each finding. All of them are checked first, so that none starts if one cannot.
func orphansDelete(ctx context.Context, env *Env, user stackhand.User, a orphansDeleteArgs) (Reply, error) {
	if len(a.IDs) > maxServers {
		return Reply{}, find("orphans delete").misuse("At most %d at once.", maxServers)
	}
	jobs, proposed := make([]*stackhand.Job, len(a.IDs)), make([]*proposal, len(a.IDs))
	all := distinct(a.IDs)
	for i, id := range a.IDs {
		if slices.ContainsFunc(a.IDs[:i], func(other string) bool { return strings.EqualFold(other, id) }) {
			continue
		}
		job, done, err := env.started(ctx, a.Line, i)
		if err != nil {
			return Reply{}, err
		}
		if done {
			jobs[i] = &job
			continue
		}
		o, err := env.finding(ctx, user, a.Cloud, id)
		if err != nil {
			return Reply{}, env.noFinding(ctx, user, id, err)
		}
		p, err := env.deleteOrphan(ctx, user, a.Line, i, all, o)
		if err == nil && p.verdict.Then == policy.Approve {
			err = env.undecided(ctx, o, "orphans delete", p.job.ID)
		}
		if err != nil {
			return Reply{}, err
		}
		proposed[i] = &p
	}
	return admitAll(ctx, Reply{}, proposed, jobs)
}

// distinct counts the words of a line that mean different things.
func distinct(words []string) int {
	low := make([]string, len(words))
	for i, w := range words {
		low[i] = strings.ToLower(w)
	}
	return len(slices.Compact(slices.Sorted(slices.Values(low))))
}

// deleteOrphan proposes the n-th job of a line about so many findings: of a record that lost a part it is the usual deletion of what is left.
func (env *Env) deleteOrphan(ctx context.Context, user stackhand.User, line Line, n, all int, o stackhand.Orphan) (proposal, error) {
	s, err := openAt(ctx, env, user, o.Cloud, o.Scope)
	if err != nil {
		return proposal{}, err
	}
	s.together, s.finding = all, o.ID
	if o.Record == "" {
		job := stackhand.Job{Flow: "orphan", Cloud: o.Cloud, Scope: o.Scope, Title: "Delete orphan: " + whatItIs(o)}
		p, err := s.propose(ctx, line, n, job, stackhand.OrphanSpec{Cloud: o.Cloud, Things: o.All()})
		p.outline = s.outlineFinding(ctx, o)
		return p, err
	}
	if len(o.Rest) == 0 {
		return proposal{}, stackhand.Errorf(stackhand.Conflict, "Nothing of %s is in the cloud, so there is nothing to delete.", o.Name).
			Do("Close its record with `orphans forget %s`.", o.ID)
	}
	job := stackhand.Job{Flow: "delete", Cloud: o.Cloud, Scope: o.Scope, Title: "Delete what is left of " + o.Name, Stacks: []string{o.Record}}
	p, err := s.propose(ctx, line, n, job, stackhand.DeleteSpec{Cloud: o.Cloud, Stack: o.Record, Why: "asked", KeepVolumes: true})
	p.outline = s.outlineFinding(ctx, o)
	return p, err
}

// outlineFinding tells approvers what a decision is about.
func (s *session) outlineFinding(ctx context.Context, o stackhand.Orphan) outline {
	out, prices := outline{}, s.env.Settings.Clouds[o.Cloud].Prices
	out.fact("Finding", "%s", withID(whatItIs(o), first(o.Thing.ID, o.Record)))
	out.fact("Why", "%s", o.Why)
	if len(o.Rest) > 0 {
		out.fact("Still there", "%s", ledger(stackhand.Stack{Ledger: o.Rest}))
	}
	if len(o.Missing) > 0 {
		out.fact("Not there any more", "%s", ledger(stackhand.Stack{Ledger: o.Missing}))
	}
	if o.Owner != "" {
		out.fact("Made for", "%s", stackhand.To(o.Owner))
	}
	cost, known := o.PerDay(prices)
	if known {
		out.fact(factCost, "%s a day", rounded(cost, 2))
	}
	out.fact("Project", "%s of %s", s.projectName(ctx, first(o.Scope.ProjectID, s.who.ProjectID)), o.Cloud)
	for _, t := range o.All() {
		out.beside = append(out.beside, t.ID)
	}
	out.beside = append(out.beside, o.Key(), o.Owner, o.Rest, o.Missing, rounded(cost, 2))
	return out
}

// passFinding passes a decision that is no job through the gate: waits tells that somebody has to approve it first.
func (env *Env) passFinding(ctx context.Context, user stackhand.User, line Line, verb, title string, o stackhand.Orphan, more ...stackhand.Fact) (r Reply, waits bool, err error) {
	s, err := openAt(ctx, env, user, o.Cloud, o.Scope)
	if err != nil {
		return Reply{}, false, err
	}
	d := s.deed(line, policy.Request{Verb: verb, Noun: "orphan", Name: o.Name, Owner: o.Owner}, nil)
	d.facts.Project = s.projectName(ctx, first(o.Scope.ProjectID, s.who.ProjectID))
	d.title, d.outline, d.finding = title, s.outlineFinding(ctx, o), o.ID
	d.outline.plan = append(d.outline.plan, more...)
	return env.pass(ctx, d)
}

func orphansIgnore(ctx context.Context, env *Env, user stackhand.User, a orphansIgnoreArgs) (Reply, error) {
	o, err := env.finding(ctx, user, a.Cloud, a.ID)
	if err != nil {
		return env.overtaken(ctx, user, a.ID, err)
	}
	if r, done := env.ignoredAlready(ctx, user, a, o); done {
		return r, nil
	}
	by, done, title, why := user.ID, "is ignored from now on", "Ignore "+o.Title(), clip(a.Why, 200)
	if a.Undo {
		by, done, title, why = "", "is shown again", "Show "+o.Title()+" again", ""
	}
	var reason []stackhand.Fact
	if why != "" {
		reason = []stackhand.Fact{{Name: "Reason", Value: stackhand.Textf("%s", why)}}
		done += ": " + why
	}
	if r, waits, err := env.passFinding(ctx, user, a.Line, "ignore", title, o, reason...); waits || err != nil {
		return r, err
	}
	if err := env.Orphans.Ignore(ctx, o, by, why); err != nil {
		return Reply{}, err
	}
	text := stackhand.Textf("The %s %s.", o.Title(), done)
	if !a.Undo {
		text = text.Add(" It stays where it is and costs what it costs; %s shows it.", stackhand.AsCode("orphans --ignored"))
	}
	return Reply{Text: text}, nil
}

// ignoredAlready answers a decision that would change nothing, such as that of a second press.
func (env *Env) ignoredAlready(ctx context.Context, user stackhand.User, a orphansIgnoreArgs, o stackhand.Orphan) (Reply, bool) {
	was := o.Ignored
	switch {
	case a.Undo && was == nil:
		return Reply{Text: stackhand.Textf("The %s is shown already: nobody ignores it.", o.Title())}, true
	case a.Undo || was == nil || a.Why != "" && clip(a.Why, 200) != was.Why:
		return Reply{}, false
	}
	text := stackhand.Textf("The %s is ignored already, ", o.Title())
	if text = text.Add("by %s", env.person(ctx, was.By)); was.By == user.ID {
		text = stackhand.Textf("The %s is ignored already, by you", o.Title())
	}
	if !was.At.IsZero() {
		text = text.Add(", since %s", stackhand.At(was.At))
	}
	if was.Why != "" {
		text = text.Add(": %s", was.Why)
	}
	return Reply{Text: text.Add(".")}, true
}

func orphansForget(ctx context.Context, env *Env, user stackhand.User, a orphansForgetArgs) (Reply, error) {
	o, err := env.finding(ctx, user, a.Cloud, a.ID)
	if err != nil {
		return env.overtaken(ctx, user, a.ID, err)
	}
	if o.Record == "" {
		return Reply{}, stackhand.Errorf(stackhand.Invalid, "The %s is in the cloud, and no record is about it, so there is nothing to forget.", o.Title()).
			Do("Delete it with `orphans delete %s`, or ignore it with `orphans ignore %s`.", o.ID, o.ID)
	}
	if slices.ContainsFunc(o.Missing, func(r stackhand.Resource) bool { return r.Kind == stackhand.KindServer }) && len(o.Rest) > 0 {
		return Reply{}, stackhand.Errorf(stackhand.Conflict, "The server of %s is gone, but not all of it: %s.", o.Name, ledger(stackhand.Stack{Ledger: o.Rest})).
			Do("Delete the rest with `orphans delete %s`: that closes the record.", o.ID)
	}
	if r, waits, err := env.passFinding(ctx, user, a.Line, "forget", "Forget "+o.Title(), o); waits || err != nil {
		return r, err
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
