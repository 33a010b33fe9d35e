package provision

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"github.com/stackhand/stackhand"
	"github.com/stackhand/stackhand/internal/jobs"
)

// remover removes one resource that belongs to no stack, or to one of its asker's.
type remover struct {
	Deps
	id   string // the job's
	spec stackhand.RemoveSpec
}

func removeFlow(d Deps) jobs.Flow {
	return jobs.Flow{
		Name: FlowRemove, Version: 1,
		Steps: func(job stackhand.Job) ([]jobs.Step, error) {
			spec, err := input[stackhand.RemoveSpec](job)
			if err != nil {
				return nil, err
			}
			return remover{d, job.ID, spec}.steps()
		},
		// What could not be removed is removed by trying again.
		Cleanup: func(stackhand.Job) (stackhand.Job, error) { return stackhand.Job{}, nil },
	}
}

func (r remover) steps() ([]jobs.Step, error) {
	if !slices.Contains(removable, r.spec.Kind) {
		return nil, stackhand.Errorf(stackhand.NeedsHuman, "This version of the bot does not know how to remove a %s.", r.spec.Kind).
			Do("Start the version of the bot that began this job, or say it anew.")
	}
	title := "Delete " + r.spec.Kind + " " + r.spec.Name
	if r.spec.Kind == stackhand.KindInterface {
		title = fmt.Sprintf("Disconnect %s from %s", r.spec.Parent, r.spec.Name)
	}
	return []jobs.Step{{Name: "remove", Title: title, Timeout: goneFor, Do: r.with(r.remove)}}, nil
}

// removable are the kinds that the flow knows.
var removable = []string{
	stackhand.KindNetwork, stackhand.KindSubnet, stackhand.KindRouter, stackhand.KindInterface, stackhand.KindPort, stackhand.KindSecurityGroup,
	stackhand.KindRule, stackhand.KindFloatingIP, stackhand.KindVolume, stackhand.KindSnapshot, stackhand.KindImage,
}

func (r remover) with(do action) func(context.Context, *jobs.Run) error {
	return r.Deps.with(func(ctx context.Context, run *jobs.Run, c Cloud) error {
		if err := (home{r.spec.ProjectID, r.spec.Project}).check(c.Identity(), true); err != nil {
			return err
		}
		return do(ctx, run, c)
	})
}

func (r remover) thing() stackhand.Resource {
	return stackhand.Resource{Kind: r.spec.Kind, ID: r.spec.ID, Name: r.spec.Name, Parent: r.spec.ParentID}
}

// is tells whether a line of a ledger means the thing. A subnet may be connected to several routers.
func (r remover) is(l stackhand.Resource) bool {
	return l.Kind == r.spec.Kind && l.ID == r.spec.ID && (l.Kind != stackhand.KindInterface || l.Parent == r.spec.ParentID)
}

// remove looks who uses the thing, removes it, and takes it off the asker's stacks. With an image goes what it stands for.
func (r remover) remove(ctx context.Context, run *jobs.Run, c Cloud) error {
	stacks, err := r.users(ctx, run.Job())
	if err != nil {
		return err
	}
	what := r.thing()
	if err := inUseBy(ctx, c, what); err != nil {
		return err
	}
	if what.Kind == stackhand.KindImage {
		if err := r.removeDisks(ctx, run, c, what.ID); err != nil {
			return err
		}
	}
	err = removeThing(ctx, run, c, what)
	if is(err, stackhand.NotFound) {
		err = nil
		if !run.Again() {
			err = run.Say(ctx, fmt.Sprintf("The %s %s was gone already.", what.Kind, what.Name))
		}
	}
	if err != nil {
		return err
	}
	for _, id := range stacks {
		_, err := r.change(ctx, id, func(st *stackhand.Stack) error {
			st.Ledger = slices.DeleteFunc(slices.Clone(st.Ledger), r.is)
			if what.Kind == stackhand.KindFloatingIP && st.Address == what.Name {
				st.Address = ""
			}
			return nil
		})
		if err != nil {
			return err
		}
	}
	return nil
}

// users are the asker's stacks that have the thing on their ledgers. What others have, or several share, is
// not removed.
func (r remover) users(ctx context.Context, job stackhand.Job) (mine []string, err error) {
	ids, err := r.Book.UsersOfResource(ctx, r.spec.Cloud, r.spec.ID)
	if err != nil {
		return nil, fmt.Errorf("provision: users of %s %s: %w", r.spec.Kind, r.spec.ID, err)
	}
	var others []string
	for _, id := range ids {
		if id == r.id {
			continue
		}
		st, err := r.Book.Stack(ctx, id)
		if is(err, stackhand.NotFound) {
			return nil, stackhand.Errorf(stackhand.Conflict, "Job %s is at work with the %s %s.", id, r.spec.Kind, r.spec.Name).Do("Wait for its end.")
		}
		if err != nil {
			return nil, err
		}
		at := slices.IndexFunc(st.Ledger, r.is)
		switch {
		case at < 0:
		case st.Ledger[at].Shared || !st.Of(job.User) && job.User.Role < stackhand.Admin:
			others = append(others, st.Name)
		default:
			mine = append(mine, id)
		}
	}
	if len(others) > 0 {
		return nil, stackhand.Errorf(stackhand.Conflict, "The %s %s belongs to %s.", r.spec.Kind, r.spec.Name, strings.Join(others, ", ")).
			Do("It goes when that is deleted.")
	}
	return mine, nil
}
