package commands

import (
	"context"
	"errors"
	"fmt"
	"net/url"
	"slices"
	"strings"

	"github.com/stackhand/stackhand"
)

// maxOptions is how many choices a select can show.
const maxOptions = 100

// submitLogin tries a login. What the person can mend in the form comes back as messages.
func submitLogin(ctx context.Context, env *Env, user stackhand.User, state string, values map[string]string) (Reply, map[string]string, error) {
	state, rest, _ := strings.Cut(state, "?")
	name, err := env.cloud(ctx, user, state)
	if err != nil {
		return Reply{}, nil, err
	}
	if env.Settings.Clouds[name].Service {
		return Reply{Text: stackhand.Textf("You need not log in to %s: it is used with the bot's own login.", name)}, nil, nil
	}
	from := restOf(rest)
	if strings.TrimSpace(values["paste"]) != "" {
		if from, err = env.unpaste(values["paste"], name); err != nil {
			return Reply{}, map[string]string{"paste": inForm(err)}, nil
		}
		if fillFrom(values, from.login); lacksPassword(values) {
			return askPassword(name, values, from), nil, nil
		}
	}
	l, wrong := loginOfForm(values)
	if len(wrong) > 0 {
		return Reply{}, wrong, nil
	}
	l.UserDomainID, l.ProjectDomainID = from.login.UserDomainID, from.login.ProjectDomainID
	return tryLogin(ctx, env, user, name, l, from.region)
}

// tryLogin tries a login that is complete but for its project.
func tryLogin(ctx context.Context, env *Env, user stackhand.User, name string, l stackhand.Login, region string) (Reply, map[string]string, error) {
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
	r := loggedIn(ctx, env, user, cred)
	if region != "" && region != env.Settings.Clouds[name].Region {
		r.Text = append(r.Text, env.inRegion(ctx, user, name, region)...)
	}
	return r, nil, nil
}

// inRegion chooses the region that a paste names, and says so; a region that is not there is left alone.
func (env *Env) inRegion(ctx context.Context, user stackhand.User, cloud, region string) stackhand.Text {
	if _, err := env.Clouds.Choose(ctx, user, cloud, stackhand.Scope{Region: region}); err != nil {
		return stackhand.Textf(" Its region %s cannot be used: %s", region, err)
	}
	return stackhand.Textf(" You work in its region %s.", region)
}

// unpaste reads what was pasted for a cloud.
func (env *Env) unpaste(text, cloud string) (pasted, error) {
	all, err := readPaste(text)
	if err != nil {
		return pasted{}, err
	}
	return env.forCloud(all, cloud)
}

// inForm is an error with its next step, as it stands beside an input.
func inForm(err error) string {
	var e *stackhand.Error
	if errors.As(err, &e) && e.Next != "" {
		return clip(e.Msg+" "+e.Next, 300)
	}
	return clip(err.Error(), 300)
}

// fillFrom puts what was pasted into the inputs: what is typed above it counts only where it says nothing.
func fillFrom(values map[string]string, l stackhand.Login) {
	if l.ProjectID != "" || l.ProjectName != "" || l.AuthType == authAppCred {
		values["project_id"], values["project_name"] = "", ""
	}
	for id, v := range map[string]string{
		"auth_type": l.AuthType, "username": l.Username, "password": l.Password, "token": l.Token, "project_name": l.ProjectName, "project_id": l.ProjectID,
		"user_domain_name": l.UserDomain, "project_domain_name": l.ProjectDomain,
		"application_credential_id": l.AppCredID, "application_credential_secret": l.AppCredSecret,
	} {
		if v != "" {
			values[id] = v
		}
	}
}

func lacksPassword(values map[string]string) bool {
	return values["auth_type"] == authPassword && values["username"] != "" && values["password"] == ""
}

// askPassword is the form for a file that asks for the password when it is run: everything else is filled in.
func askPassword(cloud string, values map[string]string, from pasted) Reply {
	l := from.login
	l.ProjectName, l.ProjectID = values["project_name"], values["project_id"]
	form := loginForm(cloud, l)
	form.State += "?" + from.rest()
	form.Intro = stackhand.Textf("Your file says who you are, and not your password. Type the password for %s of %s; the rest is filled in.", l.Username, stackhand.AsBold(cloud))
	return Reply{Text: stackhand.Textf("Type your password in the form."), Form: form}
}

// rest is what a file said and the form has no inputs for, as it travels through the form; none of it is secret.
func (p pasted) rest() string {
	return url.Values{"user": {p.login.UserDomainID}, "project": {p.login.ProjectDomainID}, "region": {p.region}}.Encode()
}

