package commands

import (
	"context"
	"slices"
	"strings"

	"github.com/stackhand/stackhand"
)

var _ = addShow(showing[stackhand.Router]{
	kind: routerKind, name: "router show", help: "a router: where it leads, and the subnets that it connects", example: "router show edge",
	fields: func(ctx context.Context, s *session, r stackhand.Router, p *page) error {
		var networks []stackhand.Network
		err := gather(ctx, into(&networks, s.Networks))
		if err != nil {
			return err
		}
		connected, err := s.subnetsOf(ctx, r)
		p.status = r.Status
		p.add("Leads to", first(nameByID(networkKind, networks)[r.External], r.External, "nowhere outside: it has no gateway"))
		var names []string
		for _, sn := range connected {
			names = append(names, strings.TrimSpace(sn.Name+" "+sn.CIDR))
		}
		p.add("Connects", strings.Join(names, ", "))
		p.madeBy(ctx, s, r.Description)
		return err
	},
})

// subnetsOf are the subnets that a router connects.
func (s *session) subnetsOf(ctx context.Context, r stackhand.Router) ([]stackhand.Subnet, error) {
	var ports []stackhand.Port
	var subnets []stackhand.Subnet
	err := gather(ctx,
		into(&ports, func(ctx context.Context) ([]stackhand.Port, error) {
			return s.Ports(ctx, stackhand.PortFilter{DeviceID: r.ID})
		}),
		into(&subnets, func(ctx context.Context) ([]stackhand.Subnet, error) { return s.Subnets(ctx, "") }))
	at := map[string]bool{}
	for _, p := range ports {
		for _, ip := range p.IPs {
			at[ip.SubnetID] = at[ip.SubnetID] || isRouterPort(p)
		}
	}
	return slices.DeleteFunc(slices.Clone(subnets), func(n stackhand.Subnet) bool { return !at[n.ID] }), err
}
