package commands

import (
	"context"
	"strings"

	"github.com/stackhand/stackhand"
)

var _ = addRemove(removal[stackhand.Network]{
	kind: networkKind, name: "network delete", help: "delete networks of your project that nothing is on any more", example: "network delete inner",
	job: func(n stackhand.Network) string { job, _ := markedBy(n.Description); return job },
	free: func(ctx context.Context, s *session, n stackhand.Network) error {
		var ports []stackhand.Port
		var servers []stackhand.Server
		err := gather(ctx, into(&servers, s.Servers), into(&ports, func(ctx context.Context) ([]stackhand.Port, error) {
			return s.Ports(ctx, stackhand.PortFilter{NetworkID: n.ID})
		}))
		if err != nil {
			return err
		}
		if on := serversOf(ports, servers); len(on) > 0 {
			return stackhand.Errorf(stackhand.Conflict, "The network %s is in use by %s.", n.Name, strings.Join(on, ", ")).
				Do("Take the servers off it first: `remove network %s %s`, or `delete %s`.", quote(on[0]), quote(n.Name), quote(on[0]))
		}
		for _, port := range ports {
			if isRouterPort(port) {
				return routerInTheWay(ctx, s, "network "+n.Name, port)
			}
		}
		return nil
	},
})

func isRouterPort(p stackhand.Port) bool {
	return strings.HasPrefix(p.DeviceOwner, "network:router_interface") || p.DeviceOwner == "network:ha_router_replicated_interface"
}

// routerInTheWay says which router a network or subnet has to leave before it can be deleted.
func routerInTheWay(ctx context.Context, s *session, what string, port stackhand.Port) error {
	var routers []stackhand.Router
	var subnets []stackhand.Subnet
	err := gather(ctx, into(&routers, s.Routers), into(&subnets, func(ctx context.Context) ([]stackhand.Subnet, error) { return s.Subnets(ctx, port.NetworkID) }))
	if err != nil {
		return err
	}
	router := first(nameByID(routerKind, routers)[port.DeviceID], port.DeviceID)
	subnet := "SUBNET"
	if len(port.IPs) > 0 {
		subnet = first(nameByID(subnetKind, subnets)[port.IPs[0].SubnetID], port.IPs[0].SubnetID)
	}
	return stackhand.Errorf(stackhand.Conflict, "The %s is connected to the router %s.", what, router).
		Do("`router remove subnet %s %s` first.", quote(router), quote(subnet))
}
