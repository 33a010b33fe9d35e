package bot

import (
	"bytes"
	"cmp"
	"context"
	"errors"
	"log/slog"
	"strings"
	"sync"
	"time"

	"github.com/stackhand/stackhand"
	"github.com/stackhand/stackhand/commands"
)

// request is something that arrived, while it is being handled.
type request struct {
	in     stackhand.Inbound
	body   body
	secret secret
	user   stackhand.User
	log    *slog.Logger
	parts  int // messages posted for it so far: their op ids count
	began  time.Time
	told   bool // that it takes a moment
	hush   bool // the answer does not stay, not even in a direct message
}

const (
	maxTries  = 3 // after so many restarts in the middle of it, something is poison
	doTimeout = 2 * time.Minute
	slowAfter = 700 * time.Millisecond // first answer under a second
	maxFile   = 256 << 10
)

// errNobody is for those who get no answer at all: other bots, deactivated accounts.
var errNobody = errors.New("bot: nobody to talk to")

// handle carries out one thing that arrived. It is marked as handled when that is over,
// however it ended; only the end of the program leaves it for the next start.
func (b *Bot) handle(ctx context.Context, in stackhand.Inbound) {
	rq := &request{in: in, user: stackhand.User{ID: in.User}, began: time.Now(), log: b.log.With("user", in.User, "inbound", in.ID, "kind", in.Kind)}
	err := stackhand.Guarded("what a user sent", func() error { b.unpacked(ctx, rq); return nil })
	if found := stackhand.Panics(err); len(found) > 0 {
		ref := b.o.Panicked(ctx, "slack", found)
		rq.log.ErrorContext(ctx, "not carried out to the end", "ref", ref)
		_ = b.guarded(ctx, "an answer", func() error { b.answer(ctx, rq, commands.Reply{}, ours(ref)); return nil }) // it is told of
	}
	if ctx.Err() != nil {
		return
	}
	if err := b.guarded(ctx, "what a user sent", func() error { return b.o.Records.Handled(ctx, in.ID) }); err != nil {
		rq.log.ErrorContext(ctx, "cannot be marked as handled", "err", err)
	}
}

// unpacked reads what arrived, and serves it.
func (b *Bot) unpacked(ctx context.Context, rq *request) {
	var err error
	if rq.body, rq.secret, err = b.unpack(rq.in); err != nil {
		rq.log.ErrorContext(ctx, "what arrived cannot be read any more", "err", err)
		b.answer(ctx, rq, commands.Reply{}, stackhand.Errorf(stackhand.NeedsHuman,
			"What you sent was written down under another key of mine, and I cannot read it any more; nothing was done.").Do("Send it again."))
		return
	}
	b.serve(ctx, rq)
}

func (b *Bot) serve(ctx context.Context, rq *request) {
	user, err := b.user(ctx, rq.in.User)
	rq.user = user
	switch {
	case errors.Is(err, errNobody):
		return
	case err != nil && stackhand.KindOf(err) == stackhand.Forbidden:
		b.turnAway(ctx, rq, err)
		return
	case err != nil:
		b.refuse(ctx, rq, rq.body.Text, err)
		return
	case rq.in.Tries > maxTries:
		b.answer(ctx, rq, commands.Reply{}, stackhand.Errorf(stackhand.Internal, "I was interrupted too often while I worked on this, and gave up.").
			Do("See `jobs`, and send it again."))
		return
	}
	b.settle(ctx, rq)
	if err := b.outside(ctx, rq); err != nil {
		b.turnAway(ctx, rq, err)
		return
	}
	switch rq.in.Kind {
	case kindHome:
		b.publishHome(ctx, rq)
	case kindSubmit:
		b.submitted(ctx, rq)
	case kindClick:
		b.clicked(ctx, rq)
	case kindLine:
		b.said(ctx, rq)
	}
}

