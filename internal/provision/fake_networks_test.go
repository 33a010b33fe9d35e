package provision_test

import (
	"context"
	"fmt"
	"slices"

	"github.com/stackhand/stackhand"
)

func (s session) NetworksNamed(ctx context.Context, name string) ([]stackhand.Network, error) {
	return do(ctx, s, "NetworksNamed", func() ([]stackhand.Network, error) {
		return values(s.networks, func(n stackhand.Network) bool { return n.Name == name }), nil
	})
}

func (s session) Network(ctx context.Context, id string) (stackhand.Network, error) {
	return do(ctx, s, "Network", func() (stackhand.Network, error) { return one(s.networks, "Network", id) })
}

func (s session) CreateNetwork(ctx context.Context, name, description string) (stackhand.Network, error) {
	return do(ctx, s, "CreateNetwork", func() (stackhand.Network, error) {
		n := stackhand.Network{ID: s.id("net"), Name: name, Description: description}
		s.networks[n.ID] = n
		return n, nil
	})
}

func (s session) DeleteNetwork(ctx context.Context, id string) error {
	return s.call(ctx, "DeleteNetwork", func() error {
		if _, err := one(s.networks, "Network", id); err != nil {
			return err
		}
		for _, p := range s.ports {
			if p.NetworkID == id && p.DeviceOwner != "network:dhcp" {
				return inUse("There are one or more ports still in use on the network %s.", id)
			}
		}
		for _, p := range s.ports {
			if p.NetworkID == id {
				delete(s.ports, p.ID)
			}
		}
		for _, sub := range s.subnets {
			if sub.NetworkID == id {
				delete(s.subnets, sub.ID)
			}
		}
		delete(s.networks, id)
		return nil
	})
}

func (s session) Subnets(ctx context.Context, network string) ([]stackhand.Subnet, error) {
	return do(ctx, s, "Subnets", func() ([]stackhand.Subnet, error) {
		return values(s.subnets, func(v stackhand.Subnet) bool { return network == "" || v.NetworkID == network }), nil
	})
}

func (s session) CreateSubnet(ctx context.Context, spec stackhand.SubnetSpec) (stackhand.Subnet, error) {
	return do(ctx, s, "CreateSubnet", func() (stackhand.Subnet, error) {
		if _, err := one(s.networks, "Network", spec.NetworkID); err != nil {
			return stackhand.Subnet{}, err
		}
		v := stackhand.Subnet{ID: s.id("subnet"), Name: spec.Name, Description: spec.Description, NetworkID: spec.NetworkID, CIDR: spec.CIDR}
		s.subnets[v.ID] = v
		dhcp := stackhand.Port{ID: s.id("port"), NetworkID: spec.NetworkID, DeviceOwner: "network:dhcp", DeviceID: "dhcp"}
		s.ports[dhcp.ID] = dhcp
		return v, nil
	})
}

func (s session) DeleteSubnet(ctx context.Context, id string) error {
	return s.call(ctx, "DeleteSubnet", func() error {
		if _, err := one(s.subnets, "Subnet", id); err != nil {
			return err
		}
		for _, p := range s.ports {
			if slices.ContainsFunc(p.IPs, func(ip stackhand.FixedIP) bool { return ip.SubnetID == id }) {
				return inUse("One or more ports have an IP allocation from subnet %s.", id)
			}
		}
		delete(s.subnets, id)
		return nil
	})
}

func (s session) Routers(ctx context.Context) ([]stackhand.Router, error) {
	return do(ctx, s, "Routers", func() ([]stackhand.Router, error) {
		return values(s.routers, func(stackhand.Router) bool { return true }), nil
	})
}

func (s session) CreateRouter(ctx context.Context, name, description, externalID string) (stackhand.Router, error) {
	return do(ctx, s, "CreateRouter", func() (stackhand.Router, error) {
		r := stackhand.Router{ID: s.id("router"), Name: name, Description: description, External: externalID}
		s.routers[r.ID] = r
		return r, nil
	})
}

