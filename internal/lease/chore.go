package lease

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"time"

	"github.com/robfig/cron/v3"

	"github.com/stackhand/stackhand"
)

// Chore is something that is to be done at the moments of a schedule.
type Chore struct {
	Name     string
	Schedule cron.Schedule
	// Do does it for the moment that has come: of several that were missed the last one. It is repeated at the next
	// look if it fails or is cut short.
	Do func(ctx context.Context, due time.Time) error
}

// Diary remembers what was done.
type Diary interface {
	Setting(ctx context.Context, name string) ([]byte, error) // NotFound if there is none
	SetSetting(ctx context.Context, name string, value []byte) error
}

// Chores does what has come due. It may be looked at late, often, and after the clock was moved.
type Chores struct {
	Diary Diary
	Now   func() time.Time
	List  []Chore

	mu sync.Mutex // one look at a time
}

// Look does what is due. One that fails or panics does not stop the others.
func (c *Chores) Look(ctx context.Context) error {
	c.mu.Lock()
	defer c.mu.Unlock()
	var errs []error
	for _, chore := range c.List {
		if err := stackhand.Guarded("the chore "+chore.Name, func() error { return c.look(ctx, chore) }); err != nil {
			errs = append(errs, fmt.Errorf("%s: %w", chore.Name, err))
		}
	}
	return errors.Join(errs...)
}

// Begin notes those that are new, so that they count from now and not from the first look, before which the clock may move.
func (c *Chores) Begin(ctx context.Context) error {
	c.mu.Lock()
	defer c.mu.Unlock()
	for _, chore := range c.List {
		last, err := c.last(ctx, chore.Name)
		if err == nil && last.IsZero() {
			err = c.done(ctx, chore.Name, c.Now())
		}
		if err != nil {
			return fmt.Errorf("%s: %w", chore.Name, err)
		}
	}
	return nil
}

func (c *Chores) look(ctx context.Context, chore Chore) error {
	now := c.Now()
	last, err := c.last(ctx, chore.Name)
	if err != nil {
		return err
	}
	// New, or the clock was far ahead for a while: it counts from now.
	if last.IsZero() || last.After(now.Add(24*time.Hour)) {
		return c.done(ctx, chore.Name, now)
	}
	due := chore.Schedule.Next(last)
	if due.IsZero() || due.After(now) {
		return nil
	}
	for next := chore.Schedule.Next(due); !next.IsZero() && !next.After(now); next = chore.Schedule.Next(next) {
		due = next
	}
	if err := chore.Do(ctx, due); err != nil {
		return err
	}
	return c.done(ctx, chore.Name, due)
}

func (c *Chores) last(ctx context.Context, name string) (time.Time, error) {
	raw, err := c.Diary.Setting(ctx, "chore "+name)
	if stackhand.KindOf(err) == stackhand.NotFound {
		return time.Time{}, nil
	}
	if err != nil {
		return time.Time{}, err
	}
	return time.Parse(time.RFC3339Nano, string(raw))
}

func (c *Chores) done(ctx context.Context, name string, at time.Time) error {
	return c.Diary.SetSetting(ctx, "chore "+name, []byte(at.UTC().Format(time.RFC3339Nano)))
}
