package bot

import (
	"context"
	"strconv"
	"time"

	"github.com/stackhand/stackhand"
)

// partKey names one of a job's messages.
type partKey string

const (
	partCard  partKey = "card"
	partSteps partKey = "steps"
	partFinal partKey = "final"
)

// op is the next call for a job's messages.
type op struct {
	part    partKey
	class   int // lower goes first: what ends a wait before what tells of progress
	method  string
	channel string
	thread  string
	ts      string // of the message to edit; "" posts
	pause   bool   // keeps its distance to the last edit of the same job
	hold    bool   // is soon to change: a moment's wait saves an edit
	msg     message
	hash    string
	of      string   // for the final reply, the state that it tells
	user    string   // whose direct conversation is the channel, where that is not known yet
	invite  []string // who is to get direct messages; nothing is sent yet
}

// place is what the limiter counts by.
func (o *op) place() string {
	if o.method == "chat.postMessage" {
		return o.method + " " + o.channel
	}
	return o.method
}

// Classes of ops.
const (
	classFinal    = iota // messages that are missing of a job that rests
	classFirst           // the card of a new job
	classSteps           // its steps
	classEnd             // edits that show the end of a job
	classState           // edits that show a state
	classProgress        // edits that show progress
)

// plan reads a job and its report and finds the next thing to do; nil is nothing. Open
// tells whether there will be more by itself.
func (r *reporter) plan(ctx context.Context, t *task) (*op, bool, error) {
	rec := r.b.o.Records
	rep, err := rec.Report(ctx, t.id)
	if stackhand.KindOf(err) == stackhand.NotFound {
		t.wake = time.Time{} // it was purged: nothing changes any more
		return nil, false, nil
	}
	if err != nil {
		return nil, false, err
	}
	job, req, err := r.subject(ctx, t.id)
	if err != nil {
		return nil, false, err
	}
	stacks, err := r.b.stacksOf(ctx, job)
	if err != nil {
		return nil, false, err
	}
	view := shown{job: job, stacks: stacks, now: r.b.o.Now()}
	var next *op
	if job.State != stackhand.JobAsked {
		next = nextOp(view, rep)
	}
	if req != nil {
		if more := r.askedOf(*req, view, rep).askOp(rep); more != nil && (next == nil || more.class < next.class) {
			next = more
		}
	}
	t.wake = view.wake()
	if next == nil && (job.State.Rests() || job.State == stackhand.JobAsked) && (rep.Open || !rep.Later.Equal(t.wake)) {
		ended := rep.Open
		rep.Open, rep.Later = false, t.wake
		if err := rec.SaveReport(ctx, &rep); err != nil {
			return nil, false, err
		}
		if ended {
			r.others(job, stacks)
		}
	}
	return next, rep.Open, nil
}

// others has the cards looked at that show the same servers: a deleted one loses its buttons.
func (r *reporter) others(job stackhand.Job, stacks []stackhand.Stack) {
	for _, st := range stacks {
		if st.Job != job.ID {
			r.changed(st.Job)
		}
	}
	if job.RetryOf != "" {
		r.changed(job.RetryOf)
	}
}

// nextOp compares what should be shown with what was posted. It is a function of its
// arguments alone.
func nextOp(s shown, rep stackhand.Report) *op {
	rests := s.job.State.Rests()
	home := homeOf(s.job, rep)
	class := func(running, resting int) int {
		if rests {
			return resting
		}
		return running
	}
	thread := home.thread
	if thread == "" {
		card := s.card().message()
		if rep.Card.TS == "" {
			return &op{part: partCard, class: class(classFirst, classFinal), method: "chat.postMessage", channel: home.channel, msg: card, hash: card.hash(),
				hold: s.job.State == stackhand.JobQueued}
		}
		thread = rep.Card.TS
	}
	steps := s.steps().message()
	if s.ownSteps(home.thread) && rep.Steps.TS == "" {
		return &op{part: partSteps, class: class(classSteps, classFinal), method: "chat.postMessage", channel: home.channel, thread: thread, msg: steps,
			hash: steps.hash(), hold: s.brief()}
	}
	if rests && s.toldAtEnd() {
		final := s.final().message()
		if rep.FinalOf != string(s.job.State) || rep.Final.TS == "" {
			return &op{part: partFinal, class: classFinal, method: "chat.postMessage", channel: home.channel, thread: thread,
				msg: final, hash: final.hash(), of: string(s.job.State)}
		}
		// Where it tells of servers it stays as it was at the end; else it loses the buttons that were taken.
		if h := final.hash(); h != rep.Final.Hash && (s.job.State != stackhand.JobDone || s.brief() || s.job.Flow == flowLadder) {
			return edit(partFinal, classState, home.channel, rep.Final.TS, final)
		}
	}
	if card := s.card().message(); home.thread == "" && card.hash() != rep.Card.Hash {
		o := edit(partCard, class(classState, classEnd), home.channel, rep.Card.TS, card)
		o.pause = !rests && s.brief() && len(s.job.Steps) > 0
		return o
	}
	if rep.Steps.TS != "" && steps.hash() != rep.Steps.Hash {
		o := edit(partSteps, class(classProgress, classEnd), home.channel, rep.Steps.TS, steps)
		o.pause = !rests
		return o
	}
	return nil
}

