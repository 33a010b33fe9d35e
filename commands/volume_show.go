package commands

import (
	"context"
	"strings"

	"github.com/stackhand/stackhand"
)

var _ = addShow(showing[stackhand.Volume]{
	kind: volumeKind, name: "volume show", help: "a volume: its size, state, server and snapshots", example: "volume show data-1",
	fields: func(ctx context.Context, s *session, v stackhand.Volume, p *page) error {
		var servers []stackhand.Server
		var all []stackhand.VolumeSnapshot
		err := gather(ctx, into(&servers, s.Servers), into(&all, s.VolumeSnapshots))
		p.status = v.Status
		p.add("Size", gibi(v.Size))
		p.add("Type", v.Type)
		p.add("At", attachedTo(v, nameByID(serverKind, servers)))
		if v.Bootable {
			p.add("Bootable", yes(true))
		}
		p.add("Zone", v.Zone)
		p.add("Snapshots", strings.Join(snapshotsOf(v, all), ", "))
		p.add("Properties", properties(stackhand.Server{Metadata: v.Metadata}))
		p.when("Created", v.Created)
		p.add("Description", described(v.Description))
		p.madeByJob(ctx, s, v.Metadata[metaJob])
		return err
	},
})

// metaJob is where volumes, snapshots and images say which job made them: see internal/provision.
const metaJob = "stackhand_job"

// snapshotsOf are the names of the snapshots of a volume.
func snapshotsOf(v stackhand.Volume, all []stackhand.VolumeSnapshot) []string {
	var out []string
	for _, sn := range all {
		if sn.VolumeID == v.ID {
			out = append(out, first(sn.Name, sn.ID))
		}
	}
	return out
}
