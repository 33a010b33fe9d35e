package provision_test

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"testing"
	"testing/synctest"

	"github.com/stackhand/stackhand"
	"github.com/stackhand/stackhand/internal/provision"
)

// trial is a job that is disturbed at every one of its calls.
type trial struct {
	name    string
	prepare func(p *process) // what must be there before
	job     stackhand.Job
	check   func(l *lab, p *process, j stackhand.Job)
}

func trials() []trial {
	two := spec()
	two.Network, two.Count = "new", 2
	ready := func(p *process) { p.run(jobOf("job0", provision.FlowCreate, spec())) }
	built := func(left ...string) func(*lab, *process, stackhand.Job) {
		return func(l *lab, p *process, j stackhand.Job) {
			l.want(j, stackhand.JobDone, left...)
			for _, id := range j.Stacks {
				if st := p.stack(id); st.State != stackhand.StackReady {
					l.t.Errorf("stack %s is %s", id, st.State)
				}
				if d := p.run(deleteOf("d"+id, id)); d.State != stackhand.JobDone {
					l.t.Errorf("delete %s", story(d))
				}
			}
			if left := l.cloud.left(); len(left) > 0 {
				l.t.Errorf("not in the ledger: %q", left)
			}
		}
	}
	second := spec()
	second.Name = "db"
	old := spec()
	old.Classic, old.External = true, "pool"
	return append([]trial{
		{"create", nil, jobOf("job1", provision.FlowCreate, spec()), built(whole("stackhand-auto", "web")...)},
		{"create two on a new network", nil, jobOf("job1", provision.FlowCreate, two), built(whole("web", "web-1", "web-2")...)},
		{"create beside another", ready, jobOf("job1", provision.FlowCreate, second), func(l *lab, p *process, j stackhand.Job) {
			l.want(j, stackhand.JobDone, whole("stackhand-auto", "web", "db")...)
			l.want(p.run(deleteOf("d1", "job0-1")), stackhand.JobDone, whole("stackhand-auto", "db")...)
			l.want(p.run(deleteOf("d2", "job1-1")), stackhand.JobDone)
		}},
		{"create from a volume", nil, jobOf("job1", provision.FlowCreate, booting()), built(append(whole("stackhand-auto", "web"), "volume web")...)},
		{"create without Neutron", func(p *process) { classic(p.lab) }, jobOf("job1", provision.FlowCreate, old), built("floating ip", "group stackhand-open-22", "server web")},
		{"delete", ready, deleteOf("job1", "job0-1"), func(l *lab, p *process, j stackhand.Job) {
			l.want(j, stackhand.JobDone)
			if st := p.stack("job0-1"); st.State != stackhand.StackGone || len(st.Ledger) > 0 || st.Busy != "" {
				l.t.Errorf("stack %+v", st)
			}
		}},
		{"reboot", ready, jobOf("job1", provision.FlowReboot, stackhand.RebootSpec{Cloud: "lab", Stack: "job0-1", Server: theServer, Name: "web"}),
			func(l *lab, p *process, j stackhand.Job) {
				l.want(j, stackhand.JobDone, whole("stackhand-auto", "web")...)
				if l.cloud.reboots != 1 {
					l.t.Errorf("rebooted %d times", l.cloud.reboots)
				}
			}},
	}, slices.Concat(actTrials(), ladderTrials())...)
}

// setUp makes a lab in which the trial's job can start; the server's id is filled in.
func (tr trial) setUp(t *testing.T) (*lab, stackhand.Job) {
	l := newLab(t)
	if tr.prepare != nil {
		p := l.start()
		tr.prepare(p)
		p.stop()
	}
	job := aimed(tr.job, l)
	l.cloud.arm(nil)
	return l, job
}

// calls counts the calls of an undisturbed run. Waiting takes as many as it takes: the count
// is no promise, only how far to go.
func (tr trial) calls(t *testing.T) (n int) {
	synctest.Test(t, func(t *testing.T) {
		l, job := tr.setUp(t)
		p := l.start()
		j := p.run(job)
		n = l.cloud.count()
		tr.check(l, p, j)
	})
	return n
}

// TestKilledAtEveryCall kills the process at each call of each flow, before and after the call
// took effect, and lets another one finish.
func TestKilledAtEveryCall(t *testing.T) {
	for _, tr := range trials() {
		n := tr.calls(t)
		if n < 1 {
			t.Fatalf("%s: no calls", tr.name)
		}
		for i := 1; i <= n; i++ {
			for _, after := range []bool{false, true} {
				t.Run(fmt.Sprintf("%s/%d after=%v", tr.name, i, after), func(t *testing.T) {
					synctest.Test(t, func(t *testing.T) { killedAt(t, tr, i, after) })
				})
			}
		}
	}
}

func killedAt(t *testing.T, tr trial, at int, after bool) {
	l, job := tr.setUp(t)
	p := l.start()
	l.cloud.arm(func(n int, _ string) fault {
		if n != at {
			return fault{}
		}
		if after {
			return fault{after: errDead, then: p.kill}
		}
		return fault{before: errDead, then: p.kill}
	})
	if j := p.run(job); !p.dead.Load() {
		tr.check(l, p, j) // this run needed fewer calls while it waited
		return
	}
	l.cloud.arm(nil)
	p = l.start()
	j := p.rested(job.ID)
	if j.Resumed != 1 {
		t.Errorf("resumed %d times", j.Resumed)
	}
	tr.check(l, p, j)
	synctest.Wait()
	if locks := l.recs.Locks(); len(locks) > 0 {
		t.Errorf("locks are held: %q", locks)
	}
}

