package cloudtest

import (
	"context"
	"slices"
	"time"

	"github.com/stackhand/stackhand"
	"github.com/stackhand/stackhand/internal/cloud"
)

func features(s *suite) {
	f, err := s.c.Features(s.ctx())
	s.ok(err)
	s.Logf("%+v", f)
	if f.Compute == "" && !f.Personality || f.Tags && !f.Network {
		s.Errorf("features %+v", f)
	}
	regions, err := s.c.Regions(s.ctx())
	s.ok(err)
	if here := s.c.Identity().Region; here != "" && !slices.Contains(regions, here) || !slices.IsSorted(regions) {
		s.Errorf("regions %v, and this is %s", regions, here)
	}
	_, err = s.pool.ClientIn(s.ctx(), s.Cloud, s.mark, s.Login)
	s.ok(err) // Keystone does not mind
	own, err := s.c.OwnProjects(s.ctx())
	s.ok(err)
	if !slices.ContainsFunc(own, func(p stackhand.Project) bool { return p.ID == s.c.Identity().ProjectID && !p.Disabled }) {
		s.Errorf("projects %+v have not the own one", own)
	}
}

func usage(s *suite) {
	from := time.Now().Add(-time.Hour)
	id, _, _ := s.running("10.250.32.0/24")
	until := time.Now().Add(time.Hour)
	of := func(done func(stackhand.ServerUsage) bool) (u stackhand.ServerUsage) {
		s.Helper()
		s.eventually("the usage tells of the server", func() bool { // Nova leaves out the second that is not over
			all, err := s.c.Usage(s.ctx(), from, until)
			s.ok(err)
			i := slices.IndexFunc(all, func(u stackhand.ServerUsage) bool { return u.ServerID == id })
			if i < 0 {
				return false
			}
			u = all[i]
			return done(u)
		})
		return u
	}
	u := of(func(stackhand.ServerUsage) bool { return true })
	if u.Name != s.mark || u.Flavor == "" || u.VCPUs == 0 || u.RAM == 0 || u.Started.Before(from) || !u.Ended.IsZero() || u.Hours < 0 || u.Hours > 2 {
		s.Errorf("usage %+v", u)
	}
	s.refused(s.takeDown(s.ctx(), id), stackhand.NotFound)
	if u = of(func(u stackhand.ServerUsage) bool { return !u.Ended.IsZero() }); u.Ended.Before(u.Started) {
		s.Errorf("of a server that is gone: %+v", u)
	}
	none, err := s.c.Usage(s.ctx(), from.Add(-1000*time.Hour), from.Add(-999*time.Hour))
	s.ok(err)
	if slices.ContainsFunc(none, func(u stackhand.ServerUsage) bool { return u.ServerID == id }) {
		s.Error("it was used before it was there")
	}
	s.Options.PageSize = 1
	small, err := s.newPool().Client(s.ctx(), s.Cloud, s.Login)
	s.ok(err)
	sameIDs(s, "usage", func(ctx context.Context) ([]stackhand.ServerUsage, error) { return s.c.Usage(ctx, from, until) },
		func(ctx context.Context) ([]stackhand.ServerUsage, error) { return small.Usage(ctx, from, until) },
		func(u stackhand.ServerUsage) string { return u.ServerID })
}

func members(s *suite) {
	for what, ask := range map[string]func(context.Context) error{
		"all servers": func(ctx context.Context) error { _, err := s.c.AllServers(ctx, ""); return err },
		"all usage": func(ctx context.Context) error {
			_, err := s.c.AllUsage(ctx, "", time.Now().Add(-time.Hour), time.Now())
			return err
		},
		"hypervisors": func(ctx context.Context) error { _, err := s.c.Hypervisors(ctx); return err },
		"projects":    func(ctx context.Context) error { _, err := s.c.Projects(ctx); return err },
		"users":       func(ctx context.Context) error { _, err := s.c.Users(ctx); return err },
	} {
		s.Log(what)
		s.refused(ask(s.ctx()), stackhand.Forbidden)
	}
}

