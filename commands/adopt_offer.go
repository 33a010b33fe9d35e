package commands

import (
	"context"
	"slices"
	"strings"
	"time"

	"github.com/stackhand/stackhand"
	"github.com/stackhand/stackhand/internal/policy"
)

// adoption is what a line wants that puts a server under a lease.
type adoption struct {
	line   Line
	target target
	lasts  time.Duration
	owner  string // whose it is to become, as typed; "" is not said
	yes    bool   // without its maker, who cannot be asked
	mine   bool   // the asker made it, or it was made for them
	whose  string // id of the person for whom it was made, where that is known
	again  func(owner string, yes bool) string
}

// adoptFor adopts a server at once where it is the asker's own, and asks whoever it is to become, or who made it, otherwise.
// What nobody who can be asked has made an administrator takes after a word of warning.
func (s *session) adoptFor(ctx context.Context, w adoption) (Reply, error) {
	if err := s.free(ctx, w.target); err != nil {
		return Reply{}, err
	}
	sv, admin := w.target.server, s.user.Role >= stackhand.Admin
	if !w.mine && !admin {
		return Reply{}, s.notMine(sv)
	}
	maker, err := s.maker(ctx, w)
	if err != nil {
		return Reply{}, err
	}
	mine := w.mine || maker != nil && maker.ID == s.user.ID
	if w.owner != "" {
		to, err := s.env.somebody(ctx, w.owner, func(id string) string { return w.again(id, w.yes) })
		switch {
		case err != nil:
			return Reply{}, err
		case to.ID != s.user.ID:
			return s.offerAdoption(ctx, w, to, maker)
		case !mine && maker.asked():
			return Reply{}, stackhand.Errorf(stackhand.Forbidden, "%s was made by %s, who has to agree before it comes under a lease.", sv.Name, maker.Name).
				Do("`%s` asks %s; as its owner %s can `transfer` it to you.", w.again("", false), maker.Name, maker.Name)
		}
	}
	switch {
	case mine:
		return s.adopt(ctx, w, false)
	case maker.asked():
		return s.offerAdoption(ctx, w, *maker, maker)
	case w.yes:
		return s.adopt(ctx, w, true)
	}
	return s.adoptUnasked(ctx, w, maker)
}

// asked tells whether somebody can be asked for anything. nil is nobody.
func (p *Person) asked() bool { return p != nil && p.Refused == nil }

// adopt starts the job that puts a server under a lease of the asker's.
func (s *session) adopt(ctx context.Context, w adoption, unasked bool) (Reply, error) {
	if err := s.inProject(ctx, w.target.server, w.again("@NAME", false)); err != nil {
		return Reply{}, err
	}
	p, err := s.proposeAdoption(ctx, w.line, w.target.server, stackhand.AdoptSpec{For: w.lasts, Unasked: unasked})
	if err == nil && s.env.rehearsing == nil && p.verdict.Then != policy.Approve {
		err = s.overtaken(ctx, w, p.job.ID)
	}
	if err != nil {
		return Reply{}, err
	}
	job, err := s.env.admit(ctx, p)
	return begun(job), err
}

// overtaken ends the offer of a server that is put under a lease without it.
func (s *session) overtaken(ctx context.Context, w adoption, job string) error {
	env, sv := s.env, w.target.server
	n, err := env.offeredElsewhere(ctx, s.name, sv.ID)
	if err != nil || n == nil {
		return err
	}
	how := stackhand.TransferWithdrawn
	if n.Adoption.To == s.user.ID {
		how = stackhand.TransferAccepted
	}
	says := stackhand.Textf("%s put the server %s under a lease (job %s), so its offer has ended.", stackhand.To(s.user.ID), stackhand.AsBold(sv.Name), stackhand.AsCode(job))
	if _, err := env.closeAdoption(ctx, n.ID, w.line.Key, how, says, func(n *stackhand.Notice) error { return env.settledAdoption(ctx, s.user, n.Adoption) }); err != nil {
		return err
	}
	if by := n.Adoption.By; by != s.user.ID {
		return env.tellSomebody(ctx, by, "overtaken/"+n.ID, stackhand.Stack{}, says)
	}
	return nil
}

// notMine refuses a server that neither the asker nor, as far as anybody can tell, their user of the cloud has made.
func (s *session) notMine(sv stackhand.Server) error {
	if s.settings.Service {
		return stackhand.Errorf(stackhand.Forbidden, "Everybody uses %s with the bot's own login, so the cloud does not tell whose %s is.", s.name, sv.Name).Do("Ask an administrator to adopt it.")
	}
	return stackhand.Errorf(stackhand.Forbidden, "%s was made by another user of the cloud than %s, so it is not yours to adopt.", sv.Name, first(s.who.User, "you")).
		Do("Whoever made it can adopt it, or offer it to you: `adopt %s --owner @%s`; or an administrator does.", quote(sv.Name), first(s.user.Name, s.user.ID))
}

