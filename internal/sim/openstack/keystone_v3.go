package openstack

import (
	"slices"
	"strings"
)

// page wraps one of Keystone's lists, which never has a second page here.
func (q *call) page(key string, items []object) (answer, error) {
	if items == nil {
		items = []object{}
	}
	self := q.base() + q.URL.Path
	if q.URL.RawQuery != "" {
		self += "?" + q.URL.RawQuery
	}
	return ok(object{key: items, "links": object{"next": nil, "previous": nil, "self": self}})
}

// keep drops the items that do not fit the query's filters on these attributes.
func (q *call) keep(items []object, attributes ...string) []object {
	query := q.URL.Query()
	return slices.DeleteFunc(items, func(o object) bool {
		for _, a := range attributes {
			if want := query.Get(a); want != "" && text(o[a]) != want {
				return true
			}
		}
		return false
	})
}

func (p *project) view(q *call) object {
	return object{
		"id": p.id, "name": p.name, "domain_id": domainID, "parent_id": domainID, "description": p.description,
		"enabled": true, "is_domain": false, "tags": []string{}, "options": object{},
		"links": object{"self": q.base() + "/identity/v3/projects/" + p.id},
	}
}

func (u *user) view(q *call) object {
	return object{
		"id": u.id, "name": u.name, "domain_id": domainID, "email": u.name + "@example.test", "enabled": true,
		"default_project_id": u.home.id, "password_expires_at": nil, "options": object{},
		"links": object{"self": q.base() + "/identity/v3/users/" + u.id},
	}
}

func (c *Cloud) projectsOf(q *call, u *user) []object {
	var out []object
	for _, p := range c.identity.projects {
		if len(u.roles[p.id]) > 0 {
			out = append(out, p.view(q))
		}
	}
	return out
}

// authProjects is GET /v3/auth/projects: where the token's user may go.
func (c *Cloud) authProjects(q *call) (answer, error) {
	return q.page("projects", c.projectsOf(q, q.tok.user))
}

func (c *Cloud) authCatalog(q *call) (answer, error) {
	return q.page("catalog", c.catalog(q, q.tok.project))
}

func (c *Cloud) authDomains(q *call) (answer, error) { return q.page("domains", nil) }

func (c *Cloud) listProjects(q *call) (answer, error) {
	if !q.tok.admin() {
		return answer{}, notAllowed("identity:list_projects")
	}
	var out []object
	for _, p := range c.identity.projects {
		out = append(out, p.view(q))
	}
	return q.page("projects", q.keep(out, "name", "domain_id", "parent_id"))
}

func (c *Cloud) showProject(q *call) (answer, error) {
	p := c.identity.projectByID(q.id())
	switch {
	case p == nil && q.tok.admin():
		return answer{}, refusal(404, "Could not find project: %s.", q.id())
	case p == nil || !q.tok.sees(p.id):
		return answer{}, notAllowed("identity:get_project")
	}
	return ok(object{"project": p.view(q)})
}

func (c *Cloud) listUsers(q *call) (answer, error) {
	if !q.tok.admin() {
		return answer{}, notAllowed("identity:list_users")
	}
	var out []object
	for _, u := range c.identity.users {
		out = append(out, u.view(q))
	}
	return q.page("users", q.keep(out, "name", "domain_id"))
}

// person is the user that the path names, if the caller may look at them.
func (c *Cloud) person(q *call, action string) (*user, error) {
	u := c.identity.user(q.PathValue("user"))
	if u != q.tok.user && !q.tok.admin() {
		return nil, notAllowed(action)
	}
	if u == nil {
		return nil, refusal(404, "Could not find user: %s.", q.PathValue("user"))
	}
	return u, nil
}

func (c *Cloud) showUser(q *call) (answer, error) {
	u, err := c.person(q, "identity:get_user")
	if err != nil {
		return answer{}, err
	}
	return ok(object{"user": u.view(q)})
}

func (c *Cloud) userProjects(q *call) (answer, error) {
	u, err := c.person(q, "identity:list_user_projects")
	if err != nil {
		return answer{}, err
	}
	return q.page("projects", c.projectsOf(q, u))
}