// ownSteps tells whether the steps are a message of their own. Those of a brief job are in its
// card; in a thread, where it has none, they are shown only while it is at work.
func (s shown) ownSteps(thread string) bool {
	if s.job.Quiet {
		return false
	}
	return !s.brief() || thread != "" && !s.job.State.Rests()
}

// toldAtEnd tells whether the end of a job is worth a reply. Of a quiet one that did not end well whoever began it tells
// the owner, and not every time.
func (s shown) toldAtEnd() bool { return !s.job.Quiet || s.job.State == stackhand.JobDone }

func edit(part partKey, class int, channel, ts string, m message) *op {
	return &op{part: part, class: class, method: "chat.update", channel: channel, ts: ts, msg: m, hash: m.hash()}
}

// homeOf is where a job is told: the thread it was typed in, or a card of its own in the
// channel, or in the asker's direct conversation once it had to move there.
func homeOf(job stackhand.Job, rep stackhand.Report) (home struct{ channel, thread string }) {
	if rep.Told {
		home.channel = rep.Card.Channel
		return home
	}
	home.channel, home.thread = job.Place.Channel, job.Place.Thread
	return home
}

// posted is the record of a part.
func posted(rep *stackhand.Report, p partKey) *stackhand.Posted {
	switch p {
	case partCard:
		return &rep.Card
	case partSteps:
		return &rep.Steps
	case partFinal:
		return &rep.Final
	}
	return &copyIn(rep, string(p)).Posted
}

// perform does the next call of a task, and writes down what came of it. Before a message
// is posted its op id is written down; with one that is there already the message may be
// in the chat, from a try whose outcome is not known, and is looked for.
func (r *reporter) perform(ctx context.Context, t *task) error {
	o := t.next
	rep, err := r.b.o.Records.Report(ctx, t.id)
	if err != nil {
		return err
	}
	if o.invite != nil {
		return r.invite(ctx, &rep, o)
	}
	if o.channel == "" && o.user != "" {
		if o.channel, err = r.b.web.dm(ctx, o.user); err != nil {
			if outcomeOf(err) == refused {
				return r.refuse(ctx, &rep, o, err)
			}
			return err
		}
	}
	if o.ts != "" {
		t.edited = time.Now()
		return r.edit(ctx, t, &rep, o)
	}
	return r.post(ctx, t, &rep, o)
}

func (r *reporter) post(ctx context.Context, t *task, rep *stackhand.Report, o *op) error {
	p := posted(rep, o.part)
	id := opID(rep, o)
	if p.Op != id || p.Channel != o.channel {
		*p = stackhand.Posted{Op: id, Channel: o.channel, At: r.b.o.Now()}
		if err := r.b.o.Records.SaveReport(ctx, rep); err != nil {
			return err
		}
	} else if !t.absent[o.part] {
		ts, err := r.b.find(ctx, o.channel, o.thread, id, p.At)
		switch {
		case err != nil && !(outcomeOf(err) == refused):
			return err
		case err != nil:
			r.b.log.WarnContext(ctx, "cannot look for an earlier message", "job", t.id, "err", err)
		case ts != "":
			return r.keep(ctx, rep, o, ts, "") // its content may be older: the hash says so
		}
	}
	t.absent[o.part] = false
	ts, err := r.b.web.post(ctx, o.channel, o.thread, id, o.msg)
	switch outcomeOf(err) {
	case sent:
		return r.keep(ctx, rep, o, ts, o.hash)
	case limited:
		t.absent[o.part] = true
		return nil // the limiter knows; next time
	case refused:
		t.absent[o.part] = true
		if o.part.isCopy() {
			return r.refuse(ctx, rep, o, err)
		}
		if cannotWrite(err) && !rep.Told {
			return r.move(ctx, t, rep, o.channel, err)
		}
		if isLost(err) {
			if done, lost := r.renew(ctx, t, rep, o, err); done || lost != nil {
				return lost
			}
		}
	}
	return err
}

