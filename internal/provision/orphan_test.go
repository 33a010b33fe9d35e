package provision_test

import (
	"context"
	"slices"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stackhand/stackhand"
	"github.com/stackhand/stackhand/internal/provision"
)

// Thing reads one resource.
func (s session) Thing(ctx context.Context, r stackhand.Resource) (stackhand.Thing, error) {
	t := stackhand.Thing{Resource: r, ProjectID: "p1"}
	described := func(text string, err error) (stackhand.Thing, error) {
		t.Mark, _, t.Marked = stackhand.ParseMark(text)
		return t, err
	}
	switch r.Kind {
	case stackhand.KindServer:
		v, err := s.Server(ctx, r.ID)
		t.Mark, t.Marked = stackhand.MarkOf(v.Metadata)
		return t, err
	case stackhand.KindVolume:
		v, err := s.Volume(ctx, r.ID)
		t.Mark, t.Marked = stackhand.MarkOf(v.Metadata)
		return t, err
	case stackhand.KindSnapshot:
		v, err := s.VolumeSnapshot(ctx, r.ID)
		t.Mark, t.Marked = stackhand.MarkOf(v.Metadata)
		return t, err
	case stackhand.KindImage:
		v, err := s.Image(ctx, r.ID)
		t.Mark, t.Marked = stackhand.MarkOf(v.Properties)
		return t, err
	case stackhand.KindFloatingIP:
		f, err := s.FloatingIP(ctx, r.ID)
		return described(f.Description, err)
	case stackhand.KindNetwork:
		n, err := s.Network(ctx, r.ID)
		return described(n.Description, err)
	}
	return s.listed(ctx, r, described)
}

