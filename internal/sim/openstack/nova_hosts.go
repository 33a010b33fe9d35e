package openstack

// What Nova tells of the cloud itself; most of it to administrators only.

func listZones(q *call) (answer, error) {
	return ok(object{"availabilityZoneInfo": []object{{"zoneName": "nova", "zoneState": object{"available": true}, "hosts": nil}}})
}

func detailZones(q *call) (answer, error) {
	if !q.tok.admin() {
		return answer{}, novaPolicy("os-availability-zone:detail")
	}
	return ok(object{"availabilityZoneInfo": []object{{"zoneName": "nova", "zoneState": object{"available": true},
		"hosts": object{hostName: object{"nova-compute": object{"active": true, "available": true, "updated_at": micro(q.now)}}}}}})
}

func (c *Cloud) describeHost(q *call, v object) {
	used, running := map[string]int{}, 0
	for _, s := range c.compute.order {
		if !s.gone && s.host != "" {
			used["vcpus"] += s.flavor.vcpus
			used["ram"] += s.flavor.ram
			used["disk"] += s.flavor.disk
			running++
		}
	}
	v["hypervisor_type"], v["hypervisor_version"], v["host_ip"] = "fake", 1000, "127.0.0.1"
	v["service"] = object{"id": c.compute.hostIDs[3], "host": hostName, "disabled_reason": nil}
	if q.minor >= 88 {
		v["uptime"] = nil
		return
	}
	v["vcpus"], v["memory_mb"], v["local_gb"] = 1000, 800000, 600000
	v["vcpus_used"], v["memory_mb_used"], v["local_gb_used"] = used["vcpus"], 512+used["ram"], used["disk"]
	v["free_ram_mb"], v["free_disk_gb"], v["running_vms"] = 799488-used["ram"], 600000-used["disk"], running
	v["current_workload"], v["disk_available_least"] = 0, 0
	v["cpu_info"] = object{"arch": "x86_64", "model": "Nehalem", "vendor": "Intel", "features": []string{"pge", "clflush"},
		"topology": object{"cores": 1, "threads": 1, "sockets": 4}}
}

func (c *Cloud) listComputeServices(q *call) (answer, error) {
	if !q.tok.admin() {
		return answer{}, novaPolicy("os-services:list")
	}
	out := []object{}
	for i, name := range []string{"nova-conductor", "nova-scheduler", "nova-compute"} {
		v := object{"binary": name, "host": hostName, "id": any(i + 1), "zone": "internal", "status": "enabled", "state": "up",
			"updated_at": micro(q.now), "disabled_reason": nil}
		if name == "nova-compute" {
			v["zone"] = "nova"
		}
		if q.minor >= 53 {
			v["id"] = c.compute.hostIDs[i+1]
		}
		if q.minor >= 11 {
			v["forced_down"] = false
		}
		out = append(out, v)
	}
	return ok(object{"services": out})
}

// novaExtensions is GET /extensions, which clients ask to learn what is there.
func novaExtensions(*call) (answer, error) {
	out := []object{}
	for _, alias := range []string{"os-keypairs", "os-quota-sets", "os-instance-actions", "os-availability-zone", "os-hypervisors",
		"os-services", "os-interface", "os-security-groups"} {
		out = append(out, object{"alias": alias, "name": alias, "description": "", "namespace": "", "links": []string{}, "updated": "2014-12-03T00:00:00Z"})
	}
	return ok(object{"extensions": out})
}

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
	in, err := q.part("interfaceAttachment")
	if err != nil {
		return answer{}, missingPart(err, "interfaceAttachment")
	}
	f := &orderForm{max: 1}
	switch {
	case in["port_id"] != nil && in["net_id"] != nil:
		return answer{}, refusal(400, "Must not input both network_id and port_id")
	case in["port_id"] != nil:
		in["port"] = in["port_id"]
	case in["net_id"] != nil:
		in["uuid"] = in["net_id"]
		if ips, _ := in["fixed_ips"].([]any); len(ips) > 0 {
			o, _ := ips[0].(object)
			in["fixed_ip"] = o["ip_address"]
		}
	default:
		err = c.anyNetwork(q, f, false)
	}
	if in["port"] != nil || in["uuid"] != nil {
		var w plugWish
		if w, err = c.wish(q, in); err == nil {
			f.plugs = []plugWish{w}
		}
	}
	if err == nil {
		err = c.checkPlugs(q, f)
	}
	if err == nil {
		err = c.attachPorts(s, f.plugs, nil, q.now)
	}
	if err != nil {
		return answer{}, err
	}
	s.plug(s.vm == "active")
	s.noted(q, "attach_interface").end(q.now, false)
	return ok(object{"interfaceAttachment": s.ports[len(s.ports)-1].interfaceView()})
}

func (c *Cloud) detachInterface(q *call) (answer, error) {
	s, p, err := c.interfaceOf(q)
	if err != nil {
		return answer{}, err
	}
	if err := s.unlocked(q); err != nil {
		return answer{}, err
	}
	if p == nil {
		return accepted(nil) // Nova only passes the wish on, and its host finds nothing to do
	}
	c.pull(s, p)
	s.noted(q, "detach_interface").end(q.now, false)
	return accepted(nil)
}
