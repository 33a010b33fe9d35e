package openstack

import (
	"net/netip"
	"testing"

	"pgregory.net/rapid"
)

func TestNeutronQuotas(t *testing.T) {
	w := newWorld(t)
	p, admin := w.as("alice", "team-a"), w.as("admin", "admin")
	p.lay()
	path := neutron + "/quotas/" + p.project
	p.do("GET", path, nil).want(200, `"network":100`)
	p.do("GET", path+"/details.json", nil).want(200, `"router":{"limit":10,"reserved":0,"used":1}`)
	p.do("GET", path+"/default", nil).want(200)
	p.do("PUT", path, object{"quota": object{"network": 1}}).want(403, "rule:update_quota is disallowed by policy")
	p.do("DELETE", path, nil).want(403)
	w.as("bob", "team-b").do("GET", path, nil).want(403)
	w.as("bob", "team-b").do("GET", path+"/details.json", nil).want(403)
	admin.do("PUT", path, object{"quota": object{"wishes": 1}}).want(400)
	admin.do("PUT", path, object{"quota": object{"network": "x"}}).want(400)
	admin.do("PUT", path, object{"quota": object{"network": 1, "security_group": 1, "port": 2}}).want(200, `"network":1`)
	p.do("POST", neutron+"/networks", object{"network": object{"name": "over"}}).want(409, "Quota exceeded for resources: ['network'].")
	p.do("POST", neutron+"/security-groups", object{"security_group": object{"name": "over"}}).want(409, "['security_group']")
	net := p.do("GET", neutron+"/networks?name=net", nil).str("networks.0.id")
	p.order("x", object{"networks": []object{{"uuid": net}}}).want(403, "too many ports")
	admin.do("DELETE", path, nil).want(204)
	p.do("POST", neutron+"/networks", object{"network": object{"name": "fits"}}).want(201)
	for _, x := range []string{"/extensions", "/extensions/router", "/agents", "/availability_zones", "/networks.json"} {
		p.do("GET", neutron+x, nil).want(200)
	}
	admin.do("GET", neutron+"/agents", nil).want(200, "L3 agent")
	p.do("GET", neutron+"/extensions/nix", nil).want(404)
}

