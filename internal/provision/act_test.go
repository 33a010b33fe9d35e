package provision_test

import (
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stackhand/stackhand"
	"github.com/stackhand/stackhand/internal/provision"
)

// said is everything that people read at a job's end.
func said(j stackhand.Job) string {
	s := strings.Join(j.Notes, " ")
	if j.Problem != nil {
		s += j.Problem.Msg + " " + j.Problem.Next
	}
	return s
}

// TestActs changes a server in states in which that is done, was done already, or cannot be done.
func TestActs(t *testing.T) {
	stopped := before(stackhand.ActStop, nil)
	resized := before(stackhand.ActResize, large)
	set := func(edit func(c *fakeCloud)) func(p *process) {
		return func(p *process) { p.lab.cloud.edit(func() { edit(p.lab.cloud) }) }
	}
	admins := set(func(c *fakeCloud) { c.elsewhere, c.roles = true, []string{"admin"} })
	data := func(s *stackhand.ActSpec) { s.TargetID, s.Target = "v1", "data" }
	taken := set(func(c *fakeCloud) {
		c.servers["s9"] = &fakeServer{Server: stackhand.Server{ID: "s9", Name: "theirs", Status: "ACTIVE"}}
		v := c.addVolume("v1", "data", nil)
		v.Status, v.Attached = "in-use", []stackhand.Attachment{{VolumeID: "v1", ServerID: "s9"}}
		c.ports["p9"] = stackhand.Port{ID: "p9", DeviceID: "s9", IPs: []stackhand.FixedIP{{SubnetID: "x", IP: "10.9.9.9"}}}
		c.fips["f9"] = stackhand.FloatingIP{ID: "f9", IP: "203.0.113.99", PortID: "p9", NetworkID: external}
	})
	theirs := func(s *stackhand.ActSpec) { s.TargetID, s.Target = "f9", "203.0.113.99" }
	for _, tt := range []struct {
		name    string
		prepare func(p *process)
		job     stackhand.Job
		state   stackhand.JobState
		says    string
		server  string
	}{
		{"stop what is stopped", ready(stopped), on(stackhand.ActStop, nil), stackhand.JobDone, "web was stopped already.", "SHUTOFF small"},
		{"start what runs", ready(), on(stackhand.ActStart, nil), stackhand.JobDone, "web was running already.", "ACTIVE small"},
		{"pause", ready(), on(stackhand.ActPause, nil), stackhand.JobDone, "", "PAUSED small"},
		{"pause what is stopped", ready(stopped), on(stackhand.ActPause, nil), stackhand.JobFailed, "web cannot be paused: it is SHUTOFF. Say start first.", "SHUTOFF small"},
		{"resume what runs", ready(), on(stackhand.ActResume, nil), stackhand.JobDone, "web was running already.", "ACTIVE small"},
		{"suspend", ready(), on(stackhand.ActSuspend, nil), stackhand.JobDone, "", "SUSPENDED small"},
		{"unpause", ready(before(stackhand.ActPause, nil)), on(stackhand.ActUnpause, nil), stackhand.JobDone, "", "ACTIVE small"},
		{"unshelve", ready(before(stackhand.ActShelve, nil)), on(stackhand.ActUnshelve, nil), stackhand.JobDone, "", "ACTIVE small"},
		{"lock twice", ready(before(stackhand.ActLock, nil)), on(stackhand.ActLock, nil), stackhand.JobDone, "web was locked already.", "ACTIVE small"},
		{"unlock", ready(before(stackhand.ActLock, nil)), on(stackhand.ActUnlock, nil), stackhand.JobDone, "", "ACTIVE small"},
		{"a stop that does nothing", ready(set(func(c *fakeCloud) { c.lazy = "stop" })), on(stackhand.ActStop, nil), stackhand.JobFailed,
			"The cloud could not stop web: it gave no reason, and left it as it was (ACTIVE).", "ACTIVE small"},
		{"a start that breaks", ready(stopped, set(func(c *fakeCloud) { c.buildFault = "no disk" })), on(stackhand.ActStart, nil), stackhand.JobFailed,
			"The cloud could not start web: no disk", "ERROR small"},
		{"the same flavor", ready(), on(stackhand.ActResize, func(s *stackhand.ActSpec) { s.FlavorID, s.Flavor = "small", "small" }), stackhand.JobFailed,
			"web has the flavor small already.", "ACTIVE small"},
		{"a smaller disk", ready(), on(stackhand.ActResize, func(s *stackhand.ActSpec) { s.FlavorID, s.Flavor = "tiny", "tiny" }), stackhand.JobFailed,
			"its disk would have to shrink", "ACTIVE small"},
		{"resize of a stopped one", ready(stopped), on(stackhand.ActResize, large), stackhand.JobDone, "web runs with large now.", "VERIFY_RESIZE large"},
		{"a resize that fails", ready(set(func(c *fakeCloud) { c.lazy = "resize" })), on(stackhand.ActResize, large), stackhand.JobFailed,
			"The cloud could not resize web: it is ACTIVE with the flavor it had.", "ACTIVE small"},
		{"auto-confirmed", ready(set(func(c *fakeCloud) { c.auto = true })), on(stackhand.ActResize, large), stackhand.JobDone,
			"web has the flavor large now: the cloud confirmed it by itself.", "ACTIVE large"},
		{"confirm nothing", ready(), on(stackhand.ActConfirm, nil), stackhand.JobFailed, "There is nothing to confirm: web is ACTIVE with small.", "ACTIVE small"},
		{"revert nothing", ready(), on(stackhand.ActRevert, nil), stackhand.JobFailed, "There is nothing to revert: web is ACTIVE with small.", "ACTIVE small"},
		{"resize what waits for that", ready(resized), on(stackhand.ActResize, large), stackhand.JobFailed, "Say resize --confirm or resize --revert first.", "VERIFY_RESIZE large"},
		{"rebuild of a stopped one", ready(stopped), on(stackhand.ActRebuild, func(s *stackhand.ActSpec) { s.ImageID, s.Image = "i2", "Debian 12" }), stackhand.JobDone,
			"web is SHUTOFF with the image Debian 12.", "SHUTOFF small"},
		{"a property of ours", ready(), on(stackhand.ActUnset, func(s *stackhand.ActSpec) { s.Unset = []string{"stackhand_stack"} }), stackhand.JobFailed,
			"The property stackhand_stack is how the bot knows its servers", "ACTIVE small"},
		{"the password is not told", ready(), on(stackhand.ActPassword, func(s *stackhand.ActSpec) { s.Password = "short" }), stackhand.JobFailed,
			"The password *** is refused by the guest.", "ACTIVE small"},
		{"a killed image", ready(set(func(c *fakeCloud) { c.broken = "killed" })), on(stackhand.ActImage, func(s *stackhand.ActSpec) { s.NewName = "snap" }), stackhand.JobFailed,
			"The cloud could not make the image snap of web: it is killed.", "ACTIVE small"},
		{"an image that is never there", ready(set(func(c *fakeCloud) { c.lazy = "createImage" })), on(stackhand.ActImage, func(s *stackhand.ActSpec) { s.NewName = "snap" }),
			stackhand.JobFailed, "The cloud could not snapshot web", "ACTIVE small"},
		{"a volume of theirs", ready(taken), on(stackhand.ActAddVolume, data), stackhand.JobFailed,
			"The volume data is attached to theirs. Remove it there first: remove volume theirs data.", "ACTIVE small"},
		{"no such volume", ready(), on(stackhand.ActAddVolume, data), stackhand.JobFailed, "The volume data is not there any more.", "ACTIVE small"},
		{"an attachment that fails", ready(set(func(c *fakeCloud) { c.addVolume("v1", "data", nil); c.lazy = "attach" })), on(stackhand.ActAddVolume, data), stackhand.JobFailed,
			"The cloud could not attach the volume data to web: it is available.", "ACTIVE small"},
		{"remove a volume it has not", ready(taken), on(stackhand.ActRemoveVolume, data), stackhand.JobDone, "web did not have the volume data.", "ACTIVE small"},
		{"an address of theirs", ready(taken), on(stackhand.ActAddFloating, theirs), stackhand.JobFailed, "203.0.113.99 serves theirs already.", "ACTIVE small"},
		{"remove an address of theirs", ready(taken), on(stackhand.ActRemoveFloating, theirs), stackhand.JobFailed, "203.0.113.99 serves theirs already.", "ACTIVE small"},
		{"an address that is on no way", ready(set(func(c *fakeCloud) {
			c.fips["f9"] = stackhand.FloatingIP{ID: "f9", IP: "203.0.113.99", NetworkID: "other-ext"}
		})), on(stackhand.ActAddFloating, theirs), stackhand.JobFailed, "web is on no network that has a router to the network of that floating IP.", "ACTIVE small"},
		{"in a group", ready(), on(stackhand.ActAddGroup, func(s *stackhand.ActSpec) { s.TargetID, s.Target = "g1", "g1" }), stackhand.JobDone, "", "ACTIVE small"},
		{"not in a group", ready(), on(stackhand.ActRemoveGroup, func(s *stackhand.ActSpec) { s.TargetID, s.Target = "g1", "g1" }), stackhand.JobDone,
			"web was not in the security group g1.", "ACTIVE small"},
		{"not on a network", ready(), on(stackhand.ActRemoveNetwork, func(s *stackhand.ActSpec) { s.TargetID, s.Target = "n9", "n9" }), stackhand.JobDone, "web was not on n9.", "ACTIVE small"},
		{"a network without room", ready(), on(stackhand.ActAddNetwork, func(s *stackhand.ActSpec) { s.TargetID, s.Target = external, "public" }), stackhand.JobFailed,
			"The network has no subnet.", "ACTIVE small"},
		{"stopped from another project", ready(admins), on(stackhand.ActStop, nil), stackhand.JobDone, "", "SHUTOFF small"},
		{"an address from another project", ready(admins), on(stackhand.ActAddFloating, func(s *stackhand.ActSpec) { s.External = external }), stackhand.JobFailed,
			"This is about the project team-a, and the login is one to the project team-b", "ACTIVE small"},
		{"a port from another project", ready(admins), on(stackhand.ActAddNetwork, func(s *stackhand.ActSpec) { s.TargetID, s.Target = external, "public" }), stackhand.JobFailed,
			"This is about the project team-a, and the login is one to the project team-b", "ACTIVE small"},
		{"a verb of another time", ready(), on("levitate", nil), stackhand.JobStuck, `does not know how to "levitate" a server`, "ACTIVE small"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				l, job := trial{prepare: tt.prepare, job: tt.job}.setUp(t)
				p := l.start()
				j := p.run(job)
				if j.State != tt.state || tt.says == "" && said(j) != "" || !strings.Contains(said(j), tt.says) {
					t.Errorf("said %q, want %q: %s", said(j), tt.says, story(j))
				}
				if got := l.cloud.state("web"); got != tt.server {
					t.Errorf("the server is %s, want %s", got, tt.server)
				}
				if st := p.stack("job0-1"); st.Busy != "" {
					t.Errorf("the stack is busy with %s", st.Busy)
				}
			})
		})
	}
}

