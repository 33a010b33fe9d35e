package openstack

import "slices"

// Ports of a server: os-interface.

// interfaceView is a port of a server, as os-interface shows it.
func (p *port) interfaceView() object {
	return object{"port_id": p.id, "net_id": p.net.id, "mac_addr": p.mac, "port_state": p.status(), "fixed_ips": p.json()["fixed_ips"]}
}

func (c *Cloud) listInterfaces(q *call) (answer, error) {
	s, err := c.server(q, q.id())
	if err != nil {
		return answer{}, err
	}
	out := []object{}
	for _, p := range s.ports {
		out = append(out, p.interfaceView())
	}
	return ok(object{"interfaceAttachments": out})
}

func (c *Cloud) showInterface(q *call) (answer, error) {
	s, p, err := c.interfaceOf(q)
	if err != nil {
		return answer{}, err
	}
	if p == nil {
		return answer{}, refusal(404, "Instance %s does not have a port with id %s", s.id, q.PathValue("port"))
	}
	return ok(object{"interfaceAttachment": p.interfaceView()})
}

// interfaceOf is the server's port that the path names; nil if it is not the server's.
func (c *Cloud) interfaceOf(q *call) (*server, *port, error) {
	s, err := c.server(q, q.id())
	if err != nil {
		return nil, nil, err
	}
	id := q.PathValue("port")
	if p := c.network.ports.byID[id]; p == nil || !q.tok.sees(p.project) {
		return nil, nil, refusal(404, "Port id %s could not be found.", id)
	}
	for _, p := range s.ports {
		if p.id == id {
			return s, p, nil
		}
	}
	return s, nil, nil
}

// attachInterface is POST /servers/{id}/os-interface.
func (c *Cloud) attachInterface(q *call) (answer, error) {
	in, err := q.part("interfaceAttachment")
	if err != nil {
		return answer{}, missingPart(err, "interfaceAttachment")
	}
	if err := checkInterface(q, in); err != nil {
		return answer{}, err
	}
	s, err := c.server(q, q.id())
	if err != nil {
		return answer{}, err
	}
	if err := s.unlocked(q); err != nil {
		return answer{}, err
	}
	if s.vm != "active" && s.vm != "stopped" && s.vm != "paused" {
		return answer{}, wrongState(s, "attach_interface")
	}
	f := &orderForm{max: 1}
	if err := c.plugFor(q, f, in); err != nil {
		return answer{}, err
	}
	if err := c.checkPlugs(q, f); err != nil {
		return answer{}, err
	}
	if err := c.attachPorts(s, f.plugs, nil, q.now); err != nil {
		return answer{}, err
	}
	s.plug(s.vm == "active")
	s.noted(q, "attach_interface").end(q.now, false)
	return ok(object{"interfaceAttachment": s.ports[len(s.ports)-1].interfaceView()})
}

// checkInterface is the schema of what is to be attached.
func checkInterface(q *call, in object) error {
	known := []string{"port_id", "net_id", "fixed_ips"}
	if q.minor >= 49 {
		known = append(known, "tag")
	}
	if err := only("interfaceAttachment", in, known...); err != nil {
		return err
	}
	for _, key := range []string{"port_id", "net_id"} {
		if v, given := in[key]; given && v != nil && !isUUID(text(v)) {
			return invalid(key, v, "%s is not a 'uuid'", quoted(v))
		}
	}
	if in["port_id"] != nil && in["net_id"] != nil {
		return refusal(400, "Must not input both network_id and port_id")
	}
	return nil
}

// plugFor puts the port or network of an attachment into the form; without either it is the project's only network.
func (c *Cloud) plugFor(q *call, f *orderForm, in object) error {
	if in["port_id"] == nil && in["net_id"] == nil {
		return c.anyNetwork(q, f, false)
	}
	o := object{"port": in["port_id"], "uuid": in["net_id"]}
	if ips, _ := in["fixed_ips"].([]any); len(ips) > 0 && in["net_id"] != nil {
		first, _ := ips[0].(object)
		o["fixed_ip"] = first["ip_address"]
	}
	w, err := c.wish(q, o)
	if err == nil {
		f.plugs = []plugWish{w}
	}
	return err
}

// detachInterface is DELETE /servers/{id}/os-interface/{port}. Nova only passes the wish on, and its host finds nothing to do
// where the port is not the server's, or no port at all.
func (c *Cloud) detachInterface(q *call) (answer, error) {
	s, err := c.server(q, q.id())
	if err != nil {
		return answer{}, err
	}
	if err := s.unlocked(q); err != nil {
		return answer{}, err
	}
	id := q.PathValue("port")
	if i := slices.IndexFunc(s.ports, func(p *port) bool { return p.id == id }); i >= 0 {
		c.pull(s, s.ports[i])
		s.noted(q, "detach_interface").end(q.now, false)
	}
	return accepted(nil)
}
