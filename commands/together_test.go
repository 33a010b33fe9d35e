package commands

import (
	"strings"
	"testing"

	"github.com/stackhand/stackhand"
	"github.com/stackhand/stackhand/internal/policy"
)

// Rules see how many servers a line does the same to, whatever their names are given as.
func TestCountOfServers(t *testing.T) {
	for line, many := range map[string]bool{
		"delete web-1 web-2 web-3": true, "stop web-1 web-2 web-3": true, "delete web-1 web-2": false, "delete web-1 web-1 web-2": false, "delete web-1": false,
	} {
		w, env := newWorld()
		for _, name := range []string{"web-1", "web-2", "web-3"} {
			w.give("U0ALICE", name)
		}
		rules(t, env, policy.Rule{Name: "few", Then: policy.Limit, MaxCount: 2})
		r, err := say(t, env, alice, line)
		if refused := stackhand.KindOf(err) == stackhand.Forbidden; refused != many || refused != (len(w.jobs) == 0) {
			t.Errorf("%s: %s", line, told(r, err))
		}
		if many {
			expect(t, told(r, err), `The rule "few" allows at most 2 at once, and you ask for 3.*Name 2 of them, or less`)
		}
	}
}

// Two presses of a button that asks the owner do once what was asked for, also while the first is still at it.
func TestGrantedOnce(t *testing.T) {
	w, env := newWorld()
	w.login["U0BOB"] = "bob"
	w.give("U0ALICE", "web-1")
	w.talk(t, env, []hears{{bob, `ask web-1 --for "reboot --hard"`, "was asked"}})
	n := w.lastNotice("U0ALICE")
	line := func(key string) Line {
		return Line{Text: clicked("grant", n.ID), Key: key, Place: stackhand.Place{Channel: "C1"}}
	}
	second := ""
	env.Jobs = startsWhile{env.Jobs, func() {
		if second == "" {
			second = "at it"
			second = told(Do(t.Context(), env, alice, line("second")))
		}
	}}
	r, err := Do(t.Context(), env, alice, line("first"))
	if err != nil || r.Job == "" || len(w.jobs) != 1 {
		t.Errorf("%s, %d jobs", told(r, err), len(w.jobs))
	}
	expect(t, second, "That is being done already, by an earlier press")
	// What came to nothing can be pressed again.
	w.talk(t, env, []hears{{bob, `ask web-1 --for "stop"`, "was asked"}})
	n = w.lastNotice("U0ALICE")
	env.Jobs = failingJobs{fakeJobs{w}}
	if _, err := Do(t.Context(), env, alice, line("third")); err == nil || w.notices[n.ID].Taken != "" {
		t.Errorf("%v, taken by %q", err, w.notices[n.ID].Taken)
	}
	env.Jobs = fakeJobs{w}
	if r, err := Do(t.Context(), env, alice, line("fourth")); err != nil || !strings.Contains(told(r, err), "Stop web-1: job") {
		t.Error(told(r, err))
	}
}

// Each request of a line about several is decided by itself, whatever has become of the others.
func TestApprovedOneByOne(t *testing.T) {
	for line, flow := range map[string]string{"delete db-1 db-2": "delete", "volume delete data-1 used": "remove"} {
		w, env := newWorld()
		furnish(w)
		w.cloud.volumes[1].Attached, w.cloud.volumes[1].Status = nil, "available"
		w.give("U0ALICE", "db-1")
		w.give("U0ALICE", "db-2")
		b := newBook(env)
		rules(t, env, policy.Rule{Name: "many", When: "request.count == 2", Then: policy.Approve})
		decide(t, env, alice, line, "waits for the approval of.*\n?.*waits for the approval of")
		for _, r := range b.pick(func(stackhand.Request) bool { return true }) {
			decide(t, env, carol, "approve "+r.ID, "You approved Delete ")
			if job := w.jobs[r.ID]; job.Flow != flow || b.all[r.ID].Rule != "many" {
				t.Errorf("%s: %+v", line, job)
			}
			for id, st := range w.stacks { // it is gone, and with it what the line called it by
				if len(w.jobs[r.ID].Stacks) > 0 && id == w.jobs[r.ID].Stacks[0] {
					st.State = stackhand.StackGone
					delete(w.stacks, id)
					for i, sv := range w.cloud.servers {
						if sv.ID == st.Server {
							w.cloud.servers = append(w.cloud.servers[:i:i], w.cloud.servers[i+1:]...)
							break
						}
					}
				}
			}
		}
	}
}
