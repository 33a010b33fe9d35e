package provision_test

import (
	"encoding/json"
	"regexp"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stackhand/stackhand"
	"github.com/stackhand/stackhand/internal/provision"
)

// step makes a step of the ladder for stack job0-1, whose server's id is filled in by setUp.
func step(verb string, edit func(*stackhand.LadderSpec)) stackhand.Job {
	s := stackhand.LadderSpec{Cloud: "lab", ProjectID: "p1", Project: "team-a", Stack: "job0-1", Server: theServer, Name: "web", Verb: verb}
	if edit != nil {
		edit(&s)
	}
	return jobOf("job1", provision.FlowLadder, s)
}

// took runs a step beforehand.
func took(verb string, edit func(*stackhand.LadderSpec)) func(p *process) {
	return func(p *process) {
		j := aimed(step(verb, edit), p.lab)
		j.ID = "job-" + verb
		if got := p.run(j); got.State != stackhand.JobDone {
			p.lab.t.Fatal(story(got))
		}
	}
}

func freeing(s *stackhand.LadderSpec) { s.FreeIP = true }

// putAway checks that the stack was put away once, at what Nova calls it, and that it is as a whole.
func putAway(record, state, rung string, addresses int) func(*lab, *process, stackhand.Job) {
	return acted(record, func(l *lab, st stackhand.Stack) {
		is(state)(l, st)
		r, ok := st.Lease.Ladder.Parked()
		if !ok || r.Step != rung || r.Job != "job1" || r.At.IsZero() || len(st.Lease.Ladder.Rungs) != 1 {
			l.t.Errorf("ladder %+v", st.Lease.Ladder)
		}
		if n := len(l.cloud.fips); n != addresses || (r.Address == "") != (addresses == 1) || (r.External == "") != (addresses == 1) {
			l.t.Errorf("%d addresses, rung %+v", n, r)
		}
	})
}

// ladderTrials are the steps of the ladder, and what undoes them, to be disturbed at every call.
func ladderTrials() []trial {
	day := func(s *stackhand.LadderSpec) { s.Grant = 24 * time.Hour }
	again := func(s *stackhand.LadderSpec) { s.Grant, s.External = 24*time.Hour, external }
	image := func(s *stackhand.LadderSpec) { s.Image = "web-end" }
	return []trial{
		{"ladder stops", ready(), step(stackhand.ActStop, nil), putAway("stop", "SHUTOFF small", "stop", 1)},
		{"ladder shelves, and frees the address", ready(), step(stackhand.ActShelve, freeing), putAway("shelve", "SHELVED_OFFLOADED small", "shelve", 0)},
		{"start again", ready(took(stackhand.ActStop, nil)), step(stackhand.LadderWake, day), acted("start", woken(1))},
		{"unshelve, with another address", ready(took(stackhand.ActShelve, freeing)), step(stackhand.LadderWake, again), acted("unshelve", woken(1))},
		{"snapshot and delete", ready(), step(stackhand.LadderArchive, image), archived("createImage", 1)},
		{"snapshot and delete what is shelved", ready(took(stackhand.ActShelve, nil)), step(stackhand.LadderArchive, image), archived("unshelve", 2)},
	}
}

// woken checks that the server runs, and that its lease goes on for a day.
func woken(addresses int) func(*lab, stackhand.Stack) {
	return func(l *lab, st stackhand.Stack) {
		is("ACTIVE small")(l, st)
		_, parked := st.Lease.Ladder.Parked()
		if until := time.Until(st.Lease.Until); parked || until < 23*time.Hour || until > 24*time.Hour || st.Lease.Extensions != (stackhand.Extensions{Times: 1, Total: 24 * time.Hour}) {
			l.t.Errorf("lease %+v", st.Lease)
		}
		_, f := first(l.cloud.fips, func(stackhand.FloatingIP) bool { return true })
		if n := len(ofKind(st.Ledger, stackhand.KindFloatingIP)); n != addresses || len(l.cloud.fips) != addresses || f.PortID == "" || st.Address != f.IP {
			l.t.Errorf("%d addresses on the ledger, %+v in the cloud, %q on the record", n, l.cloud.fips, st.Address)
		}
	}
}

func ofKind(rs []stackhand.Resource, kind string) []stackhand.Resource {
	return slices.DeleteFunc(slices.Clone(rs), func(r stackhand.Resource) bool { return r.Kind != kind })
}

