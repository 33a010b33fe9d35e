package bot

import (
	"strings"
	"testing"
	"time"

	"github.com/stackhand/stackhand"
	sim "github.com/stackhand/stackhand/internal/sim/slack"
	"github.com/stackhand/stackhand/internal/sim/slack/blockkit"
)

// posted counts the messages of the bot that stay.
func (w *world) posted() int { return w.count("message", "") }

func TestABriefJobIsACardAndAFinalReply(t *testing.T) {
	w := newWorld(t, sim.Options{}).boot()
	mark := w.typed("alice", "#team-a", "", "/stack stop web-1")
	card := w.see(mark, `(?s)Stop web-1: in progress.*⏳ Stop web-1`)
	w.change(w.lastJob(), func(j *stackhand.Job) {
		rest(j)
		j.Notes = []string{"web-1 was stopped already."}
	})
	final := w.see(mark, `(?s)alice.*Stop web-1: done.*was stopped already`)
	w.see(mark, `(?s)Stop web-1: done.*asked by alice`)
	w.until("idle", func() bool { return !w.bot.Busy() })
	if final.Thread != card.TS || w.posted() != 2 {
		t.Errorf("final in thread %q of %q, %d messages\n%s", final.Thread, card.TS, w.posted(), w.transcript())
	}
	if rep := w.mem.report(w.lastJob()); rep.Open || !rep.Later.IsZero() {
		t.Errorf("the report: %+v", rep)
	}
}

func TestABriefJobInAThread(t *testing.T) {
	w := newWorld(t, sim.Options{}).boot()
	root := w.see(w.typed("bob", "#team-a", "", "hello"), "hello")
	mark := w.typed("alice", "#team-a", root.TS, "@stackhand stop web-1")
	status := w.see(mark, `(?s)Stop web-1: in progress.*⏳ Stop web-1`)
	w.change(w.lastJob(), rest)
	w.see(mark, `alice.*Stop web-1: done`)
	w.until("idle", func() bool { return !w.bot.Busy() })
	if status.Thread != root.TS || w.posted() != 2 {
		t.Errorf("%d messages\n%s", w.posted(), w.transcript())
	}
	if last := w.last(status.TS); !strings.Contains(last, "Stop web-1: done") || strings.Contains(last, "✓") {
		t.Errorf("one line is enough in the end: %s", last)
	}
}

// Of a brief job that is over before anything was posted there is only the end in a thread.
func TestABriefJobThatIsOverAtOnceSaysOneThing(t *testing.T) {
	j := job("k3v7k3v7", stackhand.JobDone, stackhand.JobStep{Name: "do", Title: "Lock web-1", State: stackhand.StepDone})
	j.Flow, j.Title = "act", "Lock web-1"
	j.Place.Thread = "1.2"
	s := shown{job: j, now: start}
	rep := stackhand.Report{Job: j.ID, Open: true}
	o := nextOp(s, rep)
	if o == nil || o.part != partFinal {
		t.Fatalf("first: %+v", o)
	}
	rep.Final, rep.FinalOf = stackhand.Posted{TS: "1.3", Hash: o.hash}, o.of
	if o := nextOp(s, rep); o != nil {
		t.Errorf("then: %+v", o)
	}
	j.State = stackhand.JobRunning
	if o := nextOp(shown{job: j, now: start}, stackhand.Report{Job: j.ID}); o == nil || o.part != partSteps || !o.hold {
		t.Errorf("while it runs: %+v", o)
	}
}

