package commands

import (
	"context"
	"fmt"
	"strings"

	"github.com/stackhand/stackhand"
)

type deleteArgs struct {
	serversArgs
	Volumes string `opt:"volumes" value:"delete|keep" help:"what becomes of volumes that were made here and added later"`
}

var _ = add(Command[deleteArgs]{
	Name:     "delete",
	Help:     "take down servers of yours, with all that was made for them",
	Examples: []string{"delete web-1", "delete web-1 web-2", "delete web-1 --volumes keep"},
	Role:     stackhand.Member,
	Run:      remove,
})

const (
	volumesDelete = "delete"
	volumesKeep   = "keep"
)

func remove(ctx context.Context, env *Env, user stackhand.User, a deleteArgs) (Reply, error) {
	if a.Volumes != "" && a.Volumes != volumesDelete && a.Volumes != volumesKeep {
		return Reply{}, find("delete").misuse("--volumes is %s or %s, not %s.", volumesDelete, volumesKeep, quote(clip(a.Volumes, 30)))
	}
	line := func(names []string) string { a.Servers = names; return format("delete", a) }
	return several{
		verb: "delete", args: a.serversArgs, again: line,
		check: func(ctx context.Context, s *session, t target) (Reply, error) {
			if r, err := env.removable(ctx, user, t); err != nil {
				return r, err
			}
			if err := env.idle(ctx, *t.stack); err != nil {
				return Reply{}, err
			}
			if err := deleting.fits(t, s.who); err != nil {
				return Reply{}, err
			}
			if a.Volumes == "" {
				return whichVolumes(*t.stack, a)
			}
			return Reply{}, nil
		},
		propose: func(ctx context.Context, s *session, t target, n int) (proposal, error) {
			job := stackhand.Job{Flow: "delete", Cloud: t.stack.Cloud, Scope: t.stack.Scope(), Title: "Delete " + t.name(), Stacks: []string{t.stack.ID}}
			// A volume may be added between the question and the job: without a word for it, it stays.
			spec := stackhand.DeleteSpec{Cloud: t.stack.Cloud, Stack: t.stack.ID, Why: "asked", KeepVolumes: a.Volumes != volumesDelete}
			return s.propose(ctx, a.Line, n, job, spec)
		},
	}.run(ctx, env, user)
}

// deleting is what Nova wants of a server that is to go.
var deleting = change{do: "delete", unlocked: true}

// whichVolumes asks what is to become of volumes that were made here and added to a server later; the one that
// it boots from goes with it. An empty Reply is that there are none.
func whichVolumes(st stackhand.Stack, a deleteArgs) (Reply, error) {
	var names []string
	for _, r := range st.Ledger {
		if r.Kind == stackhand.KindVolume && r.Job != "" && r.Job != st.Job {
			names = append(names, first(r.Name, r.ID))
		}
	}
	if len(names) == 0 {
		return Reply{}, nil
	}
	what := strings.Join(names, ", ")
	if len(a.Servers) < 2 {
		a.Servers = []string{st.ID} // a button in another place has no thread that says which
	}
	text := stackhand.Textf("%s has a volume with data of its own that was made here: %s. What is to become of it when the server goes?", st.Name, what)
	if n := len(names); n > 1 {
		text = stackhand.Textf("%s has %d volumes with data of their own that were made here: %s. What is to become of them when the server goes?", st.Name, n, what)
	}
	line := func(answer string) string { a.Volumes = answer; return format("delete", a) }
	return Reply{
		Text: text,
		Actions: []stackhand.Action{
			{ID: "choose", Label: "Delete all", Value: line(volumesDelete), Danger: true,
				Confirm: fmt.Sprintf("Delete %s and the data on %s? It cannot be brought back.", st.Name, what)},
			{ID: "choose", Label: "Delete it, keep the volumes", Value: line(volumesKeep), Danger: true,
				Confirm: fmt.Sprintf("Delete %s and keep %s?", st.Name, what)},
		},
	}, nil
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
