package commands

import (
	"context"
	"errors"
	"slices"
	"strings"

	"github.com/stackhand/stackhand"
)

// anywhere finds a server in all projects of a cloud, for administrators of the bot who are logged in as one of the cloud's. With
// that login they cannot take it, but ask whose it is. missing is why it was not found where they work, and what else is answered.
func (env *Env) anywhere(ctx context.Context, user stackhand.User, a adoptArgs, missing error) (*session, target, error) {
	if stackhand.KindOf(missing) != stackhand.NotFound || user.Role < stackhand.Admin {
		return nil, target{}, missing
	}
	s, err := open(ctx, env, user, a.Cloud)
	if err != nil || !slices.Contains(s.who.Roles, "admin") {
		return nil, target{}, missing
	}
	all, err := s.AllServers(ctx, "")
	if err != nil {
		return nil, target{}, err
	}
	of := func(sv stackhand.Server) thing { return thing{sv.ID, sv.Name, "in the project " + sv.ProjectID} }
	sv, err := pick("server", a.Server, all, of, false)
	if stackhand.KindOf(err) == stackhand.NotFound {
		err = missing
	}
	if err != nil {
		return nil, target{}, ask(err, func(id string) string { a.Server = id; return format("adopt", a) })
	}
	t, err := s.underLease(ctx, sv)
	return s, t, err
}

// underLease is a server with its stack, if it has one.
func (s *session) underLease(ctx context.Context, sv stackhand.Server) (target, error) {
	t := target{server: sv}
	switch st, err := s.env.Stacks.ByServer(ctx, s.name, sv.ID); {
	case err == nil && st.State != stackhand.StackGone:
		t.stack = &st
	case stackhand.KindOf(err) != stackhand.NotFound:
		return t, err
	}
	return t, nil
}

// openFinding begins the session in which something is that orphans has found. Administrators of the cloud without a login to its
// project look at it with the login that they have.
func (env *Env) openFinding(ctx context.Context, user stackhand.User, o stackhand.Orphan) (*session, error) {
	s, err := openAt(ctx, env, user, o.Cloud, o.Scope)
	var missing NoLogin
	if errors.As(err, &missing) && user.Role >= stackhand.Admin && o.Thing.Kind == stackhand.KindServer {
		own, oerr := openAt(ctx, env, user, o.Cloud, stackhand.Scope{Region: o.Scope.Region})
		if oerr == nil && slices.Contains(own.who.Roles, "admin") {
			s, err = own, nil
		}
	}
	if err != nil {
		return nil, err
	}
	return s, s.reaches(ctx, "The "+o.Title(), o.Scope.Region)
}

// reaches refuses what is in a region to which the session's login does not lead.
func (s *session) reaches(ctx context.Context, what, region string) error {
	if region == "" || region == s.settings.Region {
		return nil
	}
	all, err := s.Regions(ctx)
	if err != nil || len(all) == 0 || slices.Contains(all, region) {
		return err
	}
	return stackhand.Errorf(stackhand.Forbidden, "%s is in the region %s of %s, and your login to the project %s leads to %s alone.", what, region, s.name, s.who.Project, strings.Join(all, ", ")).
		Do("Ask the cloud's administrator to open %s to that project, then try again.", region)
}

// outside tells whether a server is in another project than the session.
func (s *session) outside(sv stackhand.Server) bool {
	return sv.ProjectID != "" && sv.ProjectID != s.who.ProjectID
}

// inProject refuses to put a server under a lease of somebody's who is not logged in to its project. offer is the line that offers it
// to somebody else; "" for who was offered it.
func (s *session) inProject(ctx context.Context, sv stackhand.Server, offer string) error {
	if !s.outside(sv) {
		return nil
	}
	next := "Log in to its project, then accept it."
	if offer != "" {
		next = "Log in to its project, then say it again; or offer it to whose it is: `" + offer + "`."
	}
	return stackhand.Errorf(stackhand.Forbidden, "%s is in the project %s, which is another one than your %s.", sv.Name, s.projectName(ctx, sv.ProjectID), s.who.Project).Do("%s", next)
}

// placed is where a server is, in words: its region too, where that is not the usual one of its cloud.
func (env *Env) placed(st stackhand.Stack) string {
	where := st.Project + " of " + st.Cloud
	if usual := env.Settings.Clouds[st.Cloud].Region; usual != "" && st.Region != "" && st.Region != usual {
		where += ", region " + st.Region
	}
	return where
}

// projectName is what a project is called, as far as the session may ask.
func (s *session) projectName(ctx context.Context, id string) string {
	if id == s.who.ProjectID {
		return s.who.Project
	}
	if slices.Contains(s.who.Roles, "admin") {
		projects, err := s.Projects(ctx)
		if i := slices.IndexFunc(projects, func(p stackhand.Project) bool { return p.ID == id }); err == nil && i >= 0 {
			return projects[i].Name
		}
	}
	return id
}
