package config

import (
	"slices"
	"time"

	"github.com/stackhand/stackhand/internal/lease"
)

// Leases is how long servers live, and how they end.
type Leases struct {
	Default Duration   `yaml:"default"`
	Max     Duration   `yaml:"max"`
	Warn    []Duration `yaml:"warn"`
	Idle    *Idle      `yaml:"idle"`

	Timezone   string     `yaml:"timezone"` // of days off and of the schedule of sweeps; UTC
	Sweep      string     `yaml:"sweep"`    // when to look, as cron says it; a CRON_TZ= before it goes before Timezone
	Ladder     []Ladder   `yaml:"ladder"`   // the first one that fits a server is its
	Again      Duration   `yaml:"again"`    // how much longer a server lasts that is started again
	DaysOff    DaysOff    `yaml:"days_off"`
	Away       Away       `yaml:"away"`
	Extensions Extensions `yaml:"extensions"`
	DryRun     *bool      `yaml:"dry_run"` // nil: for the first day
	Brake      Brake      `yaml:"brake"`
}

// Ladder is how servers end.
type Ladder struct {
	For        Fits      `yaml:"for"`
	End        string    `yaml:"end"`         // stop, shelve or delete
	FloatingIP string    `yaml:"floating_ip"` // keep or free
	Grace      *Duration `yaml:"grace"`
	Snapshot   bool      `yaml:"snapshot"`
}

// Fits says which servers a ladder is for; what is left out fits all.
type Fits struct {
	Clouds   []string `yaml:"clouds"`
	Projects []string `yaml:"projects"`
	Flavors  []string `yaml:"flavors"`
	Reasons  []string `yaml:"reasons"` // time, idle, stopped
}

// DaysOff are days on which nothing is deleted.
type DaysOff struct {
	Weekdays []string `yaml:"weekdays"` // sat, sun
	Country  string   `yaml:"country"`  // its public holidays: de, us …
	Dates    []string `yaml:"dates"`    // 2026-12-24, or 12-24 for every year
	Steps    string   `yaml:"steps"`    // delete (the default) or all: stopping and shelving too
}

// Away is what becomes of the servers of people who are away.
type Away struct {
	Wait   Duration `yaml:"wait"`   // how long steps wait at most; 0: they do not
	Status []string `yaml:"status"` // emoji of a Slack status that say so
}

// Extensions is how far a lease can be extended without an approver; 0 is no limit.
type Extensions struct {
	Times int      `yaml:"times"`
	Total Duration `yaml:"total"`
}

// Brake is how many servers are ended at most; 0 takes the default, below 0 is no limit.
type Brake struct {
	Sweep   int `yaml:"sweep"`   // in one sweep
	Hour    int `yaml:"hour"`    // in one hour
	Percent int `yaml:"percent"` // of all servers, in one hour
}

var usualWarnings = []Duration{Duration(24 * time.Hour), Duration(time.Hour)}

// Schedule is when sweeps are, with the time zone in which its hours are meant.
func (l Leases) Schedule() string { return lease.InZone(l.Sweep, l.Timezone) }

func (l *Leases) fill() {
	if l.Warn == nil {
		l.Warn = slices.Clone(usualWarnings)
	}
	if l.Sweep == "" {
		l.Sweep = "@every 1m"
	}
	if l.Timezone == "" {
		l.Timezone = "UTC"
	}
	if l.Ladder == nil {
		l.Ladder = []Ladder{{End: "stop"}}
	}
	for i := range l.Ladder {
		if l.Ladder[i].Grace == nil && l.Ladder[i].End != "delete" {
			grace := Duration(72 * time.Hour)
			l.Ladder[i].Grace = &grace
		}
	}
	if l.Again == 0 {
		l.Again = min(Duration(24*time.Hour), l.Max)
	}
	if l.Extensions == (Extensions{}) {
		l.Extensions = Extensions{Times: 5, Total: Duration(30 * 24 * time.Hour)}
	}
	if l.Away.Status == nil {
		l.Away.Status = []string{":palm_tree:", ":face_with_thermometer:", ":airplane:"}
	}
	for _, n := range []struct {
		have  *int
		usual int
	}{{&l.Brake.Sweep, 10}, {&l.Brake.Hour, 30}, {&l.Brake.Percent, 25}} {
		if *n.have == 0 {
			*n.have = n.usual
		}
	}
}
