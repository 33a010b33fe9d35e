package commands

import (
	"context"
	"errors"
	"slices"
	"strings"

	"golang.org/x/sync/errgroup"

	"github.com/stackhand/stackhand"
)

// everything is what an administrator's list is made of. Projects and users are as far as the asker may read them.
type everything struct {
	servers  []stackhand.Server
	projects map[string]string // names by id
	users    map[string]stackhand.CloudUser
	unread   []string // what could not be read, in words
}

// listAll shows the servers of every project, or of one that is not the session's, with whose they are in the cloud
// and here.
func (s *session) listAll(ctx context.Context, a listArgs) (Reply, error) {
	if s.settings.Service && s.user.Role < stackhand.Admin {
		return Reply{}, onlyAdmins(&stackhand.Error{Kind: stackhand.Forbidden})
	}
	all, err := s.everything(ctx, a.Of)
	if err != nil {
		return Reply{}, ask(err, func(id string) string { a.Of = id; return format("list", a) })
	}
	where := "in all projects of " + s.name
	if a.Of != "" {
		where = "in " + a.Of + " of " + s.name
	}
	if len(all.servers) == 0 {
		return Reply{Text: stackhand.Textf("There is no server %s.", where)}, nil
	}
	slices.SortStableFunc(all.servers, func(x, y stackhand.Server) int {
		return strings.Compare(all.project(x.ProjectID)+"\x00"+x.Name, all.project(y.ProjectID)+"\x00"+y.Name)
	})
	text := stackhand.Textf("%s %s", count(len(all.servers), "server"), where)
	if len(all.unread) > 0 {
		text = text.Add(" (ids stand for %s, which the cloud does not tell you)", strings.Join(all.unread, " and "))
	}
	t := &Table{Columns: []string{"Name", "Status", "Address", "Project", "User", "Groups", "Owner here"}, Rows: make([][]string, len(all.servers))}
	if a.Long {
		t.Columns = append(t.Columns, "Flavor", "Host", "Id")
	}
	r, err := paged(text, t, a.Page, a.other)
	if err != nil {
		return r, err
	}
	// Only those shown are looked up in the records.
	for i, sv := range onPage(all.servers, a.Page) {
		if r.Table.Rows[i], err = s.rowOfAll(ctx, all, sv, a.Long); err != nil {
			return Reply{}, err
		}
	}
	return r, nil
}

func (s *session) rowOfAll(ctx context.Context, all everything, sv stackhand.Server, long bool) ([]string, error) {
	owner := "not made here"
	t := target{server: sv}
	st, err := s.env.Stacks.ByServer(ctx, s.name, sv.ID)
	switch {
	case err == nil:
		t.stack, owner = &st, s.env.person(ctx, st.Lease.Owner)
	case stackhand.KindOf(err) != stackhand.NotFound:
		return nil, err
	}
	u := all.users[sv.UserID]
	row := []string{sv.Name, sv.Status, dash(t.address()), dash(all.project(sv.ProjectID)), dash(first(u.Name, sv.UserID)), dash(strings.Join(u.Groups, ", ")), owner}
	if long {
		row = append(row, dash(sv.Flavor), dash(sv.Host), sv.ID)
	}
	return row, nil
}

func (e everything) project(id string) string { return first(e.projects[id], id) }

// everything reads servers, projects and users side by side; of is the project meant, "" for all.
func (s *session) everything(ctx context.Context, of string) (everything, error) {
	var e everything
	var projects []stackhand.Project
	var users []stackhand.CloudUser
	var noProjects, noUsers error
	read := func(ctx context.Context, id string) (err error) {
		e.servers, err = s.AllServers(ctx, id)
		return onlyAdmins(err)
	}
	crew, gctx := errgroup.WithContext(ctx)
	g := stackhand.Guarding(crew)
	g.Go(func() error { projects, noProjects = s.Projects(gctx); return nil })
	g.Go(func() error { users, noUsers = s.Users(gctx); return nil })
	if of == "" {
		g.Go(func() error { return read(gctx, "") })
	}
	if err := g.Wait(); err != nil {
		return e, err
	}
	if of != "" {
		id, err := s.projectID(of, projects, noProjects)
		if err != nil {
			return e, err
		}
		if err := read(ctx, id); err != nil {
			return e, err
		}
	}
	return e.named(projects, noProjects, users, noUsers)
}

// named adds the names. Identity may keep them from somebody whom Nova takes for an administrator: that is said, and
// the servers are shown all the same.
func (e everything) named(projects []stackhand.Project, noProjects error, users []stackhand.CloudUser, noUsers error) (everything, error) {
	e.projects, e.users = make(map[string]string, len(projects)), make(map[string]stackhand.CloudUser, len(users))
	for _, x := range []struct {
		what string
		err  error
		take func()
	}{
		{"projects", noProjects, func() {
			for _, p := range projects {
				e.projects[p.ID] = p.Name
			}
		}},
		{"users", noUsers, func() {
			for _, u := range users {
				e.users[u.ID] = u
			}
		}},
	} {
		switch stackhand.KindOf(x.err) {
		case "":
			x.take()
		case stackhand.Forbidden, stackhand.NotFound:
			e.unread = append(e.unread, x.what)
		default:
			return e, x.err
		}
	}
	return e, nil
}

// projectID finds a project by name or id. Where the asker may not list projects, only an id can be meant.
func (s *session) projectID(word string, projects []stackhand.Project, unread error) (string, error) {
	if unread != nil {
		if stackhand.KindOf(unread) == stackhand.Forbidden {
			return word, nil
		}
		return "", unread
	}
	p, err := pick("project", word, projects, func(p stackhand.Project) thing { return thing{p.ID, p.Name, p.Description} }, false)
	return p.ID, err
}

// onlyAdmins says in plain words what is refused to members.
func onlyAdmins(err error) error {
	if stackhand.KindOf(err) != stackhand.Forbidden {
		return err
	}
	refused := stackhand.Errorf(stackhand.Forbidden, "Only administrators of the cloud see the servers of other projects.").
		Do("`list` shows those of your project; ask an administrator about others.").Because(err)
	var cloud *stackhand.Error
	if errors.As(err, &cloud) {
		refused.Detail = first(cloud.Detail, cloud.Msg)
	}
	return refused
}
