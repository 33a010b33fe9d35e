package openstack

// router joins subnets, and these with an external network.
type router struct {
	meta
	down   bool
	gw     *port // on the external network; nil without a gateway
	noSNAT bool
	routes []any
}

var routerKind = &kind{
	path: "routers", plural: "routers", singular: "router",
	missing: "RouterNotFound", missingMsg: "Router %s could not be found",
	attrs: readOnly(map[string]attr{
		"admin_state_up": bothWays(asBool), "external_gateway_info": bothWays(asGateway), "routes": bothWays(anything),
		"distributed": adminOnly(asBool), "ha": adminOnly(asBool), "availability_zone_hints": onPost(anything),
		"flavor_id": onPost(orNull(anything)),
	}, "availability_zones"),
	all:    func(c *Cloud) []thing { return c.network.routers.things() },
	find:   func(c *Cloud, id string) thing { return c.network.routers.thing(id) },
	create: createRouter, update: updateRouter, remove: deleteRouter,
}

func asGateway(v any) (any, string) {
	if v == nil {
		return object{}, ""
	}
	o, isObject := v.(object)
	if !isObject {
		return nil, "'" + plain(v) + "' is not a dictionary."
	}
	if n, given := o["network_id"]; given && n != nil {
		if _, why := asUUID(n); why != "" {
			return nil, why
		}
	}
	if ips, given := o["external_fixed_ips"]; given {
		if _, why := asFixedIPs(ips); why != "" {
			return nil, why
		}
	}
	return o, ""
}

func (r *router) json() object {
	v := r.view()
	v["admin_state_up"], v["status"], v["routes"] = !r.down, "ACTIVE", orEmpty(r.routes)
	v["availability_zones"], v["availability_zone_hints"], v["flavor_id"] = []string{}, []string{}, nil
	v["external_gateway_info"] = nil
	if r.gw != nil {
		v["availability_zones"] = []string{"nova"}
		v["external_gateway_info"] = object{
			"network_id": r.gw.net.id, "enable_snat": !r.noSNAT, "external_fixed_ips": r.gw.json()["fixed_ips"],
		}
	}
	return v
}

func createRouter(c *Cloud, q *call, in object) (thing, error) {
	r := &router{meta: c.begin(q, in)}
	if err := updateRouter(c, q, r, in); err != nil {
		return nil, err
	}
	c.network.routers.add(r)
	return r, nil
}

func updateRouter(c *Cloud, q *call, t thing, in object) error {
	r := t.(*router)
	if gw, given := in["external_gateway_info"].(object); given {
		if err := c.setGatewayPort(q, r, gw); err != nil {
			return err
		}
	}
	if up, given := in["admin_state_up"].(bool); given {
		r.down = !up
	}
	if l, given := in["routes"].([]any); given {
		r.routes = l
	}
	return nil
}

// setGatewayPort connects the router with an external network, or with none.
func (c *Cloud) setGatewayPort(q *call, r *router, gw object) error {
	id := text(gw["network_id"])
	if id == "" {
		return c.dropGateway(r, nil)
	}
	t, err := networkKind.named(c, q, id)
	if err != nil {
		return err
	}
	n := t.(*netw)
	if !n.external {
		return badRequest("router", "Network %s is not an external network.", id)
	}
	if snat, given := gw["enable_snat"].(bool); given {
		r.noSNAT = !snat
	}
	if r.gw != nil && r.gw.net == n && gw["external_fixed_ips"] == nil {
		return nil
	}
	if err := c.dropGateway(r, n); err != nil {
		return err
	}
	p := c.newPort(n, c.newMeta("", "", q.now))
	p.device, p.owner, p.active = r.id, ownerGateway, true
	if err := p.allocate(gw["external_fixed_ips"]); err != nil {
		return err
	}
	c.network.ports.add(p)
	r.gw = p
	return nil
}

// dropGateway removes the gateway, if no floating IP needs it.
func (c *Cloud) dropGateway(r *router, next *netw) error {
	if r.gw == nil {
		return nil
	}
	for _, f := range c.network.floating.all {
		if f.router == r && f.net != next {
			return neutronErr(409, "RouterExternalGatewayInUseByFloatingIp", "Gateway cannot be updated for router %s, since a gateway to external network %s is required by one or more floating IPs.", r.id, r.gw.net.id)
		}
	}
	c.dropPort(r.gw)
	r.gw = nil
	return nil
}

// interfaces of a router are its ports that are not the gateway.
func (c *Cloud) interfaces(r *router) []*port {
	var out []*port
	for _, p := range c.network.ports.all {
		if p.device == r.id && p.owner == ownerInterface {
			out = append(out, p)
		}
	}
	return out
}

func deleteRouter(c *Cloud, _ *call, t thing) error {
	r := t.(*router)
	if ports := c.interfaces(r); len(ports) > 0 {
		ids := ""
		for i, p := range ports {
			if i > 0 {
				ids += ","
			}
			ids += p.id
		}
		return neutronErr(409, "RouterInUse", "Router %s has ports still attached: %s", r.id, ids)
	}
	if err := c.dropGateway(r, nil); err != nil {
		return err
	}
	c.network.routers.drop(r.id)
	return nil
}

