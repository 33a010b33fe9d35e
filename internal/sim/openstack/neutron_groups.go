package openstack

import (
	"slices"
	"time"
)

// group is a security group.
type group struct {
	meta
	rules []*groupRule
}

var groupKind = &kind{
	path: "security-groups", plural: "security_groups", singular: "security_group",
	missing: "SecurityGroupNotFound", missingMsg: "Security group %s does not exist",
	attrs: readOnly(map[string]attr{"stateful": bothWays(asBool)}, "shared", "security_group_rules"),
	all:   func(c *Cloud) []thing { return c.network.groups.things() },
	find:  func(c *Cloud, id string) thing { return c.network.groups.thing(id) },
	create: func(c *Cloud, q *call, in object) (thing, error) {
		m := c.begin(q, in)
		c.defaultGroup(m.project, q.now)
		if m.name == "default" {
			return nil, neutronErr(409, "SecurityGroupDefaultAlreadyExists", "Default security group already exists.")
		}
		return c.newGroup(m), nil
	},
	update: func(c *Cloud, q *call, t thing, in object) error {
		name := text(in["name"])
		if t == c.network.defaults[t.info().project] && in["name"] != nil && name != "default" {
			return neutronErr(409, "SecurityGroupCannotUpdateDefault", "Updating default security group not allowed.")
		}
		return nil
	},
	remove: deleteGroup,
}

func (g *group) json() object {
	v := g.view()
	rules := []object{}
	for _, r := range g.rules {
		rules = append(rules, r.embedded())
	}
	v["security_group_rules"], v["stateful"], v["shared"] = rules, true, false
	return v
}

// newGroup adds a group that lets everything out and nothing in.
func (c *Cloud) newGroup(m meta) *group {
	g := &group{meta: m}
	c.network.groups.add(g)
	for _, ether := range []string{"IPv4", "IPv6"} {
		c.addRule(&groupRule{meta: c.newMeta("", m.project, m.created), group: g, direction: "egress", ether: ether, builtIn: true})
	}
	return g
}

// defaultGroup is the group that every project has; the first look makes it.
func (c *Cloud) defaultGroup(project string, now time.Time) *group {
	if g := c.network.defaults[project]; g != nil {
		return g
	}
	m := c.newMeta("default", project, now)
	m.description = "Default security group"
	g := c.newGroup(m)
	for _, ether := range []string{"IPv4", "IPv6"} {
		c.addRule(&groupRule{meta: c.newMeta("", project, now), group: g, direction: "ingress", ether: ether, remote: g, builtIn: true})
	}
	c.network.defaults[project] = g
	return g
}

func (c *Cloud) addRule(r *groupRule) {
	r.rev, r.number = 0, c.next()
	r.group.rules = append(r.group.rules, r)
	c.network.rules.add(r)
}

func deleteGroup(c *Cloud, q *call, t thing) error {
	g := t.(*group)
	for _, p := range c.network.ports.all {
		if slices.Contains(p.groups, g) {
			return neutronErr(409, "SecurityGroupInUse", "Security Group %s in use.", g.id)
		}
	}
	if c.network.defaults[g.project] == g {
		if !q.tok.admin() {
			return neutronErr(409, "SecurityGroupCannotRemoveDefault", "Insufficient rights for removing default security group.")
		}
		delete(c.network.defaults, g.project)
	}
	for _, r := range slices.Clone(c.network.rules.all) {
		if r.group == g || r.remote == g {
			c.dropRule(r)
		}
	}
	c.network.groups.drop(g.id)
	return nil
}

func (c *Cloud) dropRule(r *groupRule) {
	r.group.rules = slices.DeleteFunc(r.group.rules, func(o *groupRule) bool { return o == r })
	c.network.rules.drop(r.id)
}
