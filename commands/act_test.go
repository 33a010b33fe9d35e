package commands

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/stackhand/stackhand"
)

// put sets the status of a server of the world.
func (w *world) put(name, status string) {
	for i := range w.cloud.servers {
		if w.cloud.servers[i].Name == name {
			w.cloud.servers[i].Status = status
		}
	}
}

// change edits a server of the world.
func (w *world) change(name string, edit func(sv *stackhand.Server)) {
	for i := range w.cloud.servers {
		if w.cloud.servers[i].Name == name {
			edit(&w.cloud.servers[i])
		}
	}
}

// actOf is the input of the one job, without what all of them hold.
func actOf(t *testing.T, w *world) stackhand.ActSpec {
	t.Helper()
	spec := input[stackhand.ActSpec](t, w)
	job := w.jobs[w.order[0]]
	if spec.Cloud != "lab" || spec.ProjectID != teamA || spec.Server == "" || spec.Name == "" || job.Flow != "act" || job.Scope.ProjectID != teamA {
		t.Errorf("job %+v, input %+v", job, spec)
	}
	if (spec.Stack == "") != (len(job.Stacks) == 0) {
		t.Errorf("stack %q, the job's %v", spec.Stack, job.Stacks)
	}
	spec.Cloud, spec.ProjectID, spec.Project, spec.Server, spec.Name, spec.Stack = "", "", "", "", "", ""
	return spec
}

// TestPower holds each of the simple changes against each status: it begins, it is done already, or it is refused
// with the way out.
func TestPower(t *testing.T) {
	const begins, already = "is at work", "there is nothing to do"
	for line, by := range map[string]map[string]string{
		"start":    {"SHUTOFF": begins, "ACTIVE": "web-1 is running already .ACTIVE.: " + already, "PAUSED": "`unpause web-1` first", "SUSPENDED": "`resume web-1` first", "SHELVED_OFFLOADED": "`unshelve web-1` first", "VERIFY_RESIZE": "resize web-1 --confirm", "ERROR": "rebuild may mend it"},
		"stop":     {"ACTIVE": begins, "ERROR": begins, "SHUTOFF": "stopped already", "PAUSED": "`unpause web-1` first", "BUILD": "Wait until that is over"},
		"pause":    {"ACTIVE": begins, "PAUSED": already, "SHUTOFF": "web-1 is SHUTOFF, so you cannot pause it now.*`start web-1` first"},
		"unpause":  {"PAUSED": begins, "ACTIVE": already, "SHUTOFF": "`start web-1` first"},
		"suspend":  {"ACTIVE": begins, "SUSPENDED": "suspended already", "PAUSED": "`unpause web-1` first"},
		"resume":   {"SUSPENDED": begins, "ACTIVE": already, "PAUSED": "`unpause web-1` first", "SHUTOFF": "`start web-1` first"},
		"shelve":   {"ACTIVE": begins, "SHUTOFF": begins, "PAUSED": begins, "SUSPENDED": begins, "SHELVED": already, "SHELVED_OFFLOADED": already, "ERROR": "delete web-1"},
		"unshelve": {"SHELVED": begins, "SHELVED_OFFLOADED": begins, "ACTIVE": already, "SHUTOFF": "`start web-1` first"},
		"lock":     {"ACTIVE": begins, "ERROR": begins},
		"unlock":   {"ACTIVE": begins}, // old Novas do not tell of a lock
		"reboot":   {"ACTIVE": begins, "SHUTOFF": "`start web-1` first"},
	} {
		for status, want := range by {
			t.Run(line+" "+status, func(t *testing.T) {
				w, env := newWorld()
				w.give("U0ALICE", "web-1")
				w.put("web-1", status)
				r, err := say(t, env, alice, line+" web-1")
				expect(t, told(r, err), want)
				if started := len(w.jobs) == 1; started != (want == begins) || started != (r.Job != "") {
					t.Fatalf("%d jobs, reply for job %q", len(w.jobs), r.Job)
				}
				if refused := stackhand.KindOf(err) == stackhand.Conflict; refused != (want != begins && !strings.Contains(want, "already")) && want != already {
					t.Errorf("kind %q: %s", stackhand.KindOf(err), told(r, err))
				}
				if want == begins && line != "reboot" {
					if diff := cmp.Diff(stackhand.ActSpec{Verb: line}, actOf(t, w)); diff != "" {
						t.Error(diff)
					}
				}
			})
		}
	}
}

