package bot

import (
	"context"
	"encoding/json"
	"slices"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/slack-go/slack"

	"github.com/stackhand/stackhand"
	"github.com/stackhand/stackhand/commands"
)

// answer tells what a line came to.
func (b *Bot) answer(ctx context.Context, rq *request, reply commands.Reply, err error) {
	var s sheet
	switch {
	case err != nil:
		s = failure(b.explain(ctx, rq, err), reply.Actions)
		reply = commands.Reply{}
	case reply.File != nil:
		reply = b.upload(ctx, rq, reply)
		s = sheetOf(reply)
	default:
		s = sheetOf(reply)
	}
	if reply.Job != "" && b.begin(ctx, rq, reply) {
		return
	}
	rq.hush = reply.Once
	if err := b.tell(ctx, rq, s.messages(), reply.Public && !reply.Private); err != nil {
		rq.log.ErrorContext(ctx, "the answer could not be sent", "err", err)
	}
}

// sheetOf lays out a reply.
func sheetOf(r commands.Reply) sheet {
	var s sheet
	if len(r.Notice) > 0 {
		s = append(s, part{Text: r.Notice})
	}
	text := r.Words()
	for _, f := range r.Fields {
		text = text.Add("\n%s ", stackhand.AsBold(f.Name+":"))
		text = append(text, f.Value...)
	}
	actions := slices.Clone(r.Actions)
	if r.Chart != nil && r.Table == nil && !r.Chart.Told {
		r.Table = chartTable(r.Chart)
	}
	body := part{Text: text, Chart: r.Chart}
	if r.Table != nil && len(r.Table.Rows) > 0 {
		s = append(s, body)
		body = part{Text: tableText(r.Table)}
		if r.Table.More != "" {
			actions = append(actions, stackhand.Action{ID: "page", Label: "More", Value: r.Table.More})
		}
	}
	if r.Share != "" && !r.Public && !r.Private {
		actions = append(actions, stackhand.Action{ID: "share", Label: "Share", Value: r.Share})
	}
	body.Actions = actions
	return append(s, body)
}

// maxWide is how many characters of typewriter text a line of Slack's window holds, roughly.
const maxWide = 110

// tableText shows a table in columns, or where they would be wider than the window, which
// breaks their lines so that nobody can read them, as a flowing line for each row.
func tableText(t *commands.Table) stackhand.Text {
	lines := t.Lines()
	if !slices.ContainsFunc(lines, func(l string) bool { return utf8.RuneCountInString(l) > maxWide }) {
		return stackhand.Text{stackhand.AsBlock(strings.Join(lines, "\n"))}
	}
	text := stackhand.Textf("%s", strings.Join(t.Columns, " · "))
	for _, row := range t.Rows {
		for i, cell := range row {
			cell = firstOf(strings.Join(strings.Fields(cell), " "), "–")
			if i == 0 {
				text = text.Add("\n• %s", stackhand.AsBold(cell))
				continue
			}
			text = text.Add(" · %s", cell)
		}
	}
	return text
}

// failure lays out an error.
func failure(e *stackhand.Error, actions []stackhand.Action) sheet {
	if e.Kind == stackhand.Unauthorized && len(actions) == 0 {
		actions = []stackhand.Action{{ID: "login", Label: "Log in"}}
	}
	if e.Detail != "" {
		actions = append(slices.Clone(actions), detailButton(clipBytes(e.Detail, maxValue)))
	}
	return sheet{{Text: e.Text(), Actions: actions}}
}

// maxResponses leaves one of a response_url's five uses for later.
const maxResponses = 4

// tell brings messages to the asker: to everybody where they are public, to the asker alone
// otherwise, and by a direct message where nothing else works.
func (b *Bot) tell(ctx context.Context, rq *request, all []message, public bool) error {
	place := rq.body.Place
	if len(all) == 0 {
		return nil
	}
	if public || place.Direct && !rq.hush {
		return b.tellAll(ctx, rq, place, all, !place.Direct)
	}
	for i, m := range all {
		if err := b.whisper(ctx, rq, m, i); err != nil {
			rq.log.InfoContext(ctx, "no private answer here, so it goes to a direct message", "err", err)
			return b.tellDirectly(ctx, rq, all[i:])
		}
	}
	return nil
}

