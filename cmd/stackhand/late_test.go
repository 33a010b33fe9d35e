package main

import (
	"io"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/stackhand/stackhand"
)

// What a call of a job made that was under way when the bot was killed, and that came to life after its next life had looked, is found
// within the half hour, and not the next day.
func TestWhatComesToLifeLate(t *testing.T) {
	var out strings.Builder
	st, err := newStage(t.Context(), demoCmd{Dir: t.TempDir(), ClockRate: 1, ClockAt: "2027-03-02T12:00:00Z", SlackPace: pace, Build: time.Second, LogLevel: 12},
		streams{err: io.Discard})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(st.close)
	if err := st.start(t.Context()); err != nil {
		t.Fatal(err)
	}
	p := newPlayer(st, &out)
	play := func(talk ...string) {
		t.Helper()
		var lines []scriptLine
		for _, text := range talk {
			l, err := parseLine(text)
			if err != nil {
				t.Fatal(err)
			}
			lines = append(lines, l)
		}
		if err := p.play(t.Context(), lines); err != nil {
			t.Fatalf("%v\n%s", err, &out)
		}
	}
	late := func(name string) {
		t.Helper()
		a := st.on.app
		mine, err := a.store.StacksOfOwner(t.Context(), "U0ALICE")
		if err != nil || len(mine) == 0 {
			t.Fatal(mine, err)
		}
		of := mine[slices.IndexFunc(mine, func(m stackhand.Stack) bool { return m.Name == name })]
		c, err := a.sessions.Client(t.Context(), "U0ALICE", demoCloud, stackhand.Scope{})
		if err != nil {
			t.Fatal(err)
		}
		networks, err := c.Networks(t.Context())
		at := slices.IndexFunc(networks, func(n stackhand.Network) bool { return n.External })
		if err != nil || at < 0 {
			t.Fatal(networks, err)
		}
		mark := stackhand.Mark{Job: of.Job, Stack: of.ID, Home: a.home}
		if _, err = c.CreateFloatingIP(t.Context(), networks[at].ID, mark.String()); err != nil {
			t.Fatal(err)
		}
	}
	play("alice #team-a: /stack create web-1", "wait")
	late("web-1") // nothing was interrupted: it is found by the daily look
	play("alice #team-a: /stack list", "clock +40m", "reject I found")
	play("alice #team-a: /stack create db-1", "restart", "wait", "cloud servers 2")
	late("db-1")
	play("alice #team-a: /stack list", "clock +16m", "reject I found", "clock +10m", "expect I found 2 things in the cloud that no record of mine accounts for")
}
