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
	Networks
	Servers
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
