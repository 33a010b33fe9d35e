package provision

import (
	"context"
	"slices"
	"strings"

	"github.com/stackhand/stackhand"
	"github.com/stackhand/stackhand/internal/jobs"
)

// Things that several flows make. Each is found again by its mark after an answer got lost.

// thing says how one kind of things is made once.
type thing[T any] struct {
	list  func() ([]T, error)
	ours  func(T) bool // carries the mark
	make  func() (T, error)
	whole func(T) bool  // is as it was wanted; nil: the cloud makes such things whole, or not at all
	drop  func(T) error // removes one that is not; NotFound is as good
}

// madeOnce finds what an earlier attempt of the step may have made, or makes it. A cloud that stopped in the middle of
// that call may have left half of the thing: that is removed, and made anew.
func madeOnce[T any](ctx context.Context, run *jobs.Run, t thing[T]) (T, error) {
	var none T
	if !run.Again() {
		return t.make()
	}
	all, err := t.list()
	if err != nil {
		return none, err
	}
	all = slices.DeleteFunc(all, func(v T) bool { return !t.ours(v) })
	for _, v := range all {
		if t.whole == nil || t.whole(v) {
			return v, nil
		}
	}
	for _, v := range all {
		if err := patiently(ctx, settling, func() error { return gone(t.drop(v)) }); err != nil {
			return none, err
		}
	}
	return t.make()
}

// A network and a subnet are one write in Neutron's database, so they need no look whether they are whole.
func makeNetwork(ctx context.Context, run *jobs.Run, c Cloud, name, mark string) (stackhand.Network, error) {
	return madeOnce(ctx, run, thing[stackhand.Network]{
		list: func() ([]stackhand.Network, error) { return c.NetworksNamed(ctx, name) },
		ours: func(n stackhand.Network) bool { return sameMark(n.Description, mark) },
		make: func() (stackhand.Network, error) { return c.CreateNetwork(ctx, name, mark) },
	})
}

func makeSubnet(ctx context.Context, run *jobs.Run, c Cloud, spec stackhand.SubnetSpec) (stackhand.Subnet, error) {
	return madeOnce(ctx, run, thing[stackhand.Subnet]{
		list: func() ([]stackhand.Subnet, error) { return c.Subnets(ctx, spec.NetworkID) },
		ours: func(s stackhand.Subnet) bool { return sameMark(s.Description, spec.Description) },
		make: func() (stackhand.Subnet, error) { return c.CreateSubnet(ctx, spec) },
	})
}

// makeRouter makes a router with its gateway. Neutron writes the router first and then its gateway, so one that was stopped
// between the two leaves a router that leads nowhere.
func makeRouter(ctx context.Context, run *jobs.Run, c Cloud, name, mark, external string) (stackhand.Router, error) {
	return madeOnce(ctx, run, thing[stackhand.Router]{
		list:  func() ([]stackhand.Router, error) { return c.Routers(ctx) },
		ours:  func(r stackhand.Router) bool { return sameMark(r.Description, mark) },
		make:  func() (stackhand.Router, error) { return c.CreateRouter(ctx, name, mark, external) },
		whole: func(r stackhand.Router) bool { return r.External == external },
		drop:  func(r stackhand.Router) error { return c.DeleteRouter(ctx, r.ID) },
	})
}

// makePort makes a port in the wanted groups. One that a server has is whole: Nova took it so.
func makePort(ctx context.Context, run *jobs.Run, c Cloud, spec stackhand.PortSpec) (stackhand.Port, error) {
	return madeOnce(ctx, run, thing[stackhand.Port]{
		list: func() ([]stackhand.Port, error) { return c.Ports(ctx, stackhand.PortFilter{NetworkID: spec.NetworkID}) },
		ours: func(p stackhand.Port) bool { return sameMark(p.Description, spec.Description) },
		make: func() (stackhand.Port, error) { return c.CreatePort(ctx, spec) },
		whole: func(p stackhand.Port) bool {
			out := slices.ContainsFunc(spec.Groups, func(g string) bool { return !slices.Contains(p.Groups, g) })
			return p.DeviceID != "" || !out
		},
		drop: func(p stackhand.Port) error { return c.DeletePort(ctx, p.ID) },
	})
}

// makeGroup makes a security group. Neutron writes it together with the rules that it begins with.
func makeGroup(ctx context.Context, run *jobs.Run, c Cloud, name, mark string) (stackhand.SecurityGroup, error) {
	return madeOnce(ctx, run, thing[stackhand.SecurityGroup]{
		list: func() ([]stackhand.SecurityGroup, error) { return c.SecurityGroups(ctx) },
		ours: func(g stackhand.SecurityGroup) bool { return sameMark(g.Description, mark) },
		make: func() (stackhand.SecurityGroup, error) { return c.CreateSecurityGroup(ctx, name, mark) },
	})
}

// makeVolume begins a volume; those carry metadata. One that the cloud failed to make is made anew.
func makeVolume(ctx context.Context, run *jobs.Run, c Cloud, spec stackhand.VolumeSpec) (stackhand.Volume, error) {
	return madeOnce(ctx, run, thing[stackhand.Volume]{
		list: func() ([]stackhand.Volume, error) { return c.Volumes(ctx) },
		ours: func(v stackhand.Volume) bool {
			return v.Metadata[metaJob] == spec.Metadata[metaJob] && v.Metadata[metaStack] == spec.Metadata[metaStack] && !going(v.Status)
		},
		make:  func() (stackhand.Volume, error) { return c.CreateVolume(ctx, spec) },
		whole: func(v stackhand.Volume) bool { return !failed(v.Status) },
		drop:  func(v stackhand.Volume) error { return c.DeleteVolume(ctx, v.ID) },
	})
}

// failed tells of a volume's or a snapshot's state that it will not become available any more.
func failed(status string) bool { return strings.HasPrefix(status, "error") }

// going tells that it is being deleted.
func going(status string) bool { return strings.HasPrefix(status, "deleting") }

// makeFloatingIP takes an address of the external network, or pool. Old clouds keep no description of it: there
// the one that was not there before the first attempt is ours.
func (d Deps) makeFloatingIP(ctx context.Context, run *jobs.Run, c Cloud, external, mark string) (stackhand.FloatingIP, error) {
	f, err := c.Features(ctx)
	if err != nil {
		return stackhand.FloatingIP{}, err
	}
	if f.Tags {
		return madeOnce(ctx, run, thing[stackhand.FloatingIP]{
			list: func() ([]stackhand.FloatingIP, error) { return c.FloatingIPs(ctx) },
			ours: func(f stackhand.FloatingIP) bool { return sameMark(f.Description, mark) },
			make: func() (stackhand.FloatingIP, error) { return c.CreateFloatingIP(ctx, external, mark) },
		})
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
func addressKey(mark string) string {
	if m, said, ok := stackhand.ParseMark(mark); ok {
		m.Home = "" // a job may have begun before marks told it
		mark = m.With(said)
	}
	return "floating ips before " + mark
}

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
