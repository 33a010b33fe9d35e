package commands

import (
	"context"
	"slices"

	"github.com/stackhand/stackhand"
)

// removeArgs is what every command takes that removes things.
type removeArgs struct {
	Names []string `arg:"name" help:"names or ids; without any, you are asked which"`
	inJob
}

// removal is a command that removes things of one kind, each as a job.
type removal[T any] struct {
	kind    kindOf[T]
	name    string // of the command
	help    string
	example string
	parent  func(T) (id, name string) // what it is a part of; nil: of nothing
	// job is the id of the job that made it, "" if none did.
	job func(T) string
	// free refuses what is in use; nil leaves it to the cloud.
	free func(ctx context.Context, s *session, it T) error
}

// addRemove puts a command into the table that removes things of a kind.
func addRemove[T any](r removal[T]) bool {
	return add(Command[removeArgs]{Name: r.name, Help: r.help, Examples: []string{r.example}, Role: stackhand.Member, Run: r.run})
}

// run starts a job for each thing named. All of them are checked first, so that none goes if one cannot.
func (r removal[T]) run(ctx context.Context, env *Env, user stackhand.User, a removeArgs) (Reply, error) {
	if len(a.Names) > maxServers {
		return Reply{}, find(r.name).misuse("%s takes at most %d names at once.", capital(r.name), maxServers)
	}
	if len(a.Names) == 0 {
		return Reply{}, r.which(ctx, env, user, a)
	}
	jobs := make([]*stackhand.Job, len(a.Names))
	specs := make([]stackhand.RemoveSpec, len(a.Names))
	var s *session
	for i := range a.Names {
		job, done, err := env.started(ctx, a.Line, i)
		if err != nil {
			return Reply{}, err
		}
		if done {
			jobs[i] = &job
			continue
		}
		if s == nil {
			if s, err = open(ctx, env, user, a.Cloud); err != nil {
				return Reply{}, err
			}
		}
		if specs[i], err = r.spec(ctx, s, a, i); err != nil {
			return Reply{}, err
		}
	}
	if s != nil {
		s.together = len(slices.Compact(slices.Sorted(slices.Values(a.Names))))
	}
	proposed := make([]*proposal, len(a.Names))
	for i := range a.Names {
		if jobs[i] == nil && !twice(specs[:i], specs[i]) {
			p, err := s.remove(ctx, a.Line, i, specs[i])
			if err != nil {
				return Reply{}, err
			}
			proposed[i] = &p
		}
	}
	var reply Reply
	for i, p := range proposed {
		if p != nil {
			job, err := env.admit(ctx, *p)
			if err != nil {
				return Reply{}, err
			}
			jobs[i] = &job
		}
		if jobs[i] != nil {
			reply = reply.and(*jobs[i])
		}
	}
	return reply, nil
}

// which asks for a name, with a button for each thing that there is.
func (r removal[T]) which(ctx context.Context, env *Env, user stackhand.User, a removeArgs) error {
	s, err := open(ctx, env, user, a.Cloud)
	if err != nil {
		return err
	}
	s.Refresh()
	things, err := r.kind.things(ctx, s)
	if err != nil {
		return err
	}
	if len(things) == 0 {
		return stackhand.Errorf(stackhand.NotFound, "There is no %s in %s of %s to delete.", r.kind.noun, s.who.Project, s.name).Do("There is nothing to do.")
	}
	return ask(&choice{kind: r.kind.noun, things: things}, func(id string) string {
		a.Names = []string{id}
		return format(r.name, a)
	})
}

func twice(before []stackhand.RemoveSpec, spec stackhand.RemoveSpec) bool {
	for _, b := range before {
		if b.ID == spec.ID && b.ParentID == spec.ParentID {
			return true
		}
	}
	return false
}

// spec finds the i-th thing named and refuses it where it is not the asker's to remove, or in use.
func (r removal[T]) spec(ctx context.Context, s *session, a removeArgs, i int) (stackhand.RemoveSpec, error) {
	it, err := r.kind.choose(ctx, s, a.Names[i], func(id string) string {
		again := a
		again.Names = append([]string(nil), a.Names...)
		again.Names[i] = id
		return format(r.name, again)
	})
	if err != nil {
		return stackhand.RemoveSpec{}, err
	}
	t := r.kind.thing(it)
	spec := stackhand.RemoveSpec{Kind: r.kind.kind, ID: t.id, Name: first(t.name, t.id)}
	if r.parent != nil {
		spec.ParentID, spec.Parent = r.parent(it)
	}
	what := "the " + r.kind.noun + " " + spec.Name
	if err := s.mayTouch(ctx, "delete", what, r.job(it)); err != nil {
		return spec, err
	}
	if err := s.mayTake(ctx, what, func(l stackhand.Resource) bool { return l.Kind == spec.Kind && l.ID == spec.ID }); err != nil {
		return spec, err
	}
	if r.free != nil {
		err = r.free(ctx, s, it)
	}
	return spec, err
}

// remove proposes the job that removes one thing; n counts the jobs of the line, from 0.
func (s *session) remove(ctx context.Context, line Line, n int, spec stackhand.RemoveSpec) (proposal, error) {
	spec.Cloud, spec.ProjectID, spec.Project = s.name, s.who.ProjectID, s.who.Project
	title := "Delete " + spec.Kind + " " + spec.Name
	switch spec.Kind {
	case stackhand.KindInterface:
		title = "Remove subnet " + spec.Name + " from router " + spec.Parent
	case stackhand.KindRule:
		title = "Delete a rule of security group " + spec.Parent
	}
	return s.propose(ctx, line, n, stackhand.Job{Flow: "remove", Cloud: s.name, Scope: s.scope(), Title: title}, spec)
}
