package commands

import (
	"context"
	"slices"

	"github.com/stackhand/stackhand"
)

type deleteArgs struct {
	Servers []string `arg:"server" help:"names or ids; in a server's thread, that one"`
	inCloud
	Line Line
}

var _ = add(Command[deleteArgs]{
	Name:     "delete",
	Help:     "take down servers of yours, with all that was made for them",
	Examples: []string{"delete web-1", "delete web-1 web-2"},
	Role:     stackhand.Member,
	Run:      remove,
})

// maxDelete is how many servers one line may take down.
const maxDelete = 20

func remove(ctx context.Context, env *Env, user stackhand.User, a deleteArgs) (Reply, error) {
	names := a.Servers
	if len(names) > maxDelete {
		return Reply{}, find("delete").misuse("At most %d servers go at once.", maxDelete)
	}
	if len(names) == 0 {
		names = []string{""}
	}
	jobs := make([]*stackhand.Job, len(names))
	found := make([]*target, len(names))
	for i, name := range names {
		// An earlier delivery of this line may have been cut short half way.
		if job, done, err := env.started(ctx, a.Line, i); err != nil {
			return Reply{}, err
		} else if done {
			jobs[i] = &job
			continue
		}
		again := func(id string) string {
			a.Servers = slices.Clone(names)
			a.Servers[i] = id
			return format("delete", a)
		}
		_, t, err := locate(ctx, env, user, a.Line, a.Cloud, name, again)
		if err != nil {
			return Reply{}, err
		}
		if r, err := env.removable(ctx, user, t); err != nil {
			return r, err
		}
		if !slices.ContainsFunc(found, func(f *target) bool { return f != nil && f.stack.ID == t.stack.ID }) {
			found[i] = &t
		}
	}
	return env.removeAll(ctx, user, a.Line, found, jobs)
}

// removeAll starts a job for each that was found. All of them have been checked, so that none
// starts if one cannot.
func (env *Env) removeAll(ctx context.Context, user stackhand.User, line Line, found []*target, jobs []*stackhand.Job) (Reply, error) {
	for n, t := range found {
		if t == nil {
			continue
		}
		job := stackhand.Job{Flow: "delete", Cloud: t.stack.Cloud, Scope: t.stack.Scope(), Title: "Delete " + t.name(), Stacks: []string{t.stack.ID}}
		job, err := env.start(ctx, user, line, n, job, stackhand.DeleteSpec{Cloud: t.stack.Cloud, Stack: t.stack.ID, Why: "asked"})
		if err != nil {
			return Reply{}, err
		}
		jobs[n] = &job
	}
	return allBegun(slices.DeleteFunc(jobs, func(j *stackhand.Job) bool { return j == nil })), nil
}

func allBegun(jobs []*stackhand.Job) Reply {
	r := begun(*jobs[0])
	for _, j := range jobs[1:] {
		r.Begun = append(r.Begun.Add("\n"), begun(*j).Begun...)
	}
	return r
}

// removable refuses what is not ours, not the asker's, or not in a state for it. A Reply
// beside the error holds the button that helps.
func (env *Env) removable(ctx context.Context, user stackhand.User, t target) (Reply, error) {
	if t.stack == nil {
		return Reply{}, stackhand.Errorf(stackhand.Forbidden, "%s was not made here, and only what was made here is deleted here.", t.name()).
			Do("Delete it where it was made, for example with: openstack server delete %s", t.server.ID)
	}
	st := *t.stack
	if err := env.mayChange(ctx, user, st, "delete"); err != nil {
		return Reply{}, err
	}
	switch st.State {
	case stackhand.StackGone:
		return Reply{}, stackhand.Errorf(stackhand.NotFound, "%s is gone already.", st.Name).Do("Nothing is left to do.")
	case stackhand.StackDeleting:
		return Reply{}, stackhand.Errorf(stackhand.Conflict, "%s is being deleted already%s.", st.Name, byJob(st.Busy)).
			Do("%s", "Wait for its card"+seeJob(st.Busy)+".")
	case stackhand.StackBuilding:
		job := first(st.Busy, st.Job)
		r := Reply{Actions: []stackhand.Action{{ID: "cancel", Label: "Cancel the build", Value: job, Danger: true,
			Confirm: "Stop building " + st.Name + " and take down what there is of it?"}}}
		return r, stackhand.Errorf(stackhand.Conflict, "%s is still being built%s.", st.Name, byJob(job)).
			Do("Stop it with `cancel %s`: what there is of it is taken down.", job)
	}
	return Reply{}, nil
}

func byJob(job string) string {
	if job == "" {
		return ""
	}
	return ", by job " + job
}

func seeJob(job string) string {
	if job == "" {
		return ""
	}
	return ", or see `job show " + job + "`"
}
