package provision_test

import (
	"context"
	"errors"
	"net"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stackhand/stackhand"
	"github.com/stackhand/stackhand/internal/provision"
)

func TestABuildThatFailsIsUndone(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l := newLab(t)
		l.cloud.buildFault, l.cloud.buildSaid = "No host has room.", "No valid host was found. There are not enough hosts available."
		p := l.start()
		j := p.run(jobOf("job1", provision.FlowCreate, spec()))
		l.want(j, stackhand.JobUndone)
		if !strings.HasSuffix(j.Problem.Msg, "web. No host has room.") || j.Problem.Next != "Choose a smaller flavor." ||
			!strings.Contains(j.Problem.Detail, "not enough hosts") || j.Problem.Step != "Build" || j.Problem.Kind != stackhand.Failed {
			t.Errorf("problem %+v", j.Problem)
		}
		if st := p.stack("job1-1"); st.State != stackhand.StackGone || len(st.Ledger) > 0 {
			t.Errorf("stack %+v", st)
		}
		l.cloud.edit(func() { l.cloud.buildFault = "" })
		again, err := p.Retry(context.Background(), "job1", "U1", false)
		if err != nil {
			t.Fatal(err)
		}
		l.want(p.rested(again.ID), stackhand.JobDone, whole("stackhand-auto", "web")...)
		if st := p.stack(again.ID + "-1"); st.State != stackhand.StackReady {
			t.Errorf("stack %+v", st)
		}
	})
}

func TestKeptPiecesAreCleanedUpLater(t *testing.T) {
	for _, way := range []string{"cleanup", "delete"} {
		t.Run(way, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				l := newLab(t)
				l.cloud.buildFault = "boom"
				p := l.start()
				job := jobOf("job1", provision.FlowCreate, spec())
				job.Keep = true
				j := p.run(job)
				l.want(j, stackhand.JobKept, whole("stackhand-auto", "web")...)
				st := p.stack("job1-1")
				if st.State != stackhand.StackKept || st.Server == "" || len(st.Ledger) != len(j.Made) || st.Lease.Until.Before(time.Now()) {
					t.Errorf("stack %+v", st)
				}
				if way == "delete" {
					l.want(p.run(deleteOf("del1", "job1-1")), stackhand.JobDone)
					return
				}
				c, err := p.Cleanup(context.Background(), "job1", "U1")
				if err != nil {
					t.Fatal(err)
				}
				l.want(p.rested(c.ID), stackhand.JobDone)
				if st = p.stack("job1-1"); st.State != stackhand.StackGone || len(st.Ledger) > 0 {
					t.Errorf("stack %+v", st)
				}
			})
		})
	}
}

func TestCleaningUpNothingSaysSo(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l := newLab(t)
		p := l.start()
		s := spec()
		s.ImageID = "broken"
		l.want(p.run(jobOf("job1", provision.FlowCreate, s)), stackhand.JobUndone)
		c, err := p.Cleanup(context.Background(), "job1", "U1")
		if err != nil {
			t.Fatal(err)
		}
		j := p.rested(c.ID)
		l.want(j, stackhand.JobDone)
		if got := strings.Join(j.Notes, " "); got != "Nothing was left of job job1." {
			t.Errorf("said %q", got)
		}
	})
}

// TestCleanupFindsWhatIsOnNoRecord loses the records of a job that built everything.
func TestCleanupFindsWhatIsOnNoRecord(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		for _, network := range []string{"auto", "new"} {
			l := newLab(t)
			p := l.start()
			s := spec()
			s.Network = network
			p.run(jobOf("job1", provision.FlowCreate, s))
			p.stop()
			other := newLab(t)
			other.cloud = l.cloud
			p = other.start()
			broken := s
			broken.ImageID, broken.Network = "broken", "nowhere"
			p.run(jobOf("job1", provision.FlowCreate, broken)) // the same id, and none of the pieces
			left := len(other.cloud.left())
			j := p.run(jobOf("clean1", provision.FlowCleanup, provision.CleanupSpec{Job: "job1", Create: s}))
			if left == 0 {
				t.Error("the test has nothing to find")
			}
			other.want(j, stackhand.JobDone)
		}
	})
}

func TestAServerThatVanishesFailsItsBuild(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l := newLab(t)
		p := l.start()
		p.begin(jobOf("job1", provision.FlowCreate, spec()))
		<-time.After(time.Second)
		l.cloud.edit(func() {
			_, s := first(l.cloud.servers, func(*fakeServer) bool { return true })
			s.gone = time.Now()
		})
		j := p.rested("job1")
		l.want(j, stackhand.JobUndone)
		if !strings.Contains(j.Problem.Msg, "disappeared") {
			t.Error(story(j))
		}
	})
}

