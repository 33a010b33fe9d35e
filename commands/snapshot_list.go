package commands

import (
	"context"

	"github.com/stackhand/stackhand"
)

type snapshotListArgs struct {
	Volume string `help:"only those of this volume"`
	catalogueArgs
}

var _ = addList(listing[snapshotListArgs]{
	name: "volume snapshot list", noun: "volume snapshot", help: "the snapshots of your volumes", example: "volume snapshot list",
	none: "volume snapshot create NAME --volume V",
	table: func(ctx context.Context, s *session, a snapshotListArgs) (*Table, error) {
		var volumes []stackhand.Volume
		var all []stackhand.VolumeSnapshot
		if err := gather(ctx, into(&volumes, s.Volumes), into(&all, s.VolumeSnapshots)); err != nil {
			return nil, err
		}
		only := ""
		if a.Volume != "" {
			v, err := pick(volumeKind.noun, a.Volume, volumes, volumeKind.thing, false)
			if err != nil {
				return nil, ask(err, func(id string) string { a.Volume = id; return format("volume snapshot list", a) })
			}
			only = v.ID
		}
		names := nameByID(volumeKind, volumes)
		t := &Table{Columns: []string{"Name", "Status", "Size", "Volume", "Id"}}
		for _, v := range byName(all, func(v stackhand.VolumeSnapshot) string { return v.Name }) {
			if only == "" || only == v.VolumeID {
				t.Rows = append(t.Rows, []string{dash(v.Name), v.Status, gibi(v.Size), first(names[v.VolumeID], v.VolumeID), v.ID})
			}
		}
		return t, nil
	},
})
