package commands

import (
	"context"

	"github.com/stackhand/stackhand"
)

type imageUnsetArgs struct {
	Image    string   `arg:"image" required:"true" help:"name or id"`
	Property []string `value:"KEY" help:"a property to remove (may be repeated)"`
	inJob
}

const imageUnset = "image unset"

var _ = add(Command[imageUnsetArgs]{
	Name: imageUnset, Help: "remove properties of an image", Examples: []string{"image unset golden --property os_distro"}, Role: stackhand.Member,
	Run: func(ctx context.Context, env *Env, user stackhand.User, a imageUnsetArgs) (Reply, error) {
		e := find(imageUnset)
		if len(a.Property) == 0 {
			return Reply{}, e.misuse("image unset needs --property: what to remove.")
		}
		if err := imageKeys(e, append([]string(nil), a.Property...)); err != nil {
			return Reply{}, err
		}
		return editImage(ctx, env, user, a.inJob, a.Image, stackhand.ImageChange{Unset: a.Property}, func(id string) string { a.Image = id; return format(imageUnset, a) })
	},
})
