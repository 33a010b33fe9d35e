package cloud

import (
	"context"
	"net/http"
	"strings"

	"github.com/stackhand/stackhand"
)

// Security groups and floating IPs as Nova has them: os-security-groups, os-security-group-rules, os-floating-ips.

type wireOldGroup struct {
	ID          wireID        `json:"id"`
	Name        string        `json:"name"`
	Description string        `json:"description"`
	ProjectID   string        `json:"tenant_id"`
	Rules       []wireOldRule `json:"rules"`
}

// wireOldRule lets something in; there are no others. Ports are −1 or null where any will do.
type wireOldRule struct {
	ID       wireID `json:"id"`
	Protocol string `json:"ip_protocol"`
	From     int    `json:"from_port"`
	To       int    `json:"to_port"`
	Range    struct {
		CIDR string `json:"cidr"`
	} `json:"ip_range"`
	Group struct {
		Name string `json:"name"`
	} `json:"group"`
}

// wireID is an id that was a number once.
type wireID string

// UnmarshalJSON takes the digits as they stand.
func (id *wireID) UnmarshalJSON(b []byte) error {
	if s := string(b); s != "null" {
		*id = wireID(strings.Trim(s, `"`))
	}
	return nil
}

// oldGroups lists the project's security groups. A rule names the group that it admits; ids are given here as everywhere.
func (c *Client) oldGroups(ctx context.Context) ([]stackhand.SecurityGroup, error) {
	n, err := c.on(ctx, compute)
	if err != nil {
		return nil, err
	}
	all, err := oldList[wireOldGroup](ctx, n, "security_groups", "os-security-groups")
	if err != nil {
		return nil, err
	}
	ids := map[string]string{}
	for _, w := range all {
		ids[w.Name] = string(w.ID)
	}
	var out []stackhand.SecurityGroup
	for _, w := range all {
		if w.ProjectID == "" || c.own(w.ProjectID) {
			out = append(out, w.group(ids))
		}
	}
	return out, nil
}

func (w wireOldGroup) group(ids map[string]string) stackhand.SecurityGroup {
	g := stackhand.SecurityGroup{ID: string(w.ID), Name: w.Name, Description: w.Description, ProjectID: w.ProjectID}
	for _, r := range w.Rules {
		rule := stackhand.Rule{
			ID: string(r.ID), Direction: "ingress", Protocol: r.Protocol, PortMin: max(r.From, 0), PortMax: max(r.To, 0),
			EtherType: "IPv4", RemoteIP: r.Range.CIDR, RemoteGroup: ids[r.Group.Name],
		}
		if strings.Contains(rule.RemoteIP, ":") {
			rule.EtherType = "IPv6"
		}
		g.Rules = append(g.Rules, rule)
	}
	return g
}

func (c *Client) oldCreateGroup(ctx context.Context, name, description string) (stackhand.SecurityGroup, error) {
	body := map[string]string{"name": name, "description": description}
	if description == "" {
		body["description"] = name // old ones refuse none
	}
	w, err := oldMake[wireOldGroup](ctx, c, "os-security-groups", "security_group", body)
	return w.group(nil), conflictIf(err, "already exists")
}

// oldCreateRule adds a rule. What goes out is not a matter of Nova's groups: all of it may.
func (c *Client) oldCreateRule(ctx context.Context, groupID string, rule stackhand.Rule) error {
	if rule.Direction == "egress" {
		return stackhand.Errorf(stackhand.Invalid, "Security groups of this cloud have no rules for what goes out: everything may.")
	}
	body := map[string]any{"parent_group_id": groupID, "ip_protocol": rule.Protocol, "from_port": rule.PortMin, "to_port": rule.PortMax}
	anyPort := rule.PortMin == 0 && rule.PortMax == 0
	switch {
	case rule.Protocol == "" && rule.RemoteGroup == "":
		return stackhand.Errorf(stackhand.Invalid, "A rule of this cloud needs a protocol.").Do("Say tcp, udp or icmp.")
	case rule.Protocol == "":
		body["ip_protocol"], body["from_port"], body["to_port"] = nil, nil, nil
	case anyPort && rule.Protocol == "icmp":
		body["from_port"], body["to_port"] = -1, -1
	case anyPort:
		body["from_port"], body["to_port"] = 1, 65535
	}
	switch {
	case rule.RemoteGroup != "":
		body["group_id"] = rule.RemoteGroup
	case rule.RemoteIP != "":
		body["cidr"] = rule.RemoteIP
	case rule.EtherType == "IPv6":
		body["cidr"] = "::/0"
	default:
		body["cidr"] = "0.0.0.0/0"
	}
	_, err := oldMake[wireOldRule](ctx, c, "os-security-group-rules", "security_group_rule", body)
	return conflictIf(err, "already exists")
}

// conflictIf makes a Conflict of a refusal that says so in words only.
func conflictIf(err error, words string) error {
	e, ok := err.(*stackhand.Error)
	if !ok || e.Kind != stackhand.Invalid || !strings.Contains(stackhand.Said(err), words) {
		return err
	}
	again := *e
	again.Kind = stackhand.Conflict
	return &again
}

type wireOldFloating struct {
	ID       wireID `json:"id"`
	IP       string `json:"ip"`
	Pool     string `json:"pool"`
	FixedIP  string `json:"fixed_ip"`
	ServerID wireID `json:"instance_id"`
}

func (c *Client) oldFloating(w wireOldFloating) stackhand.FloatingIP {
	f := stackhand.FloatingIP{
		ID: string(w.ID), IP: w.IP, NetworkID: w.Pool, FixedIP: w.FixedIP, ServerID: string(w.ServerID), Status: "DOWN",
		ProjectID: c.Identity().ProjectID, // Nova shows no others
	}
	if f.ServerID != "" {
		f.Status = "ACTIVE"
	}
	return f
}

// oldFloatings lists the project's floating IPs; their network is the pool that they come from.
func (c *Client) oldFloatings(ctx context.Context) ([]stackhand.FloatingIP, error) {
	n, err := c.on(ctx, compute)
	if err != nil {
		return nil, err
	}
	all, err := oldList[wireOldFloating](ctx, n, "floating_ips", "os-floating-ips")
	var out []stackhand.FloatingIP
	for _, w := range all {
		out = append(out, c.oldFloating(w))
	}
	return out, err
}

func (c *Client) oldFloatingIP(ctx context.Context, id string) (stackhand.FloatingIP, error) {
	return getOn(ctx, c, compute, "os-floating-ips", "floating_ip", id, c.oldFloating)
}

// oldTakeFloating takes an address of a pool; "" is the cloud's usual one.
func (c *Client) oldTakeFloating(ctx context.Context, pool string) (stackhand.FloatingIP, error) {
	n, err := c.on(ctx, compute)
	if err != nil {
		return stackhand.FloatingIP{}, err
	}
	body := map[string]string{}
	if pool != "" {
		body["pool"] = pool
	}
	// Not wrapped in its kind as everything else is.
	out, err := send[map[string]wireOldFloating](ctx, n, http.MethodPost, body, "os-floating-ips")
	if err != nil {
		return stackhand.FloatingIP{}, err
	}
	f := c.oldFloating(out["floating_ip"])
	return f, n.made("floating IP", f.ID)
}