func TestAnOfferStandsUntilItIsTaken(t *testing.T) {
	w := newWorld(t, sim.Options{}).boot()
	mark, final := w.resized("web-1", time.Hour)
	if !strings.Contains(final.Text, "There is time for this until") {
		t.Errorf("no end is told: %s", final.Text)
	}
	first := w.lastJob()
	w.until("idle", func() bool { return !w.bot.Busy() })
	if rep := w.mem.report(first); rep.Open || rep.Later.IsZero() {
		t.Errorf("the report: %+v", rep)
	}
	if err := w.slack.ClickValue("bob", "choose", "fail"); err != nil { // what does not begin anything takes nothing away
		t.Fatal(err)
	}
	w.see(mark, "Something went wrong")
	if err := w.slack.ClickValue("alice", "choose", "lock web-1"); err != nil {
		t.Fatal(err)
	}
	w.until("the offers are gone", func() bool { return w.last(final.TS) != "" && !strings.Contains(w.last(final.TS), "[Confirm]") })
	w.until("idle", func() bool { return !w.bot.Busy() })
	if rep := w.mem.report(first); rep.Open || !rep.Later.IsZero() {
		t.Errorf("the report: %+v", rep)
	}
	if strings.Contains(w.last(final.TS), "[fail]") || !strings.Contains(w.last(final.TS), "Resize web-1: done") {
		t.Errorf("what is left: %s", w.last(final.TS))
	}
	lock := w.see(mark, "Lock web-1: in progress")
	if lock.Thread != final.Thread {
		t.Errorf("told in thread %q", lock.Thread)
	}
}

// An offer ends with its time, also when the bot was not there then.
func TestAnOfferEndsWithItsTime(t *testing.T) {
	for _, restart := range []bool{false, true} {
		w := newWorld(t, sim.Options{}).boot()
		_, final := w.resized("web-1", time.Hour)
		w.until("idle", func() bool { return !w.bot.Busy() })
		if restart {
			w.kill()
		}
		w.forward(2 * time.Hour)
		if restart {
			w.boot()
		}
		w.until("the offers are gone", func() bool { return w.last(final.TS) != "" && !strings.Contains(w.last(final.TS), "[Confirm]") })
		w.until("no later look", func() bool { return w.mem.report(w.lastJob()).Later.IsZero() })
	}
}

// resized carries a resize of a server out, with offers at its end.
func (w *world) resized(name string, window time.Duration) (mark int, final sim.Shown) {
	w.t.Helper()
	mark = w.typed("alice", "#team-a", "", "/stack resize "+name)
	w.see(mark, "in progress")
	w.change(w.lastJob(), func(j *stackhand.Job) {
		rest(j)
		until := w.now().Add(window)
		j.Offers = []stackhand.Offer{{Line: "lock " + name, Label: "Confirm", Until: until}, {Line: "fail", Label: "fail", Danger: true, Until: until}}
	})
	final = w.see(mark, `(?s)alice.*Resize web-1: done.*\[Confirm\]`)
	return mark, final
}

// last is what the edits of a message came to, "" while there are none.
func (w *world) last(ts string) (text string) {
	for _, s := range w.slack.Since(0) {
		if s.TS == ts && s.Kind == "update" {
			text = s.Text
		}
	}
	return text
}

func TestOffersAreValidBlocks(t *testing.T) {
	j := job("k3v7k3v7", stackhand.JobDone)
	j.Flow = "act"
	for _, label := range []string{"Confirm", "Revert", strings.Repeat("long ", 30)} {
		j.Offers = append(j.Offers, stackhand.Offer{Line: "resize web-1 --" + label, Label: label, Danger: true})
	}
	j.Offers = append(j.Offers, stackhand.Offer{Line: "x", Label: "over", Until: start})
	s := shown{job: j, now: start}
	m := s.final().message()
	valid(t, blockkit.Message, m)
	if got := buttonIDs(t, m); len(got) != 3 {
		t.Errorf("buttons %v", got)
	}
	if !strings.Contains(string(mustJSON(t, m.Blocks)), `"block_id":"job-k3v7k3v7-`) || jobOf("job-k3v7k3v7-2-0") != "k3v7k3v7" || jobOf("actions-2-0") != "" || jobOf("job-x-1") != "" {
		t.Error("the blocks do not tell the job")
	}
	if n := len(buttonIDs(t, s.card().message())); n != 0 {
		t.Errorf("%d offers on the card", n)
	}
}

