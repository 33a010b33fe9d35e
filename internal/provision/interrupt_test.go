package provision_test

import (
	"context"
	"fmt"
	"sync/atomic"
	"testing"
	"testing/synctest"

	"github.com/stackhand/stackhand"
	"github.com/stackhand/stackhand/internal/jobs/jobstest"
)

// TestKilledAtEveryWrite kills the process before each write of a record, so that what was
// done in the cloud is not on record.
func TestKilledAtEveryWrite(t *testing.T) {
	for _, tr := range trials() {
		n := 0
		synctest.Test(t, func(t *testing.T) {
			l, job := tr.setUp(t)
			before := l.recs.Writes()
			p := l.start()
			p.run(job)
			p.stop()
			n = l.recs.Writes() - before
		})
		for i := 1; i <= n; i++ {
			t.Run(fmt.Sprintf("%s/%d", tr.name, i), func(t *testing.T) {
				synctest.Test(t, func(t *testing.T) { killedAtWrite(t, tr, i) })
			})
		}
	}
}

func killedAtWrite(t *testing.T, tr trial, at int) {
	l, job := tr.setUp(t)
	p := l.start()
	// The first write is the acceptance of the job: what is not accepted is not promised.
	if _, err := p.Start(context.Background(), job, stacksOf(job)...); err != nil {
		t.Fatal(err)
	}
	p.stop()
	p = l.start()
	var count atomic.Int64
	p.rec.SetFail(func(call string) error {
		switch call {
		case "SaveJob", "SaveStack", "TryLock", "Unlock":
			if count.Add(1) >= int64(at) {
				p.kill()
				return jobstest.ErrKilled
			}
		}
		return nil
	})
	if j := p.rested(job.ID); p.dead.Load() {
		p = l.start()
	} else {
		p.rec.SetFail(nil)
		tr.check(l, p, j) // it needed fewer writes this time
		return
	}
	tr.check(l, p, p.rested(job.ID))
	synctest.Wait()
	if locks := l.recs.Locks(); len(locks) > 0 {
		t.Errorf("locks are held: %q", locks)
	}
}

// TestStoppedAtEveryCall stops the process gracefully in each call; the next one finishes.
func TestStoppedAtEveryCall(t *testing.T) {
	for _, tr := range trials() {
		for i := 1; i <= tr.calls(t); i++ {
			t.Run(fmt.Sprintf("%s/%d", tr.name, i), func(t *testing.T) {
				synctest.Test(t, func(t *testing.T) {
					l, job := tr.setUp(t)
					p := l.start()
					reached := make(chan struct{})
					l.cloud.arm(func(n int, _ string) fault {
						if n == i {
							close(reached)
						}
						return fault{}
					})
					p.begin(job)
					<-reached
					p.stop()
					l.cloud.arm(nil)
					p = l.start()
					tr.check(l, p, p.rested(job.ID))
				})
			})
		}
	}
}

// TestCanceledAtEveryCall cancels creates in each call: all is undone, or it was done already.
func TestCanceledAtEveryCall(t *testing.T) {
	for _, tr := range trials()[:3] {
		for i := 1; i <= tr.calls(t); i++ {
			t.Run(fmt.Sprintf("%s/%d", tr.name, i), func(t *testing.T) {
				synctest.Test(t, func(t *testing.T) {
					l, job := tr.setUp(t)
					before := l.cloud.left()
					p := l.start()
					reached := make(chan struct{})
					l.cloud.arm(func(n int, _ string) fault {
						if n == i {
							close(reached)
						}
						return fault{}
					})
					p.begin(job)
					<-reached
					if _, err := p.Cancel(context.Background(), job.ID, "U2"); err != nil {
						t.Fatal(err)
					}
					j := p.rested(job.ID)
					l.cloud.arm(nil)
					if j.State == stackhand.JobDone {
						tr.check(l, p, j)
						return
					}
					l.want(j, stackhand.JobUndone, before...)
					for _, id := range j.Stacks {
						if st := p.stack(id); st.State != stackhand.StackGone {
							t.Errorf("stack is %s", st.State)
						}
					}
				})
			})
		}
	}
}

// TestKilledInTheMiddleOfUndoing kills at every call of the way back.
func TestKilledInTheMiddleOfUndoing(t *testing.T) {
	tr := trials()[0]
	n := 0
	canceled := func(t *testing.T, at int) {
		l, job := tr.setUp(t)
		l.cloud.buildFault = "No valid host was found."
		p := l.start()
		l.cloud.arm(func(n int, _ string) fault {
			if n == at {
				return fault{after: errDead, then: p.kill}
			}
			return fault{}
		})
		p.run(job)
		n = l.cloud.count()
		l.cloud.arm(nil)
		if p.dead.Load() {
			p = l.start()
		}
		l.want(p.rested(job.ID), stackhand.JobUndone)
	}
	synctest.Test(t, func(t *testing.T) { canceled(t, 0) })
	for i := range n {
		t.Run(fmt.Sprint(i+1), func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) { canceled(t, i+1) })
		})
	}
}
