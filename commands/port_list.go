package commands

import (
	"context"
	"slices"

	"github.com/stackhand/stackhand"
)

type portListArgs struct {
	Network string `help:"only those on this network"`
	Server  string `help:"only those of this server"`
	Router  string `help:"only those of this router"`
	catalogueArgs
}

var _ = addList(listing[portListArgs]{
	name: "port list", noun: "port", help: "what is plugged into your networks", example: "port list --server web-1", none: "port create NAME --network N",
	table: func(ctx context.Context, s *session, a portListArgs) (*Table, error) {
		if err := s.needNeutron(ctx, "ports"); err != nil {
			return nil, err
		}
		only, err := a.only(ctx, s)
		if err != nil {
			return nil, err
		}
		var ports []stackhand.Port
		var networks []stackhand.Network
		var servers []stackhand.Server
		var routers []stackhand.Router
		err = gather(ctx, into(&ports, func(ctx context.Context) ([]stackhand.Port, error) { return s.Ports(ctx, only) }),
			into(&networks, s.Networks), into(&servers, s.Servers), into(&routers, s.Routers))
		nets, at := nameByID(networkKind, networks), nameByID(serverKind, servers)
		for id, name := range nameByID(routerKind, routers) {
			at[id] = "router " + name
		}
		t := &Table{Columns: []string{"Name", "Status", "Addresses", "Network", "Of", "Id"}}
		for _, p := range byName(ports, func(p stackhand.Port) string { return p.Name }) {
			t.Rows = append(t.Rows, []string{dash(p.Name), p.Status, dash(portAddresses(p)), first(nets[p.NetworkID], p.NetworkID), dash(first(at[p.DeviceID], p.DeviceOwner)), p.ID})
		}
		return t, err
	},
})

// only finds the network and the server or router that the line names.
func (a portListArgs) only(ctx context.Context, s *session) (stackhand.PortFilter, error) {
	var f stackhand.PortFilter
	again := func(word *string) func(string) string {
		return func(id string) string { *word = id; return format("port list", a) }
	}
	if a.Server != "" && a.Router != "" {
		return f, find("port list").misuse("A port is of a server or of a router, not of both.")
	}
	if a.Network != "" {
		n, err := networkKind.choose(ctx, s, a.Network, again(&a.Network))
		if err != nil {
			return f, err
		}
		f.NetworkID = n.ID
	}
	switch {
	case a.Server != "":
		v, err := serverKind.choose(ctx, s, a.Server, again(&a.Server))
		f.DeviceID = v.ID
		return f, err
	case a.Router != "":
		r, err := routerKind.choose(ctx, s, a.Router, again(&a.Router))
		f.DeviceID = r.ID
		return f, err
	}
	return f, nil
}

// portHolder is the server or router that a port is of, in words; "" while it is free.
func (s *session) portHolder(ctx context.Context, p stackhand.Port) (string, error) {
	if p.DeviceID == "" {
		return "", nil
	}
	servers, err := s.Servers(ctx)
	if i := slices.IndexFunc(servers, func(v stackhand.Server) bool { return v.ID == p.DeviceID }); i >= 0 {
		return "server " + servers[i].Name, err
	}
	if isRouterPort(p) {
		routers, err := s.Routers(ctx)
		return "router " + first(nameByID(routerKind, routers)[p.DeviceID], p.DeviceID), err
	}
	return first(p.DeviceOwner, p.DeviceID), err
}
