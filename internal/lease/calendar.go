package lease

import (
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/rickar/cal/v2"
)

// Calendar knows the days off, in a time zone. The zero value knows none.
type Calendar struct {
	zone     *time.Location
	weekdays []time.Weekday
	dates    []string // 2006-01-02, or 01-02 for every year
	holidays *cal.Calendar
	name     string
}

var weekdays = map[string]time.Weekday{
	"sun": time.Sunday, "mon": time.Monday, "tue": time.Tuesday, "wed": time.Wednesday, "thu": time.Thursday, "fri": time.Friday, "sat": time.Saturday,
}

// NewCalendar makes a calendar of weekdays (sat, sun), the public holidays of a country ("" for none) and single dates
// (2026-12-24, or 12-24 for every year).
func NewCalendar(zone *time.Location, days []string, country string, dates []string) (*Calendar, error) {
	c := &Calendar{zone: zone, name: fmt.Sprint(zone, days, country, dates)}
	for _, d := range days {
		lower := strings.ToLower(d)
		day, ok := weekdays[lower[:min(3, len(lower))]]
		if full := strings.ToLower(day.String()); !ok || lower != full && len(lower) > 3 {
			return nil, fmt.Errorf("%q is no weekday: write sat, sun", d)
		}
		if !slices.Contains(c.weekdays, day) {
			c.weekdays = append(c.weekdays, day)
		}
	}
	if len(c.weekdays) > 6 {
		return nil, fmt.Errorf("all days of the week are off: then nothing would ever end")
	}
	for _, d := range dates {
		_, yearly := time.Parse("01-02", d)
		_, once := time.Parse(time.DateOnly, d)
		if yearly != nil && once != nil {
			return nil, fmt.Errorf("%q is no date: write 2026-12-24, or 12-24 for every year", d)
		}
		c.dates = append(c.dates, d)
	}
	if country == "" {
		return c, nil
	}
	known, ok := countries[strings.ToLower(country)]
	if !ok {
		return nil, fmt.Errorf("the holidays of %q are not known: list them as dates, or take one of %s", country, strings.Join(slices.Sorted(maps.Keys(countries)), ", "))
	}
	c.holidays = &cal.Calendar{}
	c.holidays.AddHoliday(known...)
	return c, nil
}

// Off tells whether the day of a moment is off.
func (c *Calendar) Off(at time.Time) bool {
	if c == nil || c.zone == nil {
		return false
	}
	at = at.In(c.zone)
	if slices.Contains(c.weekdays, at.Weekday()) || slices.Contains(c.dates, at.Format(time.DateOnly)) || slices.Contains(c.dates, at.Format("01-02")) {
		return true
	}
	if c.holidays == nil {
		return false
	}
	actual, observed, _ := c.holidays.IsHoliday(at)
	return actual || observed
}

// opens is the hour of the day from which on work is done that waited for a day off to end.
const opens = 9

// Working is the moment itself, or if its day is off the morning of the next day that is not.
func (c *Calendar) Working(at time.Time) time.Time {
	if !c.Off(at) {
		return at
	}
	day := at.In(c.zone)
	for range 366 {
		day = time.Date(day.Year(), day.Month(), day.Day()+1, opens, 0, 0, 0, c.zone)
		if !c.Off(day) {
			return day.UTC()
		}
	}
	return day.UTC()
}

// Until is the last moment from at to last that lies before the next day off.
func (c *Calendar) Until(at, last time.Time) time.Time {
	if c == nil || c.zone == nil {
		return last
	}
	for day := at.In(c.zone); ; {
		day = time.Date(day.Year(), day.Month(), day.Day()+1, 0, 0, 0, 0, c.zone)
		switch {
		case day.After(last):
			return last
		case c.Off(day):
			return day.Add(-time.Second).UTC()
		}
	}
}

// String names what the calendar knows, so that another one is told from it.
func (c *Calendar) String() string {
	if c == nil {
		return ""
	}
	return c.name
}
