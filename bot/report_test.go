package bot

import (
	"context"
	"fmt"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stackhand/stackhand"
	sim "github.com/stackhand/stackhand/internal/sim/slack"
)

func TestJobIsToldByACardAThreadAndOneFinalReply(t *testing.T) {
	w := newWorld(t, sim.Options{}).boot()
	mark := w.typed("alice", "#team-a", "", "/stack create web-1")
	card := w.see(mark, "Create web-1: in progress")
	if card.Kind != "message" || card.Channel != "C0TEAMA" || card.Thread != "" {
		t.Errorf("the card: %+v", card)
	}
	steps := w.see(mark, "Steps of Create web-1")
	if steps.Thread != card.TS {
		t.Errorf("the steps are in thread %q", steps.Thread)
	}
	w.finish(w.lastJob())
	final := w.see(mark, "alice.* web-1 ACTIVE 203.0.113.5")
	w.until("idle", func() bool { return !w.bot.Busy() })
	if final.Thread != card.TS || !strings.Contains(final.Raw, "<@U0ALICE>") {
		t.Errorf("the final reply: %+v", final)
	}
	w.onceEach(t)
	if rep := w.mem.report(w.lastJob()); rep.Open || rep.FinalOf != "done" {
		t.Errorf("the report: %+v", rep)
	}
	if got := w.see(mark, "(?s)Create web-1: done.*203.0.113.5.*Reboot.*Extend.*Delete"); got.Kind != "update" || got.TS != card.TS {
		t.Errorf("the card was not edited: %+v", got)
	}
	w.see(w.clicked("alice", "reboot"), "did reboot 6f1c")
}

// onceEach checks that a job's messages were posted once each.
func (w *world) onceEach(t *testing.T) {
	t.Helper()
	for _, c := range []struct{ what, pattern string }{
		{"card", "asked by alice"}, {"steps", "Steps of Create web-1"}, {"final", "(?s)alice.* web-1 ACTIVE.*ssh ubuntu@"},
	} {
		if n := w.count("message", c.pattern); n != 1 {
			t.Errorf("%s: posted %d times\n%s", c.what, n, w.transcript())
		}
	}
}

func TestJobTypedInAThreadStaysThere(t *testing.T) {
	w := newWorld(t, sim.Options{}).boot()
	root := w.see(w.typed("bob", "#team-a", "", "hello"), "hello")
	mark := w.typed("alice", "#team-a", root.TS, "@stackhand create web-1")
	steps := w.see(mark, "Steps of Create web-1")
	w.finish(w.lastJob())
	final := w.see(mark, "web-1 ACTIVE")
	w.until("idle", func() bool { return !w.bot.Busy() })
	if steps.Thread != root.TS || final.Thread != root.TS {
		t.Errorf("told in %q and %q instead of %q", steps.Thread, final.Thread, root.TS)
	}
	if n := w.count("message", "asked by"); n != 0 {
		t.Errorf("%d cards", n)
	}
}

func TestWhereTheBotCannotWriteItGoesOnDirectly(t *testing.T) {
	w := newWorld(t, sim.Options{}).boot()
	mark := w.typed("alice", "#random", "", "/stack create web-1")
	told := w.see(mark, "I cannot write in that channel")
	if told.Kind != "ephemeral" || told.Channel != "C0RANDOM" || !strings.Contains(told.Text, "/invite @") {
		t.Errorf("told as %+v", told)
	}
	w.finish(w.lastJob())
	final := w.see(mark, "web-1 ACTIVE 203.0.113.5")
	w.until("idle", func() bool { return !w.bot.Busy() })
	if !strings.HasPrefix(final.Channel, "D") {
		t.Errorf("the end was told in %s", final.Channel)
	}
	w.onceEach(t)
}

