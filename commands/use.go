package commands

import (
	"cmp"
	"context"
	"errors"
	"slices"
	"strings"

	"golang.org/x/sync/errgroup"

	"github.com/stackhand/stackhand"
)

type useArgs struct {
	Words   []string `arg:"what" help:"cloud NAME, project NAME and region NAME, or one name alone; nothing shows what there is"`
	Cloud   string   `opt:"cloud,os-cloud" help:"the cloud to work in" value:"name"`
	Project string   `opt:"project,project-name,project-id,os-project-name,os-project-id,os-tenant-name,os-tenant-id" help:"the project, by name or id" value:"name"`
	Region  string   `opt:"region,region-name,os-region-name" help:"the region" value:"name"`
}

var _ = add(Command[useArgs]{
	Name:     "use",
	Help:     "choose the cloud, the project and the region that your lines mean from now on",
	Examples: []string{"use project team-b", "use team-b", "use cloud lab region RegionTwo", "use"},
	Role:     stackhand.Member,
	Run:      use,
})

func use(ctx context.Context, env *Env, user stackhand.User, a useArgs) (Reply, error) {
	name, err := a.sort()
	if err != nil {
		return Reply{}, err
	}
	switch {
	case name != "":
		return useName(ctx, env, user, a, name)
	case a.Cloud == "" && a.Project == "" && a.Region == "":
		return showPlaces(ctx, env, user)
	}
	cloud, err := env.cloud(ctx, user, a.Cloud)
	if err != nil {
		return Reply{}, err
	}
	at := stackhand.Scope{Region: a.Region}
	shown := a.Project
	if a.Project != "" {
		p, err := env.project(ctx, user, cloud, a.Project)
		if err != nil {
			return Reply{}, ask(err, func(id string) string { a.Project = id; return format("use", a) })
		}
		at.ProjectID, shown = p.ID, p.Name
	}
	if at.Region, err = env.region(ctx, user, cloud, at); err != nil {
		return Reply{}, err
	}
	return choose(ctx, env, user, cloud, at, shown)
}

// sort puts the words where they belong: after "cloud", "project" and "region" comes a name. A single other word is
// answered, as the name of whatever is called so.
func (a *useArgs) sort() (name string, err error) {
	kinds := map[string]*string{"cloud": &a.Cloud, "project": &a.Project, "tenant": &a.Project, "region": &a.Region}
	var alone []string
	for i := 0; i < len(a.Words); i++ {
		w := strings.ToLower(a.Words[i])
		if to := kinds[w]; to != nil && i+1 < len(a.Words) && *to == "" {
			i++
			*to = a.Words[i]
		} else if to == nil || len(a.Words) > 1 {
			alone = append(alone, a.Words[i])
		}
	}
	a.Words = nil
	switch {
	case len(alone) > 1 || len(alone) == 1 && (a.Cloud != "" || a.Project != "" || a.Region != ""):
		return "", find("use").misuse("I do not understand %s there.", quote(clip(alone[0], 60)))
	case len(alone) == 1:
		return alone[0], nil
	}
	return "", nil
}

// choose does it, and says where one is then. shown is how the asker knows the project.
func choose(ctx context.Context, env *Env, user stackhand.User, cloud string, at stackhand.Scope, shown string) (Reply, error) {
	who, err := env.Clouds.Choose(ctx, user, cloud, at)
	var missing NoLogin
	if errors.As(err, &missing) && !missing.Refused && shown != "" {
		return Reply{}, stackhand.Errorf(stackhand.Unauthorized, "You are not logged in to the project %s of %s.", shown, cloud).
			Do("Log in to it: then you work there.").Because(missing)
	}
	if err != nil {
		return Reply{}, err
	}
	if who.UserID == "" && who.User == "" {
		return Reply{
			Text:    stackhand.Textf("Your lines mean %s from now on. You are not logged in there yet.", stackhand.AsBold(cloud)),
			Actions: []stackhand.Action{LoginAction(cloud, "")},
		}, nil
	}
	text := stackhand.Textf("You work in the project %s of %s", stackhand.AsBold(who.Project), stackhand.AsBold(cloud))
	if who.Region != "" {
		text = text.Add(", region %s,", who.Region)
	}
	return Reply{Text: text.Add(" as %s%s.", who.User, inBrackets(who.Roles))}, nil
}

