package session

import (
	"context"
	"errors"
	"io"
	"log/slog"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/stackhand/stackhand"
	"github.com/stackhand/stackhand/commands"
	"github.com/stackhand/stackhand/internal/cloud"
	"github.com/stackhand/stackhand/internal/secret"
	"github.com/stackhand/stackhand/internal/sim/openstack"
)

// vault keeps credentials in memory.
type vault map[[2]string]stackhand.Credential

func (v vault) Credential(_ context.Context, user, name string) (stackhand.Credential, error) {
	c, ok := v[[2]string{user, name}]
	if !ok {
		return c, stackhand.Errorf(stackhand.NotFound, "none")
	}
	return c, nil
}

func (v vault) SaveCredential(_ context.Context, c *stackhand.Credential) error {
	v[[2]string{c.User, c.Cloud}] = *c
	return nil
}

func (v vault) DeleteCredential(_ context.Context, user, name string) error {
	delete(v, [2]string{user, name})
	return nil
}

func (v vault) Credentials(_ context.Context, user string) (list []stackhand.Credential, err error) {
	for k, c := range v {
		if k[0] == user {
			list = append(list, c)
		}
	}
	return list, nil
}

// lab is a manager before a simulated cloud, with a clock that the test moves.
type lab struct {
	*Manager
	vault vault
	cloud *openstack.Cloud
	now   time.Time
}

func newLab(t *testing.T) *lab {
	l := &lab{vault: vault{}, now: time.Now()}
	l.cloud = openstack.New(openstack.Options{})
	srv := httptest.NewServer(l.cloud)
	t.Cleanup(srv.Close)
	keyset, err := secret.NewKeyset()
	if err != nil {
		t.Fatal(err)
	}
	box, err := secret.Open(keyset)
	if err != nil {
		t.Fatal(err)
	}
	entry := cloud.Entry{Name: "lab", AuthURL: srv.URL + "/identity/v3", Region: "RegionOne"}
	shared := entry
	shared.Name, shared.Auth = "shared", stackhand.Login{Username: "bob", Password: "bob-secret", ProjectName: "team-b"}
	clock := func() time.Time { return l.now }
	pool := cloud.NewPool(map[string]cloud.Entry{"lab": entry, "shared": shared}, cloud.Options{Now: clock})
	l.Manager = New(pool, l.vault, box, Options{
		Clouds: map[string]commands.CloudSettings{"lab": {}, "shared": {Service: true}},
		Now:    clock, Log: slog.New(slog.NewTextHandler(io.Discard, nil)),
	})
	return l
}

func user(id string) stackhand.User { return stackhand.User{ID: id} }

func TestPasswordIsExchangedAndForgotten(t *testing.T) {
	l := newLab(t)
	cred, projects, err := l.Login(t.Context(), user("U1"), "lab", stackhand.Login{Username: "alice", Password: "alice-secret", ProjectName: "team-a"})
	if err != nil || len(projects) > 0 {
		t.Fatal(err, projects)
	}
	if cred.AppCredID == "" || cred.Identity.Project != "team-a" || !cred.Ends.After(l.now) {
		t.Errorf("credential %+v", cred)
	}
	kept, err := l.unseal(cred.Sealed, "U1", "lab")
	if err != nil || kept.Password != "" || kept.AppCredID != cred.AppCredID {
		t.Errorf("what is kept has a password: %v, or is not the application credential (%v)", kept.Password != "", err)
	}
	if strings.Contains(string(cred.Sealed), "alice") {
		t.Error("the login is kept in clear")
	}
	if _, err := l.unseal(cred.Sealed, "U2", "lab"); err == nil {
		t.Error("somebody else's record opens")
	}
	c, err := l.Open(t.Context(), user("U1"), "lab", stackhand.Scope{})
	if err != nil || c.Identity().User != "alice" {
		t.Fatalf("Open: %v", err)
	}
	if _, err := l.Open(t.Context(), user("U2"), "lab", stackhand.Scope{}); stackhand.KindOf(err) != stackhand.Unauthorized {
		t.Errorf("somebody who is not logged in: %v", err)
	}
}

