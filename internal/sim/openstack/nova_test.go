package openstack

import (
	"fmt"
	"net/url"
	"strings"
	"testing"
	"time"
)

const nobody = "00000000-0000-0000-0000-000000000000"

func TestServerOrders(t *testing.T) {
	w := newWorld(t)
	p := w.as("alice", "team-a")
	p.micro = "2.79"
	s := p.lay()
	long := strings.Repeat("x", 300)
	net := []object{{"uuid": s.net}}
	many := object{}
	for i := range 130 {
		many[fmt.Sprint("k", i)] = "v"
	}
	for _, tc := range []struct {
		fields object
		status int
		words  string
	}{
		{object{"name": ""}, 400, "'' is too short"},
		{object{"name": " "}, 400, "printable characters"},
		{object{"name": 5}, 400, "5 is not of type 'string'"},
		{object{"name": long}, 400, "is too long"},
		{object{"name": nil}, 400, "'name' is a required property"},
		{object{"flavorRef": nil}, 400, "'flavorRef' is a required property"},
		{object{"networks": nil}, 400, "'networks' is a required property"},
		{object{"foo": 1}, 400, "Additional properties are not allowed ('foo' was unexpected)"},
		{object{"personality": []any{}}, 400, "'personality' was unexpected"},
		{object{"imageRef": nobody}, 400, "Can not find requested image"},
		{object{"imageRef": "nix"}, 400, "is not valid under any of the given schemas"},
		{object{"imageRef": ""}, 400, "Missing imageRef attribute"},
		{object{"flavorRef": "99"}, 400, "Flavor 99 could not be found."},
		{object{"flavorRef": "1"}, 400, "Flavor's disk is smaller than the minimum size"},
		{object{"networks": []object{{"uuid": nobody}}}, 400, "Network " + nobody + " could not be found."},
		{object{"networks": []object{{"uuid": "nix"}}}, 400, "not valid under any"},
		{object{"networks": []object{{"port": nobody}}}, 400, "Port id " + nobody + " could not be found."},
		{object{"networks": "junk"}, 400, "not valid under any"},
		{object{"key_name": "nix"}, 400, "Invalid key_name provided."},
		{object{"user_data": "a"}, 400, "user_data"},
		{object{"user_data": strings.Repeat("a", 70000)}, 400, "user_data"},
		{object{"metadata": object{"a": long}}, 400, "is too long"},
		{object{"metadata": object{"a": 5}}, 400, "5 is not of type 'string'"},
		{object{"metadata": object{"ä": "5"}}, 400, "regexes"},
		{object{"metadata": "x"}, 400, "object"},
		{object{"metadata": many}, 403, "Maximum number of metadata items exceeds 128"},
		{object{"availability_zone": "mars"}, 400, "The requested availability zone is not available"},
		{object{"security_groups": []object{{"name": "nix"}}}, 400, "Unable to find security_group with name or id 'nix'"},
		{object{"min_count": 0}, 400, "less than the minimum of 1"},
		{object{"min_count": "x"}, 400, "integer"},
		{object{"min_count": 5, "max_count": 2}, 400, "min_count must be"},
		{object{"min_count": 30}, 403, "Quota exceeded for cores, instances, ram: Requested 30, 30, 61440, but already used 0, 0, 0 of 20, 10, 51200"},
		{object{"min_count": 2, "networks": []object{{"port": s.port}}}, 400, "single configured port ID"},
		{object{"block_device_mapping_v2": []object{{"junk": 1}}}, 400, "'junk' was unexpected"},
		{object{"block_device_mapping_v2": []object{{"source_type": "volume", "uuid": nobody}}}, 400, "failed to get volume"},
		{object{"config_drive": "maybe"}, 400, "config_drive"},
		{object{"accessIPv4": "junk"}, 400, "is not a 'ipv4'"},
	} {
		fields := object{"networks": net}
		for k, v := range tc.fields {
			fields[k] = v
		}
		p.order("web", fields).want(tc.status, tc.words)
	}
	for _, zone := range []any{nil, "nova"} {
		w.fault("hosts", "away")
		p.order("web", object{"networks": net, "availability_zone": zone}).want(400, "The requested availability zone is not available")
		w.fault("hosts", "back")
	}
	p.do("POST", nova+"/servers", "{x").want(400, "Malformed request body")
	p.do("POST", nova+"/servers", object{}).want(400, "'server' is a required property")
	if n := w.cloud.Count("servers"); n != 0 {
		t.Fatalf("%d servers were made of nonsense", n)
	}
	two := p.order("many", object{"networks": net, "min_count": 2, "return_reservation_id": true, "tags": []string{"a"}}).want(202, "r-")
	_ = two
	p.do("GET", nova+"/servers?name=many", nil).want(200, "many-1", "many-2")
	p.order("none", object{"networks": "none"}).want(202)
	p.order("auto", object{"networks": "auto"}).want(202)
	p.micro = ""
	p.order("old", object{"networks": nil}).want(202)
}

