package provision_test

import (
	"context"
	"fmt"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"pgregory.net/rapid"

	"github.com/stackhand/stackhand"
	"github.com/stackhand/stackhand/internal/provision"
)

func named(name string) stackhand.CreateSpec {
	s := spec()
	s.Name = name
	return s
}

// TestTwentyAtOnceShareANetwork starts twenty creates in the same moment, and takes all down
// in the same moment too.
func TestTwentyAtOnceShareANetwork(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l := newLab(t)
		p := l.start()
		want := whole("stackhand-auto")
		for i := range 20 {
			name := fmt.Sprintf("web%02d", i)
			j := jobOf(fmt.Sprintf("job%02d", i), provision.FlowCreate, named(name))
			j.User.ID = fmt.Sprintf("U%d", i%3)
			p.begin(j)
			want = append(want, "server "+name, "floating ip", "port "+name+"compute:nova")
		}
		var last stackhand.Job
		for i := range 20 {
			if last = p.rested(fmt.Sprintf("job%02d", i)); last.State != stackhand.JobDone {
				t.Error(story(last))
			}
		}
		l.want(last, stackhand.JobDone, want...)
		for i := range 20 {
			p.begin(deleteOf(fmt.Sprintf("del%02d", i), fmt.Sprintf("job%02d-1", i)))
		}
		for i := range 20 {
			if last = p.rested(fmt.Sprintf("del%02d", i)); last.State != stackhand.JobDone || len(last.Notes) > 0 {
				t.Error(story(last))
			}
		}
		l.want(last, stackhand.JobDone)
	})
}

// TestDeletesRaceCreates lets creates, some of which fail, and deletes begin at arbitrary moments.
// No create may lose its network, and in the end nothing is left.
func TestDeletesRaceCreates(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		n := rapid.IntRange(2, 6).Draw(rt, "stacks")
		at := func(name string) time.Duration {
			return time.Duration(rapid.IntRange(0, 6000).Draw(rt, name)) * time.Millisecond
		}
		starts, deletes, fails := make([]time.Duration, n), make([]time.Duration, n), make([]bool, n)
		for i := range n {
			starts[i], deletes[i], fails[i] = at("start"), at("delete"), rapid.IntRange(0, 3).Draw(rt, "fails") == 0
		}
		synctest.Test(t, func(t *testing.T) { race(t, starts, deletes, fails) })
	})
}

func race(t *testing.T, starts, deletes []time.Duration, fails []bool) {
	l := newLab(t)
	p := l.start()
	done := make(chan stackhand.Job, len(starts))
	for i := range starts {
		go func() {
			<-time.After(starts[i])
			s := named(fmt.Sprint("web", i))
			if fails[i] {
				s.ImageID = "broken"
			}
			j := p.patient(jobOf(fmt.Sprint("job", i), provision.FlowCreate, s))
			if fails[i] && j.State != stackhand.JobUndone || !fails[i] && j.State != stackhand.JobDone {
				t.Errorf("create %d: %s", i, story(j))
			}
			if !fails[i] {
				<-time.After(deletes[i])
				j = p.patient(deleteOf(fmt.Sprint("del", i), j.ID+"-1"))
				if j.State != stackhand.JobDone || len(j.Notes) > 0 {
					t.Errorf("delete %d: %s", i, story(j))
				}
			}
			done <- j
		}()
	}
	var last stackhand.Job
	for range starts {
		last = <-done
	}
	l.want(last, last.State)
}

// patient runs a job beside others.
func (p *process) patient(j stackhand.Job) stackhand.Job {
	if _, err := p.Start(context.Background(), j, stacksOf(j)...); err != nil {
		p.lab.t.Error(err)
	}
	for {
		got, err := p.Job(context.Background(), j.ID)
		if err != nil || got.State.Rests() {
			return got
		}
		<-time.After(100 * time.Millisecond)
	}
}

