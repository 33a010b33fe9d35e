package openstack

import (
	"fmt"
	"net/netip"
	"slices"
)

// subnet is a range of addresses of a network and which of them are taken.
type subnet struct {
	meta
	net     *netw
	cidr    netip.Prefix
	gateway netip.Addr // invalid: none
	pools   []pool
	dhcp    bool
	dns     []string
	routes  []any
	used    map[netip.Addr]bool
	last    netip.Addr // given last
}

// pool is a range of addresses, both ends included.
type pool struct{ first, last netip.Addr }

func (p pool) has(a netip.Addr) bool { return p.first.Compare(a) <= 0 && a.Compare(p.last) <= 0 }

func (p pool) String() string { return p.first.String() + "-" + p.last.String() }

var subnetKind = &kind{
	path: "subnets", plural: "subnets", singular: "subnet",
	missing: "SubnetNotFound", missingMsg: "Subnet %s could not be found.",
	attrs: readOnly(map[string]attr{
		"network_id": needed(asUUID), "ip_version": needed(asInt), "cidr": onPost(orNull(asText(64))),
		"gateway_ip": bothWays(orNull(asIP)), "enable_dhcp": bothWays(asBool), "allocation_pools": bothWays(anything),
		"dns_nameservers": bothWays(asNameservers), "host_routes": bothWays(anything), "subnetpool_id": onPost(orNull(anything)),
		"ipv6_ra_mode": onPost(anything), "ipv6_address_mode": onPost(anything), "prefixlen": onPost(asInt),
		"service_types": bothWays(anything), "use_default_subnetpool": onPost(asBool), "segment_id": onPost(anything),
		"dns_publish_fixed_ip": bothWays(asBool),
	}),
	all:    func(c *Cloud) []thing { return c.network.subnets.things() },
	find:   func(c *Cloud, id string) thing { return c.network.subnets.thing(id) },
	create: createSubnet, update: updateSubnet, remove: deleteSubnet,
	public: func(_ *call, t thing) bool { return t.(*subnet).net.shared },
}

func (s *subnet) version() int {
	if s.cidr.Addr().Is4() {
		return 4
	}
	return 6
}

func (s *subnet) json() object {
	v := s.view()
	pools := []object{}
	for _, p := range s.pools {
		pools = append(pools, object{"start": p.first.String(), "end": p.last.String()})
	}
	v["network_id"], v["cidr"], v["ip_version"], v["enable_dhcp"] = s.net.id, s.cidr.String(), s.version(), s.dhcp
	v["gateway_ip"], v["allocation_pools"] = nil, pools
	if s.gateway.IsValid() {
		v["gateway_ip"] = s.gateway.String()
	}
	v["dns_nameservers"], v["host_routes"], v["service_types"] = s.dns, s.routes, []string{}
	if s.dns == nil {
		v["dns_nameservers"] = []string{}
	}
	if s.routes == nil {
		v["host_routes"] = []any{}
	}
	v["subnetpool_id"], v["ipv6_ra_mode"], v["ipv6_address_mode"] = nil, nil, nil
	return v
}

func createSubnet(c *Cloud, q *call, in object) (thing, error) {
	t, err := networkKind.named(c, q, text(in["network_id"]))
	if err != nil {
		return nil, err
	}
	n := t.(*netw)
	if !q.tok.sees(n.project) {
		return nil, policy("rule:create_subnet")
	}
	s := &subnet{meta: c.begin(q, in), net: n, dhcp: true, used: map[netip.Addr]bool{}}
	s.rev = 0
	setBool(in, "enable_dhcp", &s.dhcp)
	if err := s.setRange(in); err != nil {
		return nil, err
	}
	for _, o := range n.subnets {
		if o.cidr.Overlaps(s.cidr) {
			return nil, badInput("Requested subnet with cidr: %s for network: %s overlaps with another subnet.", s.cidr, n.id)
		}
	}
	if err := s.setGateway(in); err != nil {
		return nil, err
	}
	if err := s.setRest(in); err != nil {
		return nil, err
	}
	n.subnets = append(n.subnets, s)
	c.network.subnets.add(s)
	return s, nil
}

func (s *subnet) setRange(in object) error {
	cidr := text(in["cidr"])
	if cidr == "" {
		return badRequest("subnets", "a subnetpool must be specified in the absence of a cidr.")
	}
	p, err := netip.ParsePrefix(cidr)
	if err != nil {
		if a, e := netip.ParseAddr(cidr); e == nil {
			p, err = a.Prefix(a.BitLen())
		}
	}
	if err != nil {
		return badInput("%s is not in a CIDR format.", cidr)
	}
	s.cidr = p.Masked()
	version, _ := in["ip_version"].(int)
	if version != 4 && version != 6 {
		return neutronErr(400, "HTTPBadRequest", "Invalid input for ip_version. Reason: '%d' is not in [4, 6].", version)
	}
	if s.version() != version {
		return badInput("cidr '%s' does not match the ip_version '%d'.", cidr, version)
	}
	if s.dhcp && p.Addr().BitLen()-p.Bits() < 2 {
		return badInput("Subnet has a prefix length that is incompatible with DHCP service enabled.")
	}
	return nil
}

// setGateway chooses gateway and pools: the first address and all the others, if nothing is said.
func (s *subnet) setGateway(in object) error {
	g, given := in["gateway_ip"]
	switch {
	case !given:
		s.gateway = s.cidr.Addr().Next()
	case g != nil:
		s.gateway = netip.MustParseAddr(text(g))
	}
	s.pools = defaultPools(s.cidr, s.gateway)
	list, given := in["allocation_pools"].([]any)
	if !given {
		return nil
	}
	return s.setPools(list)
}

