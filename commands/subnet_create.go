package commands

import (
	"context"
	"net/netip"

	"github.com/stackhand/stackhand"
)

type subnetCreateArgs struct {
	newArgs
	Network        string   `help:"the network that it gives addresses to"`
	SubnetRange    string   `opt:"subnet-range,cidr" value:"10.0.0.0/24" help:"its block of addresses"`
	Gateway        string   `value:"ADDRESS|none" help:"the gateway's address; the first one by default"`
	DNSNameserver  []string `opt:"dns-nameserver" value:"ADDRESS" help:"name servers for its servers (may be repeated)"`
	AllocationPool []string `opt:"allocation-pool" value:"start=…,end=…" help:"which addresses are given out (may be repeated)"`
	DHCP           *bool    `opt:"dhcp" help:"whether servers get their addresses by DHCP; they do by default"`
	IPVersion      int      `opt:"ip-version" value:"4|6" help:"accepted where it agrees with the range" hidden:"true"`
}

const subnetCreate = "subnet create"

var _ = addMake(making[subnetCreateArgs]{
	name: subnetCreate, help: "give a network a block of addresses",
	examples: []string{"subnet create inner-v4 --network inner --subnet-range 10.0.0.0/24", "subnet create lab --network inner --subnet-range 10.1.0.0/24 --gateway none --no-dhcp"},
	fill:     subnetSpec,
})

func subnetSpec(ctx context.Context, s *session, a subnetCreateArgs) (stackhand.MakeSpec, error) {
	spec, err := a.check()
	m := stackhand.MakeSpec{Kind: stackhand.KindSubnet, Name: a.Name, Description: a.Description}
	if err != nil {
		return m, err
	}
	if err := s.needNeutron(ctx, "subnets to make"); err != nil {
		return m, err
	}
	n, err := networkKind.choose(ctx, s, a.Network, func(id string) string { a.Network = id; return format(subnetCreate, a) })
	if err != nil {
		return m, err
	}
	job, _ := markedBy(n.Description)
	if err := s.mayTouch(ctx, "change", "the network "+n.Name, job); err != nil {
		return m, err
	}
	have, err := s.Subnets(ctx, n.ID)
	if err != nil {
		return m, err
	}
	wanted := netip.MustParsePrefix(spec.CIDR)
	for _, sn := range have {
		if block, err := netip.ParsePrefix(sn.CIDR); err == nil && block.Overlaps(wanted) {
			return m, stackhand.Errorf(stackhand.Conflict, "%s overlaps %s, which the subnet %s of %s has already.", spec.CIDR, sn.CIDR, first(sn.Name, sn.ID), n.Name).
				Do("Choose another range.")
		}
	}
	spec.NetworkID = n.ID
	m.Subnet, m.ParentID, m.Parent = spec, n.ID, n.Name
	return m, nil
}

// check reads the addresses of the line, before anything is looked up.
func (a subnetCreateArgs) check() (stackhand.SubnetSpec, error) {
	spec := stackhand.SubnetSpec{Name: a.Name, NoDHCP: a.DHCP != nil && !*a.DHCP}
	e := find(subnetCreate)
	switch {
	case a.Network == "":
		return spec, e.misuse("subnet create needs --network: the network that it is for.")
	case a.SubnetRange == "":
		return spec, e.misuse("subnet create needs --subnet-range: its block of addresses.")
	}
	block, err := checkCIDR(subnetCreate, a.SubnetRange)
	if err != nil {
		return spec, err
	}
	version := 4
	if block.Addr().Is6() {
		version = 6
	}
	if a.IPVersion != 0 && a.IPVersion != version {
		return spec, e.misuse("%s is of IP version %d, not %d.", block, version, a.IPVersion)
	}
	spec.CIDR, spec.Gateway = block.String(), a.Gateway
	if a.Gateway != "" && a.Gateway != "none" {
		if _, err := checkAddress(subnetCreate, a.Gateway, block); err != nil {
			return spec, err
		}
	}
	for _, d := range a.DNSNameserver {
		if _, err := checkAddress(subnetCreate, d, netip.Prefix{}); err != nil {
			return spec, err
		}
		spec.DNS = append(spec.DNS, d)
	}
	spec.Pools, err = a.pools(block)
	if err != nil {
		return spec, err
	}
	return spec, checkLabel(subnetCreate, a.Name)
}

// pools reads the ranges to give out: start=A,end=B, each within the block.
func (a subnetCreateArgs) pools(block netip.Prefix) ([]string, error) {
	var out []string
	for _, p := range a.AllocationPool {
		ends, err := pairsOf(subnetCreate, "--allocation-pool", p, "start", "end")
		if err != nil {
			return nil, err
		}
		from, err := checkAddress(subnetCreate, ends["start"], block)
		if err != nil {
			return nil, err
		}
		to, err := checkAddress(subnetCreate, ends["end"], block)
		if err != nil {
			return nil, err
		}
		if to.Less(from) {
			return nil, find(subnetCreate).misuse("The pool ends (%s) before it begins (%s).", to, from)
		}
		out = append(out, from.String()+"-"+to.String())
	}
	return out, nil
}
