package cloud

import (
	"context"
	"net/http"
	"slices"

	"github.com/stackhand/stackhand"
)

type wireGroup struct {
	ID          string     `json:"id"`
	Name        string     `json:"name"`
	Description string     `json:"description"`
	ProjectID   string     `json:"tenant_id"`
	Rules       []wireRule `json:"security_group_rules"`
}

type wireRule struct {
	ID        string `json:"id"`
	Direction string `json:"direction"`
	Protocol  string `json:"protocol"`
	PortMin   int    `json:"port_range_min"`
	PortMax   int    `json:"port_range_max"`
	EtherType string `json:"ethertype"`
	RemoteIP  string `json:"remote_ip_prefix"`

	RemoteGroup string `json:"remote_group_id"`
}

func (w wireGroup) group() stackhand.SecurityGroup {
	g := stackhand.SecurityGroup{ID: w.ID, Name: w.Name, Description: w.Description, ProjectID: w.ProjectID}
	for _, r := range w.Rules {
		g.Rules = append(g.Rules, stackhand.Rule(r))
	}
	return g
}

// SecurityGroups lists the project's security groups with their rules.
func (c *Client) SecurityGroups(ctx context.Context) ([]stackhand.SecurityGroup, error) {
	if c.classic(ctx, network) {
		return c.oldGroups(ctx)
	}
	all, err := listOn(ctx, c, network, "security-groups", "security_groups", c.mine(),
		func(w wireGroup) string { return w.ID }, wireGroup.group)
	return slices.DeleteFunc(all, func(g stackhand.SecurityGroup) bool { return !c.own(g.ProjectID) }), err
}

// CreateSecurityGroup makes a group with the rules that Neutron gives to all: everything out.
func (c *Client) CreateSecurityGroup(ctx context.Context, name, description string) (stackhand.SecurityGroup, error) {
	if c.classic(ctx, network) {
		return c.oldCreateGroup(ctx, name, description)
	}
	w, err := create[wireGroup](ctx, c, network, "security-groups", "security_group", map[string]any{"name": name, "description": description})
	return w.group(), err
}

// DeleteSecurityGroup deletes a group; Conflict while ports use it.
func (c *Client) DeleteSecurityGroup(ctx context.Context, id string) error {
	if c.classic(ctx, network) {
		return conflictIf(c.drop(ctx, compute, "os-security-groups", id), "in use")
	}
	return c.drop(ctx, network, "security-groups", id)
}

// CreateRule adds a rule to a group. It answers Conflict where there is the same already.
func (c *Client) CreateRule(ctx context.Context, groupID string, rule stackhand.Rule) error {
	if c.classic(ctx, network) {
		return c.oldCreateRule(ctx, groupID, rule)
	}
	body := map[string]any{"security_group_id": groupID, "direction": rule.Direction, "ethertype": rule.EtherType}
	if rule.EtherType == "" {
		body["ethertype"] = "IPv4"
	}
	if rule.Protocol != "" {
		body["protocol"] = rule.Protocol
	}
	if rule.PortMin != 0 || rule.PortMax != 0 {
		body["port_range_min"], body["port_range_max"] = rule.PortMin, rule.PortMax
	}
	if rule.RemoteIP != "" {
		body["remote_ip_prefix"] = rule.RemoteIP
	}
	if rule.RemoteGroup != "" {
		body["remote_group_id"] = rule.RemoteGroup
	}
	_, err := create[wireRule](ctx, c, network, "security-group-rules", "security_group_rule", body)
	return err
}

// DeleteRule removes a rule from its group.
func (c *Client) DeleteRule(ctx context.Context, id string) error {
	if c.classic(ctx, network) {
		return c.drop(ctx, compute, "os-security-group-rules", id)
	}
	return c.drop(ctx, network, "security-group-rules", id)
}

type wireFloatingIP struct {
	ID          string `json:"id"`
	IP          string `json:"floating_ip_address"`
	Description string `json:"description"`
	Status      string `json:"status"`
	NetworkID   string `json:"floating_network_id"`
	PortID      string `json:"port_id"`
	FixedIP     string `json:"fixed_ip_address"`
	ProjectID   string `json:"tenant_id"`
}

func (w wireFloatingIP) domain() stackhand.FloatingIP {
	return stackhand.FloatingIP{
		ID: w.ID, IP: w.IP, Description: w.Description, Status: w.Status,
		NetworkID: w.NetworkID, PortID: w.PortID, FixedIP: w.FixedIP, ProjectID: w.ProjectID,
	}
}

// FloatingIPs lists the project's floating IPs.
func (c *Client) FloatingIPs(ctx context.Context) ([]stackhand.FloatingIP, error) {
	if c.classic(ctx, network) {
		return c.oldFloatings(ctx)
	}
	all, err := listOn(ctx, c, network, "floatingips", "floatingips", c.mine(),
		func(w wireFloatingIP) string { return w.ID },
		wireFloatingIP.domain)
	return slices.DeleteFunc(all, func(f stackhand.FloatingIP) bool { return !c.own(f.ProjectID) }), err
}

// FloatingIP reads one floating IP.
func (c *Client) FloatingIP(ctx context.Context, id string) (stackhand.FloatingIP, error) {
	if c.classic(ctx, network) {
		return c.oldFloatingIP(ctx, id)
	}
	return getOn(ctx, c, network, "floatingips", "floatingip", id, wireFloatingIP.domain)
}

// CreateFloatingIP takes an address of an external network; it serves nobody yet.
func (c *Client) CreateFloatingIP(ctx context.Context, externalID, description string) (stackhand.FloatingIP, error) {
	if c.classic(ctx, network) {
		return c.oldTakeFloating(ctx, externalID)
	}
	w, err := create[wireFloatingIP](ctx, c, network, "floatingips", "floatingip", map[string]any{
		"floating_network_id": externalID, "description": description,
	})
	return w.domain(), err
}

// AttachFloatingIP gives a floating IP to a port, or with "" takes it away. NotFound also
// means that no router leads from the port to the external network, so far.
func (c *Client) AttachFloatingIP(ctx context.Context, id, portID string) error {
	n, err := c.on(ctx, network)
	if err != nil {
		return err
	}
	body := map[string]any{"port_id": nil}
	if portID != "" {
		body["port_id"] = portID
	}
	return do(ctx, n, http.MethodPut, map[string]any{"floatingip": body}, "floatingips", id)
}

// DeleteFloatingIP gives a floating IP back.
func (c *Client) DeleteFloatingIP(ctx context.Context, id string) error {
	if c.classic(ctx, network) {
		return c.drop(ctx, compute, "os-floating-ips", id)
	}
	return c.drop(ctx, network, "floatingips", id)
}
