package commands

import (
	"context"

	"github.com/stackhand/stackhand"
)

const groupCreate = "security group create"

var _ = addMake(making[newArgs]{
	name: groupCreate, help: "make a security group; its rules say what may reach the servers in it", examples: []string{"security group create web"},
	fill: func(ctx context.Context, s *session, a newArgs) (stackhand.MakeSpec, error) {
		m := stackhand.MakeSpec{Kind: stackhand.KindSecurityGroup, Name: a.Name, Description: a.Description}
		if err := checkLabel(groupCreate, a.Name); err != nil {
			return m, err
		}
		groups, err := s.SecurityGroups(ctx)
		for _, g := range groups {
			if g.Name == a.Name && g.ProjectID == s.who.ProjectID {
				// The cloud would take a second one of the name, and no command could tell them apart afterwards.
				return m, stackhand.Errorf(stackhand.Conflict, "There is a security group called %s already.", g.Name).
					Do("`security group show %s` tells what it lets in; choose another name for a new one.", quote(g.Name))
			}
		}
		return m, err
	},
})
