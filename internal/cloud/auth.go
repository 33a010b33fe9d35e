package cloud

import (
	"cmp"
	"context"

	"github.com/gophercloud/gophercloud/v2"
	tokens2 "github.com/gophercloud/gophercloud/v2/openstack/identity/v2/tokens"
	tokens3 "github.com/gophercloud/gophercloud/v2/openstack/identity/v3/tokens"

	"github.com/stackhand/stackhand"
)

// grant is what Keystone gave for a login.
type grant struct {
	token    string
	identity stackhand.Identity
	catalog  catalog
	result   gophercloud.AuthResult
}

// Auth types of clouds.yaml, by their usual names.
const (
	authPassword = "password"
	authToken    = "token"
	authAppCred  = "v3applicationcredential"
)

// authType tells which way a login goes; "" where nothing fits.
func authType(l stackhand.Login) string {
	switch l.AuthType {
	case authPassword, "v3password", "v2password":
		return authPassword
	case authToken, "v3token", "v2token":
		return authToken
	case authAppCred:
		return authAppCred
	case "":
		switch {
		case l.AppCredID != "":
			return authAppCred
		case l.Password != "":
			return authPassword
		case l.Token != "":
			return authToken
		}
	}
	return ""
}

func checkLogin(l stackhand.Login) error {
	bad := func(msg string) error {
		return stackhand.Errorf(stackhand.Invalid, "%s", msg).Do("Log in again and fill in what is missing.")
	}
	switch authType(l) {
	case authAppCred:
		if l.AppCredID == "" || l.AppCredSecret == "" {
			return bad("An application credential needs both its id and its secret.")
		}
	case authPassword:
		if l.Username == "" || l.Password == "" {
			return bad("A login needs both a user name and a password.")
		}
	case authToken:
		if l.Token == "" {
			return bad("A login by token needs the token.")
		}
	default:
		return bad("The login holds neither a password, nor a token, nor an application credential.")
	}
	return nil
}

// login asks Keystone for a token. Without scope the project is left out, which works for
// everybody and shows the projects to choose from.
func (s *site) login(ctx context.Context, l stackhand.Login, scope bool) (grant, error) {
	if err := checkLogin(l); err != nil {
		return grant{}, err
	}
	base, err := s.identity(ctx)
	if err != nil {
		return grant{}, err
	}
	sc := &gophercloud.ServiceClient{ProviderClient: s.provider(), Endpoint: base.URL, Type: string(identity)}
	c := caller{site: s, sc: sc, service: identity, secrets: secretsOf(l)}
	return retryRead(ctx, s.opts, func() (grant, error) {
		var g grant
		var err error
		if base.V2 {
			g, err = s.loginV2(ctx, sc, l, scope)
		} else {
			g, err = s.loginV3(ctx, sc, l, scope)
		}
		if err != nil {
			return grant{}, unknownMeansNo(c.classify(ctx, "POST", base.URL, err))
		}
		g.identity.Region = s.entry.Region
		return g, nil
	})
}

// unknownMeansNo: Keystone says 404 for tokens and application credentials that it does not know.
func unknownMeansNo(err error) error {
	e, ok := err.(*stackhand.Error)
	if !ok || e.Kind != stackhand.NotFound {
		return err
	}
	return stackhand.Errorf(stackhand.Unauthorized, "The cloud does not accept the login: it knows no such credential.").
		Do("%s", next(stackhand.Unauthorized)).Because(e.Err)
}

func (s *site) loginV3(ctx context.Context, sc *gophercloud.ServiceClient, l stackhand.Login, scope bool) (grant, error) {
	o := &tokens3.AuthOptions{}
	switch authType(l) {
	case authAppCred:
		o.ApplicationCredentialID, o.ApplicationCredentialSecret = l.AppCredID, l.AppCredSecret
		scope = false // it comes with its project
	case authToken:
		o.TokenID = l.Token
	default:
		o.Username, o.Password = l.Username, l.Password
		o.DomainName, o.DomainID = domain(l.UserDomain, l.UserDomainID, s.entry.Auth.UserDomain, s.entry.UserDomainID)
	}
	if scope && l.ProjectID != "" {
		o.Scope.ProjectID = l.ProjectID
	} else if scope && l.ProjectName != "" {
		o.Scope.ProjectName = l.ProjectName
		o.Scope.DomainName, o.Scope.DomainID = domain(l.ProjectDomain, l.ProjectDomainID, s.entry.Auth.ProjectDomain, s.entry.ProjectDomainID)
	}
	if authType(l) == authToken && o.Scope == (tokens3.Scope{}) {
		r := tokens3.Get(ctx, asSelf(sc, l.Token), l.Token)
		return grantV3(r, r.ExtractInto, l.Token)
	}
	r := tokens3.Create(ctx, sc, o)
	return grantV3(r, r.ExtractInto, r.Header.Get("X-Subject-Token"))
}

