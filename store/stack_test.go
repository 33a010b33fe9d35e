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

func stackIDs(stacks []stackhand.Stack) []string {
	ids := []string{}
	for _, s := range stacks {
		ids = append(ids, s.ID)
	}
	return ids
}

func save(t testing.TB, s *store.Store, st *stackhand.Stack) {
	t.Helper()
	ok(t, s.SaveStack(t.Context(), st))
}

// lists holds the answers of every index for web-1's properties.
func lists(t testing.TB, s *store.Store, until time.Time) map[string][]string {
	t.Helper()
	ctx := t.Context()
	out := map[string][]string{}
	add := func(name string, stacks []stackhand.Stack, err error) {
		t.Helper()
		ok(t, err)
		out[name] = stackIDs(stacks)
	}
	stacks, err := s.StacksInProject(ctx, "lab", "p1")
	add("project", stacks, err)
	stacks, err = s.StacksOfOwner(ctx, "U1")
	add("owner", stacks, err)
	stacks, err = s.StacksDue(ctx, until, 0)
	add("due", stacks, err)
	out["server"] = []string{}
	if st, err := s.StackByServer(ctx, "lab", "srv1"); err == nil {
		out["server"] = []string{st.ID}
	}
	users, err := s.UsersOfResource(ctx, "lab", "net1")
	ok(t, err)
	out["net1"] = append([]string{}, users...)
	return out
}

func TestStackIndexes(t *testing.T) {
	s, _, _ := memory(t)
	end := start.Add(time.Hour)
	web := newStack("web-1", "U1")
	save(t, s, web)
	same(t, "building", map[string][]string{"project": {"web-1"}, "owner": {"web-1"}, "due": {}, "server": {}, "net1": {}}, lists(t, s, end))

	web.State, web.Server, web.Lease.Until = stackhand.StackReady, "srv1", end
	web.Ledger = []stackhand.Resource{{Kind: "network", ID: "net1"}, {Kind: "interface", ID: "net1"}, {Kind: "keypair"}}
	save(t, s, web)
	all := map[string][]string{"project": {"web-1"}, "owner": {"web-1"}, "due": {"web-1"}, "server": {"web-1"}, "net1": {"web-1"}}
	same(t, "ready", all, lists(t, s, end))
	all["due"] = []string{}
	same(t, "before its end", all, lists(t, s, end.Add(-time.Nanosecond)))

	web.Lease.Owner, web.ProjectID, web.Server, web.Ledger, web.Lease.Until = "U2", "p2", "srv2", nil, end.Add(1)
	save(t, s, web)
	none := map[string][]string{"project": {}, "owner": {}, "due": {}, "server": {}, "net1": {}}
	same(t, "all changed", none, lists(t, s, end))

	web.Lease.Owner, web.ProjectID, web.Server, web.Lease.Until = "U1", "p1", "srv1", end
	web.State = stackhand.StackGone
	save(t, s, web)
	same(t, "gone", none, lists(t, s, end))
	got, err := s.Stack(t.Context(), "web-1")
	ok(t, err)
	same(t, "by its id", *web, got)
}

func TestStackSaves(t *testing.T) {
	s, _, _ := memory(t)
	web := newStack("web-1", "U1")
	save(t, s, web)
	stale := *web
	save(t, s, web)
	lost(t, s.SaveStack(t.Context(), &stale))
	same(t, "the loser's rev", web.Rev-1, stale.Rev)
	stale.Rev = 0
	lost(t, s.SaveStack(t.Context(), &stale))
	// A lost race about a stack's own server is a lost race, not somebody else's server.
	web.Server = "srv1"
	save(t, s, web)
	stale = *web
	save(t, s, web)
	lost(t, s.SaveStack(t.Context(), &stale))
}

func TestOneStackForOneServer(t *testing.T) {
	s, _, _ := memory(t)
	ctx := t.Context()
	taken := func(err error) {
		t.Helper()
		if stackhand.KindOf(err) != stackhand.Conflict || errors.Is(err, store.ErrConflict) {
			t.Errorf("a server with two stacks: %v", err)
		}
	}
	one, two := newStack("one", "U1"), newStack("two", "U2")
	one.Server, two.Server = "srv1", "srv1"
	save(t, s, one)
	taken(s.SaveStack(ctx, two))
	two.Server = ""
	save(t, s, two)
	two.Server = "srv1"
	taken(s.SaveStack(ctx, two))
	three := newStack("three", "U3")
	three.Server = "srv1"
	_, err := s.CreateJob(ctx, newJob("adopt000", "U3", start), []*stackhand.Stack{three})
	taken(err)
	elsewhere := newStack("elsewhere", "U2")
	elsewhere.Cloud, elsewhere.Server = "other", "srv1"
	save(t, s, elsewhere)
	one.State = stackhand.StackGone
	save(t, s, one)
	save(t, s, two)
	got, err := s.StackByServer(ctx, "lab", "srv1")
	ok(t, err)
	same(t, "its stack now", "two", got.ID)
}

