package openstack

import (
	"net/http"
	"strconv"
)

// Nova's own words for what Glance and Neutron hold: /images, os-floating-ips, os-security-groups, os-networks. Microversion 2.36 took
// them away. Before Neutron there was nothing else. Answers as an OpenStack Zed gives them at 2.1.

// lastProxy is the last microversion 2.x that has them.
const lastProxy = 35

func (c *Cloud) routeNovaProxies(m *http.ServeMux) {
	on := func(method, path string, h handler) {
		m.HandleFunc(method+" /compute/v2.1"+path, c.guarded(func(q *call) (answer, error) {
			if err := q.since(0, lastProxy); err != nil {
				return answer{}, err
			}
			return h(q)
		}))
	}
	on("GET", "/images", c.novaImages(false))
	on("GET", "/images/detail", c.novaImages(true))
	on("GET", "/images/{id}", c.novaImage)
	on("DELETE", "/images/{id}", c.dropNovaImage)
	on("GET", "/images/{id}/metadata", c.imageMetadata)
	on("PUT", "/images/{id}/metadata", c.setImageMetadata)
	on("POST", "/images/{id}/metadata", c.setImageMetadata)
	on("GET", "/images/{id}/metadata/{key}", c.imageMeta)
	on("PUT", "/images/{id}/metadata/{key}", c.setImageMeta)
	on("DELETE", "/images/{id}/metadata/{key}", c.dropImageMeta)

	on("GET", "/os-floating-ip-pools", c.floatingPools)
	on("GET", "/os-floating-ips", c.novaFloatings)
	on("POST", "/os-floating-ips", c.takeFloating)
	on("GET", "/os-floating-ips/{id}", c.novaFloating)
	on("DELETE", "/os-floating-ips/{id}", c.giveFloating)

	on("GET", "/os-security-groups", c.novaGroups)
	on("POST", "/os-security-groups", c.createNovaGroup)
	on("GET", "/os-security-groups/{id}", c.novaGroup)
	on("DELETE", "/os-security-groups/{id}", c.dropNovaGroup)
	on("POST", "/os-security-group-rules", c.createNovaRule)
	on("DELETE", "/os-security-group-rules/{id}", c.dropNovaRule)
	on("GET", "/os-security-group-default-rules", c.defaultRules)
	on("POST", "/os-security-group-default-rules", c.createDefaultRule)
	on("DELETE", "/os-security-group-default-rules/{id}", c.dropDefaultRule)

	for _, path := range []string{"/os-networks", "/os-tenant-networks"} {
		on("GET", path, c.novaNetworks)
		on("GET", path+"/{id}", c.novaNetwork)
	}
}

// floatingPools are the external networks, by name.
func (c *Cloud) floatingPools(*call) (answer, error) {
	pools := []object{}
	for _, n := range c.network.networks.all {
		if n.external {
			pools = append(pools, object{"name": n.name})
		}
	}
	return ok(object{"floating_ip_pools": pools})
}

func (f *floatIP) novaView() object {
	v := object{"id": f.id, "ip": f.addr.String(), "pool": f.net.name, "fixed_ip": nil, "instance_id": nil}
	if f.target != nil {
		v["fixed_ip"], v["instance_id"] = f.fixed.String(), orNil(f.target.device)
	}
	return v
}

func (c *Cloud) novaFloatings(q *call) (answer, error) {
	out := []object{}
	for _, f := range c.network.floating.all {
		if f.project == q.tok.projectID() {
			out = append(out, f.novaView())
		}
	}
	return ok(object{"floating_ips": out})
}

func (c *Cloud) ownFloating(q *call) (*floatIP, error) {
	f := c.network.floating.byID[q.id()]
	if f == nil || f.project != q.tok.projectID() {
		return nil, refusal(404, "Floating IP not found for ID %s", q.id())
	}
	return f, nil
}

func (c *Cloud) novaFloating(q *call) (answer, error) {
	f, err := c.ownFloating(q)
	if err != nil {
		return answer{}, err
	}
	return ok(object{"floating_ip": f.novaView()})
}

// takeFloating is POST /os-floating-ips: from the pool that is named, or without a name from the default one, which only clouds
// of the time of Nova's own networks have.
func (c *Cloud) takeFloating(q *call) (answer, error) {
	name := ""
	if in, err := q.json(); err == nil { // the body may be missing
		name = text(in["pool"])
	}
	for _, n := range c.network.networks.all {
		if !n.external || n.name != name && (name != "" || !c.era.seeded) {
			continue
		}
		if err := c.roomFor(q, floatingKind.singular, 1); err != nil {
			return answer{}, refusal(http.StatusForbidden, "Quota exceeded for resources: ['floatingip'].")
		}
		t, err := createFloating(c, q, object{"floating_network_id": n.id})
		if err != nil {
			return answer{}, refusal(404, "No more floating IPs in pool %s.", n.name)
		}
		return ok(object{"floating_ip": t.(*floatIP).novaView()})
	}
	return answer{}, refusal(404, "Floating IP pool not found.")
}

func (c *Cloud) giveFloating(q *call) (answer, error) {
	f, err := c.ownFloating(q)
	if err != nil {
		return answer{}, err
	}
	if err := floatingKind.remove(c, q, f); err != nil {
		return answer{}, err
	}
	return accepted(nil)
}

func (n *netw) novaView(q *call) object {
	v := object{"id": n.id, "label": n.name, "cidr": "None"}
	if len(n.subnets) > 0 && !n.external {
		v["cidr"] = n.subnets[0].cidr.String()
	}
	if len(segments(q.URL.Path)) > 2 && segments(q.URL.Path)[2] == "os-networks" {
		for _, k := range []string{"netmask", "gateway", "broadcast", "dns1", "dns2", "cidr_v6", "gateway_v6", "netmask_v6"} {
			v[k] = nil
		}
		if v["cidr"] == "None" {
			v["cidr"] = nil
		}
	}
	return v
}

// novaNetworks are those that servers of the project may be on. Where Nova itself runs the networks the external one is none.
func (c *Cloud) novaNetworks(q *call) (answer, error) {
	out := []object{}
	for _, n := range c.network.networks.all {
		if networkKind.visible(q, n) && !(c.era.seeded && n.external) {
			out = append(out, n.novaView(q))
		}
	}
	return ok(object{"networks": out})
}

func (c *Cloud) novaNetwork(q *call) (answer, error) {
	n := c.network.networks.byID[q.id()]
	if n == nil || !networkKind.visible(q, n) || c.era.seeded && n.external {
		return answer{}, refusal(404, "Network not found")
	}
	return ok(object{"network": n.novaView(q)})
}

// wholeText is a number as Nova's old calls take it: plain or in quotes; none and −1 mean that there is none.
func wholeText(v any) (n int, given bool, err error) {
	if v == nil {
		return 0, false, nil
	}
	n, err = strconv.Atoi(plain(v))
	if err != nil {
		return 0, false, refusal(400, "Input parameters to create_security_group_rule are not valid: %s", plain(v))
	}
	return n, n != -1, nil
}
