package openstack

import (
	"strings"
	"testing"
	"time"
)

// TestActions walks a server through its states; each step says what is refused there.
func TestActions(t *testing.T) {
	w := newWorld(t)
	p := w.as("alice", "team-a")
	s := p.lay()
	id := p.boot("web-1", s.port)
	path := nova + "/servers/" + id
	act := func(name string, in any) reply { return p.do("POST", path+"/action", object{name: in}) }
	until := func(status string) {
		t.Helper()
		w.clock.add(3 * time.Second)
		p.do("GET", path, nil).want(200, `"status":"`+status+`"`, `"OS-EXT-STS:task_state":null`)
	}
	act("reboot", object{"type": "SOFT"}).want(202)
	p.do("GET", path, nil).want(200, `"REBOOT"`, `"rebooting"`)
	act("reboot", object{"type": "SOFT"}).want(409, "while it is in task_state rebooting")
	act("os-stop", nil).want(409, "Cannot 'stop' instance "+id+" while it is in task_state rebooting")
	act("reboot", object{"type": "HARD"}).want(202)
	p.do("GET", path, nil).want(200, `"HARD_REBOOT"`)
	until("ACTIVE")
	act("os-start", nil).want(409, "Cannot 'start' instance "+id+" while it is in vm_state active")
	for _, x := range [][3]string{{"pause", "PAUSED", "unpause"}, {"suspend", "SUSPENDED", "resume"}, {"os-stop", "SHUTOFF", "os-start"},
		{"shelve", "SHELVED_OFFLOADED", "unshelve"}} {
		act(x[0], nil).want(202)
		until(x[1])
		act(x[0], nil).want(409)
		act("reboot", object{"type": "SOFT"}).want(409, "Cannot 'reboot'")
		act(x[2], nil).want(202)
		until("ACTIVE")
	}
	act("lock", nil).want(202)
	act("os-stop", nil).want(409, "is locked")
	p.do("DELETE", path, nil).want(409, "is locked")
	act("unlock", nil).want(202)
	act("resize", object{"flavorRef": "2"}).want(400, "must change flavor")
	act("resize", object{"flavorRef": "99"}).want(400, "Flavor 99")
	act("resize", object{"flavorRef": "1"}).want(400, "disk is smaller")
	w.fault("quota team-a ram 5000")
	act("resize", object{"flavorRef": "4"}).want(403, "Quota exceeded for ram: Requested 6144, but already used 2048 of 5000 ram")
	act("resize", object{"flavorRef": "3"}).want(202)
	until("VERIFY_RESIZE")
	act("revertResize", nil).want(202)
	until("ACTIVE")
	act("resize", object{"flavorRef": "3"}).want(202)
	until("VERIFY_RESIZE")
	act("confirmResize", nil).want(204)
	p.do("GET", path, nil).want(200, `"ACTIVE"`, `"flavor":{"id":"3"`)
	act("changePassword", object{"adminPass": "geheim"}).want(202)
	until("ACTIVE")
	act("rebuild", object{"imageRef": p.image("Debian 12"), "name": "web-2", "metadata": object{"a": "b"}}).want(202, "adminPass", `"REBUILD"`)
	until("ACTIVE")
	p.do("GET", path, nil).want(200, `"web-2"`, p.image("Debian 12"), `"a":"b"`)
	act("rebuild", object{"imageRef": nobody}).want(400, "Cannot find image")
	var names []string
	for _, a := range p.do("GET", path+"/os-instance-actions", nil).want(200).list("instanceActions") {
		names = append(names, a.(object)["action"].(string))
	}
	if got := strings.Join(names, " "); !strings.HasPrefix(got, "rebuild changePassword confirmResize") || !strings.HasSuffix(got, "reboot reboot create") {
		t.Errorf("actions, newest first: %s", got)
	}
	p.micro = "2.62"
	req := p.do("GET", path+"/os-instance-actions", nil).str("instanceActions.0.request_id")
	p.do("GET", path+"/os-instance-actions/"+req, nil).want(200, `"Success"`, "hostId")
	p.do("GET", path+"/os-instance-actions/nix", nil).want(404, "Action nix not found")
}

