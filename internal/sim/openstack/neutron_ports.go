package openstack

import (
	"fmt"
	"net/netip"
	"slices"
	"strings"
)

const (
	ownerInterface = "network:router_interface"
	ownerGateway   = "network:router_gateway"
	ownerFloating  = "network:floatingip"
	ownerServer    = "compute:nova"
)

// port is a plug of a network.
type port struct {
	meta
	net           *netw
	mac           string
	ips           []fixedIP
	groups        []*group
	device, owner string
	active, down  bool // status; and not admin_state_up
	pairs, dhcp   []any
	byNova        bool // goes with its server
	vnic          string
	floating      []*floatIP // that lead here
}

// fixedIP is an address of a port.
type fixedIP struct {
	subnet *subnet
	addr   netip.Addr
}

var portKind = &kind{
	path: "ports", plural: "ports", singular: "port",
	missing: "PortNotFound", missingMsg: "Port %s could not be found.", hidden: "binding:",
	attrs: readOnly(map[string]attr{
		"network_id": needed(asUUID), "admin_state_up": bothWays(asBool), "mac_address": onPost(asMAC),
		"fixed_ips": bothWays(asFixedIPs), "security_groups": bothWays(orNull(asUUIDs)), "device_id": bothWays(asText(255)),
		"device_owner": bothWays(asText(255)), "allowed_address_pairs": bothWays(orNull(anything)),
		"extra_dhcp_opts": bothWays(orNull(anything)), "binding:vnic_type": bothWays(asText(64)),
		"binding:host_id": adminOnly(anything), "binding:profile": adminOnly(anything),
		"port_security_enabled": bothWays(asBool), "dns_name": bothWays(asText(255)), "qos_policy_id": bothWays(orNull(asUUID)),
		"propagate_uplink_status": onPost(asBool), "numa_affinity_policy": bothWays(orNull(anything)),
	}, "binding:vif_type", "binding:vif_details", "ip_allocation"),
	all:    func(c *Cloud) []thing { return c.network.ports.things() },
	find:   func(c *Cloud, id string) thing { return c.network.ports.thing(id) },
	create: createPort, update: updatePort, remove: deletePort,
	public: func(q *call, t thing) bool { return q.tok.sees(t.(*port).net.project) },
}

// asFixedIPs checks the list of wanted addresses: [{subnet_id, ip_address}].
func asFixedIPs(v any) (any, string) {
	if v == nil {
		return nil, ""
	}
	list, isList := v.([]any)
	if !isList {
		return nil, fmt.Sprintf("Invalid data format for fixed IP: '%v'.", plain(v))
	}
	for _, x := range list {
		o, isObject := x.(object)
		if !isObject {
			return nil, fmt.Sprintf("Invalid data format for fixed IP: '%v'.", plain(v))
		}
		if a, given := o["ip_address"]; given {
			if _, why := asIP(a); why != "" {
				return nil, why
			}
		}
		if s, given := o["subnet_id"]; given {
			if _, why := asUUID(s); why != "" {
				return nil, why
			}
		}
	}
	return list, ""
}

func (p *port) json() object {
	v := p.view()
	ips, groups := []object{}, []string{}
	for _, f := range p.ips {
		ips = append(ips, object{"subnet_id": f.subnet.id, "ip_address": f.addr.String()})
	}
	for _, g := range p.groups {
		groups = append(groups, g.id)
	}
	v["network_id"], v["mac_address"], v["fixed_ips"], v["security_groups"] = p.net.id, p.mac, ips, groups
	v["device_id"], v["device_owner"], v["admin_state_up"], v["status"] = p.device, p.owner, !p.down, p.status()
	v["allowed_address_pairs"], v["extra_dhcp_opts"] = orEmpty(p.pairs), orEmpty(p.dhcp)
	v["binding:vnic_type"], v["port_security_enabled"] = p.vnic, !strings.HasPrefix(p.owner, "network:")
	host, vif := "", "unbound"
	if p.device != "" {
		host, vif = hostName, "ovs"
	}
	v["binding:host_id"], v["binding:vif_type"], v["binding:profile"], v["binding:vif_details"] = host, vif, object{}, object{}
	return v
}

func orEmpty(list []any) []any {
	if list == nil {
		return []any{}
	}
	return list
}

func (p *port) status() string {
	switch {
	case p.owner == ownerFloating:
		return "N/A"
	case p.active:
		return "ACTIVE"
	}
	return "DOWN"
}

// on tells whether the port has this address of the subnet.
func (p *port) on(s *subnet, a netip.Addr) bool {
	return slices.Contains(p.ips, fixedIP{s, a})
}

func (p *port) touches(s *subnet) bool {
	return slices.ContainsFunc(p.ips, func(f fixedIP) bool { return f.subnet == s })
}

func createPort(c *Cloud, q *call, in object) (thing, error) {
	t, err := networkKind.named(c, q, text(in["network_id"]))
	if err != nil {
		return nil, err
	}
	n := t.(*netw)
	if !q.tok.sees(n.project) && !n.shared {
		return nil, neutronErr(403, "HTTPForbidden", "Tenant %s not allowed to create port on this network", q.tok.projectID())
	}
	p := c.newPort(n, c.begin(q, in))
	if err := p.setMAC(c, text(in["mac_address"])); err != nil {
		return nil, err
	}
	if err := c.setGroups(q, p, in["security_groups"]); err != nil {
		return nil, err
	}
	if err := p.allocate(in["fixed_ips"]); err != nil {
		return nil, err
	}
	if err := updatePortRest(p, in); err != nil {
		p.release()
		return nil, err
	}
	c.network.ports.add(p)
	return p, nil
}

