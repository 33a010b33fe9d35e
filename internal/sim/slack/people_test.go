package slack

import (
	"slices"
	"strings"
	"testing"
)

func TestConversations(t *testing.T) {
	a := start(t, Options{})
	if c := asObj(a.call("conversations.info", obj{"channel": "C0RANDOM"})["channel"]); c["is_member"] != false || c["name"] != "random" {
		t.Errorf("info %v", c)
	}
	a.refused("channel_not_found", "conversations.info", obj{"channel": "random"})
	a.refused("not_in_channel", "conversations.history", obj{"channel": "C0RANDOM"})
	a.call("conversations.join", obj{"channel": "C0RANDOM"})
	a.call("conversations.history", obj{"channel": "C0RANDOM"})
	dm := asObj(a.call("conversations.open", obj{"users": "U0BOB"})["channel"])["id"]
	if again := asObj(a.call("conversations.open", obj{"users": "U0BOB"})["channel"])["id"]; again != dm || dm != "D0BOB" {
		t.Errorf("two direct messages: %v and %v", dm, again)
	}
	a.call("conversations.open", obj{"channel": dm})
	a.refused("user_not_found", "conversations.open", obj{"users": "U0NOBODY"})
	a.refused("cannot_dm_bot", "conversations.open", obj{"users": BotUserID})
	a.refused("users_list_not_supplied", "conversations.open", nil)
	if l := items(a.call("conversations.list", obj{"types": "im"})["channels"]); len(l) != 1 {
		t.Errorf("direct messages %v", l)
	}
	if m := items(a.call("conversations.members", obj{"channel": "C0OPS"})["members"]); len(m) != 5 {
		t.Errorf("members %v", m)
	}
}

// Whoever changes a user group tells the app, if it wants to know.
func TestChangeGroup(t *testing.T) {
	a := start(t, Options{Events: []string{"subteam_members_changed"}})
	l := a.connect()
	if err := a.w.ChangeGroup("@ops", func(g *Group) { g.Members = []string{"U0DANA", "U0BOB"} }); err != nil {
		t.Fatal(err)
	}
	ev := asObj(l.take()["event"])
	if ev["type"] != "subteam_members_changed" || ev["subteam_id"] != "S0OPS" || !slices.Equal(items(ev["added_users"]), []any{"U0BOB"}) || !slices.Equal(items(ev["removed_users"]), []any{"U0CAROL"}) {
		t.Errorf("%v", ev)
	}
	if err := a.w.ChangeGroup("nobody", nil); err == nil {
		t.Error("there is no such group")
	}
}

// Every list comes whole, page by page.
func TestPages(t *testing.T) {
	a := start(t, Options{Relaxed: true})
	for range 7 {
		a.call("chat.postMessage", obj{"channel": "C0OPS", "text": "x"})
	}
	for _, c := range []struct {
		method, key string
		args        obj
		want        int
	}{
		{"users.list", "members", obj{}, 5},
		{"conversations.list", "channels", obj{}, 4},
		{"conversations.members", "members", obj{"channel": "C0OPS"}, 5},
		{"conversations.history", "messages", obj{"channel": "C0OPS"}, 7},
	} {
		c.args["limit"] = 2
		n := 0
		for {
			o := a.call(c.method, c.args)
			page := items(o[c.key])
			n += len(page)
			if len(page) > 2 {
				t.Errorf("%s: a page of %d", c.method, len(page))
			}
			if c.args["cursor"] = str(asObj(o["response_metadata"]), "next_cursor"); c.args["cursor"] == "" {
				break
			}
		}
		if n != c.want {
			t.Errorf("%s: %d in all, want %d", c.method, n, c.want)
		}
	}
	a.refused("invalid_cursor", "users.list", obj{"cursor": "!"})
}

func TestHistoryBetweenTimes(t *testing.T) {
	a := start(t, Options{Relaxed: true})
	var ts []string
	for range 4 {
		ts = append(ts, str(a.call("chat.postMessage", obj{"channel": "C0OPS", "text": "x"}), "ts"))
	}
	for _, c := range []struct {
		args obj
		want int
	}{
		{obj{"oldest": ts[1]}, 2}, {obj{"oldest": ts[1], "inclusive": true}, 3}, {obj{"latest": ts[1]}, 1},
		{obj{"oldest": ts[0], "latest": ts[3]}, 2},
	} {
		c.args["channel"] = "C0OPS"
		if l := items(a.call("conversations.history", c.args)["messages"]); len(l) != c.want {
			t.Errorf("%v: %d messages, want %d", c.args, len(l), c.want)
		}
	}
	newest := asObj(items(a.call("conversations.history", obj{"channel": "C0OPS"})["messages"])[0])
	if newest["ts"] != ts[3] {
		t.Errorf("the newest is not first: %v", newest)
	}
	a.refused("thread_not_found", "conversations.replies", obj{"channel": "C0OPS", "ts": "1.000001"})
}

func TestPeople(t *testing.T) {
	a := start(t, Options{Events: []string{"user_change"}})
	a.refused("user_not_found", "users.info", obj{"user": "alice"})
	if u := asObj(a.call("users.lookupByEmail", obj{"email": "Carol@example.com"})["user"]); u["id"] != "U0CAROL" {
		t.Errorf("found %v", u)
	}
	a.refused("users_not_found", "users.lookupByEmail", obj{"email": "x@example.com"})
	g := asObj(items(a.call("usergroups.list", obj{"include_users": true})["usergroups"])[0])
	if g["handle"] != "ops" || len(items(g["users"])) != 2 {
		t.Errorf("group %v", g)
	}
	a.refused("no_such_subteam", "usergroups.users.list", obj{"usergroup": "S0NONE"})
	l := a.connect()
	if err := a.w.ChangeUser("bob", func(u *User) { u.Deleted = true }); err != nil {
		t.Fatal(err)
	}
	ev := asObj(l.take()["event"])
	if ev["type"] != "user_change" || asObj(ev["user"])["deleted"] != true {
		t.Errorf("event %v", ev)
	}
	a.refused("user_disabled", "conversations.open", obj{"users": "U0BOB"})
	a.w.AddUser(User{ID: "U0GUEST", Name: "guest", UltraRestricted: true, Team: "T0OTHER", Stranger: true})
	u := asObj(a.call("users.info", obj{"user": "U0GUEST"})["user"])
	if u["is_restricted"] != true || u["is_stranger"] != true || u["team_id"] != "T0OTHER" || u["tz"] != "Etc/UTC" {
		t.Errorf("guest %v", u)
	}
	if err := a.w.ChangeUser("nobody", func(*User) {}); err == nil || !strings.Contains(err.Error(), "nobody") {
		t.Errorf("changing nobody: %v", err)
	}
	if err := a.w.ChangeChannel("ops", func(c *Channel) { c.Archived = true }); err != nil {
		t.Fatal(err)
	}
	if err := a.w.Type("alice", "ops", "", "x"); err == nil {
		t.Error("somebody wrote into an archived channel")
	}
	if err := a.w.ChangeChannel("nowhere", func(*Channel) {}); err == nil {
		t.Error("a channel that is not there was changed")
	}
}
