package provision_test

import (
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stackhand/stackhand"
	"github.com/stackhand/stackhand/internal/provision"
)

// edit changes the cloud behind the flows' back.
func (c *fakeCloud) edit(what func()) {
	c.mu.Lock()
	defer c.mu.Unlock()
	what()
}

func first[T any](m map[string]T, want func(T) bool) (string, T) {
	for k, v := range m {
		if want(v) {
			return k, v
		}
	}
	panic("there is none")
}

var netParts = []string{"network stackhand-auto", "subnet stackhand-auto", "router stackhand-auto", "port network:router_interface"}

func isAuto(n stackhand.Network) bool { return n.Name == "stackhand-auto" }

// strangers come near the stack web while it stands.
var strangers = []struct {
	name  string
	do    func(c *fakeCloud)
	left  []string
	state stackhand.JobState
	says  string
}{
	{"a server on the network", func(c *fakeCloud) {
		id, _ := first(c.networks, isAuto)
		c.servers["s9"] = &fakeServer{Server: stackhand.Server{ID: "s9", Name: "theirs", Status: "ACTIVE"}}
		c.ports["p9"] = stackhand.Port{ID: "p9", NetworkID: id, DeviceID: "s9", DeviceOwner: "compute:nova"}
	}, append([]string{"port compute:nova", "server theirs"}, netParts...), stackhand.JobDone,
		"The network stackhand-auto was left: server theirs is connected to it."},
	{"a router on the network", func(c *fakeCloud) {
		id, _ := first(c.networks, isAuto)
		c.ports["p9"] = stackhand.Port{ID: "p9", NetworkID: id, DeviceID: "r9", DeviceOwner: "network:router_interface", IPs: []stackhand.FixedIP{{SubnetID: "x"}}}
	}, append([]string{"port network:router_interface"}, netParts...), stackhand.JobDone,
		"The network stackhand-auto was left: router r9 is connected to it."},
	{"a network on the router", func(c *fakeCloud) {
		id, _ := first(c.routers, func(stackhand.Router) bool { return true })
		c.networks["n9"] = stackhand.Network{ID: "n9", Name: "theirs"}
		c.ports["p9"] = stackhand.Port{ID: "p9", NetworkID: "n9", DeviceID: id, DeviceOwner: "network:router_interface", IPs: []stackhand.FixedIP{{SubnetID: "x"}}}
	}, []string{"network theirs", "port network:router_interface", "router stackhand-auto"}, stackhand.JobDone,
		"The router stackhand-auto was left: the network theirs is connected to it."},
	{"a port in the group", func(c *fakeCloud) {
		id, _ := first(c.groups, func(g stackhand.SecurityGroup) bool { return g.ID != "default" })
		c.ports["p9"] = stackhand.Port{ID: "p9", Name: "theirs", NetworkID: external, Groups: []string{id}}
	}, []string{"group stackhand-open-22", "port theirs"}, stackhand.JobDone,
		"The security group stackhand-open-22 was left: port theirs uses it."},
	{"the address moved", func(c *fakeCloud) {
		id, f := first(c.fips, func(stackhand.FloatingIP) bool { return true })
		c.ports["p9"] = stackhand.Port{ID: "p9", Name: "theirs", NetworkID: external, IPs: []stackhand.FixedIP{{SubnetID: "x"}}}
		f.PortID = "p9"
		c.fips[id] = f
	}, []string{"floating ip", "port theirs"}, stackhand.JobDone, "was left: it serves another port now (p9)."},
	{"the port moved to another server", func(c *fakeCloud) {
		clear(c.servers)
		c.servers["s9"] = &fakeServer{Server: stackhand.Server{ID: "s9", Name: "theirs", Status: "ACTIVE"}}
		id, p := first(c.ports, func(p stackhand.Port) bool { return p.Name == "web" })
		p.DeviceID = "s9"
		c.ports[id] = p
	}, append([]string{"port webcompute:nova", "server theirs", "group stackhand-open-22"}, netParts...), stackhand.JobDone,
		"The port web was left: the server theirs uses it."},
	{"the port moved to another server of ours", func(c *fakeCloud) {
		clear(c.servers)
		id, p := first(c.ports, func(p stackhand.Port) bool { return p.Name == "web" })
		c.servers["s9"] = &fakeServer{Server: stackhand.Server{
			ID: "s9", Name: "web", Status: "ACTIVE", Metadata: map[string]string{"stackhand_stack": "job1-1"},
		}, ports: []string{id}}
		p.DeviceID = "s9"
		c.ports[id] = p
	}, nil, stackhand.JobDone, ""},
	{"another server with the id", func(c *fakeCloud) {
		_, s := first(c.servers, func(*fakeServer) bool { return true })
		s.Metadata = map[string]string{"stackhand_stack": "other-1"}
	}, whole("stackhand-auto", "web")[:], stackhand.JobFailed, "was not made for this stack"},
	{"the mark removed", func(c *fakeCloud) {
		_, s := first(c.servers, func(*fakeServer) bool { return true })
		s.Metadata = nil
	}, nil, stackhand.JobDone, ""},
	{"everything gone already", func(c *fakeCloud) {
		clear(c.servers)
		clear(c.ports)
		clear(c.fips)
		clear(c.routers)
		clear(c.subnets)
		clear(c.groups)
		for id, n := range c.networks {
			if !n.External {
				delete(c.networks, id)
			}
		}
	}, nil, stackhand.JobDone, ""},
}

