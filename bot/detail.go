package bot

import (
	"context"
	"regexp"
	"strings"
	"unicode/utf8"

	"github.com/stackhand/stackhand"
	"github.com/stackhand/stackhand/commands"
)

// actionDetail is the button that shows a cloud's own words. Its value is the id of the job that
// failed, or else the words themselves.
const actionDetail = "detail"

func detailButton(value string) stackhand.Action {
	return stackhand.Action{ID: actionDetail, Label: "What the cloud said", Value: value}
}

// jobID is what the ids of jobs look like.
var jobID = regexp.MustCompile(`^[a-z2-7]{8}$`)

// showDetail tells who pressed the button what the cloud said.
func (b *Bot) showDetail(ctx context.Context, rq *request) {
	words := rq.body.Value
	if !jobID.MatchString(words) {
		b.answer(ctx, rq, commands.Reply{Private: true, Text: detailText("The cloud's own words:", words)}, nil)
		return
	}
	reply, err := b.detailOf(ctx, rq, words)
	b.answer(ctx, rq, reply, err)
}

func (b *Bot) detailOf(ctx context.Context, rq *request, id string) (commands.Reply, error) {
	job, err := b.o.Records.Job(ctx, id)
	if err == nil && !b.sees(ctx, rq, job) {
		err = stackhand.Errorf(stackhand.NotFound, "There is no job %s here.", id)
	}
	switch {
	case err != nil:
		return commands.Reply{}, err
	case job.Problem == nil || job.Problem.Detail == "":
		return commands.Reply{}, stackhand.Errorf(stackhand.NotFound, "The cloud said nothing more about job %s.", id)
	}
	p := job.Problem
	lead := "The cloud's own words"
	if title := titleOf(job, p.Step); title != "" {
		lead += " on " + title
	}
	text := detailText(lead+":", p.Detail)
	if p.Ref != "" {
		text = text.Add("\nThe log has more under ref %s.", stackhand.AsCode(p.Ref))
	}
	return commands.Reply{Private: true, Text: text}, nil
}

// sees tells whether somebody may read what became of a job: its asker, administrators, and
// whoever can see its messages.
func (b *Bot) sees(ctx context.Context, rq *request, job stackhand.Job) bool {
	if job.User.ID == rq.user.ID || rq.user.Role >= stackhand.Admin || job.Place.Channel == rq.body.Place.Channel {
		return true
	}
	rep, err := b.o.Records.Report(ctx, job.ID)
	return err == nil && rep.Card.Channel == rq.body.Place.Channel
}

func detailText(lead, words string) stackhand.Text {
	return stackhand.Textf("%s\n%s", lead, stackhand.AsBlock(clip(strings.TrimSpace(words), maxSection)))
}

// clipBytes shortens to at most n bytes, which is never more than n characters.
func clipBytes(s string, n int) string {
	const mark = "…"
	if len(s) <= n {
		return s
	}
	s = s[:n-len(mark)]
	for !utf8.ValidString(s) {
		s = s[:len(s)-1]
	}
	return s + mark
}
