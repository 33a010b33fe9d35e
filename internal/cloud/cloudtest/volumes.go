package cloudtest

import (
	"context"
	"slices"

	"github.com/stackhand/stackhand"
)

// cinder skips what needs block storage where there is none, which says so.
func (s *suite) cinder() {
	s.Helper()
	f, err := s.c.Features(s.ctx())
	s.ok(err)
	if f.Volumes {
		return
	}
	_, err = s.c.Volumes(s.ctx())
	s.refused(err, stackhand.NotFound)
	s.Skip("this cloud has no block storage")
}

func (s *suite) volume(spec stackhand.VolumeSpec) stackhand.Volume {
	s.Helper()
	v, err := s.c.CreateVolume(s.ctx(), spec)
	s.ok(err)
	s.later("volume "+spec.Name, func(ctx context.Context) error { return s.dropVolume(v.ID) })
	return s.volumeIs(v.ID, "available")
}

// dropVolume deletes a volume and waits until it is gone.
func (s *suite) dropVolume(id string) error {
	if err := s.c.DeleteVolume(s.ctx(), id); err != nil {
		return err
	}
	s.eventually("volume gone", func() bool {
		_, err := s.c.Volume(s.ctx(), id)
		return stackhand.KindOf(err) == stackhand.NotFound
	})
	return nil
}

func (s *suite) volumeIs(id, status string) (v stackhand.Volume) {
	s.Helper()
	s.eventually("volume "+status, func() bool {
		var err error
		v, err = s.c.Volume(s.ctx(), id)
		s.ok(err)
		return v.Status == status || v.Status == "error"
	})
	if v.Status != status {
		s.Fatalf("volume is %s, want %s", v.Status, status)
	}
	return v
}

func volumes(s *suite) {
	s.cinder()
	before, err := s.c.Limits(s.ctx())
	s.ok(err)
	mark := map[string]string{"stackhand_job": s.mark}
	v := s.volume(stackhand.VolumeSpec{Name: s.mark, Description: "made by a test ü", Size: 2, Metadata: mark})
	if v.Name != s.mark || v.Description != "made by a test ü" || v.Size != 2 || v.Metadata["stackhand_job"] != s.mark || v.Bootable ||
		v.Zone == "" || v.Created.IsZero() || v.ProjectID != s.c.Identity().ProjectID || v.UserID != s.c.Identity().UserID || len(v.Attached) != 0 {
		s.Errorf("volume %+v", v)
	}
	all, err := s.c.Volumes(s.ctx())
	s.ok(err)
	if !slices.ContainsFunc(all, func(o stackhand.Volume) bool { return o.ID == v.ID && o.Metadata["stackhand_job"] == s.mark }) {
		s.Errorf("volumes %+v have no %s", all, v.ID)
	}
	if s.Other.Username != "" {
		other, err := s.pool.Client(s.ctx(), s.Cloud, s.Other)
		s.ok(err)
		unseen(s, "volumes", other.Volumes, func(o stackhand.Volume) bool { return o.ID == v.ID })
		s.refused(other.DeleteVolume(s.ctx(), v.ID), stackhand.NotFound)
	}
	after, err := s.c.Limits(s.ctx())
	s.ok(err)
	if after.Volumes.Used != before.Volumes.Used+1 || after.VolumeGB.Used != before.VolumeGB.Used+2 || after.Volumes.Max <= 0 || after.Snapshots.Max <= 0 {
		s.Errorf("limits went from %+v to %+v", before, after)
	}
	for what, spec := range map[string]stackhand.VolumeSpec{
		"no size": {Name: s.mark}, "negative size": {Name: s.mark, Size: -1}, "unknown type": {Size: 1, Type: s.mark},
		"unknown image": {Size: 1, ImageID: nothing}, "unknown zone": {Size: 1, Zone: s.mark},
	} {
		made, err := s.c.CreateVolume(s.ctx(), spec)
		if err == nil {
			s.later(what, func(ctx context.Context) error { return s.c.DeleteVolume(ctx, made.ID) })
		}
		s.Log(what)
		s.refused(err, stackhand.Invalid, stackhand.NotFound)
	}
	_, err = s.c.CreateVolume(s.ctx(), stackhand.VolumeSpec{Name: s.mark, Size: after.VolumeGB.Max + 1})
	s.refused(err, stackhand.Quota, stackhand.Invalid)
	s.ok(s.dropVolume(v.ID))
	s.refused(s.c.DeleteVolume(s.ctx(), v.ID), stackhand.NotFound)
}

