package store_test

import (
	"encoding/json"
	"errors"
	"testing"
	"time"

	"github.com/stackhand/stackhand"
	"github.com/stackhand/stackhand/store"
)

func newRequest(id, user string, at time.Time) stackhand.Request {
	return stackhand.Request{ID: id, State: stackhand.RequestOpen, Job: *newJob(id, user, at), Command: "create",
		Args: json.RawMessage(`{"name":"web"}`), Needed: 1, Created: at, Ends: at.Add(72 * time.Hour), Next: at.Add(4 * time.Hour)}
}

func requestIDs(rs []stackhand.Request) []string {
	ids := []string{}
	for _, r := range rs {
		ids = append(ids, r.ID)
	}
	return ids
}

func ask(t testing.TB, s *store.Store, r stackhand.Request) stackhand.Request {
	t.Helper()
	r, err := s.Ask(t.Context(), r)
	ok(t, err)
	if r.Rev == 0 {
		t.Fatalf("Ask(%s) gave no revision", r.ID)
	}
	return r
}

// A job takes over the report of its request, with the card that is in the chat already.
func TestRequestBecomesJob(t *testing.T) {
	s, _, _ := memory(t)
	ctx := t.Context()
	r := ask(t, s, newRequest("aaaa1111", "U1", start))
	rep, err := s.Report(ctx, r.ID)
	ok(t, err)
	same(t, "open", true, rep.Open)
	rep.Open, rep.Card = false, stackhand.Posted{Op: "aaaa1111-card", Channel: "C1", TS: "1.1", Hash: "x"}
	rep.Copies = []stackhand.Copy{{Key: "channel", Posted: stackhand.Posted{Channel: "C2", TS: "2.2"}}}
	ok(t, s.SaveReport(ctx, &rep))
	for _, at := range [][2]string{{"C1", "1.1"}, {"C2", "2.2"}} {
		found, err := s.RequestsInThread(ctx, at[0], at[1])
		ok(t, err)
		same(t, "in thread", []string{r.ID}, requestIDs(found))
	}
	r.State = stackhand.RequestApproved
	ok(t, s.SaveRequest(ctx, &r))
	j := newJob(r.ID, "U1", start)
	create(t, s, j, newStack(r.ID+"-1", "U1"))
	rep, err = s.Report(ctx, r.ID)
	ok(t, err)
	same(t, "the card", "1.1", rep.Card.TS)
	same(t, "open", true, rep.Open)
	jobs, err := s.JobsInThread(ctx, "C2", "2.2")
	ok(t, err)
	same(t, "jobs of the copy's thread", []string{r.ID}, jobs)
}

// A message is posted while the job is written: neither is lost.
func TestJobBegunWhileItsCardIsPosted(t *testing.T) {
	first, second, m := meddled(t)
	r := ask(t, first, newRequest("aaaa1111", "U1", start))
	rep, err := second.Report(t.Context(), r.ID)
	ok(t, err)
	rep.Open = false
	ok(t, second.SaveReport(t.Context(), &rep))
	m.meddle = func() {
		rep.Card.Channel, rep.Card.TS = "C1", "1.1"
		ok(t, second.SaveReport(t.Context(), &rep))
	}
	create(t, first, newJob(r.ID, "U1", start))
	rep, err = first.Report(t.Context(), r.ID)
	ok(t, err)
	same(t, "report", []any{"1.1", true}, []any{rep.Card.TS, rep.Open})
}

// Of two who decide one wins, also where a message is posted at the same moment.
func TestRequestDecidedMeanwhile(t *testing.T) {
	first, second, m := meddled(t)
	r := ask(t, first, newRequest("aaaa1111", "U1", start))
	m.meddle = func() {
		theirs := r
		theirs.State = stackhand.RequestDenied
		ok(t, second.SaveRequest(t.Context(), &theirs))
	}
	mine := r
	mine.State = stackhand.RequestApproved
	lost(t, first.SaveRequest(t.Context(), &mine))
	r, err := first.Request(t.Context(), r.ID)
	ok(t, err)
	same(t, "state", stackhand.RequestDenied, r.State)

	rep, err := first.Report(t.Context(), r.ID)
	ok(t, err)
	rep.Open = false
	ok(t, first.SaveReport(t.Context(), &rep))
	m.meddle = func() { rep.Card.TS = "1.1"; ok(t, second.SaveReport(t.Context(), &rep)) }
	r.Note = "no"
	ok(t, first.SaveRequest(t.Context(), &r))
	rep, err = first.Report(t.Context(), r.ID)
	ok(t, err)
	same(t, "report", []any{"1.1", true}, []any{rep.Card.TS, rep.Open})
}

func TestAskedMeanwhile(t *testing.T) {
	first, second, m := meddled(t)
	m.meddle = func() { ask(t, second, newRequest("aaaa1111", "U2", start)) }
	r := ask(t, first, newRequest("aaaa1111", "U1", start))
	same(t, "whose", "U2", r.Job.User.ID)
}

func TestAskIsAllOrNone(t *testing.T) {
	s, m, _ := memory(t)
	full := errors.New("disk full")
	m.FailCommits(func([]store.Op) error { return full })
	if _, err := s.Ask(t.Context(), newRequest("aaaa1111", "U1", start)); !errors.Is(err, full) {
		t.Fatalf("got %v", err)
	}
	m.FailCommits(nil)
	_, err := s.Request(t.Context(), "aaaa1111")
	notFound(t, err)
	_, err = s.Report(t.Context(), "aaaa1111")
	notFound(t, err)
	_, err = s.Ask(t.Context(), stackhand.Request{})
	if err == nil || s.SaveRequest(t.Context(), &stackhand.Request{}) == nil {
		t.Fatal("a request without an id was taken")
	}
	r := newRequest("bbbb1111", "U1", start)
	lost(t, s.SaveRequest(t.Context(), &r))
}

// Only what is due is read.
func TestRequestsDueReadsTheDueOnes(t *testing.T) {
	s, m, _ := memory(t)
	for i := range 200 {
		r := newRequest(string(rune('a'+i%26))+time.Duration(i).String(), "U1", start)
		r.Next = start.Add(time.Duration(i) * time.Hour)
		ask(t, s, r)
	}
	m.Calls()
	due, err := s.RequestsDue(t.Context(), start.Add(2*time.Hour))
	ok(t, err)
	same(t, "due", 3, len(due))
	if c := m.Calls(); c.Items > 6 {
		t.Fatalf("read %d items for 3 that are due", c.Items)
	}
}
