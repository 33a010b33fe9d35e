package cloudtest

import (
	"reflect"
	"slices"

	"github.com/stackhand/stackhand"
)

func networks(s *suite) {
	n := s.network(s.mark)
	found, err := s.c.NetworksNamed(s.ctx(), s.mark)
	s.ok(err)
	if len(found) != 1 || found[0].ID != n.ID || found[0].Description != "made by a test" || found[0].ProjectID != s.c.Identity().ProjectID {
		s.Errorf("found %+v, made %+v", found, n)
	}
	s.network(s.mark) // the same name twice is fine with Neutron
	if found, err = s.c.NetworksNamed(s.ctx(), s.mark); len(found) != 2 {
		s.Errorf("found %d networks of one name: %v", len(found), err)
	}
	got, err := s.c.Network(s.ctx(), n.ID)
	s.ok(err)
	if got.Name != n.Name || got.Status != "ACTIVE" || got.External || got.Shared {
		s.Errorf("network %+v", got)
	}
	if ext, err := s.c.Network(s.ctx(), s.external().ID); err != nil || !ext.External {
		s.Errorf("external network %+v: %v", ext, err)
	}
	sub := s.subnet(n.ID, "10.250.1.0/24")
	if sub.CIDR != "10.250.1.0/24" || sub.Gateway != "10.250.1.1" || sub.NetworkID != n.ID {
		s.Errorf("subnet %+v", sub)
	}
	all, err := s.c.Subnets(s.ctx(), "")
	s.ok(err)
	only, err := s.c.Subnets(s.ctx(), n.ID)
	s.ok(err)
	if len(only) != 1 || !reflect.DeepEqual(only[0], sub) || !slices.ContainsFunc(all, func(o stackhand.Subnet) bool { return reflect.DeepEqual(o, sub) }) {
		s.Errorf("subnets %+v and %+v have not just %+v", all, only, sub)
	}
	for what, spec := range map[string]stackhand.SubnetSpec{
		"overlap":          {NetworkID: n.ID, CIDR: "10.250.1.128/25"},
		"no CIDR":          {NetworkID: n.ID, CIDR: "10.250.1.300/24"},
		"bits of a host":   {NetworkID: n.ID, CIDR: "rubbish"},
		"bad DNS server":   {NetworkID: n.ID, CIDR: "10.250.2.0/24", DNS: []string{"nonsense"}},
		"an empty network": {NetworkID: "", CIDR: "10.250.2.0/24"},
	} {
		_, err := s.c.CreateSubnet(s.ctx(), spec)
		s.Log(what)
		s.refused(err, stackhand.Invalid)
	}
	_, err = s.c.CreateSubnet(s.ctx(), stackhand.SubnetSpec{NetworkID: "3a1f9a52-0000-4000-8000-1f0e5b6f2f10", CIDR: "10.250.2.0/24"})
	s.refused(err, stackhand.NotFound)
}

func oddNames(s *suite) {
	for _, tail := range []string{" with space", ".*", "ü-ß-数据", `"quoted'`, "a&b=c?d#e", "100%25", "<b>", "back\\slash", "+plus"} {
		name := s.mark + tail
		n := s.network(name)
		found, err := s.c.NetworksNamed(s.ctx(), name)
		s.ok(err)
		if len(found) != 1 || found[0].ID != n.ID || found[0].Name != name {
			s.Errorf("%q is not found by its name: %+v", name, found)
		}
	}
	if found, err := s.c.NetworksNamed(s.ctx(), s.mark); err != nil || len(found) != 0 {
		s.Errorf("a prefix found %+v: %v", found, err)
	}
}

