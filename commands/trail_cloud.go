package commands

import (
	"cmp"
	"context"
	"encoding/json"
	"strings"

	"github.com/stackhand/stackhand"
)

type auditedClouds struct {
	Clouds
	t *trail
}

func (a auditedClouds) Open(ctx context.Context, user stackhand.User, cloud string, at stackhand.Scope) (Cloud, error) {
	c, err := a.Clouds.Open(ctx, user, cloud, at)
	if err != nil {
		return c, err
	}
	a.t.knows(cloud, c.Identity())
	return auditedCloud{c, a.t}, nil
}

// A login is written twice: before it is tried, and once it is known as whom.
func (a auditedClouds) Login(ctx context.Context, user stackhand.User, cloud string, login stackhand.Login) (stackhand.Credential, []stackhand.Project, error) {
	how := cmp.Or(login.AuthType, authPassword)
	err := a.t.within(ctx, "login", func(r *stackhand.AuditRecord) {
		r.Command, r.Cloud, r.CloudUser, r.Project = "login", cloud, login.Username, cmp.Or(login.ProjectName, login.ProjectID)
		r.Resolved = object("kind", how)
	})
	if err != nil {
		return stackhand.Credential{}, nil, err
	}
	cred, projects, err := a.Clouds.Login(ctx, user, cloud, login)
	if err != nil {
		return cred, projects, a.t.refused(ctx, false, err)
	}
	if len(projects) > 0 || cred.Identity.ProjectID == "" && cred.Identity.Project == "" {
		return cred, projects, nil
	}
	return cred, nil, a.loggedIn(ctx, cloud, how, cred)
}

func (a auditedClouds) LoginProject(ctx context.Context, user stackhand.User, cloud, project string) (stackhand.Credential, error) {
	err := a.t.within(ctx, "login", func(r *stackhand.AuditRecord) { r.Command, r.Cloud, r.Project = "login", cloud, project })
	if err != nil {
		return stackhand.Credential{}, err
	}
	cred, err := a.Clouds.LoginProject(ctx, user, cloud, project)
	if err != nil {
		return cred, a.t.refused(ctx, false, err)
	}
	return cred, a.loggedIn(ctx, cloud, "", cred)
}

func (a auditedClouds) loggedIn(ctx context.Context, cloud, how string, cred stackhand.Credential) error {
	return a.outcome(ctx, "login", cloud, func(r *stackhand.AuditRecord) {
		r.CloudUser, r.Project = cred.Identity.User, cred.Identity.Project
		r.Resolved = object("kind", cmp.Or(cred.Kind, how), "project_id", cred.Identity.ProjectID, "user_id", cred.Identity.UserID, "ends", cred.Ends)
	})
}

// outcome writes what a login or a logout came to.
func (a auditedClouds) outcome(ctx context.Context, command, cloud string, know func(*stackhand.AuditRecord)) error {
	return a.t.within(ctx, command+"/done/"+cloud, func(r *stackhand.AuditRecord) {
		r.What, r.Command, r.Cloud, r.Result = stackhand.AuditLogin, command, cloud, "ok"
		know(r)
	})
}

func (a auditedClouds) Logout(ctx context.Context, user stackhand.User, cloud, project string) ([]stackhand.Credential, error) {
	creds, err := a.Credentials(ctx, user)
	if err != nil {
		return nil, err
	}
	var names []string
	as := ""
	for _, c := range creds {
		if c.Cloud == cloud && (project == "" || c.Identity.ProjectID == project) {
			names, as = append(names, c.Identity.Project), c.Identity.User
		}
	}
	who := func(r *stackhand.AuditRecord) {
		r.Cloud, r.CloudUser, r.Project = cloud, as, cmp.Or(strings.Join(names, ", "), project)
	}
	if err := a.t.within(ctx, "logout/"+cloud, who); err != nil {
		return nil, err
	}
	stays, err := a.Clouds.Logout(ctx, user, cloud, project)
	if err != nil {
		return stays, err
	}
	return stays, a.outcome(ctx, "logout", cloud, func(r *stackhand.AuditRecord) {
		who(r)
		if len(stays) > 0 {
			r.Resolved = object("stays_in_the_cloud", len(stays))
		}
	})
}

func (a auditedClouds) Choose(ctx context.Context, user stackhand.User, cloud string, at stackhand.Scope) (stackhand.Identity, error) {
	err := a.t.within(ctx, "use/"+cloud, func(r *stackhand.AuditRecord) {
		r.Cloud, r.Project, r.Resolved = cloud, at.ProjectID, object("project_id", at.ProjectID, "region", at.Region)
	})
	if err != nil {
		return stackhand.Identity{}, err
	}
	return a.Clouds.Choose(ctx, user, cloud, at)
}

type auditedCloud struct {
	Cloud
	t *trail
}

func (a auditedCloud) CreateKeyPair(ctx context.Context, name, key string) (stackhand.KeyPair, error) {
	err := a.t.within(ctx, "keypair/"+name, func(r *stackhand.AuditRecord) {
		r.About, r.Resolved = append(r.About, name), object("name", name, "fingerprint", fingerprint(key))
	})
	if err != nil {
		return stackhand.KeyPair{}, err
	}
	return a.Cloud.CreateKeyPair(ctx, name, key)
}

func (a auditedCloud) DeleteKeyPair(ctx context.Context, name string) error {
	err := a.t.within(ctx, "keypair/"+name, func(r *stackhand.AuditRecord) { r.About = append(r.About, name) })
	if err != nil {
		return err
	}
	return a.Cloud.DeleteKeyPair(ctx, name)
}

// object is a JSON object of names and values.
func object(pairs ...any) json.RawMessage {
	m := map[string]any{}
	for i := 0; i+1 < len(pairs); i += 2 {
		m[pairs[i].(string)] = pairs[i+1]
	}
	raw, err := json.Marshal(m)
	if err != nil {
		return nil // of strings, numbers and times: cannot happen
	}
	return raw
}
