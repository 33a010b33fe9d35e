package commands

import (
	"context"
	"strings"

	"github.com/stackhand/stackhand"
)

type networkListArgs struct {
	External bool `help:"only those that lead outside"`
	catalogueArgs
}

var _ = addList(listing[networkListArgs]{
	name: "network list", noun: "network", help: "the networks that you can use", example: "network list", none: "network create NAME",
	table: func(ctx context.Context, s *session, a networkListArgs) (*Table, error) {
		var networks []stackhand.Network
		var subnets []stackhand.Subnet
		err := gather(ctx, into(&networks, s.Networks), into(&subnets, func(ctx context.Context) ([]stackhand.Subnet, error) { return s.Subnets(ctx, "") }))
		cidrs := map[string][]string{}
		for _, sn := range subnets {
			cidrs[sn.NetworkID] = append(cidrs[sn.NetworkID], sn.CIDR)
		}
		t := &Table{Columns: []string{"Name", "Status", "Kind", "Subnets", "Id"}}
		for _, n := range byName(networks, func(n stackhand.Network) string { return n.Name }) {
			if n.External || !a.External {
				t.Rows = append(t.Rows, []string{n.Name, n.Status, networkThing(n).note, dash(strings.Join(cidrs[n.ID], " ")), n.ID})
			}
		}
		return t, err
	},
})
