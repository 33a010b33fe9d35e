package lease

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"github.com/stackhand/stackhand"
)

// Renew words a warning anew that could not be delivered when it was written: its step is not taken before it has been, and comes
// later than it says. Where another step or another moment is to come by now, it tells that, and counts for neither. A notice of
// another kind, of another owner, or of a stack to which nothing is to come stays as it is.
func (s *Sweeper) Renew(ctx context.Context, n *stackhand.Notice) error {
	id, mine := strings.CutPrefix(n.ID, "ends/")
	id, _, _ = strings.Cut(id, "/")
	if !mine {
		return nil
	}
	s = s.current()
	err := s.renew(ctx, id, n)
	for try := 0; try < 5 && s.Conflict != nil && errors.Is(err, s.Conflict); try++ {
		err = s.renew(ctx, id, n)
	}
	return err
}

func (s *Sweeper) renew(ctx context.Context, id string, n *stackhand.Notice) error {
	stack, err := s.Book.Stack(ctx, id)
	if stackhand.KindOf(err) == stackhand.NotFound {
		return nil
	}
	if err != nil {
		return err
	}
	next, ok := s.Rules.Next(stack)
	if !ok || !strings.HasSuffix(n.ID, "/"+stack.Lease.Owner) {
		return nil
	}
	// By its id, since the record may not know of it yet: the bot may have died between the two writes.
	if !strings.HasPrefix(n.ID, fmt.Sprintf("ends/%s/%s/%d/", id, next.what(), next.At.Unix())) {
		if err := s.disown(ctx, &stack, n.ID); err != nil {
			return err
		}
	}
	// What was found gone when it was written offers its removal alone.
	next.Gone = len(n.Actions) == 1 && n.Actions[0].ID == "delete"
	n.Actions = buttons(stack, next)
	n.Text, err = s.said(ctx, stack, next, s.Now())
	return err
}

// disown takes back, on the record, a warning that will not say what it was written for.
func (s *Sweeper) disown(ctx context.Context, stack *stackhand.Stack, notice string) error {
	changed := false
	for i := range stack.Lease.Warned {
		if w := &stack.Lease.Warned[i]; w.Notice == notice && !w.Until.IsZero() {
			takeBack(w)
			changed = true
		}
	}
	if !changed {
		return nil
	}
	return s.Book.SaveStack(ctx, stack)
}
