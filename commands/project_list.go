package commands

import (
	"context"

	"github.com/stackhand/stackhand"
)

var _ = addList(listing[catalogueArgs]{
	name: "project list", noun: "project", help: "all projects of the cloud, for its administrators", example: "project list", all: true,
	table: func(ctx context.Context, s *session, _ catalogueArgs) (*Table, error) {
		if err := s.overseeing("the projects"); err != nil {
			return nil, err
		}
		all, err := s.Projects(ctx)
		t := &Table{Columns: []string{"Name", "Status", "Description", "Id"}}
		for _, p := range byName(all, func(p stackhand.Project) string { return p.Name }) {
			t.Rows = append(t.Rows, []string{p.Name, enabled(!p.Disabled), dash(clip(p.Description, 60)), p.ID})
		}
		return t, s.forAdmins("all projects", err)
	},
})

func enabled(on bool) string {
	if on {
		return "enabled"
	}
	return "disabled"
}
