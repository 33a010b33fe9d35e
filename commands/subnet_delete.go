package commands

import (
	"context"
	"slices"
	"strings"

	"github.com/stackhand/stackhand"
)

var _ = addRemove(removal[stackhand.Subnet]{
	kind: subnetKind, name: "subnet delete", help: "delete subnets that nothing has an address of any more", example: "subnet delete inner-v4",
	job: func(n stackhand.Subnet) string { job, _ := markedBy(n.Description); return job },
	free: func(ctx context.Context, s *session, n stackhand.Subnet) error {
		var ports []stackhand.Port
		var servers []stackhand.Server
		err := gather(ctx, into(&servers, s.Servers), into(&ports, func(ctx context.Context) ([]stackhand.Port, error) {
			return s.Ports(ctx, stackhand.PortFilter{NetworkID: n.NetworkID})
		}))
		if err != nil {
			return err
		}
		ports = slices.DeleteFunc(ports, func(p stackhand.Port) bool {
			return !slices.ContainsFunc(p.IPs, func(ip stackhand.FixedIP) bool { return ip.SubnetID == n.ID })
		})
		if on := serversOf(ports, servers); len(on) > 0 {
			return stackhand.Errorf(stackhand.Conflict, "%s have addresses of the subnet %s.", strings.Join(on, ", "), first(n.Name, n.ID)).
				Do("Take the servers off its network first: `remove network SERVER NETWORK`, or delete them.")
		}
		if i := slices.IndexFunc(ports, isRouterPort); i >= 0 {
			return routerInTheWay(ctx, s, "subnet "+first(n.Name, n.ID), ports[i])
		}
		return nil
	},
})
