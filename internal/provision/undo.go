package provision

import (
	"context"
	"fmt"
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
		if run.Again() && kind == stackhand.KindFloatingIP && len(made(run.Job(), kind, stack)) == 0 {
			f, err := c.lostAddress(ctx, run, cloud, c.sign(c.id, stack).String())
			if err != nil {
				return err
			}
			if f.ID != "" {
				r := stackhand.Resource{Kind: kind, ID: f.ID, Name: f.IP, Job: c.id, Stack: stack}
				if err := run.Made(ctx, r); err != nil {
					return err
				}
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
		Deps: c.Deps, run: run, cloud: cloud, name: c.spec.Cloud, project: c.spec.ProjectID, own: own, boot: c.id,
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
	case stackhand.KindInterface:
		return c.markedInterfaces(ctx, cloud)
	case stackhand.KindVolume:
		return markedVolumes(ctx, cloud, c.id)
	}
	found, err := marked(ctx, cloud, kind, c.netName(), c.id)
	for i := range found {
		if slices.Contains(networkKinds, kind) {
			found[i].Shared = found[i].Shared || c.netStack() == ""
		}
	}
	return found, err
}

// marked lists the things of one kind with a job's mark; networks are looked for by their name.
func marked(ctx context.Context, cloud Cloud, kind, name, job string) ([]stackhand.Resource, error) {
	switch kind {
	case stackhand.KindPort:
		all, err := cloud.Ports(ctx, stackhand.PortFilter{})
		return pick(all, err, job, func(p stackhand.Port) (string, stackhand.Resource) {
			return p.Description, stackhand.Resource{Kind: kind, ID: p.ID, Name: p.Name, Parent: p.NetworkID}
		})
	case stackhand.KindFloatingIP:
		all, err := cloud.FloatingIPs(ctx)
		return pick(all, err, job, func(f stackhand.FloatingIP) (string, stackhand.Resource) {
			return f.Description, stackhand.Resource{Kind: kind, ID: f.ID, Name: f.IP}
		})
	case stackhand.KindSecurityGroup:
		all, err := cloud.SecurityGroups(ctx)
		return pick(all, err, job, func(g stackhand.SecurityGroup) (string, stackhand.Resource) {
			m, _, _ := stackhand.ParseMark(g.Description)
			return g.Description, stackhand.Resource{Kind: kind, ID: g.ID, Name: g.Name, Shared: m.Share != ""}
		})
	case stackhand.KindNetwork:
		all, err := cloud.NetworksNamed(ctx, name)
		return pick(all, err, job, func(n stackhand.Network) (string, stackhand.Resource) {
			return n.Description, stackhand.Resource{Kind: kind, ID: n.ID, Name: n.Name}
		})
	case stackhand.KindSubnet:
		all, err := cloud.Subnets(ctx, "")
		return pick(all, err, job, func(s stackhand.Subnet) (string, stackhand.Resource) {
			return s.Description, stackhand.Resource{Kind: kind, ID: s.ID, Name: s.Name, Parent: s.NetworkID}
		})
	case stackhand.KindRouter:
		all, err := cloud.Routers(ctx)
		return pick(all, err, job, func(r stackhand.Router) (string, stackhand.Resource) {
			return r.Description, stackhand.Resource{Kind: kind, ID: r.ID, Name: r.Name}
		})
	}
	return nil, fmt.Errorf("provision: no way to find a %s by its mark", kind)
}

// pick makes resources of those things that carry the job's mark ("": any job's).
func pick[T any](all []T, err error, job string, what func(T) (string, stackhand.Resource)) ([]stackhand.Resource, error) {
	var out []stackhand.Resource
	for _, thing := range all {
		description, r := what(thing)
		if m, _, ok := stackhand.ParseMark(description); ok && (m.Job == job || job == "") {
			r.Job, r.Stack, r.Shared = m.Job, m.Stack, r.Shared || m.Share != ""
			out = append(out, r)
		}
	}
	return out, err
}

// markedVolumes lists the volumes with a job's mark; a cloud without Cinder has none.
func markedVolumes(ctx context.Context, cloud Cloud, job string) ([]stackhand.Resource, error) {
	all, err := cloud.Volumes(ctx)
	if is(err, stackhand.NotFound) {
		return nil, nil
	}
	return ofJob(all, err, job, func(v stackhand.Volume) (map[string]string, stackhand.Resource) {
		return v.Metadata, stackhand.Resource{Kind: stackhand.KindVolume, ID: v.ID, Name: volumeName(v)}
	})
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

// markedInterfaces lists where routers with the job's mark are connected to its subnets.
func (c create) markedInterfaces(ctx context.Context, cloud Cloud) ([]stackhand.Resource, error) {
	subnets, err := c.marked(ctx, cloud, stackhand.KindSubnet)
	if err != nil {
		return nil, err
	}
	routers, err := c.marked(ctx, cloud, stackhand.KindRouter)
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
