package bot

import (
	"context"
	"strings"
	"sync"
	"testing"

	"github.com/stackhand/stackhand"
	sim "github.com/stackhand/stackhand/internal/sim/slack"
)

// wideWorld has a guest, a stranger and a channel that is shared with another organisation, and an audit trail.
func wideWorld(t *testing.T) (*world, *trailOf) {
	o := sim.Options{
		Users: []sim.User{
			{ID: "U0ALICE", Name: "alice"}, {ID: "U0BOB", Name: "bob"}, {ID: "U0GUS", Name: "gus", Restricted: true},
			{ID: "U0EVE", Name: "eve", Team: "T0OTHER", Stranger: true}, {ID: "U0MAL", Name: "mal", Team: "T0OTHER"},
		},
		Channels: []sim.Channel{
			{ID: "C0TEAMA", Name: "team-a", Members: []string{"U0ALICE", "U0BOB", "U0GUS", sim.BotUserID}},
			{ID: "C0PART", Name: "partners", Shared: true, Members: []string{"U0ALICE", "U0EVE", "U0MAL", "U0GUS", sim.BotUserID}},
		},
	}
	w, trail := newWorld(t, o), &trailOf{}
	w.audit = trail.write
	return w.boot(), trail
}

type trailOf struct {
	mu  sync.Mutex
	all []stackhand.AuditRecord
}

func (l *trailOf) write(_ context.Context, r stackhand.AuditRecord) error {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.all = append(l.all, r)
	return nil
}

// refused counts the refusals of somebody that say a thing.
func (l *trailOf) refused(user, says string) (n int) {
	l.mu.Lock()
	defer l.mu.Unlock()
	for _, r := range l.all {
		if r.What == stackhand.AuditRefused && r.User == user && strings.Contains(r.Problem, says) && r.ID != "" && r.Result == "forbidden" {
			n++
		}
	}
	return n
}

func TestOutsidersAreRefusedWithTheReason(t *testing.T) {
	w, trail := wideWorld(t)
	for _, c := range []struct{ user, id, channel, text, want string }{
		{"gus", "U0GUS", "#team-a", "/stack list", "Guests cannot use servers here"},
		{"gus", "U0GUS", "@stackhand", "list", "Guests cannot use servers here"},
		{"eve", "U0EVE", "#partners", "@stackhand list", "You belong to another workspace"},
		{"mal", "U0MAL", "#partners", "@stackhand list", "You belong to another workspace"},
	} {
		got := w.see(w.typed(c.user, c.channel, "", c.text), c.want)
		if got.For != c.id && !strings.HasPrefix(got.Channel, "D") {
			t.Errorf("%s was told before everybody: %+v", c.user, got)
		}
		w.until("a record", func() bool { return trail.refused(c.id, c.want) > 0 })
		if w.done(c.user+" list") > 0 {
			t.Errorf("%s's line was carried out", c.user)
		}
	}
}

// Nothing about servers is said in a channel that is shared with another organisation: who is one of us is told so, and goes on
// in a direct message.
func TestSharedChannels(t *testing.T) {
	w, trail := wideWorld(t)
	for _, text := range []string{"/stack list", "@stackhand list"} {
		mark := w.typed("alice", "#partners", "", text)
		if got := w.see(mark, "shared with another organisation, so I do and show nothing"); got.For != "U0ALICE" {
			t.Errorf("%s: told to %q", text, got.For)
		}
		direct := w.see(mark, `Here we are among ourselves: list`)
		if !strings.HasPrefix(direct.Channel, "D") || !strings.Contains(direct.Text, "[Say it here]") {
			t.Errorf("%s: %+v", text, direct)
		}
	}
	if n := w.done("alice list"); n != 0 {
		t.Errorf("carried out %d times", n)
	}
	w.until("records", func() bool { return trail.refused("U0ALICE", "shared with another organisation") == 2 })
	if got := w.see(w.clicked("alice", "choose"), "1 server of alice"); !strings.HasPrefix(got.Channel, "D") {
		t.Errorf("the answer is in %s", got.Channel)
	}
	for _, s := range w.slack.Since(0) {
		if s.Channel == "C0PART" && s.User == sim.BotUserID && s.For == "" {
			t.Errorf("everybody in #partners saw %q", s.Text)
		}
	}
}