// archived checks that nothing is left but the image, and that the record knows how to make the server anew.
func archived(record string, rungs int) func(*lab, *process, stackhand.Job) {
	return func(l *lab, p *process, j stackhand.Job) {
		l.t.Helper()
		l.want(j, stackhand.JobDone, "image web-end")
		if n := l.cloud.did(record); n > 1 {
			l.t.Errorf("%s was asked for %d times", record, n)
		}
		st := p.stack("job0-1")
		r, ok := st.Lease.Ladder.Snapshot()
		if st.State != stackhand.StackGone || st.Busy != "" || !ok || len(st.Lease.Ladder.Rungs) != rungs {
			l.t.Fatalf("stack %s, busy %q, ladder %+v", st.State, st.Busy, st.Lease.Ladder)
		}
		if c := r.Recipe; c == nil || c.Image != r.Image || r.Image == "" || c.Named != "web-end" || c.Network != "auto" || !c.Floating {
			l.t.Errorf("recipe %+v", r.Recipe)
		}
	}
}

// atEnd runs a step of the ladder, or a deletion, that nobody asked for, after something was done to the cloud.
func atEnd(t *testing.T, job func(until time.Time) stackhand.Job, change func(l *lab, v *fakeServer), check func(l *lab, p *process, j stackhand.Job)) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) {
		l := newLab(t)
		p := l.start()
		ready()(p)
		until := p.stack("job0-1").Lease.Until
		j := aimed(job(until), l)
		l.cloud.edit(func() {
			_, v := first(l.cloud.servers, func(*fakeServer) bool { return true })
			change(l, v)
		})
		check(l, p, p.run(j))
	})
}

func dueStop(until time.Time) stackhand.Job {
	return step(stackhand.ActStop, func(s *stackhand.LadderSpec) { s.Until, s.FreeIP = until, true })
}

func dueArchive(until time.Time) stackhand.Job {
	return step(stackhand.LadderArchive, func(s *stackhand.LadderSpec) { s.Until, s.Image = until, "web-end" })
}

func dueDelete(until time.Time) stackhand.Job {
	return jobOf("job1", provision.FlowDelete, stackhand.DeleteSpec{Cloud: "lab", Stack: "job0-1", Why: "expired", Until: until})
}

// What the record does not know is not touched by what runs by itself.
func TestTheWrongServerStays(t *testing.T) {
	for name, change := range map[string]func(l *lab, v *fakeServer){
		"another stack's": func(_ *lab, v *fakeServer) { v.Metadata = map[string]string{"stackhand_stack": "job9-1"} },
		"unmarked":        func(_ *lab, v *fakeServer) { v.Metadata = nil },
		"another owner's": func(_ *lab, v *fakeServer) {
			v.Metadata = map[string]string{"stackhand_stack": "job0-1", "stackhand_owner": "U2"}
		},
		"another project's": func(_ *lab, v *fakeServer) { v.ProjectID = "p2" },
		"of another day":    func(_ *lab, v *fakeServer) { v.Created = v.Created.Add(time.Hour) },
		"locked":            func(_ *lab, v *fakeServer) { v.Locked = true },
	} {
		for what, job := range map[string]func(time.Time) stackhand.Job{"stop": dueStop, "archive": dueArchive, "delete": dueDelete} {
			t.Run(name+"/"+what, func(t *testing.T) {
				atEnd(t, job, change, func(l *lab, p *process, j stackhand.Job) {
					l.want(j, stackhand.JobFailed, whole("stackhand-auto", "web")...)
					is("ACTIVE small")(l, stackhand.Stack{})
					if st := p.stack("job0-1"); st.Busy != "" || st.State != stackhand.StackReady || len(st.Lease.Ladder.Rungs) > 0 {
						t.Errorf("stack %+v", st)
					}
					if name == "of another day" && !regexp.MustCompile(`it was made \S+ \S+ UTC, and by the record \S+ \S+ UTC\.`).MatchString(j.Problem.Msg) {
						t.Errorf("it says %q", j.Problem.Msg)
					}
				})
			})
		}
	}
}

// Whoever extends in the last moment keeps the server.
func TestExtendedInTheLastMoment(t *testing.T) {
	for what, job := range map[string]func(time.Time) stackhand.Job{"stop": dueStop, "archive": dueArchive, "delete": dueDelete} {
		t.Run(what, func(t *testing.T) {
			earlier := func(until time.Time) stackhand.Job { return job(until.Add(-time.Hour)) }
			atEnd(t, earlier, func(*lab, *fakeServer) {}, func(l *lab, p *process, j stackhand.Job) {
				l.want(j, stackhand.JobFailed, whole("stackhand-auto", "web")...)
				if !strings.Contains(j.Problem.Msg, "extended meanwhile") {
					t.Errorf("%s", story(j))
				}
			})
		})
	}
}

