package commands

import (
	"context"
	"slices"
	"strings"

	"github.com/stackhand/stackhand"
)

// addressesNow are a server's addresses as Neutron knows them: Nova hears of a port or a floating IP that came or went
// some seconds later, and answers from memory until then. Where ports cannot be read, Nova's word counts.
func (s *session) addressesNow(ctx context.Context, sv stackhand.Server) ([]stackhand.Address, error) {
	f, err := s.Features(ctx)
	if err != nil || !f.Network || sv.ID == "" {
		return sv.Addresses, err
	}
	var ports []stackhand.Port
	var floating []stackhand.FloatingIP
	var networks []stackhand.Network
	err = gather(ctx,
		into(&ports, func(ctx context.Context) ([]stackhand.Port, error) {
			return s.Ports(ctx, stackhand.PortFilter{DeviceID: sv.ID})
		}), into(&floating, s.FloatingIPs), into(&networks, s.Networks))
	if err != nil || len(ports) == 0 {
		return sv.Addresses, err
	}
	var out []stackhand.Address
	for _, p := range ports {
		out = append(out, addressesOf(p, networks, floating, sv.Addresses)...)
	}
	return out, nil
}

// addressesOf are the addresses of a port and those that lead to it, in the words of what Nova told of them.
func addressesOf(p stackhand.Port, networks []stackhand.Network, floating []stackhand.FloatingIP, told []stackhand.Address) []stackhand.Address {
	name := p.NetworkID
	if at := slices.IndexFunc(networks, func(n stackhand.Network) bool { return n.ID == p.NetworkID }); at >= 0 {
		name = networks[at].Name
	}
	var out []stackhand.Address
	add := func(ip string, leads bool) {
		if at := slices.IndexFunc(told, func(a stackhand.Address) bool { return a.IP == ip && a.Floating == leads }); at >= 0 {
			out = append(out, told[at])
			return
		}
		version := 4
		if strings.Contains(ip, ":") {
			version = 6
		}
		out = append(out, stackhand.Address{Network: name, IP: ip, Version: version, MAC: p.MAC, Floating: leads})
	}
	for _, ip := range p.IPs {
		add(ip.IP, false)
	}
	for _, f := range floating {
		if f.PortID == p.ID {
			add(f.IP, true)
		}
	}
	return out
}
