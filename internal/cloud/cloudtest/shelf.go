package cloudtest

import (
	"context"
	"slices"

	"github.com/stackhand/stackhand"
	"github.com/stackhand/stackhand/internal/cloud"
)

func shelf(s *suite) {
	images, err := s.c.Images(s.ctx())
	s.ok(err)
	if len(images) == 0 || images[0].ID == "" || images[0].Name == "" || images[0].Status == "" || images[0].Created.IsZero() {
		s.Errorf("images: %+v", images)
	}
	flavors, err := s.c.Flavors(s.ctx())
	s.ok(err)
	if len(flavors) == 0 || flavors[0].ID == "" || flavors[0].Name == "" || flavors[0].VCPUs == 0 || flavors[0].RAM == 0 {
		s.Errorf("flavors: %+v", flavors)
	}
	zones, err := s.c.Zones(s.ctx())
	s.ok(err)
	if len(zones) == 0 {
		s.Error("no zone takes servers")
	}
	l, err := s.c.Limits(s.ctx())
	s.ok(err)
	for what, got := range map[string]stackhand.Limit{
		"servers": l.Servers, "cores": l.Cores, "RAM": l.RAM, "key pairs": l.KeyPairs, "networks": l.Networks,
		"subnets": l.Subnets, "routers": l.Routers, "ports": l.Ports, "groups": l.Groups, "rules": l.GroupRules, "floating IPs": l.FloatingIPs,
	} {
		if got.Max == 0 || got.Used < 0 {
			s.Errorf("limit of %s: %+v", what, got)
		}
	}
	if l.MaxMetadata == 0 {
		s.Error("no limit of metadata")
	}
	s.network(s.mark)
	after, err := s.c.Limits(s.ctx())
	s.ok(err)
	if after.Networks.Used != l.Networks.Used+1 {
		s.Errorf("one network more, but used went from %d to %d", l.Networks.Used, after.Networks.Used)
	}
}

func nothingThere(s *suite) {
	const id = "3a1f9a52-0000-4000-8000-1f0e5b6f2f10"
	ctx := s.ctx()
	_, server := s.c.Server(ctx, id)
	_, actions := s.c.ServerActions(ctx, id)
	_, log := s.c.ConsoleLog(ctx, id, 10)
	_, network := s.c.Network(ctx, id)
	_, address := s.c.FloatingIP(ctx, id)
	_, wait := s.c.Await(ctx, id, settled)
	for what, err := range map[string]error{
		"server": server, "actions": actions, "console log": log, "network": network, "floating IP": address, "wait": wait,
		"delete server": s.c.DeleteServer(ctx, id), "reboot": s.c.RebootServer(ctx, id, true),
		"delete network": s.c.DeleteNetwork(ctx, id), "delete subnet": s.c.DeleteSubnet(ctx, id),
		"delete router": s.c.DeleteRouter(ctx, id), "delete port": s.c.DeletePort(ctx, id),
		"delete group": s.c.DeleteSecurityGroup(ctx, id), "delete floating IP": s.c.DeleteFloatingIP(ctx, id),
		"attach": s.c.AttachFloatingIP(ctx, id, ""), "add interface": s.c.AddRouterInterface(ctx, id, id),
		"remove interface": s.c.RemoveRouterInterface(ctx, id, id), "delete key": s.c.DeleteKeyPair(ctx, s.mark),
	} {
		s.Log(what)
		s.refused(err, stackhand.NotFound)
	}
	s.refused(s.c.DeleteServer(ctx, ""), stackhand.Invalid)
	s.refused(s.c.DeleteNetwork(ctx, ".."), stackhand.Invalid)
	named, err := s.c.ServersNamed(ctx, s.mark)
	s.ok(err)
	if len(named) != 0 {
		s.Errorf("servers of a name that nobody used: %v", named)
	}
}

const publicKey = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIO5n5KE6YaG+3BhlBE0gWYdxibMjscMxHaL79y9Es5yI test"

func keyPairs(s *suite) {
	name := s.mark + "_key"
	k, err := s.c.CreateKeyPair(s.ctx(), name, publicKey)
	s.ok(err)
	s.later("key pair", func(ctx context.Context) error { return s.c.DeleteKeyPair(ctx, name) })
	if k.Name != name || k.Fingerprint == "" {
		s.Errorf("made key pair %+v", k)
	}
	all, err := s.c.KeyPairs(s.ctx())
	s.ok(err)
	if !slices.ContainsFunc(all, func(k stackhand.KeyPair) bool { return k.Name == name && k.PublicKey == publicKey && k.Type == "ssh" }) {
		s.Errorf("the list has no %s: %+v", name, all)
	}
	_, err = s.c.CreateKeyPair(s.ctx(), name, publicKey)
	s.refused(err, stackhand.Conflict)
	_, err = s.c.CreateKeyPair(s.ctx(), name+"2", "rubbish")
	s.refused(err, stackhand.Invalid)
	_, err = s.c.CreateKeyPair(s.ctx(), "schlüssel/"+s.mark, publicKey)
	s.refused(err, stackhand.Invalid)
	_, err = s.c.CreateKeyPair(s.ctx(), name+"3", "")
	s.refused(err, stackhand.Invalid)
	s.ok(s.c.DeleteKeyPair(s.ctx(), name))
	s.refused(s.c.DeleteKeyPair(s.ctx(), name), stackhand.NotFound)
}

func paging(s *suite) {
	for i := range 3 {
		s.network(s.mark + string(rune('a'+i)))
	}
	o := s.Options
	o.PageSize = 2
	small, err := cloud.NewPool(s.Entries, o).Client(s.ctx(), s.Cloud, s.Login)
	s.ok(err)
	sameIDs(s, "networks", s.c.Networks, small.Networks, func(v stackhand.Network) string { return v.ID })
	sameIDs(s, "images", s.c.Images, small.Images, func(v stackhand.Image) string { return v.ID })
	sameIDs(s, "flavors", s.c.Flavors, small.Flavors, func(v stackhand.Flavor) string { return v.ID })
	sameIDs(s, "groups", s.c.SecurityGroups, small.SecurityGroups, func(v stackhand.SecurityGroup) string { return v.ID })
	sameIDs(s, "servers", s.c.Servers, small.Servers, func(v stackhand.Server) string { return v.ID })
	sameIDs(s, "keys", s.c.KeyPairs, small.KeyPairs, func(v stackhand.KeyPair) string { return v.Name })
}

func sameIDs[T any](s *suite, what string, big, small func(context.Context) ([]T, error), id func(T) string) {
	s.Helper()
	ids := func(list func(context.Context) ([]T, error)) []string {
		all, err := list(s.ctx())
		s.ok(err)
		var out []string
		for _, v := range all {
			out = append(out, id(v))
		}
		slices.Sort(out)
		return out
	}
	if a, b := ids(big), ids(small); !slices.Equal(a, b) {
		s.Errorf("%s in pages of two are not those of one page: %v, %v", what, b, a)
	}
}
