package openstack

import (
	"net/http"
	"slices"
)

// Security groups by Nova's own words: os-security-groups, os-security-group-rules, os-security-group-default-rules.

func (g *group) novaView() object {
	return object{"id": g.id, "name": g.name, "description": g.description, "tenant_id": g.project, "rules": g.novaRules()}
}

func (c *Cloud) novaGroups(q *call) (answer, error) {
	c.defaultGroup(q.tok.projectID(), q.now)
	out := []object{}
	for _, g := range c.network.groups.all {
		if g.project == q.tok.projectID() {
			out = append(out, g.novaView())
		}
	}
	return ok(object{"security_groups": out})
}

func (c *Cloud) ownGroup(q *call, id string) (*group, error) {
	if !isUUID(id) {
		return nil, refusal(400, "Security group id should be uuid")
	}
	g := c.network.groups.byID[id]
	if g == nil || g.project != q.tok.projectID() {
		return nil, refusal(404, "Security group %s does not exist", id)
	}
	return g, nil
}

func (c *Cloud) novaGroup(q *call) (answer, error) {
	g, err := c.ownGroup(q, q.id())
	if err != nil {
		return answer{}, err
	}
	return ok(object{"security_group": g.novaView()})
}

func (c *Cloud) createNovaGroup(q *call) (answer, error) {
	in, err := q.part("security_group")
	if err != nil {
		return answer{}, missingPart(err, "security_group")
	}
	for _, key := range []string{"name", "description"} {
		if s, isText := in[key].(string); !isText {
			return answer{}, refusal(400, "%s is not a string or unicode", key)
		} else if s == "" && key == "name" || len(s) > 255 {
			return answer{}, refusal(400, "Security group %s should not be empty or greater than 255 characters.", key)
		}
	}
	if c.era.seeded && slices.ContainsFunc(c.network.groups.all, func(g *group) bool {
		return g.project == q.tok.projectID() && g.name == text(in["name"])
	}) {
		return answer{}, refusal(400, "Security group %s already exists for project %s.", text(in["name"]), q.tok.projectID())
	}
	if err := c.roomFor(q, groupKind.singular, 1); err != nil {
		return answer{}, refusal(http.StatusForbidden, "Quota exceeded, too many security groups.")
	}
	t, err := groupKind.create(c, q, in)
	if err != nil {
		return answer{}, refusal(400, "%s", err.(*apiError).msg)
	}
	return ok(object{"security_group": t.(*group).novaView()})
}

func (c *Cloud) dropNovaGroup(q *call) (answer, error) {
	g, err := c.ownGroup(q, q.id())
	if err != nil {
		return answer{}, err
	}
	if err := deleteGroup(c, q, g); err != nil {
		return answer{}, refusal(400, "%s", err.(*apiError).msg)
	}
	return accepted(nil)
}

// createNovaRule is POST /os-security-group-rules. All rules let something in.
func (c *Cloud) createNovaRule(q *call) (answer, error) {
	in, err := q.part("security_group_rule")
	if err != nil {
		return answer{}, missingPart(err, "security_group_rule")
	}
	g, err := c.ownGroup(q, text(in["parent_group_id"]))
	if err != nil {
		return answer{}, err
	}
	rule, err := neutronRule(in)
	if err != nil {
		return answer{}, err
	}
	rule["security_group_id"] = g.id
	if id := text(in["group_id"]); id != "" {
		other, err := c.ownGroup(q, id)
		if err != nil {
			return answer{}, err
		}
		rule["remote_group_id"] = other.id
		delete(rule, "remote_ip_prefix")
	}
	t, err := createRule(c, q, rule)
	if e, isAPI := err.(*apiError); isAPI && e.kind == "SecurityGroupRuleExists" {
		return answer{}, refusal(400, "This rule already exists in group %s", g.id)
	}
	if err != nil {
		return answer{}, refusal(400, "%s", err.(*apiError).msg)
	}
	return ok(object{"security_group_rule": t.(*groupRule).novaView()})
}

