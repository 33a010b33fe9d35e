package openstack

import "crypto/subtle"

// createTokenV2 is POST /v2.0/tokens: by tenant id or tenant name, not both; without either
// the token can only ask for the list of tenants.
func (c *Cloud) createTokenV2(q *call) (answer, error) {
	auth, err := q.part("auth")
	if err != nil {
		return answer{}, refusal(400, "Expecting to find auth in request body.%s", malformed)
	}
	id, name := text(auth["tenantId"]), text(auth["tenantName"])
	if id != "" && name != "" {
		return answer{}, refusal(400, "Expecting tenantId or tenantName, not both.%s", malformed)
	}
	u, from, err := c.whoV2(q, auth)
	if err != nil {
		return answer{}, err
	}
	var p *project
	if id != "" {
		p = c.identity.projectByID(id)
	} else if name != "" {
		p = c.identity.project(name)
	}
	if id+name != "" && (p == nil || len(u.roles[p.id]) == 0) {
		return answer{}, unauthorized()
	}
	t := c.issue(u, p, []string{"password"}, from, q.now)
	return ok(object{"access": c.accessV2(q, t)})
}

func (c *Cloud) whoV2(q *call, auth object) (*user, *token, error) {
	if proof, given := auth["token"].(object); given {
		from, err := c.authenticate(text(proof["id"]), q.now)
		if err != nil {
			return nil, nil, err
		}
		if from.cred != nil {
			return nil, nil, notAllowed("Using a delegated token to create another token is not allowed.")
		}
		return from.user, from, nil
	}
	proof, given := auth["passwordCredentials"].(object)
	if !given {
		return nil, nil, refusal(400, "Expecting to find passwordCredentials or token in auth.%s", malformed)
	}
	u := c.identity.userNamed(text(proof["username"]))
	if u == nil {
		u = c.identity.user(text(proof["userId"]))
	}
	if u == nil || subtle.ConstantTimeCompare([]byte(u.password), []byte(text(proof["password"]))) == 0 {
		return nil, nil, unauthorized()
	}
	return u, nil, nil
}

// accessV2 is a token with its catalogue, as Keystone v2.0 wrote it.
func (c *Cloud) accessV2(q *call, t *token) object {
	tok := object{"id": t.id, "issued_at": precise(t.issued), "expires": stamp(t.expires), "audit_ids": []string{t.audit}}
	roles, roleIDs := []object{}, []string{}
	for _, r := range t.roles {
		roles = append(roles, object{"name": r})
		roleIDs = append(roleIDs, c.identity.roles[r])
	}
	services := []object{}
	if t.project != nil {
		tok["tenant"] = t.project.viewV2()
		for _, e := range c.services(t.project) {
			url := c.address(q, e)
			if e.kind == "identity" {
				url += "/v2.0"
			}
			var ends []object
			for _, region := range c.regions() {
				ends = append(ends, object{"id": e.endpoints["public"], "region": region, "publicURL": url, "internalURL": url, "adminURL": url})
			}
			services = append(services, object{"type": e.kind, "name": e.name, "endpoints_links": []object{}, "endpoints": ends})
		}
	}
	return object{
		"token": tok, "serviceCatalog": services,
		"user":     object{"id": t.user.id, "name": t.user.name, "username": t.user.name, "roles": roles, "roles_links": []object{}},
		"metadata": object{"is_admin": 0, "roles": roleIDs},
	}
}

func (p *project) viewV2() object {
	return object{"id": p.id, "name": p.name, "description": p.description, "enabled": true}
}

// tenantsV2 is GET /v2.0/tenants: where the token's user may go.
func (c *Cloud) tenantsV2(q *call) (answer, error) {
	out := []object{}
	for _, p := range c.identity.projects {
		if len(q.tok.user.roles[p.id]) > 0 {
			out = append(out, p.viewV2())
		}
	}
	return ok(object{"tenants": out, "tenants_links": []object{}})
}

// showTokenV2 is GET /v2.0/tokens/{id}, for administrators and for oneself.
func (c *Cloud) showTokenV2(q *call) (answer, error) {
	t, err := c.authenticate(q.id(), q.now)
	if err != nil {
		return answer{}, refusal(404, "Could not find token: %s.", q.id())
	}
	if t.user != q.tok.user && !q.tok.admin() {
		return answer{}, notAllowed("identity:validate_token")
	}
	return ok(object{"access": c.accessV2(q, t)})
}

func (c *Cloud) revokeTokenV2(q *call) (answer, error) {
	if _, err := c.showTokenV2(q); err != nil {
		return answer{}, err
	}
	delete(c.identity.tokens, q.id())
	return gone()
}
