package openstack

import (
	"crypto/subtle"
	"net/http"
	"slices"
)

const malformed = " The server could not comply with the request since it is either malformed or otherwise incorrect. The client is assumed to be in error."

// createToken is POST /v3/auth/tokens.
func (c *Cloud) createToken(q *call) (answer, error) {
	body, err := q.json()
	if err != nil {
		return answer{}, err
	}
	auth, isObject := body["auth"].(object)
	if !isObject {
		return answer{}, refusal(400, "Expecting to find auth in request body.%s", malformed)
	}
	who, isObject := auth["identity"].(object)
	if !isObject {
		return answer{}, refusal(400, "'identity' is a required property")
	}
	t, err := c.logIn(q, who, auth["scope"])
	if err != nil {
		return answer{}, err
	}
	a := answer{code: http.StatusCreated, body: object{"token": c.tokenView(q, t)}}
	a.head = map[string]string{"X-Subject-Token": t.id}
	return a, nil
}

// logIn checks who asks and makes the token for the scope that is asked for.
func (c *Cloud) logIn(q *call, who object, scope any) (*token, error) {
	list, isList := who["methods"].([]any)
	if !isList {
		return nil, refusal(400, "'methods' is a required property")
	}
	var methods []string
	for _, m := range list {
		methods = append(methods, text(m))
	}
	if len(methods) != 1 {
		return nil, unauthorized()
	}
	method := methods[0]
	if !slices.Contains([]string{"password", "token", "application_credential"}, method) {
		e := refusal(401, "Attempted to authenticate with an unsupported method.")
		e.extra = object{"identity": object{"methods": []string{"external", "password", "token", "oauth1", "mapped", "application_credential"}}}
		return nil, e
	}
	proof, isObject := who[method].(object)
	if !isObject {
		return nil, refusal(400, "Expecting to find %s in identity.%s", method, malformed)
	}
	switch method {
	case "password":
		u, err := c.byPassword(proof)
		if err != nil {
			return nil, err
		}
		return c.scoped(q, u, scope, methods, nil)
	case "token":
		from, err := c.authenticate(text(proof["id"]), q.now)
		if err != nil {
			return nil, noToken()
		}
		if from.cred != nil {
			return nil, notAllowed("Using a delegated token to create another token is not allowed.")
		}
		return c.scoped(q, from.user, scope, append([]string{"token"}, from.methods...), from)
	}
	return c.byCredential(q, proof, scope)
}

func (c *Cloud) byPassword(proof object) (*user, error) {
	p, isObject := proof["user"].(object)
	if !isObject {
		return nil, refusal(400, "Expecting to find user in password.%s", malformed)
	}
	u := c.identity.user(text(p["id"]))
	if name := text(p["name"]); u == nil && name != "" {
		d, _ := p["domain"].(object)
		if d == nil {
			return nil, refusal(400, "Expecting to find domain in user.%s", malformed)
		}
		if ofDefault(d) {
			u = c.identity.userNamed(name)
		}
	}
	if u == nil || subtle.ConstantTimeCompare([]byte(u.password), []byte(text(p["password"]))) == 0 {
		return nil, unauthorized()
	}
	return u, nil
}

// ofDefault tells whether a domain is the only one there is.
func ofDefault(d any) bool {
	o, _ := d.(object)
	return text(o["id"]) == domainID || text(o["name"]) == "Default" || text(o["name"]) == domainID
}

// scoped makes the token. Without a scope it is that of the user's default project.
func (c *Cloud) scoped(q *call, u *user, scope any, methods []string, from *token) (*token, error) {
	p := u.home
	switch s := scope.(type) {
	case nil:
		if from != nil {
			p = nil
		}
	case string:
		p = nil
		if s != "unscoped" {
			return nil, refusal(400, "%q is not of type 'object'", s)
		}
	case object:
		if _, unscoped := s["unscoped"]; unscoped {
			p = nil
			break
		}
		want, isObject := s["project"].(object)
		if !isObject {
			return nil, unauthorized()
		}
		p = c.identity.projectByID(text(want["id"]))
		if name := text(want["name"]); p == nil && name != "" && ofDefault(want["domain"]) {
			p = c.identity.project(name)
		}
		if p == nil || len(u.roles[p.id]) == 0 {
			return nil, unauthorized()
		}
	default:
		return nil, refusal(400, "scope is not of type 'object'")
	}
	return c.issue(u, p, methods, from, q.now), nil
}