func TestNeutronEdits(t *testing.T) {
	w := newWorld(t)
	p := w.as("alice", "team-a")
	s := p.lay()
	put := func(path string, in object) reply { return p.do("PUT", neutron+path, in) }
	put("/networks/"+s.net, object{"network": object{"name": "new", "admin_state_up": false, "mtu": 1400}}).want(200, `"new"`, `"admin_state_up":false`, "1400")
	put("/subnets/"+s.subnet, object{"subnet": object{"dns_nameservers": []string{"9.9.9.9"}, "enable_dhcp": false, "host_routes": []any{}}}).want(200, "9.9.9.9")
	put("/subnets/"+s.subnet, object{"subnet": object{"allocation_pools": []object{{"start": "10.0.0.50", "end": "10.0.0.51"}}}}).want(200, "10.0.0.51")
	put("/ports/"+s.port, object{"port": object{"fixed_ips": []object{{"ip_address": "10.0.0.9"}}, "name": "n", "device_id": "d", "device_owner": "o",
		"allowed_address_pairs": []any{}, "extra_dhcp_opts": []any{}, "admin_state_up": false}}).want(200, "10.0.0.9", `"admin_state_up":false`)
	put("/ports/"+s.port, object{"port": object{"fixed_ips": []object{{"ip_address": "10.0.0.1"}}}}).want(409, "IpAddressAlreadyAllocated")
	p.do("GET", neutron+"/ports/"+s.port, nil).want(200, "10.0.0.9")
	mk := func() reply { return p.do("POST", neutron+"/ports", object{"port": object{"network_id": s.net}}) }
	first := mk().want(201)
	mk().want(201)
	mk().want(409, "No more IP addresses available on network "+s.net)
	iface := p.do("GET", neutron+"/ports?device_owner=network:router_interface", nil).str("ports.0.id")
	p.do("DELETE", neutron+"/ports/"+iface, nil).want(409, "cannot be deleted directly via the port API: has device owner network:router_interface.")

	// A second router gets in by a port of its own, and out by it.
	r := p.do("POST", neutron+"/routers", object{"router": object{"name": "second"}}).want(201).str("router.id")
	p.do("PUT", neutron+"/routers/"+r+"/add_router_interface", object{"subnet_id": s.subnet}).want(409, "10.0.0.1 already allocated")
	p.do("PUT", neutron+"/routers/"+r+"/remove_router_interface", object{"subnet_id": s.subnet}).want(404, "RouterInterfaceNotFoundForSubnet")
	id := first.str("port.id")
	p.do("PUT", neutron+"/routers/"+r+"/add_router_interface", object{"port_id": s.port}).want(409, "Port already has an attached device")
	p.do("PUT", neutron+"/routers/"+r+"/add_router_interface", object{"port_id": id}).want(200, id)
	p.do("PUT", neutron+"/routers/"+r+"/remove_router_interface", object{"port_id": id}).want(200)
	p.do("GET", neutron+"/ports/"+id, nil).want(404)

	// Subnets that overlap cannot meet in one router; one without gateway cannot join.
	other := p.do("POST", neutron+"/networks", object{"networks": []object{{"name": "o1"}, {"name": "o2"}}}).want(201).str("networks.0.id")
	same := p.do("POST", neutron+"/subnets", object{"subnet": object{"network_id": other, "ip_version": 4, "cidr": "10.0.0.0/16"}}).want(201).str("subnet.id")
	p.do("PUT", neutron+"/routers/"+s.router+"/add_router_interface", object{"subnet_id": same}).want(400, "overlaps with cidr")
	bare := p.do("POST", neutron+"/subnets", object{"subnet": object{"network_id": other, "ip_version": 4, "cidr": "10.8.0.0/16", "gateway_ip": nil}}).want(201, `"gateway_ip":null`).str("subnet.id")
	p.do("PUT", neutron+"/routers/"+s.router+"/add_router_interface", object{"subnet_id": bare}).want(400, "must have a gateway IP")
	six := p.do("POST", neutron+"/subnets", object{"subnet": object{"network_id": other, "ip_version": 6, "cidr": "2001:db8::/64"}}).want(201, `"gateway_ip":"2001:db8::1"`)
	p.do("POST", neutron+"/ports", object{"port": object{"network_id": other}}).want(201, "2001:db8::2", six.str("subnet.id"))
}

// TestAddresses takes and gives back addresses at random: none is ever given twice, none from
// outside the pools, and all of them can be had.
func TestAddresses(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		bits := rapid.IntRange(24, 30).Draw(t, "bits")
		cidr := netip.PrefixFrom(netip.MustParseAddr("10.3.0.0"), bits)
		s := &subnet{cidr: cidr, gateway: cidr.Addr().Next(), used: map[netip.Addr]bool{}}
		s.pools = defaultPools(cidr, s.gateway)
		room, held := 1<<(32-bits)-3, []netip.Addr{}
		for range rapid.IntRange(1, 400).Draw(t, "steps") {
			if len(held) > 0 && rapid.IntRange(0, 3).Draw(t, "give back") == 0 {
				i := rapid.IntRange(0, len(held)-1).Draw(t, "which")
				delete(s.used, held[i])
				held = append(held[:i], held[i+1:]...)
				continue
			}
			before := len(s.used)
			a, free := s.pick()
			if free != (before < room) {
				t.Fatalf("%d of %d taken, and free is %t", before, room, free)
			}
			if !free {
				continue
			}
			if len(s.used) != before+1 || a == s.gateway || a == cidr.Addr() || a == lastOf(cidr) || !cidr.Contains(a) {
				t.Fatalf("gave %v of %v", a, cidr)
			}
			held = append(held, a)
		}
	})
}