// maker is the person who made a server, by its mark, or as who is logged in as the cloud's user that made it; nil where that is
// nobody known here. Several are asked about.
func (s *session) maker(ctx context.Context, w adoption) (*Person, error) {
	sv := w.target.server
	var ids []string
	m, _ := stackhand.MarkOf(sv.Metadata)
	if owner := first(w.whose, m.Owner); owner != "" {
		ids = []string{owner}
	} else if s.env.Holders != nil && !s.settings.Service && sv.UserID != "" {
		var err error
		if ids, err = s.env.Holders(ctx, s.name, sv.UserID); err != nil {
			return nil, err
		}
	}
	switch {
	case len(ids) == 0 || s.env.Who == nil:
		return nil, nil
	case slices.Contains(ids, s.user.ID):
		return &Person{ID: s.user.ID, Name: first(s.user.Name, s.user.ID)}, nil
	case len(ids) > 1 && w.owner == "":
		var names []string
		for _, id := range ids {
			names = append(names, s.env.person(ctx, id))
		}
		return nil, stackhand.Errorf(stackhand.Conflict, "%s was made by a user of the cloud as which several are logged in: %s.", sv.Name, strings.Join(names, ", ")).
			Do("Say who is to be asked: `%s`.", w.again("@"+names[0], false))
	}
	found, err := s.env.Who(ctx, "@"+ids[0])
	if err != nil || len(found) != 1 {
		return nil, err
	}
	return &found[0], nil
}

// adoptUnasked tells an administrator that nobody can be asked, and lets them go on.
func (s *session) adoptUnasked(ctx context.Context, w adoption, maker *Person) (Reply, error) {
	sv := w.target.server
	text := s.unknown(ctx, sv, maker)
	if s.outside(sv) {
		return Reply{}, stackhand.Errorf(stackhand.Forbidden, "%s It is in the project %s, and you are logged in to %s.", text, s.projectName(ctx, sv.ProjectID), s.who.Project).
			Do("If you know whose it is, offer it to them: `%s`. To take it under a lease of yours, log in to its project first.", w.again("@NAME", false))
	}
	return Reply{
		Text: text.Add(" If you know whose it is, offer it to them: %s. If it may come under a lease of yours all the same, say so; the audit trail tells that nobody was asked.",
			stackhand.AsCode(w.again("@NAME", false))),
		Actions: []stackhand.Action{{ID: "choose", Label: "Adopt it all the same", Value: w.again("", true), Danger: true,
			Confirm: clip("Put "+sv.Name+" under a lease of yours, although whoever made it cannot be asked? When that ends, the server is stopped and deleted.", 290)}},
	}, nil
}

// unknown says why whoever made a server cannot be asked.
func (s *session) unknown(ctx context.Context, sv stackhand.Server, maker *Person) stackhand.Text {
	switch {
	case maker != nil:
		return stackhand.Textf("%s was made by %s, who cannot be asked any more: %s", sv.Name, stackhand.To(maker.ID), ended(maker.Refused.Error()))
	case s.settings.Service:
		return stackhand.Textf("Everybody uses %s with the bot's own login, so the cloud does not tell who made %s, and nobody can be asked.", s.name, sv.Name)
	case sv.UserID == "":
		return stackhand.Textf("The cloud does not tell who made %s, so nobody can be asked.", sv.Name)
	}
	return stackhand.Textf("%s was made by %s, a user of the cloud as whom nobody is logged in here, so nobody can be asked.", sv.Name, s.cloudUserName(ctx, sv.UserID))
}

// cloudUserName is what a user of the cloud is called, as far as the session may ask.
func (s *session) cloudUserName(ctx context.Context, id string) string {
	if !slices.Contains(s.who.Roles, "admin") {
		return id
	}
	users, err := s.Users(ctx)
	if i := slices.IndexFunc(users, func(u stackhand.CloudUser) bool { return u.ID == id }); err == nil && i >= 0 {
		return users[i].Name
	}
	return id
}

// adoptionPrefix begins the ids of notices that offer a server that was made elsewhere.
const adoptionPrefix = "adoption/"

