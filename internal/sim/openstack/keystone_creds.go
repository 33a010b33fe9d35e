package openstack

import (
	"crypto/rand"
	"encoding/base64"
	"slices"
	"strings"
	"time"
)

// appCred is an application credential: a user's rights in one project under a secret of its own.
type appCred struct {
	id, name, description, secret string
	user                          *user
	project                       *project
	roles                         []string
	expires                       time.Time // zero: never
	unrestricted                  bool
	said                          bool // whether unrestricted was given
}

func (a *appCred) ended(now time.Time) bool { return !a.expires.IsZero() && !now.Before(a.expires) }

func (c *Cloud) credential(id string) *appCred {
	for _, a := range c.identity.creds {
		if a.id == id {
			return a
		}
	}
	return nil
}

func (c *Cloud) credentialNamed(u *user, name string) *appCred {
	for _, a := range c.identity.creds {
		if a.user == u && a.name == name {
			return a
		}
	}
	return nil
}

func (a *appCred) view(c *Cloud, q *call) object {
	v := object{
		"id": a.id, "name": a.name, "description": orNil(a.description), "user_id": a.user.id,
		"project_id": a.project.id, "system": nil, "expires_at": nil, "unrestricted": nil,
		"roles": c.roleViews(q, a.roles...),
		"links": object{"self": q.base() + "/identity/v3/application_credentials/" + a.id},
	}
	for _, r := range v["roles"].([]object) {
		delete(r, "links")
	}
	if a.said {
		v["unrestricted"] = a.unrestricted
	}
	if !a.expires.IsZero() {
		v["expires_at"] = a.expires.UTC().Format("2006-01-02T15:04:05.000000")
	}
	return v
}

// manages refuses those who may not make or remove credentials: application credentials
// themselves, unless they are unrestricted.
func (c *Cloud) manages(q *call) error {
	if q.tok.cred != nil && !q.tok.cred.unrestricted {
		return notAllowed("Using method 'application_credential' is not allowed for managing additional application credentials.")
	}
	return nil
}

func (c *Cloud) createCred(q *call) (answer, error) {
	u := c.identity.user(q.PathValue("user"))
	if u == nil || u != q.tok.user {
		return answer{}, notAllowed("identity:create_application_credential")
	}
	if err := c.manages(q); err != nil {
		return answer{}, err
	}
	in, err := q.part("application_credential")
	if err != nil {
		return answer{}, refusal(400, "'application_credential' is a required property")
	}
	a, err := c.newCred(q, u, in)
	if err != nil {
		return answer{}, err
	}
	c.identity.creds = append(c.identity.creds, a)
	v := a.view(c, q)
	v["secret"] = a.secret
	return created(object{"application_credential": v})
}

func (c *Cloud) newCred(q *call, u *user, in object) (*appCred, error) {
	a := &appCred{id: newHexID(), name: text(in["name"]), description: text(in["description"]), secret: text(in["secret"]),
		user: u, project: q.tok.project, roles: q.tok.roles}
	a.unrestricted, a.said = in["unrestricted"].(bool)
	switch {
	case in["name"] == nil:
		return nil, refusal(400, "'name' is a required property")
	case a.name == "" || len(a.name) > 255:
		return nil, refusal(400, "%s is too short or too long for name", quoted(in["name"]))
	case a.project == nil:
		return nil, notAllowed("identity:create_application_credential")
	case c.credentialNamed(u, a.name) != nil:
		return nil, refusal(409, "Conflict occurred attempting to store application_credential - Duplicate entry found with name %s.", a.name)
	}
	if a.secret == "" {
		var raw [64]byte
		_, _ = rand.Read(raw[:])
		a.secret = base64.RawURLEncoding.EncodeToString(raw[:])
	}
	if s := text(in["expires_at"]); s != "" {
		until, err := parseTime(s)
		if err != nil {
			return nil, refusal(400, "Timestamp not in expected format.%s", malformed)
		}
		if !until.After(q.now) {
			return nil, refusal(400, "The 'expires_at' must not be before now.%s", malformed)
		}
		a.expires = until
	}
	return a, c.limitRoles(a, in["roles"])
}

// limitRoles gives the credential a part of its user's roles.
func (c *Cloud) limitRoles(a *appCred, want any) error {
	list, _ := want.([]any)
	if len(list) == 0 {
		return nil
	}
	has := a.roles
	a.roles = nil
	for _, r := range list {
		o, _ := r.(object)
		name := text(o["name"])
		for n, id := range c.identity.roles {
			if id == text(o["id"]) {
				name = n
			}
		}
		if !slices.Contains(has, name) {
			return refusal(400, "Invalid application credential: Cannot create an application credential with unassigned role")
		}
		a.roles = append(a.roles, name)
	}
	return nil
}

// parseTime reads the forms of ISO 8601 that OpenStack takes; without a zone it is UTC.
func parseTime(s string) (time.Time, error) {
	s = strings.Replace(s, " ", "T", 1)
	var t time.Time
	var err error
	for _, form := range []string{time.RFC3339Nano, "2006-01-02T15:04:05.999999999", "2006-01-02T15:04", "2006-01-02", "2006-01-02T15:04:05-0700"} {
		if t, err = time.Parse(form, s); err == nil {
			return t.UTC(), nil
		}
	}
	return t, err
}

func (c *Cloud) listCreds(q *call) (answer, error) {
	u, err := c.person(q, "identity:list_application_credentials")
	if err != nil {
		return answer{}, err
	}
	var out []object
	for _, a := range c.identity.creds {
		if a.user == u {
			out = append(out, a.view(c, q))
		}
	}
	return q.page("application_credentials", q.keep(out, "name"))
}

// namedCred is the credential that the path names.
func (c *Cloud) namedCred(q *call, action string) (*appCred, error) {
	u, err := c.person(q, action)
	if err != nil {
		return nil, err
	}
	if a := c.credential(q.id()); a != nil && a.user == u {
		return a, nil
	}
	return nil, refusal(404, "Could not find Application Credential: %s.", q.id())
}

func (c *Cloud) showCred(q *call) (answer, error) {
	a, err := c.namedCred(q, "identity:get_application_credential")
	if err != nil {
		return answer{}, err
	}
	return ok(object{"application_credential": a.view(c, q)})
}

// deleteCred removes a credential; the tokens made with it end.
func (c *Cloud) deleteCred(q *call) (answer, error) {
	if err := c.manages(q); err != nil {
		return answer{}, err
	}
	a, err := c.namedCred(q, "identity:delete_application_credential")
	if err != nil {
		return answer{}, err
	}
	c.identity.creds = slices.DeleteFunc(c.identity.creds, func(o *appCred) bool { return o == a })
	for id, t := range c.identity.tokens {
		if t.cred == a {
			delete(c.identity.tokens, id)
		}
	}
	return gone()
}