func TestStacksDueInOrder(t *testing.T) {
	s, _, _ := memory(t)
	for i := range 5 {
		st := newStack(fmt.Sprintf("s%d", i), "U1")
		st.Lease.Until = start.Add(time.Duration(5-i) * time.Hour)
		save(t, s, st)
	}
	due := func(until time.Time, limit int, want ...string) {
		t.Helper()
		got, err := s.StacksDue(t.Context(), until, limit)
		ok(t, err)
		same(t, fmt.Sprint(until, limit), append([]string{}, want...), stackIDs(got))
	}
	due(start, 0)
	due(start.Add(3*time.Hour), 0, "s4", "s3", "s2")
	due(start.Add(3*time.Hour), 2, "s4", "s3")
	due(start.Add(99*time.Hour), 0, "s4", "s3", "s2", "s1", "s0")
}

func TestUsersOfResource(t *testing.T) {
	s, _, _ := memory(t)
	ctx := t.Context()
	users := func(cloud, id string, want ...string) {
		t.Helper()
		got, err := s.UsersOfResource(ctx, cloud, id)
		ok(t, err)
		same(t, "users of "+id, want, got)
	}
	job, st := newJob("aaaa0000", "U1", start), newStack("web-1", "U1")
	create(t, s, job, st)
	users("lab", "net")
	job.Made = []stackhand.Resource{{Kind: "network", ID: "net", Shared: true}, {Kind: "port", ID: "a/b"}}
	ok(t, s.SaveJob(ctx, job))
	users("lab", "net", "aaaa0000")
	users("lab", "a/b", "aaaa0000")
	users("lab", "a")
	users("other", "net")
	st.Ledger = job.Made
	save(t, s, st)
	users("lab", "net", "web-1", "aaaa0000")
	for _, state := range []stackhand.JobState{stackhand.JobStuck, stackhand.JobRunning, stackhand.JobDone} {
		job.State = state
		ok(t, s.SaveJob(ctx, job))
		if state == stackhand.JobRunning {
			users("lab", "net", "web-1", "aaaa0000")
		} else {
			users("lab", "net", "web-1")
		}
	}
	st.State = stackhand.StackGone
	save(t, s, st)
	users("lab", "net")
}

// A job that made more than one commit can take out of the indexes.
func TestJobWithManyResources(t *testing.T) {
	s, m, _ := memory(t)
	ctx := t.Context()
	job := newJob("aaaa0000", "U1", start)
	create(t, s, job)
	for i := range 250 {
		job.Made = append(job.Made, stackhand.Resource{Kind: "port", ID: fmt.Sprintf("port%d", i)})
		if i%90 == 89 || i == 249 {
			ok(t, s.SaveJob(ctx, job))
		}
	}
	held := func() int {
		items, err := m.Scan(ctx, "resource/", "resource0", 0)
		ok(t, err)
		return len(items)
	}
	same(t, "index keys", 250, held())
	job.State = stackhand.JobStuck
	ok(t, s.SaveJob(ctx, job))
	job.State = stackhand.JobUndoing // a stuck job can go on, whatever it made
	ok(t, s.SaveJob(ctx, job))
	same(t, "index keys", 250, held())
	job.State = stackhand.JobDone
	ok(t, s.SaveJob(ctx, job))
	same(t, "index keys of a job that rests", 0, held())
	users, err := s.UsersOfResource(ctx, "lab", "port249")
	ok(t, err)
	same(t, "users", 0, len(users))

	big := newJob("bbbb0000", "U1", start)
	big.Made = job.Made
	if err := s.SaveJob(ctx, big); err == nil {
		t.Error("250 new resources at once were taken")
	}
}

func TestDueRuleChanges(t *testing.T) {
	m := storetest.NewMemory()
	early := func(d time.Duration) func(stackhand.Stack) time.Time {
		return func(s stackhand.Stack) time.Time { return s.Lease.Until.Add(-d) }
	}
	s := newStore(t, m, store.Options{Due: early(time.Hour), DueRule: "1h"})
	const n = 600 // more than a page
	for i := range n {
		st := newStack(fmt.Sprintf("s%03d", i), "U1")
		st.Lease.Until = start.Add(24 * time.Hour)
		save(t, s, st)
	}
	gone := newStack("gone", "U1")
	gone.State = stackhand.StackGone
	save(t, s, gone)
	due := func(s *store.Store, until time.Duration) int {
		t.Helper()
		got, err := s.StacksDue(t.Context(), start.Add(until), 0)
		ok(t, err)
		return len(got)
	}
	same(t, "due by the old rule", []int{0, n}, []int{due(s, 22*time.Hour), due(s, 23*time.Hour)})
	s = newStore(t, m, store.Options{Due: early(4 * time.Hour), DueRule: "4h"})
	same(t, "due by the new rule", []int{0, n}, []int{due(s, 19*time.Hour), due(s, 20*time.Hour)})
	m.Calls()
	newStore(t, m, store.Options{Due: early(4 * time.Hour), DueRule: "4h"})
	same(t, "calls where nothing changed", storetest.Calls{Gets: 2, Items: 2}, m.Calls())
}