// interfaces lists the ports that connect a router with subnets.
func (s session) interfaces(router, subnet string) []stackhand.Port {
	return values(s.ports, func(p stackhand.Port) bool {
		return p.DeviceOwner == "network:router_interface" && (router == "" || p.DeviceID == router) && (subnet == "" || p.IPs[0].SubnetID == subnet)
	})
}

func (s session) DeleteRouter(ctx context.Context, id string) error {
	return s.call(ctx, "DeleteRouter", func() error {
		if _, err := one(s.routers, "Router", id); err != nil {
			return err
		}
		if len(s.interfaces(id, "")) > 0 {
			return inUse("Router %s still has ports.", id)
		}
		delete(s.routers, id)
		return nil
	})
}

func (s session) AddRouterInterface(ctx context.Context, router, subnet string) error {
	return s.call(ctx, "AddRouterInterface", func() error {
		if _, err := one(s.routers, "Router", router); err != nil {
			return err
		}
		sub, err := one(s.subnets, "Subnet", subnet)
		if err != nil {
			return err
		}
		if len(s.interfaces(router, subnet)) > 0 {
			return inUse("Router already has a port on subnet %s.", subnet)
		}
		p := stackhand.Port{
			ID: s.id("port"), NetworkID: sub.NetworkID, DeviceID: router, DeviceOwner: "network:router_interface",
			IPs: []stackhand.FixedIP{{SubnetID: subnet, IP: "10.0.0.1"}},
		}
		s.ports[p.ID] = p
		return nil
	})
}

func (s session) RemoveRouterInterface(ctx context.Context, router, subnet string) error {
	return s.call(ctx, "RemoveRouterInterface", func() error {
		ps := s.interfaces(router, subnet)
		if len(ps) == 0 {
			return missing("Interface", subnet)
		}
		for _, f := range s.fips {
			if p, ok := s.ports[f.PortID]; ok && p.IPs[0].SubnetID == subnet {
				return inUse("Router interface for subnet %s cannot be deleted, as it is required by one or more floating IPs.", subnet)
			}
		}
		delete(s.ports, ps[0].ID)
		return nil
	})
}

func (s session) Ports(ctx context.Context, f stackhand.PortFilter) ([]stackhand.Port, error) {
	return do(ctx, s, "Ports", func() ([]stackhand.Port, error) {
		return values(s.ports, func(p stackhand.Port) bool {
			return (f.DeviceID == "" || p.DeviceID == f.DeviceID) && (f.NetworkID == "" || p.NetworkID == f.NetworkID) && (f.Name == "" || p.Name == f.Name)
		}), nil
	})
}

func (s session) CreatePort(ctx context.Context, spec stackhand.PortSpec) (stackhand.Port, error) {
	return do(ctx, s, "CreatePort", func() (stackhand.Port, error) {
		subs := values(s.subnets, func(v stackhand.Subnet) bool { return v.NetworkID == spec.NetworkID })
		if len(subs) == 0 {
			return stackhand.Port{}, stackhand.Errorf(stackhand.Invalid, "The network has no subnet.")
		}
		p := stackhand.Port{ID: s.id("port"), Name: spec.Name, Description: spec.Description, NetworkID: spec.NetworkID, Groups: spec.Groups}
		p.IPs = []stackhand.FixedIP{{SubnetID: subs[0].ID, IP: fmt.Sprintf("10.0.%d.%d", s.ids/250, s.ids%250)}}
		s.ports[p.ID] = p
		return p, nil
	})
}

func (s session) DeletePort(ctx context.Context, id string) error {
	return s.call(ctx, "DeletePort", func() error {
		_, err := one(s.ports, "Port", id)
		delete(s.ports, id)
		for k, f := range s.fips {
			if f.PortID == id {
				f.PortID = ""
				s.fips[k] = f
			}
		}
		return err
	})
}

func (s session) SecurityGroups(ctx context.Context) ([]stackhand.SecurityGroup, error) {
	return do(ctx, s, "SecurityGroups", func() ([]stackhand.SecurityGroup, error) {
		return values(s.groups, func(stackhand.SecurityGroup) bool { return true }), nil
	})
}