// plug is what add_router_interface and remove_router_interface are about.
func (c *Cloud) plug(q *call) (r *router, subnetID, portID string, err error) {
	t, err := routerKind.owned(c, q, "update")
	if err != nil {
		return nil, "", "", err
	}
	in, err := q.json()
	if err != nil {
		return nil, "", "", neutronErr(400, "HTTPBadRequest", "Body contains invalid data")
	}
	subnetID, portID = text(in["subnet_id"]), text(in["port_id"])
	if subnetID == "" && portID == "" {
		return nil, "", "", badRequest("router", "Either subnet_id or port_id must be specified.")
	}
	return t.(*router), subnetID, portID, nil
}

// addInterface is PUT /routers/{id}/add_router_interface.
func (c *Cloud) addInterface(q *call) (answer, error) {
	r, subnetID, portID, err := c.plug(q)
	if err != nil {
		return answer{}, err
	}
	if subnetID != "" && portID != "" {
		return answer{}, badRequest("router", "Cannot specify both subnet-id and port-id.")
	}
	if portID != "" {
		return c.addByPort(q, r, portID)
	}
	t, err := subnetKind.named(c, q, subnetID)
	if err != nil {
		return answer{}, err
	}
	s := t.(*subnet)
	if !s.gateway.IsValid() {
		return answer{}, badRequest("router", "Subnet for router interface must have a gateway IP")
	}
	if err := c.mayJoin(r, s); err != nil {
		return answer{}, err
	}
	if err := c.roomFor(q, "port", 1); err != nil {
		return answer{}, err
	}
	p := c.newPort(s.net, c.newMeta("", r.project, q.now))
	if err := p.allocateOne(object{"subnet_id": s.id, "ip_address": s.gateway.String()}); err != nil {
		return answer{}, err
	}
	p.device, p.owner, p.active = r.id, ownerInterface, true
	c.network.ports.add(p)
	r.touch(q.now)
	return ok(joined(r, p, s))
}

func (c *Cloud) addByPort(q *call, r *router, id string) (answer, error) {
	t, err := portKind.named(c, q, id)
	if err != nil {
		return answer{}, err
	}
	p := t.(*port)
	if p.device != "" {
		return answer{}, neutronErr(409, "PortInUse", "Unable to complete operation on port %s for network %s. Port already has an attached device %s.", p.id, p.net.id, p.device)
	}
	if len(p.ips) == 0 {
		return answer{}, badRequest("router", "Router port must have at least one fixed IP")
	}
	if err := c.mayJoin(r, p.ips[0].subnet); err != nil {
		return answer{}, err
	}
	p.device, p.owner, p.active, p.groups = r.id, ownerInterface, true, nil
	r.touch(q.now)
	return ok(joined(r, p, p.ips[0].subnet))
}

// mayJoin refuses a subnet that the router has, or that overlaps with one.
func (c *Cloud) mayJoin(r *router, s *subnet) error {
	for _, p := range c.interfaces(r) {
		for _, f := range p.ips {
			if f.subnet == s {
				return badRequest("router", "Router already has a port on subnet %s.", s.id)
			}
			if f.subnet.cidr.Overlaps(s.cidr) {
				return badRequest("router", "Cidr %s of subnet %s overlaps with cidr %s of subnet %s.", s.cidr, s.id, f.subnet.cidr, f.subnet.id)
			}
		}
	}
	return nil
}

func joined(r *router, p *port, s *subnet) object {
	return object{"id": r.id, "tenant_id": r.project, "port_id": p.id, "network_id": p.net.id,
		"subnet_id": s.id, "subnet_ids": []string{s.id}}
}

// removeInterface is PUT /routers/{id}/remove_router_interface.
func (c *Cloud) removeInterface(q *call) (answer, error) {
	r, subnetID, portID, err := c.plug(q)
	if err != nil {
		return answer{}, err
	}
	if subnetID != "" {
		if _, err := subnetKind.named(c, q, subnetID); err != nil {
			return answer{}, err
		}
	}
	for _, p := range c.interfaces(r) {
		s := p.ips[0].subnet
		if portID != "" && p.id != portID || subnetID != "" && s.id != subnetID {
			continue
		}
		for _, f := range c.network.floating.all {
			if f.router == r && f.target != nil && f.target.touches(s) {
				return answer{}, neutronErr(409, "RouterInterfaceInUseByFloatingIP", "Router interface for subnet %s on router %s cannot be deleted, as it is required by one or more floating IPs.", s.id, r.id)
			}
		}
		c.dropPort(p)
		r.touch(q.now)
		return ok(joined(r, p, s))
	}
	if portID != "" {
		return answer{}, neutronErr(404, "RouterInterfaceNotFound", "Router %s does not have an interface with id %s", r.id, portID)
	}
	return answer{}, neutronErr(404, "RouterInterfaceNotFoundForSubnet", "Router %s has no interface on subnet %s", r.id, subnetID)
}