func TestLocked(t *testing.T) {
	for line, want := range map[string]string{
		"stop web-1": "web-1 is locked, so you cannot stop it now.*`unlock web-1` first", "reboot web-1": "is locked", "resize web-1 --flavor m1.medium": "is locked",
		"rebuild web-1 --yes": "is locked", "set web-1 --property a=b": "is locked", "lock web-1": "web-1 is locked already", "unlock web-1": "Unlock web-1: job", "rename web-1 web-2": "Rename web-1 to web-2: job",
		"delete web-1": "web-1 is locked, so you cannot delete it now.*`unlock web-1` first",
	} {
		w, env := newWorld()
		w.give("U0ALICE", "web-1")
		w.change("web-1", func(sv *stackhand.Server) { sv.Locked = true })
		r, err := say(t, env, alice, line)
		expect(t, told(r, err), want)
	}
	// Nova lets its administrators change what is locked.
	w, env := newWorld()
	w.give("U0ALICE", "web-1")
	w.change("web-1", func(sv *stackhand.Server) { sv.Locked = true })
	w.cloud.who.Roles = []string{"member", "admin"}
	r, err := say(t, env, alice, "stop web-1")
	expect(t, told(r, err), "Stop web-1: job")
}

func TestActRights(t *testing.T) {
	w, env := newWorld()
	st := w.give("U0BOB", "web-1")
	for line, want := range map[string]string{
		"stop web-1": "web-1 belongs to U0BOB, so you cannot stop it", "rename web-1 x": "you cannot rename it", "password web-1": "cannot change the password of it",
		"console log web-1": "cannot see the console of it", "console url web-1": "cannot see the console of it", "image create web-1": "cannot make an image of it",
	} {
		r, err := say(t, env, alice, line)
		if stackhand.KindOf(err) != stackhand.Forbidden || len(w.jobs) != 0 || r.Form != nil || r.File != nil {
			t.Errorf("%s: %s", line, told(r, err))
		}
		expect(t, told(r, err), want, "Ask U0BOB, or an administrator")
	}
	r, err := say(t, env, dana, "stop web-1")
	if err != nil || w.jobs[r.Job].Stacks[0] != st.ID {
		t.Error(told(r, err))
	}
}

// What was not made here is the cloud's to allow, unless the bot's own login would do it for anybody.
func TestActElsewhereMade(t *testing.T) {
	w, env := newWorld()
	w.cloud.servers = append(w.cloud.servers, stackhand.Server{ID: "srv-x", Name: "by-hand", Status: "ACTIVE"})
	r, err := say(t, env, alice, "stop by-hand")
	if err != nil {
		t.Fatal(told(r, err))
	}
	actOf(t, w)
	for _, line := range []string{"pause by-hand", "console log by-hand", "set by-hand --property a=b"} {
		env.Settings.Clouds["lab"] = CloudSettings{Service: true}
		r, err = say(t, env, alice, line)
		if stackhand.KindOf(err) != stackhand.Forbidden {
			t.Errorf("%s with the bot's own login: %s", line, told(r, err))
		}
		expect(t, told(r, err), "only an administrator may")
	}
	if r, err = say(t, env, dana, "pause by-hand"); err != nil {
		t.Error(told(r, err))
	}
}

