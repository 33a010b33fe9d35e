package commands

import (
	"context"
	"strings"

	"github.com/stackhand/stackhand"
)

var _ = add(Command[struct{}]{
	Name:     "whoami",
	Help:     "who you are here and in the clouds",
	Examples: []string{"whoami"},
	Role:     stackhand.Member,
	Run:      whoami,
})

func whoami(ctx context.Context, env *Env, user stackhand.User, _ struct{}) (Reply, error) {
	creds, err := env.Clouds.Credentials(ctx, user)
	if err != nil {
		return Reply{}, err
	}
	r := Reply{Text: stackhand.Textf("You are %s, %s.", stackhand.To(user.ID), user.Role)}
	for _, c := range creds {
		text := stackhand.Textf("%s, project %s", c.Identity.User, c.Identity.Project)
		if len(c.Identity.Roles) > 0 {
			text = text.Add(" (%s)", strings.Join(c.Identity.Roles, ", "))
		}
		if !c.Ends.IsZero() {
			text = text.Add(", until %s", stackhand.At(c.Ends))
		}
		r.Fields = append(r.Fields, Field{c.Cloud, text})
	}
	for _, name := range env.cloudNames() {
		if env.Settings.Clouds[name].Service {
			r.Fields = append(r.Fields, Field{name, stackhand.Textf("used with the bot's own login")})
		}
	}
	if len(r.Fields) == 0 {
		r.Text = r.Text.Add(" You are not logged in to any cloud.")
		r.Actions = []stackhand.Action{{ID: "login", Label: "Log in"}}
	}
	return r, nil
}
