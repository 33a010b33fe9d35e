package bot

import (
	"fmt"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/stackhand/stackhand"
	sim "github.com/stackhand/stackhand/internal/sim/slack"
)

// wanting is a request of alice's that waits.
func wanting(id string) stackhand.Request {
	j := job(id, stackhand.JobQueued)
	j.User, j.Place, j.Line, j.Title = stackhand.User{ID: "U0ALICE", Name: "alice"}, stackhand.Place{Channel: "C0TEAMA"}, "create web-1 --flavor m1.large", "Create web-1"
	return stackhand.Request{
		ID: id, State: stackhand.RequestOpen, Job: j, Command: "create", Rule: "large", Why: "it costs", Needed: 1,
		Plan:    []stackhand.Fact{{Name: "Flavor", Value: stackhand.Textf("m1.large: 4 vCPU")}, {Name: "Cost", Value: stackhand.Textf("1.92 a day")}},
		Created: start, Ends: start.Add(72 * time.Hour),
	}
}

// askWorld is a world in which requests are told in #ops as well.
func askWorld(t *testing.T, o sim.Options) *world {
	w := newWorld(t, o)
	w.ask = Approvals{Channel: "C0OPS", Approvers: []string{"U0CAROL"}, Admins: []string{"U0DANA"}}
	return w
}

// tell keeps a request and has it shown, until it is.
func (w *world) tell(r stackhand.Request) {
	w.t.Helper()
	w.mem.ask(r)
	w.bot.Changed(r.ID)
	w.settled(r.ID)
}

func (w *world) settled(id string) {
	w.t.Helper()
	w.until("all is told", func() bool { return !w.bot.Busy() && !w.mem.report(id).Open })
}

// cards are the messages in a channel, outside of threads, as they are now.
func (w *world) cards(channel string) map[string]string {
	out := map[string]string{}
	for _, s := range w.slack.Since(0) {
		if s.User == sim.BotUserID && s.Thread == "" && s.For == "" && (channel == "" || s.Channel == channel) && s.Kind != "ephemeral" {
			out[s.TS] = s.Text
		}
	}
	return out
}

func (w *world) card(channel string) string {
	w.t.Helper()
	all := w.cards(channel)
	if len(all) != 1 {
		w.t.Fatalf("%d cards in %s\n%s", len(all), channel, w.transcript())
	}
	for _, text := range all {
		return text
	}
	return ""
}

// says is what a message says now.
func (w *world) says(ts string) (text string) {
	for _, s := range w.slack.Since(0) {
		if s.TS == ts {
			text = s.Text
		}
	}
	return text
}

// noneTwice holds that nothing was posted twice in a place, and that the asker was told the end.
func (w *world) noneTwice(t *testing.T) {
	t.Helper()
	seen := map[string]string{}
	for _, s := range w.slack.Since(0) {
		if s.Kind != "message" || s.User != sim.BotUserID {
			continue
		}
		what := s.Channel + " " + s.Thread + " card"
		if s.Thread != "" {
			what = s.Channel + " " + s.Thread + " " + strings.Join(strings.Fields(s.Text)[:5], " ")
		}
		if seen[what] != "" {
			t.Errorf("%s: posted twice\n%s", what, w.transcript())
		}
		seen[what] = s.TS
	}
	if n := w.count("message", "(?s)@alice Create web-1 was denied by @carol: no"); n != 1 {
		t.Errorf("the end was told %d times\n%s", n, w.transcript())
	}
}

func match(t *testing.T, text string, patterns ...string) {
	t.Helper()
	for _, p := range patterns {
		if !regexp.MustCompile("(?s)" + p).MatchString(text) {
			t.Errorf("no match for %q in:\n%s", p, text)
		}
	}
}

