package commands

import (
	"context"
	"errors"
	"regexp"
	"strings"

	"github.com/stackhand/stackhand"
)

// The forms of login, as they come back to Submit.
const (
	formLogin   = "login"
	formProject = "login-project"
)

const (
	authPassword = "password"
	authToken    = "token"
	authAppCred  = "v3applicationcredential"
)

// NoLogin is the cause of an Unauthorized error: which login is missing. The button against it is made of it.
type NoLogin struct {
	Cloud     string
	ProjectID string // "" for any project of the cloud
	Refused   bool   // there is one, and the cloud does not accept it
}

func (n NoLogin) Error() string { return "no login to " + n.Cloud + " " + n.ProjectID }

// LoginAction is the button that opens the form to log in to a cloud, "" for the one in use, and a project of it, "" for any.
func LoginAction(cloud, project string) stackhand.Action {
	a := stackhand.Action{ID: "login", Label: "Log in"}
	if cloud != "" {
		a.Value = quote(cloud)
		if project != "" {
			a.Value += " --project " + quote(project)
		}
	}
	return a
}

// loginAgainst is the button that helps against an error.
func loginAgainst(err error) stackhand.Action {
	var missing NoLogin
	errors.As(err, &missing)
	return LoginAction(missing.Cloud, missing.ProjectID)
}

type loginArgs struct {
	cloudArgs
	Project string `opt:"project,project-name,project-id,os-project-name,os-project-id,os-tenant-name,os-tenant-id" help:"name or id; without it you choose one" value:"name"`
}

var _ = add(Command[loginArgs]{
	Name:     "login",
	Help:     "open the form to log in to a project of a cloud; secrets are entered nowhere else",
	Examples: []string{"login", "login --project team-b"},
	Role:     stackhand.Member,
	Run:      login,
})

func login(ctx context.Context, env *Env, user stackhand.User, a loginArgs) (Reply, error) {
	name, err := env.quietly(ctx, user, a.Cloud)
	if err != nil {
		return Reply{}, err
	}
	if env.Settings.Clouds[name].Service {
		return Reply{Text: stackhand.Textf("You need not log in to %s: it is used with the bot's own login.", name)}, nil
	}
	var l stackhand.Login
	if isID(a.Project) {
		l.ProjectID = a.Project
	} else {
		l.ProjectName = a.Project
	}
	return Reply{Text: stackhand.Textf("Log in to %s in the form.", name), Form: loginForm(name, l)}, nil
}

var hexID = regexp.MustCompile(`^[0-9a-f]{32}$`)

// isID tells whether a word is an id as Keystone makes them.
func isID(word string) bool { return hexID.MatchString(word) || uuid.MatchString(word) }

// quietly checks a cloud's name like cloud, and does not repeat what is none: it may be a secret.
func (env *Env) quietly(ctx context.Context, user stackhand.User, name string) (string, error) {
	known, err := env.cloud(ctx, user, name)
	if stackhand.KindOf(err) == stackhand.NotFound {
		return "", stackhand.Errorf(stackhand.NotFound, "There is no cloud of that name.").
			Do("There are: %s. Names of users and passwords go into the form that `login` opens, nowhere else.", strings.Join(env.cloudNames(), ", "))
	}
	return known, err
}

// loginForm asks in the words of clouds.yaml, so that everybody knows what is meant. What is known already is filled in.
func loginForm(cloud string, known stackhand.Login) *Form {
	how := first(known.AuthType, authPassword)
	return &Form{
		ID: formLogin, Title: "Log in", Submit: "Log in", State: cloud,
		Intro: stackhand.Textf("Your login to %s. A password is exchanged at once for an application credential and then forgotten. You see what you type, so mind who looks on.", stackhand.AsBold(cloud)),
		Inputs: []Input{
			{ID: "auth_type", Label: "How", Value: how, Options: []Option{{"User name and password", authPassword}, {"Application credential", authAppCred}, {"Token", authToken}}},
			{ID: "username", Label: "User name", Value: known.Username, Optional: true},
			{ID: "password", Label: "Password", Optional: true, Secret: true},
			{ID: "project_name", Label: "Project", Hint: "Leave it empty to choose from yours", Value: known.ProjectName, Optional: true},
			{ID: "project_id", Label: "Project id", Hint: "Instead of its name", Value: known.ProjectID, Optional: true},
			{ID: "user_domain_name", Label: "User's domain", Hint: "Default, if empty", Value: known.UserDomain, Optional: true},
			{ID: "project_domain_name", Label: "Project's domain", Hint: "Default, if empty", Value: known.ProjectDomain, Optional: true},
			{ID: "application_credential_id", Label: "Application credential: id", Value: known.AppCredID, Optional: true},
			{ID: "application_credential_secret", Label: "Application credential: secret", Optional: true, Secret: true},
			{ID: "token", Label: "Token", Hint: "It serves until it ends", Optional: true, Secret: true},
			{ID: "paste", Label: "Or paste your openrc or clouds.yaml", Hint: "It is read, not run. What you enter above fills what it leaves out", Optional: true, Secret: true, Multiline: true},
		},
	}
}