// A channel becomes shared while a job goes on there: from then on it goes on in a direct message.
func TestAChannelThatBecomesShared(t *testing.T) {
	w, _ := wideWorld(t)
	begun := w.typed("alice", "#team-a", "", "/stack create web-1")
	w.see(begun, "Create web-1: in progress")
	w.see(begun, "Steps of Create web-1") // nothing more is on its way
	if err := w.slack.ChangeChannel("team-a", func(c *sim.Channel) { c.Shared = true }); err != nil {
		t.Fatal(err)
	}
	w.bot.web.rooms.learn("C0TEAMA")
	mark := w.slack.Mark()
	w.finish(w.lastJob())
	w.until("idle", func() bool { return !w.bot.Busy() })
	found := false
	for _, s := range w.slack.Since(mark) {
		if s.Channel == "C0TEAMA" && s.For == "" && s.User == sim.BotUserID {
			t.Errorf("in the shared channel: %s %q", s.Kind, s.Text)
		}
		found = found || strings.HasPrefix(s.Channel, "D") && strings.Contains(s.Text, "web-1 ACTIVE")
	}
	if !found {
		t.Errorf("it does not go on elsewhere\n%s", w.transcript())
	}
}

// Envelopes that say to be of another workspace, in every kind, do nothing.
func TestEnvelopesOfAnotherTeam(t *testing.T) {
	w, trail := wideWorld(t)
	w.see(w.typed("alice", "#team-a", "", "/stack list"), "1 server of alice")
	w.see(w.typed("alice", "#team-a", "", "@stackhand where"), "direct=false")
	w.see(w.clicked("alice", "share"), "1 server of alice")
	w.see(w.typed("alice", "#team-a", "", "/stack login"), "User name")
	if err := w.slack.Submit("alice", map[string]string{"username": "a", "password": "alice-secret"}); err != nil {
		t.Fatal(err)
	}
	w.until("idle", func() bool { return !w.bot.Busy() })
	did := len(w.did)
	w.mu.Lock()
	w.logins["alice"] = ""
	w.mu.Unlock()
	for i, kind := range []string{"slash_commands", "app_mention", "block_actions", "view_submission"} {
		err := w.slack.Forge(kind, func(p map[string]any) {
			p["team_id"], p["context_team_id"], p["event_id"], p["trigger_id"] = "T0EVIL", "T0EVIL", "EvForged", "1.2.forged"
			if p["team"] != nil {
				p["team"] = map[string]any{"id": "T0EVIL", "domain": "evil"}
			}
			if a, ok := p["actions"].([]any); ok {
				a[0].(map[string]any)["action_ts"] = "1.1"
			}
			if v, ok := p["view"].(map[string]any); ok {
				v["hash"] = "forged"
			}
		})
		if err != nil {
			t.Fatal(err)
		}
		w.until(kind, func() bool { return trail.refused("U0ALICE", "That came from another workspace (T0EVIL)") == i+1 })
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	if len(w.did) != did || w.logins["alice"] != "" {
		t.Errorf("carried out: %q, login %q", w.did[did:], w.logins["alice"])
	}
}

// Another workspace of our own Enterprise Grid is ours.
func TestOursInAGrid(t *testing.T) {
	b := &Bot{self: self{team: "T1", enterprise: "E1"}, web: &web{}}
	for _, c := range []struct {
		o       origin
		outside string
	}{
		{origin{Team: "T1"}, ""}, {origin{Team: "T2", Enterprise: "E1"}, ""}, {origin{}, ""}, {origin{Team: "T2"}, "T2"},
		{origin{Team: "T2", Enterprise: "E2"}, "T2"}, {origin{Team: "T2", ContextTeam: "T1"}, ""}, {origin{Team: "T1", ContextTeam: "T2"}, "T2"},
	} {
		var m body
		b.from(&m, c.o)
		if m.Outside != c.outside {
			t.Errorf("%+v: outside %q", c.o, m.Outside)
		}
	}
}

// Where Slack does not tell whether a channel is shared, what it said before counts, and nobody waits.
func TestSharedWhileSlackStumbles(t *testing.T) {
	w, _ := wideWorld(t)
	if w.bot.web.shared(t.Context(), "C0TEAMA") || !w.bot.web.shared(t.Context(), "C0PART") || w.bot.web.shared(t.Context(), "D0ALICE") || w.bot.web.shared(t.Context(), "C0NONE") {
		t.Error("wrong from the start")
	}
	w.fault("api", "conversations.info", "500")
	for id, r := range w.bot.web.rooms.known {
		r.asked = r.asked.Add(-2 * freshFor)
		w.bot.web.rooms.known[id] = r
	}
	before := w.calls("conversations.info")
	if w.bot.web.shared(t.Context(), "C0TEAMA") || !w.bot.web.shared(t.Context(), "C0PART") {
		t.Error("what was known is forgotten")
	}
	if n := w.calls("conversations.info") - before; n != 2 {
		t.Errorf("asked %d times", n)
	}
}
