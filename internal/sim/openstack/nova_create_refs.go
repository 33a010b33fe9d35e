package openstack

import (
	"fmt"
	"slices"
	"strings"
)

// What POST /servers refers to: image, flavor, networks, ports, security groups, and the quota.

func (c *Cloud) checkImageAndFlavor(q *call, f *orderForm) error {
	ref := f.in["imageRef"]
	id := text(ref)
	if i := strings.LastIndex(id, "/"); i >= 0 {
		id = id[i+1:]
	}
	volumes, _ := f.in["block_device_mapping_v2"].([]any)
	switch {
	case id == "" && len(volumes) == 0:
		return refusal(400, "Missing imageRef attribute")
	case id != "" && !isUUID(id):
		return invalid("imageRef", ref, "%s is not valid under any of the given schemas", quoted(ref))
	}
	flavorID := plain(f.in["flavorRef"])
	if i := strings.LastIndex(flavorID, "/"); i >= 0 {
		flavorID = flavorID[i+1:]
	}
	if id != "" {
		f.image = c.images[id]
		if f.image == nil || !f.image.visibleTo(q.tok) {
			return refusal(400, "Can not find requested image")
		}
	}
	f.flavor = c.flavor(flavorID)
	if f.flavor == nil {
		return refusal(400, "Flavor %s could not be found.", flavorID)
	}
	if f.image == nil {
		return nil
	}
	return f.image.fits(f.flavor)
}

// fits refuses an image that is not usable or too big for a flavor.
func (i *image) fits(f *flavor) error {
	switch {
	case i.status != "active":
		return refusal(400, "Image %s is not active.", i.id)
	case i.minRAM > f.ram:
		return refusal(400, "Flavor's memory is too small for requested image.")
	case len(i.mapped(nil)) > 0:
		return nil // its disks are volumes
	case f.disk > 0 && i.size > int64(f.disk)<<30:
		return refusal(400, "Flavor's disk is too small for requested image. Flavor disk is %d bytes, image is %d bytes.", int64(f.disk)<<30, i.size)
	case f.disk > 0 && i.minDisk > f.disk:
		return refusal(400, "Flavor's disk is smaller than the minimum size specified in image metadata. Flavor disk is %d bytes, minimum size is %d bytes.", int64(f.disk)<<30, int64(i.minDisk)<<30)
	}
	return nil
}

func (c *Cloud) checkGroups(q *call, f *orderForm) error {
	list, _ := f.in["security_groups"].([]any)
	for _, x := range list {
		o, _ := x.(object)
		name := text(o["name"])
		g, err := c.groupNamed(q, name)
		if err != nil {
			return err
		}
		f.names = append(f.names, name)
		if g != nil && !slices.Contains(f.groups, g) {
			f.groups = append(f.groups, g)
		}
	}
	return nil
}

// groupNamed finds a security group of the caller's project by name or id.
func (c *Cloud) groupNamed(q *call, name string) (*group, error) {
	project := q.tok.projectID()
	if name == "default" {
		return c.defaultGroup(project, q.now), nil
	}
	var found []*group
	for _, g := range c.network.groups.all {
		if g.project == project && (g.name == name || g.id == name) {
			found = append(found, g)
		}
	}
	switch len(found) {
	case 0:
		return nil, refusal(400, "Unable to find security_group with name or id '%s'", name)
	case 1:
		return found[0], nil
	}
	return nil, refusal(409, "Multiple security_group matches found for name '%s', use an ID to be more specific.", name)
}

// checkNetworks reads "networks": auto, none, a list, or nothing at all before 2.37.
func (c *Cloud) checkNetworks(q *call, f *orderForm) error {
	v, given := f.in["networks"]
	if !given || v == nil {
		return c.anyNetwork(q, f, false)
	}
	if s, isText := v.(string); isText && q.minor >= 37 {
		switch s {
		case "none":
			return nil
		case "auto":
			return c.anyNetwork(q, f, true)
		}
	}
	list, isList := v.([]any)
	if !isList {
		return invalid("networks", v, "%s is not valid under any of the given schemas", quoted(v))
	}
	if len(list) == 0 {
		return c.anyNetwork(q, f, false)
	}
	for _, x := range list {
		o, isObject := x.(object)
		for _, k := range []string{"uuid", "port"} {
			if s := o[k]; s != nil && !isUUID(text(s)) {
				isObject = false
			}
		}
		if !isObject || o["uuid"] == nil && o["port"] == nil {
			return invalid("networks", v, "%s is not valid under any of the given schemas", quoted(v))
		}
		w, err := c.wish(q, o)
		if err != nil {
			return err
		}
		f.plugs = append(f.plugs, w)
	}
	return nil
}

