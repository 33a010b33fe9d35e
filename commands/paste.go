package commands

import (
	"errors"
	"net/url"
	"strings"

	"github.com/goccy/go-yaml"
	"github.com/goccy/go-yaml/lexer"
	"github.com/goccy/go-yaml/token"

	"github.com/stackhand/stackhand"
)

// pasted is a login as a clouds.yaml or an openrc file tells it.
type pasted struct {
	name    string // of the entry of clouds.yaml; "" for an openrc
	authURL string // "" where it does not say
	region  string
	login   stackhand.Login
}

// maxPaste is how much text of a paste is looked at; a form's input holds less.
const maxPaste = 1 << 16

// readPaste reads the text of a clouds.yaml, whole or one entry of it, or of an openrc file. No error repeats any of the
// text, which is secret.
func readPaste(text string) ([]pasted, error) {
	text = strings.TrimPrefix(strings.ReplaceAll(text, "\r\n", "\n"), "\ufeff")
	switch {
	case len(text) > maxPaste:
		return nil, unreadable("This is too long for an openrc or a clouds.yaml.")
	case looksLikeYAML(text):
		return readClouds(text)
	}
	p, err := readOpenrc(text)
	if err != nil {
		return nil, err
	}
	return []pasted{p}, nil
}

func unreadable(format string, args ...any) *stackhand.Error {
	return stackhand.Errorf(stackhand.Invalid, format, args...).Do("Paste the file as it came from the cloud's dashboard, or fill in the fields.")
}

// looksLikeYAML tells the two sorts of file apart by their first line that says something.
func looksLikeYAML(text string) bool {
	for line := range strings.Lines(text) {
		line = strings.TrimSpace(line)
		if line == "" || strings.HasPrefix(line, "#") {
			continue
		}
		key, _, found := strings.Cut(line, ":")
		return line == "---" || strings.HasPrefix(line, "{") || found && !strings.ContainsAny(key, "= $;")
	}
	return false
}

// yamlAuth is what clouds.yaml says below auth; old files have some of it beside. The keys are those of
// https://docs.openstack.org/openstacksdk/latest/user/config/configuration.html
type yamlAuth struct {
	AuthURL         string `yaml:"auth_url"`
	Username        string `yaml:"username"`
	UserName        string `yaml:"user_name"`
	Password        string `yaml:"password"`
	Token           string `yaml:"token"`
	ProjectName     string `yaml:"project_name"`
	ProjectID       string `yaml:"project_id"`
	TenantName      string `yaml:"tenant_name"`
	TenantID        string `yaml:"tenant_id"`
	UserDomain      string `yaml:"user_domain_name"`
	UserDomainID    string `yaml:"user_domain_id"`
	ProjectDomain   string `yaml:"project_domain_name"`
	ProjectDomainID string `yaml:"project_domain_id"`
	Domain          string `yaml:"domain_name"`
	DomainID        string `yaml:"domain_id"`
	DefaultDomain   string `yaml:"default_domain_name"`
	DefaultDomainID string `yaml:"default_domain_id"`
	AppCredID       string `yaml:"application_credential_id"`
	AppCredName     string `yaml:"application_credential_name"`
	AppCredSecret   string `yaml:"application_credential_secret"`
}

type yamlCloud struct {
	Auth     yamlAuth `yaml:"auth"`
	AuthType string   `yaml:"auth_type"`
	AuthURL  string   `yaml:"auth_url"`
	Region   string   `yaml:"region_name"`
	Profile  any      `yaml:"profile"`
	Vendor   any      `yaml:"cloud"`
}

func readClouds(text string) ([]pasted, error) {
	for _, t := range lexer.Tokenize(text) {
		// A few of them, one within the other, would make a short text fill all memory.
		if t.Type == token.AliasType || t.Type == token.AnchorType {
			return nil, unreadable("Line %d of what you pasted uses an anchor or an alias of YAML.", t.Position.Line)
		}
	}
	var doc struct {
		Clouds yaml.MapSlice `yaml:"clouds"`
		Alone  yamlCloud     `yaml:",inline"`
	}
	if err := yaml.Unmarshal([]byte(text), &doc); err != nil {
		return nil, badYAML(err)
	}
	if len(doc.Clouds) == 0 {
		p, err := doc.Alone.read("")
		return []pasted{p}, err
	}
	var whole struct {
		Clouds map[string]yamlCloud `yaml:"clouds"`
	}
	if err := yaml.Unmarshal([]byte(text), &whole); err != nil {
		return nil, badYAML(err)
	}
	var out []pasted
	for _, item := range doc.Clouds {
		name, _ := item.Key.(string)
		p, err := whole.Clouds[name].read(name)
		if err != nil {
			return nil, err
		}
		out = append(out, p)
	}
	return out, nil
}

