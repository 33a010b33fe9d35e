package commands

import (
	"context"

	"github.com/stackhand/stackhand"
)

type routerCreateArgs struct {
	newArgs
	ExternalGateway string `help:"the external network that it leads to"`
}

const routerCreate = "router create"

var _ = addMake(making[routerCreateArgs]{
	name: routerCreate, help: "make a router; subnets are added to it afterwards",
	examples: []string{"router create edge --external-gateway public", "router create inside"},
	fill: func(ctx context.Context, s *session, a routerCreateArgs) (stackhand.MakeSpec, error) {
		m := stackhand.MakeSpec{Kind: stackhand.KindRouter, Name: a.Name, Description: a.Description}
		if err := checkLabel(routerCreate, a.Name); err != nil {
			return m, err
		}
		if err := s.needNeutron(ctx, "routers to make"); err != nil || a.ExternalGateway == "" {
			return m, err
		}
		n, err := networkKind.choose(ctx, s, a.ExternalGateway, func(id string) string { a.ExternalGateway = id; return format(routerCreate, a) })
		if err != nil {
			return m, err
		}
		if !n.External {
			return m, stackhand.Errorf(stackhand.Invalid, "%s is no external network, so it cannot be a router's gateway.", n.Name).
				Do("`network list --external` shows which ones are. To connect %s, use `router add subnet`.", n.Name)
		}
		m.External = n.ID
		return m, nil
	},
})
