package provision_test

import (
	"context"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stackhand/stackhand"
	"github.com/stackhand/stackhand/internal/provision"
)

// A lease is over, and its deletion waits for a worker; its owner extends it in that moment.
func TestAnExtensionStopsTheDeletionOfTheExpired(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l := newLab(t)
		p := l.start()
		l.want(p.run(jobOf("job1", provision.FlowCreate, spec())), stackhand.JobDone, whole("stackhand-auto", "web")...)
		expired := func(id string, until time.Time) stackhand.Job {
			return jobOf(id, provision.FlowDelete, stackhand.DeleteSpec{Cloud: "lab", Stack: "job1-1", Why: "expired", Until: until})
		}
		st := p.stack("job1-1")
		was := st.Lease.Until
		st.Lease.Until = was.Add(24 * time.Hour)
		if err := p.rec.SaveStack(context.Background(), &st); err != nil {
			t.Fatal(err)
		}
		j := p.run(expired("del1", was))
		l.want(j, stackhand.JobFailed, whole("stackhand-auto", "web")...)
		if j.Problem == nil || !strings.Contains(j.Problem.Msg, "was extended meanwhile, so it stays") {
			t.Errorf("problem %+v", j.Problem)
		}
		if st := p.stack("job1-1"); st.State != stackhand.StackReady || st.Busy != "" {
			t.Errorf("stack %+v", st)
		}
		again, err := p.Retry(context.Background(), "del1", "U1", false)
		if err != nil {
			t.Fatal(err)
		}
		l.want(p.rested(again.ID), stackhand.JobFailed, whole("stackhand-auto", "web")...)
		l.want(p.run(expired("del2", st.Lease.Until)), stackhand.JobDone)
	})
}

// The bot dies after the stack was handed over and before that was noted; its owner deletes it before the job
// gets to that step again. It stays deleted.
func TestADeletedStackDoesNotComeBack(t *testing.T) {
	for _, state := range []stackhand.StackState{stackhand.StackGone, stackhand.StackDeleting} {
		t.Run(string(state), func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				l := newLab(t)
				l.cloud.delay = time.Second
				p := l.start()
				p.begin(jobOf("job1", provision.FlowCreate, spec()))
				for st := p.stack("job1-1"); ; st = p.stack("job1-1") {
					st.State, st.Gone, st.Busy, st.Ledger = state, time.Now(), "del1", nil
					if err := p.rec.SaveStack(context.Background(), &st); err == nil {
						break
					}
				}
				p.rested("job1")
				if st := p.stack("job1-1"); st.State != state || st.Busy != "del1" || !st.Lease.Until.IsZero() || len(st.Ledger) > 0 {
					t.Errorf("stack %+v", st)
				}
			})
		})
	}
}
