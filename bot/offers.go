package bot

import (
	"context"
	"strings"
	"time"

	"github.com/stackhand/stackhand"
)

// offers are the buttons on the end of a job for which there is still time.
func (s shown) offers() []stackhand.Action {
	if !s.job.State.Rests() {
		return nil
	}
	var out []stackhand.Action
	for _, o := range s.job.Offers {
		if !o.Until.IsZero() && !s.now.Before(o.Until) {
			continue
		}
		a := stackhand.Action{ID: "choose", Label: o.Label, Value: o.Line, Danger: o.Danger}
		if o.Danger {
			a.Confirm = firstOf(o.Label, o.Line) + "? This cannot be undone."
		}
		out = append(out, a)
	}
	return out
}

// offered is when the first of the offers ends that have an end; zero where none has.
func (s shown) offered() (first time.Time) {
	for _, o := range s.job.Offers {
		if !o.Until.IsZero() && s.now.Before(o.Until) && (first.IsZero() || o.Until.Before(first)) {
			first = o.Until
		}
	}
	return first
}

// wake is when the messages of a job that rests change although nothing happens to it.
func (s shown) wake() time.Time {
	if !s.job.State.Rests() {
		return time.Time{}
	}
	return s.offered()
}

// offerBlock begins the ids of the blocks with a job's buttons, so that a press tells the job.
const offerBlock = "job-"

// jobOf is the job whose buttons a block holds, "" where it is not one's.
func jobOf(block string) string {
	id, _, _ := strings.Cut(strings.TrimPrefix(block, offerBlock), "-")
	if !strings.HasPrefix(block, offerBlock) || !jobID.MatchString(id) {
		return ""
	}
	return id
}

// shownOnce takes the offer away whose press showed what is shown once.
func (b *Bot) shownOnce(ctx context.Context, rq *request) {
	id := jobOf(rq.body.Block)
	if b.o.WithdrawLine == nil || rq.body.Action != "choose" || id == "" {
		return
	}
	if err := b.o.WithdrawLine(ctx, id, rq.body.Value); err != nil {
		rq.log.WarnContext(ctx, "an offer that was taken is still shown", "job", id, "err", err)
	}
	b.Changed(id)
}

// taken takes a job's offers away once a press of one of them has started what it offered. It
// may be called again for the same press.
func (b *Bot) taken(ctx context.Context, rq *request) {
	id := jobOf(rq.body.Block)
	if b.o.Withdraw == nil || rq.body.Action != "choose" || id == "" {
		return
	}
	job, err := b.o.Records.Job(ctx, id)
	if err != nil || !offersLine(job, rq.body.Value) {
		return
	}
	if err := b.o.Withdraw(ctx, id); err != nil {
		rq.log.WarnContext(ctx, "an offer that was taken is still shown", "job", id, "err", err)
	}
	b.Changed(id)
}

func offersLine(job stackhand.Job, line string) bool {
	for _, o := range job.Offers {
		if o.Line == line {
			return true
		}
	}
	return false
}