// places are what there is to choose from.
type places struct {
	choice   stackhand.Choice
	cloud    string // the one in use
	creds    []stackhand.Credential
	projects []stackhand.Project // of the cloud in use; those with a login first
	regions  []string
	who      stackhand.Identity // zero without a login
}

// places reads them side by side. What the cloud does not tell is left out: the rest can be chosen all the same.
func (env *Env) places(ctx context.Context, user stackhand.User, cloud string) (places, error) {
	p := places{}
	var err error
	if p.cloud, err = env.cloud(ctx, user, cloud); err != nil {
		return p, err
	}
	if p.choice, err = env.Clouds.Choice(ctx, user); err != nil {
		return p, err
	}
	if p.creds, err = env.Clouds.Credentials(ctx, user); err != nil {
		return p, err
	}
	var own []stackhand.Project
	s, err := open(ctx, env, user, p.cloud)
	if err == nil {
		p.who = s.who
		g := stackhand.Guarding(new(errgroup.Group))
		g.Go(func() error { own = known(s.OwnProjects(ctx)); return nil })
		g.Go(func() error { p.regions = known(s.Regions(ctx)); return nil })
		_ = g.Wait() // neither says no
	} else if stackhand.KindOf(err) != stackhand.Unauthorized {
		return p, err
	}
	if env.Settings.Clouds[p.cloud].Service {
		own = nil // the bot's own login has one project
	}
	for _, c := range p.creds {
		if c.Cloud == p.cloud {
			p.projects = append(p.projects, stackhand.Project{ID: c.Identity.ProjectID, Name: c.Identity.Project})
		}
	}
	for _, q := range own {
		if !slices.ContainsFunc(p.projects, func(o stackhand.Project) bool { return o.ID == q.ID }) && !q.Disabled {
			p.projects = append(p.projects, q)
		}
	}
	slices.SortFunc(p.projects, func(a, b stackhand.Project) int {
		return cmp.Or(strings.Compare(a.Name, b.Name), strings.Compare(a.ID, b.ID))
	})
	return p, nil
}

// known is a list, or nothing where it cannot be read.
func known[T any](list []T, err error) []T {
	if err != nil {
		return nil
	}
	return list
}

// project finds one of the user's own projects by name or id.
func (env *Env) project(ctx context.Context, user stackhand.User, cloud, word string) (stackhand.Project, error) {
	p, err := env.places(ctx, user, cloud)
	if err != nil {
		return stackhand.Project{}, err
	}
	if len(p.projects) == 0 && p.who.UserID == "" && !env.Settings.Clouds[p.cloud].Service {
		return stackhand.Project{}, stackhand.Errorf(stackhand.Unauthorized, "You are not logged in to %s.", p.cloud).
			Do("Log in first.").Because(NoLogin{Cloud: p.cloud, ProjectID: word})
	}
	return pick("project", word, p.projects, projectThing, false)
}

func projectThing(p stackhand.Project) thing { return thing{p.ID, p.Name, p.Description} }

// region checks the name of a region, and corrects its case.
func (env *Env) region(ctx context.Context, user stackhand.User, cloud string, at stackhand.Scope) (string, error) {
	if at.Region == "" {
		return "", nil
	}
	s, err := openAt(ctx, env, user, cloud, stackhand.Scope{})
	if err != nil {
		return "", err
	}
	regions, err := s.Regions(ctx)
	if err != nil {
		return "", err
	}
	return pick("region", at.Region, regions, func(r string) thing { return thing{r, r, ""} }, false)
}