func admins(s *suite) {
	if s.Admin.Username == "" {
		s.Skip("no administrator's login is given")
	}
	admin, err := s.pool.Client(s.ctx(), s.Cloud, s.Admin)
	s.ok(err)
	id, _, _ := s.running("10.250.33.0/24")
	is := func(v stackhand.Server) bool { return v.ID == id }
	all, err := admin.AllServers(s.ctx(), "")
	s.ok(err)
	i := slices.IndexFunc(all, is)
	if i < 0 || all[i].ProjectID != s.c.Identity().ProjectID || all[i].UserID != s.c.Identity().UserID || all[i].Host == "" || len(all[i].Addresses) == 0 {
		s.Errorf("the servers of all projects: %+v", all)
	}
	own, err := admin.AllServers(s.ctx(), s.c.Identity().ProjectID)
	s.ok(err)
	others, err := admin.AllServers(s.ctx(), admin.Identity().ProjectID)
	s.ok(err)
	if !slices.ContainsFunc(own, is) || slices.ContainsFunc(others, is) {
		s.Errorf("by project: %+v and %+v", own, others)
	}
	mine, err := admin.Servers(s.ctx())
	s.ok(err)
	if slices.ContainsFunc(mine, is) {
		s.Error("the administrator's own list has another project's server")
	}
	s.usageOfAll(admin, id)
	hosts, err := admin.Hypervisors(s.ctx())
	s.ok(err)
	if len(hosts) == 0 || hosts[0].ID == "" || hosts[0].Name == "" || hosts[0].State != "up" || hosts[0].Status != "enabled" || hosts[0].Type == "" {
		s.Errorf("hypervisors %+v", hosts)
	}
	s.people(admin)
}

// usageOfAll reads what every project has used, on one page and on many.
func (s *suite) usageOfAll(admin *cloud.Client, id string) {
	from, until := time.Now().Add(-time.Hour), time.Now().Add(time.Hour)
	read := func(ctx context.Context) ([]stackhand.ServerUsage, error) {
		return admin.AllUsage(ctx, "", from, until)
	}
	s.eventually("the usage of all projects tells of the server", func() bool {
		all, err := read(s.ctx())
		s.ok(err)
		return slices.ContainsFunc(all, func(u stackhand.ServerUsage) bool {
			return u.ServerID == id && u.ProjectID == s.c.Identity().ProjectID && u.Flavor != ""
		})
	})
	own, err := admin.AllUsage(s.ctx(), s.c.Identity().ProjectID, from, until)
	s.ok(err)
	if !slices.ContainsFunc(own, func(u stackhand.ServerUsage) bool { return u.ServerID == id }) {
		s.Errorf("the usage of one project: %+v", own)
	}
	s.Options.PageSize = 1
	small, err := s.newPool().Client(s.ctx(), s.Cloud, s.Admin)
	s.ok(err)
	sameIDs(s, "usage of all", read, func(ctx context.Context) ([]stackhand.ServerUsage, error) {
		return small.AllUsage(ctx, "", from, until)
	},
		func(u stackhand.ServerUsage) string { return u.ServerID })
}

func (s *suite) people(admin interface {
	Projects(context.Context) ([]stackhand.Project, error)
	Users(context.Context) ([]stackhand.CloudUser, error)
},
) {
	s.Helper()
	projects, err := admin.Projects(s.ctx())
	s.ok(err)
	if !slices.ContainsFunc(projects, func(p stackhand.Project) bool {
		return p.ID == s.c.Identity().ProjectID && p.Name == s.c.Identity().Project && !p.Disabled
	}) {
		s.Errorf("projects %+v", projects)
	}
	users, err := admin.Users(s.ctx())
	s.ok(err)
	if !slices.ContainsFunc(users, func(u stackhand.CloudUser) bool {
		return u.ID == s.c.Identity().UserID && u.Name == s.Login.Username && u.Enabled
	}) {
		s.Errorf("users %+v", users)
	}
}

