package openstack

import (
	"testing"
	"time"
)

func TestGroupsOfUsers(t *testing.T) {
	w := newWorld(t)
	p, admin := w.as("alice", "team-a"), w.as("admin", "admin")
	in := object{"group": object{"name": "night shift", "domain_id": "default"}}
	p.do("POST", v3+"/groups", in).want(403, "identity:create_group")
	id := admin.do("POST", v3+"/groups", in).want(201).str("group.id")
	admin.do("POST", v3+"/groups", in).want(409, "Duplicate entry")
	one := v3 + "/groups/" + id
	admin.do("GET", one+"/users/"+p.user, nil).want(404)
	admin.do("PUT", one+"/users/"+p.user, nil).want(204)
	admin.do("HEAD", one+"/users/"+p.user, nil).want(204)
	admin.do("GET", one+"/users", nil).want(200, `"alice"`)
	admin.do("GET", v3+"/groups?name=night%20shift", nil).want(200, id)
	admin.do("GET", v3+"/groups?name=day", nil).want(200, `"groups":[]`)
	p.do("GET", one+"/users", nil).want(403, "identity:list_users_in_group")
	p.do("GET", one, nil).want(403, "identity:get_group")
	p.do("GET", v3+"/users/"+p.user+"/groups", nil).want(200, "night shift", "membership_expires_at")
	admin.do("DELETE", one+"/users/"+p.user, nil).want(204)
	admin.do("DELETE", one+"/users/"+p.user, nil).want(404)
	admin.do("DELETE", one, nil).want(204)
	admin.do("GET", one+"/users", nil).want(404, "Could not find group: "+id+".")
}

func TestOneHypervisor(t *testing.T) {
	w := newWorld(t)
	p, admin := w.as("alice", "team-a"), w.as("admin", "admin")
	server := p.boot("web-1", p.lay().port)
	p.do("GET", nova+"/os-hypervisors/1", nil).want(403, "os-hypervisors:show")
	p.do("GET", nova+"/os-hypervisors/statistics", nil).want(403, "os-hypervisors:statistics")
	admin.do("GET", nova+"/os-hypervisors/1", nil).want(200, `"running_vms":1`)
	admin.do("GET", nova+"/os-hypervisors/zz", nil).want(404, "Hypervisor with ID 'zz' could not be found.")
	admin.do("GET", nova+"/os-hypervisors/statistics", nil).want(200, `"count":1`, `"vcpus_used":1`)
	admin.micro = "2.79"
	id := admin.do("GET", nova+"/os-hypervisors?with_servers=true", nil).want(200, server).str("hypervisors.0.id")
	admin.do("GET", nova+"/os-hypervisors/"+id, nil).want(200, `"compute1"`)
	admin.do("GET", nova+"/os-hypervisors?hypervisor_hostname_pattern=moon", nil).want(404, "No hypervisor matching 'moon'")
}

func TestDiagnostics(t *testing.T) {
	w := newWorld(t)
	p, admin := w.as("alice", "team-a"), w.as("admin", "admin")
	path := nova + "/servers/" + p.boot("web-1", p.lay().port) + "/diagnostics"
	p.do("GET", path, nil).want(403, "os_compute_api:os-server-diagnostics")
	w.clock.add(time.Minute)
	admin.do("GET", path, nil).want(200, "cpu0_time", "vnet1_rx")
	admin.micro = "2.48"
	admin.do("GET", path, nil).want(200, `"num_nics":1`, `"state":"running"`)
	p.do("POST", nova+"/servers/"+p.serverID("web-1")+"/action", object{"os-stop": nil}).want(202)
	w.clock.add(time.Minute)
	admin.do("GET", path, nil).want(409, "Cannot 'get_diagnostics' instance", "power state shutdown")
}

// serverID finds a server by its name.
func (p *person) serverID(name string) string {
	p.Helper()
	return p.do("GET", nova+"/servers?name="+name, nil).want(200).str("servers.0.id")
}

