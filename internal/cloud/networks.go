package cloud

import (
	"context"
	"net/netip"
	"slices"
	"strings"

	"github.com/stackhand/stackhand"
)

// Neutron's resources: https://docs.openstack.org/api-ref/network/v2/

type wireNetwork struct {
	ID          string   `json:"id"`
	Name        string   `json:"name"`
	Description string   `json:"description"`
	Status      string   `json:"status"`
	External    bool     `json:"router:external"`
	Shared      bool     `json:"shared"`
	ProjectID   string   `json:"tenant_id"`
	Subnets     []string `json:"subnets"`
}

type wireSubnet struct {
	ID          string     `json:"id"`
	Name        string     `json:"name"`
	Description string     `json:"description"`
	NetworkID   string     `json:"network_id"`
	CIDR        string     `json:"cidr"`
	Gateway     string     `json:"gateway_ip"`
	Version     int        `json:"ip_version"`
	DHCP        bool       `json:"enable_dhcp"`
	DNS         []string   `json:"dns_nameservers"`
	Pools       []wirePool `json:"allocation_pools"`
	ProjectID   string     `json:"tenant_id"`
}

// wirePool is a range of addresses, both ends in it.
type wirePool struct {
	Start string `json:"start"`
	End   string `json:"end"`
}

func (w wireSubnet) domain() stackhand.Subnet {
	w.Name, w.Description = unfold(w.Name, w.Description)
	s := stackhand.Subnet{
		ID: w.ID, Name: w.Name, Description: w.Description, NetworkID: w.NetworkID, CIDR: w.CIDR,
		Gateway: w.Gateway, Version: w.Version, DHCP: w.DHCP, DNS: w.DNS, ProjectID: w.ProjectID,
	}
	for _, p := range w.Pools {
		s.Pools = append(s.Pools, p.Start+"-"+p.End)
	}
	return s
}

// mine picks the client's own project. An administrator sees everybody's resources otherwise.
func (c *Client) mine() query { return query{"tenant_id": c.Identity().ProjectID} }

func (c *Client) networks(ctx context.Context, q query) ([]stackhand.Network, error) {
	return listOn(ctx, c, network, "networks", "networks", q,
		func(w wireNetwork) string { return w.ID },
		wireNetwork.domain)
}

// Networks lists the networks that the project can use: its own, shared and external ones.
func (c *Client) Networks(ctx context.Context) ([]stackhand.Network, error) {
	if c.classic(ctx, network) {
		return c.oldNetworks(ctx)
	}
	all, err := c.networks(ctx, nil)
	return slices.DeleteFunc(all, func(n stackhand.Network) bool {
		return !c.own(n.ProjectID) && !n.Shared && !n.External
	}), err
}

// NetworksNamed lists the project's own networks of this name.
func (c *Client) NetworksNamed(ctx context.Context, name string) ([]stackhand.Network, error) {
	if c.classic(ctx, network) {
		return nil, nil // the project has none of its own
	}
	q, err := c.nameFilter(ctx, c.mine(), name)
	if err != nil {
		return nil, err
	}
	all, err := c.networks(ctx, q)
	return slices.DeleteFunc(all, func(n stackhand.Network) bool { return n.Name != name || !c.own(n.ProjectID) }), err
}

// Network reads one network.
func (c *Client) Network(ctx context.Context, id string) (stackhand.Network, error) {
	if c.classic(ctx, network) {
		return c.oldNetwork(ctx, id)
	}
	return getOn(ctx, c, network, "networks", "network", id, wireNetwork.domain)
}

// CreateNetwork makes a network without subnets.
func (c *Client) CreateNetwork(ctx context.Context, name, description string) (stackhand.Network, error) {
	defer c.forget(shelfNetworks)
	w, err := create[wireNetwork](ctx, c, network, "networks", "network", map[string]any{
		"name": name, "description": description, "admin_state_up": true,
	})
	return w.domain(), err
}

// DeleteNetwork deletes a network with its subnets; Conflict while ports of somebody are on it.
func (c *Client) DeleteNetwork(ctx context.Context, id string) error {
	defer c.forget(shelfNetworks)
	return c.drop(ctx, network, "networks", id)
}

// Subnets lists the subnets of a network, or with "" all of the project.
func (c *Client) Subnets(ctx context.Context, networkID string) ([]stackhand.Subnet, error) {
	if c.classic(ctx, network) {
		return nil, nil
	}
	q := c.mine()
	if networkID != "" {
		q = query{"network_id": networkID}
	}
	all, err := listOn(ctx, c, network, "subnets", "subnets", q,
		func(w wireSubnet) string { return w.ID },
		wireSubnet.domain)
	return slices.DeleteFunc(all, func(s stackhand.Subnet) bool {
		return networkID == "" && !c.own(s.ProjectID) || networkID != "" && s.NetworkID != networkID
	}), err
}

// CreateSubnet makes a subnet, of the version that its CIDR is of.
func (c *Client) CreateSubnet(ctx context.Context, spec stackhand.SubnetSpec) (stackhand.Subnet, error) {
	body := map[string]any{
		"name": spec.Name, "description": spec.Description, "network_id": spec.NetworkID,
		"cidr": spec.CIDR, "ip_version": 4, "enable_dhcp": !spec.NoDHCP,
	}
	if p, err := netip.ParsePrefix(spec.CIDR); err == nil && p.Addr().Is6() {
		body["ip_version"] = 6
	}
	switch spec.Gateway {
	case "":
	case "none":
		body["gateway_ip"] = nil
	default:
		body["gateway_ip"] = spec.Gateway
	}
	if len(spec.DNS) > 0 {
		body["dns_nameservers"] = spec.DNS
	}
	if len(spec.Pools) > 0 {
		pools := make([]wirePool, len(spec.Pools))
		for i, p := range spec.Pools {
			pools[i].Start, pools[i].End, _ = strings.Cut(p, "-")
		}
		body["allocation_pools"] = pools
	}
	defer c.forget(shelfNetworks)
	w, err := create[wireSubnet](ctx, c, network, "subnets", "subnet", body)
	return w.domain(), err
}

// DeleteSubnet deletes a subnet; Conflict while ports have addresses of it.
func (c *Client) DeleteSubnet(ctx context.Context, id string) error {
	defer c.forget(shelfNetworks)
	return c.drop(ctx, network, "subnets", id)
}
