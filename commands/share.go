package commands

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"github.com/stackhand/stackhand"
	"github.com/stackhand/stackhand/internal/policy"
)

type shareArgs struct {
	Server string   `arg:"server" help:"name or id; in a server's thread, that one"`
	Who    []string `arg:"who" help:"people or user groups: mentions or names"`
	inCloud
	Line Line
}

var _ = add(Command[shareArgs]{
	Name:     "share",
	Help:     "let others do everything with a server of yours, but give it away",
	Examples: []string{"share web-1 @bob", "share web-1 @bob @team-web"},
	Role:     stackhand.Member,
	Run:      share,
})

var _ = add(Command[shareArgs]{
	Name:     "unshare",
	Help:     "take back what share gave: from those that you name, or from all",
	Examples: []string{"unshare web-1 @bob", "unshare web-1"},
	Role:     stackhand.Member,
	Run:      unshare,
})

// maxShared is how many people and groups a server is shared with at most; larger circles are user groups.
const maxShared = 20

// shift lets the server be left out in its thread: every word means somebody then.
func (a *shareArgs) shift() {
	if a.Line.Place.Thread != "" && a.Server != "" && (len(a.Who) == 0 || joining[bare(a.Server)] || strings.HasPrefix(a.Server, "@")) {
		a.Server, a.Who = "", append([]string{a.Server}, a.Who...)
	}
}

func (a shareArgs) again(verb string) func(n int, id string) string {
	return func(n int, id string) string {
		a.Who = slices.Clone(a.Who)
		a.Who[n] = id
		return format(verb, a)
	}
}

func share(ctx context.Context, env *Env, user stackhand.User, a shareArgs) (Reply, error) {
	a.shift()
	if len(a.Who) == 0 {
		return Reply{}, find("share").misuse("Share it with whom?")
	}
	s, st, err := ownStack(ctx, env, user, a.Line, a.Cloud, a.Server, "share", func(id string) string { a.Server = id; return format("share", a) })
	if err != nil {
		return Reply{}, err
	}
	who, err := env.people(ctx, a.Who, a.again("share"))
	if err != nil {
		return Reply{}, err
	}
	if r, waits, err := env.pass(ctx, s.giving(a.Line, "share", st, "Share "+st.Name+" with "+namesOfAll(who), namesOfAll(who))); waits || err != nil {
		return r, err
	}
	var fresh []Person
	st, err = env.Stacks.ChangeStack(ctx, st.ID, func(st *stackhand.Stack) (err error) {
		if err = mayGive(ctx, env, user, *st, "share"); err == nil {
			fresh, err = sharable(*st, who)
		}
		for _, p := range fresh {
			st.Shared = append(slices.Clone(st.Shared), p.ID)
		}
		return err
	})
	if err != nil {
		return Reply{}, err
	}
	for _, p := range fresh {
		if err := env.tellShared(ctx, user, st, p, a.Line.Key); err != nil {
			return Reply{}, err
		}
	}
	return env.shareReply(ctx, st, fresh), nil
}

// sharable are those of whom with whom a stack is not shared yet. It refuses those who get no servers here.
func sharable(st stackhand.Stack, who []Person) ([]Person, error) {
	var fresh []Person
	for _, p := range who {
		if err := p.welcome(); err != nil {
			return nil, err
		}
		switch {
		case p.ID == st.Lease.Owner && len(who) == 1:
			return nil, stackhand.Errorf(stackhand.Conflict, "%s belongs to %s, so there is nothing to share.", st.Name, p.Name).Do("Name somebody else.")
		case p.ID == st.Lease.Owner, slices.Contains(st.Shared, p.ID):
		default:
			fresh = append(fresh, p)
		}
	}
	if len(st.Shared)+len(fresh) > maxShared {
		return nil, stackhand.Errorf(stackhand.Invalid, "A server is shared with %d people and groups at most; %s is with %d.", maxShared, st.Name, len(st.Shared)).
			Do("Share it with a user group that they are in.")
	}
	return fresh, nil
}

func (env *Env) shareReply(ctx context.Context, st stackhand.Stack, fresh []Person) Reply {
	r := Reply{Public: true, Cards: []string{st.Job}}
	if len(fresh) == 0 {
		r.Text = stackhand.Textf("%s is shared with them already: with %s.", st.Name, env.callAll(ctx, st.Shared))
		return r
	}
	var names stackhand.Text
	for i, p := range fresh {
		if i > 0 {
			names = names.Add(", ")
		}
		names = append(names, p.span())
	}
	r.Text = stackhand.Textf("%s is shared with %s now. They may do everything with it but share it or give it away. In the cloud they work with their own login.",
		st.Name, names)
	for _, p := range fresh {
		if lacks := env.lacksLogin(ctx, p, st); lacks != "" {
			r.Text = r.Text.Add("\n%s", lacks)
		}
	}
	r.Text = r.Text.Add("\n%s takes that back.", stackhand.AsCode("unshare "+quote(st.Name)+" "+at(fresh[0])))
	return r
}

