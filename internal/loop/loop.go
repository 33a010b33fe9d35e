// Package loop has the bot do the work that nobody asks for: in turns, on a schedule, until it stops.
package loop

import (
	"context"
	"fmt"
	"log/slog"

	"github.com/robfig/cron/v3"

	"github.com/stackhand/stackhand"
)

// Part is one part of that work.
type Part struct {
	Name  string // under which the log and the metrics have it
	Every string // when its turns come, as robfig/cron has it ("@every 1m", "CRON_TZ=Europe/Berlin 0 9 * * *")
	// Begin is done once before the first turn; nil: nothing.
	Begin func(ctx context.Context) error
	// Turn does what is due. What fails is due again with the next one.
	Turn func(ctx context.Context) error
}

// Runner runs parts.
type Runner struct {
	Log *slog.Logger
	// Panicked is told of what panicked in a turn.
	Panicked stackhand.Panicked
}

// Run does the turns of a part until ctx ends; two of them never overlap. Neither a failure nor a panic in one keeps the next from coming.
// The error is that there is no such schedule.
func (r Runner) Run(ctx context.Context, p Part) error {
	// What is skipped is skipped for ever after a panic in what it wraps, which Do therefore keeps in.
	c := cron.New(cron.WithChain(cron.SkipIfStillRunning(cron.DiscardLogger)))
	if _, err := c.AddFunc(p.Every, func() { _ = r.Do(ctx, p.Name, p.Turn) }); err != nil { // Do has said it
		return fmt.Errorf("the schedule of %s: %w", p.Name, err)
	}
	if p.Begin != nil {
		_ = r.Do(ctx, p.Name, p.Begin)
	}
	c.Start()
	<-ctx.Done()
	<-c.Stop().Done()
	return nil
}

// Do does one turn, and says in the log what went wrong in it.
func (r Runner) Do(ctx context.Context, part string, turn func(context.Context) error) error {
	err := stackhand.Guarded("", func() error { return turn(ctx) })
	if found := stackhand.Panics(err); len(found) > 0 {
		r.Panicked(ctx, part, found)
	}
	if err != nil && ctx.Err() == nil {
		r.Log.Error("a turn failed; the next one goes on", "part", part, "err", err)
	}
	return err
}