// TestOneAtATime starts a second change while the first is at work.
func TestOneAtATime(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l, job := trial{prepare: ready(), job: on(stackhand.ActStop, nil)}.setUp(t)
		p := l.start()
		p.begin(job)
		<-time.After(time.Second)
		if st := p.stack("job0-1"); st.Busy != "job1" {
			t.Errorf("the stack is busy with %q", st.Busy)
		}
		second := aimed(on(stackhand.ActPause, nil), l)
		second.ID = "job2"
		for _, other := range []stackhand.Job{second, deleteOf("job3", "job0-1"), aimed(jobOf("job4", provision.FlowReboot, stackhand.RebootSpec{Cloud: "lab", Stack: "job0-1", Server: theServer, Name: "web"}), l)} {
			if j := p.run(other); j.State != stackhand.JobFailed || !strings.Contains(said(j), "Job job1 is at work on web.") {
				t.Errorf("%s", story(j))
			}
		}
		if j := p.rested("job1"); j.State != stackhand.JobDone || l.cloud.state("web") != "SHUTOFF small" {
			t.Errorf("%s", story(j))
		}
	})
}

// TestResizeOffers takes the offers of a resize off once it is confirmed by whoever types it.
func TestResizeOffers(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l, job := trial{prepare: ready(), job: on(stackhand.ActResize, large)}.setUp(t)
		p := l.start()
		j := p.run(job)
		if len(j.Offers) != 2 || j.Offers[0].Line != "resize web --confirm" || j.Offers[1].Line != "resize web --revert" || !j.Offers[1].Danger ||
			j.Offers[0].Until.Sub(j.Ended) < 23*time.Hour {
			t.Errorf("offers %+v", j.Offers)
		}
		confirm := aimed(on(stackhand.ActConfirm, nil), l)
		confirm.ID = "job2"
		if c := p.run(confirm); c.State != stackhand.JobDone || said(c) != "web is ACTIVE with large." {
			t.Errorf("%s", story(c))
		}
		if j := p.rested("job1"); len(j.Offers) > 0 {
			t.Errorf("offers %+v", j.Offers)
		}
	})
}

