package commands

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"github.com/stackhand/stackhand"
)

var _ = add(Command[catalogueArgs]{
	Name:     "security group list",
	Help:     "the security groups of your project, with what they let in",
	Examples: []string{"security group list"},
	Role:     stackhand.Member,
	Reads:    true,
	Run:      securityGroupList,
})

func securityGroupList(ctx context.Context, env *Env, user stackhand.User, a catalogueArgs) (Reply, error) {
	s, err := open(ctx, env, user, a.Cloud)
	if err != nil {
		return Reply{}, err
	}
	groups, err := s.SecurityGroups(ctx)
	if err != nil {
		return Reply{}, err
	}
	groups = slices.Clone(groups)
	slices.SortStableFunc(groups, func(a, b stackhand.SecurityGroup) int { return strings.Compare(a.Name, b.Name) })
	t := &Table{Columns: []string{"Name", "Lets in", "Description", "Id"}}
	names := map[string]string{}
	for _, g := range groups {
		names[g.ID] = g.Name
	}
	for _, g := range groups {
		t.Rows = append(t.Rows, []string{g.Name, letsIn(g, names), dash(clip(g.Description, 60)), g.ID})
	}
	return paged(stackhand.Textf("%s in %s of %s", count(len(groups), "security group"), s.who.Project, s.name), t, a.Page, func(p int) string { a.Page = p; return format("security group list", a) })
}

// letsIn sums up the rules for what comes in; names are those of the groups by their ids.
func letsIn(g stackhand.SecurityGroup, names map[string]string) string {
	var out []string
	for _, r := range g.Rules {
		if r.Direction != "ingress" {
			continue
		}
		w := first(r.Protocol, "anything")
		switch {
		case r.PortMin != 0 && r.PortMin == r.PortMax:
			w += fmt.Sprintf(" %d", r.PortMin)
		case r.PortMin != 0:
			w += fmt.Sprintf(" %d-%d", r.PortMin, r.PortMax)
		}
		switch r.RemoteGroup {
		case "":
		case g.ID:
			w += " from its own servers"
		default:
			w += " from servers of " + first(names[r.RemoteGroup], r.RemoteGroup)
		}
		if r.RemoteIP != "" && r.RemoteIP != "0.0.0.0/0" && r.RemoteIP != "::/0" {
			w += " from " + r.RemoteIP
		}
		if !slices.Contains(out, w) {
			out = append(out, w)
		}
	}
	if len(out) == 0 {
		return "nothing"
	}
	return strings.Join(out, ", ")
}
