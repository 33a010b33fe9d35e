package lease

import (
	"context"
	"fmt"
	"time"

	"github.com/stackhand/stackhand"
	"github.com/stackhand/stackhand/internal/abreast"
)

// silence is how long a step waits for an answer before the administrators are told.
const silence = 30 * time.Minute

// askAgain is how long after a server was asked for in vain it is asked for again: meanwhile it is the others' turn, of which their cloud
// may well tell.
const askAgain = 10 * time.Minute

// waits leaves a step until the cloud answers, and tells the administrators of it, once a day for each cloud and region.
func (s *Sweeper) waits(ctx context.Context, stack stackhand.Stack, n Next, now time.Time) error {
	if n.InVain {
		if err := s.putOff(ctx, stack, n, now.Add(askAgain)); err != nil {
			return err
		}
	}
	if now.Sub(n.At) < silence {
		return nil
	}
	where, text := stack.Cloud, stackhand.Textf("%s gives no answer.", stackhand.AsBold(stack.Cloud))
	if stack.Region != "" {
		where += "/" + stack.Region
		text = stackhand.Textf("The region %s of %s gives no answer.", stack.Region, stackhand.AsBold(stack.Cloud))
	}
	fresh, err := s.Book.AddNotice(ctx, stackhand.Notice{
		ID: fmt.Sprintf("silent/%s/%s", where, now.UTC().Format("2006-01-02")), Admins: true, Created: now,
		Text: text.Add(" %s of %s should be %s; that waits, and so does whatever else there it does not tell of, and goes on by itself once it answers. What is wrong, %s says on the bot's machine.",
			stackhand.AsBold(stack.Name), stackhand.To(stack.Lease.Owner), n.done(), stackhand.AsCode("stackhand doctor")),
	})
	if err == nil && fresh {
		s.Noticed()
	}
	return err
}

// reconcile holds the record of a stack that has come to something against the cloud, before anybody is told of it and before
// anything is done: the record may be that of an old backup, and people work past the bot. What the cloud says counts. A
// server that runs although the ladder put it away was started by somebody, and is taken as started: reconcile answers true
// then, since the step that was due is not any more. Where the cloud gives no answer, n.Silent is set: people are told all the same, and
// the step waits. Where it refuses one, the step goes on: its job looks again, and says what is wrong.
func (s *Sweeper) reconcile(ctx context.Context, p *pass, in *project, stack *stackhand.Stack, n *Next, now time.Time) (bool, error) {
	if s.Server == nil || stack.Server == "" || stack.Busy != "" {
		return false, nil
	}
	if n.Silent = p.silent[siteOf(*stack)] >= abreast.SilentAfter || p.late(); n.Silent {
		return false, nil
	}
	srv, err := s.ask(ctx, p, in, *stack)
	if stale := s.changedSince(ctx, *stack); stale != nil {
		return false, stale
	}
	switch kind := stackhand.KindOf(err); {
	case ctx.Err() != nil:
		return false, ctx.Err()
	case kind == stackhand.NotFound:
		n.Gone = true
		return false, nil
	case err != nil:
		s.Log.Warn("a server cannot be looked at before a step of the ladder", "stack", stack.ID, "cloud", stack.Cloud, "err", err)
		if n.Silent = stackhand.Temporary(err); n.Silent {
			n.InVain = true
			p.silent[siteOf(*stack)]++
		}
		return false, nil
	}
	if rung, yes := stack.Lease.Ladder.Risen(srv); yes {
		return true, s.risen(ctx, *stack, rung, now)
	}
	n.Off = n.stands(srv.Status)
	if srv.Name != "" && srv.Name != stack.Name {
		s.Log.Info("a server has another name now", "stack", stack.ID, "was", stack.Name, "is", srv.Name)
		stack.Rename(srv.Name)
		return false, s.Book.SaveStack(ctx, stack)
	}
	return false, nil
}

// changedSince answers Conflict where somebody wrote on a stack after it was read, such as its owner while the cloud was asked: what comes next for it
// may be something else by now, and nobody is to be told what is not so any more.
func (s *Sweeper) changedSince(ctx context.Context, stack stackhand.Stack) error {
	if s.Conflict == nil {
		return nil
	}
	now, err := s.Book.Stack(ctx, stack.ID)
	if err == nil && now.Rev != stack.Rev {
		return s.Conflict
	}
	return err
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

// startedElsewhere says that a server runs that was put away.
func startedElsewhere(stack stackhand.Stack, rung stackhand.Rung) stackhand.Text {
	put := "stopped"
	if rung.Step == stackhand.StepShelve {
		put = "shelved"
	}
	text := stackhand.Textf("%s runs, although it was %s (%s): somebody started it without me, so it is not deleted.", stackhand.AsBold(stack.Name), put, stackhand.At(rung.At))
	if rung.Address != "" {
		text = text.Add(" Its floating IP %s was given back; %s gives it another one.", rung.Address, stackhand.AsCode("add floating ip "+stack.Name))
	}
	return text
}

// runs says that a server runs that was put away, and what comes of it.
func runs(stack stackhand.Stack, rung stackhand.Rung, n Next) stackhand.Text {
	return startedElsewhere(stack, rung).Add(" It lasts until %s, and will then be %s.%s Extend it to keep it.", stackhand.At(n.At), n.done(), n.after(stack))
}