// offerAdoption writes down that somebody is asked to take a server, and tells them.
func (s *session) offerAdoption(ctx context.Context, w adoption, to Person, maker *Person) (Reply, error) {
	env, sv, now := s.env, w.target.server, s.env.Now()
	if to.Group {
		return Reply{}, stackhand.Errorf(stackhand.Invalid, "%s is a user group, and a server has one owner.", to.Name).Do("Name one of them.")
	}
	if err := to.welcome(); err != nil {
		return Reply{}, err
	}
	if env.Notices == nil {
		return Reply{}, stackhand.Errorf(stackhand.Unavailable, "Nobody can be asked here.").Do("Try it in Slack.")
	}
	at, project := s.scope(), s.who.Project
	if s.outside(sv) {
		at.ProjectID, project = sv.ProjectID, s.projectName(ctx, sv.ProjectID)
	}
	// What needs an approval waits for it once they have agreed.
	wish := policy.Request{Verb: "adopt", Noun: stackhand.KindServer, Name: sv.Name, Owner: to.ID, Lifetime: w.lasts}
	d := s.deed(w.line, wish, nil)
	d.facts.Project = project
	if _, err := env.decide(ctx, d.matter); err != nil {
		return Reply{}, err
	}
	o := stackhand.Adoption{
		Cloud: s.name, Scope: at, Project: project, Server: sv.ID, Name: sv.Name, Maker: sv.UserID, For: w.lasts, To: to.ID, By: s.user.ID,
		State: stackhand.TransferOpen, Asked: now, Ends: now.Add(transferFor),
	}
	id := adoptionPrefix + sv.ID + "/" + JobID(w.line.Key, 0)
	other, err := env.offeredElsewhere(ctx, s.name, sv.ID)
	switch {
	case err != nil:
		return Reply{}, err
	case other != nil && other.ID != id:
		whom := env.person(ctx, other.Adoption.To)
		return Reply{Actions: []stackhand.Action{takeBack(other.ID)}}, stackhand.Errorf(stackhand.Conflict, "%s is offered to %s already, who has not answered yet.", sv.Name, whom).
			Do("Wait for the answer, or take the offer back.")
	}
	if err := env.tellAdoption(ctx, id, o, w.line.Place, to, sv.Flavor); err != nil {
		return Reply{}, err
	}
	if maker.asked() && maker.ID != to.ID && maker.ID != s.user.ID {
		text := stackhand.Textf("%s, an administrator, offers the server %s (%s of %s), which you made, to %s. It comes under a lease once that is accepted.",
			stackhand.To(o.By), stackhand.AsBold(o.Name), o.Project, o.Cloud, stackhand.To(o.To))
		if err := env.tellSomebody(ctx, maker.ID, "offered/"+id, stackhand.Stack{}, text); err != nil {
			return Reply{}, err
		}
	}
	return env.adoptionAsked(ctx, o, to, id, maker), nil
}

func takeBack(id string) stackhand.Action {
	return stackhand.Action{ID: "withdraw", Label: "Take it back", Value: id}
}

// adoptionAsked tells who offers what happens now.
func (env *Env) adoptionAsked(ctx context.Context, o stackhand.Adoption, to Person, id string, maker *Person) Reply {
	r := Reply{Actions: []stackhand.Action{takeBack(id)}, Public: true}
	who := stackhand.Textf("%s was asked", to.span())
	if maker != nil && maker.ID == to.ID {
		who = stackhand.Textf("%s made %s, and was asked", to.span(), o.Name)
	}
	r.Text = who.Add(" to take %s under a lease, and has time for an answer until %s. Until then nothing changes.", o.Name, stackhand.At(o.Ends))
	if lacks := env.lacksLogin(ctx, to, stackOfOffer(o)); lacks != "" {
		r.Text = r.Text.Add("\n%s", lacks)
	}
	return r
}

// offeredElsewhere is the open offer of a server that was made elsewhere; nil where there is none.
func (env *Env) offeredElsewhere(ctx context.Context, cloud, server string) (*stackhand.Notice, error) {
	if env.Notices == nil {
		return nil, nil
	}
	all, err := env.Notices.AnswerableNotices(ctx, time.Time{})
	for i := range all {
		if o := all[i].Adoption; o.Open(env.Now()) && o.Cloud == cloud && o.Server == server {
			return &all[i], err
		}
	}
	return nil, err
}

// tellAdoption asks the one whose server it is to become, where it was offered and directly.
func (env *Env) tellAdoption(ctx context.Context, id string, o stackhand.Adoption, at stackhand.Place, to Person, flavor string) error {
	text := stackhand.Textf("%s: %s would put the server %s (%s, %s) under a lease of yours, for %s from when you accept it. Its cost and its warnings would be yours; "+
		"when its time is over and nobody extends it, it is stopped and then deleted. Do you accept it? There is time until %s; until then nothing changes.",
		stackhand.To(o.To), stackhand.To(o.By), stackhand.AsBold(o.Name), env.placed(stackOfOffer(o)), first(flavor, "server"), short(o.For), stackhand.At(o.Ends))
	if lacks := env.lacksLogin(ctx, to, stackOfOffer(o)); lacks != "" {
		text = text.Add("\nYou need a login to that project for it: %s.", stackhand.AsCode("login"))
	}
	if at.Direct {
		at = stackhand.Place{} // that is between the bot and who offers
	}
	_, err := env.tell(ctx, stackhand.Notice{
		ID: id, User: o.To, By: o.By, Place: at, Text: text, Ends: o.Ends, Adoption: &o,
		Over: stackhand.Textf("%s did not answer in time, so the offer of %s has ended. It changed nothing.", stackhand.To(o.To), stackhand.AsBold(o.Name)),
		Actions: []stackhand.Action{
			{ID: "accept", Label: "Accept", Value: id, Confirm: clip("Take "+o.Name+" under a lease? It is yours then, with its cost and its end.", 290)},
			{ID: "decline", Label: "Decline", Value: id},
		},
	})
	return err
}
