package commands

import (
	"context"
	"slices"
	"strings"
	"time"

	"github.com/stackhand/stackhand"
	"github.com/stackhand/stackhand/internal/policy"
)

type adoptionArgs struct {
	Offer string `arg:"offer" required:"true" help:"id of the offer, as its buttons have it; or the server"`
	Line  Line
}

var _ = add(Command[adoptionArgs]{
	Name: "adopt accept", Help: "take a server that was made elsewhere under a lease, as somebody asks you to", Examples: []string{"adopt accept db-1"},
	Role: stackhand.Member, Hidden: true, Run: acceptAdoption,
})

var _ = add(Command[adoptionArgs]{
	Name: "adopt decline", Help: "leave a server as it is that somebody would put under a lease of yours", Examples: []string{"adopt decline db-1"},
	Role: stackhand.Member, Hidden: true, Run: declineAdoption,
})

var _ = add(Command[adoptionArgs]{
	Name: "adopt withdraw", Help: "take back the offer of a server that was made elsewhere", Examples: []string{"adopt withdraw db-1"},
	Role: stackhand.Member, Hidden: true, Run: withdrawAdoption,
})

// stackOfOffer is the server of an offer, in the words of a stack: what tells where it is.
func stackOfOffer(o stackhand.Adoption) stackhand.Stack {
	return stackhand.Stack{Name: o.Name, Cloud: o.Cloud, ProjectID: o.Scope.ProjectID, Region: o.Scope.Region, Project: o.Project}
}

// adoptionOf reads an offer, by its id or as the open one of a server that is offered to the user, or by them. A line that is read
// again, since it was interrupted or had to wait for an approval, means the one that it has answered.
func (env *Env) adoptionOf(ctx context.Context, user stackhand.User, a adoptionArgs) (stackhand.Notice, error) {
	if env.Notices == nil {
		return stackhand.Notice{}, noOffer()
	}
	id := a.Offer
	if !strings.HasPrefix(id, adoptionPrefix) {
		taken, err := env.Notices.TakenNotices(ctx, a.Line.Key)
		if err == nil && len(taken) == 1 && a.Line.Key != "" {
			return taken[0], nil
		}
		if err != nil {
			return stackhand.Notice{}, err
		}
		return env.adoptionNamed(ctx, user, id)
	}
	n, err := env.Notices.Notice(ctx, id)
	if stackhand.KindOf(err) == stackhand.NotFound || err == nil && n.Adoption == nil {
		return n, noOffer()
	}
	return n, err
}

func (env *Env) adoptionNamed(ctx context.Context, user stackhand.User, name string) (stackhand.Notice, error) {
	all, err := env.Notices.AnswerableNotices(ctx, time.Time{})
	all = slices.DeleteFunc(all, func(n stackhand.Notice) bool {
		o := n.Adoption
		return !o.Open(env.Now()) || o.Name != name && o.Server != name || o.To != user.ID && o.By != user.ID && user.Role < stackhand.Admin
	})
	switch {
	case err != nil:
		return stackhand.Notice{}, err
	case len(all) == 0:
		return stackhand.Notice{}, noOffer()
	case len(all) > 1:
		return stackhand.Notice{}, stackhand.Errorf(stackhand.Invalid, "Several servers called %s are offered.", name).Do("Press the button of the one that you mean, or name it by its id.")
	}
	return all[0], nil
}

// answerableAdoption refuses whom an offer is not for, and one that is over. A line that was interrupted after its answer goes on.
func (env *Env) answerableAdoption(ctx context.Context, user stackhand.User, n stackhand.Notice, key string) error {
	o := n.Adoption
	if o.To != user.ID {
		to := env.person(ctx, o.To)
		return stackhand.Errorf(stackhand.Forbidden, "%s is offered to %s, and nobody else can answer that.", o.Name, to).Do("Ask %s.", to)
	}
	if n.Taken != "" && n.Taken == key {
		return nil
	}
	return env.settledAdoption(ctx, user, o)
}

// settledAdoption tells what became of an offer that is not open any more; nil while it is.
func (env *Env) settledAdoption(ctx context.Context, user stackhand.User, o *stackhand.Adoption) error {
	to, now := env.person(ctx, o.To), env.Now()
	if o.To == user.ID {
		to = "You"
	}
	no := func(format string, args ...any) error {
		return stackhand.Errorf(stackhand.Conflict, format, args...).Do("`show %s` tells whose it is now.", o.Server)
	}
	switch {
	case o.State == stackhand.TransferAccepted:
		return no("%s accepted %s already, %s.", to, o.Name, ago(o.Closed, now))
	case o.State == stackhand.TransferDeclined:
		return no("%s declined %s already, %s.", to, o.Name, ago(o.Closed, now))
	case o.State == stackhand.TransferWithdrawn:
		return no("The offer of %s was taken back, %s.", o.Name, ago(o.Closed, now))
	case o.State == stackhand.TransferVoid:
		return no("%s accepted %s, %s, and nothing came of it: %s", to, o.Name, ago(o.Closed, now), ended(o.Why))
	case !o.Open(now):
		return no("The offer of %s ended unanswered, %s.", o.Name, ago(o.Ends, now))
	}
	return nil
}

// closeAdoption ends an offer in one way, once.
func (env *Env) closeAdoption(ctx context.Context, id, key string, how stackhand.TransferState, says stackhand.Text, may func(*stackhand.Notice) error) (stackhand.Notice, error) {
	return env.Notices.ChangeNotice(ctx, id, func(n *stackhand.Notice) error {
		if err := may(n); err != nil {
			return err
		}
		o := *n.Adoption
		o.State, o.Closed = how, env.Now()
		n.Adoption, n.Taken, n.Text, n.Actions, n.Stale = &o, key, says, nil, true
		return nil
	})
}

