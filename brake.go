package stackhand

import (
	"slices"
	"time"
)

// Brake is what keeps the sweeps from ending more servers than anybody meant: there is one for an installation.
type Brake struct {
	Rev       int64     `json:"-"`
	Installed time.Time `json:"installed,omitzero"` // when the ladder ran first
	Swept     time.Time `json:"swept,omitzero"`     // when a sweep was last known to run
	// Gap is when sweeps began again after a long pause, a clock that jumped, the restore of an old backup, or a freeze. What came to be
	// due meanwhile is said once more before anything is done.
	Gap time.Time `json:"gap,omitzero"`
	// Frozen says that there was a freeze since the last sweep. With the first one that finds none a gap ends as well: nobody could answer meanwhile.
	Frozen bool `json:"frozen,omitempty"`
	// Backup says that the records are those of a backup, with which no sweep has run so far; Restored is when the first one did.
	// What was told before that counts for nothing: the answers to it may be lost.
	Backup   bool        `json:"backup,omitempty"`
	Restored time.Time   `json:"restored,omitzero"`
	Steps    []BrakeStep `json:"steps,omitempty"` // of the last hours, the oldest first

	Held  Freeze    `json:"held,omitzero"`  // somebody said that no step is to be taken
	Free  time.Time `json:"free,omitzero"`  // until then the limits do not count: somebody said that it may go on
	By    string    `json:"by,omitempty"`   // who said that
	Asked time.Time `json:"asked,omitzero"` // when the administrators were asked last

	Servers int       `json:"servers,omitempty"` // how many there are, when they were last counted
	Counted time.Time `json:"counted,omitzero"`
}

// BrakeStep is a step of the ladder that was let through.
type BrakeStep struct {
	Job   string    `json:"job"`
	Stack string    `json:"stack"`
	At    time.Time `json:"at"`
}

// Since counts the steps that were let through since a moment.
func (b Brake) Since(t time.Time) (n int) {
	for _, s := range b.Steps {
		if s.At.After(t) {
			n++
		}
	}
	return n
}

// Has tells whether a job was let through.
func (b Brake) Has(job string) bool {
	return slices.ContainsFunc(b.Steps, func(s BrakeStep) bool { return s.Job == job })
}