// at is a person as one would type them.
func at(p Person) string { return "@" + strings.TrimPrefix(p.Name, "@") }

// lacksLogin says what somebody still needs before they can use a server of a project; "" for nothing that is known.
func (env *Env) lacksLogin(ctx context.Context, p Person, st stackhand.Stack) string {
	if p.Group || env.Settings.Clouds[st.Cloud].Service {
		return ""
	}
	creds, err := env.Clouds.Credentials(ctx, stackhand.User{ID: p.ID})
	if err != nil || slices.ContainsFunc(creds, func(c stackhand.Credential) bool { return c.Cloud == st.Cloud && c.Identity.ProjectID == st.ProjectID }) {
		return ""
	}
	return fmt.Sprintf("%s has no login to the project %s of %s yet: `login` is their first step.", p.Name, st.Project, st.Cloud)
}

// tellShared tells a new co-owner.
func (env *Env) tellShared(ctx context.Context, by stackhand.User, st stackhand.Stack, p Person, key string) error {
	if p.Group || p.ID == by.ID {
		return nil
	}
	text := stackhand.Textf("%s shares the server %s (%s of %s) with you. You may do everything with it but share it or give it away; %s tells more.",
		stackhand.To(by.ID), stackhand.AsBold(st.Name), st.Project, st.Cloud, stackhand.AsCode("show "+quote(st.Name)))
	if lacks := env.lacksLogin(ctx, p, st); lacks != "" {
		text = text.Add("\nYou have no login to that project yet: %s is your first step.", stackhand.AsCode("login"))
	}
	_, err := env.tell(ctx, stackhand.Notice{
		ID: "shared/" + st.ID + "/" + p.ID + "/" + JobID(key, 0), Job: st.Job, User: p.ID, Text: text,
		Actions: []stackhand.Action{{ID: "show", Label: "Show " + st.Name, Value: st.ID}},
	})
	return err
}

func unshare(ctx context.Context, env *Env, user stackhand.User, a shareArgs) (Reply, error) {
	if len(a.Who) > 0 || strings.HasPrefix(a.Server, "@") { // "unshare web-1" in a thread means the server
		a.shift()
	}
	s, st, err := madeHere(ctx, env, user, a.Line, a.Cloud, a.Server, func(id string) string { a.Server = id; return format("unshare", a) })
	if err != nil {
		return Reply{}, err
	}
	ids, err := env.unshared(ctx, st, a)
	may := func(st stackhand.Stack) error {
		if len(ids) == 1 && ids[0] == user.ID && slices.Contains(st.Shared, user.ID) {
			return nil // a co-owner leaves
		}
		return mayGive(ctx, env, user, st, "unshare")
	}
	if err == nil {
		err = may(st)
	}
	if err != nil {
		return Reply{}, err
	}
	if r, waits, err := env.pass(ctx, s.giving(a.Line, "unshare", st, "Unshare "+st.Name, strings.Join(a.Who, ", "))); waits || err != nil {
		return r, err
	}
	var gone []string
	st, err = env.Stacks.ChangeStack(ctx, st.ID, func(st *stackhand.Stack) error {
		if err := may(*st); err != nil {
			return err
		}
		gone = slices.DeleteFunc(slices.Clone(st.Shared), func(id string) bool { return len(a.Who) > 0 && !slices.Contains(ids, id) })
		st.Shared = slices.DeleteFunc(slices.Clone(st.Shared), func(id string) bool { return slices.Contains(gone, id) })
		return nil
	})
	switch {
	case err != nil:
		return Reply{}, err
	case len(gone) == 0 && len(st.Shared) == 0:
		return Reply{Text: stackhand.Textf("%s is shared with nobody: there is nothing to do.", st.Name)}, nil
	case len(gone) == 0:
		return Reply{}, stackhand.Errorf(stackhand.NotFound, "%s is not shared with them.", st.Name).Do("`show %s` tells with whom it is.", quote(st.Name))
	}
	return Reply{Text: stackhand.Textf("%s is no longer shared with %s.", st.Name, env.callAll(ctx, gone)), Public: true, Cards: []string{st.Job}}, nil
}