// whisper shows a message to the asker alone, where they asked.
func (b *Bot) whisper(ctx context.Context, rq *request, m message, n int) error {
	place := rq.body.Place
	if url := rq.secret.ResponseURL; url != "" && !rq.body.Threaded && n < maxResponses {
		replace := n == 0 && rq.body.Ephemeral && (rq.body.Action == "page" || rq.body.Action == "choose")
		if err := b.web.respond(ctx, url, m, replace); err == nil {
			return nil
		}
	}
	thread := place.Thread
	if rq.in.Kind == kindClick && !rq.body.Threaded {
		thread = ""
	}
	return b.web.ephemeral(ctx, place.Channel, thread, rq.user.ID, m)
}

// tellAll posts messages that stay. Where the bot may not write they go to the asker.
func (b *Bot) tellAll(ctx context.Context, rq *request, place stackhand.Place, all []message, fallback bool) error {
	for i, m := range all {
		op := "reply-" + rq.in.ID + "-" + strconv.Itoa(rq.parts)
		rq.parts++
		_, err := b.postOnce(ctx, place.Channel, place.Thread, op, m, rq.in.Tries > 0, rq.in.Received)
		if err != nil && fallback && cannotWrite(err) {
			return b.tellDirectly(ctx, rq, all[i:])
		}
		if err != nil {
			return err
		}
	}
	return nil
}

func (b *Bot) tellDirectly(ctx context.Context, rq *request, all []message) error {
	channel, err := b.web.dm(ctx, rq.in.User)
	if err != nil {
		return err
	}
	return b.tellAll(ctx, rq, stackhand.Place{Channel: channel, Direct: true}, all, false)
}

// open shows a form. A trigger lives three seconds: where there is none any more, or never
// was, a button gives a new one.
func (b *Bot) open(ctx context.Context, rq *request, form commands.Form, line string) {
	view, err := modal(form, rq.body.Place, rq.in.User)
	if err != nil {
		b.answer(ctx, rq, commands.Reply{}, err)
		return
	}
	if rq.secret.Trigger != "" {
		err := b.web.openView(ctx, rq.secret.Trigger, view)
		if err == nil {
			return
		}
		if !strings.HasSuffix(slackCode(err), "trigger_id") {
			rq.log.ErrorContext(ctx, "the form could not be opened", "form", form.ID, "err", err)
		}
	}
	b.answer(ctx, rq, commands.Reply{
		Text:    stackhand.Textf("%s opens in a form. Press the button.", firstOf(form.Title, "This")),
		Actions: []stackhand.Action{opener(line, firstOf(form.Title, "Open the form"))},
	}, nil)
}

// opener is the button that runs a line again, with a trigger of its own.
func opener(line, label string) stackhand.Action {
	if words := strings.Fields(line); len(words) > 0 && len(words) <= 2 && words[0] == "login" {
		return stackhand.Action{ID: "login", Label: label, Value: strings.Join(words[1:], " ")}
	}
	return stackhand.Action{ID: "choose", Label: label, Value: line}
}

// ackTravels is how long an acknowledgement may take to reach Slack. It turns the modal into
// "Checking…": an update that came before it, by the other way, would be overwritten by it.
const ackTravels = 400 * time.Millisecond

// submitted handles a sent modal: the modal says what came of it, or goes on asking.
func (b *Bot) submitted(ctx context.Context, rq *request) {
	var form formView
	if err := json.Unmarshal(rq.body.Form, &form); err != nil {
		rq.log.ErrorContext(ctx, "the form cannot be read any more", "err", err)
		return
	}
	meta, values := metaOf(form.Meta), rq.secret.Values
	if meta.User != "" && meta.User != rq.in.User {
		b.notTheirs(ctx, rq, form)
		return
	}
	line := commands.Line{Place: rq.body.Place, Key: rq.in.ID, Link: b.linkOf(rq)}
	rq.log = rq.log.With("cmd", meta.Form)
	began := time.Now()
	var problems map[string]string
	reply, err := b.safely(ctx, rq, func(ctx context.Context) (r commands.Reply, err error) {
		r, problems, err = b.talk.submit(ctx, rq.user, meta.Form, meta.State, values, line)
		return r, err
	})
	if ctx.Err() != nil {
		return
	}
	var view slack.ModalViewRequest
	switch {
	case err != nil:
		view = form.again(rq.secret, nil, failure(b.explain(ctx, rq, err), nil)[0].Text)
	case len(problems) > 0:
		view = form.again(rq.secret, problems, nil)
	case reply.Form != nil:
		if view, err = modal(*reply.Form, rq.body.Place, rq.in.User); err != nil {
			b.answer(ctx, rq, commands.Reply{}, err)
			return
		}
	default:
		if reply.Job != "" {
			b.answers.keep(reply.Job, rq.secret.ResponseURL)
			b.Changed(reply.Job)
		}
		packed, _ := json.Marshal(formMeta{Place: rq.body.Place}) // strings only: cannot fail
		view = *result(form.Title, append(sheetOf(reply), whereTold(reply, rq.body.Place)...), string(packed))
	}
	if rq.in.Tries == 0 && !sleep(ctx, ackTravels-time.Since(began)) {
		return
	}
	if closed := b.web.updateView(ctx, rq.body.View, view); closed != nil {
		rq.log.InfoContext(ctx, "the form was closed meanwhile", "err", closed)
		b.afterClose(ctx, rq, reply, err)
	}
}

