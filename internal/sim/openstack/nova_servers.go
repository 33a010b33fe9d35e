package openstack

import (
	"encoding/json"
	"maps"
	"slices"
)

// showServer is GET /servers/{id}.
func (c *Cloud) showServer(q *call) (answer, error) {
	s, err := c.server(q, q.id())
	if other := c.compute.servers[q.id()]; err != nil && other != nil && other.task == "scheduling" {
		err = novaPolicy("servers:show") // Nova looks for it elsewhere until it has a host
	}
	if err != nil {
		return answer{}, err
	}
	return ok(object{"server": c.serverView(q, s)})
}

// updateServer is PUT /servers/{id}: name, description and access addresses.
func (c *Cloud) updateServer(q *call) (answer, error) {
	in, err := q.part("server")
	if err != nil {
		return answer{}, missingPart(err, "server")
	}
	for _, key := range sortedKeys(in) {
		v := in[key]
		switch {
		case key == "name":
			if err := checkServerName(v); err != nil {
				return answer{}, err
			}
		case key == "accessIPv4" || key == "accessIPv6":
			if _, why := asIP(v); why != "" && v != nil && (text(v) != "" || c.era.newest > 0) { // "" took it away before v2.1
				return answer{}, invalid(key, v, "%s is not a '%s'", quoted(v), map[string]string{"accessIPv4": "ipv4", "accessIPv6": "ipv6"}[key])
			}
		case key == "description" && q.minor >= 19, key == "OS-DCF:diskConfig", key == "hostname" && q.minor >= 90:
		default:
			return answer{}, invalid("server", in, "Additional properties are not allowed ('%s' was unexpected)", key)
		}
	}
	s, err := c.server(q, q.id())
	if err != nil {
		return answer{}, err
	}
	setText(in, "name", &s.name)
	setText(in, "description", &s.description)
	setText(in, "accessIPv4", &s.accessV4)
	setText(in, "accessIPv6", &s.accessV6)
	s.updated = q.now
	return c.trimmed(q, s)
}

// trimmed is a server as PUT and rebuild answered it before 2.75: without the extended fields.
func (c *Cloud) trimmed(q *call, s *server) (answer, error) {
	v := c.serverView(q, s)
	if q.minor >= 75 {
		return ok(object{"server": v})
	}
	out, err := asObject(v)
	if err != nil {
		return answer{}, err
	}
	maps.DeleteFunc(out, func(k string, _ any) bool {
		return len(k) > 7 && (k[:7] == "OS-EXT-" || k[:7] == "OS-SRV-") || slices.Contains([]string{"key_name", "config_drive",
			"os-extended-volumes:volumes_attached", "security_groups", "host_status"}, k)
	})
	out["addresses"] = c.plainAddresses(s)
	return ok(object{"server": out})
}

// asObject is a view to which something can be added.
func asObject(view any) (object, error) {
	all, err := json.Marshal(view)
	if err != nil {
		return nil, err
	}
	var out object
	err = json.Unmarshal(all, &out)
	return out, err
}

// deleteServer is DELETE /servers/{id}. What no host has yet, or no more, is gone at once.
func (c *Cloud) deleteServer(q *call) (answer, error) {
	s, err := c.server(q, q.id())
	if err != nil {
		return answer{}, err
	}
	if err := s.unlocked(q); err != nil {
		return answer{}, err
	}
	switch {
	case s.task == "deleting":
	case s.host == "":
		s.noted(q, "delete").end(q.now, false)
		s.gen++
		c.destroy(s, q.now)
	default:
		c.erase(q, s)
	}
	return gone()
}

func (s *server) unlocked(q *call) error {
	if s.locked != "" && !q.tok.admin() {
		return refusal(409, "Instance %s is locked", s.id)
	}
	return nil
}

// serverActions is GET /servers/{id}/os-instance-actions, newest first. From 2.21 on it knows
// servers that are gone, too.
func (c *Cloud) serverActions(q *call) (answer, error) {
	s, err := c.remembered(q)
	if err != nil {
		return answer{}, err
	}
	out := []object{}
	for _, a := range slices.Backward(s.actions) {
		out = append(out, a.view(q, s))
	}
	return ok(object{"instanceActions": out})
}

