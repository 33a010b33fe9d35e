package provision_test

import (
	"fmt"
	"testing"
	"time"

	"github.com/stackhand/stackhand"
	"github.com/stackhand/stackhand/internal/jobs"
	"github.com/stackhand/stackhand/internal/provision"
	"github.com/stackhand/stackhand/internal/sim/openstack"
)

// simulated is a stack on the simulator, whose server is acted on.
type simulated struct {
	t       *testing.T
	engine  *jobs.Engine
	changed chan string
	spec    stackhand.CreateSpec
	stack   string
	server  string
	n       int
}

func newSimulated(t *testing.T, build time.Duration, edit func(*stackhand.CreateSpec)) (*openstack.Cloud, *simulated) {
	t.Helper()
	sim, e, changed, s := onSimulator(t, 0, build)
	edit(&s)
	w := &simulated{t: t, engine: e, changed: changed, spec: s}
	j := w.run(provision.FlowCreate, s, stackhand.JobDone)
	w.stack, w.server = j.Stacks[0], madeServer(j)
	return sim, w
}

func (w *simulated) run(flow string, input any, state stackhand.JobState) stackhand.Job {
	w.t.Helper()
	w.n++
	j := finish(w.t, w.engine, w.changed, jobOf(fmt.Sprint("sim", flow, w.n), flow, input))
	if j.State != state {
		w.t.Fatal(story(j))
	}
	return j
}

func (w *simulated) act(verb string, edit func(*stackhand.ActSpec)) stackhand.Job {
	w.t.Helper()
	s := stackhand.ActSpec{Cloud: "lab", ProjectID: w.spec.ProjectID, Stack: w.stack, Server: w.server, Name: "web", Verb: verb}
	if edit != nil {
		edit(&s)
	}
	return w.run(provision.FlowAct, s, stackhand.JobDone)
}

func (w *simulated) make(kind string, s stackhand.MakeSpec) string {
	w.t.Helper()
	s.Cloud, s.ProjectID, s.Kind = "lab", w.spec.ProjectID, kind
	j := w.run(provision.FlowMake, s, stackhand.JobDone)
	for _, r := range j.Made {
		if r.Kind == kind {
			return r.ID
		}
	}
	return ""
}

func (w *simulated) remove(kind, id, parent string) {
	w.t.Helper()
	w.run(provision.FlowRemove, stackhand.RemoveSpec{Cloud: "lab", ProjectID: w.spec.ProjectID, Kind: kind, ID: id, Name: kind, ParentID: parent}, stackhand.JobDone)
}

// TestActsOnTheSimulator runs the changes of a server through the real client.
func TestActsOnTheSimulator(t *testing.T) {
	_, w := newSimulated(t, 60*time.Millisecond, func(s *stackhand.CreateSpec) { s.Flavor = "m1.small" })
	for _, verb := range []string{stackhand.ActStop, stackhand.ActStart, stackhand.ActPause, stackhand.ActUnpause, stackhand.ActSuspend, stackhand.ActResume,
		stackhand.ActLock, stackhand.ActUnlock, stackhand.ActShelve, stackhand.ActUnshelve} {
		if j := w.act(verb, nil); len(j.Notes) > 0 {
			t.Errorf("%s: %q", verb, j.Notes)
		}
	}
	w.act(stackhand.ActRename, func(s *stackhand.ActSpec) { s.NewName = "web" })
	w.act(stackhand.ActSet, func(s *stackhand.ActSpec) { s.Set = map[string]string{"role": "db"} })
	w.act(stackhand.ActUnset, func(s *stackhand.ActSpec) { s.Unset = []string{"role"} })
	w.act(stackhand.ActRebuild, func(s *stackhand.ActSpec) { s.ImageID, s.Image = w.spec.ImageID, "Ubuntu 22.04" })
	img := w.act(stackhand.ActImage, func(s *stackhand.ActSpec) { s.NewName = "snap" })
	w.run(provision.FlowEdit, stackhand.EditSpec{Cloud: "lab", ImageID: img.Made[0].ID, Image: "snap", Change: stackhand.ImageChange{Name: "snap2"}}, stackhand.JobDone)
	w.remove(stackhand.KindImage, img.Made[0].ID, "")
	resize := func(s *stackhand.ActSpec) { s.FlavorID, s.Flavor = "3", "m1.medium" }
	if j := w.act(stackhand.ActResize, resize); len(j.Offers) != 2 {
		t.Errorf("%s", story(j))
	}
	w.act(stackhand.ActRevert, nil)
	w.act(stackhand.ActResize, resize)
	w.act(stackhand.ActConfirm, nil)
}

