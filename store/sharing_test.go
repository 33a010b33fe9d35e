package store_test

import (
	"errors"
	"testing"
	"time"

	"github.com/stackhand/stackhand"
	"github.com/stackhand/stackhand/store"
)

func TestSharing(t *testing.T) {
	s, _, _ := memory(t)
	ctx := t.Context()
	shared := func(want []string, ids ...string) {
		t.Helper()
		stacks, err := s.StacksSharedWith(ctx, ids...)
		ok(t, err)
		same(t, "shared", want, stackIDs(stacks))
	}
	owners := func(prefix string, want ...string) {
		t.Helper()
		ids, err := s.CoOwners(ctx, prefix)
		ok(t, err)
		same(t, "co-owners "+prefix, append([]string{}, want...), append([]string{}, ids...))
	}
	one, two := newStack("web-1", "U1"), newStack("web-2", "U1")
	one.Shared, two.Shared = []string{"U2", "S1/x", "U2"}, []string{"S1/x", "T9"}
	two.Created = one.Created.Add(time.Hour)
	save(t, s, one)
	save(t, s, two)
	shared([]string{"web-1"}, "U2")
	shared([]string{"web-1", "web-2"}, "U2", "S1/x")
	shared([]string{"web-1", "web-2"}, "S1/x")
	shared([]string{}, "S1", "U1", "U")
	owners("S", "S1%2Fx")
	owners("", "S1%2Fx", "T9", "U2")
	one.Shared = nil
	save(t, s, one)
	shared([]string{"web-2"}, "U2", "S1/x")
	two.State = stackhand.StackGone
	save(t, s, two)
	shared([]string{}, "U2", "S1/x")
	owners("")
}

// Of two who change a stack neither is lost, and who refuses writes nothing.
func TestChangeStack(t *testing.T) {
	s, _, _ := memory(t)
	ctx := t.Context()
	save(t, s, newStack("web-1", "U1"))
	tries := 0
	st, err := s.ChangeStack(ctx, "web-1", func(st *stackhand.Stack) error {
		if tries++; tries == 1 {
			_, err := s.ChangeStack(ctx, "web-1", func(st *stackhand.Stack) error { st.Shared = append(st.Shared, "U3"); return nil })
			ok(t, err)
		}
		st.Shared = append(st.Shared, "U2")
		return nil
	})
	ok(t, err)
	same(t, "shared", []string{"U3", "U2"}, st.Shared)
	no := errors.New("no")
	if _, err := s.ChangeStack(ctx, "web-1", func(st *stackhand.Stack) error { st.Shared = nil; return no }); !errors.Is(err, no) {
		t.Errorf("the error became %v", err)
	}
	kept, err := s.Stack(ctx, "web-1")
	ok(t, err)
	same(t, "kept", []string{"U3", "U2"}, kept.Shared)
	_, err = s.ChangeStack(ctx, "nothing", func(*stackhand.Stack) error { return nil })
	notFound(t, err)
}

// A notice with an end is found until it is answered, those whose end has come by that moment.
func TestAnswerableNotices(t *testing.T) {
	s, _, _ := memory(t)
	ctx := t.Context()
	press := []stackhand.Action{{ID: "accept"}}
	for _, n := range []stackhand.Notice{
		{ID: "later", Ends: start.Add(2 * time.Hour), Actions: press}, {ID: "soon", Ends: start.Add(time.Hour), Actions: press},
		{ID: "for ever", Actions: press}, {ID: "answered", Ends: start.Add(time.Hour)},
	} {
		_, err := s.AddNotice(ctx, n)
		ok(t, err)
	}
	ids := func(until time.Time) (out []string) {
		all, err := s.AnswerableNotices(ctx, until)
		ok(t, err)
		for _, n := range all {
			out = append(out, n.ID)
		}
		return out
	}
	same(t, "all", []string{"soon", "later"}, ids(time.Time{}))
	same(t, "before", 0, len(ids(start.Add(time.Hour-1))))
	same(t, "at its end", []string{"soon"}, ids(start.Add(time.Hour)))
	no := errors.New("no")
	_, err := s.AddNotice(ctx, stackhand.Notice{ID: "offer", Ends: start.Add(time.Hour), Adoption: &stackhand.Adoption{Name: "db-1"}})
	ok(t, err)
	_, err = s.ChangeNotice(ctx, "offer", func(n *stackhand.Notice) error { n.Taken = "line 1"; return nil })
	ok(t, err)
	for line, want := range map[string]int{"line 1": 1, "line": 0, "": 0} {
		taken, err := s.TakenNotices(ctx, line)
		ok(t, err)
		same(t, "taken by "+line, want, len(taken))
	}
	if _, err := s.ChangeNotice(ctx, "soon", func(n *stackhand.Notice) error { n.Actions = nil; return no }); !errors.Is(err, no) {
		t.Errorf("the error became %v", err)
	}
	same(t, "not changed", []string{"soon"}, ids(start.Add(time.Hour)))
	n, err := s.ChangeNotice(ctx, "soon", func(n *stackhand.Notice) error { n.Actions, n.Taken = nil, "key"; return nil })
	ok(t, err)
	same(t, "taken", "key", n.Taken)
	same(t, "after", []string{"later"}, ids(time.Time{}))
	_, err = s.ChangeNotice(ctx, "nothing", func(*stackhand.Notice) error { return nil })
	notFound(t, err)
}

