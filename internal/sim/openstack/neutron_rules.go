package openstack

import (
	"net/netip"
	"slices"
	"strconv"
	"strings"
)

// groupRule lets some packets in or out. Ports are −1 where any will do.
type groupRule struct {
	meta
	group            *group
	direction, ether string
	protocol         string // "" for any
	min, max         int
	hasMin, hasMax   bool
	prefix           netip.Prefix // invalid: everywhere
	remote           *group
	builtIn          bool
	number           int // standard_attr_id
}

var protocols = []string{"ah", "dccp", "egp", "esp", "gre", "hopopt", "icmp", "igmp", "ip", "ipip", "ipv6-encap", "ipv6-frag",
	"ipv6-icmp", "icmpv6", "ipv6-nonxt", "ipv6-opts", "ipv6-route", "ospf", "pgm", "rsvp", "sctp", "tcp", "udp", "udplite", "vrrp"}

var ruleKind = &kind{
	path: "security-group-rules", plural: "security_group_rules", singular: "security_group_rule",
	missing: "SecurityGroupRuleNotFound", missingMsg: "Security group rule %s does not exist",
	attrs: readOnly(map[string]attr{
		"security_group_id": needed(asUUID), "direction": needed(oneOf("ingress", "egress")), "ethertype": onPost(orNull(anything)),
		"protocol": onPost(orNull(anything)), "port_range_min": onPost(orNull(asInt)), "port_range_max": onPost(orNull(asInt)),
		"remote_ip_prefix": onPost(orNull(anything)), "remote_group_id": onPost(orNull(asUUID)),
		"remote_address_group_id": onPost(orNull(asUUID)), "description": onPost(asText(255)), "name": {},
	}, "normalized_cidr"),
	all:    func(c *Cloud) []thing { return c.network.rules.things() },
	find:   func(c *Cloud, id string) thing { return c.network.rules.thing(id) },
	create: createRule,
	remove: func(c *Cloud, _ *call, t thing) error { c.dropRule(t.(*groupRule)); return nil },
}

func (r *groupRule) json() object {
	v := r.view()
	delete(v, "name")
	delete(v, "tags")
	if r.builtIn {
		v["description"] = nil
	}
	v["security_group_id"], v["direction"], v["ethertype"], v["protocol"] = r.group.id, r.direction, r.ether, orNil(r.protocol)
	v["port_range_min"], v["port_range_max"] = nil, nil
	if r.hasMin {
		v["port_range_min"] = r.min
	}
	if r.hasMax {
		v["port_range_max"] = r.max
	}
	v["remote_ip_prefix"], v["normalized_cidr"], v["remote_group_id"], v["remote_address_group_id"] = nil, nil, nil, nil
	if r.prefix.IsValid() {
		v["remote_ip_prefix"], v["normalized_cidr"] = r.prefix.String(), r.prefix.Masked().String()
	}
	if r.remote != nil {
		v["remote_group_id"] = r.remote.id
	}
	return v
}

// embedded is the rule within its group, which tells more than the rule itself.
func (r *groupRule) embedded() object {
	v := r.json()
	v["tags"], v["standard_attr_id"] = r.view()["tags"], r.number
	return v
}

func createRule(c *Cloud, q *call, in object) (thing, error) {
	r := &groupRule{meta: c.begin(q, in), direction: text(in["direction"])}
	if err := r.setPackets(in); err != nil {
		return nil, err
	}
	if err := r.setSource(in); err != nil {
		return nil, err
	}
	t, err := groupKind.named(c, q, text(in["security_group_id"]))
	if err != nil {
		return nil, err
	}
	r.group = t.(*group)
	if id := text(in["remote_group_id"]); id != "" {
		t, err := groupKind.named(c, q, id)
		if err != nil {
			return nil, err
		}
		r.remote = t.(*group)
	}
	for _, o := range r.group.rules {
		if r.same(o) {
			return nil, neutronErr(409, "SecurityGroupRuleExists", "Security group rule already exists. Rule id is %s.", o.id)
		}
	}
	c.addRule(r)
	return r, nil
}

