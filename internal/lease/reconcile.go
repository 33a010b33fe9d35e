package lease

import (
	"context"
	"fmt"
	"time"

	"github.com/stackhand/stackhand"
)

// lookFor is how long a sweep waits for a cloud that is asked for a server.
const lookFor = 15 * time.Second

// reconcile holds the record of a stack that has come to something against the cloud, before anybody is told of it and before
// anything is done: the record may be that of an old backup, and people work past the bot. What the cloud says counts. A
// server that runs although the ladder put it away was started by somebody, and is taken as started: reconcile answers true
// then, since the step that was due is not any more. Where the cloud cannot be asked, the step goes on: its job looks again.
func (s *Sweeper) reconcile(ctx context.Context, p *pass, stack *stackhand.Stack, n *Next, now time.Time) (bool, error) {
	if s.Server == nil || stack.Server == "" || stack.Busy != "" || p.silent[stack.Cloud] {
		return false, nil
	}
	look, cancel := context.WithTimeout(ctx, lookFor)
	defer cancel()
	srv, err := s.Server(look, *stack)
	switch kind := stackhand.KindOf(err); {
	case ctx.Err() != nil:
		return false, ctx.Err()
	case kind == stackhand.NotFound:
		n.Gone = true
		return false, nil
	case err != nil:
		s.Log.Warn("a server cannot be looked at before a step of the ladder", "stack", stack.ID, "cloud", stack.Cloud, "err", err)
		if kind != stackhand.Unauthorized && kind != stackhand.Forbidden { // these are about one owner
			p.silent[stack.Cloud] = true
		}
		return false, nil
	}
	if rung, yes := stack.Lease.Ladder.Risen(srv); yes {
		return true, s.risen(ctx, *stack, rung, now)
	}
	if srv.Name != "" && srv.Name != stack.Name {
		s.Log.Info("a server has another name now", "stack", stack.ID, "was", stack.Name, "is", srv.Name)
		stack.Rename(srv.Name)
		return false, s.Book.SaveStack(ctx, stack)
	}
	return false, nil
}

// risen takes a stack off the ladder whose server somebody started in another way, as if they had said start. What its owner is
// told is a warning of the end that it has now.
func (s *Sweeper) risen(ctx context.Context, stack stackhand.Stack, rung stackhand.Rung, now time.Time) error {
	place, err := s.place(ctx, stack)
	if err != nil {
		return err
	}
	l := &stack.Lease
	l.Rise(now, s.Rules.Again)
	stack.Status = ""
	n, ok := s.Rules.Next(stack)
	if !ok {
		return nil
	}
	text := runs(stack, rung, n)
	notice := stackhand.Notice{
		ID: fmt.Sprintf("risen/%s/%s", stack.ID, rung.Job), Job: stack.Job, User: l.Owner, Others: stack.Shared, Place: place, Admins: true,
		Text: text, Created: now, Actions: buttons(stack, n),
	}
	if _, err := s.Book.AddNotice(ctx, notice); err != nil {
		return err
	}
	if s.Record != nil {
		if err := s.Record(ctx, notice.ID, stack, text.String()); err != nil {
			return err
		}
	}
	note(l, stackhand.Warning{Before: n.At.Sub(now), Step: n.what(), Until: n.At, Notice: notice.ID, Volumes: ids(dataVolumes(stack))})
	if err := s.Book.SaveStack(ctx, &stack); err != nil {
		return err
	}
	s.Log.Info("a server runs that was put away: taken as started by hand", "stack", stack.ID, "user", l.Owner, "step", rung.Step, "put_away", rung.At)
	s.Noticed()
	return nil
}

// runs says that a server runs that was put away, and what comes of it.
func runs(stack stackhand.Stack, rung stackhand.Rung, n Next) stackhand.Text {
	name, put := stackhand.AsBold(stack.Name), "stopped"
	if rung.Step == stackhand.StepShelve {
		put = "shelved"
	}
	text := stackhand.Textf("%s runs, although it was %s (%s): somebody started it without me, so it is not deleted. It lasts until %s, and will then be %s.%s",
		name, put, stackhand.At(rung.At), stackhand.At(n.At), n.done(), n.after(stack))
	if rung.Address != "" {
		text = text.Add(" Its floating IP %s was given back; %s gives it another one.", rung.Address, stackhand.AsCode("add floating ip "+stack.Name))
	}
	return text.Add(" Extend it to keep it.")
}
