package cloud

import (
	"context"
	"net/http"
	"time"

	"github.com/stackhand/stackhand"
)

// wireAppCred is an application credential of Keystone v3.
type wireAppCred struct {
	ID      string `json:"id,omitempty"`
	Name    string `json:"name"`
	Secret  string `json:"secret,omitempty"`
	About   string `json:"description"`
	Expires string `json:"expires_at,omitempty"`
	Free    bool   `json:"unrestricted"`

	Roles []wireRole `json:"roles,omitempty"`
}

type wireRole struct {
	Name string `json:"name"`
}

// Exchange turns a password or a token into a restricted application credential of the same
// project, so that the password need not be kept. A zero ends means that it does not end by
// itself. With roles it has only these of its user's, by their names; without, all of them. It answers the new login with the credential's id, or NotFound where the cloud has
// no application credentials. A login that is one already comes back as it is, with id "".
func (p *Pool) Exchange(ctx context.Context, cloud string, login stackhand.Login, name string, ends time.Time, roles ...string) (stackhand.Login, string, error) {
	if authType(login) == authAppCred {
		return login, "", checkLogin(login)
	}
	id, err := p.identify(ctx, cloud, login, true)
	if err != nil {
		return stackhand.Login{}, "", err
	}
	if id.v2 {
		return stackhand.Login{}, "", noAppCreds(cloud)
	}
	if id.grant.identity.ProjectID == "" {
		return stackhand.Login{}, "", stackhand.Errorf(stackhand.Invalid, "The login to cloud %s names no project.", cloud).
			Do("Log in again and choose a project.")
	}
	made, err := id.newAppCred(ctx, name, ends, roles)
	if stackhand.KindOf(err) == stackhand.Unavailable {
		// It may have been made all the same; its secret is lost then. Begin again.
		if err = id.dropAppCreds(ctx, name); err == nil {
			made, err = id.newAppCred(ctx, name, ends, roles)
		}
	}
	if stackhand.KindOf(err) == stackhand.NotFound || unknownCall(err) {
		return stackhand.Login{}, "", noAppCreds(cloud).Because(err)
	}
	if err != nil {
		return stackhand.Login{}, "", err
	}
	return stackhand.Login{AuthType: authAppCred, AppCredID: made.ID, AppCredSecret: made.Secret}, made.ID, nil
}

func noAppCreds(cloud string) *stackhand.Error {
	return stackhand.Errorf(stackhand.NotFound, "Cloud %s has no application credentials.", cloud)
}

func (id identified) newAppCred(ctx context.Context, name string, ends time.Time, roles []string) (wireAppCred, error) {
	spec := wireAppCred{Name: name, About: "made by Stackhand at a login; revoke it to log out"}
	if !ends.IsZero() {
		spec.Expires = ends.UTC().Format("2006-01-02T15:04:05.000000")
	}
	for _, role := range roles {
		spec.Roles = append(spec.Roles, wireRole{role})
	}
	out, err := send[map[string]wireAppCred](ctx, id.caller, http.MethodPost,
		map[string]any{"application_credential": spec}, "users", id.grant.identity.UserID, "application_credentials")
	if err != nil {
		return wireAppCred{}, err
	}
	made := out["application_credential"]
	return made, id.made("application credential", made.ID)
}

// AppCredEnds tells when the application credential of a login ends; zero where it does not end, or the cloud does not say.
func (p *Pool) AppCredEnds(ctx context.Context, cloud string, login stackhand.Login) (time.Time, error) {
	id, err := p.identify(ctx, cloud, login, true)
	if err != nil {
		return time.Time{}, err
	}
	out, err := get[map[string]struct {
		Expires wireTime `json:"expires_at"`
	}](ctx, id.caller, "users", id.grant.identity.UserID, "application_credentials", login.AppCredID)
	switch stackhand.KindOf(err) {
	case "":
		return out["application_credential"].Expires.Time, nil
	case stackhand.Forbidden, stackhand.NotFound, stackhand.Invalid:
		return time.Time{}, nil
	}
	return time.Time{}, err
}

// dropAppCreds deletes the user's application credentials of this name; there is one at most.
func (id identified) dropAppCreds(ctx context.Context, name string) error {
	user := id.grant.identity.UserID
	out, err := get[map[string]any](ctx, id.caller, "users", user, "application_credentials")
	if err != nil {
		return err
	}
	list, _ := out["application_credentials"].([]any)
	for _, item := range list {
		m, _ := item.(map[string]any)
		if s := section(m); s.str("name") == name {
			if err := remove(ctx, id.caller, "users", user, "application_credentials", s.str("id")); err != nil {
				return err
			}
		}
	}
	return nil
}

// DropAppCred deletes the application credential of this name of the login's user, whether there is one or not.
func (p *Pool) DropAppCred(ctx context.Context, cloud string, login stackhand.Login, name string) error {
	id, err := p.identify(ctx, cloud, login, true)
	if err != nil {
		return err
	}
	return id.dropAppCreds(ctx, name)
}

// Revoke deletes an application credential of the login's user. A restricted application
// credential cannot do it, not even for itself: Keystone answers Forbidden, and it has to end
// by its time or be deleted by its owner elsewhere.
func (p *Pool) Revoke(ctx context.Context, cloud string, login stackhand.Login, appCredID string) error {
	id, err := p.identify(ctx, cloud, login, true)
	if err != nil {
		return err
	}
	return remove(ctx, id.caller, "users", id.grant.identity.UserID, "application_credentials", appCredID)
}

// unknownCall tells whether what answered does not know the address that was called.
func unknownCall(err error) bool {
	e, ok := err.(*stackhand.Error)
	if !ok {
		return false
	}
	a, ok := e.Err.(*answer)
	return ok && a.Status == http.StatusNotFound
}
