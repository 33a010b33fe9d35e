package commands

import (
	"fmt"
	"testing"
	"time"

	"github.com/stackhand/stackhand"
)

func giveJob(w *world, id, owner string, state stackhand.JobState) {
	w.jobs[id] = stackhand.Job{
		ID: id, Title: "Create web-1", User: stackhand.User{ID: owner}, State: state, Created: w.now.Add(-time.Hour), Started: w.now.Add(-time.Hour), Ended: w.now.Add(-59 * time.Minute),
		Problem: &stackhand.Problem{Kind: stackhand.Quota, Msg: "No room.", Next: "Delete something.", Ref: "r1"}, Resumed: 2, RetryOf: "older",
		Steps: []stackhand.JobStep{{Name: "net", Title: "Network", State: stackhand.StepDone, Note: "n-1", Started: w.now.Add(-time.Hour), Ended: w.now.Add(-time.Hour + 3*time.Second)},
			{Name: "boot", Title: "Server web-1", State: stackhand.StepFailed, Attempt: 3, Problem: &stackhand.Problem{Msg: "Quota exceeded."}}},
		Made: []stackhand.Resource{{Kind: stackhand.KindPort, ID: "p1"}}, Notes: []string{"The port stays."},
	}
	w.order = append(w.order, id)
}

func TestJobLines(t *testing.T) {
	for line, c := range map[string]struct {
		state stackhand.JobState
		kind  stackhand.Kind
		want  string
	}{
		"cancel aaaa2222":        {stackhand.JobRunning, "", "Create web-1: job aaaa2222 is being stopped"},
		"abort job aaaa2222":     {stackhand.JobQueued, "", "Understood as cancel aaaa2222"},
		"cancel aaaa2222 please": {stackhand.JobDone, stackhand.Conflict, "over already: it is done"},
		"retry aaaa2222":         {stackhand.JobUndone, "", "job raaaa is at work"},
		"retry aaaa2222 --keep":  {stackhand.JobFailed, "", "job raaaa is at work"},
		"keep aaaa2222":          {stackhand.JobUndone, "", "job raaaa is at work"},
		"try again aaaa2222":     {stackhand.JobStuck, "", "Understood as retry aaaa2222"},
		"retry  aaaa2222":        {stackhand.JobRunning, stackhand.Conflict, "still at work"},
		"retry 'aaaa2222'":       {stackhand.JobDone, stackhand.Conflict, "nothing to try again"},
		"cleanup aaaa2222":       {stackhand.JobKept, "", "job caaaa is at work"},
		"clean up aaaa2222":      {stackhand.JobStuck, "", "Understood as cleanup aaaa2222"},
		"cleanup  aaaa2222":      {stackhand.JobDone, stackhand.Conflict, "say delete"},
		"cleanup   aaaa2222":     {stackhand.JobUndone, "", "job caaaa is at work"},
		"cleanup    aaaa2222":    {stackhand.JobRunning, stackhand.Conflict, "still at work"},
		"job show aaaa2222": {stackhand.JobUndone, "", `aaaa2222 undone: Create web-1, asked for by @U0ALICE.*Took: 1m.*Problem: No room\. Delete something\..*Reference: r1.*Made: port p1` +
			`.*Note: The port stays\..*Resumed: 2 times.*Retry of: older.*Network +undone +3s +n-1.*Server web-1 +failed +– +Quota exceeded\. \(attempt 3\)`},
		"jobs": {stackhand.JobUndone, "", `1 job, newest first.*aaaa2222 +Create web-1 +undone +U0ALICE +1 hour ago +1m`},
	} {
		t.Run(line, func(t *testing.T) {
			w, env := newWorld()
			giveJob(w, "aaaa2222", "U0ALICE", c.state)
			r, err := say(t, env, alice, line)
			if stackhand.KindOf(err) != c.kind {
				t.Errorf("kind %q, want %q", stackhand.KindOf(err), c.kind)
			}
			expect(t, told(r, err), c.want)
		})
	}
}

// The card of a job is before everybody in its channel; elsewhere only its asker and administrators read it.
func TestJobShowElsewhere(t *testing.T) {
	w, env := newWorld()
	giveJob(w, "aaaa2222", "U0ALICE", stackhand.JobFailed)
	for channel, kinds := range map[string]map[string]stackhand.Kind{
		"":   {"alice": "", "bob": stackhand.Forbidden, "dana": ""}, // where giveJob says that it was asked for: nowhere
		"C1": {"alice": "", "bob": "", "dana": ""},
	} {
		j := w.jobs["aaaa2222"]
		j.Place.Channel = channel
		w.jobs["aaaa2222"] = j
		for _, u := range []stackhand.User{alice, bob, dana} {
			if r, err := say(t, env, u, "job show aaaa2222"); stackhand.KindOf(err) != kinds[u.Name] {
				t.Errorf("asked for in %q, read by %s: %s", channel, u.Name, told(r, err))
			}
		}
	}
}

