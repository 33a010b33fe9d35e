package commands

import (
	"context"
	"strings"

	"github.com/stackhand/stackhand"
)

var _ = addShow(showing[stackhand.Port]{
	kind: portKind, name: "port show", help: "a port: its addresses, security groups, and what it is of", example: "port show web-1-port",
	fields: func(ctx context.Context, s *session, port stackhand.Port, p *page) error {
		var networks []stackhand.Network
		var groups []stackhand.SecurityGroup
		if err := gather(ctx, into(&networks, s.Networks), into(&groups, s.SecurityGroups)); err != nil {
			return err
		}
		of, err := s.portHolder(ctx, port)
		names := nameByID(groupKind, groups)
		var in []string
		for _, id := range port.Groups {
			in = append(in, first(names[id], id))
		}
		p.status = port.Status
		p.add("Network", first(nameByID(networkKind, networks)[port.NetworkID], port.NetworkID))
		p.add("Addresses", portAddresses(port))
		p.add("MAC", port.MAC)
		p.add("Of", of)
		p.add("Security groups", strings.Join(in, ", "))
		p.madeBy(ctx, s, port.Description)
		return err
	},
})
