package commands

import (
	"cmp"
	"context"
	"slices"

	"golang.org/x/sync/errgroup"

	"github.com/stackhand/stackhand"
)

// usagePlace is a project whose servers a report is about, or all projects of a cloud.
type usagePlace struct {
	cloud, project string
	at             stackhand.Scope
	everywhere     bool   // in all projects
	of             string // id of a project that the asker need not be logged in to
}

// places are where a report looks: each project that the asker is logged in to, and clouds where the bot's own login serves everybody;
// or all projects of these clouds.
func (a usageArgs) places(ctx context.Context, env *Env, user stackhand.User) ([]usagePlace, error) {
	if a.Cloud != "" {
		name, err := env.cloud(ctx, user, a.Cloud)
		if err != nil {
			return nil, err
		}
		a.Cloud = name
	}
	creds, err := env.Clouds.Credentials(ctx, user)
	if err != nil {
		return nil, err
	}
	if a.All { // which a cloud shows to its administrators
		own := func(c stackhand.Credential) bool { return !slices.Contains(c.Identity.Roles, "admin") }
		creds = slices.Concat(slices.DeleteFunc(slices.Clone(creds), own), creds)
	}
	var out []usagePlace
	for _, c := range creds {
		id := c.Identity
		switch {
		case a.Cloud != "" && c.Cloud != a.Cloud, env.Settings.Clouds[c.Cloud].Service, a.Of != "" && a.Of != id.Project && a.Of != id.ProjectID:
		case a.All && slices.ContainsFunc(out, func(p usagePlace) bool { return p.cloud == c.Cloud }):
		default:
			out = append(out, usagePlace{cloud: c.Cloud, project: id.Project, at: stackhand.Scope{ProjectID: id.ProjectID, Region: id.Region}, everywhere: a.All})
		}
	}
	for _, name := range env.cloudNames() {
		refused := a.All && user.Role < stackhand.Admin
		if a.Of == "" && !refused && env.Settings.Clouds[name].Service && (a.Cloud == "" || a.Cloud == name) {
			out = append(out, usagePlace{cloud: name, everywhere: a.All})
		}
	}
	if a.Of != "" && len(out) > 0 {
		return out, nil
	}
	here, err := a.usual(ctx, env, user)
	switch {
	case err != nil && (len(out) == 0 || stackhand.KindOf(err) != stackhand.Unauthorized):
		return nil, err
	case err == nil && !slices.ContainsFunc(out, func(p usagePlace) bool { return p.cloud == here.cloud }):
		out = append([]usagePlace{here}, out...)
	}
	return out, nil
}

// usual is where the asker works, or the one project of that cloud that they name.
func (a usageArgs) usual(ctx context.Context, env *Env, user stackhand.User) (usagePlace, error) {
	s, err := open(ctx, env, user, a.Cloud)
	if err != nil {
		return usagePlace{}, err
	}
	p := usagePlace{cloud: s.name, project: s.who.Project, at: s.scope(), everywhere: a.All}
	if a.Of == "" || a.Of == s.who.Project || a.Of == s.who.ProjectID {
		return p, nil
	}
	if s.settings.Service && user.Role < stackhand.Admin {
		return p, othersCost(nil)
	}
	projects, unread := s.Projects(ctx)
	if p.of, err = s.projectID(a.Of, projects, unread); err != nil {
		return p, ask(err, func(id string) string { a.Of = id; return format("usage", a) })
	}
	p.project = a.Of
	return p, nil
}

// othersCost says in plain words what is refused to members.
func othersCost(err error) error {
	return stackhand.Errorf(stackhand.Forbidden, "Only administrators see what the servers of other projects cost.").
		Do("`usage` shows the projects that you are logged in to.").Because(err)
}

// account is what one place tells.
type account struct {
	usagePlace
	ran      []stackhand.ServerUsage
	stacks   []stackhand.Stack // that the asker may see
	only     bool              // those alone: in this cloud the bot's own login sees what the asker may not
	projects map[string]string // names by id
	unread   error             // why the cloud does not tell, so that the records have to do
	shut     error             // why the asker does not get in
}