// neutronRule reads what Nova calls a rule.
func neutronRule(in object) (object, error) {
	rule := object{"direction": "ingress", "ethertype": "IPv4"}
	if p := text(in["ip_protocol"]); p != "" {
		rule["protocol"] = p
	}
	from, hasFrom, err := wholeText(in["from_port"])
	if err != nil {
		return nil, err
	}
	to, hasTo, err := wholeText(in["to_port"])
	if err != nil {
		return nil, err
	}
	if p := text(in["ip_protocol"]); (p == "tcp" || p == "udp") && (from < 1 || to > 65535 || from > to) {
		name := map[string]string{"tcp": "TCP", "udp": "UDP"}[p]
		return nil, refusal(400, "Invalid port range %d:%d. Valid %s ports should be between 1-65535", from, to, name)
	}
	if hasFrom {
		rule["port_range_min"] = from
	}
	if hasTo {
		rule["port_range_max"] = to
	}
	if cidr := text(in["cidr"]); cidr != "" {
		if rule["remote_ip_prefix"] = cidr; slices.Contains([]byte(cidr), ':') {
			rule["ethertype"] = "IPv6"
		}
	} else if in["group_id"] == nil {
		rule["remote_ip_prefix"] = "0.0.0.0/0"
	}
	return rule, nil
}

func (c *Cloud) dropNovaRule(q *call) (answer, error) {
	r := c.network.rules.byID[q.id()]
	if r == nil || r.project != q.tok.projectID() {
		return answer{}, refusal(404, "Security group rule %s does not exist", q.id())
	}
	c.dropRule(r)
	return accepted(nil)
}

func (r *groupRule) novaView() object {
	v := object{"id": r.id, "parent_group_id": r.group.id, "ip_protocol": orNil(r.protocol), "from_port": nil, "to_port": nil,
		"group": object{}, "ip_range": object{}}
	switch {
	case r.hasMin:
		v["from_port"], v["to_port"] = r.min, r.max
	case r.protocol != "":
		v["from_port"], v["to_port"] = -1, -1
	}
	if r.remote != nil {
		v["group"] = object{"name": r.remote.name, "tenant_id": r.remote.project}
	} else {
		v["ip_range"] = object{"cidr": r.where().String()}
	}
	return v
}

// Default rules are put into the default group of every project that comes. Nova has them only where it runs the networks; later it
// answers 410.

func (c *Cloud) whereNovaRuns(q *call) error {
	switch {
	case !c.era.seeded && c.era.newest > 0:
		return refusal(http.StatusGone, "This resource is no longer available. No forwarding address is given.")
	case !c.era.seeded && q.Method != http.MethodGet:
		return refusal(http.StatusNotImplemented, "Network driver does not support this function.")
	case q.Method != http.MethodGet && !q.tok.admin():
		return novaPolicy("compute_extension:security_group_default_rules")
	}
	return nil
}

func (c *Cloud) defaultRules(q *call) (answer, error) {
	if err := c.whereNovaRuns(q); err != nil {
		return answer{}, err
	}
	return ok(object{"security_group_default_rules": append([]object{}, c.ruleTemplates...)})
}

func (c *Cloud) createDefaultRule(q *call) (answer, error) {
	if err := c.whereNovaRuns(q); err != nil {
		return answer{}, err
	}
	in, err := q.part("security_group_default_rule")
	if err != nil {
		return answer{}, missingPart(err, "security_group_default_rule")
	}
	if _, err := neutronRule(in); err != nil {
		return answer{}, err
	}
	v := object{"id": newID(), "ip_protocol": in["ip_protocol"], "from_port": in["from_port"], "to_port": in["to_port"],
		"ip_range": object{"cidr": in["cidr"]}}
	c.ruleTemplates = append(c.ruleTemplates, v)
	return ok(object{"security_group_default_rule": v})
}

func (c *Cloud) dropDefaultRule(q *call) (answer, error) {
	if err := c.whereNovaRuns(q); err != nil {
		return answer{}, err
	}
	at := slices.IndexFunc(c.ruleTemplates, func(v object) bool { return v["id"] == q.id() })
	if at < 0 {
		return answer{}, refusal(404, "security group default rule not found")
	}
	c.ruleTemplates = slices.Delete(c.ruleTemplates, at, at+1)
	return gone()
}
