package commands

import (
	"context"

	"github.com/stackhand/stackhand"
)

var _ = add(Command[struct{}]{
	Name:     "clouds",
	Help:     "the clouds that there are, and whether you are logged in",
	Examples: []string{"clouds"},
	Role:     stackhand.Member,
	Run:      clouds,
})

func clouds(ctx context.Context, env *Env, user stackhand.User, _ struct{}) (Reply, error) {
	creds, err := env.Clouds.Credentials(ctx, user)
	if err != nil {
		return Reply{}, err
	}
	in := map[string]string{}
	for _, c := range creds {
		in[c.Cloud] = c.Identity.User + ", project " + c.Identity.Project
	}
	t := &Table{Columns: []string{"Cloud", "Default", "Logged in as"}}
	for _, name := range env.cloudNames() {
		def := "–"
		if name == env.Settings.DefaultCloud {
			def = "default"
		}
		as := dash(in[name])
		if env.Settings.Clouds[name].Service {
			as = "the bot's own login"
		}
		t.Rows = append(t.Rows, []string{name, def, as})
	}
	return Reply{Text: stackhand.Textf("%s:", count(len(t.Rows), "cloud")), Table: t}, nil
}
