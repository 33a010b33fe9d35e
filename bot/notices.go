package bot

import (
	"context"
	"errors"
	"sync/atomic"
	"time"

	"github.com/stackhand/stackhand"
)

// teller delivers notices: to the place where the matter belongs, and to the user directly.
type teller struct {
	b     *Bot
	wake  chan struct{}
	open  atomic.Bool // something is due that is not delivered
	again atomic.Bool // what was put off is tried at once
	asked atomic.Int64
}

// teller looks for notices whose time to be tried again has come this often.
const noticeEvery = 2 * time.Second

func newTeller(b *Bot) *teller { return &teller{b: b, wake: make(chan struct{}, 1)} }

func (t *teller) nudge() {
	t.asked.Add(1)
	select {
	case t.wake <- struct{}{}:
	default:
	}
}

// back has everything tried again that was put off: Slack was away, and is there again.
func (t *teller) back() {
	t.again.Store(true)
	t.nudge()
}

func (t *teller) busy() bool { return t.open.Load() || t.asked.Load() > 0 }

func (t *teller) run(ctx context.Context) {
	for {
		asked := t.asked.Load()
		var more bool
		err := t.b.guarded(ctx, "messages that are due", func() (err error) {
			more, err = t.deliverDue(ctx)
			return err
		})
		if err != nil && ctx.Err() == nil {
			t.b.log.ErrorContext(ctx, "notices cannot be delivered", "err", err)
		}
		t.asked.Add(-asked)
		timer := time.NewTimer(noticeEvery)
		if !more && err == nil {
			timer.Stop() // nothing to be tried again: only a new notice wakes us
		}
		select {
		case <-ctx.Done():
			return
		case <-t.wake:
		case <-timer.C:
		}
		timer.Stop()
	}
}

// deliverDue delivers what is due, and tells whether anything is left for later.
func (t *teller) deliverDue(ctx context.Context) (more bool, err error) {
	all, err := t.b.o.Records.OpenNotices(ctx)
	if err != nil {
		return true, err
	}
	defer t.open.Store(false)
	again := t.again.Swap(false)
	var due []*stackhand.Notice
	for i := range all {
		if !again && t.b.o.Now().Before(all[i].NotBefore) {
			more = true
			continue
		}
		t.open.Store(true)
		due = append(due, &all[i])
	}
	var wait map[string]bool
	err = t.b.guarded(ctx, "messages of several servers", func() (err error) {
		wait, err = t.gather(ctx, due)
		return err
	})
	if len(stackhand.Panics(err)) > 0 { // what may be told together waits, and keeps nothing else
		wait = map[string]bool{}
		for _, n := range due {
			wait[n.ID] = n.Group != ""
		}
	} else if err != nil {
		return true, err
	}
	for _, n := range due {
		deliver := t.deliver
		switch {
		case wait[n.ID]:
			more = true
			continue
		case !n.Delivered.IsZero():
			deliver = t.revise
		}
		switch err := t.b.guarded(ctx, "the message "+n.ID, func() error { return deliver(ctx, n) }); {
		case err != nil && t.overtaken(ctx, n): // it is read again, as it is now
			more = true
			continue
		case len(stackhand.Panics(err)) > 0: // it does not keep the others
			more = true
			putOff(n, t.b.o.Now(), nil)
			_ = stackhand.Guarded("", func() error { return t.b.o.Records.SaveNotice(ctx, n) }) // else it is tried again the sooner
		case err != nil:
			return true, err
		}
		more = more || n.Open()
	}
	return more, nil
}

// overtaken tells whether somebody else has written a notice since it was read, such as what became of an offer.
func (t *teller) overtaken(ctx context.Context, n *stackhand.Notice) bool {
	now, err := t.b.o.Records.Notice(ctx, n.ID)
	return err == nil && now.Rev != n.Rev
}

const (
	noticeRetry    = time.Minute // doubled with each try
	noticeRetryMax = time.Hour
	noticeLate     = 5 * time.Minute // after its making a notice is worded anew before it is sent, as is one of a time to come: the clock was ahead
)