func (c *Cloud) remembered(q *call) (*server, error) {
	s := c.compute.servers[q.id()]
	if s == nil || !q.tok.sees(s.tenant.id) || s.gone && q.minor < 21 {
		return nil, refusal(404, "Instance %s could not be found.", q.id())
	}
	return s, nil
}

func (a *instanceAction) view(q *call, s *server) object {
	v := object{"action": a.name, "instance_uuid": s.id, "request_id": a.request,
		"user_id": orNil(a.user), "project_id": orNil(a.project),
		"start_time": micro(a.start), "message": nil}
	if a.failed {
		v["message"] = "Error"
	}
	if q.minor >= 58 {
		v["updated_at"] = micro(a.update)
	}
	return v
}

func (c *Cloud) serverAction(q *call) (answer, error) {
	s, err := c.remembered(q)
	if err != nil {
		return answer{}, err
	}
	for _, a := range s.actions {
		if a.request != q.PathValue("request") {
			continue
		}
		v := a.view(q, s)
		if q.minor >= 51 || q.tok.admin() {
			e := object{"event": a.event(), "start_time": micro(a.start), "finish_time": nil, "result": nil}
			if !a.finish.IsZero() {
				e["finish_time"], e["result"] = micro(a.finish), "Success"
				if a.failed {
					e["result"] = "Error"
				}
			}
			if q.minor >= 62 {
				e["hostId"] = s.hostID()
			}
			v["events"] = []object{e}
		}
		return ok(object{"instanceAction": v})
	}
	return answer{}, refusal(404, "Action %s not found", q.PathValue("request"))
}

// event is the name of the only event that an action has here.
func (a *instanceAction) event() string {
	switch a.name {
	case "create":
		return "compute__do_build_and_run_instance"
	case "delete":
		return "compute_terminate_instance"
	case "attach_volume", "detach_volume", "attach_interface", "detach_interface":
		return "compute_" + a.name
	}
	return "compute_" + a.name + "_instance"
}

// serverIPs is GET /servers/{id}/ips.
func (c *Cloud) serverIPs(q *call) (answer, error) {
	s, err := c.server(q, q.id())
	if err != nil {
		return answer{}, err
	}
	return ok(object{"addresses": c.plainAddresses(s)})
}

// plainAddresses are addresses without Nova's extensions.
func (c *Cloud) plainAddresses(s *server) map[string][]object {
	out := map[string][]object{}
	for name, list := range c.addresses(s) {
		for _, a := range list {
			out[name] = append(out[name], object{"version": a.Version, "addr": a.Addr})
		}
	}
	return out
}

func (c *Cloud) serverIPsOf(q *call) (answer, error) {
	s, err := c.server(q, q.id())
	if err != nil {
		return answer{}, err
	}
	name := q.PathValue("network")
	list, there := c.plainAddresses(s)[name]
	if !there {
		return answer{}, refusal(404, "Instance is not a member of specified network")
	}
	return ok(object{name: list})
}

func (c *Cloud) serverGroups(q *call) (answer, error) {
	s, err := c.server(q, q.id())
	if err != nil {
		return answer{}, err
	}
	seen, out := map[*group]bool{}, []object{}
	for _, p := range s.ports {
		for _, g := range p.groups {
			if !seen[g] {
				seen[g] = true
				out = append(out, g.novaView())
			}
		}
	}
	return ok(object{"security_groups": out})
}

// novaRules are the rules that let something in, in Nova's old form.
func (g *group) novaRules() []object {
	out := []object{}
	for _, r := range g.rules {
		if r.direction != "ingress" {
			continue
		}
		out = append(out, r.novaView())
	}
	return out
}

func (c *Cloud) serverTags(q *call) (answer, error) {
	if err := q.since(26, 0); err != nil {
		return answer{}, err
	}
	s, err := c.server(q, q.id())
	if err != nil {
		return answer{}, err
	}
	return ok(object{"tags": append([]string{}, s.tags...)})
}
