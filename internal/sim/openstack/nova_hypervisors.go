package openstack

import "strings"

// hypervisorView is the cloud's only compute host.
func (c *Cloud) hypervisorView(q *call, detail bool) object {
	v := object{"id": any(1), "hypervisor_hostname": hostName, "state": "up", "status": "enabled"}
	if q.minor >= 53 {
		v["id"] = c.compute.hostIDs[2]
	}
	if detail {
		c.describeHost(q, v)
	}
	if with, _ := cinderBool(q.URL.Query().Get("with_servers")); with && q.minor >= 53 {
		list := []object{}
		for _, s := range c.compute.order {
			if !s.gone && s.host == hostName {
				list = append(list, object{"name": "instance-" + s.id[:8], "uuid": s.id})
			}
		}
		if len(list) > 0 {
			v["servers"] = list
		}
	}
	return v
}

func (c *Cloud) listHypervisors(detail bool) handler {
	return func(q *call) (answer, error) {
		if !q.tok.admin() {
			rule := "os-hypervisors:list"
			if detail {
				rule += "-detail"
			}
			return answer{}, novaPolicy(rule)
		}
		if want := q.URL.Query().Get("hypervisor_hostname_pattern"); q.minor >= 53 && !strings.Contains(hostName, want) {
			return answer{}, refusal(404, "No hypervisor matching '%s' could be found.", want)
		}
		return ok(object{"hypervisors": []object{c.hypervisorView(q, detail)}})
	}
}

// showHypervisor is GET /os-hypervisors/{id}; before 2.88 "statistics" stands in the id's place, too.
func (c *Cloud) showHypervisor(q *call) (answer, error) {
	id := q.id()
	rule := "os-hypervisors:show"
	if id == "statistics" {
		rule = "os-hypervisors:statistics"
	}
	if !q.tok.admin() {
		return answer{}, novaPolicy(rule)
	}
	v := c.hypervisorView(q, true)
	if id == "statistics" && q.minor < 88 {
		sum := object{"count": 1}
		for _, key := range []string{"vcpus", "memory_mb", "local_gb", "vcpus_used", "memory_mb_used", "local_gb_used", "free_ram_mb",
			"free_disk_gb", "current_workload", "running_vms", "disk_available_least"} {
			sum[key] = v[key]
		}
		return ok(object{"hypervisor_statistics": sum})
	}
	if id != plain(v["id"]) {
		return answer{}, refusal(404, "Hypervisor with ID '%s' could not be found.", id)
	}
	return ok(object{"hypervisor": v})
}