func (c *Cloud) byCredential(q *call, proof object, scope any) (*token, error) {
	cred := c.credential(text(proof["id"]))
	if name := text(proof["name"]); cred == nil && name != "" {
		p, _ := proof["user"].(object)
		u := c.identity.user(text(p["id"]))
		if u == nil && ofDefault(p["domain"]) {
			u = c.identity.userNamed(text(p["name"]))
		}
		cred = c.credentialNamed(u, name)
	}
	if cred == nil {
		return nil, refusal(404, "Could not find Application Credential: %s.", text(proof["id"]))
	}
	if scope != nil && scope != "unscoped" {
		e := refusal(401, "Error authenticating with application credential: Application credentials cannot request a scope.")
		e.extra = object{"identity": object{}}
		return nil, e
	}
	if subtle.ConstantTimeCompare([]byte(cred.secret), []byte(text(proof["secret"]))) == 0 || cred.ended(q.now) {
		return nil, unauthorized()
	}
	t := c.issue(cred.user, cred.project, []string{"application_credential"}, nil, q.now)
	t.cred, t.roles = cred, cred.roles
	if !cred.expires.IsZero() && cred.expires.Before(t.expires) {
		t.expires = cred.expires
	}
	return t, nil
}

func noToken() *apiError { return refusal(404, "Could not recognize Fernet token") }

// subject is the token that a request is about.
func (c *Cloud) subject(q *call) (*token, error) {
	t, err := c.authenticate(q.Header.Get("X-Subject-Token"), q.now)
	if err != nil {
		return nil, noToken()
	}
	if t.id != q.tok.id && t.user != q.tok.user && !q.tok.admin() {
		return nil, notAllowed("identity:validate_token")
	}
	return t, nil
}

// showToken is GET and HEAD /v3/auth/tokens.
func (c *Cloud) showToken(q *call) (answer, error) {
	t, err := c.subject(q)
	if err != nil {
		return answer{}, err
	}
	a := answer{code: 200, body: object{"token": c.tokenView(q, t)}}
	a.head = map[string]string{"X-Subject-Token": t.id}
	return a, nil
}

// revokeToken is DELETE /v3/auth/tokens.
func (c *Cloud) revokeToken(q *call) (answer, error) {
	t, err := c.subject(q)
	if err != nil {
		return answer{}, err
	}
	delete(c.identity.tokens, t.id)
	return gone()
}

func (c *Cloud) tokenView(q *call, t *token) object {
	v := object{
		"methods": t.methods, "audit_ids": []string{t.audit},
		"issued_at": precise(t.issued), "expires_at": precise(t.expires),
		"user": object{"id": t.user.id, "name": t.user.name, "domain": domainRef(), "password_expires_at": nil},
	}
	if t.parent != "" {
		v["audit_ids"] = []string{t.audit, t.parent}
	}
	if t.project == nil {
		return v
	}
	var roles []object
	for _, r := range t.roles {
		roles = append(roles, object{"id": c.identity.roles[r], "name": r})
	}
	v["project"] = object{"id": t.project.id, "name": t.project.name, "domain": domainRef()}
	v["is_domain"], v["roles"] = false, roles
	if _, no := q.URL.Query()["nocatalog"]; !no {
		v["catalog"] = c.catalog(q, t.project)
	}
	if t.cred != nil && t.expires.Equal(t.cred.expires) {
		v["expires_at"] = micro(t.expires) // the credential's own end, which has no zone
	}
	if t.cred != nil {
		v["application_credential"] = object{"id": t.cred.id, "name": t.cred.name, "restricted": !t.cred.unrestricted}
	}
	return v
}

func domainRef() object { return object{"id": domainID, "name": "Default"} }

// catalog lists the services, at the address that the client used.
func (c *Cloud) catalog(q *call, project *project) []object {
	out := []object{}
	for _, e := range c.services(project) {
		var ends []object
		for _, region := range c.regions() {
			for _, i := range interfaces {
				ends = append(ends, object{
					"id": e.endpoints[i], "interface": i, "region": region, "region_id": region, "url": c.address(q, e),
				})
			}
		}
		out = append(out, object{"id": e.id, "type": e.kind, "name": e.name, "endpoints": ends})
	}
	return out
}
