package commands

import (
	"context"
	"slices"
	"strings"
	"time"

	"github.com/stackhand/stackhand"
)

// This is what the world has of owners: stacks that are shared, people, and what they are told.

func (f fakeStacks) StacksSharedWith(_ context.Context, ids ...string) ([]stackhand.Stack, error) {
	return f.pick(func(s stackhand.Stack) bool {
		return slices.ContainsFunc(s.Shared, func(id string) bool { return slices.Contains(ids, id) })
	}), f.w.fail["StacksSharedWith"]
}

// ChangeStack loses its first try to somebody else, who writes nothing that counts.
func (f fakeStacks) ChangeStack(ctx context.Context, id string, change func(*stackhand.Stack) error) (stackhand.Stack, error) {
	var st stackhand.Stack
	for range 2 {
		var err error
		if st, err = f.Stack(ctx, id); err != nil {
			return st, err
		}
		st.Shared = slices.Clone(st.Shared)
		if st.Transfer != nil {
			t := *st.Transfer
			st.Transfer = &t
		}
		if err := change(&st); err != nil {
			return st, err
		}
		if f.w.meanwhile != nil {
			f.w.meanwhile()
			f.w.meanwhile = nil
		}
	}
	f.w.stacks[id] = st
	return st, f.w.fail["ChangeStack"]
}

var (
	refusedGuest = stackhand.Errorf(stackhand.Forbidden, "gus is a guest, and guests cannot use servers here.")
	refusedGone  = stackhand.Errorf(stackhand.Forbidden, "ed is deactivated in Slack.")
)

// who are the people of the world, by what they are called.
func (w *world) who(_ context.Context, word string) ([]Person, error) {
	word = strings.TrimPrefix(word, "@")
	var out []Person
	for _, p := range []Person{
		{ID: "U0ALICE", Name: "alice"}, {ID: "U0BOB", Name: "bob"}, {ID: "U0CAROL", Name: "carol"}, {ID: "U0DANA", Name: "dana"},
		{ID: "U0GUEST", Name: "gus", Refused: refusedGuest}, {ID: "U0ED", Name: "ed", Refused: refusedGone},
		{ID: "U0SAM1", Name: "sam"}, {ID: "U0SAM2", Name: "sam"}, {ID: "S0OPS", Name: "@ops", Group: true},
	} {
		if word == p.ID || word == strings.TrimPrefix(p.Name, "@") {
			out = append(out, p)
		}
	}
	return out, w.fail["Who"]
}

// fakeNotices keeps notices by their ids.
type fakeNotices struct{ w *world }

func (f fakeNotices) AddNotice(_ context.Context, n stackhand.Notice) (bool, error) {
	if _, ok := f.w.notices[n.ID]; ok {
		return false, nil
	}
	f.w.notices[n.ID] = n
	f.w.told = append(f.w.told, n.ID)
	return true, f.w.fail["AddNotice"]
}

func (f fakeNotices) Notice(_ context.Context, id string) (stackhand.Notice, error) {
	n, ok := f.w.notices[id]
	if !ok {
		return n, stackhand.Errorf(stackhand.NotFound, "no notice %s", id)
	}
	return n, f.w.fail["Notice"]
}

func (f fakeNotices) ReviseNotice(_ context.Context, id string, text stackhand.Text, actions ...stackhand.Action) error {
	n, ok := f.w.notices[id]
	if !ok {
		return stackhand.Errorf(stackhand.NotFound, "no notice %s", id)
	}
	n.Text, n.Actions, n.Stale = text, actions, true
	f.w.notices[id] = n
	return f.w.fail["ReviseNotice"]
}

func (f fakeNotices) ChangeNotice(_ context.Context, id string, change func(*stackhand.Notice) error) (stackhand.Notice, error) {
	n, ok := f.w.notices[id]
	if !ok {
		return n, stackhand.Errorf(stackhand.NotFound, "no notice %s", id)
	}
	if n.Adoption != nil {
		a := *n.Adoption
		n.Adoption = &a
	}
	if err := change(&n); err != nil {
		return n, err
	}
	f.w.notices[id] = n
	return n, f.w.fail["ChangeNotice"]
}

func (f fakeNotices) AnswerableNotices(_ context.Context, until time.Time) (out []stackhand.Notice, err error) {
	for _, n := range f.w.notices {
		if !n.Ends.IsZero() && len(n.Actions) > 0 && (until.IsZero() || !n.Ends.After(until)) {
			out = append(out, n)
		}
	}
	return out, f.w.fail["AnswerableNotices"]
}

func (f fakeNotices) TakenNotices(_ context.Context, line string) (out []stackhand.Notice, err error) {
	for _, n := range f.w.notices {
		if n.Adoption != nil && n.Taken == line {
			out = append(out, n)
		}
	}
	return out, f.w.fail["TakenNotices"]
}

func (f fakeNotices) WaitingNotices(context.Context) (out []stackhand.Notice, err error) {
	for _, n := range f.w.notices {
		if n.Waits != "" {
			out = append(out, n)
		}
	}
	return out, f.w.fail["WaitingNotices"]
}

// lastNotice is what somebody was told last.
func (w *world) lastNotice(user string) stackhand.Notice {
	for _, id := range slices.Backward(w.told) {
		if w.notices[id].User == user {
			return w.notices[id]
		}
	}
	return stackhand.Notice{}
}
