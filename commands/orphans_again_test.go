package commands

import (
	"context"
	"testing"
	"time"

	"github.com/stackhand/stackhand"
	"github.com/stackhand/stackhand/internal/policy"
)

// pressing is an orphanWorld with a trail, on which findings are ignored as they say.
func pressing(t *testing.T) (*world, *Env, *fakeOrphans) {
	w, env, o := orphanWorld()
	l := &paper{}
	env.Audit, env.Trail = l.audit, l.trail
	env.Settings.Deciders = true
	newBook(env)
	env.Orphans = sticking{o}
	return w, env, o
}

// sticking remembers what is ignored.
type sticking struct{ *fakeOrphans }

func (s sticking) Ignore(ctx context.Context, o stackhand.Orphan, by, why string) error {
	for _, all := range s.at {
		for i := range all {
			if all[i].ID == o.ID {
				if all[i].Ignored = nil; by != "" {
					all[i].Ignored = &stackhand.Ignored{By: by, Why: why, At: s.w.now}
				}
			}
		}
	}
	return s.fakeOrphans.Ignore(ctx, o, by, why)
}

// Who decides the same about a finding once more, such as by a second press of its button, is told that it waits, and nothing waits twice.
func TestADecisionWaitsOnce(t *testing.T) {
	for line, title := range map[string]string{
		"orphans ignore aaaaaaaa":         "Ignore server old-1",
		"orphans ignore cccccccc --undo":  "Show volume data again",
		"orphans forget dddddddd":         "Forget record web-8",
		"orphans delete aaaaaaaa":         "Delete orphan: server old-1 with its port",
		"orphans delete eeeeeeee":         "Delete what is left of web-9",
		"orphans adopt aaaaaaaa --for 3d": "Adopt old-1",
	} {
		w, env, _ := pressing(t)
		giveStrays(w)
		rules(t, env, policy.Rule{Name: "four eyes", Then: policy.Approve})
		decide(t, env, alice, line, title+" .*waits for the approval of")
		b := env.Requests.(*fakeBook)
		r := b.only(t)
		decide(t, env, alice, line, title+" waits for an approval already \\(request "+r.ID+"\\)", "cancel "+r.ID)
		decide(t, env, dana, line, title+" waits for an approval already")
		if b.only(t).ID != r.ID {
			t.Errorf("%s: another one waits", line)
		}
		// Another decision about it is one of its own, and once this one is denied it can be asked for anew.
		if line != "orphans ignore aaaaaaaa" {
			continue
		}
		decide(t, env, alice, "orphans delete aaaaaaaa", "Delete orphan: server old-1 .*waits for the approval of")
		decide(t, env, carol, "deny "+r.ID+" no", "You denied")
		decide(t, env, alice, line, title+" .*waits for the approval of")
	}
}

// Where nobody has to approve it, whoever comes second is told that it was done.
func TestADecisionIsMadeOnce(t *testing.T) {
	w, env, o := pressing(t)
	for _, c := range []struct {
		who        stackhand.User
		line, want string
	}{
		{alice, `orphans ignore aaaaaaaa --why "it stays"`, "server old-1 is ignored from now on: it stays"},
		{alice, "orphans ignore aaaaaaaa", `server old-1 is ignored already, by you, since .*: it stays\.`},
		{dana, "orphans ignore aaaaaaaa", `server old-1 is ignored already, by .*: it stays\.`},
		{alice, "orphans ignore aaaaaaaa --why better", "server old-1 is ignored from now on: better"},
		{alice, "orphans ignore aaaaaaaa --undo", "server old-1 is shown again"},
		{alice, "orphans ignore aaaaaaaa --undo", "server old-1 is shown already: nobody ignores it"},
		{alice, "orphans forget dddddddd", "record of web-8 is closed"},
	} {
		decide(t, env, c.who, c.line, c.want)
	}
	if len(w.decided) != 4 {
		t.Errorf("decided %q", w.decided)
	}
	gone := func() {
		all := o.at["lab "+teamA]
		o.at["lab "+teamA], o.at["lab everywhere"] = all[1:3], all[1:3]
	}
	at := decide(t, env, alice, "orphans delete aaaaaaaa", "Delete orphan: server old-1").Job
	decide(t, env, alice, "orphans delete AAAAAAAA", "Delete orphan: server old-1 with its port is at work already \\(job "+at+"\\)", "job show "+at)
	decide(t, env, alice, "orphans ignore aaaaaaaa", "is at work already")
	gone() // while the job is at work, and then
	decide(t, env, alice, "orphans delete aaaaaaaa", "is at work already")
	decide(t, env, bob, "orphans delete aaaaaaaa", "There is no finding aaaaaaaa any more")
	job := w.jobs[at]
	job.State = stackhand.JobDone
	w.jobs[at] = job
	w.now = w.now.Add(5 * time.Minute)
	decide(t, env, alice, "orphans delete aaaaaaaa", "finding aaaaaaaa was dealt with already: you said `orphans delete aaaaaaaa`, 5 minutes ago", "job show "+at)
	decide(t, env, dana, "orphans adopt aaaaaaaa", "was dealt with already: .* said `orphans delete aaaaaaaa`")
	decide(t, env, bob, "orphans delete aaaaaaaa", "There is no finding aaaaaaaa any more")
	decide(t, env, alice, "orphans forget dddddddd", "finding dddddddd was dealt with already: you said `orphans forget dddddddd`", "Nothing is left to do")
	job.State = stackhand.JobFailed
	w.jobs[at] = job
	decide(t, env, alice, "orphans delete aaaaaaaa", "There is no finding aaaaaaaa any more")
	if len(w.jobs) != 1 {
		t.Errorf("%d jobs", len(w.jobs))
	}
	again := job
	again.ID, again.RetryOf, again.State, job.RetriedAs = "retried1", at, stackhand.JobRunning, "retried1"
	w.jobs[at], w.jobs[again.ID] = job, again
	decide(t, env, alice, "orphans delete aaaaaaaa", "is at work already \\(job retried1\\)")
	again.State = stackhand.JobDone
	w.jobs[again.ID] = again
	decide(t, env, alice, "orphans delete aaaaaaaa", "finding aaaaaaaa was dealt with already", "job show retried1")
}
