package commands

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/stackhand/stackhand"
)

type usageArgs struct {
	Days int    `default:"7" help:"how many days back, today included"`
	From string `opt:"from,start" value:"2026-11-01" help:"the first day, in UTC"`
	To   string `opt:"to,end" value:"2026-11-07" help:"the last day, in UTC; today by default"`
	Page int    `default:"1" help:"which page of a long list"`
	inCloud
}

var _ = add(Command[usageArgs]{
	Name: "usage", Help: "how long your project's servers ran and what they cost, by owner, flavor and day", Role: stackhand.Member, Reads: true,
	Examples: []string{"usage", "usage --days 30", "usage --from 2026-11-01 --to 2026-11-07"},
	Run:      usage,
})

func usage(ctx context.Context, env *Env, user stackhand.User, a usageArgs) (Reply, error) {
	now := env.Now().UTC()
	from, to, err := a.period(now)
	if err != nil {
		return Reply{}, err
	}
	s, err := open(ctx, env, user, a.Cloud)
	if err != nil {
		return Reply{}, err
	}
	var ran []stackhand.ServerUsage
	var stacks []stackhand.Stack
	err = gather(ctx,
		into(&ran, func(ctx context.Context) ([]stackhand.ServerUsage, error) { return s.Usage(ctx, from, to) }),
		into(&stacks, func(ctx context.Context) ([]stackhand.Stack, error) {
			return env.Stacks.EverInProject(ctx, s.name, s.who.ProjectID, from)
		}))
	if err != nil {
		return Reply{}, err
	}
	owners := s.ownersByServer(ctx, stacks)
	b := bill{prices: s.settings.Prices, from: from, to: to}
	for _, u := range ran {
		b.add(u, first(owners[u.ServerID], "not made here"))
	}
	return b.reply(s, func(p int) string { a.Page = p; return format("usage", a) }, a.Page)
}

// ownersByServer are the people that servers belong, or belonged, to.
func (s *session) ownersByServer(ctx context.Context, stacks []stackhand.Stack) map[string]string {
	called := map[string]string{}
	out := map[string]string{}
	for _, st := range stacks {
		owner := st.Lease.Owner
		if called[owner] == "" {
			called[owner] = s.env.person(ctx, owner)
		}
		out[st.Server] = called[owner]
	}
	return out
}

// maxUsage is how far a report reaches: Nova reads every server of the period for it.
const maxUsage = 366

// period is from the beginning of a day to the end of another, or to now.
func (a usageArgs) period(now time.Time) (from, to time.Time, err error) {
	e := find("usage")
	today := now.Truncate(day)
	to = now
	if a.To != "" {
		last, err := dayOf(e, a.To)
		if err != nil {
			return from, to, err
		}
		if to = last.Add(day); to.After(now) {
			to = now
		}
	}
	from = to.Add(-time.Nanosecond).Truncate(day).Add(-time.Duration(a.Days-1) * day)
	if a.From != "" {
		if from, err = dayOf(e, a.From); err != nil {
			return from, to, err
		}
	}
	switch {
	case a.From == "" && (a.Days < 1 || a.Days > maxUsage):
		return from, to, e.misuse("--days is from 1 to %d.", maxUsage)
	case from.After(today):
		return from, to, e.misuse("%s has not come yet.", from.Format(time.DateOnly))
	case !from.Before(to):
		return from, to, e.misuse("The last day is before the first.")
	case to.Sub(from) > maxUsage*day:
		return from, to, e.misuse("A report reaches over %d days at most.", maxUsage)
	}
	return from, to, nil
}

func dayOf(e *entry, word string) (time.Time, error) {
	word, _, _ = strings.Cut(word, "T")
	t, err := time.Parse(time.DateOnly, word)
	if err != nil {
		return t, e.misuse("%s is no day: it is written like 2026-11-07.", quote(clip(word, 40)))
	}
	return t, nil
}

// bill is what was used in a period, by day, owner and flavor.
type bill struct {
	prices   map[string]float64 // per hour, by flavor
	from, to time.Time
	lines    []billLine
}

type billLine struct {
	day           time.Time
	owner, flavor string
	servers       int
	hours         float64
}

