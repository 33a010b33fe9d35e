package lease

import (
	"context"
	"regexp"
	"slices"
	"strings"
	"time"

	"github.com/stackhand/stackhand"
)

// yearChat is Slack: what it took, of which server, and when.
type yearChat struct {
	slackUp time.Time // from when on it works again
	said    map[string][]saying
	closed  map[string]bool // channels that take nothing any more
	gone    map[string]bool // people whose accounts are closed
}

// saying is a message of what will happen to a server, as a reader understands it.
type saying struct {
	at   time.Time // by the clock of the world
	step string    // stopped, shelved or deleted
	when time.Time // as the message says
	text string
}

var promise = regexp.MustCompile(`will (?:then )?be (stopped|shelved|deleted)`)

// deliver brings messages to those who can be reached: the owner, else those who own the server with them, else its channel, else
// the administrators.
func (y *year) deliver(ctx context.Context) {
	if y.now.Before(y.slackUp) {
		return
	}
	y.disk.open = slices.DeleteFunc(y.disk.open, func(id string) bool {
		n, ok := y.disk.notices[id]
		if !ok {
			return true // of a server that is gone
		}
		who := y.reached(n)
		switch {
		case who == "":
			y.count("told nobody")
			return false
		case y.chance(30):
			return false
		}
		if age := y.clock().Sub(n.Created); age > 5*time.Minute || age < 0 { // as the bot does
			if err := y.bots[0].Renew(ctx, &n); err != nil {
				y.broken("%s is not worded anew: %v", id, err)
			}
		}
		y.count("told " + who)
		y.hear(n)
		n.Delivered, n.Told = y.clock(), []stackhand.Told{{Who: who}}
		y.disk.notices[id] = n
		return true
	})
}

// reached tells who gets a message; "" for nobody.
func (y *year) reached(n stackhand.Notice) string {
	alive := func(u string) bool { return !y.gone[u] }
	switch {
	case n.User != "" && alive(n.User):
		return "the owner"
	case slices.ContainsFunc(n.Others, alive):
		return "a co-owner"
	case n.Place.Channel != "" && !y.closed[n.Place.Channel]:
		return "the channel"
	case n.Admins && !y.closed["ops"]:
		return "the administrators"
	}
	return ""
}

// hear reads a message as people do.
func (y *year) hear(n stackhand.Notice) {
	text := n.Text.String()
	m := promise.FindStringSubmatch(text)
	if m == nil {
		return
	}
	s := saying{at: y.now, step: m[1], text: text}
	at, name := strings.Index(text, m[0]), ""
	for i, span := range n.Text {
		if span.Kind == stackhand.Bold && name == "" {
			name = span.S
		}
		// "… (this moment). It will then be", or "It will be … at this moment".
		before := len(n.Text[:i+1].String()) <= at
		if then := strings.Contains(m[0], "then"); span.Kind == stackhand.Moment && (then && before || !then && !before && s.when.IsZero()) {
			s.when = span.T
		}
	}
	y.sent++
	y.tell(name, "%s", text)
	y.said[name] = append(y.said[name], s)
	y.said[name] = y.said[name][max(0, len(y.said[name])-20):]
}

// heard tells whether somebody was told in time that a step comes, since the owner gave their last sign of life, or for later than
// they asked for with that.
func (y *year) heard(id, step string, also func(saying) bool) bool {
	return slices.ContainsFunc(y.said[id], func(s saying) bool {
		inTime := y.now.Sub(s.at) >= yearNotice || !y.jump.Before(s.at)
		still := !s.at.Before(y.signs[id]) || !s.when.Before(y.ends[id])
		return s.step == step && still && !s.when.After(y.clock()) && inTime && (also == nil || also(s))
	})
}
