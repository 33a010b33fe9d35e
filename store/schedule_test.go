package store_test

import (
	"errors"
	"fmt"
	"testing"
	"time"

	"github.com/stackhand/stackhand"
	"github.com/stackhand/stackhand/store"
	"github.com/stackhand/stackhand/store/storetest"
)

func scheduleIDs(all []stackhand.Schedule) []string {
	ids := []string{}
	for _, s := range all {
		ids = append(ids, s.ID)
	}
	return ids
}

func TestSchedulesAreFoundByMomentOwnerAndStack(t *testing.T) {
	s, _, _ := memory(t)
	ctx := t.Context()
	one := stackhand.Schedule{ID: "s1", Owner: "U1", Stack: "web/1", Next: start.Add(time.Hour)}
	all := stackhand.Schedule{ID: "s2", Owner: "U1", Next: start.Add(2 * time.Hour)}
	other := stackhand.Schedule{ID: "s3", Owner: "U2", Stack: "web", Next: start}
	for _, v := range []*stackhand.Schedule{&one, &all, &other} {
		ok(t, s.SaveSchedule(ctx, v))
	}
	found := func(until time.Duration) map[string][]string {
		due, err := s.SchedulesDue(ctx, start.Add(until), 0)
		ok(t, err)
		mine, err := s.SchedulesOfOwner(ctx, "U1")
		ok(t, err)
		web, err := s.SchedulesOfStack(ctx, "web/1")
		ok(t, err)
		return map[string][]string{"due": scheduleIDs(due), "owner": scheduleIDs(mine), "stack": scheduleIDs(web)}
	}
	same(t, "at first", map[string][]string{"due": {"s3", "s1"}, "owner": {"s1", "s2"}, "stack": {"s1"}}, found(time.Hour))
	stale := one
	one.Next = start.Add(24 * time.Hour)
	ok(t, s.SaveSchedule(ctx, &one))
	if err := s.SaveSchedule(ctx, &stale); !errors.Is(err, store.ErrConflict) {
		t.Errorf("an old revision was saved: %v", err)
	}
	if err := s.DeleteSchedule(ctx, stale); !errors.Is(err, store.ErrConflict) {
		t.Errorf("an old revision was deleted: %v", err)
	}
	same(t, "after it was dealt with", map[string][]string{"due": {"s3", "s2"}, "owner": {"s1", "s2"}, "stack": {"s1"}}, found(3*time.Hour))
	ok(t, s.DeleteSchedule(ctx, one))
	same(t, "after it was deleted", map[string][]string{"due": {"s3", "s2"}, "owner": {"s2"}, "stack": {}}, found(1000*time.Hour))
	if _, err := s.Schedule(ctx, "s1"); stackhand.KindOf(err) != stackhand.NotFound {
		t.Errorf("the deleted schedule: %v", err)
	}
	if err := s.DeleteSchedule(ctx, one); !errors.Is(err, store.ErrConflict) {
		t.Errorf("deleted twice: %v", err)
	}
}

// Of many schedules only those that are due are read, with one look at the index.
func TestSchedulesDueReadsOnlyThose(t *testing.T) {
	m := storetest.NewMemory()
	s := newStore(t, m, store.Options{})
	for i := range 1000 {
		v := stackhand.Schedule{ID: fmt.Sprintf("s%04d", i), Owner: "U1", Next: start.Add(time.Duration(i) * time.Minute)}
		ok(t, s.SaveSchedule(t.Context(), &v))
	}
	m.Calls()
	due, err := s.SchedulesDue(t.Context(), start.Add(9*time.Minute), 0)
	ok(t, err)
	if c := m.Calls(); len(due) != 10 || c.Scans != 1 || c.Gets != 10 || c.Items > 20 {
		t.Errorf("%d due, %+v", len(due), c)
	}
}

func TestActivities(t *testing.T) {
	s, _, _ := memory(t)
	ctx := t.Context()
	a, err := s.Activity(ctx, "web-1")
	ok(t, err)
	if a.Stack != "web-1" || a.Rev != 0 {
		t.Errorf("of a stack that nobody looked at: %+v", a)
	}
	a.Next, a.Hours = start, []byte{1, 2, 3, 4}
	ok(t, s.SaveActivity(ctx, &a))
	later := stackhand.Activity{Stack: "web-2", Next: start.Add(time.Hour)}
	ok(t, s.SaveActivity(ctx, &later))
	due, err := s.ActivitiesDue(ctx, start, 0)
	ok(t, err)
	if len(due) != 1 || due[0].Stack != "web-1" || string(due[0].Hours) != "\x01\x02\x03\x04" {
		t.Errorf("due: %+v", due)
	}
	if err := s.SaveActivity(ctx, &stackhand.Activity{Stack: "web-1"}); !errors.Is(err, store.ErrConflict) {
		t.Errorf("an old revision was saved: %v", err)
	}
	ok(t, s.DeleteActivity(ctx, a))
	if due, err = s.ActivitiesDue(ctx, start.Add(time.Hour), 0); err != nil || len(due) != 1 || due[0].Stack != "web-2" {
		t.Errorf("after one was forgotten: %+v, %v", due, err)
	}
}

func TestStacksUnwatched(t *testing.T) {
	s, _, _ := memory(t)
	ctx := t.Context()
	for _, c := range []struct {
		id, server string
		state      stackhand.StackState
	}{{"new", "srv1", stackhand.StackReady}, {"known", "srv2", stackhand.StackReady}, {"building", "", stackhand.StackBuilding}, {"gone", "srv3", stackhand.StackGone}, {"rested", "srv4", stackhand.StackReady}} {
		save(t, s, &stackhand.Stack{ID: c.id, Server: c.server, State: c.state})
	}
	ok(t, s.SaveActivity(ctx, &stackhand.Activity{Stack: "known", Next: start}))
	ok(t, s.SaveActivity(ctx, &stackhand.Activity{Stack: "rested"})) // somebody used it, and it is not watched
	all, err := s.StacksUnwatched(ctx)
	ok(t, err)
	same(t, "unwatched", []string{"new", "rested"}, stackIDs(all))
}
