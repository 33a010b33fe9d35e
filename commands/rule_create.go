package commands

import (
	"context"
	"net/netip"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"github.com/stackhand/stackhand"
)

type ruleCreateArgs struct {
	Group       string `arg:"group" required:"true" help:"name or id of the security group"`
	Protocol    string `opt:"protocol,proto" value:"tcp|udp|icmp|any" help:"what may pass: anything by default, tcp where a port is said"`
	DstPort     string `opt:"dst-port" value:"22|8000:8080" help:"the port, or the first and the last one; all by default"`
	RemoteIP    string `opt:"remote-ip,src-ip" value:"10.0.0.0/8" help:"from where, an address or a block; from anywhere by default"`
	RemoteGroup string `opt:"remote-group,src-group" help:"only from the servers of this security group"`
	Ingress     bool   `help:"what comes in (the default)"`
	Egress      bool   `help:"what goes out"`
	Ethertype   string `value:"IPv4|IPv6" help:"IPv4 by default, unless the remote address says otherwise"`
	inJob
}

const ruleCreate = "security group rule create"

var _ = addMake(making[ruleCreateArgs]{
	name: ruleCreate, help: "let something through to the servers of a security group",
	examples: []string{"security group rule create web --protocol tcp --dst-port 22", "security group rule create web --protocol tcp --dst-port 8000:8080 --remote-ip 10.0.0.0/8",
		"security group rule create db --protocol tcp --dst-port 5432 --remote-group web"},
	fill: ruleSpec,
})

func ruleSpec(ctx context.Context, s *session, a ruleCreateArgs) (stackhand.MakeSpec, error) {
	rule, err := a.rule()
	m := stackhand.MakeSpec{Kind: stackhand.KindRule}
	if err != nil {
		return m, err
	}
	g, err := groupKind.choose(ctx, s, a.Group, func(id string) string { a.Group = id; return format(ruleCreate, a) })
	if err != nil {
		return m, err
	}
	job, _ := markedBy(g.Description)
	if err := s.mayTouch(ctx, "change", "the security group "+g.Name, job); err != nil {
		return m, err
	}
	if err := s.mayTake(ctx, "the security group "+g.Name, func(r stackhand.Resource) bool {
		return r.Kind == stackhand.KindSecurityGroup && r.ID == g.ID && r.Shared
	}); err != nil {
		return m, stackhand.Errorf(stackhand.Conflict, "The security group %s is shared by servers that were made with --open, so it is not changed.", g.Name).
			Do("Make one of your own with `security group create`, and add it to your server with `add security group`.").Because(err)
	}
	if a.RemoteGroup != "" {
		from, err := groupKind.choose(ctx, s, a.RemoteGroup, func(id string) string { a.RemoteGroup = id; return format(ruleCreate, a) })
		if err != nil {
			return m, err
		}
		rule.RemoteGroup = from.ID
	}
	m.ParentID, m.Parent, m.Rule = g.ID, g.Name, rule
	m.Name = ruleWords(g, rule, map[string]string{rule.RemoteGroup: a.RemoteGroup})
	return m, nil
}

// rule reads the options, before anything is looked up.
func (a ruleCreateArgs) rule() (stackhand.Rule, error) {
	e := find(ruleCreate)
	r := stackhand.Rule{Direction: "ingress", EtherType: "IPv4"}
	switch {
	case a.Ingress && a.Egress:
		return r, e.misuse("--ingress and --egress together make no sense: make two rules.")
	case a.RemoteIP != "" && a.RemoteGroup != "":
		return r, e.misuse("--remote-ip and --remote-group together make no sense: make two rules.")
	case a.Egress:
		r.Direction = "egress"
	}
	var err error
	if r.Protocol, err = a.protocol(); err != nil {
		return r, err
	}
	if r.PortMin, r.PortMax, err = a.portRange(r.Protocol); err != nil {
		return r, err
	}
	if a.RemoteIP != "" {
		var block netip.Prefix
		if block, err = checkRange(ruleCreate, a.RemoteIP); err != nil {
			return r, err
		}
		r.RemoteIP = block.String()
		if block.Addr().Is6() {
			r.EtherType = "IPv6"
		}
	}
	switch t := strings.ToLower(a.Ethertype); {
	case t == "":
	case t != "ipv4" && t != "ipv6":
		return r, e.misuse("--ethertype is IPv4 or IPv6, not %s.", quote(clip(a.Ethertype, 40)))
	case r.RemoteIP != "" && !strings.EqualFold(t, r.EtherType):
		return r, e.misuse("%s is not of type %s.", r.RemoteIP, a.Ethertype)
	case t == "ipv6":
		r.EtherType = "IPv6"
	}
	return r, nil
}

// protocols are those that Neutron knows by name (neutron_lib.constants.IP_PROTOCOL_MAP).
var protocols = strings.Fields("tcp udp icmp icmpv6 ipv6-icmp ah dccp egp esp gre igmp ospf pgm rsvp sctp udplite vrrp ipip ipv6-encap ipv6-frag ipv6-nonxt ipv6-opts ipv6-route")

// withPorts are the protocols that have ports.
var withPorts = strings.Fields("tcp udp sctp dccp udplite 6 17 132 33 136")

func (a ruleCreateArgs) protocol() (string, error) {
	p := strings.ToLower(a.Protocol)
	n, err := strconv.Atoi(p)
	switch {
	case p == "" && a.DstPort != "":
		return "tcp", nil
	case p == "" || p == "any" || p == "-1":
		return "", nil
	case err == nil && n >= 0 && n <= 255, slices.Contains(protocols, p):
		return p, nil
	}
	return "", find(ruleCreate).misuse("%s is no protocol: say tcp, udp, icmp, any, or the number of one.", quote(clip(a.Protocol, 40)))
}

var portShape = regexp.MustCompile(`^(\d{1,5})(?:[:-](\d{1,5}))?$`)

func (a ruleCreateArgs) portRange(protocol string) (from, to int, err error) {
	if a.DstPort == "" {
		return 0, 0, nil
	}
	e := find(ruleCreate)
	m := portShape.FindStringSubmatch(a.DstPort)
	if m == nil {
		return 0, 0, e.misuse("%s is no port: it is written like 22, or 8000:8080 for all between two.", quote(clip(a.DstPort, 40)))
	}
	from, _ = strconv.Atoi(m[1]) // the shape says that it is one
	to = from
	if m[2] != "" {
		to, _ = strconv.Atoi(m[2])
	}
	switch {
	case from < 1 || to > 65535 || from > 65535:
		return 0, 0, e.misuse("Ports are from 1 to 65535, and %s is not.", a.DstPort)
	case to < from:
		return 0, 0, e.misuse("The last port (%d) is before the first (%d).", to, from)
	case !slices.Contains(withPorts, protocol):
		return 0, 0, e.misuse("%s has no ports; leave --dst-port out, or say --protocol tcp or udp.", capital(first(protocol, "any protocol")))
	}
	return from, to, nil
}
