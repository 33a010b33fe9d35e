package main

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"github.com/stackhand/stackhand"
	"github.com/stackhand/stackhand/commands"
	"github.com/stackhand/stackhand/internal/cloud"
	"github.com/stackhand/stackhand/internal/orphan"
	"github.com/stackhand/stackhand/store"
)

// orphans looks for what no record accounts for, with the rights of whoever asks.
type orphans struct {
	*app
	finder orphan.Finder
}

var _ commands.Orphans = orphans{}

func (a *app) orphans() orphans {
	return orphans{a, orphan.Finder{Book: a.store, Home: a.home, Now: a.now}}
}

// Find looks in one project, or everywhere.
func (o orphans) Find(ctx context.Context, user stackhand.User, name string, at stackhand.Scope, everywhere bool) ([]stackhand.Orphan, int, error) {
	c, err := o.sessions.Client(ctx, user.ID, name, at)
	if err != nil {
		return nil, 0, err
	}
	// The bot's own login may see more than who asks.
	if o.settings().Clouds[name].Service && user.Role >= stackhand.Admin {
		everywhere = slices.Contains(c.Identity().Roles, "admin")
	}
	found, err := o.finder.Find(ctx, c, orphan.At{Cloud: name, Region: o.settings().Clouds[name].Region, Everywhere: everywhere})
	return found.Orphans, found.Others, err
}

// Ignore notes down that nobody wants to hear of a finding.
func (o orphans) Ignore(ctx context.Context, f stackhand.Orphan, by, why string) error {
	return o.finder.Ignore(ctx, f, by, why)
}

// Forget takes off a record what is not in the cloud, each thing asked for anew.
func (o orphans) Forget(ctx context.Context, user stackhand.User, f stackhand.Orphan) (stackhand.Stack, error) {
	c, err := o.sessions.Client(ctx, user.ID, f.Cloud, f.Scope)
	if err != nil {
		return stackhand.Stack{}, err
	}
	return o.finder.Forget(ctx, f, func(ctx context.Context, r stackhand.Resource) (bool, error) {
		_, err := c.Thing(ctx, r)
		if stackhand.KindOf(err) == stackhand.NotFound {
			return true, nil
		}
		return false, err
	})
}

// Keep puts the things of a finding on a stack's ledger.
func (o orphans) Keep(ctx context.Context, f stackhand.Orphan, id string) (stackhand.Stack, error) {
	return o.finder.Keep(ctx, f, id)
}

// orphaned tells the flow that deletes orphans whether a thing is one still.
func (a *app) orphaned(ctx context.Context, name string, t stackhand.Thing, job string) (bool, error) {
	_, is, err := orphan.Judge(ctx, without{a.store, job}, name, t, a.now(), func(ctx context.Context, id string) (*stackhand.Job, error) {
		j, err := a.store.Job(ctx, id)
		if stackhand.KindOf(err) == stackhand.NotFound {
			return nil, nil
		}
		return &j, err
	})
	return is, err
}

// without is the records as one job sees them that does not count itself.
type without struct {
	*store.Store
	job string
}

// UsersOfResource leaves the job out.
func (w without) UsersOfResource(ctx context.Context, name, id string) ([]string, error) {
	users, err := w.Store.UsersOfResource(ctx, name, id)
	return slices.DeleteFunc(users, func(u string) bool { return u == w.job }), err
}

// teller looks everywhere and tells the admins.
func (a *app) teller() *orphan.Teller {
	return &orphan.Teller{
		Finder: a.orphans().finder, Places: a.outlooks, AddNotice: a.store.AddNotice, Noticed: a.bot.Noticed,
		Cost: func(o stackhand.Orphan) string {
			if c, known := o.PerDay(a.settings().Clouds[o.Cloud].Prices); known {
				return fmt.Sprintf("%.2f per day", c)
			}
			return ""
		},
	}
}

