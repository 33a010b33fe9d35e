package commands

import (
	"context"
	"errors"
	"slices"

	"github.com/stackhand/stackhand"
)

// locateLease is locate for what is done with a lease alone, and needs nothing of the cloud: whoever is an owner of a server finds it
// without a login to its project, and so do administrators and approvers by its id or in its thread, be they logged in elsewhere. Administrators are told of its
// end where its owner is gone, and must be able to answer; approvers are asked for more time. Everybody else is told what locate
// tells them, which names nothing.
func locateLease(ctx context.Context, env *Env, user stackhand.User, line Line, cloud, name string, again func(id string) string) (*session, target, error) {
	s, t, err := locate(ctx, env, user, line, cloud, name, again)
	var missing NoLogin
	at := ""
	switch {
	case errors.As(err, &missing):
		at = missing.Cloud
	case errors.Is(err, errElsewhere):
		at = s.name
	default:
		return s, t, err
	}
	all, failed := env.answeredBy(ctx, user, line, cloud, at, name)
	switch {
	case failed != nil:
		return nil, target{}, failed
	case len(all) == 0:
		return nil, target{}, err
	case len(all) > 1:
		c := &choice{kind: "server", word: name}
		for _, st := range all {
			c.things = append(c.things, thing{st.ID, st.Name, "in the project " + st.Project + " of " + st.Cloud})
		}
		return nil, target{}, ask(c, again)
	case all[0].State == stackhand.StackGone:
		return nil, target{}, isGone(all[0])
	}
	st := all[0]
	t = target{stack: &st}
	env.noteAbout(t)
	who := stackhand.Identity{ProjectID: st.ProjectID, Project: st.Project, Region: st.Region}
	return &session{env: env, user: user, name: st.Cloud, settings: env.Settings.Clouds[st.Cloud], who: who}, t, nil
}

// answeredBy are the stacks that a line may mean and that the user answers for. By its name a server is found only among those
// that are theirs or shared with them, by its id also among others of the cloud at which the line was looked for.
func (env *Env) answeredBy(ctx context.Context, user stackhand.User, line Line, cloud, at, name string) ([]stackhand.Stack, error) {
	var all []stackhand.Stack
	var err error
	if st, ok := env.stackOf(ctx, name); ok {
		all = []stackhand.Stack{st}
	} else if name != "" {
		all, err = env.calledOrMine(ctx, user, at, name)
	} else if line.Place.Thread != "" {
		all, err = env.Stacks.InThread(ctx, line.Place.Channel, line.Place.Thread)
		all = slices.DeleteFunc(slices.Clone(all), func(st stackhand.Stack) bool { return st.State == stackhand.StackGone })
	}
	return slices.DeleteFunc(all, func(st stackhand.Stack) bool {
		return cloud != "" && st.Cloud != cloud || !st.Of(user) && user.Role < stackhand.Approver
	}), err
}

// calledOrMine are a user's stacks of that name or with that server; else the stack with that server, whosever it is.
func (env *Env) calledOrMine(ctx context.Context, user stackhand.User, cloud, word string) ([]stackhand.Stack, error) {
	mine, err := env.ofMine(ctx, user)
	mine = slices.DeleteFunc(mine, func(st stackhand.Stack) bool { return st.Name != word && st.Server != word })
	if err != nil || len(mine) > 0 {
		return mine, err
	}
	st, err := env.Stacks.ByServer(ctx, cloud, word)
	if stackhand.KindOf(err) == stackhand.NotFound {
		return nil, nil
	}
	return []stackhand.Stack{st}, err
}
