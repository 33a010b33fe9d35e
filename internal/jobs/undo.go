package jobs

import (
	"context"
	"slices"
	"strings"
	"time"

	"github.com/cenkalti/backoff/v5"

	"github.com/stackhand/stackhand"
)

// goBack undoes the steps that ran or may have run, each after all that were built upon it.
func (r *runner) goBack() {
	job := r.rec.view()
	well := map[string]bool{}
	if job.State != stackhand.JobUndoing {
		for _, s := range job.Steps {
			well[s.Name] = s.State == stackhand.StepDone
		}
		if _, err := r.rec.add(r.turn); err != nil {
			return
		}
		r.turn(&job)
	}
	ph := r.begin(false)
	defer ph.end()
	err := r.pass(ph, func(job stackhand.Job, live map[string]bool) []start {
		r.turn(&job)
		return r.undoable(job, live, well)
	})
	if err != nil {
		return
	}
	r.decideUndone(r.rec.view())
}

// turn is the change of the record from forward to back. Applied again it changes nothing.
func (r *runner) turn(j *stackhand.Job) {
	if j.State == stackhand.JobUndoing {
		return
	}
	j.State = stackhand.JobUndoing
	if j.Problem == nil && j.Canceled != "" {
		j.Problem = canceled()
	}
	for i := range j.Steps {
		s := &j.Steps[i]
		undo := slices.ContainsFunc(r.steps, func(st Step) bool { return st.Name == s.Name && st.Undo != nil })
		switch {
		case s.State == stackhand.StepWaiting:
			s.State = stackhand.StepSkipped
		case s.State == stackhand.StepSkipped:
		case undo:
			s.State = stackhand.StepUndoing
		case s.State == stackhand.StepRunning:
			s.State, s.Ended = stackhand.StepUndone, r.e.o.Now()
		}
	}
}

// undoable lists the steps to undo upon which nothing stands any more. What could not be
// undone keeps what it stands on.
func (r *runner) undoable(job stackhand.Job, live, well map[string]bool) []start {
	stands := map[string]bool{} // steps that something stands on
	var out []start
	for _, st := range slices.Backward(r.steps) {
		s := job.Step(st.Name)
		here := s.State == stackhand.StepUndoing || s.State == stackhand.StepFailed && st.Undo != nil
		if stands[st.Name] || here {
			for _, n := range st.Needs {
				stands[n] = true
			}
		}
		if s.State == stackhand.StepUndoing && !stands[st.Name] && !live[st.Name] {
			out = append(out, start{step: st, attempt: s.Attempt + 1, again: !well[st.Name], undo: true})
		}
	}
	return out
}

// decideUndone says, after nothing can be undone any more, what becomes of the job.
func (r *runner) decideUndone(job stackhand.Job) {
	open := slices.ContainsFunc(job.Steps, func(s stackhand.JobStep) bool { return s.State == stackhand.StepUndoing })
	stuck := slices.ContainsFunc(job.Steps, func(s stackhand.JobStep) bool {
		return s.State == stackhand.StepFailed && s.Problem != nil && s.Problem.Kind == stackhand.NeedsHuman
	})
	failed := slices.ContainsFunc(r.steps, func(st Step) bool {
		return st.Undo != nil && job.Step(st.Name).State == stackhand.StepFailed
	})
	switch {
	case stuck:
		r.rest(stackhand.JobStuck, nil)
	case open && r.ctx.Err() != nil:
		r.release()
	case failed || open || len(job.Made) > 0:
		r.rest(stackhand.JobFailed, nil)
	default:
		r.rest(stackhand.JobUndone, nil)
	}
}

// rest ends the work on the job. p is its problem, if it has none yet.
func (r *runner) rest(to stackhand.JobState, p *stackhand.Problem) {
	if r.rec.isLost() {
		return
	}
	end := func(j *stackhand.Job) {
		now := r.e.o.Now()
		for i := range j.Steps {
			halt(&j.Steps[i], now)
		}
		if j.Problem == nil {
			j.Problem = p
		}
		if to == stackhand.JobDone {
			j.Problem = nil
		}
		r.leave(j, to)
		j.State, j.Ended, j.Claim = to, now, stackhand.Claim{}
	}
	job := r.rec.view()
	end(&job)
	notes, err := r.settle(job, to)
	if err != nil {
		if r.ctx.Err() != nil {
			r.release()
			return
		}
		bad := r.e.problemOf(r.ctx, forHumanToo(err), "")
		r.log.Error("what became of the job could not be recorded", "ref", bad.Ref, "err", causes(err))
		if to = stackhand.JobStuck; p == nil || p.Kind != stackhand.NeedsHuman {
			p = bad
		}
	}
	err = r.rec.do(func(j *stackhand.Job) {
		end(j)
		note(j, notes...)
	})
	if err != nil {
		return
	}
	r.unlockAll(context.WithoutCancel(r.ctx))
	r.log.Info("the job rests", "state", to, "took", job.Ended.Sub(job.Started))
}

