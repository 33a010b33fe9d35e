package openstack

import (
	"strings"
	"testing"
)

// refused is a call and what a Neutron says of it.
type refused struct {
	call   string
	body   any
	status int
	words  string
}

func (p *person) refusedBy(api string, tc refused) {
	p.Helper()
	method, path, _ := strings.Cut(tc.call, " ")
	p.do(method, api+path, tc.body).want(tc.status, tc.words, "NeutronError")
}

// TestNeutronRefuses holds the refusals against those that a real Neutron gave to the same bodies.
func TestNeutronRefuses(t *testing.T) {
	w := newWorld(t)
	p := w.as("alice", "team-a")
	s := p.lay()
	bob := w.as("bob", "team-b")
	theirs := bob.lay()
	sub := func(more object) object {
		in := object{"network_id": s.net, "ip_version": 4, "cidr": "10.77.0.0/24"}
		for k, v := range more {
			in[k] = v
			if v == nil {
				delete(in, k)
			}
		}
		return object{"subnet": in}
	}
	pools := func(start, end string) object {
		return sub(object{"allocation_pools": []object{{"start": start, "end": end}}})
	}
	for _, tc := range []refused{
		{"POST /networks", object{"network": object{"name": 5}}, 400, "Invalid input for name. Reason: '5' is not a valid string."},
		{"POST /networks", object{"network": object{"name": strings.Repeat("x", 300)}}, 400, "exceeds maximum length of 255."},
		{"POST /networks", object{"network": object{"foo": 5}}, 400, "Unrecognized attribute(s) 'foo'"},
		{"POST /networks", object{"network": object{"id": "x"}}, 400, "Attribute 'id' not allowed in POST"},
		{"POST /networks", object{"network": object{"admin_state_up": "maybe"}}, 400, "Invalid input for operation: 'maybe' cannot be converted to boolean."},
		{"POST /networks", object{"network": object{"shared": true}}, 403, "(rule:create_network and rule:create_network:shared) is disallowed by policy"},
		{"POST /networks", object{"network": object{"router:external": true}}, 403, "PolicyNotAuthorized"},
		{"POST /networks", object{"network": object{"tenant_id": bob.project}}, 403, "PolicyNotAuthorized"},
		{"POST /networks", object{"network": object{"mtu": 5}}, 400, "MTU"},
		{"POST /networks", object{}, 400, "Unable to find 'network' in request body"},
		{"POST /networks", "{x", 400, "Body contains invalid data"},
		{"POST /networks", object{"networks": []object{{"name": "a"}, {"name": 5}}}, 400, "not a valid string"},
		{"PUT /networks/" + s.net, object{"network": object{"status": "DOWN"}}, 400, "Cannot update read-only attribute status"},
		{"PUT /networks/" + s.net, object{}, 400, "Unable to find"},
		{"PUT /networks/" + s.net, "{x", 400, "invalid data"},
		{"PUT /networks/" + s.public, object{"network": object{"name": "x"}}, 403, "rule:update_network is disallowed by policy"},
		{"DELETE /networks/" + s.public, nil, 403, "rule:delete_network"},
		{"DELETE /networks/" + theirs.net, nil, 404, "NetworkNotFound"},
		{"GET /routers/" + theirs.router, nil, 404, "could not be found"},
		{"GET /security-groups/" + nobody, nil, 404, "Security group " + nobody + " does not exist"},
		{"POST /subnets", sub(object{"cidr": "10.0.0.128/25"}), 400, "overlaps with another subnet."},
		{"POST /subnets", sub(object{"cidr": "junk"}), 400, "junk is not in a CIDR format."},
		{"POST /subnets", sub(object{"cidr": nil}), 400, "a subnetpool must be specified in the absence of a cidr."},
		{"POST /subnets", sub(object{"ip_version": 6}), 400, "does not match the ip_version '6'."},
		{"POST /subnets", sub(object{"ip_version": 5}), 400, "[4, 6]"},
		{"POST /subnets", sub(object{"ip_version": nil}), 400, "Required attribute 'ip_version' not specified"},
		{"POST /subnets", sub(object{"network_id": nobody}), 404, "NetworkNotFound"},
		{"POST /subnets", sub(object{"network_id": "nix"}), 400, "'nix' is not a valid UUID."},
		{"POST /subnets", sub(object{"network_id": s.public}), 403, "PolicyNotAuthorized"},
		{"POST /subnets", sub(object{"cidr": "10.85.0.0/32"}), 400, "incompatible with DHCP service enabled"},
		{"POST /subnets", sub(object{"dns_nameservers": []string{"junk"}}), 400, "'junk' is not a valid nameserver."},
		{"POST /subnets", sub(object{"gateway_ip": "junk"}), 400, "'junk' is not a valid IP address."},
		{"POST /subnets", pools("10.77.0.200", "10.77.0.100"), 400, "The allocation pool {'start': '10.77.0.200', 'end': '10.77.0.100'} is not valid."},
		{"POST /subnets", pools("10.83.0.2", "10.83.0.100"), 400, "spans beyond the subnet cidr"},
		{"POST /subnets", pools("10.77.0.1", "10.77.0.100"), 409, "Gateway ip 10.77.0.1 conflicts with allocation pool"},
		{"DELETE /subnets/" + s.subnet, nil, 409, "SubnetInUse"},
		{"PUT /subnets/" + s.subnet, object{"subnet": object{"gateway_ip": "10.0.0.254"}}, 409, "already in use by port"},
	} {
		p.refusedBy(neutron, tc)
	}
	if n := w.cloud.Count("networks", "team-a"); n != 1 {
		t.Errorf("%d networks: something refused was made", n)
	}
}

