package commands

import (
	"context"
	"slices"
	"strings"

	"github.com/stackhand/stackhand"
)

var _ = addList(listing[catalogueArgs]{
	name: "security group list", noun: "security group", help: "the security groups of your project, with what they let in", example: "security group list",
	none: "security group create NAME",
	table: func(ctx context.Context, s *session, _ catalogueArgs) (*Table, error) {
		groups, err := s.SecurityGroups(ctx)
		names := nameByID(groupKind, groups)
		t := &Table{Columns: []string{"Name", "Lets in", "Description", "Id"}}
		for _, g := range byName(groups, func(g stackhand.SecurityGroup) string { return g.Name }) {
			t.Rows = append(t.Rows, []string{g.Name, letsIn(g, names), dash(clip(g.Description, 60)), g.ID})
		}
		return t, err
	},
})

// letsIn sums up the rules for what comes in; names are those of the groups by their ids.
func letsIn(g stackhand.SecurityGroup, names map[string]string) string {
	var out []string
	for _, r := range g.Rules {
		if w := ruleWords(g, r, names); r.Direction == "ingress" && !slices.Contains(out, w) {
			out = append(out, w)
		}
	}
	if len(out) == 0 {
		return "nothing"
	}
	return strings.Join(out, ", ")
}
