package provision

import (
	"context"
	"encoding/binary"
	"fmt"
	"hash/fnv"
	"net/netip"
	"slices"
	"strings"

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
	auto := c.spec.Network == "auto"
	if !auto && c.spec.Network != "new" {
		return nil
	}
	find := jobs.Step{Name: "find", Title: "Find network", Do: c.with(c.plan), Undo: c.with(c.undoNetwork)}
	if auto {
		find.Do = c.with(c.find)
	}
	steps := []jobs.Step{
		find,
		{Name: "network", Title: "Network", Needs: []string{"find"}, Do: c.with(c.network)},
		{Name: "subnet", Title: "Subnet", Needs: []string{"network"}, Do: c.with(c.subnet)},
	}
	if c.spec.External == "" {
		return steps
	}
	return append(steps,
		jobs.Step{Name: "router", Title: "Router", Needs: []string{"find"}, Do: c.with(c.router)},
		jobs.Step{Name: "interface", Title: "Router interface", Needs: []string{"subnet", "router"}, Do: c.with(c.join)},
	)
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
	g, gctx := errgroup.WithContext(ctx)
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
		return mark("", c.id, c.netStack())
	}
	return mark(auto, c.id, "")
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
	var n stackhand.Network
	if run.Again() {
		all, err := cloud.NetworksNamed(ctx, c.netName())
		if err != nil {
			return err
		}
		if at := slices.IndexFunc(all, func(n stackhand.Network) bool { return isMarked(n.Description, c.id, c.netStack()) }); at >= 0 {
			n = all[at]
		}
	}
	if n.ID == "" {
		if n, err = cloud.CreateNetwork(ctx, c.netName(), c.netMark()); err != nil {
			return err
		}
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
	var s stackhand.Subnet
	if run.Again() {
		all, err := cloud.Subnets(ctx, id)
		if err != nil {
			return err
		}
		if at := slices.IndexFunc(all, func(s stackhand.Subnet) bool { return isMarked(s.Description, c.id, c.netStack()) }); at >= 0 {
			s = all[at]
		}
	}
	if s.ID == "" {
		spec := stackhand.SubnetSpec{Name: c.netName(), Description: c.netMark(), NetworkID: id, CIDR: p.CIDR}
		if s, err = cloud.CreateSubnet(ctx, spec); err != nil {
			return err
		}
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
	var r stackhand.Router
	if run.Again() {
		all, err := cloud.Routers(ctx)
		if err != nil {
			return err
		}
		if at := slices.IndexFunc(all, func(r stackhand.Router) bool { return isMarked(r.Description, c.id, c.netStack()) }); at >= 0 {
			r = all[at]
		}
	}
	if r.ID == "" {
		if r, err = cloud.CreateRouter(ctx, c.netName(), c.netMark(), c.spec.External); err != nil {
			return err
		}
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
	if is(err, stackhand.Conflict) && joined(ctx, cloud, router, subnet) {
		err = nil
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

// joined tells whether the router has an interface in the subnet.
func joined(ctx context.Context, cloud Cloud, router, subnet string) bool {
	ports, err := cloud.Ports(ctx, stackhand.PortFilter{DeviceID: router})
	return err == nil && slices.ContainsFunc(ports, func(p stackhand.Port) bool { return isInterface(p) && subnetOf(p) == subnet })
}

// isInterface tells whether a port is a router's, on the inner side. The owner's name differs
// with the kind of router (https://docs.openstack.org/api-ref/network/v2/#ports, device_owner).
func isInterface(p stackhand.Port) bool {
	return strings.HasPrefix(p.DeviceOwner, "network:router_interface") || p.DeviceOwner == "network:ha_router_replicated_interface"
}

func subnetOf(p stackhand.Port) string {
	if len(p.IPs) == 0 {
		return ""
	}
	return p.IPs[0].SubnetID
}

// foundNet is a network that new servers can be put into; ours are the pieces that go with
// the last stack that uses them.
type foundNet struct {
	id, name string
	ours     []stackhand.Resource
}

// findRouted looks for a network of the project that a router connects with the outside:
// ours rather than others, else the first by name. Without an outside it looks for ours by name.
func (c create) findRouted(ctx context.Context, cloud Cloud) (foundNet, error) {
	if c.spec.External == "" {
		return c.findUnrouted(ctx, cloud)
	}
	routers, err := cloud.Routers(ctx)
	if err != nil {
		return foundNet{}, err
	}
	routers = slices.DeleteFunc(routers, func(r stackhand.Router) bool { return r.External != c.spec.External })
	slices.SortStableFunc(routers, func(a, b stackhand.Router) int {
		if x, y := isShared(a.Description, auto), isShared(b.Description, auto); x != y {
			if x {
				return -1
			}
			return 1
		}
		return strings.Compare(a.Name+a.ID, b.Name+b.ID)
	})
	for _, r := range routers {
		ports, err := cloud.Ports(ctx, stackhand.PortFilter{DeviceID: r.ID})
		if err != nil {
			return foundNet{}, err
		}
		for _, p := range ports {
			if !isInterface(p) || !isIPv4(p) {
				continue
			}
			found, err := c.behind(ctx, cloud, r, p)
			if err != nil || found.id != "" {
				return found, err
			}
		}
	}
	return foundNet{}, nil
}

func isIPv4(p stackhand.Port) bool {
	if len(p.IPs) == 0 {
		return false
	}
	a, err := netip.ParseAddr(p.IPs[0].IP)
	return err == nil && a.Is4()
}

// behind says which network a router's interface p is in, if new servers may go there.
func (c create) behind(ctx context.Context, cloud Cloud, r stackhand.Router, p stackhand.Port) (foundNet, error) {
	n, err := cloud.Network(ctx, p.NetworkID)
	if is(err, stackhand.NotFound) {
		return foundNet{}, nil
	}
	if err != nil {
		return foundNet{}, err
	}
	if n.External || n.Shared {
		return foundNet{}, nil
	}
	f := foundNet{id: n.ID, name: n.Name}
	if isShared(r.Description, auto) && isShared(n.Description, auto) {
		s := subnetOf(p)
		f.ours = []stackhand.Resource{
			c.netThing(stackhand.KindNetwork, n.ID, ""), c.netThing(stackhand.KindSubnet, s, n.ID),
			c.netThing(stackhand.KindRouter, r.ID, ""), c.netThing(stackhand.KindInterface, s, r.ID),
		}
	}
	return f, nil
}

func (c create) findUnrouted(ctx context.Context, cloud Cloud) (foundNet, error) {
	all, err := cloud.NetworksNamed(ctx, autoName)
	if err != nil {
		return foundNet{}, err
	}
	for _, n := range all {
		if !isShared(n.Description, auto) {
			continue
		}
		subnets, err := cloud.Subnets(ctx, n.ID)
		if err != nil {
			return foundNet{}, err
		}
		if len(subnets) > 0 {
			return foundNet{id: n.ID, name: n.Name, ours: []stackhand.Resource{
				c.netThing(stackhand.KindNetwork, n.ID, ""), c.netThing(stackhand.KindSubnet, subnets[0].ID, n.ID),
			}}, nil
		}
	}
	return foundNet{}, nil
}

// freeCIDR picks a network 10.x.y.0/24 that no subnet of the project overlaps, starting at a
// place that depends on the job so that projects rarely pick the same.
func (c create) freeCIDR(ctx context.Context, cloud Cloud) (string, error) {
	subnets, err := cloud.Subnets(ctx, "")
	if err != nil {
		return "", err
	}
	var taken []netip.Prefix
	for _, s := range subnets {
		if p, err := netip.ParsePrefix(s.CIDR); err == nil {
			taken = append(taken, p)
		}
	}
	h := fnv.New32a()
	h.Write([]byte(c.id))
	start := h.Sum32()
	for i := range uint32(1 << 16) {
		var b [4]byte
		binary.BigEndian.PutUint32(b[:], 10<<24|((start+i)&0xffff)<<8)
		p := netip.PrefixFrom(netip.AddrFrom4(b), 24)
		if !slices.ContainsFunc(taken, p.Overlaps) {
			return p.String(), nil
		}
	}
	return "", stackhand.Errorf(stackhand.Conflict, "The project's subnets leave no room for another one in 10.0.0.0/8.").
		Do("Delete a subnet, or name a network with --network.")
}
