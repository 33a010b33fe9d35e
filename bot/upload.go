package bot

import (
	"context"

	"github.com/slack-go/slack"

	"github.com/stackhand/stackhand"
	"github.com/stackhand/stackhand/commands"
)

// upload sends a reply's file, with the reply's words beside it, and returns what there is left
// to say: the words again where the file is somewhere else than the line that asked for it.
func (b *Bot) upload(ctx context.Context, rq *request, reply commands.Reply) commands.Reply {
	file, place := *reply.File, rq.body.Place
	reply.File = nil
	if b.showsFile(ctx, rq, reply) {
		err := b.share(ctx, place.Channel, place.Thread, file, reply.Text)
		if err == nil {
			return wordless(reply)
		}
		rq.log.InfoContext(ctx, "a file is not taken here, so it goes to a direct message", "err", err)
	}
	own, err := b.web.dm(ctx, rq.in.User)
	if err == nil {
		err = b.share(ctx, own, "", file, reply.Text)
	}
	if err != nil {
		rq.log.ErrorContext(ctx, "the file could not be sent", "err", err)
		reply.Text = reply.Text.Add("\nSlack did not take the file %s, so there is none. Ask again in a moment.", stackhand.AsCode(file.Name))
		return reply
	}
	if place.Direct {
		return wordless(reply)
	}
	reply.Text = reply.Text.Add("\nThe file %s is in our direct messages.", stackhand.AsCode(file.Name))
	return reply
}

// wordless is what is left of a reply whose words were said beside its file.
func wordless(r commands.Reply) commands.Reply {
	r.Text, r.Begun = nil, nil
	return r
}

// showsFile tells whether a file may be shown where it was asked for: to its asker directly, to
// everybody where that is meant, and in the thread of a server, to which it belongs.
func (b *Bot) showsFile(ctx context.Context, rq *request, reply commands.Reply) bool {
	place := rq.body.Place
	switch {
	case place.Direct:
		return true
	case reply.Private:
		return false
	case reply.Public:
		return true
	case place.Thread == "":
		return false
	}
	jobs, err := b.o.Env.Stacks.JobsInThread(ctx, place.Channel, place.Thread)
	if err != nil {
		rq.log.WarnContext(ctx, "cannot tell whether the thread is a server's", "err", err)
	}
	return len(jobs) > 0
}

// share uploads a file into a channel or thread.
func (b *Bot) share(ctx context.Context, channel, thread string, f commands.File, words stackhand.Text) error {
	if b.web.shared(ctx, channel) {
		return errShared
	}
	content := string(f.Content)
	if content == "" {
		content = "(nothing)\n" // Slack takes no empty files
	}
	content = b.web.strict(content)
	comment := ""
	if all := chunks(atomsOf(words), maxText); len(all) > 0 {
		comment = b.web.strict(all[0])
	}
	return b.web.call(ctx, "files.completeUploadExternal", "", false, func(ctx context.Context) error {
		_, err := b.web.api.UploadFileContext(ctx, slack.UploadFileParameters{
			Content: content, FileSize: len(content), Filename: f.Name, Title: f.Name,
			Channel: channel, ThreadTimestamp: thread, InitialComment: comment,
		})
		return err
	})
}
