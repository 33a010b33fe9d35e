// Package schedule stops and starts servers by the clock, in their owner's name: once for each moment, however late a sweep
// comes and however often it is repeated.
package schedule

import (
	"fmt"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"
	_ "time/tzdata" // zones are known also where the machine has none

	"github.com/robfig/cron/v3"

	"github.com/stackhand/stackhand"
)

// clock is a schedule that was read: what is due when, on the walls of one time zone.
type clock struct {
	zone *time.Location
	acts []act
}

type act struct {
	verb string
	wall cron.Schedule // it is asked in UTC, which stands for the time on the wall: there is no change of hours in it
}

// week bounds how far apart two moments of a schedule can be, with an hour that is left out or comes twice.
const week = 8 * 24 * time.Hour

func read(s stackhand.Schedule) (clock, error) {
	zone, err := zoneOf(s.Zone)
	if err != nil {
		return clock{}, err
	}
	days, err := daysOf(s.Days)
	if err != nil {
		return clock{}, err
	}
	c := clock{zone: zone}
	for _, a := range []struct{ verb, at string }{{stackhand.ActStop, s.Stop}, {stackhand.ActStart, s.Start}} {
		if a.at == "" {
			continue
		}
		hour, minute, err := timeOf(a.at)
		if err != nil {
			return clock{}, err
		}
		wall, err := cron.ParseStandard(fmt.Sprintf("%d %d * * %s", minute, hour, days))
		if err != nil {
			return clock{}, fmt.Errorf("the schedule %s: %w", s.ID, err)
		}
		c.acts = append(c.acts, act{a.verb, wall})
	}
	if len(c.acts) == 0 {
		return clock{}, stackhand.Errorf(stackhand.Invalid, "A schedule stops or starts something.").Do("Say when: --stop 20:00, --start 08:00, or both.")
	}
	return c, nil
}

// next is the first moment after another. Of two acts that a clock put forward brings to the same moment the later one
// counts.
func (c clock) next(after time.Time) stackhand.Run {
	var first stackhand.Run
	var shown time.Time
	for _, a := range c.acts {
		at, wall := c.nextOf(a, after)
		if first.At.IsZero() || at.Before(first.At) || at.Equal(first.At) && wall.After(shown) {
			first, shown = stackhand.Run{At: at, Verb: a.verb}, wall
		}
	}
	return first
}

// nextOf is the first moment of one act. A time that is not on the wall that day, because the clock is put forward, is the
// moment when it is; of a time that is there twice the first counts.
func (c clock) nextOf(a act, after time.Time) (at, wall time.Time) {
	wall = onWall(after.In(c.zone))
	for {
		wall = a.wall.Next(wall)
		if at = c.moment(wall); at.After(after) {
			return at, wall
		}
	}
}

// last is the last moment after one and not after another; false if there is none. Only the last week is looked at.
func (c clock) last(after, until time.Time) (stackhand.Run, bool) {
	if from := until.Add(-week); after.Before(from) {
		after = from
	}
	var last stackhand.Run
	for run := c.next(after); !run.At.After(until); run = c.next(run.At) {
		last = run
	}
	return last, !last.At.IsZero()
}

// onWall is what the wall shows, as if that were UTC.
func onWall(t time.Time) time.Time {
	return time.Date(t.Year(), t.Month(), t.Day(), t.Hour(), t.Minute(), t.Second(), t.Nanosecond(), time.UTC)
}

// moment is when the wall shows it first; where it never does, the moment at which the clock is put forward over it.
func (c clock) moment(wall time.Time) time.Time {
	var first time.Time
	for _, near := range []time.Duration{-24 * time.Hour, 24 * time.Hour} {
		_, offset := wall.Add(near).In(c.zone).Zone()
		at := wall.Add(-time.Duration(offset) * time.Second)
		if onWall(at.In(c.zone)).Equal(wall) && (first.IsZero() || at.Before(first)) {
			first = at
		}
	}
	if !first.IsZero() {
		return first
	}
	_, before := wall.Add(-24 * time.Hour).In(c.zone).Zone()
	over := wall.Add(-time.Duration(before) * time.Second).In(c.zone) // behind the gap by as much as the wall is in it
	start, _ := over.ZoneBounds()
	return start.UTC()
}