func TestUsageOfAllProjects(t *testing.T) {
	w := newWorld(t)
	p, admin := w.as("alice", "team-a"), w.as("admin", "admin")
	from := w.clock.now().Format("2006-01-02T15:04:05")
	id := p.boot("web-1", p.lay().port)
	w.clock.add(time.Hour)
	p.do("DELETE", nova+"/servers/"+id, nil).want(204)
	w.clock.add(2 * time.Hour)
	p.do("GET", nova+"/os-simple-tenant-usage", nil).want(403, "os-simple-tenant-usage:list")
	admin.do("GET", nova+"/os-simple-tenant-usage?start="+from, nil).want(200, p.project, "total_hours")
	admin.do("GET", nova+"/os-simple-tenant-usage?detailed=1&start="+from, nil).want(200, `"web-1"`, `"ended_at"`)
	admin.do("GET", nova+"/os-simple-tenant-usage", nil).want(200, `"tenant_usages":[]`)
	p.do("GET", nova+"/limits?tenant_id="+admin.project, nil).want(403, "limits:other_project")
}

func TestShelvedAndRebuilt(t *testing.T) {
	w := newWorld(t)
	p := w.as("alice", "team-a")
	p.micro = "2.79"
	id := p.boot("web-1", p.lay().port)
	one := nova + "/servers/" + id
	p.do("POST", one+"/action", object{"shelve": nil}).want(202)
	w.clock.add(3 * time.Second)
	p.do("GET", one, nil).want(200, `"SHELVED_OFFLOADED"`, `"OS-EXT-AZ:availability_zone":""`)
	p.do("GET", "/image/v2/images?name=web-1-shelved", nil).want(200, `"status":"active"`)
	p.do("POST", one+"/action", object{"unshelve": nil}).want(202)
	w.clock.add(3 * time.Second)
	p.do("GET", "/image/v2/images?name=web-1-shelved", nil).want(200, `"images":[]`)
	rebuild := func(more object) reply {
		in := object{"imageRef": p.image("Debian 12")}
		for k, v := range more {
			in[k] = v
		}
		return p.do("POST", one+"/action", object{"rebuild": in})
	}
	rebuild(object{"colour": "red"}).want(400, "'colour' was unexpected")
	rebuild(object{"personality": []any{}}).want(400, "'personality' was unexpected")
	rebuild(object{"key_name": "nix"}).want(400, "Invalid key_name provided.")
	rebuild(object{"user_data": "YQ==", "accessIPv4": "192.0.2.7", "adminPass": "Fresh1"}).want(202, `"user_data":"YQ=="`, `"192.0.2.7"`, `"adminPass":"Fresh1"`)
}

func TestListFilters(t *testing.T) {
	w := newWorld(t)
	p := w.as("alice", "team-a")
	p.do("GET", nova+"/servers?status=bogus", nil).want(200, `"servers":[]`)
	p.do("GET", nova+"/servers?wings=2", nil).want(200)
	p.micro = "2.79"
	p.do("GET", nova+"/servers?status=bogus", nil).want(400, "Invalid status value")
	p.do("GET", nova+"/servers?wings=2", nil).want(400, "'wings' does not match any of the regexes: '^_'")
	p.do("GET", nova+"/servers?locked=false&_x=1", nil).want(200)
}

// TestRefusalsAsPages looks at what Glance tells those who do not ask for JSON, and at the ids of requests.
func TestRefusalsAsPages(t *testing.T) {
	w := newWorld(t)
	p := w.as("alice", "team-a")
	path := "/image/v2/images/" + p.image("CirrOS 0.6")
	p.do("DELETE", path, nil, "Accept", "*/*").want(403, "<title>403 Forbidden</title>", "You do not own this image")
	p.do("DELETE", path, nil).want(403, `"title":"Forbidden"`)
	if id := p.do("GET", nova+"/servers", nil).head.Get("X-Compute-Request-Id"); len(id) != 40 {
		t.Errorf("the request's id is %q", id)
	}
}
