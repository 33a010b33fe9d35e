package commands

import (
	"context"
	"slices"
	"time"

	"github.com/stackhand/stackhand"
)

type digestArgs struct {
	All  bool `opt:"all,all-projects" help:"of all channels (administrators only)"`
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
	if d.Empty() && a.All {
		return Reply{Text: stackhand.Textf("No server was there in the last seven days.")}, nil
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
	Idle        []Candidate
	Blind       []Blind
	Back        Share // what the ladder gave back
}

// Unused is what the record of a server says about its use.
type Unused struct {
	Since  time.Time      // that nobody uses it, or that it does not run; zero: it is used, it is new, or nobody can tell
	Why    stackhand.Text // what was measured, or how it stands: a clause
	Needed time.Time      // a question was answered, and there is none before then
	Blind  string         // why nobody can tell; "" where the record tells
}

// Candidate is a server that nobody seems to use.
type Candidate struct {
	Name, Owner string
	Unused
	Asked  bool    // its owner is being asked
	PerDay float64 // by the price of its flavor; 0: it has none
}

// Blind is a cloud of whose servers it is not known whether they are used.
type Blind struct {
	Cloud, Why string
	Servers    int
}

// Share is one owner's part.
type Share struct {
	Owner   string // as people call them
	Servers []string
	Hours   float64
	Money   float64
}

// Ending is a server that ends.
type Ending struct {
	Name, Owner string
	At          time.Time
	Step        string // of the ladder; "" where that is not known
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
		if !mine(st) || !st.Created.Before(until) {
			continue
		}
		owner := env.person(ctx, st.Lease.Owner)
		d.add(env, st, owner)
		if err := d.judge(ctx, env, st, owner); err != nil {
			return d, err
		}
	}
	d.sort()
	return d, nil
}

// judge notes a server that nobody seems to use, by its own record: also before its owner is asked. One that the ladder has put
// away is none, since that is the ladder's doing.
func (d *Digest) judge(ctx context.Context, env *Env, st stackhand.Stack, owner string) error {
	if _, parked := st.Lease.Ladder.Parked(); parked || st.Server == "" || st.State != stackhand.StackReady {
		return nil
	}
	var u Unused
	if env.Unused != nil {
		var err error
		if u, err = env.Unused(ctx, st, env.Now()); err != nil {
			return err
		}
	}
	lad := st.Lease.Ladder
	asked := lad.Reason != stackhand.ReasonTime
	switch {
	case !u.Since.IsZero():
	case asked:
		u.Why = lad.Why // what was measured then, in sentences
	case u.Blind != "":
		d.blind(st.Cloud, u.Blind)
		return nil
	default:
		return nil
	}
	price := env.Settings.Clouds[st.Cloud].Prices[st.Flavor]
	d.Idle = append(d.Idle, Candidate{st.Name, owner, u, asked, price * day.Hours()})
	return nil
}

func (d *Digest) blind(cloud, why string) {
	i := slices.IndexFunc(d.Blind, func(b Blind) bool { return b.Cloud == cloud && b.Why == why })
	if i < 0 {
		i = len(d.Blind)
		d.Blind = append(d.Blind, Blind{Cloud: cloud, Why: why})
	}
	d.Blind[i].Servers++
}

func (d *Digest) add(env *Env, st stackhand.Stack, owner string) {
	price, priced := env.Settings.Clouds[st.Cloud].Prices[st.Flavor]
	if st.State != stackhand.StackGone {
		d.there(env, st, owner)
	}
	if u, ok := ran(st); ok {
		if begin, end := clipped(u, d.From, d.Until); end.After(begin) {
			hours := end.Sub(begin).Hours()
			portion(&d.Cost, owner, func(s *Share) { s.Hours, s.Money = s.Hours+hours, s.Money+hours*price })
			d.Unpriced = d.Unpriced || !priced
		}
	}
	back := st.GivenBack(d.From, d.Until).Hours()
	d.Back.Hours, d.Back.Money = d.Back.Hours+back, d.Back.Money+back*price
}

// there counts a server that is there now.
func (d *Digest) there(env *Env, st stackhand.Stack, owner string) {
	if st.Server == "" {
		return
	}
	portion(&d.Runs, owner, func(s *Share) { s.Servers = append(s.Servers, st.Name) })
	if e, soon := env.ending(st, owner, d.Until.Add(week)); soon {
		d.Ends = append(d.Ends, e)
	}
}

// ending tells what comes to a stack by its lease, if that is before a moment.
func (env *Env) ending(st stackhand.Stack, owner string, before time.Time) (Ending, bool) {
	e := Ending{Name: st.Name, Owner: owner, At: st.Lease.End()}
	if env.Next != nil {
		step, at, ok := env.Next(st)
		if !ok {
			return e, false
		}
		e.Step, e.At = step, at
	}
	return e, !e.At.IsZero() && e.At.Before(before)
}

func earliest(a, b time.Time) time.Time {
	if a.Before(b) {
		return a
	}
	return b
}
