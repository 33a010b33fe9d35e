package lease

import (
	"strings"
	"testing"
	"time"
)

func zoneOf(t *testing.T, name string) *time.Location {
	t.Helper()
	zone, err := time.LoadLocation(name)
	if err != nil {
		t.Fatal(err)
	}
	return zone
}

func TestCalendar(t *testing.T) {
	berlin := zoneOf(t, "Europe/Berlin")
	c, err := NewCalendar(berlin, []string{"Saturday", "sun"}, "de", []string{"2026-12-01", "12-24"})
	if err != nil {
		t.Fatal(err)
	}
	for day, off := range map[string]bool{
		"2026-11-28": true, "2026-11-29": true, // a weekend
		"2026-11-30": false,
		"2026-12-01": true, "2027-12-01": false, // once
		"2026-12-24": true, "2027-12-24": true, // every year
		"2026-12-25": true, // a holiday
		"2027-03-26": true, // Good Friday, which moves
	} {
		at, err := time.ParseInLocation(time.DateOnly, day, berlin)
		if err != nil {
			t.Fatal(err)
		}
		if got := c.Off(at.Add(12 * time.Hour)); got != off {
			t.Errorf("%s is off: %v", day, got)
		}
	}
	// What is still Friday in UTC is Saturday in Berlin.
	if at := time.Date(2026, 11, 27, 23, 30, 0, 0, time.UTC); !c.Off(at) {
		t.Error("the day of the zone counts")
	}
	// From Friday night on over the weekend to Monday morning; in the week of the change to summer time an hour earlier in UTC.
	for from, want := range map[string]string{
		"2026-11-27T23:30:00Z": "2026-11-30T08:00:00Z",
		"2027-03-27T10:00:00Z": "2027-03-30T07:00:00Z", // after Easter Monday, and after the change
		"2026-11-30T22:00:00Z": "2026-11-30T22:00:00Z",
	} {
		at, err := time.Parse(time.RFC3339, from)
		if err != nil {
			t.Fatal(err)
		}
		if got := c.Working(at).Format(time.RFC3339); got != want {
			t.Errorf("after %s work is done from %s on, want %s", from, got, want)
		}
	}
	if (*Calendar)(nil).Off(time.Now()) || (*Calendar)(nil).String() != "" {
		t.Error("without a calendar no day is off")
	}
	other, err := NewCalendar(berlin, []string{"sun"}, "", nil)
	if err != nil || other.String() == c.String() {
		t.Errorf("%v: two calendars have one name, %s", err, other)
	}
}

func TestCalendarRefuses(t *testing.T) {
	for want, c := range map[string]struct {
		days, dates []string
		country     string
	}{
		"is no weekday":        {days: []string{"someday"}},
		`"" is no weekday`:     {days: []string{""}},
		"nothing would ever":   {days: []string{"mon", "tue", "wed", "thu", "fri", "sat", "sun"}},
		"is no date":           {dates: []string{"24.12."}},
		"are not known: list ": {country: "atlantis"},
	} {
		if _, err := NewCalendar(time.UTC, c.days, c.country, c.dates); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%+v: %v, want %q", c, err, want)
		}
	}
}