// add adds a server's time to the days that it was there on.
func (b *bill) add(u stackhand.ServerUsage, owner string) {
	start, end := u.Started, u.Ended
	if end.IsZero() || end.After(b.to) {
		end = b.to
	}
	if start.Before(b.from) {
		start = b.from
	}
	for start.Before(end) {
		today := start.UTC().Truncate(day)
		next := today.Add(day)
		if next.After(end) {
			next = end
		}
		b.count(today, owner, u.Flavor, next.Sub(start).Hours())
		start = next
	}
}

func (b *bill) count(on time.Time, owner, flavor string, hours float64) {
	for i := range b.lines {
		if l := &b.lines[i]; l.day.Equal(on) && l.owner == owner && l.flavor == flavor {
			l.hours += hours
			l.servers++
			return
		}
	}
	b.lines = append(b.lines, billLine{on, owner, flavor, 1, hours})
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
		out[i].cost += l.hours * b.prices[l.flavor]
	}
	slices.SortStableFunc(out, func(x, y sum) int { return cmp.Or(cmp.Compare(y.hours, x.hours), cmp.Compare(x.of, y.of)) })
	return out
}

type sum struct {
	of          string
	hours, cost float64
}

func (b *bill) words(s sum) string {
	if len(b.prices) == 0 {
		return rounded(s.hours, 1) + " h"
	}
	return rounded(s.hours, 1) + " h, " + rounded(s.cost, 2)
}

func (b *bill) reply(s *session, page func(int) string, at int) (Reply, error) {
	period := fmt.Sprintf("%s to %s (UTC)", b.from.Format(time.DateOnly), b.to.Add(-time.Nanosecond).Format(time.DateOnly))
	all := b.sums(func(billLine) string { return "" })
	if len(all) == 0 {
		return Reply{Text: stackhand.Textf("No server of %s in %s ran from %s.", s.who.Project, s.name, period)}, nil
	}
	text := stackhand.Textf("Servers of %s in %s, %s: %s", s.who.Project, s.name, period, b.words(all[0]))
	owner := func(l billLine) string { return l.owner }
	for _, o := range b.sums(owner) {
		text = text.Add("\n• %s: %s", o.of, b.words(o))
	}
	if none := b.unpriced(); len(none) > 0 {
		text = text.Add("\nThere is no price for %s, so their hours cost nothing here.", strings.Join(none, ", "))
	} else if len(b.prices) == 0 {
		text = text.Add("\nNo prices are configured for this cloud, so these are hours only.")
	}
	r, err := paged(text.Add("\nBy day"), b.table(), at, page)
	if at == 1 {
		r.Chart = b.chart(s, b.sums(owner))
	}
	return r, err
}

// unpriced are the flavors without a price, where others have one.
func (b *bill) unpriced() []string {
	var out []string
	for _, l := range b.lines {
		if _, ok := b.prices[l.flavor]; !ok && len(b.prices) > 0 && !slices.Contains(out, l.flavor) {
			out = append(out, l.flavor)
		}
	}
	slices.Sort(out)
	return out
}

func (b *bill) table() *Table {
	t := &Table{Columns: []string{"Day", "Owner", "Flavor", "Servers", "Hours", "Cost"}}
	slices.SortStableFunc(b.lines, func(x, y billLine) int {
		return cmp.Or(y.day.Compare(x.day), cmp.Compare(x.owner, y.owner), cmp.Compare(x.flavor, y.flavor))
	})
	for _, l := range b.lines {
		cost := "–"
		if p, ok := b.prices[l.flavor]; ok {
			cost = rounded(p*l.hours, 2)
		}
		t.Rows = append(t.Rows, []string{l.day.Format(time.DateOnly), l.owner, dash(l.flavor), fmt.Sprint(l.servers), rounded(l.hours, 1), cost})
	}
	return t
}

const (
	maxSeries = 6  // as many owners as a chart shows; the others are summed up
	maxLabels = 20 // as many days; longer reports are shown by weeks
)

// chart shows hours by day and owner.
func (b *bill) chart(s *session, owners []sum) *Chart {
	width, unit := day, "by day"
	if b.to.Sub(b.from) > maxLabels*day {
		width, unit = 7*day, "by week"
	}
	if b.to.Sub(b.from) > maxLabels*width {
		width, unit = 30*day, "by 30 days"
	}
	c := &Chart{Title: clip("Server hours "+unit+" in "+s.who.Project, 50), Kind: "bar", Unit: "h"}
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