// unshared are the ids of those whom a line names. Who is not known any more may be given as the stack has them.
func (env *Env) unshared(ctx context.Context, st stackhand.Stack, a shareArgs) ([]string, error) {
	var ids []string
	for n, w := range a.Who {
		if id := strings.TrimPrefix(w, "@"); slices.Contains(st.Shared, id) {
			ids = append(ids, id)
			continue
		}
		who, err := env.people(ctx, []string{w}, func(_ int, id string) string { return a.again("unshare")(n, id) })
		if err != nil {
			return nil, err
		}
		for _, p := range who {
			ids = append(ids, p.ID)
		}
	}
	return ids, nil
}

// ownStack finds a server of which somebody wants to give a part away, or all.
func ownStack(ctx context.Context, env *Env, user stackhand.User, line Line, cloud, server, verb string, again func(id string) string) (*session, stackhand.Stack, error) {
	s, st, err := madeHere(ctx, env, user, line, cloud, server, again)
	if err == nil {
		err = mayGive(ctx, env, user, st, verb)
	}
	return s, st, err
}

// madeHere finds a server that has an owner here.
func madeHere(ctx context.Context, env *Env, user stackhand.User, line Line, cloud, server string, again func(id string) string) (*session, stackhand.Stack, error) {
	s, t, err := locate(ctx, env, user, line, cloud, server, again)
	if err != nil {
		return s, stackhand.Stack{}, err
	}
	if t.stack == nil {
		return s, stackhand.Stack{}, stackhand.Errorf(stackhand.Conflict, "%s was not made here, so it belongs to nobody here.", t.name()).
			Do("Who may do what with it is for the cloud to say.")
	}
	return s, *t.stack, nil
}

// giving is a change of whose a server is; title is what it is called while it waits, whom the others that it is about.
func (s *session) giving(line Line, verb string, st stackhand.Stack, title, whom string) deed {
	d := s.deed(line, policy.Request{Verb: verb, Noun: stackhand.KindServer, Name: st.Name, Owner: st.Lease.Owner}, &st)
	d.title, d.facts.Thing = title, whom
	return d
}

// namesOfAll are people in plain text.
func namesOfAll(who []Person) string {
	var names []string
	for _, p := range who {
		names = append(names, p.Name)
	}
	return strings.Join(names, ", ")
}

// mayGive refuses all but the owner and administrators: a co-owner neither shares further nor gives away.
func mayGive(ctx context.Context, env *Env, user stackhand.User, st stackhand.Stack, verb string) error {
	switch {
	case st.State == stackhand.StackGone, st.State == stackhand.StackDeleting:
		return stackhand.Errorf(stackhand.Conflict, "%s is being deleted, or is gone.", st.Name).Do("`list` shows what there is.")
	case user.ID == st.Lease.Owner, user.Role >= stackhand.Admin:
		return nil
	case st.Of(user):
		owner := env.person(ctx, st.Lease.Owner)
		return stackhand.Errorf(stackhand.Forbidden, "%s is shared with you, but belongs to %s, so you cannot %s it.", st.Name, owner, verb).
			Do("Ask %s, or an administrator.", owner).Because(ofAnother{st})
	}
	return env.mayChange(ctx, user, st, verb)
}

// ofMine are the stacks that are the user's, as owner or as co-owner, the own ones first.
func (env *Env) ofMine(ctx context.Context, user stackhand.User) ([]stackhand.Stack, error) {
	own, err := env.Stacks.OfOwner(ctx, user.ID)
	if err != nil {
		return nil, err
	}
	shared, err := env.Stacks.StacksSharedWith(ctx, append([]string{user.ID}, user.Groups...)...)
	for _, st := range shared {
		if st.Lease.Owner != user.ID {
			own = append(own, st)
		}
	}
	return own, err
}

// withoutLogin tells a co-owner, or an owner, that they work with their own login and have none there.
func withoutLogin(st stackhand.Stack, user stackhand.User, owner string, missing NoLogin) error {
	if st.Lease.Owner == user.ID {
		return stackhand.Errorf(stackhand.Unauthorized, "%s is in the project %s of %s, and you are not logged in to it.", st.Name, st.Project, st.Cloud).
			Do("Log in to it, then say it again.").Because(missing)
	}
	return stackhand.Errorf(stackhand.Unauthorized, "%s is shared with you, but you work on it with your own login, and you have none to the project %s of %s.", st.Name, st.Project, st.Cloud).
		Do("Log in to it, then say it again. Where the cloud does not let you into that project, ask %s to do it, or the cloud's administrator for a role there.", owner).
		Because(missing)
}
