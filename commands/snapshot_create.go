package commands

import (
	"context"

	"github.com/stackhand/stackhand"
)

type snapshotCreateArgs struct {
	newArgs
	Volume string `help:"the volume; by default the one of the snapshot's name"`
	Force  bool   `help:"also while a server writes to the volume, as if the power had been cut"`
}

const snapshotCreate = "volume snapshot create"

var _ = addMake(making[snapshotCreateArgs]{
	name: snapshotCreate, help: "keep what is on a volume now", examples: []string{"volume snapshot create nightly --volume data-1", "volume snapshot create nightly --volume data-1 --force"},
	fill: func(ctx context.Context, s *session, a snapshotCreateArgs) (stackhand.MakeSpec, error) {
		m := stackhand.MakeSpec{Kind: stackhand.KindSnapshot, Name: a.Name, Description: a.Description, Force: a.Force}
		if err := checkLabel(snapshotCreate, a.Name); err != nil {
			return m, err
		}
		v, err := volumeKind.choose(ctx, s, first(a.Volume, a.Name), func(id string) string { a.Volume = id; return format(snapshotCreate, a) })
		if err != nil {
			return m, err
		}
		m.ParentID, m.Parent, m.Volume.Size = v.ID, first(v.Name, v.ID), v.Size
		if err := s.mayTouch(ctx, "take a snapshot of", "the volume "+m.Parent, v.Metadata[metaJob]); err != nil {
			return m, err
		}
		switch {
		case v.Status == "in-use" && !a.Force:
			return m, stackhand.Errorf(stackhand.Conflict, "The volume %s is in use, so a snapshot may hold half-written files.", m.Parent).
				Do("Stop its server or detach it first, or say --force: `%s --force`.", format(snapshotCreate, a))
		case v.Status != "available" && v.Status != "in-use":
			return m, stackhand.Errorf(stackhand.Conflict, "The volume %s is %s, so there can be no snapshot of it now.", m.Parent, v.Status).Do("`volume show %s` tells its state.", quote(m.Parent))
		}
		return m, nil
	},
})
