package commands

import (
	"context"
	"slices"

	"github.com/stackhand/stackhand"
)

type rebuildArgs struct {
	Server   string            `arg:"server" help:"name or id; in a server's thread, that one"`
	Image    string            `opt:"image" help:"name or id; without it the one it has"`
	Name     string            `opt:"name" help:"another name for it"`
	Property map[string]string `opt:"property" help:"its metadata from now on, in place of what it has (repeat)"`
	Password bool              `help:"enter its administrator's password in a form"`
	Yes      bool              `help:"do not ask, even without --image"`
	firstBoot
	inCloud
}

var _ = add(Command[rebuildArgs]{
	Name:     "rebuild",
	Help:     "put an image on a server's disk anew; all that is on it is lost, its addresses stay",
	Examples: []string{"rebuild web-1", `rebuild web-1 --image "Debian 12"`, "rebuild web-1 --yes"},
	Role:     stackhand.Member,
	Run:      rebuild,
})

var rebuilding = change{verb: stackhand.ActRebuild, do: "rebuild", from: []string{"ACTIVE", "SHUTOFF", "ERROR"}, unlocked: true}

func rebuild(ctx context.Context, env *Env, user stackhand.User, a rebuildArgs) (Reply, error) {
	e := find("rebuild")
	if a.Name != "" {
		if err := checkName(e, a.Name, maxName); err != nil {
			return Reply{}, err
		}
	}
	if err := checkProperties(e, a.Property); err != nil {
		return Reply{}, err
	}
	own, files, err := a.own(e)
	if err != nil {
		return Reply{}, err
	}
	if job, done, err := env.started(ctx, a.Line, 0); err != nil || done {
		return begun(job), err
	}
	s, t, err := rebuilding.find(ctx, env, user, oneServer{a.Line, a.Cloud, a.Server, func(id string) string { a.Server = id; return format("rebuild", a) }})
	if err != nil {
		return Reply{}, err
	}
	if a.Line.Values == nil && (a.Password || a.Image == "" && !a.Yes) {
		return s.askRebuild(a, t)
	}
	spec := stackhand.ActSpec{Verb: stackhand.ActRebuild, NewName: a.Name, Set: a.Property, Password: a.Line.Values[inputPassword]}
	if err := s.again(func() error { return s.rebuildImage(ctx, a, t, &spec) }); err != nil {
		return Reply{}, err
	}
	if a.Name != "" && a.Name != t.name() {
		if err := s.freeName(ctx, a.Name, t); err != nil {
			return Reply{}, err
		}
	}
	if spec.UserData, spec.Files, err = s.handed(ctx, a.firstBoot, own, files); err != nil {
		return Reply{}, err
	}
	return s.acted(ctx, a.Line, t, "Rebuild "+t.name()+" with "+spec.Image, spec)
}

// handed is hand for a session that has not looked at the cloud's limits yet.
func (s *session) handed(ctx context.Context, a firstBoot, own []byte, files []bootFile) ([]byte, map[string][]byte, error) {
	if own == nil && len(files) == 0 {
		return nil, nil, nil
	}
	can, err := s.Features(ctx)
	if err != nil {
		return nil, nil, err
	}
	var most stackhand.Limits
	if can.Personality {
		if most, err = s.Limits(ctx); err != nil {
			return nil, nil, err
		}
	}
	return a.hand(own, files, can, most)
}

// askRebuild opens the form; to send it is to agree. User data cannot wait in a form, so it is asked for in the line.
func (s *session) askRebuild(a rebuildArgs, t target) (Reply, error) {
	if a.UserData != nil || len(a.File) > 0 {
		return Reply{}, stackhand.Errorf(stackhand.Invalid, "A rebuild with files or user data takes all it needs in the line.").
			Do("Say --image NAME as well, or --yes to keep the image, and leave --password out.")
	}
	now := first(t.server.Image, stackOf(t).Image, "it has")
	intro := stackhand.Textf("All that is on the disk of %s is lost, and the image is put on it anew. Its addresses, its volumes and its lease stay.", stackhand.AsBold(t.name()))
	image := s.search("image", "Image", "image", "Leave it empty for "+now)
	image.Value = a.Image
	a.Image, a.Yes = "", false
	return Reply{
		Text: stackhand.Textf("Rebuilding %s wipes its disk, so it is asked for in a form. %s does it at once.", t.name(), stackhand.AsCode("rebuild "+quote(t.name())+" --yes")),
		Form: lineForm(format("rebuild", a), "Rebuild a server", "Wipe and rebuild", intro, image,
			Input{ID: inputPassword, Label: "Administrator's password", Hint: "Leave it empty to let the cloud choose. You see what you type", Optional: true, Secret: true}),
	}, nil
}

// rebuildImage settles the image: the one asked for, or the one that the server has.
func (s *session) rebuildImage(ctx context.Context, a rebuildArgs, t target, spec *stackhand.ActSpec) error {
	c, err := s.catalogue(ctx)
	if err != nil {
		return err
	}
	var img stackhand.Image
	if a.Image != "" {
		img, err = pick("image", a.Image, c.images, func(i stackhand.Image) thing { return imageThing(i, s.env.Now) }, true)
		if err != nil {
			return ask(err, func(id string) string { a.Image = id; return format("rebuild", a) })
		}
	} else if img, err = sameImage(t, c.images); err != nil {
		return err
	}
	if len(img.Disks()) > 0 {
		return stackhand.Errorf(stackhand.Invalid, "The image %s holds no data itself: it stands for snapshots of volumes, which cannot be put on the disk of %s.", img.Name, t.name()).
			Do("`create NAME --image %s` makes a new server of it.", quote(img.Name))
	}
	for _, f := range c.flavors {
		if (f.ID == t.server.FlavorID || t.server.FlavorID == "" && f.Name == t.server.Flavor) && !fits(img, f) {
			return stackhand.Errorf(stackhand.Invalid, "%s has %d GiB of disk and %s of RAM, too small for %s, which needs %s.", t.name(), f.Disk, mebi(f.RAM), img.Name, needsOf(img)).
				Do("Choose another image, or `resize %s` first.", quote(t.name()))
		}
	}
	spec.ImageID, spec.Image, spec.Login = img.ID, img.Name, loginOf(img)
	return nil
}

// sameImage is the image that a server was made from.
func sameImage(t target, images []stackhand.Image) (stackhand.Image, error) {
	if t.server.ID != "" && t.server.ImageID == "" {
		return stackhand.Image{}, stackhand.Errorf(stackhand.Conflict, "%s boots from a volume, and such servers are not rebuilt by this cloud without an image.", t.name()).
			Do("Say --image NAME, or delete it and create a new one.")
	}
	i := slices.IndexFunc(images, func(i stackhand.Image) bool { return i.ID == t.server.ImageID })
	if i < 0 {
		return stackhand.Image{}, stackhand.Errorf(stackhand.NotFound, "The image that %s was made from is not there any more.", t.name()).
			Do("Say --image NAME with another one; `image list` shows them.")
	}
	return images[i], nil
}