// Nobody waits for a quiet job: nothing is said while it goes on, its good end mentions nobody, and of a bad one whoever
// began it tells.
func TestAQuietJob(t *testing.T) {
	j := job("k3v7k3v7", stackhand.JobRunning, stackhand.JobStep{Name: "do", Title: "Stop web-1", State: stackhand.StepRunning})
	j.Flow, j.Title, j.Quiet, j.Place.Thread = "act", "Stop web-1 (its schedule)", true, "1.2"
	rep := stackhand.Report{Job: j.ID, Open: true}
	if o := nextOp(shown{job: j, now: start}, rep); o != nil {
		t.Errorf("while it is at work: %+v", o)
	}
	j.State = stackhand.JobFailed
	if o := nextOp(shown{job: j, now: start}, rep); o != nil {
		t.Errorf("it failed: %+v", o)
	}
	j.State = stackhand.JobDone
	o := nextOp(shown{job: j, now: start}, rep)
	if o == nil || o.part != partFinal || strings.Contains(o.msg.Text, "<@") || !strings.Contains(o.msg.Text, "Stop web-1 (its schedule)*: done") {
		t.Errorf("it is done: %+v", o)
	}
	j.Own = true
	if o := nextOp(shown{job: j, now: start}, rep); strings.Contains(o.msg.Text, "<@") {
		t.Errorf("what a schedule does: %+v", o)
	}
	j.Flow = "delete" // a lease's end that comes after all, once the owner had heard that it failed
	if o := nextOp(shown{job: j, now: start}, rep); !strings.Contains(o.msg.Text, "<@U0ALICE>") {
		t.Errorf("a lease's end: %+v", o)
	}
}

// A button that was taken goes from the end of a job of the ladder; that of a create stays as it was, since it tells of servers.
func TestATakenOfferGoesFromTheEnd(t *testing.T) {
	for flow, want := range map[string]bool{"ladder": true, "act": true, "create": false} {
		j := job("k3v7k3v7", stackhand.JobDone, stackhand.JobStep{Name: "do", Title: "Lease", State: stackhand.StepDone})
		j.Flow, j.Offers = flow, []stackhand.Offer{{Line: "restore web-1", Label: "Restore"}}
		s := shown{job: j, now: time.Now()}
		rep := stackhand.Report{Job: j.ID, FinalOf: string(j.State)}
		rep.Card.TS, rep.Steps.TS, rep.Final = "1.0", "1.1", stackhand.Posted{TS: "1.2", Hash: s.final().message().hash()}
		j.Offers = nil
		s.job = j
		op := nextOp(s, rep)
		if got := op != nil && op.part == partFinal && op.method == "chat.update"; got != want {
			t.Errorf("%s: edited %v, want %v", flow, got, want)
		}
	}
}

// Who stops a server reads how it runs again, and until when; not once it does, and not of what a schedule stops each day.
func TestWhatIsStoppedCanBeStartedAgain(t *testing.T) {
	now := time.Date(2026, 11, 30, 12, 0, 0, 0, time.UTC)
	base := func() shown {
		j := job("k3v7k3v7", stackhand.JobDone)
		j.Flow, j.Title = "act", "Stop web-1"
		st := stackhand.Stack{ID: "s-1", Name: "web-1", State: stackhand.StackReady, Status: "SHUTOFF", Lease: stackhand.Lease{Until: now.Add(time.Hour)}}
		return shown{job: j, now: now, stacks: []stackhand.Stack{st}}
	}
	for name, edit := range map[string]func(*shown){
		"stopped":     func(*shown) {},
		"it runs":     func(s *shown) { s.stacks[0].Status = "" },
		"by schedule": func(s *shown) { s.job.Quiet = true },
		"renamed":     func(s *shown) { s.job.Title = "Rename web-1" },
		"over":        func(s *shown) { s.stacks[0].Lease.Until = now },
		"failed":      func(s *shown) { s.job.State = stackhand.JobFailed },
		"deleted":     func(s *shown) { s.stacks[0].State = stackhand.StackGone },
	} {
		s := base()
		edit(&s)
		said := strings.Contains(s.final().message().Text, "It can be started again. Its time goes on all the same, until ")
		if said != (name == "stopped") {
			t.Errorf("%s: %s", name, s.final().message().Text)
		}
		last := s.final()[len(s.final())-1].Actions
		if offered := len(last) > 0 && last[0].ID == "start" && last[0].Value == "s-1"; offered != said {
			t.Errorf("%s: %+v", name, last)
		}
	}
}
