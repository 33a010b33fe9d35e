package commands

import (
	"context"
	"strings"

	"github.com/stackhand/stackhand"
)

var _ = addList(listing[catalogueArgs]{
	name: "user list", noun: "user", help: "the users of the cloud and their groups, for its administrators", example: "user list", all: true,
	table: func(ctx context.Context, s *session, _ catalogueArgs) (*Table, error) {
		if err := s.overseeing("the users"); err != nil {
			return nil, err
		}
		all, err := s.Users(ctx)
		t := &Table{Columns: []string{"Name", "Status", "Groups", "E-mail", "Id"}}
		for _, u := range byName(all, func(u stackhand.CloudUser) string { return u.Name }) {
			t.Rows = append(t.Rows, []string{u.Name, enabled(u.Enabled), dash(strings.Join(u.Groups, ", ")), dash(u.Email), u.ID})
		}
		return t, s.forAdmins("its users", err)
	},
})
