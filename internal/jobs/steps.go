package jobs

import (
	"context"
	"errors"
	"log/slog"
	"slices"

	"github.com/stackhand/stackhand"
)

// fold makes the change of the record that says how the steps ended. Steps that were
// stopped midway stay as they are, so that whoever goes on knows to look.
func (r *runner) fold(over []ended) func(*stackhand.Job) {
	now := r.e.o.Now()
	problems := make([]*stackhand.Problem, len(over))
	for i, e := range over {
		if e.err == nil || e.stopped {
			continue
		}
		p := r.e.problemOf(r.ctx, e.err, r.title(e.step))
		problems[i] = p
		r.log.Log(context.Background(), weight(p.Kind), "a step went wrong", "step", e.step, "ref", p.Ref, "err", causes(e.err))
	}
	return func(j *stackhand.Job) {
		for i, e := range over {
			s := j.Step(e.step)
			if s == nil || e.stopped {
				continue
			}
			s.Ended = now
			switch {
			case e.err != nil:
				s.State, s.Problem = stackhand.StepFailed, problems[i]
				if j.Problem == nil || j.Problem.Kind != stackhand.NeedsHuman && problems[i].Kind == stackhand.NeedsHuman {
					j.Problem = problems[i]
				}
			case s.State == stackhand.StepUndoing:
				s.State = stackhand.StepUndone
			case e.skipped:
				s.State, s.Problem = stackhand.StepSkipped, nil
			default:
				s.State, s.Problem = stackhand.StepDone, nil
			}
		}
	}
}

// weight is how much a failure matters to the operator: what is refused to people, because of what they asked for or
// of how things stand, is no trouble of the bot's.
func weight(k stackhand.Kind) slog.Level {
	switch k {
	case stackhand.Invalid, stackhand.NotFound, stackhand.Ambiguous, stackhand.Conflict, stackhand.Forbidden:
		return slog.LevelInfo
	}
	return slog.LevelError
}

// interrupted tells that a step ended because it was stopped, not because it failed.
func interrupted(err error) bool {
	return err != nil && (errors.Is(err, errStopped) || errors.Is(err, errLost) || errors.Is(err, context.Canceled) || stackhand.KindOf(err) == stackhand.Canceled || stackhand.Temporary(err))
}

// write saves what ended and what starts; nothing to say is nothing to save.
func (r *runner) write(fold func(*stackhand.Job), over []ended, starts []start) error {
	if len(over)+len(starts) == 0 {
		return nil
	}
	now := r.e.o.Now()
	return r.rec.do(func(j *stackhand.Job) {
		fold(j)
		for _, st := range starts {
			s := j.Step(st.step.Name)
			s.Attempt = st.attempt
			if st.undo {
				continue
			}
			if s.State != stackhand.StepRunning {
				s.Started = now
			}
			s.State = stackhand.StepRunning
		}
	})
}

// startable lists the steps whose needs are met, and those that were interrupted.
func (r *runner) startable(job stackhand.Job, live map[string]bool) []start {
	if job.Canceled != "" || slices.ContainsFunc(job.Steps, func(s stackhand.JobStep) bool { return s.State == stackhand.StepFailed }) {
		return nil
	}
	var out []start
	for _, st := range r.steps {
		s := job.Step(st.Name)
		met := !slices.ContainsFunc(st.Needs, func(n string) bool { return !over(job.Step(n).State) })
		switch {
		case live[st.Name] || !met:
		case s.State == stackhand.StepWaiting:
			out = append(out, start{step: st, attempt: 1})
		case s.State == stackhand.StepRunning:
			out = append(out, start{step: st, attempt: s.Attempt + 1, again: true})
		}
	}
	return out
}

func over(s stackhand.StepState) bool { return s == stackhand.StepDone || s == stackhand.StepSkipped }

// decide says, after nothing runs forward any more, what becomes of the job. It tells
// whether the job has to go back.
func (r *runner) decide(job stackhand.Job) bool {
	unfinished := slices.ContainsFunc(job.Steps, func(s stackhand.JobStep) bool { return !over(s.State) })
	failed := slices.ContainsFunc(job.Steps, func(s stackhand.JobStep) bool { return s.State == stackhand.StepFailed })
	begun := slices.ContainsFunc(job.Steps, func(s stackhand.JobStep) bool { return s.State != stackhand.StepWaiting })
	switch {
	case !unfinished:
		r.rest(stackhand.JobDone, nil)
	case job.Problem != nil && job.Problem.Kind == stackhand.NeedsHuman:
		r.rest(stackhand.JobStuck, nil)
	case r.ctx.Err() != nil:
		r.release()
	case job.Canceled != "" && !begun:
		r.rest(stackhand.JobUndone, canceled())
	case !failed && job.Canceled == "":
		r.rest(stackhand.JobStuck, r.e.problemOf(r.ctx, stackhand.Errorf(stackhand.NeedsHuman, "The job cannot go on: none of its steps can start."), ""))
	case !r.flow.Undo:
		r.rest(stackhand.JobFailed, nil)
	case job.Keep && job.Canceled == "":
		r.rest(stackhand.JobKept, nil)
	default:
		return true
	}
	return false
}

func canceled() *stackhand.Problem {
	return &stackhand.Problem{Kind: stackhand.Canceled, Msg: "It was cancelled before it was done."}
}

func (r *runner) title(name string) string {
	for _, s := range r.steps {
		if s.Name == name {
			return s.Title
		}
	}
	return name
}
