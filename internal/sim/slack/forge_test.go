package slack

import "testing"

// What is forged goes out as what was forged, and what was sent stays as it was.
func TestForge(t *testing.T) {
	a := start(t, Options{})
	l := a.connect()
	if err := a.w.Forge("slash_commands", nil); err == nil {
		t.Error("forged out of nothing")
	}
	if err := a.w.Type("alice", "team-a", "", "/stack list"); err != nil {
		t.Fatal(err)
	}
	first := l.next()
	for _, user := range []string{"U0BOB", "U0ALICE"} {
		change := func(p map[string]any) { p["user_id"] = user }
		if user == "U0ALICE" {
			change = nil
		}
		kind := "slash_commands"
		if err := a.w.Forge(kind, change); err != nil {
			t.Fatal(err)
		}
		got := l.next()
		if got["type"] != kind || got["envelope_id"] == first["envelope_id"] || asObj(got["payload"])["text"] != "list" {
			t.Errorf("forged %v", got)
		}
		if user == "U0BOB" && asObj(got["payload"])["user_id"] != user {
			t.Errorf("it is of %v", asObj(got["payload"])["user_id"])
		}
	}
	if asObj(first["payload"])["user_id"] != "U0ALICE" {
		t.Error("what was sent before has changed")
	}
}
