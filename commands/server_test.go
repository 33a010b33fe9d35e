package commands

import (
	"context"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/stackhand/stackhand"
)

// reply types a line in a thread of C1.
func inThread(t *testing.T, env *Env, u stackhand.User, thread, line string) (Reply, error) {
	t.Helper()
	return Do(t.Context(), env, u, Line{Text: line, Key: thread + line, Place: stackhand.Place{Channel: "C1", Thread: thread}})
}

func TestThread(t *testing.T) {
	w, env := newWorld()
	st := w.give("U0ALICE", "web-1")
	w.give("U0ALICE", "web-2")
	r, err := inThread(t, env, alice, "web-1", "<@U0BOT> reboot --hard")
	if err != nil {
		t.Fatal(told(r, err))
	}
	want := stackhand.RebootSpec{Cloud: "lab", Stack: st.ID, Server: st.Server, Name: "web-1", Hard: true}
	if diff := cmp.Diff(want, input[stackhand.RebootSpec](t, w)); diff != "" {
		t.Error(diff)
	}
	r, err = inThread(t, env, bob, "web-1", "please restart it now")
	if stackhand.KindOf(err) != stackhand.Unauthorized {
		t.Error(told(r, err))
	}
	for _, line := range []string{"delete all", "delete everything here", "delete all servers please"} {
		if r, err := inThread(t, env, alice, "web-1", line); err == nil {
			t.Errorf("%s: %s", line, told(r, err))
		}
	}
	r, err = inThread(t, env, alice, "web-1", "extend it by 24 hours")
	expect(t, told(r, err), "web-1 is yours until 2026-11-23 08:00 UTC")
	r, err = inThread(t, env, alice, "web-1", "extend 1d")
	expect(t, told(r, err), "web-1 is yours until 2026-11-24 08:00 UTC")
	r, err = inThread(t, env, alice, "web-1", "show")
	expect(t, told(r, err), "web-1 ACTIVE")
	r, err = inThread(t, env, alice, "web-1", "show web-2")
	expect(t, told(r, err), "web-2 ACTIVE")
	r, err = inThread(t, env, alice, "web-1", "job show")
	expect(t, told(r, err), "queued: Reboot web-1") // the newest that was asked for here
	r, err = inThread(t, env, alice, "elsewhere", "reboot")
	expect(t, told(r, err), "belongs to no server")
	st.State = stackhand.StackGone
	w.stacks[st.ID] = st
	r, err = inThread(t, env, alice, "web-1", "delete")
	expect(t, told(r, err), "belongs to no server that is still there")
}

func TestThreadOfSeveral(t *testing.T) {
	w, env := newWorld()
	a, b := w.give("U0ALICE", "web-1"), w.give("U0ALICE", "web-2")
	w.thread["C1/both"] = []string{a.ID, b.ID}
	for line, want := range map[string]string{"delete": "delete ", "reboot --hard": "reboot --hard", "extend 2d": "extend ", "show": "show "} {
		r, err := inThread(t, env, alice, "both", line)
		if err != nil || len(r.Actions) != 2 || !strings.Contains(r.Actions[1].Value, b.ID) || !strings.HasPrefix(r.Actions[1].Value, strings.Fields(want)[0]) {
			t.Fatalf("%s: %s", line, told(r, err))
		}
		clicked, _ := ClickLine("choose", r.Actions[1].Value)
		if r, err := inThread(t, env, alice, "both", clicked); err != nil {
			t.Errorf("%s: %s", clicked, told(r, err))
		} else {
			expect(t, told(r, err), "web-2")
		}
	}
	if len(w.order) != 2 {
		t.Errorf("%d jobs", len(w.order))
	}
	if got := w.stacks[b.ID].Lease.Until; got != w.now.Add(71*3600e9) {
		t.Errorf("extended to %v", got)
	}
}

