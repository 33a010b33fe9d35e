package openstack

import (
	"strings"
	"testing"
	"time"
)

func login(user, password string, scope any) object {
	auth := object{"identity": object{"methods": []string{"password"},
		"password": object{"user": object{"name": user, "domain": object{"id": "default"}, "password": password}}}}
	if scope != nil {
		auth["scope"] = scope
	}
	return object{"auth": auth}
}

func method(name string, proof object, scope any) object {
	auth := object{"identity": object{"methods": []string{name}, name: proof}}
	if scope != nil {
		auth["scope"] = scope
	}
	return object{"auth": auth}
}

func inProject(name string) object {
	return object{"project": object{"name": name, "domain": object{"id": "default"}}}
}

func TestLogin(t *testing.T) {
	p := &person{world: newWorld(t)}
	for name, tc := range map[string]struct {
		body   any
		status int
		words  string
	}{
		"project":         {login("carol", "carol-secret", inProject("team-b")), 201, `"team-b"`},
		"default project": {login("carol", "carol-secret", nil), 201, `"team-a"`},
		"unscoped":        {login("carol", "carol-secret", "unscoped"), 201, `"carol"`},
		"unscoped object": {login("carol", "carol-secret", object{"unscoped": object{}}), 201, `"carol"`},
		"wrong password":  {login("carol", "x", nil), 401, "requires authentication"},
		"nobody":          {login("nobody", "x", nil), 401, "requires authentication"},
		"foreign project": {login("alice", "alice-secret", inProject("team-b")), 401, "requires authentication"},
		"no such project": {login("alice", "alice-secret", inProject("nix")), 401, "requires authentication"},
		"system scope":    {login("admin", "admin-secret", object{"system": object{"all": true}}), 401, ""},
		"odd scope":       {login("alice", "alice-secret", "everything"), 400, "object"},
		"not JSON":        {"{nope", 400, "valid JSON"},
		"no auth":         {object{}, 400, "Expecting to find auth"},
		"no identity":     {object{"auth": object{}}, 400, "identity"},
		"no methods":      {object{"auth": object{"identity": object{}}}, 400, "methods"},
		"no proof":        {object{"auth": object{"identity": object{"methods": []string{"password"}}}}, 400, "Expecting to find password"},
		"unknown method":  {method("magic", object{}, nil), 401, "unsupported method"},
		"no domain":       {method("password", object{"user": object{"name": "alice", "password": "alice-secret"}}, nil), 400, "domain"},
		"dead token":      {method("token", object{"id": "x"}, nil), 404, "Fernet"},
		"no credential":   {method("application_credential", object{"id": "x", "secret": "y"}, nil), 404, "Could not find Application Credential: x."},
	} {
		r := p.do("POST", v3+"/auth/tokens", tc.body)
		r.what = name
		r.want(tc.status, tc.words)
	}
}

func TestTokenLife(t *testing.T) {
	w := newWorld(t)
	p := w.as("carol", "team-a")
	p.do("GET", v3+"/auth/projects", nil).want(200, "team-a", "team-b")
	show := p.do("GET", v3+"/auth/tokens", nil, "X-Subject-Token", p.token).want(200, `"catalog"`, `"member"`)
	if url := show.str("token.catalog.0.endpoints.0.url"); !strings.HasPrefix(url, w.url) {
		t.Errorf("catalogue leads to %s, the client came by %s", url, w.url)
	}
	p.do("GET", v3+"/auth/tokens?nocatalog", nil, "X-Subject-Token", p.token).want(200)
	p.do("HEAD", v3+"/auth/tokens", nil, "X-Subject-Token", p.token).want(200)
	other := w.as("bob", "team-b")
	other.do("GET", v3+"/auth/tokens", nil, "X-Subject-Token", p.token).want(403, "identity:validate_token")
	other.do("GET", v3+"/auth/tokens", nil, "X-Subject-Token", "x").want(404, "Fernet")

	w.clock.add(23 * time.Hour)
	next := p.do("POST", v3+"/auth/tokens", method("token", object{"id": p.token}, inProject("team-b"))).want(201, `"team-b"`)
	w.clock.add(2 * time.Hour)
	p.do("GET", v3+"/auth/projects", nil).want(401)
	p.token = next.head.Get("X-Subject-Token")
	p.do("GET", nova+"/servers", nil).want(401) // ends with the one it was made from
	p.token = w.as("carol", "team-a").token
	p.do("DELETE", v3+"/auth/tokens", nil, "X-Subject-Token", p.token).want(204)
	p.do("GET", "/image/v2/images", nil).want(401, "could not verify")
	p.do("GET", neutron+"/networks", nil).want(401, `"error"`)
}

