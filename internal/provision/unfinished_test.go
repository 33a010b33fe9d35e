package provision_test

import (
	"sync/atomic"
	"testing"
	"testing/synctest"

	"github.com/stackhand/stackhand"
	"github.com/stackhand/stackhand/internal/provision"
)

// A build whose pieces are kept may have made things of which nobody was told. They go with the rest.
func TestADeletionFindsWhatTheBuildNeverHeardOf(t *testing.T) {
	down := stackhand.Errorf(stackhand.Unavailable, "The service is not there.")
	for _, c := range []struct {
		name, made, listed string
		change             func(*stackhand.CreateSpec)
	}{
		{"floating ip", "CreateFloatingIP", "FloatingIPs", nil},
		{"server", "CreateServer", "ServersNamed", nil},
		{"port", "CreatePort", "Ports", nil},
		{"network of its own", "CreateNetwork", "NetworksNamed", func(s *stackhand.CreateSpec) { s.Network = "new" }},
		{"shared network", "CreateNetwork", "NetworksNamed", nil},
		{"second server", "CreateServer", "ServersNamed", func(s *stackhand.CreateSpec) { s.Count = 2 }},
	} {
		t.Run(c.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				l := newLab(t)
				p := l.start()
				l.cloud.arm(func(_ int, call string) fault {
					switch call {
					case c.made:
						return fault{after: down}
					case c.listed:
						return fault{before: down}
					}
					return fault{}
				})
				s := spec()
				if c.change != nil {
					c.change(&s)
				}
				job := jobOf("job1", provision.FlowCreate, s)
				job.Keep = true
				if j := p.run(job); j.State != stackhand.JobKept {
					t.Fatal(story(j))
				}
				// The first deletion meets the same trouble, and gives the stack back as it was.
				if j := p.run(deleteOf("del0", "job1-1")); j.State != stackhand.JobFailed || p.stack("job1-1").State != stackhand.StackKept {
					t.Errorf("stack %s, %s", p.stack("job1-1").State, story(j))
				}
				l.cloud.arm(nil)
				last := p.run(deleteOf("del1", "job1-1"))
				for n := 2; n <= s.Count; n++ {
					last = p.run(deleteOf("del2", "job1-2"))
				}
				l.want(last, stackhand.JobDone)
			})
		})
	}
}

// The cloud is not there long enough for undoing to be given up: what may be left gets a time, and goes when that
// is over. What failed for good left nothing.
func TestWhatMayBeLeftIsNotForgotten(t *testing.T) {
	down := stackhand.Errorf(stackhand.Unavailable, "The service is not there.")
	full := stackhand.Errorf(stackhand.Quota, "Quota exceeded.")
	for _, c := range []struct {
		name string
		keep bool
		fip  fault
		list fault
		rest fault
		job  stackhand.JobState
		want stackhand.StackState
	}{
		{"undone in vain", false, fault{after: down}, fault{before: down}, fault{}, stackhand.JobFailed, stackhand.StackKept},
		{"kept", true, fault{after: down}, fault{before: down}, fault{}, stackhand.JobKept, stackhand.StackKept},
		{"refused", false, fault{before: full}, fault{}, fault{}, stackhand.JobUndone, stackhand.StackGone},
		{"refused and kept", true, fault{before: full}, fault{}, fault{before: full}, stackhand.JobKept, stackhand.StackGone},
	} {
		t.Run(c.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				l := newLab(t)
				p := l.start()
				l.cloud.arm(func(_ int, call string) fault {
					switch call {
					case "CreateFloatingIP":
						return c.fip
					case "FloatingIPs":
						return c.list
					case "CreateSecurityGroup", "CreateRouter", "CreateNetwork":
						return fault{before: full} // nothing else is made
					case "SecurityGroups", "Routers", "Subnets":
						return c.rest // what ends in the same moment
					}
					return fault{}
				})
				job := jobOf("job1", provision.FlowCreate, spec())
				job.Keep = c.keep
				j := p.run(job)
				if j.State != c.job {
					t.Errorf("job %s", story(j))
				}
				st := p.stack("job1-1")
				if st.State != c.want || (c.want == stackhand.StackKept) == st.Lease.Until.IsZero() || len(st.Ledger) > 0 {
					t.Errorf("stack %+v of job %s", st, story(j))
				}
				l.cloud.arm(nil)
				l.want(p.run(deleteOf("del1", "job1-1")), stackhand.JobDone)
			})
		})
	}
}

// A call that was under way when the bot died took effect after its next life had looked: there are two of what
// should be one. The second goes with the stack.
func TestADeletionFindsWhatCameLate(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l := newLab(t)
		p := l.start()
		if j := p.run(jobOf("job1", provision.FlowCreate, spec())); j.State != stackhand.JobDone {
			t.Fatal(story(j))
		}
		ctx, cloud := t.Context(), session{l.cloud, new(atomic.Bool)}
		ips, err := cloud.FloatingIPs(ctx)
		if err != nil || len(ips) != 1 {
			t.Fatal(ips, err)
		}
		if _, err := cloud.CreateFloatingIP(ctx, ips[0].NetworkID, ips[0].Description); err != nil {
			t.Fatal(err)
		}
		ports, err := cloud.Ports(ctx, stackhand.PortFilter{Name: "web"})
		if err != nil || len(ports) != 1 {
			t.Fatal(ports, err)
		}
		if _, err := cloud.CreatePort(ctx, stackhand.PortSpec{Name: "web", Description: ports[0].Description, NetworkID: ports[0].NetworkID}); err != nil {
			t.Fatal(err)
		}
		l.want(p.run(deleteOf("del1", "job1-1")), stackhand.JobDone)
	})
}
