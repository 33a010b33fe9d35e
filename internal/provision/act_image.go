package provision

import (
	"context"
	"fmt"
	"maps"

	"github.com/stackhand/stackhand"
	"github.com/stackhand/stackhand/internal/jobs"
)

func (a act) imageSteps() []jobs.Step {
	return a.then(a.snapshot, "Wait until the image is there", imageFor, a.snapshotted)
}

// snapshot begins an image that carries the job's id as a property, by which it is found again.
func (a act) snapshot(ctx context.Context, run *jobs.Run, c Cloud) error {
	srv, err := a.server(ctx, c)
	if err != nil {
		return err
	}
	props, err := a.ownProperties()
	if err != nil {
		return err
	}
	meta := a.sign(a.id, "").Metadata()
	maps.Copy(meta, props)
	meta[stackhand.MarkServer] = srv.ID
	id := ""
	err = once(ctx, run, c, srv, "createImage", func() error {
		if err := a.allowed(srv, "snapshotted", "ACTIVE", "SHUTOFF", "PAUSED", "SUSPENDED"); err != nil {
			return err
		}
		var err error
		id, err = c.SnapshotServer(ctx, srv.ID, a.spec.NewName, meta)
		return a.refused(err)
	})
	if err != nil || id == "" {
		return err
	}
	return a.keepImage(ctx, run, id)
}

func (a act) keepImage(ctx context.Context, run *jobs.Run, id string) error {
	return run.Made(ctx, stackhand.Resource{Kind: stackhand.KindImage, ID: id, Name: a.spec.NewName, Job: a.id})
}

// snapshotted follows the image until it can be used.
func (a act) snapshotted(ctx context.Context, run *jobs.Run, c Cloud) error {
	var img stackhand.Image
	err := until(ctx, func() (over bool, err error) {
		id := madeID(run.Job(), stackhand.KindImage, "")
		if id == "" {
			return false, a.findImage(ctx, run, c)
		}
		img, err = c.Image(ctx, id)
		if is(err, stackhand.NotFound) {
			return true, a.noImage(ctx, run, id, "it disappeared while it was made").Because(err)
		}
		if err != nil {
			return false, err
		}
		if err := run.Note(ctx, img.Status); err != nil {
			return false, err
		}
		switch img.Status {
		case "active":
			return true, nil
		case "killed", "deleted", "pending_delete", "deactivated", "error":
			return true, a.noImage(ctx, run, id, "it is "+img.Status)
		}
		return false, nil
	})
	if err != nil {
		return err
	}
	return run.Say(ctx, fmt.Sprintf("The image %s is there: %s, %s.", img.Name, size(img.Size), img.ID))
}

// findImage looks for the image whose id was not told.
func (a act) findImage(ctx context.Context, run *jobs.Run, c Cloud) error {
	all, err := c.Images(ctx)
	if err != nil {
		return err
	}
	for _, img := range all {
		if img.Properties[metaJob] == a.id {
			return a.keepImage(ctx, run, img.ID)
		}
	}
	srv, err := a.server(ctx, c)
	if err != nil || srv.Task != "" {
		return err
	}
	var was trace
	if _, err := run.Get(traceKey("createImage"), &was); err != nil {
		return err
	}
	if what, heard, err := entry(ctx, c, srv, was, "createImage"); err != nil || !heard || what.Message == "" {
		return err
	}
	return a.failed("snapshot", stackhand.Server{})
}

func (a act) noImage(ctx context.Context, run *jobs.Run, id, why string) *stackhand.Error {
	e := stackhand.Errorf(stackhand.Failed, "The cloud could not make the image %s of %s: %s.", a.spec.NewName, a.spec.Name, why).
		Do("Try again; if it happens again, ask the cloud's administrator.")
	if err := run.Gone(ctx, stackhand.KindImage, id); err != nil {
		return e.Because(err)
	}
	return e
}

// size says bytes as people do.
func size(n int64) string {
	switch {
	case n >= 1<<30:
		return fmt.Sprintf("%.1f GiB", float64(n)/(1<<30))
	case n >= 1<<20:
		return fmt.Sprintf("%.1f MiB", float64(n)/(1<<20))
	}
	return fmt.Sprintf("%d KiB", (n+1023)/1024)
}
