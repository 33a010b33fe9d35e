package commands

import (
	"context"
	"fmt"
	"strings"

	"github.com/stackhand/stackhand"
)

type jobArgs struct {
	Job  string `arg:"job" help:"its id; in a thread, the last job there"`
	Line Line
}

var _ = add(Command[jobArgs]{
	Name:     "job show",
	Help:     "the steps of a job, with their times and problems",
	Examples: []string{"job show k3v9x2ab"},
	Role:     stackhand.Member,
	Reads:    true,
	Run:      jobShow,
})

func jobShow(ctx context.Context, env *Env, user stackhand.User, a jobArgs) (Reply, error) {
	if q, err := env.unbegun(ctx, a.Line, a.Job); err != nil {
		return Reply{}, err
	} else if q != nil {
		if q.Job.User.ID != user.ID && q.Job.Place.Channel != a.Line.Place.Channel && env.entitled(ctx, user, *q) != nil {
			return Reply{}, notYourJob(q.ID)
		}
		return env.showRequest(ctx, user, *q), nil
	}
	j, err := env.job(ctx, a.Line, a.Job, "job show")
	if err != nil {
		return Reply{}, err
	}
	// Whoever reads the channel has the card before them; elsewhere a job is its asker's business.
	if j.User.ID != user.ID && user.Role < stackhand.Admin && j.Place.Channel != a.Line.Place.Channel {
		return Reply{}, notYourJob(j.ID)
	}
	by := "asked for by"
	if j.Own {
		by = "begun by the bot for"
	}
	r := Reply{Text: stackhand.Textf("%s %s: %s, %s %s", j.ID, j.State, j.Title, by, stackhand.To(j.User.ID))}
	field := func(name, format string, args ...any) {
		r.Fields = append(r.Fields, Field{name, stackhand.Textf(format, args...)})
	}
	field("Begun", "%s", stackhand.At(j.Created))
	field("Took", "%s", took(j.Started, j.Ended, env.Now()))
	if p := j.Problem; p != nil {
		field("Problem", "%s", strings.TrimSpace(p.Msg+" "+p.Next))
		if p.Ref != "" {
			field("Reference", "%s", p.Ref)
		}
	}
	if made := ledger(stackhand.Stack{Ledger: j.Made}); made != "" {
		field("Made", "%s", made)
	}
	for _, v := range j.Approvals {
		field("Approved", "by %s, %s", stackhand.To(v.User), stackhand.At(v.At))
	}
	for _, n := range j.Notes {
		field("Note", "%s", n)
	}
	if j.Resumed > 0 {
		field("Resumed", "%s after a restart", count(j.Resumed, "time"))
	}
	for _, l := range []struct{ name, id string }{{"Retry of", j.RetryOf}, {"Retried as", j.RetriedAs}} {
		if l.id != "" {
			field(l.name, "%s", l.id)
		}
	}
	r.Table = steps(j, env)
	return r, nil
}

func notYourJob(id string) error {
	return stackhand.Errorf(stackhand.Forbidden, "Job %s is somebody else's, and was asked for in another place.", id).Do("`jobs` lists yours.")
}

func steps(j stackhand.Job, env *Env) *Table {
	if len(j.Steps) == 0 {
		return nil
	}
	t := &Table{Columns: []string{"Step", "State", "Took", "Note"}}
	for _, s := range j.Steps {
		note := s.Note
		state := j.Standing(s)
		if s.Problem != nil && state != stackhand.StepDone {
			note = s.Problem.Msg
		}
		if s.Attempt > 1 {
			note = fmt.Sprintf("%s (attempt %d)", note, s.Attempt)
		}
		t.Rows = append(t.Rows, []string{s.Title, string(state), took(s.Started, s.Ended, env.Now()), note})
	}
	return t
}

// job finds a job by its id, or the last one of the thread's server.
func (env *Env) job(ctx context.Context, line Line, id, verb string) (stackhand.Job, error) {
	if id == "" && line.Place.Thread != "" {
		var err error
		if id, err = env.threadJob(ctx, line.Place); err != nil {
			return stackhand.Job{}, err
		}
	}
	if id == "" {
		return stackhand.Job{}, find(verb).misuse("Which job do you mean? `jobs` lists yours.")
	}
	j, err := env.Jobs.Job(ctx, id)
	if stackhand.KindOf(err) == stackhand.NotFound {
		return j, stackhand.Errorf(stackhand.NotFound, "There is no job %s.", quote(clip(id, 40))).Do("`jobs` lists yours.").Because(err)
	}
	return j, err
}

// threadJob is the id of the job that a thread is about: the one at work on its server, else the
// thread's newest, whose server may be gone; "" if there is none.
func (env *Env) threadJob(ctx context.Context, at stackhand.Place) (string, error) {
	stacks, err := env.Stacks.InThread(ctx, at.Channel, at.Thread)
	if err != nil {
		return "", err
	}
	if len(stacks) > 0 && stacks[0].Busy != "" {
		return stacks[0].Busy, nil
	}
	jobs, err := env.Stacks.JobsInThread(ctx, at.Channel, at.Thread)
	if err != nil || len(jobs) > 0 {
		return first(jobs...), err
	}
	if len(stacks) > 0 {
		return stacks[0].Job, nil
	}
	return "", nil
}

// steer finds a job that the user may steer: the own ones, those about servers that are theirs now, and all for
// administrators. What runs may be stopped by who began it; to begin anew, what it is about must still be theirs.
func (env *Env) steer(ctx context.Context, user stackhand.User, line Line, id, verb string) (stackhand.Job, error) {
	j, err := env.job(ctx, line, id, verb)
	if err != nil || user.Role >= stackhand.Admin {
		return j, err
	}
	stacks, others, err := env.about(ctx, user, j)
	own := j.User.ID == user.ID
	switch {
	case err != nil:
		return j, err
	case own && (others == nil || verb == "cancel"), !own && stacks > 0 && others == nil:
		return j, nil
	case own:
		return j, env.mayChange(ctx, user, *others, "do that to")
	}
	owner := env.person(ctx, j.User.ID)
	do := verb
	if verb == "cleanup" {
		do = "clean up after"
	}
	return j, stackhand.Errorf(stackhand.Forbidden, "Job %s (%s) is %s's, so you cannot %s it.", j.ID, j.Title, owner, do).
		Do("Ask %s, or an administrator.", owner)
}

// about counts the stacks that a job is about and that are not gone, and answers one of them that is not the user's.
func (env *Env) about(ctx context.Context, user stackhand.User, j stackhand.Job) (n int, others *stackhand.Stack, err error) {
	for _, id := range j.Stacks {
		st, err := env.Stacks.Stack(ctx, id)
		switch {
		case stackhand.KindOf(err) == stackhand.NotFound || err == nil && st.State == stackhand.StackGone:
			continue
		case err != nil:
			return n, others, err
		}
		n++
		if !st.Of(user) {
			others = &st
		}
	}
	return n, others, nil
}
