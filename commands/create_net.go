package commands

import (
	"context"
	"fmt"
	"net/netip"
	"slices"
	"strings"

	"github.com/stackhand/stackhand"
)

func networkThing(n stackhand.Network) thing {
	note := "of the project"
	switch {
	case n.External:
		note = "external"
	case n.Shared:
		note = "shared"
	}
	return thing{n.ID, n.Name, note}
}

// net finds the network. auto and new are told in words: the job settles them.
func (p *plan) net(ctx context.Context, a createArgs) error {
	switch a.Network {
	case "new":
		if p.spec.Classic {
			return stackhand.Errorf(stackhand.NotFound, "This cloud has no network service (Neutron), so no network can be made.").
				Do("Leave --network out: the cloud puts the server on its own network.")
		}
		p.spec.Network, p.network, p.fresh = "new", "a new one of its own", true
		return nil
	case "auto":
		p.spec.Network = "auto"
		if p.spec.Classic {
			p.network = "the cloud's own"
			return nil
		}
		if n, ok := p.routed(); ok {
			p.network = n.Name + " (the project's routed network)"
			return nil
		}
		p.network, p.fresh = "a new one with a router, shared by the project's servers from now on", true
		return nil
	}
	n, err := pick("network", a.Network, p.seen.networks, networkThing, false)
	if err != nil {
		return ask(err, func(id string) string { a.Network = id; return format("create", a) })
	}
	p.spec.Network, p.spec.NetworkNm, p.network = n.ID, n.Name, n.Name
	if len(n.Subnets) == 0 && !p.spec.Classic {
		return stackhand.Errorf(stackhand.Conflict, "The network %s has no subnet, so a server would get no address there.", n.Name).
			Do("Choose another network (`network list`), or --network auto.")
	}
	if n.External && !n.Shared && n.ProjectID != p.spec.ProjectID && !slices.Contains(p.session.who.Roles, "admin") {
		return stackhand.Errorf(stackhand.Forbidden, "%s is an external network: servers cannot be put on it directly.", n.Name).
			Do("Leave --network out: the server gets a network of the project, and a floating IP of %s.", n.Name)
	}
	if n.External && a.FloatingIP != nil && *a.FloatingIP {
		return find("create").misuse("A server on the external network %s needs no floating IP.", n.Name)
	}
	return p.fixed(ctx, a, n)
}

// fixed checks that an address asked for is of the network.
func (p *plan) fixed(ctx context.Context, a createArgs, n stackhand.Network) error {
	if a.FixedIP == "" || p.spec.Classic {
		return nil
	}
	ip, err := netip.ParseAddr(a.FixedIP)
	if err != nil {
		return fmt.Errorf("fixed ip: %w", err)
	}
	subnets, err := p.session.Subnets(ctx, n.ID)
	if err != nil {
		return err
	}
	var cidrs []string
	for _, sn := range subnets {
		cidrs = append(cidrs, sn.CIDR)
		if block, err := netip.ParsePrefix(sn.CIDR); err == nil && block.Contains(ip) {
			return nil
		}
	}
	return stackhand.Errorf(stackhand.Invalid, "%s is not in the network %s.", a.FixedIP, n.Name).Do("It has %s.", strings.Join(cidrs, ", "))
}

// routed finds a network of the project that a router serves.
func (p *plan) routed() (stackhand.Network, bool) {
	served := map[string]bool{}
	for _, port := range p.seen.ports {
		if strings.HasPrefix(port.DeviceOwner, "network:") && strings.Contains(port.DeviceOwner, "router") && !strings.HasSuffix(port.DeviceOwner, "gateway") {
			served[port.NetworkID] = true
		}
	}
	for _, n := range p.seen.networks {
		if n.ProjectID == p.spec.ProjectID && !n.External && served[n.ID] {
			return n, true
		}
	}
	return stackhand.Network{}, false
}

// outside finds the external network and settles whether there is to be a floating IP.
func (p *plan) outside(_ context.Context, a createArgs) error {
	var external []stackhand.Network
	for _, n := range p.seen.networks {
		if n.ID == p.spec.Network && n.External {
			return nil
		}
		if n.External {
			external = append(external, n)
		}
	}
	word := a.ExternalNetwork
	if word == "" {
		word = p.session.settings.ExternalNetwork
	}
	wanted := a.FloatingIP == nil || *a.FloatingIP
	var ext stackhand.Network
	var err error
	switch {
	case word != "":
		ext, err = pick("external network", word, external, networkThing, false)
	case len(external) == 1:
		ext = external[0]
	case len(external) > 1 && wanted:
		_, err = only("external network", "", external, networkThing, external)
	case a.FloatingIP != nil && wanted:
		return stackhand.Errorf(stackhand.NotFound, "This cloud has no external network, so there are no floating IPs.").Do("Leave --floating-ip out.")
	}
	if err != nil {
		return ask(err, func(id string) string { a.ExternalNetwork = id; return format("create", a) })
	}
	p.spec.External = ext.ID
	p.spec.Floating = wanted && ext.ID != ""
	return nil
}

// reach settles security groups and open ports: SSH by default where there is a floating IP.
func (p *plan) reach(_ context.Context, a createArgs) error {
	of := func(g stackhand.SecurityGroup) thing { return thing{g.ID, g.Name, g.Description} }
	for i, word := range a.SecurityGroup {
		g, err := pick("security group", word, p.seen.groups, of, false)
		if err != nil {
			return ask(err, func(id string) string {
				a.SecurityGroup = slices.Clone(a.SecurityGroup)
				a.SecurityGroup[i] = id
				return format("create", a)
			})
		}
		key := g.ID
		if p.spec.Classic {
			key = g.Name // Nova knows them by name
		}
		if !slices.Contains(p.spec.Groups, key) {
			p.spec.Groups = append(p.spec.Groups, key)
		}
	}
	p.spec.Open = a.Open
	if len(a.Open) == 0 && len(a.SecurityGroup) == 0 && p.spec.Floating {
		p.spec.Open = []int{22}
	}
	if a.WaitFor != "ssh" {
		return nil
	}
	switch {
	case !p.spec.Floating:
		return find("create").misuse("--wait-for ssh needs a floating IP to reach the server at.")
	case len(a.SecurityGroup) == 0 && !slices.Contains(p.spec.Open, 22):
		return find("create").misuse("--wait-for ssh needs port 22 open: say --open 22 as well.")
	}
	p.spec.WaitSSH = true
	return nil
}
