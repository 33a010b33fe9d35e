package provision

import (
	"context"
	"slices"
	"strings"

	"github.com/stackhand/stackhand"
	"github.com/stackhand/stackhand/internal/jobs"
)

// removeThing removes a single thing and waits until it is gone. NotFound says that it was.
func removeThing(ctx context.Context, run *jobs.Run, c Cloud, r stackhand.Resource) error {
	calls := map[string]func() error{
		stackhand.KindNetwork:       func() error { return c.DeleteNetwork(ctx, r.ID) },
		stackhand.KindSubnet:        func() error { return c.DeleteSubnet(ctx, r.ID) },
		stackhand.KindRouter:        func() error { return c.DeleteRouter(ctx, r.ID) },
		stackhand.KindInterface:     func() error { return c.RemoveRouterInterface(ctx, r.Parent, r.ID) },
		stackhand.KindPort:          func() error { return c.DeletePort(ctx, r.ID) },
		stackhand.KindSecurityGroup: func() error { return c.DeleteSecurityGroup(ctx, r.ID) },
		stackhand.KindRule:          func() error { return c.DeleteRule(ctx, r.ID) },
		stackhand.KindFloatingIP:    func() error { return c.DeleteFloatingIP(ctx, r.ID) },
		stackhand.KindVolume:        func() error { return c.DeleteVolume(ctx, r.ID) },
		stackhand.KindSnapshot:      func() error { return c.DeleteVolumeSnapshot(ctx, r.ID) },
		stackhand.KindImage:         func() error { return c.DeleteImage(ctx, r.ID) },
	}
	state := stateOf(ctx, c, r)
	if run.Again() && state != nil {
		if status, err := state(); err == nil && going(status) {
			return untilGone(ctx, run, r, state)
		}
	}
	err := calls[r.Kind]()
	if is(err, stackhand.Conflict) {
		if known, why := whoUses(ctx, c, r, err); known {
			return why
		}
		err = patiently(ctx, settling, calls[r.Kind])
	}
	if err != nil || state == nil {
		return err
	}
	return untilGone(ctx, run, r, state)
}

// stateOf reads the state of a thing whose removal takes time; nil for the others.
func stateOf(ctx context.Context, c Cloud, r stackhand.Resource) func() (string, error) {
	return map[string]func() (string, error){
		stackhand.KindVolume:   func() (string, error) { v, err := c.Volume(ctx, r.ID); return v.Status, err },
		stackhand.KindSnapshot: func() (string, error) { s, err := c.VolumeSnapshot(ctx, r.ID); return s.Status, err },
		stackhand.KindImage:    func() (string, error) { i, err := c.Image(ctx, r.ID); return i.Status, err },
	}[r.Kind]
}

// untilGone waits until a thing whose removal takes time is not there any more.
func untilGone(ctx context.Context, run *jobs.Run, r stackhand.Resource, state func() (string, error)) error {
	return until(ctx, func() (over bool, err error) {
		status, err := state()
		switch {
		case is(err, stackhand.NotFound) || err == nil && status == "deleted":
			return true, nil
		case err != nil:
			return false, err
		case status == "error_deleting":
			return true, stackhand.Errorf(stackhand.Failed, "The cloud could not delete the %s %s: it is in the state %s.", r.Kind, r.Name, status).
				Do("Try again; if it happens again, ask the cloud's administrator.")
		case r.Kind == stackhand.KindSnapshot && status == "available": // Cinder gives one back on which its storage has built something
			return true, stackhand.Errorf(stackhand.Conflict, "The cloud gave the %s %s back: volumes were made from it.", r.Kind, r.Name).Do("Delete those first, then try again.")
		}
		return false, run.Note(ctx, status)
	})
}

// inUseBy refuses what the cloud would remove from under somebody: a server's port, a volume that is attached.
func inUseBy(ctx context.Context, c Cloud, r stackhand.Resource) error {
	switch r.Kind {
	case stackhand.KindPort:
		all, err := c.Ports(ctx, stackhand.PortFilter{})
		if err != nil {
			return err
		}
		at := slices.IndexFunc(all, func(p stackhand.Port) bool { return p.ID == r.ID })
		if at < 0 || !strings.HasPrefix(all[at].DeviceOwner, "compute:") {
			return nil
		}
		srv, err := c.Server(ctx, all[at].DeviceID)
		if err != nil {
			return gone(err)
		}
		return inUseError(r, srv.Name, nil)
	case stackhand.KindVolume:
		v, err := c.Volume(ctx, r.ID)
		if err != nil {
			return gone(err)
		}
		if len(v.Attached) > 0 {
			return volumeInUse(ctx, c, v)
		}
	}
	return nil
}

func inUseError(r stackhand.Resource, who string, refusal error) error {
	e := stackhand.Errorf(stackhand.Conflict, "The %s %s is in use by %s.", r.Kind, r.Name, who).Do("Remove it there first, then try again.")
	if refusal != nil {
		e.Detail = stackhand.Said(refusal)
	}
	return e.Because(refusal)
}

// whoUses says, in the place of the cloud's refusal, who uses a thing, if that is known.
func whoUses(ctx context.Context, c Cloud, r stackhand.Resource, refusal error) (known bool, why error) {
	filter, uses := stackhand.PortFilter{}, func(stackhand.Port) bool { return true }
	name := portNames
	switch r.Kind {
	case stackhand.KindNetwork:
		filter.NetworkID = r.ID
	case stackhand.KindSubnet:
		uses = func(p stackhand.Port) bool {
			return slices.ContainsFunc(p.IPs, func(ip stackhand.FixedIP) bool { return ip.SubnetID == r.ID })
		}
	case stackhand.KindRouter:
		filter.DeviceID, uses, name = r.ID, isInterface, routerNetworks
	case stackhand.KindSecurityGroup:
		uses = func(p stackhand.Port) bool { return slices.Contains(p.Groups, r.ID) }
	case stackhand.KindVolume:
		return volumeSnapshots(ctx, c, r, refusal)
	default:
		return false, refusal
	}
	all, err := c.Ports(ctx, filter)
	if err != nil {
		return false, refusal
	}
	all = slices.DeleteFunc(all, func(p stackhand.Port) bool {
		return !uses(p) || !isInterface(p) && strings.HasPrefix(p.DeviceOwner, "network:")
	})
	if len(all) == 0 {
		return false, refusal
	}
	return true, inUseError(r, name(ctx, c, all), refusal)
}

func routerNetworks(ctx context.Context, c Cloud, ports []stackhand.Port) string {
	var names []string
	for _, p := range ports {
		name := p.NetworkID
		if n, err := c.Network(ctx, name); err == nil {
			name = n.Name
		}
		names = append(names, "network "+name)
	}
	return strings.Join(slices.Compact(names), ", ")
}

func volumeSnapshots(ctx context.Context, c Cloud, r stackhand.Resource, refusal error) (known bool, why error) {
	all, err := c.VolumeSnapshots(ctx)
	if err != nil {
		return false, refusal
	}
	var names []string
	for _, s := range all {
		if s.VolumeID == r.ID {
			names = append(names, "snapshot "+s.Name)
		}
	}
	if len(names) == 0 {
		return false, refusal
	}
	return true, inUseError(r, strings.Join(names, ", "), refusal)
}
