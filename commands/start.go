package commands

import (
	"context"
	"crypto/sha256"
	"encoding/base32"
	"encoding/json"
	"fmt"
	"strings"
	"time"

	"github.com/stackhand/stackhand"
	"github.com/stackhand/stackhand/internal/policy"
)

var lowerBase32 = base32.NewEncoding("abcdefghijklmnopqrstuvwxyz234567").WithPadding(base32.NoPadding)

// JobID is the id of the n-th job that a line starts, n from 0. It is made from the line's key,
// so that the same line, delivered again, means the same job.
func JobID(key string, n int) string {
	if n > 0 {
		key = fmt.Sprintf("%s\x00%d", key, n)
	}
	sum := sha256.Sum256([]byte(key))
	return lowerBase32.EncodeToString(sum[:5])
}

// started finds the job that an earlier delivery of the same line has started, or asked for. Of a line that is planned once more
// for one of its jobs the others count as started: they may be done by now, or denied.
func (env *Env) started(ctx context.Context, line Line, n int) (stackhand.Job, bool, error) {
	if t := env.rehearsing; t != nil {
		return stackhand.Job{}, JobID(line.Key, n) != t.id, nil
	}
	if env.carrying { // the job of that id is the one that says the line
		return stackhand.Job{}, false, nil
	}
	if line.Key == "" {
		return stackhand.Job{}, false, stackhand.Errorf(stackhand.Internal, "The line came without a key, so nothing was started.").Do("Type it again.")
	}
	job, err := env.Jobs.Job(ctx, JobID(line.Key, n))
	if stackhand.KindOf(err) == stackhand.NotFound {
		return env.requested(ctx, JobID(line.Key, n))
	}
	return job, err == nil, err
}

// requested finds a job that waits for approval, or was not given it.
func (env *Env) requested(ctx context.Context, id string) (stackhand.Job, bool, error) {
	if env.Requests == nil || env.rehearsing != nil {
		return stackhand.Job{}, false, nil
	}
	r, err := env.Requests.Request(ctx, id)
	if stackhand.KindOf(err) == stackhand.NotFound {
		return stackhand.Job{}, false, nil
	}
	return env.waiting(ctx, r), err == nil, err
}

// start begins a job of the given flow, as far as the gate lets it. The job's stacks are those it makes, or else ids.
func (s *session) start(ctx context.Context, line Line, n int, job stackhand.Job, input any, made ...stackhand.Stack) (stackhand.Job, error) {
	p, err := s.propose(ctx, line, n, job, input, made...)
	if err != nil {
		return job, err
	}
	return s.env.admit(ctx, p)
}

// proposal is a job that the gate has decided about, and that has not begun.
type proposal struct {
	matter
	made    []stackhand.Stack
	verdict policy.Verdict
	outline outline   // what approvers see of it; empty: it is found out when they have to
	ends    time.Time // when there is nothing left to decide, at the latest; zero: as for any request
}

// propose asks the gate about a job. Nothing begins before the proposal is admitted.
func (s *session) propose(ctx context.Context, line Line, n int, job stackhand.Job, input any, made ...stackhand.Stack) (proposal, error) {
	raw, err := json.Marshal(input)
	if err != nil {
		return proposal{}, fmt.Errorf("input of %s: %w", job.Flow, err)
	}
	job.ID = JobID(line.Key, n)
	job.Input = raw
	job.User = s.user
	job.Place = line.Place
	job.Line = line.shown()
	job.State = stackhand.JobQueued
	job.Created = s.env.Now()
	job.Finding = s.finding
	for _, st := range made {
		job.Stacks = append(job.Stacks, st.ID)
	}
	return s.env.proposed(ctx, matter{user: s.user, line: line, job: job, session: s}, made)
}

// proposed has the gate decide about the job of m. A job that tries one again that was approved needs no second approval.
func (env *Env) proposed(ctx context.Context, m matter, made []stackhand.Stack) (proposal, error) {
	var about *stackhand.Stack
	if len(made) == 0 && len(m.job.Stacks) > 0 {
		st, err := env.Stacks.Stack(ctx, m.job.Stacks[0])
		if err != nil && stackhand.KindOf(err) != stackhand.NotFound {
			return proposal{}, err
		}
		if err == nil {
			about = &st
		}
	}
	var err error
	if m.facts, err = factsOf(m.job, about); err != nil {
		return proposal{}, err
	}
	m.facts.fill(m, about, env.Now())
	m.at = m.job.Scope
	p := proposal{matter: m, made: made}
	if p.verdict, err = env.decide(ctx, m); err != nil || p.verdict.Then != policy.Approve {
		return p, err
	}
	approved, err := env.approved(ctx, m.job.RetryOf)
	if approved {
		p.verdict.Then = policy.Allow
	}
	return p, err
}