func TestFailureOffersButtons(t *testing.T) {
	w := newWorld(t, sim.Options{}).boot()
	mark := w.typed("alice", "#team-a", "", "/stack create web-1")
	id := w.lastJob()
	w.see(mark, "Steps of")
	j, err := w.mem.Job(context.Background(), id)
	if err != nil {
		t.Fatal(err)
	}
	j.State, j.Ended, j.Steps[0].State = stackhand.JobUndone, time.Now(), stackhand.StepFailed
	j.Problem = &stackhand.Problem{Kind: stackhand.Quota, Msg: "No room for more servers.", Step: "server", Next: "Delete one."}
	w.mem.put(j)
	w.bot.Changed(id)
	final := w.see(mark, "(?s)alice.*failed.*everything it made is removed.*No room for more servers.*Delete one.*Retry")
	w.until("idle", func() bool { return !w.bot.Busy() })
	w.see(w.clicked("alice", "retry"), "did retry "+id)
	j.RetriedAs = "other"
	w.mem.put(j)
	w.bot.Changed(id)
	w.until("the buttons are gone", func() bool {
		for _, s := range w.slack.Since(mark) {
			if s.TS == final.TS && s.Kind == "update" && !strings.Contains(s.Text, "[Retry]") {
				return true
			}
		}
		return false
	})
}

func TestACardFollowsItsServer(t *testing.T) {
	w := newWorld(t, sim.Options{}).boot()
	mark := w.typed("alice", "#team-a", "", "/stack create web-1")
	id := w.lastJob()
	w.finish(id)
	w.see(mark, "(?s)Create web-1: done.*Delete")
	w.until("idle", func() bool { return !w.bot.Busy() })
	st, err := w.mem.Stack(context.Background(), id+"-1")
	if err != nil {
		t.Fatal(err)
	}
	st.State = stackhand.StackGone
	del := job("del00001", stackhand.JobDone)
	del.Flow, del.Title, del.Stacks, del.Place.Thread = "delete", "Delete web-1", []string{st.ID}, w.mem.report(id).Card.TS
	w.mem.put(del, st)
	w.bot.Changed(del.ID)
	w.see(mark, "alice.*web-1 is deleted")
	got := w.see(mark, "(?s)Create web-1: done.*web-1 is deleted")
	if strings.Contains(got.Text, "[Delete]") {
		t.Errorf("a deleted server has buttons: %s", got.Text)
	}
}

func TestProgressIsCoalesced(t *testing.T) {
	w := newWorld(t, sim.Options{}).boot()
	mark := w.typed("alice", "#team-a", "", "/stack create web-1")
	id := w.lastJob()
	w.see(mark, "Steps of")
	for i := range 400 {
		j, err := w.mem.Job(context.Background(), id)
		if err != nil {
			t.Fatal(err)
		}
		j.Steps[0].Attempt = i + 1
		w.mem.put(j)
		w.bot.Changed(id)
	}
	w.see(mark, "try 400")
	if edits := w.calls("chat.update"); edits > 4 {
		t.Errorf("%d edits for 400 changes", edits)
	}
}

func TestManyJobsAreAllTold(t *testing.T) {
	t.Parallel() // it waits most of the time
	w := newWorld(t, sim.Options{}).boot()
	channels := []string{"#team-a", "#team-b", "#ops"}
	for i := range 9 {
		w.typed("alice", channels[i%3], "", "/stack create web-1")
	}
	w.until("nine jobs", func() bool { return w.done("alice create web-1") == 9 })
	w.mem.mu.Lock()
	var ids []string
	for id := range w.mem.jobs {
		ids = append(ids, id)
	}
	w.mem.mu.Unlock()
	for _, id := range ids {
		w.finish(id)
	}
	w.until("all told", func() bool { return w.count("message", "(?s)web-1 ACTIVE.*ssh ubuntu@") == 9 && !w.bot.Busy() })
}

// Whatever is to be told, only so many calls are begun as Slack takes: how close together they arrive is not in our hands.
func TestNoMoreIsBegunThanTheRatesAllow(t *testing.T) {
	r := newReporter(&Bot{web: &web{limit: newLimiter(0.001)}}) // with windows of more than an hour
	for i := range 9 {
		for _, channel := range []string{"C1", "C2"} {
			task := r.of(fmt.Sprint(channel, i))
			task.planned, task.next = true, &op{part: partCard, method: "chat.postMessage", channel: channel}
		}
	}
	begun := map[string]int{}
	for {
		task, wait := r.pick()
		if task == nil {
			if wait <= 0 {
				t.Errorf("it waits %s", wait)
			}
			break
		}
		begun[task.next.channel]++
	}
	if begun["C1"] != postBurst || begun["C2"] != postBurst {
		t.Errorf("begun %v", begun)
	}
}

