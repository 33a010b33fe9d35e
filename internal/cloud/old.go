package cloud

import (
	"context"
	"errors"
	"net/http"
	"slices"
	"strings"

	"github.com/stackhand/stackhand"
)

// Clouds of the time before Neutron and Glance: Nova runs the networks and shows the images. What is the same for people keeps its
// method; the files old_*.go hold how Nova says it. Sources: https://docs.openstack.org/api-ref/compute/ ("deprecated APIs"), and the
// answers of an OpenStack Zed at microversion 2.1.

// lastProxy is the last microversion 2.x in which Nova speaks for Neutron and Glance.
const lastProxy = 35

// classic tells whether Nova has to do the work of another service: the catalogue does not know that one in any region, and
// Nova is old enough. Where Nova does not answer, asking it again tells why.
func (c *Client) classic(ctx context.Context, s service) bool {
	c.mu.Lock()
	cat := c.grant.catalog
	c.mu.Unlock()
	if cat.names(s, c.site.entry) {
		return false
	}
	n, err := c.on(ctx, compute)
	return err != nil || !n.atLeast(lastProxy+1)
}

// names tells whether a service is in the catalogue at all, or set by an override.
func (c catalog) names(s service, e Entry) bool {
	for _, t := range s.aliases() {
		if e.Overrides[t] != "" || slices.ContainsFunc(c, func(p endpoint) bool { return p.Type == t }) {
			return true
		}
	}
	return false
}

// noNeutron is what one hears who wants of a classic cloud what only Neutron has.
func (c *Client) noNeutron() *stackhand.Error {
	return stackhand.Errorf(stackhand.NotFound, "Cloud %s has no network service (Neutron): there are no subnets, routers and ports to work on.",
		c.site.entry.Name).Do("Servers there are connected by the cloud itself; floating IPs and security groups work.")
}

// answerOf is the service's answer that an error comes from; nil where there was none.
func answerOf(err error) *answer {
	var e *stackhand.Error
	var a *answer
	if !errors.As(err, &e) || !errors.As(e.Err, &a) {
		return nil
	}
	return a
}

// absent tells whether a service does not know a call at all, rather than the thing that it is about.
func absent(err error) bool {
	a := answerOf(err)
	return a != nil && a.Status == http.StatusNotFound && !a.known
}

// tooOld says in plain words that Nova does not know an action of servers.
func tooOld(err error) error {
	a := answerOf(err)
	if a == nil || !strings.HasPrefix(a.Message, "There is no such action") {
		return err
	}
	e := stackhand.Errorf(stackhand.Invalid, "This cloud is too old for that: its Nova knows no such thing to do with a server.").Because(a)
	e.Detail = a.Message
	return e
}

// oldNetworks lists the networks that Nova runs, and behind them each pool of floating IPs as an external network, whose id is its name.
func (c *Client) oldNetworks(ctx context.Context) ([]stackhand.Network, error) {
	type wire struct {
		ID    string `json:"id"`
		Label string `json:"label"`
	}
	n, err := c.on(ctx, compute)
	if err != nil {
		return nil, err
	}
	nets, err := oldList[wire](ctx, n, "networks", "os-tenant-networks")
	if refused(err) {
		nets, err = oldList[wire](ctx, n, "networks", "os-networks")
	}
	if err != nil && !refused(err) { // some clouds show their networks to nobody
		return nil, err
	}
	var out []stackhand.Network
	for _, w := range nets {
		out = append(out, stackhand.Network{ID: w.ID, Name: w.Label, Status: "ACTIVE", Shared: true})
	}
	pools, err := oldList[struct {
		Name string `json:"name"`
	}](ctx, n, "floating_ip_pools", "os-floating-ip-pools")
	if err != nil && !refused(err) {
		return nil, err
	}
	for _, p := range pools {
		out = append(out, stackhand.Network{ID: p.Name, Name: p.Name, Status: "ACTIVE", External: true})
	}
	return out, nil
}

// oldNetwork picks one of oldNetworks.
func (c *Client) oldNetwork(ctx context.Context, id string) (stackhand.Network, error) {
	all, err := c.oldNetworks(ctx)
	if err != nil {
		return stackhand.Network{}, err
	}
	at := slices.IndexFunc(all, func(n stackhand.Network) bool { return n.ID == id })
	if at < 0 {
		return stackhand.Network{}, stackhand.Errorf(stackhand.NotFound, "The cloud does not have a network %s.", id)
	}
	return all[at], nil
}

// oldList reads a list of one of Nova's old words; it came whole, without pages.
func oldList[T any](ctx context.Context, n caller, key string, segments ...string) ([]T, error) {
	u, err := n.url(segments...)
	if err != nil {
		return nil, err
	}
	p := page[T]{key: key}
	err = n.read(ctx, u, &p)
	return p.items, err
}

// oldMake posts {"<kind>": body} and reads {"<kind>": …} back.
func oldMake[T any](ctx context.Context, c *Client, path, kind string, body any) (T, error) {
	var zero T
	n, err := c.on(ctx, compute)
	if err != nil {
		return zero, err
	}
	out, err := send[map[string]T](ctx, n, http.MethodPost, map[string]any{kind: body}, path)
	if err != nil {
		return zero, err
	}
	made, ok := out[kind]
	if !ok {
		return zero, n.made(kind, "")
	}
	return made, nil
}

// oldLimits reads what Nova tells of the limits that are Neutron's today; it gives −1 for both none and those it does not count.
func (c *Client) oldLimits(ctx context.Context, l *stackhand.Limits) error {
	a, err := c.absolute(ctx, compute)
	if err != nil {
		return err
	}
	l.FloatingIPs = limitOf(a, "totalFloatingIpsUsed", "maxTotalFloatingIps")
	l.Groups = limitOf(a, "totalSecurityGroupsUsed", "maxSecurityGroups")
	return nil
}

// countUsed adds what is used to limits that do not tell it, as those of before 2012.
func (c *Client) countUsed(ctx context.Context, a map[string]int) error {
	servers, err := c.Servers(ctx)
	if err != nil {
		return err
	}
	flavors, err := c.Flavors(ctx)
	if err != nil {
		return err
	}
	a["totalInstancesUsed"] = len(servers)
	for _, s := range servers {
		for _, f := range flavors {
			if f.ID == s.FlavorID {
				a["totalCoresUsed"] += f.VCPUs
				a["totalRAMUsed"] += f.RAM
			}
		}
	}
	return nil
}

// netRef is a port or a network that a new server is connected to, groupRef a security group that it is put into.
type (
	netRef struct {
		Port    string `json:"port,omitempty"`
		Network string `json:"uuid,omitempty"`
	}
	groupRef struct {
		Name string `json:"name"`
	}
)

// netRefs are what a new server is connected to; nil leaves it to Nova, which has to be said from 2.37 on.
func (c caller) netRefs(spec stackhand.ServerSpec) any {
	var refs []netRef
	for _, id := range spec.Ports {
		refs = append(refs, netRef{Port: id})
	}
	for _, id := range spec.Networks {
		refs = append(refs, netRef{Network: id})
	}
	switch {
	case refs != nil:
		return refs
	case c.atLeast(37):
		return "auto"
	}
	return nil
}

func groupRefs(names []string) []groupRef {
	var refs []groupRef
	for _, name := range names {
		refs = append(refs, groupRef{name})
	}
	return refs
}

func noFiles() error {
	return stackhand.Errorf(stackhand.Invalid, "This cloud puts no files into servers by itself any more.").Do("Give them as user data.")
}
