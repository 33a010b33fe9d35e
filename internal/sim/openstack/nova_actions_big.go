package openstack

import (
	"slices"
)

// The actions that change what a server has: snapshot, groups, addresses.

// snapshot is createImage: the image is there at once and becomes active later.
func (c *Cloud) snapshot(q *call, s *server, in object) (answer, error) {
	name, isText := in["name"].(string)
	if !isText || name == "" || len(name) > 255 {
		return answer{}, invalid("name", in["name"], "%s is too short", quoted(in["name"]))
	}
	if err := checkMetadata(in["metadata"]); err != nil {
		return answer{}, err
	}
	i := c.imageOf(q, s, name)
	if m, given := in["metadata"].(object); given {
		for k, v := range m {
			i.props[k] = text(v)
		}
	}
	if err := c.expose(q, s, i); err != nil {
		return answer{}, err
	}
	if q.minor >= 45 {
		return accepted(object{"image_id": i.id})
	}
	a, err := accepted(nil)
	a.head = map[string]string{"Location": q.base() + c.imagesAt(q) + i.id}
	return a, err
}

func (c *Cloud) groupForAction(q *call, s *server, in object) (*group, error) {
	g, err := c.groupNamed(q, text(in["name"]))
	if err != nil {
		e := *err.(*apiError)
		if e.code == 400 {
			e = *refusal(404, "Security group %s is not found for project %s", text(in["name"]), q.tok.projectID())
		}
		return nil, &e
	}
	return g, nil
}

func (c *Cloud) addGroup(q *call, s *server, in object) (answer, error) {
	g, err := c.groupForAction(q, s, in)
	if err != nil {
		return answer{}, err
	}
	for _, p := range s.ports {
		if slices.Contains(p.groups, g) {
			return answer{}, refusal(400, "Invalid input for security_groups. Reason: Duplicate items in the list: '%s'.\nNeutron server returns request_ids: ['%s']", g.id, requestID())
		}
	}
	for _, p := range s.ports {
		p.groups = append(slices.Clone(p.groups), g)
		p.touch(q.now)
	}
	return accepted(nil)
}

func (c *Cloud) removeGroup(q *call, s *server, in object) (answer, error) {
	g, err := c.groupForAction(q, s, in)
	if err != nil {
		return answer{}, err
	}
	found := false
	for _, p := range s.ports {
		if slices.Contains(p.groups, g) {
			found = true
			p.groups = slices.DeleteFunc(slices.Clone(p.groups), func(o *group) bool { return o == g })
			p.touch(q.now)
		}
	}
	if !found {
		return answer{}, refusal(404, "Security group %s not associated with the instance %s", text(in["name"]), s.id)
	}
	return accepted(nil)
}

// floatingAt finds a floating IP of the caller's project by its address.
func (c *Cloud) floatingAt(q *call, address string) *floatIP {
	for _, f := range c.network.floating.all {
		if f.addr.String() == address && q.tok.sees(f.project) {
			return f
		}
	}
	return nil
}

// addFloating is the action of old clouds: Nova passes it on to Neutron.
func (c *Cloud) addFloating(q *call, s *server, in object) (answer, error) {
	if len(s.ports) == 0 {
		return answer{}, refusal(400, "Instance network is not ready yet")
	}
	f := c.floatingAt(q, text(in["address"]))
	if f == nil {
		return answer{}, refusal(404, "floating IP not found")
	}
	err := c.associate(q, f, object{"port_id": s.ports[0].id, "fixed_ip_address": in["fixed_address"]})
	if err != nil {
		return answer{}, refusal(400, "Unable to associate floating IP %s to fixed IP for instance %s. Error: %s", text(in["address"]), s.id, err.(*apiError).msg)
	}
	return accepted(nil)
}

func (c *Cloud) removeFloating(q *call, s *server, in object) (answer, error) {
	f := c.floatingAt(q, text(in["address"]))
	if f == nil {
		return answer{}, refusal(404, "floating IP not found")
	}
	if f.target == nil || !slices.Contains(s.ports, f.target) {
		return answer{}, refusal(409, "Floating IP %s is not associated with instance %s.", text(in["address"]), s.id)
	}
	f.detach()
	return accepted(nil)
}