// settle finds out where what is said belongs: a click in the home tab, or a slash command
// in a direct message between others, has no place where the bot could write.
func (b *Bot) settle(ctx context.Context, rq *request) {
	p := &rq.body.Place
	if p.Team == "" {
		p.Team = b.self.team
	}
	if rq.in.Kind == kindHome || p.Channel != "" && !(rq.body.Slash && p.Direct) {
		return
	}
	own, err := b.web.dm(ctx, rq.in.User)
	if err != nil {
		rq.log.WarnContext(ctx, "no direct conversation", "err", err)
		return
	}
	if p.Channel == "" {
		p.Channel, p.Direct = own, true
	}
	p.Direct = p.Channel == own
}

func (b *Bot) said(ctx context.Context, rq *request) {
	if rq.body.Leak != "" {
		b.refuse(ctx, rq, "", leakWarning(rq.body))
		return
	}
	files, err := b.download(ctx, rq.body.Files)
	if err != nil {
		b.answer(ctx, rq, commands.Reply{}, err)
		return
	}
	b.carryOut(ctx, rq, rq.body.Text, files)
}

// refuse answers what never became a command, once that is on the audit trail. Opening the home tab asks for nothing.
func (b *Bot) refuse(ctx context.Context, rq *request, text string, err error) {
	if rq.in.Kind != kindHome && stackhand.KindOf(err) != stackhand.Unavailable {
		line := commands.Line{Text: text, Place: rq.body.Place, Key: rq.in.ID, Link: b.linkOf(rq)}
		if rq.body.Leak != "" {
			line.Text = commands.Withheld
		} else if text == "" {
			line.Text = "button " + rq.body.Action
		}
		err = commands.Refused(ctx, b.o.Env, rq.user, line, err)
	}
	b.answer(ctx, rq, commands.Reply{}, err)
}

func leakWarning(m body) error {
	warn := stackhand.Errorf(stackhand.Invalid, "That line seems to hold %s, so I did nothing with it and did not keep it.", m.Leak)
	if m.Slash {
		return warn.Do("Consider the secret known and change it. Secrets are entered in the form that `login` opens, nowhere else.")
	}
	return warn.Do("Delete your message, consider the secret known, and change it. Secrets are entered in the form that `login` opens, nowhere else.")
}

func (b *Bot) clicked(ctx context.Context, rq *request) {
	switch rq.body.Action {
	case actionRefresh:
		b.publishHome(ctx, rq)
		return
	case actionDetail:
		b.showDetail(ctx, rq)
		return
	}
	line, ok := b.talk.click(rq.body.Action, rq.body.Value)
	if !ok {
		b.refuse(ctx, rq, "", stackhand.Errorf(stackhand.Invalid, "This button is no longer in use.").Do("Type the command instead; see `help`."))
		return
	}
	b.carryOut(ctx, rq, line, nil)
}

// carryOut runs a line and answers.
func (b *Bot) carryOut(ctx context.Context, rq *request, text string, files []commands.File) {
	line := commands.Line{Text: text, Place: rq.body.Place, Key: rq.in.ID, Files: files, Link: b.linkOf(rq)}
	rq.log = rq.log.With("cmd", commandIn(text))
	var reply commands.Reply
	var err error
	b.patiently(ctx, rq, func() {
		reply, err = b.safely(ctx, rq, func(ctx context.Context) (commands.Reply, error) { return b.talk.do(ctx, rq.user, line) })
	})
	if ctx.Err() != nil {
		return
	}
	if reply.Form != nil && err == nil {
		b.open(ctx, rq, *reply.Form, text)
		return
	}
	if err == nil && reply.Job != "" {
		b.taken(ctx, rq)
	}
	if err == nil && reply.Once {
		b.shownOnce(ctx, rq)
	}
	b.answer(ctx, rq, reply, err)
	for _, job := range reply.Cards {
		b.Changed(job)
	}
	if err == nil && reply.Job == "" && reply.Table == nil {
		b.refresh(ctx, rq.user.ID)
	}
}

// refresh has the cards of a user's servers looked at: a lease may have been extended.
func (b *Bot) refresh(ctx context.Context, user string) {
	stacks, err := b.o.Env.Stacks.OfOwner(ctx, user)
	if err != nil {
		b.log.WarnContext(ctx, "cards are not refreshed", "user", user, "err", err)
	}
	for _, s := range stacks {
		b.Changed(s.Job)
	}
}

