package commands

import (
	"context"
	"regexp"
	"strings"
	"time"

	"github.com/stackhand/stackhand"
)

type auditArgs struct {
	What   string        `arg:"what" help:"a server, a person or a job, by name or id, also one that is gone; without it what you did yourself, or everything for approvers and administrators"`
	Since  time.Duration `opt:"since" value:"7d" help:"no older than that"`
	Limit  int           `default:"10" help:"how many, newest first"`
	Before int           `opt:"before" value:"N" help:"only what is older than this number" hidden:"true"`
	Line   Line
}

var _ = add(Command[auditArgs]{
	Name:     "audit",
	Help:     "who did what, when, from where, and what came of it",
	Examples: []string{"audit web-1", "audit --since 7d", "audit @bob --limit 50"},
	Role:     stackhand.Member,
	Reads:    true,
	Run:      audit,
})

const maxAudit = 50

// slackID is what ids of people look like in a list of what a record is about.
var slackID = regexp.MustCompile(`^[UW][A-Z0-9]{4,30}$`)

func audit(ctx context.Context, env *Env, user stackhand.User, a auditArgs) (Reply, error) {
	switch {
	case a.Limit < 1 || a.Limit > maxAudit:
		return Reply{}, find("audit").misuse("--limit is from 1 to %d.", maxAudit)
	case a.Before < 0 || a.Since < 0:
		return Reply{}, find("audit").misuse("--before and --since are above 0.")
	case env.Trail == nil:
		return Reply{}, stackhand.Errorf(stackhand.Unavailable, "There is no audit trail here.").Do("Ask whoever runs this bot.")
	}
	word, err := env.auditOf(ctx, user, a)
	if err != nil {
		return Reply{}, err
	}
	q := stackhand.AuditQuery{Of: word, Before: int64(a.Before), Limit: a.Limit}
	if a.Since > 0 {
		q.Since = env.Now().Add(-a.Since)
	}
	recs, more, err := env.mayRead(ctx, user, q)
	if err != nil {
		return Reply{}, err
	}
	if len(recs) == 0 {
		return env.nothing(user, a, word)
	}
	text := stackhand.Textf("%s, newest first:", count(len(recs), "record"))
	for _, rec := range recs {
		text = append(text.Add("\n• %s · ", stackhand.At(rec.At)), env.told(ctx, rec)...)
	}
	r := Reply{Text: text, Private: true}
	if more {
		a.Before = int(recs[len(recs)-1].Seq)
		line := format("audit", a)
		r.Text = r.Text.Add("\nOlder ones: %s", stackhand.AsCode(line))
		r.Actions = []stackhand.Action{{ID: "page", Label: "More", Value: line}}
	}
	return r, nil
}

// auditOf is what the line asks about: what it names, the server of its thread, or else the asker; "" is everything.
func (env *Env) auditOf(ctx context.Context, user stackhand.User, a auditArgs) (string, error) {
	if a.What != "" {
		return strings.TrimPrefix(a.What, "@"), nil
	}
	if a.Line.Place.Thread != "" {
		ids, err := env.Stacks.JobsInThread(ctx, a.Line.Place.Channel, a.Line.Place.Thread)
		if err != nil {
			return "", err
		}
		for _, id := range ids {
			job, err := env.Jobs.Job(ctx, id)
			switch {
			case err == nil && len(job.Stacks) == 1:
				return job.Stacks[0], nil
			case err == nil:
				return id, nil
			case stackhand.KindOf(err) != stackhand.NotFound:
				return "", err
			}
		}
	}
	if user.Role >= stackhand.Approver {
		return "", nil
	}
	return user.ID, nil
}

// nothing is the answer where there is no record. Who may not see everything is not told whether others would see any.
func (env *Env) nothing(user stackhand.User, a auditArgs, word string) (Reply, error) {
	if user.Role < stackhand.Approver && !strings.EqualFold(word, user.ID) && a.Since == 0 && a.Before == 0 {
		return Reply{}, stackhand.Errorf(stackhand.Forbidden, "There is nothing about %s in the audit trail that you may see.", quote(clip(word, 60))).
			Do("You see what you did yourself, and what was done with your servers. Approvers and administrators see everything.")
	}
	return Reply{Text: stackhand.Textf("There is nothing in the audit trail that fits.")}, nil
}

// mayRead reads at most q.Limit records that the user may see, and tells whether there are more: everything for approvers and
// administrators, and for others what they did and what is about servers that are theirs, or were when they went.
func (env *Env) mayRead(ctx context.Context, user stackhand.User, q stackhand.AuditQuery) (out []stackhand.AuditRecord, more bool, err error) {
	want, theirs := q.Limit, map[string]bool{}
	q.Limit = max(want+1, 100)
	for {
		page, err := env.Trail(ctx, q)
		if err != nil {
			return nil, false, err
		}
		for _, rec := range page {
			q.Before = rec.Seq
			may, err := env.isOpen(ctx, user, rec, theirs)
			switch {
			case err != nil:
				return nil, false, err
			case may && len(out) == want:
				return out, true, nil
			case may:
				out = append(out, rec)
			}
		}
		if len(page) < q.Limit {
			return out, false, nil
		}
	}
}

// isOpen tells whether the user may see a record; theirs remembers which stacks are the user's.
func (env *Env) isOpen(ctx context.Context, user stackhand.User, rec stackhand.AuditRecord, theirs map[string]bool) (bool, error) {
	if user.Role >= stackhand.Approver || rec.User == user.ID {
		return true, nil
	}
	if mine, err := env.askedBy(ctx, user, rec); err != nil || mine {
		return mine, err
	}
	for _, id := range rec.About {
		if !stackID.MatchString(id) {
			continue
		}
		if _, known := theirs[id]; !known {
			st, err := env.Stacks.Stack(ctx, id)
			if err != nil && stackhand.KindOf(err) != stackhand.NotFound {
				return false, err
			}
			theirs[id] = err == nil && st.Of(user)
		}
		if theirs[id] {
			return true, nil
		}
	}
	return false, nil
}

// askedBy tells whether a record is of a decision about a request of the user's: nothing of theirs is there yet to find it by.
func (env *Env) askedBy(ctx context.Context, user stackhand.User, rec stackhand.AuditRecord) (bool, error) {
	if rec.What != stackhand.AuditDecided || rec.Job == "" || env.Requests == nil {
		return false, nil
	}
	r, err := env.readRequest(ctx, rec.Job)
	if stackhand.KindOf(err) == stackhand.NotFound {
		return false, nil
	}
	return err == nil && r.Job.User.ID == user.ID, err
}
