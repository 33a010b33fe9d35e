package session

import (
	"context"
	"errors"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/stackhand/stackhand"
	"github.com/stackhand/stackhand/commands"
	"github.com/stackhand/stackhand/internal/sim/openstack"
)

// fault has the cloud misbehave.
func (l *lab) fault(t *testing.T, rule string) {
	t.Helper()
	r, err := openstack.ParseRule(strings.Fields(rule))
	if err == nil {
		err = l.cloud.Fault(r)
	}
	if err != nil {
		t.Fatal(err)
	}
}

// where tells the project in which a scope is opened for somebody.
func (l *lab) where(t *testing.T, id, cloud string, at stackhand.Scope) string {
	t.Helper()
	c, err := l.Open(t.Context(), user(id), cloud, at)
	if err != nil {
		t.Fatalf("Open(%s, %+v): %v", cloud, at, err)
	}
	return c.Identity().Project
}

// Each project has its own login; the last one is the one in use, until another is chosen. A scope counts whatever
// was chosen.
func TestSeveralProjects(t *testing.T) {
	l := newLab(t)
	a := l.enters(t, "U3", "lab", as("carol", "team-a")).Identity.ProjectID
	l.now = l.now.Add(time.Minute)
	b := l.enters(t, "U3", "lab", as("carol", "team-b")).Identity.ProjectID
	check := func(chosen string) {
		t.Helper()
		for at, want := range map[stackhand.Scope]string{{}: chosen, {ProjectID: a}: "team-a", {ProjectID: b}: "team-b", {Region: "RegionOne"}: chosen} {
			if got := l.where(t, "U3", "lab", at); got != want {
				t.Errorf("%+v leads to %s, want %s", at, got, want)
			}
		}
	}
	check("team-b")
	who, err := l.Choose(t.Context(), user("U3"), "lab", stackhand.Scope{ProjectID: a})
	if err != nil || who.Project != "team-a" || !slices.Contains(who.Roles, "member") {
		t.Fatalf("Choose: %+v, %v", who, err)
	}
	check("team-a")
	l.Manager = l.restarted()
	check("team-a")
	// The login in use goes: the other one takes over, and only that project is closed.
	if _, err := l.Logout(t.Context(), user("U3"), "lab", a); err != nil {
		t.Fatal(err)
	}
	if got := l.where(t, "U3", "lab", stackhand.Scope{}); got != "team-b" {
		t.Errorf("after the logout of team-a in %s", got)
	}
	_, err = l.Open(t.Context(), user("U3"), "lab", stackhand.Scope{ProjectID: a})
	var missing commands.NoLogin
	if stackhand.KindOf(err) != stackhand.Unauthorized || !errors.As(err, &missing) || missing != (commands.NoLogin{Cloud: "lab", ProjectID: a}) {
		t.Errorf("a project whose login is gone: %v, %+v", err, missing)
	}
	if _, err := l.Choose(t.Context(), user("U3"), "lab", stackhand.Scope{ProjectID: a}); stackhand.KindOf(err) != stackhand.Unauthorized {
		t.Errorf("to choose it: %v", err)
	}
	if c, err := l.Choice(t.Context(), user("U3")); err != nil || c.In["lab"].ProjectID != b {
		t.Errorf("a refused choice was kept: %+v, %v", c, err)
	}
}

// Who has no login to a project with an administrator's right in the cloud is let in by that; nobody else is.
func TestAdministratorsStandIn(t *testing.T) {
	l := newLab(t)
	a := l.enters(t, "U1", "lab", as("alice", "team-a")).Identity.ProjectID
	if _, _, err := l.Login(t.Context(), stackhand.User{ID: "U4", Role: stackhand.Admin}, "lab", as("admin", "admin")); err != nil {
		t.Fatal(err)
	}
	l.enters(t, "U2", "lab", as("bob", "team-b"))
	if got := l.where(t, "U4", "lab", stackhand.Scope{ProjectID: a}); got != "admin" {
		t.Errorf("the administrator works as %s", got)
	}
	if _, err := l.Open(t.Context(), user("U2"), "lab", stackhand.Scope{ProjectID: a}); stackhand.KindOf(err) != stackhand.Unauthorized {
		t.Errorf("bob in the project of alice: %v", err)
	}
	if _, err := l.Choose(t.Context(), user("U4"), "lab", stackhand.Scope{ProjectID: a}); stackhand.KindOf(err) != stackhand.Unauthorized {
		t.Errorf("the administrator's choice of a project without a login: %v", err)
	}
}

