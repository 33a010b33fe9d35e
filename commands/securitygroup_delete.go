package commands

import (
	"context"
	"strings"

	"github.com/stackhand/stackhand"
)

var _ = addRemove(removal[stackhand.SecurityGroup]{
	kind: groupKind, name: "security group delete", help: "delete security groups that no server is in", example: "security group delete web",
	job: func(g stackhand.SecurityGroup) string { job, _ := markedBy(g.Description); return job },
	free: func(ctx context.Context, s *session, g stackhand.SecurityGroup) error {
		if g.Name == "default" {
			return stackhand.Errorf(stackhand.Conflict, "The project's default security group cannot be deleted.").Do("Its rules can: `security group rule list default`.")
		}
		servers, err := s.Servers(ctx)
		if err != nil {
			return err
		}
		if in := serversIn(g, servers); len(in) > 0 {
			return stackhand.Errorf(stackhand.Conflict, "The security group %s is used by %s.", g.Name, strings.Join(in, ", ")).
				Do("`remove security group %s %s` first.", quote(in[0]), quote(g.Name))
		}
		return nil
	},
})
