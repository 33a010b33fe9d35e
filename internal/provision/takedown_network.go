package provision

import (
	"context"
	"slices"
	"strings"

	"github.com/stackhand/stackhand"
)

// network removes the pieces of a network, in the order that works, if nobody else uses them.
// That is looked at and done under the lock under which others would come to use them.
func (t *takedown) network(ctx context.Context, rs []stackhand.Resource) error {
	if len(rs) == 0 {
		return nil
	}
	return t.locked(ctx, netLock(t.name, t.project), func() error {
		used, err := t.others(ctx, rs)
		if err != nil {
			return err
		}
		if used {
			return t.forgetAll(ctx, rs) // it goes with the last of them
		}
		if busy, err := t.inUse(ctx, rs); err != nil || busy {
			return err
		}
		return t.dismantle(ctx, rs)
	})
}

func (t *takedown) forgetAll(ctx context.Context, rs []stackhand.Resource) error {
	for _, r := range rs {
		if err := t.forget(ctx, r); err != nil {
			return err
		}
	}
	return nil
}

// inUse tells, and says, that something that is not ours is connected to the network. Then all
// of it stays: without its router a stranger's server would be cut off.
func (t *takedown) inUse(ctx context.Context, rs []stackhand.Resource) (bool, error) {
	routers := ofKind(rs, stackhand.KindRouter, stackhand.KindInterface)
	for _, n := range ofKind(rs, stackhand.KindNetwork) {
		ports, err := t.cloud.Ports(ctx, stackhand.PortFilter{NetworkID: n.ID})
		if gone(err) != nil {
			return false, err
		}
		ports = slices.DeleteFunc(ports, func(p stackhand.Port) bool {
			if !isInterface(p) {
				return strings.HasPrefix(p.DeviceOwner, "network:") // Neutron's own: DHCP and the like
			}
			return slices.ContainsFunc(routers, func(r stackhand.Resource) bool { return r.ID == p.DeviceID || r.Parent == p.DeviceID })
		})
		if len(ports) > 0 {
			return true, t.left(ctx, n, portNames(ctx, t.cloud, ports)+" is connected to it.")
		}
	}
	return false, nil
}

// dismantle removes interfaces, routers, subnets and networks.
func (t *takedown) dismantle(ctx context.Context, rs []stackhand.Resource) error {
	calls := []struct {
		kind string
		call func(r stackhand.Resource) error
	}{
		{stackhand.KindInterface, func(r stackhand.Resource) error { return t.cloud.RemoveRouterInterface(ctx, r.Parent, r.ID) }},
		{stackhand.KindRouter, func(r stackhand.Resource) error { return t.cloud.DeleteRouter(ctx, r.ID) }},
		{stackhand.KindSubnet, func(r stackhand.Resource) error { return t.cloud.DeleteSubnet(ctx, r.ID) }},
		{stackhand.KindNetwork, func(r stackhand.Resource) error { return t.cloud.DeleteNetwork(ctx, r.ID) }},
	}
	for _, c := range calls {
		for _, r := range ofKind(rs, c.kind) {
			if r.Kind == stackhand.KindRouter {
				if busy, err := t.routerInUse(ctx, r); err != nil {
					return err
				} else if busy {
					continue
				}
			}
			err := patiently(ctx, settling, func() error { return gone(c.call(r)) })
			if is(err, stackhand.Conflict) {
				// What comes after it would only fail in turn, and stays on the record too.
				return t.left(ctx, r, err.Error())
			}
			if err != nil {
				return err
			}
			if err := t.forget(ctx, r); err != nil {
				return err
			}
		}
	}
	return nil
}

// routerInUse tells, and says, that somebody connected another network to the router.
func (t *takedown) routerInUse(ctx context.Context, r stackhand.Resource) (bool, error) {
	ports, err := t.cloud.Ports(ctx, stackhand.PortFilter{DeviceID: r.ID})
	if gone(err) != nil {
		return false, err
	}
	at := slices.IndexFunc(ports, isInterface)
	if at < 0 {
		return false, nil
	}
	name := ports[at].NetworkID
	if n, err := t.cloud.Network(ctx, name); err == nil {
		name = n.Name
	}
	return true, t.left(ctx, r, "the network "+name+" is connected to it.")
}
