package bot

import (
	"context"
	"errors"
	"sync"
	"time"

	"github.com/slack-go/slack"
	"golang.org/x/time/rate"

	"github.com/stackhand/stackhand"
)

// UserFacts is what Slack says of a person, to give them a role by.
type UserFacts struct {
	ID, Team, Name string
	Groups         []string // those that matter, see Options.Groups and Options.Shared, and that the person is in
	Guest          bool     // of one or some channels only
	Stranger       bool     // of another workspace, in a shared channel
	Bot            bool
	Deactivated    bool
	Zone           string // of time, as IANA calls it; "" where Slack does not tell
	Status         Status
}

// Status is what a person says of themselves.
type Status struct {
	Emoji, Text string
	Until       time.Time // zero: no end was said
}

// people remembers for some minutes who is who.
type people struct {
	web *web
	// enterprise is that of our own workspace, "" outside Enterprise Grid: its people are no strangers.
	enterprise string

	mu      sync.Mutex
	known   map[string]person
	groups  groups
	strange map[string]time.Time // whose names could not be told, and when they were asked for
	names   *rate.Limiter        // lookups for a name alone, which must not starve those for a role
	news    *news
}

func newPeople(w *web, o Options) *people {
	heard := &news{of: map[string]uint64{}}
	return &people{
		web: w, known: map[string]person{}, strange: map[string]time.Time{}, groups: newGroups(w, o, heard), news: heard,
		names: rate.NewLimiter(rate.Every(2*time.Second), 10),
	}
}

type person struct {
	facts UserFacts
	asked time.Time
}

const (
	freshFor  = 5 * time.Minute
	usableFor = time.Hour // while Slack does not answer
	maxKnown  = 10000
	nameFor   = time.Second // a name is worth no longer wait; whoever asked is told by then that it takes a moment
	maxAsks   = 3           // for the same, while Slack tells that it changes
)

// Name is what a person is called in the chat, "" while that is unknown. It may be an old
// answer: a name is for reading only.
func (b *Bot) Name(ctx context.Context, userID string) string { return b.people.name(ctx, userID) }

func (p *people) name(ctx context.Context, id string) string {
	if groupID.MatchString(id) {
		return p.groups.name(ctx, id)
	}
	p.mu.Lock()
	had, ok := p.known[id]
	asked := p.strange[id]
	p.mu.Unlock()
	if ok || id == "" || time.Since(asked) < freshFor || !p.names.Allow() {
		return had.facts.Name
	}
	ctx, cancel := context.WithTimeout(ctx, nameFor)
	defer cancel()
	before := p.news.now()
	facts, err := p.ask(ctx, id, "")
	if err != nil {
		p.mu.Lock()
		defer p.mu.Unlock()
		if len(p.strange) >= maxKnown {
			clear(p.strange)
		}
		p.strange[id] = time.Now()
		return ""
	}
	p.remember(person{facts: facts}, before) // without a time: a role wants a newer answer
	return facts.Name
}

// facts looks a user up, with the groups that matter.
func (p *people) facts(ctx context.Context, id, team string) (UserFacts, error) {
	facts, err := p.profile(ctx, id, team)
	if err != nil {
		return UserFacts{}, err
	}
	facts.Groups, err = p.groups.of(ctx, id)
	return facts, err
}

// profile looks a user up. An old answer serves while Slack gives no new one.
func (p *people) profile(ctx context.Context, id, team string) (UserFacts, error) {
	p.mu.Lock()
	had, ok := p.known[id]
	p.mu.Unlock()
	for tries := 0; !ok || time.Since(had.asked) > freshFor; tries++ {
		before := p.news.now()
		facts, err := p.ask(ctx, id, team)
		if err != nil {
			if p.news.since(id, before) || !ok || time.Since(had.asked) > usableFor {
				return UserFacts{}, err
			}
			break
		}
		had = person{facts: facts, asked: time.Now()}
		if p.remember(had, before) || tries == maxAsks {
			break
		}
		ok = false
	}
	return had.facts, nil
}

// remember keeps an answer, unless Slack told meanwhile that it is another one.
func (p *people) remember(who person, before uint64) bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.news.since(who.facts.ID, before) {
		return false
	}
	if len(p.known) >= maxKnown {
		clear(p.known)
	}
	p.known[who.facts.ID] = who
	return true
}

func (p *people) ask(ctx context.Context, id, team string) (UserFacts, error) {
	var u *slack.User
	err := p.web.call(ctx, "users.info", "", true, func(ctx context.Context) (err error) {
		u, err = p.web.api.GetUserInfoContext(ctx, id)
		return err
	})
	if err != nil {
		return UserFacts{}, stackhand.Errorf(stackhand.Unavailable, "Slack does not tell me who you are, so I did nothing.").
			Because(err).Do("Try again in a minute.")
	}
	return UserFacts{
		ID: id, Team: u.TeamID, Name: u.Name, Guest: u.IsRestricted || u.IsUltraRestricted,
		Stranger: foreign(u, team, p.enterprise), Bot: u.IsBot, Deactivated: u.Deleted,
		Zone: u.TZ, Status: statusOf(u.Profile),
	}, nil
}

func statusOf(p slack.UserProfile) Status {
	s := Status{Emoji: p.StatusEmoji, Text: stackhand.Clean(p.StatusText)}
	if p.StatusExpiration > 0 {
		s.Until = time.Unix(int64(p.StatusExpiration), 0).UTC()
	}
	return s
}

// Zone is a person's time zone, "" while that is unknown.
func (b *Bot) Zone(ctx context.Context, userID string) string {
	f, err := b.people.profile(ctx, userID, b.self.team)
	if err != nil {
		b.log.InfoContext(ctx, "a time zone is not known", "user", userID, "err", err)
	}
	return f.Zone
}

// Status is what a person says of themselves now.
func (b *Bot) Status(ctx context.Context, userID string) (Status, error) {
	f, err := b.people.profile(ctx, userID, b.self.team)
	return f.Status, err
}

// foreign tells whether somebody is neither of our workspace nor of our Enterprise Grid.
func foreign(u *slack.User, team, enterprise string) bool {
	elsewhere := team != "" && u.TeamID != "" && u.TeamID != team
	return u.IsStranger || elsewhere && (enterprise == "" || u.Enterprise.ID != enterprise)
}

// Member tells who somebody is now: Forbidden for who may not use servers here.
func (b *Bot) Member(ctx context.Context, id string) (stackhand.User, error) {
	u, err := b.user(ctx, id)
	if errors.Is(err, errNobody) {
		err = stackhand.Errorf(stackhand.Forbidden, "The account is deactivated.").Do("Ask an admin of this workspace.")
	}
	return u, err
}

// user says who is asking, or why they may not.
func (b *Bot) user(ctx context.Context, id string) (stackhand.User, error) {
	f, err := b.people.facts(ctx, id, b.self.team)
	if err != nil {
		return stackhand.User{}, err
	}
	u := stackhand.User{ID: id, Team: f.Team, Name: f.Name, Groups: f.Groups}
	refuse := func(why string) (stackhand.User, error) {
		return u, stackhand.Errorf(stackhand.Forbidden, "%s", why).Do("Ask an admin of this workspace.")
	}
	switch {
	case f.Bot || f.Deactivated:
		return u, errNobody
	case f.Stranger:
		return refuse("You belong to another workspace; servers are given only to members of this one.")
	case f.Guest:
		return refuse("Guests cannot use servers here.")
	}
	if u.Role = b.o.Role(f); u.Role < stackhand.Member {
		return refuse("You may not use servers here.")
	}
	return u, nil
}