func TestActStackStates(t *testing.T) {
	for _, c := range []struct {
		state stackhand.StackState
		edit  func(w *world, st *stackhand.Stack)
		want  string
	}{
		{stackhand.StackBuilding, nil, "web-1 is not ready yet"},
		{stackhand.StackDeleting, nil, "web-1 is being deleted"},
		{stackhand.StackKept, func(w *world, st *stackhand.Stack) { st.Server, w.cloud.servers = "", nil }, "there is no server, only other pieces of it"},
		{stackhand.StackReady, func(w *world, _ *stackhand.Stack) { w.cloud.servers = nil }, "not in the cloud any more, so you cannot stop it"},
		{stackhand.StackReady, func(w *world, st *stackhand.Stack) {
			st.Busy = "busyjob1"
			w.jobs["busyjob1"] = stackhand.Job{ID: "busyjob1", Title: "Resize web-1", State: stackhand.JobRunning}
		}, "Job busyjob1 .Resize web-1. is still at work on web-1"},
	} {
		w, env := newWorld()
		st := w.give("U0ALICE", "web-1")
		st.State = c.state
		if c.edit != nil {
			c.edit(w, &st)
		}
		w.stacks[st.ID] = st
		r, err := say(t, env, alice, "stop web-1")
		if stackhand.KindOf(err) != stackhand.Conflict || len(w.order) != 0 {
			t.Errorf("%s: %s", c.state, told(r, err))
		}
		expect(t, told(r, err), c.want)
	}
	// A job that rests is no hindrance, though its mark may have stayed.
	w, env := newWorld()
	st := w.give("U0ALICE", "web-1")
	st.Busy = "donejob1"
	w.stacks[st.ID], w.jobs["donejob1"] = st, stackhand.Job{ID: "donejob1", State: stackhand.JobFailed}
	if r, err := say(t, env, alice, "stop web-1"); err != nil {
		t.Error(told(r, err))
	}
}

func TestSeveralServers(t *testing.T) {
	w, env := newWorld()
	w.give("U0ALICE", "web-1")
	w.give("U0ALICE", "web-2")
	w.give("U0ALICE", "web-3")
	w.put("web-2", "SHUTOFF")
	r, err := say(t, env, alice, "stop web-1 web-2 web-3 web-1 srv-web-3U0ALICE")
	expect(t, told(r, err), "Stop web-1: job [a-z2-7]{8} is at work.*Stop web-3: job.*web-2 is stopped already")
	if len(w.order) != 2 || r.Job != w.order[0] {
		t.Fatalf("%d jobs: %s", len(w.order), told(r, err))
	}
	again, err := say(t, env, alice, "stop web-1 web-2 web-3 web-1 srv-web-3U0ALICE")
	if len(w.order) != 2 || err != nil || again.Job != r.Job {
		t.Errorf("delivered again: %d jobs, %s", len(w.order), told(again, err))
	}
	// None begins where one cannot.
	if r, err := say(t, env, alice, "pause web-1 web-2"); stackhand.KindOf(err) != stackhand.Conflict || len(w.order) != 2 {
		t.Errorf("%d jobs: %s", len(w.order), told(r, err))
	}
	if r, err := say(t, env, alice, "pause"+strings.Repeat(" web-1", 21)); stackhand.KindOf(err) != stackhand.Invalid {
		t.Error(told(r, err))
	}
	if r, err := inThread(t, env, alice, "web-1", "<@U0BOT> stop"); err != nil || len(w.order) != 3 {
		t.Errorf("in the thread: %s", told(r, err))
	}
}

// A server that was not made here is on no record: the words of the line tell it from another.
func TestSeveralOfOthers(t *testing.T) {
	w, env := newWorld()
	w.cloud.servers = append(w.cloud.servers, stackhand.Server{ID: "srv-x", Name: "by-hand", Status: "ACTIVE"})
	for range 2 {
		if r, err := say(t, env, alice, "stop by-hand by-hand"); err != nil || len(w.order) != 1 {
			t.Errorf("%d jobs: %s", len(w.order), told(r, err))
		}
	}
}
