package cloud

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/stackhand/stackhand"
)

func write(t *testing.T, name, text string) string {
	t.Helper()
	if err := os.WriteFile(name, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	return name
}

const fullEntry = `
clouds:
  lab:
    auth:
      auth_url: https://keys.example:5000/v3
      username: bot
      project_name: ops
      user_domain_name: Default
      project_domain_id: d0
    region_name: one
    interface: internal
    identity_api_version: 3
    compute_endpoint_override: https://nova.example/v2.1
    load_balancer_endpoint_override: https://lb.example
    verify: false
    cacert: /ca.pem
    cert: /c.pem
    key: /k.pem
  old:
    auth: {auth_url: "http://old.example:5000/v2.0", tenant_name: t, token: abc}
    regions: [west, east]
    endpoint_type: adminURL
    auth_type: v2token
`

func TestLoadEntries(t *testing.T) {
	dir := t.TempDir()
	file := write(t, filepath.Join(dir, "clouds.yaml"), fullEntry)
	write(t, filepath.Join(dir, "secure.yaml"), "clouds: {lab: {auth: {password: s3cret}}}\n")
	t.Setenv("OS_CLIENT_CONFIG_FILE", file)
	got, err := LoadEntries("")
	if err != nil {
		t.Fatal(err)
	}
	want := map[string]Entry{
		"lab": {
			Name: "lab", File: file, AuthURL: "https://keys.example:5000/v3", IdentityVersion: "3", Region: "one", Interface: "internal",
			Overrides: map[string]string{"compute": "https://nova.example/v2.1", "load-balancer": "https://lb.example"},
			CACert:    "/ca.pem", Cert: "/c.pem", Key: "/k.pem", Insecure: true, ProjectDomainID: "d0",
			Auth: stackhand.Login{Username: "bot", Password: "s3cret", ProjectName: "ops", UserDomain: "Default"},
		},
		"old": {
			Name: "old", File: file, AuthURL: "http://old.example:5000/v2.0", Region: "west", Interface: "admin",
			Overrides: map[string]string{}, Auth: stackhand.Login{AuthType: "v2token", Token: "abc", ProjectName: "t"},
		},
	}
	if d := cmp.Diff(want, got); d != "" {
		t.Error(d)
	}
	if shown := fmt.Sprintf("%v %+v %#v", got, got, got); strings.Contains(shown, "s3cret") {
		t.Errorf("an entry shows its password: %s", shown)
	}
	if one, err := LoadEntries(file, "old"); err != nil || len(one) != 1 {
		t.Errorf("one name gives %v, %v", one, err)
	}
}

func TestLoadEntriesPlaces(t *testing.T) {
	dir := t.TempDir()
	t.Chdir(dir)
	t.Setenv("OS_CLIENT_CONFIG_FILE", "")
	t.Setenv("XDG_CONFIG_HOME", filepath.Join(dir, "config"))
	if _, err := os.Stat("/etc/openstack/clouds.yaml"); os.IsNotExist(err) {
		if _, err := LoadEntries(""); stackhand.KindOf(err) != stackhand.Invalid || !strings.Contains(err.Error(), "There is no clouds.yaml") {
			t.Errorf("without a file: %v", err)
		}
	}
	if err := os.MkdirAll(filepath.Join(dir, "config", "openstack"), 0o700); err != nil {
		t.Fatal(err)
	}
	write(t, filepath.Join(dir, "config", "openstack", "clouds.yaml"), "clouds: {home: {auth: {auth_url: http://h}}}")
	if got, err := LoadEntries(""); err != nil || got["home"].AuthURL != "http://h" {
		t.Errorf("from the home directory: %v, %v", got, err)
	}
	write(t, "clouds.yaml", "clouds: {here: {auth: {auth_url: http://h}}}")
	if got, err := LoadEntries(""); err != nil || got["here"].AuthURL != "http://h" {
		t.Errorf("from the working directory: %v, %v", got, err)
	}
}

func TestLoadEntriesRefuses(t *testing.T) {
	for _, c := range []struct{ name, text, msg string }{
		{"no YAML", "clouds:\n  lab:\n    auth: {password: s3cret\n", "is not valid YAML"},
		{"no clouds", "cloud: {}", "has no `clouds:`"},
		{"not a map", "clouds: [s3cret]", "is not valid YAML with a map of clouds"},
		{"no entry", "clouds: {other: {}}", `has no cloud "lab"`},
		{"no address", "clouds: {lab: {auth: {password: s3cret}}}", `Cloud "lab" in`},
		{"odd address", "clouds: {lab: {auth: {auth_url: 'ftp://u:s3cret@h'}}}", "auth.auth_url that is not an http(s) URL"},
		{"odd override", "clouds: {lab: {auth: {auth_url: 'http://h'}, network_endpoint_override: 'h:9696'}}", "network_endpoint_override that is not"},
		{"odd interface", "clouds: {lab: {auth: {auth_url: 'http://h'}, interface: private}}", `interface "private"`},
		{"half a certificate", "clouds: {lab: {auth: {auth_url: 'http://h'}, cert: x}}", "only one of cert and key"},
	} {
		t.Run(c.name, func(t *testing.T) {
			file := write(t, filepath.Join(t.TempDir(), "clouds.yaml"), c.text)
			_, err := LoadEntries(file, "lab")
			if stackhand.KindOf(err) != stackhand.Invalid || !strings.Contains(err.Error(), c.msg) || !strings.Contains(err.Error(), file) {
				t.Errorf("got %v, want %q with the file's name", err, c.msg)
			}
			if strings.Contains(fmt.Sprint(err), "s3cret") {
				t.Errorf("the error shows a secret: %v", err)
			}
		})
	}
	if _, err := LoadEntries(filepath.Join(t.TempDir(), "none.yaml")); stackhand.KindOf(err) != stackhand.Invalid {
		t.Errorf("a file that is not there: %v", err)
	}
}
