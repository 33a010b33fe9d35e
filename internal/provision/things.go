package provision

import (
	"context"
	"slices"

	"github.com/stackhand/stackhand"
	"github.com/stackhand/stackhand/internal/jobs"
)

// Things that several flows make. Each is found again by its mark after an answer got lost.

// madeOnce finds what an earlier attempt of the step may have made, or makes it.
func madeOnce[T any](run *jobs.Run, list func() ([]T, error), ours func(T) bool, make func() (T, error)) (T, error) {
	if run.Again() {
		all, err := list()
		if err != nil {
			var none T
			return none, err
		}
		if at := slices.IndexFunc(all, ours); at >= 0 {
			return all[at], nil
		}
	}
	return make()
}

func makeNetwork(ctx context.Context, run *jobs.Run, c Cloud, name, mark string) (stackhand.Network, error) {
	return madeOnce(run,
		func() ([]stackhand.Network, error) { return c.NetworksNamed(ctx, name) },
		func(n stackhand.Network) bool { return sameMark(n.Description, mark) },
		func() (stackhand.Network, error) { return c.CreateNetwork(ctx, name, mark) })
}

func makeSubnet(ctx context.Context, run *jobs.Run, c Cloud, spec stackhand.SubnetSpec) (stackhand.Subnet, error) {
	return madeOnce(run,
		func() ([]stackhand.Subnet, error) { return c.Subnets(ctx, spec.NetworkID) },
		func(s stackhand.Subnet) bool { return sameMark(s.Description, spec.Description) },
		func() (stackhand.Subnet, error) { return c.CreateSubnet(ctx, spec) })
}

func makeRouter(ctx context.Context, run *jobs.Run, c Cloud, name, mark, external string) (stackhand.Router, error) {
	return madeOnce(run,
		func() ([]stackhand.Router, error) { return c.Routers(ctx) },
		func(r stackhand.Router) bool { return sameMark(r.Description, mark) },
		func() (stackhand.Router, error) { return c.CreateRouter(ctx, name, mark, external) })
}

func makePort(ctx context.Context, run *jobs.Run, c Cloud, spec stackhand.PortSpec) (stackhand.Port, error) {
	return madeOnce(run,
		func() ([]stackhand.Port, error) { return c.Ports(ctx, stackhand.PortFilter{NetworkID: spec.NetworkID}) },
		func(p stackhand.Port) bool { return sameMark(p.Description, spec.Description) },
		func() (stackhand.Port, error) { return c.CreatePort(ctx, spec) })
}

func makeGroup(ctx context.Context, run *jobs.Run, c Cloud, name, mark string) (stackhand.SecurityGroup, error) {
	return madeOnce(run,
		func() ([]stackhand.SecurityGroup, error) { return c.SecurityGroups(ctx) },
		func(g stackhand.SecurityGroup) bool { return sameMark(g.Description, mark) },
		func() (stackhand.SecurityGroup, error) { return c.CreateSecurityGroup(ctx, name, mark) })
}

// makeVolume begins a volume; those carry metadata.
func makeVolume(ctx context.Context, run *jobs.Run, c Cloud, spec stackhand.VolumeSpec) (stackhand.Volume, error) {
	return madeOnce(run,
		func() ([]stackhand.Volume, error) { return c.Volumes(ctx) },
		func(v stackhand.Volume) bool {
			return v.Metadata[metaJob] == spec.Metadata[metaJob] && v.Metadata[metaStack] == spec.Metadata[metaStack]
		},
		func() (stackhand.Volume, error) { return c.CreateVolume(ctx, spec) })
}

// makeFloatingIP takes an address of the external network, or pool. Old clouds keep no description of it: there
// the one that was not there before the first attempt is ours.
func (d Deps) makeFloatingIP(ctx context.Context, run *jobs.Run, c Cloud, external, mark string) (stackhand.FloatingIP, error) {
	f, err := c.Features(ctx)
	if err != nil {
		return stackhand.FloatingIP{}, err
	}
	if f.Tags {
		return madeOnce(run,
			func() ([]stackhand.FloatingIP, error) { return c.FloatingIPs(ctx) },
			func(f stackhand.FloatingIP) bool { return sameMark(f.Description, mark) },
			func() (stackhand.FloatingIP, error) { return c.CreateFloatingIP(ctx, external, mark) })
	}
	all, err := c.FloatingIPs(ctx)
	if err != nil {
		return stackhand.FloatingIP{}, err
	}
	var before []string
	key := addressKey(mark)
	switch known, err := run.Get(key, &before); {
	case err != nil:
		return stackhand.FloatingIP{}, err
	case !known:
		before = make([]string, len(all))
		for i, f := range all {
			before[i] = f.ID
		}
		if err := run.Set(ctx, key, before); err != nil {
			return stackhand.FloatingIP{}, err
		}
	}
	found, err := d.newAddress(ctx, run.Job(), all, before)
	if err != nil || found.ID != "" {
		return found, err
	}
	return c.CreateFloatingIP(ctx, external, mark)
}

// lostAddress finds an address that carries no mark, after the call that took it may have been heard. The answer
// is empty where addresses carry marks, or where none was asked for yet.
func (d Deps) lostAddress(ctx context.Context, run *jobs.Run, c Cloud, mark string) (stackhand.FloatingIP, error) {
	var before []string
	known, err := run.Get(addressKey(mark), &before)
	if err != nil || !known {
		return stackhand.FloatingIP{}, err
	}
	all, err := c.FloatingIPs(ctx)
	if err != nil {
		return stackhand.FloatingIP{}, err
	}
	return d.newAddress(ctx, run.Job(), all, before)
}

// addressKey is where the ids of the addresses are kept that were there before one was taken.
func addressKey(mark string) string { return "floating ips before " + mark }

// newAddress picks, of the addresses that came since, the one that serves nobody and is on nobody's record.
func (d Deps) newAddress(ctx context.Context, job stackhand.Job, all []stackhand.FloatingIP, before []string) (stackhand.FloatingIP, error) {
	var mine []stackhand.FloatingIP
	for _, f := range all {
		if f.PortID != "" || f.ServerID != "" || slices.Contains(before, f.ID) {
			continue
		}
		users, err := d.Book.UsersOfResource(ctx, job.Cloud, f.ID)
		if err != nil {
			return stackhand.FloatingIP{}, err
		}
		if len(slices.DeleteFunc(users, func(u string) bool { return u == job.ID })) == 0 {
			mine = append(mine, f)
		}
	}
	switch len(mine) {
	case 0:
		return stackhand.FloatingIP{}, nil
	case 1:
		return mine[0], nil
	}
	return stackhand.FloatingIP{}, jobs.Human(stackhand.Errorf(stackhand.Conflict,
		"An answer of the cloud got lost, and there are %d new floating IPs since: which of them was made for this job cannot be told.", len(mine)).
		Do("Remove those that nobody needs, then try again."))
}
