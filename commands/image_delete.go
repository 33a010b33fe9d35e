package commands

import (
	"context"

	"github.com/stackhand/stackhand"
)

var _ = addRemove(removal[stackhand.Image]{
	kind: imageKind, name: "image delete", help: "delete images of your project, with the volume snapshots that Nova made for them; servers made from them stay", example: "image delete golden",
	job: func(i stackhand.Image) string { return i.Properties[metaJob] },
	free: func(ctx context.Context, s *session, i stackhand.Image) error {
		if i.Protected {
			return stackhand.Errorf(stackhand.Conflict, "The image %s is protected from being deleted.", i.Name).Do("`image set %s --no-protected` first, if it really is to go.", quote(i.Name))
		}
		return s.mayChangeImage(ctx, "delete", i)
	},
})