func TestApplicationCredentials(t *testing.T) {
	w := newWorld(t)
	p := w.as("alice", "team-a")
	path := v3 + "/users/" + p.user + "/application_credentials"
	mk := func(fields object) reply { return p.do("POST", path, object{"application_credential": fields}) }
	r := mk(object{"name": "bot", "expires_at": "2026-11-21T06:00:00Z"}).want(201, `"secret"`)
	id, secret := r.str("application_credential.id"), r.str("application_credential.secret")
	mk(object{"name": "bot"}).want(409, "Duplicate entry")
	mk(object{}).want(400, "'name' is a required property")
	mk(object{"name": ""}).want(400)
	mk(object{"name": "x", "expires_at": "2020-01-01T00:00:00"}).want(400, "must not be before now")
	mk(object{"name": "x", "expires_at": "soon"}).want(400, "expected format")
	mk(object{"name": "x", "roles": []object{{"name": "admin"}}}).want(400, "unassigned role")
	mk(object{"name": "reader", "roles": []object{{"name": "reader"}}}).want(201)
	p.do("GET", path, nil).want(200, `"bot"`, `"reader"`)
	if raw := p.do("GET", path+"/"+id, nil).want(200).raw; strings.Contains(raw, secret) {
		t.Error("the secret is shown twice")
	}
	w.as("bob", "team-b").do("GET", path, nil).want(403, "list_application_credentials")
	w.as("bob", "team-b").do("POST", path, object{"application_credential": object{"name": "x"}}).want(403)

	byID := method("application_credential", object{"id": id, "secret": secret}, nil)
	tok := p.do("POST", v3+"/auth/tokens", byID).want(201, `"application_credential"`, `"2026-11-21T06:00:00.000000"`)
	p.do("POST", v3+"/auth/tokens", method("application_credential", object{"name": "bot", "secret": secret,
		"user": object{"name": "alice", "domain": object{"name": "Default"}}}, nil)).want(201)
	p.do("POST", v3+"/auth/tokens", method("application_credential", object{"id": id, "secret": "x"}, nil)).want(401)
	p.do("POST", v3+"/auth/tokens", method("application_credential", object{"id": id, "secret": secret}, inProject("team-a"))).want(401, "cannot request a scope")
	bot := &person{world: w, token: tok.head.Get("X-Subject-Token")}
	bot.do("GET", nova+"/servers", nil).want(200)
	bot.do("POST", path, object{"application_credential": object{"name": "more"}}).want(403, "managing additional")
	bot.do("DELETE", path+"/"+id, nil).want(403)
	bot.do("POST", v3+"/auth/tokens", method("token", object{"id": bot.token}, nil)).want(403, "delegated token")
	p.do("DELETE", path+"/nix", nil).want(404)
	p.do("DELETE", path+"/"+id, nil).want(204)
	bot.do("GET", nova+"/servers", nil).want(401)
	p.do("POST", v3+"/auth/tokens", byID).want(404)
	r = mk(object{"name": "short", "expires_at": "2026-11-21T06:00:00"}).want(201)
	w.clock.add(2 * time.Hour)
	p.do("POST", v3+"/auth/tokens", method("application_credential",
		object{"id": r.str("application_credential.id"), "secret": r.str("application_credential.secret")}, nil)).want(401)
}

