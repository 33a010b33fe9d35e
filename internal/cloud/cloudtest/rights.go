package cloudtest

import (
	"context"
	"slices"

	"github.com/stackhand/stackhand"
)

func serverQuota(s *suite) {
	l, err := s.c.Limits(s.ctx())
	s.ok(err)
	flavors, err := s.c.Flavors(s.ctx())
	s.ok(err)
	big := slices.MaxFunc(flavors, func(a, b stackhand.Flavor) int { return a.VCPUs - b.VCPUs })
	room := l.Cores.Max - l.Cores.Used
	if l.Cores.Max < 0 || room/max(big.VCPUs, 1) > 5 {
		s.Skipf("the project has room for %d cores: too much to fill", room)
	}
	n := s.network(s.mark)
	s.subnet(n.ID, "10.250.11.0/24")
	spec := s.spec(s.mark)
	for range room/big.VCPUs + 1 {
		spec.FlavorID, spec.Ports = big.ID, []string{s.port(n.ID).ID}
		id, err := s.c.CreateServer(s.ctx(), spec)
		if err != nil {
			s.refused(err, stackhand.Quota)
			return
		}
		s.later("server", func(ctx context.Context) error { return s.takeDown(ctx, id) })
	}
	s.Errorf("room for %d cores took more flavors %s", room, big.Name)
}

func groupQuota(s *suite) {
	l, err := s.c.Limits(s.ctx())
	s.ok(err)
	room := l.Groups.Max - l.Groups.Used
	if l.Groups.Max < 0 || room > 100 {
		s.Skipf("the project has room for %d groups: too much to fill", room)
	}
	for range room + 1 {
		g, err := s.c.CreateSecurityGroup(s.ctx(), s.mark, "")
		if err != nil {
			s.refused(err, stackhand.Quota)
			return
		}
		s.later("group", func(ctx context.Context) error { return s.c.DeleteSecurityGroup(ctx, g.ID) })
	}
	s.Errorf("room for %d groups took more", room)
}

func isolation(s *suite) {
	if s.Other.Username == "" {
		s.Skip("no second login is given")
	}
	other, err := s.pool.Client(s.ctx(), s.Cloud, s.Other)
	s.ok(err)
	n, g := s.network(s.mark), s.group()
	sub := s.subnet(n.ID, "10.250.12.0/24")
	r := s.router(sub.ID)
	p, f := s.port(n.ID), s.floatingIP()
	id := s.boot(s.spec(s.mark, p.ID))
	s.active(id) // of a build, Nova says 403 instead of 404
	ctx := s.ctx()
	_, server := other.Server(ctx, id)
	_, network := other.Network(ctx, n.ID)
	_, address := other.FloatingIP(ctx, f.ID)
	_, wait := other.Await(ctx, id, settled)
	for what, err := range map[string]error{
		"server": server, "network": network, "floating IP": address, "wait": wait,
		"delete server": other.DeleteServer(ctx, id), "reboot": other.RebootServer(ctx, id, true),
		"delete network": other.DeleteNetwork(ctx, n.ID), "delete subnet": other.DeleteSubnet(ctx, sub.ID),
		"delete router": other.DeleteRouter(ctx, r.ID), "delete port": other.DeletePort(ctx, p.ID),
		"delete group": other.DeleteSecurityGroup(ctx, g.ID), "delete floating IP": other.DeleteFloatingIP(ctx, f.ID),
		"attach": other.AttachFloatingIP(ctx, f.ID, ""),
	} {
		s.Log(what)
		s.refused(err, stackhand.NotFound)
	}
	_, log := other.ConsoleLog(ctx, id, 1)
	_, console := other.ConsoleURL(ctx, id, "novnc")
	_, snapshot := other.SnapshotServer(ctx, id, s.mark, nil)
	for what, err := range map[string]error{
		"stop": other.ActOnServer(ctx, id, stackhand.ActStop), "password": other.SetServerPassword(ctx, id, "Geheim-"+s.mark),
		"console log": log, "console": console, "snapshot": snapshot, "metadata": other.ChangeServerMetadata(ctx, id, nil, []string{"stackhand_job"}),
		"unset": other.ChangeServerMetadata(ctx, id, map[string]string{"stackhand_job": "mine"}, nil), "detach": other.DetachPort(ctx, id, p.ID),
	} {
		s.Log(what)
		s.refused(err, stackhand.NotFound)
	}
	unseen(s, "servers", other.Servers, func(v stackhand.Server) bool { return v.ID == id })
	unseen(s, "networks", other.Networks, func(v stackhand.Network) bool { return v.ID == n.ID })
	unseen(s, "routers", other.Routers, func(v stackhand.Router) bool { return v.ID == r.ID })
	unseen(s, "groups", other.SecurityGroups, func(v stackhand.SecurityGroup) bool { return v.ID == g.ID })
	unseen(s, "floating IPs", other.FloatingIPs, func(v stackhand.FloatingIP) bool { return v.ID == f.ID })
}

func unseen[T any](s *suite, what string, list func(context.Context) ([]T, error), is func(T) bool) {
	s.Helper()
	all, err := list(s.ctx())
	s.ok(err)
	if slices.ContainsFunc(all, is) {
		s.Errorf("the other project sees it among its %s", what)
	}
}