func TestActionsRefuse(t *testing.T) {
	w := newWorld(t)
	p := w.as("alice", "team-a")
	id := p.boot("web-1", p.lay().port)
	path := nova + "/servers/" + id + "/action"
	for _, tc := range []struct {
		body   any
		status int
		words  string
	}{
		{object{"reboot": object{"type": "X"}}, 400, "is not one of ['HARD'"},
		{object{"reboot": object{}}, 400, "'type' is a required property"},
		{object{"reboot": nil}, 400, "is not of type 'object'"},
		{object{"foo": nil}, 400, "There is no such action: foo"},
		{object{}, 400, "Malformed request body"},
		{object{"a": 1, "b": 2}, 400, "Malformed request body"},
		{object{"resume": nil}, 409, "Cannot 'resume'"},
		{object{"confirmResize": nil}, 409, "Cannot 'confirmResize'"},
		{object{"addFloatingIp": object{"address": "203.0.113.9"}}, 404, "floating IP not found"},
		{object{"removeFloatingIp": object{"address": "203.0.113.9"}}, 404, "floating IP not found"},
		{object{"addSecurityGroup": object{"name": "nix"}}, 404, "Security group nix is not found"},
		{object{"createImage": object{}}, 400, "'name' is a required property"},
		{object{"createImage": object{"name": ""}}, 400, "too short"},
		{object{"os-getConsoleOutput": object{"length": "x"}}, 400, "does not match"},
		{object{"changePassword": object{"adminPass": 5}}, 400, "is not of type 'string'"},
		{object{"rebuild": object{"imageRef": "x"}}, 400, "uuid"},
		{object{"os-resetState": object{"state": "active"}}, 403, "reset_state"},
	} {
		p.do("POST", path, tc.body).want(tc.status, tc.words)
	}
	p.do("POST", nova+"/servers/nix/action", object{"os-stop": nil}).want(404)
	w.as("bob", "team-b").do("POST", path, object{"os-stop": nil}).want(404)
	w.as("admin", "admin").do("POST", path, object{"os-resetState": object{"state": "error"}}).want(202)
	p.do("POST", path, object{"pause": nil}).want(409, "vm_state error")
	p.do("POST", path, object{"forceDelete": nil}).want(202)
	p.do("POST", path, object{"os-stop": nil}).want(404)
}

func TestSnapshotAndConsole(t *testing.T) {
	w := newWorld(t)
	p := w.as("alice", "team-a")
	p.micro = "2.50"
	id := p.boot("web-1", p.lay().port)
	path := nova + "/servers/" + id
	img := p.do("POST", path+"/action", object{"createImage": object{"name": "snap", "metadata": object{"a": "b"}}}).want(202).str("image_id")
	p.do("GET", "/image/v2/images/"+img, nil).want(200, `"queued"`, `"a":"b"`, `"image_type":"snapshot"`)
	w.clock.add(3 * time.Second)
	p.do("GET", "/image/v2/images/"+img, nil).want(200, `"active"`)
	p.do("POST", path+"/action", object{"os-getConsoleOutput": object{}}).want(200, "OpenSSH")
	if out := p.do("POST", path+"/action", object{"os-getConsoleOutput": object{"length": 1}}).str("output"); out != "web-1 login: " {
		t.Errorf("last line: %q", out)
	}
	admin := w.as("admin", "admin") // what is made from another project belongs to that one
	admin.micro = "2.50"
	theirs := admin.do("POST", path+"/action", object{"createImage": object{"name": "theirs"}}).want(202).str("image_id")
	admin.do("GET", "/image/v2/images/"+theirs, nil).want(200, admin.project)
	p.do("GET", "/image/v2/images/"+theirs, nil).want(404)
	w.clock.add(3 * time.Second)
	p.micro = ""
	p.do("POST", path+"/action", object{"os-getVNCConsole": object{"type": "novnc"}}).want(200, "token=")
	if loc := p.do("POST", path+"/action", object{"createImage": object{"name": "old"}}).want(202).head.Get("Location"); !strings.Contains(loc, "/image/v2/images/") {
		t.Errorf("location %q", loc)
	}
}

