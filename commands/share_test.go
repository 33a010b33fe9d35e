package commands

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/stackhand/stackhand"
)

// hears is a line, who says it, and what is in the answer.
type hears struct {
	who  stackhand.User
	line string
	want string
}

func (w *world) talk(t *testing.T, env *Env, all []hears) {
	t.Helper()
	for i, h := range all {
		r, err := Do(t.Context(), env, h.who, Line{Text: h.line, Key: fmt.Sprint(i, h.who.ID, h.line), Place: stackhand.Place{Channel: "C1"}})
		if got := told(r, err); !strings.Contains(got, h.want) {
			t.Errorf("%s: %s\nwant %q in%s", h.who.Name, h.line, h.want, got)
		}
	}
}

func TestShare(t *testing.T) {
	w, env := newWorld()
	w.login["U0BOB"] = "bob"
	st := w.give("U0ALICE", "web-1")
	w.talk(t, env, []hears{
		{bob, "reboot web-1", "belongs to U0ALICE"},
		{bob, "share web-1 @U0BOB", "belongs to U0ALICE, so you cannot share it"},
		{alice, "share web-1", "Share it with whom?"},
		{alice, "share web-1 nobody", `Nobody here is called nobody`},
		{alice, "share web-1 @U0GUEST", "is a guest"},
		{alice, "share web-1 ed", "is deactivated"},
		{alice, "share web-1 alice", "there is nothing to share"},
		{alice, "share web-1 sam", "2 people fit sam"},
		{alice, "share nothing bob", "There is no server called nothing"},
		{alice, "share web-1 <@U0BOB|bob>", "is shared with @U0BOB now"},
		{alice, "share web-1 with bob", "shared with them already"},
		{bob, "reboot web-1", "job"},
		{bob, "share web-1 carol", "is shared with you, but belongs to U0ALICE, so you cannot share it"},
		{bob, "unshare web-1 carol", "so you cannot unshare it"},
		{bob, "unshare web-1", "so you cannot unshare it"},
		{dana, "share web-1 @ops", "is shared with @ops now"},
		{bob, "list", "U0ALICE (shared with you)"},
		{bob, "list --mine", "web-1"},
		{alice, "list", "U0ALICE (shared)"},
		{alice, "show web-1", "Shared with: @U0BOB, S0OPS"},
	})
	if got := w.stacks[st.ID].Shared; !slices.Equal(got, []string{"U0BOB", "S0OPS"}) {
		t.Errorf("shared with %v", got)
	}
	if n := w.lastNotice("U0BOB"); !strings.Contains(n.Text.String(), "shares the server web-1") || !n.Place.Direct && n.Place.Channel != "" || len(w.told) != 1 {
		t.Errorf("bob was told %q; all: %v", n.Text, w.told)
	}
	ops := stackhand.User{ID: "U0CAROL", Name: "carol", Role: stackhand.Member, Groups: []string{"S0OPS"}}
	w.login["U0CAROL"] = "carol"
	w.talk(t, env, []hears{
		{ops, "extend web-1 2h", "web-1 of @U0ALICE lasts until"},
		{alice, "unshare web-1 carol", "is not shared with them"},
		{alice, "unshare web-1 @U0BOB", "no longer shared with @U0BOB"},
		{bob, "extend web-1 1h", "so you cannot extend it"},
		{alice, "unshare web-1", "no longer shared with S0OPS"},
		{alice, "unshare web-1", "shared with nobody"},
		{alice, "share web-1 bob", "is shared with @U0BOB now"},
		{bob, "unshare web-1 @U0BOB", "no longer shared with @U0BOB"}, // who has it may leave
		{bob, "unshare web-1 @U0BOB", "belongs to U0ALICE"},
		{ops, "extend web-1 1h", "so you cannot extend it"},
	})
}

