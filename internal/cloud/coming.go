package cloud

import (
	"context"
	"time"

	"github.com/stackhand/stackhand"
)

var errComing = stackhand.Errorf(stackhand.Internal, "This is on its way.")

func (c *Client) Features(ctx context.Context) (out stackhand.Features, err error) {
	return out, errComing
}
func (c *Client) DeleteRule(ctx context.Context, id string) error             { return errComing }
func (c *Client) ActOnServer(ctx context.Context, id, verb string) error      { return errComing }
func (c *Client) ResizeServer(ctx context.Context, id, flavorID string) error { return errComing }
func (c *Client) RebuildServer(ctx context.Context, id string, spec stackhand.RebuildSpec) error {
	return errComing
}
func (c *Client) SnapshotServer(ctx context.Context, id, name string, metadata map[string]string) (out string, err error) {
	return out, errComing
}
func (c *Client) SetServerPassword(ctx context.Context, id, password string) error { return errComing }
func (c *Client) UpdateServer(ctx context.Context, id string, change stackhand.ServerChange) error {
	return errComing
}
func (c *Client) ChangeServerMetadata(ctx context.Context, id string, set map[string]string, unset []string) error {
	return errComing
}
func (c *Client) AddServerGroup(ctx context.Context, id, group string) error    { return errComing }
func (c *Client) RemoveServerGroup(ctx context.Context, id, group string) error { return errComing }
func (c *Client) AttachPort(ctx context.Context, serverID, portID string) error { return errComing }
func (c *Client) DetachPort(ctx context.Context, serverID, portID string) error { return errComing }
func (c *Client) AddFloatingIP(ctx context.Context, serverID, ip, fixedIP string) error {
	return errComing
}
func (c *Client) RemoveFloatingIP(ctx context.Context, serverID, ip string) error { return errComing }
func (c *Client) Volumes(ctx context.Context) (out []stackhand.Volume, err error) {
	return out, errComing
}
func (c *Client) Volume(ctx context.Context, id string) (out stackhand.Volume, err error) {
	return out, errComing
}
func (c *Client) CreateVolume(ctx context.Context, spec stackhand.VolumeSpec) (out stackhand.Volume, err error) {
	return out, errComing
}
func (c *Client) DeleteVolume(ctx context.Context, id string) error { return errComing }
func (c *Client) VolumeSnapshots(ctx context.Context) (out []stackhand.VolumeSnapshot, err error) {
	return out, errComing
}
func (c *Client) VolumeSnapshot(ctx context.Context, id string) (out stackhand.VolumeSnapshot, err error) {
	return out, errComing
}
func (c *Client) CreateVolumeSnapshot(ctx context.Context, volumeID, name, description string, metadata map[string]string, force bool) (out stackhand.VolumeSnapshot, err error) {
	return out, errComing
}
func (c *Client) DeleteVolumeSnapshot(ctx context.Context, id string) error { return errComing }
func (c *Client) Attachments(ctx context.Context, serverID string) (out []stackhand.Attachment, err error) {
	return out, errComing
}
func (c *Client) AttachVolume(ctx context.Context, serverID, volumeID string) error { return errComing }
func (c *Client) DetachVolume(ctx context.Context, serverID, volumeID string) error { return errComing }
func (c *Client) Image(ctx context.Context, id string) (out stackhand.Image, err error) {
	return out, errComing
}
func (c *Client) UpdateImage(ctx context.Context, id string, change stackhand.ImageChange) error {
	return errComing
}
func (c *Client) DeleteImage(ctx context.Context, id string) error { return errComing }
func (c *Client) AllServers(ctx context.Context, projectID string) (out []stackhand.Server, err error) {
	return out, errComing
}
func (c *Client) ConsoleURL(ctx context.Context, id, kind string) (out string, err error) {
	return out, errComing
}
func (c *Client) Usage(ctx context.Context, from, to time.Time) (out []stackhand.ServerUsage, err error) {
	return out, errComing
}
func (c *Client) Hypervisors(ctx context.Context) (out []stackhand.Hypervisor, err error) {
	return out, errComing
}
func (c *Client) Projects(ctx context.Context) (out []stackhand.Project, err error) {
	return out, errComing
}
func (c *Client) OwnProjects(ctx context.Context) (out []stackhand.Project, err error) {
	return out, errComing
}
func (c *Client) Regions(ctx context.Context) (out []string, err error) { return out, errComing }
func (c *Client) Users(ctx context.Context) (out []stackhand.CloudUser, err error) {
	return out, errComing
}
