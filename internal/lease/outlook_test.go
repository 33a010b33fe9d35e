package lease

import (
	"regexp"
	"testing"
	"time"

	"github.com/stackhand/stackhand"
)

// What show says of the time to come: the step, when, what follows, and who was told.
func TestOutlook(t *testing.T) {
	rules := Rules{Notice: 15 * time.Minute, Warn: []time.Duration{time.Hour}, Ladders: []Ladder{{First: stackhand.StepStop, Grace: 72 * time.Hour, Snapshot: true}}}
	end := t0.Add(24 * time.Hour)
	of := func(edit func(*stackhand.Stack)) stackhand.Stack {
		s := stackhand.Stack{ID: "s-1", Name: "web-1", Server: "v-1", State: stackhand.StackReady, Place: stackhand.Place{Channel: "C0TEAMA"},
			Lease: stackhand.Lease{Owner: "U0ALICE", Ready: t0, Until: end}}
		edit(&s)
		return s
	}
	warned := func(until, delivered time.Time) []stackhand.Warning {
		return []stackhand.Warning{{Before: time.Hour, Until: until, Delivered: delivered, Told: []stackhand.Told{
			{Who: "C0TEAMA", At: delivered, Link: "https://chat/1"}, {Who: "U0ALICE", At: delivered}}}}
	}
	for _, c := range []struct {
		name       string
		stack      stackhand.Stack
		now        time.Time
		next, told string
	}{
		{"to come", of(func(*stackhand.Stack) {}), t0, `^stopped 2026-11-\d\d .*, then deleted .*, after an image of it is made$`, `^$`},
		{"told", of(func(s *stackhand.Stack) { s.Lease.Warned = warned(end, end.Add(-time.Hour)) }), end.Add(-time.Minute), `^stopped `, `^the thread .* \(message.*\), @U0ALICE .*$`},
		{"told elsewhere", of(func(s *stackhand.Stack) {
			s.Lease.Warned = warned(end, end.Add(-time.Hour))
			s.Lease.Warned[0].Told, s.Lease.Warned[0].Problem = s.Lease.Warned[0].Told[1:], "not_in_channel"
		}), end.Add(-time.Minute), `^stopped `, `^@U0ALICE .*, but not everywhere: not_in_channel$`},
		{"nobody could be told", of(func(*stackhand.Stack) {}), end.Add(time.Hour), `^stopped, as soon as somebody was told, then deleted`, `^$`},
		{"stopped", of(func(s *stackhand.Stack) {
			s.Lease.Ladder.Rungs = []stackhand.Rung{{Step: stackhand.StepStop, At: end}}
		}), end.Add(time.Hour), `^deleted 2026-11-25 .*, after an image of it is made, unless it is started before$`, `^$`},
		{"it failed", of(func(s *stackhand.Stack) {
			s.Lease.Warned = warned(end, end.Add(-time.Hour))
			s.Lease.Ladder.Later = stackhand.Hold{End: end, Until: end.Add(6 * time.Hour)}
		}), end.Add(time.Hour), `^stopped .*, which could not be done then and is tried again .*, then deleted`, `the thread`},
		{"away", of(func(s *stackhand.Stack) {
			s.Lease.Ladder.Hold = stackhand.Hold{End: end, Until: end.Add(48 * time.Hour), Why: "its owner is away"}
		}), t0, `\(later than its end, since its owner is away\)$`, `^$`},
		{"building", of(func(s *stackhand.Stack) { s.State = stackhand.StackBuilding }), t0, `^$`, `^$`},
	} {
		next, told := rules.outlook(c.stack, "ACTIVE", &pass{}, c.now)
		if !regexp.MustCompile(c.next).MatchString(next.String()) || !regexp.MustCompile(c.told).MatchString(told.String()) {
			t.Errorf("%s: %q, told %q", c.name, next, told)
		}
	}
	off := of(func(*stackhand.Stack) {})
	if next, _ := rules.outlook(off, "SHUTOFF", &pass{}, t0); !regexp.MustCompile(`^its time is over 2026-11-22 .*; it is stopped already, and is deleted 2026-11-25 .*, after an image of it is made$`).MatchString(next.String()) {
		t.Errorf("stopped by somebody: %q", next)
	}
	told := of(func(s *stackhand.Stack) { s.Lease.Warned = warned(end, end.Add(-time.Hour)) })
	next, _ := rules.outlook(told, "ACTIVE", &pass{gap: end.Add(time.Hour)}, end.Add(time.Hour))
	if !regexp.MustCompile(`^stopped 2026-11-22 .*:15 UTC at the earliest, then deleted 2026-11-25 .*:15 UTC, after an image of it is made; its owner is told again before$`).MatchString(next.String()) {
		t.Errorf("after a freeze: %q", next)
	}
	late := of(func(s *stackhand.Stack) { s.Lease.Warned = warned(end, end.Add(time.Hour)) })
	if next, _ := rules.outlook(late, "", &pass{}, end.Add(time.Hour)); next[1].T != end.Add(time.Hour+15*time.Minute) {
		t.Errorf("told late: %q", next)
	}
}