func restOf(s string) pasted {
	v, err := url.ParseQuery(s)
	if err != nil {
		return pasted{} // forged: nothing is known
	}
	return pasted{region: v.Get("region"), login: stackhand.Login{UserDomainID: v.Get("user"), ProjectDomainID: v.Get("project")}}
}

// loginOfForm reads the form; which way of logging in is meant is guessed from what is filled.
func loginOfForm(values map[string]string) (stackhand.Login, map[string]string) {
	v := func(id string) string { return strings.TrimSpace(values[id]) }
	l := stackhand.Login{
		AuthType: v("auth_type"), Username: v("username"), Password: values["password"], Token: v("token"),
		ProjectName: v("project_name"), ProjectID: v("project_id"), UserDomain: v("user_domain_name"), ProjectDomain: v("project_domain_name"),
		AppCredID: v("application_credential_id"), AppCredSecret: v("application_credential_secret"),
	}
	wrong := map[string]string{}
	if l.AppCredID != "" && l.Username == "" || l.AuthType == authAppCred && l.Username == "" && l.Password == "" {
		missed(wrong, "application_credential_id", l.AppCredID, "The id of your application credential is missing.")
		missed(wrong, "application_credential_secret", l.AppCredSecret, "Its secret is missing: it was shown once, when it was made.")
		return stackhand.Login{AuthType: authAppCred, AppCredID: l.AppCredID, AppCredSecret: l.AppCredSecret}, wrong
	}
	if l.ProjectName != "" && l.ProjectID != "" {
		wrong["project_id"] = "Give the project's name or its id, not both."
	}
	l.AppCredID, l.AppCredSecret = "", ""
	if l.Token != "" && l.Password == "" || l.AuthType == authToken && l.Username == "" && l.Password == "" {
		missed(wrong, "token", l.Token, "The token is missing: `openstack token issue` makes one.")
		l.AuthType, l.Username, l.UserDomain = authToken, "", ""
		return l, wrong
	}
	missed(wrong, "username", l.Username, "Your user name in the cloud is missing.")
	missed(wrong, "password", l.Password, "Your password is missing.")
	l.AuthType, l.Token = authPassword, ""
	return l, wrong
}

func missed(wrong map[string]string, id, value, msg string) {
	if value == "" {
		wrong[id] = msg
	}
}

// loginTrouble says beside an input what the cloud did not like; nil for anything else.
func loginTrouble(l stackhand.Login, err error) map[string]string {
	where := map[string]string{authAppCred: "application_credential_secret", authToken: "token"}[l.AuthType]
	where = first(where, "password")
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
	return andWords(names)
}

// andWords lists words as a sentence does: "a, b and c".
func andWords(names []string) string {
	last := len(names) - 1
	if last == 0 {
		return names[0]
	}
	return strings.Join(names[:last], ", ") + " and " + names[last]
}

func submitProject(ctx context.Context, env *Env, user stackhand.User, state string, values map[string]string) (Reply, map[string]string, error) {
	name, err := env.cloud(ctx, user, state)
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
		return loggedIn(ctx, env, user, cred), nil, nil
	case stackhand.NotFound, stackhand.Forbidden:
		return Reply{}, map[string]string{"project_name": clip(err.Error(), 300)}, nil
	}
	r, err := settle(Reply{}, err)
	return r, nil, err
}

// loggedIn tells who one is now, with which roles and until when, and what is kept for it.
func loggedIn(ctx context.Context, env *Env, user stackhand.User, c stackhand.Credential) Reply {
	text := stackhand.Textf("You are logged in to %s as %s, project %s%s.", c.Cloud, c.Identity.User, c.Identity.Project, inBrackets(c.Identity.Roles))
	if !c.Ends.IsZero() {
		text = text.Add(" The login ends %s.", stackhand.At(c.Ends))
	}
	switch c.Kind {
	case authPassword:
		text = text.Add(" %s has no application credentials, so your password is kept here, encrypted, until you log out.", c.Cloud)
	case authToken:
		text = text.Add(" No application credential could be made of the token, so it is kept here, encrypted, until it ends.")
	}
	r := Reply{Text: text.Add(" Try %s.", stackhand.AsCode("create NAME"))}
	if meant, err := env.cloud(ctx, user, ""); err == nil && meant != c.Cloud {
		r.Text = text.Add(" Your lines still mean %s; %s changes that.", meant, stackhand.AsCode("use cloud "+quote(c.Cloud)))
		r.Actions = []stackhand.Action{{ID: "choose", Label: clip("Use "+c.Cloud, 70), Value: "use cloud " + quote(c.Cloud)}}
	}
	return r
}

// inBrackets lists roles: " (member, reader)"; nothing for none.
func inBrackets(roles []string) string {
	if len(roles) == 0 {
		return ""
	}
	return " (" + strings.Join(roles, ", ") + ")"
}
