package commands

import (
	"context"
	"maps"
	"slices"
	"strings"

	"github.com/stackhand/stackhand"
)

// fakeClouds keeps the logins and the choices of the world's people.
type fakeClouds struct{ w *world }

func (f fakeClouds) Open(ctx context.Context, u stackhand.User, cloud string, at stackhand.Scope) (Cloud, error) {
	if f.w.login[u.ID] == "" && cloud == "lab" {
		return nil, stackhand.Errorf(stackhand.Unauthorized, "You are not logged in to %s.", cloud).Do("Log in with `login`.").Because(NoLogin{Cloud: cloud})
	}
	if at.ProjectID == "" {
		c, err := f.Choice(ctx, u)
		if err != nil {
			return nil, err
		}
		at = c.In[cloud]
	}
	if other, ok := f.w.apart[at.ProjectID]; ok {
		if !f.in(u, cloud, at.ProjectID) {
			return nil, stackhand.Errorf(stackhand.Unauthorized, "You are not logged in to the project %s of %s.", at.ProjectID, cloud).Because(NoLogin{Cloud: cloud, ProjectID: at.ProjectID})
		}
		return &other, f.w.fail["Open"]
	}
	return &f.w.cloud, f.w.fail["Open"]
}

// in tells whether somebody has a login to a project.
func (f fakeClouds) in(u stackhand.User, cloud, project string) bool {
	return slices.ContainsFunc(f.w.creds, func(c stackhand.Credential) bool {
		return c.User == u.ID && c.Cloud == cloud && c.Identity.ProjectID == project
	})
}

func (f fakeClouds) Choice(_ context.Context, u stackhand.User) (stackhand.Choice, error) {
	c := f.w.choice[u.ID]
	c.User, c.In = u.ID, maps.Clone(c.In)
	if c.Cloud == "" {
		c.Cloud = "lab"
	}
	if c.In == nil {
		c.In = map[string]stackhand.Scope{}
	}
	for _, cred := range slices.Backward(f.w.creds) {
		if at := c.In[cred.Cloud]; cred.User == u.ID && at.ProjectID == "" {
			at.ProjectID = cred.Identity.ProjectID
			c.In[cred.Cloud] = at
		}
	}
	return c, f.w.fail["Choice"]
}

func (f fakeClouds) Choose(ctx context.Context, u stackhand.User, cloud string, at stackhand.Scope) (stackhand.Identity, error) {
	if at.ProjectID != "" && !f.in(u, cloud, at.ProjectID) {
		return stackhand.Identity{}, stackhand.Errorf(stackhand.Unauthorized, "You are not logged in to %s.", at.ProjectID).Because(NoLogin{Cloud: cloud, ProjectID: at.ProjectID})
	}
	c, err := f.Choice(ctx, u)
	if err != nil {
		return stackhand.Identity{}, err
	}
	in := c.In[cloud]
	in.ProjectID, in.Region = first(at.ProjectID, in.ProjectID), first(at.Region, in.Region)
	c.Cloud, c.In[cloud] = cloud, in
	f.w.choice[u.ID] = c
	for _, cred := range f.w.creds {
		if cred.User == u.ID && cred.Cloud == cloud && cred.Identity.ProjectID == in.ProjectID {
			cred.Identity.Region = in.Region
			return cred.Identity, f.w.fail["Choose"]
		}
	}
	return stackhand.Identity{}, f.w.fail["Choose"]
}

func (f fakeClouds) Login(_ context.Context, u stackhand.User, cloud string, l stackhand.Login) (stackhand.Credential, []stackhand.Project, error) {
	f.w.tried = l
	name := l.Username
	if l.AuthType == authAppCred {
		name = strings.TrimSuffix(l.AppCredID, "-id")
	}
	switch {
	case l.Token != "":
		name = strings.TrimSuffix(l.Token, "-token")
	case l.Password+l.AppCredSecret != name+"-secret":
		return stackhand.Credential{}, nil, stackhand.Errorf(stackhand.Unauthorized, "The request you have made requires authentication.")
	case l.ProjectName != "" && !strings.HasPrefix(l.ProjectName, "team-"):
		return stackhand.Credential{}, nil, stackhand.Errorf(stackhand.NotFound, "There is no project %s for you.", l.ProjectName)
	case name == "carol" && l.ProjectName == "":
		f.w.held[u.ID] = true
		return stackhand.Credential{}, []stackhand.Project{{ID: "b", Name: "team-b"}, {ID: "a", Name: "team-a"}}, nil
	}
	project := l.ProjectName
	if project == "" {
		project = map[string]string{"alice": "team-a", "bob": "team-b"}[name]
	}
	return f.keep(u, cloud, name, project), nil, nil
}

func (f fakeClouds) keep(u stackhand.User, cloud, name, project string) stackhand.Credential {
	c := stackhand.Credential{User: u.ID, Cloud: cloud, Identity: stackhand.Identity{User: name, Project: project, ProjectID: "p-" + project}}
	if project == "" {
		c.Identity.ProjectID = ""
		return c
	}
	f.w.login[u.ID] = name
	f.w.creds = slices.DeleteFunc(f.w.creds, func(o stackhand.Credential) bool {
		return o.User == u.ID && o.Cloud == cloud && o.Identity.ProjectID == c.Identity.ProjectID
	})
	f.w.creds = append(f.w.creds, c)
	if at := f.w.choice[u.ID]; at.In != nil {
		at.In[cloud] = stackhand.Scope{ProjectID: c.Identity.ProjectID}
	}
	return c
}

func (f fakeClouds) LoginProject(_ context.Context, u stackhand.User, cloud, project string) (stackhand.Credential, error) {
	if !f.w.held[u.ID] {
		return stackhand.Credential{}, stackhand.Errorf(stackhand.Unauthorized, "That took too long.").Do("Log in again.")
	}
	if !strings.HasPrefix(project, "team-") {
		return stackhand.Credential{}, stackhand.Errorf(stackhand.NotFound, "There is no project %s.", project)
	}
	return f.keep(u, cloud, "carol", project), nil
}

func (f fakeClouds) Logout(_ context.Context, u stackhand.User, cloud, project string) ([]stackhand.Credential, error) {
	if err := f.w.fail["Logout"]; err != nil {
		return nil, err
	}
	var stays []stackhand.Credential
	n := len(f.w.creds)
	f.w.creds = slices.DeleteFunc(f.w.creds, func(c stackhand.Credential) bool {
		gone := c.User == u.ID && c.Cloud == cloud && (project == "" || c.Identity.ProjectID == project)
		if gone && c.AppCredID != "" {
			stays = append(stays, c)
		}
		return gone
	})
	if len(f.w.creds) == n {
		return nil, stackhand.Errorf(stackhand.NotFound, "You are not logged in to %s.", cloud)
	}
	if !slices.ContainsFunc(f.w.creds, func(c stackhand.Credential) bool { return c.User == u.ID }) {
		delete(f.w.login, u.ID)
	}
	if c := f.w.choice[u.ID]; c.In != nil {
		c.In[cloud] = stackhand.Scope{}
	}
	return stays, nil
}

func (f fakeClouds) Credentials(_ context.Context, u stackhand.User) ([]stackhand.Credential, error) {
	var out []stackhand.Credential
	for _, c := range f.w.creds {
		if c.User == u.ID {
			out = append(out, c)
		}
	}
	return out, f.w.fail["Credentials"]
}
