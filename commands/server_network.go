package commands

import (
	"context"
	"net/netip"
	"slices"

	"github.com/stackhand/stackhand"
)

type networkAtArgs struct {
	Server  string `arg:"server" help:"name or id; in a server's thread it can be left out"`
	Network string `arg:"network" help:"name or id; without it you choose"`
	inCloud
	Line Line
}

func (a networkAtArgs) parts() parts { return parts{a.Server, a.Network, a.Cloud, a.Line} }

func (a networkAtArgs) with(server, network string) networkAtArgs {
	a.Server, a.Network = server, network
	return a
}

type addNetworkArgs struct {
	FixedIP string `opt:"fixed-ip,fixed-ip-address" value:"ADDRESS" help:"its address there"`
	networkAtArgs
}

func (a addNetworkArgs) with(server, network string) addNetworkArgs {
	a.networkAtArgs = a.networkAtArgs.with(server, network)
	return a
}

var pluggable = []string{"ACTIVE", "SHUTOFF", "PAUSED"}

var _ = addPairing(pairing[addNetworkArgs]{
	change: change{verb: stackhand.ActAddNetwork, do: "add a network to", from: pluggable, unlocked: true},
	help:   "put a server on another network as well", example: "add network web-1 backend", title: "Add the network %s to %s", resolve: addNetwork,
})

var _ = addPairing(pairing[networkAtArgs]{
	change: change{verb: stackhand.ActRemoveNetwork, do: "remove a network from", from: pluggable, unlocked: true},
	help:   "take a server off a network", example: "remove network web-1 backend", title: "Remove the network %s from %s", resolve: removeNetwork,
})

func addNetwork(ctx context.Context, s *session, t target, a addNetworkArgs, spec *stackhand.ActSpec) (stackhand.Text, error) {
	if err := s.needNeutron(ctx, "networks to add"); err != nil {
		return nil, err
	}
	if a.FixedIP != "" {
		if _, err := netip.ParseAddr(a.FixedIP); err != nil {
			return nil, find(spec.Verb).misuse("--fixed-ip %s is no address.", quote(clip(a.FixedIP, 40)))
		}
	}
	all, err := s.Networks(ctx)
	if err != nil {
		return nil, err
	}
	on := networksOf(t.server)
	other := func(n stackhand.Network) bool {
		return (!n.External || n.Shared) && len(n.Subnets) > 0 && !slices.Contains(on, n.Name)
	}
	n, err := suiting("network", a.Network, all, networkThing, other,
		stackhand.Errorf(stackhand.NotFound, "There is no other network to put %s on.", t.name()).Do("Make one with `network create NAME`."))
	switch {
	case err != nil:
		return nil, err
	case slices.Contains(on, n.Name) && a.FixedIP == "":
		return stackhand.Textf("%s is on the network %s already: there is nothing to do.", t.name(), n.Name), nil
	case n.External && !n.Shared && !slices.Contains(s.who.Roles, "admin"):
		return nil, stackhand.Errorf(stackhand.Forbidden, "%s is an external network: servers cannot be put on it directly.", n.Name).
			Do("`add floating ip %s` gives it an address there.", quote(t.name()))
	case len(n.Subnets) == 0:
		return nil, stackhand.Errorf(stackhand.Conflict, "The network %s has no subnet, so a server would get no address there.", n.Name).
			Do("Make one with `subnet create NAME --network %s --subnet-range 10.1.0.0/24`.", quote(n.Name))
	}
	spec.TargetID, spec.Target, spec.FixedIP = n.ID, n.Name, a.FixedIP
	return nil, nil
}

func removeNetwork(ctx context.Context, s *session, t target, a networkAtArgs, spec *stackhand.ActSpec) (stackhand.Text, error) {
	if err := s.needNeutron(ctx, "networks to remove"); err != nil {
		return nil, err
	}
	all, err := s.Networks(ctx)
	if err != nil {
		return nil, err
	}
	on := networksOf(t.server)
	here := func(n stackhand.Network) bool { return slices.Contains(on, n.Name) }
	n, err := suiting("network", a.Network, all, networkThing, here, stackhand.Errorf(stackhand.NotFound, "%s is on no network.", t.name()))
	if err != nil {
		return nil, err
	}
	if t.server.ID != "" && !here(n) {
		return nil, stackhand.Errorf(stackhand.Conflict, "%s is not on the network %s.", t.name(), n.Name).Do("`addresses %s` tells where it is.", quote(t.name()))
	}
	spec.TargetID, spec.Target = n.ID, n.Name
	return nil, nil
}
