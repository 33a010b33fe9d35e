package commands

import (
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/stackhand/stackhand"
)

// offer has alice offer web-1 to bob and answers the value of its buttons.
func (w *world) offer(t *testing.T, env *Env) (stackhand.Stack, string) {
	t.Helper()
	w.login["U0BOB"] = "bob"
	st := w.give("U0ALICE", "web-1")
	st.Lease.Warned = []stackhand.Warning{{Notice: "n"}}
	st.Shared = []string{"U0CAROL", "U0BOB"}
	w.stacks[st.ID] = st
	w.talk(t, env, []hears{{alice, "transfer web-1 @U0BOB", "@U0BOB was asked to take web-1 over"}})
	n := w.lastNotice("U0BOB")
	if len(n.Actions) != 2 || n.Actions[0].ID != "accept" || n.Actions[1].ID != "decline" || n.Place != st.Place || n.Job != st.Job {
		t.Fatalf("bob was asked with %+v", n)
	}
	return w.stacks[st.ID], n.Actions[0].Value
}

func clicked(id, value string) string {
	line, _ := ClickLine(id, value)
	return line
}

func TestTransfer(t *testing.T) {
	w, env := newWorld()
	st, id := w.offer(t, env)
	if st.Lease.Owner != "U0ALICE" || !st.Transfer.Open(w.now) {
		t.Fatalf("before it is accepted: %+v", st)
	}
	w.talk(t, env, []hears{
		{alice, "show web-1", "Offered to: @U0BOB, until"},
		{bob, "approvals", "@U0ALICE offers you the server web-1, until"},
		{bob, "approvals", "[accept Accept web-1"},
		{alice, "transfer web-1 carol", "is offered to U0BOB already"},
		{alice, clicked("accept", id), "is offered to U0BOB, and nobody else can answer that"},
		{dana, clicked("accept", id), "nobody else can answer that"},
		{bob, clicked("accept", id+"x"), "That offer of web-1 is over"},
		{bob, clicked("accept", "aaaaaaaa-1.bbbbbbbb"), "There is no such offer"},
		{bob, clicked("withdraw", id), "is shared with you, but belongs to U0ALICE, so you cannot take back the offer of it"},
		{bob, clicked("accept", id), "web-1 is yours now, until"},
		{bob, clicked("accept", id), "You accepted web-1 already, just now"},
		{bob, clicked("decline", id), "You accepted web-1 already"},
		{alice, "delete web-1", "belongs to U0BOB"},
		{alice, clicked("withdraw", id), "belongs to U0BOB"},
		{bob, "show web-1", "Owner: @U0BOB"},
	})
	st = w.stacks[st.ID]
	if st.Lease.Owner != "U0BOB" || len(st.Lease.Warned) != 0 || !slices.Equal(st.Shared, []string{"U0CAROL"}) {
		t.Errorf("after it was accepted: %+v", st)
	}
	if n := w.notices["offer/"+id]; !n.Stale || len(n.Actions) > 0 || !strings.Contains(n.Text.String(), "@U0BOB accepted the server web-1") {
		t.Errorf("the offer says %q with %v", n.Text, n.Actions)
	}
	if n := w.lastNotice("U0ALICE"); !strings.Contains(n.Text.String(), "@U0BOB accepted") {
		t.Errorf("alice was told %q", n.Text)
	}
}

func TestTransferIsRefused(t *testing.T) {
	w, env := newWorld()
	st := w.give("U0ALICE", "web-1")
	w.talk(t, env, []hears{
		{alice, "transfer web-1", "needs the new owner"},
		{alice, "transfer web-1 @ops", "is a user group, and a server has one owner"},
		{alice, "transfer web-1 alice", "belongs to alice already"},
		{alice, "transfer web-1 gus", "is a guest"},
		{alice, "transfer web-1 ed", "is deactivated"},
		{alice, "transfer web-1 nobody", "Nobody here is called nobody"},
		{bob, "transfer " + st.ID + " bob", "You are not logged in"},
		{alice, "transfer withdraw web-1", "is not offered to anybody"},
	})
	w.login["U0BOB"] = "bob"
	w.talk(t, env, []hears{{bob, "transfer web-1 bob", "belongs to U0ALICE, so you cannot transfer it"}})
	st.State = stackhand.StackBuilding
	w.stacks[st.ID] = st
	w.talk(t, env, []hears{{alice, "transfer web-1 bob", "is not ready yet"}})
	if w.stacks[st.ID].Transfer != nil || len(w.told) > 0 {
		t.Errorf("something was offered: %v", w.told)
	}
}