// Whoever asks is not asked: where the rule names nobody else, or too few, the administrators are.
func TestTheAskerIsNotAsked(t *testing.T) {
	for _, c := range []struct {
		named  []string
		needed int
		own    bool
		want   string
	}{
		{nil, 1, false, "U0CAROL"},
		{[]string{"U0ALICE", "U0ERIN"}, 1, false, "U0ERIN"},
		{[]string{"U0ALICE", "U0ERIN"}, 2, false, "U0ERIN U0DANA"},
		{[]string{"U0ALICE", "S0OPS"}, 2, false, "S0OPS"},
		{[]string{"U0ALICE"}, 1, false, "U0DANA"},
		{[]string{"U0ALICE"}, 1, true, "U0ALICE"},
	} {
		a := asked{req: stackhand.Request{Job: stackhand.Job{User: stackhand.User{ID: "U0ALICE"}}, Approvers: c.named, Needed: c.needed, Own: c.own}}
		a.to = Approvals{Approvers: []string{"U0CAROL"}, Admins: []string{"U0ALICE", "U0DANA"}}
		if got := strings.Join(a.approvers(), " "); got != c.want {
			t.Errorf("%+v: asked %s", c, got)
		}
	}
	w := askWorld(t, sim.Options{}).boot()
	r := wanting("k3v7k3v7")
	w.ask = Approvals{Approvers: []string{"U0ALICE"}, Admins: []string{"U0DANA"}}
	r.Job.Place = stackhand.Place{Channel: "D0ALICE", Direct: true}
	w.tell(r)
	match(t, w.card("D0DANA"), "waits for the approval of @dana", `\[Approve\]`)
}

// What is made, a size and a longer time can be changed by approvers; nothing else can.
func TestWhatIsOfferedToBeChanged(t *testing.T) {
	for want, wishes := range map[bool][][2]string{
		true:  {{"create", flowCreate}, {"resize", "act"}, {"keep", flowLine}},
		false: {{"share", flowLine}, {"keep", flowCreate}, {"delete", "delete"}},
	} {
		for _, w := range wishes {
			a := asked{req: stackhand.Request{State: stackhand.RequestOpen, Command: w[0], Job: stackhand.Job{Flow: w[1]}}}
			if got := slices.ContainsFunc(a.actions(false), func(a stackhand.Action) bool { return a.ID == "change" }); got != want {
				t.Errorf("%v: offered %v", w, got)
			}
		}
	}
}

// TestARequestIsShownInBothPlaces, with all that there is to know, and buttons; the asker's alone can be withdrawn.
func TestARequestIsShownInBothPlaces(t *testing.T) {
	w := askWorld(t, sim.Options{}).boot()
	r := wanting("k3v7k3v7")
	w.tell(r)
	whole := []string{"Create web-1: waits for the approval of @carol", "Flavor: m1.large: 4 vCPU", "Cost: 1.92 a day", "Asked by @alice", "rule large wants an approval: it costs",
		"create web-1 --flavor m1.large", "request k3v7k3v7", `\[Approve\] \[Change…\] \[Deny…\]`}
	match(t, w.card("C0TEAMA"), append(whole, `\[Withdraw\]`)...)
	match(t, w.card("C0OPS"), whole...)
	if strings.Contains(w.card("C0OPS"), "Withdraw") {
		t.Error("approvers cannot withdraw")
	}
	r.Needed, r.Changed, r.Held = 2, []string{"Carol changed it. Cost: 0.96 a day."}, "Alice is not logged in."
	r.Approvals = []stackhand.Approval{{User: "U0CAROL", Approved: true}}
	w.tell(r)
	for _, c := range []string{"C0TEAMA", "C0OPS"} {
		match(t, w.card(c), "1 of 2 approvals so far, by @carol", "Carol changed it", "Alice is not logged in")
	}
	w.see(0, `@alice Carol changed it\. Cost: 0\.96`)
	w.see(0, `@alice Alice is not logged in`)
	r.State, r.Approvals = stackhand.RequestDenied, append(r.Approvals, stackhand.Approval{User: "U0DANA", Why: "too <!channel> *large*"})
	w.tell(r)
	for _, c := range []string{"C0TEAMA", "C0OPS"} {
		match(t, w.card(c), "denied by @dana: too <!channel> .large")
		if strings.Contains(w.card(c), "[Approve]") {
			t.Errorf("%s: still to be decided: %s", c, w.card(c))
		}
	}
	end := w.see(0, `@alice Create web-1 was denied by @dana: too`)
	if end.Channel != "C0TEAMA" || end.Thread == "" || w.posted() != 5 {
		t.Errorf("%d messages\n%s", w.posted(), w.transcript())
	}
	for _, s := range w.slack.Calls() {
		if strings.Contains(fmt.Sprint(s), "<!channel>") {
			t.Errorf("a mention got through: %v", s)
		}
	}
}