// listed finds what can only be read in lists.
func (s session) listed(ctx context.Context, r stackhand.Resource, described func(string, error) (stackhand.Thing, error)) (stackhand.Thing, error) {
	texts := map[string]string{}
	note := func(kind, id, text string) { texts[kind+" "+id] = text }
	ports, err := s.Ports(ctx, stackhand.PortFilter{})
	if err != nil {
		return stackhand.Thing{}, err
	}
	for _, p := range ports {
		note(stackhand.KindPort, p.ID, p.Description)
		if p.DeviceOwner == "network:router_interface" {
			note(stackhand.KindInterface, p.IPs[0].SubnetID, "")
		}
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, n := range s.subnets {
		note(stackhand.KindSubnet, n.ID, n.Description)
	}
	for _, n := range s.routers {
		note(stackhand.KindRouter, n.ID, n.Description)
	}
	for _, n := range s.groups {
		note(stackhand.KindSecurityGroup, n.ID, n.Description)
	}
	text, ok := texts[r.Kind+" "+r.ID]
	if !ok {
		return stackhand.Thing{}, stackhand.Errorf(stackhand.NotFound, "no %s", r.Kind)
	}
	return described(text, nil)
}

// orphaned is what tells the flow whose a thing is: nobody's whom the records do not name.
func (p *process) orphaned(ctx context.Context, cloud string, t stackhand.Thing, job string) (bool, error) {
	users, err := p.rec.UsersOfResource(ctx, cloud, t.ID)
	return len(slices.DeleteFunc(users, func(u string) bool { return u == job })) == 0, err
}

var lone = stackhand.Mark{Job: "jobx", Stack: "jobx-1", Home: "home"}

// strays are a server with its port, address and volume, a group, and a network with its router, of which no record tells.
func strays(p *process) {
	c := p.lab.cloud
	c.edit(func() {
		m := lone.String()
		c.networks["n1"] = stackhand.Network{ID: "n1", Name: "x", Description: m}
		c.subnets["s1"] = stackhand.Subnet{ID: "s1", Name: "x", NetworkID: "n1", Description: m}
		c.routers["r1"] = stackhand.Router{ID: "r1", Name: "r", External: external, Description: m}
		c.groups["g1"] = stackhand.SecurityGroup{ID: "g1", Name: "x", Description: m}
		c.ports["p9"] = stackhand.Port{ID: "p9", Name: "x", NetworkID: "n1", DeviceID: "srv", DeviceOwner: "compute:nova", Groups: []string{"g1"}, Description: m}
		c.fips["f1"] = stackhand.FloatingIP{ID: "f1", IP: "203.0.113.9", PortID: "p9", Description: m}
		c.servers["srv"] = &fakeServer{Server: stackhand.Server{ID: "srv", Name: "x", Status: "ACTIVE", Metadata: lone.Metadata(), Volumes: []string{"v1"}, Created: time.Now()}, ports: []string{"p9"}}
		v := c.addVolume("v1", "x", lone.Metadata())
		v.Status, v.Attached = "in-use", []stackhand.Attachment{{VolumeID: "v1", ServerID: "srv"}}
		c.snaps["sn1"] = &fakeSnap{VolumeSnapshot: stackhand.VolumeSnapshot{ID: "sn1", Name: "x", VolumeID: "v1", Status: "available", Metadata: lone.Metadata()}}
		c.images["i1"] = &fakeImage{Image: stackhand.Image{ID: "i1", Name: "x-old", Status: "active", Properties: lone.Metadata()}}
	})
	joinedUp(p)
}

func lostThings() (out []stackhand.Thing) {
	for _, r := range []stackhand.Resource{
		{Kind: stackhand.KindServer, ID: "srv", Name: "x"}, {Kind: stackhand.KindPort, ID: "p9", Name: "x", Parent: "n1"}, {Kind: stackhand.KindFloatingIP, ID: "f1", Name: "203.0.113.9"},
		{Kind: stackhand.KindVolume, ID: "v1", Name: "x"}, {Kind: stackhand.KindNetwork, ID: "n1", Name: "x"}, {Kind: stackhand.KindSubnet, ID: "s1", Name: "x", Parent: "n1"},
		{Kind: stackhand.KindRouter, ID: "r1", Name: "r"}, {Kind: stackhand.KindInterface, ID: "s1", Parent: "r1"}, {Kind: stackhand.KindSecurityGroup, ID: "g1", Name: "x"},
		{Kind: stackhand.KindSnapshot, ID: "sn1", Name: "x"}, {Kind: stackhand.KindImage, ID: "i1", Name: "x-old"},
	} {
		r.Job, r.Stack = lone.Job, lone.Stack
		out = append(out, stackhand.Thing{Resource: r, Mark: lone, Marked: true, ProjectID: "p1"})
	}
	return out
}

func orphanJob() stackhand.Job {
	return jobOf("job1", provision.FlowOrphan, stackhand.OrphanSpec{Cloud: "lab", Things: lostThings()})
}

// orphanTrial removes all of it, however often the process dies on the way.
func orphanTrial() trial {
	return trial{"remove orphans", strays, orphanJob(), func(l *lab, _ *process, j stackhand.Job) {
		l.t.Helper()
		l.want(j, stackhand.JobDone)
	}}
}

// What is not as it was found stays, and all that was found with it.
func TestOrphansThatAreNone(t *testing.T) {
	for name, change := range map[string]func(l *lab, p *process){
		"on a record by now": func(l *lab, p *process) {
			st := stackhand.Stack{ID: "other-1", Name: "db", Cloud: "lab", State: stackhand.StackReady, Ledger: []stackhand.Resource{{Kind: stackhand.KindNetwork, ID: "n1"}}}
			if err := p.rec.SaveStack(t.Context(), &st); err != nil {
				l.t.Fatal(err)
			}
		},
		"of another installation": func(l *lab, p *process) {
			l.cloud.edit(func() {
				m := lone
				m.Home = "another"
				l.cloud.servers["srv"].Metadata = m.Metadata()
			})
		},
		"of another stack": func(l *lab, p *process) {
			l.cloud.edit(func() { l.cloud.servers["srv"].Metadata = stackhand.Mark{Job: "jobx", Stack: "jobx-2"}.Metadata() })
		},
		"without its mark": func(l *lab, p *process) {
			l.cloud.edit(func() { f := l.cloud.fips["f1"]; f.Description = "mine now"; l.cloud.fips["f1"] = f })
		},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				l := newLab(t)
				p := l.start()
				strays(p)
				change(l, p)
				before := l.cloud.left()
				l.want(p.run(orphanJob()), stackhand.JobFailed, before...)
			})
		})
	}
}

// A stranger's server on an orphan network keeps the network, and what is said names it.
func TestOrphanNetworkInUse(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l := newLab(t)
		p := l.start()
		strays(p)
		l.cloud.edit(func() {
			l.cloud.servers["s2"] = &fakeServer{Server: stackhand.Server{ID: "s2", Name: "theirs", Status: "ACTIVE"}}
			l.cloud.ports["p2"] = stackhand.Port{ID: "p2", NetworkID: "n1", DeviceID: "s2", DeviceOwner: "compute:nova"}
		})
		j := p.run(orphanJob())
		l.want(j, stackhand.JobDone, "network x", "subnet x", "router r", "port network:router_interface", "server theirs", "port compute:nova")
		if len(j.Notes) != 1 || j.Notes[0] != "The network x was left: server theirs is connected to it." {
			t.Errorf("said %q", j.Notes)
		}
	})
}
