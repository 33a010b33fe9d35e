package commands

import (
	"context"
	"slices"
	"strings"
	"sync"

	"golang.org/x/sync/errgroup"

	"github.com/stackhand/stackhand"
)

// inCloud is the option of every command that speaks to a cloud.
type inCloud struct {
	Cloud string `opt:"cloud,os-cloud" help:"another cloud than the usual one" hidden:"true"`
}

// session is a cloud as one user sees it.
type session struct {
	Cloud
	env      *Env
	user     stackhand.User
	name     string
	settings CloudSettings
	who      stackhand.Identity
	together int    // how many servers the line does the same to; 0: it is about one
	finding  string // of orphans, that jobs proposed with it are about; "" for none

	mu     sync.Mutex
	limits *stackhand.Limits // once they were read
}

// Limits are read once for a line: the commands look at them, and so do rules.
func (s *session) Limits(ctx context.Context) (stackhand.Limits, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.limits == nil {
		l, err := s.Cloud.Limits(ctx)
		if err != nil {
			return l, err
		}
		s.limits = &l
	}
	return *s.limits, nil
}

// open begins a session where the user chose to work; cloud "" is the one that they chose.
func open(ctx context.Context, env *Env, user stackhand.User, cloud string) (*session, error) {
	return openAt(ctx, env, user, cloud, stackhand.Scope{})
}

// openAt begins a session in a project and a region.
func openAt(ctx context.Context, env *Env, user stackhand.User, cloud string, at stackhand.Scope) (*session, error) {
	name, err := env.cloud(ctx, user, cloud)
	if err != nil {
		return nil, err
	}
	c, err := env.Clouds.Open(ctx, user, name, at)
	if err != nil {
		return nil, err
	}
	return &session{Cloud: c, env: env, user: user, name: name, settings: env.Settings.Clouds[name], who: c.Identity()}, nil
}

// again runs look, and once more on fresh lists where something was not found in lists that may be old.
func (s *session) again(look func() error) error {
	err := look()
	if stackhand.KindOf(err) != stackhand.NotFound {
		return err
	}
	s.Refresh()
	return look()
}

// scope is where the session works, for the jobs that it starts.
func (s *session) scope() stackhand.Scope {
	return stackhand.Scope{ProjectID: s.who.ProjectID, Region: s.who.Region}
}

// here tells whether a stack of the session's project is in its region.
func (s *session) here(st stackhand.Stack) bool {
	region := first(st.Region, s.settings.Region)
	return region == "" || s.who.Region == "" || region == s.who.Region
}

// stacksHere are the stacks of the session's project and region.
func (s *session) stacksHere(ctx context.Context) ([]stackhand.Stack, error) {
	all, err := s.env.Stacks.InProject(ctx, s.name, s.who.ProjectID)
	return slices.DeleteFunc(all, func(st stackhand.Stack) bool { return !s.here(st) }), err
}

// cloud checks a cloud's name; "" is the one that the user chose, or else the default one.
func (env *Env) cloud(ctx context.Context, user stackhand.User, name string) (string, error) {
	if name == "" {
		choice, err := env.Clouds.Choice(ctx, user)
		if err != nil {
			return "", err
		}
		name = choice.Cloud
	}
	if name == env.Settings.DefaultCloud {
		return name, nil
	}
	if _, ok := env.Settings.Clouds[name]; ok {
		return name, nil
	}
	return "", stackhand.Errorf(stackhand.NotFound, "There is no cloud called %s.", quote(clip(name, 60))).
		Do("There are: %s.", strings.Join(env.cloudNames(), ", "))
}

func (env *Env) cloudNames() []string {
	names := []string{env.Settings.DefaultCloud}
	for n := range env.Settings.Clouds {
		if n != env.Settings.DefaultCloud {
			names = append(names, n)
		}
	}
	slices.Sort(names[1:])
	return names
}

type catalogue struct {
	images  []stackhand.Image
	flavors []stackhand.Flavor
}

// catalogue reads images that can be booted, and flavors, side by side.
func (s *session) catalogue(ctx context.Context) (catalogue, error) {
	var c catalogue
	crew, ctx := errgroup.WithContext(ctx)
	g := stackhand.Guarding(crew)
	g.Go(func() (err error) { c.flavors, err = s.Flavors(ctx); return err })
	g.Go(func() (err error) {
		c.images, err = s.Images(ctx)
		c.images = slices.DeleteFunc(slices.Clone(c.images), func(i stackhand.Image) bool { return i.Status != "" && !strings.EqualFold(i.Status, "active") })
		return err
	})
	err := g.Wait()
	slices.SortFunc(c.flavors, bySize)
	return c, err
}

// bySize orders flavors from small to large.
func bySize(a, b stackhand.Flavor) int {
	for _, d := range []int{a.RAM - b.RAM, a.VCPUs - b.VCPUs, a.Disk - b.Disk} {
		if d != 0 {
			return d
		}
	}
	return strings.Compare(a.Name, b.Name)
}
