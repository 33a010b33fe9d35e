// Package abreast has a sweep do many things that each wait for a cloud, side by side: one cloud that takes its time, or gives no answer, is no
// reason for the others to wait.
package abreast

import (
	"errors"
	"sync"
	"time"

	"golang.org/x/sync/errgroup"

	"github.com/stackhand/stackhand"
)

const (
	// LookFor is how long a sweep waits for an answer of a cloud.
	LookFor = 15 * time.Second
	// SweepFor is for how long a sweep begins to ask clouds: then the next one is due, for all of them.
	SweepFor = time.Minute
	// Most is for how many lines of a site a sweep waits at once.
	Most = 4
	// SilentAfter is for how many things a site gives no answer until it is asked for no other in the same sweep, beyond those for which it is
	// being asked just then.
	SilentAfter = 2
)

// Site is a cloud in one of its regions: each gives answers, or none, by itself.
type Site struct{ Cloud, Region string }

// Do works on the lines of all sites side by side, on so many of a site at once. What goes wrong with one is no reason to leave the others.
func Do[L any](sites map[Site][]L, work func(L) error) error {
	var mu sync.Mutex
	var errs []error
	var all sync.WaitGroup
	for _, lines := range sites {
		all.Go(func() {
			var here errgroup.Group
			here.SetLimit(Most)
			for _, line := range lines {
				here.Go(func() error {
					err := stackhand.Guarded("", func() error { return work(line) })
					mu.Lock()
					defer mu.Unlock()
					errs = append(errs, err)
					return nil
				})
			}
			_ = here.Wait() // there is none
		})
	}
	all.Wait()
	return errors.Join(errs...)
}

// Turn is what makes that safe: whoever has it acts, and gives it away only while a cloud is asked.
type Turn struct{ mu sync.Mutex }

// Take acts once it is one's turn.
func (t *Turn) Take(act func() error) error {
	t.mu.Lock()
	defer t.mu.Unlock()
	return act()
}

// Away gives the turn to others while one waits.
func (t *Turn) Away(wait func()) {
	t.mu.Unlock()
	defer t.mu.Lock()
	wait()
}
