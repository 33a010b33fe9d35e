package commands

import (
	"context"
	"crypto/sha256"
	"encoding/base32"
	"encoding/json"
	"fmt"
	"strings"

	"github.com/stackhand/stackhand"
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

// started finds the job that an earlier delivery of the same line has started.
func (env *Env) started(ctx context.Context, line Line, n int) (stackhand.Job, bool, error) {
	if line.Key == "" {
		return stackhand.Job{}, false, stackhand.Errorf(stackhand.Internal, "The line came without a key, so nothing was started.").Do("Type it again.")
	}
	job, err := env.Jobs.Job(ctx, JobID(line.Key, n))
	if stackhand.KindOf(err) == stackhand.NotFound {
		return stackhand.Job{}, false, nil
	}
	return job, err == nil, err
}

// start begins a job of the given flow. The job's stacks are those it makes, or else ids.
func (env *Env) start(ctx context.Context, user stackhand.User, line Line, n int, job stackhand.Job, input any, made ...stackhand.Stack) (stackhand.Job, error) {
	raw, err := json.Marshal(input)
	if err != nil {
		return job, fmt.Errorf("input of %s: %w", job.Flow, err)
	}
	job.ID = JobID(line.Key, n)
	job.Input = raw
	job.User = user
	job.Place = line.Place
	job.Line = firstLine(line.Text)
	job.State = stackhand.JobQueued
	job.Created = env.Now()
	for _, st := range made {
		job.Stacks = append(job.Stacks, st.ID)
	}
	return env.admit(ctx, job, made...)
}

// admit lets a job begin.
func (env *Env) admit(ctx context.Context, job stackhand.Job, made ...stackhand.Stack) (stackhand.Job, error) {
	return env.Jobs.Start(ctx, job, made...)
}

// firstLine is a line as a card shows it: without code blocks, and not too long.
func firstLine(text string) string {
	text = blockMark.ReplaceAllString(text, "…")
	text, _, _ = strings.Cut(text, "\n")
	return clip(strings.Join(strings.Fields(text), " "), 300)
}

// begun is the answer to a line that started a job; its card says the rest.
func begun(job stackhand.Job) Reply {
	return Reply{Begun: stackhand.Textf("%s: job %s is at work.", job.Title, stackhand.AsCode(job.ID)), Job: job.ID}
}
