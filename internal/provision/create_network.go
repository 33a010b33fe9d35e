package provision

import (
	"context"
	"fmt"

	"golang.org/x/sync/errgroup"

	"github.com/stackhand/stackhand"
	"github.com/stackhand/stackhand/internal/jobs"
)

// netPlan is what the step "find" passes on: the network to use, or the addresses of the
// one to make.
type netPlan struct {
	ID   string `json:"id,omitempty"` // "": make one
	Name string `json:"name,omitempty"`
	CIDR string `json:"cidr,omitempty"`
}

// networkSteps make or find the network; none where the asker named one.
//
// A network that stacks share is looked for and made under a lock of the project. It is undone as a
// whole, by "find": between two steps of an undo nobody may come to rely on half of it.
func (c create) networkSteps() []jobs.Step {
	if !c.makesNetwork() {
		return nil
	}
	find := jobs.Step{Name: "find", Title: "Find network", Do: c.with(c.plan), Undo: c.with(c.undoNetwork)}
	if c.spec.Network == "auto" {
		find.Do = c.with(c.find)
	}
	steps := []jobs.Step{
		find,
		{Name: "network", Title: "Network", Makes: stackhand.KindNetwork, Needs: []string{"find"}, Do: c.with(c.network)},
		{Name: "subnet", Title: "Subnet", Makes: stackhand.KindSubnet, Needs: []string{"network"}, Do: c.with(c.subnet)},
	}
	if c.spec.External == "" {
		return steps
	}
	return append(steps,
		jobs.Step{Name: "router", Title: "Router", Makes: stackhand.KindRouter, Needs: []string{"find"}, Do: c.with(c.router)},
		jobs.Step{Name: "interface", Title: "Router interface", Needs: []string{"subnet", "router"}, Do: c.with(c.join)},
	)
}

// makesNetwork tells whether the job finds or makes the network; Nova gives its own where there is no Neutron.
func (c create) makesNetwork() bool {
	return !c.spec.Classic && (c.spec.Network == "auto" || c.spec.Network == "new")
}

// netLock is the lock under which a project's shared network is found, made and removed.
func netLock(cloud, project string) string { return lockName("network", cloud, project) }

// find looks for the project's routed network and plans one where there is none. The lock
// stays with the job until its own network can be found by others.
func (c create) find(ctx context.Context, run *jobs.Run, cloud Cloud) error {
	if err := run.Lock(ctx, netLock(c.spec.Cloud, c.spec.ProjectID)); err != nil {
		return err
	}
	var found foundNet
	var cidr string
	crew, gctx := errgroup.WithContext(ctx)
	g := stackhand.Guarding(crew)
	g.Go(func() (err error) { found, err = c.findRouted(gctx, cloud); return })
	g.Go(func() (err error) { cidr, err = c.freeCIDR(gctx, cloud); return })
	if err := g.Wait(); err != nil {
		return err
	}
	if found.id == "" {
		return run.Set(ctx, "net", netPlan{CIDR: cidr})
	}
	if len(found.ours) > 0 {
		if err := run.Made(ctx, found.ours...); err != nil {
			return err
		}
	}
	if err := run.Set(ctx, "net", netPlan{ID: found.id, Name: found.name}); err != nil {
		return err
	}
	if err := run.Note(ctx, found.name); err != nil {
		return err
	}
	return run.Unlock(ctx, netLock(c.spec.Cloud, c.spec.ProjectID))
}

// plan chooses the addresses of a network for this job alone.
func (c create) plan(ctx context.Context, run *jobs.Run, cloud Cloud) error {
	cidr, err := c.freeCIDR(ctx, cloud)
	if err != nil {
		return err
	}
	return run.Set(ctx, "net", netPlan{CIDR: cidr})
}

func (c create) netID(run *jobs.Run) string {
	if id := madeID(run.Job(), stackhand.KindNetwork, c.netStack()); id != "" {
		return id
	}
	var p netPlan
	if ok, err := run.Get("net", &p); err == nil && ok && p.ID != "" {
		return p.ID
	}
	if c.spec.Network == "auto" || c.spec.Network == "new" {
		return ""
	}
	return c.spec.Network
}

