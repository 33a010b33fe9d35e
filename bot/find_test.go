package bot

import (
	"context"
	"slices"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/stackhand/stackhand"
	sim "github.com/stackhand/stackhand/internal/sim/slack"
)

// people is a workspace with some who get no servers, and namesakes.
func manyPeople() sim.Options {
	return sim.Options{
		Users: []sim.User{
			{ID: "U0ALICE", Name: "alice", RealName: "Alice Amber"}, {ID: "U0BOB", Name: "bob", RealName: "Bob Birch"}, {ID: "U0CAROL", Name: "carol"},
			{ID: "U0GUS", Name: "gus", Restricted: true}, {ID: "U0ED", Name: "ed", Deleted: true},
			{ID: "U0EVE", Name: "eve", Team: "T0OTHER", Stranger: true}, {ID: "U0BOB2", Name: "bobby", RealName: "bob birch"},
		},
		Groups: []sim.Group{
			{ID: "S0OPS", Handle: "ops", Name: "Operations", Members: []string{"U0CAROL"}}, {ID: "S0WEB", Handle: "web", Name: "Web team", Members: []string{"U0ALICE"}},
		},
	}
}

func TestWho(t *testing.T) {
	w := newWorld(t, manyPeople()).boot()
	for _, c := range []struct {
		word, ids, refused string
	}{
		{"@U0BOB", "U0BOB", ""}, {"U0BOB", "U0BOB", ""}, {"bob", "U0BOB", ""}, {"@Bob", "U0BOB", ""}, {"BOB BIRCH", "U0BOB U0BOB2", ""},
		{"@S0WEB", "S0WEB", ""}, {"web", "S0WEB", ""}, {"@Operations", "S0OPS", ""},
		{"gus", "U0GUS", "is a guest"}, {"@U0ED", "U0ED", "is deactivated"}, {"ed", "", ""}, {"@U0EVE", "U0EVE", "another workspace"},
		{"@" + sim.BotUserID, sim.BotUserID, "is no person"}, {"@U0NOBODY", "", ""}, {"@S0NONE", "", ""}, {"", "", ""}, {"@", "", ""}, {"nobody", "", ""},
	} {
		found, err := w.bot.Who(t.Context(), c.word)
		if err != nil {
			t.Errorf("%q: %v", c.word, err)
			continue
		}
		var ids []string
		for _, p := range found {
			ids = append(ids, p.ID)
			if (c.refused == "") != (p.Refused == nil) || p.Refused != nil && !strings.Contains(p.Refused.Error(), c.refused) {
				t.Errorf("%q: refused with %v, want %q", c.word, p.Refused, c.refused)
			}
		}
		if got := strings.Join(ids, " "); got != c.ids {
			t.Errorf("%q means %q, want %q", c.word, got, c.ids)
		}
	}
	if n := w.calls("users.list"); n != 1 {
		t.Errorf("everybody was listed %d times", n)
	}
	if got := w.bot.Name(t.Context(), "S0WEB"); got != "@web" {
		t.Errorf("S0WEB is called %q", got)
	}
	w.fault("api", "users.info", "500")
	if _, err := w.bot.Who(t.Context(), "@U0CAROL"); stackhand.KindOf(err) != stackhand.Unavailable && err != nil {
		t.Errorf("while Slack stumbles: %v", err)
	}
}

// A group matters from the moment on in which something is shared with it; one that is gone stops nobody.
func TestGroupsInUse(t *testing.T) {
	w := newWorld(t, manyPeople())
	w.boot()
	var asked atomic.Int32
	w.bot.people.groups.shared = func(context.Context) ([]string, error) { asked.Add(1); return []string{"S0GONE"}, nil }
	in := func(id string, want ...string) {
		t.Helper()
		u, err := w.bot.user(t.Context(), id)
		if err != nil || !slices.Equal(u.Groups, want) {
			t.Errorf("%s is in %v, want %v (%v)", id, u.Groups, want, err)
		}
	}
	in("U0CAROL", "S0OPS")
	in("U0ALICE")
	if _, err := w.bot.Who(t.Context(), "@web"); err != nil {
		t.Fatal(err)
	}
	in("U0ALICE", "S0WEB")
	in("U0CAROL", "S0OPS")
	if asked.Load() != 1 || w.calls("usergroups.users.list") != 3 {
		t.Errorf("asked %d times for what is shared and %d times for members", asked.Load(), w.calls("usergroups.users.list"))
	}
}

func TestARevisedNoticeIsEdited(t *testing.T) {
	w := newWorld(t, sim.Options{}).boot()
	w.mem.mu.Lock()
	w.mem.notices["n1"] = stackhand.Notice{ID: "n1", User: "U0BOB", Place: stackhand.Place{Channel: "C0TEAMA"}, Text: stackhand.Textf("an offer"),
		Actions: []stackhand.Action{{ID: "show", Label: "Show", Value: "web-1"}}}
	w.mem.mu.Unlock()
	w.bot.Noticed()
	w.until("delivered", func() bool { return !w.notice("n1").Delivered.IsZero() && !w.bot.Busy() })
	mark := w.slack.Mark()
	n := w.notice("n1")
	n.Text, n.Actions, n.Stale = stackhand.Textf("it was accepted"), nil, true
	if err := w.mem.SaveNotice(t.Context(), &n); err != nil {
		t.Fatal(err)
	}
	w.bot.Noticed()
	w.until("revised", func() bool { return !w.notice("n1").Stale })
	edited := 0
	for _, s := range w.slack.Since(mark) {
		if s.Kind == "update" && strings.Contains(s.Text, "it was accepted") && !strings.Contains(s.Text, "[Show]") {
			edited++
		}
	}
	if edited != 2 || w.count("message", "it was accepted") != 0 {
		t.Errorf("%d messages were edited\n%s", edited, w.transcript())
	}
}

// The home tab shows what others share, and whose it is.
func TestHomeShowsWhatIsShared(t *testing.T) {
	w := newWorld(t, sim.Options{}).boot()
	st := readyStack("abcdefgh")
	st.Name, st.Lease.Owner, st.Shared = "web-9", "U0CAROL", []string{"U0ALICE"}
	w.mem.mu.Lock()
	w.mem.stacks[st.ID] = st
	w.mem.mu.Unlock()
	if err := w.slack.OpenHome("alice"); err != nil {
		t.Fatal(err)
	}
	var home string
	w.until("the home tab", func() bool {
		for _, s := range w.slack.Since(0) {
			if s.Kind == "home" && s.For == "U0ALICE" {
				home = s.Text
			}
		}
		return home != ""
	})
	if !strings.Contains(home, "web-9") || !strings.Contains(home, "shared by @carol") {
		t.Errorf("the home tab: %s", home)
	}
}
