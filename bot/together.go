package bot

import (
	"context"
	"errors"
	"slices"
	"strings"

	"github.com/stackhand/stackhand"
)

// Notices of one group that are due at once are told in one message: whoever owns thirty servers that end in one hour reads three
// messages, and not thirty.

const (
	together     = 3  // so many notices are told in one message, fewer one by one
	mostTogether = 12 // in one message, as far as there is room: with its buttons each takes two blocks and some hundred characters
)

// Which message of a notice it is.
const (
	public = "public"
	direct = "direct"
)

// bundle is some notices that are told in one message.
type bundle struct {
	t               *teller
	notices         []*stackhand.Notice
	post            func(*stackhand.Notice) *stackhand.Posted // which of their messages it is
	which           string
	channel, thread string // channel is empty where it goes to a person
}

// gather tells in one message what can be, of the notices that are due. It answers the ids of those that have to wait since Slack gave
// no answer; whatever was told, or cannot be told so, goes on by itself.
func (t *teller) gather(ctx context.Context, due []*stackhand.Notice) (wait map[string]bool, err error) {
	wait = map[string]bool{}
	for _, n := range due { // before it is parted by how much each says
		if n.Group != "" && n.Delivered.IsZero() {
			if err := t.renew(ctx, n); err != nil {
				return wait, err
			}
		}
	}
	for _, b := range t.bundles(ctx, due) {
		ok, err := b.deliver(ctx)
		if err != nil {
			return wait, err
		}
		for _, n := range b.notices {
			wait[n.ID] = wait[n.ID] || !ok
		}
	}
	return wait, nil
}

// bundles are the messages of several notices. One that was begun before the bot died is made up of the same notices again.
func (t *teller) bundles(ctx context.Context, due []*stackhand.Notice) (out []*bundle) {
	found := map[string]*bundle{}
	put := func(b bundle, n *stackhand.Notice) {
		p := b.post(n)
		if p.TS != "" || p.Op != "" && !p.Shared {
			return // it was told, or is on its way by itself
		}
		key := strings.Join([]string{b.which, n.User, b.channel, b.thread, n.Group, p.Op}, "\x00")
		if found[key] == nil {
			found[key] = &b
			out = append(out, &b)
		}
		found[key].notices = append(found[key].notices, n)
	}
	for _, n := range due {
		if n.Group == "" || n.User == "" || !n.Delivered.IsZero() || t.reachable(ctx, n.User) != nil {
			continue
		}
		if n.Place.Channel != "" && n.Place.Thread != "" {
			put(bundle{t: t, which: public, channel: n.Place.Channel, thread: n.Place.Thread, post: func(n *stackhand.Notice) *stackhand.Posted { return &n.Public }}, n)
		}
		if !n.Place.Direct {
			put(bundle{t: t, which: direct, post: func(n *stackhand.Notice) *stackhand.Posted { return &n.Direct }}, n)
		}
	}
	return split(out)
}

// split leaves out what is too few, and parts what is too much for one message.
func split(all []*bundle) (out []*bundle) {
	for _, b := range all {
		if b.post(b.notices[0]).Op != "" {
			out = append(out, b) // it was begun
			continue
		}
		n := len(b.notices)
		slices.SortFunc(b.notices, func(x, y *stackhand.Notice) int { return strings.Compare(x.Brief.String(), y.Brief.String()) })
		for size := min(n, mostTogether); size >= together; size-- {
			if parts := b.parts(size); !slices.ContainsFunc(parts, func(b *bundle) bool { return len(b.sheet().messages()) > 1 }) {
				out = append(out, parts...)
				break
			}
		}
	}
	return out
}

// parts are bundles of at most so many notices, all of about the same length; what is left is not too few for a message.
func (b *bundle) parts(most int) (out []*bundle) {
	n := len(b.notices)
	messages := (n + most - 1) / most
	for i := range messages {
		one := *b
		one.notices = b.notices[n*i/messages : n*(i+1)/messages]
		out = append(out, &one)
	}
	return out
}

// deliver sends the message, once. ok is false where Slack gave no answer: it is tried again later then.
func (b *bundle) deliver(ctx context.Context) (ok bool, err error) {
	if b.channel == "" {
		b.channel, err = b.t.b.web.dm(ctx, b.notices[0].User)
	}
	var ts string
	if err == nil {
		ts, err = b.send(ctx)
	}
	if ctx.Err() != nil {
		return false, ctx.Err()
	}
	now := b.t.b.o.Now()
	for _, n := range b.notices {
		switch p := b.post(n); {
		case err == nil:
			p.TS, p.At = ts, now
		case outcomeOf(err) == refused, errors.Is(err, errParted):
			*p = stackhand.Posted{} // each by itself finds out who can be told instead
		default:
			putOff(n, now, err)
		}
		if err := b.t.b.o.Records.SaveNotice(ctx, n); err != nil {
			return false, err
		}
	}
	if errors.Is(err, errParted) {
		b.t.nudge()
		return false, nil
	}
	if err != nil {
		b.t.b.log.WarnContext(ctx, "notices were not taken together", "user", b.notices[0].User, "notices", len(b.notices), "err", err)
	}
	return err == nil || outcomeOf(err) == refused, nil
}

// errParted is that a message which was begun is not there, and cannot be sent as it was: its notices are gathered anew.
var errParted = errors.New("the notices of a message were parted")

// send posts the message, or finds the one that was begun before. Not all of its notices are at hand then if they are tried again at
// different times. Only the whole is posted under its id: whoever looks for it takes it as told what all of them say.
func (b *bundle) send(ctx context.Context) (ts string, err error) {
	was, op, all := *b.post(b.notices[0]), b.op(), b.sheet().messages()
	look, whole := was.Op != "", was.Op == op && len(all) == 1
	if look && !whole {
		ts, err = b.t.b.find(ctx, b.channel, b.thread, was.Op, was.At)
		if err == nil && ts == "" || err != nil && outcomeOf(err) == refused {
			err = errParted
		}
		return ts, err
	}
	m := b.sheet().message()
	if !look {
		if err := b.begin(ctx, op, m.hash()); err != nil {
			return "", err
		}
		was = *b.post(b.notices[0])
	}
	ts, err = b.t.b.postOnce(ctx, b.channel, b.thread, op, m, look, was.At)
	if err == nil && was.Hash != m.hash() { // what an earlier try posted says something else
		err = b.t.edit(ctx, b.notices[0], b.channel, ts, op, m)
	}
	return ts, err
}

// op is the id of the message, by what it is made up of.
func (b *bundle) op() string {
	var ids []string
	for _, n := range b.notices {
		ids = append(ids, n.ID)
	}
	slices.Sort(ids)
	return "notices-" + digest(strings.Join(ids, "\x00")) + "-" + b.which
}

// begin writes down on each of the notices in which message it is told, and what that says, before it is sent.
func (b *bundle) begin(ctx context.Context, op, hash string) error {
	for _, n := range b.notices {
		*b.post(n) = stackhand.Posted{Op: op, Channel: b.channel, At: b.t.b.o.Now(), Hash: hash, Shared: true}
		if err := b.t.b.o.Records.SaveNotice(ctx, n); err != nil {
			return err
		}
	}
	return nil
}

func (b *bundle) sheet() sheet {
	whose := map[bool]string{true: "of your servers", false: "servers"}[b.which == direct]
	s := sheet{{Text: stackhand.Textf("What comes next for %d %s, and what you can do:", len(b.notices), whose)}}
	for _, n := range b.notices {
		s = append(s, part{Text: append(stackhand.Textf("• "), n.Brief...), Actions: n.Actions})
	}
	return s
}
