package provision_test

import (
	"errors"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stackhand/stackhand"
)

// runs is the sentence with which a job leaves a server alone that somebody started.
const runs = "runs, although it was put away"

// A server that was put away and that somebody started is not ended by a job that nobody asked for; who asks for it gets it.
func TestWhatWasStartedStays(t *testing.T) {
	for what, c := range map[string]struct {
		job   func(time.Time) stackhand.Job
		while string // the call of the job during which it is started; "": before
		stays bool
	}{
		"deletion":                         {dueDelete, "", true},
		"deletion that has begun":          {dueDelete, "FloatingIPs", true},
		"archive":                          {dueArchive, "", true},
		"archive whose image is there":     {dueArchive, "FloatingIPs", true},
		"deletion that somebody asked for": {func(time.Time) stackhand.Job { return deleteOf("job1", "job0-1") }, "", false},
	} {
		t.Run(what, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				l := newLab(t)
				p := l.start()
				ready(took(stackhand.ActStop, nil))(p)
				_, v := first(l.cloud.servers, func(*fakeServer) bool { return true })
				if c.while == "" {
					l.cloud.edit(func() { v.Status = "ACTIVE" })
				}
				l.cloud.arm(func(_ int, call string) fault {
					if call == c.while {
						v.Status = "ACTIVE" // the cloud is locked here
					}
					return fault{}
				})
				j := p.run(aimed(c.job(p.stack("job0-1").Lease.Until), l))
				if !c.stays {
					l.want(j, stackhand.JobDone)
					return
				}
				left := l.cloud.left()
				if j.State != stackhand.JobFailed || !strings.Contains(j.Problem.Msg, runs) || !slices.Contains(left, "server web") || v.Status != "ACTIVE" {
					t.Errorf("%s\nleft %v", story(j), left)
				}
				if st := p.stack("job0-1"); st.Busy != "" || st.State != stackhand.StackReady {
					t.Errorf("stack %s, busy %q", st.State, st.Busy)
				}
			})
		})
	}
}

// A server that an archive of ours woke to make its image, and could not delete then, was started by nobody.
func TestWokenForItsImage(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l := newLab(t)
		p := l.start()
		ready(took(stackhand.ActShelve, nil))(p)
		l.cloud.arm(func(_ int, call string) fault {
			if call == "DeleteServer" {
				return fault{before: stackhand.Errorf(stackhand.Forbidden, "Not today.")}
			}
			return fault{}
		})
		job := aimed(dueArchive(p.stack("job0-1").Lease.Until), l)
		if j := p.run(job); j.State != stackhand.JobFailed || strings.Contains(j.Problem.Msg, runs) {
			t.Fatal(story(j))
		}
		is("ACTIVE small")(l, stackhand.Stack{})
		l.cloud.arm(nil)
		job.ID = "job2"
		l.want(p.run(job), stackhand.JobDone, "image web-end")
	})
}

// A server that was started while the job that stopped it was cut short keeps its address.
func TestWhatWasStartedKeepsItsAddress(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l := newLab(t)
		p := l.start()
		ready()(p)
		l.cloud.arm(func(_ int, call string) fault {
			if call != "FloatingIP" {
				return fault{}
			}
			return fault{before: errors.New("killed"), then: p.kill}
		})
		p.run(aimed(dueStop(p.stack("job0-1").Lease.Until), l))
		l.cloud.arm(nil)
		is("SHUTOFF small")(l, stackhand.Stack{})
		l.cloud.edit(func() {
			_, v := first(l.cloud.servers, func(*fakeServer) bool { return true })
			v.Status = "ACTIVE"
		})
		p = l.start()
		j := p.rested("job1")
		l.want(j, stackhand.JobDone, whole("stackhand-auto", "web")...)
		if !strings.Contains(said(j), "web runs again, so it keeps its floating IP.") {
			t.Error(story(j))
		}
		if _, parked := p.stack("job0-1").Lease.Ladder.Parked(); !parked {
			t.Error("the next sweep does not see that it was started")
		}
	})
}
