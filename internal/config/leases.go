package config

import (
	"fmt"
	"slices"
	"time"

	"github.com/robfig/cron/v3"
)

// Leases is how long servers live, and how they end.
type Leases struct {
	Default Duration   `yaml:"default"`
	Max     Duration   `yaml:"max"`
	Warn    []Duration `yaml:"warn"`
	Idle    *Idle      `yaml:"idle"`

	Timezone   string     `yaml:"timezone"` // of days off and of the schedule of sweeps; UTC
	Sweep      string     `yaml:"sweep"`    // when to look, as cron says it
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
	Country  string   `yaml:"country"`  // its public holidays: de, tr, us …
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

func (l *Leases) fill() {
	if l.Warn == nil {
		l.Warn = []Duration{Duration(24 * time.Hour), Duration(time.Hour)}
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
		if l.Ladder[i].Grace == nil {
			grace := Duration(72 * time.Hour)
			l.Ladder[i].Grace = &grace
		}
	}
	if l.Again == 0 {
		l.Again = Duration(24 * time.Hour)
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

func (l Leases) check() error {
	if _, err := time.LoadLocation(l.Timezone); err != nil {
		return fmt.Errorf("leases.timezone is %q: write it as Europe/Istanbul, or UTC", l.Timezone)
	}
	if _, err := cron.ParseStandard(l.Sweep); err != nil {
		return fmt.Errorf("leases.sweep is %q: write it as cron does (*/5 * * * *), or as @every 1m", l.Sweep)
	}
	for i, d := range l.Ladder {
		if err := d.check(); err != nil {
			return fmt.Errorf("leases.ladder[%d].%w", i, err)
		}
	}
	if s := l.DaysOff.Steps; s != "" && s != "delete" && s != "all" {
		return fmt.Errorf("leases.days_off.steps is %q: it is delete or all", s)
	}
	if l.Extensions.Times < 0 {
		return fmt.Errorf("leases.extensions.times is %d: it is how often a lease can be extended, 0 for no limit", l.Extensions.Times)
	}
	if p := l.Brake.Percent; p > 100 {
		return fmt.Errorf("leases.brake.percent is %d: it is at most 100", p)
	}
	return nil
}

func (d Ladder) check() error {
	if !slices.Contains([]string{"stop", "shelve", "delete"}, d.End) {
		return fmt.Errorf("end is %q: it is stop, shelve or delete", d.End)
	}
	if d.FloatingIP != "" && d.FloatingIP != "keep" && d.FloatingIP != "free" {
		return fmt.Errorf("floating_ip is %q: it is keep or free", d.FloatingIP)
	}
	for _, r := range d.For.Reasons {
		if !slices.Contains([]string{"time", "idle", "stopped"}, r) {
			return fmt.Errorf("for.reasons has %q: they are time, idle and stopped", r)
		}
	}
	return nil
}
