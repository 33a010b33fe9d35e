package commands

import (
	"context"
	"slices"

	"github.com/stackhand/stackhand"
)

type cloudArgs struct {
	Cloud string `arg:"cloud" opt:"cloud,os-cloud" help:"which cloud, if there are several"`
}

type logoutArgs struct {
	cloudArgs
	Project string `opt:"project,project-name,project-id,os-project-name,os-project-id,os-tenant-name,os-tenant-id" help:"of which project; without it the one you work in" value:"name"`
	All     bool   `help:"of all projects, and without a cloud of all clouds"`
}

var _ = add(Command[logoutArgs]{
	Name:     "logout",
	Help:     "make the bot forget your login; the application credential that was made for it ends in the cloud by its date",
	Examples: []string{"logout", "logout --project team-b", "logout --all"},
	Role:     stackhand.Member,
	Run:      logout,
})

func logout(ctx context.Context, env *Env, user stackhand.User, a logoutArgs) (Reply, error) {
	if a.All && a.Project != "" {
		return Reply{}, find("logout").misuse("Say one project or --all, not both.")
	}
	creds, err := env.Clouds.Credentials(ctx, user)
	if err != nil {
		return Reply{}, err
	}
	if a.All && a.Cloud == "" {
		return logoutEverywhere(ctx, env, user, creds)
	}
	name, err := env.quietly(ctx, user, a.Cloud)
	if err != nil {
		return Reply{}, err
	}
	if env.Settings.Clouds[name].Service {
		return Reply{Text: stackhand.Textf("Nobody logs in to %s: it is used with the bot's own login.", name)}, nil
	}
	creds = slices.DeleteFunc(creds, func(c stackhand.Credential) bool { return c.Cloud != name })
	if len(creds) == 0 {
		return Reply{Text: stackhand.Textf("You are not logged in to %s.", name)}, nil
	}
	if a.All {
		return forget(ctx, env, user, name, "", creds)
	}
	project, err := env.leaving(ctx, user, name, a.Project, creds)
	if err != nil {
		return Reply{}, ask(err, func(id string) string { a.Project = id; return format("logout", a) })
	}
	return forget(ctx, env, user, name, project, creds)
}

// leaving is the project whose login is to be forgotten: the one that is named, or else the one in use.
func (env *Env) leaving(ctx context.Context, user stackhand.User, cloud, word string, creds []stackhand.Credential) (string, error) {
	if word == "" {
		choice, err := env.Clouds.Choice(ctx, user)
		return choice.In[cloud].ProjectID, err
	}
	c, err := pick("login to a project", word, creds, func(c stackhand.Credential) thing {
		return thing{c.Identity.ProjectID, c.Identity.Project, "as " + c.Identity.User}
	}, false)
	return c.Identity.ProjectID, err
}

// forget logs out of one project of a cloud, or of all with "". creds are those of the cloud.
func forget(ctx context.Context, env *Env, user stackhand.User, cloud, project string, creds []stackhand.Credential) (Reply, error) {
	stays, err := env.Clouds.Logout(ctx, user, cloud, project)
	switch {
	case stackhand.KindOf(err) == stackhand.NotFound:
		return Reply{Text: stackhand.Textf("You are not logged in to %s.", cloud)}, nil
	case err != nil:
		return Reply{}, err
	}
	text := stackhand.Textf("You are logged out of %s", cloud)
	var rest []string
	for _, c := range creds {
		if c.Identity.ProjectID != project {
			rest = append(rest, c.Identity.Project)
		} else {
			text = text.Add(", project %s", c.Identity.Project)
		}
	}
	text = text.Add(". Your servers stay until they end.")
	if project != "" && len(rest) > 0 {
		text = text.Add(" You are still logged in to %s.", andWords(rest))
	}
	return Reply{Text: append(text, staying(stays)...)}, nil
}

// staying says what a logout could not delete in the cloud.
func staying(stays []stackhand.Credential) stackhand.Text {
	var text stackhand.Text
	for _, c := range stays {
		text = text.Add(" Nothing of your login is kept here. The application credential that was made for it stays in the cloud %s until %s; to end it now: %s.",
			c.Cloud, stackhand.At(c.Ends), stackhand.AsCode("openstack application credential delete "+c.AppCredID))
	}
	return text
}

// logoutEverywhere goes on after a cloud that refuses, such as one where a job is at work, and says so.
func logoutEverywhere(ctx context.Context, env *Env, user stackhand.User, creds []stackhand.Credential) (Reply, error) {
	var out, clouds []string
	var stays []stackhand.Credential
	var trouble stackhand.Text
	for _, c := range creds {
		if !slices.Contains(clouds, c.Cloud) {
			clouds = append(clouds, c.Cloud)
		}
	}
	for _, name := range clouds {
		left, err := env.Clouds.Logout(ctx, user, name, "")
		switch stackhand.KindOf(err) {
		case "", stackhand.NotFound:
			out, stays = append(out, name), append(stays, left...)
		case stackhand.Conflict:
			trouble = trouble.Add(" Not of %s: %s", name, inForm(err))
		default:
			return Reply{}, err
		}
	}
	text := stackhand.Textf("You are logged in to no cloud.")
	if len(out) > 0 {
		text = stackhand.Textf("You are logged out of %s, all projects. Your servers stay until they end.", andWords(out))
	} else if len(trouble) > 0 {
		text = stackhand.Textf("You are still logged in.")
	}
	return Reply{Text: append(append(text, trouble...), staying(stays)...)}, nil
}