func TestKeystoneReads(t *testing.T) {
	w := newWorld(t)
	admin, p := w.as("admin", "admin"), w.as("alice", "team-a")
	for path, word := range map[string]string{
		"/projects?name=team-a": "team-a", "/users?name=bob": "bob", "/roles": "member", "/domains": "Default", "/services": "nova",
		"/endpoints?interface=public": "/network", "/groups": "groups", "/role_assignments?include_names": "carol",
	} {
		admin.do("GET", v3+path, nil).want(200, word)
		p.do("GET", v3+path, nil).want(403, "not authorized to perform")
	}
	p.do("GET", v3+"/projects/"+p.project, nil).want(200, "team-a")
	p.do("GET", v3+"/projects/"+admin.project, nil).want(403)
	admin.do("GET", v3+"/projects/nix", nil).want(404, "Could not find project")
	p.do("GET", v3+"/users/"+p.user, nil).want(200, "alice@example.test")
	p.do("GET", v3+"/users/"+admin.user, nil).want(403)
	admin.do("GET", v3+"/users/nix", nil).want(404)
	p.do("GET", v3+"/users/"+p.user+"/projects", nil).want(200, "team-a")
	p.do("GET", v3+"/users/"+p.user+"/groups", nil).want(200)
	for _, path := range []string{"/auth/catalog", "/auth/domains", "/regions", "/domains/default"} {
		p.do("GET", v3+path, nil).want(200)
	}
	p.do("GET", v3+"/domains/nix", nil).want(404)
	p.do("GET", v3+"/nope", nil).want(404)
	if n := len(admin.do("GET", v3+"/role_assignments?user.id="+p.user, nil).list("role_assignments")); n != 1 {
		t.Errorf("%d assignments of alice, want 1", n)
	}
	if us := w.cloud.Users(); len(us) != 4 || us[3].Name != "carol" || len(us[3].Projects) != 2 || !us[0].Admin || us[1].Password != "alice-secret" {
		t.Errorf("users: %+v", us)
	}
}

func TestKeystoneV2(t *testing.T) {
	w := newWorld(t)
	p := &person{world: w}
	in := func(more object) object {
		auth := object{"passwordCredentials": object{"username": "carol", "password": "carol-secret"}}
		for k, v := range more {
			auth[k] = v
		}
		return object{"auth": auth}
	}
	post := func(body any) reply { return p.do("POST", "/identity/v2.0/tokens", body) }
	r := post(in(nil)).want(200)
	p.token = r.str("access.token.id")
	if r.at("access.token.tenant") != nil || len(r.list("access.serviceCatalog")) != 0 {
		t.Error("a token without tenant has one, or a catalogue")
	}
	tenant := p.do("GET", "/identity/v2.0/tenants", nil).want(200, "team-a", "team-b").str("tenants.0.id")
	post(in(object{"tenantId": tenant, "tenantName": "team-a"})).want(400, "not both")
	post(in(object{"tenantId": "nix"})).want(401)
	post(object{}).want(400)
	post(object{"auth": object{}}).want(400)
	post(object{"auth": object{"passwordCredentials": object{"username": "carol", "password": "x"}}}).want(401)
	post(object{"auth": object{"token": object{"id": "x"}}}).want(401)
	r = post(object{"auth": object{"token": object{"id": p.token}, "tenantName": "team-b"}}).want(200, "publicURL", w.url+"/compute/v2.1")
	p.token = r.str("access.token.id")
	p.do("GET", nova+"/servers", nil).want(200)
	p.do("GET", "/identity/v2.0/tokens/"+p.token, nil).want(200, "team-b")
	w.as("bob", "team-b").do("GET", "/identity/v2.0/tokens/"+p.token, nil).want(403)
	p.do("GET", "/identity/v2.0/tokens/nix", nil).want(404)
	p.do("DELETE", "/identity/v2.0/tokens/"+p.token, nil).want(204)
	p.do("GET", nova+"/servers", nil).want(401)
	post(in(object{"tenantId": tenant})).want(200)
}

func TestVersions(t *testing.T) {
	p := &person{world: newWorld(t)}
	for path, want := range map[string]int{"/identity": 300, "/identity/": 300, "/identity/v3": 200, "/identity/v3/": 200, "/identity/v2.0/": 200,
		"/compute": 200, "/compute/": 200, "/compute/v2.1": 200, "/compute/v2.1/": 200, "/network": 200, "/network/": 200, "/image": 300,
		"/image/": 300, "/network/v2.0/": 401} {
		p.do("GET", path, nil).want(want)
	}
	a := p.as("alice", "team-a")
	a.do("GET", "/network/v2.0/", nil).want(200, "security-groups")
	a.do("GET", neutron+"/nope", nil).want(404, "HTTPNotFound")
	a.do("GET", nova+"/nope", nil).want(404, `"404 Not Found"`)
	a.do("GET", "/image/v2/nope", nil).want(404)
	a.do("GET", nova+"/"+a.project+"/servers", nil).want(200)
	a.do("GET", "/compute//v2.1//servers/detail", nil).want(200)
}
