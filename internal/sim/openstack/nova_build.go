package openstack

import (
	"fmt"
	"slices"
	"time"
)

// buildPlan is how builds of servers of a name end, instead of well.
type buildPlan struct {
	name  string // "" or "*": any
	fault string // "" hangs
	left  int    // builds that it is for; −1: all
}

// planFor finds the plan for a server's build and uses it up.
func (c *Cloud) planFor(name string) *buildPlan {
	for i := range c.compute.plans {
		p := &c.compute.plans[i]
		if p.left != 0 && (p.name == name || p.name == "" || p.name == "*") {
			if p.left > 0 {
				p.left--
			}
			return p
		}
	}
	return nil
}

// build takes a new server through scheduling, networking and spawning to ACTIVE.
func (c *Cloud) build(q *call, s *server) {
	action := s.noted(q, "create")
	s.vm = "building"
	s.begin("scheduling", q.now)
	plan, all := c.planFor(s.name), c.opt.Build
	c.later(s, q.now, all*15/100, func(at time.Time) {
		if plan != nil && plan.fault != "" {
			s.gen++
			s.fail(plan.fault, at)
			action.end(at, true)
			return
		}
		s.task, s.updated, s.host = "networking", at, hostName
		if err := c.attachPorts(s, s.plugs, s.wanted, at); err != nil || c.reachesOut(q, s) {
			c.abort(s, action, "Failed to allocate the network(s), not rescheduling.", at)
		} else if err := c.growDisks(q, s, at); err != nil {
			c.abort(s, action, err.(*apiError).msg, at)
		}
	})
	c.later(s, q.now, all*40/100, func(at time.Time) {
		s.task, s.updated = "spawning", at
	})
	if plan != nil {
		return
	}
	c.later(s, q.now, all, func(at time.Time) {
		s.busy = c.loadOf(s.name)
		s.settleAs("active", powerRunning, at)
		s.launched = at
		s.plug(true)
		s.plugDisks(at)
		action.end(at, false)
	})
}

// abort ends a build in ERROR; what was made for it goes again.
func (c *Cloud) abort(s *server, action *instanceAction, why string, at time.Time) {
	c.unplug(s)
	c.dropDisks(s, at)
	s.host = ""
	s.gen++
	s.fail("Build of instance "+s.id+" aborted: "+why, at)
	action.end(at, true)
}

// reachesOut tells whether the server was put on an external network by somebody who may not:
// Nova finds that out only while it builds.
func (c *Cloud) reachesOut(q *call, s *server) bool {
	for _, p := range s.ports {
		if p.net.external && !p.net.shared && !q.tok.admin() {
			return true
		}
	}
	return false
}

// plug sets whether the server's ports carry traffic.
func (s *server) plug(on bool) {
	for _, p := range s.ports {
		p.active = on
	}
}

// unplug takes the ports off a server: those that Nova made go, the others are free again.
func (c *Cloud) unplug(s *server) {
	for len(s.ports) > 0 {
		c.pull(s, s.ports[0])
	}
}

// pull takes one port off a server.
func (c *Cloud) pull(s *server, p *port) {
	s.ports = slices.DeleteFunc(s.ports, func(o *port) bool { return o == p })
	if p.byNova {
		c.dropPort(p)
		return
	}
	p.device, p.owner, p.active = "", "", false
}

// destroy removes a server. It stays findable in its record of actions.
func (c *Cloud) destroy(s *server, at time.Time) {
	c.unplug(s)
	c.dropDisks(s, at)
	c.unpack(s)
	s.settleAs("deleted", powerNone, at)
	s.terminated, s.gone = at, true
}

// erase begins the removal of a server.
func (c *Cloud) erase(q *call, s *server) {
	action := s.noted(q, "delete")
	s.begin("deleting", q.now)
	c.later(s, q.now, c.opt.Build/5, func(at time.Time) { // for a moment it can still be seen
		c.unplug(s)
		c.dropDisks(s, at)
		s.settleAs("deleted", powerNone, at)
	})
	c.later(s, q.now, c.opt.Build/4, func(at time.Time) {
		c.destroy(s, at)
		action.end(at, false)
	})
}

// transition takes a server through a task to a state.
func (c *Cloud) transition(q *call, s *server, name, task string, d time.Duration, then func(at time.Time)) {
	action := s.noted(q, name)
	s.begin(task, q.now)
	c.later(s, q.now, d, func(at time.Time) {
		then(at)
		action.end(at, false)
	})
}

// console is what a guest has written so far; it has booted once per entry of its record.
func (s *server) console() []string {
	lines := []string{"[    0.000000] Linux version 5.15.0-simulated (stackhand) #1 SMP"}
	lines = append(lines, fmt.Sprintf("[    0.412000] virtio_net virtio0 eth0: link up, %d port(s)", len(s.ports)))
	for _, p := range s.ports {
		for _, f := range p.ips {
			lines = append(lines, fmt.Sprintf("[    1.200000] cloud-init: eth0 %s %s", f.addr, p.mac))
		}
	}
	if s.keyName != "" {
		lines = append(lines, "[    2.100000] cloud-init: authorized key "+s.keyName)
	}
	return append(lines, "[    2.500000] Started OpenSSH server daemon.", "", s.name+" login: ")
}
