package cloudtest

import (
	"context"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/stackhand/stackhand"
)

func (s *suite) group() stackhand.SecurityGroup {
	s.Helper()
	g, err := s.c.CreateSecurityGroup(s.ctx(), s.mark, "made by a test")
	s.ok(err)
	s.later("group", func(ctx context.Context) error { return s.c.DeleteSecurityGroup(ctx, g.ID) })
	return g
}

func server(s *suite) {
	n := s.network(s.mark)
	sub := s.subnet(n.ID, "10.250.6.0/24")
	s.router(sub.ID)
	p, f := s.port(n.ID), s.floatingIP()
	s.ok(s.c.AttachFloatingIP(s.ctx(), f.ID, p.ID))
	name := s.mark + " web.1+x (ü)"
	spec := s.spec(name, p.ID)
	spec.UserData, spec.ConfigDrv = []byte("#cloud-config\n{}\n"), true
	id := s.boot(spec)
	found, err := s.c.ServersNamed(s.ctx(), name) // at once: a create whose answer was lost is found by it
	s.ok(err)
	if len(found) != 1 || found[0].ID != id || found[0].Metadata["stackhand_job"] != s.mark {
		s.Errorf("right after the create, by name: %+v", found)
	}
	got := s.active(id)
	_, err = s.c.CreateServer(s.ctx(), s.spec(s.mark+"-2", p.ID))
	s.refused(err, stackhand.Conflict) // once a port is bound, it guards against doubles
	s.checkServer(got, spec, n.Name, p.IPs[0].IP)
	one, err := s.c.Server(s.ctx(), id)
	s.ok(err)
	if !slices.ContainsFunc(one.Addresses, func(a stackhand.Address) bool { return a.IP == f.IP && a.Floating }) {
		s.Logf("the floating address is not told yet: %+v", one.Addresses)
	}
	used, err := s.c.Ports(s.ctx(), stackhand.PortFilter{DeviceID: id})
	s.ok(err)
	if len(used) != 1 || used[0].ID != p.ID || !strings.HasPrefix(used[0].DeviceOwner, "compute:") {
		s.Errorf("ports of the server: %+v", used)
	}
	_, err = s.c.ConsoleLog(s.ctx(), id, 20)
	s.ok(err)
	s.refused(s.takeDown(s.ctx(), id), stackhand.NotFound)
	left, err := s.c.Ports(s.ctx(), stackhand.PortFilter{NetworkID: n.ID, Name: s.mark})
	s.ok(err)
	if len(left) != 1 || left[0].DeviceID != "" {
		s.Errorf("the port was not given back: %+v", left)
	}
	s.refused(s.c.DeleteServer(s.ctx(), id), stackhand.NotFound)
}

func (s *suite) checkServer(got stackhand.Server, spec stackhand.ServerSpec, network, ip string) {
	s.Helper()
	if got.Name != spec.Name || got.Status != "ACTIVE" || got.ImageID != spec.ImageID || got.Flavor == "" ||
		got.Metadata["stackhand_job"] != s.mark || got.Created.IsZero() || got.Updated.IsZero() || got.LaunchedAt.IsZero() ||
		got.ProjectID != s.c.Identity().ProjectID || got.UserID != s.c.Identity().UserID || got.Zone == "" || len(got.Groups) == 0 {
		s.Errorf("server %+v", got)
	}
	if !slices.ContainsFunc(got.Addresses, func(a stackhand.Address) bool {
		return a.Network == network && a.IP == ip && a.Version == 4 && a.MAC != "" && !a.Floating
	}) {
		s.Errorf("addresses %+v have no %s", got.Addresses, ip)
	}
}

func reboot(s *suite) {
	n := s.network(s.mark)
	s.subnet(n.ID, "10.250.7.0/24")
	id := s.boot(s.spec(s.mark, s.port(n.ID).ID))
	s.active(id)
	before, err := s.c.ServerActions(s.ctx(), id)
	s.ok(err)
	if len(before) != 1 || before[0].Action != "create" || before[0].RequestID == "" || before[0].Start.IsZero() {
		s.Fatalf("actions after a build: %+v", before)
	}
	for i, hard := range []bool{false, true} {
		s.ok(s.c.RebootServer(s.ctx(), id, hard))
		after, err := s.c.ServerActions(s.ctx(), id) // recorded before the reboot is answered
		s.ok(err)
		if len(after) != len(before)+i+1 || after[0].Action != "reboot" || after[0].RequestID == before[0].RequestID ||
			after[0].UserID != s.c.Identity().UserID {
			s.Fatalf("actions after a reboot: %+v", after)
		}
		got := s.active(id)
		if got.Task != "" {
			s.Errorf("still %s", got.Task)
		}
	}
}