// newPort is a port without addresses that is in no table yet.
func (c *Cloud) newPort(n *netw, m meta) *port {
	return &port{meta: m, net: n, vnic: "normal", mac: fmt.Sprintf("fa:16:3e:%02x:%02x:%02x",
		c.random.IntN(256), c.random.IntN(256), c.random.IntN(256))}
}

func (p *port) setMAC(c *Cloud, mac string) error {
	if mac == "" {
		return nil
	}
	for _, o := range c.network.ports.all {
		if o.net == p.net && o.mac == mac {
			return neutronErr(409, "MacAddressInUse", "Unable to complete operation for network %s. The mac address %s is in use.", p.net.id, mac)
		}
	}
	p.mac = mac
	return nil
}

// setGroups gives the port its security groups; the default one when nothing is said.
func (c *Cloud) setGroups(q *call, p *port, want any) error {
	ids, given := want.([]string)
	if !given {
		p.groups = []*group{c.defaultGroup(p.project, q.now)}
		return nil
	}
	var groups []*group
	for _, id := range ids {
		t, err := groupKind.named(c, q, id)
		if err != nil {
			return err
		}
		groups = append(groups, t.(*group))
	}
	p.groups = groups
	return nil
}

// allocate takes the wanted addresses, or one of each version that the network has subnets of.
func (p *port) allocate(want any) error {
	list, given := want.([]any)
	if !given {
		return p.allocateAny()
	}
	for _, x := range list {
		if err := p.allocateOne(x.(object)); err != nil {
			p.release()
			return err
		}
	}
	return nil
}

func (p *port) allocateAny() error {
	for _, version := range []int{4, 6} {
		some, got := false, false
		for _, s := range p.net.subnets {
			if s.version() != version || got {
				continue
			}
			some = true
			if a, free := s.pick(); free {
				p.ips, got = append(p.ips, fixedIP{s, a}), true
			}
		}
		if some && !got {
			p.release()
			return neutronErr(409, "IpAddressGenerationFailure", "No more IP addresses available on network %s.", p.net.id)
		}
	}
	return nil
}

func (p *port) allocateOne(want object) error {
	var s *subnet
	addr, _ := netip.ParseAddr(text(want["ip_address"]))
	id := text(want["subnet_id"])
	for _, o := range p.net.subnets {
		if o.id == id || id == "" && addr.IsValid() && o.cidr.Contains(addr) {
			s = o
		}
	}
	switch {
	case s == nil && id != "":
		return badInput("Failed to create port on network %s, because fixed_ips included invalid subnet %s", p.net.id, id)
	case s == nil:
		return neutronErr(400, "InvalidIpForNetwork", "IP address %s is not a valid IP for any of the subnets on the specified network.", addr)
	case addr.IsValid() && !s.cidr.Contains(addr):
		return neutronErr(400, "InvalidIpForSubnet", "IP address %s is not a valid IP for the specified subnet.", addr)
	case !addr.IsValid():
		a, free := s.pick()
		if !free {
			return neutronErr(409, "IpAddressGenerationFailure", "No more IP addresses available on network %s.", p.net.id)
		}
		p.ips = append(p.ips, fixedIP{s, a})
		return nil
	case s.used[addr]:
		return neutronErr(409, "IpAddressAlreadyAllocated", "IP address %s already allocated in subnet %s", addr, s.id)
	}
	s.used[addr] = true
	p.ips = append(p.ips, fixedIP{s, addr})
	return nil
}

func (p *port) release() {
	for _, f := range p.ips {
		delete(f.subnet.used, f.addr)
	}
	p.ips = nil
}

func updatePort(c *Cloud, q *call, t thing, in object) error {
	p := t.(*port)
	if ids, given := in["security_groups"]; given {
		if ids == nil {
			in["security_groups"] = []string{}
		}
		if err := c.setGroups(q, p, in["security_groups"]); err != nil {
			return err
		}
	}
	if want, given := in["fixed_ips"].([]any); given {
		old := p.ips
		p.release()
		if err := p.allocate(want); err != nil {
			p.ips = old
			for _, f := range old {
				f.subnet.used[f.addr] = true
			}
			return err
		}
	}
	return updatePortRest(p, in)
}

func updatePortRest(p *port, in object) error {
	if up, given := in["admin_state_up"].(bool); given {
		p.down = !up
	}
	setText(in, "device_id", &p.device)
	setText(in, "device_owner", &p.owner)
	setText(in, "binding:vnic_type", &p.vnic)
	if l, given := in["allowed_address_pairs"].([]any); given {
		p.pairs = l
	}
	if l, given := in["extra_dhcp_opts"].([]any); given {
		p.dhcp = l
	}
	return nil
}

func deletePort(c *Cloud, q *call, t thing) error {
	p := t.(*port)
	if strings.HasPrefix(p.owner, "network:") && p.owner != "network:dhcp" {
		return neutronErr(409, "ServicePortInUse", "Port %s cannot be deleted directly via the port API: has device owner %s.", p.id, p.owner)
	}
	c.dropPort(p)
	return nil
}

// dropPort removes a port; a floating IP that served it serves nobody afterwards.
func (c *Cloud) dropPort(p *port) {
	for _, f := range slices.Clone(p.floating) {
		f.detach()
	}
	if s := c.compute.servers[p.device]; s != nil {
		s.ports = slices.DeleteFunc(s.ports, func(o *port) bool { return o == p }) // Neutron tells Nova
	}
	p.release()
	c.network.ports.drop(p.id)
}
