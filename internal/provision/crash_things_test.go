package provision_test

import (
	"slices"
	"strings"

	"github.com/stackhand/stackhand"
	"github.com/stackhand/stackhand/internal/provision"
)

func making(kind string, edit func(*stackhand.MakeSpec)) stackhand.Job {
	s := stackhand.MakeSpec{Cloud: "lab", ProjectID: "p1", Project: "team-a", Kind: kind, Name: "x", Description: "stack of books"}
	if edit != nil {
		edit(&s)
	}
	return jobOf("job1", provision.FlowMake, s)
}

func removing(kind, id string) stackhand.Job {
	s := stackhand.RemoveSpec{Cloud: "lab", ProjectID: "p1", Project: "team-a", Kind: kind, ID: id, Name: "x", ParentID: "r1", Parent: "r"}
	return jobOf("job1", provision.FlowRemove, s)
}

// plot is a network, a subnet, a router, a group with a rule, a volume and an image, none of them ours.
func plot(p *process) {
	c := p.lab.cloud
	c.edit(func() {
		c.networks["n1"] = stackhand.Network{ID: "n1", Name: "x"}
		c.subnets["s1"] = stackhand.Subnet{ID: "s1", Name: "x", NetworkID: "n1"}
		c.routers["r1"] = stackhand.Router{ID: "r1", Name: "r", External: external}
		c.groups["g1"] = stackhand.SecurityGroup{ID: "g1", Name: "x", Rules: []stackhand.Rule{{ID: "rule1", Protocol: "udp"}}}
		c.addVolume("v1", "x", nil)
		c.images["i1"] = &fakeImage{Image: stackhand.Image{ID: "i1", Name: "x", Status: "active"}}
	})
}

var planted = []string{"network x", "subnet x", "router r", "group x", "volume x", "image x"}

// joinedUp connects the plot's router with its subnet.
func joinedUp(p *process) {
	p.lab.cloud.edit(func() {
		p.lab.cloud.ports["p1"] = stackhand.Port{ID: "p1", NetworkID: "n1", DeviceID: "r1", DeviceOwner: "network:router_interface", IPs: []stackhand.FixedIP{{SubnetID: "s1", IP: "10.0.0.1"}}}
	})
}

// thing checks that the job is done, and what the plot holds besides, or not any more.
func thing(more, less string) func(*lab, *process, stackhand.Job) {
	return func(l *lab, _ *process, j stackhand.Job) {
		l.t.Helper()
		left := without(slices.Clone(planted), less)
		if more != "" {
			left = append(left, more)
		}
		l.want(j, stackhand.JobDone, left...)
	}
}

func thingTrials() []trial {
	subnet := func(s *stackhand.MakeSpec) {
		s.Name, s.Subnet = "y", stackhand.SubnetSpec{NetworkID: "n1", CIDR: "10.1.0.0/24"}
	}
	port := func(s *stackhand.MakeSpec) { s.Name, s.Port = "y", stackhand.PortSpec{NetworkID: "n1"} }
	join := func(s *stackhand.MakeSpec) { s.ParentID, s.TargetID = "r1", "s1" }
	rule := stackhand.Rule{Direction: "ingress", Protocol: "tcp", PortMin: 80, PortMax: 80}
	named := func(s *stackhand.MakeSpec) { s.Name = "y" }
	rules := func(n int) func(*lab, *process, stackhand.Job) {
		return func(l *lab, p *process, j stackhand.Job) {
			thing("", "")(l, p, j)
			if got := l.cloud.groups["g1"].Rules; len(got) != n {
				l.t.Errorf("rules %+v", got)
			}
		}
	}
	return []trial{
		{"make network", plot, making(stackhand.KindNetwork, named), thing("network y", "")},
		{"make subnet", plot, making(stackhand.KindSubnet, subnet), thing("subnet y", "")},
		{"make port", plot, making(stackhand.KindPort, port), thing("port y", "")},
		{"make interface", plot, making(stackhand.KindInterface, join), thing("port network:router_interface", "")},
		{"make rule", plot, making(stackhand.KindRule, func(s *stackhand.MakeSpec) { s.ParentID, s.Rule = "g1", rule }), rules(2)},
		{"make floating ip", plot, making(stackhand.KindFloatingIP, func(s *stackhand.MakeSpec) { s.External = external }), thing("floating ip", "")},
		{"make volume", plot, making(stackhand.KindVolume, func(s *stackhand.MakeSpec) { s.Name, s.Volume = "y", stackhand.VolumeSpec{Size: 3} }), thing("volume y", "")},
		{"make snapshot", plot, making(stackhand.KindSnapshot, func(s *stackhand.MakeSpec) { s.Name, s.ParentID = "y", "v1" }), thing("snapshot y", "")},
		{"remove rule", plot, removing(stackhand.KindRule, "rule1"), rules(0)},
		{"remove interface", func(p *process) { plot(p); joinedUp(p) }, removing(stackhand.KindInterface, "s1"), thing("", "")},
		{"remove volume of nobody", plot, removing(stackhand.KindVolume, "v1"), thing("", "volume x")},
		{"remove image", plot, removing(stackhand.KindImage, "i1"), thing("", "image x")},
		imagedTrial(),
		{"remove group", plot, removing(stackhand.KindSecurityGroup, "g1"), thing("", "group x")},
		{"edit image", plot, jobOf("job1", provision.FlowEdit, stackhand.EditSpec{Cloud: "lab", ImageID: "i1", Image: "x", Change: stackhand.ImageChange{Name: "y"}}),
			func(l *lab, _ *process, j stackhand.Job) {
				l.want(j, stackhand.JobDone, append(without(slices.Clone(planted), "image x"), "image y")...)
				if !strings.Contains(strings.Join(j.Notes, " "), "is called y now") {
					l.t.Errorf("said %q", j.Notes)
				}
			}},
	}
}