// commandIn is as much of a line as the log may show: the command in it. Anything else could be a secret that
// somebody typed by mistake.
func commandIn(line string) string {
	line = strings.ToLower(strings.Join(strings.Fields(line), " ")) + " "
	found := ""
	for _, c := range commands.Commands() {
		if strings.HasPrefix(line, c.Name+" ") && len(c.Name) > len(found) {
			found = c.Name
		}
	}
	return cmp.Or(found, "other words")
}

// patiently says that it takes a moment where it does.
func (b *Bot) patiently(ctx context.Context, rq *request, work func()) {
	done := make(chan struct{})
	var told sync.WaitGroup
	told.Go(func() {
		t := time.NewTimer(slowAfter)
		defer t.Stop()
		select {
		case <-done:
		case <-t.C:
			rq.told = true
			if err := b.guarded(ctx, "an answer", func() error { return b.tell(ctx, rq, []message{{Text: "On it…"}}, false) }); err != nil {
				rq.log.InfoContext(ctx, "could not say that it takes longer", "err", err)
			}
		}
	})
	work()
	close(done)
	told.Wait()
}

// safely runs a command. A panic becomes an error with a reference to the log.
func (b *Bot) safely(ctx context.Context, rq *request, run func(context.Context) (commands.Reply, error)) (reply commands.Reply, err error) {
	ctx, cancel := context.WithTimeout(ctx, doTimeout)
	defer cancel()
	err = stackhand.Guarded("", func() error { reply, err = run(ctx); return err })
	found := stackhand.Panics(err)
	if len(found) == 0 {
		return reply, err
	}
	ref := b.o.Panicked(ctx, "commands", found)
	rq.log.ErrorContext(ctx, "panic in a command", "ref", ref)
	return commands.Reply{}, ours(ref)
}

// ours is what people are told of our own mistakes.
func ours(ref string) *stackhand.Error {
	return stackhand.Errorf(stackhand.Internal, "Something went wrong here, and it is not your fault (ref %s).", ref).
		Do("Try again; if it stays like this, give the reference to whoever runs this bot.")
}

// explain turns an error into what its reader is told, and logs the rest.
func (b *Bot) explain(ctx context.Context, rq *request, err error) *stackhand.Error {
	var e *stackhand.Error
	switch {
	case errors.As(err, &e):
		rq.log.InfoContext(ctx, "refused", "err_kind", e.Kind, "cause", e.Err)
		return b.harmless(e)
	case errors.Is(err, context.DeadlineExceeded):
		rq.log.WarnContext(ctx, "took too long", "err", err)
		return stackhand.Errorf(stackhand.Unavailable, "That took too long, so I stopped waiting.").Do("Look with `jobs` what came of it, then try again.")
	}
	ref := newRef()
	rq.log.ErrorContext(ctx, "failed", "ref", ref, "err", err)
	return ours(ref)
}

// download fetches the files that were shared with a line.
func (b *Bot) download(ctx context.Context, files []sharedFile) ([]commands.File, error) {
	var out []commands.File
	for _, f := range files {
		if f.Size > maxFile {
			return nil, stackhand.Errorf(stackhand.Invalid, "The file %s is larger than %d KiB.", f.Name, maxFile>>10).Do("Share a smaller one.")
		}
		var content bytes.Buffer
		err := b.web.call(ctx, "files.download", "", true, func(ctx context.Context) error {
			content.Reset()
			return b.web.api.GetFileContext(ctx, f.URL, &capped{to: &content, left: maxFile})
		})
		if err != nil {
			return nil, stackhand.Errorf(stackhand.Unavailable, "I could not get the file %s from Slack.", f.Name).Because(err).Do("Share it again.")
		}
		out = append(out, commands.File{Name: f.Name, Content: content.Bytes()})
	}
	return out, nil
}

// capped is a writer that takes only so much.
type capped struct {
	to   *bytes.Buffer
	left int
}

func (c *capped) Write(p []byte) (int, error) {
	if len(p) > c.left {
		return 0, errors.New("bot: the file is too large")
	}
	c.left -= len(p)
	return c.to.Write(p)
}
