package commands

import (
	"context"

	"github.com/stackhand/stackhand"
)

var _ = addRemove(removal[stackhand.Port]{
	kind: portKind, name: "port delete", help: "delete ports that nothing is plugged into", example: "port delete spare",
	job: func(p stackhand.Port) string { job, _ := markedBy(p.Description); return job },
	free: func(ctx context.Context, s *session, p stackhand.Port) error {
		of, err := s.portHolder(ctx, p)
		if err != nil || of == "" {
			return err
		}
		return stackhand.Errorf(stackhand.Conflict, "The port %s is of the %s.", first(p.Name, p.ID), of).
			Do("It goes with that. `remove network SERVER NETWORK` takes a server off a network, `router remove subnet` disconnects a router.")
	},
})