// asSelf lets a token ask about itself.
func asSelf(sc *gophercloud.ServiceClient, token string) *gophercloud.ServiceClient {
	c := *sc
	c.MoreHeaders = map[string]string{"X-Auth-Token": token}
	return &c
}

// domain gives the name or the id of a domain, from the login, from the entry, or by default.
func domain(name, id, entryName, entryID string) (byName, byID string) {
	switch {
	case id != "":
		return "", id
	case name != "":
		return name, ""
	case entryID != "":
		return "", entryID
	case entryName != "":
		return entryName, ""
	}
	return "", "default"
}

func grantV3(r gophercloud.AuthResult, into func(any) error, token string) (grant, error) {
	var t struct {
		Expires wireTime        `json:"expires_at"`
		User    tokens3.User    `json:"user"`
		Project tokens3.Project `json:"project"`
		Roles   []tokens3.Role  `json:"roles"`
		Catalog []struct {
			Type      string             `json:"type"`
			Endpoints []tokens3.Endpoint `json:"endpoints"`
		} `json:"catalog"`
	}
	if err := into(&t); err != nil {
		return grant{}, err
	}
	g := grant{token: token, result: r, identity: stackhand.Identity{
		UserID: t.User.ID, User: t.User.Name, ProjectID: t.Project.ID, Project: t.Project.Name, Expires: t.Expires.Time,
	}}
	for _, role := range t.Roles {
		g.identity.Roles = append(g.identity.Roles, role.Name)
	}
	for _, entry := range t.Catalog {
		for _, e := range entry.Endpoints {
			g.catalog = append(g.catalog, endpoint{entry.Type, cmp.Or(e.Region, e.RegionID), e.Interface, e.URL})
		}
	}
	return g, nil
}

// loginV2 speaks Keystone v2.0, where a project is a tenant, given by id or by name but not both.
func (s *site) loginV2(ctx context.Context, sc *gophercloud.ServiceClient, l stackhand.Login, scope bool) (grant, error) {
	o := tokens2.AuthOptions{}
	switch authType(l) {
	case authAppCred:
		return grant{}, stackhand.Errorf(stackhand.Invalid, "Cloud %s speaks Keystone v2.0, which has no application credentials.", s.entry.Name).
			Do("Log in with user name and password.")
	case authToken:
		o.TokenID = l.Token
	default:
		o.Username, o.Password = l.Username, l.Password
	}
	if scope && l.ProjectID != "" && l.ProjectName != "" {
		return grant{}, stackhand.Errorf(stackhand.Invalid, "The login names its project twice, by id and by name, and Keystone v2.0 takes one of them only.").
			Do("Leave project_id or project_name empty.")
	}
	if scope {
		o.TenantID, o.TenantName = l.ProjectID, l.ProjectName
	}
	r := tokens2.Create(ctx, sc, o)
	return grantV2(r)
}

func grantV2(r tokens2.CreateResult) (grant, error) {
	var doc struct {
		Access struct {
			Token struct {
				ID      string            `json:"id"`
				Expires wireTime          `json:"expires"`
				Tenant  stackhand.Project `json:"tenant"`
			} `json:"token"`
			User    tokens2.User           `json:"user"`
			Catalog []tokens2.CatalogEntry `json:"serviceCatalog"`
		} `json:"access"`
	}
	if err := r.ExtractInto(&doc); err != nil {
		return grant{}, err
	}
	a := doc.Access
	g := grant{token: a.Token.ID, result: r, identity: stackhand.Identity{
		UserID: a.User.ID, User: cmp.Or(a.User.Name, a.User.UserName),
		ProjectID: a.Token.Tenant.ID, Project: a.Token.Tenant.Name, Expires: a.Token.Expires.Time,
	}}
	for _, role := range a.User.Roles {
		g.identity.Roles = append(g.identity.Roles, role.Name)
	}
	for _, entry := range a.Catalog {
		for _, e := range entry.Endpoints {
			g.catalog = append(g.catalog,
				endpoint{entry.Type, e.Region, "public", e.PublicURL},
				endpoint{entry.Type, e.Region, "internal", e.InternalURL},
				endpoint{entry.Type, e.Region, "admin", e.AdminURL})
		}
	}
	return g, nil
}

func secretsOf(l stackhand.Login) []string {
	return []string{l.Password, l.Token, l.AppCredSecret}
}