// TestTheCardBecomesTheJobs, as the same message and the same thread; the copy says what came of it, and where.
func TestTheCardBecomesTheJobs(t *testing.T) {
	w := askWorld(t, sim.Options{}).boot()
	r := wanting("k3v7k3v7")
	w.tell(r)
	before := w.mem.report(r.ID)
	r.State, r.Approvals = stackhand.RequestApproved, []stackhand.Approval{{User: "U0CAROL", Approved: true}}
	w.tell(r)
	match(t, w.card("C0TEAMA"), "approved by @carol; it begins now")
	j := r.Job
	j.State, j.Started, j.Approvals, j.Stacks = stackhand.JobRunning, time.Now(), r.Approvals, []string{r.ID + "-1"}
	j.Steps = []stackhand.JobStep{{Name: "server", Title: "Server web-1", State: stackhand.StepRunning}}
	w.mem.put(j)
	w.bot.Changed(r.ID)
	w.see(0, "approved by @carol; job k3v7k3v7 is at work")
	w.finish(r.ID)
	w.settled(r.ID)
	match(t, w.card("C0TEAMA"), "Create web-1: done", "203.0.113.5", "approved by @carol", `\[Reboot\]`)
	match(t, w.card("C0OPS"), "approved by @carol\n.*Create web-1: done", `its card \(http.*/archives/C0TEAMA/p[0-9]+\)`, "Cost: 1.92 a day")
	rep := w.mem.report(r.ID)
	final := w.see(0, `@alice web-1 ACTIVE 203`)
	if rep.Card.TS != before.Card.TS || final.Thread != rep.Card.TS || w.count("message", "") != 4 {
		t.Errorf("%+v\n%s", rep, w.transcript())
	}
}

// TestARequestInAThread has its card there, which becomes the list of steps.
func TestARequestInAThread(t *testing.T) {
	w := askWorld(t, sim.Options{})
	w.ask.Channel = ""
	w.boot()
	root := w.see(w.typed("bob", "#team-a", "", "hello"), "hello")
	r := wanting("k3v7k3v7")
	r.Job.Place.Thread = root.TS
	w.tell(r)
	card := w.see(0, "waits for the approval of @carol")
	if card.Thread != root.TS || w.posted() != 1 {
		t.Fatal(w.transcript())
	}
	r.State, r.Approvals = stackhand.RequestApproved, []stackhand.Approval{{User: "U0CAROL", Approved: true}}
	w.mem.ask(r)
	j := r.Job
	j.State, j.Approvals, j.Stacks = stackhand.JobRunning, r.Approvals, []string{r.ID + "-1"}
	j.Steps = []stackhand.JobStep{{Name: "server", Title: "Server web-1", State: stackhand.StepRunning}}
	w.mem.put(j)
	w.finish(r.ID)
	w.settled(r.ID)
	if now := w.says(card.TS); !strings.Contains(now, "Steps of Create web-1") || strings.Contains(now, "[Approve]") || w.posted() != 2 {
		t.Errorf("%s\n%s", now, w.transcript())
	}
}

// TestNowhereToAsk brings the request to the approvers directly, where the bot cannot write or nobody else reads: to each
// person, and to those in a group, but not to the asker.
func TestNowhereToAsk(t *testing.T) {
	for name, set := range map[string]func(w *world, r *stackhand.Request){
		"the channel does not let the bot in": func(w *world, _ *stackhand.Request) { w.ask.Channel = "C0RANDOM" },
		"asked in a direct message": func(w *world, r *stackhand.Request) {
			w.ask.Channel = ""
			dm := w.see(w.typed("alice", "@stackhand", "", "list"), "web-1").Channel
			r.Job.Place = stackhand.Place{Channel: dm, Direct: true}
		},
		"asked where the bot cannot write": func(w *world, r *stackhand.Request) { w.ask.Channel, r.Job.Place.Channel = "", "C0RANDOM" },
	} {
		t.Run(name, func(t *testing.T) {
			w := askWorld(t, sim.Options{}).boot()
			w.ask.Approvers = []string{"S0OPS", "U0BOB", "U0ALICE"} // carol and dana are in S0OPS
			r := wanting("k3v7k3v7")
			set(w, &r)
			w.tell(r)
			rep := w.mem.report(r.ID)
			for _, who := range []string{"U0CAROL", "U0BOB"} {
				c := copyOf(rep, keyDirect+who)
				match(t, w.says(c.TS), "waits for the approval of @ops", `\[Approve\]`)
			}
			if copyOf(rep, keyDirect+"U0ALICE").Key != "" {
				t.Error("the asker is asked")
			}
			r.State = stackhand.RequestEnded
			w.tell(r)
			for _, who := range []string{"U0CAROL", "U0BOB"} {
				match(t, w.says(copyOf(rep, keyDirect+who).TS), "nobody decided until")
			}
			w.see(0, "@alice Nobody decided about Create web-1")
		})
	}
}