func securityGroups(s *suite) {
	g := s.group()
	if g.Name != s.mark || g.ID == "" {
		s.Errorf("group %+v", g)
	}
	ssh := stackhand.Rule{Direction: "ingress", Protocol: "tcp", PortMin: 22, PortMax: 22, EtherType: "IPv4", RemoteIP: "0.0.0.0/0"}
	s.ok(s.c.CreateRule(s.ctx(), g.ID, ssh))
	s.refused(s.c.CreateRule(s.ctx(), g.ID, ssh), stackhand.Conflict)
	s.ok(s.c.CreateRule(s.ctx(), g.ID, stackhand.Rule{Direction: "ingress", Protocol: "icmp"}))
	among := stackhand.Rule{Direction: "ingress", Protocol: "udp", EtherType: "IPv4", RemoteGroup: g.ID}
	s.ok(s.c.CreateRule(s.ctx(), g.ID, among))
	for what, r := range map[string]stackhand.Rule{
		"port range":  {Direction: "ingress", Protocol: "tcp", PortMin: 80, PortMax: 22},
		"high port":   {Direction: "ingress", Protocol: "tcp", PortMin: 22, PortMax: 70000},
		"protocol":    {Direction: "ingress", Protocol: "rubbish"},
		"direction":   {Direction: "sideways", Protocol: "tcp"},
		"address":     {Direction: "ingress", RemoteIP: "10.0.0.300/8"},
		"no protocol": {Direction: "ingress", PortMin: 22, PortMax: 22},
	} {
		s.Log(what)
		s.refused(s.c.CreateRule(s.ctx(), g.ID, r), stackhand.Invalid)
	}
	all, err := s.c.SecurityGroups(s.ctx())
	s.ok(err)
	var got []stackhand.Rule
	standard := ""
	for _, one := range all {
		if one.ID == g.ID {
			got = one.Rules
		}
		if one.Name == "default" {
			standard = one.ID
		}
		if one.ProjectID != s.c.Identity().ProjectID {
			s.Errorf("group of another project: %+v", one)
		}
	}
	for _, want := range []stackhand.Rule{ssh, among} {
		if !slices.ContainsFunc(got, func(r stackhand.Rule) bool { r.ID = ""; return r == want }) || len(got) != 5 {
			s.Errorf("rules %+v: not two for egress, icmp, and %+v", got, want)
		}
	}
	s.refused(s.c.DeleteSecurityGroup(s.ctx(), standard), stackhand.Conflict)
}

func ports(s *suite) {
	n, g := s.network(s.mark), s.group()
	s.subnet(n.ID, "10.250.3.0/28")
	p := s.port(n.ID, g.ID)
	if len(p.IPs) != 1 || p.IPs[0].IP == "" || !slices.Equal(p.Groups, []string{g.ID}) || p.DeviceID != "" || p.Description != s.mark {
		s.Errorf("port %+v", p)
	}
	fixed, err := s.c.CreatePort(s.ctx(), stackhand.PortSpec{Name: s.mark + "-fixed", NetworkID: n.ID, FixedIP: "10.250.3.9"})
	s.ok(err)
	if len(fixed.IPs) != 1 || fixed.IPs[0].IP != "10.250.3.9" || len(fixed.Groups) != 1 {
		s.Errorf("port %+v", fixed)
	}
	_, err = s.c.CreatePort(s.ctx(), stackhand.PortSpec{NetworkID: n.ID, FixedIP: "10.250.3.9"})
	s.refused(err, stackhand.Conflict)
	_, err = s.c.CreatePort(s.ctx(), stackhand.PortSpec{NetworkID: n.ID, FixedIP: "192.0.2.1"})
	s.refused(err, stackhand.Invalid)
	_, err = s.c.CreatePort(s.ctx(), stackhand.PortSpec{NetworkID: n.ID, Groups: []string{"3a1f9a52-0000-4000-8000-1f0e5b6f2f10"}})
	s.refused(err, stackhand.NotFound)
	for what, f := range map[string]stackhand.PortFilter{
		"network": {NetworkID: n.ID}, "name": {Name: s.mark}, "none": {},
	} {
		all, err := s.c.Ports(s.ctx(), f)
		s.ok(err)
		if !slices.ContainsFunc(all, func(q stackhand.Port) bool { return q.ID == p.ID }) {
			s.Errorf("filter by %s does not find the port", what)
		}
		named := slices.ContainsFunc(all, func(q stackhand.Port) bool { return q.ID == fixed.ID })
		if named != (what != "name") {
			s.Errorf("filter by %s and the other port: %v", what, named)
		}
	}
	s.ok(s.c.DeletePort(s.ctx(), fixed.ID))
	for range 12 { // a /28 has 13 addresses beside the gateway's
		s.port(n.ID)
	}
	_, err = s.c.CreatePort(s.ctx(), stackhand.PortSpec{NetworkID: n.ID})
	s.refused(err, stackhand.Quota) // no address left
}

