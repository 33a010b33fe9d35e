package provision

import (
	"context"
	"encoding/binary"
	"hash/fnv"
	"net/netip"
	"slices"
	"strings"

	"github.com/stackhand/stackhand"
)

// joined tells whether the router has an interface in the subnet.
func joined(ctx context.Context, cloud Cloud, router, subnet string) (bool, error) {
	ports, err := cloud.Ports(ctx, stackhand.PortFilter{DeviceID: router})
	return slices.ContainsFunc(ports, func(p stackhand.Port) bool { return isInterface(p) && subnetOf(p) == subnet }), err
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
		if x, y := c.isShared(a.Description, auto), c.isShared(b.Description, auto); x != y {
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
	if c.isShared(r.Description, auto) && c.isShared(n.Description, auto) {
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
		if !c.isShared(n.Description, auto) {
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
