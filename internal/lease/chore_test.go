package lease

import (
	"context"
	"errors"
	"testing"
	"time"

	"github.com/stackhand/stackhand"
)

type diary map[string][]byte

func (d diary) Setting(_ context.Context, name string) ([]byte, error) {
	if v, ok := d[name]; ok {
		return v, nil
	}
	return nil, stackhand.Errorf(stackhand.NotFound, "no %s", name)
}

func (d diary) SetSetting(_ context.Context, name string, value []byte) error {
	d[name] = value
	return nil
}

// Mondays at nine in Istanbul: once each, however often is looked, also through restarts, a sleep and a jump of the clock.
func TestChores(t *testing.T) {
	schedule, err := ParseSchedule("0 9 * * MON", "Europe/Istanbul")
	if err != nil {
		t.Fatal(err)
	}
	now := time.Date(2026, 11, 28, 12, 0, 0, 0, time.UTC) // a Saturday
	var did []string
	fail := error(nil)
	d := diary{}
	look := func(at string) {
		t.Helper()
		if at != "" {
			if now, err = time.Parse(time.DateTime, at); err != nil {
				t.Fatal(err)
			}
		}
		c := Chores{Diary: d, Now: func() time.Time { return now }, List: []Chore{{"digest", schedule, func(_ context.Context, due time.Time) error {
			if fail == nil {
				did = append(did, due.UTC().Format("01-02 15:04"))
			}
			return fail
		}}}}
		if err := c.Look(t.Context()); !errors.Is(err, fail) {
			t.Fatalf("%v, want %v", err, fail)
		}
	}
	want := func(all ...string) {
		t.Helper()
		if len(did) != len(all) || len(all) > 0 && did[len(did)-1] != all[len(all)-1] {
			t.Fatalf("at %s: did %v, want %v", now, did, all)
		}
	}
	look("")
	look("2026-11-30 05:59:00")
	want()
	fail = errors.New("cloud down")
	look("2026-11-30 06:00:00")
	fail = nil
	look("2026-11-30 06:01:00")
	look("")
	want("11-30 06:00")
	look("2026-11-30 05:01:00") // the clock was an hour back
	look("2026-11-30 06:00:30")
	want("11-30 06:00")
	look("2026-12-23 10:00:00") // asleep for weeks
	look("")
	want("11-30 06:00", "12-21 06:00")
	look("2027-12-30 10:00:00") // the clock runs a year ahead …
	look("2026-12-24 10:00:00") // … and is put right
	look("2026-12-28 06:00:00")
	want("", "", "", "12-28 06:00")
}

func TestSchedulesThatMakeNoSense(t *testing.T) {
	for _, c := range [][2]string{{"whenever", ""}, {"0 9 * * MON", "Europe/Nowhere"}, {"", ""}} {
		if _, err := ParseSchedule(c[0], c[1]); err == nil {
			t.Errorf("%v was taken", c)
		}
	}
}

// A chore that is new counts from the beginning, also where the clock moves before the first look; one that is known is left as it was.
func TestChoresCountFromTheBeginning(t *testing.T) {
	schedule, err := ParseSchedule("0 9 * * MON", "")
	if err != nil {
		t.Fatal(err)
	}
	now := time.Date(2026, 11, 28, 12, 0, 0, 0, time.UTC) // a Saturday
	did := 0
	c := Chores{Diary: diary{}, Now: func() time.Time { return now }, List: []Chore{{"digest", schedule, func(context.Context, time.Time) error { did++; return nil }}}}
	begin := func() {
		t.Helper()
		if err := c.Begin(t.Context()); err != nil {
			t.Fatal(err)
		}
	}
	begin()
	now = now.Add(7 * 24 * time.Hour)
	begin() // a restart
	if err := c.Look(t.Context()); err != nil || did != 1 {
		t.Errorf("done %d times, %v", did, err)
	}
}

// A chore over which the program stumbles is due again, and the others are done.
func TestAChoreThatPanics(t *testing.T) {
	daily, err := ParseSchedule("0 7 * * *", "")
	if err != nil {
		t.Fatal(err)
	}
	now := time.Date(2026, 11, 28, 12, 0, 0, 0, time.UTC)
	broken, did := true, map[string]int{}
	do := func(name string) Chore {
		return Chore{name, daily, func(context.Context, time.Time) error {
			if name == "orphans" && broken {
				panic("no such thing")
			}
			did[name]++
			return nil
		}}
	}
	c := Chores{Diary: diary{}, Now: func() time.Time { return now }, List: []Chore{do("orphans"), do("digest")}}
	if err := c.Begin(t.Context()); err != nil {
		t.Fatal(err)
	}
	now = now.Add(24 * time.Hour)
	for range 2 {
		if found := stackhand.Panics(c.Look(t.Context())); len(found) != 1 || found[0].Of != "the chore orphans" {
			t.Errorf("found %v", found)
		}
	}
	broken = false
	if err := c.Look(t.Context()); err != nil || did["orphans"] != 1 || did["digest"] != 1 {
		t.Errorf("%v, done: %v", err, did)
	}
}
