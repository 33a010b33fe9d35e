package commands

import (
	"context"

	"github.com/stackhand/stackhand"
)

type subnetListArgs struct {
	Network string `help:"only those of this network"`
	catalogueArgs
}

var _ = addList(listing[subnetListArgs]{
	name: "subnet list", noun: "subnet", help: "the blocks of addresses of your networks", example: "subnet list",
	none: "subnet create NAME --network N --subnet-range 10.0.0.0/24",
	table: func(ctx context.Context, s *session, a subnetListArgs) (*Table, error) {
		if err := s.needNeutron(ctx, "subnets"); err != nil {
			return nil, err
		}
		only := ""
		if a.Network != "" {
			n, err := networkKind.choose(ctx, s, a.Network, func(id string) string { a.Network = id; return format("subnet list", a) })
			if err != nil {
				return nil, err
			}
			only = n.ID
		}
		var networks []stackhand.Network
		var subnets []stackhand.Subnet
		err := gather(ctx, into(&networks, s.Networks), into(&subnets, func(ctx context.Context) ([]stackhand.Subnet, error) { return s.Subnets(ctx, only) }))
		names := nameByID(networkKind, networks)
		t := &Table{Columns: []string{"Name", "Network", "Range", "Gateway", "DHCP", "Id"}}
		for _, n := range byName(subnets, func(n stackhand.Subnet) string { return n.Name }) {
			t.Rows = append(t.Rows, []string{dash(n.Name), first(names[n.NetworkID], n.NetworkID), n.CIDR, dash(n.Gateway), yes(n.DHCP), n.ID})
		}
		return t, err
	},
})
