package openstack

import (
	"net/netip"
	"slices"
	"time"
)

// floatIP is a floating IP: an address of an external network that leads to a port.
type floatIP struct {
	meta
	net    *netw
	own    *port // holds the address on the external network
	addr   netip.Addr
	target *port // nil: serves nobody
	fixed  netip.Addr
	router *router
	active bool
}

var floatingKind = &kind{
	path: "floatingips", plural: "floatingips", singular: "floatingip",
	missing: "FloatingIPNotFound", missingMsg: "Floating IP %s could not be found",
	attrs: readOnly(map[string]attr{
		"floating_network_id": needed(asUUID), "port_id": bothWays(orNull(asUUID)), "fixed_ip_address": bothWays(orNull(asIP)),
		"floating_ip_address": onPost(asIP), "subnet_id": onPost(orNull(asUUID)), "name": {}, "qos_policy_id": bothWays(orNull(asUUID)),
		"dns_name": onPost(asText(255)), "dns_domain": onPost(asText(255)),
	}, "router_id", "port_details"),
	all:    func(c *Cloud) []thing { return c.network.floating.things() },
	find:   func(c *Cloud, id string) thing { return c.network.floating.thing(id) },
	create: createFloating, update: updateFloating,
	remove: func(c *Cloud, _ *call, t thing) error {
		f := t.(*floatIP)
		f.detach()
		c.dropPort(f.own)
		c.network.floating.drop(f.id)
		return nil
	},
}

func (f *floatIP) json() object {
	v := f.view()
	delete(v, "name")
	v["floating_ip_address"], v["floating_network_id"], v["status"] = f.addr.String(), f.net.id, "DOWN"
	v["port_id"], v["fixed_ip_address"], v["router_id"], v["port_details"] = nil, nil, nil, nil
	if f.active {
		v["status"] = "ACTIVE"
	}
	if p := f.target; p != nil {
		v["port_id"], v["fixed_ip_address"], v["router_id"] = p.id, f.fixed.String(), f.router.id
		v["port_details"] = object{"name": p.name, "network_id": p.net.id, "mac_address": p.mac, "admin_state_up": !p.down,
			"status": p.status(), "device_id": p.device, "device_owner": p.owner}
	}
	return v
}

func createFloating(c *Cloud, q *call, in object) (thing, error) {
	t, err := networkKind.named(c, q, text(in["floating_network_id"]))
	if err != nil {
		return nil, err
	}
	n := t.(*netw)
	if !n.external {
		return nil, badRequest("floatingip", "Network %s is not a valid external network.", n.id)
	}
	f := &floatIP{meta: c.begin(q, in), net: n}
	f.rev = 0
	want := object{}
	if a := text(in["floating_ip_address"]); a != "" {
		if !q.tok.admin() {
			return nil, policy("(rule:create_floatingip and rule:create_floatingip:floating_ip_address)")
		}
		want["ip_address"] = a
	}
	if s := text(in["subnet_id"]); s != "" {
		want["subnet_id"] = s
	}
	p := c.newPort(n, c.newMeta("", "", q.now))
	p.device, p.owner = f.id, ownerFloating
	var list any
	if len(want) > 0 {
		list = []any{want}
	}
	if err := p.allocate(list); err != nil {
		return nil, err
	}
	if len(p.ips) == 0 {
		return nil, neutronErr(400, "ExternalIpAddressExhausted", "Unable to find any IP address on external network %s.", n.id)
	}
	f.own, f.addr = p, p.ips[0].addr
	if err := c.associate(q, f, in); err != nil {
		p.release()
		return nil, err
	}
	c.network.ports.add(p)
	c.network.floating.add(f)
	return f, nil
}

func updateFloating(c *Cloud, q *call, t thing, in object) error {
	f := t.(*floatIP)
	if _, given := in["port_id"]; !given {
		if text(in["fixed_ip_address"]) != "" {
			return badRequest("floatingip", "fixed_ip_address cannot be specified without a port_id")
		}
		return nil
	}
	if in["port_id"] == nil {
		f.detach()
		return nil
	}
	return c.associate(q, f, in)
}

// associate leads the floating IP to a port, if a router of the port's subnet reaches its network.
func (c *Cloud) associate(q *call, f *floatIP, in object) error {
	id := text(in["port_id"])
	if id == "" {
		return nil
	}
	t, err := portKind.named(c, q, id)
	if err != nil {
		return err
	}
	p := t.(*port)
	to, err := p.behind(in["fixed_ip_address"])
	if err != nil {
		return err
	}
	if f.target == p && f.fixed == to.addr {
		return nil
	}
	for _, o := range p.floating {
		if o.fixed == to.addr && o.net == f.net {
			return neutronErr(409, "FloatingIPPortAlreadyAssociated", "Cannot associate floating IP %s (%s) with port %s using fixed IP %s, as that fixed IP already has a floating IP on external network %s.", f.addr, f.id, p.id, to.addr, f.net.id)
		}
	}
	r := c.routerBetween(to.subnet, f.net)
	if r == nil {
		return neutronErr(404, "ExternalGatewayForFloatingIPNotFound", "External network %s is not reachable from subnet %s.  Therefore, cannot associate Port %s with a Floating IP.", f.net.id, to.subnet.id, p.id)
	}
	f.detach()
	f.target, f.fixed, f.router = p, to.addr, r
	p.floating = append(p.floating, f)
	c.at(q.now.Add(c.opt.Build/4), func(at time.Time) {
		if f.target == p {
			f.active = true
			f.touch(at)
		}
	})
	return nil
}

// behind is the port's address that a floating IP leads to.
func (p *port) behind(want any) (fixedIP, error) {
	var v4 []fixedIP
	for _, f := range p.ips {
		if f.addr.Is4() && (want == nil || f.addr.String() == text(want)) {
			v4 = append(v4, f)
		}
	}
	switch {
	case len(v4) == 0 && want != nil:
		return fixedIP{}, badRequest("floatingip", "Port %s does not have fixed ip %s", p.id, text(want))
	case len(v4) == 0:
		return fixedIP{}, badRequest("floatingip", "Cannot add floating IP to port %s that has no fixed IPv4 addresses", p.id)
	case len(v4) > 1:
		return fixedIP{}, badRequest("floatingip", "Port %s has multiple fixed IPv4 addresses.  Must provide a specific IPv4 address when assigning a floating IP", p.id)
	}
	return v4[0], nil
}

func (c *Cloud) routerBetween(s *subnet, ext *netw) *router {
	for _, p := range c.network.ports.all {
		if p.owner != ownerInterface || !p.touches(s) {
			continue
		}
		if r := c.network.routers.byID[p.device]; r != nil && r.gw != nil && r.gw.net == ext {
			return r
		}
	}
	return nil
}

func (f *floatIP) detach() {
	if f.target != nil {
		f.target.floating = slices.DeleteFunc(f.target.floating, func(o *floatIP) bool { return o == f })
	}
	f.target, f.router, f.fixed, f.active = nil, nil, netip.Addr{}, false
}
