package commands

import (
	"errors"
	"regexp"
	"strings"
	"time"

	"github.com/olebedev/when"
	"github.com/olebedev/when/rules/common"
	"github.com/olebedev/when/rules/en"
)

var (
	// clockWord tells whether somebody named a time of the day.
	clockWord   = regexp.MustCompile(`(?i)\d{1,2}[:.]\d{2}|\b\d{1,2}\s*(am|pm)\b|noon|midnight|morning|evening|afternoon|tonight|hour|minute`)
	lengthWord  = regexp.MustCompile(`(?i)hour|minute|second`) // it is so long from now, whatever clocks show then
	clockAlone  = regexp.MustCompile(`^(\d{1,2}[:.]\d{2}( ?(am|pm))?|\d{1,2} ?(am|pm)|noon)$`)
	weekdayWord = regexp.MustCompile(`^(on |this )?(mon|tues?|wed(nes)?|thu(rs)?|fri|sat(ur)?|sun)(day)?\b`)
	everWord    = regexp.MustCompile(`^(for ?ever|always|never|indefinitely|infinity)$`)
)

// written are the ways to write a date with digits, with and without a time of the day.
var written = []string{"2006-01-02 15:04", "2006-01-02T15:04", time.RFC3339, "2.1.2006 15:04", time.DateOnly, "2.1.2006"}

// spoken reads "friday 18:00", "tomorrow at noon", "dec 24".
var spoken = func() *when.Parser {
	p := when.New(nil)
	p.Add(en.All...)
	p.Add(common.All...)
	return p
}()

// What is wrong with a moment, after what was said.
var (
	errOver     = errors.New(`is over already: name a moment to come, such as "friday 18:00", "2026-12-24 12:00" or 3d`)
	errNoMoment = errors.New(`is no moment that I understand: write "friday 18:00", "2026-12-24 12:00" or 3d`)
	errEver     = errors.New(`is too long, since no server stays for ever: name a moment, and move it again later`)
)

// moment reads a moment to come, in the time zone of now. A day alone means its end, a time of the day alone the next such. Its errors
// go on after what was said.
func moment(s string, now time.Time) (time.Time, error) {
	s = strings.TrimPrefix(strings.ToLower(strings.Join(strings.Fields(s), " ")), "until ")
	if d, err := parseDuration(strings.TrimPrefix(s, "for ")); err == nil && d > 0 {
		return now.Add(d), nil
	}
	if s = strings.TrimPrefix(s, "at "); s == "midnight" {
		s = "today"
	}
	if everWord.MatchString(s) {
		return time.Time{}, errEver
	}
	t, clock, err := dateIn(s, now)
	if err != nil {
		return t, err
	}
	if !clock {
		t = time.Date(t.Year(), t.Month(), t.Day(), 23, 59, 0, 0, now.Location())
	}
	switch {
	case clock && weekdayWord.MatchString(s) && t.AddDate(0, 0, -7).After(now):
		t = t.AddDate(0, 0, -7) // "friday 18:00" at noon of a Friday
	case clockAlone.MatchString(s) && !t.After(now):
		t = t.AddDate(0, 0, 1)
	}
	if !t.After(now) {
		return t, errOver
	}
	return t, nil
}

// dateIn reads a moment, and tells whether it names a time of the day.
func dateIn(s string, now time.Time) (t time.Time, clock bool, err error) {
	for _, layout := range written {
		if t, err := time.ParseInLocation(layout, strings.ToUpper(s), now.Location()); err == nil {
			return t, strings.Contains(layout, "15:04"), nil
		}
	}
	from, length := now, lengthWord.MatchString(s)
	if !length {
		from = onWall(now, time.UTC) // a day may last 23 or 25 hours here, and it counts them by 24
	}
	got, err := spoken.Parse(s, from)
	if err != nil || got == nil || got.Text != s {
		return time.Time{}, false, errNoMoment
	}
	if t = got.Time; !length {
		t = onWall(t, now.Location())
	}
	return t, clockWord.MatchString(s), nil
}

// onWall is the moment at which clocks in a zone show what t shows.
func onWall(t time.Time, zone *time.Location) time.Time {
	return time.Date(t.Year(), t.Month(), t.Day(), t.Hour(), t.Minute(), t.Second(), t.Nanosecond(), zone)
}

// sort finds out which of the words are the moment, however they were said: "keep web-1 until friday 18:00", in a thread "keep friday
// 18:00", or the server's name at the end.
func (a *keepArgs) sort(now time.Time) {
	if strings.EqualFold(a.Server, "until") {
		a.Server = ""
	}
	if all := strings.TrimSpace(a.Server + " " + a.Until); a.Server != "" && a.Line.Place.Thread != "" && !unread(all, now) {
		a.Server, a.Until = "", all
	}
	words := strings.Fields(a.Until)
	if last := len(words) - 1; a.Server == "" && last > 0 && unread(a.Until, now) {
		if but := strings.Join(words[:last], " "); !unread(but, now) {
			a.Server, a.Until = words[last], but
		}
	}
}

// unread tells whether something cannot be read as a moment at all.
func unread(s string, now time.Time) bool {
	_, err := moment(s, now)
	return err != nil && !errors.Is(err, errOver)
}
