package commands

import (
	"context"
	"slices"
	"strings"

	"github.com/stackhand/stackhand"
)

type groupAtArgs struct {
	Server string `arg:"server" help:"name or id; in a server's thread it can be left out"`
	Group  string `arg:"group" help:"name or id of the security group; without it you choose"`
	inCloud
	Line Line
}

func (a groupAtArgs) parts() parts { return parts{a.Server, a.Group, a.Cloud, a.Line} }

func (a groupAtArgs) with(server, group string) groupAtArgs {
	a.Server, a.Group = server, group
	return a
}

var _ = addPairing(pairing[groupAtArgs]{
	change: change{verb: stackhand.ActAddGroup, do: "add a security group to"},
	help:   "open a server to what a security group admits", example: "add security group web-1 web", title: "Add the security group %s to %s", resolve: addGroup,
})

var _ = addPairing(pairing[groupAtArgs]{
	change: change{verb: stackhand.ActRemoveGroup, do: "remove a security group from"},
	help:   "close a server to what only that security group admits", example: "remove security group web-1 web",
	title: "Remove the security group %s from %s", resolve: removeGroup,
})

func addGroup(ctx context.Context, s *session, t target, a groupAtArgs, spec *stackhand.ActSpec) (stackhand.Text, error) {
	all, err := s.SecurityGroups(ctx)
	if err != nil {
		return nil, err
	}
	other := func(g stackhand.SecurityGroup) bool { return !slices.Contains(t.server.Groups, g.Name) }
	g, err := suiting("security group", a.Group, all, groupKind.thing, other,
		stackhand.Errorf(stackhand.NotFound, "There is no other security group.").Do("Make one with `security group create NAME`."))
	if err != nil {
		return nil, err
	}
	if !other(g) {
		return stackhand.Textf("%s has the security group %s already: there is nothing to do.", t.name(), g.Name), nil
	}
	spec.TargetID, spec.Target = g.ID, g.Name
	return nil, nil
}

func removeGroup(ctx context.Context, s *session, t target, a groupAtArgs, spec *stackhand.ActSpec) (stackhand.Text, error) {
	all, err := s.SecurityGroups(ctx)
	if err != nil {
		return nil, err
	}
	here := func(g stackhand.SecurityGroup) bool { return slices.Contains(t.server.Groups, g.Name) }
	g, err := suiting("security group", a.Group, all, groupKind.thing, here, stackhand.Errorf(stackhand.NotFound, "%s has no security group.", t.name()))
	if err != nil {
		return nil, err
	}
	if t.server.ID != "" && !here(g) {
		return nil, stackhand.Errorf(stackhand.Conflict, "%s has no security group %s.", t.name(), g.Name).
			Do("It has: %s.", orNone(strings.Join(t.server.Groups, ", ")))
	}
	spec.TargetID, spec.Target = g.ID, g.Name
	return nil, nil
}
