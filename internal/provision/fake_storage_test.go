package provision_test

import (
	"context"
	"maps"
	"slices"
	"time"

	"github.com/stackhand/stackhand"
)

type fakeVolume struct {
	stackhand.Volume
	ready time.Time
	next  string // "": it is gone then
}

type fakeSnap struct {
	stackhand.VolumeSnapshot
	ready time.Time
	next  string
}

type fakeImage struct {
	stackhand.Image
	ready time.Time
	next  string
}

// due tells whether something that changes has come to its end.
func due(ready, now time.Time) bool { return !ready.IsZero() && !now.Before(ready) }

// tickStorage lets time do its work on volumes, snapshots and images; c.mu is held.
func (c *fakeCloud) tickStorage(now time.Time) {
	for id, v := range c.volumes {
		if !due(v.ready, now) {
			continue
		}
		if v.ready = (time.Time{}); v.next == "" {
			delete(c.volumes, id)
			continue
		}
		if v.Status == "detaching" {
			if s := c.servers[v.Attached[0].ServerID]; s != nil {
				s.Volumes = slices.DeleteFunc(slices.Clone(s.Volumes), func(x string) bool { return x == id })
			}
			v.Attached = nil
		}
		v.Status = v.next
	}
	for id, v := range c.snaps {
		if due(v.ready, now) {
			if v.ready, v.Status = (time.Time{}), v.next; v.next == "" {
				delete(c.snaps, id)
			}
		}
	}
	for id, v := range c.images {
		if due(v.ready, now) {
			if v.ready, v.Status = (time.Time{}), v.next; v.next == "" {
				delete(c.images, id)
			}
		}
	}
}

// letGo frees the volumes of a server that is gone; c.mu is held.
func (c *fakeCloud) letGo(server string) {
	for _, v := range c.volumes {
		if len(v.Attached) > 0 && v.Attached[0].ServerID == server {
			v.Attached, v.Status, v.ready = nil, "available", time.Time{}
		}
	}
	for id, f := range c.fips {
		if f.ServerID == server {
			f.ServerID = ""
			c.fips[id] = f
		}
	}
}

func (s session) soon() time.Time { return time.Now().Add(s.build) }

// addVolume puts a volume into the cloud; c.mu is held.
func (c *fakeCloud) addVolume(id, name string, meta map[string]string) *fakeVolume {
	v := &fakeVolume{Volume: stackhand.Volume{ID: id, Name: name, Status: "available", Size: 5, Metadata: meta}}
	c.volumes[id] = v
	return v
}

func (s session) Volumes(ctx context.Context) ([]stackhand.Volume, error) {
	return do(ctx, s, "Volumes", func() ([]stackhand.Volume, error) {
		if !s.features.Volumes {
			return nil, stackhand.Errorf(stackhand.NotFound, "This cloud has no block storage (Cinder).")
		}
		var out []stackhand.Volume
		for _, id := range slices.Sorted(maps.Keys(s.volumes)) {
			out = append(out, s.volumes[id].Volume)
		}
		return out, nil
	})
}

func (s session) Volume(ctx context.Context, id string) (stackhand.Volume, error) {
	return do(ctx, s, "Volume", func() (stackhand.Volume, error) {
		v, err := one(s.volumes, "Volume", id)
		if err != nil {
			return stackhand.Volume{}, err
		}
		return v.Volume, nil
	})
}

func (s session) CreateVolume(ctx context.Context, spec stackhand.VolumeSpec) (stackhand.Volume, error) {
	return do(ctx, s, "CreateVolume", func() (stackhand.Volume, error) {
		v := s.addVolume(s.id("vol"), spec.Name, spec.Metadata)
		v.Status, v.Size, v.ready, v.next = "creating", spec.Size, s.soon(), or(s.broken, "available")
		return v.Volume, nil
	})
}

func (s session) DeleteVolume(ctx context.Context, id string) error {
	return s.call(ctx, "DeleteVolume", func() error {
		v, err := one(s.volumes, "Volume", id)
		if err != nil {
			return err
		}
		for _, snap := range s.snaps {
			if snap.VolumeID == id {
				return inUse("Volume %s has snapshots.", id)
			}
		}
		if len(v.Attached) > 0 || v.Status == "deleting" {
			return inUse("Volume status must be available or error, but is %s.", v.Status)
		}
		v.Status, v.ready, v.next = "deleting", s.soon(), ""
		return nil
	})
}

func (s session) AttachVolume(ctx context.Context, server, id string) error {
	return s.call(ctx, "AttachVolume", func() error {
		v, err := one(s.volumes, "Volume", id)
		if err != nil {
			return err
		}
		srv, err := one(s.servers, "Server", server)
		if err != nil {
			return err
		}
		if v.Status != "available" {
			return inUse("Volume %s is not available: %s.", id, v.Status)
		}
		srv.Volumes = append(slices.Clone(srv.Volumes), id)
		v.Status, v.ready, v.next = "attaching", s.soon(), "in-use"
		v.Attached = []stackhand.Attachment{{VolumeID: id, ServerID: server, Device: "/dev/vdb"}}
		if s.lazy == "attach" {
			v.Attached, v.next = nil, "available"
		}
		return nil
	})
}

