package main

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/stackhand/stackhand"
)

// moveClock lets time pass as it would: at every moment that matters to a lease, a schedule or a sample on the way it stops, and
// the sweeps of that moment do their work.
func (p *player) moveClock(ctx context.Context, by time.Duration) error {
	target := p.st.clock.Now().Add(by)
	seen := map[string]int{}
	for {
		what, at, err := p.nextMoment(ctx, target)
		if err != nil {
			return err
		}
		if k := fmt.Sprint(what, at); what == "" || seen[k] > 2 {
			break
		} else {
			seen[k]++
		}
		if err := p.pass(ctx, at); err != nil {
			return err
		}
		if what == sampling { // nothing begins that one would have to wait for
			if err := p.st.on.app.watcher.Sweep(ctx); err != nil {
				return err
			}
			continue
		}
		if err := p.sweep(ctx); err != nil {
			return err
		}
	}
	if err := p.pass(ctx, target); err != nil {
		return err
	}
	return p.sweep(ctx)
}

// jump sets the clock, as somebody does who puts it right or wrong: nothing was done in between, and the next sweep finds
// itself at another time.
func (p *player) jump(ctx context.Context, by time.Duration) error {
	p.st.clock.Jump(p.st.clock.Now().Add(by))
	return p.sweep(ctx)
}

// sampling is what is due when it is a look at how busy servers are.
const sampling = "a sample"

// pass moves the clock on, as if the bot had been at work meanwhile.
func (p *player) pass(ctx context.Context, at time.Time) error {
	if err := p.st.on.app.sweeper.Passed(ctx, at); err != nil {
		return err
	}
	p.st.clock.MoveTo(at)
	return nil
}

// nextMoment is the first, not after until, at which something is due; "" if there is none.
func (p *player) nextMoment(ctx context.Context, until time.Time) (what string, at time.Time, err error) {
	a := p.st.on.app
	due, err := a.store.StacksDue(ctx, until, 1)
	if err != nil {
		return "", at, err
	}
	if len(due) > 0 {
		what, at, until = due[0].ID, a.rules().Due(due[0]), a.rules().Due(due[0])
	}
	if next, ok, err := a.keeper.NextDue(ctx, until); err != nil || ok {
		what, at, until = "a schedule", next, next
		if err != nil {
			return what, at, err
		}
	}
	if next, ok, err := a.watcher.NextDue(ctx, until); err != nil || ok && next.Before(until) {
		return sampling, next, err
	}
	return what, at, nil
}

func (p *player) sweep(ctx context.Context) error {
	a := p.st.on.app
	if err := a.sweeper.Sweep(ctx); err != nil && stackhand.KindOf(err) != stackhand.Conflict {
		return err
	}
	if err := errors.Join(a.keeper.Sweep(ctx), a.watcher.Sweep(ctx)); err != nil {
		return err
	}
	if err := a.asked.Sweep(ctx); err != nil {
		return err
	}
	_ = a.runner().Do(ctx, "upkeep", a.tend) // what fails is tried again
	if err := a.chores.Look(ctx); err != nil {
		return err
	}
	return p.wait(ctx, time.Minute)
}