func TestJobsOfOthers(t *testing.T) {
	for _, verb := range []string{"cancel", "retry", "keep", "cleanup"} {
		w, env := newWorld()
		giveJob(w, "aaaa2222", "U0ALICE", stackhand.JobFailed)
		if verb == "cancel" {
			giveJob(w, "aaaa2222", "U0ALICE", stackhand.JobRunning)
		}
		line, ok := ClickLine(verb, "aaaa2222")
		if !ok {
			t.Fatalf("%s is no button", verb)
		}
		before := len(w.jobs)
		if r, err := say(t, env, bob, line); stackhand.KindOf(err) != stackhand.Forbidden || len(w.jobs) != before || w.jobs["aaaa2222"].Canceled != "" {
			t.Errorf("%s by another: %s", verb, told(r, err))
		} else {
			expect(t, told(r, err), "is U0ALICE's, so you cannot (cancel|retry|clean up after) it", "Ask U0ALICE, or an administrator")
		}
		if r, err := say(t, env, dana, line); err != nil || r.Job == "" {
			t.Errorf("%s by an administrator: %s", verb, told(r, err))
		}
	}
	w, env := newWorld()
	giveJob(w, "aaaa2222", "U0ALICE", stackhand.JobFailed)
	r, err := say(t, env, dana, "jobs")
	expect(t, told(r, err), "no jobs yet")
	r, err = say(t, env, dana, "jobs --all")
	expect(t, told(r, err), "aaaa2222")
	r, err = say(t, env, dana, "keep aaaa2222")
	if err != nil || !w.jobs[r.Job].Keep {
		t.Errorf("keep: %+v %s", w.jobs[r.Job], told(r, err))
	}
}

// Who clicks a second time, or too late, is told what happened instead, and nothing begins.
func TestLateClicks(t *testing.T) {
	w, env := newWorld()
	giveJob(w, "aaaa2222", "U0ALICE", stackhand.JobUndone)
	click := func(verb string, n int) (Reply, error) {
		line, _ := ClickLine(verb, "aaaa2222")
		return Do(t.Context(), env, alice, Line{Text: line, Key: fmt.Sprint(verb, n)})
	}
	for _, verb := range []string{"retry", "cleanup"} {
		if r, err := click(verb, 1); err != nil || r.Job == "" {
			t.Fatalf("the first %s: %s", verb, told(r, err))
		}
	}
	before := len(w.jobs)
	for state, want := range map[stackhand.JobState]string{
		stackhand.JobRunning: "is at work", stackhand.JobDone: "is done", stackhand.JobUndone: "failed, and everything it made is removed",
		stackhand.JobKept: "failed, and its pieces are kept", stackhand.JobStuck: "stopped, and a person has to look", stackhand.JobFailed: "failed", stackhand.JobUndoing: "is being undone",
	} {
		for _, id := range []string{"raaaa", "caaaa"} {
			j := w.jobs[id]
			j.State = state
			w.jobs[id] = j
		}
		for verb, lead := range map[string]string{
			"retry": `Job aaaa2222 \(Create web-1\) was tried again already: job raaaa `, "keep": "was tried again already, without keeping its pieces: job raaaa ",
			"cleanup": `Cleaning up after job aaaa2222 \(Create web-1\) was begun already: job caaaa `,
		} {
			r, err := click(verb, 2)
			if stackhand.KindOf(err) != stackhand.Conflict {
				t.Errorf("%s: %v", verb, err)
			}
			expect(t, told(r, err), lead+want, "`job show .aaaa` tells")
		}
	}
	if len(w.jobs) != before {
		t.Errorf("%d jobs, want %d", len(w.jobs), before)
	}
}

// The thread of a failed create knows its job, although the server and its record are gone.
func TestThreadJobWithoutStack(t *testing.T) {
	for line, c := range map[string]struct {
		state stackhand.JobState
		want  string
	}{
		"job show": {stackhand.JobUndone, "bbbb2222 undone"}, "retry": {stackhand.JobUndone, "job rbbbb is at work"},
		"cleanup": {stackhand.JobFailed, "job cbbbb is at work"}, "cancel": {stackhand.JobRunning, "job bbbb2222 is being stopped"},
	} {
		for _, gone := range []bool{true, false} {
			w, env := newWorld()
			if gone {
				w.thread["C1/t1"] = nil
			} else {
				st := w.give("U0ALICE", "web-1")
				w.thread["C1/t1"] = []string{st.ID} // its own job is older
			}
			for _, id := range []string{"aaaa2222", "bbbb2222", "cccc2222"} {
				giveJob(w, id, "U0ALICE", c.state)
				j := w.jobs[id]
				j.Place = stackhand.Place{Channel: "C1", Thread: map[bool]string{true: "t2", false: "t1"}[id == "cccc2222"]}
				w.jobs[id] = j
			}
			r, err := inThread(t, env, alice, "t1", line)
			if err != nil {
				t.Errorf("%s: %s", line, told(r, err))
			}
			expect(t, told(r, err), c.want)
			w.fail["JobsInThread"] = stackhand.Errorf(stackhand.Unavailable, "The disk is gone.")
			if r, err := inThread(t, env, alice, "t1", line+" "); err == nil {
				t.Errorf("%s without the record: %s", line, told(r, err))
			}
		}
	}
}

func TestThreadJob(t *testing.T) {
	w, env := newWorld()
	st := w.give("U0ALICE", "web-1")
	giveJob(w, "aaaa2222", "U0ALICE", stackhand.JobRunning)
	st.Busy = "aaaa2222"
	w.stacks[st.ID] = st
	r, err := inThread(t, env, alice, "web-1", "cancel")
	if err != nil || w.jobs["aaaa2222"].Canceled != "U0ALICE" {
		t.Error(told(r, err))
	}
}
