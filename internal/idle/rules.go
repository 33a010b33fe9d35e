package idle

import (
	"cmp"
	"fmt"
	"slices"
	"time"

	"github.com/dustin/go-humanize"

	"github.com/stackhand/stackhand"
)

// Rules are the operator's settings.
type Rules struct {
	After     time.Duration // so long a server has to do nothing; 0 switches the question off
	CPU       float64       // below so many percent of all its processors in each hour
	Net       float64       // … and below so many bytes a second, where that is known
	Disk      float64
	Stopped   time.Duration // so long a server may be stopped: it still costs; 0: for ever
	Answer    time.Duration // how long its owner has to answer
	Quiet     time.Duration // so long an owner who said that it is needed is not asked again
	Every     time.Duration // between two samples of a server
	PerMinute int           // calls to all clouds at most; 0 takes no samples
}

// Defaults fills in what is not set.
func (r Rules) Defaults() Rules {
	r.CPU = cmp.Or(r.CPU, 2)
	r.Net = cmp.Or(r.Net, 10<<10)
	r.Disk = cmp.Or(r.Disk, 50<<10)
	r.Answer = cmp.Or(r.Answer, day)
	r.Quiet = cmp.Or(r.Quiet, 7*day)
	r.Every = cmp.Or(r.Every, time.Hour)
	return r
}

// enough is the part of the hours of which a number has to be known: gaps say nothing.
const enough = 0.75

// Verdict is what is thought of a server, and why.
type Verdict struct {
	Reason   stackhand.Reason // ReasonTime: nothing
	Since    time.Time        // that it does nothing, or stands
	Evidence stackhand.Text
}

// Judge tells whether nobody uses a server, by what is known at now. ready is when it was made.
func (r Rules) Judge(name string, a stackhand.Activity, ready, now time.Time) Verdict {
	if !a.Off.IsZero() && off(a.Status) {
		return r.stands(name, a, now)
	}
	if r.After == 0 || a.Source == stackhand.SourceNone || !a.Off.IsZero() {
		return Verdict{}
	}
	from := now.Add(-r.After)
	if ready.After(from) || a.Used.After(from) {
		return Verdict{}
	}
	seen := slices.DeleteFunc(Hours(a), func(s Score) bool { return s.At.Before(from.Truncate(time.Hour)) || !s.Known() })
	known := float64(len(seen)) / max(1, r.After.Hours())
	if known < enough || slices.ContainsFunc(seen, r.busy) {
		return Verdict{}
	}
	return Verdict{Reason: stackhand.ReasonIdle, Since: from, Evidence: r.evidence(name, a, seen)}
}

func (r Rules) busy(s Score) bool { return s.CPU >= r.CPU || s.Net >= r.Net || s.Disk >= r.Disk }

// off tells whether a status is that of a server which somebody put away, and which costs all the same.
func off(status string) bool {
	return slices.Contains([]string{"SHUTOFF", "PAUSED", "SUSPENDED", "SHELVED", "SHELVED_OFFLOADED"}, status)
}

func (r Rules) stands(name string, a stackhand.Activity, now time.Time) Verdict {
	if r.Stopped == 0 || now.Sub(a.Off) < r.Stopped || now.Sub(a.Used) < r.Stopped {
		return Verdict{}
	}
	return Verdict{Reason: stackhand.ReasonStands, Since: a.Off, Evidence: stackhand.Textf(
		"%s is %s since %s. A server that does not run still costs: its disk and its address are taken.", stackhand.AsBold(name), a.Status, stackhand.At(a.Off))}
}

// evidence says what was measured, and what was not.
func (r Rules) evidence(name string, a stackhand.Activity, seen []Score) stackhand.Text {
	text := stackhand.Textf("%s seems idle: in the last %s it used ", stackhand.AsBold(name), hours(r.After))
	text = append(text, measured(top(seen))...).Add(".")
	if a.Used.IsZero() {
		return text.Add(" Nobody did anything with it here since it was made.")
	}
	return text.Add(" It was last used here at %s (%s).", stackhand.At(a.Used), a.UsedFor)
}

// top is the highest of each number.
func top(seen []Score) Score {
	top := none
	for _, s := range seen {
		top = higher(top, s)
	}
	return top
}

// measured says how much that is, and what is not known.
func measured(top Score) stackhand.Text {
	net, disk := "its network traffic is not known", ""
	if top.Net >= 0 {
		net = "at most " + bytes(top.Net) + " of network traffic"
	}
	if top.Disk >= 0 {
		disk = ", and at most " + bytes(top.Disk) + " of disk"
	}
	return stackhand.Textf("at most %s of its processors in any hour, %s%s", percent(top.CPU), net, disk)
}

func percent(v float64) string {
	if v < 1 {
		return fmt.Sprintf("%.1f %%", v)
	}
	return fmt.Sprintf("%.0f %%", v)
}

func bytes(v float64) string { return humanize.IBytes(uint64(v)) + "/s" }

func hours(d time.Duration) string {
	if d >= 2*day && d%day == 0 {
		return fmt.Sprintf("%d days", d/day)
	}
	return fmt.Sprintf("%.0f hours", d.Hours())
}