// TestPortsAndRoutersRefuse goes on with what lies on networks.
func TestPortsAndRoutersRefuse(t *testing.T) {
	w := newWorld(t)
	p := w.as("alice", "team-a")
	s := p.lay()
	port := p.do("GET", neutron+"/ports/"+s.port, nil).str("port.fixed_ips.0.ip_address")
	on := func(more object) object {
		in := object{"network_id": s.net}
		for k, v := range more {
			in[k] = v
		}
		return object{"port": in}
	}
	before := w.cloud.Count("ports")
	for _, tc := range []refused{
		{"POST /ports", on(object{"fixed_ips": []object{{"ip_address": port}}}), 409, "IpAddressAlreadyAllocated"},
		{"POST /ports", on(object{"fixed_ips": []object{{"ip_address": "10.1.1.1"}}}), 400, "InvalidIpForNetwork"},
		{"POST /ports", on(object{"fixed_ips": []object{{"ip_address": "junk"}}}), 400, "'junk' is not a valid IP address."},
		{"POST /ports", on(object{"fixed_ips": []object{{"subnet_id": nobody}}}), 400, "invalid subnet"},
		{"POST /ports", on(object{"fixed_ips": "x"}), 400, "Invalid data format"},
		{"POST /ports", on(object{"security_groups": []string{nobody}}), 404, "SecurityGroupNotFound"},
		{"POST /ports", on(object{"security_groups": []string{"x"}}), 400, "UUID"},
		{"POST /ports", on(object{"mac_address": "zz"}), 400, "'zz' is not a valid MAC address."},
		{"POST /ports", object{"port": object{"network_id": s.public}}, 403, "not allowed to create port on this network"},
		{"POST /ports", object{"port": object{}}, 400, "Required attribute 'network_id' not specified"},
		{"POST /routers", object{"router": object{"external_gateway_info": object{"network_id": s.net}}}, 400, "is not an external network."},
		{"POST /routers", object{"router": object{"external_gateway_info": object{"network_id": "nix"}}}, 400, "UUID"},
		{"POST /routers", object{"router": object{"external_gateway_info": object{"network_id": nobody}}}, 404, "NetworkNotFound"},
		{"PUT /routers/" + s.router + "/add_router_interface", object{"subnet_id": s.subnet}, 400, "Router already has a port on subnet"},
		{"PUT /routers/" + s.router + "/add_router_interface", object{}, 400, "Either subnet_id or port_id must be specified."},
		{"PUT /routers/" + s.router + "/add_router_interface", object{"subnet_id": nobody}, 404, "SubnetNotFound"},
		{"PUT /routers/" + s.router + "/add_router_interface", object{"subnet_id": s.subnet, "port_id": s.port}, 400, "Cannot specify both"},
		{"PUT /routers/" + s.router + "/add_router_interface", object{"port_id": nobody}, 404, "PortNotFound"},
		{"PUT /routers/" + s.router + "/remove_router_interface", object{"port_id": nobody}, 404, "RouterInterfaceNotFound"},
		{"POST /floatingips", object{"floatingip": object{"floating_network_id": s.net}}, 400, "is not a valid external network."},
		{"POST /floatingips", object{"floatingip": object{}}, 400, "'floating_network_id' not specified"},
		{"POST /floatingips", object{"floatingip": object{"floating_network_id": s.public, "floating_ip_address": "203.0.113.9"}}, 403, "floating_ip_address"},
		{"POST /floatingips", object{"floatingip": object{"floating_network_id": s.public, "port_id": nobody}}, 404, "PortNotFound"},
		{"POST /security-groups", object{"security_group": object{"name": "default"}}, 409, "Default security group already exists."},
	} {
		p.refusedBy(neutron, tc)
	}
	if n := w.cloud.Count("ports"); n != before {
		t.Errorf("%d ports, want %d: something refused was made", n, before)
	}
}