func (s *subnet) setPools(list []any) error {
	var pools []pool
	for _, x := range list {
		o, _ := x.(object)
		first, err1 := netip.ParseAddr(text(o["start"]))
		last, err2 := netip.ParseAddr(text(o["end"]))
		if err1 != nil || err2 != nil || last.Less(first) || first.Is4() != s.cidr.Addr().Is4() {
			return neutronErr(400, "InvalidAllocationPool", "The allocation pool {'start': '%v', 'end': '%v'} is not valid.", o["start"], o["end"])
		}
		p := pool{first, last}
		if !s.cidr.Contains(first) || !s.cidr.Contains(last) {
			return neutronErr(400, "OutOfBoundsAllocationPool", "The allocation pool %s spans beyond the subnet cidr %s.", p, s.cidr)
		}
		for _, o := range pools {
			if o.has(first) || o.has(last) || p.has(o.first) {
				return neutronErr(409, "OverlappingAllocationPools", "Found overlapping allocation pools: %s %s for subnet %s.", o, p, s.cidr)
			}
		}
		if s.gateway.IsValid() && p.has(s.gateway) {
			return neutronErr(409, "GatewayConflictWithAllocationPools", "Gateway ip %s conflicts with allocation pool %s.", s.gateway, p)
		}
		pools = append(pools, p)
	}
	s.pools = pools
	return nil
}

func (s *subnet) setRest(in object) error {
	setBool(in, "enable_dhcp", &s.dhcp)
	if dns, given := in["dns_nameservers"].([]string); given {
		s.dns = dns
	}
	if routes, given := in["host_routes"].([]any); given {
		s.routes = routes
	}
	return nil
}

func updateSubnet(c *Cloud, _ *call, t thing, in object) error {
	s := t.(*subnet)
	if g, given := in["gateway_ip"]; given {
		to := netip.Addr{}
		if g != nil {
			to = netip.MustParseAddr(text(g))
		}
		for _, p := range c.network.ports.all {
			if p.owner == ownerInterface && p.on(s, s.gateway) && to != s.gateway {
				return neutronErr(409, "GatewayIpInUse", "Current gateway ip %s already in use by port %s. Unable to update.", s.gateway, p.id)
			}
		}
		for _, pl := range s.pools {
			if to.IsValid() && pl.has(to) {
				return neutronErr(409, "GatewayConflictWithAllocationPools", "Gateway ip %s conflicts with allocation pool %s.", to, pl)
			}
		}
		s.gateway = to
	}
	if list, given := in["allocation_pools"].([]any); given {
		if err := s.setPools(list); err != nil {
			return err
		}
	}
	return s.setRest(in)
}

func deleteSubnet(c *Cloud, _ *call, t thing) error {
	s := t.(*subnet)
	if len(s.used) > 0 {
		return neutronErr(409, "SubnetInUse", "Unable to complete operation on subnet %s: One or more ports have an IP allocation from this subnet.", s.id)
	}
	s.net.subnets = slices.DeleteFunc(s.net.subnets, func(o *subnet) bool { return o == s })
	c.network.subnets.drop(s.id)
	return nil
}

// defaultPools is the range without network address, broadcast address and gateway.
func defaultPools(cidr netip.Prefix, gateway netip.Addr) []pool {
	first, last := cidr.Addr(), lastOf(cidr)
	if cidr.Addr().BitLen()-cidr.Bits() > 1 {
		first = first.Next()
		if cidr.Addr().Is4() {
			last = last.Prev()
		}
	}
	var out []pool
	for _, p := range []pool{{first, last}} {
		if !gateway.IsValid() || !p.has(gateway) {
			out = append(out, p)
			continue
		}
		if p.first.Less(gateway) {
			out = append(out, pool{p.first, gateway.Prev()})
		}
		if gateway.Less(p.last) {
			out = append(out, pool{gateway.Next(), p.last})
		}
	}
	return out
}

func lastOf(p netip.Prefix) netip.Addr {
	b := p.Addr().AsSlice()
	for bit := p.Bits(); bit < len(b)*8; bit++ {
		b[bit/8] |= 1 << (7 - bit%8)
	}
	a, valid := netip.AddrFromSlice(b)
	if !valid {
		panic(fmt.Sprintf("no address of %d bytes", len(b)))
	}
	return a
}

// pick takes a free address, going on behind the one given last so that an address which
// somebody just lost is not handed to the next one at once. It answers false when all are taken.
func (s *subnet) pick() (netip.Addr, bool) {
	for _, wrapped := range []bool{false, true} {
		for _, p := range s.pools {
			a := p.first
			if !wrapped && s.last.IsValid() {
				if p.last.Compare(s.last) <= 0 {
					continue
				}
				if a.Compare(s.last) <= 0 {
					a = s.last.Next()
				}
			}
			for ; p.has(a); a = a.Next() {
				if !s.used[a] {
					s.used[a], s.last = true, a
					return a, true
				}
			}
		}
		if !s.last.IsValid() {
			break
		}
	}
	return netip.Addr{}, false
}

// taken tells whether an address of the network is in use.
func (n *netw) taken(address string) bool {
	a, err := netip.ParseAddr(address)
	if err != nil {
		return false
	}
	for _, s := range n.subnets {
		if s.used[a] {
			return true
		}
	}
	return false
}