// opID is the same for every try to post the same message, and another for one that is posted
// because the one before was lost.
func opID(rep *stackhand.Report, o *op) string {
	id := rep.Job + "-" + string(o.part)
	if o.of != "" {
		id += "-" + o.of
	}
	if rep.Renewed > 0 {
		id += "-again" + strconv.Itoa(rep.Renewed)
	}
	return id
}

func (r *reporter) keep(ctx context.Context, rep *stackhand.Report, o *op, ts, hash string) error {
	p := posted(rep, o.part)
	p.TS, p.Hash, p.At = ts, hash, r.b.o.Now()
	if o.part == partFinal {
		rep.FinalOf = o.of
	}
	r.b.answers.seen(rep.Job)
	return r.b.o.Records.SaveReport(ctx, rep)
}

func (r *reporter) edit(ctx context.Context, t *task, rep *stackhand.Report, o *op) error {
	p := posted(rep, o.part)
	err := r.b.web.edit(ctx, o.channel, o.ts, p.Op, o.msg)
	switch outcomeOf(err) {
	case limited:
		return nil
	case unknown:
		return err
	case refused:
		if isLost(err) && !o.part.isCopy() {
			if done, lost := r.renew(ctx, t, rep, o, err); done || lost != nil {
				return lost
			}
		}
		// Nothing to be done about it, and no reason to try for ever.
		r.b.log.InfoContext(ctx, "a message can no longer be edited", "job", rep.Job, "part", o.part, "err", err)
	}
	p.Hash = o.hash
	return r.b.o.Records.SaveReport(ctx, rep)
}

// move goes on in the asker's direct conversation, because the bot may not write where the
// job was asked for, and says so.
func (r *reporter) move(ctx context.Context, t *task, rep *stackhand.Report, from string, why error) error {
	job, _, err := r.subject(ctx, t.id)
	if err != nil {
		return err
	}
	own, err := r.b.web.dm(ctx, job.User.ID)
	if err != nil {
		return err
	}
	clear(t.absent)
	rep.Told = true
	rep.Card, rep.Steps, rep.Final = stackhand.Posted{Channel: own}, stackhand.Posted{}, stackhand.Posted{}
	if err := r.b.o.Records.SaveReport(ctx, rep); err != nil {
		return err
	}
	r.b.log.InfoContext(ctx, "a job goes on in a direct message", "job", job.ID, "user", job.User.ID, "err", why)
	text := stackhand.Textf("I cannot write in that channel (%s), so %s goes on in our direct messages.", slackCode(why), stackhand.AsBold(job.Title))
	if isLost(why) {
		text = stackhand.Textf("The thread of %s is gone, so it goes on in our direct messages.", stackhand.AsBold(job.Title))
	}
	if slackCode(why) == "not_in_channel" || slackCode(why) == "channel_not_found" {
		text = text.Add(" To have it told there, invite me: %s", stackhand.AsCode("/invite @"+r.b.self.name))
	}
	m := sheet{{Text: text}}.message()
	if url := r.b.answers.url(job.ID); url != "" {
		if err := r.b.web.respond(ctx, url, m, false); err == nil {
			r.b.answers.seen(job.ID)
			return nil
		}
	}
	defer r.b.answers.seen(job.ID)
	if err := r.b.web.ephemeral(ctx, from, "", job.User.ID, m); err != nil {
		_, err = r.b.postOnce(ctx, own, "", job.ID+"-moved", m, false, r.b.o.Now())
		return err
	}
	return nil
}