// TestLeft notes on the stack's record the state that a server was left in, and only by a change that was done.
func TestLeft(t *testing.T) {
	stop := []string{stackhand.ActStop}
	for _, tt := range []struct {
		before []string
		verb   string // "" reboots
		lazy   string // does nothing when it is asked for
		want   string
	}{
		{nil, stackhand.ActStop, "", "SHUTOFF"}, {nil, stackhand.ActPause, "", "PAUSED"}, {nil, stackhand.ActSuspend, "", "SUSPENDED"},
		{nil, stackhand.ActShelve, "", "SHELVED"}, {nil, stackhand.ActStop, "stop", ""}, {stop, stackhand.ActStart, "", ""},
		{stop, stackhand.ActLock, "", "SHUTOFF"}, {stop, stackhand.ActStop, "", "SHUTOFF"}, {stop, "", "", ""},
		{[]string{stackhand.ActShelve}, stackhand.ActUnshelve, "", ""},
	} {
		t.Run(strings.Join(append(tt.before, tt.verb, tt.lazy), " "), func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				var earlier []func(*process)
				for _, verb := range tt.before {
					earlier = append(earlier, before(verb, nil))
				}
				l, job := trial{prepare: ready(earlier...), job: on(tt.verb, nil)}.setUp(t)
				l.cloud.edit(func() { l.cloud.lazy = tt.lazy })
				p := l.start()
				if tt.verb == "" {
					job = jobOf(job.ID, provision.FlowReboot, stackhand.RebootSpec{Cloud: "lab", Stack: "job0-1", Server: theServer, Name: "web", Hard: true})
					job = aimed(job, l)
				}
				j := p.run(job)
				if st := p.stack("job0-1"); st.Status != tt.want || st.Busy != "" {
					t.Errorf("left %q, busy with %q, want %q: %s", st.Status, st.Busy, tt.want, story(j))
				}
			})
		})
	}
}

// TestDeleteLocked leaves everything of a locked server in its place.
func TestDeleteLocked(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l, _ := trial{prepare: ready(before(stackhand.ActLock, nil)), job: on(stackhand.ActLock, nil)}.setUp(t)
		p := l.start()
		had := p.stack("job0-1")
		j := p.run(deleteOf("job2", "job0-1"))
		if st := p.stack("job0-1"); j.State != stackhand.JobFailed || !strings.Contains(said(j), "web is locked") || st.State != stackhand.StackReady ||
			st.Address != had.Address || len(st.Ledger) != len(had.Ledger) || st.Busy != "" {
			t.Errorf("%s; the stack is %+v", story(j), st)
		}
	})
}
