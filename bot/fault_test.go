package bot

import (
	"context"
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/stackhand/stackhand"
	sim "github.com/stackhand/stackhand/internal/sim/slack"
)

// quick are protocol clocks short enough for tests.
var quick = sim.Clocks{Ack: 300 * time.Millisecond, Retries: []time.Duration{50 * time.Millisecond, 100 * time.Millisecond, 200 * time.Millisecond}}

func TestDuplicatesAreCarriedOutOnce(t *testing.T) {
	w := newWorld(t, sim.Options{}).boot()
	w.see(w.typed("alice", "#team-a", "", "@stackhand create web-1"), "Create web-1: in progress")
	w.fault("duplicate_event")
	w.fault("late_retry")
	w.until("acknowledged", func() bool { return w.slack.Unacked() == 0 })
	w.see(w.typed("alice", "#team-a", "", "@stackhand list"), "web-1")
	w.until("idle", func() bool { return !w.bot.Busy() })
	if n := w.done("alice create web-1"); n != 1 {
		t.Errorf("carried out %d times", n)
	}
}

func TestDuplicatesAreKnownAfterARestart(t *testing.T) {
	w := newWorld(t, sim.Options{}).boot()
	w.see(w.typed("alice", "#team-a", "", "@stackhand list"), "web-1")
	w.until("idle", func() bool { return !w.bot.Busy() })
	w.kill()
	w.boot()
	w.fault("duplicate_event")
	w.until("acknowledged", func() bool { return w.slack.Unacked() == 0 })
	if n := w.done("alice list"); n != 1 {
		t.Errorf("carried out %d times", n)
	}
}

func TestWhatNobodyUnderstandsIsAcknowledged(t *testing.T) {
	w := newWorld(t, sim.Options{}).boot() // with Slack's own clocks: what is not acknowledged stays so for minutes
	for _, f := range []string{"unknown_event", "unknown_envelope", "bad_block"} {
		w.fault(f)
	}
	w.until("acknowledged", func() bool { return w.slack.Unacked() == 0 })
	w.see(w.typed("alice", "#team-a", "", "/stack list"), "web-1")
	if n, _, _ := w.bot.Health(); n != 2 {
		t.Errorf("%d connections", n)
	}
}

func TestWhatIsNotWrittenDownIsNotAcknowledged(t *testing.T) {
	w := newWorld(t, sim.Options{Clocks: quick}).boot()
	w.mem.mu.Lock()
	w.mem.broken = errors.New("disk full")
	w.mem.mu.Unlock()
	mark := w.typed("alice", "#team-a", "", "/stack list")
	w.see(mark, "/stack failed because the app did not respond")
	mention := w.typed("alice", "#team-a", "", "@stackhand create web-1")
	w.mem.mu.Lock()
	w.mem.broken = nil
	w.mem.mu.Unlock()
	w.see(mention, "Create web-1: in progress")
	if w.done("alice list") != 0 {
		t.Error("a line that was not acknowledged was carried out")
	}
}

func TestReconnects(t *testing.T) {
	for fault, opens := range map[string]int{"refresh_requested": 3, "link_disabled": 4, "kill": 4} {
		t.Run(fault, func(t *testing.T) {
			w := newWorld(t, sim.Options{}).boot()
			w.fault(fault)
			w.until("two new connections", func() bool {
				n, _, _ := w.bot.Health()
				return n == 2 && w.slack.Connections() == 2 && w.calls("apps.connections.open") == opens
			})
			w.see(w.typed("alice", "#team-a", "", "/stack list"), "web-1")
		})
	}
}

func TestBeingSentAwayDoesNotStorm(t *testing.T) {
	t.Parallel() // it waits most of the time
	w := newWorld(t, sim.Options{})
	w.fault("too_many_websockets", "times", "6")
	w.launch()
	w.until("connected", func() bool { return w.slack.Connections() > 0 })
	if opens := w.calls("apps.connections.open"); opens > 8 {
		t.Errorf("%d connections were opened", opens)
	}
}

