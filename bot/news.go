package bot

import (
	"encoding/json"
	"strings"
	"sync"
	"time"

	"github.com/stackhand/stackhand"
)

// heed takes in what Slack tells of people and of user groups that became others: what is remembered of them is forgotten
// at once, so that a right that was taken away is gone with the next line or click. It is no work for the inbox: after a
// restart nothing is remembered anyway.
// Sources: docs.slack.dev/reference/events/user_change, subteam_updated and subteam_members_changed.
func (b *Bot) heed(e envelope) bool {
	var p struct {
		Event struct {
			Type string `json:"type"`
			User struct {
				ID string `json:"id"`
			} `json:"user"`
			Subteam struct {
				ID string `json:"id"`
			} `json:"subteam"`
			SubteamID string `json:"subteam_id"`
		} `json:"event"`
	}
	if e.Type != "events_api" {
		return false
	}
	// The user of other events is a string, which is no error here: they are none of these.
	_ = json.Unmarshal(e.Payload, &p)
	id := ""
	switch p.Event.Type {
	case "user_change":
		id = p.Event.User.ID
	case "subteam_updated", "subteam_members_changed":
		id = firstOf(p.Event.Subteam.ID, p.Event.SubteamID)
	default:
		return false
	}
	b.people.forget(id)
	return true
}

// news counts what Slack told of people and groups that are others now, and holds which was the last of each: an answer
// that was asked for before it is an old one.
type news struct {
	mu    sync.Mutex
	count uint64
	of    map[string]uint64
	floor uint64 // up to here nothing is known of single ones any more
}

// now is the moment, counted in news, from which on an answer is good.
func (n *news) now() uint64 {
	n.mu.Lock()
	defer n.mu.Unlock()
	return n.count
}

// since tells whether somebody, or a group, became another one since a moment.
func (n *news) since(id string, moment uint64) bool {
	n.mu.Lock()
	defer n.mu.Unlock()
	return max(n.of[id], n.floor) > moment
}

func (n *news) hear(id string) {
	n.mu.Lock()
	defer n.mu.Unlock()
	n.count++
	if len(n.of) >= maxKnown {
		clear(n.of)
		n.floor = n.count // whatever is being asked for at this moment counts as old
	}
	n.of[id] = n.count
}

// forget drops what is known of somebody, or of a group.
func (p *people) forget(id string) {
	if id == "" {
		return
	}
	p.news.hear(id)
	p.mu.Lock()
	delete(p.known, id)
	p.mu.Unlock()
	p.groups.mu.Lock()
	delete(p.groups.members, id)
	if groupID.MatchString(id) {
		p.groups.listed = time.Time{} // it may have another name
	}
	p.groups.mu.Unlock()
}

// channelNames holds what channels are called, as far as Slack said so by the way.
type channelNames struct {
	mu sync.Mutex
	of map[string]string
}

// note keeps a channel's name. Direct messages and private groups have words in its place that are no names.
func (c *channelNames) note(at stackhand.Place, name string) {
	if at.Channel == "" || name == "" || at.Direct || name == "privategroup" || strings.HasPrefix(name, "mpdm-") {
		return
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.of == nil || len(c.of) >= maxKnown {
		c.of = map[string]string{}
	}
	c.of[at.Channel] = name
}

// name is what a channel was called when it was last heard of; "" where it was not.
func (c *channelNames) name(id string) string {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.of[id]
}
