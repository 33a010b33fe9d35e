package main

import (
	"context"
	"fmt"
	"time"

	"github.com/stackhand/stackhand"
)

const (
	// purgeMost is how many records are taken out in a day, each in a write of its own; what is left is for the next ones.
	purgeMost = 10_000
	// purgePause is the longest time since the last daily look after which the clock is believed: after a longer one the bot was off, the
	// clock jumped, or an old backup was restored, and nothing is taken out that day.
	purgePause = 3 * 24 * time.Hour
)

// purge takes records out of the store that came to their end longer ago than they are kept. It is safe to repeat and to cut short.
func (a *app) purge(ctx context.Context, _ time.Time) error {
	now := a.now()
	believed, err := a.purgedLately(ctx, now)
	if err != nil || !believed || a.cfg.Keep <= 0 {
		return err
	}
	before := now.Add(-time.Duration(a.cfg.Keep))
	got, err := a.store.Purge(ctx, before, purgeMost)
	if sum := got.Sum(); sum > 0 {
		a.log.Info("old records were taken out of the store", "records", sum, "before", before)
	}
	return err
}

// purgedLately notes that the daily look has come, and tells whether the one before it was not long ago.
func (a *app) purgedLately(ctx context.Context, now time.Time) (bool, error) {
	const name = "purge looked"
	raw, err := a.store.Setting(ctx, name)
	if err != nil && stackhand.KindOf(err) != stackhand.NotFound {
		return false, err
	}
	var last time.Time
	if err == nil {
		if last, err = time.Parse(time.RFC3339Nano, string(raw)); err != nil {
			return false, fmt.Errorf("the time of the last purge: %w", err)
		}
	}
	if err := a.store.SetSetting(ctx, name, []byte(now.UTC().Format(time.RFC3339Nano))); err != nil {
		return false, err
	}
	since := now.Sub(last)
	return since >= 0 && since <= purgePause, nil
}