func TestSecurityGroupRules(t *testing.T) {
	w := newWorld(t)
	p := w.as("alice", "team-a")
	g := p.do("POST", neutron+"/security-groups", object{"security_group": object{"name": "web"}}).want(201, "egress").str("security_group.id")
	rule := func(more object) reply {
		in := object{"security_group_id": g, "direction": "ingress"}
		for k, v := range more {
			in[k] = v
		}
		return p.do("POST", neutron+"/security-group-rules", object{"security_group_rule": in})
	}
	ssh := object{"protocol": "tcp", "port_range_min": 22, "port_range_max": 22}
	id := rule(ssh).want(201).str("security_group_rule.id")
	for _, tc := range []struct {
		in     object
		status int
		words  string
	}{
		{ssh, 409, "Security group rule already exists. Rule id is " + id},
		{object{"protocol": "TCP", "port_range_min": "22", "port_range_max": 22, "remote_ip_prefix": "0.0.0.0/0"}, 409, id},
		{object{"protocol": "tcp", "port_range_min": 30, "port_range_max": 22}, 400, "port_range_min must be"},
		{object{"protocol": "tcp", "port_range_min": 22}, 400, "SecurityGroupInvalidPortRange"},
		{object{"protocol": "tcp", "port_range_min": 70000, "port_range_max": 70001}, 400, "Invalid value for port 70000"},
		{object{"port_range_min": 30, "port_range_max": 40}, 400, "Must also specify protocol"},
		{object{"protocol": "foo"}, 400, "Security group rule protocol foo not supported."},
		{object{"protocol": "gre", "port_range_min": 1, "port_range_max": 2}, 400, "Invalid protocol gre"},
		{object{"protocol": "icmp", "port_range_max": 8}, 400, "ICMP type"},
		{object{"protocol": "icmp", "port_range_min": 300}, 400, "SecurityGroupInvalidIcmpValue"},
		{object{"protocol": "icmp", "port_range_min": 8}, 201, ""},
		{object{"direction": "up"}, 400, "up is not in valid_values."},
		{object{"remote_ip_prefix": "junk"}, 400, "Invalid CIDR junk given as IP prefix."},
		{object{"ethertype": "IPv5"}, 400, "Security group rule for ethertype 'IPv5' not supported."},
		{object{"ethertype": "IPv6", "remote_ip_prefix": "10.0.0.0/8"}, 400, "Conflicting value ethertype IPv6"},
		{object{"remote_ip_prefix": "10.0.0.0/8", "remote_group_id": g}, 400, "SecurityGroupMultipleRemoteEntites"},
		{object{"remote_group_id": nobody}, 404, "SecurityGroupNotFound"},
		{object{"security_group_id": nobody}, 404, "SecurityGroupNotFound"},
		{object{"remote_group_id": g, "protocol": 6}, 201, g},
		{object{"remote_ip_prefix": "192.0.2.7", "protocol": "any"}, 201, "192.0.2.7/32"},
	} {
		rule(tc.in).want(tc.status, tc.words)
	}
	p.do("GET", neutron+"/security-group-rules?security_group_id="+g+"&direction=ingress&protocol=tcp", nil).want(200, id)
	p.do("PUT", neutron+"/security-group-rules/"+id, object{}).want(404)
	p.do("DELETE", neutron+"/security-group-rules/"+id, nil).want(204)
	p.do("DELETE", neutron+"/security-group-rules/"+id, nil).want(404)
	def := p.do("GET", neutron+"/security-groups?name=default", nil).str("security_groups.0.id")
	p.do("DELETE", neutron+"/security-groups/"+def, nil).want(409, "SecurityGroupCannotRemoveDefault")
	p.do("PUT", neutron+"/security-groups/"+def, object{"security_group": object{"name": "z"}}).want(409, "SecurityGroupCannotUpdateDefault")
	s := p.lay()
	p.do("PUT", neutron+"/ports/"+s.port, object{"port": object{"security_groups": []string{g}}}).want(200, g)
	p.do("DELETE", neutron+"/security-groups/"+g, nil).want(409, "Security Group "+g+" in use.")
	p.do("PUT", neutron+"/ports/"+s.port, object{"port": object{"security_groups": nil}}).want(200, `"security_groups":[]`)
	p.do("DELETE", neutron+"/security-groups/"+g, nil).want(204)
}

