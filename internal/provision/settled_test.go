package provision_test

import (
	"testing"
	"testing/synctest"
	"time"

	"github.com/stackhand/stackhand"
	"github.com/stackhand/stackhand/internal/provision"
)

// Who reads that a job has ended can work with its stack at once, however slow the records are: what became of the stack is written
// before the job rests.
func TestAStackIsFreeBeforeItsJobRests(t *testing.T) {
	refused := stackhand.Errorf(stackhand.Forbidden, "You may not.")
	for _, c := range []struct {
		name, call string
		keep, two  bool // two: the job is one on a stack that is there
		state      stackhand.JobState
	}{
		{"create", "CreateServer", false, false, stackhand.JobUndone},
		{"create, kept", "CreateServer", true, false, stackhand.JobKept},
		{"create, not undone", "DeletePort", false, false, stackhand.JobFailed},
		{"delete", "DeleteServer", false, true, stackhand.JobFailed},
	} {
		t.Run(c.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				l := newLab(t)
				p := l.start()
				job, stack := jobOf("job1", provision.FlowCreate, spec()), "job1-1"
				job.Keep = c.keep
				if c.two {
					l.want(p.run(job), stackhand.JobDone, whole("stackhand-auto", "web")...)
					job = deleteOf("del1", stack)
				}
				l.cloud.arm(func(_ int, call string) fault {
					if call == c.call || call == "CreateServer" {
						return fault{before: refused}
					}
					return fault{}
				})
				p.rec.SetFail(func(call string) error {
					if call == "SaveStack" {
						<-time.After(time.Second)
					}
					return nil
				})
				j := p.run(job)
				st := p.stack(stack)
				if j.State != c.state || st.Busy != "" || st.State == stackhand.StackBuilding || st.State == stackhand.StackDeleting {
					t.Errorf("stack is %s, busy %q, after job %s", st.State, st.Busy, story(j))
				}
				p.rec.SetFail(nil)
				l.cloud.arm(nil)
				l.want(p.run(deleteOf("del2", stack)), stackhand.JobDone)
			})
		})
	}
}
