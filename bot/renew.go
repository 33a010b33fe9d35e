package bot

import (
	"context"
	"slices"

	"github.com/stackhand/stackhand"
)

// maxRenewals is how often a job's messages are posted anew in one place. Somebody, or
// something, that deletes them again and again does not want them there.
const maxRenewals = 3

// isLost tells whether Slack does not have a message any more, or will never let it be
// edited again.
// Source: the errors of docs.slack.dev/reference/methods/chat.postMessage and chat.update.
func isLost(err error) bool {
	return slices.Contains([]string{
		"thread_not_found", "message_not_found", "cant_update_message", "edit_window_closed",
	}, slackCode(err))
}

// said tells whether the end of the job was told: what is lost after that may stay so.
func said(job stackhand.Job, rep *stackhand.Report) bool {
	return job.State.Rests() && rep.Final.TS != "" && rep.FinalOf == string(job.State)
}

// renew forgets messages that are lost, so that they are posted anew, and tells whether it
// did. Without its card a job has no thread, so that everything is lost with it; and where it
// was typed in a thread that is gone, it goes on directly.
func (r *reporter) renew(ctx context.Context, t *task, rep *stackhand.Report, o *op, why error) (bool, error) {
	job, _, err := r.subject(ctx, t.id)
	if err != nil {
		return false, err
	}
	edits, often := o.ts != "", rep.Renewed >= maxRenewals
	switch {
	case edits && (often || said(job, rep)):
		return false, nil
	case !edits && !rep.Told && (often || homeOf(job, *rep).thread != ""):
		return true, r.move(ctx, t, rep, o.channel, why)
	case !edits && often && rep.Renewed >= 2*maxRenewals:
		return false, nil
	}
	r.b.log.InfoContext(ctx, "a message is lost and posted anew", "job", job.ID, "part", o.part, "err", why)
	clear(t.absent)
	rep.Renewed++
	if edits && o.part == partSteps {
		rep.Steps = stackhand.Posted{}
	} else {
		rep.Card, rep.Steps, rep.Final = stackhand.Posted{Channel: rep.Card.Channel}, stackhand.Posted{}, stackhand.Posted{}
	}
	return true, r.b.o.Records.SaveReport(ctx, rep)
}