func TestGroupsAndAddressesOfServers(t *testing.T) {
	w := newWorld(t)
	p := w.as("alice", "team-a")
	s := p.lay()
	id := p.boot("web-1", s.port)
	path := nova + "/servers/" + id
	act := func(name string, in any) reply { return p.do("POST", path+"/action", object{name: in}) }
	p.do("POST", neutron+"/security-groups", object{"security_group": object{"name": "web"}}).want(201)
	act("addSecurityGroup", object{"name": "web"}).want(202)
	act("addSecurityGroup", object{"name": "web"}).want(400, "Duplicate items")
	p.do("GET", path+"/os-security-groups", nil).want(200, `"web"`, `"default"`)
	act("removeSecurityGroup", object{"name": "web"}).want(202)
	act("removeSecurityGroup", object{"name": "web"}).want(404, "not associated")
	addr := p.do("POST", neutron+"/floatingips", object{"floatingip": object{"floating_network_id": s.public}}).want(201).str("floatingip.floating_ip_address")
	act("removeFloatingIp", object{"address": addr}).want(409, "is not associated")
	act("addFloatingIp", object{"address": addr}).want(202)
	p.do("GET", path+"/ips", nil).want(200, addr)
	p.do("GET", path+"/ips/net", nil).want(200, addr)
	p.do("GET", path+"/ips/nix", nil).want(404, "not a member")
	act("removeFloatingIp", object{"address": addr}).want(202)

	port := p.do("POST", neutron+"/ports", object{"port": object{"network_id": s.net}}).want(201).str("port.id")
	attach := func(in object) reply { return p.do("POST", path+"/os-interface", object{"interfaceAttachment": in}) }
	attach(object{"port_id": port, "net_id": s.net}).want(400, "both")
	attach(object{"port_id": nobody}).want(400, "could not be found")
	attach(object{"port_id": port}).want(200, port)
	attach(object{"port_id": port}).want(409, "still in use")
	made := attach(object{"net_id": s.net, "fixed_ips": []object{{"ip_address": "10.0.0.99"}}}).want(200, "10.0.0.99").str("interfaceAttachment.port_id")
	attach(object{}).want(200)
	if n := len(p.do("GET", path+"/os-interface", nil).want(200).list("interfaceAttachments")); n != 4 {
		t.Errorf("%d interfaces, want 4", n)
	}
	p.do("GET", path+"/os-interface/"+made, nil).want(200, "10.0.0.99")
	p.do("DELETE", path+"/os-interface/"+made, nil).want(202)
	p.do("DELETE", path+"/os-interface/"+port, nil).want(202)
	p.do("GET", path+"/os-interface/"+port, nil).want(404, "does not have a port")
	p.do("GET", neutron+"/ports/"+made, nil).want(404)
	p.do("GET", neutron+"/ports/"+port, nil).want(200, `"device_id":""`)
	p.do("GET", path+"/os-volume_attachments", nil).want(200)
}

func TestServerEdits(t *testing.T) {
	w := newWorld(t)
	p := w.as("alice", "team-a")
	id := p.boot("web-1", p.lay().port)
	path := nova + "/servers/" + id
	put := func(in object) reply { return p.do("PUT", path, object{"server": in}) }
	put(object{"name": "web-2", "accessIPv4": "192.0.2.1"}).want(200, `"web-2"`, "192.0.2.1")
	put(object{"name": ""}).want(400, "too short")
	put(object{"accessIPv6": "x"}).want(400, "ipv6")
	put(object{"status": "x"}).want(400, "unexpected")
	p.micro = "2.75"
	put(object{"description": "d"}).want(200, "OS-EXT-STS:vm_state")
	m := path + "/metadata"
	p.do("PUT", m, object{"metadata": object{"c": "d"}}).want(200, `{"metadata":{"c":"d"}}`)
	p.do("POST", m, object{"metadata": object{"e": "f"}}).want(200, `"c":"d"`, `"e":"f"`)
	p.do("PUT", m, object{}).want(400, "'metadata' is a required property")
	p.do("PUT", m, object{"metadata": object{"c": 5}}).want(400, "is not of type 'string'")
	p.do("PUT", m+"/g", object{"meta": object{"g": "h"}}).want(200)
	p.do("PUT", m+"/g", object{"meta": object{"x": "h"}}).want(400, "Request body and URI mismatch")
	p.do("GET", m+"/g", nil).want(200, `{"meta":{"g":"h"}}`)
	p.do("DELETE", m+"/g", nil).want(204)
	p.do("DELETE", m+"/g", nil).want(404, "Metadata item was not found")
	p.do("GET", m+"/g", nil).want(404)
	p.do("GET", m, nil).want(200, `{"metadata":{"c":"d","e":"f"}}`)
	w.as("bob", "team-b").do("GET", m, nil).want(404)
	p.do("POST", path+"/action", object{"shelve": nil}).want(202)
	w.clock.add(3 * time.Second)
	p.do("PUT", m, object{"metadata": object{"c": "d"}}).want(409, "Cannot 'update metadata'")
}
