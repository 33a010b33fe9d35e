package commands

import (
	"context"
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
	authAppCred  = "v3applicationcredential"
)

var _ = add(Command[cloudArgs]{
	Name:     "login",
	Help:     "open the form to log in to the cloud; secrets are entered nowhere else",
	Examples: []string{"login"},
	Role:     stackhand.Member,
	Run:      login,
})

func login(_ context.Context, env *Env, _ stackhand.User, a cloudArgs) (Reply, error) {
	name, err := env.quietly(a.Cloud)
	if err != nil {
		return Reply{}, err
	}
	if env.Settings.Clouds[name].Service {
		return Reply{Text: stackhand.Textf("You need not log in to %s: it is used with the bot's own login.", name)}, nil
	}
	return Reply{Text: stackhand.Textf("Log in to %s in the form.", name), Form: loginForm(name)}, nil
}

// quietly checks a cloud's name like cloud, and does not repeat what is none: it may be a secret.
func (env *Env) quietly(name string) (string, error) {
	known, err := env.cloud(name)
	if err != nil {
		return "", stackhand.Errorf(stackhand.NotFound, "There is no cloud of that name.").
			Do("There are: %s. Names of users and passwords go into the form that `login` opens, nowhere else.", strings.Join(env.cloudNames(), ", "))
	}
	return known, nil
}

// loginForm asks in the words of clouds.yaml, so that everybody knows what is meant.
func loginForm(cloud string) *Form {
	return &Form{
		ID: formLogin, Title: "Log in", Submit: "Log in", State: cloud,
		Intro: stackhand.Textf("Your login to %s. A password is exchanged at once for an application credential and then forgotten. You see what you type, so mind who looks on.", stackhand.AsBold(cloud)),
		Inputs: []Input{
			{ID: "auth_type", Label: "How", Value: authPassword, Options: []Option{{"User name and password", authPassword}, {"Application credential", authAppCred}}},
			{ID: "username", Label: "User name", Optional: true},
			{ID: "password", Label: "Password", Optional: true, Secret: true},
			{ID: "project_name", Label: "Project", Hint: "Leave it empty to choose from yours", Optional: true},
			{ID: "project_id", Label: "Project id", Hint: "Instead of its name", Optional: true},
			{ID: "user_domain_name", Label: "User's domain", Hint: "Default, if empty", Optional: true},
			{ID: "project_domain_name", Label: "Project's domain", Hint: "Default, if empty", Optional: true},
			{ID: "application_credential_id", Label: "Application credential: id", Optional: true},
			{ID: "application_credential_secret", Label: "Application credential: secret", Optional: true, Secret: true},
		},
	}
}
