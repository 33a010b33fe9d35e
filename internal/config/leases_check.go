package config

import (
	"fmt"
	"regexp"
	"slices"
	"time"

	"github.com/stackhand/stackhand/internal/lease"
)

// leastGrace is the least time between a stop and the deletion: in less nobody hears of it.
const leastGrace = 15 * time.Minute

// emoji is how Slack writes the emoji of a status.
var emoji = regexp.MustCompile(`^:[^:\s]+:$`)

func (l Leases) check() error {
	zone, err := time.LoadLocation(l.Timezone)
	if err != nil {
		return fmt.Errorf("leases.timezone is %q: write it as Europe/Istanbul, or UTC", l.Timezone)
	}
	if _, err := lease.ParseSchedule(l.Sweep, l.Timezone); err != nil {
		return fmt.Errorf("leases.sweep is %q: write it as cron does (*/5 * * * *), or as @every 1m (%w)", l.Sweep, err)
	}
	if _, err := lease.NewCalendar(zone, l.DaysOff.Weekdays, l.DaysOff.Country, l.DaysOff.Dates); err != nil {
		return fmt.Errorf("leases.days_off: %w", err)
	}
	if s := l.DaysOff.Steps; s != "" && s != "delete" && s != "all" {
		return fmt.Errorf("leases.days_off.steps is %q: it is delete or all", s)
	}
	for i, d := range l.Ladder {
		if err := d.check(); err != nil {
			return fmt.Errorf("leases.ladder[%d].%w", i, err)
		}
		if i < len(l.Ladder)-1 && d.For.all() {
			return fmt.Errorf("leases.ladder[%d] fits all servers, so those after it are of no use: put it last, or say with for: which it is for", i)
		}
	}
	return l.checkLengths()
}

func (l Leases) checkLengths() error {
	longest := l.Max
	for _, d := range l.Ladder {
		if d.Grace != nil {
			longest = max(longest, *d.Grace)
		}
	}
	for _, w := range l.Warn {
		if w >= longest && !slices.Equal(l.Warn, usualWarnings) {
			return fmt.Errorf("leases.warn has %s, and nothing lasts longer than %s: such a warning is never given", time.Duration(w), time.Duration(longest))
		}
	}
	if l.Again > l.Max {
		return fmt.Errorf("leases.again (%s) is longer than leases.max (%s)", time.Duration(l.Again), time.Duration(l.Max))
	}
	if l.Extensions.Times < 0 {
		return fmt.Errorf("leases.extensions.times is %d: it is how often a lease can be extended, 0 for no limit", l.Extensions.Times)
	}
	for _, s := range l.Away.Status {
		if !emoji.MatchString(s) {
			return fmt.Errorf("leases.away.status has %q: write the emoji as \":palm_tree:\"", s)
		}
	}
	if p := l.Brake.Percent; p > 100 {
		return fmt.Errorf("leases.brake.percent is %d: it is at most 100", p)
	}
	return nil
}

// all tells whether every server fits.
func (f Fits) all() bool {
	return len(f.Clouds)+len(f.Projects)+len(f.Flavors)+len(f.Reasons) == 0
}

func (d Ladder) check() error {
	if !slices.Contains([]string{"stop", "shelve", "delete"}, d.End) {
		return fmt.Errorf("end is %q: it is stop, shelve or delete", d.End)
	}
	if d.FloatingIP != "" && d.FloatingIP != "keep" && d.FloatingIP != "free" {
		return fmt.Errorf("floating_ip is %q: it is keep or free", d.FloatingIP)
	}
	switch {
	case d.End == "delete" && d.Grace != nil:
		return fmt.Errorf("grace is %s: with end: delete there is none, since nothing comes after the deletion", time.Duration(*d.Grace))
	case d.End == "delete" && d.FloatingIP != "":
		return fmt.Errorf("floating_ip is %q: with end: delete the address goes with the server", d.FloatingIP)
	case d.Grace != nil && time.Duration(*d.Grace) < leastGrace:
		return fmt.Errorf("grace is %s: it is %s at least, so that somebody can be told", time.Duration(*d.Grace), leastGrace)
	}
	for _, r := range d.For.Reasons {
		if !slices.Contains([]string{"time", "idle", "stopped"}, r) {
			return fmt.Errorf("for.reasons has %q: they are time, idle and stopped", r)
		}
	}
	return nil
}

// check refuses what can be no moment of a week.
func (t Times) check(what string) error {
	if _, err := time.LoadLocation(t.TZ); err != nil {
		return fmt.Errorf("%s.tz is %q: write it as Europe/Istanbul, or UTC", what, t.TZ)
	}
	if _, err := lease.ParseSchedule(t.Schedule, t.TZ); err != nil {
		return fmt.Errorf("%s.schedule is %q: write it as cron does, such as 0 7 * * * (%w)", what, t.Schedule, err)
	}
	return nil
}