// TestForeignThingsStay deletes a stack that strangers came near to. What they use is left, and said.
func TestForeignThingsStay(t *testing.T) {
	for _, tt := range strangers {
		t.Run(tt.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				l := newLab(t)
				p := l.start()
				p.run(jobOf("job1", provision.FlowCreate, spec()))
				l.cloud.edit(func() { tt.do(l.cloud) })
				j := p.run(deleteOf("del1", "job1-1"))
				l.want(j, tt.state, tt.left...)
				said := strings.Join(j.Notes, " ")
				if j.Problem != nil {
					said += j.Problem.Msg
				}
				if tt.says == "" && said != "" || !strings.Contains(said, tt.says) {
					t.Errorf("said %q, want %q", said, tt.says)
				}
				st := p.stack("job1-1")
				if tt.state == stackhand.JobDone && st.State != stackhand.StackGone || tt.state == stackhand.JobFailed && (st.State != stackhand.StackReady || st.Busy != "") {
					t.Errorf("stack is %s, busy %q", st.State, st.Busy)
				}
			})
		})
	}
}

func without(in []string, s string) (out []string) {
	for _, v := range in {
		if v != s {
			out = append(out, v)
		}
	}
	return out
}

func TestDeleteRefusals(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l := newLab(t)
		p := l.start()
		p.begin(jobOf("job1", provision.FlowCreate, spec()))
		<-time.After(time.Second)
		if j := p.run(deleteOf("del1", "job1-1")); j.State != stackhand.JobFailed || !strings.Contains(j.Problem.Msg, "still being built") || !strings.Contains(j.Problem.Next, "job1") {
			t.Error(story(j))
		}
		p.rested("job1")
		p.begin(deleteOf("del2", "job1-1"))
		<-time.After(500 * time.Millisecond)
		if j := p.run(deleteOf("del3", "job1-1")); j.State != stackhand.JobFailed || !strings.Contains(j.Problem.Msg, "Job del2 is at work on web") {
			t.Error(story(j))
		}
		reboot := stackhand.RebootSpec{Cloud: "lab", Stack: "job1-1", Server: p.stack("job1-1").Server, Name: "web"}
		if j := p.run(jobOf("boot1", provision.FlowReboot, reboot)); j.State != stackhand.JobFailed || !strings.Contains(j.Problem.Msg, "cannot be rebooted: it is deleting") {
			t.Error(story(j))
		}
		l.want(p.rested("del2"), stackhand.JobDone)
		if j := p.run(deleteOf("del4", "job1-1")); j.State != stackhand.JobDone || !strings.Contains(strings.Join(j.Notes, ""), "was gone already") {
			t.Error(story(j))
		}
		if j := p.run(deleteOf("del5", "nobody-1")); j.State != stackhand.JobFailed || j.Problem.Kind != stackhand.NotFound {
			t.Error(story(j))
		}
		reboot.Stack = ""
		if j := p.run(jobOf("boot2", provision.FlowReboot, reboot)); j.State != stackhand.JobFailed || !strings.Contains(j.Problem.Msg, "not there any more") {
			t.Error(story(j))
		}
	})
}
