package lease

import (
	"context"
	"slices"
	"strings"

	"github.com/stackhand/stackhand"
)

// Renew words a warning anew that could not be delivered when it was written: its step is not taken before it has been, and comes
// later than it says. A notice of another kind, or of a step that is not to come any more, stays as it is.
func (s *Sweeper) Renew(ctx context.Context, n *stackhand.Notice) error {
	id, mine := strings.CutPrefix(n.ID, "ends/")
	id, _, _ = strings.Cut(id, "/")
	if !mine {
		return nil
	}
	stack, err := s.Book.Stack(ctx, id)
	if stackhand.KindOf(err) == stackhand.NotFound {
		return nil
	}
	if err != nil {
		return err
	}
	s = s.current()
	next, ok := s.Rules.Next(stack)
	same := func(w stackhand.Warning) bool { return w.Notice == n.ID && w.Step == next.what() }
	if !ok || !slices.ContainsFunc(next.warnings(stack.Lease), same) {
		return nil
	}
	// What was found gone when it was written offers its removal alone.
	next.Gone = len(n.Actions) == 1 && n.Actions[0].ID == "delete"
	n.Actions = buttons(stack, next)
	n.Text, err = s.said(ctx, stack, next, s.Now())
	return err
}