// A cloud without application credentials keeps the password, which then serves for every project of its user.
func TestPasswordServesEveryProject(t *testing.T) {
	l := newLab(t)
	cred := l.enters(t, "U3", "old", as("carol", "team-a"))
	if cred.Kind != "password" || cred.AppCredID != "" || !cred.Ends.IsZero() {
		t.Fatalf("credential %+v", cred)
	}
	kept, err := l.unseal(cred.Sealed, "U3", "old")
	if err != nil || kept.Password != "carol-secret" {
		t.Fatalf("the password is not kept: %v", err)
	}
	c, err := l.Client(t.Context(), "U3", "old", stackhand.Scope{})
	if err != nil {
		t.Fatal(err)
	}
	projects, err := c.OwnProjects(t.Context())
	if err != nil || len(projects) != 2 {
		t.Fatalf("projects %v, %v", projects, err)
	}
	i := slices.IndexFunc(projects, func(p stackhand.Project) bool { return p.Name == "team-b" })
	b := projects[i].ID
	if got := l.where(t, "U3", "old", stackhand.Scope{ProjectID: b}); got != "team-b" || l.kept(t, "U3") != 1 {
		t.Errorf("team-b leads to %s, %d kept", got, l.kept(t, "U3"))
	}
	for range 2 {
		who, err := l.Choose(t.Context(), user("U3"), "old", stackhand.Scope{ProjectID: b})
		if err != nil || who.Project != "team-b" || l.kept(t, "U3") != 2 {
			t.Fatalf("Choose: %+v, %v; %d kept", who, err, l.kept(t, "U3"))
		}
	}
	if got := l.where(t, "U3", "old", stackhand.Scope{}); got != "team-b" {
		t.Errorf("works in %s", got)
	}
	if _, err := l.Open(t.Context(), user("U3"), "old", stackhand.Scope{ProjectID: "nowhere"}); stackhand.KindOf(err) != stackhand.Unauthorized {
		t.Errorf("a project that is none: %v", err)
	}
	// An outage is not the same as having no right.
	l.fault(t, "POST /tokens 503 times 20")
	if _, err := l.Open(t.Context(), user("U3"), "old", stackhand.Scope{ProjectID: "nowhere else"}); stackhand.KindOf(err) != stackhand.Unavailable {
		t.Errorf("while Keystone is away: %v", err)
	}
}

func TestChooseCloud(t *testing.T) {
	l := newLab(t)
	choice := func() stackhand.Choice {
		c, err := l.Choice(t.Context(), user("U2"))
		if err != nil {
			t.Fatal(err)
		}
		return c
	}
	if c := choice(); c.Cloud != "lab" || len(c.In) != 0 {
		t.Errorf("who chose nothing: %+v", c)
	}
	if who, err := l.Choose(t.Context(), user("U2"), "old", stackhand.Scope{}); err != nil || who.UserID != "" || choice().Cloud != "old" {
		t.Errorf("a cloud without a login: %+v, %v, %+v", who, err, choice())
	}
	if who, err := l.Choose(t.Context(), user("U2"), "shared", stackhand.Scope{}); err != nil || who.Project != "team-b" || choice().Cloud != "shared" {
		t.Errorf("the shared cloud: %+v, %v, %+v", who, err, choice())
	}
	l.enters(t, "U2", "lab", as("bob", "team-b"))
	if c := choice(); c.Cloud != "shared" {
		t.Errorf("a login elsewhere changed the cloud of somebody who can work where they are: %+v", c)
	}
	for name, at := range map[string]stackhand.Scope{"moon": {}, "shared": {ProjectID: "x"}, "lab": {Region: "RegionNine"}} {
		if _, err := l.Choose(t.Context(), user("U2"), name, at); err == nil || strings.Contains(err.Error(), "secret") {
			t.Errorf("%s %+v was chosen", name, at)
		}
	}
	if c := choice(); c.Cloud != "shared" || c.In["lab"].Region != "" {
		t.Errorf("a refused choice was kept: %+v", c)
	}
	who, err := l.Choose(t.Context(), user("U2"), "lab", stackhand.Scope{Region: "RegionOne"})
	if c := choice(); err != nil || who.Region != "RegionOne" || c.Cloud != "lab" || c.In["lab"].Region != "RegionOne" {
		t.Errorf("a region: %+v, %v, %+v", who, err, c)
	}
}

// The first login to a cloud other than the usual one is where its user works, if there is no other.
func TestFirstLoginElsewhere(t *testing.T) {
	l := newLab(t)
	l.enters(t, "U2", "old", as("bob", "team-b"))
	if c, err := l.Choice(t.Context(), user("U2")); err != nil || c.Cloud != "old" {
		t.Errorf("%+v, %v", c, err)
	}
}

// busyVault lets somebody else change the choice before each of the first writes.
type busyVault struct {
	Vault
	others int
}

func (v *busyVault) SaveChoice(ctx context.Context, c *stackhand.Choice) error {
	if v.others > 0 {
		v.others--
		now, err := v.Choice(ctx, c.User)
		if err != nil {
			return err
		}
		now.Cloud = "shared"
		if err := v.Vault.SaveChoice(ctx, &now); err != nil {
			return err
		}
	}
	return v.Vault.SaveChoice(ctx, c)
}

func TestChooseBesideOthers(t *testing.T) {
	l := newLab(t)
	l.enters(t, "U2", "lab", as("bob", "team-b"))
	l.vault = &busyVault{Vault: l.vault, others: 3}
	if _, err := l.Choose(t.Context(), user("U2"), "old", stackhand.Scope{}); err != nil {
		t.Fatal(err)
	}
	if c, err := l.Choice(t.Context(), user("U2")); err != nil || c.Cloud != "old" || c.In["lab"].ProjectID == "" {
		t.Errorf("%+v, %v", c, err)
	}
}
