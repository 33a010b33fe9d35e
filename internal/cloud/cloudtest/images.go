package cloudtest

import (
	"context"
	"slices"
	"strings"

	"github.com/stackhand/stackhand"
)

// imageIs waits for an image to get somewhere.
func (s *suite) imageIs(id, status string) (i stackhand.Image) {
	s.Helper()
	s.eventually("image "+status, func() bool {
		var err error
		i, err = s.c.Image(s.ctx(), id)
		s.ok(err)
		return i.Status == status || i.Status == "killed" || i.Status == "error"
	})
	if i.Status != status {
		s.Fatalf("image is %s, want %s", i.Status, status)
	}
	return i
}

func images(s *suite) {
	id, n, _ := s.running("10.250.31.0/24")
	_, err := s.c.SnapshotServer(s.ctx(), nothing, s.mark, nil)
	s.refused(err, stackhand.NotFound)
	name := s.mark + " of ü"
	img, err := s.c.SnapshotServer(s.ctx(), id, name, map[string]string{"stackhand_job": s.mark, stackhand.MarkServer: id})
	s.ok(err)
	if img == "" {
		s.Fatal("the image is not named")
	}
	s.later("image", func(ctx context.Context) error { return s.c.DeleteImage(ctx, img) })
	got := s.imageIs(img, "active")
	if got.Name != name || got.Properties["stackhand_job"] != s.mark || got.Owner != s.c.Identity().ProjectID || got.Visibility != "private" ||
		got.Created.IsZero() || got.Updated.IsZero() || got.Format == "" {
		s.Errorf("image %+v", got)
	}
	s.active(id)
	all, err := s.c.Images(s.ctx())
	s.ok(err)
	if !slices.ContainsFunc(all, func(i stackhand.Image) bool { return i.ID == img && i.Properties["stackhand_job"] == s.mark }) {
		s.Errorf("the list has no %s", img)
	}
	s.thingIs(stackhand.Thing{Resource: stackhand.Resource{Kind: stackhand.KindImage, ID: img, Name: name, Job: s.mark}, ProjectID: s.c.Identity().ProjectID, Marked: true})
	s.copied(img, n.ID)
	s.editImage(img)
	s.ok(s.c.DeleteImage(s.ctx(), img))
	s.refused(s.c.DeleteImage(s.ctx(), img), stackhand.NotFound)
	_, err = s.c.Image(s.ctx(), img)
	s.refused(err, stackhand.NotFound)
}

// copied makes an image, with no mark, of a server that was built from an image of ours. The cloud copies the marks into it: it is not
// taken for one of ours.
func (s *suite) copied(image, net string) {
	spec := s.spec(s.mark+"-2", s.port(net).ID)
	spec.ImageID = image
	id := s.boot(spec)
	s.active(id)
	img, err := s.c.SnapshotServer(s.ctx(), id, s.mark+"-2", nil)
	s.ok(err)
	s.later("image", func(ctx context.Context) error { return s.c.DeleteImage(ctx, img) })
	if got := s.imageIs(img, "active"); got.Properties["stackhand_job"] != s.mark || got.Properties[stackhand.MarkServer] == id {
		s.Errorf("nothing was copied: %+v", got)
	}
	s.thingIs(stackhand.Thing{Resource: stackhand.Resource{Kind: stackhand.KindImage, ID: img, Name: s.mark + "-2"}, ProjectID: s.c.Identity().ProjectID})
	s.refused(s.takeDown(s.ctx(), id), stackhand.NotFound)
	s.ok(s.c.DeleteImage(s.ctx(), img))
}

// thingIs holds that the list of all things has one, as it is when it is read alone.
func (s *suite) thingIs(want stackhand.Thing) {
	s.Helper()
	all, err := s.c.Things(s.ctx(), false)
	s.ok(err)
	at := slices.IndexFunc(all, func(t stackhand.Thing) bool { return t.Kind == want.Kind && t.ID == want.ID })
	if at < 0 {
		s.Fatalf("things have no %s %s", want.Kind, want.ID)
	}
	one, err := s.c.Thing(s.ctx(), all[at].Resource)
	s.ok(err)
	for _, t := range []stackhand.Thing{all[at], one} {
		if t.Resource != want.Resource || t.ProjectID != want.ProjectID || t.Marked != want.Marked || t.Size != want.Size || t.Created.IsZero() {
			s.Errorf("%+v, want %+v", t, want)
		}
	}
}

func (s *suite) editImage(id string) {
	yes, no, gib := true, false, 1
	s.ok(s.c.UpdateImage(s.ctx(), id, stackhand.ImageChange{
		Name: s.mark + "-2", Protected: &yes, MinDisk: &gib, MinRAM: &gib,
		Set: map[string]string{"os_distro": "debian", "a/b~c": "x y", "note": "ü"}, Unset: []string{"never-there"},
	}))
	got, err := s.c.Image(s.ctx(), id)
	s.ok(err)
	if got.Name != s.mark+"-2" || !got.Protected || got.MinDisk != 1 || got.MinRAM != 1 || got.Properties["os_distro"] != "debian" ||
		got.Properties["a/b~c"] != "x y" || got.Properties["note"] != "ü" || got.Properties["stackhand_job"] != s.mark {
		s.Errorf("changed, it is %+v", got)
	}
	s.refused(s.c.DeleteImage(s.ctx(), id), stackhand.Conflict) // protected
	s.ok(s.c.UpdateImage(s.ctx(), id, stackhand.ImageChange{
		Protected: &no, Set: map[string]string{"os_distro": "ubuntu"}, Unset: []string{"note", "a/b~c"},
	}))
	if got, err = s.c.Image(s.ctx(), id); err != nil || got.Protected || got.Properties["os_distro"] != "ubuntu" || got.Properties["note"] != "" ||
		got.Properties["a/b~c"] != "" {
		s.Errorf("changed back, it is %+v: %v", got, err)
	}
	s.ok(s.c.UpdateImage(s.ctx(), id, stackhand.ImageChange{Unset: []string{"never-there"}}))
	s.ok(s.c.UpdateImage(s.ctx(), id, stackhand.ImageChange{}))
	s.refused(s.c.UpdateImage(s.ctx(), nothing, stackhand.ImageChange{Name: "x"}), stackhand.NotFound)
	s.refused(s.c.UpdateImage(s.ctx(), id, stackhand.ImageChange{Visibility: "everybody"}), stackhand.Invalid)
	s.refused(s.c.UpdateImage(s.ctx(), id, stackhand.ImageChange{Visibility: "public"}), stackhand.Forbidden)
	s.refused(s.c.UpdateImage(s.ctx(), id, stackhand.ImageChange{Name: strings.Repeat("x", 300)}), stackhand.Invalid)
	if foreign, ok := s.publicImage(); ok {
		s.refused(s.c.UpdateImage(s.ctx(), foreign, stackhand.ImageChange{Name: s.mark}), stackhand.Forbidden)
		s.refused(s.c.DeleteImage(s.ctx(), foreign), stackhand.Forbidden)
	}
}

// publicImage is an image that is not the project's own.
func (s *suite) publicImage() (string, bool) {
	s.Helper()
	all, err := s.c.Images(s.ctx())
	s.ok(err)
	i := slices.IndexFunc(all, func(i stackhand.Image) bool {
		return i.Visibility == "public" && i.Owner != s.c.Identity().ProjectID && !i.Protected
	})
	if i < 0 {
		return "", false
	}
	return all[i].ID, true
}