func snapshots(s *suite) {
	s.cinder()
	v := s.volume(stackhand.VolumeSpec{Name: s.mark, Size: 1})
	_, err := s.c.CreateVolumeSnapshot(s.ctx(), nothing, s.mark, "", nil, false)
	s.refused(err, stackhand.NotFound)
	snap, err := s.c.CreateVolumeSnapshot(s.ctx(), v.ID, s.mark, "made by a test", map[string]string{"stackhand_job": s.mark}, false)
	s.ok(err)
	s.later("snapshot", func(ctx context.Context) error { return s.dropSnapshot(snap.ID) })
	got := snap
	s.eventually("snapshot available", func() bool {
		got, err = s.c.VolumeSnapshot(s.ctx(), snap.ID)
		s.ok(err)
		return got.Status == "available"
	})
	if got.Name != s.mark || got.VolumeID != v.ID || got.Size != 1 || got.Metadata["stackhand_job"] != s.mark || got.Created.IsZero() ||
		got.Description != "made by a test" {
		s.Errorf("snapshot %+v", got)
	}
	all, err := s.c.VolumeSnapshots(s.ctx())
	s.ok(err)
	if !slices.ContainsFunc(all, func(o stackhand.VolumeSnapshot) bool { return o.ID == snap.ID }) {
		s.Errorf("snapshots %+v have no %s", all, snap.ID)
	}
	s.thingIs(stackhand.Thing{
		Resource: stackhand.Resource{Kind: stackhand.KindSnapshot, ID: snap.ID, Name: s.mark, Job: s.mark}, ProjectID: s.c.Identity().ProjectID, Size: 1, Marked: true,
	})
	s.refused(s.c.DeleteVolume(s.ctx(), v.ID), stackhand.Conflict)
	from := s.volume(stackhand.VolumeSpec{Name: s.mark + "-from", SnapshotID: snap.ID})
	if from.SnapshotID != snap.ID || from.Size != 1 {
		s.Errorf("volume of a snapshot %+v", from)
	}
	s.ok(s.dropVolume(from.ID))
	s.ok(s.dropSnapshot(snap.ID))
	s.refused(s.c.DeleteVolumeSnapshot(s.ctx(), snap.ID), stackhand.NotFound)
	copied := s.volume(stackhand.VolumeSpec{Name: s.mark + "-copy", SourceID: v.ID})
	if copied.Size != 1 {
		s.Errorf("volume of a volume %+v", copied)
	}
}

func (s *suite) dropSnapshot(id string) error {
	if err := s.c.DeleteVolumeSnapshot(s.ctx(), id); err != nil {
		return err
	}
	s.eventually("snapshot gone", func() bool {
		_, err := s.c.VolumeSnapshot(s.ctx(), id)
		return stackhand.KindOf(err) == stackhand.NotFound
	})
	return nil
}

func attaching(s *suite) {
	s.cinder()
	v := s.volume(stackhand.VolumeSpec{Name: s.mark, Size: 1})
	id, _, _ := s.running("10.250.29.0/24")
	s.refused(s.c.DetachVolume(s.ctx(), id, v.ID), stackhand.NotFound)
	s.refused(s.c.AttachVolume(s.ctx(), id, nothing), stackhand.NotFound)
	s.refused(s.c.AttachVolume(s.ctx(), nothing, v.ID), stackhand.NotFound)
	s.ok(s.c.AttachVolume(s.ctx(), id, v.ID))
	used := s.volumeIs(v.ID, "in-use")
	if len(used.Attached) != 1 || used.Attached[0].ServerID != id || used.Attached[0].VolumeID != v.ID || used.Attached[0].Device == "" {
		s.Errorf("attached, it is %+v", used)
	}
	list, err := s.c.Attachments(s.ctx(), id)
	s.ok(err)
	if len(list) != 1 || list[0].VolumeID != v.ID || list[0].ServerID != id || list[0].Device == "" {
		s.Errorf("attachments %+v", list)
	}
	if got, err := s.c.Server(s.ctx(), id); err != nil || !slices.Equal(got.Volumes, []string{v.ID}) {
		s.Errorf("volumes of the server %v: %v", got.Volumes, err)
	}
	s.refused(s.c.AttachVolume(s.ctx(), id, v.ID), stackhand.Conflict)
	s.refused(s.c.DeleteVolume(s.ctx(), v.ID), stackhand.Conflict)
	_, err = s.c.CreateVolumeSnapshot(s.ctx(), v.ID, s.mark, "", nil, false)
	s.refused(err, stackhand.Conflict)
	forced, err := s.c.CreateVolumeSnapshot(s.ctx(), v.ID, s.mark, "", nil, true)
	s.ok(err)
	s.later("snapshot", func(ctx context.Context) error { return s.dropSnapshot(forced.ID) })
	s.eventually("snapshot available", func() bool {
		got, err := s.c.VolumeSnapshot(s.ctx(), forced.ID)
		s.ok(err)
		return got.Status == "available"
	})
	s.ok(s.dropSnapshot(forced.ID))
	s.ok(s.c.DetachVolume(s.ctx(), id, v.ID))
	s.volumeIs(v.ID, "available")
	s.refused(s.c.DetachVolume(s.ctx(), id, v.ID), stackhand.NotFound)
	s.ok(s.c.AttachVolume(s.ctx(), id, v.ID))
	s.volumeIs(v.ID, "in-use")
	s.refused(s.takeDown(s.ctx(), id), stackhand.NotFound)
	s.volumeIs(v.ID, "available") // a server that goes lets go of it
}