// TestEveryCallMayFail lets each call of each flow go wrong in each way, once. Afterwards
// everything is done, or nothing is left, or a second job mends it.
func TestEveryCallMayFail(t *testing.T) {
	broken := stackhand.Errorf(stackhand.Unavailable, "500 Internal Server Error.")
	refused := stackhand.Errorf(stackhand.Forbidden, "Policy does not allow it.")
	ways := map[string]fault{
		"500 before": {before: broken}, "500 after": {after: broken}, "403": {before: refused}, "403 after": {after: refused},
		"no answer": {hang: true},
	}
	for _, tr := range trials() {
		n := tr.calls(t)
		for i := 1; i <= n; i++ {
			for way, f := range ways {
				t.Run(fmt.Sprintf("%s/%d %s", tr.name, i, way), func(t *testing.T) {
					synctest.Test(t, func(t *testing.T) { failsAt(t, tr, i, f) })
				})
			}
		}
	}
}

func failsAt(t *testing.T, tr trial, at int, f fault) {
	l, job := tr.setUp(t)
	p := l.start()
	before := l.cloud.left()
	failing := ""
	l.cloud.arm(func(n int, call string) fault {
		if n == at {
			failing = call
			return f
		}
		return fault{}
	})
	j := p.run(job)
	switch {
	case j.State == stackhand.JobDone:
		tr.check(l, p, j)
	case stackhand.Temporary(f.before) || stackhand.Temporary(f.after):
		t.Errorf("%s: what passes must not fail the job: %s", failing, story(j))
	case j.State == stackhand.JobUndone && job.Flow == provision.FlowCreate:
		l.want(j, stackhand.JobUndone, before...)
	case j.State == stackhand.JobFailed && job.Flow == provision.FlowDelete:
		d := p.run(deleteOf("again", "job0-1"))
		tr.check(l, p, d)
	case j.State == stackhand.JobFailed && job.Flow == provision.FlowReboot:
		if l.cloud.reboots > 1 {
			t.Errorf("rebooted %d times", l.cloud.reboots)
		}
	case j.State == stackhand.JobFailed && job.Flow == provision.FlowAct:
		refusedAct(l, p)
	case j.State == stackhand.JobFailed && job.Flow == provision.FlowLadder:
		refusedStep(l, p, job)
	case j.State == stackhand.JobUndone && (job.Flow == provision.FlowMake || job.Flow == provision.FlowAdopt):
		l.want(j, stackhand.JobUndone, before...)
	case j.State == stackhand.JobFailed && (job.Flow == provision.FlowRelease || job.Flow == provision.FlowRemove || job.Flow == provision.FlowEdit || job.Flow == provision.FlowOrphan):
		again, err := p.Retry(context.Background(), job.ID, "U1", false)
		if err != nil {
			t.Fatal(err)
		}
		tr.again(l, p, p.rested(again.ID))
	default:
		t.Errorf("%s: %s", failing, story(j))
	}
	if j.State != stackhand.JobDone && (j.Problem == nil || strings.TrimSpace(j.Problem.Msg) == "") {
		t.Errorf("nothing is said about the failure: %s", story(j))
	}
}

// again checks a second try of a job whose first try may have had its effect, so that it says so.
func (tr trial) again(l *lab, p *process, j stackhand.Job) {
	j.Notes = append(j.Notes, "The image x is called y now.")
	tr.check(l, p, j)
}

// refusedAct checks that a change that was refused leaves a stack that can be worked with, and nothing that does
// not go with it.
func refusedAct(l *lab, p *process) {
	if st := p.stack("job0-1"); st.Busy != "" || st.State != stackhand.StackReady {
		l.t.Errorf("stack is %s, busy %q", st.State, st.Busy)
	}
	l.cloud.edit(func() {
		for _, v := range l.cloud.servers {
			v.Locked = false
		}
	})
	if d := p.run(deleteOf("d-refused", "job0-1")); d.State != stackhand.JobDone {
		l.t.Errorf("%s", story(d))
	}
	for _, left := range l.cloud.left() {
		if left != "image web-snap" && left != "volume data" && left != "network back" && left != "subnet back" {
			l.t.Errorf("%s is left", left)
		}
	}
}

// TestForbiddenForGood takes all rights away at each call. What is then left is on record, and
// cleaning up with the rights back leaves nothing.
func TestForbiddenForGood(t *testing.T) {
	tr := trials()[0]
	n := tr.calls(t)
	for i := 1; i <= n; i++ {
		t.Run(fmt.Sprint(i), func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				l, job := tr.setUp(t)
				p := l.start()
				l.cloud.arm(func(n int, _ string) fault {
					if n >= i {
						return fault{before: stackhand.Errorf(stackhand.Forbidden, "You may not.")}
					}
					return fault{}
				})
				j := p.run(job)
				if left := l.cloud.left(); len(left) == 0 && j.State == stackhand.JobUndone || j.State == stackhand.JobDone {
					return
				}
				if j.State != stackhand.JobFailed || len(j.Made) > 0 && !strings.Contains(strings.Join(j.Notes, " "), "Still there: ") {
					t.Errorf("%s", story(j))
				}
				l.cloud.arm(nil)
				c, err := p.Cleanup(context.Background(), job.ID, "U1")
				if err != nil {
					t.Fatal(err)
				}
				l.want(p.rested(c.ID), stackhand.JobDone)
				if st := p.stack("job1-1"); st.State != stackhand.StackGone {
					t.Errorf("stack is %s", st.State)
				}
			})
		})
	}
}