func serverRefusals(s *suite) {
	n := s.network(s.mark)
	s.subnet(n.ID, "10.250.8.0/24")
	p := s.port(n.ID)
	const nothing = "3a1f9a52-0000-4000-8000-1f0e5b6f2f10"
	for what, change := range map[string]func(*stackhand.ServerSpec){
		"no name":        func(v *stackhand.ServerSpec) { v.Name = "" },
		"long name":      func(v *stackhand.ServerSpec) { v.Name = strings.Repeat("x", 256) },
		"unknown image":  func(v *stackhand.ServerSpec) { v.ImageID = nothing },
		"unknown flavor": func(v *stackhand.ServerSpec) { v.FlavorID = nothing },
		"unknown key":    func(v *stackhand.ServerSpec) { v.KeyName = s.mark },
		"unknown port":   func(v *stackhand.ServerSpec) { v.Ports = []string{nothing} },
		"unknown zone":   func(v *stackhand.ServerSpec) { v.Zone = s.mark },
		"long metadata":  func(v *stackhand.ServerSpec) { v.Metadata = map[string]string{"k": strings.Repeat("x", 256)} },
	} {
		spec := s.spec(s.mark, p.ID)
		change(&spec)
		id, err := s.c.CreateServer(s.ctx(), spec)
		if err == nil {
			s.later(what, func(ctx context.Context) error { return s.takeDown(ctx, id) })
		}
		s.Log(what)
		s.refused(err, stackhand.Invalid)
	}
	if named, err := s.c.ServersNamed(s.ctx(), s.mark); err != nil || len(named) != 0 {
		s.Errorf("a refused create left %+v: %v", named, err)
	}
}

func waiting(s *suite) {
	n := s.network(s.mark)
	s.subnet(n.ID, "10.250.9.0/24")
	var ids []string
	for i := range 3 {
		ids = append(ids, s.boot(s.spec(s.mark+string(rune('a'+i)), s.port(n.ID).ID)))
	}
	var all sync.WaitGroup
	for _, id := range ids {
		all.Go(func() {
			if got, err := s.c.Await(s.ctx(), id, settled); err != nil || got.Status != "ACTIVE" {
				s.Errorf("build of %s: %v %v", id, got.Status, err)
			}
		})
	}
	all.Wait()
	short, stop := context.WithTimeout(s.ctx(), 700*time.Millisecond)
	defer stop()
	got, err := s.c.Await(short, ids[0], func(stackhand.Server) bool { return false })
	s.refused(err, stackhand.Unavailable)
	if got.ID != ids[0] {
		s.Errorf("a wait that ended early shows %+v", got)
	}
	for _, id := range ids {
		all.Go(func() {
			if err := s.takeDown(s.ctx(), id); stackhand.KindOf(err) != stackhand.NotFound {
				s.Errorf("removal of %s: %v", id, err)
			}
		})
	}
	all.Wait()
}

func failedBuild(s *suite) {
	if s.FailBuild == nil {
		s.Skip("builds of this cloud cannot be made to fail at will")
	}
	n := s.network(s.mark)
	s.subnet(n.ID, "10.250.10.0/24")
	s.FailBuild(s.T, s.mark)
	id := s.boot(s.spec(s.mark, s.port(n.ID).ID))
	got, err := s.c.Await(s.ctx(), id, settled)
	s.ok(err)
	if got.Status != "ERROR" || got.Fault == "" {
		s.Errorf("the build ended as %s with fault %q", got.Status, got.Fault)
	}
	s.Log(got.Fault)
	one, err := s.c.Server(s.ctx(), id)
	s.ok(err)
	if one.Fault != got.Fault {
		s.Errorf("fault %q in the list, %q alone", got.Fault, one.Fault)
	}
	s.refused(s.takeDown(s.ctx(), id), stackhand.NotFound)
}
