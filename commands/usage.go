package commands

import (
	"context"
	"strings"
	"time"

	"github.com/stackhand/stackhand"
)

type usageArgs struct {
	Days  int    `default:"7" help:"how many days back, today included"`
	From  string `opt:"from,start,since" value:"2026-11-01" help:"the first day, in UTC"`
	To    string `opt:"to,end,until" value:"2026-11-07" help:"the last day, in UTC; today by default"`
	Mine  bool   `help:"only of servers that are yours"`
	Owner string `opt:"owner" value:"@bob" help:"only of somebody's servers"`
	Of    string `opt:"project,tenant" help:"of one project: one that you are logged in to, or any for the cloud's administrators"`
	All   bool   `opt:"all-projects,all-tenants,all" help:"of every project, for administrators"`
	Page  int    `default:"1" help:"which page of a long list"`
	inCloud
}

var _ = add(Command[usageArgs]{
	Name: "usage", Help: "how long servers ran and what they cost, by owner, flavor and day, in all projects that you are logged in to; what ends this week, and what was given back",
	Role: stackhand.Member, Reads: true,
	Examples: []string{"usage", "usage --mine --days 30", "usage --owner @bob", "usage --from 2026-11-01 --to 2026-11-07", "usage --all-projects"},
	Run:      usage,
})

func usage(ctx context.Context, env *Env, user stackhand.User, a usageArgs) (Reply, error) {
	now := env.Now().UTC()
	from, to, err := a.period(now)
	if err != nil {
		return Reply{}, err
	}
	owner, err := a.whose(ctx, env, user)
	if err != nil {
		return Reply{}, err
	}
	places, err := a.places(ctx, env, user)
	if err != nil {
		return Reply{}, err
	}
	r := &usageReport{env: env, user: user, owner: owner, now: now, bill: bill{from: from, to: to, env: env}}
	if err := r.read(ctx, places); err != nil {
		return Reply{}, err
	}
	return r.reply(ctx, func(p int) string { a.Page = p; return format("usage", a) }, a.Page)
}

// whose is the id of the one person whose servers are meant; "" for everybody's.
func (a usageArgs) whose(ctx context.Context, env *Env, user stackhand.User) (string, error) {
	switch {
	case a.Mine && a.Owner != "":
		return "", find("usage").misuse("Say --mine or --owner, not both.")
	case a.Mine:
		return user.ID, nil
	case a.Owner == "":
		return "", nil
	}
	p, err := env.somebody(ctx, a.Owner, func(id string) string { a.Owner = "@" + id; return format("usage", a) })
	if err == nil && p.Group {
		err = stackhand.Errorf(stackhand.Invalid, "%s is a user group, and servers belong to people.", p.Name).Do("Name one person.")
	}
	return p.ID, err
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