func (s session) CreateSecurityGroup(ctx context.Context, name, description string) (stackhand.SecurityGroup, error) {
	return do(ctx, s, "CreateSecurityGroup", func() (stackhand.SecurityGroup, error) {
		g := stackhand.SecurityGroup{ID: s.id("group"), Name: name, Description: description}
		s.groups[g.ID] = g
		return g, nil
	})
}

func (s session) DeleteSecurityGroup(ctx context.Context, id string) error {
	return s.call(ctx, "DeleteSecurityGroup", func() error {
		if _, err := one(s.groups, "Security group", id); err != nil {
			return err
		}
		for _, p := range s.ports {
			if slices.Contains(p.Groups, id) {
				return inUse("Security Group %s in use.", id)
			}
		}
		delete(s.groups, id)
		return nil
	})
}

func (s session) CreateRule(ctx context.Context, group string, rule stackhand.Rule) error {
	return s.call(ctx, "CreateRule", func() error {
		g, err := one(s.groups, "Security group", group)
		if err != nil {
			return err
		}
		if slices.ContainsFunc(g.Rules, func(r stackhand.Rule) bool { r.ID = ""; return r == rule }) {
			return inUse("Security group rule already exists.")
		}
		rule.ID = s.id("rule")
		g.Rules = append(slices.Clone(g.Rules), rule)
		s.groups[group] = g
		return nil
	})
}

func (s session) DeleteRule(ctx context.Context, id string) error {
	return s.call(ctx, "DeleteRule", func() error {
		for k, g := range s.groups {
			if at := slices.IndexFunc(g.Rules, func(r stackhand.Rule) bool { return r.ID == id }); at >= 0 {
				g.Rules = slices.Delete(slices.Clone(g.Rules), at, at+1)
				s.groups[k] = g
				return nil
			}
		}
		return missing("Security group rule", id)
	})
}

func (s session) FloatingIPs(ctx context.Context) ([]stackhand.FloatingIP, error) {
	return do(ctx, s, "FloatingIPs", func() ([]stackhand.FloatingIP, error) {
		return values(s.fips, func(stackhand.FloatingIP) bool { return true }), nil
	})
}

func (s session) FloatingIP(ctx context.Context, id string) (stackhand.FloatingIP, error) {
	return do(ctx, s, "FloatingIP", func() (stackhand.FloatingIP, error) { return one(s.fips, "Floating IP", id) })
}

func (s session) CreateFloatingIP(ctx context.Context, externalID, description string) (stackhand.FloatingIP, error) {
	return do(ctx, s, "CreateFloatingIP", func() (stackhand.FloatingIP, error) {
		f := stackhand.FloatingIP{ID: s.id("fip"), Description: description, NetworkID: externalID}
		if !s.features.Tags {
			f.Description = ""
		}
		f.IP = fmt.Sprintf("203.0.113.%d", s.ids%250)
		s.fips[f.ID] = f
		return f, nil
	})
}

func (s session) AttachFloatingIP(ctx context.Context, id, portID string) error {
	return s.call(ctx, "AttachFloatingIP", func() error {
		f, err := one(s.fips, "Floating IP", id)
		if err != nil {
			return err
		}
		if portID == "" {
			f.PortID, f.FixedIP = "", ""
			s.fips[id] = f
			return nil
		}
		p, err := one(s.ports, "Port", portID)
		if err != nil {
			return err
		}
		routed := slices.ContainsFunc(s.interfaces("", p.IPs[0].SubnetID), func(i stackhand.Port) bool {
			return s.routers[i.DeviceID].External == f.NetworkID
		})
		if !routed {
			return missing("External network reachable from subnet", p.IPs[0].SubnetID)
		}
		f.PortID, f.FixedIP = portID, p.IPs[0].IP
		s.fips[id] = f
		return nil
	})
}

func (s session) DeleteFloatingIP(ctx context.Context, id string) error {
	return s.call(ctx, "DeleteFloatingIP", func() error {
		_, err := one(s.fips, "Floating IP", id)
		delete(s.fips, id)
		return err
	})
}
