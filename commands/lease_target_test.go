package commands

import (
	"strings"
	"testing"

	"github.com/stackhand/stackhand"
	"github.com/stackhand/stackhand/internal/policy"
)

// Whoever is told of a server's end in place of its owner, or is asked for more time, can move it without a login of their own; nobody
// else can, nor learn a name.
func TestExtendWithoutALogin(t *testing.T) {
	w, env := newWorld()
	st := w.give("U0ALICE", "web-1")
	st.Shared = []string{"U0BOB"}
	w.stacks[st.ID] = st
	delete(w.login, "U0DANA")
	carol, erin := stackhand.User{ID: "U0CAROL", Name: "carol", Role: stackhand.Approver}, stackhand.User{ID: "U0ERIN", Name: "erin", Role: stackhand.Member}
	w.talk(t, env, []hears{
		{bob, "extend " + st.ID, "web-1 of @U0ALICE lasts until"},
		{bob, "extend web-1 2h", "web-1 of @U0ALICE lasts until"},
		{bob, "keep " + st.ID + " --until 2d", "web-1 of @U0ALICE lasts until"},
		{dana, "extend " + st.ID + " 3h", "web-1 of @U0ALICE lasts until"},
		{dana, "extend web-1", "You are not logged in to lab"},
		{carol, "extend " + st.ID + " 4h", "web-1 of @U0ALICE lasts until"},
		{carol, "keep " + st.ID + " --until 3d", "web-1 of @U0ALICE lasts until"},
		{carol, "extend web-1", "You are not logged in to lab"},
		{carol, "stop " + st.ID, "You are not logged in to lab"},
		{carol, "show " + st.ID, "You are not logged in to lab"},
		{bob, "extend web-2", "You are not logged in to lab"},
		{bob, "stop web-1", "You are not logged in to lab"},
	})
	if r, err := say(t, env, bob, "keep "+st.ID); err != nil || r.Form == nil {
		t.Errorf("no form: %s", told(r, err))
	}
	for _, u := range []stackhand.User{erin, guest} {
		for _, line := range []string{"extend " + st.ID, "keep " + st.ID + " --until 2d", "needed " + st.ID, "extend web-1"} {
			r, err := say(t, env, u, line)
			if got := told(r, err); err == nil || line != "extend web-1" && strings.Contains(got, "web-1") || strings.Contains(got, "U0ALICE") {
				t.Errorf("%s says %q and hears %s", u.Name, line, got)
			}
		}
	}
	st = w.stacks[st.ID]
	st.State = stackhand.StackGone
	w.stacks[st.ID] = st
	w.talk(t, env, []hears{{dana, "extend " + st.ID, "is gone already"}, {erin, "extend " + st.ID, "You are not logged in"}})
}

// A login to another project is in nobody's way, and a server's own id, as show and the card of a request have it, means that server.
func TestExtendFromElsewhere(t *testing.T) {
	w, env := newWorld()
	st := w.give("U0ALICE", "web-1")
	extend := func(r stackhand.User, want string) {
		t.Helper()
		for _, id := range []string{st.ID, st.Server} {
			w.talk(t, env, []hears{{r, "extend " + id + " 1h", want}})
		}
	}
	delete(w.login, "U0DANA")
	extend(dana, "web-1 of @U0ALICE lasts until")
	extend(carol, "web-1 of @U0ALICE lasts until")
	extend(bob, "You are not logged in to lab")
	w.login["U0CAROL"], w.login["U0BOB"] = "bob", "bob"
	w.cloud.servers, w.cloud.who = nil, stackhand.Identity{User: "bob", ProjectID: "p-b", Project: "team-b"}
	extend(carol, "web-1 of @U0ALICE lasts until")
	extend(bob, "web-1 belongs to U0ALICE and is in another project")
	w.talk(t, env, []hears{{carol, "stop " + st.Server, "is in another project"}, {carol, "extend web-1", "There is no server called web-1"}})
}

// Approvers give the servers of others more time, and take none away.
func TestApproversEndNothing(t *testing.T) {
	w, env := newWorld()
	st := w.give("U0ALICE", "web-1")
	was := st.Lease.Until
	for _, in := range []string{"", "bob"} { // with a login and without
		if w.login["U0CAROL"] = in; in == "" {
			delete(w.login, "U0CAROL")
		}
		w.talk(t, env, []hears{{carol, "keep " + st.ID + " --until 20m", ", and approvers cannot end it sooner"}})
	}
	if now := w.stacks[st.ID].Lease.Until; !now.Equal(was) {
		t.Errorf("it ends %s instead of %s", now, was)
	}
	w.talk(t, env, []hears{{carol, "extend " + st.ID + " 1h", "lasts until"}, {dana, "keep " + st.ID + " --until 20m", "sooner than before"}, {alice, "keep web-1 --until 10m", "sooner than before"}})
}

// A refusal by the budget sends nobody to approvers where there are none.
func TestExtendBeyondALimit(t *testing.T) {
	w, env := newWorld()
	w.give("U0ALICE", "web-1")
	newBook(env)
	w.fail["Extend"] = stackhand.Errorf(stackhand.Forbidden, "web-1 was extended once already.")
	w.talk(t, env, []hears{{alice, "extend web-1", "Nobody is an approver or an administrator here"}})
	env.Settings.Deciders = true
	w.talk(t, env, []hears{{alice, "extend web-1", "Say that again, and an approver is asked"}})
	w.fail["Extend"] = stackhand.Errorf(stackhand.Conflict, "web-1 is at work.")
	if r, err := say(t, env, alice, "extend web-1"); strings.Contains(told(r, err), "approver") {
		t.Error(told(r, err))
	}
}

// The rules are asked as for anybody. One that hangs on what only a login shows refuses; one that would not fit anyway does not.
func TestRulesWithoutALogin(t *testing.T) {
	w, env := newWorld()
	st := w.give("U0ALICE", "web-1")
	st.Shared = []string{"U0BOB"}
	w.stacks[st.ID] = st
	for when, want := range map[string]string{
		`request.verb == "create" && usage.servers > 2`:      "web-1 of @U0ALICE lasts until",
		`request.verb == "extend" && usage.servers > 2`:      "cannot be evaluated",
		`user.role == "member" && request.verb == "extend"`:  "does not allow that",
		`request.project == "team-a" && quota.cores.max > 1`: "cannot be evaluated",
		`request.project == "team-a"`:                        "does not allow that",
	} {
		rules(t, env, policy.Rule{Name: "r", When: when, Then: policy.Deny, Why: "no"})
		w.talk(t, env, []hears{{bob, "extend " + st.ID + " 1h", want}})
	}
	carol := stackhand.User{ID: "U0CAROL", Name: "carol", Role: stackhand.Approver}
	rules(t, env, policy.Rule{Name: "r", When: `user.role == "approver" && request.project == "team-a"`, Then: policy.Deny, Why: "no"})
	w.talk(t, env, []hears{{carol, "extend " + st.ID + " 1h", "does not allow that"}, {bob, "extend " + st.ID + " 1h", "lasts until"}})
}