func floatingIPs(s *suite) {
	n := s.network(s.mark)
	sub := s.subnet(n.ID, "10.250.4.0/24")
	p := s.port(n.ID)
	f := s.floatingIP()
	if f.IP == "" || f.PortID != "" || f.Description != s.mark || f.NetworkID != s.external().ID {
		s.Errorf("floating IP %+v", f)
	}
	s.refused(s.c.AttachFloatingIP(s.ctx(), f.ID, p.ID), stackhand.NotFound) // no router yet
	r := s.router(sub.ID)
	s.ok(s.c.AttachFloatingIP(s.ctx(), f.ID, p.ID))
	got, err := s.c.FloatingIP(s.ctx(), f.ID)
	s.ok(err)
	if got.PortID != p.ID || got.FixedIP != p.IPs[0].IP || got.IP != f.IP {
		s.Errorf("attached floating IP %+v", got)
	}
	s.ok(s.c.AttachFloatingIP(s.ctx(), f.ID, p.ID)) // again is fine
	second := s.floatingIP()
	s.refused(s.c.AttachFloatingIP(s.ctx(), second.ID, p.ID), stackhand.Conflict)
	s.refused(s.c.RemoveRouterInterface(s.ctx(), r.ID, sub.ID), stackhand.Conflict)
	s.ok(s.c.AttachFloatingIP(s.ctx(), f.ID, ""))
	if got, err = s.c.FloatingIP(s.ctx(), f.ID); err != nil || got.PortID != "" {
		s.Errorf("detached floating IP %+v: %v", got, err)
	}
	s.ok(s.c.AttachFloatingIP(s.ctx(), f.ID, p.ID))
	s.ok(s.c.DeletePort(s.ctx(), p.ID)) // takes the association along
	all, err := s.c.FloatingIPs(s.ctx())
	s.ok(err)
	if !slices.ContainsFunc(all, func(v stackhand.FloatingIP) bool { return v.ID == f.ID && v.PortID == "" }) {
		s.Errorf("after its port went, the floating IPs are %+v", all)
	}
	_, err = s.c.CreateFloatingIP(s.ctx(), n.ID, s.mark)
	s.refused(err, stackhand.Invalid) // not an external network
	_, err = s.c.CreateFloatingIP(s.ctx(), "3a1f9a52-0000-4000-8000-1f0e5b6f2f10", s.mark)
	s.refused(err, stackhand.NotFound)
}

func removalOrder(s *suite) {
	n, g := s.network(s.mark), s.group()
	sub := s.subnet(n.ID, "10.250.5.0/24")
	r := s.router(sub.ID)
	if r.External != s.external().ID {
		s.Errorf("router %+v", r)
	}
	all, err := s.c.Routers(s.ctx())
	s.ok(err)
	if !slices.Contains(all, r) {
		s.Errorf("routers %+v have no %+v", all, r)
	}
	s.refused(s.c.AddRouterInterface(s.ctx(), r.ID, sub.ID), stackhand.Conflict)
	p := s.port(n.ID, g.ID)
	f := s.floatingIP()
	s.ok(s.c.AttachFloatingIP(s.ctx(), f.ID, p.ID))
	inUse := func() {
		s.Helper()
		s.refused(s.c.DeleteNetwork(s.ctx(), n.ID), stackhand.Conflict)
		s.refused(s.c.DeleteSubnet(s.ctx(), sub.ID), stackhand.Conflict)
		s.refused(s.c.DeleteRouter(s.ctx(), r.ID), stackhand.Conflict)
	}
	inUse()
	s.refused(s.c.DeleteSecurityGroup(s.ctx(), g.ID), stackhand.Conflict)
	routerPorts, err := s.c.Ports(s.ctx(), stackhand.PortFilter{DeviceID: r.ID})
	s.ok(err)
	i := slices.IndexFunc(routerPorts, func(q stackhand.Port) bool { return q.NetworkID == n.ID })
	if i < 0 {
		s.Fatalf("the router's ports are %+v", routerPorts)
	}
	s.refused(s.c.DeletePort(s.ctx(), routerPorts[i].ID), stackhand.Conflict) // only through the router
	s.ok(s.c.DeleteFloatingIP(s.ctx(), f.ID))
	s.ok(s.c.DeletePort(s.ctx(), p.ID))
	s.ok(s.c.DeleteSecurityGroup(s.ctx(), g.ID))
	inUse()
	s.ok(s.c.RemoveRouterInterface(s.ctx(), r.ID, sub.ID))
	s.refused(s.c.RemoveRouterInterface(s.ctx(), r.ID, sub.ID), stackhand.NotFound)
	s.ok(s.c.DeleteRouter(s.ctx(), r.ID))
	s.ok(s.c.DeleteSubnet(s.ctx(), sub.ID))
	s.ok(s.c.DeleteNetwork(s.ctx(), n.ID))
	s.refused(s.c.DeleteNetwork(s.ctx(), n.ID), stackhand.NotFound)
}
