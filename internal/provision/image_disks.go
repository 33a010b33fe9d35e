package provision

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"strings"

	"github.com/stackhand/stackhand"
	"github.com/stackhand/stackhand/internal/jobs"
)

// disk is a snapshot of a volume that an image stands for, see stackhand.Image.Disks. Nova makes it without our mark, and Glance leaves it
// when the image is deleted.
type disk struct {
	ID     string `json:"id"`
	Name   string `json:"name,omitempty"`
	Size   int    `json:"size"`           // GiB
	Of     string `json:"of"`             // id of the volume
	Volume string `json:"volume"`         // what it is called
	Free   bool   `json:"free,omitempty"` // no server has the volume
	Ours   bool   `json:"ours,omitempty"` // it is nothing but a part of an image that we made of a server of ours
	snap   stackhand.VolumeSnapshot
	volume stackhand.Volume
	root   bool
}

func (d disk) String() string {
	return fmt.Sprintf("the volume snapshot %q (%d GiB, %s) of the volume %s", cmp.Or(d.Name, d.ID), d.Size, d.ID, d.Volume)
}

// told names disks in a sentence.
func told(disks []disk) string {
	words := make([]string, len(disks))
	for i, d := range disks {
		words[i] = d.String()
	}
	return strings.Join(words, " and ")
}

// disksOf are the snapshots that an image stands for, as far as they are there.
func disksOf(ctx context.Context, c Cloud, img stackhand.Image) ([]disk, error) {
	if len(img.Disks()) == 0 {
		return nil, nil
	}
	snaps, err := c.VolumeSnapshots(ctx)
	if err != nil {
		return nil, err
	}
	volumes, err := c.Volumes(ctx)
	if err != nil {
		return nil, err
	}
	var out []disk
	for _, d := range img.Disks() {
		i := slices.IndexFunc(snaps, func(s stackhand.VolumeSnapshot) bool { return s.ID == d.Snapshot })
		if i < 0 {
			continue
		}
		s := snaps[i]
		found := disk{ID: s.ID, Name: s.Name, Size: s.Size, Of: s.VolumeID, Volume: s.VolumeID, snap: s, root: d.Root}
		if v := slices.IndexFunc(volumes, func(v stackhand.Volume) bool { return v.ID == s.VolumeID }); v >= 0 {
			found.volume, found.Volume, found.Free = volumes[v], volumeName(volumes[v]), len(volumes[v].Attached) == 0
		}
		out = append(out, found)
	}
	return out, nil
}

// judgeDisks tells of each disk whether it goes with its image: where the image is one that we made of a server of ours, the volume is that
// server's or at least ours and in the same project, and no other image stands for the same snapshot.
func (d Deps) judgeDisks(ctx context.Context, c Cloud, img stackhand.Image, disks []disk) error {
	mark, ok := stackhand.MarkOf(img.Properties)
	project := c.Identity().ProjectID
	if !ok || !mark.Of(d.Home) || !in(project, img.Owner) {
		return nil
	}
	root := slices.IndexFunc(disks, func(k disk) bool { return k.root })
	if root < 0 {
		return nil
	}
	// Nova copies the marks of an image into others that are made of servers built from it: these name another server.
	m, _ := stackhand.MarkOf(disks[root].volume.Metadata)
	st, err := d.Book.Stack(ctx, m.Stack)
	if err != nil || st.Server == "" || st.Server != img.Properties[stackhand.MarkServer] {
		return gone(err)
	}
	all, err := c.Images(ctx)
	if err != nil {
		return err
	}
	for i := range disks {
		k := &disks[i]
		m, marked := stackhand.MarkOf(k.volume.Metadata)
		_, itself := stackhand.MarkOf(k.snap.Metadata) // somebody made it for its own sake
		shared := slices.ContainsFunc(all, func(o stackhand.Image) bool {
			return o.ID != img.ID && slices.ContainsFunc(o.Disks(), func(d stackhand.ImageDisk) bool { return d.Snapshot == k.ID })
		})
		k.Ours = marked && m.Of(d.Home) && !itself && !shared && in(project, k.snap.ProjectID, k.volume.ProjectID)
	}
	return nil
}

// in tells whether what belongs to these projects is all in one. Old clouds do not tell whose something is.
func in(project string, of ...string) bool {
	return !slices.ContainsFunc(of, func(p string) bool { return p != "" && p != project })
}

const keyDisks = "disks"

// removeDisks takes the snapshots away that an image stands for and that are nothing else, before the image: as long as that is there it
// names what is to go.
func (r remover) removeDisks(ctx context.Context, run *jobs.Run, c Cloud, image string) error {
	disks, err := r.disks(ctx, run, c, image)
	if err != nil {
		return err
	}
	var went, stay []disk
	for _, k := range disks {
		if !k.Ours {
			stay = append(stay, k)
			continue
		}
		err := gone(removeThing(ctx, run, c, stackhand.Resource{Kind: stackhand.KindSnapshot, ID: k.ID, Name: k.Name}))
		switch {
		case err == nil:
			went = append(went, k)
		case ctx.Err() != nil || stackhand.Temporary(err):
			return err
		default: // the image goes all the same
			stay = append(stay, k)
		}
	}
	return sayDisks(ctx, run, went, stay)
}

// disks are those of an image that is about to be deleted, as they were at first.
func (r remover) disks(ctx context.Context, run *jobs.Run, c Cloud, image string) (disks []disk, err error) {
	if known, err := run.Get(keyDisks, &disks); err != nil || known {
		return disks, err
	}
	img, err := c.Image(ctx, image)
	if err != nil {
		return nil, gone(err)
	}
	if disks, err = disksOf(ctx, c, img); err != nil || len(disks) == 0 {
		return nil, err
	}
	if !img.Protected { // else it does not go
		if err := r.judgeDisks(ctx, c, img, disks); err != nil {
			return nil, err
		}
	}
	return disks, run.Set(ctx, keyDisks, disks)
}

// sayDisks tells what goes with an image, and what stays, and costs.
func sayDisks(ctx context.Context, run *jobs.Run, went, stay []disk) error {
	if len(stay) > 0 {
		if err := run.Say(ctx, fmt.Sprintf("It stood for %s, which stays, and costs. `volume snapshot delete` and then `volume delete` remove them.", told(stay))); err != nil {
			return err
		}
	}
	if len(went) == 0 {
		return nil
	}
	verb := "is"
	if len(went) > 1 {
		verb = "are"
	}
	words := fmt.Sprintf("Deleted with it %s %s.", verb, told(went))
	for _, k := range went {
		if k.Free {
			words += fmt.Sprintf(" The volume %s stays, and costs; `volume delete %s` removes it.", k.Volume, quoted(k.Volume))
			if err := run.OfferToo(ctx, stackhand.Offer{Line: "volume delete " + k.Of, Label: "Delete volume " + k.Volume, Danger: true}); err != nil {
				return err
			}
		}
	}
	return run.Say(ctx, words)
}
