package provision_test

import (
	"testing"
	"testing/synctest"
	"time"

	"github.com/stackhand/stackhand"
	"github.com/stackhand/stackhand/internal/provision"
)

// A cloud that is stopped in the middle of a call may leave half of what it was to make. That is not taken for the whole.
func TestHalfOfAThingIsMadeAnew(t *testing.T) {
	down := stackhand.Errorf(stackhand.Unavailable, "The connection was lost.")
	making := func(kind string, with func(*stackhand.MakeSpec)) stackhand.Job {
		s := stackhand.MakeSpec{Cloud: "lab", ProjectID: "p1", Project: "team-a", Kind: kind, Name: "one"}
		with(&s)
		return jobOf("job1", provision.FlowMake, s)
	}
	router := func(c *fakeCloud) {
		for id, r := range c.routers {
			r.External = ""
			c.routers[id] = r
		}
	}
	port := func(c *fakeCloud) {
		for id, p := range c.ports {
			p.Groups = nil
			c.ports[id] = p
		}
	}
	volume := func(c *fakeCloud) {
		for _, v := range c.volumes {
			v.Status, v.ready, v.next = "error", time.Time{}, ""
		}
	}
	for _, c := range []struct {
		name, call string
		job        stackhand.Job
		half       func(*fakeCloud)
		left       []string
	}{
		{"router of a stack", "CreateRouter", jobOf("job1", provision.FlowCreate, spec()), router, whole("stackhand-auto", "web")},
		{"port of a stack", "CreatePort", jobOf("job1", provision.FlowCreate, spec()), port, whole("stackhand-auto", "web")},
		{"boot volume", "CreateVolume", jobOf("job1", provision.FlowCreate, booting()), volume, append(whole("stackhand-auto", "web"), "volume web")},
		{"router", "CreateRouter", making(stackhand.KindRouter, func(s *stackhand.MakeSpec) { s.External = external }), router, []string{"router one"}},
		{"router without a gateway", "CreateRouter", making(stackhand.KindRouter, func(*stackhand.MakeSpec) {}), router, []string{"router one"}},
		{"volume", "CreateVolume", making(stackhand.KindVolume, func(s *stackhand.MakeSpec) { s.Volume.Size = 1 }), volume, []string{"volume one"}},
	} {
		t.Run(c.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				l := newLab(t)
				p := l.start()
				lost := false
				l.cloud.arm(func(_ int, call string) fault {
					if call != c.call || lost {
						return fault{}
					}
					lost = true
					return fault{after: down, then: func() { l.cloud.edit(func() { c.half(l.cloud) }) }}
				})
				j := p.run(c.job)
				l.want(j, stackhand.JobDone, c.left...)
				if !lost {
					t.Errorf("%s was never called", c.call)
				}
				for _, r := range l.cloud.routers {
					if want := c.name != "router without a gateway"; want != (r.External == external) {
						t.Errorf("router %+v", r)
					}
				}
				for _, v := range l.cloud.ports {
					if v.Name == "web" && len(v.Groups) == 0 {
						t.Errorf("port %+v", v)
					}
				}
			})
		})
	}
}
