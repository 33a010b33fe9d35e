package commands

import (
	"context"
	"fmt"
	"slices"
	"time"

	"github.com/dustin/go-humanize"

	"github.com/stackhand/stackhand"
)

// Activity is how busy a server was in its last days, as far as the cloud tells.
type Activity struct {
	Hours   []Load    // the oldest first
	Missing string    // why there are no numbers, in a sentence that begins small; "" where there are
	Used    time.Time // when a person last did something with it here; zero: never
	UsedFor string
	Off     time.Time // since when it is known not to run; zero: it runs

	ready time.Time // when the server was made
}

// Load is how busy a server was in an hour; what is not known is below zero. CPU in percent of all its processors, the others in
// bytes a second.
type Load struct {
	At             time.Time
	CPU, Net, Disk float64
}

// shownHours is how much of the past show draws, and hoursPerMark how much of it one mark stands for.
const (
	shownHours   = 72
	hoursPerMark = 3
)

// showActivity adds to what show tells how busy a server was: a line of marks, with the numbers in words, and a chart.
func (env *Env) showActivity(ctx context.Context, user stackhand.User, t target, r *Reply) error {
	if env.Activity == nil || t.stack == nil {
		return nil
	}
	a, err := env.Activity(ctx, t.stack.ID)
	if err != nil {
		return err
	}
	a.ready = t.stack.Lease.Ready
	if text := a.words(env.Now()); text != nil {
		r.Fields = append(r.Fields, Field{"Activity", text})
	}
	if !a.Used.IsZero() {
		r.Fields = append(r.Fields, Field{"Last used", stackhand.Textf("%s, %s", stackhand.At(a.Used), a.UsedFor)})
	}
	r.Chart = a.chart(t.name(), env.Now(), env.location(ctx, user))
	return nil
}

// marks are the loads of the last days, as many hours in each as a mark stands for: the highest that is known of them.
func (a Activity) marks(now time.Time) (marks []Load, known bool) {
	first := now.UTC().Truncate(hoursPerMark * time.Hour).Add(-(shownHours - hoursPerMark) * time.Hour)
	if made := a.ready.UTC().Truncate(hoursPerMark * time.Hour); made.After(first) {
		first = made
	}
	for at := first; !at.After(now); at = at.Add(hoursPerMark * time.Hour) {
		m := Load{At: at, CPU: -1, Net: -1, Disk: -1}
		for _, h := range a.Hours {
			if !h.At.Before(at) && h.At.Before(at.Add(hoursPerMark*time.Hour)) {
				m.CPU, m.Net, m.Disk = max(m.CPU, h.CPU), max(m.Net, h.Net), max(m.Disk, h.Disk)
			}
		}
		known = known || m.CPU >= 0
		marks = append(marks, m)
	}
	if n := len(marks) - 1; n > 0 && marks[n].CPU < 0 {
		marks = marks[:n] // these hours are not over yet
	}
	return marks, known
}

var sparks = []rune("▁▂▃▄▅▆▇█")

// words are the marks and, for whoever cannot see them, the numbers.
func (a Activity) words(now time.Time) stackhand.Text {
	marks, known := a.marks(now)
	if !known {
		if a.Missing == "" {
			return nil
		}
		return stackhand.Textf("not known: %s", a.Missing)
	}
	line, top, sum, n, gaps := "", Load{CPU: -1, Net: -1, Disk: -1}, 0.0, 0, 0
	for _, m := range marks {
		if m.CPU < 0 {
			line += "·"
			if a.Off.IsZero() || m.At.Before(a.Off) {
				gaps++
			}
			continue
		}
		line += string(sparks[min(int(m.CPU/100*float64(len(sparks))), len(sparks)-1)])
		top.CPU, top.Net, top.Disk = max(top.CPU, m.CPU), max(top.Net, m.Net), max(top.Disk, m.Disk)
	}
	for _, h := range a.Hours {
		if h.CPU >= 0 && !h.At.Before(marks[0].At) {
			sum += h.CPU
			n++
		}
	}
	text := stackhand.Textf("%s processors in the last %d hours: %s on average, at most %s", line, len(marks)*hoursPerMark, percent(sum/float64(n)), percent(top.CPU))
	if top.Net >= 0 {
		text = text.Add("; network at most %s/s", humanize.IBytes(uint64(top.Net)))
	}
	if top.Disk >= 0 {
		text = text.Add("; disk at most %s/s", humanize.IBytes(uint64(top.Disk)))
	}
	if gaps > 0 {
		text = text.Add("; nothing is known of %d hours", gaps*hoursPerMark)
	}
	if !a.Off.IsZero() {
		text = text.Add("; it does not run since %s", stackhand.At(a.Off))
	} else if a.Missing != "" {
		text = text.Add("; just now not: %s", a.Missing)
	}
	return text
}

func percent(v float64) string {
	if v < 1 {
		return fmt.Sprintf("%.1f %%", v)
	}
	return fmt.Sprintf("%.0f %%", v)
}

// chart draws the hours that are known, as the clock of a time zone counts them; nil where there are not enough for a picture.
func (a Activity) chart(name string, now time.Time, zone *time.Location) *Chart {
	marks, _ := a.marks(now)
	marks = slices.DeleteFunc(marks, func(m Load) bool { return m.CPU < 0 })
	if len(marks) < 2 {
		return nil
	}
	c := &Chart{Title: clip("Processors of "+name+" ("+now.In(zone).Format("MST")+")", 50), Kind: "line", Unit: "%", Told: true, Series: []Series{{Name: "processors"}}}
	for _, m := range marks[max(0, len(marks)-maxLabels):] {
		c.Labels = append(c.Labels, m.At.In(zone).Format("01-02 15:04"))
		c.Series[0].Values = append(c.Series[0].Values, float64(int(m.CPU*10))/10)
	}
	return c
}
