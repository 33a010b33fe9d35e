package commands

import (
	"strings"
	"testing"
	"time"

	"github.com/stackhand/stackhand"
)

func buttons(r Reply, id string) (out []string) {
	for _, a := range r.Actions {
		if a.ID == id {
			out = append(out, a.Value)
		}
	}
	return out
}

func TestAsk(t *testing.T) {
	w, env := newWorld()
	w.login["U0BOB"] = "bob"
	w.give("U0ALICE", "web-1")
	r, err := say(t, env, bob, "reboot web-1 --hard")
	ask := buttons(r, "ask")
	if err == nil || len(ask) != 1 {
		t.Fatalf("bob is offered %+v (%v)", r.Actions, err)
	}
	w.talk(t, env, []hears{
		{bob, clicked("ask", ask[0]), "U0ALICE was asked: reboot web-1 --hard. You are told when it is done."},
		{bob, clicked("ask", ask[0]), "You asked U0ALICE for that today already"},
		{bob, "ask web-1", "U0ALICE was asked to share web-1 with you"},
		{bob, "ask web-1 --for stop", "U0ALICE was asked: stop web-1"},
		{bob, `ask web-1 --for "delete web-2 --volumes keep"`, "U0ALICE was asked: delete web-1 --volumes keep"},
		{bob, `ask web-1 --for "image list"`, "Image list is nothing that is done to a server"},
		{bob, `ask web-1 --for "frobnicate"`, "I do not understand"},
		{bob, `ask web-1 --for "ask web-1"`, "nothing that is done to a server"},
		{bob, `ask web-1 --for "rename web-1 ` + strings.Repeat("x", 400) + `"`, "cannot be asked for"},
		{bob, "ask nothing", "There is no server called nothing"},
		{alice, "ask web-1", "is yours to use"},
		{dana, "ask web-1 --for reboot", "is yours to use"},
	})
	var n stackhand.Notice
	for id, it := range w.notices {
		if strings.Contains(id, "/reboot/") {
			n = it
		}
	}
	if n.User != "U0ALICE" || n.Place.Channel != "" || !strings.Contains(n.Text.String(), "@U0BOB may not do this to web-1, and asks you for it: reboot web-1 --hard") || n.Actions[0].ID != "grant" {
		t.Fatalf("alice was told %+v", n)
	}
	before := len(w.order)
	w.talk(t, env, []hears{
		{bob, clicked("grant", n.ID), "belongs to U0ALICE"},
		{alice, clicked("grant", "delete web-1"), "no such request"},
		{alice, clicked("grant", strings.Replace(n.ID, "reboot", "delete", 1)+"x"), "no such request"},
		{alice, clicked("grant", n.ID), "Reboot web-1: job"},
		{alice, clicked("grant", n.ID), "was done already"},
	})
	if len(w.order) != before+1 || w.jobs[w.order[before]].User.ID != "U0ALICE" || w.jobs[w.order[before]].Flow != "reboot" {
		t.Errorf("%d jobs: %+v", len(w.order)-before, w.jobs[w.order[len(w.order)-1]])
	}
	if got := w.notices[n.ID]; len(got.Actions) > 0 || !strings.Contains(got.Text.String(), "@U0ALICE did what @U0BOB asked for: reboot web-1 --hard") {
		t.Errorf("the request says %q", got.Text)
	}
	if got := w.lastNotice("U0BOB"); !strings.Contains(got.Text.String(), "@U0ALICE did what") {
		t.Errorf("bob was told %q", got.Text)
	}
	w.now = w.now.Add(24 * time.Hour)
	w.talk(t, env, []hears{{bob, clicked("ask", ask[0]), "was asked"}})
}

// What was asked for is done while it is fresh, by who may, and where it needs an answer first, after that.
func TestGrantLooksAnew(t *testing.T) {
	w, env := newWorld()
	w.login["U0BOB"] = "bob"
	st := w.give("U0ALICE", "web-1")
	w.talk(t, env, []hears{{bob, "ask web-1 --for delete", "was asked"}, {bob, `ask web-1 --for "console log"`, "was asked"}})
	id := "ask/" + st.ID + "/U0BOB/delete/" + w.now.Format(time.DateOnly)
	if n := w.notices["ask/"+st.ID+"/U0BOB/console log/"+w.now.Format(time.DateOnly)]; len(n.Actions) != 1 || n.Actions[0].ID != "choose" {
		t.Errorf("a log that nobody else could read is offered: %+v", n.Actions)
	}
	share := w.notices[id].Actions[1].Value
	st.Ledger = append(st.Ledger, stackhand.Resource{Kind: stackhand.KindVolume, ID: "v1", Name: "data", Job: "otherjob"})
	w.stacks[st.ID] = st
	w.talk(t, env, []hears{{alice, clicked("grant", id), "What is to become of it when the server goes?"}})
	if len(w.notices[id].Actions) == 0 || len(w.order) > 0 {
		t.Error("it counts as done before the question was answered")
	}
	w.talk(t, env, []hears{{alice, clicked("choose", share), "web-1 is shared with @U0BOB now"}})
	w.now = w.now.Add(askedFor + time.Minute)
	w.talk(t, env, []hears{{alice, clicked("grant", id), "was asked for too long ago"}})
	st.State = stackhand.StackGone
	w.stacks[st.ID] = st
	w.talk(t, env, []hears{{bob, "ask " + st.ID, "gone"}})
}

func TestAskOfTheDeparted(t *testing.T) {
	w, env := newWorld()
	w.login["U0BOB"] = "bob"
	w.give("U0ED", "old-1")
	w.talk(t, env, []hears{{bob, "ask old-1", "who cannot be asked any more"}})
	env.Notices = nil
	r, err := say(t, env, bob, "reboot old-1")
	if err == nil || len(buttons(r, "ask")) > 0 {
		t.Errorf("a button that leads nowhere: %+v", r.Actions)
	}
}
