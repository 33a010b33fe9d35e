package session

import (
	"context"
	"errors"
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
	"github.com/stackhand/stackhand/store"
	"github.com/stackhand/stackhand/store/storetest"
)

// lab is a manager before a simulated cloud, with a store in memory and a clock that the test moves.
type lab struct {
	*Manager
	store *store.Store
	disk  *storetest.Memory
	cloud *openstack.Cloud
	url   string
	seal  Sealer
	now   time.Time
}

func newLab(t *testing.T) *lab { return labOf(t, openstack.Options{}) }

func labOf(t *testing.T, o openstack.Options) *lab {
	l := &lab{disk: storetest.NewMemory(), now: time.Now()}
	clock := func() time.Time { return l.now }
	var err error
	if l.store, err = store.New(t.Context(), l.disk, store.Options{Now: clock}); err != nil {
		t.Fatal(err)
	}
	l.cloud = openstack.New(o)
	srv := httptest.NewServer(l.cloud)
	t.Cleanup(srv.Close)
	l.url = srv.URL
	keyset, err := secret.NewKeyset()
	if err != nil {
		t.Fatal(err)
	}
	if l.seal, err = secret.Open(keyset); err != nil {
		t.Fatal(err)
	}
	l.Manager = l.restarted()
	return l
}

// restarted is the manager of the next process with the same store.
func (l *lab) restarted() *Manager {
	clock := func() time.Time { return l.now }
	entry := cloud.Entry{Name: "lab", AuthURL: l.url + "/identity/v3", Region: "RegionOne", Interface: "public"}
	shared, old := entry, entry
	shared.Name, shared.Auth = "shared", stackhand.Login{Username: "bob", Password: "bob-secret", ProjectName: "team-b"}
	old.Name, old.AuthURL, old.IdentityVersion = "old", l.url+"/identity/v2.0", "2.0"
	pool := cloud.NewPool(map[string]cloud.Entry{"lab": entry, "shared": shared, "old": old}, cloud.Options{Now: clock, RetryPause: time.Millisecond})
	return New(pool, l.store, l.seal, Options{
		Clouds:  map[string]commands.CloudSettings{"lab": {}, "shared": {Service: true}, "old": {}},
		Default: "lab", Conflict: store.ErrConflict, Alone: true, Now: clock, Log: slog.New(slog.DiscardHandler),
	})
}

// kept is how many credentials somebody has.
func (l *lab) kept(t *testing.T, id string) int {
	t.Helper()
	list, err := l.Credentials(t.Context(), user(id))
	if err != nil {
		t.Fatal(err)
	}
	return len(list)
}

// enters logs somebody in.
func (l *lab) enters(t *testing.T, id, cloud string, login stackhand.Login) stackhand.Credential {
	t.Helper()
	cred, projects, err := l.Login(t.Context(), user(id), cloud, login)
	if err != nil || len(projects) > 0 {
		t.Fatalf("the login of %s to %s: %v, %v", id, cloud, projects, err)
	}
	return cred
}

func as(name, project string) stackhand.Login {
	return stackhand.Login{Username: name, Password: name + "-secret", ProjectName: project}
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
	stays, err := l.Logout(t.Context(), user("U1"), "lab", "")
	if err != nil || len(stays) != 1 || stays[0].AppCredID != second.AppCredID || l.kept(t, "U1") != 0 {
		t.Errorf("Logout = %+v, %v, %d credentials kept", stays, err, l.kept(t, "U1"))
	}
	if _, err := l.Logout(t.Context(), user("U1"), "lab", ""); stackhand.KindOf(err) != stackhand.NotFound {
		t.Errorf("a second logout: %v", err)
	}
}

// What a job goes on with stays until the job rests.
func TestNoLogoutDuringAJob(t *testing.T) {
	l := newLab(t)
	a := l.enters(t, "U3", "lab", as("carol", "team-a")).Identity.ProjectID
	b := l.enters(t, "U3", "lab", as("carol", "team-b")).Identity.ProjectID
	at, broken := "", error(nil)
	l.o.Busy = func(_ context.Context, user, cloud string) ([]stackhand.Job, error) {
		if user != "U3" || cloud != "lab" || at == "none" {
			return nil, broken
		}
		return []stackhand.Job{{ID: "job1", Scope: stackhand.Scope{ProjectID: at}}}, broken
	}
	for _, c := range []struct {
		at, out string
		want    stackhand.Kind
	}{
		{a, a, stackhand.Conflict},
		{a, "", stackhand.Conflict},
		{"elsewhere", b, stackhand.Conflict}, // the login stands in for one to another project
		{"", b, stackhand.Conflict},          // a job of before there were scopes
		{a, b, ""},
	} {
		at = c.at
		_, err := l.Logout(t.Context(), user("U3"), "lab", c.out)
		if stackhand.KindOf(err) != c.want || err != nil && !strings.Contains(err.Error(), "Job job1 of yours is still at work in lab.") {
			t.Errorf("a job in %q, the logout of %q: %v", c.at, c.out, err)
		}
	}
	broken, at = errors.New("the disk is full"), "none"
	if _, err := l.Logout(t.Context(), user("U3"), "lab", ""); !errors.Is(err, broken) || l.kept(t, "U3") != 1 {
		t.Errorf("with unreadable records: %v, %d kept", err, l.kept(t, "U3"))
	}
	broken = nil
	if _, err := l.Logout(t.Context(), user("U3"), "lab", ""); err != nil || l.kept(t, "U3") != 0 {
		t.Errorf("after it: %v, %d kept", err, l.kept(t, "U3"))
	}
}

func TestChooseAProject(t *testing.T) {
	l := newLab(t)
	carol := stackhand.Login{Username: "carol", Password: "carol-secret"}
	_, projects, err := l.Login(t.Context(), user("U3"), "lab", carol)
	if err != nil || len(projects) != 2 || l.kept(t, "U3") != 0 {
		t.Fatalf("projects %v, %d kept, %v", projects, l.kept(t, "U3"), err)
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
		if stackhand.KindOf(err) != c.kind || l.kept(t, "U2") != 0 {
			t.Errorf("%s: %v (%s), want %s; %d kept", c.name, err, stackhand.KindOf(err), c.kind, l.kept(t, "U2"))
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
	for id, want := range map[string]int{"": 0, "made-here": 1} {
		l := newLab(t)
		c := stackhand.Credential{User: "U1", Cloud: "lab", Sealed: []byte("of another keyset"), AppCredID: id, Ends: l.now, Identity: stackhand.Identity{ProjectID: "p"}}
		if err := l.store.SaveCredential(t.Context(), &c); err != nil {
			t.Fatal(err)
		}
		stays, err := l.Logout(t.Context(), user("U1"), "lab", "p")
		if err != nil || len(stays) != want || l.kept(t, "U1") != 0 {
			t.Errorf("application credential %q: %v, %v, %d credentials kept", id, stays, err, l.kept(t, "U1"))
		}
	}
}
