package commands

import (
	"slices"
	"strings"
	"testing"

	"github.com/stackhand/stackhand"
)

// anew are the commands that make something of the asker's own and touch nothing that is there.
var anew = []string{"create", "keypair create", "network create", "router create", "port create", "security group create", "floating ip create", "volume create"}

// TestForeignThingsAreNotTouched goes through every command that changes something, said by somebody to whom nothing of it belongs.
// Where everybody uses the bot's own login, nothing but what is made anew begins, whatever is named; an administrator may all.
func TestForeignThingsAreNotTouched(t *testing.T) {
	for _, e := range table {
		c, ok := gated[e.Name]
		if !ok || slices.Contains([]string{"transfer accept", "schedule delete"}, e.Name) {
			continue
		}
		t.Run(e.Name, func(t *testing.T) {
			for _, made := range []bool{true, false} {
				w, env := gateWorld(c.status)
				w.givable(e.Name, alice)
				w.login["U0BOB"] = "bob"
				for id, st := range w.stacks {
					if st.Cloud = "svc"; made {
						w.stacks[id] = st
					} else {
						delete(w.stacks, id) // then the servers are there, and were not made here
					}
				}
				before := w.state()
				line := Line{Text: c.line + " --cloud svc", Key: "k" + c.line, Place: stackhand.Place{Channel: "C1"}}
				if slices.Contains([]string{"retry", "keep", "cleanup", "cancel"}, e.Name) {
					line.Text = c.line
				}
				if e.Name == "create" {
					line.Text += " --image i-debian --flavor m1.small"
				}
				if e.Name == "password" {
					line.Values = map[string]string{inputPassword: "hunter2hunter2"}
				}
				r, err := Do(t.Context(), env, bob, line)
				if began := before != w.state(); began != slices.Contains(anew, e.Name) {
					t.Errorf("made here: %v; began: %v\n%s", made, began, told(r, err))
				}
				if err == nil && !slices.Contains(anew, e.Name) && len(r.Actions) == 0 {
					t.Errorf("made here: %v; not refused: %s", made, told(r, err))
				}
			}
		})
	}
}

// TestOwnRightsInTheCloudDecide: with a login of one's own, what was not made here is the cloud's business, and what was made
// here is its owners'.
func TestOwnRightsInTheCloudDecide(t *testing.T) {
	for line, status := range map[string]string{"reboot web-1": "", "stop web-1": "", "start web-1": "SHUTOFF", "rename web-1 x-1": "", "set web-1 --property a=b": "", "image create web-1": "", "console log web-1": ""} {
		w, env := gateWorld(status)
		w.login["U0BOB"] = "bob"
		if r, err := say(t, env, bob, line); stackhand.KindOf(err) != stackhand.Forbidden || !strings.Contains(told(r, err), "belongs to U0ALICE") {
			t.Errorf("%s, of alice's: %s", line, told(r, err))
		}
		for id := range w.stacks {
			delete(w.stacks, id)
		}
		if r, err := say(t, env, bob, line+" "); err != nil {
			t.Errorf("%s, made elsewhere: %s", line, told(r, err))
		}
	}
}

// In a cloud that everybody uses with the bot's login, what was made for a server goes with it to its next owner.
func TestWhatWasMadeForAServerFollowsIt(t *testing.T) {
	w, env := newWorld()
	st := w.give("U0ALICE", "web-1")
	w.jobs[st.Job] = stackhand.Job{ID: st.Job, User: alice, Stacks: []string{st.ID}}
	touch := func(u stackhand.User) error {
		s, err := open(t.Context(), env, u, "svc")
		if err != nil {
			t.Fatal(err)
		}
		return s.mayTouch(t.Context(), "change", "the port p", st.Job)
	}
	if err := touch(alice); err != nil {
		t.Error(err)
	}
	if err := touch(bob); err == nil || !strings.Contains(err.Error(), "was made by U0ALICE") {
		t.Error(err)
	}
	st.Lease.Owner, st.Shared = "U0CAROL", []string{"U0BOB"}
	w.stacks[st.ID] = st
	if err := touch(bob); err != nil {
		t.Error(err)
	}
	if err := touch(alice); err == nil || !strings.Contains(err.Error(), "was made by U0CAROL") {
		t.Error(err)
	}
	st.State = stackhand.StackGone
	w.stacks[st.ID] = st
	if err := touch(alice); err != nil {
		t.Errorf("nothing else says whose it is: %v", err)
	}
}
