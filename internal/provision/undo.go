package provision

import (
	"context"
	"slices"

	"github.com/stackhand/stackhand"
	"github.com/stackhand/stackhand/internal/jobs"
)

var networkKinds = []string{stackhand.KindNetwork, stackhand.KindSubnet, stackhand.KindRouter, stackhand.KindInterface}

// undo takes back what a step made for the stack ("" for the whole job). Where the step did
// not end well it also looks for what carries the job's mark.
func (c create) undo(kind, stack string) action {
	return func(ctx context.Context, run *jobs.Run, cloud Cloud) error {
		if run.Again() {
			if err := c.recordMarked(ctx, run, cloud, stack, kind); err != nil {
				return err
			}
		}
		t := c.takedown(run, cloud)
		for _, r := range made(run.Job(), kind, stack) {
			if err := t.remove(ctx, r); err != nil {
				return err
			}
		}
		return nil
	}
}

// undoNetwork takes back the whole network, or the job's part in one that others use too.
func (c create) undoNetwork(ctx context.Context, run *jobs.Run, cloud Cloud) error {
	unsure := slices.ContainsFunc(run.Job().Steps, func(s stackhand.JobStep) bool {
		ours := s.Name == "network" || s.Name == "subnet" || s.Name == "router" || s.Name == "interface"
		return ours && s.Attempt > 0 && s.State != stackhand.StepDone && s.State != stackhand.StepSkipped
	})
	if unsure {
		if err := c.recordMarked(ctx, run, cloud, c.netStack(), networkKinds...); err != nil {
			return err
		}
	}
	return c.takedown(run, cloud).network(ctx, ofKind(run.Job().Made, networkKinds...))
}

// takedown removes what the job made.
func (c create) takedown(run *jobs.Run, cloud Cloud) *takedown {
	own := []string{c.id}
	for n := 1; n <= c.spec.Count; n++ {
		own = append(own, c.stack(n))
	}
	return &takedown{
		Deps: c.Deps, run: run, cloud: cloud, name: c.spec.Cloud, project: c.spec.ProjectID, own: own,
		forget: func(ctx context.Context, r stackhand.Resource) error { return run.Gone(ctx, r.Kind, r.ID) },
	}
}

// recordMarked puts on the record what is in the cloud with the job's mark.
func (c create) recordMarked(ctx context.Context, run *jobs.Run, cloud Cloud, stack string, kinds ...string) error {
	for _, kind := range kinds {
		found, err := c.marked(ctx, cloud, kind)
		if err != nil {
			return err
		}
		have := run.Job().Made
		found = slices.DeleteFunc(found, func(r stackhand.Resource) bool {
			return r.Stack != stack || slices.ContainsFunc(have, func(h stackhand.Resource) bool { return h.Kind == r.Kind && h.ID == r.ID })
		})
		if len(found) == 0 {
			continue
		}
		if err := run.Made(ctx, found...); err != nil {
			return err
		}
	}
	return nil
}

// marked lists what is in the cloud of one kind with the job's mark.
func (c create) marked(ctx context.Context, cloud Cloud, kind string) ([]stackhand.Resource, error) {
	switch kind {
	case stackhand.KindServer:
		return c.markedServers(ctx, cloud)
	case stackhand.KindPort:
		all, err := cloud.Ports(ctx, stackhand.PortFilter{})
		return pick(all, err, c.id, func(p stackhand.Port) (string, stackhand.Resource) {
			return p.Description, stackhand.Resource{Kind: kind, ID: p.ID, Name: p.Name, Parent: p.NetworkID}
		})
	case stackhand.KindFloatingIP:
		all, err := cloud.FloatingIPs(ctx)
		return pick(all, err, c.id, func(f stackhand.FloatingIP) (string, stackhand.Resource) {
			return f.Description, stackhand.Resource{Kind: kind, ID: f.ID, Name: f.IP}
		})
	case stackhand.KindSecurityGroup:
		all, err := cloud.SecurityGroups(ctx)
		return pick(all, err, c.id, func(g stackhand.SecurityGroup) (string, stackhand.Resource) {
			return g.Description, stackhand.Resource{Kind: kind, ID: g.ID, Name: g.Name, Shared: true}
		})
	case stackhand.KindInterface:
		return c.markedInterfaces(ctx, cloud)
	}
	return c.markedNetwork(ctx, cloud, kind)
}

// pick makes resources of those things that carry the job's mark.
func pick[T any](all []T, err error, job string, what func(T) (string, stackhand.Resource)) ([]stackhand.Resource, error) {
	var out []stackhand.Resource
	for _, thing := range all {
		description, r := what(thing)
		if share, j, stack, ok := markOf(description); ok && j == job {
			r.Job, r.Stack, r.Shared = job, stack, r.Shared || share != ""
			out = append(out, r)
		}
	}
	return out, err
}

func (c create) markedServers(ctx context.Context, cloud Cloud) ([]stackhand.Resource, error) {
	var out []stackhand.Resource
	for n := 1; n <= c.spec.Count; n++ {
		all, err := cloud.ServersNamed(ctx, c.name(n))
		if err != nil {
			return nil, err
		}
		for _, s := range all {
			if s.Metadata[metaStack] == c.stack(n) {
				out = append(out, stackhand.Resource{Kind: stackhand.KindServer, ID: s.ID, Name: s.Name, Job: c.id, Stack: c.stack(n)})
			}
		}
	}
	return out, nil
}

func (c create) markedNetwork(ctx context.Context, cloud Cloud, kind string) ([]stackhand.Resource, error) {
	var out []stackhand.Resource
	var err error
	switch kind {
	case stackhand.KindNetwork:
		var all []stackhand.Network
		all, err = cloud.NetworksNamed(ctx, c.netName())
		out, err = pick(all, err, c.id, func(n stackhand.Network) (string, stackhand.Resource) {
			return n.Description, c.netThing(kind, n.ID, "")
		})
	case stackhand.KindSubnet:
		var all []stackhand.Subnet
		all, err = cloud.Subnets(ctx, "")
		out, err = pick(all, err, c.id, func(s stackhand.Subnet) (string, stackhand.Resource) {
			return s.Description, c.netThing(kind, s.ID, s.NetworkID)
		})
	case stackhand.KindRouter:
		var all []stackhand.Router
		all, err = cloud.Routers(ctx)
		out, err = pick(all, err, c.id, func(r stackhand.Router) (string, stackhand.Resource) {
			return r.Description, c.netThing(kind, r.ID, "")
		})
	}
	return out, err
}

// markedInterfaces lists where routers with the job's mark are connected to its subnets.
func (c create) markedInterfaces(ctx context.Context, cloud Cloud) ([]stackhand.Resource, error) {
	subnets, err := c.markedNetwork(ctx, cloud, stackhand.KindSubnet)
	if err != nil {
		return nil, err
	}
	routers, err := c.markedNetwork(ctx, cloud, stackhand.KindRouter)
	if err != nil {
		return nil, err
	}
	var out []stackhand.Resource
	for _, r := range routers {
		ports, err := cloud.Ports(ctx, stackhand.PortFilter{DeviceID: r.ID})
		if err != nil {
			return nil, err
		}
		for _, p := range ports {
			ours := slices.ContainsFunc(subnets, func(s stackhand.Resource) bool { return s.ID == subnetOf(p) })
			if isInterface(p) && ours {
				out = append(out, c.netThing(stackhand.KindInterface, subnetOf(p), r.ID))
			}
		}
	}
	return out, nil
}