// TestRemindedAndEscalated each once, however often it is looked at: approvers below the cards, administrators directly.
func TestRemindedAndEscalated(t *testing.T) {
	w := askWorld(t, sim.Options{}).boot()
	r := wanting("k3v7k3v7")
	w.tell(r)
	r.Reminded = w.now()
	for range 2 {
		w.tell(r)
	}
	if n := w.count("message", `@carol: Create web-1 of @alice waits for a decision since`); n != 2 {
		t.Errorf("reminded in %d places\n%s", n, w.transcript())
	}
	r.Escalated = start.Add(24 * time.Hour)
	for range 2 {
		w.tell(r)
	}
	if n := w.count("message", "waits for a decision since"); n != 2 {
		t.Errorf("who was not asked then is reminded: %d", n)
	}
	dana := copyOf(w.mem.report(r.ID), keyDirect+"U0DANA")
	match(t, w.says(dana.TS), "waits for the approval", `\[Deny…\]`)
	if n := w.count("message", `@alice Nobody has decided about Create web-1 since.*administrators are asked`); n != 1 {
		t.Errorf("the asker is told %d times", n)
	}
	r.State, r.Note = stackhand.RequestWithdrawn, "Alice withdrew it."
	w.tell(r)
	match(t, w.says(dana.TS), "withdrawn. Alice withdrew it")
}

// A request that was decided before anybody was asked asks nobody; the asker is told all the same.
func TestDecidedBeforeItIsShown(t *testing.T) {
	w := askWorld(t, sim.Options{}).boot()
	r := wanting("k3v7k3v7")
	r.State, r.Note = stackhand.RequestWithdrawn, "Alice withdrew it."
	w.tell(r)
	if len(w.cards("C0OPS")) != 0 || w.posted() != 2 {
		t.Error(w.transcript())
	}
}

// TestACardThatWasDeleted is posted anew where it was asked, and not in another place: that does not need it.
func TestACardThatWasDeleted(t *testing.T) {
	w := askWorld(t, sim.Options{}).boot()
	r := wanting("k3v7k3v7")
	w.tell(r)
	rep := w.mem.report(r.ID)
	for _, p := range []stackhand.Posted{rep.Card, copyOf(rep, keyChannel).Posted} {
		w.remove(sim.Shown{Channel: p.Channel, TS: p.TS})
	}
	r.Changed = []string{"Carol changed it."}
	w.tell(r)
	match(t, w.says(w.mem.report(r.ID).Card.TS), "Carol changed it", `\[Approve\]`)
	r.State = stackhand.RequestEnded
	w.tell(r)
}

// TestCrashAtEveryMessageOfARequest kills the program at every message and edit, before and after it took effect, and
// expects every message exactly once after the restart.
func TestCrashAtEveryMessageOfARequest(t *testing.T) {
	for _, after := range []bool{false, true} {
		for n := 1; ; n++ {
			w := askWorld(t, sim.Options{Relaxed: true})
			d := w.doomed(n, after)
			r := wanting("k3v7k3v7")
			steps := []func(){
				func() {}, func() { r.Changed = []string{"Carol changed it. Cost: less."} }, func() { r.Reminded, r.Escalated = start, start },
				func() {
					r.State, r.Approvals = stackhand.RequestDenied, []stackhand.Approval{{User: "U0CAROL", Why: "no"}}
				},
			}
			for _, step := range steps {
				step()
				w.mem.ask(r)
				w.bot.Changed(r.ID)
				w.until("told, or dead", func() bool { return d.died.Load() || !w.bot.Busy() && !w.mem.report(r.ID).Open })
				if d.died.Load() {
					break
				}
			}
			survived := !d.died.Load()
			w.reboot()
			w.settled(r.ID)
			for _, step := range steps {
				step()
			}
			w.tell(r)
			w.noneTwice(t)
			for _, text := range w.cards("") {
				if !strings.Contains(text, "denied by @carol: no") {
					t.Errorf("call %d after=%v: %s", n, after, text)
				}
			}
			w.kill()
			if t.Failed() {
				return
			}
			if survived {
				if n < 10 {
					t.Errorf("only %d calls", n)
				}
				break
			}
		}
	}
}
