package cloud

import (
	"context"
	"net/http"
	"slices"

	"github.com/stackhand/stackhand"
)

type wireRouter struct {
	ID          string `json:"id"`
	Name        string `json:"name"`
	Description string `json:"description"`
	Status      string `json:"status"`
	ProjectID   string `json:"tenant_id"`
	Gateway     struct {
		NetworkID string `json:"network_id"`
	} `json:"external_gateway_info"`
}

func (w wireRouter) router() stackhand.Router {
	w.Name, w.Description = unfold(w.Name, w.Description)
	return stackhand.Router{
		ID: w.ID, Name: w.Name, Description: w.Description, External: w.Gateway.NetworkID,
		Status: w.Status, ProjectID: w.ProjectID,
	}
}

// Routers lists the project's routers.
func (c *Client) Routers(ctx context.Context) ([]stackhand.Router, error) {
	if c.classic(ctx, network) {
		return nil, nil
	}
	all, err := listOn(ctx, c, network, "routers", "routers", c.mine(), func(w wireRouter) string { return w.ID }, wireRouter.router)
	return slices.DeleteFunc(all, func(r stackhand.Router) bool { return !c.own(r.ProjectID) }), err
}

// CreateRouter makes a router; with an external network's id it gets a gateway there.
func (c *Client) CreateRouter(ctx context.Context, name, description, externalID string) (stackhand.Router, error) {
	body := map[string]any{"name": name, "description": description, "admin_state_up": true}
	if externalID != "" {
		body["external_gateway_info"] = map[string]string{"network_id": externalID}
	}
	w, err := create[wireRouter](ctx, c, network, "routers", "router", body)
	return w.router(), err
}

// DeleteRouter deletes a router; Conflict while it has interfaces.
func (c *Client) DeleteRouter(ctx context.Context, id string) error {
	return c.drop(ctx, network, "routers", id)
}

// AddRouterInterface connects a subnet to a router, at the subnet's gateway address. It
// answers Conflict where it is connected already.
func (c *Client) AddRouterInterface(ctx context.Context, routerID, subnetID string) error {
	return c.routerInterface(ctx, "add_router_interface", routerID, subnetID)
}

// RemoveRouterInterface disconnects a subnet from a router. It answers NotFound where it is
// not connected, and Conflict while floating IPs go through it.
func (c *Client) RemoveRouterInterface(ctx context.Context, routerID, subnetID string) error {
	return c.routerInterface(ctx, "remove_router_interface", routerID, subnetID)
}

func (c *Client) routerInterface(ctx context.Context, verb, routerID, subnetID string) error {
	n, err := c.on(ctx, network)
	if err != nil {
		return err
	}
	return do(ctx, n, http.MethodPut, map[string]string{"subnet_id": subnetID}, "routers", routerID, verb)
}

type wirePort struct {
	ID          string `json:"id"`
	Name        string `json:"name"`
	Description string `json:"description"`
	NetworkID   string `json:"network_id"`
	Status      string `json:"status"`
	DeviceID    string `json:"device_id"`
	DeviceOwner string `json:"device_owner"`
	ProjectID   string `json:"tenant_id"`
	MAC         string `json:"mac_address"`
	IPs         []struct {
		SubnetID string `json:"subnet_id"`
		IP       string `json:"ip_address"`
	} `json:"fixed_ips"`
	Groups []string `json:"security_groups"`
}

func (w wirePort) port() stackhand.Port {
	w.Name, w.Description = unfold(w.Name, w.Description)
	p := stackhand.Port{
		ID: w.ID, Name: w.Name, Description: w.Description, NetworkID: w.NetworkID, Status: w.Status,
		DeviceID: w.DeviceID, DeviceOwner: w.DeviceOwner, ProjectID: w.ProjectID, MAC: w.MAC, Groups: w.Groups,
	}
	for _, ip := range w.IPs {
		p.IPs = append(p.IPs, stackhand.FixedIP(ip))
	}
	return p
}

// Ports lists ports. Those of a device or a network are listed whosever they are, as far as
// the cloud shows them; otherwise those of the project.
func (c *Client) Ports(ctx context.Context, filter stackhand.PortFilter) ([]stackhand.Port, error) {
	if c.classic(ctx, network) {
		return nil, nil
	}
	q := c.mine()
	all := filter.DeviceID != "" || filter.NetworkID != ""
	if all {
		q = query{}
	}
	for key, v := range map[string]string{"device_id": filter.DeviceID, "network_id": filter.NetworkID} {
		if v != "" {
			q[key] = v
		}
	}
	q, err := c.nameFilter(ctx, q, filter.Name)
	if err != nil {
		return nil, err
	}
	ports, err := listOn(ctx, c, network, "ports", "ports", q, func(w wirePort) string { return w.ID }, wirePort.port)
	return slices.DeleteFunc(ports, func(p stackhand.Port) bool {
		return !all && !c.own(p.ProjectID) || filter.Name != "" && p.Name != filter.Name
	}), err
}

// CreatePort makes a port that no server uses yet.
func (c *Client) CreatePort(ctx context.Context, spec stackhand.PortSpec) (stackhand.Port, error) {
	body := map[string]any{
		"name": spec.Name, "description": spec.Description, "network_id": spec.NetworkID, "admin_state_up": true,
	}
	if spec.FixedIP != "" {
		body["fixed_ips"] = []map[string]string{{"ip_address": spec.FixedIP}}
	}
	if spec.Groups != nil {
		body["security_groups"] = spec.Groups
	}
	w, err := create[wirePort](ctx, c, network, "ports", "port", body)
	return w.port(), err
}

// DeletePort deletes a port, also under a server's feet: look at its DeviceID first.
func (c *Client) DeletePort(ctx context.Context, id string) error {
	return c.drop(ctx, network, "ports", id)
}
