package provision

import (
	"context"
	"fmt"
	"slices"

	"github.com/stackhand/stackhand"
	"github.com/stackhand/stackhand/internal/jobs"
)

// orphans removes things that carry our mark and belong to no record.
type orphans struct {
	Deps
	id   string // the job's
	spec stackhand.OrphanSpec
}

func orphanFlow(d Deps) jobs.Flow {
	return jobs.Flow{
		Name: FlowOrphan, Version: 1,
		Steps: func(job stackhand.Job) ([]jobs.Step, error) {
			spec, err := input[stackhand.OrphanSpec](job)
			if err != nil {
				return nil, err
			}
			return orphans{d, job.ID, spec}.steps(), nil
		},
		// Trying again looks again, and removes what is there then.
		Cleanup: func(stackhand.Job) (stackhand.Job, error) { return stackhand.Job{}, nil },
	}
}

func (o orphans) steps() []jobs.Step {
	step := func(name, title string, do action, needs ...string) jobs.Step {
		return jobs.Step{Name: name, Title: title, Do: o.with(do), Needs: needs, Timeout: goneFor}
	}
	steps := []jobs.Step{step("look", "Look whose they are", o.look)}
	last := "look"
	for _, s := range []struct {
		name, title string
		do          action
		kinds       []string
	}{
		{"server", "Server", o.each(stackhand.KindServer), []string{stackhand.KindServer}},
		{"floating-ip", "Floating IP", o.each(stackhand.KindFloatingIP), []string{stackhand.KindFloatingIP}},
		{"port", "Port", o.each(stackhand.KindPort), []string{stackhand.KindPort}},
		{"network", "Network", o.network, networkKinds},
		{"group", "Security group", o.each(stackhand.KindSecurityGroup), []string{stackhand.KindSecurityGroup}},
		{"snapshot", "Snapshots of volumes", o.each(stackhand.KindSnapshot), []string{stackhand.KindSnapshot}},
		{"image", "Image", o.each(stackhand.KindImage), []string{stackhand.KindImage}},
		{"volume", "Volumes", o.each(stackhand.KindVolume), []string{stackhand.KindVolume}},
	} {
		if slices.ContainsFunc(o.spec.Things, func(t stackhand.Thing) bool { return slices.Contains(s.kinds, t.Kind) }) {
			steps, last = append(steps, step(s.name, s.title, s.do, last)), s.name
		}
	}
	return steps
}

// look puts on the job's record those things that are still there and nobody's. None is removed if one is somebody's:
// the finding was another one then.
func (o orphans) look(ctx context.Context, run *jobs.Run, c Cloud) error {
	var there []stackhand.Resource
	for _, t := range o.spec.Things {
		is, err := o.stillLone(ctx, c, t)
		if err != nil {
			return err
		}
		if is {
			there = append(there, t.Resource)
		}
	}
	if len(there) == 0 {
		return run.Say(ctx, "All of it was gone already.")
	}
	if err := run.Note(ctx, fmt.Sprintf("%d found", len(there))); err != nil {
		return err
	}
	return run.Made(ctx, there...)
}

// stillLone compares a thing with what was found: it answers false where it is gone, and an error where it is not what
// it was, or where somebody has it now.
func (o orphans) stillLone(ctx context.Context, c Cloud, t stackhand.Thing) (bool, error) {
	now, err := c.Thing(ctx, t.Resource)
	if is(err, stackhand.NotFound) {
		return false, nil
	}
	if err != nil {
		return false, err
	}
	if t.Kind == stackhand.KindInterface {
		return true, nil // it has no mark; it goes with its router
	}
	what := t.Kind + " " + named(t.Resource)
	switch {
	case !now.Marked, !now.Mark.Same(t.Mark), now.ProjectID != t.ProjectID:
		return false, stackhand.Errorf(stackhand.Conflict, "The %s is not what it was when it was found, so nothing is deleted.", what).Do("Say `orphans` to look again.")
	case !now.Mark.Of(o.Home):
		return false, stackhand.Errorf(stackhand.Forbidden, "The %s was made by another installation of the bot, so it is not deleted.", what).Do("Delete it there.")
	}
	if o.Orphaned == nil {
		return false, stackhand.Errorf(stackhand.Internal, "Nothing here tells whose the %s is.", what)
	}
	lone, err := o.Orphaned(ctx, o.spec.Cloud, now, o.id)
	if err == nil && !lone {
		err = stackhand.Errorf(stackhand.Conflict, "The %s is in use, or was until a moment ago, so nothing is deleted.", what).Do("Say `orphans` to look again.")
	}
	return lone, err
}

func named(r stackhand.Resource) string {
	if r.Name != "" {
		return r.Name
	}
	return r.ID
}

func (o orphans) takedown(run *jobs.Run, c Cloud) *takedown {
	return &takedown{
		Deps: o.Deps, run: run, cloud: c, name: o.spec.Cloud, project: run.Job().Scope.ProjectID, own: []string{o.id}, since: o.Now(),
		forget: func(ctx context.Context, r stackhand.Resource) error { return run.Gone(ctx, r.Kind, r.ID) },
	}
}

// found are the things of the kinds, as they were found, of those that the first step has seen.
func (o orphans) found(run *jobs.Run, kinds ...string) []stackhand.Thing {
	seen := ofKind(run.Job().Made, kinds...)
	return slices.DeleteFunc(slices.Clone(o.spec.Things), func(t stackhand.Thing) bool {
		return !slices.ContainsFunc(seen, func(r stackhand.Resource) bool { return r.Kind == t.Kind && r.ID == t.ID && r.Parent == t.Parent })
	})
}

func (o orphans) each(kind string) action {
	return func(ctx context.Context, run *jobs.Run, c Cloud) error {
		things := o.found(run, kind)
		if len(things) == 0 && !run.Again() {
			run.Skip()
		}
		for _, t := range things {
			is, err := o.stillLone(ctx, c, t)
			if err != nil {
				return err
			}
			if !is {
				if err := run.Gone(ctx, t.Kind, t.ID); err != nil {
					return err
				}
				continue
			}
			if err := o.takedown(run, c).remove(ctx, t.Resource); err != nil {
				return err
			}
			if err := run.Note(ctx, named(t.Resource)); err != nil {
				return err
			}
		}
		return nil
	}
}

// network removes networks with all their pieces, of which the cloud tells once more whose they are.
func (o orphans) network(ctx context.Context, run *jobs.Run, c Cloud) error {
	things := o.found(run, networkKinds...)
	if len(things) == 0 && !run.Again() {
		run.Skip()
	}
	var rs []stackhand.Resource
	for _, t := range things {
		is, err := o.stillLone(ctx, c, t)
		if err != nil {
			return err
		}
		if is {
			rs = append(rs, t.Resource)
		} else if err := run.Gone(ctx, t.Kind, t.ID); err != nil {
			return err
		}
	}
	if len(rs) == 0 {
		return nil
	}
	if err := run.Note(ctx, named(rs[0])); err != nil {
		return err
	}
	return o.takedown(run, c).network(ctx, rs)
}