func bootVolume(s *suite) {
	s.cinder()
	spec := s.spec(s.mark)
	v := s.volume(stackhand.VolumeSpec{Name: s.mark, Size: 2, ImageID: spec.ImageID, Metadata: map[string]string{"stackhand_job": s.mark}})
	if !v.Bootable {
		s.Errorf("a volume of an image is %+v", v)
	}
	n := s.network(s.mark)
	s.subnet(n.ID, "10.250.30.0/24")
	spec.ImageID, spec.BootVolume, spec.Ports = "", v.ID, []string{s.port(n.ID).ID}
	id := s.boot(spec)
	got := s.active(id)
	if got.ImageID != "" || !slices.Equal(got.Volumes, []string{v.ID}) {
		s.Errorf("booted from a volume, it is %+v", got)
	}
	s.volumeIs(v.ID, "in-use")
	s.imageOfVolumes(id)
	s.refused(s.c.DetachVolume(s.ctx(), id, v.ID), stackhand.Conflict, stackhand.Forbidden, stackhand.Invalid)
	s.refused(s.c.DeleteVolume(s.ctx(), v.ID), stackhand.Conflict)
	s.refused(s.takeDown(s.ctx(), id), stackhand.NotFound)
	s.volumeIs(v.ID, "available") // it stays: who made it removes it
}

// imageOfVolumes makes an image of a server on a volume. The cloud makes a snapshot for it, which carries no mark: it is told as a part of
// the image.
func (s *suite) imageOfVolumes(server string) {
	img, err := s.c.SnapshotServer(s.ctx(), server, s.mark, map[string]string{"stackhand_job": s.mark, stackhand.MarkServer: server})
	s.ok(err)
	s.later("image", func(ctx context.Context) error { return s.c.DeleteImage(ctx, img) })
	s.imageIs(img, "active")
	var part stackhand.VolumeSnapshot
	s.eventually("snapshot of the image", func() bool {
		all, err := s.c.VolumeSnapshots(s.ctx())
		s.ok(err)
		at := slices.IndexFunc(all, func(o stackhand.VolumeSnapshot) bool { return o.Name == "snapshot for "+s.mark })
		if at >= 0 {
			part = all[at]
		}
		return part.Status == "available"
	})
	s.later("snapshot", func(context.Context) error { return s.dropSnapshot(part.ID) })
	own := s.c.Identity().ProjectID
	s.thingIs(stackhand.Thing{Resource: stackhand.Resource{Kind: stackhand.KindImage, ID: img, Name: s.mark, Job: s.mark}, ProjectID: own, Marked: true})
	s.thingIs(stackhand.Thing{
		Resource: stackhand.Resource{Kind: stackhand.KindSnapshot, ID: part.ID, Name: part.Name, Parent: img, Job: s.mark}, ProjectID: own, Size: part.Size, Marked: true,
	})
	s.ok(s.c.DeleteImage(s.ctx(), img))
	if left, err := s.c.Thing(s.ctx(), stackhand.Resource{Kind: stackhand.KindSnapshot, ID: part.ID, Parent: img}); err != nil || left.Marked {
		s.Errorf("without its image: %+v, %v", left, err)
	}
	s.ok(s.dropSnapshot(part.ID))
}
