package openstack

import (
	"strings"
)

// netw is a network.
type netw struct {
	meta
	external, shared, down bool
	mtu                    int
	subnets                []*subnet
}

var networkKind = &kind{
	path: "networks", plural: "networks", singular: "network",
	missing: "NetworkNotFound", missingMsg: "Network %s could not be found.", hidden: "provider:",
	attrs: readOnly(map[string]attr{
		"admin_state_up": bothWays(asBool), "shared": adminOnly(asBool), "router:external": adminOnly(asBool),
		"port_security_enabled": bothWays(asBool), "mtu": bothWays(asInt), "is_default": adminOnly(asBool),
		"availability_zone_hints": onPost(anything), "dns_domain": bothWays(asText(255)),
		"provider:network_type": adminOnly(anything), "provider:physical_network": adminOnly(anything),
		"provider:segmentation_id": adminOnly(anything), "qos_policy_id": bothWays(orNull(asUUID)),
	}, "subnets", "availability_zones", "ipv4_address_scope", "ipv6_address_scope"),
	all:    func(c *Cloud) []thing { return c.network.networks.things() },
	find:   func(c *Cloud, id string) thing { return c.network.networks.thing(id) },
	create: createNetwork, update: updateNetwork, remove: deleteNetwork,
	public: func(_ *call, t thing) bool { return t.(*netw).external || t.(*netw).shared },
}

func (n *netw) json() object {
	v := n.view()
	subnets := []string{}
	for _, s := range n.subnets {
		subnets = append(subnets, s.id)
	}
	v["subnets"], v["status"], v["admin_state_up"], v["mtu"] = subnets, "ACTIVE", !n.down, n.mtu
	v["shared"], v["router:external"] = n.shared, n.external
	v["port_security_enabled"] = true
	v["availability_zones"], v["availability_zone_hints"] = []string{}, []string{}
	v["ipv4_address_scope"], v["ipv6_address_scope"] = nil, nil
	v["provider:network_type"], v["provider:physical_network"], v["provider:segmentation_id"] = "vxlan", nil, 1
	if n.external {
		v["is_default"] = false
		v["provider:network_type"], v["provider:physical_network"], v["provider:segmentation_id"] = "flat", "physnet1", nil
	}
	return v
}

func createNetwork(c *Cloud, q *call, in object) (thing, error) {
	n := &netw{meta: c.begin(q, in), mtu: 1450}
	c.defaultGroup(n.project, q.now)
	if err := updateNetwork(c, q, n, in); err != nil {
		return nil, err
	}
	c.network.networks.add(n)
	return n, nil
}

func updateNetwork(_ *Cloud, _ *call, t thing, in object) error {
	n := t.(*netw)
	if up, given := in["admin_state_up"].(bool); given {
		n.down = !up
	}
	if mtu, given := in["mtu"].(int); given {
		if mtu < 68 || mtu > 65536 {
			return badInput("MTU %d is out of range", mtu)
		}
		n.mtu = mtu
	}
	setBool(in, "shared", &n.shared)
	setBool(in, "router:external", &n.external)
	return nil
}

func deleteNetwork(c *Cloud, _ *call, t thing) error {
	n := t.(*netw)
	var used []string
	for _, p := range c.network.ports.all {
		if p.net == n {
			used = append(used, p.id)
		}
	}
	if len(used) > 0 {
		return neutronErr(409, "NetworkInUse", "Unable to complete operation on network %s. There are one or more ports still in use on the network, id for these ports is: %s.", n.id, strings.Join(used, ","))
	}
	for _, s := range n.subnets {
		c.network.subnets.drop(s.id)
	}
	c.network.networks.drop(n.id)
	return nil
}
