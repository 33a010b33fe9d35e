package commands

import (
	"context"
	"maps"
	"slices"
	"strings"

	"github.com/stackhand/stackhand"
)

type volumeCreateArgs struct {
	newArgs
	Size     int               `value:"GB" help:"how large, in GiB; as large as what it is made from, if that is a snapshot or a volume"`
	Image    string            `help:"an image to put on it, so that a server can boot from it"`
	Snapshot string            `help:"a volume snapshot to make it from"`
	Source   string            `opt:"source" help:"a volume to copy"`
	Type     string            `value:"TYPE" help:"a volume type of the cloud; its default one otherwise"`
	Zone     string            `opt:"availability-zone,zone" value:"ZONE" help:"where its disk is"`
	Property map[string]string `help:"a property of it (may be repeated)"`
}

const volumeCreate = "volume create"

var _ = addMake(making[volumeCreateArgs]{
	name: volumeCreate, help: "make a volume: a disk that outlives servers",
	examples: []string{"volume create data-1 --size 10", `volume create root-1 --size 20 --image "Ubuntu 22.04"`, "volume create data-2 --snapshot nightly"},
	fill:     volumeSpec,
})

func volumeSpec(ctx context.Context, s *session, a volumeCreateArgs) (stackhand.MakeSpec, error) {
	m := stackhand.MakeSpec{Kind: stackhand.KindVolume, Name: a.Name, Description: a.Description}
	if err := a.check(); err != nil {
		return m, err
	}
	m.Volume = stackhand.VolumeSpec{Name: a.Name, Size: a.Size, Type: a.Type, Zone: a.Zone, Metadata: a.Property}
	again := func(word *string) func(string) string {
		return func(id string) string { *word = id; return format(volumeCreate, a) }
	}
	least, from := 0, ""
	switch {
	case a.Image != "":
		i, err := bootableKind.choose(ctx, s, a.Image, again(&a.Image))
		if err != nil {
			return m, err
		}
		m.Volume.ImageID, m.Target, least, from = i.ID, i.Name, max(i.MinDisk, gibOf(i.Size)), "the image "+i.Name
	case a.Snapshot != "":
		sn, err := snapshotKind.choose(ctx, s, a.Snapshot, again(&a.Snapshot))
		if err != nil {
			return m, err
		}
		m.Volume.SnapshotID, m.Target, least, from = sn.ID, sn.Name, sn.Size, "the snapshot "+first(sn.Name, sn.ID)
		if err := s.mayTouch(ctx, "copy", from, sn.Metadata[metaJob]); err != nil {
			return m, err
		}
	case a.Source != "":
		v, err := volumeKind.choose(ctx, s, a.Source, again(&a.Source))
		if err != nil {
			return m, err
		}
		m.Volume.SourceID, m.Target, least, from = v.ID, v.Name, v.Size, "the volume "+first(v.Name, v.ID)
		if err := s.mayTouch(ctx, "copy", from, v.Metadata[metaJob]); err != nil {
			return m, err
		}
	default:
		_, err := s.Volumes(ctx) // tells whether there is block storage at all
		return m, err
	}
	if m.Volume.Size == 0 {
		m.Volume.Size = least
	}
	if m.Volume.Size < least {
		return m, find(volumeCreate).misuse("%s needs %d GiB at least, and %d is less.", capital(from), least, a.Size)
	}
	return m, nil
}

// gibOf is how many GiB so many bytes need.
func gibOf(bytes int64) int { return int((bytes + 1<<30 - 1) >> 30) }

func (a volumeCreateArgs) check() error {
	e := find(volumeCreate)
	var from []string
	for option, word := range map[string]string{"--image": a.Image, "--snapshot": a.Snapshot, "--source": a.Source} {
		if word != "" {
			from = append(from, option)
		}
	}
	slices.Sort(from)
	switch {
	case len(from) > 1:
		return e.misuse("A volume is made from one thing: %s together make no sense.", strings.Join(from, " and "))
	case a.Size == 0 && len(from) == 0 || a.Size == 0 && a.Image != "":
		return e.misuse("volume create needs --size, in GiB.")
	case a.Size < 0 || a.Size > maxVolume:
		return e.misuse("A volume cannot have %d GiB.", a.Size)
	}
	for _, k := range slices.Sorted(maps.Keys(a.Property)) {
		if strings.HasPrefix(k, ourMark) {
			return e.misuse("Properties that begin with stackhand_ are kept for records.")
		}
	}
	return checkLabel(volumeCreate, a.Name)
}