// TestOthersNetworksAreUsedButNotTaken has a routed network of the project's own making.
func TestOthersNetworksAreUsedButNotTaken(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l := newLab(t)
		c := l.cloud
		c.networks["n1"] = stackhand.Network{ID: "n1", Name: "office"}
		c.subnets["s1"] = stackhand.Subnet{ID: "s1", Name: "office", NetworkID: "n1", CIDR: "192.168.0.0/24"}
		c.routers["r1"] = stackhand.Router{ID: "r1", Name: "office", External: external}
		c.ports["p1"] = stackhand.Port{ID: "p1", NetworkID: "n1", DeviceID: "r1", DeviceOwner: "network:router_interface", IPs: []stackhand.FixedIP{{SubnetID: "s1", IP: "192.168.0.1"}}}
		before := c.left()
		p := l.start()
		j := p.run(jobOf("job1", provision.FlowCreate, spec()))
		l.want(j, stackhand.JobDone, append([]string{"floating ip", "group stackhand-open-22", "server web", "port webcompute:nova"}, before...)...)
		if s := j.Step("find"); s.Note != "office" {
			t.Errorf("the step says %q", s.Note)
		}
		l.want(p.run(deleteOf("del1", "job1-1")), stackhand.JobDone, before...)
	})
}

func TestWithoutAnOutsideTheNetworkIsSharedToo(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l := newLab(t)
		p := l.start()
		parts := []string{"network stackhand-auto", "subnet stackhand-auto"}
		for _, name := range []string{"a", "b"} {
			s := named(name)
			s.External, s.Floating, s.Open = "", false, nil
			parts = append(parts, "server "+name, "port "+name+"compute:nova")
			l.want(p.run(jobOf("job"+name, provision.FlowCreate, s)), stackhand.JobDone, append([]string{}, parts...)...)
		}
		l.want(p.run(deleteOf("del1", "joba-1")), stackhand.JobDone, "network stackhand-auto", "subnet stackhand-auto", "server b", "port bcompute:nova")
		l.want(p.run(deleteOf("del2", "jobb-1")), stackhand.JobDone)
	})
}

// TestUnreadableInputFailsBeforeAnything has jobs whose input is nonsense.
func TestUnreadableInputFailsBeforeAnything(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l := newLab(t)
		p := l.start()
		for i, flow := range []string{provision.FlowCreate, provision.FlowDelete, provision.FlowReboot, provision.FlowCleanup} {
			j := jobOf(fmt.Sprint("bad", i), flow, "nonsense")
			st := stackhand.Stack{ID: j.ID + "-1", Cloud: "lab", State: stackhand.StackBuilding}
			if _, err := p.Start(t.Context(), j, st); err != nil {
				t.Fatal(err)
			}
			j = p.rested(j.ID)
			if j.State != stackhand.JobFailed || j.Problem == nil || l.cloud.count() > 0 {
				t.Errorf("%s: %s", flow, story(j))
			}
			if got := p.stack(st.ID).State; flow == provision.FlowCreate && got != stackhand.StackGone {
				t.Errorf("stack is %s", got)
			}
		}
	})
}

func TestANamedNetworkIsUsedAsItIs(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l := newLab(t)
		l.cloud.networks["n1"] = stackhand.Network{ID: "n1", Name: "closed"}
		l.cloud.subnets["s1"] = stackhand.Subnet{ID: "s1", Name: "closed", NetworkID: "n1"}
		before := l.cloud.left()
		p := l.start()
		s := spec()
		s.Network, s.Open, s.Floating = "n1", nil, false
		j := p.run(jobOf("job1", provision.FlowCreate, s))
		l.want(j, stackhand.JobDone, append([]string{"server web", "port webcompute:nova"}, before...)...)
		s.Floating = true
		j = p.run(jobOf("job2", provision.FlowCreate, s))
		l.want(j, stackhand.JobUndone, append([]string{"server web", "port webcompute:nova"}, before...)...)
		if !strings.Contains(j.Problem.Next, "router") {
			t.Error(story(j))
		}
		s.External = ""
		if j = p.run(jobOf("job3", provision.FlowCreate, s)); j.State != stackhand.JobFailed || j.Problem.Kind != stackhand.Invalid {
			t.Error(story(j))
		}
		if st := p.stack("job3-1"); st.State != stackhand.StackGone {
			t.Errorf("stack is %s", st.State)
		}
	})
}
