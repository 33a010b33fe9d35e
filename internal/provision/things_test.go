package provision_test

import (
	"slices"
	"strings"
	"testing"
	"testing/synctest"

	"github.com/stackhand/stackhand"
	"github.com/stackhand/stackhand/internal/provision"
)

// TestMakeEnds makes things that are there already, that the cloud breaks, and that can only be made halfway.
func TestMakeEnds(t *testing.T) {
	breaks := func(p *process) {
		plot(p)
		p.lab.cloud.edit(func() { p.lab.cloud.broken = "error" })
	}
	rule := stackhand.Rule{Protocol: "udp"}
	named := func(s *stackhand.MakeSpec) { s.Name = "y" }
	for _, tt := range []struct {
		name    string
		prepare func(p *process)
		job     stackhand.Job
		state   stackhand.JobState
		left    []string
		says    string
	}{
		{"a rule twice", plot, making(stackhand.KindRule, func(s *stackhand.MakeSpec) { s.ParentID, s.Parent, s.Rule = "g1", "x", rule }),
			stackhand.JobDone, planted, "The security group x has this rule already."},
		{"an interface twice", func(p *process) { plot(p); joinedUp(p) }, making(stackhand.KindInterface, func(s *stackhand.MakeSpec) {
			s.ParentID, s.Parent, s.TargetID, s.Target = "r1", "r", "s1", "x"
		}), stackhand.JobDone, append([]string{"port network:router_interface"}, planted...), "r is connected with x already."},
		{"a group", plot, making(stackhand.KindSecurityGroup, named), stackhand.JobDone, append([]string{"group y"}, planted...), "The security group y is there: group-"},
		{"a router", plot, making(stackhand.KindRouter, named), stackhand.JobDone, append([]string{"router y"}, planted...), "The router y is there: router-"},
		{"a broken volume", breaks, making(stackhand.KindVolume, named), stackhand.JobUndone, planted, "The cloud could not make the volume y: it is in the state error."},
		{"a broken snapshot", breaks, making(stackhand.KindSnapshot, func(s *stackhand.MakeSpec) { s.Name, s.ParentID = "y", "v1" }), stackhand.JobUndone, planted,
			"The cloud could not make the volume snapshot y: it is in the state error."},
		{"an address that cannot be attached", plot, making(stackhand.KindFloatingIP, func(s *stackhand.MakeSpec) { s.External, s.TargetID, s.Target = external, "p9", "theirs" }),
			stackhand.JobUndone, planted, "The floating IP cannot serve the port theirs."},
		{"what nobody knows", plot, making("planet", nil), stackhand.JobStuck, planted, "does not know how to make a planet"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				l, job := trial{prepare: tt.prepare, job: tt.job}.setUp(t)
				j := l.start().run(job)
				l.want(j, tt.state, append([]string(nil), tt.left...)...)
				if !strings.Contains(said(j), tt.says) {
					t.Errorf("said %q, want %q", said(j), tt.says)
				}
			})
		})
	}
}

// TestRemoveRefusals removes what others use or have, what is there no more, and what belongs to a stack.
func TestRemoveRefusals(t *testing.T) {
	both := func(more func(c *fakeCloud)) func(p *process) {
		return func(p *process) {
			plot(p)
			p.lab.cloud.edit(func() { more(p.lab.cloud) })
		}
	}
	server := func(c *fakeCloud) {
		c.servers["s9"] = &fakeServer{Server: stackhand.Server{ID: "s9", Name: "theirs", Status: "ACTIVE"}}
		c.ports["p9"] = stackhand.Port{ID: "p9", Name: "x", NetworkID: "n1", DeviceID: "s9", DeviceOwner: "compute:nova", Groups: []string{"g1"}, IPs: []stackhand.FixedIP{{SubnetID: "s1", IP: "10.0.0.9"}}}
		v := c.volumes["v1"]
		v.Status, v.Attached = "in-use", []stackhand.Attachment{{VolumeID: "v1", ServerID: "s9"}}
	}
	for _, tt := range []struct {
		name    string
		prepare func(p *process)
		job     stackhand.Job
		state   stackhand.JobState
		says    string
	}{
		{"a network in use", both(server), removing(stackhand.KindNetwork, "n1"), stackhand.JobFailed, "The network x is in use by server theirs."},
		{"a subnet in use", both(server), removing(stackhand.KindSubnet, "s1"), stackhand.JobFailed, "The subnet x is in use by server theirs."},
		{"a group in use", both(server), removing(stackhand.KindSecurityGroup, "g1"), stackhand.JobFailed, "The security group x is in use by server theirs."},
		{"a port in use", both(server), removing(stackhand.KindPort, "p9"), stackhand.JobFailed, "The port x is in use by theirs."},
		{"a volume in use", both(server), removing(stackhand.KindVolume, "v1"), stackhand.JobFailed, "The volume x is attached to theirs."},
		{"a router in use", func(p *process) { plot(p); joinedUp(p) }, removing(stackhand.KindRouter, "r1"), stackhand.JobFailed, "The router x is in use by network x."},
		{"a volume with a snapshot", both(func(c *fakeCloud) {
			c.snaps["x1"] = &fakeSnap{VolumeSnapshot: stackhand.VolumeSnapshot{ID: "x1", Name: "monday", VolumeID: "v1"}}
		}), removing(stackhand.KindVolume, "v1"), stackhand.JobFailed, "The volume x is in use by snapshot monday."},
		{"a snapshot", both(func(c *fakeCloud) {
			c.snaps["x1"] = &fakeSnap{VolumeSnapshot: stackhand.VolumeSnapshot{ID: "x1", Name: "monday", VolumeID: "v1", Status: "available"}}
		}), removing(stackhand.KindSnapshot, "x1"), stackhand.JobDone, ""},
		{"a network that is gone", plot, removing(stackhand.KindNetwork, "n9"), stackhand.JobDone, "The network x was gone already."},
		{"a floating IP that is gone", plot, removing(stackhand.KindFloatingIP, "f9"), stackhand.JobDone, "The floating ip x was gone already."},
		{"what nobody knows", plot, removing("planet", "n9"), stackhand.JobStuck, "does not know how to remove a planet"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				l, job := trial{prepare: tt.prepare, job: tt.job}.setUp(t)
				before := l.cloud.left()
				j := l.start().run(job)
				if j.State != tt.state || tt.says == "" && said(j) != "" || !strings.Contains(said(j), tt.says) {
					t.Errorf("said %q, want %q: %s", said(j), tt.says, story(j))
				}
				if tt.state != stackhand.JobDone {
					l.want(j, tt.state, before...)
				}
			})
		})
	}
}

