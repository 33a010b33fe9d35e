package lease

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/stackhand/stackhand"
)

// Renew words a warning anew that could not be delivered when it was written: its step is not taken before it has been, and comes
// later than it says. Where another step or another moment is to come by now, it tells that, and counts for neither. A notice of
// another kind, of another owner, or of a stack to which nothing is to come stays as it is. What is said of a server that somebody
// started is such a warning too.
func (s *Sweeper) Renew(ctx context.Context, n *stackhand.Notice) error {
	kind, id, _ := strings.Cut(n.ID, "/")
	id, _, _ = strings.Cut(id, "/")
	if kind != "ends" && kind != "risen" {
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
	rose, started := strings.CutPrefix(n.ID, "risen/"+id+"/")
	if rung, parked := stack.Lease.Ladder.Parked(); started && parked && rung.Job == rose {
		return nil // the bot died before it took the server as started: the next sweep does
	}
	if !ok || n.User != stack.Lease.Owner || !started && !strings.HasSuffix(n.ID, "/"+n.User) {
		return nil
	}
	// By its id, since the record may not know of it yet: the bot may have died between the two writes.
	if started && !spoke(stack.Lease, next, n.ID) || !started && !strings.HasPrefix(n.ID, fmt.Sprintf("ends/%s/%s/%d/", id, next.what(), next.At.Unix())) {
		if err := s.disown(ctx, &stack, n.ID); err != nil {
			return err
		}
	}
	// What was found gone when it was written offers its removal alone.
	next.Gone = len(n.Actions) == 1 && n.Actions[0].ID == "delete"
	// What was found stopped already does not offer that.
	next.Off = next.Step == stackhand.StepStop && strings.HasPrefix(n.ID, "ends/"+id+"/"+stackhand.StepStop+"/") &&
		!slices.ContainsFunc(n.Actions, func(a stackhand.Action) bool { return a.ID == "stop" })
	n.Actions = buttons(stack, next)
	n.Text, n.Brief, err = s.said(ctx, stack, next, s.Now())
	if i := slices.IndexFunc(stack.Lease.Ladder.Rungs, func(r stackhand.Rung) bool { return started && r.Job == rose }); i >= 0 && !next.Parked {
		why := startedElsewhere(stack, stack.Lease.Ladder.Rungs[i]).Add(" ")
		n.Text, n.Brief = append(why, n.Text...), append(slices.Clone(why), n.Brief...)
	}
	return err
}

// spoke tells whether the warning of a notice counts for a step.
func spoke(l stackhand.Lease, n Next, notice string) bool {
	return slices.ContainsFunc(n.warnings(l), func(w stackhand.Warning) bool { return w.Notice == notice })
}

// disown takes back, on the record, a warning that will not say what it was written for.
func (s *Sweeper) disown(ctx context.Context, stack *stackhand.Stack, notice string) error {
	if !takenBack(&stack.Lease, notice) {
		return nil
	}
	return s.Book.SaveStack(ctx, stack)
}

// takenBack takes back the warning of a notice. It tells whether there was one that counted.
func takenBack(l *stackhand.Lease, notice string) (changed bool) {
	for i, w := range l.Warned {
		if w.Notice == notice && !w.Until.IsZero() {
			takeBack(l, i)
			changed = true
		}
	}
	return changed
}
