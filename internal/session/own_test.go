package session

import (
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/stackhand/stackhand"
	"github.com/stackhand/stackhand/internal/cloud"
	"github.com/stackhand/stackhand/internal/sim/openstack"
)

// withOwn puts a login into the entry of clouds.yaml.
func (l *lab) withOwn(own stackhand.Login) {
	entry := cloud.Entry{Name: "lab", AuthURL: l.url + "/identity/v3", Region: "RegionOne", Interface: "public", Auth: own}
	l.pool = cloud.NewPool(map[string]cloud.Entry{"lab": entry}, cloud.Options{RetryPause: time.Millisecond})
}

// projectOf is the id of a project that somebody may log in to.
func (l *lab) projectOf(t *testing.T, name, project string) string {
	t.Helper()
	c, err := l.pool.ClientIn(t.Context(), "lab", "", as(name, project))
	if err != nil {
		t.Fatal(err)
	}
	return c.Identity().ProjectID
}

// The bot's own login is used in the very project where it gets in, from another one as an administrator, and nowhere else.
func TestOwn(t *testing.T) {
	l := newLab(t)
	a, b := l.projectOf(t, "alice", "team-a"), l.projectOf(t, "bob", "team-b")
	appCred := stackhand.Login{}
	_, _, err := l.Login(t.Context(), user("U9"), "lab", as("bob", "team-b"))
	if err != nil {
		t.Fatal(err)
	}
	cred, err := l.vault.Credential(t.Context(), "U9", "lab", b)
	if err != nil {
		t.Fatal(err)
	}
	if appCred, err = l.unseal(cred.Sealed, "U9", "lab"); err != nil || appCred.AppCredID == "" {
		t.Fatal(appCred.AuthType, err)
	}
	for _, c := range []struct {
		name    string
		own     stackhand.Login
		project string
		in      string // the project that it is used in
		msg     string
		next    string
	}{
		{"its own project", as("bob", "team-b"), b, "team-b", "", ""},
		{"without a project", as("bob", ""), b, "team-b", "", ""},
		{"an application credential", appCred, b, "team-b", "", ""},
		{"into another project", as("carol", "team-b"), a, "team-a", "", ""},
		{"an administrator from another project", as("admin", "admin"), b, "admin", "", ""},
		{"somebody from another project", as("bob", "team-b"), a, "", "own login is to the project team-b and does not get into this one", "bob a role in it"},
		{"an application credential of another project", appCred, a, "", "own login is to the project team-b", "bob a role"},
		{"a wrong password", stackhand.Login{Username: "bob", Password: "no", ProjectName: "team-b"}, b, "", "does not accept the bot's own login either", "the entry lab"},
		{"none", stackhand.Login{ProjectName: "team-b"}, b, "", "no login of its own", "the entry lab of clouds.yaml"},
	} {
		t.Run(c.name, func(t *testing.T) {
			l.withOwn(c.own)
			got, err := l.Own(t.Context(), "lab", stackhand.Scope{ProjectID: c.project})
			if c.in != "" {
				if err != nil || got.Identity().Project != c.in {
					t.Fatalf("%v", err)
				}
				return
			}
			var e *stackhand.Error
			if !errors.As(err, &e) || e.Kind != stackhand.Unauthorized || !strings.Contains(e.Msg, c.msg) || !strings.Contains(e.Next, c.next) {
				t.Fatalf("%+v", err)
			}
		})
	}
	// A cloud that does not answer refuses nobody: it is tried again.
	l.withOwn(as("carol", "team-b"))
	rule, err := openstack.ParseRule([]string{"any", "/identity", "503", "always"})
	if err := errors.Join(err, l.cloud.Fault(rule)); err != nil {
		t.Fatal(err)
	}
	if _, err := l.Own(t.Context(), "lab", stackhand.Scope{ProjectID: a}); !stackhand.Temporary(err) {
		t.Errorf("a cloud that is down: %v", err)
	}
	if _, err := l.Own(t.Context(), "nowhere", stackhand.Scope{}); stackhand.KindOf(err) != stackhand.NotFound {
		t.Errorf("a cloud that is not configured: %v", err)
	}
}