// A server that somebody removed by another way is counted as put away; one in the middle of a resize waits.
func TestStepsOfTheUnusual(t *testing.T) {
	vanish := func(l *lab, v *fakeServer) { delete(l.cloud.servers, v.ID) }
	atEnd(t, dueStop, vanish, func(l *lab, p *process, j stackhand.Job) {
		st := p.stack("job0-1")
		if _, ok := st.Lease.Ladder.Parked(); j.State != stackhand.JobDone || !ok || st.Status != "DELETED" {
			t.Errorf("%s", story(j))
		}
	})
	atEnd(t, dueArchive, vanish, func(l *lab, p *process, j stackhand.Job) { l.want(j, stackhand.JobDone) })
	resizing := func(_ *lab, v *fakeServer) { v.Status = "VERIFY_RESIZE" }
	atEnd(t, dueStop, resizing, func(l *lab, p *process, j stackhand.Job) {
		l.want(j, stackhand.JobFailed, whole("stackhand-auto", "web")...)
	})
	paused := func(_ *lab, v *fakeServer) { v.Status = "PAUSED" }
	atEnd(t, dueStop, paused, func(l *lab, p *process, j stackhand.Job) {
		if _, ok := p.stack("job0-1").Lease.Ladder.Parked(); j.State != stackhand.JobDone || !ok || l.cloud.did("stop") != 0 {
			t.Errorf("%s", story(j))
		}
	})
}

// An address that serves another server by now is left to it, and so is a volume that was not made here.
func TestTheLadderLeavesWhatIsNotOurs(t *testing.T) {
	moved := func(l *lab, _ *fakeServer) {
		for id, f := range l.cloud.fips {
			f.PortID = "elsewhere"
			l.cloud.fips[id] = f
		}
	}
	atEnd(t, dueStop, moved, func(l *lab, p *process, j stackhand.Job) {
		st := p.stack("job0-1")
		if r, ok := st.Lease.Ladder.Parked(); j.State != stackhand.JobDone || !ok || r.Address != "" || len(l.cloud.fips) != 1 {
			t.Errorf("%s\n%+v", story(j), st.Lease.Ladder)
		}
	})
	attached := func(l *lab, v *fakeServer) {
		l.cloud.addVolume("v1", "theirs", nil)
		vol := l.cloud.volumes["v1"]
		vol.Status, vol.Attached = "in-use", []stackhand.Attachment{{ServerID: v.ID, VolumeID: "v1"}}
		l.cloud.volumes["v1"] = vol
	}
	atEnd(t, dueArchive, attached, func(l *lab, p *process, j stackhand.Job) {
		l.want(j, stackhand.JobDone, "image web-end", "volume theirs")
	})
}

// A second attempt of the deletion makes no second image.
func TestOneImageIsEnough(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l := newLab(t)
		p := l.start()
		ready()(p)
		until := p.stack("job0-1").Lease.Until
		l.cloud.arm(func(_ int, call string) fault {
			if call == "DeleteServer" {
				return fault{before: stackhand.Errorf(stackhand.Forbidden, "Not today.")}
			}
			return fault{}
		})
		j := aimed(dueArchive(until), l)
		l.want(p.run(j), stackhand.JobFailed, append(whole("stackhand-auto", "web"), "image web-end")...)
		l.cloud.arm(nil)
		j.ID = "job2"
		var spec stackhand.LadderSpec
		if err := json.Unmarshal(j.Input, &spec); err != nil {
			t.Fatal(err)
		}
		l.want(p.run(j), stackhand.JobDone, "image web-end")
		if n := l.cloud.did("createImage"); n > 1 {
			t.Errorf("%d images", n)
		}
	})
}

// refusedStep checks that a step that was refused leaves a stack of which the next one can be taken, with nothing forgotten.
func refusedStep(l *lab, p *process, job stackhand.Job) {
	l.t.Helper()
	if st := p.stack("job0-1"); st.Busy != "" || st.State != stackhand.StackReady && st.State != stackhand.StackKept {
		l.t.Errorf("stack is %s, busy %q", st.State, st.Busy)
	}
	l.cloud.arm(nil)
	job.ID = "job2"
	<-time.After(10 * time.Minute) // of the bubble's own time: what the cloud has begun comes to its end
	if j := p.run(job); j.State != stackhand.JobDone && p.stack("job0-1").Server != "" {
		l.t.Errorf("the next attempt: %s", story(j))
	}
	if d := p.run(deleteOf("d-refused", "job0-1")); d.State != stackhand.JobDone {
		l.t.Errorf("%s", story(d))
	}
	for _, left := range l.cloud.left() {
		if left != "image web-end" {
			l.t.Errorf("%s is left", left)
		}
	}
}