// The line's key goes along, so that a line that is delivered again moves the end once.
func TestExtendDeliveredAgain(t *testing.T) {
	w, env := newWorld()
	st := w.give("U0ALICE", "web-1")
	for range 2 {
		r, err := say(t, env, alice, "extend web-1 2d")
		expect(t, told(r, err), "web-1 is yours until 2026-11-24 08:00 UTC")
	}
	if got := w.stacks[st.ID].Lease; got.Extended == "" || !got.Until.Equal(st.Lease.Until.Add(48*time.Hour)) {
		t.Errorf("lease %+v, want it 48h longer than %s", got, st.Lease.Until)
	}
}

func TestSameNames(t *testing.T) {
	w, env := newWorld()
	mine, his := w.give("U0ALICE", "web-1"), w.give("U0BOB", "web-1")
	env.Name = func(_ context.Context, id string) string { return strings.ToLower(strings.TrimPrefix(id, "U0")) }
	// The own one does not go first: whose was meant is not guessed.
	for _, verb := range []string{"show", "delete", "reboot --hard", "extend", "kill"} {
		r, err := say(t, env, alice, verb+" web-1")
		if err != nil || len(r.Actions) != 2 || len(w.jobs) != 0 || w.stacks[mine.ID].Lease.Until != mine.Lease.Until {
			t.Fatalf("%s: %d jobs, %s", verb, len(w.jobs), told(r, err))
		}
		expect(t, told(r, err), "2 servers fit web-1", "owner alice", "owner bob")
	}
	r, err := say(t, env, alice, "reboot web-1")
	if err != nil || len(r.Actions) != 2 {
		t.Fatal(told(r, err))
	}
	line, _ := ClickLine("choose", r.Actions[0].Value)
	r, err = say(t, env, alice, line)
	if err != nil || w.jobs[r.Job].Stacks[0] != mine.ID {
		t.Fatal(told(r, err))
	}
	r, err = say(t, env, dana, "reboot web-1")
	if err != nil || len(r.Actions) != 2 {
		t.Fatal(told(r, err))
	}
	expect(t, told(r, err), "2 servers fit web-1", `srv-web-1U0BOB +owner bob, created 1 hour ago, ACTIVE, 203\.0\.113\.5`)
	line, _ = ClickLine("choose", r.Actions[1].Value)
	r, err = say(t, env, dana, line)
	if err != nil || w.jobs[r.Job].Stacks[0] != his.ID {
		t.Error(told(r, err))
	}
	r, err = say(t, env, alice, "delete "+his.Server)
	if stackhand.KindOf(err) != stackhand.Forbidden {
		t.Error(told(r, err))
	}
	expect(t, told(r, err), "web-1 belongs to bob, so you cannot delete it", "Ask bob")
}

func TestForeignServer(t *testing.T) {
	w, env := newWorld()
	w.cloud.servers = append(w.cloud.servers, stackhand.Server{ID: "srv-x", Name: "by-hand", Status: "ACTIVE"}, stackhand.Server{ID: "srv-y", Name: "off", Status: "SHUTOFF"})
	r, err := say(t, env, alice, "delete by-hand")
	if stackhand.KindOf(err) != stackhand.Forbidden || len(w.jobs) != 0 {
		t.Error(told(r, err))
	}
	expect(t, told(r, err), "was not made here", "openstack server delete srv-x")
	r, err = say(t, env, alice, "extend by-hand")
	expect(t, told(r, err), "no end to be moved")
	r, err = say(t, env, alice, "reboot off")
	expect(t, told(r, err), "off is SHUTOFF, so you cannot reboot it now.*`start off` first")
	r, err = say(t, env, alice, "reboot by-hand")
	if err != nil {
		t.Fatal(told(r, err))
	}
	if diff := cmp.Diff(stackhand.RebootSpec{Cloud: "lab", Server: "srv-x", Name: "by-hand"}, input[stackhand.RebootSpec](t, w)); diff != "" {
		t.Error(diff)
	}
	env.Settings.Clouds["lab"] = CloudSettings{Service: true}
	if r, err := say(t, env, alice, "restart by-hand"); stackhand.KindOf(err) != stackhand.Forbidden {
		t.Errorf("with the bot's own login: %s", told(r, err))
	}
	r, err = say(t, env, alice, "show by-hand")
	expect(t, told(r, err), "by-hand ACTIVE –", "Owner: not made here")
}

