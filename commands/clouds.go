package commands

import (
	"context"

	"github.com/stackhand/stackhand"
)

var _ = add(Command[struct{}]{
	Name:     "clouds",
	Help:     "the clouds that there are, and the projects of each that you are logged in to",
	Examples: []string{"clouds"},
	Role:     stackhand.Member,
	Run:      clouds,
})

func clouds(ctx context.Context, env *Env, user stackhand.User, _ struct{}) (Reply, error) {
	creds, err := env.Clouds.Credentials(ctx, user)
	if err != nil {
		return Reply{}, err
	}
	choice, err := env.Clouds.Choice(ctx, user)
	if err != nil {
		return Reply{}, err
	}
	t := &Table{Columns: []string{"Cloud", "Project", "Logged in as", "Region", "Until", ""}}
	for _, name := range env.cloudNames() {
		set := env.Settings.Clouds[name]
		region := dash(first(choice.In[name].Region, set.Region))
		before := len(t.Rows)
		if set.Service {
			t.Rows = append(t.Rows, []string{name, "–", "the bot's own login", region, "–", inUse(name == choice.Cloud)})
		}
		for _, c := range creds {
			if c.Cloud != name || set.Service {
				continue
			}
			mark := inUse(name == choice.Cloud)
			if c.Identity.ProjectID != choice.In[name].ProjectID {
				mark = ""
			} else if mark == "" {
				mark = "chosen"
			}
			t.Rows = append(t.Rows, []string{name, c.Identity.Project, c.Identity.User, region, untilWhen(c), mark})
		}
		if len(t.Rows) == before {
			t.Rows = append(t.Rows, []string{name, "–", "–", region, "–", inUse(name == choice.Cloud)})
		}
	}
	r := Reply{Text: stackhand.Textf("%s. %s changes where your lines go.", count(len(env.cloudNames()), "cloud"), stackhand.AsCode("use")), Table: t}
	return r, nil
}

func inUse(yes bool) string {
	if yes {
		return "in use"
	}
	return ""
}

// untilWhen is when a login ends.
func untilWhen(c stackhand.Credential) string {
	if c.Ends.IsZero() {
		return "–"
	}
	return stackhand.At(c.Ends).String()
}