// wish resolves one entry of "networks".
func (c *Cloud) wish(q *call, o object) (plugWish, error) {
	w := plugWish{fixed: text(o["fixed_ip"])}
	if id := text(o["port"]); id != "" {
		p := c.network.ports.byID[id]
		if p == nil || !q.tok.sees(p.project) {
			return w, refusal(400, "Port id %s could not be found.", id)
		}
		w.port = p
		return w, nil
	}
	n := c.network.networks.byID[text(o["uuid"])]
	if n == nil || !networkKind.visible(q, n) {
		return w, refusal(400, "Network %s could not be found.", text(o["uuid"]))
	}
	w.net = n
	return w, nil
}

// anyNetwork takes the project's only network, as Nova does when none is named.
func (c *Cloud) anyNetwork(q *call, f *orderForm, auto bool) error {
	var found []*netw
	for _, n := range c.network.networks.all {
		if n.project == q.tok.projectID() || n.shared && !n.external {
			found = append(found, n)
		}
	}
	switch {
	case len(found) > 1:
		return refusal(409, "Multiple possible networks found, use a Network ID to be more specific.")
	case len(found) == 1:
		f.plugs = []plugWish{{net: found[0]}}
	case auto:
		return refusal(400, "Unable to automatically allocate a network for project %s", q.tok.projectID())
	}
	return nil
}

// checkPlugs refuses ports in use, networks without addresses, and external ones.
func (c *Cloud) checkPlugs(q *call, f *orderForm) error {
	made := 0
	for _, w := range f.plugs {
		switch {
		case w.port != nil && f.max > 1:
			return refusal(400, "Failed to launch instances: Unable to launch multiple instances with a single configured port ID. Please launch your instance one by one with different ports.")
		case w.port != nil && w.port.device != "":
			return refusal(409, "Port %s is still in use.", w.port.id)
		case w.port != nil && len(w.port.ips) == 0:
			return refusal(400, "Port %s requires a FixedIP in order to be used.", w.port.id)
		case w.port != nil:
			continue
		case len(w.net.subnets) == 0 && !w.net.external:
			return refusal(400, "Network %s requires a subnet in order to boot instances on.", w.net.id)
		case w.fixed != "" && f.max > 1:
			return refusal(400, "Invalid fixed IP Address %s in server request.", w.fixed)
		case w.fixed != "" && w.net.taken(w.fixed):
			return refusal(400, "Fixed IP address %s is already in use on instance %s.", w.fixed, c.holder(w.net, w.fixed))
		}
		made += f.max
	}
	if made > 0 && c.roomIn(q.tok.projectID(), "port", made) != nil {
		return refusal(403, "Quota exceeded, too many ports")
	}
	return nil
}

// holder is the device whose port has the address; "" while it has none.
func (c *Cloud) holder(n *netw, address string) string {
	for _, p := range c.network.ports.all {
		if p.net == n && slices.ContainsFunc(p.ips, func(f fixedIP) bool { return f.addr.String() == address }) {
			return p.device
		}
	}
	return ""
}

// computeUse is what a project's servers take: instances, cores, RAM in MiB.
func (c *Cloud) computeUse(project string) map[string]int {
	used := map[string]int{}
	for _, s := range c.compute.order {
		if s.gone || s.tenant.id != project {
			continue
		}
		used["instances"]++
		used["cores"] += s.flavor.vcpus
		used["ram"] += s.flavor.ram
	}
	return used
}

func (c *Cloud) checkServerQuota(q *call, f *orderForm) error {
	return c.roomForServers(q.tok.projectID(), map[string]int{
		"instances": f.max, "cores": f.max * f.flavor.vcpus, "ram": f.max * f.flavor.ram,
	})
}

// roomForServers refuses what goes beyond Nova's quota, in Nova's words.
func (c *Cloud) roomForServers(project string, want map[string]int) error {
	limits, used := c.computeLimits(project), c.computeUse(project)
	var over, asked, had, of []string
	for _, name := range sortedKeys(want) {
		if limits[name] >= 0 && want[name] > 0 && used[name]+want[name] > limits[name] {
			over = append(over, name)
			asked = append(asked, fmt.Sprint(want[name]))
			had = append(had, fmt.Sprint(used[name]))
			of = append(of, fmt.Sprint(limits[name]))
		}
	}
	if len(over) == 0 {
		return nil
	}
	const sep = ", "
	return refusal(403, "Quota exceeded for %s: Requested %s, but already used %s of %s %s", strings.Join(over, sep),
		strings.Join(asked, sep), strings.Join(had, sep), strings.Join(of, sep), strings.Join(over, sep))
}
