package commands

import (
	"context"
	"strings"

	"github.com/stackhand/stackhand"
)

var _ = addRemove(removal[stackhand.Volume]{
	kind: volumeKind, name: "volume delete", help: "delete volumes, with all that is on them", example: "volume delete data-1",
	job: func(v stackhand.Volume) string { return v.Metadata[metaJob] },
	free: func(ctx context.Context, s *session, v stackhand.Volume) error {
		var servers []stackhand.Server
		var all []stackhand.VolumeSnapshot
		if err := gather(ctx, into(&servers, s.Servers), into(&all, s.VolumeSnapshots)); err != nil {
			return err
		}
		name := first(v.Name, v.ID)
		if len(v.Attached) > 0 {
			at := v.Attached[0].ServerID
			at = first(nameByID(serverKind, servers)[at], at)
			return stackhand.Errorf(stackhand.Conflict, "The volume %s is at the server %s.", name, at).
				Do("`remove volume %s %s` first. The one that a server boots from goes with it.", quote(at), quote(name))
		}
		if of := snapshotsOf(v, all); len(of) > 0 {
			return stackhand.Errorf(stackhand.Conflict, "The volume %s has snapshots, which would be lost with it: %s.", name, strings.Join(of, ", ")).
				Do("`volume snapshot delete %s` first.", quote(of[0]))
		}
		return nil
	},
})