// outlooks are the places to look at without anybody asking: where the bot has a login of its own, with that; elsewhere
// with the login of an administrator who is one of the cloud, or else with one login of each project. It is only looked.
func (a *app) outlooks(ctx context.Context) ([]orphan.Place, error) {
	creds, err := a.liveLogins(ctx)
	if err != nil {
		return nil, err
	}
	admins, err := a.admins(ctx)
	if err != nil {
		return nil, err
	}
	open := func(user, name string, at stackhand.Scope, everywhere bool) []orphan.Place {
		p := orphan.Place{At: orphan.At{Cloud: name, Region: a.settings().Clouds[name].Region, Everywhere: everywhere}, User: user}
		return inRegions(ctx, p, at.Region, func(ctx context.Context, region string) (*cloud.Client, error) {
			return a.sessions.Client(ctx, user, name, stackhand.Scope{ProjectID: at.ProjectID, Region: region})
		})
	}
	var out []orphan.Place
	whole, seen := map[string]bool{}, map[string]bool{}
	for name, s := range a.settings().Clouds {
		if s.Service {
			whole[name] = true
			p := orphan.Place{At: orphan.At{Cloud: name, Region: s.Region}}
			out = append(out, inRegions(ctx, p, "", func(ctx context.Context, region string) (*cloud.Client, error) {
				return a.pool.ServiceIn(ctx, name, region)
			})...)
		}
	}
	for _, everywhere := range []bool{true, false} {
		for _, c := range creds {
			id := c.Identity
			if whole[c.Cloud] || seen[c.Cloud+" "+id.ProjectID] || everywhere && !(slices.Contains(id.Roles, "admin") && slices.Contains(admins, c.User)) {
				continue
			}
			whole[c.Cloud], seen[c.Cloud+" "+id.ProjectID] = everywhere, true
			out = append(out, open(c.User, c.Cloud, stackhand.Scope{ProjectID: id.ProjectID, Region: id.Region}, everywhere)...)
		}
	}
	return out, nil
}

// inRegions are a place in each region of its cloud, the usual one of the login first. Where the cloud does not tell them there is that one,
// and to look there tells why.
func inRegions(ctx context.Context, p orphan.Place, usual string, open func(ctx context.Context, region string) (*cloud.Client, error)) []orphan.Place {
	in := func(region string) orphan.Place {
		p.Open = func(ctx context.Context) (orphan.Cloud, error) { return open(ctx, region) }
		return p
	}
	out := []orphan.Place{in(usual)}
	c, err := open(ctx, usual)
	if err != nil {
		return out
	}
	all, err := c.Regions(ctx)
	if err != nil {
		return out
	}
	for _, region := range all {
		if region != c.Identity().Region {
			out = append(out, in(region))
		}
	}
	return out
}

// liveLogins are the credentials of all people, without those that the cloud does not accept any more.
func (a *app) liveLogins(ctx context.Context) ([]stackhand.Credential, error) {
	creds, err := a.store.AllCredentials(ctx)
	return slices.DeleteFunc(creds, func(c stackhand.Credential) bool {
		at := stackhand.Scope{ProjectID: c.Identity.ProjectID, Region: c.Identity.Region}
		_, err := a.sessions.Client(ctx, c.User, c.Cloud, at)
		if stackhand.KindOf(err) != stackhand.Unauthorized {
			return false
		}
		a.log.Info("a login has ended, and nothing is looked for with it", "user", c.User, "cloud", c.Cloud, "project", c.Identity.Project)
		return true
	}), err
}

// admins are the people with the role admin.
func (a *app) admins(ctx context.Context) ([]string, error) {
	var out []string
	for _, id := range a.live.Load().cfg.Roles.Admin {
		people := []string{id}
		if strings.HasPrefix(id, "S") {
			var err error
			if people, err = a.bot.Members(ctx, id); err != nil {
				return nil, err
			}
		}
		for _, p := range people {
			if !slices.Contains(out, p) {
				out = append(out, p)
			}
		}
	}
	return out, nil
}

var _ orphan.Cloud = (*cloud.Client)(nil)