func TestNoticesGoToBothPlacesOnce(t *testing.T) {
	w := newWorld(t, sim.Options{})
	w.boot()
	n := stackhand.Notice{ID: "n1", User: "U0ALICE", Place: stackhand.Place{Channel: "C0TEAMA"},
		Text: stackhand.Textf("web-1 ends soon"), Actions: []stackhand.Action{{ID: "extend", Label: "Extend", Value: "web-1"}}}
	w.mem.mu.Lock()
	w.mem.notices["n1"] = n
	w.mem.mu.Unlock()
	w.bot.Noticed()
	if !w.bot.Busy() {
		t.Error("not busy with a notice to deliver")
	}
	w.until("delivered", func() bool { return w.notice("n1").Problem == "" && !w.notice("n1").Delivered.IsZero() })
	w.until("idle", func() bool { return !w.bot.Busy() })
	if n := w.count("message", "web-1 ends soon"); n != 2 {
		t.Errorf("%d messages instead of two", n)
	}
	got := w.see(w.clicked("alice", "extend"), "did extend web-1")
	if got.Text == "" {
		t.Error("no answer")
	}
}

// What is sent late, or was written while the clock was ahead, says what is so now.
func TestALateNoticeIsWordedAnew(t *testing.T) {
	w := newWorld(t, sim.Options{})
	w.renew = func(_ context.Context, n *stackhand.Notice) error {
		n.Text = stackhand.Textf("%s, as it is now", n.ID)
		return nil
	}
	for id, age := range map[string]time.Duration{"old": 6 * time.Minute, "new": 4 * time.Minute, "ahead": -30 * time.Hour} {
		w.mem.notices[id] = stackhand.Notice{ID: id, User: "U0BOB", Text: stackhand.Textf("%s, as it was", id), Created: time.Now().Add(-age)}
	}
	w.boot()
	w.until("delivered", func() bool {
		return !w.notice("old").Delivered.IsZero() && !w.notice("new").Delivered.IsZero() && !w.notice("ahead").Delivered.IsZero()
	})
	if w.count("message", "old, as it is now") != 1 || w.count("message", "ahead, as it is now") != 1 || w.count("message", "new, as it was") != 1 || w.notice("old").Text.String() != "old, as it is now" {
		t.Errorf("%+v", w.mem.notices)
	}
}

func (w *world) notice(id string) stackhand.Notice {
	w.mem.mu.Lock()
	defer w.mem.mu.Unlock()
	return w.mem.notices[id]
}

func TestANoticeThatNobodyTakesIsKeptWithItsReason(t *testing.T) {
	w := newWorld(t, sim.Options{})
	w.mem.notices["n1"] = stackhand.Notice{ID: "n1", User: "U0NOBODY", Place: stackhand.Place{Channel: "C0GONE"}, Text: stackhand.Textf("x")}
	w.mem.notices["n2"] = stackhand.Notice{ID: "n2", User: "U0BOB", Place: stackhand.Place{Channel: "C0GONE"}, Text: stackhand.Textf("only directly")}
	w.boot()
	w.until("tried", func() bool { return w.notice("n1").Tries == 1 && !w.notice("n2").Delivered.IsZero() })
	n := w.notice("n1")
	if !n.Delivered.IsZero() || n.Problem == "" || !n.NotBefore.After(time.Now()) {
		t.Errorf("kept as %+v", n)
	}
	if w.count("message", "only directly") != 1 {
		t.Error("the second was not told directly")
	}
}

// What was put off while Slack was away is told as soon as it is back, and not when its next try would have come.
func TestNoticesAreTriedWhenSlackIsBack(t *testing.T) {
	w := newWorld(t, sim.Options{})
	w.mem.notices["n1"] = stackhand.Notice{ID: "n1", User: "U0BOB", Text: stackhand.Textf("web-1 ends"), Tries: 5, NotBefore: w.now().Add(time.Hour)}
	w.boot()
	w.until("put off", func() bool { return !w.bot.Busy() })
	if err := w.slack.Fault("away"); err != nil {
		t.Fatal(err)
	}
	w.until("no connection", func() bool { n, _, _ := w.bot.Health(); return n == 0 })
	if w.count("message", "web-1 ends") != 0 {
		t.Fatal("told before its time")
	}
	if err := w.slack.Fault("back"); err != nil {
		t.Fatal(err)
	}
	w.until("told", func() bool { return w.count("message", "web-1 ends") == 1 })
}