func TestRefusedTokensEndTheBot(t *testing.T) {
	w := newWorld(t, sim.Options{})
	for name, change := range map[string]func(*Options){
		"app": func(o *Options) { o.AppToken = "xapp-1-wrong" }, "bot": func(o *Options) { o.BotToken = "xoxb-wrong" },
	} {
		o := Options{AppToken: w.slack.AppToken(), BotToken: w.slack.BotToken(), APIURL: w.server.URL + "/api/", Records: w.mem, Seal: rot{}, Role: roleOf}
		w.launch()
		o.Env = w.bot.o.Env
		w.kill()
		change(&o)
		b, err := New(o)
		if err != nil {
			t.Fatal(err)
		}
		err = b.Run(context.Background())
		if stackhand.KindOf(err) != stackhand.Unauthorized || strings.Contains(err.Error(), "wrong") {
			t.Errorf("%s token: %v", name, err)
		}
	}
}

func TestLostAnswersAreAdopted(t *testing.T) {
	t.Parallel() // it waits most of the time
	w := newWorld(t, sim.Options{}).boot()
	w.fault("api", "chat.postMessage", "500", "after", "times", "3")
	mark := w.typed("alice", "#team-a", "", "/stack create web-1")
	w.see(mark, "Steps of Create web-1")
	w.finish(w.lastJob())
	w.see(mark, "alice.* web-1 ACTIVE")
	w.until("idle", func() bool { return !w.bot.Busy() })
	w.onceEach(t)
}

func TestFailuresBeforeTheWriteAreRepeated(t *testing.T) {
	t.Parallel() // it waits most of the time
	for _, status := range []string{"500", "429"} {
		t.Run(status, func(t *testing.T) {
			w := newWorld(t, sim.Options{}).boot()
			w.fault("api", "chat.postMessage", status, "times", "2")
			w.fault("api", "chat.update", status, "times", "1")
			mark := w.typed("alice", "#team-a", "", "/stack create web-1")
			w.see(mark, "Steps of Create web-1")
			w.finish(w.lastJob())
			w.see(mark, "alice.* web-1 ACTIVE")
			w.see(mark, "(?s)Create web-1: done.*Delete")
			w.until("idle", func() bool { return !w.bot.Busy() })
			w.onceEach(t)
		})
	}
}

func TestWhatWasAcknowledgedIsHandledAfterARestart(t *testing.T) {
	w := newWorld(t, sim.Options{}).boot()
	w.typed("alice", "#team-a", "", "/stack slow")
	w.until("it is being worked on", func() bool { return w.done("alice slow") == 1 })
	mark := w.typed("alice", "#team-a", "", "/stack create web-1")
	w.until("both are written down", func() bool { return w.mem.pending() == 2 })
	w.kill()
	close(w.hold)
	w.boot()
	w.see(mark, "Create web-1: in progress")
	w.until("idle", func() bool { return !w.bot.Busy() })
	if n := w.done("alice slow"); n != 2 || w.mem.pending() != 0 {
		t.Errorf("begun %d times, %d pending", n, w.mem.pending())
	}
	if n := w.count("message", "asked by alice"); n != 1 {
		t.Errorf("%d cards", n)
	}
}

func TestPoisonIsGivenUp(t *testing.T) {
	w := newWorld(t, sim.Options{})
	w.launch()
	in, err := w.bot.inbound(arrival{key: "event:x", kind: kindLine, user: "U0ALICE",
		body: body{Text: "boom", Place: stackhand.Place{Channel: "C0TEAMA"}}})
	w.kill()
	if err != nil {
		t.Fatal(err)
	}
	in.Tries = maxTries
	if _, err := w.mem.Receive(context.Background(), in); err != nil {
		t.Fatal(err)
	}
	w.boot()
	w.see(0, "interrupted too often")
	if w.done("alice boom") != 0 {
		t.Error("it was tried again")
	}
}