// In a server's thread every word means somebody; unshare alone means the server.
func TestShareInAThread(t *testing.T) {
	w, env := newWorld()
	st := w.give("U0ALICE", "web-1")
	in := func(line string) string {
		r, err := Do(t.Context(), env, alice, Line{Text: line, Key: line, Place: stackhand.Place{Channel: "C1", Thread: "web-1"}})
		return told(r, err)
	}
	for _, c := range []struct {
		line   string
		shared []string
	}{
		{"share @U0BOB", []string{"U0BOB"}},
		{"share with carol and @ops", []string{"U0BOB", "U0CAROL", "S0OPS"}},
		{"unshare @ops", []string{"U0BOB", "U0CAROL"}},
		{"unshare", nil},
	} {
		if got := in(c.line); !slices.Equal(w.stacks[st.ID].Shared, c.shared) {
			t.Errorf("%s: shared with %v\n%s", c.line, w.stacks[st.ID].Shared, got)
		}
	}
}

func TestShareHasAnEnd(t *testing.T) {
	w, env := newWorld()
	st := w.give("U0ALICE", "web-1")
	for i := range maxShared {
		st.Shared = append(st.Shared, fmt.Sprintf("U0X%d", i))
	}
	w.stacks[st.ID] = st
	w.talk(t, env, []hears{{alice, "share web-1 bob", "20 people and groups at most"}})
	if len(w.stacks[st.ID].Shared) != maxShared {
		t.Error("it was shared further")
	}
}

// What others share is listed wherever one works, and found by its name.
func TestSharedElsewhere(t *testing.T) {
	w, env := newWorld()
	w.login["U0BOB"] = "bob"
	st := w.give("U0ALICE", "far-1")
	w.cloud.servers = nil
	st.Cloud, st.ProjectID, st.Project, st.Shared = "lab", "p-other", "other", []string{"U0BOB"}
	w.stacks[st.ID] = st
	w.apart = map[string]fakeCloud{"p-other": {w: w, who: stackhand.Identity{ProjectID: "p-other", Project: "other"}}}
	w.talk(t, env, []hears{
		{bob, "list", "1 elsewhere that others share with you"},
		{bob, "list", "U0ALICE (shared with you) in other of lab"},
		{bob, "reboot far-1", "elsewhere. Do you mean that?"},
		{alice, "list", "There is no server in team-a"},
		{bob, "reboot " + st.ID, "you work on it with your own login, and you have none to the project other of lab"},
	})
}

// Who owns a server is looked at again where it is written down.
func TestOwnersMayChangeMeanwhile(t *testing.T) {
	w, env := newWorld()
	st := w.give("U0ALICE", "web-1")
	w.meanwhile = func() {
		st.Lease.Owner = "U0CAROL"
		w.stacks[st.ID] = st
	}
	w.talk(t, env, []hears{{alice, "share web-1 bob", "belongs to U0CAROL"}})
	if len(w.stacks[st.ID].Shared) > 0 {
		t.Error("it was shared by who owned it a moment before")
	}
}

// A job about a server is steered by those who have the server now; who began it may always stop it.
func TestSteeringFollowsTheServer(t *testing.T) {
	w, env := newWorld()
	st := w.give("U0ALICE", "web-1")
	st.Shared = []string{"U0BOB"}
	w.stacks[st.ID] = st
	job := func(state stackhand.JobState) {
		w.jobs["job12345"] = stackhand.Job{ID: "job12345", Flow: "act", Title: "Resize web-1", User: alice, State: state, Stacks: []string{st.ID}}
	}
	job(stackhand.JobRunning)
	w.talk(t, env, []hears{{bob, "cancel job12345", "is being stopped"}})
	st.Lease.Owner, st.Shared = "U0CAROL", nil
	w.stacks[st.ID] = st
	w.talk(t, env, []hears{{bob, "cancel job12345", "is U0ALICE's, so you cannot cancel it"}, {alice, "cancel job12345", "is being stopped"}})
	job(stackhand.JobFailed)
	w.talk(t, env, []hears{
		{alice, "retry job12345", "web-1 belongs to U0CAROL, so you cannot do that to it"},
		{alice, "cleanup job12345", "belongs to U0CAROL"},
		{bob, "retry job12345", "is U0ALICE's"},
		{dana, "retry job12345", "is at work"},
	})
	st.State = stackhand.StackGone
	w.stacks[st.ID] = st
	job(stackhand.JobFailed)
	w.talk(t, env, []hears{{bob, "retry job12345", "is U0ALICE's"}, {alice, "retry job12345", "Resize web-1"}})
}
