package bot

import (
	"context"
	"fmt"

	"github.com/stackhand/stackhand"
)

// guarded does a part of the work that nobody waits for an answer to. What panics there is told to whoever runs the bot, and is an error
// of that part alone.
func (b *Bot) guarded(ctx context.Context, of string, work func() error) error {
	err := stackhand.Guarded(of, work)
	if found := stackhand.Panics(err); len(found) > 0 {
		b.o.Panicked(ctx, "slack", found)
	}
	return err
}

// beside does such a part while the rest goes on; Run waits for it.
func (b *Bot) beside(ctx context.Context, of string, work func()) {
	b.asides.Go(func() { _ = b.guarded(ctx, of, func() error { work(); return nil }) }) // it is told of
}

// logPanics is what becomes of panics where nobody else is told.
func (b *Bot) logPanics(ctx context.Context, part string, found []*stackhand.Panic) {
	for _, p := range found {
		b.log.ErrorContext(ctx, "a panic was caught", "part", part, "of", p.Of, "panic", fmt.Sprint(p.Value), "stack", string(p.Stack))
	}
}
