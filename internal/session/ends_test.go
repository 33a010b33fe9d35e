package session

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/stackhand/stackhand"
	"github.com/stackhand/stackhand/commands"
)

// told are the notices that are in the store, by the stage in their ids.
func (l *lab) told(t *testing.T) (stages []string) {
	t.Helper()
	all, err := l.store.OpenNotices(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	for _, n := range all {
		stages = append(stages, n.ID[strings.LastIndex(n.ID, "/")+1:])
	}
	slices.Sort(stages)
	return stages
}

func (l *lab) remind(t *testing.T) int {
	t.Helper()
	n, err := l.Remind(t.Context(), l.store)
	if err != nil {
		t.Fatal(err)
	}
	return n
}

// A login that ends is told of twice before and once after, each time once, whatever restarts come between.
func TestRemind(t *testing.T) {
	l := newLab(t)
	cred := l.enters(t, "U1", "lab", as("alice", "team-a"))
	l.enters(t, "U9", "old", as("bob", "team-b")) // a password, which does not end
	for _, step := range []struct {
		before time.Duration
		want   string
	}{
		{30 * 24 * time.Hour, "[]"}, {8 * 24 * time.Hour, "[]"}, {7 * 24 * time.Hour, "[early]"}, {2 * 24 * time.Hour, "[early]"},
		{24 * time.Hour, "[early late]"}, {time.Minute, "[early late]"}, {0, "[early late over]"}, {-90 * 24 * time.Hour, "[early late over]"},
	} {
		l.now = cred.Ends.Add(-step.before)
		l.remind(t)
		l.Manager = l.restarted()
		if n := l.remind(t); n != 0 {
			t.Errorf("%v before the end %d notices came twice", step.before, n)
		}
		if got := fmt.Sprint(l.told(t)); got != step.want {
			t.Errorf("%v before the end: %s, want %s", step.before, got, step.want)
		}
	}
	all, err := l.store.OpenNotices(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	for _, n := range all {
		if n.User != "U1" || n.Place.Channel != "" || len(n.Actions) != 1 || n.Actions[0].ID != "login" || !strings.Contains(n.Actions[0].Value, cred.Identity.ProjectID) {
			t.Errorf("notice %+v", n)
		}
		if text := n.Text.String(); strings.HasSuffix(n.ID, "early") && !strings.Contains(text, "Your login to lab, project team-a, ends in 7 days,") {
			t.Errorf("it says %q", text)
		}
	}
}

// After a new login the new end counts; after a logout none does.
func TestRemindOfANewLogin(t *testing.T) {
	l := newLab(t)
	cred := l.enters(t, "U1", "lab", as("alice", "team-a"))
	l.now = cred.Ends.Add(-time.Hour)
	if n := l.remind(t); n != 1 || fmt.Sprint(l.told(t)) != "[late]" {
		t.Errorf("%d: %v", n, l.told(t))
	}
	next := l.enters(t, "U1", "lab", as("alice", "team-a"))
	l.now = cred.Ends.Add(time.Hour)
	if n := l.remind(t); n != 0 {
		t.Errorf("told of the end of a login that was renewed: %v", l.told(t))
	}
	l.now = next.Ends
	if _, err := l.Logout(t.Context(), user("U1"), "lab", ""); err != nil {
		t.Fatal(err)
	}
	if n := l.remind(t); n != 0 {
		t.Errorf("told after the logout: %v", l.told(t))
	}
}

// The operator says how long a login is good for; a short one is told of when little of it is left.
func TestLoginFor(t *testing.T) {
	l := newLab(t)
	l.o.Clouds["lab"] = commands.CloudSettings{LoginFor: 12 * time.Hour}
	cred := l.enters(t, "U1", "lab", as("alice", "team-a"))
	if got := cred.Ends.Sub(l.now); got != 12*time.Hour {
		t.Errorf("it ends after %v", got)
	}
	for left, want := range map[time.Duration]stage{4 * time.Hour: fine, 3 * time.Hour: early, time.Hour: late, 0: over} {
		if got := stageOf(cred, cred.Ends.Add(-left)); got != want {
			t.Errorf("%v before the end: %q, want %q", left, got, want)
		}
	}
	for d, want := range map[time.Duration]string{49 * time.Hour: "2 days", 35 * time.Hour: "35 hours", 61 * time.Minute: "61 minutes", 20 * time.Second: "a minute"} {
		if got := roughly(d); got != want {
			t.Errorf("%v is %q, want %q", d, got, want)
		}
	}
}

// rolesIn are those that work with the credential in the cloud has.
func (l *lab) rolesIn(t *testing.T, id string) []string {
	t.Helper()
	c, err := l.Open(t.Context(), user(id), "lab", stackhand.Scope{})
	if err != nil {
		t.Fatal(err)
	}
	roles := c.Identity().Roles
	slices.Sort(roles)
	return roles
}

// A login takes the roles along that are needed, and no others.
func TestLoginRoles(t *testing.T) {
	l := newLab(t)
	boss := stackhand.User{ID: "U4", Role: stackhand.Admin}
	if _, _, err := l.Login(t.Context(), boss, "lab", as("admin", "admin")); err != nil {
		t.Fatal(err)
	}
	if got := l.rolesIn(t, "U4"); !slices.Contains(got, "admin") {
		t.Errorf("an administrator of the bot has %v", got)
	}
	cred := l.enters(t, "U5", "lab", as("admin", "admin"))
	if got := l.rolesIn(t, "U5"); slices.Contains(got, "admin") || len(got) == 0 || slices.Contains(cred.Identity.Roles, "admin") {
		t.Errorf("a member, administrator of the cloud, has %v, and is shown %v", got, cred.Identity.Roles)
	}
	l.o.Clouds["lab"] = commands.CloudSettings{LoginRoles: []string{"reader", "auditor"}}
	l.enters(t, "U1", "lab", as("alice", "team-a"))
	if got := fmt.Sprint(l.rolesIn(t, "U1")); got != "[reader]" {
		t.Errorf("with login_roles she has %s", got)
	}
	l.o.Clouds["lab"] = commands.CloudSettings{LoginRoles: []string{"auditor"}}
	if _, _, err := l.Login(t.Context(), user("U2"), "lab", as("bob", "team-b")); stackhand.KindOf(err) != stackhand.Forbidden || !strings.Contains(err.Error(), "none of the roles") {
		t.Errorf("without any of the roles: %v", err)
	}
}

// The end of an application credential that somebody made themselves is known, too.
func TestOwnAppCredEnds(t *testing.T) {
	l := newLab(t)
	ends := l.now.Add(48 * time.Hour).UTC().Truncate(time.Second)
	own, _, err := l.pool.Exchange(t.Context(), "lab", as("alice", "team-a"), "her own", ends)
	if err != nil {
		t.Fatal(err)
	}
	cred := l.enters(t, "U1", "lab", own)
	if !cred.Ends.Equal(ends) || cred.AppCredID != "" {
		t.Errorf("it ends %v, want %v; to be deleted: %q", cred.Ends, ends, cred.AppCredID)
	}
	l.now = ends.Add(-time.Minute)
	l.remind(t)
	all, err := l.store.OpenNotices(t.Context())
	if err != nil || len(all) != 1 || !strings.Contains(all[0].Text.String(), "that you made yourself") {
		t.Errorf("%+v, %v", all, err)
	}
}