// A new login takes the place of the old one, whose application credential is deleted in the cloud. A logout
// forgets the last; Keystone does not let it delete itself, which is said.
func TestLogout(t *testing.T) {
	l := newLab(t)
	alice := stackhand.Login{Username: "alice", Password: "alice-secret", ProjectName: "team-a"}
	first, _, err := l.Login(t.Context(), user("U1"), "lab", alice)
	if err != nil {
		t.Fatal(err)
	}
	l.now = l.now.Add(time.Minute)
	second, _, err := l.Login(t.Context(), user("U1"), "lab", alice)
	if err != nil {
		t.Fatal(err)
	}
	refused := func(c stackhand.Credential) bool {
		login, err := l.unseal(c.Sealed, "U1", "lab")
		if err != nil {
			t.Fatal(err)
		}
		l.pool.Forget("lab", login)
		_, err = l.pool.Client(t.Context(), "lab", login)
		return stackhand.KindOf(err) == stackhand.Unauthorized
	}
	if !refused(first) || refused(second) {
		t.Error("after the second login the first credential should be gone in the cloud, and only that")
	}
	err = l.Logout(t.Context(), user("U1"), "lab")
	if stackhand.KindOf(err) != stackhand.Forbidden || !strings.HasPrefix(err.Error(), "You are logged out") || len(l.vault) != 0 {
		t.Errorf("Logout = %v, %d credentials kept", err, len(l.vault))
	}
	if err := l.Logout(t.Context(), user("U1"), "lab"); stackhand.KindOf(err) != stackhand.NotFound {
		t.Errorf("a second logout: %v", err)
	}
}

// What a job goes on with stays until the job rests.
func TestNoLogoutDuringAJob(t *testing.T) {
	l := newLab(t)
	if _, _, err := l.Login(t.Context(), user("U1"), "lab", stackhand.Login{Username: "alice", Password: "alice-secret", ProjectName: "team-a"}); err != nil {
		t.Fatal(err)
	}
	at, fail := map[[2]string]string{{"U1", "lab"}: "job1", {"U2", "lab"}: "job2"}, errors.New("the disk is full")
	var broken error
	l.o.Busy = func(_ context.Context, user, cloud string) (string, error) { return at[[2]string{user, cloud}], broken }
	err := l.Logout(t.Context(), user("U1"), "lab")
	if stackhand.KindOf(err) != stackhand.Conflict || !strings.Contains(err.Error(), "Job job1 of yours is still at work in lab.") || len(l.vault) != 1 {
		t.Errorf("during a job: %v, %d kept", err, len(l.vault))
	}
	delete(at, [2]string{"U1", "lab"})
	broken = fail
	if err := l.Logout(t.Context(), user("U1"), "lab"); !errors.Is(err, fail) || len(l.vault) != 1 {
		t.Errorf("with unreadable records: %v, %d kept", err, len(l.vault))
	}
	broken = nil
	if err := l.Logout(t.Context(), user("U1"), "lab"); stackhand.KindOf(err) != stackhand.Forbidden || len(l.vault) != 0 {
		t.Errorf("after it: %v, %d kept", err, len(l.vault))
	}
}

func TestChooseAProject(t *testing.T) {
	l := newLab(t)
	carol := stackhand.Login{Username: "carol", Password: "carol-secret"}
	_, projects, err := l.Login(t.Context(), user("U3"), "lab", carol)
	if err != nil || len(projects) != 2 || len(l.vault) != 0 {
		t.Fatalf("projects %v, %d kept, %v", projects, len(l.vault), err)
	}
	if _, err := l.LoginProject(t.Context(), user("U3"), "lab", "admin"); stackhand.KindOf(err) != stackhand.NotFound {
		t.Errorf("a project that is not hers: %v", err)
	}
	if _, err := l.LoginProject(t.Context(), user("U4"), "lab", "team-b"); stackhand.KindOf(err) != stackhand.Unauthorized {
		t.Errorf("somebody else ends her login: %v", err)
	}
	cred, err := l.LoginProject(t.Context(), user("U3"), "lab", "team-b")
	if err != nil || cred.Identity.Project != "team-b" {
		t.Fatalf("LoginProject: %+v, %v", cred.Identity, err)
	}
	if _, _, err := l.Login(t.Context(), user("U3"), "lab", carol); err != nil {
		t.Fatal(err)
	}
	l.now = l.now.Add(patience + time.Second)
	if _, err := l.LoginProject(t.Context(), user("U3"), "lab", "team-b"); stackhand.KindOf(err) != stackhand.Unauthorized {
		t.Errorf("a login that waited too long: %v", err)
	}
	// bob has one project only: nothing to choose
	cred, projects, err = l.Login(t.Context(), user("U2"), "lab", stackhand.Login{Username: "bob", Password: "bob-secret"})
	if err != nil || len(projects) > 0 || cred.Identity.Project != "team-b" {
		t.Errorf("bob: %+v, %v, %v", cred.Identity, projects, err)
	}
}

