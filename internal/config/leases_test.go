package config

import (
	"strings"
	"testing"
	"time"

	"github.com/stackhand/stackhand/internal/lease"
)

// What makes no sense about leases is refused when it is read, with the key and what to write instead.
func TestLeasesRefused(t *testing.T) {
	for in, want := range map[string]string{
		"timezone: Mars/Olympus":              "leases.timezone",
		"timezone: 3":                         "leases.timezone",
		"sweep: whenever":                     "leases.sweep",
		"sweep: \"@every soon\"":              "leases.sweep",
		"sweep: \"@every 0s\"":                "less than a second",
		"sweep: \"@every -5m\"":               "less than a second",
		"sweep: \"0 0 31 2 *\"":               "no such day",
		"sweep: \"* * * * * *\"":              "leases.sweep",
		"sweep: \"CRON_TZ=Europe/Berlin\"":    "time zone alone",
		"sweep: \"TZ=UTC\"":                   "time zone alone",
		"sweep: \"CRON_TZ=Mars/X 0 * * * *\"": "bad location",
		"warn: [-1h]":                         "length of time",
		"warn: [0s]":                          "length of time",
		"warn: 1h":                            "sequence",
		"warn: [30d]":                         "nothing lasts longer than",
		"{max: 2h, default: 1h, warn: [2h], ladder: [{end: delete}]}": "nothing lasts longer than",
		"again: -1d":                                                "length of time",
		"{max: 2h, default: 1h, again: 3h}":                         "longer than leases.max",
		"default: 0":                                                "length of time",
		"ladder: [{end: explode}]":                                  `ladder[0].end is "explode"`,
		"ladder: [{grace: 3d}]":                                     `ladder[0].end is ""`,
		"ladder: [{end: stop, grace: -1h}]":                         "length of time",
		"ladder: [{end: stop, grace: 0s}]":                          "length of time",
		"ladder: [{end: stop, grace: 1m}]":                          "so that somebody can be told",
		"ladder: [{end: delete, grace: 3d}]":                        "with end: delete there is none",
		"ladder: [{end: delete, floating_ip: free}]":                "goes with the server",
		"ladder: [{end: stop, floating_ip: sell}]":                  "keep or free",
		"ladder: [{end: stop, snapshot: maybe}]":                    "snapshot",
		"ladder: [{end: stop, step: 3}]":                            "step",
		"ladder: [{end: stop, for: {reasons: [bored]}}]":            "they are time, idle and stopped",
		"ladder: [{end: stop, for: {people: [bob]}}]":               "people",
		"ladder: [{end: stop}, {end: delete}]":                      "fits all servers",
		"days_off: {weekdays: [someday]}":                           "no weekday",
		"days_off: {weekdays: [satan]}":                             "no weekday",
		"days_off: {weekdays: [sun, mon, tue, wed, thu, fri, sat]}": "nothing would ever end",
		"days_off: {country: atlantis}":                             "list them as dates",
		"days_off: {dates: [2026-02-30]}":                           "no date",
		"days_off: {dates: [24.12.]}":                               "no date",
		"days_off: {steps: some}":                                   "delete or all",
		"days_off: {holidays: de}":                                  "holidays",
		"away: {wait: -1d}":                                         "length of time",
		"away: {wait: 1d, status: [palm_tree]}":                     `":palm_tree:"`,
		"away: {wait: 1d, status: [\":on vacation:\"]}":             `":palm_tree:"`,
		"extensions: {times: -1}":                                   "leases.extensions.times",
		"extensions: {total: -1h}":                                  "length of time",
		"brake: {percent: 101}":                                     "at most 100",
		"brake: {sweep: many}":                                      "sweep",
		"brake: {day: 3}":                                           "day",
		"dry_run: perhaps":                                          "dry_run",
		"idle: {after: 1m}":                                         "an hour at least",
		"idle: {every: 1s}":                                         "from a minute to six hours",
		"idle: {every: 7h}":                                         "from a minute to six hours",
		"idle: {after: 2h, every: 3h}":                              "not longer than leases.idle.after",
		"idle: {answer: 1m}":                                        "so that somebody can answer",
		"idle: {stopped_after: -1d}":                                "length of time",
		"idle: {quiet: never}":                                      "length of time",
	} {
		text := "leases: " + in + "\n"
		if !strings.HasPrefix(in, "{") {
			text = "leases:\n  " + in + "\n"
		}
		if _, err := Parse([]byte(text)); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %v, want something with %q", in, err, want)
		}
	}
	for in, want := range map[string]string{
		"orphans: {schedule: daily}":           "orphans.schedule",
		"orphans: {tz: Mars/Olympus}":          "orphans.tz",
		"digest: {schedule: \"0 9 * * BLUE\"}": "digest.schedule",
		"digest: {tz: CET/Nowhere}":            "digest.tz",
	} {
		if _, err := Parse([]byte(in + "\n")); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %v, want something with %q", in, err, want)
		}
	}
}

// What docs/leases.md shows, and what is short, is taken.
func TestLeasesTaken(t *testing.T) {
	for _, in := range []string{
		"{}", "{max: 2h, default: 1h}", "{warn: []}", "{ladder: [{end: delete, snapshot: true}]}", "{brake: {sweep: -1, hour: -1, percent: -1}}",
		"{days_off: {weekdays: [sat, Sunday], country: DE, dates: [02-29, 2026-12-28], steps: all}, away: {wait: 14d, status: [\":palm_tree:\"]}}",
		"{sweep: \"*/5 * * * *\", timezone: Europe/Berlin, ladder: [{for: {reasons: [idle]}, end: shelve, floating_ip: free, grace: 168h}, {end: stop, grace: 72h, snapshot: true}]}",
		"{ladder: [{end: stop, grace: 30d}], warn: [20d, 1h]}", // before the deletion
	} {
		if _, err := Parse([]byte("leases: " + in + "\n")); err != nil {
			t.Errorf("%s: %v", in, err)
		}
	}
	c, err := Parse([]byte("leases: {max: 2h, default: 1h}\n"))
	if err != nil || time.Duration(c.Leases.Again) != 2*time.Hour {
		t.Errorf("again is %s with a max of 2h, %v", time.Duration(c.Leases.Again), err)
	}
}

// Sweeps come at the hours of leases.timezone, in summer and in winter, unless the schedule names another zone itself.
func TestSweepZone(t *testing.T) {
	winter, summer := time.Date(2026, 1, 14, 12, 0, 0, 0, time.UTC), time.Date(2026, 7, 14, 12, 0, 0, 0, time.UTC)
	for in, want := range map[string][2]string{
		"{sweep: \"0 9 * * *\", timezone: Europe/Berlin}":                          {"01-15 08:00", "07-15 07:00"},
		"{sweep: \"0 9 * * *\"}":                                                   {"01-15 09:00", "07-15 09:00"},
		"{sweep: \"CRON_TZ=America/New_York 0 9 * * *\", timezone: Europe/Berlin}": {"01-14 14:00", "07-14 13:00"},
		"{sweep: \"@every 5m\", timezone: Europe/Berlin}":                          {"01-14 12:05", "07-14 12:05"},
	} {
		c, err := Parse([]byte("leases: " + in + "\n"))
		if err != nil {
			t.Fatal(err)
		}
		s, err := lease.ParseSchedule(c.Leases.Schedule(), "")
		if err != nil {
			t.Fatal(err)
		}
		got := [2]string{s.Next(winter).UTC().Format("01-02 15:04"), s.Next(summer).UTC().Format("01-02 15:04")}
		if got != want {
			t.Errorf("%s: %v, want %v", in, got, want)
		}
	}
}
