package commands

import (
	"context"
	"slices"
	"time"

	"github.com/dustin/go-humanize"

	"github.com/stackhand/stackhand"
)

type jobsArgs struct {
	All   bool `help:"everybody's (administrators only)"`
	Limit int  `default:"20" help:"how many, newest first"`
}

var _ = add(Command[jobsArgs]{
	Name:     "jobs",
	Help:     "what you asked for lately, and how it went",
	Examples: []string{"jobs", "jobs --limit 50"},
	Role:     stackhand.Member,
	Reads:    true,
	Run:      jobs,
})

const maxJobs = 100

func jobs(ctx context.Context, env *Env, user stackhand.User, a jobsArgs) (Reply, error) {
	if a.Limit < 1 || a.Limit > maxJobs {
		return Reply{}, find("jobs").misuse("--limit is from 1 to %d.", maxJobs)
	}
	whose := user.ID
	if a.All {
		if user.Role < stackhand.Admin {
			return Reply{}, stackhand.Errorf(stackhand.Forbidden, "Only administrators see everybody's jobs.").Do("`jobs` shows yours.")
		}
		whose = ""
	}
	recent, err := env.Jobs.Recent(ctx, whose, a.Limit)
	if err != nil {
		return Reply{}, err
	}
	asked, err := env.unstarted(ctx, whose, a.Limit)
	if err != nil {
		return Reply{}, err
	}
	if len(recent)+len(asked) == 0 {
		return Reply{Text: stackhand.Textf("There are no jobs yet. %s starts one.", stackhand.AsCode("create NAME"))}, nil
	}
	t := &Table{Columns: []string{"Job", "What", "State", "User", "Begun", "Took"}}
	recent = append(recent, asked...)
	slices.SortStableFunc(recent, func(a, b stackhand.Job) int { return b.Created.Compare(a.Created) })
	recent = recent[:min(len(recent), a.Limit)]
	for _, j := range recent {
		t.Rows = append(t.Rows, []string{j.ID, j.Title, string(j.State), env.person(ctx, j.User.ID),
			humanize.RelTime(j.Created, env.Now(), "ago", "from now"), took(j.Started, j.Ended, env.Now())})
	}
	return Reply{Text: stackhand.Textf("%s, newest first:", count(len(recent), "job")), Table: t}, nil
}

// unstarted are the requests of a user, or of all with "", that are no jobs, as rows of a list of jobs: those that wait, and those
// of which nothing came.
func (env *Env) unstarted(ctx context.Context, whose string, limit int) ([]stackhand.Job, error) {
	if env.Requests == nil {
		return nil, nil
	}
	requests, err := env.Requests.RecentRequests(ctx, whose, limit)
	var out []stackhand.Job
	for _, r := range requests {
		if r.State == stackhand.RequestApproved {
			continue
		}
		r.Job.State = stackhand.JobState(requestState(r))
		out = append(out, r.Job)
	}
	return out, err
}

// took is how long something ran, or has been running.
func took(start, end, now time.Time) string {
	switch {
	case start.IsZero():
		return "–"
	case end.IsZero():
		end = now
	}
	return roughly(max(0, end.Sub(start)))
}
