package main

import (
	"sync"
	"time"
)

// clock is the demo's time: it may run faster than the real one, and be moved on.
type clock struct {
	mu    sync.Mutex
	real  time.Time // when shown was right
	shown time.Time
	rate  float64
}

func newClock(rate float64) *clock {
	now := time.Now()
	return &clock{real: now, shown: now.UTC().Round(0), rate: rate}
}

// Now is the demo's present.
func (c *clock) Now() time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.now()
}

func (c *clock) now() time.Time {
	return c.shown.Add(time.Duration(float64(time.Since(c.real)) * c.rate))
}

// MoveTo moves the clock on; it never goes back.
func (c *clock) MoveTo(t time.Time) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if now := c.now(); t.After(now) {
		c.real, c.shown = time.Now(), t
	}
}

// Jump sets the clock, also back.
func (c *clock) Jump(to time.Time) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.real, c.shown = time.Now(), to.UTC()
}