func (s session) DetachVolume(ctx context.Context, server, id string) error {
	return s.call(ctx, "DetachVolume", func() error {
		v, err := one(s.volumes, "Volume", id)
		if err != nil {
			return err
		}
		switch {
		case len(v.Attached) == 0 || v.Attached[0].ServerID != server:
			return missing("Attachment", id)
		case v.Attached[0].Device == "/dev/vda":
			return stackhand.Errorf(stackhand.Forbidden, "Unable to detach a root device.")
		case v.Status == "detaching":
			return inUse("Volume %s is detaching.", id)
		}
		v.Status, v.ready, v.next = "detaching", s.soon(), "available"
		return nil
	})
}

func (s session) VolumeSnapshots(ctx context.Context) ([]stackhand.VolumeSnapshot, error) {
	return do(ctx, s, "VolumeSnapshots", func() ([]stackhand.VolumeSnapshot, error) {
		var out []stackhand.VolumeSnapshot
		for _, v := range s.snaps {
			out = append(out, v.VolumeSnapshot)
		}
		return out, nil
	})
}

func (s session) VolumeSnapshot(ctx context.Context, id string) (stackhand.VolumeSnapshot, error) {
	return do(ctx, s, "VolumeSnapshot", func() (stackhand.VolumeSnapshot, error) {
		v, err := one(s.snaps, "Snapshot", id)
		if err != nil {
			return stackhand.VolumeSnapshot{}, err
		}
		return v.VolumeSnapshot, nil
	})
}

func (s session) CreateVolumeSnapshot(ctx context.Context, volume, name, description string, meta map[string]string, _ bool) (stackhand.VolumeSnapshot, error) {
	return do(ctx, s, "CreateVolumeSnapshot", func() (stackhand.VolumeSnapshot, error) {
		v, err := one(s.volumes, "Volume", volume)
		if err != nil {
			return stackhand.VolumeSnapshot{}, err
		}
		snap := &fakeSnap{VolumeSnapshot: stackhand.VolumeSnapshot{
			ID: s.id("snap"), Name: name, Description: description, Status: "creating", VolumeID: volume, Size: v.Size, Metadata: meta,
		}, ready: s.soon(), next: or(s.broken, "available")}
		s.snaps[snap.ID] = snap
		return snap.VolumeSnapshot, nil
	})
}

func (s session) DeleteVolumeSnapshot(ctx context.Context, id string) error {
	return s.call(ctx, "DeleteVolumeSnapshot", func() error {
		v, err := one(s.snaps, "Snapshot", id)
		if err == nil {
			v.Status, v.ready, v.next = "deleting", s.soon(), ""
			if s.clones {
				v.next = "available"
			}
		}
		return err
	})
}

func (s session) Images(ctx context.Context) ([]stackhand.Image, error) {
	return do(ctx, s, "Images", func() ([]stackhand.Image, error) {
		var out []stackhand.Image
		for _, v := range s.images {
			out = append(out, v.Image)
		}
		return out, nil
	})
}

func (s session) Image(ctx context.Context, id string) (stackhand.Image, error) {
	return do(ctx, s, "Image", func() (stackhand.Image, error) {
		v, err := one(s.images, "Image", id)
		if err != nil {
			return stackhand.Image{}, err
		}
		return v.Image, nil
	})
}

func (s session) SnapshotServer(ctx context.Context, id, name string, meta map[string]string) (string, error) {
	return do(ctx, s, "SnapshotServer", func() (string, error) {
		v, err := one(s.servers, "Server", id)
		if err != nil {
			return "", err
		}
		if v, err = s.begin(id, "createImage", v.Status, "ACTIVE", "SHUTOFF", "PAUSED", "SUSPENDED"); err != nil {
			return "", err
		}
		if s.lazy == "createImage" {
			return "", nil
		}
		img := &fakeImage{Image: stackhand.Image{
			ID: s.id("img"), Name: name, Status: "queued", Size: 3 << 30, Properties: maps.Clone(meta),
		}, ready: v.ready, next: or(s.broken, "active")}
		s.images[img.ID] = img
		return img.ID, nil
	})
}

func (s session) UpdateImage(ctx context.Context, id string, change stackhand.ImageChange) error {
	return s.call(ctx, "UpdateImage", func() error {
		v, err := one(s.images, "Image", id)
		if err != nil {
			return err
		}
		v.Name = or(change.Name, v.Name)
		v.Visibility = or(change.Visibility, v.Visibility)
		return nil
	})
}

func (s session) DeleteImage(ctx context.Context, id string) error {
	return s.call(ctx, "DeleteImage", func() error {
		v, err := one(s.images, "Image", id)
		if err == nil && v.Protected {
			err = stackhand.Errorf(stackhand.Forbidden, "Image %s is protected and cannot be deleted.", id)
		}
		if err == nil {
			v.Status, v.ready, v.next = "pending_delete", s.soon(), ""
		}
		return err
	})
}
