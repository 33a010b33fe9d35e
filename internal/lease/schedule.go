package lease

import (
	"cmp"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/robfig/cron/v3"
)

// InZone is a schedule of robfig/cron that says itself in which time zone its hours are: in that one ("" is UTC), unless it says one
// already, as "CRON_TZ=Europe/Berlin 0 9 * * MON" does. Without it cron takes the zone of the machine.
func InZone(spec, zone string) string {
	if zoned(spec) || strings.HasPrefix(spec, every) {
		return spec
	}
	return "CRON_TZ=" + cmp.Or(zone, "UTC") + " " + spec
}

// ParseSchedule reads "0 9 * * MON" or "@every 5m" in a time zone; "" is UTC. A schedule whose moment never comes is refused.
func ParseSchedule(spec, zone string) (cron.Schedule, error) {
	s, err := parse(InZone(spec, zone))
	if err != nil {
		return nil, fmt.Errorf("%q: %w", InZone(spec, zone), err)
	}
	return s, nil
}

const every = "@every "

func zoned(spec string) bool {
	return strings.HasPrefix(spec, "CRON_TZ=") || strings.HasPrefix(spec, "TZ=")
}

func parse(spec string) (cron.Schedule, error) {
	_, when, ok := strings.Cut(spec, " ")
	if zoned(spec) && !ok { // cron itself does not survive that
		return nil, errors.New("a time zone alone is no schedule")
	}
	if !zoned(spec) {
		when = spec
	}
	if length, ok := strings.CutPrefix(strings.TrimSpace(when), every); ok {
		if d, err := time.ParseDuration(length); err == nil && d < time.Second {
			return nil, errors.New("that is less than a second")
		}
	}
	s, err := cron.ParseStandard(spec)
	if err != nil {
		return nil, err
	}
	if s.Next(time.Now()).IsZero() {
		return nil, errors.New("there is no such day")
	}
	return s, nil
}