// A notice that says something else is open again until its messages say it too.
func TestReviseNotice(t *testing.T) {
	s, _, _ := memory(t)
	ctx := t.Context()
	fresh, err := s.AddNotice(ctx, stackhand.Notice{ID: "n1", Text: stackhand.Textf("old"), Actions: []stackhand.Action{{ID: "a"}}})
	ok(t, err)
	same(t, "fresh", true, fresh)
	n, err := s.Notice(ctx, "n1")
	ok(t, err)
	n.Delivered = start
	ok(t, s.SaveNotice(ctx, &n))
	open, err := s.OpenNotices(ctx)
	ok(t, err)
	same(t, "open", 0, len(open))
	ok(t, s.ReviseNotice(ctx, "n1", stackhand.Textf("new")))
	open, err = s.OpenNotices(ctx)
	ok(t, err)
	if len(open) != 1 || open[0].Text.String() != "new" || open[0].Actions != nil || !open[0].Stale {
		t.Fatalf("open: %+v", open)
	}
	open[0].Stale = false
	ok(t, s.SaveNotice(ctx, &open[0]))
	if err := s.SaveNotice(ctx, &n); !errors.Is(err, store.ErrConflict) {
		t.Errorf("an old one was saved: %v", err)
	}
	open, err = s.OpenNotices(ctx)
	ok(t, err)
	same(t, "open", 0, len(open))
	notFound(t, s.ReviseNotice(ctx, "n2", nil))
}

// An offer that was accepted and waits for an approval is found until that is over, and not purged before.
func TestWaitingNotices(t *testing.T) {
	s, _, _ := memory(t)
	ctx := t.Context()
	for _, id := range []string{"plain", "offer"} {
		_, err := s.AddNotice(ctx, stackhand.Notice{ID: id, Created: start, Delivered: start})
		ok(t, err)
	}
	waits := func(request string) (out []string) {
		_, err := s.ChangeNotice(ctx, "offer", func(n *stackhand.Notice) error { n.Waits = request; return nil })
		ok(t, err)
		_, err = s.Purge(ctx, start.Add(time.Hour), 10)
		ok(t, err)
		all, err := s.WaitingNotices(ctx)
		ok(t, err)
		for _, n := range all {
			out = append(out, n.ID)
		}
		return out
	}
	same(t, "while it waits", []string{"offer"}, waits("r-1"))
	same(t, "afterwards", 0, len(waits("")))
	for _, id := range []string{"plain", "offer"} {
		_, err := s.Notice(ctx, id)
		notFound(t, err)
	}
}

// What was given up is not tried again.
func TestDroppedNotice(t *testing.T) {
	s, _, _ := memory(t)
	ctx := t.Context()
	_, err := s.AddNotice(ctx, stackhand.Notice{ID: "n1"})
	ok(t, err)
	open, err := s.OpenNotices(ctx)
	ok(t, err)
	same(t, "open", 1, len(open))
	open[0].Dropped = start
	ok(t, s.SaveNotice(ctx, &open[0]))
	open, err = s.OpenNotices(ctx)
	ok(t, err)
	same(t, "open once dropped", 0, len(open))
}
