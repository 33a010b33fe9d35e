package openstack

import (
	"crypto/rand"
	"encoding/base64"
	"fmt"
	"maps"
	"net/http"
	"slices"
	"time"
)

const (
	tokenLife = 24 * time.Hour
	domainID  = "default"

	manyTokens = 1000 // from then on those that ended are forgotten
)

// identity is what Keystone knows.
type identity struct {
	projects []*project
	users    []*user
	roles    map[string]string // name → id
	tokens   map[string]*token
	creds    []*appCred
	groups   []*userGroup
	entries  []entry
}

type project struct {
	id, name, description string
}

type user struct {
	id, name, password string
	home               *project            // the default project
	roles              map[string][]string // project id → names of roles, implied ones included
}

// token is a token's record; project is nil for an unscoped one.
type token struct {
	id, audit string
	parent    string // audit id of the token that it was made from
	user      *user
	project   *project
	roles     []string
	methods   []string
	issued    time.Time
	expires   time.Time
	cred      *appCred
}

func (t *token) admin() bool { return slices.Contains(t.roles, "admin") }

func (t *token) projectID() string {
	if t.project == nil {
		return ""
	}
	return t.project.id
}

// sees tells whether the token's owner may look at what belongs to a project.
func (t *token) sees(projectID string) bool {
	return t.admin() || t.project != nil && t.project.id == projectID
}

// entry is a service of the catalogue; its endpoints differ in the interface only.
type entry struct {
	id, kind, name, path string
	endpoints            map[string]string // interface → id
}

var interfaces = []string{"internal", "admin", "public"}

func newIdentity() identity {
	id := identity{roles: map[string]string{}, tokens: map[string]*token{}}
	for _, name := range []string{"admin", "member", "reader", "service"} {
		id.roles[name] = seedHexID("role", name)
	}
	for _, e := range []entry{
		{kind: "network", name: "neutron", path: "/network"},
		{kind: "image", name: "glance", path: "/image"},
		{kind: "compute", name: "nova", path: "/compute/v2.1"},
		{kind: "volumev3", name: "cinder", path: "/volume/v3/$(project_id)s"},
		{kind: "block-storage", name: "cinder", path: "/volume/v3/$(project_id)s"},
		{kind: "metric", name: "gnocchi", path: "/metric"},
		{kind: "identity", name: "keystone", path: "/identity"},
	} {
		seed := e.name
		if e.name == "cinder" {
			seed = e.kind // there are two of it
		}
		e.id, e.endpoints = seedHexID("service", seed), map[string]string{}
		for _, i := range interfaces {
			e.endpoints[i] = seedHexID("endpoint", seed+"/"+i)
		}
		id.entries = append(id.entries, e)
	}
	return id
}

func (c *Cloud) addProject(name, description string) *project {
	p := &project{id: seedHexID("project", name), name: name, description: description}
	c.identity.projects = append(c.identity.projects, p)
	return p
}

// addUser adds a user whose roles are given by project id. A role brings those that it implies.
func (c *Cloud) addUser(name string, home *project, roles map[string]string) {
	u := &user{id: seedHexID("user", name), name: name, password: name + "-secret", home: home, roles: map[string][]string{}}
	for project, role := range roles {
		u.roles[project] = []string{"reader", "member"}
		if role == "admin" {
			u.roles[project] = []string{"reader", "admin", "member"}
		}
	}
	c.identity.users = append(c.identity.users, u)
}

func (id *identity) project(idOrName string) *project {
	for _, p := range id.projects {
		if p.id == idOrName || p.name == idOrName {
			return p
		}
	}
	return nil
}

func (id *identity) projectByID(want string) *project {
	if p := id.project(want); p != nil && p.id == want {
		return p
	}
	return nil
}

func (id *identity) user(want string) *user {
	for _, u := range id.users {
		if u.id == want {
			return u
		}
	}
	return nil
}

func (id *identity) userNamed(want string) *user {
	for _, u := range id.users {
		if u.name == want {
			return u
		}
	}
	return nil
}

func unauthorized() *apiError {
	return refusal(http.StatusUnauthorized, "The request you have made requires authentication.")
}

func notAllowed(action string) *apiError {
	return refusal(http.StatusForbidden, "You are not authorized to perform the requested action: %s.", action)
}

// authenticate finds a token that still holds.
func (c *Cloud) authenticate(id string, now time.Time) (*token, error) {
	t := c.identity.tokens[id]
	if t == nil {
		return nil, unauthorized()
	}
	if !now.Before(t.expires) {
		delete(c.identity.tokens, id)
		return nil, unauthorized()
	}
	return t, nil
}

// issue makes a token. A token made from another ends with that one.
func (c *Cloud) issue(u *user, p *project, methods []string, from *token, now time.Time) *token {
	var raw [96]byte
	_, _ = rand.Read(raw[:])
	t := &token{
		id: "gAAAAA" + base64.RawURLEncoding.EncodeToString(raw[:]), audit: base64.RawURLEncoding.EncodeToString(raw[:16]),
		user: u, project: p, methods: methods, issued: now, expires: now.Add(tokenLife),
	}
	if p != nil {
		t.roles = u.roles[p.id]
	}
	if from != nil {
		t.parent, t.expires = from.audit, from.expires
	}
	if len(c.identity.tokens) >= manyTokens {
		maps.DeleteFunc(c.identity.tokens, func(_ string, t *token) bool { return !now.Before(t.expires) })
	}
	c.identity.tokens[t.id] = t
	return t
}

// expireTokens ends every token there is.
func (c *Cloud) expireTokens() { clear(c.identity.tokens) }

// revoke withdraws what a user logs in with, as an administrator of Keystone does.
func (c *Cloud) revoke(name string) error {
	u := c.identity.userNamed(name)
	if u == nil {
		return fmt.Errorf("there is no user %q", name)
	}
	c.identity.creds = slices.DeleteFunc(c.identity.creds, func(a *appCred) bool { return a.user == u })
	maps.DeleteFunc(c.identity.tokens, func(_ string, t *token) bool { return t.user == u })
	return nil
}

// keystoneProblem is a refusal as Keystone writes it.
func keystoneProblem(e *apiError) any {
	body := object{"code": e.code, "message": e.msg, "title": http.StatusText(e.code)}
	for k, v := range e.extra {
		body[k] = v
	}
	return object{"error": body}
}

// precise is a moment as Keystone writes it.
func precise(t time.Time) string { return t.UTC().Format("2006-01-02T15:04:05.000000Z") }
