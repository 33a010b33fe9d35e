package openstack

import (
	"bufio"
	"testing"
	"time"
)

// TestStack builds what `create` builds, reaches it, and takes it down in the order that works.
func TestStack(t *testing.T) {
	w := newWorld(t)
	p := w.as("alice", "team-a")
	s := p.lay()
	id := p.boot("web-1", s.port)
	fip := p.do("POST", neutron+"/floatingips", object{"floatingip": object{"floating_network_id": s.public, "port_id": s.port}}).want(201)
	addr := fip.str("floatingip.floating_ip_address")
	p.do("GET", nova+"/servers/"+id, nil).want(200, addr, `"floating"`)
	if w.cloud.Reachable(addr, 22) {
		t.Error("reachable without a rule that admits ssh")
	}
	group := p.do("GET", neutron+"/security-groups?name=default", nil).str("security_groups.0.id")
	p.do("POST", neutron+"/security-group-rules", object{"security_group_rule": object{"security_group_id": group,
		"direction": "ingress", "protocol": "tcp", "port_range_min": 22, "port_range_max": 22}}).want(201)
	if !w.cloud.Reachable(addr, 22) || w.cloud.Reachable(addr, 80) || w.cloud.Reachable("203.0.113.250", 22) {
		t.Error("reachable: want port 22 of the server only")
	}
	conn, err := w.cloud.Dial(t.Context(), "tcp", addr+":22")
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = conn.Close() }()
	if line, err := bufio.NewReader(conn).ReadString('\n'); line != banner || err != nil {
		t.Errorf("banner %q, %v", line, err)
	}
	if _, err := w.cloud.Dial(t.Context(), "tcp", addr+":80"); err == nil {
		t.Error("a port that no group admits could be dialled")
	}
	p.do("POST", nova+"/servers/"+id+"/action", object{"os-stop": nil}).want(202)
	w.clock.add(time.Second)
	if w.cloud.Reachable(addr, 22) {
		t.Error("a stopped server is reachable")
	}
	p.do("POST", nova+"/servers/"+id+"/action", object{"os-start": nil}).want(202)
	w.clock.add(time.Second)
	p.do("GET", neutron+"/floatingips/"+fip.str("floatingip.id"), nil).want(200, `"ACTIVE"`)

	p.do("DELETE", neutron+"/networks/"+s.net, nil).want(409, "NetworkInUse", s.port)
	p.do("DELETE", neutron+"/routers/"+s.router, nil).want(409, "RouterInUse")
	p.do("PUT", neutron+"/routers/"+s.router+"/remove_router_interface", object{"subnet_id": s.subnet}).want(409, "RouterInterfaceInUseByFloatingIP")
	p.do("DELETE", nova+"/servers/"+id, nil).want(204)
	p.do("GET", nova+"/servers/"+id, nil).want(200, `"deleting"`)
	late := func(name string, in any) reply { return p.do("POST", nova+"/servers/"+id+"/action", object{name: in}) }
	late("os-stop", nil).want(409, "task_state deleting")
	late("os-getConsoleOutput", object{}).want(200)
	late("lock", nil).want(202)
	late("removeFloatingIp", object{"address": addr}).want(202)
	w.clock.add(time.Second)
	p.do("GET", nova+"/servers/"+id, nil).want(404, "itemNotFound")
	p.do("GET", neutron+"/ports/"+s.port, nil).want(200, `"device_id":""`)
	p.do("DELETE", neutron+"/floatingips/"+fip.str("floatingip.id"), nil).want(204)
	p.do("DELETE", neutron+"/ports/"+s.port, nil).want(204)
	p.do("PUT", neutron+"/routers/"+s.router+"/remove_router_interface", object{"subnet_id": s.subnet}).want(200)
	p.do("DELETE", neutron+"/routers/"+s.router, nil).want(204)
	p.do("DELETE", neutron+"/networks/"+s.net, nil).want(204)
	for _, kind := range Kinds {
		if n := w.cloud.Count(kind, "team-a"); n != 0 {
			t.Errorf("%d %s left", n, kind)
		}
	}
}
