package commands

import "github.com/stackhand/stackhand"

var _ = addRemove(removal[stackhand.VolumeSnapshot]{
	kind: snapshotKind, name: "volume snapshot delete", help: "delete snapshots of volumes", example: "volume snapshot delete nightly",
	job: func(v stackhand.VolumeSnapshot) string { return v.Metadata[metaJob] },
})