// setPackets reads ethertype, protocol and ports.
func (r *groupRule) setPackets(in object) error {
	r.ether = "IPv4"
	if e := in["ethertype"]; e != nil {
		switch strings.ToLower(text(e)) {
		case "ipv4":
		case "ipv6":
			r.ether = "IPv6"
		default:
			return neutronErr(400, "SecurityGroupRuleInvalidEtherType", "Security group rule for ethertype '%v' not supported. Allowed values are ['IPv4', 'IPv6'].", plain(e))
		}
	}
	if p := in["protocol"]; p != nil {
		r.protocol = strings.ToLower(plain(p))
		n, err := strconv.Atoi(r.protocol)
		if err == nil && n >= 0 && n <= 255 || slices.Contains(protocols, r.protocol) {
			// a name or number that exists
		} else if r.protocol == "any" || r.protocol == "" {
			r.protocol = ""
		} else {
			return neutronErr(400, "SecurityGroupRuleInvalidProtocol", "Security group rule protocol %s not supported. Only protocol values [None, '%s'] and integer representations [0 to 255] are supported.", plain(p), strings.Join(protocols, "', '"))
		}
	}
	r.min, r.hasMin = in["port_range_min"].(int)
	r.max, r.hasMax = in["port_range_max"].(int)
	return r.checkPorts()
}

func (r *groupRule) checkPorts() error {
	if !r.hasMin && !r.hasMax {
		return nil
	}
	switch r.protocol {
	case "":
		return neutronErr(400, "SecurityGroupProtocolRequiredWithPorts", "Must also specify protocol if port range is given.")
	case "tcp", "udp", "sctp", "dccp", "udplite", "6", "17":
		for _, p := range []struct {
			n    int
			have bool
		}{{r.min, r.hasMin}, {r.max, r.hasMax}} {
			if p.have && (p.n < 0 || p.n > 65535) {
				return neutronErr(400, "SecurityGroupInvalidPortValue", "Invalid value for port %d", p.n)
			}
		}
		if !r.hasMin || !r.hasMax || r.min > r.max {
			return neutronErr(400, "SecurityGroupInvalidPortRange", "For TCP/UDP protocols, port_range_min must be <= port_range_max")
		}
	case "icmp", "icmpv6", "ipv6-icmp", "1", "58":
		if !r.hasMin {
			return neutronErr(400, "SecurityGroupMissingIcmpType", "ICMP code (port-range-max) %d is provided but ICMP type (port-range-min) is missing.", r.max)
		}
		if r.min < 0 || r.min > 255 {
			return neutronErr(400, "SecurityGroupInvalidIcmpValue", "Invalid value for ICMP type (port-range-min) %d. It must be 0 to 255.", r.min)
		}
	default:
		return neutronErr(400, "SecurityGroupInvalidProtocolForPort", "Invalid protocol %s for port range, only supported for TCP, UDP, UDPLITE, SCTP and DCCP.", r.protocol)
	}
	return nil
}

// setSource reads where the packets may come from or go to.
func (r *groupRule) setSource(in object) error {
	n := 0
	for _, k := range []string{"remote_ip_prefix", "remote_group_id", "remote_address_group_id"} {
		if in[k] != nil {
			n++
		}
	}
	if n > 1 {
		return neutronErr(400, "SecurityGroupMultipleRemoteEntites", "Only one of remote_ip_prefix or remote_group_id or remote_address_group_id may be provided.")
	}
	v := in["remote_ip_prefix"]
	if v == nil {
		return nil
	}
	p, err := netip.ParsePrefix(text(v))
	if a, e := netip.ParseAddr(text(v)); err != nil && e == nil {
		p, err = netip.PrefixFrom(a, a.BitLen()), nil
	}
	if err != nil {
		return neutronErr(400, "InvalidCIDR", "Invalid CIDR %v given as IP prefix.", plain(v))
	}
	if p.Addr().Is4() != (r.ether == "IPv4") {
		return neutronErr(400, "SecurityGroupRuleParameterConflict", "Conflicting value ethertype %s for CIDR %s", r.ether, text(v))
	}
	r.prefix = p
	return nil
}

// same tells whether two rules of a group admit the same packets.
func (r *groupRule) same(o *groupRule) bool {
	return r.direction == o.direction && r.ether == o.ether && r.protocol == o.protocol && r.remote == o.remote &&
		r.hasMin == o.hasMin && r.hasMax == o.hasMax && r.min == o.min && r.max == o.max && r.where() == o.where()
}

// where is the rule's prefix, the whole world written out.
func (r *groupRule) where() netip.Prefix {
	switch {
	case r.prefix.IsValid():
		return r.prefix.Masked()
	case r.remote != nil:
		return netip.Prefix{}
	case r.ether == "IPv6":
		return netip.MustParsePrefix("::/0")
	}
	return netip.MustParsePrefix("0.0.0.0/0")
}

// admits tells whether the rule lets somebody from anywhere in to a TCP port.
func (r *groupRule) admits(tcp int) bool {
	if r.direction != "ingress" || r.ether != "IPv4" || r.where().Bits() != 0 || r.remote != nil {
		return false
	}
	switch r.protocol {
	case "", "ip":
		return true
	case "tcp", "6":
		return !r.hasMin || r.min <= tcp && tcp <= r.max
	}
	return false
}
