package commands

import (
	"context"

	"github.com/stackhand/stackhand"
)

// askCreate opens the form for who typed create and nothing more. What is sent is the same as the typed line.
func askCreate(ctx context.Context, env *Env, user stackhand.User, a createArgs) (Reply, error) {
	s, err := open(ctx, env, user, a.Cloud)
	if err != nil {
		return Reply{}, err
	}
	image := s.search("image", "Image", "image", "Begin to type, or choose")
	flavor := s.search("flavor", "Flavor", "flavor", "Begin to type, or choose")
	for _, x := range []struct {
		in  *Input
		std string
	}{{&image, s.settings.Image}, {&flavor, s.settings.Flavor}} {
		if x.std != "" {
			x.in.Hint = "Leave it empty for " + x.std
		}
	}
	lasts := "Such as 8h, 3d or 1w"
	if d := env.Settings.LeaseDefault; d > 0 {
		lasts += "; " + short(d) + " if it is empty"
	}
	return Reply{
		Text: stackhand.Textf("Say what you need in the form, or in a line such as %s.", stackhand.AsCode("create web-1 --for 3d")),
		Form: lineForm(format("create", a), "Create a server", "Create", stackhand.Textf("A server in %s of %s, with all that it needs to be reached.", stackhand.AsBold(s.who.Project), stackhand.AsBold(s.name)),
			Input{ID: "name", Label: "Name", Hint: "Letters, digits, dots, hyphens and underscores"},
			image, flavor,
			s.search("network", "Network", "network", "Leave it empty for the project's own, which is made if there is none"),
			s.search("key-name", "Key pair", "key pair", "To log in with; leave it empty if you have just one"),
			Input{ID: "for", Label: "For how long", Hint: lasts, Optional: true},
			Input{ID: "floating-ip", Label: "Reachable from outside", Value: "true", Options: []Option{{"Yes, at a floating IP", "true"}, {"No", "false"}}, Optional: true},
		),
	}, nil
}
