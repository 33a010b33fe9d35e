package provision

import (
	"context"

	"github.com/stackhand/stackhand"
)

// Cloud is what the flows need of a cloud, with the rights of the job's user. Errors are
// *stackhand.Error: NotFound, Conflict, Quota, Forbidden, Unauthorized, RateLimited,
// Unavailable (the call may have been done all the same) …
type Cloud interface {
	// Identity tells whose session it is, and in which project.
	Identity() stackhand.Identity
	// Features tells what the cloud can do.
	Features(ctx context.Context) (stackhand.Features, error)
	Networks
	Servers
	Acts
	Volumes
	Images
	// Thing reads one resource, of whichever project, as far as it takes to tell whose it is.
	Thing(ctx context.Context, r stackhand.Resource) (stackhand.Thing, error)
}

// Networks is Neutron, as far as the flows use it. Lists are of the own project; those that take
// a name answer all resources of that name.
type Networks interface {
	NetworksNamed(ctx context.Context, name string) ([]stackhand.Network, error)
	Network(ctx context.Context, id string) (stackhand.Network, error)
	CreateNetwork(ctx context.Context, name, description string) (stackhand.Network, error)
	DeleteNetwork(ctx context.Context, id string) error

	Subnets(ctx context.Context, networkID string) ([]stackhand.Subnet, error)
	CreateSubnet(ctx context.Context, spec stackhand.SubnetSpec) (stackhand.Subnet, error)
	DeleteSubnet(ctx context.Context, id string) error

	Routers(ctx context.Context) ([]stackhand.Router, error)
	CreateRouter(ctx context.Context, name, description, externalID string) (stackhand.Router, error)
	DeleteRouter(ctx context.Context, id string) error
	AddRouterInterface(ctx context.Context, routerID, subnetID string) error    // Conflict if it is there already
	RemoveRouterInterface(ctx context.Context, routerID, subnetID string) error // NotFound if it is not

	Ports(ctx context.Context, filter stackhand.PortFilter) ([]stackhand.Port, error)
	CreatePort(ctx context.Context, spec stackhand.PortSpec) (stackhand.Port, error)
	DeletePort(ctx context.Context, id string) error

	SecurityGroups(ctx context.Context) ([]stackhand.SecurityGroup, error)
	CreateSecurityGroup(ctx context.Context, name, description string) (stackhand.SecurityGroup, error)
	DeleteSecurityGroup(ctx context.Context, id string) error
	CreateRule(ctx context.Context, groupID string, rule stackhand.Rule) error // Conflict if it is there already
	DeleteRule(ctx context.Context, id string) error

	FloatingIPs(ctx context.Context) ([]stackhand.FloatingIP, error)
	FloatingIP(ctx context.Context, id string) (stackhand.FloatingIP, error)
	CreateFloatingIP(ctx context.Context, externalID, description string) (stackhand.FloatingIP, error)
	AttachFloatingIP(ctx context.Context, id, portID string) error // portID "" detaches
	DeleteFloatingIP(ctx context.Context, id string) error
}

// Servers is Nova, as far as the flows use it.
type Servers interface {
	ServersNamed(ctx context.Context, name string) ([]stackhand.Server, error)
	Server(ctx context.Context, id string) (stackhand.Server, error)
	CreateServer(ctx context.Context, spec stackhand.ServerSpec) (id string, err error)
	DeleteServer(ctx context.Context, id string) error
	RebootServer(ctx context.Context, id string, hard bool) error
	ServerActions(ctx context.Context, id string) ([]stackhand.ServerAction, error) // newest first
	// Await returns when done says so of the server's newest state, which it gets from the one
	// poll that serves all who wait in this project, or when the server is gone (NotFound).
	Await(ctx context.Context, id string, done func(stackhand.Server) bool) (stackhand.Server, error)
}

// Acts are the changes of a server. Those that take time answer when they are begun; the server's own record
// of actions (ServerActions) tells whether a call whose answer got lost was heard. A state that does not allow it
// is a Conflict, and so is a locked server.
type Acts interface {
	// ActOnServer does what needs no more than its name: start, stop, pause, unpause, suspend, resume, lock, unlock,
	// shelve, unshelve, resize --confirm, resize --revert.
	ActOnServer(ctx context.Context, id, verb string) error
	ResizeServer(ctx context.Context, id, flavorID string) error
	RebuildServer(ctx context.Context, id string, spec stackhand.RebuildSpec) error
	// SnapshotServer begins to make an image of a server. The image's id is "" where the cloud does not tell it.
	SnapshotServer(ctx context.Context, id, name string, metadata map[string]string) (imageID string, err error)
	SetServerPassword(ctx context.Context, id, password string) error
	UpdateServer(ctx context.Context, id string, change stackhand.ServerChange) error
	// ChangeServerMetadata sets and removes properties; to remove one that is not there is no error.
	ChangeServerMetadata(ctx context.Context, id string, set map[string]string, unset []string) error
	// AddServerGroup and RemoveServerGroup take a security group's name, or its id where Neutron is.
	AddServerGroup(ctx context.Context, id, group string) error
	RemoveServerGroup(ctx context.Context, id, group string) error // NotFound if it has it not
	AttachPort(ctx context.Context, serverID, portID string) error
	DetachPort(ctx context.Context, serverID, portID string) error
	// AddFloatingIP and RemoveFloatingIP serve clouds without Neutron, by Nova's own actions.
	AddFloatingIP(ctx context.Context, serverID, ip, fixedIP string) error
	RemoveFloatingIP(ctx context.Context, serverID, ip string) error
}

// Volumes is Cinder. Where there is none, its calls answer NotFound with words about that.
type Volumes interface {
	Volumes(ctx context.Context) ([]stackhand.Volume, error)
	Volume(ctx context.Context, id string) (stackhand.Volume, error)
	CreateVolume(ctx context.Context, spec stackhand.VolumeSpec) (stackhand.Volume, error)
	DeleteVolume(ctx context.Context, id string) error // Conflict while it is in use or has snapshots
	VolumeSnapshots(ctx context.Context) ([]stackhand.VolumeSnapshot, error)
	VolumeSnapshot(ctx context.Context, id string) (stackhand.VolumeSnapshot, error)
	CreateVolumeSnapshot(ctx context.Context, volumeID, name, description string, metadata map[string]string, force bool) (stackhand.VolumeSnapshot, error)
	DeleteVolumeSnapshot(ctx context.Context, id string) error
	Attachments(ctx context.Context, serverID string) ([]stackhand.Attachment, error)
	AttachVolume(ctx context.Context, serverID, volumeID string) error
	DetachVolume(ctx context.Context, serverID, volumeID string) error // NotFound if it is not there
}

// Images is Glance.
type Images interface {
	Images(ctx context.Context) ([]stackhand.Image, error)
	Image(ctx context.Context, id string) (stackhand.Image, error)
	UpdateImage(ctx context.Context, id string, change stackhand.ImageChange) error
	DeleteImage(ctx context.Context, id string) error
}
