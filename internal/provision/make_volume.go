package provision

import (
	"context"
	"encoding/json"
	"fmt"

	"github.com/stackhand/stackhand"
	"github.com/stackhand/stackhand/internal/jobs"
)

// keep puts a thing on the record that is not finished yet.
func (m maker) keep(ctx context.Context, run *jobs.Run, id, word string) error {
	if err := run.Note(ctx, word); err != nil {
		return err
	}
	return run.Made(ctx, stackhand.Resource{Kind: m.spec.Kind, ID: id, Name: m.spec.Name, Parent: m.spec.ParentID, Job: m.id})
}

func (m maker) volume(ctx context.Context, run *jobs.Run, c Cloud) error {
	spec := m.spec.Volume
	spec.Name, spec.Description, spec.Metadata = m.spec.Name, m.spec.Description, m.marks()
	v, err := makeVolume(ctx, run, c, spec)
	if err != nil {
		return err
	}
	return m.keep(ctx, run, v.ID, fmt.Sprintf("%d GiB", v.Size))
}

func (m maker) volumeThere(ctx context.Context, run *jobs.Run, c Cloud) error {
	v, err := volumeAvailable(ctx, run, c, madeID(run.Job(), m.spec.Kind, ""), m.spec.Name)
	if err != nil {
		return err
	}
	return run.Say(ctx, fmt.Sprintf("The volume %s (%d GiB) is there: %s.", volumeName(v), v.Size, v.ID))
}

// volumeAvailable waits until a volume that was begun can be used.
func volumeAvailable(ctx context.Context, run *jobs.Run, c Cloud, id, name string) (v stackhand.Volume, err error) {
	err = until(ctx, func() (over bool, err error) {
		if v, err = c.Volume(ctx, id); err != nil {
			return false, vanished(err, stackhand.KindVolume, name)
		}
		return settled(ctx, run, stackhand.KindVolume, name, v.Status)
	})
	return v, err
}

func vanished(err error, kind, name string) error {
	if !is(err, stackhand.NotFound) {
		return err
	}
	return stackhand.Errorf(stackhand.Failed, "The %s %s disappeared while it was made: somebody deleted it.", kind, name).Do("Try again.").Because(err)
}

// settled judges the state of a volume or snapshot that is being made:
// https://docs.openstack.org/api-ref/block-storage/v3/#volumes-volumes.
func settled(ctx context.Context, run *jobs.Run, kind, name, status string) (over bool, err error) {
	switch {
	case status == "available" || status == "in-use":
		return true, nil
	case failed(status):
		return true, stackhand.Errorf(stackhand.Failed, "The cloud could not make the %s %s: it is in the state %s.", kind, name, status).
			Do("Try again, perhaps smaller; if it happens again, ask the cloud's administrator.")
	}
	return false, run.Note(ctx, status)
}

func (m maker) snapshot(ctx context.Context, run *jobs.Run, c Cloud) error {
	s, err := madeOnce(ctx, run, thing[stackhand.VolumeSnapshot]{
		list: func() ([]stackhand.VolumeSnapshot, error) { return c.VolumeSnapshots(ctx) },
		ours: func(s stackhand.VolumeSnapshot) bool { return s.Metadata[metaJob] == m.id && !going(s.Status) },
		make: func() (stackhand.VolumeSnapshot, error) {
			return c.CreateVolumeSnapshot(ctx, m.spec.ParentID, m.spec.Name, m.spec.Description, m.marks(), m.spec.Force)
		},
		whole: func(s stackhand.VolumeSnapshot) bool { return !failed(s.Status) },
		drop:  func(s stackhand.VolumeSnapshot) error { return c.DeleteVolumeSnapshot(ctx, s.ID) },
	})
	if err != nil {
		return err
	}
	return m.keep(ctx, run, s.ID, "")
}

func (m maker) snapshotThere(ctx context.Context, run *jobs.Run, c Cloud) error {
	id := madeID(run.Job(), m.spec.Kind, "")
	var s stackhand.VolumeSnapshot
	err := until(ctx, func() (over bool, err error) {
		if s, err = c.VolumeSnapshot(ctx, id); err != nil {
			return false, vanished(err, stackhand.KindSnapshot, m.spec.Name)
		}
		return settled(ctx, run, stackhand.KindSnapshot, m.spec.Name, s.Status)
	})
	if err != nil {
		return err
	}
	return run.Say(ctx, fmt.Sprintf("The snapshot %s of %s (%d GiB) is there: %s.", m.spec.Name, m.spec.Parent, s.Size, s.ID))
}

// unmake removes what the job made, or may have made.
func (m maker) unmake(ctx context.Context, run *jobs.Run, c Cloud) error {
	if run.Again() {
		if err := m.find(ctx, run, c); err != nil {
			return err
		}
	}
	for _, r := range run.Job().Made {
		if err := gone(removeThing(ctx, run, c, r)); err != nil {
			return err
		}
		if err := run.Gone(ctx, r.Kind, r.ID); err != nil {
			return err
		}
	}
	return nil
}

// planMakeCleanup makes the job that removes what was left.
func planMakeCleanup(old stackhand.Job) (stackhand.Job, error) {
	spec, err := input[stackhand.MakeSpec](old)
	if err != nil {
		return stackhand.Job{}, err
	}
	return cleanupOf(old, spec.Cloud, spec.ProjectID, spec.Project)
}

// cleanupOf makes the job that removes the one thing that a job left.
func cleanupOf(old stackhand.Job, cloud, projectID, project string) (stackhand.Job, error) {
	if len(old.Made) == 0 {
		return stackhand.Job{}, stackhand.Errorf(stackhand.Invalid, "Job %s left nothing behind that could be cleaned up.", old.ID)
	}
	r := old.Made[0]
	raw, err := json.Marshal(stackhand.RemoveSpec{
		Cloud: cloud, ProjectID: projectID, Project: project, Kind: r.Kind, ID: r.ID, Name: r.Name, ParentID: r.Parent,
	})
	return stackhand.Job{Flow: FlowRemove, Input: raw, Title: "Clean up after " + old.Title}, err
}