// approved tells whether a job, or the one that it tried again, was a request that was approved: it had the same input.
func (env *Env) approved(ctx context.Context, id string) (bool, error) {
	for id != "" && env.Requests != nil {
		r, err := env.Requests.Request(ctx, id)
		switch {
		case err == nil:
			return r.State == stackhand.RequestApproved, nil
		case stackhand.KindOf(err) != stackhand.NotFound:
			return false, err
		}
		job, err := env.Jobs.Job(ctx, id)
		if err != nil {
			return false, err
		}
		id = job.RetryOf
	}
	return false, nil
}

// admit lets a job begin, or asks for the approval that it needs: its State is JobAsked then.
func (env *Env) admit(ctx context.Context, p proposal) (stackhand.Job, error) {
	if t := env.rehearsing; t != nil {
		return p.job, t.hear(ctx, env, p)
	}
	env.judged(p.matter, p.verdict) // anew: a line may propose several jobs before the first of them begins
	if p.verdict.Then != policy.Approve {
		if len(p.made) == 0 {
			if err := env.used(ctx, verbOf(p.job), p.job.Stacks...); err != nil {
				return p.job, err
			}
		}
		return env.Jobs.Start(ctx, p.job, p.made...)
	}
	if env.Requests == nil {
		return p.job, stackhand.Errorf(stackhand.Forbidden, "By the rule %q that needs the approval of %s, which cannot be given here.", p.verdict.Rule, env.approvers(ctx, p.verdict)).
			Do("Talk to whoever runs this bot.")
	}
	r, err := env.request(ctx, p)
	if err != nil {
		return p.job, err
	}
	if r, err = env.Requests.Ask(ctx, r); err != nil {
		return p.job, err
	}
	return env.waiting(ctx, r), nil
}

// waiting is the job of a request, which says in its notes for what it waits or why it will not begin.
func (env *Env) waiting(ctx context.Context, r stackhand.Request) stackhand.Job {
	job := r.Job
	job.State = stackhand.JobAsked
	note := "waits for the approval of " + env.waitsFor(ctx, r)
	switch r.State {
	case stackhand.RequestOpen:
		if r.Why != "" {
			note += ": " + strings.TrimRight(r.Why, ".")
		}
	case stackhand.RequestApproved:
		note = "is approved, and begins"
	case stackhand.RequestDenied:
		note = "was not approved"
	case stackhand.RequestEnded:
		note = "was not decided about in time"
	case stackhand.RequestWithdrawn:
		note = "was withdrawn"
	}
	job.Notes = []string{note}
	return job
}

// used writes down that a person did something with these stacks.
func (env *Env) used(ctx context.Context, what string, stacks ...string) error {
	if env.Used == nil {
		return nil
	}
	for _, id := range stacks {
		if err := env.Used(ctx, id, what); err != nil {
			return err
		}
	}
	return nil
}

// verbOf is what a job of a person does: its flow, or for a change of a server the verb.
func verbOf(job stackhand.Job) string {
	var spec stackhand.ActSpec
	if job.Flow == "act" && json.Unmarshal(job.Input, &spec) == nil {
		return spec.Verb
	}
	return job.Flow
}

// firstLine is a line as a card shows it: without code blocks, and not too long.
func firstLine(text string) string {
	text = blockMark.ReplaceAllString(text, "…")
	text, _, _ = strings.Cut(text, "\n")
	return clip(strings.Join(strings.Fields(text), " "), 300)
}

// begun is the answer to a line that started a job; its card says the rest. One that waits for approval is no job yet.
func begun(job stackhand.Job) Reply {
	if job.State == stackhand.JobAsked {
		return Reply{Text: stackhand.Textf("%s (%s) %s.", job.Title, stackhand.AsCode(job.ID), strings.Join(job.Notes, ", "))}
	}
	return Reply{Begun: stackhand.Textf("%s: job %s is at work.", job.Title, stackhand.AsCode(job.ID)), Job: job.ID}
}
