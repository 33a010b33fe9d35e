package provision

import (
	"context"
	"fmt"
	"slices"

	"github.com/stackhand/stackhand"
	"github.com/stackhand/stackhand/internal/jobs"
)

// archiveSteps make an image of a server, and delete it with everything that was made for it once the image is there.
func (r rung) archiveSteps(check jobs.Step) []jobs.Step {
	r.act.spec.NewName = r.spec.Image
	unless := func(do action) action {
		return func(ctx context.Context, run *jobs.Run, c Cloud) error {
			if nothing, err := r.imaged(ctx, run, c); err != nil || nothing {
				return err
			}
			return do(ctx, run, c)
		}
	}
	steps := []jobs.Step{check,
		{Name: "unshelve", Title: "Unshelve it for the image", Needs: []string{"check"}, Timeout: imageFor, Waits: true, Do: r.with(unless(r.unshelve))},
		{Name: "image", Title: "Snapshot " + r.spec.Name, Needs: []string{"unshelve"}, Do: r.with(unless(r.inProject(r.snapshot)))},
		{Name: "wait", Title: "Wait until the image is there", Needs: []string{"image"}, Timeout: imageFor, Waits: true, Do: r.with(unless(r.snapshotted))},
		{Name: "note", Title: "Note what it was like", Needs: []string{"wait"}, Do: r.with(r.noteImage)},
	}
	for _, s := range r.deletion().steps(2) {
		if s.Needs == nil {
			s.Needs = []string{"note"}
		}
		if s.Name == "lease" {
			s.Title, s.Do = "Lease", r.thenOffer(s.Do)
		}
		steps = append(steps, s)
	}
	return steps
}

// thenOffer says how the server comes back, once it is gone.
func (r rung) thenOffer(end func(context.Context, *jobs.Run) error) func(context.Context, *jobs.Run) error {
	return func(ctx context.Context, run *jobs.Run) error {
		if err := end(ctx, run); err != nil {
			return err
		}
		st, err := r.Book.Stack(ctx, r.spec.Stack)
		if err != nil {
			return err
		}
		if _, has := st.Lease.Ladder.Snapshot(); !has {
			return nil
		}
		if err := run.Say(ctx, fmt.Sprintf("%s is deleted. To restore it makes it anew from the image, until that is deleted.", st.Name)); err != nil {
			return err
		}
		return run.OfferToo(ctx, stackhand.Offer{Line: "restore " + st.ID, Label: "Restore"})
	}
}

// deletion is the second half.
func (r rung) deletion() deletion {
	why := "asked"
	if !r.spec.Until.IsZero() {
		why = whyExpired
	}
	return deletion{r.Deps, r.id, stackhand.DeleteSpec{
		Cloud: r.spec.Cloud, Stack: r.spec.Stack, Why: why, Until: r.spec.Until, KeepVolumes: r.spec.KeepVolumes, Earliest: r.spec.Earliest, Latest: r.spec.Latest,
	}}
}

// imaged tells whether there is nothing to make an image of, or an image already: an earlier job of the same step made it, and
// could not delete the server.
func (r rung) imaged(ctx context.Context, run *jobs.Run, c Cloud) (bool, error) {
	if nothing, err := wasAlready(run); err != nil || nothing {
		return nothing, err
	}
	if madeID(run.Job(), stackhand.KindImage, "") != "" {
		return false, nil
	}
	st, err := r.Book.Stack(ctx, r.spec.Stack)
	if err != nil {
		return false, err
	}
	was, ok := st.Lease.Ladder.Snapshot()
	if !ok || was.Job == r.id || r.Now().Sub(was.At) > freshEnough {
		return false, nil
	}
	parked, _ := st.Lease.Ladder.Parked()
	if was.At.Before(parked.At) {
		return false, nil
	}
	img, err := c.Image(ctx, was.Image)
	if gone(err) != nil {
		return false, err
	}
	if err != nil || img.Status != "active" {
		return false, nil
	}
	run.Skip()
	return true, nil
}

// unshelve wakes a server that was shelved: of such a one Nova makes no image.
func (r rung) unshelve(ctx context.Context, run *jobs.Run, c Cloud) error {
	srv, err := r.server(ctx, c)
	if err != nil {
		return err
	}
	m := moves[stackhand.ActUnshelve]
	begun, err := run.Get(traceKey(m.record), &trace{})
	if err != nil {
		return err
	}
	if !begun && !slices.Contains(m.from, srv.Status) {
		run.Skip()
		return nil
	}
	if err := r.correct(ctx, func(st *stackhand.Stack) { st.Lease.Ladder.Wake(r.id) }); err != nil {
		return err
	}
	if err := once(ctx, run, c, srv, m.record, func() error { return r.refused(c.ActOnServer(ctx, srv.ID, stackhand.ActUnshelve)) }); err != nil {
		return err
	}
	_, err = r.await(ctx, run, c, m.record, m.to...)
	return err
}

// noteImage puts on the record that there is an image, and what the server was like.
func (r rung) noteImage(ctx context.Context, run *jobs.Run, c Cloud) error {
	id := madeID(run.Job(), stackhand.KindImage, "")
	if id == "" {
		run.Skip()
		return nil
	}
	st, err := r.Book.Stack(ctx, r.spec.Stack)
	if err != nil {
		return err
	}
	srv, err := r.server(ctx, c)
	if err != nil {
		return err
	}
	recipe, err := r.recipe(ctx, c, st, srv)
	if err != nil {
		return err
	}
	recipe.Image = id
	if err := r.sayEmpty(ctx, run, c, id); err != nil {
		return err
	}
	now := r.Now()
	return r.correct(ctx, func(st *stackhand.Stack) {
		st.Lease.Ladder.Take(stackhand.Rung{Step: stackhand.StepSnapshot, Job: r.id, At: now, Image: id, Recipe: recipe})
	})
}

// sayEmpty tells what an image stands for that is empty: these things stay, and cost, as long as the image is to be of use.
func (r rung) sayEmpty(ctx context.Context, run *jobs.Run, c Cloud, id string) error {
	img, err := c.Image(ctx, id)
	if err != nil {
		return gone(err)
	}
	disks, err := disksOf(ctx, c, img)
	if err != nil || len(disks) == 0 {
		return err
	}
	return run.Say(ctx, fmt.Sprintf("The image %s itself is empty: what was on the disk is in %s. That stays together with the volume, and both cost, until the image is deleted: `image delete %s` takes the snapshot along, and offers to delete the volume.",
		img.Name, told(disks), quoted(img.Name)))
}

// settleArchive gives a stack back of which not everything could be deleted, as a deletion does.
func (d Deps) settleArchive(ctx context.Context, job stackhand.Job, spec stackhand.LadderSpec, to stackhand.JobState) ([]string, error) {
	r := newRung(d, job.ID, spec)
	if to == stackhand.JobDone {
		return nil, nil
	}
	st, err := d.Book.Stack(ctx, spec.Stack)
	if err != nil {
		return nil, gone(err)
	}
	if st.Busy == job.ID && st.State != stackhand.StackDeleting {
		return nil, r.correct(ctx, func(st *stackhand.Stack) {
			if st.Busy == job.ID {
				st.Busy = ""
			}
		})
	}
	return d.settleTakedown(ctx, job, r.deletion().spec)
}
