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
