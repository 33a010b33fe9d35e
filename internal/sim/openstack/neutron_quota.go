package openstack

import (
	"maps"
	"slices"
	"strings"
)

// networkQuotas are Neutron's defaults; −1 is no limit.
var networkQuotas = map[string]int{
	"network": 100, "subnet": 100, "subnetpool": -1, "port": 500, "router": 10, "floatingip": 50,
	"rbac_policy": 10, "security_group": 10, "security_group_rule": 100,
}

func (c *Cloud) networkLimits(project string) map[string]int {
	out := maps.Clone(networkQuotas)
	maps.Copy(out, c.network.quotas[project])
	return out
}

// networkUse counts what a project has, by the names of the quotas.
func (c *Cloud) networkUse(project string) map[string]int {
	return map[string]int{
		"network": c.network.networks.of(project), "subnet": c.network.subnets.of(project), "router": c.network.routers.of(project),
		"port": c.network.ports.of(project), "floatingip": c.network.floating.of(project),
		"security_group": c.network.groups.of(project), "security_group_rule": c.network.rules.of(project),
	}
}

// of counts the resources of a project.
func (t *table[T]) of(project string) int {
	n := 0
	for _, x := range t.all {
		if x.info().project == project {
			n++
		}
	}
	return n
}

// roomFor refuses what would go beyond the caller's quota.
func (c *Cloud) roomFor(q *call, resource string, n int) error {
	return c.roomIn(q.tok.projectID(), resource, n)
}

func (c *Cloud) roomIn(project, resource string, n int) error {
	limit, counted := c.networkLimits(project)[resource]
	if counted && limit >= 0 && c.networkUse(project)[resource]+n > limit {
		return neutronErr(409, "OverQuota", "Quota exceeded for resources: ['%s'].", resource)
	}
	return nil
}

// quotaProject is the project of a quota's path, if the caller may look at it.
func (q *call) quotaProject() (string, error) {
	if !q.tok.sees(q.id()) {
		return "", policy("rule:get_quota")
	}
	return q.id(), nil
}

func (c *Cloud) showNetworkQuota(q *call) (answer, error) {
	p, err := q.quotaProject()
	if err != nil {
		return answer{}, err
	}
	return ok(object{"quota": c.networkLimits(p)})
}

func (c *Cloud) defaultNetworkQuota(*call) (answer, error) {
	return ok(object{"quota": networkQuotas})
}

func (c *Cloud) detailNetworkQuota(q *call) (answer, error) {
	p, err := q.quotaProject()
	if err != nil {
		return answer{}, err
	}
	used, out := c.networkUse(p), object{}
	for name, limit := range c.networkLimits(p) {
		out[name] = object{"limit": limit, "used": used[name], "reserved": 0}
	}
	return ok(object{"quota": out})
}

func (c *Cloud) setNetworkQuota(q *call) (answer, error) {
	if !q.tok.admin() {
		return answer{}, policy("rule:update_quota")
	}
	in, err := q.part("quota")
	if err != nil {
		return answer{}, err
	}
	set := c.network.quotas[q.id()]
	if set == nil {
		set = map[string]int{}
		c.network.quotas[q.id()] = set
	}
	for name, v := range in {
		n, isNumber := whole(v)
		if _, known := networkQuotas[name]; !known {
			return answer{}, neutronErr(400, "HTTPBadRequest", "Unrecognized attribute(s) '%s'", name)
		}
		if !isNumber || n < -1 {
			return answer{}, neutronErr(400, "HTTPBadRequest", "Invalid input for %s. Reason: '%v' is not a valid quota.", name, plain(v))
		}
		set[name] = n
	}
	return ok(object{"quota": c.networkLimits(q.id())})
}

func (c *Cloud) dropNetworkQuota(q *call) (answer, error) {
	if !q.tok.admin() {
		return answer{}, policy("rule:delete_quota")
	}
	delete(c.network.quotas, q.id())
	return gone()
}