func TestFloatingIPs(t *testing.T) {
	w := newWorld(t)
	p := w.as("alice", "team-a")
	s := p.lay()
	lone := p.do("POST", neutron+"/networks", object{"network": object{"name": "lone"}}).str("network.id")
	p.do("POST", neutron+"/subnets", object{"subnet": object{"network_id": lone, "ip_version": 4, "cidr": "10.9.0.0/24"}}).want(201)
	far := p.do("POST", neutron+"/ports", object{"port": object{"network_id": lone}}).want(201).str("port.id")
	mk := func(port any) reply {
		return p.do("POST", neutron+"/floatingips", object{"floatingip": object{"floating_network_id": s.public, "port_id": port}})
	}
	mk(far).want(404, "ExternalGatewayForFloatingIPNotFound", "is not reachable from subnet")
	id := mk(nil).want(201, `"DOWN"`, `"port_id":null`).str("floatingip.id")
	put := func(in object) reply { return p.do("PUT", neutron+"/floatingips/"+id, object{"floatingip": in}) }
	put(object{"port_id": s.port}).want(200, `"DOWN"`, s.router)
	put(object{"port_id": s.port, "description": "d"}).want(200, `"d"`)
	mk(s.port).want(409, "FloatingIPPortAlreadyAssociated")
	put(object{"port_id": s.port, "fixed_ip_address": "10.0.0.250"}).want(400, "does not have fixed ip")
	w.clock.add(2e9)
	p.do("GET", neutron+"/floatingips?port_id="+s.port, nil).want(200, `"ACTIVE"`)
	p.do("PUT", neutron+"/routers/"+s.router, object{"router": object{"external_gateway_info": object{}}}).want(409, "RouterExternalGatewayInUseByFloatingIp")
	p.do("DELETE", neutron+"/ports/"+s.port, nil).want(204)
	p.do("GET", neutron+"/floatingips/"+id, nil).want(200, `"port_id":null`, `"DOWN"`)
	put(object{"port_id": nil}).want(200)
	put(object{"fixed_ip_address": "10.0.0.1"}).want(400, "without a port_id")
	p.do("PUT", neutron+"/routers/"+s.router, object{"router": object{"external_gateway_info": object{}, "admin_state_up": false}}).want(200, `"external_gateway_info":null`)
	w.as("bob", "team-b").do("GET", neutron+"/floatingips/"+id, nil).want(404)
	if n := len(p.do("GET", neutron+"/floatingips", nil).list("floatingips")); n != 1 {
		t.Errorf("%d floating IPs, want 1: refused ones must leave nothing", n)
	}
	admin := w.as("admin", "admin")
	admin.do("GET", neutron+"/ports?device_owner=network:floatingip", nil).want(200, id)
	admin.do("POST", neutron+"/floatingips", object{"floatingip": object{"floating_network_id": s.public, "floating_ip_address": "203.0.113.200"}}).want(201, "203.0.113.200")
}

