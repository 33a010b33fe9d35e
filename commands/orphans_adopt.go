package commands

import (
	"context"
	"time"

	"github.com/stackhand/stackhand"
)

type orphansAdoptArgs struct {
	ID    string        `arg:"id" required:"true" help:"id of a finding, as orphans shows it"`
	For   time.Duration `value:"3d" help:"how long a server stays from now"`
	Owner string        `opt:"owner" value:"@NAME" help:"whose a server becomes, who is asked first"`
	Yes   bool          `opt:"yes" hidden:"true" help:"without its owner, who cannot be asked: administrators"`
	To    string        `value:"server" help:"the server of yours with which it goes from now on; by default the one for which it was made"`
	inJob
}

var _ = add(Command[orphansAdoptArgs]{
	Name: "orphans adopt", Help: "put a server that orphans has found under a lease of yours, or anything else on the record of a server", Role: stackhand.Member,
	Examples: []string{"orphans adopt k3v9qx2m --for 3d", "orphans adopt k3v9qx2m --to web-1"}, Run: orphansAdopt,
})

func orphansAdopt(ctx context.Context, env *Env, user stackhand.User, a orphansAdoptArgs) (Reply, error) {
	if job, done, err := env.started(ctx, a.Line, 0); err != nil || done {
		return begun(job), err
	}
	o, err := env.finding(ctx, user, a.Cloud, a.ID)
	if err != nil {
		return env.overtaken(ctx, user, a.ID, err)
	}
	if o.Record != "" {
		return Reply{}, stackhand.Errorf(stackhand.Invalid, "%s has a record already; what it lacks is in the cloud.", o.Name).Do("`orphans forget %s` or `orphans delete %s` puts that right.", o.ID, o.ID)
	}
	switch o.Thing.Kind {
	case stackhand.KindImage:
		return Reply{}, stackhand.Errorf(stackhand.Invalid, "An image goes with no server.").
			Do("`create NAME --image %s` makes a server from it; `orphans ignore %s` keeps it as it is.", o.Thing.ID, o.ID)
	case stackhand.KindSnapshot:
		return Reply{}, stackhand.Errorf(stackhand.Invalid, "A snapshot of a volume goes with no server.").
			Do("`volume create NAME --snapshot %s` makes a volume from it; `orphans ignore %s` keeps it as it is.", o.Thing.ID, o.ID)
	}
	s, err := env.openFinding(ctx, user, o)
	if err != nil {
		return Reply{}, err
	}
	if o.Thing.Kind == stackhand.KindServer && a.To == "" {
		if err := env.undecided(ctx, o, "orphans adopt", JobID(a.Line.Key, 0)); err != nil {
			return Reply{}, err
		}
		s.finding = o.ID
		return s.adoptFound(ctx, a, o)
	}
	if a.Owner != "" {
		return Reply{}, find("orphans adopt").misuse("--owner is for servers; anything else goes with one.")
	}
	t, err := s.heirOf(ctx, a, o)
	if err != nil {
		return Reply{}, err
	}
	if err := env.mayChange(ctx, user, *t.stack, "add to"); err != nil {
		return Reply{}, err
	}
	goes := stackhand.Fact{Name: "Goes with", Value: stackhand.Textf("%s (%s), of %s", t.stack.Name, first(t.stack.Server, t.stack.ID), stackhand.To(t.stack.Lease.Owner))}
	if r, waits, err := env.passFinding(ctx, user, a.Line, "adopt", "Put "+o.Title()+" on the record of "+t.stack.Name, o, goes); waits || err != nil {
		return r, err
	}
	st, err := env.Orphans.Keep(ctx, o, t.stack.ID)
	if err != nil {
		return Reply{}, err
	}
	return Reply{Text: stackhand.Textf("The %s is on the record of %s now, and goes when that goes.", whatItIs(o), st.Name)}, nil
}

// adoptFound puts a server with our mark under a lease.
func (s *session) adoptFound(ctx context.Context, a orphansAdoptArgs, o stackhand.Orphan) (Reply, error) {
	lasts := a.For
	if lasts == 0 {
		lasts = s.env.Settings.LeaseDefault
	}
	if err := (&createArgs{For: lasts}).checkTime(find("orphans adopt"), s.env.Settings); err != nil {
		return Reply{}, err
	}
	sv, err := s.Server(ctx, o.Thing.ID)
	if err != nil {
		return Reply{}, err
	}
	w := adoption{line: a.Line, target: target{server: sv}, lasts: lasts, owner: a.Owner, yes: a.Yes, mine: o.Owner == s.user.ID, whose: o.Owner}
	w.again = func(owner string, yes bool) string { a.Owner, a.Yes = owner, yes; return format("orphans adopt", a) }
	return s.adoptFor(ctx, w)
}

// heirOf is the server with which a finding is to go from now on.
func (s *session) heirOf(ctx context.Context, a orphansAdoptArgs, o stackhand.Orphan) (target, error) {
	word := first(a.To, o.Thing.Mark.Stack)
	nobody := stackhand.Errorf(stackhand.Invalid, "The server for which the %s was made is gone.", o.Title()).
		Do("Name another one: `orphans adopt %s --to SERVER`; or delete it: `orphans delete %s`.", o.ID, o.ID)
	if word == "" {
		return target{}, nobody
	}
	t, err := s.target(ctx, word)
	if a.To == "" && stackhand.KindOf(err) == stackhand.NotFound {
		return t, nobody
	}
	if err == nil && t.stack == nil {
		err = stackhand.Errorf(stackhand.Conflict, "%s was not made here, so nothing can be on its record.", t.name()).Do("Adopt it first: `adopt %s`.", quote(t.name()))
	}
	return t, ask(err, func(id string) string { a.To = id; return format("orphans adopt", a) })
}