// deliver brings a notice to its place and to people. It is delivered as soon as somebody was told.
func (t *teller) deliver(ctx context.Context, n *stackhand.Notice) error {
	now := t.b.o.Now()
	if err := t.renew(ctx, n); err != nil {
		return err
	}
	err := t.tellAll(ctx, n)
	if ctx.Err() != nil {
		return ctx.Err()
	}
	n.Problem = ""
	if err != nil {
		n.Problem = slackCode(err)
		t.b.log.WarnContext(ctx, "a notice was not taken everywhere", "notice", n.ID, "user", n.User, "err", err)
	}
	if len(n.Told) > 0 {
		n.Delivered, n.Stale = now, false
	} else {
		putOff(n, now, err)
	}
	if err := t.posted(ctx, n, err); err != nil {
		return err
	}
	return t.b.o.Records.SaveNotice(ctx, n)
}

// posted tells what became of a notice for a channel alone, and gives it up where whoever wrote it has no more use for it. Other
// failures than that the channel takes nothing pass by themselves.
func (t *teller) posted(ctx context.Context, n *stackhand.Notice, failed error) error {
	if t.b.o.Posted == nil || n.User != "" || n.Admins || failed != nil && !cannotWrite(failed) {
		return nil
	}
	why := ""
	if failed != nil {
		why = slackCode(failed)
	}
	over, err := t.b.o.Posted(ctx, n, why)
	if err == nil && over && n.Delivered.IsZero() {
		n.Dropped = t.b.o.Now()
	}
	return err
}

// renew words a notice anew that was written long ago, or by a clock that was ahead.
func (t *teller) renew(ctx context.Context, n *stackhand.Notice) error {
	age := t.b.o.Now().Sub(n.Created)
	if t.b.o.Renew == nil || age >= 0 && age <= noticeLate {
		return nil
	}
	return t.b.o.Renew(ctx, n)
}

// putOff has a notice tried again later.
func putOff(n *stackhand.Notice, now time.Time, why error) {
	if why != nil {
		n.Problem = slackCode(why)
	}
	n.NotBefore = now.Add(min(noticeRetry<<min(n.Tries, 10), noticeRetryMax))
	n.Tries++
}

// revise makes the messages of a notice say what it says now. One that cannot be changed any more stays as it is: a press of
// its buttons is told what became of the matter.
func (t *teller) revise(ctx context.Context, n *stackhand.Notice) error {
	m := sheet{{Text: n.Text, Actions: n.Actions}}.message()
	var problems []error
	for _, p := range []*stackhand.Posted{&n.Public, &n.Direct} {
		if p.TS == "" || p.Shared || p.Hash == m.hash() {
			continue
		}
		if err := t.edit(ctx, n, p.Channel, p.TS, p.Op, m); err != nil {
			problems = append(problems, err)
			continue
		}
		p.Hash = m.hash()
	}
	if err := errors.Join(problems...); err != nil {
		return err
	}
	n.Stale = false
	return t.b.o.Records.SaveNotice(ctx, n)
}

// edit makes a message of a notice say what it says now, or leaves it as it is where Slack lets nobody change it any more.
func (t *teller) edit(ctx context.Context, n *stackhand.Notice, channel, ts, op string, m message) error {
	err := t.b.web.limit.wait(ctx, "chat.update", channel)
	if err == nil {
		err = t.b.web.edit(ctx, channel, ts, op, m)
	}
	if outcomeOf(err) == refused {
		t.b.log.WarnContext(ctx, "a notice cannot be changed any more", "notice", n.ID, "err", err)
		return nil
	}
	return err
}

// post sends one of a notice's messages, once. What it says is on record before it is sent, as is its id.
func (t *teller) post(ctx context.Context, n *stackhand.Notice, p *stackhand.Posted, channel, thread, which string, m message) error {
	id := "notice-" + digest(n.ID) + "-" + which
	look := p.Op == id && p.Channel == channel
	if !look {
		*p = stackhand.Posted{Op: id, Channel: channel, At: t.b.o.Now(), Hash: m.hash()}
		if err := t.b.o.Records.SaveNotice(ctx, n); err != nil {
			return err
		}
	}
	ts, err := t.b.postOnce(ctx, channel, thread, id, m, look, p.At)
	if err == nil && p.Hash != m.hash() { // what an earlier try posted says something else
		err = t.edit(ctx, n, channel, ts, id, m)
	}
	if err == nil {
		p.TS, p.Hash, p.At = ts, m.hash(), t.b.o.Now()
	}
	return err
}
