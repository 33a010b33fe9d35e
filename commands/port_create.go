package commands

import (
	"context"
	"net/netip"
	"strings"

	"github.com/stackhand/stackhand"
)

type portCreateArgs struct {
	newArgs
	Network       string   `help:"the network that it is on"`
	FixedIP       string   `opt:"fixed-ip" value:"[subnet=S,]ip-address=A" help:"the address that it gets; any by default"`
	SecurityGroup []string `opt:"security-group" help:"what may reach it (may be repeated); the project's default group otherwise"`
}

const portCreate = "port create"

var _ = addMake(making[portCreateArgs]{
	name: portCreate, help: "make a port on a network, to keep an address for later",
	examples: []string{"port create spare --network inner", "port create spare --network inner --fixed-ip ip-address=10.0.0.9 --security-group web"},
	fill:     portSpec,
})

func portSpec(ctx context.Context, s *session, a portCreateArgs) (stackhand.MakeSpec, error) {
	m := stackhand.MakeSpec{Kind: stackhand.KindPort, Name: a.Name, Description: a.Description}
	if a.Network == "" {
		return m, find(portCreate).misuse("port create needs --network: the network that it is on.")
	}
	if err := checkLabel(portCreate, a.Name); err != nil {
		return m, err
	}
	if err := s.needNeutron(ctx, "ports to make"); err != nil {
		return m, err
	}
	n, err := networkKind.choose(ctx, s, a.Network, func(id string) string { a.Network = id; return format(portCreate, a) })
	if err != nil {
		return m, err
	}
	m.Port = stackhand.PortSpec{Name: a.Name, NetworkID: n.ID}
	m.ParentID, m.Parent = n.ID, n.Name
	if m.Port.FixedIP, err = a.fixed(ctx, s, n); err != nil {
		return m, err
	}
	for i, word := range a.SecurityGroup {
		g, err := groupKind.choose(ctx, s, word, func(id string) string {
			a.SecurityGroup = append([]string(nil), a.SecurityGroup...)
			a.SecurityGroup[i] = id
			return format(portCreate, a)
		})
		if err != nil {
			return m, err
		}
		m.Port.Groups = append(m.Port.Groups, g.ID)
	}
	return m, nil
}

// fixed reads the address asked for and finds the subnet that it is of.
func (a portCreateArgs) fixed(ctx context.Context, s *session, n stackhand.Network) (string, error) {
	if a.FixedIP == "" {
		return "", nil
	}
	said := map[string]string{"ip-address": a.FixedIP}
	if strings.Contains(a.FixedIP, "=") {
		var err error
		if said, err = pairsOf(portCreate, "--fixed-ip", a.FixedIP, "subnet", "ip-address"); err != nil {
			return "", err
		}
	}
	subnets, err := s.Subnets(ctx, n.ID)
	if err != nil {
		return "", err
	}
	if word := said["subnet"]; word != "" {
		sn, err := pick("subnet", word, subnets, subnetKind.thing, false)
		if err != nil {
			return "", ask(err, func(id string) string {
				a.FixedIP = strings.Replace(a.FixedIP, "subnet="+word, "subnet="+id, 1)
				return format(portCreate, a)
			})
		}
		if said["ip-address"] == "" && len(subnets) > 1 {
			return "", find(portCreate).misuse("%s has several subnets: say ip-address=… as well, an address of %s (%s).", n.Name, sn.Name, sn.CIDR)
		}
		subnets = []stackhand.Subnet{sn}
	}
	if said["ip-address"] == "" {
		return "", nil
	}
	ip, err := checkAddress(portCreate, said["ip-address"], netip.Prefix{})
	if err != nil {
		return "", err
	}
	var cidrs []string
	for _, sn := range subnets {
		if block, err := netip.ParsePrefix(sn.CIDR); err == nil && block.Contains(ip) {
			return ip.String(), nil
		}
		cidrs = append(cidrs, sn.CIDR)
	}
	return "", stackhand.Errorf(stackhand.Invalid, "%s is not in the network %s.", ip, n.Name).Do("It has %s.", orNone(strings.Join(cidrs, ", ")))
}
