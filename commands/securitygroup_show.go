package commands

import (
	"context"
	"strings"

	"github.com/stackhand/stackhand"
)

var _ = addShow(showing[stackhand.SecurityGroup]{
	kind: groupKind, name: "security group show", help: "a security group: what it lets in and out, and whom it serves", example: "security group show web",
	fields: func(ctx context.Context, s *session, g stackhand.SecurityGroup, p *page) error {
		var groups []stackhand.SecurityGroup
		var servers []stackhand.Server
		err := gather(ctx, into(&groups, s.SecurityGroups), into(&servers, s.Servers))
		names := nameByID(groupKind, groups)
		var out []string
		for _, r := range g.Rules {
			if r.Direction == "egress" {
				out = append(out, ruleWords(g, r, names)+" ("+r.EtherType+")")
			}
		}
		p.add("Lets in", letsIn(g, names))
		p.add("Lets out", first(strings.Join(out, ", "), "nothing"))
		p.add("Servers", strings.Join(serversIn(g, servers), ", "))
		p.madeBy(ctx, s, g.Description)
		return err
	},
})

// serversIn are the names of the servers that a group is at.
func serversIn(g stackhand.SecurityGroup, servers []stackhand.Server) []string {
	var out []string
	for _, sv := range byName(servers, func(v stackhand.Server) string { return v.Name }) {
		for _, name := range sv.Groups {
			if name == g.Name || name == g.ID {
				out = append(out, sv.Name)
				break
			}
		}
	}
	return out
}
