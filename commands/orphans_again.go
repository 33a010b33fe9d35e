package commands

import (
	"context"
	"strings"

	"github.com/stackhand/stackhand"
)

// undecided refuses a decision about a finding that waits for an approval already, such as by an earlier press of the same button; id is
// that of the job that would wait.
func (env *Env) undecided(ctx context.Context, o stackhand.Orphan, command, id string) error {
	if env.carrying || env.rehearsing != nil {
		return nil
	}
	return env.waitsAlready(ctx, id, func(r stackhand.Request) bool { return r.Command == command && r.Job.Finding == o.ID })
}

// atWork refuses a decision about a finding of which a job has begun to take care.
func (env *Env) atWork(ctx context.Context, o stackhand.Orphan) error {
	if env.carrying || env.rehearsing != nil {
		return nil
	}
	asked, err := env.askedAbout(ctx, o.ID)
	if err != nil {
		return err
	}
	for _, rec := range asked {
		job, err := env.lastTry(ctx, rec.Job)
		if err == nil && !job.State.Rests() {
			return beingDone(job)
		}
		if err != nil && stackhand.KindOf(err) != stackhand.NotFound {
			return err
		}
	}
	return nil
}

// lastTry is a job, or the last one with which it was tried again.
func (env *Env) lastTry(ctx context.Context, id string) (stackhand.Job, error) {
	job, err := env.Jobs.Job(ctx, id)
	for err == nil && job.RetriedAs != "" {
		job, err = env.Jobs.Job(ctx, job.RetriedAs)
	}
	return job, err
}

func beingDone(job stackhand.Job) error {
	return stackhand.Errorf(stackhand.Conflict, "%s is at work already (job %s).", job.Title, job.ID).
		Do("Its message says so when it is done; `job show %s` tells how it goes.", job.ID)
}

// askedAbout are the decisions about a finding, as the trail has them, newest first.
func (env *Env) askedAbout(ctx context.Context, id string) (asked []stackhand.AuditRecord, err error) {
	if env.Trail == nil {
		return nil, nil
	}
	all, err := env.Trail(ctx, stackhand.AuditQuery{Of: strings.ToLower(id)})
	for _, rec := range all {
		if rec.What == stackhand.AuditAsked && strings.HasPrefix(rec.Command, "orphans ") {
			asked = append(asked, rec)
		}
	}
	return asked, err
}

// overtaken answers that a finding is not there: to a line that was approved, that nothing is left to do. It may be the same line that
// did it, and that was interrupted then.
func (env *Env) overtaken(ctx context.Context, user stackhand.User, id string, err error) (Reply, error) {
	if env.carrying && stackhand.KindOf(err) == stackhand.NotFound {
		return Reply{Text: stackhand.Textf("There is no finding %s any more, so nothing is left to decide.", id)}, nil
	}
	return Reply{}, env.noFinding(ctx, user, id, err)
}

// noFinding says of a finding that is not there what became of it, to whoever decided about it, and to administrators.
func (env *Env) noFinding(ctx context.Context, user stackhand.User, id string, err error) error {
	if stackhand.KindOf(err) != stackhand.NotFound || env.carrying {
		return err
	}
	asked, terr := env.askedAbout(ctx, id)
	if terr != nil {
		return terr
	}
	for _, rec := range asked {
		if rec.User == user.ID || user.Role >= stackhand.Admin {
			return env.dealtWith(ctx, user, id, rec, err)
		}
	}
	return err
}

// dealtWith says what a decision came to; otherwise is said where it came to nothing.
func (env *Env) dealtWith(ctx context.Context, user stackhand.User, id string, rec stackhand.AuditRecord, otherwise error) error {
	who := "you"
	if rec.User != user.ID {
		who = env.person(ctx, rec.User)
	}
	done := stackhand.Errorf(stackhand.Conflict, "The finding %s was dealt with already: %s said `%s`, %s.", id, who, first(rec.Line, rec.Command), ago(rec.At, env.Now()))
	if rec.Job == "" {
		return done.Do("Nothing is left to do; `orphans` shows what there is.")
	}
	switch job, err := env.lastTry(ctx, rec.Job); {
	case err != nil && stackhand.KindOf(err) != stackhand.NotFound:
		return err
	case err == nil && !job.State.Rests():
		return beingDone(job)
	case err == nil && job.State == stackhand.JobDone:
		return done.Do("`job show %s` tells what was done.", job.ID)
	}
	return otherwise
}
