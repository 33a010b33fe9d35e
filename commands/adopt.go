package commands

import (
	"context"
	"time"

	"github.com/stackhand/stackhand"
)

type adoptArgs struct {
	Server string        `arg:"server" help:"name or id of a server that was made elsewhere"`
	For    time.Duration `value:"3d" help:"how long it stays from now; extend moves that"`
	inJob
}

type releaseArgs struct {
	Server string `arg:"server" help:"name or id; in a server's thread, that one"`
	inJob
}

var (
	_ = add(Command[adoptArgs]{
		Name: "adopt", Help: "put a server of yours that was made elsewhere under a lease", Role: stackhand.Member,
		Examples: []string{"adopt db-1 --for 3d"}, Run: adopt,
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
		return Reply{}, err
	}
	if err := s.adoptable(ctx, t); err != nil {
		return Reply{}, err
	}
	return s.adopt(ctx, a.Line, t.server, lasts)
}

// adopt starts the job that puts a server under a lease of the user's.
func (s *session) adopt(ctx context.Context, line Line, sv stackhand.Server, lasts time.Duration) (Reply, error) {
	id := JobID(line.Key, 0)
	job := stackhand.Job{Flow: "adopt", Cloud: s.name, Scope: s.scope(), Title: "Adopt " + sv.Name}
	st := stackhand.Stack{
		ID: id + "-1", Name: sv.Name, Cloud: s.name, ProjectID: s.who.ProjectID, Project: s.who.Project, Region: s.who.Region,
		State: stackhand.StackBuilding, Job: id, Busy: id, Place: line.Place, Flavor: sv.Flavor, Image: sv.Image, Created: s.env.Now(),
		Lease: stackhand.Lease{Owner: s.user.ID, For: lasts},
	}
	spec := stackhand.AdoptSpec{
		Cloud: s.name, ProjectID: s.who.ProjectID, Project: s.who.Project, Server: sv.ID, Name: sv.Name, Owner: s.user.ID, For: lasts,
	}
	job, err := s.start(ctx, line, 0, job, spec, st)
	return begun(job), err
}

// adoptable refuses what is under a lease already, what is being built or deleted, and what is not the asker's.
func (s *session) adoptable(ctx context.Context, t target) error {
	sv := t.server
	if t.stack != nil {
		if t.stack.Lease.Owner == s.user.ID {
			return stackhand.Errorf(stackhand.Conflict, "%s is yours already, until %s.", t.name(), clock(t.stack.Lease.Until)).Do("`extend %s` moves that.", quote(t.name()))
		}
		owner := s.env.person(ctx, t.stack.Lease.Owner)
		return stackhand.Errorf(stackhand.Conflict, "%s belongs to %s already.", t.name(), owner).Do("Ask %s to hand it over or to share it.", owner)
	}
	switch {
	case sv.ProjectID != "" && sv.ProjectID != s.who.ProjectID:
		return stackhand.Errorf(stackhand.Forbidden, "%s is in another project than %s.", sv.Name, s.who.Project).Do("Log in to its project, then say it again.")
	case sv.Status == "BUILD" || sv.Status == "DELETED" || sv.Status == "SOFT_DELETED" || sv.Task == "deleting":
		return stackhand.Errorf(stackhand.Conflict, "%s is being built or deleted (%s).", sv.Name, sv.Status).Do("Try again when that is over.")
	case s.user.Role >= stackhand.Admin:
		return nil
	case s.settings.Service:
		return stackhand.Errorf(stackhand.Forbidden, "Everybody uses %s with the bot's own login, so the cloud does not tell whose %s is.", s.name, sv.Name).Do("Ask an administrator to adopt it.")
	case sv.UserID == "" || sv.UserID != s.who.UserID:
		return stackhand.Errorf(stackhand.Forbidden, "%s was made by another user of the cloud than %s, so it is not yours to adopt.", sv.Name, first(s.who.User, "you")).
			Do("Whoever made it can adopt it, or an administrator.")
	}
	return nil
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
