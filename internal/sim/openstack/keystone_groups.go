package openstack

import "slices"

// group of users, which Keystone keeps beside projects; none is there at first.
type userGroup struct {
	id, name, description string
	members               []*user
}

func (g *userGroup) view(q *call) object {
	return object{"id": g.id, "name": g.name, "domain_id": domainID, "description": g.description,
		"links": object{"self": q.base() + "/identity/v3/groups/" + g.id}}
}

// groupFor is the group that the path names; only administrators see any.
func (c *Cloud) groupFor(q *call, action string) (*userGroup, error) {
	if !q.tok.admin() {
		return nil, notAllowed(action)
	}
	for _, g := range c.identity.groups {
		if g.id == q.PathValue("group") {
			return g, nil
		}
	}
	return nil, refusal(404, "Could not find group: %s.", q.PathValue("group"))
}

func (c *Cloud) listGroups(q *call) (answer, error) {
	if !q.tok.admin() {
		return answer{}, notAllowed("identity:list_groups")
	}
	var out []object
	for _, g := range c.identity.groups {
		out = append(out, g.view(q))
	}
	return q.page("groups", q.keep(out, "name", "domain_id"))
}

func (c *Cloud) createGroup(q *call) (answer, error) {
	if !q.tok.admin() {
		return answer{}, notAllowed("identity:create_group")
	}
	in, err := q.part("group")
	if err != nil {
		return answer{}, err
	}
	name := text(in["name"])
	if name == "" {
		return answer{}, refusal(400, "'name' is a required property")
	}
	if slices.ContainsFunc(c.identity.groups, func(g *userGroup) bool { return g.name == name }) {
		return answer{}, refusal(409, "Conflict occurred attempting to store group - Duplicate entry found with name %s at domain ID %s.", name, domainID)
	}
	g := &userGroup{id: newHexID(), name: name, description: text(in["description"])}
	c.identity.groups = append(c.identity.groups, g)
	return created(object{"group": g.view(q)})
}

func (c *Cloud) showGroup(q *call) (answer, error) {
	g, err := c.groupFor(q, "identity:get_group")
	if err != nil {
		return answer{}, err
	}
	return ok(object{"group": g.view(q)})
}

func (c *Cloud) deleteGroup(q *call) (answer, error) {
	g, err := c.groupFor(q, "identity:delete_group")
	if err != nil {
		return answer{}, err
	}
	c.identity.groups = without(c.identity.groups, g)
	return gone()
}

func (c *Cloud) groupUsers(q *call) (answer, error) {
	g, err := c.groupFor(q, "identity:list_users_in_group")
	if err != nil {
		return answer{}, err
	}
	var out []object
	for _, u := range g.members {
		out = append(out, u.view(q))
	}
	return q.page("users", q.keep(out, "name"))
}

// groupMember is HEAD, PUT and DELETE of a user in a group.
func (c *Cloud) groupMember(q *call) (answer, error) {
	action := map[string]string{"PUT": "identity:add_user_to_group", "DELETE": "identity:remove_user_from_group"}[q.Method]
	if action == "" {
		action = "identity:check_user_in_group"
	}
	g, err := c.groupFor(q, action)
	if err != nil {
		return answer{}, err
	}
	u := c.identity.user(q.PathValue("user"))
	if u == nil {
		return answer{}, refusal(404, "Could not find user: %s.", q.PathValue("user"))
	}
	member := slices.Contains(g.members, u)
	switch {
	case q.Method == "PUT" && !member:
		g.members = append(g.members, u)
	case q.Method != "PUT" && !member:
		return answer{}, refusal(404, "User '%s' not found in group '%s'.", u.id, g.id)
	case q.Method == "DELETE":
		g.members = without(g.members, u)
	}
	return gone()
}

// userGroups is GET /v3/users/{user}/groups.
func (c *Cloud) userGroups(q *call) (answer, error) {
	u, err := c.person(q, "identity:list_groups_for_user")
	if err != nil {
		return answer{}, err
	}
	var out []object
	for _, g := range c.identity.groups {
		if slices.Contains(g.members, u) {
			v := g.view(q)
			v["membership_expires_at"] = nil
			out = append(out, v)
		}
	}
	return q.page("groups", q.keep(out, "name"))
}