// badYAML tells the line alone: the library's own text shows the lines around, with their passwords.
func badYAML(err error) error {
	var at yaml.Error
	if errors.As(err, &at) && at.GetToken() != nil {
		return unreadable("Line %d of what you pasted is not valid in a clouds.yaml.", at.GetToken().Position.Line)
	}
	return unreadable("What you pasted is not a valid clouds.yaml.")
}

func (c yamlCloud) read(name string) (pasted, error) {
	a := c.Auth
	p := pasted{name: name, authURL: first(a.AuthURL, c.AuthURL), region: c.Region, login: stackhand.Login{
		AuthType: c.AuthType, AppCredID: a.AppCredID, AppCredSecret: a.AppCredSecret, Username: first(a.Username, a.UserName), Password: a.Password,
		Token: a.Token, ProjectName: first(a.ProjectName, a.TenantName), ProjectID: first(a.ProjectID, a.TenantID),
		UserDomain: first(a.UserDomain, a.Domain, a.DefaultDomain), UserDomainID: first(a.UserDomainID, a.DomainID, a.DefaultDomainID),
		ProjectDomain: first(a.ProjectDomain, a.Domain, a.DefaultDomain), ProjectDomainID: first(a.ProjectDomainID, a.DomainID, a.DefaultDomainID),
	}}
	if p.authURL == "" && (c.Profile != nil || c.Vendor != nil) {
		return p, unreadable("The entry says with `profile` or `cloud` where it leads, and not with auth_url.")
	}
	return p.tidy(a.AppCredName)
}

// tidy settles what both sorts of file leave open: an id goes before a name, as the files of dashboards hold both.
func (p pasted) tidy(appCredName string) (pasted, error) {
	l := &p.login
	if l.AppCredID == "" && appCredName != "" {
		return p, unreadable("The application credential is given by its name. Its id is needed: `openstack application credential show` tells it.")
	}
	if l.ProjectID != "" {
		l.ProjectName = ""
	}
	if l.UserDomain != "" {
		l.UserDomainID = ""
	}
	if l.ProjectDomain != "" {
		l.ProjectDomainID = ""
	}
	switch {
	case l.AppCredID != "":
		*l = stackhand.Login{AuthType: authAppCred, AppCredID: l.AppCredID, AppCredSecret: l.AppCredSecret}
	case l.Token != "" && l.Password == "":
		l.AuthType, l.Username = authToken, ""
	default:
		l.AuthType, l.Token = authPassword, ""
	}
	if l.AppCredID == "" && l.Username == "" && l.Token == "" {
		return p, unreadable("What you pasted names no user, no token and no application credential.")
	}
	return p, nil
}

// forCloud picks, of what was pasted, the entry that is for the cloud. What is for another address is refused: no secret
// goes to a place that it was not made for.
func (env *Env) forCloud(all []pasted, cloud string) (pasted, error) {
	var fit []pasted
	var names, elsewhere []string
	for _, p := range all {
		if p.authURL == "" || sameAuth(p.authURL, env.Settings.Clouds[cloud].AuthURL) {
			fit = append(fit, p)
			names = append(names, p.name)
			continue
		}
		elsewhere = append(elsewhere, env.whose(p.authURL))
	}
	switch {
	case len(fit) == 1:
		return fit[0], nil
	case len(fit) > 1:
		return pasted{}, stackhand.Errorf(stackhand.Invalid, "Several of the entries are for %s: %s.", cloud, strings.Join(names, ", ")).
			Do("Paste one of them alone.")
	}
	return pasted{}, stackhand.Errorf(stackhand.Invalid, "This is not for %s but for %s, so it was not used.", cloud, strings.Join(elsewhere, " and ")).
		Do("%s", "Check where it came from. If its auth_url is another address of "+cloud+", take that line out and paste the rest.")
}

// whose tells what an address of Keystone belongs to.
func (env *Env) whose(authURL string) string {
	for _, name := range env.cloudNames() {
		if sameAuth(authURL, env.Settings.Clouds[name].AuthURL) {
			return "the cloud " + name + " (`login " + name + "` opens its form)"
		}
	}
	if u, err := url.Parse(strings.TrimSpace(authURL)); err == nil && u.Host != "" {
		return u.Host + ", which is no cloud of this bot"
	}
	return "an address that cannot be read"
}

// sameAuth tells whether two addresses of Keystone are the same one, whatever version they end with.
func sameAuth(a, b string) bool {
	x, y := authRoot(a), authRoot(b)
	return x != "" && x == y
}

func authRoot(s string) string {
	u, err := url.Parse(strings.TrimSpace(s))
	if err != nil || u.Hostname() == "" || u.User != nil || u.Scheme != "http" && u.Scheme != "https" {
		return ""
	}
	port := first(u.Port(), map[string]string{"http": "80", "https": "443"}[u.Scheme])
	path := strings.TrimRight(u.Path, "/")
	for _, version := range []string{"/v3", "/v2.0"} {
		path = strings.TrimSuffix(path, version)
	}
	return u.Scheme + "://" + strings.ToLower(u.Hostname()) + ":" + port + strings.TrimRight(path, "/")
}
