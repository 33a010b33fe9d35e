package openstack

import "maps"

// computeQuotas are Nova's defaults.
var computeQuotas = map[string]int{
	"instances": 10, "cores": 20, "ram": 51200, "metadata_items": 128, "key_pairs": 100, "server_groups": 10,
	"server_group_members": 10, "injected_files": 5, "injected_file_content_bytes": 10240, "injected_file_path_bytes": 255,
	"fixed_ips": -1, "floating_ips": -1, "security_groups": -1, "security_group_rules": -1,
}

func (c *Cloud) computeLimits(project string) map[string]int {
	out := maps.Clone(computeQuotas)
	maps.Copy(out, c.compute.quotas[project])
	return out
}

// quotaNames are the quotas that a microversion still has.
func quotaNames(minor int) []string {
	names := []string{"instances", "cores", "ram", "metadata_items", "key_pairs", "server_groups", "server_group_members"}
	if minor < 36 {
		names = append(names, "fixed_ips", "floating_ips", "security_groups", "security_group_rules")
	}
	if minor < 57 {
		names = append(names, "injected_files", "injected_file_content_bytes", "injected_file_path_bytes")
	}
	return names
}

// showLimits is GET /limits: the caller's project.
func (c *Cloud) showLimits(q *call) (answer, error) {
	project := q.tok.projectID()
	if p := q.URL.Query().Get("tenant_id"); p != "" {
		if !q.tok.admin() {
			return answer{}, novaPolicy("limits:other_project")
		}
		project = p
	}
	l, used := c.computeLimits(project), c.computeUse(project)
	v := object{
		"maxTotalInstances": l["instances"], "maxTotalCores": l["cores"], "maxTotalRAMSize": l["ram"], "maxServerMeta": l["metadata_items"],
		"maxTotalKeypairs": l["key_pairs"], "maxServerGroups": l["server_groups"], "maxServerGroupMembers": l["server_group_members"],
		"totalInstancesUsed": used["instances"], "totalCoresUsed": used["cores"], "totalRAMUsed": used["ram"], "totalServerGroupsUsed": 0,
	}
	if q.minor < 36 {
		v["maxTotalFloatingIps"], v["maxSecurityGroups"], v["maxSecurityGroupRules"] = -1, -1, -1
		v["totalFloatingIpsUsed"], v["totalSecurityGroupsUsed"] = 0, 0
	}
	if q.minor < 39 {
		v["maxImageMeta"] = 128
	}
	if q.minor < 57 {
		v["maxPersonality"], v["maxPersonalitySize"] = 5, 10240
	}
	return ok(object{"limits": object{"rate": []object{}, "absolute": c.era.told(v)}})
}

func (c *Cloud) showComputeQuota(q *call) (answer, error) {
	if !q.tok.sees(q.id()) {
		return answer{}, novaPolicy("os-quota-sets:show")
	}
	v, l := object{"id": q.id()}, c.computeLimits(q.id())
	for _, name := range quotaNames(q.minor) {
		v[name] = l[name]
	}
	return ok(object{"quota_set": v})
}

func (c *Cloud) defaultComputeQuota(q *call) (answer, error) {
	v := object{"id": q.id()}
	for _, name := range quotaNames(q.minor) {
		v[name] = computeQuotas[name]
	}
	return ok(object{"quota_set": v})
}

func (c *Cloud) detailComputeQuota(q *call) (answer, error) {
	if !q.tok.sees(q.id()) {
		return answer{}, novaPolicy("os-quota-sets:detail")
	}
	v, l, used := object{"id": q.id()}, c.computeLimits(q.id()), c.computeUse(q.id())
	for _, name := range quotaNames(q.minor) {
		v[name] = object{"limit": l[name], "in_use": used[name], "reserved": 0}
	}
	return ok(object{"quota_set": v})
}

// setComputeQuota is PUT /os-quota-sets/{id}, for administrators.
func (c *Cloud) setComputeQuota(q *call) (answer, error) {
	if !q.tok.admin() {
		return answer{}, novaPolicy("os-quota-sets:update")
	}
	in, err := q.part("quota_set")
	if err != nil {
		return answer{}, missingPart(err, "quota_set")
	}
	set := map[string]int{}
	for _, name := range sortedKeys(in) {
		n, isNumber := whole(in[name])
		if _, known := computeQuotas[name]; name == "force" || name == "tenant_id" {
			continue
		} else if !known {
			return answer{}, invalid("quota_set", in, "Additional properties are not allowed ('%s' was unexpected)", name)
		}
		if !isNumber || n < -1 {
			return answer{}, invalid(name, in[name], "%s is less than the minimum of -1", quoted(in[name]))
		}
		set[name] = n
	}
	c.setQuota(c.compute.quotas, q.id(), set)
	v := object{}
	for _, name := range quotaNames(q.minor) {
		v[name] = c.computeLimits(q.id())[name]
	}
	return ok(object{"quota_set": v})
}

func (c *Cloud) setQuota(of map[string]map[string]int, project string, set map[string]int) {
	if of[project] == nil {
		of[project] = map[string]int{}
	}
	maps.Copy(of[project], set)
}

func (c *Cloud) dropComputeQuota(q *call) (answer, error) {
	if !q.tok.admin() {
		return answer{}, novaPolicy("os-quota-sets:delete")
	}
	delete(c.compute.quotas, q.id())
	return accepted(nil)
}