func TestTransferEnds(t *testing.T) {
	for _, c := range []struct {
		name  string
		does  func(w *world, st *stackhand.Stack)
		says  []hears
		owner string
	}{
		{"declined", nil, []hears{{bob, "transfer decline web-1", "web-1 stays with @U0ALICE"}, {bob, "transfer accept web-1", "You declined web-1 already"}}, "U0ALICE"},
		{"withdrawn", nil, []hears{{alice, "transfer withdraw web-1", "no longer offered to @U0BOB"}, {bob, "transfer accept web-1", "was taken back, just now"}}, "U0ALICE"},
		{"late", func(w *world, _ *stackhand.Stack) { w.now = w.now.Add(transferFor) }, []hears{{bob, "transfer accept web-1", "ended unanswered, just now"}}, "U0ALICE"},
		{"gone", func(_ *world, st *stackhand.Stack) { st.State = stackhand.StackDeleting }, []hears{{bob, "transfer accept web-1", "is being deleted, or is gone"}}, "U0ALICE"},
		{"offered anew", nil, []hears{{alice, "transfer withdraw web-1", "no longer"}, {alice, "transfer web-1 carol", "@U0CAROL was asked"}, {bob, "transfer accept web-1", "is offered to U0CAROL"}}, "U0ALICE"},
		{"no login", func(w *world, _ *stackhand.Stack) { delete(w.login, "U0BOB") }, []hears{{bob, "CLICK", "you have no login there, so you could do nothing with it"}}, "U0ALICE"},
		{"a namesake", func(w *world, _ *stackhand.Stack) { w.give("U0BOB", "web-1") }, []hears{{bob, "CLICK", "You own a server called web-1 in team-a already"}}, "U0ALICE"},
		{"taken over", nil, []hears{{dana, "transfer web-1 dana", "web-1 is yours now; it was @U0ALICE's"}, {bob, "transfer accept web-1", "was taken back"}}, "U0DANA"},
		{"by an administrator", func(_ *world, st *stackhand.Stack) { st.Transfer = nil }, []hears{{dana, "transfer web-1 bob", "was asked"}, {bob, "transfer accept web-1", "is yours now"}}, "U0BOB"},
	} {
		t.Run(c.name, func(t *testing.T) {
			w, env := newWorld()
			st, id := w.offer(t, env)
			if c.does != nil {
				c.does(w, &st)
				w.stacks[st.ID] = st
			}
			for i := range c.says {
				if c.says[i].line == "CLICK" {
					c.says[i].line = clicked("accept", id)
				}
			}
			w.talk(t, env, c.says)
			if got := w.stacks[st.ID].Lease.Owner; got != c.owner {
				t.Errorf("it belongs to %s, want %s", got, c.owner)
			}
		})
	}
}

// The server of somebody who is not here any more is given away without them, and they are told nothing.
func TestTransferOfTheDeparted(t *testing.T) {
	w, env := newWorld()
	w.login["U0BOB"] = "bob"
	w.give("U0ED", "old-1")
	w.talk(t, env, []hears{
		{dana, "transfer old-1 bob", "@U0BOB was asked to take old-1 over"},
		{bob, "transfer accept old-1", "old-1 is yours now"},
	})
	if n := w.lastNotice("U0ED"); n.ID != "" {
		t.Errorf("ed was told %q", n.Text)
	}
	if n := w.lastNotice("U0DANA"); !strings.Contains(n.Text.String(), "@U0BOB accepted") {
		t.Errorf("dana was told %q", n.Text)
	}
}

// Two answers at once: the record decides, not what was read before.
func TestTransferIsAnsweredOnce(t *testing.T) {
	w, env := newWorld()
	st, id := w.offer(t, env)
	w.meanwhile = func() {
		st.Transfer = &stackhand.Transfer{ID: id, From: "U0ALICE", To: "U0BOB", State: stackhand.TransferWithdrawn, Closed: w.now.Add(-time.Minute), Ends: w.now.Add(time.Hour)}
		w.stacks[st.ID] = st
	}
	w.talk(t, env, []hears{{bob, clicked("accept", id), "was taken back, 1 minute ago"}})
	if got := w.stacks[st.ID].Lease.Owner; got != "U0ALICE" {
		t.Errorf("it belongs to %s", got)
	}
}
