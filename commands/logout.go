package commands

import (
	"context"

	"github.com/stackhand/stackhand"
)

type cloudArgs struct {
	Cloud string `arg:"cloud" opt:"cloud,os-cloud" help:"which cloud, if there are several"`
}

var _ = add(Command[cloudArgs]{
	Name:     "logout",
	Help:     "make the bot forget your login; the application credential that was made for it ends in the cloud by its date",
	Examples: []string{"logout"},
	Role:     stackhand.Member,
	Run:      logout,
})

func logout(ctx context.Context, env *Env, user stackhand.User, a cloudArgs) (Reply, error) {
	name, err := env.quietly(a.Cloud)
	if err != nil {
		return Reply{}, err
	}
	if env.Settings.Clouds[name].Service {
		return Reply{Text: stackhand.Textf("Nobody logs in to %s: it is used with the bot's own login.", name)}, nil
	}
	creds, err := env.Clouds.Credentials(ctx, user)
	if err != nil {
		return Reply{}, err
	}
	for _, c := range creds {
		if c.Cloud == name {
			if err := env.Clouds.Logout(ctx, user, name); err != nil && stackhand.KindOf(err) != stackhand.NotFound {
				return Reply{}, err
			}
			return Reply{Text: stackhand.Textf("You are logged out of %s. Your servers stay until they end.", name)}, nil
		}
	}
	return Reply{Text: stackhand.Textf("You are not logged in to %s.", name)}, nil
}
