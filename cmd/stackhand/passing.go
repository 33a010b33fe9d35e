package main

import (
	"context"
	"time"

	"github.com/stackhand/stackhand"
)

// moveClock lets time pass as it would: at every moment that matters to a lease on the way it stops,
// and the sweep of that moment does its work.
func (p *player) moveClock(ctx context.Context, by time.Duration) error {
	target := p.st.clock.Now().Add(by)
	a := p.st.on.app
	seen := map[string]int{}
	for {
		due, err := a.store.StacksDue(ctx, target, 1)
		if err != nil {
			return err
		}
		if len(due) == 0 {
			break
		}
		at := a.sweeper.Rules.Due(due[0])
		if k := due[0].ID + at.String(); seen[k] > 2 {
			break
		} else {
			seen[k]++
		}
		p.st.clock.MoveTo(at)
		if err := p.sweep(ctx); err != nil {
			return err
		}
	}
	p.st.clock.MoveTo(target)
	return p.sweep(ctx)
}

func (p *player) sweep(ctx context.Context) error {
	if err := p.st.on.app.sweeper.Sweep(ctx); err != nil && stackhand.KindOf(err) != stackhand.Conflict {
		return err
	}
	return p.wait(ctx, time.Minute)
}
