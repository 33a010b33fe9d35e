package commands

import (
	"cmp"
	"fmt"
	"slices"
	"time"

	"github.com/stackhand/stackhand"
)

// bill is what was used in a period, by day, owner and flavor.
type bill struct {
	env      *Env // whose settings have the prices
	from, to time.Time
	lines    []billLine
}

type billLine struct {
	cloud, project, owner, flavor string

	day     time.Time
	servers int
	hours   float64
}

// price is what an hour of a line costs; false where it has no price.
func (b *bill) price(l billLine) (float64, bool) {
	p, ok := b.env.Settings.Clouds[l.cloud].Prices[l.flavor]
	return p, ok
}

// priced tells whether there are prices at all where the servers ran.
func (b *bill) priced() bool {
	return slices.ContainsFunc(b.lines, func(l billLine) bool { return len(b.env.Settings.Clouds[l.cloud].Prices) > 0 })
}

// add adds a server's time to the days that it was there on; of says whose it is, and where.
func (b *bill) add(u stackhand.ServerUsage, of billLine) {
	start, end := clipped(u, b.from, b.to)
	of.flavor = u.Flavor
	for start.Before(end) {
		of.day = start.UTC().Truncate(day)
		next := earliest(of.day.Add(day), end)
		b.count(of, next.Sub(start).Hours())
		start = next
	}
}

func (b *bill) count(of billLine, hours float64) {
	same := func(l billLine) bool {
		l.servers, l.hours = 0, 0
		return l == of
	}
	i := slices.IndexFunc(b.lines, same)
	if i < 0 {
		i = len(b.lines)
		b.lines = append(b.lines, of)
	}
	b.lines[i].servers++
	b.lines[i].hours += hours
}

// sums adds up hours and cost of the lines by what of says of each, the most first.
func (b *bill) sums(of func(billLine) string) []sum {
	var out []sum
	for _, l := range b.lines {
		i := slices.IndexFunc(out, func(s sum) bool { return s.of == of(l) })
		if i < 0 {
			i = len(out)
			out = append(out, sum{of: of(l)})
		}
		out[i].hours += l.hours
		price, _ := b.price(l)
		out[i].cost += l.hours * price
	}
	slices.SortStableFunc(out, func(x, y sum) int { return cmp.Or(cmp.Compare(y.hours, x.hours), cmp.Compare(x.of, y.of)) })
	return out
}

type sum struct {
	of          string
	hours, cost float64
}

func (b *bill) words(s sum) string {
	if !b.priced() {
		return rounded(s.hours, 1) + " h"
	}
	return rounded(s.hours, 1) + " h, " + rounded(s.cost, 2)
}

// unsized stands for the flavor of servers of which it is not known.
const unsized = "servers whose size is not known"

// unpriced are the flavors without a price, where others have one.
func (b *bill) unpriced() []string {
	var out []string
	for _, l := range b.lines {
		if _, ok := b.price(l); !ok && b.priced() && !slices.Contains(out, first(l.flavor, unsized)) {
			out = append(out, first(l.flavor, unsized))
		}
	}
	slices.Sort(out)
	return out
}

// projects are those on the bill, by cloud and name.
func (b *bill) projects() []string {
	var out []string
	for _, l := range b.lines {
		if p := l.cloud + " " + l.project; !slices.Contains(out, p) {
			out = append(out, p)
		}
	}
	return out
}

func (b *bill) table() *Table {
	t := &Table{Columns: []string{"Day", "Owner", "Flavor", "Servers", "Hours", "Cost"}}
	several := len(b.projects()) > 1
	if several {
		t.Columns = slices.Insert(t.Columns, 2, "Project")
	}
	slices.SortStableFunc(b.lines, func(x, y billLine) int {
		return cmp.Or(y.day.Compare(x.day), cmp.Compare(x.owner, y.owner), cmp.Compare(x.project, y.project), cmp.Compare(x.flavor, y.flavor))
	})
	for _, l := range b.lines {
		cost := "–"
		if p, ok := b.price(l); ok {
			cost = rounded(p*l.hours, 2)
		}
		row := []string{l.day.Format(time.DateOnly), l.owner, dash(l.flavor), fmt.Sprint(l.servers), rounded(l.hours, 1), cost}
		if several {
			row = slices.Insert(row, 2, l.project)
		}
		t.Rows = append(t.Rows, row)
	}
	return t
}

const (
	maxSeries = 6  // as many owners as a chart shows; the others are summed up
	maxLabels = 20 // as many days; longer reports are shown by weeks
)

// chart shows hours by day and owner.
func (b *bill) chart(owners []sum) *Chart {
	width, unit := day, "by day"
	if b.to.Sub(b.from) > maxLabels*day {
		width, unit = 7*day, "by week"
	}
	if b.to.Sub(b.from) > maxLabels*width {
		width, unit = 30*day, "by 30 days"
	}
	title := "Server hours " + unit
	if len(b.projects()) == 1 {
		title += " in " + b.lines[0].project
	}
	c := &Chart{Title: clip(title, 50), Kind: "bar", Unit: "h"}
	for at := b.from; at.Before(b.to); at = at.Add(width) {
		c.Labels = append(c.Labels, at.Format("01-02"))
	}
	row := map[string]int{}
	for i, o := range owners {
		if i >= maxSeries-1 && len(owners) > maxSeries {
			o.of = "others"
		}
		if len(c.Series) == 0 || c.Series[len(c.Series)-1].Name != o.of {
			c.Series = append(c.Series, Series{Name: o.of, Values: make([]float64, len(c.Labels))})
		}
		row[owners[i].of] = len(c.Series) - 1
	}
	for _, l := range b.lines {
		c.Series[row[l.owner]].Values[int(l.day.Sub(b.from)/width)] += l.hours
	}
	return c
}
