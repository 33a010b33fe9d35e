package schedule

import (
	"testing"
	"time"

	"github.com/stackhand/stackhand"
)

func mustRead(t *testing.T, s stackhand.Schedule) clock {
	t.Helper()
	if err := tidy(&s); err != nil {
		t.Fatal(err)
	}
	c, err := read(s)
	if err != nil {
		t.Fatal(err)
	}
	return c
}

const layout = "2006-01-02 15:04 MST"

func in(t *testing.T, zone, s string) time.Time {
	t.Helper()
	z, err := time.LoadLocation(zone)
	if err != nil {
		t.Fatal(err)
	}
	at, err := time.ParseInLocation("2006-01-02 15:04", s, z)
	if err != nil {
		t.Fatal(err)
	}
	return at
}

func TestMoments(t *testing.T) {
	const berlin, york = "Europe/Berlin", "America/New_York"
	for _, c := range []struct {
		name        string
		stop, start string
		days, zone  string
		from        string
		want        []string // in UTC
	}{
		{"a working week", "20:00", "08:00", "mon-fri", "Europe/Istanbul", "2026-11-27 12:00",
			[]string{"stop 2026-11-27 17:00", "start 2026-11-30 05:00", "stop 2026-11-30 17:00"}},
		{"over the week's end", "20:00", "", "sat-mon", "UTC", "2026-11-27 12:00",
			[]string{"stop 2026-11-28 20:00", "stop 2026-11-29 20:00", "stop 2026-11-30 20:00", "stop 2026-12-05 20:00"}},
		{"a day with no 02:30", "02:30", "", "daily", berlin, "2026-03-28 12:00",
			[]string{"stop 2026-03-29 01:00", "stop 2026-03-30 00:30"}},
		{"a day with two 02:30", "02:30", "", "daily", berlin, "2026-10-24 12:00",
			[]string{"stop 2026-10-25 00:30", "stop 2026-10-26 01:30"}},
		{"stop and start in the hour that comes twice", "01:10", "01:50", "daily", york, "2026-11-01 00:00",
			[]string{"stop 2026-11-01 05:10", "start 2026-11-01 05:50", "stop 2026-11-02 06:10"}},
		{"stop and start in the hour that is left out", "02:10", "02:50", "sundays", york, "2026-03-08 00:00",
			[]string{"start 2026-03-08 07:00", "stop 2026-03-15 06:10", "start 2026-03-15 06:50"}},
		{"the same on both sides of the change", "20:00", "", "weekends", berlin, "2026-03-27 00:00",
			[]string{"stop 2026-03-28 19:00", "stop 2026-03-29 18:00"}},
		{"a change at midnight", "00:00", "", "daily", "America/Santiago", "2026-09-05 12:00",
			[]string{"stop 2026-09-06 04:00", "stop 2026-09-07 03:00"}},
		{"half an hour", "02:15", "", "daily", "Australia/Lord_Howe", "2026-10-03 12:00",
			[]string{"stop 2026-10-03 15:30", "stop 2026-10-04 15:15"}},
	} {
		t.Run(c.name, func(t *testing.T) {
			k := mustRead(t, stackhand.Schedule{Stop: c.stop, Start: c.start, Days: c.days, Zone: c.zone})
			at := in(t, c.zone, c.from)
			for i, want := range c.want {
				run := k.next(at)
				if got := run.Verb + " " + run.At.UTC().Format("2006-01-02 15:04"); got != want {
					t.Fatalf("moment %d is %s, want %s", i, got, want)
				}
				at = run.At
			}
		})
	}
}

// Whatever minute one asks at, the answer is the same: it does not depend on how often somebody looks.
func TestMomentsDoNotDependOnWhenOneLooks(t *testing.T) {
	k := mustRead(t, stackhand.Schedule{Stop: "02:30", Start: "03:00", Days: "daily", Zone: "Europe/Berlin"})
	for _, day := range []string{"2026-03-28", "2026-10-24"} {
		begin := in(t, "Europe/Berlin", day+" 12:00")
		want := k.next(begin)
		for at := begin; at.Before(begin.Add(48 * time.Hour)); at = at.Add(time.Minute) {
			if !at.Before(want.At) {
				next := k.next(want.At)
				if want = next; !want.At.After(at) {
					t.Fatalf("%s is followed by %s", at, want.At)
				}
			}
			if got := k.next(at); got != want {
				t.Fatalf("asked at %s: %s %s, want %s %s", at.Format(layout), got.Verb, got.At, want.Verb, want.At)
			}
		}
	}
}

