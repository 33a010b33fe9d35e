package commands

import (
	"cmp"
	"fmt"
	"math"
	"slices"
	"strings"
	"time"

	"github.com/stackhand/stackhand"
)

// portion changes the part of one owner.
func portion(all *[]Share, owner string, change func(*Share)) {
	i := slices.IndexFunc(*all, func(s Share) bool { return s.Owner == owner })
	if i < 0 {
		i = len(*all)
		*all = append(*all, Share{Owner: owner})
	}
	change(&(*all)[i])
}

func (d *Digest) sort() {
	slices.SortStableFunc(d.Runs, func(a, b Share) int {
		return cmp.Or(cmp.Compare(len(b.Servers), len(a.Servers)), strings.Compare(a.Owner, b.Owner))
	})
	slices.SortStableFunc(d.Cost, func(a, b Share) int {
		return cmp.Or(cmp.Compare(b.Money, a.Money), cmp.Compare(b.Hours, a.Hours), strings.Compare(a.Owner, b.Owner))
	})
	slices.SortStableFunc(d.Idle, func(a, b Candidate) int {
		return cmp.Or(cmp.Compare(b.PerDay, a.PerDay), a.Since.Compare(b.Since), strings.Compare(a.Name, b.Name))
	})
	sortEndings(d.Ends)
}

// sortEndings puts the next one first, to the minute.
func sortEndings(all []Ending) {
	slices.SortStableFunc(all, func(a, b Ending) int {
		return cmp.Or(a.At.Truncate(time.Minute).Compare(b.At.Truncate(time.Minute)), strings.Compare(a.Name, b.Name))
	})
}

// Empty tells whether there is nothing to say.
func (d Digest) Empty() bool { return len(d.Cost) == 0 }

// Sum is the part of all.
func (d Digest) Sum() Share {
	var s Share
	for _, c := range d.Cost {
		s.Hours, s.Money = s.Hours+c.Hours, s.Money+c.Money
	}
	return s
}

// atMost is how many lines of a list a digest has.
const atMost = 12

// Words are the whole digest; the chart shows no more than they say.
func (d Digest) Words() stackhand.Text {
	text := stackhand.Textf("%s from %s to %s", stackhand.AsBold("The week of "+d.Of), stackhand.At(d.From), stackhand.At(d.Until))
	n := 0
	for _, s := range d.Runs {
		n += len(s.Servers)
	}
	text = text.Add("\n%s", stackhand.AsBold(fmt.Sprintf("There now: %s", count(n, "server"))))
	text = lines(text, d.Runs, func(s Share) stackhand.Text {
		return stackhand.Textf("%s: %d (%s)", s.Owner, len(s.Servers), some(s.Servers))
	})
	sum := d.Sum()
	text = text.Add("\n%s", stackhand.AsBold("This week: "+sum.amount()))
	text = lines(text, d.Cost, func(s Share) stackhand.Text { return stackhand.Textf("%s: %s", s.Owner, s.amount()) })
	if d.Unpriced && sum.Money > 0 {
		text = text.Add("\nNot every flavor has a price; the hours of the others cost nothing here.")
	}
	if len(d.Ends) > 0 {
		text = text.Add("\n%s", stackhand.AsBold("Ends within seven days"))
		text = lines(text, d.Ends, Ending.words)
	}
	return givenBack(d.unused(text), d.Back, "week")
}

// unused says what nobody seems to use, and of what that is not known.
func (d Digest) unused(text stackhand.Text) stackhand.Text {
	if len(d.Idle) > 0 {
		head, perDay := "Nobody seems to use", 0.0
		for _, c := range d.Idle {
			perDay += c.PerDay
		}
		if perDay > 0 {
			head += ", for " + rounded(perDay, 2) + " per day by the prices of their flavors"
		}
		text = text.Add("\n%s", stackhand.AsBold(head))
		text = lines(text, d.Idle, Candidate.words)
	}
	for _, b := range d.Blind {
		are := " are used is not known: "
		if b.Servers == 1 {
			are = " is used is not known: "
		}
		text = text.Add("\nWhether %s in %s%s%s", count(b.Servers, "server"), b.Cloud, are, b.Why)
	}
	return text
}

// stepped is what becomes of a server by a step of the ladder.
var stepped = map[string]string{stackhand.StepStop: "stopped", stackhand.StepShelve: "shelved", stackhand.StepDelete: "deleted"}

func (e Ending) words() stackhand.Text {
	text := stackhand.Textf("%s (%s): %s", e.Name, e.Owner, stackhand.At(e.At))
	if done := stepped[e.Step]; done != "" {
		text = text.Add(", when it is %s", done)
	}
	return text
}

func (c Candidate) words() stackhand.Text {
	text := stackhand.Textf("%s (%s): ", c.Name, c.Owner)
	if c.Since.IsZero() {
		text = append(text, c.Why...)
	} else {
		text = append(text.Add("since %s ", stackhand.At(c.Since)), c.Why...)
	}
	if c.PerDay > 0 {
		text = text.Add("; %s per day", rounded(c.PerDay, 2))
	}
	switch {
	case c.Asked:
		text = text.Add("; %s is being asked", c.Owner)
	case !c.Needed.IsZero():
		text = text.Add("; not asked about again before %s", stackhand.At(c.Needed))
	}
	return text
}

// givenBack says what the ladder gave back in a span of time, and what is counted.
func givenBack(text stackhand.Text, back Share, span string) stackhand.Text {
	if back.Hours < 0.05 {
		return text
	}
	return text.Add("\n%s\nThat is the time for which servers did not run because they were stopped, shelved or deleted at their end or for being idle; "+
		"one that was deleted counts in that %s only.", stackhand.AsBold("Given back: "+back.amount()), span)
}

// amount is hours, and money where there is any.
func (s Share) amount() string {
	if s.Money == 0 {
		return rounded(s.Hours, 1) + " h"
	}
	return rounded(s.Hours, 1) + " h, " + rounded(s.Money, 2)
}

// lines adds a line for each, at most so many.
func lines[T any](text stackhand.Text, all []T, say func(T) stackhand.Text) stackhand.Text {
	for _, it := range all[:min(atMost, len(all))] {
		text = append(text.Add("\n• "), say(it)...)
	}
	if more := len(all) - atMost; more > 0 {
		text = text.Add("\n• … and %d more", more)
	}
	return text
}

// some are the first of many names.
func some(names []string) string {
	const most = 5
	if len(names) <= most {
		return strings.Join(names, ", ")
	}
	return strings.Join(names[:most], ", ") + fmt.Sprintf(" and %d more", len(names)-most)
}

// Chart shows the hours by owner.
func (d Digest) Chart() *Chart {
	c := &Chart{Title: "Server hours of the week", Kind: "bar", Unit: "h"}
	s := Series{Name: "hours"}
	for _, o := range d.Cost[:min(maxLabels, len(d.Cost))] {
		c.Labels, s.Values = append(c.Labels, o.Owner), append(s.Values, math.Round(o.Hours*10)/10)
	}
	c.Series = []Series{s}
	return c
}

// Notice is the digest as it is posted in a channel, once for each moment of its schedule.
func (d Digest) Notice(channel string, due, now time.Time) stackhand.Notice {
	return stackhand.Notice{
		ID: fmt.Sprintf("digest/%s/%s", channel, due.UTC().Format("2006-01-02T15:04")), Place: stackhand.Place{Channel: channel}, Text: d.Words(), Created: now,
		Actions: []stackhand.Action{{ID: "choose", Label: "List the servers", Value: "list"}},
	}
}