// TestThingsOnTheSimulator makes and removes one of each kind, and gives the server what can be given to it.
func TestThingsOnTheSimulator(t *testing.T) {
	sim, w := newSimulated(t, 60*time.Millisecond, func(s *stackhand.CreateSpec) { s.BootGB, s.Floating = 20, false })
	vol := w.make(stackhand.KindVolume, stackhand.MakeSpec{Name: "data", Volume: stackhand.VolumeSpec{Size: 1}})
	w.act(stackhand.ActAddVolume, func(s *stackhand.ActSpec) { s.TargetID, s.Target = vol, "data" })
	snap := w.make(stackhand.KindSnapshot, stackhand.MakeSpec{Name: "monday", ParentID: vol, Force: true})
	w.remove(stackhand.KindSnapshot, snap, "")
	net := w.make(stackhand.KindNetwork, stackhand.MakeSpec{Name: "back", Description: "for data"})
	sub := w.make(stackhand.KindSubnet, stackhand.MakeSpec{Name: "back", Subnet: stackhand.SubnetSpec{NetworkID: net, CIDR: "10.77.0.0/24"}})
	router := w.make(stackhand.KindRouter, stackhand.MakeSpec{Name: "back"})
	w.make(stackhand.KindInterface, stackhand.MakeSpec{ParentID: router, TargetID: sub})
	w.act(stackhand.ActAddNetwork, func(s *stackhand.ActSpec) { s.TargetID, s.Target = net, "back" })
	w.act(stackhand.ActRemoveNetwork, func(s *stackhand.ActSpec) { s.TargetID, s.Target = net, "back" })
	group := w.make(stackhand.KindSecurityGroup, stackhand.MakeSpec{Name: "web-in"})
	w.make(stackhand.KindRule, stackhand.MakeSpec{ParentID: group, Parent: "web-in", Rule: stackhand.Rule{Direction: "ingress", EtherType: "IPv4", Protocol: "tcp", PortMin: 80, PortMax: 80}})
	named := func(s *stackhand.ActSpec) { s.TargetID, s.Target = group, "web-in" }
	w.act(stackhand.ActAddGroup, named)
	w.act(stackhand.ActRemoveGroup, named)
	fip := w.act(stackhand.ActAddFloating, func(s *stackhand.ActSpec) { s.External = w.spec.External })
	w.act(stackhand.ActRemoveFloating, func(s *stackhand.ActSpec) { s.TargetID, s.Target = fip.Made[0].ID, fip.Made[0].Name })
	w.remove(stackhand.KindInterface, sub, router)
	w.remove(stackhand.KindRouter, router, "")
	w.remove(stackhand.KindSubnet, sub, "")
	w.remove(stackhand.KindNetwork, net, "")
	w.remove(stackhand.KindSecurityGroup, group, "")
	w.run(provision.FlowDelete, stackhand.DeleteSpec{Cloud: "lab", Stack: w.stack}, stackhand.JobDone)
	for _, kind := range []string{"servers", "networks", "routers", "ports", "floating-ips", "volumes", "snapshots"} {
		if n := sim.Count(kind, "team-a"); n != 0 {
			t.Errorf("%d %s are left", n, kind)
		}
	}
}
