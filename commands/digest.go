package commands

import (
	"context"
	"time"

	"github.com/stackhand/stackhand"
)

type digestArgs struct {
	All  bool `help:"of all channels (administrators only)"`
	Line Line
}

var _ = add(Command[digestArgs]{
	Name: "digest", Help: "what runs, what it cost this week, what ends and what was given back: of this channel's servers, or in a direct message of yours",
	Role: stackhand.Member, Reads: true, Examples: []string{"digest", "digest --all"},
	Run: digest,
})

func digest(ctx context.Context, env *Env, user stackhand.User, a digestArgs) (Reply, error) {
	of, mine := "the servers of this channel", func(st stackhand.Stack) bool { return st.Place.Channel == a.Line.Place.Channel }
	switch {
	case a.All && user.Role < stackhand.Admin:
		return Reply{}, stackhand.Errorf(stackhand.Forbidden, "Only administrators see the digest of all channels.").Do("`digest` shows that of the channel where you say it.")
	case a.All:
		of, mine = "all servers", func(stackhand.Stack) bool { return true }
	case a.Line.Place.Direct:
		of, mine = "your servers", func(st stackhand.Stack) bool { return st.Of(user) }
	}
	now := env.Now()
	d, err := env.Digest(ctx, of, now, mine)
	if err != nil {
		return Reply{}, err
	}
	if d.Empty() {
		return Reply{Text: stackhand.Textf("None of %s was there in the last seven days.", of)}, nil
	}
	return Reply{Text: d.Words(), Chart: d.Chart()}, nil
}

// Digest is what became of servers in the seven days before Until, by the records of the bot.
type Digest struct {
	Of          string // "the servers of this channel"
	From, Until time.Time
	Runs        []Share // how many servers there are, by owner
	Cost        []Share // hours and money, by owner
	Unpriced    bool    // some of the hours have no price
	Ends        []Ending
	Idle        []Ending
	Back        Share // what the ladder gave back
}

// Share is one owner's part.
type Share struct {
	Owner   string // as people call them
	Servers []string
	Hours   float64
	Money   float64
}

// Ending is a server that ends, or that is said to be idle.
type Ending struct {
	Name, Owner string
	At          time.Time
	Why         stackhand.Text
}

// week is how far a digest looks back and ahead.
const week = 7 * day

// Digest sums up the servers that mine picks, until a moment.
func (env *Env) Digest(ctx context.Context, of string, until time.Time, mine func(stackhand.Stack) bool) (Digest, error) {
	d := Digest{Of: of, From: until.Add(-week), Until: until}
	all, err := env.Stacks.Ever(ctx, d.From)
	if err != nil {
		return d, err
	}
	for _, st := range all {
		if mine(st) && st.Created.Before(until) {
			d.add(env, st, env.person(ctx, st.Lease.Owner))
		}
	}
	d.sort()
	return d, nil
}

func (d *Digest) add(env *Env, st stackhand.Stack, owner string) {
	price, priced := env.Settings.Clouds[st.Cloud].Prices[st.Flavor]
	end := d.Until
	if st.State == stackhand.StackGone {
		end = earliest(st.Gone, d.Until)
	} else {
		d.there(st, owner)
	}
	begin := st.Created
	if begin.Before(d.From) {
		begin = d.From
	}
	if end.After(begin) {
		hours := end.Sub(begin).Hours()
		portion(&d.Cost, owner, func(s *Share) { s.Hours, s.Money = s.Hours+hours, s.Money+hours*price })
		d.Unpriced = d.Unpriced || !priced
	}
	back := st.GivenBack(d.From, d.Until).Hours()
	d.Back.Hours, d.Back.Money = d.Back.Hours+back, d.Back.Money+back*price
}

// there counts a server that is there now.
func (d *Digest) there(st stackhand.Stack, owner string) {
	if st.Server == "" {
		return
	}
	portion(&d.Runs, owner, func(s *Share) { s.Servers = append(s.Servers, st.Name) })
	if end := st.Lease.End(); !end.IsZero() && end.Before(d.Until.Add(week)) {
		d.Ends = append(d.Ends, Ending{st.Name, owner, end, nil})
	}
	if st.Lease.Ladder.Reason == stackhand.ReasonIdle {
		d.Idle = append(d.Idle, Ending{st.Name, owner, st.Lease.Ladder.Since, st.Lease.Ladder.Why})
	}
}

func earliest(a, b time.Time) time.Time {
	if a.Before(b) {
		return a
	}
	return b
}
