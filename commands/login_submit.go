package commands

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"github.com/stackhand/stackhand"
)

// maxOptions is how many choices a select can show.
const maxOptions = 100

// submitLogin tries a login. What the person can mend in the form comes back as messages.
func submitLogin(ctx context.Context, env *Env, user stackhand.User, state string, values map[string]string) (Reply, map[string]string, error) {
	name, err := env.cloud(state)
	if err != nil {
		return Reply{}, nil, err
	}
	if env.Settings.Clouds[name].Service {
		return Reply{Text: stackhand.Textf("You need not log in to %s: it is used with the bot's own login.", name)}, nil, nil
	}
	l, wrong := loginOfForm(values)
	if len(wrong) > 0 {
		return Reply{}, wrong, nil
	}
	cred, projects, err := env.Clouds.Login(ctx, user, name, l)
	if wrong := loginTrouble(l, err); wrong != nil {
		return Reply{}, wrong, nil
	}
	if err != nil {
		return Reply{}, nil, err
	}
	switch {
	case len(projects) > 0:
		return Reply{Text: stackhand.Textf("Choose the project to work in."), Form: projectForm(name, projects)}, nil, nil
	case cred.Identity.ProjectID == "" && cred.Identity.Project == "":
		return Reply{}, map[string]string{"username": "This user is in no project of the cloud. Ask its administrator."}, nil
	}
	return loggedIn(cred, name), nil, nil
}

// loginOfForm reads the form; which way of logging in is meant is guessed from what is filled.
func loginOfForm(values map[string]string) (stackhand.Login, map[string]string) {
	v := func(id string) string { return strings.TrimSpace(values[id]) }
	l := stackhand.Login{
		AuthType: v("auth_type"), Username: v("username"), Password: values["password"],
		ProjectName: v("project_name"), ProjectID: v("project_id"), UserDomain: v("user_domain_name"), ProjectDomain: v("project_domain_name"),
		AppCredID: v("application_credential_id"), AppCredSecret: v("application_credential_secret"),
	}
	wrong := map[string]string{}
	if l.AppCredID != "" && l.Username == "" || l.AuthType == authAppCred && l.Username == "" && l.Password == "" {
		missed(wrong, "application_credential_id", l.AppCredID, "The id of your application credential is missing.")
		missed(wrong, "application_credential_secret", l.AppCredSecret, "Its secret is missing: it was shown once, when it was made.")
		return stackhand.Login{AuthType: authAppCred, AppCredID: l.AppCredID, AppCredSecret: l.AppCredSecret}, wrong
	}
	missed(wrong, "username", l.Username, "Your user name in the cloud is missing.")
	missed(wrong, "password", l.Password, "Your password is missing.")
	if l.ProjectName != "" && l.ProjectID != "" {
		wrong["project_id"] = "Give the project's name or its id, not both."
	}
	l.AuthType, l.AppCredID, l.AppCredSecret = authPassword, "", ""
	return l, wrong
}

func missed(wrong map[string]string, id, value, msg string) {
	if value == "" {
		wrong[id] = msg
	}
}

// loginTrouble says beside an input what the cloud did not like; nil for anything else.
func loginTrouble(l stackhand.Login, err error) map[string]string {
	where := "password"
	if l.AuthType == authAppCred {
		where = "application_credential_secret"
	}
	switch stackhand.KindOf(err) {
	case stackhand.Unauthorized:
		return map[string]string{where: "The cloud does not accept this login. Check the name, the secret, the project and the domains."}
	case stackhand.NotFound, stackhand.Forbidden, stackhand.Invalid:
		if l.AuthType != authAppCred && (l.ProjectName != "" || l.ProjectID != "") {
			where = "project_name"
			if l.ProjectID != "" {
				where = "project_id"
			}
		}
		return map[string]string{where: clip(err.Error(), 300)}
	}
	return nil
}

func projectForm(cloud string, projects []stackhand.Project) *Form {
	projects = slices.Clone(projects)
	slices.SortFunc(projects, func(a, b stackhand.Project) int { return strings.Compare(a.Name, b.Name) })
	in := Input{ID: "project_name", Label: "Project"}
	named := map[string]int{}
	for _, p := range projects {
		named[p.Name]++
	}
	for _, p := range projects[:min(len(projects), maxOptions)] {
		o := Option{clip(p.Name, 75), p.Name}
		if named[p.Name] > 1 { // in different domains
			o = Option{clip(p.Name, 40) + " " + clip(p.ID, 33), p.ID}
		}
		in.Options = append(in.Options, o)
	}
	in.Value = in.Options[0].Value
	intro := stackhand.Textf("You are in %s of %s. Which of them do you want to work in?", inWords(in.Options, len(projects)), stackhand.AsBold(cloud))
	if len(projects) > maxOptions {
		intro = intro.Add(" The first %d are shown; for another one log in with the project's name.", maxOptions)
	}
	return &Form{ID: formProject, Title: "Choose a project", Submit: "Use it", State: cloud, Intro: intro, Inputs: []Input{in}}
}

// maxInWords is how many choices a sentence lists; the select shows them all.
const maxInWords = 20

// inWords lists choices in a sentence: "team-a, team-b and team-c". total counts those that
// are not among them, too.
func inWords(some []Option, total int) string {
	var names []string
	for _, o := range some[:min(len(some), maxInWords)] {
		names = append(names, o.Label)
	}
	if more := total - len(names); more > 0 {
		names = append(names, fmt.Sprintf("%d more", more))
	}
	last := len(names) - 1
	if last == 0 {
		return names[0]
	}
	return strings.Join(names[:last], ", ") + " and " + names[last]
}

func submitProject(ctx context.Context, env *Env, user stackhand.User, state string, values map[string]string) (Reply, map[string]string, error) {
	name, err := env.cloud(state)
	if err != nil {
		return Reply{}, nil, err
	}
	project := strings.TrimSpace(values["project_name"])
	if project == "" {
		return Reply{}, map[string]string{"project_name": "Choose a project."}, nil
	}
	cred, err := env.Clouds.LoginProject(ctx, user, name, project)
	switch stackhand.KindOf(err) {
	case "":
		return loggedIn(cred, name), nil, nil
	case stackhand.NotFound, stackhand.Forbidden:
		return Reply{}, map[string]string{"project_name": clip(err.Error(), 300)}, nil
	}
	r, err := settle(Reply{}, err)
	return r, nil, err
}

func loggedIn(c stackhand.Credential, cloud string) Reply {
	text := stackhand.Textf("You are logged in to %s as %s, project %s.", cloud, c.Identity.User, c.Identity.Project)
	if !c.Ends.IsZero() {
		text = text.Add(" The login ends %s.", stackhand.At(c.Ends))
	}
	return Reply{Text: text.Add(" Try %s.", stackhand.AsCode("create NAME"))}
}
