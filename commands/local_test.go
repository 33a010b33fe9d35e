package commands

import (
	"context"
	"testing"
	"time"

	"github.com/stackhand/stackhand"
)

// What a table or a button cannot hold as a moment is written out in the time zone of whoever asked.
func TestLocal(t *testing.T) {
	w, env, b, _, _ := longWorld(t)
	w.now = time.Date(2026, 11, 21, 9, 0, 0, 0, time.UTC)
	env.Zone = func(_ context.Context, user string) string {
		return map[string]string{carol.ID: "America/New_York", bob.ID: "Nowhere/Known"}[user]
	}
	decide(t, env, alice, "keep web-1 --until 2026-11-24T15:00:00Z", `Keep web-1 until 2026-11-24 15:00 UTC .* waits`)
	if r := b.only(t); r.Job.Title != "Keep web-1 until 2026-11-24 15:00 UTC" {
		t.Errorf("the record says %q", r.Job.Title)
	}
	w.give("U0ALICE", "web-2")
	decide(t, env, alice, "keep web-2 --until 2026-11-25T15:00:00Z", "waits")
	decide(t, env, carol, "approvals", `(?m)Keep web-1 until 2026-11-24 10:00 EST +alice`, `\[choose Keep web-1 until 2026-11-24 10:00 EST `)
	for _, user := range []stackhand.User{alice, bob} {
		r := env.local(t.Context(), user, Reply{Table: &Table{Rows: [][]string{{"web-1", "2026-11-24 15:00 UTC"}}}})
		if got := r.Table.Rows[0][1]; got != "2026-11-24 15:00 UTC" {
			t.Errorf("for %s it is %s", user.Name, got)
		}
	}
}
