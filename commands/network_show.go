package commands

import (
	"context"
	"strings"

	"github.com/stackhand/stackhand"
)

var _ = addShow(showing[stackhand.Network]{
	kind: networkKind, name: "network show", help: "a network: its subnets, and what is on it", example: "network show inner",
	fields: func(ctx context.Context, s *session, n stackhand.Network, p *page) error {
		var subnets []stackhand.Subnet
		var ports []stackhand.Port
		var servers []stackhand.Server
		err := gather(ctx,
			into(&subnets, func(ctx context.Context) ([]stackhand.Subnet, error) { return s.Subnets(ctx, n.ID) }),
			into(&ports, func(ctx context.Context) ([]stackhand.Port, error) {
				return s.Ports(ctx, stackhand.PortFilter{NetworkID: n.ID})
			}),
			into(&servers, s.Servers))
		p.status = n.Status
		p.add("Kind", networkThing(n).note)
		var cidrs []string
		for _, sn := range subnets {
			cidrs = append(cidrs, strings.TrimSpace(sn.Name+" "+sn.CIDR))
		}
		p.add("Subnets", strings.Join(cidrs, ", "))
		p.add("Servers on it", strings.Join(serversOf(ports, servers), ", "))
		p.madeBy(ctx, s, n.Description)
		return err
	},
})

// serversOf are the names of the servers that ports belong to.
func serversOf(ports []stackhand.Port, servers []stackhand.Server) []string {
	at := map[string]bool{}
	for _, p := range ports {
		at[p.DeviceID] = true
	}
	var out []string
	for _, sv := range byName(servers, func(v stackhand.Server) string { return v.Name }) {
		if at[sv.ID] {
			out = append(out, sv.Name)
		}
	}
	return out
}
