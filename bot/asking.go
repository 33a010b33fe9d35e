package bot

import (
	"context"
	"slices"
	"strings"

	"github.com/stackhand/stackhand"
)

// subject is the job that messages are about, and the request that it comes from, if it does. Before there is a job it
// is the one that waits.
func (r *reporter) subject(ctx context.Context, id string) (stackhand.Job, *stackhand.Request, error) {
	job, err := r.b.o.Records.Job(ctx, id)
	asked := stackhand.KindOf(err) == stackhand.NotFound
	if err != nil && !asked || err == nil && len(job.Approvals) == 0 {
		return job, nil, err
	}
	req, err := r.b.o.Records.Request(ctx, id)
	if err != nil {
		return job, nil, err
	}
	if asked {
		job = req.Job
		job.State = stackhand.JobAsked
	}
	return job, &req, nil
}

// askedOf gathers what the messages about a request are derived from.
func (r *reporter) askedOf(req stackhand.Request, view shown, rep stackhand.Report) asked {
	a := asked{req: req}
	if r.b.o.Approvals != nil {
		a.to = r.b.o.Approvals()
	}
	if view.job.State != stackhand.JobAsked {
		a.job = &view
	}
	if c := rep.Card; c.TS != "" && r.b.self.url != "" {
		a.card = strings.TrimSuffix(r.b.self.url, "/") + "/archives/" + c.Channel + "/p" + strings.ReplaceAll(c.TS, ".", "")
	}
	return a
}

// askOp compares what should be shown of a request with what was posted. It is a function of its arguments alone.
func (a asked) askOp(rep stackhand.Report) *op {
	home := homeOf(a.req.Job, rep)
	if a.job == nil {
		if o := a.ownCard(rep, home); o != nil {
			return o
		}
	}
	if home.thread == "" {
		home.thread = rep.Card.TS
	}
	if who, ids := a.invite(rep, home); who != "" {
		return &op{part: partKey(keyTold + who), class: classFirst, method: "conversations.open", invite: ids}
	}
	copies := a.copies(rep, home.channel)
	for _, w := range append(copies, a.replies(rep, home, copies)...) {
		if o := a.copyOp(rep, w); o != nil {
			return o
		}
	}
	return nil
}

// ownCard is the next thing to do for the card where it was asked. It is the message that the job's card, or in a thread
// its list of steps, will take over.
func (a asked) ownCard(rep stackhand.Report, home struct{ channel, thread string }) *op {
	m := a.sheet(true).message()
	part, at := partCard, rep.Card
	if home.thread != "" {
		part, at = partSteps, rep.Steps
	}
	switch {
	case at.TS == "":
		return &op{part: part, class: classFirst, method: "chat.postMessage", channel: home.channel, thread: home.thread, msg: m, hash: m.hash()}
	case at.Hash != m.hash():
		return edit(part, classState, home.channel, at.TS, m)
	}
	return nil
}

// copyOp is the next thing to do for one of the other messages. Once it is decided, nobody is asked who was not before.
func (a asked) copyOp(rep stackhand.Report, w wanted) *op {
	at := copyOf(rep, w.key)
	late := a.req.State != stackhand.RequestOpen && !w.reply && at.Op == ""
	if at.Refused != "" || late {
		return nil
	}
	m := w.sheet.message()
	switch {
	case at.TS == "":
		return &op{part: partKey(w.key), class: classFirst, method: "chat.postMessage", channel: w.channel, user: w.user, thread: w.thread, msg: m, hash: m.hash()}
	case at.Hash != m.hash() && !w.reply:
		return edit(partKey(w.key), classState, at.Channel, at.TS, m)
	}
	return nil
}

// isCopy tells the copies among the parts.
func (p partKey) isCopy() bool { return p != partCard && p != partSteps && p != partFinal }

// refuse notes that a copy can never be posted. The approvers get direct messages instead, where that leaves them without.
func (r *reporter) refuse(ctx context.Context, rep *stackhand.Report, o *op, why error) error {
	r.b.log.WarnContext(ctx, "a request is not shown in a place", "job", rep.Job, "part", o.part, "channel", o.channel, "err", why)
	copyIn(rep, string(o.part)).Refused = slackCode(why)
	return r.b.o.Records.SaveReport(ctx, rep)
}

// invite finds out to whom a request goes directly, and writes them down.
func (r *reporter) invite(ctx context.Context, rep *stackhand.Report, o *op) error {
	_, req, err := r.subject(ctx, rep.Job)
	if err != nil || req == nil {
		return err
	}
	for _, id := range o.invite {
		people := []string{id}
		if groupID.MatchString(id) {
			if people, err = r.b.people.groups.membersOf(ctx, id); err != nil {
				return err
			}
		}
		for _, p := range people {
			if p != req.Job.User.ID || req.Own {
				copyIn(rep, keyDirect+p)
			}
		}
	}
	copyIn(rep, string(o.part)).At = r.b.o.Now()
	return r.b.o.Records.SaveReport(ctx, rep)
}

// copyIn is the record of a copy, made if there is none.
func copyIn(rep *stackhand.Report, key string) *stackhand.Copy {
	i := slices.IndexFunc(rep.Copies, func(c stackhand.Copy) bool { return c.Key == key })
	if i < 0 {
		i = len(rep.Copies)
		rep.Copies = append(slices.Clip(rep.Copies), stackhand.Copy{Key: key})
	}
	return &rep.Copies[i]
}
