package cloud

import (
	"context"
	"net/http"

	"github.com/stackhand/stackhand"
)

// Cinder's resources: https://docs.openstack.org/api-ref/block-storage/v3/

type wireVolume struct {
	ID          string            `json:"id"`
	Name        string            `json:"name"`
	Description string            `json:"description"`
	Status      string            `json:"status"`
	Size        int               `json:"size"`
	Type        string            `json:"volume_type"`
	Bootable    string            `json:"bootable"` // "true" or "false"
	Zone        string            `json:"availability_zone"`
	ProjectID   string            `json:"os-vol-tenant-attr:tenant_id"`
	UserID      string            `json:"user_id"`
	SnapshotID  string            `json:"snapshot_id"`
	Metadata    map[string]string `json:"metadata"`
	Attached    []struct {
		VolumeID string `json:"volume_id"`
		ServerID string `json:"server_id"`
		Device   string `json:"device"`
	} `json:"attachments"`
	Created wireTime `json:"created_at"`
}

func (w wireVolume) volume() stackhand.Volume {
	v := stackhand.Volume{
		ID: w.ID, Name: w.Name, Description: w.Description, Status: w.Status, Size: w.Size, Type: w.Type,
		Bootable: w.Bootable == "true", Zone: w.Zone, ProjectID: w.ProjectID, UserID: w.UserID,
		SnapshotID: w.SnapshotID, Metadata: w.Metadata, Created: w.Created.Time,
	}
	for _, a := range w.Attached {
		v.Attached = append(v.Attached, stackhand.Attachment(a))
	}
	return v
}

type wireSnapshot struct {
	ID          string            `json:"id"`
	Name        string            `json:"name"`
	Description string            `json:"description"`
	Status      string            `json:"status"`
	VolumeID    string            `json:"volume_id"`
	Size        int               `json:"size"`
	ProjectID   string            `json:"os-extended-snapshot-attributes:project_id"`
	Metadata    map[string]string `json:"metadata"`
	Created     wireTime          `json:"created_at"`
}

func (w wireSnapshot) snapshot() stackhand.VolumeSnapshot {
	return stackhand.VolumeSnapshot{
		ID: w.ID, Name: w.Name, Description: w.Description, Status: w.Status, VolumeID: w.VolumeID,
		Size: w.Size, ProjectID: w.ProjectID, Metadata: w.Metadata, Created: w.Created.Time,
	}
}

// Volumes lists the project's volumes.
func (c *Client) Volumes(ctx context.Context) ([]stackhand.Volume, error) {
	return listOn(ctx, c, volume, "volumes/detail", "volumes", nil,
		func(w wireVolume) string { return w.ID }, wireVolume.volume)
}

// Volume reads one volume.
func (c *Client) Volume(ctx context.Context, id string) (stackhand.Volume, error) {
	return getOn(ctx, c, volume, "volumes", "volume", id, wireVolume.volume)
}

// CreateVolume begins to make a volume; it is ready when it is available. It can be found again by its metadata.
func (c *Client) CreateVolume(ctx context.Context, spec stackhand.VolumeSpec) (stackhand.Volume, error) {
	w, err := create[wireVolume](ctx, c, volume, "volumes", "volume", map[string]any{
		"name": spec.Name, "description": spec.Description, "size": orNull(spec.Size), "volume_type": orNull(spec.Type),
		"availability_zone": orNull(spec.Zone), "imageRef": orNull(spec.ImageID), "snapshot_id": orNull(spec.SnapshotID),
		"source_volid": orNull(spec.SourceID), "metadata": spec.Metadata,
	})
	return w.volume(), err
}

// orNull is what Cinder and Neutron take for "as you think best".
func orNull[T comparable](v T) any {
	var zero T
	if v == zero {
		return nil
	}
	return v
}

// DeleteVolume begins to delete a volume; Conflict while it is in use or has snapshots.
func (c *Client) DeleteVolume(ctx context.Context, id string) error {
	return c.drop(ctx, volume, "volumes", id)
}

// VolumeSnapshots lists the project's snapshots of volumes.
func (c *Client) VolumeSnapshots(ctx context.Context) ([]stackhand.VolumeSnapshot, error) {
	return listOn(ctx, c, volume, "snapshots/detail", "snapshots", nil,
		func(w wireSnapshot) string { return w.ID }, wireSnapshot.snapshot)
}

// VolumeSnapshot reads one snapshot.
func (c *Client) VolumeSnapshot(ctx context.Context, id string) (stackhand.VolumeSnapshot, error) {
	return getOn(ctx, c, volume, "snapshots", "snapshot", id, wireSnapshot.snapshot)
}

// CreateVolumeSnapshot begins to make a snapshot, with force also of a volume in use, which is a Conflict otherwise.
func (c *Client) CreateVolumeSnapshot(
	ctx context.Context, volumeID, name, description string, metadata map[string]string, force bool,
) (stackhand.VolumeSnapshot, error) {
	w, err := create[wireSnapshot](ctx, c, volume, "snapshots", "snapshot", map[string]any{
		"volume_id": volumeID, "name": name, "description": description, "metadata": metadata, "force": force,
	})
	return w.snapshot(), err
}

// DeleteVolumeSnapshot begins to delete a snapshot; Conflict while it is worked on.
func (c *Client) DeleteVolumeSnapshot(ctx context.Context, id string) error {
	return c.drop(ctx, volume, "snapshots", id)
}

// Attachments lists the volumes of a server.
func (c *Client) Attachments(ctx context.Context, serverID string) ([]stackhand.Attachment, error) {
	n, err := c.on(ctx, compute)
	if err != nil {
		return nil, err
	}
	u, err := n.url("servers", serverID, "os-volume_attachments")
	if err != nil {
		return nil, err
	}
	p := page[struct {
		VolumeID string `json:"volumeId"`
		ServerID string `json:"serverId"`
		Device   string `json:"device"`
	}]{key: "volumeAttachments"} // all at once: a server has few
	err = n.read(ctx, u, &p)
	var out []stackhand.Attachment
	for _, a := range p.items {
		out = append(out, stackhand.Attachment(a))
	}
	return out, err
}

// AttachVolume begins to attach a volume; it is there when the volume is in-use. One that is in use already is a Conflict.
func (c *Client) AttachVolume(ctx context.Context, serverID, volumeID string) error {
	n, err := c.on(ctx, compute)
	if err != nil {
		return err
	}
	body := map[string]any{"volumeAttachment": map[string]string{"volumeId": volumeID}}
	return do(ctx, n, http.MethodPost, body, "servers", serverID, "os-volume_attachments")
}

// DetachVolume begins to detach a volume; it is done when the volume is available. NotFound if it is not there.
func (c *Client) DetachVolume(ctx context.Context, serverID, volumeID string) error {
	n, err := c.on(ctx, compute)
	if err != nil {
		return err
	}
	return remove(ctx, n, "servers", serverID, "os-volume_attachments", volumeID)
}