func TestNeutronLists(t *testing.T) {
	w := newWorld(t)
	p := w.as("alice", "team-a")
	ids := map[string]string{}
	for _, name := range []string{"a", "b", "c"} {
		ids[name] = p.do("POST", neutron+"/networks", object{"network": object{"name": name, "description": "d"}}).want(201).str("network.id")
	}
	path := neutron + "/networks/" + ids["a"] + "/tags"
	p.do("PUT", path, object{"tags": []string{"x", "y", "x"}}).want(200, `["x","y"]`)
	p.do("PUT", path+"/z", nil).want(201)
	p.do("GET", path+"/z", nil).want(204)
	p.do("GET", path+"/nix", nil).want(404, "TagNotFound")
	p.do("DELETE", path+"/z", nil).want(204)
	p.do("DELETE", path+"/z", nil).want(404)
	p.do("PUT", path, object{"tags": []any{5}}).want(400)
	p.do("PUT", path, object{}).want(400)
	p.do("GET", path, nil).want(200, `{"tags":["x","y"]}`)
	names := func(query string) string {
		t.Helper()
		var out []string
		for _, x := range p.do("GET", neutron+"/networks?"+query, nil).want(200).list("networks") {
			out = append(out, x.(object)["name"].(string))
		}
		return strings.Join(out, " ")
	}
	for query, want := range map[string]string{
		"description=d&sort_key=name&sort_dir=desc": "c b a", "name=a&name=b&sort_key=name&sort_dir=asc": "a b", "router:external=True": "public",
		"id=" + ids["b"]: "b", "tags=x,y": "a", "tags=x,nix": "", "tags-any=x,nix": "a", "description=d&not-tags=x&sort_key=name&sort_dir=asc": "b c",
		"description=d&not-tags-any=x,z&sort_key=name&sort_dir=asc": "b c", "tenant_id=" + p.project + "&sort_key=name&sort_dir=asc": "a b c", "status=DOWN": "",
		"shared=false&name=c": "c", "mtu=1450&name=c": "c", "name=c&limit=0": "c",
	} {
		if got := names(query); got != want {
			t.Errorf("%s: %q, want %q", query, got, want)
		}
	}
	if r := p.do("GET", neutron+"/networks?name=a&fields=id&fields=tags", nil); r.raw != `{"networks":[{"id":"`+ids["a"]+`","tags":["x","y"]}]}` {
		t.Errorf("fields: %s", r.raw)
	}
	seen, url := 0, neutron+"/networks?limit=1"
	for url != "" {
		r := p.do("GET", url, nil).want(200)
		url = ""
		seen += len(r.list("networks"))
		for _, l := range r.list("networks_links") {
			if l.(object)["rel"] == "next" {
				url = strings.TrimPrefix(l.(object)["href"].(string), w.url)
			}
		}
	}
	if seen != 4 {
		t.Errorf("%d networks on the pages, want 4", seen)
	}
	p.do("GET", neutron+"/networks?limit=2&page_reverse=True&marker="+ids["b"], nil).want(200)
	for query, status := range map[string]int{"bogus=1": 400, "sort_key=name": 400, "sort_key=bogus&sort_dir=asc": 400, "sort_key=name&sort_dir=up": 400,
		"limit=x": 400, "marker=nix&limit=1": 404} {
		p.do("GET", neutron+"/networks?"+query, nil).want(status, "NeutronError")
	}
	s := p.lay()
	p.do("GET", neutron+"/ports?fixed_ips=ip_address%3D10.0.0.1", nil).want(200, "router_interface")
	p.do("GET", neutron+"/ports?fixed_ips=subnet_id%3D"+s.subnet+"&device_id=", nil).want(200, s.port)
	p.do("GET", neutron+"/subnets?cidr=10.0.0.0/24&ip_version=4", nil).want(200, s.subnet)
	p.do("DELETE", path, nil).want(204)
}