// netStack is the stack that the network is recorded for: the only one, or "" for several.
func (c create) netStack() string {
	if c.spec.Network == "new" && c.spec.Count == 1 {
		return c.stack(1)
	}
	return ""
}

func (c create) netName() string {
	if c.spec.Network == "new" {
		return c.spec.Name
	}
	return autoName
}

func (c create) netMark() string {
	if c.spec.Network == "new" {
		return c.sign(c.id, c.netStack()).String()
	}
	return c.shared(auto)
}

// netThing is a piece of the network as it is recorded.
func (c create) netThing(kind, id, parent string) stackhand.Resource {
	return stackhand.Resource{
		Kind: kind, ID: id, Name: c.netName(), Parent: parent, Job: c.id,
		Stack: c.netStack(), Shared: c.netStack() == "",
	}
}

// planned tells, for the steps that make the network, whether it is there already.
func planned(run *jobs.Run) (p netPlan, there bool, err error) {
	ok, err := run.Get("net", &p)
	if err == nil && !ok {
		err = fmt.Errorf("provision: the network was not planned")
	}
	if p.ID != "" {
		run.Skip()
	}
	return p, p.ID != "", err
}

func (c create) network(ctx context.Context, run *jobs.Run, cloud Cloud) error {
	_, there, err := planned(run)
	if err != nil || there {
		return err
	}
	n, err := makeNetwork(ctx, run, cloud, c.netName(), c.netMark())
	if err != nil {
		return err
	}
	if err := run.Note(ctx, n.Name); err != nil {
		return err
	}
	return run.Made(ctx, c.netThing(stackhand.KindNetwork, n.ID, ""))
}

func (c create) subnet(ctx context.Context, run *jobs.Run, cloud Cloud) error {
	p, there, err := planned(run)
	if err != nil || there {
		return err
	}
	id := c.netID(run)
	s, err := makeSubnet(ctx, run, cloud, stackhand.SubnetSpec{Name: c.netName(), Description: c.netMark(), NetworkID: id, CIDR: p.CIDR})
	if err != nil {
		return err
	}
	if err := run.Note(ctx, p.CIDR); err != nil {
		return err
	}
	if err := run.Made(ctx, c.netThing(stackhand.KindSubnet, s.ID, id)); err != nil {
		return err
	}
	if c.spec.Network == "auto" && c.spec.External == "" {
		return run.Unlock(ctx, netLock(c.spec.Cloud, c.spec.ProjectID))
	}
	return nil
}

func (c create) router(ctx context.Context, run *jobs.Run, cloud Cloud) error {
	_, there, err := planned(run)
	if err != nil || there {
		return err
	}
	r, err := makeRouter(ctx, run, cloud, c.netName(), c.netMark(), c.spec.External)
	if err != nil {
		return err
	}
	if err := run.Note(ctx, r.Name); err != nil {
		return err
	}
	return run.Made(ctx, c.netThing(stackhand.KindRouter, r.ID, ""))
}

// join connects the subnet with the router. From then on others find the network.
func (c create) join(ctx context.Context, run *jobs.Run, cloud Cloud) error {
	_, there, err := planned(run)
	if err != nil || there {
		return err
	}
	job := run.Job()
	router, subnet := madeID(job, stackhand.KindRouter, c.netStack()), madeID(job, stackhand.KindSubnet, c.netStack())
	err = cloud.AddRouterInterface(ctx, router, subnet)
	if is(err, stackhand.Conflict) {
		if there, lookErr := joined(ctx, cloud, router, subnet); lookErr == nil && there {
			err = nil
		}
	}
	if err != nil {
		return err
	}
	if err := run.Made(ctx, c.netThing(stackhand.KindInterface, subnet, router)); err != nil {
		return err
	}
	if c.spec.Network == "new" {
		return nil
	}
	return run.Unlock(ctx, netLock(c.spec.Cloud, c.spec.ProjectID))
}
