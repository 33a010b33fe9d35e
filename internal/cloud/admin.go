package cloud

import (
	"context"
	"encoding/json"
	"net/http"
	"slices"
	"strings"
	"sync"

	"golang.org/x/sync/errgroup"

	"github.com/stackhand/stackhand"
)

// AllServers lists the servers of all projects, or of one: for administrators of the cloud.
func (c *Client) AllServers(ctx context.Context, projectID string) ([]stackhand.Server, error) {
	q := query{"all_tenants": "1"}
	if projectID != "" {
		q["project_id"] = projectID
	}
	all, err := c.servers(ctx, q, patient)
	return slices.DeleteFunc(all, func(s stackhand.Server) bool { return projectID != "" && s.ProjectID != projectID }), err
}

type wireProject struct {
	ID          string `json:"id"`
	Name        string `json:"name"`
	Description string `json:"description"`
	Domain      string `json:"domain_id"`
	Enabled     *bool  `json:"enabled"`
}

func (w wireProject) project() stackhand.Project {
	return stackhand.Project{
		ID: w.ID, Name: w.Name, Description: w.Description, Domain: w.Domain, Disabled: w.Enabled != nil && !*w.Enabled,
	}
}

// keystone is the caller of the identity service, at its administrators' address where v2.0 has one of its own.
func (c *Client) keystone(ctx context.Context, admin bool) (k caller, v2 bool, err error) {
	base, err := c.site.identity(ctx)
	if err != nil {
		return caller{}, false, err
	}
	if k, err = c.on(ctx, identity); err != nil || !base.V2 || !admin {
		return k, base.V2, err
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	entry := c.site.entry
	entry.Interface = "admin"
	if u, err := c.grant.catalog.locate(identity, entry); err == nil {
		k.sc.Endpoint = u
	}
	return k, true, nil
}

// Projects lists all projects of the cloud: for its administrators.
func (c *Client) Projects(ctx context.Context) ([]stackhand.Project, error) {
	k, v2, err := c.keystone(ctx, true)
	if err != nil {
		return nil, err
	}
	if v2 {
		return all(ctx, k, "tenants", "tenants", wireProject.project)
	}
	return all(ctx, k, "projects", "projects", wireProject.project)
}

// OwnProjects lists the projects that the user has a role in.
func (c *Client) OwnProjects(ctx context.Context) ([]stackhand.Project, error) {
	k, v2, err := c.keystone(ctx, false)
	if err != nil {
		return nil, err
	}
	if v2 {
		return all(ctx, k, "tenants", "tenants", wireProject.project)
	}
	return all(ctx, k, "auth/projects", "projects", wireProject.project)
}

// all reads a list of Keystone, which gives its lists whole.
func all[W, T any](ctx context.Context, k caller, path, key string, convert func(W) T) ([]T, error) {
	doc, err := get[map[string]json.RawMessage](ctx, k, strings.Split(path, "/")...)
	if err != nil {
		return nil, err
	}
	var list []W
	if err := unmarshal(doc[key], &list); err != nil {
		return nil, k.classify(ctx, http.MethodGet, k.sc.Endpoint+path, err)
	}
	out := make([]T, 0, len(list))
	for _, w := range list {
		out = append(out, convert(w))
	}
	return out, nil
}

// Regions lists the regions in which the catalogue of now has servers, sorted.
func (c *Client) Regions(ctx context.Context) ([]string, error) {
	c.again(ctx) // without another one, the one at hand tells
	c.mu.Lock()
	defer c.mu.Unlock()
	var out []string
	for _, e := range c.grant.catalog {
		if e.Region != "" && slices.Contains(compute.aliases(), e.Type) {
			out = append(out, e.Region)
		}
	}
	slices.Sort(out)
	return slices.Compact(out), nil
}

type wireUser struct {
	ID      string `json:"id"`
	Name    string `json:"name"`
	Email   string `json:"email"`
	Domain  string `json:"domain_id"`
	Enabled bool   `json:"enabled"`
}

func (w wireUser) user() stackhand.CloudUser {
	return stackhand.CloudUser{ID: w.ID, Name: w.Name, Email: w.Email, Domain: w.Domain, Enabled: w.Enabled}
}

// Users lists all users of the cloud, with the names of their groups as far as these may be read: for administrators
// of the cloud.
func (c *Client) Users(ctx context.Context) ([]stackhand.CloudUser, error) {
	k, v2, err := c.keystone(ctx, true)
	if err != nil {
		return nil, err
	}
	if v2 {
		return all(ctx, k, "users", "users", wireUser.user) // v2.0 has no groups
	}
	var users []stackhand.CloudUser
	var groups map[string][]string
	crew, ctx := errgroup.WithContext(ctx)
	g := stackhand.Guarding(crew)
	g.Go(func() (err error) {
		users, err = all(ctx, k, "users", "users", wireUser.user)
		return err
	})
	g.Go(func() (err error) {
		if groups, err = k.groups(ctx); stackhand.KindOf(err) == stackhand.Forbidden {
			err = nil
		}
		return err
	})
	err = g.Wait()
	for i, u := range users {
		users[i].Groups = groups[u.ID]
	}
	return users, err
}

// groupReads bounds how many groups are read at once.
const groupReads = 8

// groups tells the names of the groups that each user is in, by the user's id.
func (c caller) groups(ctx context.Context) (map[string][]string, error) {
	type named struct {
		ID   string `json:"id"`
		Name string `json:"name"`
	}
	same := func(n named) named { return n }
	list, err := all(ctx, c, "groups", "groups", same)
	if err != nil {
		return nil, err
	}
	of := map[string][]string{}
	var mu sync.Mutex
	crew, ctx := errgroup.WithContext(ctx)
	crew.SetLimit(groupReads)
	g := stackhand.Guarding(crew)
	for _, group := range list {
		g.Go(func() error {
			members, err := all(ctx, c, "groups/"+group.ID+"/users", "users", same)
			if stackhand.KindOf(err) == stackhand.NotFound {
				return nil // gone meanwhile
			}
			mu.Lock()
			defer mu.Unlock()
			for _, m := range members {
				of[m.ID] = append(of[m.ID], group.Name)
			}
			return err
		})
	}
	err = g.Wait()
	for _, names := range of {
		slices.Sort(names)
	}
	return of, err
}