func zoneOf(name string) (*time.Location, error) {
	if name != "" && name != "Local" {
		if zone, err := time.LoadLocation(name); err == nil {
			return zone, nil
		}
	}
	e := stackhand.Errorf(stackhand.Invalid, "There is no time zone %q.", name)
	if near := nearZone(name); near != "" {
		return nil, e.Do("Did you mean %s?", near)
	}
	return nil, e.Do("Name one like Europe/Istanbul, America/New_York or UTC.")
}

var clockTime = regexp.MustCompile(`^(\d{1,2})(?:[:.](\d{2}))?\s*(am|pm)?$`)

// timeOf reads 20:00, 8:30, 8pm.
func timeOf(s string) (hour, minute int, err error) {
	m := clockTime.FindStringSubmatch(strings.ToLower(strings.TrimSpace(s)))
	bad := stackhand.Errorf(stackhand.Invalid, "%q is no time of day.", s).Do("Write it like 20:00.")
	if m == nil || m[2] == "" && m[3] == "" {
		return 0, 0, bad
	}
	hour, _ = strconv.Atoi(m[1]) // digits only
	minute, _ = strconv.Atoi("0" + m[2])
	switch {
	case m[3] != "" && (hour < 1 || hour > 12):
		return 0, 0, bad
	case m[3] == "pm" && hour < 12:
		hour += 12
	case m[3] == "am" && hour == 12:
		hour = 0
	}
	if hour > 23 || minute > 59 {
		return 0, 0, bad
	}
	return hour, minute, nil
}

var weekdays = []string{"sun", "mon", "tue", "wed", "thu", "fri", "sat"}

// daysOf reads days of the week, mon-fri, sat,sun or *, and answers cron's numbers. A range may go over the week's end.
func daysOf(s string) (string, error) {
	if s == "*" {
		return s, nil
	}
	var on [7]bool
	for _, part := range strings.Split(s, ",") {
		from, to, ranged := strings.Cut(strings.TrimSpace(part), "-")
		first, last := weekday(from), weekday(to)
		if !ranged {
			last = first
		}
		if first < 0 || last < 0 {
			return "", stackhand.Errorf(stackhand.Invalid, "%q are no days of the week.", s).Do("Write them like mon-fri, sat,sun or daily.")
		}
		for d := first; ; d = (d + 1) % 7 {
			on[d] = true
			if d == last {
				break
			}
		}
	}
	var days []string
	for d, yes := range on {
		if yes {
			days = append(days, strconv.Itoa(d))
		}
	}
	return strings.Join(days, ","), nil
}

// weekday is the number of mon, Monday and the like, -1 for anything else.
func weekday(s string) int {
	s = strings.ToLower(strings.TrimSpace(s))
	return slices.IndexFunc(weekdays, func(d string) bool {
		return s == d || len(s) > 3 && strings.HasPrefix(s, d) && strings.HasPrefix(fullNames[d], s)
	})
}

var fullNames = map[string]string{
	"sun": "sundays", "mon": "mondays", "tue": "tuesdays", "wed": "wednesdays", "thu": "thursdays", "fri": "fridays", "sat": "saturdays",
}

// tidy brings what people write for times and days into one form.
func tidy(s *stackhand.Schedule) error {
	for _, at := range []*string{&s.Stop, &s.Start} {
		if *at == "" {
			continue
		}
		hour, minute, err := timeOf(*at)
		if err != nil {
			return err
		}
		*at = fmt.Sprintf("%02d:%02d", hour, minute)
	}
	if s.Stop != "" && s.Stop == s.Start {
		return stackhand.Errorf(stackhand.Invalid, "A server cannot be stopped and started at the same time, %s.", s.Stop).Do("Give two times.")
	}
	s.Days = strings.ToLower(strings.Join(strings.Fields(s.Days), ""))
	switch s.Days {
	case "", "daily", "everyday", "all", "mon-sun", "sun-sat":
		s.Days = "*"
	case "weekdays", "workdays":
		s.Days = "mon-fri"
	case "weekends", "weekend":
		s.Days = "sat,sun"
	}
	return nil
}
