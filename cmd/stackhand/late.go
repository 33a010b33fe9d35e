package main

import (
	"context"
	"slices"
	"time"

	"github.com/stackhand/stackhand"
	"github.com/stackhand/stackhand/internal/jobs"
	"github.com/stackhand/stackhand/internal/orphan"
)

// lateAfter is how long after the end of a job that was interrupted it is looked once more for what a call of it may have made late:
// by then things are old enough to count as orphans.
const lateAfter = orphan.Fresh + 5*time.Minute

// lateLook names the setting that says when.
const lateLook = "look after an interruption"

// interrupted tells whether a call of a job may have taken effect after the job had looked for it the last time: the bot died in the
// middle of it, or an answer never came.
func interrupted(j stackhand.Job) bool {
	return j.Resumed > 0 || slices.ContainsFunc(j.Steps, func(s stackhand.JobStep) bool { return s.Problem != nil && jobs.Unsure(s.Problem.Kind) })
}

// lookLater has it looked for what a job may have left, some minutes from now.
func (a *app) lookLater(ctx context.Context, j stackhand.Job) error {
	if !interrupted(j) {
		return nil
	}
	return a.store.SetSetting(ctx, lateLook, []byte(a.now().Add(lateAfter).UTC().Format(time.RFC3339Nano)))
}

// afterInterruptions is the schedule of these looks.
type afterInterruptions struct{ *app }

// Next is the moment that was noted, if it comes after t; zero if none does.
func (a afterInterruptions) Next(t time.Time) time.Time {
	raw, err := a.store.Setting(context.Background(), lateLook)
	if stackhand.KindOf(err) == stackhand.NotFound {
		return time.Time{}
	}
	at, bad := time.Parse(time.RFC3339Nano, string(raw))
	if err != nil || bad != nil {
		a.log.Error("it cannot be read when to look for what came to life late", "err", err, "bad", bad)
		return time.Time{}
	}
	if !at.After(t) {
		return time.Time{}
	}
	return at
}
