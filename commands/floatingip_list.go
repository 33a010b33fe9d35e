package commands

import (
	"context"

	"github.com/stackhand/stackhand"
)

var _ = addList(listing[catalogueArgs]{
	name: "floating ip list", noun: "floating IP", help: "the floating IPs of your project, and what they lead to", example: "floating ip list",
	none: "floating ip create",
	table: func(ctx context.Context, s *session, _ catalogueArgs) (*Table, error) {
		var ips []stackhand.FloatingIP
		var servers []stackhand.Server
		err := gather(ctx, into(&ips, s.FloatingIPs), into(&servers, s.Servers))
		at := map[string]string{}
		for _, sv := range servers {
			at[sv.ID] = sv.Name
			for _, ad := range sv.Addresses {
				at[ad.IP] = sv.Name
			}
		}
		t := &Table{Columns: []string{"Address", "Status", "Server", "Leads to", "Id"}}
		for _, ip := range byName(ips, func(f stackhand.FloatingIP) string { return f.IP }) {
			t.Rows = append(t.Rows, []string{ip.IP, ip.Status, dash(first(at[ip.IP], at[ip.ServerID], at[ip.FixedIP])), dash(ip.FixedIP), ip.ID})
		}
		return t, err
	},
})
