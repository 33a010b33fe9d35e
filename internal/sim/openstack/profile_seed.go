package openstack

import "net/netip"

// IdentityVersion is the newest version of Keystone's API that the cloud has, as it stands in paths: "v3" or "v2.0".
func (c *Cloud) IdentityVersion() string { return c.era.identity[0] }

// seedNova makes the network that Nova itself runs for all projects, and the way from it to the outside. Clients see nothing of the
// way: floating IPs just work.
func (c *Cloud) seedNova() {
	if !c.era.seeded {
		return
	}
	now, owner := c.opt.Now().UTC(), "" // nobody's: a count of what projects have leaves it out
	n := &netw{meta: c.newMeta("private", owner, now), shared: true, mtu: 1500}
	n.id = seedID("network", n.name)
	cidr := netip.MustParsePrefix("10.0.0.0/16")
	s := &subnet{
		meta: c.newMeta("private", owner, now), net: n, cidr: cidr, dhcp: true,
		gateway: netip.MustParseAddr("10.0.0.1"), used: map[netip.Addr]bool{},
	}
	s.id = seedID("subnet", s.name)
	s.pools = defaultPools(cidr, s.gateway)
	n.subnets = append(n.subnets, s)
	c.network.networks.add(n)
	c.network.subnets.add(s)

	r := &router{meta: c.newMeta("nova-network", owner, now)}
	r.id = seedID("router", r.name)
	for _, external := range c.network.networks.all {
		if external.external {
			r.gw = c.newPort(external, c.newMeta("", "", now))
			r.gw.device, r.gw.owner = r.id, ownerGateway
			c.network.ports.add(r.gw)
		}
	}
	c.network.routers.add(r)
	inside := c.newPort(n, c.newMeta("", owner, now))
	inside.device, inside.owner = r.id, ownerInterface
	inside.ips = []fixedIP{{s, s.gateway}}
	s.used[s.gateway] = true
	c.network.ports.add(inside)
}