func TestNetworksOfServers(t *testing.T) {
	w := newWorld(t)
	p := w.as("alice", "team-a")
	p.micro = "2.60"
	p.order("x", object{"networks": "auto"}).want(400, "Unable to automatically allocate")
	s := p.lay()
	empty := p.do("POST", neutron+"/networks", object{"network": object{"name": "empty"}}).want(201).str("network.id")
	p.order("x", object{"networks": []object{{"uuid": empty}}}).want(400, "requires a subnet")
	p.order("x", object{"networks": "auto"}).want(409, "Multiple possible networks")

	// Two servers that want one port: Nova takes both, and finds out while it builds.
	a := p.order("a", object{"networks": []object{{"port": s.port}}}).want(202).str("server.id")
	b := p.order("b", object{"networks": []object{{"port": s.port}}}).want(202).str("server.id")
	w.as("bob", "team-b").do("GET", nova+"/servers/"+a, nil).want(403, "servers:show")
	w.clock.add(time.Second)
	p.do("GET", nova+"/servers/"+a, nil).want(200, `"spawning"`, "10.0.0.")
	p.do("GET", nova+"/servers/"+b, nil).want(200, `"ERROR"`, "Failed to allocate the network(s), not rescheduling.")
	p.order("c", object{"networks": []object{{"port": s.port}}}).want(409, "is still in use.")
	e := p.order("e", object{"networks": []object{{"uuid": s.public}}}).want(202).str("server.id")
	f := p.order("f", object{"networks": []object{{"uuid": s.net, "fixed_ip": "10.0.0.77"}}}).want(202).str("server.id")
	w.clock.add(time.Second)
	p.do("GET", nova+"/servers/"+e, nil).want(200, `"ERROR"`)
	p.order("g", object{"networks": []object{{"uuid": s.net, "fixed_ip": "10.0.0.77"}}}).want(400, "already in use on instance "+f)
	p.do("GET", nova+"/servers/detail?ip=10.0.0.77", nil).want(200, f)

	// A server that is deleted takes the ports along that Nova made, and leaves the others.
	before := w.cloud.Count("ports", "team-a")
	for _, id := range []string{a, f} {
		p.do("DELETE", nova+"/servers/"+id, nil).want(204)
	}
	w.clock.add(time.Second)
	if n := w.cloud.Count("ports", "team-a"); n != before-1 {
		t.Errorf("%d ports before, %d after", before, n)
	}
	p.do("GET", neutron+"/ports/"+s.port, nil).want(200, `"device_id":""`)

	// A port that is deleted under a server is off it.
	id := p.boot("h", s.port)
	p.do("DELETE", neutron+"/ports/"+s.port, nil).want(204)
	p.do("GET", nova+"/servers/"+id, nil).want(200, `"addresses":{}`)
}