func TestOnlyOwnPeopleAreServed(t *testing.T) {
	w := newWorld(t, sim.Options{}).boot()
	for _, c := range []struct {
		change func(*sim.User)
		want   string
	}{
		{func(u *sim.User) { u.Restricted = true }, "Guests cannot use"},
		{func(u *sim.User) { u.Restricted, u.Stranger = false, true }, "another workspace"},
	} {
		w.bot.people.mu.Lock()
		clear(w.bot.people.known)
		w.bot.people.mu.Unlock()
		if err := w.slack.ChangeUser("bob", c.change); err != nil {
			t.Fatal(err)
		}
		w.see(w.typed("bob", "#team-a", "", "/stack create web-1"), c.want)
	}
	if w.done("bob create web-1") != 0 {
		t.Error("it was done")
	}
	w.see(w.typed("alice", "#team-a", "", "/stack role"), "you are member")
	w.see(w.typed("carol", "#team-a", "", "/stack role"), "you are approver")
}

func TestEditedAndForeignMessagesAreLeft(t *testing.T) {
	b := &Bot{self: self{user: "U0BOT"}, talk: talk{secretlike: func(string) (string, bool) { return "", false }}}
	for name, payload := range map[string]string{
		"own":     `{"event_id":"E1","event":{"type":"message","channel_type":"im","user":"U0BOT","text":"x","channel":"D1"}}`,
		"bot":     `{"event_id":"E1","event":{"type":"message","channel_type":"im","user":"U1","bot_id":"B1","text":"x","channel":"D1"}}`,
		"edit":    `{"event_id":"E1","event":{"type":"message","subtype":"message_changed","channel_type":"im","user":"U1","channel":"D1"}}`,
		"edited":  `{"event_id":"E1","event":{"type":"app_mention","user":"U1","text":"x","channel":"C1","edited":{"ts":"1"}}}`,
		"channel": `{"event_id":"E1","event":{"type":"message","channel_type":"channel","user":"U1","text":"x","channel":"C1"}}`,
		"no id":   `{"event":{"type":"app_mention","user":"U1","text":"x","channel":"C1"}}`,
		"rubbish": `[1]`,
	} {
		if a, ok := b.readEvent([]byte(payload)); ok {
			t.Errorf("%s was taken: %+v", name, a)
		}
	}
	if a, ok := b.readEvent([]byte(`{"event_id":"E1","event":{"type":"app_mention","user":"U1","text":"hey <@U0BOT>: list","channel":"C1"}}`)); !ok || a.body.Text != "hey list" {
		t.Errorf("a mention became %+v", a)
	}
}

func FuzzRead(f *testing.F) {
	f.Add("events_api", `{"event_id":"E1","event":{"type":"app_mention","user":"U1","text":"<@U0BOT> list","channel":"C1"}}`)
	f.Add("slash_commands", `{"user_id":"U1","trigger_id":"1.2","text":"list"}`)
	f.Add("interactive", `{"type":"block_actions","user":{"id":"U1"},"actions":[{"action_id":"x"}],"view":{"type":"modal"}}`)
	f.Add("interactive", `{"type":"view_submission","user":{"id":"U1"},"view":{"id":"V1","blocks":[{"type":"input","block_id":"a","element":{"type":"plain_text_input","action_id":"a"}}],"state":{"values":{"a":{"a":{"value":" "}}}}}}`)
	b := &Bot{self: self{user: "U0BOT"}, o: Options{Seal: rot{}, Now: time.Now}, talk: talk{secretlike: func(string) (string, bool) { return "", false }}}
	f.Fuzz(func(t *testing.T, kind, payload string) {
		a, ok := b.read(envelope{ID: "1", Type: kind, Payload: []byte(payload)})
		if !ok {
			return
		}
		if a.user == "" || a.key == "" && !a.final {
			t.Fatalf("taken without a user or key: %+v", a)
		}
		in, err := b.inbound(a)
		if err != nil {
			t.Fatal(err)
		}
		if _, _, err := b.unpack(in); err != nil {
			t.Fatal(err)
		}
	})
}
