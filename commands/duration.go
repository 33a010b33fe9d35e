package commands

import (
	"errors"
	"fmt"
	"regexp"
	"strings"
	"time"

	"github.com/xhit/go-str2duration/v2"
)

const day = 24 * time.Hour

// maxDuration keeps sums of times and durations far from overflow.
const maxDuration = 10 * 365 * day

var (
	durationWord  = regexp.MustCompile(`(\d+(?:\.\d+)?)\s*(minutes?|mins?|hours?|hrs?|days?|weeks?|wks?|months?|seconds?|secs?)`)
	durationOne   = regexp.MustCompile(`^(?:a|an|one)\s+`)
	durationShape = regexp.MustCompile(`^(\d+(\.\d+)?(w|d|h|m|s))+$`)
)

var errDuration = errors.New("a time span is written like 90m, 2h30m, 3d or 1w")

// parseDuration reads "3d", "2h30m", "1w", and also "2 days" and "a week".
func parseDuration(s string) (time.Duration, error) {
	s = strings.ToLower(strings.TrimSpace(s))
	s = durationOne.ReplaceAllString(s, "1 ")
	s = durationWord.ReplaceAllStringFunc(s, func(m string) string {
		g := durationWord.FindStringSubmatch(m)
		if strings.HasPrefix(g[2], "mo") {
			return g[1] + "mo"
		}
		return g[1] + g[2][:1]
	})
	s = strings.NewReplacer(" and ", "", ",", "", " ", "").Replace(s)
	if n, ok := strings.CutSuffix(s, "mo"); ok {
		s = n + "d"
		d, err := parseShort(s)
		return 30 * min(d, maxDuration), err
	}
	return parseShort(s)
}

func parseShort(s string) (time.Duration, error) {
	if !durationShape.MatchString(s) {
		return 0, errDuration
	}
	d, err := str2duration.ParseDuration(s)
	if err != nil || d < 0 || d > maxDuration {
		return 0, fmt.Errorf("%s is too long", s)
	}
	return d, nil
}

// short writes a duration as parseDuration reads it: "2d", "1d12h", "90s" as "1m30s".
func short(d time.Duration) string {
	var b strings.Builder
	if d < 0 {
		b.WriteByte('-')
		d = -d
	}
	for _, u := range []struct {
		d time.Duration
		s string
	}{{day, "d"}, {time.Hour, "h"}, {time.Minute, "m"}, {time.Second, "s"}} {
		if n := d / u.d; n > 0 {
			fmt.Fprintf(&b, "%d%s", n, u.s)
			d -= n * u.d
		}
	}
	if b.Len() == 0 {
		return "0s"
	}
	return b.String()
}

// roughly is short for reading: its two largest units only, and no seconds of more than a few minutes.
func roughly(d time.Duration) string {
	switch {
	case d >= day:
		return short(d.Truncate(time.Hour))
	case d >= 5*time.Minute:
		return short(d.Truncate(time.Minute))
	}
	return short(d.Truncate(time.Second))
}
