package provision

import (
	"context"
	"fmt"

	"github.com/stackhand/stackhand"
	"github.com/stackhand/stackhand/internal/jobs"
)

// bootVolume begins the volume that the n-th server boots from. Cinder makes it, not Nova, so that it carries the
// stack's mark and is found again.
func (c create) bootVolume(ctx context.Context, run *jobs.Run, cloud Cloud, n int) error {
	sid := c.stack(n)
	spec := stackhand.VolumeSpec{
		Name: c.name(n), Description: "The disk of " + c.name(n), Size: c.spec.BootGB, ImageID: c.spec.ImageID,
		Metadata: c.sign(c.id, sid).Metadata(),
	}
	if c.spec.BootSnapshot != "" {
		spec.ImageID, spec.SnapshotID = "", c.spec.BootSnapshot
	}
	v, err := makeVolume(ctx, run, cloud, spec)
	if err != nil {
		return err
	}
	if err := run.Note(ctx, fmt.Sprintf("%d GiB", c.spec.BootGB)); err != nil {
		return err
	}
	return run.Made(ctx, stackhand.Resource{Kind: stackhand.KindVolume, ID: v.ID, Name: c.name(n), Job: c.id, Stack: sid})
}

// fill waits until the image is on the volume.
func (c create) fill(ctx context.Context, run *jobs.Run, cloud Cloud, n int) error {
	_, err := volumeAvailable(ctx, run, cloud, madeID(run.Job(), stackhand.KindVolume, c.stack(n)), c.name(n))
	return err
}