func TestStates(t *testing.T) {
	for state, want := range map[stackhand.StackState]map[string]string{
		stackhand.StackBuilding: {"delete web-1": `still being built, by job jjjjjjjj.*cancel jjjjjjjj.*\[cancel Cancel the build → jjjjjjjj\]`, "reboot web-1": "not ready yet", "extend web-1": "its time begins"},
		stackhand.StackDeleting: {"delete web-1": "being deleted already, by job jjjjjjjj", "reboot web-1": "being deleted", "extend web-1": "too late"},
	} {
		for line, want := range want {
			w, env := newWorld()
			st := w.give("U0ALICE", "web-1")
			st.State, st.Busy = state, "jjjjjjjj"
			w.stacks[st.ID] = st
			r, err := say(t, env, alice, line)
			if stackhand.KindOf(err) != stackhand.Conflict || len(w.jobs) != 0 {
				t.Errorf("%s: %s", line, told(r, err))
			}
			expect(t, told(r, err), want)
		}
	}
}

func TestElsewhere(t *testing.T) {
	w, env := newWorld()
	st := w.give("U0ALICE", "web-1")
	st.ProjectID, st.Project = "p-other", "team-b"
	w.stacks[st.ID] = st
	w.cloud.servers = nil
	r, err := say(t, env, alice, "reboot web-1")
	expect(t, told(r, err), "There is no server called web-1 where you work now", `web-1  \S+  in the project team-b of lab`, `\[choose web-1 → \w+ `+st.ID)
	// Buttons name stacks: an administrator may be in another project.
	r, err = say(t, env, dana, "delete "+st.ID)
	if err != nil || w.jobs[r.Job].Stacks[0] != st.ID {
		t.Error(told(r, err))
	}
	st.State = stackhand.StackGone
	w.stacks[st.ID] = st
	r, err = say(t, env, alice, "show "+st.ID)
	expect(t, told(r, err), "web-1 is gone already")
}

// Buttons on a card are seen by people who are logged in to other projects.
func TestOfSomebodyElsewhere(t *testing.T) {
	for _, verb := range []string{"show", "delete", "reboot", "extend"} {
		w, env := newWorld()
		env.Name = func(_ context.Context, id string) string { return strings.ToLower(strings.TrimPrefix(id, "U0")) }
		w.login["U0BOB"] = "bob"
		st := w.give("U0ALICE", "web-1")
		w.cloud.servers, w.cloud.who = nil, stackhand.Identity{User: "bob", ProjectID: "p-b", Project: "team-b"}
		for _, id := range []string{st.ID, st.Server} {
			line, ok := ClickLine(verb, id)
			if !ok {
				t.Fatalf("%s is no button", verb)
			}
			r, err := say(t, env, bob, line)
			if stackhand.KindOf(err) != stackhand.Forbidden || len(w.jobs) != 0 || w.stacks[st.ID].Lease.Until != st.Lease.Until {
				t.Errorf("%s: %d jobs, %s", line, len(w.jobs), told(r, err))
			}
			expect(t, told(r, err), "web-1 belongs to alice and is in another project than team-b of lab, which you are logged in to", "Ask alice, or an administrator")
		}
		if r, err := say(t, env, dana, verb+" "+st.Server); err != nil {
			t.Errorf("%s by an administrator: %s", verb, told(r, err))
		}
		st.State = stackhand.StackGone
		w.stacks[st.ID] = st
		r, err := say(t, env, bob, "show "+st.Server)
		expect(t, told(r, err), "web-1 is gone already")
	}
}

