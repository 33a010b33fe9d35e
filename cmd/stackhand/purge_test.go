package main

import (
	"io"
	"testing"
	"time"

	"github.com/stackhand/stackhand"
)

// The daily look takes out what is older than it is kept, and nothing after a pause: then the clock may have jumped.
func TestPurgeOfADay(t *testing.T) {
	st, err := newStage(t.Context(), demoCmd{Dir: t.TempDir(), ClockRate: 1, ClockAt: *scriptsAt, SlackPace: pace, Build: 100 * time.Millisecond, LogLevel: 12}, streams{err: io.Discard})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(st.close)
	if err := st.start(t.Context()); err != nil {
		t.Fatal(err)
	}
	a := st.on.app
	ctx, now := t.Context(), a.now()
	const days = 24 * time.Hour
	give := func(id string, age time.Duration) {
		t.Helper()
		s := stackhand.Stack{ID: id, Name: id, Cloud: demoCloud, ProjectID: "p", State: stackhand.StackGone, Created: now.Add(-age - time.Hour), Gone: now.Add(-age)}
		if err := a.store.SaveStack(ctx, &s); err != nil {
			t.Fatal(err)
		}
	}
	there := func(id string) bool {
		t.Helper()
		_, err := a.store.Stack(ctx, id)
		if err != nil && stackhand.KindOf(err) != stackhand.NotFound {
			t.Fatal(err)
		}
		return err == nil
	}
	trail := func() int {
		t.Helper()
		all, err := a.store.AuditTrail(ctx, stackhand.AuditQuery{})
		if err != nil {
			t.Fatal(err)
		}
		return len(all)
	}
	for i := range 50 {
		give("old-"+time.Duration(i).String(), 401*days)
	}
	give("old-1", 401*days)
	give("young-1", 390*days)
	records := trail()
	look := func(at time.Time) {
		t.Helper()
		if err := (&app{world: a.worldAt(at), store: a.store}).purge(ctx, at); err != nil {
			t.Fatal(err)
		}
	}
	look(now)
	if !there("old-1") {
		t.Error("the first look took something out: who knows for how long the bot was off")
	}
	look(now.Add(2 * 365 * days)) // the clock is two years ahead
	if !there("old-1") || !there("young-1") {
		t.Error("a clock that jumped ahead took something out")
	}
	look(now.Add(days)) // and right again
	look(now.Add(2 * days))
	if there("old-1") || !there("young-1") {
		t.Errorf("after two days: old %v, young %v", there("old-1"), there("young-1"))
	}
	left, err := a.store.StacksEver(ctx, time.Time{})
	if err != nil || len(left) != 1 {
		t.Errorf("%d stacks are left, %v", len(left), err)
	}
	if trail() != records {
		t.Error("the audit trail is another one")
	}
}

// worldAt is the app's world at another time.
func (a *app) worldAt(at time.Time) world {
	w := a.world
	w.now = func() time.Time { return at }
	return w
}