func TestRefusals(t *testing.T) {
	l := newLab(t)
	for _, c := range []struct {
		name  string
		cloud string
		login stackhand.Login
		kind  stackhand.Kind
	}{
		{"wrong password", "lab", stackhand.Login{Username: "bob", Password: "x"}, stackhand.Unauthorized},
		{"foreign project", "lab", stackhand.Login{Username: "bob", Password: "bob-secret", ProjectName: "team-a"}, stackhand.Unauthorized},
		{"unknown cloud", "moon", stackhand.Login{Username: "bob", Password: "bob-secret"}, stackhand.NotFound},
		{"service cloud", "shared", stackhand.Login{Username: "bob", Password: "bob-secret"}, stackhand.Invalid},
	} {
		_, _, err := l.Login(t.Context(), user("U2"), c.cloud, c.login)
		if stackhand.KindOf(err) != c.kind || len(l.vault) != 0 {
			t.Errorf("%s: %v (%s), want %s; %d kept", c.name, err, stackhand.KindOf(err), c.kind, len(l.vault))
		}
		if err != nil && strings.Contains(err.Error(), "bob-secret") {
			t.Errorf("%s: the error shows the password", c.name)
		}
	}
}

func TestServiceCloud(t *testing.T) {
	l := newLab(t)
	c, err := l.Open(t.Context(), user("U9"), "shared", stackhand.Scope{})
	if err != nil || c.Identity().User != "bob" {
		t.Fatalf("Open of a cloud whose own credentials serve everyone: %v", err)
	}
	if list, err := l.Credentials(t.Context(), user("U9")); err != nil || len(list) != 0 {
		t.Errorf("Credentials = %v, %v", list, err)
	}
}

// A credential that the cloud no longer knows is said so, with what to do.
func TestRevokedElsewhere(t *testing.T) {
	l := newLab(t)
	cred, _, err := l.Login(t.Context(), user("U1"), "lab", stackhand.Login{Username: "alice", Password: "alice-secret", ProjectName: "team-a"})
	if err != nil {
		t.Fatal(err)
	}
	login, err := l.unseal(cred.Sealed, "U1", "lab")
	if err != nil {
		t.Fatal(err)
	}
	alice := stackhand.Login{Username: "alice", Password: "alice-secret", ProjectName: "team-a"}
	if err := l.pool.Revoke(t.Context(), "lab", alice, cred.AppCredID); err != nil {
		t.Fatal(err)
	}
	l.pool.Forget("lab", login)
	_, err = l.Open(t.Context(), user("U1"), "lab", stackhand.Scope{})
	if stackhand.KindOf(err) != stackhand.Unauthorized || !strings.Contains(err.Error(), "no longer accepts") {
		t.Errorf("Open = %v", err)
	}
}

// What was stored under a keyset that is lost can still be forgotten. Of a credential of the user's own nothing
// is claimed to stay in the cloud.
func TestLogoutWithAnotherKeyset(t *testing.T) {
	for id, want := range map[string]stackhand.Kind{"": "", "made-here": stackhand.Forbidden} {
		l := newLab(t)
		l.vault[[2]string{"U1", "lab"}] = stackhand.Credential{User: "U1", Cloud: "lab", Sealed: []byte("of another keyset"), AppCredID: id, Ends: l.now}
		err := l.Logout(t.Context(), user("U1"), "lab")
		if stackhand.KindOf(err) != want || len(l.vault) != 0 {
			t.Errorf("application credential %q: %v, %d credentials kept", id, err, len(l.vault))
		}
	}
}
