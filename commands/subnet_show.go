package commands

import (
	"context"
	"strings"

	"github.com/stackhand/stackhand"
)

var _ = addShow(showing[stackhand.Subnet]{
	kind: subnetKind, name: "subnet show", help: "a subnet: its addresses, gateway and name servers", example: "subnet show inner-v4",
	fields: func(ctx context.Context, s *session, n stackhand.Subnet, p *page) error {
		networks, err := s.Networks(ctx)
		p.status = n.CIDR
		p.add("Network", first(nameByID(networkKind, networks)[n.NetworkID], n.NetworkID))
		p.add("Gateway", first(n.Gateway, "none"))
		p.add("DHCP", yes(n.DHCP))
		p.add("Name servers", strings.Join(n.DNS, ", "))
		p.add("Gives out", strings.Join(n.Pools, ", "))
		p.madeBy(ctx, s, n.Description)
		return err
	},
})
