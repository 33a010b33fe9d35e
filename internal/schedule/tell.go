package schedule

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/stackhand/stackhand"
)

// announce says before a stop that it comes, in the thread of each server that it would stop.
func (r *round) announce(ctx context.Context) error {
	stop := r.clock.nextStop(r.now)
	if r.o.Ahead == 0 || stop.IsZero() || stop.Equal(r.s.Announced) || r.now.Before(stop.Add(-r.o.Ahead)) {
		return nil
	}
	r.s.Announced = stop
	stacks, err := r.stacks(ctx)
	if err != nil {
		return err
	}
	for _, st := range stacks {
		if st.State != stackhand.StackReady || st.Server == "" || r.s.Turns[st.ID].Left.After(stop) || st.Lease.Owner != r.s.Owner {
			continue
		}
		sv, err := r.server(ctx, st.Server, stackhand.ActStop)
		if r.shut != nil {
			return ctx.Err() // what is wrong is told when it matters
		}
		if err != nil || r.lent != nil && !ours(st, sv) || sv.Status != from[stackhand.ActStop] || sv.Locked || !r.s.Wants(sv) {
			continue
		}
		if err := r.announceOne(ctx, st, stackhand.Run{At: stop, Verb: stackhand.ActStop}); err != nil {
			return err
		}
	}
	return nil
}

func (r *round) announceOne(ctx context.Context, st stackhand.Stack, stop stackhand.Run) error {
	text := stackhand.Textf("%s will be stopped at %s, by its schedule (%s).", stackhand.AsBold(st.Name), stackhand.At(stop.At), r.s.Words())
	if next := r.clock.next(stop.At); next.Verb == stackhand.ActStart && r.lent != nil {
		text = text.Add(" It is not started again before its owner has logged in again.")
	} else if next.Verb == stackhand.ActStart {
		text = text.Add(" It is started again at %s.", stackhand.At(next.At))
	}
	place, err := r.place(ctx, st)
	if err != nil {
		return err
	}
	n := stackhand.Notice{
		ID: fmt.Sprintf("schedule/%s/%s/stop/%d", r.s.ID, st.ID, stop.At.Unix()), Job: st.Job, Place: place, Text: text, Created: r.now,
		Actions: []stackhand.Action{
			{ID: "choose", Label: "Leave it today", Value: "schedule leave " + st.ID + " --stop " + stop.At.UTC().Format(time.RFC3339)},
			{ID: "choose", Label: "Stop now", Value: "stop " + st.ID, Confirm: "Stop " + st.Name + "? Whatever runs on it is interrupted."},
		},
	}
	if place.Channel == "" {
		n.User = r.s.Owner
	}
	return r.write(ctx, n)
}

// trouble tells the owner once why their server was not stopped or started.
func (r *round) trouble(ctx context.Context, st stackhand.Stack, t *stackhand.Turn, why, next string) error {
	if t.Told == r.s.Verb+" "+why {
		return nil
	}
	t.Told = r.s.Verb + " " + why
	text := stackhand.Textf("The schedule could not %s %s: %s", r.s.Verb, stackhand.AsBold(st.Name), why)
	if next != "" {
		text = text.Add(" %s", next)
	}
	return r.tell(ctx, st, "trouble", text.Add(" You are not told this again while it stays so."),
		stackhand.Action{ID: "choose", Label: title[r.s.Verb] + " it now", Value: r.s.Verb + " " + st.ID})
}

// works notes that there is no trouble any more with what is due: a start that has nothing to do says nothing about stops.
func (r *round) works(t *stackhand.Turn) {
	if strings.HasPrefix(t.Told, r.s.Verb+" ") {
		t.Told = ""
	}
}

// tell writes down a notice for the schedule's owner, once for each moment.
func (r *round) tell(ctx context.Context, st stackhand.Stack, what string, text stackhand.Text, actions ...stackhand.Action) error {
	n := stackhand.Notice{
		ID:   fmt.Sprintf("schedule/%s/%s/%s/%d", r.s.ID, st.ID, what, r.s.At.Unix()),
		User: r.s.Owner, Text: text, Actions: actions, Created: r.now,
	}
	if st.ID != "" {
		place, err := r.place(ctx, st)
		if err != nil {
			return err
		}
		n.Place, n.Job = place, st.Job
	}
	return r.write(ctx, n)
}

func (r *round) write(ctx context.Context, n stackhand.Notice) error {
	if _, err := r.o.Book.AddNotice(ctx, n); err != nil {
		return err
	}
	r.o.Noticed()
	return nil
}

// place is the thread of the stack's own card.
func (r *round) place(ctx context.Context, st stackhand.Stack) (stackhand.Place, error) {
	p := st.Place
	if p.Thread != "" {
		return p, nil
	}
	rep, err := r.o.Book.Report(ctx, st.Job)
	if stackhand.KindOf(err) == stackhand.NotFound {
		return p, nil
	}
	if err != nil || rep.Card.TS == "" {
		return p, err
	}
	p.Direct = p.Direct && p.Channel == rep.Card.Channel
	p.Channel, p.Thread = rep.Card.Channel, rep.Card.TS
	return p, nil
}

// sentence is what an error tells people, with what to do about it.
func sentence(err error) string {
	var e *stackhand.Error
	if !errors.As(err, &e) {
		return "something went wrong here; the log tells what."
	}
	if e.Next == "" {
		return e.Msg
	}
	return e.Msg + " " + e.Next
}
