package store_test

import (
	"slices"
	"strings"
	"time"

	"pgregory.net/rapid"

	"github.com/stackhand/stackhand"
)

var someRequestState = rapid.SampledFrom([]stackhand.RequestState{
	stackhand.RequestOpen, stackhand.RequestApproved, stackhand.RequestDenied, stackhand.RequestEnded,
})

// toldAgain is what writing about a job does to its report.
func (m *model) toldAgain(id string, rev int64) {
	r, exists := m.reports[id]
	if !exists {
		r.Job = id
	}
	if !r.Open {
		r.Open, r.Rev = true, rev
	}
	m.reports[id] = r
}

func (m *model) ask(t *rapid.T) {
	id := someID.Draw(t, "id")
	r := newRequest(id, someUser.Draw(t, "user"), someTime.Draw(t, "created"))
	r.Next = someTime.Draw(t, "next")
	r.Job.Place.Thread = rapid.SampledFrom([]string{"", "1.1"}).Draw(t, "thread")
	if was, exists := m.asked[id]; exists { // read only, so that no disk can break it
		got, err := m.s.Ask(t.Context(), r)
		must(t, err)
		matches(t, "asked again for "+id, was, got)
		return
	}
	var got stackhand.Request
	if m.write(t, nil, func() (err error) { got, err = m.s.Ask(t.Context(), r); return err }) {
		m.asked[id] = got
		m.toldAgain(id, got.Rev)
	}
}

func (m *model) saveRequest(t *rapid.T) {
	r, exists := m.asked[someID.Draw(t, "id")]
	if !exists {
		t.Skip("no such request")
	}
	r.State, r.Next, r.Started = someRequestState.Draw(t, "state"), someTime.Draw(t, "next"), rapid.Bool().Draw(t, "started")
	var want error
	r.Rev, want = stale(t, r.Rev)
	if m.write(t, want, func() error { return m.s.SaveRequest(t.Context(), &r) }) {
		m.asked[r.ID] = r
		m.toldAgain(r.ID, r.Rev)
	}
}

func (m *model) checkRequests(t *rapid.T) {
	ctx := t.Context()
	lists := func(what string, fits func(stackhand.Request) bool, got []stackhand.Request, err error) {
		must(t, err)
		for _, r := range got {
			matches(t, "request "+r.ID, m.asked[r.ID], r)
		}
		want := ids(m.asked, fits, func(a, b stackhand.Request) int { return strings.Compare(a.ID, b.ID) })
		equal(t, what, want, sorted(requestIDs(got)))
	}
	open := func(r stackhand.Request) bool { return r.State == stackhand.RequestOpen }
	got, err := m.s.OpenRequests(ctx)
	lists("open", open, got, err)
	if !slices.IsSortedFunc(got, func(a, b stackhand.Request) int { return a.Next.Compare(b.Next) }) {
		t.Fatalf("not in the order of their moments: %v", got)
	}
	for minutes := range 6 {
		until := start.Add(time.Duration(minutes) * time.Minute)
		got, err := m.s.RequestsDue(ctx, until)
		lists("due", func(r stackhand.Request) bool { return open(r) && !r.Next.After(until) }, got, err)
	}
	got, err = m.s.RequestsToStart(ctx)
	lists("to start", func(r stackhand.Request) bool { return r.State == stackhand.RequestApproved && !r.Started }, got, err)
	for _, user := range []string{"", "U1", "U1/a", "U2"} {
		got, err := m.s.RecentRequests(ctx, user, 0)
		lists("of "+user, func(r stackhand.Request) bool { return user == "" || r.Job.User.ID == user }, got, err)
	}
	for _, ts := range []string{"1.1", "2.2"} {
		got, err := m.s.RequestsInThread(ctx, "C1", ts)
		lists("in "+ts, func(r stackhand.Request) bool { return r.Job.Place.Thread == ts || m.tells(r.ID, ts) }, got, err)
	}
}

// tells tells whether a job's report, or the job itself, leads from a thread to it.
func (m *model) tells(id, ts string) bool {
	r := m.reports[id]
	return r.Card.TS == ts || m.jobs[id].Place.Thread == ts || slices.ContainsFunc(r.Copies, func(c stackhand.Copy) bool { return c.TS == ts })
}