// trouble is what keeps a place from being told of; that its cloud tells nobody such things does not.
func (a account) trouble() error {
	if kind := stackhand.KindOf(a.unread); kind == stackhand.Forbidden || kind == stackhand.NotFound {
		return a.shut
	}
	return cmp.Or(a.shut, a.unread)
}

// none tells that nothing of the asker's is there.
func (a account) none() bool { return a.only && len(a.stacks) == 0 }

// read asks all places side by side. One that makes trouble does not stop the others: then the records have to do. If all do, that is
// the answer.
func (r *usageReport) read(ctx context.Context, places []usagePlace) error {
	r.accounts = make([]account, len(places))
	crew, gctx := errgroup.WithContext(ctx)
	g := stackhand.Guarding(crew)
	for i, p := range places {
		g.Go(func() (err error) {
			r.accounts[i], err = r.account(gctx, p)
			return err
		})
	}
	if err := g.Wait(); err != nil {
		return err
	}
	var trouble error
	for _, a := range r.accounts {
		err := a.trouble()
		if err == nil {
			trouble = nil
			break
		}
		trouble = cmp.Or(trouble, err)
	}
	if trouble != nil {
		return trouble
	}
	mine := slices.DeleteFunc(slices.Clone(r.accounts), account.none)
	if len(mine) > 0 {
		r.accounts = mine
	}
	for i := range r.accounts {
		r.enter(ctx, &r.accounts[i])
	}
	return nil
}

// account reads one place.
func (r *usageReport) account(ctx context.Context, p usagePlace) (account, error) {
	a := account{usagePlace: p, projects: map[string]string{}}
	admin := r.user.Role >= stackhand.Admin
	if a.only = r.env.Settings.Clouds[p.cloud].Service && !admin; a.only && p.everywhere {
		return a, othersCost(nil)
	}
	s, err := openAt(ctx, r.env, r.user, p.cloud, p.at)
	if err != nil {
		a.shut = err
		return a, nil
	}
	if a.project == "" {
		a.project, a.at.ProjectID = s.who.Project, s.who.ProjectID
	}
	if a.stacks, err = r.recorded(ctx, a); err != nil {
		return a, err
	}
	a.ran, a.unread = r.told(ctx, s, &a)
	if (p.everywhere || p.of != "") && !admin && stackhand.KindOf(a.unread) == stackhand.Forbidden {
		return a, othersCost(a.unread)
	}
	return a, nil
}

// recorded are the stacks of a place that were there in the period, as far as the asker may see them, and their owner is meant.
func (r *usageReport) recorded(ctx context.Context, a account) (out []stackhand.Stack, err error) {
	if a.everywhere {
		out, err = r.env.Stacks.Ever(ctx, r.bill.from)
	} else {
		out, err = r.env.Stacks.EverInProject(ctx, a.cloud, first(a.of, a.at.ProjectID), r.bill.from)
	}
	return slices.DeleteFunc(out, func(st stackhand.Stack) bool {
		return st.Cloud != a.cloud || a.only && st.Lease.Owner != r.user.ID
	}), err
}

// told is what the cloud tells of a place, in each region in which the project has servers of ours.
func (r *usageReport) told(ctx context.Context, s *session, a *account) ([]stackhand.ServerUsage, error) {
	read := func(s *session) ([]stackhand.ServerUsage, error) {
		if a.everywhere || a.of != "" {
			return s.AllUsage(ctx, a.of, r.bill.from, r.bill.to)
		}
		return s.Usage(ctx, r.bill.from, r.bill.to)
	}
	out, err := read(s)
	if err != nil {
		return nil, err
	}
	seen := map[string]bool{}
	for _, st := range a.stacks {
		if s.here(st) || seen[st.Region] {
			continue
		}
		seen[st.Region] = true
		there, err := openAt(ctx, r.env, r.user, a.cloud, stackhand.Scope{ProjectID: s.who.ProjectID, Region: st.Region})
		if err != nil {
			return nil, err
		}
		more, err := read(there)
		if err != nil {
			return nil, err
		}
		out = append(out, more...)
	}
	if a.everywhere {
		projects, err := s.Projects(ctx)
		if kind := stackhand.KindOf(err); kind != "" && kind != stackhand.Forbidden && kind != stackhand.NotFound {
			return nil, err
		}
		for _, p := range projects {
			a.projects[p.ID] = p.Name
		}
	}
	return out, nil
}
