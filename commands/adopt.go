package commands

import (
	"context"
	"strings"
	"time"

	"github.com/stackhand/stackhand"
)

type adoptArgs struct {
	Server string        `arg:"server" help:"name or id of a server that was made elsewhere"`
	For    time.Duration `value:"3d" help:"how long it stays from now; extend moves that"`
	Owner  string        `opt:"owner" value:"@NAME" help:"whose it becomes, who is asked first; administrators, and whoever made it"`
	Yes    bool          `opt:"yes" hidden:"true" help:"without its maker, who cannot be asked: administrators"`
	inJob
}

type releaseArgs struct {
	Server string `arg:"server" help:"name or id; in a server's thread, that one"`
	inJob
}

var (
	_ = add(Command[adoptArgs]{
		Name: "adopt", Help: "put a server that was made elsewhere under a lease, with its owner's consent", Role: stackhand.Member,
		Examples: []string{"adopt db-1 --for 3d", "adopt db-1 --owner @bob"}, Run: adopt,
	})
	_ = add(Command[releaseArgs]{
		Name: "release", Help: "take an adopted server out of its lease again: it stays as it is", Role: stackhand.Member,
		Examples: []string{"release db-1"}, Run: release,
	})
)

func adopt(ctx context.Context, env *Env, user stackhand.User, a adoptArgs) (Reply, error) {
	if job, done, err := env.started(ctx, a.Line, 0); err != nil || done {
		return begun(job), err
	}
	e := find("adopt")
	if a.Server == "" {
		return Reply{}, e.misuse("Which server do you mean?")
	}
	lasts := a.For
	if lasts == 0 {
		lasts = env.Settings.LeaseDefault
	}
	if err := (&createArgs{For: lasts}).checkTime(e, env.Settings); err != nil {
		return Reply{}, err
	}
	s, t, err := locate(ctx, env, user, a.Line, a.Cloud, a.Server, func(id string) string { a.Server = id; return format("adopt", a) })
	if err != nil {
		s, t, err = env.anywhere(ctx, user, a, err)
	}
	if err != nil {
		return Reply{}, err
	}
	w := adoption{line: a.Line, target: t, lasts: lasts, owner: a.Owner, yes: a.Yes, mine: s.made(t.server)}
	w.again = func(owner string, yes bool) string {
		a.Server, a.Owner, a.Yes = t.id(), owner, yes
		return format("adopt", a)
	}
	return s.adoptFor(ctx, w)
}

// made tells whether the session's user of the cloud made a server, as far as the cloud can tell people apart.
func (s *session) made(sv stackhand.Server) bool {
	return !s.settings.Service && sv.UserID != "" && sv.UserID == s.who.UserID
}

// proposeAdoption asks the gate about the job that puts a server under a lease of the user's.
func (s *session) proposeAdoption(ctx context.Context, line Line, sv stackhand.Server, spec stackhand.AdoptSpec) (proposal, error) {
	id := JobID(line.Key, 0)
	spec.Cloud, spec.ProjectID, spec.Project, spec.Server, spec.Name, spec.Owner, spec.Maker = s.name, s.who.ProjectID, s.who.Project, sv.ID, sv.Name, s.user.ID, sv.UserID
	job := stackhand.Job{Flow: "adopt", Cloud: s.name, Scope: s.scope(), Title: "Adopt " + sv.Name}
	st := stackhand.Stack{
		ID: id + "-1", Name: sv.Name, Cloud: s.name, ProjectID: s.who.ProjectID, Project: s.who.Project, Region: s.who.Region,
		State: stackhand.StackBuilding, Job: id, Busy: id, Place: line.Place, Flavor: sv.Flavor, Image: sv.Image, Created: s.env.Now(),
		Lease: stackhand.Lease{Owner: s.user.ID, For: spec.For},
	}
	return s.propose(ctx, line, 0, job, spec, st)
}

// free refuses what is under a lease already, and what is being built or deleted.
func (s *session) free(ctx context.Context, t target) error {
	sv := t.server
	if t.stack != nil {
		return s.env.ownedAlready(ctx, s.user, *t.stack)
	}
	if sv.Status == "BUILD" || sv.Status == "DELETED" || sv.Status == "SOFT_DELETED" || sv.Task == "deleting" {
		return stackhand.Errorf(stackhand.Conflict, "%s is being built or deleted (%s).", sv.Name, strings.Trim(sv.Status+", "+sv.Task, ", ")).Do("Try again when that is over.")
	}
	return nil
}

// ownedAlready refuses a server that is under a lease already.
func (env *Env) ownedAlready(ctx context.Context, user stackhand.User, st stackhand.Stack) error {
	if st.Lease.Owner == user.ID {
		return stackhand.Errorf(stackhand.Conflict, "%s is yours already, until %s.", st.Name, stackhand.At(st.Lease.Until)).Do("`extend %s` moves that.", quote(st.Name))
	}
	owner := env.person(ctx, st.Lease.Owner)
	return stackhand.Errorf(stackhand.Conflict, "%s belongs to %s already.", st.Name, owner).Do("Ask %s to hand it over or to share it.", owner)
}

func release(ctx context.Context, env *Env, user stackhand.User, a releaseArgs) (Reply, error) {
	if job, done, err := env.started(ctx, a.Line, 0); err != nil || done {
		return begun(job), err
	}
	s, t, err := locate(ctx, env, user, a.Line, a.Cloud, a.Server, func(id string) string { a.Server = id; return format("release", a) })
	if err != nil {
		return Reply{}, err
	}
	if t.stack == nil {
		return Reply{}, stackhand.Errorf(stackhand.Conflict, "%s is under no lease here, so there is nothing to release.", t.name()).Do("`list` shows what is.")
	}
	st := *t.stack
	if err := env.mayChange(ctx, user, st, "release"); err != nil {
		return Reply{}, err
	}
	if err := env.adopted(ctx, st); err != nil {
		return Reply{}, err
	}
	if err := env.idle(ctx, st); err != nil {
		return Reply{}, err
	}
	job := stackhand.Job{Flow: "release", Cloud: st.Cloud, Scope: st.Scope(), Title: "Release " + st.Name, Stacks: []string{st.ID}}
	job, err = s.start(ctx, a.Line, 0, job, stackhand.ReleaseSpec{Cloud: st.Cloud, Stack: st.ID, Name: st.Name})
	return begun(job), err
}

// adopted refuses stacks that were made here: nothing may run for nobody.
func (env *Env) adopted(ctx context.Context, st stackhand.Stack) error {
	job, err := env.Jobs.Job(ctx, st.Job)
	if err != nil && stackhand.KindOf(err) != stackhand.NotFound {
		return err
	}
	if err == nil && job.Flow == "adopt" {
		return nil
	}
	return stackhand.Errorf(stackhand.Conflict, "%s was made here and not adopted, so it keeps its end.", st.Name).
		Do("`extend %s` moves its end, `delete %s` takes it down.", quote(st.Name), quote(st.Name))
}
