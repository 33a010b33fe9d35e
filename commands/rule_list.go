package commands

import (
	"context"

	"github.com/stackhand/stackhand"
)

type ruleListArgs struct {
	Group string `arg:"group" help:"name or id of a security group; all of them otherwise"`
	catalogueArgs
}

const ruleList = "security group rule list"

var _ = addList(listing[ruleListArgs]{
	name: ruleList, noun: "rule", help: "the rules of a security group, with their ids", example: "security group rule list web",
	none: "security group rule create GROUP --protocol tcp --dst-port 22",
	table: func(ctx context.Context, s *session, a ruleListArgs) (*Table, error) {
		groups, err := s.SecurityGroups(ctx)
		if err != nil {
			return nil, err
		}
		names := nameByID(groupKind, groups)
		if a.Group != "" {
			g, err := pick(groupKind.noun, a.Group, groups, groupKind.thing, false)
			if err != nil {
				return nil, ask(err, func(id string) string { a.Group = id; return format(ruleList, a) })
			}
			groups = []stackhand.SecurityGroup{g}
		}
		t := &Table{Columns: []string{"Group", "Way", "Type", "Lets pass", "Id"}}
		for _, g := range byName(groups, func(g stackhand.SecurityGroup) string { return g.Name }) {
			for _, r := range g.Rules {
				way := "in"
				if r.Direction == "egress" {
					way = "out"
				}
				t.Rows = append(t.Rows, []string{g.Name, way, r.EtherType, ruleWords(g, r, names), r.ID})
			}
		}
		return t, nil
	},
})