// halt gives a step that was stopped midway the state in which it rests: nobody is at work on it any more.
func halt(s *stackhand.JobStep, now time.Time) {
	switch s.State {
	case stackhand.StepUndoing:
		s.Note = "left, because something that stands on it could not be undone"
	case stackhand.StepRunning:
		p := &stackhand.Problem{Kind: stackhand.Canceled, Msg: "It was stopped midway."}
		if s.Problem != nil {
			p.Msg, p.Ref = "It was stopped while it was tried again: "+s.Problem.Msg, s.Problem.Ref
		}
		s.Problem = p
	default:
		return
	}
	s.State, s.Ended = stackhand.StepFailed, now
}

func forHumanToo(err error) error {
	return stackhand.Errorf(stackhand.NeedsHuman, "What became of this job could not be written down.").
		Do("Look at what is there; the operator finds the cause in the log.").Because(err)
}

// leave adds sentences that name what is left, and what may be.
func (r *runner) leave(j *stackhand.Job, to stackhand.JobState) {
	var names []string
	for _, m := range j.Made {
		names = append(names, strings.TrimSpace(m.Kind+" "+or(m.Name, m.ID)))
	}
	if to == stackhand.JobFailed && len(names) > 0 {
		note(j, "Still there: "+strings.Join(names, ", ")+".")
	}
	if to != stackhand.JobFailed && to != stackhand.JobKept && to != stackhand.JobStuck {
		return
	}
	if perhaps := r.perhaps(*j, to); len(perhaps) > 0 {
		note(j, "Perhaps there too, since the cloud did not say: "+strings.Join(perhaps, ", ")+".")
	}
}

// perhaps lists, by their titles, the steps that may have made what is not on the record.
func (r *runner) perhaps(j stackhand.Job, to stackhand.JobState) (titles []string) {
	for _, st := range r.steps {
		s := j.Step(st.Name)
		if st.Makes == "" || s == nil || s.State != stackhand.StepFailed {
			continue
		}
		if inVain := to == stackhand.JobFailed && st.Undo != nil; !inVain && (s.Problem == nil || !Unsure(s.Problem.Kind)) {
			continue
		}
		one := !slices.ContainsFunc(r.steps, func(o Step) bool { return o.Makes == st.Makes && o.Name != st.Name })
		known := slices.ContainsFunc(j.Made, func(m stackhand.Resource) bool {
			return m.Kind == st.Makes && (one || m.Name == s.Note || strings.HasSuffix(st.Title, " "+m.Name))
		})
		if !known {
			titles = append(titles, st.Title)
		}
	}
	return titles
}

// note adds sentences that the job does not say yet.
func note(j *stackhand.Job, sentences ...string) {
	for _, s := range sentences {
		if !slices.Contains(j.Notes, s) {
			j.Notes = append(j.Notes, s)
		}
	}
}

// settle calls the flow's hook, more than once if need be.
func (r *runner) settle(job stackhand.Job, to stackhand.JobState) ([]string, error) {
	if r.flow.Settle == nil {
		return nil, nil
	}
	job, err := r.e.opened(job)
	if err != nil {
		return nil, err
	}
	ph := newPhase(r.ctx, r.e.o.Grace)
	defer ph.end()
	wait := backoff.NewExponentialBackOff()
	wait.InitialInterval = r.e.o.Retries.First
	for tries := 1; ; tries++ {
		notes, err := r.flow.Settle(ph.hard, job, to)
		if err == nil || tries == 6 {
			return notes, err
		}
		r.log.Warn("what became of the job could not be recorded, trying again", "err", causes(err))
		if err := ph.pause(ph.hard, wait.NextBackOff(), nil); err != nil {
			return nil, err
		}
	}
}

// release lets the claim go, so that another engine can go on at once.
func (r *runner) release() {
	if err := r.rec.do(func(j *stackhand.Job) { j.Claim = stackhand.Claim{} }); err == nil {
		r.log.Info("the job is let go")
	}
}