func TestDeleteSeveral(t *testing.T) {
	w, env := newWorld()
	a, b := w.give("U0ALICE", "web-1"), w.give("U0ALICE", "web-2")
	w.give("U0BOB", "his")
	if r, err := say(t, env, alice, "delete web-1 his"); stackhand.KindOf(err) != stackhand.Forbidden || len(w.jobs) != 0 {
		t.Fatalf("one of two is not hers: %s", told(r, err))
	}
	r, err := say(t, env, alice, "delete web-1, web-2 and web-1")
	if err != nil {
		t.Fatal(told(r, err))
	}
	var stacks []string
	for _, id := range w.order {
		stacks = append(stacks, w.jobs[id].Stacks...)
	}
	if diff := cmp.Diff([]string{a.ID, b.ID}, stacks); diff != "" {
		t.Error(diff)
	}
	expect(t, told(r, err), "Understood as delete web-1 web-2", "Delete web-1: job .*\nDelete web-2: job")
}

// TestDeleteCutShort delivers a line again whose first job alone was started.
func TestDeleteCutShort(t *testing.T) {
	w, env := newWorld()
	a := w.give("U0ALICE", "web-1")
	w.give("U0ALICE", "web-2")
	first := JobID("U0ALICEdelete web-1 web-2", 0)
	w.jobs[first] = stackhand.Job{ID: first, Title: "Delete web-1", Stacks: []string{a.ID}}
	a.State = stackhand.StackGone
	w.stacks[a.ID] = a
	r, err := say(t, env, alice, "delete web-1 web-2")
	if err != nil || len(w.jobs) != 2 || w.jobs[JobID("U0ALICEdelete web-1 web-2", 1)].Title != "Delete web-2" {
		t.Errorf("%d jobs: %s", len(w.jobs), told(r, err))
	}
}

func TestLongList(t *testing.T) {
	w, env := newWorld()
	for i := range 120 {
		w.cloud.servers = append(w.cloud.servers, stackhand.Server{ID: fmt.Sprint("id", i), Name: fmt.Sprintf("s-%03d", i), Status: "ACTIVE"})
	}
	building := stackhand.Stack{ID: "aaaaaaaa-1", Name: "new-1", Cloud: "lab", ProjectID: teamA, State: stackhand.StackBuilding, Lease: stackhand.Lease{Owner: "U0ALICE"}}
	w.stacks[building.ID] = building
	w.cloud.servers = append(w.cloud.servers, stackhand.Server{ID: "raw", Name: "new-1", Status: "BUILD", Metadata: map[string]string{"stackhand_stack": building.ID}})
	r, err := say(t, env, alice, "list --long")
	if err != nil || len(r.Table.Rows) != pageSize || r.Table.More != "list --long --page 2" {
		t.Fatalf("%+v %v", r.Table, err)
	}
	expect(t, told(r, err), `121 servers in team-a of lab \(page 1 of 3\):`, `new-1 +BUILD +– +U0ALICE +– +building`)
	if r, err := say(t, env, alice, "list --mine"); err != nil || len(r.Table.Rows) != 1 || r.Table.Rows[0][0] != "new-1" {
		t.Errorf("mine: %s", told(r, err))
	}
	r, err = say(t, env, alice, "list --page 3")
	if err != nil || len(r.Table.Rows) != 21 || r.Table.More != "" {
		t.Errorf("%+v %v", r.Table, err)
	}
	r, err = say(t, env, bob, "list --mine")
	if stackhand.KindOf(err) != stackhand.Unauthorized {
		t.Errorf("%s", told(r, err))
	}
	w.cloud.servers, w.stacks = nil, map[string]stackhand.Stack{}
	r, err = say(t, env, alice, "list")
	expect(t, told(r, err), "There is no server in team-a of lab. Make one with create NAME")
}
