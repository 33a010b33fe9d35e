package bot

import (
	"context"
	"net/http"
	"net/url"
	"strings"
	"testing"

	"github.com/stackhand/stackhand"
	sim "github.com/stackhand/stackhand/internal/sim/slack"
)

// remove deletes a message of the bot, as an administrator may.
func (w *world) remove(m sim.Shown) {
	w.t.Helper()
	n := w.calls("chat.delete")
	res, err := http.PostForm(w.server.URL+"/api/chat.delete", url.Values{"token": {w.slack.BotToken()}, "channel": {m.Channel}, "ts": {m.TS}})
	if err != nil {
		w.t.Fatal(err)
	}
	res.Body.Close()
	for _, c := range w.slack.Calls() {
		if c.Method == "chat.delete" && c.Error != "" {
			w.t.Fatalf("not deleted: %s", c.Error)
		}
	}
	if w.calls("chat.delete") != n+1 {
		w.t.Fatal("not deleted")
	}
}

// ends waits until all is told, and checks that the end was said once.
func (w *world) ends(id string) {
	w.t.Helper()
	w.until("all is told", func() bool { return !w.bot.Busy() && !w.mem.report(id).Open })
	if n := w.count("message", "(?s)alice.* web-1 ACTIVE.*ssh ubuntu@"); n != 1 {
		w.t.Errorf("the end was said %d times\n%s", n, w.transcript())
	}
}

func TestALostCardIsPostedAnew(t *testing.T) {
	t.Parallel() // it waits most of the time
	for name, lost := range map[string]string{"card": "asked by alice", "steps": "Steps of", "both": "asked by alice|Steps of"} {
		t.Run(name, func(t *testing.T) {
			w := newWorld(t, sim.Options{Relaxed: true}).boot()
			mark := w.typed("alice", "#team-a", "", "/stack create web-1")
			w.see(mark, "Steps of Create web-1")
			id := w.lastJob()
			w.until("idle", func() bool { return !w.bot.Busy() })
			for pattern := range strings.SplitSeq(lost, "|") {
				w.remove(w.see(mark, pattern))
			}
			mark = w.slack.Mark()
			j, err := w.mem.Job(context.Background(), id)
			if err != nil {
				t.Fatal(err)
			}
			j.Steps[0].Note = "on its way"
			w.mem.put(j)
			w.bot.Changed(id)
			w.see(mark, "on its way")
			w.finish(id)
			w.ends(id)
			rep := w.mem.report(id)
			if final := w.see(mark, "ssh ubuntu@"); final.Thread != rep.Card.TS {
				t.Errorf("the end was told in %q, and the card is %q", final.Thread, rep.Card.TS)
			}
			if got := w.see(mark, "(?s)Create web-1: done.*Delete"); got.TS != rep.Card.TS {
				t.Errorf("the card is %s, edited was %s", rep.Card.TS, got.TS)
			}
		})
	}
}

// The workspace of a demonstration begins anew with each run, and its state need not.
func TestAWorkspaceThatForgotAll(t *testing.T) {
	old := newWorld(t, sim.Options{Relaxed: true}).boot()
	mark := old.typed("alice", "#team-a", "", "/stack create web-1")
	old.see(mark, "Steps of Create web-1")
	id := old.lastJob()
	old.until("idle", func() bool { return !old.bot.Busy() })
	old.kill()
	w := newWorld(t, sim.Options{Relaxed: true})
	w.mem = old.mem
	w.boot()
	w.finish(id)
	w.ends(id)
	w.onceEach(t)
}

func TestALostThreadGoesOnDirectly(t *testing.T) {
	w := newWorld(t, sim.Options{Relaxed: true}).boot()
	w.typed("bob", "#team-a", "", "/stack create web-0")
	root := w.see(0, "Create web-0: in progress")
	other := w.lastJob()
	w.finish(other)
	w.until("idle", func() bool { return !w.bot.Busy() })
	mark := w.typed("alice", "#team-a", root.TS, "@stackhand create web-1")
	w.see(mark, "Steps of Create web-1")
	w.remove(root)
	var id string
	w.mem.mu.Lock()
	for job := range w.mem.jobs {
		if job != other {
			id = job
		}
	}
	w.mem.mu.Unlock()
	w.finish(id)
	told := w.see(mark, "The thread of Create web-1 is gone, so it goes on in our direct messages")
	w.ends(id)
	if final := w.see(mark, "ssh ubuntu@"); !strings.HasPrefix(final.Channel, "D") || told.Kind != "ephemeral" {
		t.Errorf("told in %s, after %+v", final.Channel, told)
	}
}

// What is lost after the end was said is not brought back.
func TestWhatIsLostLaterStaysSo(t *testing.T) {
	w := newWorld(t, sim.Options{Relaxed: true}).boot()
	mark := w.typed("alice", "#team-a", "", "/stack create web-1")
	id := w.lastJob()
	w.finish(id)
	w.ends(id)
	w.remove(w.see(mark, "asked by alice"))
	st, err := w.mem.Stack(context.Background(), id+"-1")
	if err != nil {
		t.Fatal(err)
	}
	j, err := w.mem.Job(context.Background(), id)
	if err != nil {
		t.Fatal(err)
	}
	st.State = stackhand.StackGone
	w.mem.put(j, st)
	w.bot.Changed(id)
	w.ends(id)
	if n := w.count("message", "asked by alice"); n != 1 {
		t.Errorf("%d cards", n)
	}
}

// A card that is deleted again and again is not posted for ever: the end is told directly.
func TestACardThatNobodyWants(t *testing.T) {
	t.Parallel() // it waits most of the time
	w := newWorld(t, sim.Options{Relaxed: true}).boot()
	mark := w.typed("alice", "#team-a", "", "/stack create web-1")
	id := w.lastJob()
	for n := range maxRenewals + 1 {
		w.see(mark, "Steps of Create web-1")
		w.until("idle", func() bool { return !w.bot.Busy() })
		card := w.see(mark, "asked by alice")
		mark = w.slack.Mark()
		w.remove(card)
		if n == maxRenewals {
			break
		}
		j, err := w.mem.Job(context.Background(), id)
		if err != nil {
			t.Fatal(err)
		}
		j.Canceled = []string{"U0BOB", ""}[n%2] // shows in the card
		w.mem.put(j)
		w.bot.Changed(id)
	}
	w.finish(id)
	w.ends(id)
	if final := w.see(mark, "ssh ubuntu@"); !strings.HasPrefix(final.Channel, "D") {
		t.Errorf("told in %s", final.Channel)
	}
	if n := w.mem.report(id).Renewed; n != maxRenewals {
		t.Errorf("%d times posted anew", n)
	}
}