func subnets(s *suite) {
	n := s.network(s.mark)
	one := func(spec stackhand.SubnetSpec) stackhand.Subnet {
		s.Helper()
		spec.NetworkID, spec.Name = n.ID, s.mark
		sub, err := s.c.CreateSubnet(s.ctx(), spec)
		s.ok(err)
		s.later("subnet", func(ctx context.Context) error { return s.c.DeleteSubnet(ctx, sub.ID) })
		return sub
	}
	bare := one(stackhand.SubnetSpec{
		CIDR: "10.250.34.0/24", Gateway: "none", NoDHCP: true, DNS: []string{"192.0.2.53"}, Pools: []string{"10.250.34.10-10.250.34.19"},
	})
	if bare.Gateway != "" || bare.DHCP || !slices.Equal(bare.DNS, []string{"192.0.2.53"}) ||
		!slices.Equal(bare.Pools, []string{"10.250.34.10-10.250.34.19"}) || bare.Version != 4 {
		s.Errorf("subnet %+v", bare)
	}
	if own := one(stackhand.SubnetSpec{CIDR: "10.250.35.0/24", Gateway: "10.250.35.254"}); own.Gateway != "10.250.35.254" || !own.DHCP || len(own.Pools) != 1 {
		s.Errorf("subnet %+v", own)
	}
	if six := one(stackhand.SubnetSpec{CIDR: "fd00:250:36::/64"}); six.Version != 6 || six.Gateway != "fd00:250:36::1" && six.Gateway != "fd00:250:36::" {
		s.Errorf("subnet %+v", six)
	}
	p, err := s.c.CreatePort(s.ctx(), stackhand.PortSpec{Name: s.mark, NetworkID: n.ID, FixedIP: "10.250.35.77"})
	s.ok(err)
	s.later("port", func(ctx context.Context) error { return s.c.DeletePort(ctx, p.ID) })
	if len(p.IPs) != 1 || p.IPs[0].IP != "10.250.35.77" || p.MAC == "" {
		s.Errorf("port %+v", p)
	}
	for what, spec := range map[string]stackhand.SubnetSpec{
		"pool outside":    {CIDR: "10.250.36.0/24", Pools: []string{"10.250.37.1-10.250.37.9"}},
		"pool backwards":  {CIDR: "10.250.36.0/24", Pools: []string{"10.250.36.9-10.250.36.1"}},
		"half a pool":     {CIDR: "10.250.36.0/24", Pools: []string{"10.250.36.9"}},
		"gateway in pool": {CIDR: "10.250.36.0/24", Gateway: "10.250.36.5", Pools: []string{"10.250.36.1-10.250.36.9"}},
	} {
		spec.NetworkID = n.ID
		_, err := s.c.CreateSubnet(s.ctx(), spec)
		s.Log(what)
		s.refused(err, stackhand.Invalid, stackhand.Conflict)
	}
}

func rules(s *suite) {
	g := s.group()
	s.ok(s.c.CreateRule(s.ctx(), g.ID, stackhand.Rule{Direction: "ingress", Protocol: "tcp", PortMin: 80, PortMax: 81, EtherType: "IPv6", RemoteIP: "2001:db8::/32"}))
	find := func() (out stackhand.Rule, there bool) {
		s.Helper()
		all, err := s.c.SecurityGroups(s.ctx())
		s.ok(err)
		for _, one := range all {
			for _, r := range one.Rules {
				if one.ID == g.ID && r.PortMin == 80 {
					return r, true
				}
			}
		}
		return out, false
	}
	r, there := find()
	if !there || r.EtherType != "IPv6" || r.PortMax != 81 {
		s.Fatalf("rule %+v", r)
	}
	s.ok(s.c.DeleteRule(s.ctx(), r.ID))
	if _, there = find(); there {
		s.Error("the rule is there after its deletion")
	}
	s.refused(s.c.DeleteRule(s.ctx(), r.ID), stackhand.NotFound)
}
