package commands

import (
	"context"

	"github.com/stackhand/stackhand"
)

var _ = addRemove(removal[stackhand.Router]{
	kind: routerKind, name: "router delete", help: "delete routers that connect nothing any more", example: "router delete edge",
	job: func(r stackhand.Router) string { job, _ := markedBy(r.Description); return job },
	free: func(ctx context.Context, s *session, r stackhand.Router) error {
		connected, err := s.subnetsOf(ctx, r)
		if err != nil || len(connected) == 0 {
			return err
		}
		return stackhand.Errorf(stackhand.Conflict, "The router %s still connects the subnet %s.", r.Name, subnetKind.thing(connected[0]).name+" "+connected[0].CIDR).
			Do("`router remove subnet %s %s` first.", quote(r.Name), quote(first(connected[0].Name, connected[0].ID)))
	},
})
