package commands

import (
	"context"
	"errors"
	"fmt"
	"reflect"
	"time"

	"github.com/stackhand/stackhand"
	"github.com/stackhand/stackhand/internal/policy"
)

// extendTo moves the end of a lease: within its budget and the rules, or beyond them where the asker may decide that. Otherwise
// it waits for somebody who may.
func (s *session) extendTo(ctx context.Context, t target, until time.Time, line Line) (Reply, error) {
	env, user, st := s.env, s.user, *t.stack
	decides := user.Role >= stackhand.Admin || user.Role >= stackhand.Approver && !st.Of(user)
	if until.Before(st.Lease.Until) {
		if err := env.maySooner(ctx, user, st); err != nil {
			return Reply{}, err
		}
	}
	d, err := s.longer(ctx, t, until, line, decides)
	if err != nil {
		return Reply{}, err
	}
	r, waits, err := env.pass(ctx, d)
	switch {
	case err != nil:
		return Reply{}, err
	case waits:
		r.Text = r.Text.Add(" Until somebody decides, %s ends as before (%s), and its owner is warned of that.", st.Name, stackhand.At(st.Lease.End()))
		return r, nil
	}
	before := st.Lease.Until
	move := env.Stacks.Extend
	if (decides || env.carrying) && env.Leases != nil {
		move = env.Leases.Beyond
	}
	st, err = move(ctx, st.ID, until, line.Key)
	if err == nil {
		err = env.used(ctx, "extend", st.ID)
	}
	if err != nil {
		return Reply{}, env.limited(err)
	}
	text := env.extended(user, st, before)
	if t.gone {
		text = stackhand.Textf("%s is %s; what else was made for it stays until %s. %s removes that.", st.Name, notThere, stackhand.At(st.Lease.Until), stackhand.AsCode("delete "+quote(st.Name)))
	}
	return Reply{Text: text, Public: true}, nil
}

// maySooner refuses to end a server sooner to whoever may only give it more time: approvers.
func (env *Env) maySooner(ctx context.Context, user stackhand.User, st stackhand.Stack) error {
	if st.Of(user) || user.Role >= stackhand.Admin {
		return nil
	}
	owner := env.person(ctx, st.Lease.Owner)
	return stackhand.Errorf(stackhand.Forbidden, "%s of %s lasts until %s, and approvers cannot end it sooner.", st.Name, owner, stackhand.At(st.Lease.Until)).
		Do("Ask %s, or an administrator.", owner)
}

// limited adds to a refusal by the budget, which it is where nobody is there to ask for more, who could help.
func (env *Env) limited(err error) error {
	var e *stackhand.Error
	switch {
	case !errors.As(err, &e) || e.Kind != stackhand.Forbidden || e.Next != "":
		return err
	case env.Settings.Deciders && env.Requests != nil:
		return e.Do("It was extended by somebody else just now. Say that again, and an approver is asked.")
	}
	return e.Do("Nobody is an approver or an administrator here. Ask whoever runs this bot to name one, or to raise leases.extensions.")
}

// extended says until when a server lasts now, and what it was before where that was later. The card of an approved line tells that by itself.
func (env *Env) extended(user stackhand.User, st stackhand.Stack, before time.Time) stackhand.Text {
	var text stackhand.Text
	switch {
	case env.carrying:
	case st.Lease.Owner == user.ID:
		text = stackhand.Textf("%s is yours until %s.", st.Name, stackhand.At(st.Lease.Until))
	default:
		text = stackhand.Textf("%s of %s lasts until %s.", st.Name, stackhand.To(st.Lease.Owner), stackhand.At(st.Lease.Until))
	}
	if before.After(st.Lease.Until) && len(text) > 0 {
		text = text.Add(" That is sooner than before (%s).", stackhand.At(before))
	}
	if _, parked := st.Lease.Ladder.Parked(); parked {
		if len(text) > 0 {
			text = text.Add(" ")
		}
		text = text.Add("It stays stopped until somebody starts it: %s.", stackhand.AsCode("start "+quote(st.Name)))
	}
	return text
}

// longer is the wish for another end. It is told from the moment that is meant, so that it means the same whenever it is
// approved. What no approver could allow is refused.
func (s *session) longer(ctx context.Context, t target, until time.Time, line Line, decides bool) (deed, error) {
	env, st := s.env, *t.stack
	d := s.deed(line, policy.Request{Verb: "extend", Noun: "server", Name: st.Name, Owner: st.Lease.Owner, Lifetime: until.Sub(env.Now())}, t.stack)
	if env.Leases == nil || env.carrying || line.Key != "" && st.Lease.Extended == line.Key {
		return d, nil
	}
	over, deleted, err := env.Leases.Room(ctx, st.ID, until)
	if err != nil {
		return d, err
	}
	if !decides && env.Requests != nil && env.Settings.Deciders {
		d.over = over
	}
	until = until.UTC() // however it was said, it is the same moment when it is planned anew
	d.title = "Keep " + st.Name + " until " + stackhand.At(until).String()
	d.said = &reading{entry: find("keep"), args: reflect.ValueOf(keepArgs{Server: st.ID, Until: until.Format(time.RFC3339Nano), Line: line})}
	d.until, d.ends, d.once = until, deleted, true
	d.outline = s.outlineLonger(st, until)
	return d, nil
}

// outlineLonger tells approvers what is asked for: which server, its end now and then, how much was extended already, and
// what it costs.
func (s *session) outlineLonger(st stackhand.Stack, until time.Time) outline {
	o, from := outline{}, st.Lease.End()
	if now := s.env.Now(); from.Before(now) {
		from = now
	}
	more := until.Sub(from)
	o.fact("Server", "%s (%s), %s, of %s", st.Name, first(st.Server, st.ID), first(st.Flavor, "size unknown"), stackhand.To(st.Lease.Owner))
	o.fact("Project", "%s of %s", st.Project, st.Cloud)
	o.fact(factEndsNow, "%s", stackhand.At(st.Lease.End()))
	if more > 0 {
		o.fact(factWouldEnd, "%s, %s later", stackhand.At(until), short(more.Round(time.Minute)))
	} else {
		o.fact(factWouldEnd, "%s, which is earlier", stackhand.At(until))
	}
	o.fact(factExtended, "%s", spent(st.Lease.Extensions, s.env.Settings.Extensions))
	price, known := s.env.Settings.Clouds[st.Cloud].Prices[st.Flavor]
	o.fact(factCost, "%s", costOf(first(st.Flavor, "its size"), price, known, 1, max(0, more.Round(time.Minute))))
	o.beside = append(o.beside, st.Lease.End(), st.Lease.Owner, price, known)
	return o
}

// spent says how much of the budget for extending is used.
func spent(used, budget stackhand.Extensions) string {
	times, total := countOf(used.Times, "time", "times"), "0"
	if used.Total > 0 {
		total = short(used.Total.Round(time.Minute))
	}
	if budget.Times > 0 {
		times += fmt.Sprintf(" (of %d)", budget.Times)
	}
	total += " in all"
	if budget.Total > 0 {
		total += " (of " + short(budget.Total) + ")"
	}
	return times + ", " + total
}