func TestHomeShowsServers(t *testing.T) {
	w := newWorld(t, sim.Options{}).boot()
	mark := w.slack.Mark()
	if err := w.slack.OpenHome("alice"); err != nil {
		t.Fatal(err)
	}
	w.see(mark, "You have none")
	st := readyStack("k3v9")
	w.mem.put(job("k3v9", stackhand.JobDone), st)
	w.see(w.clicked("alice", "refresh"), "(?s)web-1 ACTIVE 203.0.113.5.*Reboot")
	got := w.see(w.clicked("alice", "extend"), "did extend 6f1c")
	if !strings.HasPrefix(got.Channel, "D") {
		t.Errorf("answered in %s", got.Channel)
	}
}

// What was planned before a call may be what that call did: the job is looked at anew first, at once, and all that time the bot is busy. What
// was planned since is done, though the job has changed once more: one that changes all the time would be told of never.
func TestNothingIsDoneThatWasPlannedBeforeACall(t *testing.T) {
	r := newReporter(&Bot{})
	task := r.of("j1")
	task.next = &op{part: partCard, method: "chat.update", channel: "C1", ts: "1.1"}
	task.dirty = true
	soonest := time.Minute
	if r.best(nil, &soonest) != nil || soonest != 0 {
		t.Errorf("done though the call before may have done it; looked at in %s", soonest)
	}
	task.planned = true
	if r.best(nil, &soonest) != task {
		t.Error("what is planned is not done")
	}
	task.next = nil
	if len(r.due()) != 1 || !r.busy() {
		t.Error("idle while a job is looked at")
	}
}

func TestAJobThatChangesAllTheTimeIsTold(t *testing.T) {
	w := newWorld(t, sim.Options{Relaxed: true})
	var calm atomic.Bool
	w.trip = func(over string) {
		if id, ok := strings.CutPrefix(over, "look at "); ok && !calm.Load() {
			w.bot.Changed(id)
		}
	}
	w.boot()
	w.see(w.typed("alice", "#team-a", "", "/stack create web-1"), "Steps of Create web-1")
	calm.Store(true)
	w.until("idle", func() bool { return !w.bot.Busy() })
	if n := w.count("message", "Steps of Create web-1"); n != 1 {
		t.Errorf("%d messages of steps", n)
	}
}

// A job that was purged before its messages were to change is forgotten, and not looked at for ever.
func TestAPurgedJobIsForgotten(t *testing.T) {
	w := newWorld(t, sim.Options{Relaxed: true}).boot()
	gone := &task{id: "gone", wake: w.now()}
	if next, open, err := w.bot.reporter.plan(t.Context(), gone); next != nil || open || err != nil || !gone.wake.IsZero() {
		t.Errorf("%v, open %v, %v, to be looked at again at %s", next, open, err, gone.wake)
	}
}

// The elapsed time of a step that runs goes on, at the pace of the edits.
func TestTheTimeOfARunningStepGoesOn(t *testing.T) {
	t.Parallel() // it waits most of the time
	w := newWorld(t, sim.Options{Relaxed: true}).boot()
	mark := w.typed("alice", "#team-a", "", "/stack create web-1")
	w.see(mark, "Steps of Create web-1")
	w.change(w.lastJob(), func(j *stackhand.Job) { j.Steps[0].Started = time.Now() })
	first := w.see(mark, `Server web-1 · running, \d`)
	w.until("another time", func() bool {
		w.bot.reporter.tick() // it comes every quarter of a minute
		w.bot.reporter.poke()
		now := w.last(first.TS)
		return now != first.Text && strings.Contains(now, "Server web-1 · running, ")
	})
	if n := w.count("message", "Steps of Create web-1"); n != 1 {
		t.Errorf("%d messages of steps", n)
	}
}
