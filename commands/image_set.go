package commands

import (
	"context"
	"maps"
	"slices"
	"strings"

	"github.com/stackhand/stackhand"
)

type imageSetArgs struct {
	Image       string            `arg:"image" required:"true" help:"name or id"`
	Name        string            `value:"NAME" help:"a new name"`
	Property    map[string]string `help:"a property to set (may be repeated)"`
	Public      bool              `help:"for all projects of the cloud"`
	Private     bool              `help:"for its own project alone"`
	Shared      bool              `help:"for the projects that it is shared with"`
	Community   bool              `help:"for everybody who knows its id"`
	Protected   *bool             `help:"whether it is kept from being deleted"`
	Unprotected bool              `help:"the same as --no-protected" hidden:"true"`
	MinDisk     *string           `value:"GB" help:"the smallest disk that it fits on, in GiB"`
	MinRAM      *string           `opt:"min-ram" value:"MB" help:"the least memory that it needs, in MiB"`
	OSDistro    string            `opt:"os-distro" value:"NAME" help:"the property of that name" hidden:"true"`
	OSVersion   string            `opt:"os-version" value:"TEXT" help:"the property of that name" hidden:"true"`
	inJob
}

const imageSet = "image set"

var _ = add(Command[imageSetArgs]{
	Name: imageSet, Help: "change an image: its name, properties, and who may use it", Role: stackhand.Member,
	Examples: []string{"image set golden --property os_distro=debian", "image set golden --name golden-2 --protected"},
	Run: func(ctx context.Context, env *Env, user stackhand.User, a imageSetArgs) (Reply, error) {
		change, err := a.change()
		if err != nil {
			return Reply{}, err
		}
		return editImage(ctx, env, user, a.inJob, a.Image, change, func(id string) string { a.Image = id; return format(imageSet, a) })
	},
})

// change reads the options.
func (a imageSetArgs) change() (stackhand.ImageChange, error) {
	e := find(imageSet)
	c := stackhand.ImageChange{Name: a.Name, Protected: a.Protected, Set: maps.Clone(a.Property)}
	for name, on := range map[string]bool{"public": a.Public, "private": a.Private, "shared": a.Shared, "community": a.Community} {
		switch {
		case !on:
		case c.Visibility != "":
			return c, e.misuse("An image is public, private, shared or community, not several of these.")
		default:
			c.Visibility = name
		}
	}
	if a.Unprotected {
		if a.Protected != nil && *a.Protected {
			return c, e.misuse("--protected and --unprotected together make no sense.")
		}
		off := false
		c.Protected = &off
	}
	for name, value := range map[string]string{"os_distro": a.OSDistro, "os_version": a.OSVersion} {
		if value != "" {
			if c.Set == nil {
				c.Set = map[string]string{}
			}
			c.Set[name] = value
		}
	}
	var err error
	if c.MinDisk, err = wholeNumber(e, "--min-disk", a.MinDisk); err != nil {
		return c, err
	}
	if c.MinRAM, err = wholeNumber(e, "--min-ram", a.MinRAM); err != nil {
		return c, err
	}
	if c.Name == "" && c.Visibility == "" && c.Protected == nil && c.MinDisk == nil && c.MinRAM == nil && len(c.Set) == 0 {
		return c, e.misuse("image set needs something to change.")
	}
	return c, imageKeys(e, slices.Collect(maps.Keys(c.Set)))
}

// imageKeys refuses properties that are kept for our records, or that are no properties for Glance.
func imageKeys(e *entry, keys []string) error {
	slices.Sort(keys)
	for _, k := range keys {
		if strings.HasPrefix(k, ourMark) {
			return e.misuse("Properties that begin with stackhand_ are kept for records.")
		}
		if slices.Contains(strings.Fields("id name status visibility protected owner size checksum created_at updated_at min_disk min_ram disk_format container_format tags file self schema"), k) {
			return e.misuse("%s is no property of an image that can be set freely; there may be an option for it.", k)
		}
	}
	return nil
}

// editImage starts the job that changes an image.
func editImage(ctx context.Context, env *Env, user stackhand.User, in inJob, word string, change stackhand.ImageChange, again func(id string) string) (Reply, error) {
	if job, done, err := env.started(ctx, in.Line, 0); err != nil || done {
		return begun(job), err
	}
	s, err := open(ctx, env, user, in.Cloud)
	if err != nil {
		return Reply{}, err
	}
	i, err := imageKind.choose(ctx, s, word, again)
	if err != nil {
		return Reply{}, err
	}
	if err := s.mayChangeImage(ctx, "change", i); err != nil {
		return Reply{}, err
	}
	spec := stackhand.EditSpec{Cloud: s.name, ProjectID: s.who.ProjectID, Project: s.who.Project, ImageID: i.ID, Image: i.Name, Change: change}
	job, err := s.start(ctx, in.Line, 0, stackhand.Job{Flow: "edit", Cloud: s.name, Scope: s.scope(), Title: "Change image " + i.Name}, spec)
	return begun(job), err
}

// mayChangeImage refuses what is another project's: the cloud would say the same, in other words.
func (s *session) mayChangeImage(ctx context.Context, verb string, i stackhand.Image) error {
	if i.Owner != "" && i.Owner != s.who.ProjectID && !slices.Contains(s.who.Roles, "admin") {
		return stackhand.Errorf(stackhand.Forbidden, "The image %s belongs to another project, so you cannot %s it.", i.Name, verb).
			Do("Ask an administrator of the cloud. `image list --visibility private` shows those of your own project.")
	}
	full, err := s.Image(ctx, i.ID)
	if err != nil {
		return err
	}
	return s.mayTouch(ctx, verb, "the image "+i.Name, full.Properties[metaJob])
}