// TestRemoveFromStacks removes things that are on ledgers: one's own, another's, and what is shared.
func TestRemoveFromStacks(t *testing.T) {
	for _, tt := range []struct {
		kind, user string
		role       stackhand.Role
		state      stackhand.JobState
		says       string
	}{
		{stackhand.KindFloatingIP, "U1", stackhand.Member, stackhand.JobDone, ""},
		{stackhand.KindFloatingIP, "U2", stackhand.Member, stackhand.JobFailed, "The floating ip x belongs to web. It goes when that is deleted."},
		{stackhand.KindFloatingIP, "U2", stackhand.Admin, stackhand.JobDone, ""},
		{stackhand.KindNetwork, "U1", stackhand.Admin, stackhand.JobFailed, "The network x belongs to web."},
		{stackhand.KindSecurityGroup, "U1", stackhand.Member, stackhand.JobFailed, "The security group x belongs to web."},
	} {
		t.Run(tt.kind+" "+tt.user+" "+tt.role.String(), func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				l := newLab(t)
				p := l.start()
				p.run(jobOf("job0", provision.FlowCreate, spec()))
				st := p.stack("job0-1")
				id, name := "", ""
				for _, r := range st.Ledger {
					if r.Kind == tt.kind {
						id, name = r.ID, r.Name
					}
				}
				job := jobOf("job1", provision.FlowRemove, stackhand.RemoveSpec{Cloud: "lab", ProjectID: "p1", Kind: tt.kind, ID: id, Name: name})
				job.User = stackhand.User{ID: tt.user, Role: tt.role}
				j := p.run(job)
				if j.State != tt.state || !strings.Contains(said(j), strings.ReplaceAll(tt.says, " x ", " "+name+" ")) {
					t.Errorf("said %q, want %q: %s", said(j), tt.says, story(j))
				}
				after := p.stack("job0-1")
				if removed := len(after.Ledger) < len(st.Ledger) && after.Address == ""; removed != (tt.state == stackhand.JobDone) {
					t.Errorf("ledger %+v, address %q", after.Ledger, after.Address)
				}
				l.want(p.run(deleteOf("del", "job0-1")), stackhand.JobDone)
			})
		})
	}
}

// TestRemoveOtherConnection takes a subnet of a stack off a router that is none of the stack's: the stack's own
// connection is another thing.
func TestRemoveOtherConnection(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l := newLab(t)
		p := l.start()
		inside := spec()
		inside.Floating = false
		p.run(jobOf("job0", provision.FlowCreate, inside))
		st := p.stack("job0-1")
		at := slices.IndexFunc(st.Ledger, func(r stackhand.Resource) bool { return r.Kind == stackhand.KindInterface })
		if at < 0 {
			t.Fatalf("no connection on %+v", st.Ledger)
		}
		own := st.Ledger[at]
		l.cloud.edit(func() {
			l.cloud.routers["r1"] = stackhand.Router{ID: "r1", Name: "r"}
			l.cloud.ports["p1"] = stackhand.Port{ID: "p1", DeviceID: "r1", DeviceOwner: "network:router_interface", IPs: []stackhand.FixedIP{{SubnetID: own.ID, IP: "10.0.0.9"}}}
		})
		if j := p.run(removing(stackhand.KindInterface, own.ID)); j.State != stackhand.JobDone {
			t.Error(story(j))
		}
		if now := p.stack("job0-1"); len(now.Ledger) != len(st.Ledger) {
			t.Errorf("ledger %+v, was %+v", now.Ledger, st.Ledger)
		}
		l.cloud.edit(func() {
			if _, there := l.cloud.ports["p1"]; there {
				t.Error("it is still connected")
			}
			delete(l.cloud.routers, "r1")
		})
		l.want(p.run(deleteOf("del", "job0-1")), stackhand.JobDone)
	})
}
