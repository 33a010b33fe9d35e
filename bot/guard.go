package bot

import (
	"context"

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
