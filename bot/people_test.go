package bot

import (
	"fmt"
	"testing"

	sim "github.com/stackhand/stackhand/internal/sim/slack"
)

// A name is asked for once, also where there is none, and tells nothing of a role.
func TestName(t *testing.T) {
	w := newWorld(t, sim.Options{}).boot()
	if w.bot.o.Env.Name == nil {
		t.Fatal("the commands have nobody to ask for names")
	}
	before := w.calls("users.info")
	for range 3 {
		if got := w.bot.o.Env.Name(t.Context(), "U0BOB"); got != "bob" {
			t.Errorf("U0BOB is called %q", got)
		}
		if got := w.bot.Name(t.Context(), "U0NOBODY"); got != "" {
			t.Errorf("U0NOBODY is called %q", got)
		}
	}
	if got := w.calls("users.info") - before; got != 2 {
		t.Errorf("asked Slack %d times, want once for each", got)
	}
	mark := w.typed("U0BOB", "C0TEAMA", "", "/stack role")
	w.see(mark, "you are ")
	if got := w.calls("users.info") - before; got != 3 {
		t.Errorf("bob's role was told by what was asked for his name: %d calls", got)
	}
}

// Moments that somebody types are meant in their own time zone.
func TestZone(t *testing.T) {
	w := newWorld(t, sim.Options{}).boot()
	if w.bot.o.Env.Zone == nil {
		t.Fatal("the commands have nobody to ask for time zones")
	}
	for id, want := range map[string]string{"U0ALICE": "Europe/Berlin", "U0BOB": "America/New_York", "U0NOBODY": ""} {
		if got := w.bot.o.Env.Zone(t.Context(), id); got != want {
			t.Errorf("the zone of %s is %q, want %q", id, got, want)
		}
	}
}

// A list of many strangers must not use up the calls with which roles are looked up.
func TestNamesLeaveRoomForRoles(t *testing.T) {
	w := newWorld(t, sim.Options{}).boot()
	before := w.calls("users.info")
	for i := range 100 {
		w.bot.Name(t.Context(), fmt.Sprintf("U0NOBODY%d", i))
	}
	if got := w.calls("users.info") - before; got < 5 || got > 12 {
		t.Errorf("asked Slack %d times for 100 names, want about ten", got)
	}
	if wait := w.bot.web.limit.ready("users.info", ""); wait > 0 {
		t.Errorf("a role has to wait %s", wait)
	}
}
