package bot

import (
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/stackhand/stackhand"
	"github.com/stackhand/stackhand/commands"
	sim "github.com/stackhand/stackhand/internal/sim/slack"
)

// Where the card shows at once, nothing is said beside it.
func TestTheCardIsAnswerEnough(t *testing.T) {
	w := newWorld(t, sim.Options{}).boot()
	for _, c := range []struct{ channel, line string }{
		{"#team-a", "/stack create web-1"}, {"#team-a", "@stackhand create web-2"}, {"@stackhand", "create web-3"},
	} {
		mark := w.typed("alice", c.channel, "", c.line)
		w.see(mark, "asked by alice")
		w.until("all is shown", func() bool { return !w.bot.Busy() })
		w.bot.asides.Wait()
	}
	if n := w.count("ephemeral", "is at work") + w.count("message", "is at work"); n != 0 {
		t.Errorf("%d needless lines:\n%s", n, w.transcript())
	}
}

// slowPosts holds every chat.postMessage back until it is released.
type slowPosts struct {
	next    http.RoundTripper
	release chan struct{}
}

func (s slowPosts) RoundTrip(r *http.Request) (*http.Response, error) {
	if strings.HasSuffix(r.URL.Path, "/chat.postMessage") {
		select {
		case <-s.release:
		case <-r.Context().Done():
			return nil, r.Context().Err()
		}
	}
	return s.next.RoundTrip(r)
}

// A card that is late is announced.
func TestALateCardIsAnnounced(t *testing.T) {
	release := make(chan struct{})
	w := newWorld(t, sim.Options{})
	w.wrap = func(next http.RoundTripper) http.RoundTripper { return slowPosts{next, release} }
	w.boot()
	mark := w.typed("alice", "#team-a", "", "/stack create web-1")
	w.see(mark, "job .* is at work")
	close(release)
	w.see(mark, "asked by alice")
}

// Who cannot see the card where they look, or has more to read, is told.
func TestWhoIsToldBesideTheCard(t *testing.T) {
	w := newWorld(t, sim.Options{}).boot()
	w.mem.put(job("k3v9", stackhand.JobRunning))
	begun := commands.Reply{Job: "k3v9", Begun: stackhand.Textf("It began.")}
	hint := begun
	hint.Text = stackhand.Textf("Mind the step.")
	understood := begun
	understood.Notice = stackhand.Textf("Understood as create.")
	place := func(channel, thread string) stackhand.Place { return stackhand.Place{Channel: channel, Thread: thread} }
	for _, c := range []struct {
		name     string
		reply    commands.Reply
		kind     string
		place    stackhand.Place
		threaded bool
		enough   bool
	}{
		{"typed in the channel", begun, kindLine, place("C0TEAMA", ""), false, true},
		{"typed in a thread of it", begun, kindLine, place("C0TEAMA", "1.2"), true, false},
		{"typed elsewhere", begun, kindLine, place("C0TEAMB", ""), false, false},
		{"clicked on a card", begun, kindClick, place("C0TEAMA", "1.2"), false, true},
		{"clicked in a thread", begun, kindClick, place("C0TEAMA", "1.2"), true, false},
		{"with a hint", hint, kindLine, place("C0TEAMA", ""), false, false},
		{"not typed exactly", understood, kindLine, place("C0TEAMA", ""), false, false},
	} {
		rq := &request{in: stackhand.Inbound{ID: c.name, User: "U0ALICE", Kind: c.kind}, body: body{Place: c.place, Threaded: c.threaded}, began: time.Now(), log: w.bot.log}
		if got := w.bot.begin(t.Context(), rq, c.reply); got != c.enough {
			t.Errorf("%s: the card is enough: %v", c.name, got)
		}
	}
	w.until("the card", func() bool { return !w.bot.Busy() })
}

// What the program did not live to say of a move is said when the line comes again.
func TestMovedBeforeACrash(t *testing.T) {
	w := newWorld(t, sim.Options{}).boot()
	w.mem.put(job("k3v9", stackhand.JobRunning))
	w.until("the card", func() bool { r, err := w.mem.Report(t.Context(), "k3v9"); return err == nil && r.Job != "" })
	r, err := w.mem.Report(t.Context(), "k3v9")
	if err != nil {
		t.Fatal(err)
	}
	r.Told = true
	if err := w.mem.SaveReport(t.Context(), &r); err != nil {
		t.Fatal(err)
	}
	for tries, enough := range []bool{true, false} {
		rq := &request{in: stackhand.Inbound{User: "U0ALICE", Kind: kindLine, Tries: tries}, body: body{Place: stackhand.Place{Channel: "C0TEAMA"}}, began: time.Now(), log: w.bot.log}
		if got := w.bot.begin(t.Context(), rq, commands.Reply{Job: "k3v9", Begun: stackhand.Textf("It began.")}); got != enough {
			t.Errorf("delivery %d: enough: %v", tries+1, got)
		}
	}
}
