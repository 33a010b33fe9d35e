package commands

import (
	"context"

	"github.com/stackhand/stackhand"
)

var _ = addRemove(removal[stackhand.FloatingIP]{
	kind: floatingKind, name: "floating ip delete", help: "give floating IPs back that lead to no server", example: "floating ip delete 203.0.113.7",
	job: func(f stackhand.FloatingIP) string { job, _ := markedBy(f.Description); return job },
	free: func(ctx context.Context, s *session, f stackhand.FloatingIP) error {
		if f.PortID == "" && f.ServerID == "" && f.FixedIP == "" {
			return nil
		}
		servers, err := s.Servers(ctx)
		if err != nil {
			return err
		}
		for _, sv := range servers {
			for _, ad := range sv.Addresses {
				if sv.ID == f.ServerID || ad.IP == f.IP {
					return stackhand.Errorf(stackhand.Conflict, "%s leads to %s.", f.IP, sv.Name).
						Do("`remove floating ip %s %s` first; then it can be given back.", quote(sv.Name), f.IP)
				}
			}
		}
		return nil
	},
})