func (c *Cloud) listRoles(q *call) (answer, error) {
	if !q.tok.admin() {
		return answer{}, notAllowed("identity:list_roles")
	}
	return q.page("roles", q.keep(c.roleViews(q, "admin", "member", "reader", "service"), "name"))
}

func (c *Cloud) roleViews(q *call, names ...string) []object {
	var out []object
	for _, name := range names {
		options := object{"immutable": true}
		if name == "service" {
			options = object{}
		}
		out = append(out, object{
			"id": c.identity.roles[name], "name": name, "domain_id": nil, "description": nil, "options": options,
			"links": object{"self": q.base() + "/identity/v3/roles/" + c.identity.roles[name]},
		})
	}
	return out
}

// assignments is GET /v3/role_assignments: who may do what where, implied roles left out.
func (c *Cloud) assignments(q *call) (answer, error) {
	if !q.tok.admin() {
		return answer{}, notAllowed("identity:list_role_assignments")
	}
	query := q.URL.Query()
	_, named := query["include_names"]
	fits := func(key, id string) bool { return query.Get(key) == "" || query.Get(key) == id }
	var out []object
	for _, u := range c.identity.users {
		for _, p := range c.identity.projects {
			role := "member"
			if slices.Contains(u.roles[p.id], "admin") {
				role = "admin"
			}
			id := c.identity.roles[role]
			if len(u.roles[p.id]) == 0 || !fits("user.id", u.id) || !fits("scope.project.id", p.id) || !fits("role.id", id) {
				continue
			}
			r, who, where := object{"id": id}, object{"id": u.id}, object{"id": p.id}
			if named {
				r["name"], who["name"], where["name"] = role, u.name, p.name
				who["domain"], where["domain"] = domainRef(), domainRef()
			}
			link := strings.Join([]string{q.base() + "/identity/v3/projects", p.id, "users", u.id, "roles", id}, "/")
			out = append(out, object{
				"role": r, "user": who, "scope": object{"project": where}, "links": object{"assignment": link},
			})
		}
	}
	return q.page("role_assignments", out)
}

func (c *Cloud) listDomains(q *call) (answer, error) {
	if !q.tok.admin() {
		return answer{}, notAllowed("identity:list_domains")
	}
	return q.page("domains", q.keep([]object{domainView(q)}, "name"))
}

func (c *Cloud) showDomain(q *call) (answer, error) {
	if q.id() != domainID {
		return answer{}, refusal(404, "Could not find domain: %s.", q.id())
	}
	return ok(object{"domain": domainView(q)})
}

func domainView(q *call) object {
	return object{
		"id": domainID, "name": "Default", "description": "The default domain", "enabled": true, "tags": []string{},
		"options": object{}, "links": object{"self": q.base() + "/identity/v3/domains/" + domainID},
	}
}

func (c *Cloud) listRegions(q *call) (answer, error) {
	return q.page("regions", []object{{
		"id": Region, "description": "", "parent_region_id": nil,
		"links": object{"self": q.base() + "/identity/v3/regions/" + Region},
	}})
}

func (c *Cloud) listServices(q *call) (answer, error) {
	if !q.tok.admin() {
		return answer{}, notAllowed("identity:list_services")
	}
	var out []object
	for _, e := range c.offered() {
		out = append(out, object{"id": e.id, "type": e.kind, "name": e.name, "enabled": true,
			"links": object{"self": q.base() + "/identity/v3/services/" + e.id}})
	}
	return q.page("services", q.keep(out, "type", "name"))
}

func (c *Cloud) listEndpoints(q *call) (answer, error) {
	if !q.tok.admin() {
		return answer{}, notAllowed("identity:list_endpoints")
	}
	var out []object
	for _, e := range c.offered() {
		for _, i := range interfaces {
			out = append(out, object{"id": e.endpoints[i], "interface": i, "region": Region, "region_id": Region,
				"service_id": e.id, "url": q.base() + e.path, "enabled": true,
				"links": object{"self": q.base() + "/identity/v3/endpoints/" + e.endpoints[i]}})
		}
	}
	return q.page("endpoints", q.keep(out, "interface", "service_id", "region_id"))
}
