package openstack

import "time"

// The resize of a server, and how it ends: confirmed, reverted, or confirmed by the cloud itself.

func (c *Cloud) resize(q *call, s *server, in object) (answer, error) {
	f := c.flavor(plain(in["flavorRef"]))
	if f == nil {
		return answer{}, refusal(400, "Flavor %s could not be found.", plain(in["flavorRef"]))
	}
	if f == s.flavor {
		return answer{}, refusal(400, "When resizing, instances must change flavor!")
	}
	if i := c.images[s.imageID]; i != nil {
		if err := i.fits(f); err != nil {
			return answer{}, err
		}
	}
	if err := c.roomForServers(s.tenant.id, map[string]int{"cores": f.vcpus - s.flavor.vcpus, "ram": f.ram - s.flavor.ram}); err != nil {
		return answer{}, err
	}
	power := s.power
	c.transition(q, s, "resize", "resize_prep", c.opt.Build, func(at time.Time) {
		s.oldFlavor, s.flavor = s.flavor, f
		s.settleAs("resized", power, at)
		c.confirmSoon(s, at)
	})
	return accepted(nil)
}

// afterResize is the state that a resized server goes back to.
func (s *server) afterResize(at time.Time) {
	s.oldFlavor = nil
	if s.power == powerShutdown {
		s.settleAs("stopped", powerShutdown, at)
		return
	}
	s.settleAs("active", powerRunning, at)
}

func (c *Cloud) confirmResize(q *call, s *server, _ object) (answer, error) {
	s.noted(q, "confirmResize").end(q.now, false)
	s.gen++
	s.afterResize(q.now)
	return gone()
}

func (c *Cloud) revertResize(q *call, s *server, _ object) (answer, error) {
	c.transition(q, s, "revertResize", "resize_reverting", c.opt.Build/2, func(at time.Time) {
		s.flavor = s.oldFlavor
		s.afterResize(at)
	})
	return accepted(nil)
}

// confirmSoon plans that the cloud confirms a resize by itself, if it is one that does. Nova does so by its
// resize_confirm_window, and notes the action as nobody's.
func (c *Cloud) confirmSoon(s *server, now time.Time) {
	confirm := func(at time.Time) {
		a := &instanceAction{name: "confirmResize", request: requestID(), start: at}
		a.end(at, false)
		s.actions = append(s.actions, a)
		s.gen++
		s.afterResize(at)
	}
	switch wait := c.compute.confirm; {
	case wait < 0:
		confirm(now)
	case wait > 0:
		c.later(s, now, wait, confirm)
	}
}

// setConfirm changes what becomes of resizes, those that wait already included.
func (c *Cloud) setConfirm(after time.Duration, now time.Time) {
	c.compute.confirm = after
	for _, s := range c.compute.order {
		if s.vm == "resized" && s.task == "" && !s.gone {
			s.gen++ // what was planned before is off
			c.confirmSoon(s, now)
		}
	}
}