// extensions lists the parts of Neutron's API that are here.
func (c *Cloud) extensions(*call) (answer, error) {
	out := []object{}
	for _, alias := range []string{"address-group", "allowed-address-pairs", "binding", "default-subnetpools", "dns-integration",
		"ext-gw-mode", "external-net", "extraroute", "fip-port-details", "filter-validation", "net-mtu", "net-mtu-writable",
		"pagination", "port-security", "project-id", "provider", "quota_details", "quotas", "router", "security-group",
		"sorting", "standard-attr-description", "standard-attr-revisions", "standard-attr-tag", "standard-attr-timestamp",
		"subnet_allocation"} {
		if !c.era.described && strings.HasPrefix(alias, "standard-attr-") {
			continue
		}
		out = append(out, object{"alias": alias, "name": alias, "description": alias, "updated": "2016-01-01T00:00:00-00:00", "links": []string{}})
	}
	return ok(object{"extensions": out})
}

func (c *Cloud) extension(q *call) (answer, error) {
	a, err := c.extensions(q)
	if err != nil {
		return a, err
	}
	for _, e := range a.body.(object)["extensions"].([]object) {
		if e["alias"] == q.id() {
			return ok(object{"extension": e})
		}
	}
	return answer{}, neutronErr(404, "ExtensionNotFound", "Extension with alias %s does not exist", q.id())
}

func networkZones(*call) (answer, error) {
	return ok(object{"availability_zones": []object{{"state": "available", "name": "nova", "resource": "router"}}})
}

func (c *Cloud) agents(q *call) (answer, error) {
	out := []object{}
	if q.tok.admin() {
		for i, name := range []string{"Open vSwitch agent", "L3 agent"} {
			out = append(out, object{"id": c.compute.hostIDs[i], "agent_type": name, "host": hostName, "alive": true,
				"admin_state_up": true, "heartbeat_timestamp": q.now.Format("2006-01-02 15:04:05"), "topic": "N/A",
				"binary": "neutron-" + []string{"openvswitch", "l3"}[i] + "-agent", "availability_zone": nil, "configurations": object{}})
		}
	}
	return ok(object{"agents": out})
}

// tagged is the resource whose tags a path names.
func (k *kind) tagged(c *Cloud, q *call) (*meta, error) {
	t, err := k.owned(c, q, "update")
	if err != nil {
		return nil, err
	}
	return t.info(), nil
}

func (c *Cloud) listTags(k *kind) handler {
	return func(q *call) (answer, error) {
		t, err := k.named(c, q, q.id())
		if err != nil {
			return answer{}, err
		}
		return ok(object{"tags": t.info().view()["tags"]})
	}
}

func (c *Cloud) setTags(k *kind) handler {
	return func(q *call) (answer, error) {
		m, err := k.tagged(c, q)
		if err != nil {
			return answer{}, err
		}
		var tags []string
		if q.Method == "PUT" {
			body, err := q.json()
			if err != nil {
				return answer{}, err
			}
			list, isList := body["tags"].([]any)
			if !isList {
				return answer{}, neutronErr(400, "HTTPBadRequest", "Invalid tags body.")
			}
			for _, x := range list {
				s, isText := x.(string)
				if !isText || len(s) > 60 {
					return answer{}, neutronErr(400, "HTTPBadRequest", "Invalid input for tags. Reason: '%v' is not a valid string.", plain(x))
				}
				if !slices.Contains(tags, s) {
					tags = append(tags, s)
				}
			}
		}
		m.tags = tags
		m.touch(q.now)
		if q.Method == "DELETE" {
			return gone()
		}
		return ok(object{"tags": m.view()["tags"]})
	}
}

func (c *Cloud) oneTag(k *kind) handler {
	return func(q *call) (answer, error) {
		m, err := k.tagged(c, q)
		if err != nil {
			return answer{}, err
		}
		tag := q.PathValue("tag")
		has := slices.Contains(m.tags, tag)
		if !has && q.Method != "PUT" {
			return answer{}, neutronErr(404, "TagNotFound", "Tag %s could not be found.", tag)
		}
		switch q.Method {
		case "PUT":
			if !has {
				m.tags = append(m.tags, tag)
				m.touch(q.now)
			}
			return answer{code: 201}, nil
		case "DELETE":
			m.tags = slices.DeleteFunc(m.tags, func(t string) bool { return t == tag })
			m.touch(q.now)
		}
		return gone()
	}
}