func TestServerLists(t *testing.T) {
	w := newWorld(t)
	p := w.as("alice", "team-a")
	p.micro = "2.79"
	s := p.lay()
	id := p.boot("web-1", s.port)
	start := w.clock.now()
	w.clock.add(time.Minute)
	p.order("web-2", object{"networks": "none"}).want(202)
	p.order("db", object{"networks": "none"}).want(202)
	names := func(query string) string {
		var out []string
		for _, x := range p.do("GET", nova+"/servers/detail?"+query, nil).want(200).list("servers") {
			out = append(out, x.(object)["name"].(string))
		}
		return strings.Join(out, " ")
	}
	for query, want := range map[string]string{
		"": "db web-2 web-1", "name=web": "web-2 web-1", "name=^db$": "db", "status=ACTIVE": "web-1", "status=BUILD": "db web-2",
		"limit=1": "db", "changes-since=" + url.QueryEscape(start.Add(time.Second).Format(time.RFC3339)): "db web-2",
		"vm_state=active": "web-1", "flavor=2": "db web-2 web-1", "flavor=3": "", "tags=x": "", "host=nowhere": "db web-2 web-1", "uuid=" + id: "web-1",
	} {
		if got := names(query); got != want {
			t.Errorf("%s: %q, want %q", query, got, want)
		}
	}
	page := p.do("GET", nova+"/servers?limit=2", nil).want(200)
	next := strings.TrimPrefix(page.str("servers_links.0.href"), w.url)
	p.do("GET", next, nil).want(200, "web-1")
	for query, words := range map[string]string{"marker=" + nobody: "marker [" + nobody + "] not found", "limit=x": "query parameters limit",
		"changes-since=junk": "date-time", "name=[": "regex"} {
		p.do("GET", nova+"/servers?"+query, nil).want(400, words)
	}
	p.do("GET", nova+"/servers?all_tenants=1", nil).want(403, "get_all_tenants")
	admin := w.as("admin", "admin")
	admin.do("GET", nova+"/servers", nil).want(200, `{"servers":[]}`)
	admin.do("GET", nova+"/servers/detail?all_tenants=1&project_id="+p.project, nil).want(200, "web-1", "OS-EXT-SRV-ATTR:host")
	admin.do("GET", nova+"/servers?all_tenants=x", nil).want(400, "Unrecognized value")
	w.as("bob", "team-b").do("GET", nova+"/servers/"+id, nil).want(404)

	p.do("DELETE", nova+"/servers/"+id, nil).want(204)
	w.clock.add(time.Second)
	p.do("GET", nova+"/servers/detail?changes-since="+w.clock.now().Add(-2*time.Second).Format(time.RFC3339), nil).want(200, `"DELETED"`)
	if got := names(""); strings.Contains(got, "web-1") {
		t.Error("a deleted server is listed")
	}
	p.do("GET", nova+"/servers/"+id+"/os-instance-actions", nil).want(200, `"delete"`, `"create"`)
	w.clock.add(41 * 24 * time.Hour)
	p.token = w.as("alice", "team-a").token
	names("")
	p.do("GET", nova+"/servers/"+id+"/os-instance-actions", nil).want(404)
}

// TestMicroversions looks at the fields that came and went.
func TestMicroversions(t *testing.T) {
	w := newWorld(t)
	p := w.as("alice", "team-a")
	s := p.lay()
	id := p.boot("Web 1", s.port)
	for _, tc := range []struct{ version, has, lacks string }{
		{"2.1", `"flavor":{"id":"2"`, `"locked"`}, {"2.9", `"locked":false`, `"description"`}, {"2.19", `"description":null`, `"tags"`},
		{"2.26", `"tags":[]`, "original_name"}, {"2.47", `"original_name":"m1.small"`, "trusted_image"}, {"2.71", `"server_groups":[]`, "locked_reason"},
		{"2.73", `"locked_reason":null`, "ATTR:hostname"}, {"2.93", `"OS-EXT-SRV-ATTR:hostname":"web-1"`, "OS-EXT-SRV-ATTR:host\""},
	} {
		p.micro = tc.version
		r := p.do("GET", nova+"/servers/"+id, nil).want(200, tc.has)
		if strings.Contains(r.raw, tc.lacks) {
			t.Errorf("%s shows %s", tc.version, tc.lacks)
		}
		if got := r.head.Get("OpenStack-API-Version"); got != "compute "+tc.version {
			t.Errorf("%s answered as %s", tc.version, got)
		}
	}
	p.micro = ""
	for v, want := range map[string]int{"compute 2.94": 406, "compute 3.1": 406, "compute x": 400, "volume 9.9": 200, "compute latest": 200} {
		p.do("GET", nova+"/servers", nil, "OpenStack-API-Version", v).want(want)
	}
	p.do("GET", nova+"/limits", nil).want(200, "maxPersonality")
	p.micro = "2.57"
	if strings.Contains(p.do("GET", nova+"/limits", nil).raw, "maxPersonality") {
		t.Error("2.57 has personality")
	}
	p.do("POST", nova+"/servers/"+id+"/action", object{"addFloatingIp": object{"address": "x"}}).want(404)
	p.micro = "2.1"
	p.do("GET", nova+"/servers/"+id+"/tags", nil).want(404)
}
