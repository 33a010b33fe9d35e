package store_test

import (
	"reflect"
	"slices"
	"strings"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
	"pgregory.net/rapid"

	"github.com/stackhand/stackhand"
)

// check holds everything that the Store can be asked against the model.
func (m *model) check(t *rapid.T) {
	m.checkJobs(t)
	m.checkStacks(t)
	m.checkReports(t)
	m.checkRequests(t)
	pending, err := m.s.Pending(t.Context())
	must(t, err)
	var got []string
	for _, in := range pending {
		got = append(got, in.ID)
	}
	byReceipt := func(a, b stackhand.Inbound) int { return a.Received.Compare(b.Received) }
	equal(t, "pending", ids(m.inbox, func(stackhand.Inbound) bool { return true }, byReceipt), got)
}

func (m *model) checkJobs(t *rapid.T) {
	ctx := t.Context()
	newest := func(a, b stackhand.Job) int { return b.Created.Compare(a.Created) }
	for _, user := range []string{"", "U1", "U1/a", "U2"} {
		got, err := m.s.RecentJobs(ctx, user, 0)
		must(t, err)
		// Jobs of one moment come in the order of their keys, which escape the id.
		slices.SortStableFunc(got, func(a, b stackhand.Job) int {
			if a.Created.Equal(b.Created) {
				return strings.Compare(a.ID, b.ID)
			}
			return 0
		})
		equal(t, "jobs of "+user, ids(m.jobs, func(j stackhand.Job) bool { return user == "" || j.User.ID == user }, newest), jobIDs(got))
	}
	open, err := m.s.OpenJobs(ctx)
	must(t, err)
	for _, j := range open {
		matches(t, "job "+j.ID, m.jobs[j.ID], j)
	}
	equal(t, "open", sorted(ids(m.jobs, func(j stackhand.Job) bool { return !j.State.Rests() }, newest)), sorted(jobIDs(open)))
	for _, ts := range []string{"1.1", "2.2"} {
		got, err := m.s.JobsInThread(ctx, "C1", ts)
		must(t, err)
		in := func(j stackhand.Job) bool { return m.tells(j.ID, ts) || m.asked[j.ID].Job.Place.Thread == ts }
		equal(t, "thread "+ts, ids(m.jobs, in, newest), got)
	}
}

func (m *model) checkStacks(t *rapid.T) {
	ctx := t.Context()
	lists := func(what string, fits func(stackhand.Stack) bool, got []stackhand.Stack, err error) {
		must(t, err)
		for _, st := range got {
			matches(t, "stack "+st.ID, m.stacks[st.ID], st)
		}
		want := ids(m.stacks, func(s stackhand.Stack) bool { return s.State != stackhand.StackGone && fits(s) }, byStackID)
		equal(t, what, want, sorted(stackIDs(got)))
	}
	for _, user := range []string{"U1", "U1/a", "U2"} {
		got, err := m.s.StacksOfOwner(ctx, user)
		lists("owner "+user, func(s stackhand.Stack) bool { return s.Lease.Owner == user }, got, err)
	}
	for _, id := range []string{"a", "a/b", "a%2Fb", "b", "b/", "p1"} {
		got, err := m.s.StacksInProject(ctx, "lab", id)
		lists("project "+id, func(s stackhand.Stack) bool { return s.ProjectID == id }, got, err)
		m.checkHolders(t, id)
	}
	for minutes := range 6 {
		until := start.Add(time.Duration(minutes) * time.Minute)
		got, err := m.s.StacksDue(ctx, until, 0)
		lists("due", func(s stackhand.Stack) bool { return !s.Lease.Until.IsZero() && !s.Lease.Until.After(until) }, got, err)
		if !slices.IsSortedFunc(got, func(a, b stackhand.Stack) int { return a.Lease.Until.Compare(b.Lease.Until) }) {
			t.Fatalf("not in the order of time: %v", got)
		}
	}
}

func (m *model) checkHolders(t *rapid.T, id string) {
	holds := func(rs []stackhand.Resource) bool {
		return slices.ContainsFunc(rs, func(r stackhand.Resource) bool { return r.ID == id })
	}
	want := ids(m.stacks, func(s stackhand.Stack) bool { return s.State != stackhand.StackGone && holds(s.Ledger) }, byStackID)
	want = append(want, ids(m.jobs, func(j stackhand.Job) bool { return !j.State.Rests() && holds(j.Made) },
		func(a, b stackhand.Job) int { return strings.Compare(a.ID, b.ID) })...)
	got, err := m.s.UsersOfResource(t.Context(), "lab", id)
	must(t, err)
	equal(t, "holders of "+id, sorted(want), sorted(got))
}

func (m *model) checkReports(t *rapid.T) {
	got, err := m.s.OpenReports(t.Context())
	must(t, err)
	var open []string
	for _, r := range got {
		open = append(open, r.Job)
		if diff := cmp.Diff(m.reports[r.Job], r); diff != "" {
			t.Fatalf("report %s (-want +got):\n%s", r.Job, diff)
		}
	}
	want := ids(m.reports, func(r stackhand.Report) bool { return r.Open }, func(a, b stackhand.Report) int { return strings.Compare(a.Job, b.Job) })
	equal(t, "open reports", want, sorted(open))
}

func byStackID(a, b stackhand.Stack) int { return strings.Compare(a.ID, b.ID) }

func sorted(s []string) []string { return slices.Sorted(slices.Values(s)) }

// matches holds a record against the model's. Nearly all are alike to the letter, which reflect tells in a tenth of the time that cmp takes
// to find the same; cmp decides about the others, and says what differs.
func matches[T any](t *rapid.T, what string, want, got T) {
	t.Helper()
	if reflect.DeepEqual(want, got) {
		return
	}
	if diff := cmp.Diff(want, got, cmpopts.EquateEmpty()); diff != "" {
		t.Fatalf("%s (-want +got):\n%s", what, diff)
	}
}