// whereTold says where to look for what a form has started.
func whereTold(reply commands.Reply, place stackhand.Place) sheet {
	where := "in the channel where you opened this form"
	switch {
	case reply.Job == "":
		return nil
	case place.Direct:
		where = "in our direct messages"
	case place.Thread != "":
		where = "in the thread where you opened this form"
	}
	return sheet{{Text: stackhand.Textf("You see how it goes %s. You may close this.", where), Small: true}}
}

// afterClose tells the outcome of a form that was closed before it was known.
func (b *Bot) afterClose(ctx context.Context, rq *request, reply commands.Reply, err error) {
	if reply.Form != nil || err == nil && reply.Whole().String() == "" {
		reply = commands.Reply{Text: stackhand.Textf("Your form was closed before it was finished, and nothing was done with it. Open it again.")}
	}
	b.answer(ctx, rq, reply, err)
}

// postOnce posts a message exactly once: where the outcome of a try is not known, or an
// earlier run of the program may have posted it (looked), it looks before posting.
func (b *Bot) postOnce(ctx context.Context, channel, thread, op string, m message, look bool, since time.Time) (ts string, err error) {
	for try := range patience {
		if look {
			if ts, err = b.find(ctx, channel, thread, op, since); err == nil && ts != "" {
				return ts, nil
			}
			if err != nil && outcomeOf(err) != refused {
				return "", err
			}
		}
		if err = b.web.limit.wait(ctx, "chat.postMessage", channel); err != nil {
			return "", err
		}
		ts, err = b.web.post(ctx, channel, thread, op, m)
		switch outcomeOf(err) {
		case sent, refused:
			return ts, err
		case unknown:
			look = true
			if !sleep(ctx, 200*time.Millisecond<<try) {
				return "", ctx.Err()
			}
		}
	}
	return "", err
}

const (
	findPage  = 200
	findPages = 5
	clockSlip = 10 * time.Minute // between Slack's clock and ours
)

// find looks for the message that carries the op id, in a thread or at the top of a
// channel; "" is that it is not there.
func (b *Bot) find(ctx context.Context, channel, thread, op string, since time.Time) (ts string, err error) {
	oldest := strconv.FormatInt(since.Add(-clockSlip).Unix(), 10)
	cursor := ""
	for range findPages {
		var found []slack.Message
		if thread != "" {
			err = b.web.call(ctx, "conversations.replies", "", true, func(ctx context.Context) (err error) {
				found, _, cursor, err = b.web.api.GetConversationRepliesContext(ctx, &slack.GetConversationRepliesParameters{
					ChannelID: channel, Timestamp: thread, Cursor: cursor, Oldest: oldest, Limit: findPage, IncludeAllMetadata: true})
				return err
			})
		} else {
			err = b.web.call(ctx, "conversations.history", "", true, func(ctx context.Context) error {
				r, err := b.web.api.GetConversationHistoryContext(ctx, &slack.GetConversationHistoryParameters{
					ChannelID: channel, Cursor: cursor, Oldest: oldest, Limit: findPage, IncludeAllMetadata: true})
				if err == nil {
					found, cursor = r.Messages, r.ResponseMetaData.NextCursor
				}
				return err
			})
		}
		if err != nil {
			return "", err
		}
		for _, m := range found {
			if m.Metadata.EventType == opEvent && m.Metadata.EventPayload["op"] == op && (m.User == b.self.user || m.BotID == b.self.bot) {
				return m.Timestamp, nil
			}
		}
		if cursor == "" {
			return "", nil
		}
	}
	return "", nil
}