func acceptAdoption(ctx context.Context, env *Env, user stackhand.User, a adoptionArgs) (Reply, error) {
	if job, done, err := env.started(ctx, a.Line, 0); err != nil || done {
		return begun(job), err
	}
	n, err := env.adoptionOf(ctx, user, a)
	if err == nil {
		err = env.answerableAdoption(ctx, user, n, a.Line.Key)
	}
	if err != nil {
		return Reply{}, err
	}
	p, err := env.acceptedAdoption(ctx, user, a.Line, n)
	if err != nil {
		return Reply{}, err
	}
	if env.rehearsing != nil || p.verdict.Then == policy.Approve && env.Requests == nil {
		job, err := env.admit(ctx, p)
		return begun(job), err
	}
	o := n.Adoption
	says := stackhand.Textf("%s accepted the server %s (job %s).", stackhand.To(o.To), stackhand.AsBold(o.Name), stackhand.AsCode(p.job.ID))
	if p.verdict.Then == policy.Approve {
		says = stackhand.Textf("%s accepted the server %s, which waits for an approval now (request %s).", stackhand.To(o.To), stackhand.AsBold(o.Name), stackhand.AsCode(p.job.ID))
	}
	if _, err := env.closeAdoption(ctx, n.ID, a.Line.Key, stackhand.TransferAccepted, says, func(n *stackhand.Notice) error {
		n.Waits = p.job.ID
		return env.answerableAdoption(ctx, user, *n, a.Line.Key)
	}); err != nil {
		return Reply{}, err
	}
	if err := env.tellSomebody(ctx, o.By, "accepted/"+n.ID, stackhand.Stack{}, says); err != nil {
		return Reply{}, err
	}
	job, err := env.admit(ctx, p)
	return begun(job), err
}

// acceptedAdoption proposes the job of an offer that its owner-to-be accepts: with their own login, and by what the server is now.
func (env *Env) acceptedAdoption(ctx context.Context, user stackhand.User, line Line, n stackhand.Notice) (proposal, error) {
	o := n.Adoption
	if st, err := env.Stacks.ByServer(ctx, o.Cloud, o.Server); err == nil && st.State != stackhand.StackGone {
		return proposal{}, env.ownedAlready(ctx, user, st)
	}
	s, err := env.usable(ctx, user, stackOfOffer(*o))
	if err != nil {
		return proposal{}, err
	}
	sv, err := s.Server(ctx, o.Server)
	if stackhand.KindOf(err) == stackhand.NotFound {
		return proposal{}, stackhand.Errorf(stackhand.Conflict, "%s is not in the cloud any more.", o.Name).Do("There is nothing left to take.")
	}
	var t target
	if err == nil {
		t, err = s.underLease(ctx, sv)
	}
	if err == nil {
		err = s.free(ctx, t)
	}
	if err == nil {
		err = s.inProject(ctx, sv, "")
	}
	if err != nil {
		return proposal{}, err
	}
	if n.Place.Channel != "" {
		line.Place = n.Place // its card comes where it was offered
	}
	lasts := o.For
	if most := env.Settings.LeaseMax; most > 0 {
		lasts = min(lasts, most)
	}
	p, err := s.proposeAdoption(ctx, line, t.server, stackhand.AdoptSpec{For: lasts, By: o.By})
	p.job.Line = "adopt " + quote(o.Name) + " --for " + short(lasts) // the press of a button tells nothing
	return p, err
}

func declineAdoption(ctx context.Context, env *Env, user stackhand.User, a adoptionArgs) (Reply, error) {
	n, err := env.adoptionOf(ctx, user, a)
	if err != nil {
		return Reply{}, err
	}
	o := n.Adoption
	says := stackhand.Textf("%s declined the server %s. It stays as it is, under no lease.", stackhand.To(o.To), stackhand.AsBold(o.Name))
	if _, err = env.closeAdoption(ctx, n.ID, a.Line.Key, stackhand.TransferDeclined, says, func(n *stackhand.Notice) error {
		return env.answerableAdoption(ctx, user, *n, a.Line.Key)
	}); err != nil {
		return Reply{}, err
	}
	return Reply{Text: stackhand.Textf("%s stays as it is. %s is told.", o.Name, capital(env.person(ctx, o.By)))},
		env.tellSomebody(ctx, o.By, "declined/"+n.ID, stackhand.Stack{}, says)
}

func withdrawAdoption(ctx context.Context, env *Env, user stackhand.User, a adoptionArgs) (Reply, error) {
	n, err := env.adoptionOf(ctx, user, a)
	if err != nil {
		return Reply{}, err
	}
	o := n.Adoption
	says := stackhand.Textf("%s took back the offer of %s.", stackhand.To(user.ID), stackhand.AsBold(o.Name))
	_, err = env.closeAdoption(ctx, n.ID, a.Line.Key, stackhand.TransferWithdrawn, says, func(n *stackhand.Notice) error {
		if n.Taken != "" && n.Taken == a.Line.Key {
			return nil
		}
		if o := n.Adoption; o.By != user.ID && user.Role < stackhand.Admin {
			by := env.person(ctx, o.By)
			return stackhand.Errorf(stackhand.Forbidden, "%s offered %s, so you cannot take that back.", capital(by), o.Name).Do("Ask %s, or an administrator.", by)
		}
		return env.settledAdoption(ctx, user, n.Adoption)
	})
	if err != nil {
		return Reply{}, err
	}
	return Reply{Text: stackhand.Textf("%s is no longer offered to %s.", o.Name, env.called(ctx, o.To)), Public: true}, nil
}
