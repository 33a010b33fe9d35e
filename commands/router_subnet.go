package commands

import (
	"context"
	"fmt"
	"slices"

	"github.com/stackhand/stackhand"
)

type routerSubnetArgs struct {
	Router string `arg:"router" required:"true" help:"name or id"`
	Subnet string `arg:"subnet" required:"true" help:"name or id"`
	inJob
}

const (
	routerAdd    = "router add subnet"
	routerRemove = "router remove subnet"
)

var _ = addMake(making[routerSubnetArgs]{
	name: routerAdd, help: "connect a subnet to a router", examples: []string{"router add subnet edge inner-v4"},
	fill: func(ctx context.Context, s *session, a routerSubnetArgs) (stackhand.MakeSpec, error) {
		r, n, connected, err := a.both(ctx, s, routerAdd)
		m := stackhand.MakeSpec{Kind: stackhand.KindInterface, ParentID: r.ID, Parent: r.Name, TargetID: n.ID, Target: first(n.Name, n.ID)}
		switch {
		case err != nil:
			return m, err
		case connected:
			return m, stackhand.Errorf(stackhand.Conflict, "The router %s connects the subnet %s already.", r.Name, m.Target).Do("There is nothing to do.")
		case n.Gateway == "":
			return m, stackhand.Errorf(stackhand.Conflict, "The subnet %s has no gateway address, which a router would take.", m.Target).
				Do("Make another subnet, without --gateway none.")
		}
		return m, nil
	},
})

var _ = add(Command[routerSubnetArgs]{
	Name: routerRemove, Help: "disconnect a subnet from a router", Examples: []string{"router remove subnet edge inner-v4"}, Role: stackhand.Member,
	Run: func(ctx context.Context, env *Env, user stackhand.User, a routerSubnetArgs) (Reply, error) {
		if job, done, err := env.started(ctx, a.Line, 0); err != nil || done {
			return begun(job), err
		}
		s, err := open(ctx, env, user, a.Cloud)
		if err != nil {
			return Reply{}, err
		}
		r, n, connected, err := a.both(ctx, s, routerRemove)
		if err != nil {
			return Reply{}, err
		}
		name := first(n.Name, n.ID)
		if !connected {
			return Reply{}, stackhand.Errorf(stackhand.NotFound, "The router %s does not connect the subnet %s.", r.Name, name).Do("`router show %s` tells what it connects.", quote(r.Name))
		}
		is := func(l stackhand.Resource) bool {
			return l.Kind == stackhand.KindInterface && l.ID == n.ID && l.Parent == r.ID
		}
		if err := s.mayTake(ctx, fmt.Sprintf("the connection of %s to %s", name, r.Name), is); err != nil {
			return Reply{}, err
		}
		p, err := s.remove(ctx, a.Line, 0, stackhand.RemoveSpec{Kind: stackhand.KindInterface, ID: n.ID, Name: name, ParentID: r.ID, Parent: r.Name})
		if err != nil {
			return Reply{}, err
		}
		job, err := env.admit(ctx, p)
		return begun(job), err
	},
})

// both finds the router and the subnet, and tells whether they are connected.
func (a routerSubnetArgs) both(ctx context.Context, s *session, command string) (r stackhand.Router, n stackhand.Subnet, connected bool, err error) {
	if err := s.needNeutron(ctx, "routers"); err != nil {
		return r, n, false, err
	}
	r, err = routerKind.choose(ctx, s, a.Router, func(id string) string { a.Router = id; return format(command, a) })
	if err != nil {
		return r, n, false, err
	}
	n, err = subnetKind.choose(ctx, s, a.Subnet, func(id string) string { a.Subnet = id; return format(command, a) })
	if err != nil {
		return r, n, false, err
	}
	job, _ := markedBy(r.Description)
	if err := s.mayTouch(ctx, "change", "the router "+r.Name, job); err != nil {
		return r, n, false, err
	}
	all, err := s.subnetsOf(ctx, r)
	return r, n, slices.ContainsFunc(all, func(c stackhand.Subnet) bool { return c.ID == n.ID }), err
}