func TestLastOfSeveralThatWereMissed(t *testing.T) {
	k := mustRead(t, stackhand.Schedule{Stop: "20:00", Start: "08:00", Days: "mon-fri", Zone: "UTC"})
	monday := time.Date(2026, 11, 30, 0, 0, 0, 0, time.UTC)
	for _, c := range []struct {
		after, until time.Duration
		want         string
	}{
		{0, 11 * time.Hour, "start 08:00 Mon"}, // three hours late
		{0, 3*24*time.Hour + 21*time.Hour, "stop 20:00 Thu"},
		{0, 6*24*time.Hour + 12*time.Hour, "stop 20:00 Fri"},
		{-1000 * 24 * time.Hour, 9 * time.Hour, "start 08:00 Mon"},
		{8 * time.Hour, 19 * time.Hour, ""}, // the start itself was dealt with
		{-time.Hour, 8 * time.Hour, "start 08:00 Mon"},
		{0, 8*time.Hour - time.Nanosecond, ""},
	} {
		got, ok := k.last(monday.Add(c.after), monday.Add(c.until))
		said := ""
		if ok {
			said = got.Verb + " " + got.At.Format("15:04 Mon")
		}
		if said != c.want {
			t.Errorf("last(%s, %s) = %q, want %q", c.after, c.until, said, c.want)
		}
	}
}

func TestWords(t *testing.T) {
	for _, c := range []struct{ stop, start, days, want string }{
		{"8pm", "8:30am", "Weekdays", "20:00 08:30 mon-fri"},
		{"12am", "12pm", "every day", "00:00 12:00 *"},
		{"20.15", "", "", "20:15  *"},
		{"20:00", "", "Mon, wed , Friday", "20:00  mon,wed,friday"},
		{"20", "", "", ""}, {"25:00", "", "", ""}, {"20:60", "", "", ""}, {"13pm", "", "", ""}, {"0am", "", "", ""}, {"soon", "", "", ""},
		{"", "", "", ""}, {"20:00", "8pm", "", ""}, {"20:00", "", "someday", ""}, {"20:00", "", "mon-", ""}, {"20:00", "", "mo", ""}, {"20:00", "", "monx", ""},
	} {
		s := stackhand.Schedule{Stop: c.stop, Start: c.start, Days: c.days, Zone: "UTC"}
		err := tidy(&s)
		if err == nil {
			_, err = read(s)
		}
		got := s.Stop + " " + s.Start + " " + s.Days
		if (err == nil) != (c.want != "") || err == nil && got != c.want {
			t.Errorf("%q %q %q: %q, %v; want %q", c.stop, c.start, c.days, got, err, c.want)
		}
		if err != nil && stackhand.KindOf(err) != stackhand.Invalid {
			t.Errorf("%q %q %q: %v is of kind %s", c.stop, c.start, c.days, err, stackhand.KindOf(err))
		}
	}
	for zone, near := range map[string]string{"istanbul": "Europe/Istanbul", "europe/istanbul": "Europe/Istanbul", "New York": "America/New_York", "Tokyo": "Asia/Tokyo", "İzmir": "", "Europe/": ""} {
		if got := nearZone(zone); got != near {
			t.Errorf("near %q is %q", zone, got)
		}
	}
	for _, zone := range []string{"", "Local", "Europe/Nowhere", "../etc/passwd"} {
		if _, err := read(stackhand.Schedule{Stop: "20:00", Days: "*", Zone: zone}); stackhand.KindOf(err) != stackhand.Invalid {
			t.Errorf("the zone %q was taken: %v", zone, err)
		}
	}
}
