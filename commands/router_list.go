package commands

import (
	"context"

	"github.com/stackhand/stackhand"
)

var _ = addList(listing[catalogueArgs]{
	name: "router list", noun: "router", help: "the routers of your project, and where they lead", example: "router list",
	none: "router create NAME --external-gateway NETWORK",
	table: func(ctx context.Context, s *session, _ catalogueArgs) (*Table, error) {
		if err := s.needNeutron(ctx, "routers"); err != nil {
			return nil, err
		}
		var networks []stackhand.Network
		var routers []stackhand.Router
		err := gather(ctx, into(&networks, s.Networks), into(&routers, s.Routers))
		names := nameByID(networkKind, networks)
		t := &Table{Columns: []string{"Name", "Status", "Leads to", "Id"}}
		for _, r := range byName(routers, func(r stackhand.Router) string { return r.Name }) {
			t.Rows = append(t.Rows, []string{r.Name, dash(r.Status), dash(first(names[r.External], r.External)), r.ID})
		}
		return t, err
	},
})