// TestAServerMadeBehindARefusal answers that the port is in use, by the very server that was made.
func TestAServerMadeBehindARefusal(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l := newLab(t)
		once := true
		l.cloud.arm(func(_ int, call string) fault {
			if call == "CreateServer" && once {
				once = false
				return fault{after: inUse("Port is still in use.")}
			}
			return fault{}
		})
		l.want(l.start().run(jobOf("job1", provision.FlowCreate, spec())), stackhand.JobDone, whole("stackhand-auto", "web")...)
	})
}

// TestTwoServersWithOneMarkNeedAPerson has a cloud that made the server twice.
func TestTwoServersWithOneMarkNeedAPerson(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l := newLab(t)
		once := true
		l.cloud.arm(func(_ int, call string) fault {
			if call == "CreateServer" && once {
				once = false
				return fault{after: unanswered(nil), then: func() {
					l.cloud.edit(func() {
						_, s := first(l.cloud.servers, func(*fakeServer) bool { return true })
						twin := *s
						twin.ID, twin.ports = "twin", nil
						l.cloud.servers["twin"] = &twin
					})
				}}
			}
			return fault{}
		})
		p := l.start()
		j := p.run(jobOf("job1", provision.FlowCreate, spec()))
		if j.State != stackhand.JobStuck || !strings.Contains(j.Problem.Msg, "There are 2 servers web") || p.stack("job1-1").State != stackhand.StackKept {
			t.Error(story(j))
		}
		c, err := p.Cleanup(context.Background(), "job1", "U1")
		if err != nil {
			t.Fatal(err)
		}
		l.want(p.rested(c.ID), stackhand.JobDone)
	})
}

func TestARebootThatFails(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l := newLab(t)
		p := l.start()
		p.run(jobOf("job1", provision.FlowCreate, spec()))
		l.cloud.edit(func() { l.cloud.buildFault = "libvirt is gone" })
		spec := stackhand.RebootSpec{Cloud: "lab", Server: p.stack("job1-1").Server, Name: "web", Hard: true}
		j := p.run(jobOf("boot1", provision.FlowReboot, spec))
		if j.State != stackhand.JobFailed || !strings.Contains(j.Problem.Msg, "libvirt is gone") || l.cloud.reboots != 1 {
			t.Error(story(j))
		}
	})
}

// TestWaitForSSH has a server that answers after a while, one that says something else, and
// one that never does.
func TestWaitForSSH(t *testing.T) {
	for _, tt := range []struct {
		name, says string
		after      time.Duration
		took       time.Duration
		note       string
	}{
		{"answers late", "SSH-2.0-OpenSSH_9.6\r\n", time.Minute, 90 * time.Second, ""},
		{"is no SSH", "HTTP/1.1 400 Bad Request\r\n", 0, 11 * time.Minute, "something else than SSH answers"},
		{"never answers", "", 0, 11 * time.Minute, "did not answer within 10m"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				l := newLab(t)
				begun := time.Now()
				l.dial = func(ctx context.Context, _, addr string) (net.Conn, error) {
					if !strings.HasPrefix(addr, "203.0.113.") || !strings.HasSuffix(addr, ":22") {
						t.Errorf("dialled %s", addr)
					}
					if tt.says == "" || time.Since(begun) < tt.after {
						return nil, errors.New("connection refused")
					}
					here, there := net.Pipe()
					go func() {
						if _, err := there.Write([]byte(tt.says)); err != nil && !errors.Is(err, net.ErrClosed) && err.Error() != "io: read/write on closed pipe" {
							t.Errorf("write: %v", err)
						}
						there.Close()
					}()
					return here, nil
				}
				p := l.start()
				s := spec()
				s.WaitSSH = true
				j := p.run(jobOf("job1", provision.FlowCreate, s))
				l.want(j, stackhand.JobDone, whole("stackhand-auto", "web")...)
				if took := j.Ended.Sub(j.Started); took > tt.took {
					t.Errorf("took %s", took)
				}
				if said := strings.Join(j.Notes, ""); tt.note == "" && said != "" || !strings.Contains(said, tt.note) {
					t.Errorf("said %q, want %q", said, tt.note)
				}
			})
		})
	}
}
