package commands

import (
	"context"

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
	choice, err := env.Clouds.Choice(ctx, user)
	if err != nil {
		return Reply{}, err
	}
	r := Reply{Text: stackhand.Textf("You are %s, %s.", stackhand.To(user.ID), user.Role)}
	for _, c := range creds {
		in := choice.In[c.Cloud]
		text := stackhand.Textf("%s, project %s%s", c.Identity.User, c.Identity.Project, inBrackets(c.Identity.Roles))
		if in.Region != "" && in.Region != env.Settings.Clouds[c.Cloud].Region {
			text = text.Add(", region %s", in.Region)
		}
		if !c.Ends.IsZero() {
			text = text.Add(", until %s", stackhand.At(c.Ends))
		}
		if len(creds) > 1 && c.Cloud == choice.Cloud && c.Identity.ProjectID == in.ProjectID {
			text = text.Add(" – in use")
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
		r.Actions = []stackhand.Action{LoginAction("", "")}
	}
	return r, nil
}
