package openstack

import (
	"encoding/base64"
	"fmt"
	"net/http/httptest"
	"strings"
	"testing"
	"time"
)

// past is alice in a cloud of a profile, logged in by the newest Keystone that it has, and where it says that Nova is.
func past(t *testing.T, profile, name, tenant string) (*person, string) {
	t.Helper()
	k := &clock{t: time.Date(2026, 11, 21, 5, 0, 0, 0, time.UTC)}
	c := New(Options{Now: k.now, Profile: profile})
	srv := httptest.NewServer(c)
	t.Cleanup(srv.Close)
	w := &world{t, c, k, srv.URL}
	if c.IdentityVersion() == "v3" {
		return w.as(name, tenant), nova
	}
	return w.asOld(name, tenant)
}

// asOld logs somebody in by Keystone v2.0.
func (w *world) asOld(name, tenant string) (*person, string) {
	w.Helper()
	p := &person{world: w}
	r := p.do("POST", "/identity/v2.0/tokens", object{"auth": object{"tenantName": tenant,
		"passwordCredentials": object{"username": name, "password": name + "-secret"}}}).want(200)
	p.token, p.project = r.str("access.token.id"), r.str("access.token.tenant.id")
	for _, s := range r.list("access.serviceCatalog") {
		if e := s.(object); e["type"] == "compute" {
			return p, strings.TrimPrefix(e["endpoints"].([]any)[0].(object)["publicURL"].(string), w.url)
		}
	}
	w.Fatalf("no compute in %s", r.raw)
	return nil, ""
}

// Each time has what it had, and answers 404 for what it had not.
func TestProfiles(t *testing.T) {
	calls := map[string]string{
		"keystone v3": "/identity/v3", "keystone v2.0": "/identity/v2.0", "nova 2.1": nova + "/flavors", "nova 2": "/compute/v2/flavors",
		"nova 1.1": "/compute/v1.1/flavors", "neutron": neutron + "/networks", "glance": "/image/v2/images", "cinder": "/volume/v3/PROJECT/volumes",
		"descriptions": neutron + "/extensions/standard-attr-description", "quota details": neutron + "/quotas/PROJECT/details.json",
		"zones": "NOVA/os-availability-zone", "images of Nova": "NOVA/images/detail", "pools": "NOVA/os-floating-ip-pools",
		"networks of Nova": "NOVA/os-tenant-networks", "default rules": "NOVA/os-security-group-default-rules",
	}
	modern := "keystone v3, nova 2.1, nova 2, neutron, glance, cinder, descriptions, quota details, zones, images of Nova, pools, networks of Nova"
	for profile, has := range map[string]string{
		"": modern + ", keystone v2.0", "today": modern, "zed": modern,
		"2014": "keystone v2.0, nova 2, neutron, glance, zones, images of Nova, pools, networks of Nova, default rules",
		"2011": "keystone v2.0, nova 2, nova 1.1, images of Nova, pools, networks of Nova, default rules",
	} {
		p, base := past(t, profile, "alice", "team-a")
		for name, path := range calls {
			r := p.do("GET", strings.NewReplacer("NOVA", base, "PROJECT", p.project).Replace(path), nil)
			if want := strings.Contains(", "+has+",", ", "+name+","); want != (r.status == 200) {
				t.Errorf("%q, %s: status %d", profile, name, r.status)
			}
		}
	}
}

func TestVersionDocuments(t *testing.T) {
	for profile, want := range map[string][2]string{
		"today": {`"version":"2.96"`, `"id":"v3.14"`}, "zed": {`"version":"2.93"`, `"id":"v3.14"`},
		"2014": {`"id":"v2.0"`, `"id":"v2.0"`}, "2011": {`"id":"v1.1"`, `"id":"v2.0"`},
	} {
		p, base := past(t, profile, "alice", "team-a")
		r := p.do("GET", base, nil).want(200, want[0])
		if strings.HasPrefix(profile, "20") && r.str("version.version") != "" {
			t.Errorf("%s has microversions: %s", profile, r.raw)
		}
		p.do("GET", "/compute", nil).want(200, want[0])
		k := p.do("GET", "/identity", nil).want(300, want[1])
		if n := len(k.list("versions.values")); n != 1 {
			t.Errorf("%s has %d versions of Keystone", profile, n)
		}
	}
}

// Nova 2.96 tells the zone that was asked for; versions without microversions take no notice of the header.
func TestMicroversionsOfProfiles(t *testing.T) {
	p, _ := past(t, "today", "alice", "team-a")
	p.micro = "2.96"
	id := p.order("web-1", object{"networks": "none", "availability_zone": "nova"}).want(202).str("server.id")
	p.clock.add(3 * time.Second)
	p.do("GET", nova+"/servers/"+id, nil).want(200, `"pinned_availability_zone":"nova"`)
	p.micro = "2.97"
	p.do("GET", nova+"/servers", nil).want(406, "maximum is 2.96")
	p.micro = "2.95"
	if r := p.do("GET", nova+"/servers/"+id, nil).want(200); strings.Contains(r.raw, "pinned") {
		t.Errorf("at 2.95: %s", r.raw)
	}
	p, base := past(t, "2014", "alice", "team-a")
	p.micro = "2.79"
	r := p.do("GET", base+"/flavors/2", nil).want(200, base+"/flavors/2")
	if r.head.Get("OpenStack-API-Version") != "" || strings.Contains(r.raw, "extra_specs") {
		t.Errorf("an old Nova minds microversions: %v %s", r.head, r.raw)
	}
}

// Keystone v2.0 takes the tenant by id or by name, not by both, and without any gives a token to list them with.
func TestTenants(t *testing.T) {
	p, _ := past(t, "2011", "carol", "team-a")
	login := func(more object) reply {
		auth := object{"passwordCredentials": object{"username": "carol", "password": "carol-secret"}}
		for k, v := range more {
			auth[k] = v
		}
		return p.do("POST", "/identity/v2.0/tokens", object{"auth": auth})
	}
	login(object{"tenantId": p.project}).want(200, `"name":"team-a"`)
	login(object{"tenantId": p.project, "tenantName": "team-a"}).want(400)
	login(object{"tenantName": "admin"}).want(401)
	r := login(nil).want(200, `"serviceCatalog":[]`)
	p.token = r.str("access.token.id")
	p.do("GET", "/identity/v2.0/tenants", nil).want(200, `"team-a"`, `"team-b"`)
	again := p.do("POST", "/identity/v2.0/tokens", object{"auth": object{"tenantName": "team-b", "token": object{"id": p.token}}})
	again.want(200, `"name":"team-b"`)
}

// Resources of an old Neutron have no descriptions, apart from security groups.
func TestNoNovelties(t *testing.T) {
	p, _ := past(t, "2014", "alice", "team-a")
	p.do("POST", neutron+"/networks", object{"network": object{"name": "n", "description": "d"}}).
		want(400, "Unrecognized attribute(s) 'description'")
	r := p.do("POST", neutron+"/networks", object{"network": object{"name": "n"}}).want(201, `"tenant_id"`)
	for _, field := range novelties {
		if strings.Contains(r.raw, `"`+field+`"`) {
			t.Errorf("%s is told: %s", field, r.raw)
		}
	}
	p.do("PUT", neutron+"/networks/"+r.str("network.id"), object{"network": object{"description": "d"}}).want(400)
	p.do("POST", neutron+"/security-groups", object{"security_group": object{"name": "g", "description": "d"}}).want(201, `"description":"d"`)
	p.do("GET", neutron+"/networks/"+r.str("network.id")+"/tags", nil).want(404)
}

// Nova itself connects the server, gives it an address of the pool, and lets in what the group says.
func TestBeforeNeutron(t *testing.T) {
	p, base := past(t, "2011", "alice", "team-a")
	g := p.do("POST", base+"/os-security-groups", object{"security_group": object{"name": "g", "description": "d"}}).want(200).str("security_group.id")
	p.do("POST", base+"/os-security-groups", object{"security_group": object{"name": "g", "description": "d"}}).want(400, "already exists")
	p.do("POST", base+"/os-security-group-rules", object{"security_group_rule": object{"parent_group_id": g, "ip_protocol": "tcp",
		"from_port": 22, "to_port": "22", "cidr": "0.0.0.0/0"}}).want(200, `"ip_range":{"cidr":"0.0.0.0/0"}`)
	image := p.do("GET", base+"/images?name=Ubuntu%2022.04", nil).want(200).str("images.0.id")
	motd := base64.StdEncoding.EncodeToString([]byte("hello"))
	in := object{"name": "web-1", "imageRef": p.url + base + "/images/" + image, "flavorRef": p.url + base + "/flavors/2",
		"security_groups": []object{{"name": "g"}}, "personality": []object{{"path": "/etc/motd", "contents": motd}}}
	r := p.do("POST", base+"/servers", object{"server": in}).want(202, `"adminPass"`)
	id := r.str("server.id")
	if want := p.url + base + "/servers/" + id; r.head.Get("Location") != want || !strings.Contains(r.raw, want) {
		t.Errorf("location %q, want %q: %s", r.head.Get("Location"), want, r.raw)
	}
	p.clock.add(3 * time.Second)
	fixed := p.do("GET", base+"/servers/"+id+"/ips/private", nil).want(200).str("private.0.addr")
	f := p.do("POST", base+"/os-floating-ips", nil).want(200, `"pool":"public"`, `"instance_id":null`)
	address := f.str("floating_ip.ip")
	p.do("POST", base+"/servers/"+id+"/action", object{"addFloatingIp": object{"address": address}}).want(202)
	p.do("GET", base+"/os-floating-ips", nil).want(200, `"fixed_ip":"`+fixed+`"`, `"instance_id":"`+id+`"`)
	if !p.cloud.Reachable(address, 22) || p.cloud.Reachable(address, 80) {
		t.Error("the group does not decide who gets in")
	}
	p.do("POST", base+"/servers/"+id+"/action", object{"shelve": nil}).want(400, "There is no such action")
	p.do("GET", base+"/servers/"+id+"/os-instance-actions", nil).want(404)
	if r := p.do("GET", base+"/limits", nil).want(200, `"maxTotalInstances":10`); strings.Contains(r.raw, "totalInstancesUsed") {
		t.Errorf("limits tell what is used: %s", r.raw)
	}
	rule, err := ParseRule(strings.Fields("quota team-a instances 1"))
	if err != nil || p.cloud.Fault(rule) != nil {
		t.Fatal(err)
	}
	p.do("POST", base+"/servers", object{"server": in}).want(413, "overLimit", "Quota exceeded for instances")
	p.do("DELETE", base+"/servers/"+id, nil).want(204)
	p.clock.add(3 * time.Second)
	p.do("DELETE", base+"/os-floating-ips/"+f.str("floating_ip.id"), nil).want(202)
	p.do("DELETE", base+"/os-security-groups/"+g, nil).want(202)
	for _, kind := range Kinds {
		if n := p.cloud.Count(kind, "team-a"); n != 0 {
			t.Errorf("%d %s are left", n, kind)
		}
	}
}

// Nova's own words of what Neutron holds end with 2.35, and refuse as a Zed does.
func TestProxies(t *testing.T) {
	w := newWorld(t)
	p := w.as("alice", "team-a")
	s := p.do("POST", nova+"/os-security-groups", object{"security_group": object{"name": "g", "description": "d"}}).want(200).str("security_group.id")
	rule := func(fields object) reply {
		fields["parent_group_id"] = s
		return p.do("POST", nova+"/os-security-group-rules", object{"security_group_rule": fields})
	}
	first := rule(object{"ip_protocol": "icmp", "from_port": -1, "to_port": -1, "cidr": "0.0.0.0/0"}).want(200, `"from_port":-1`)
	for _, c := range []struct {
		r      reply
		status int
		words  string
	}{
		{rule(object{"ip_protocol": "icmp", "from_port": -1, "to_port": -1, "cidr": "0.0.0.0/0"}), 400, "This rule already exists in group " + s},
		{rule(object{"ip_protocol": "tcp", "from_port": 0, "to_port": 99999, "cidr": "0.0.0.0/0"}), 400,
			"Invalid port range 0:99999. Valid TCP ports should be between 1-65535"},
		{rule(object{"ip_protocol": nil, "from_port": nil, "to_port": nil, "group_id": s}), 200, `"name":"g"`},
		{rule(object{"ip_protocol": "tcp", "from_port": 80, "to_port": 80, "cidr": "::/0"}), 200, `"cidr":"::/0"`},
		{p.do("POST", nova+"/os-security-groups", object{"security_group": object{"name": "g2"}}), 400, "description is not a string or unicode"},
		{p.do("GET", nova+"/os-security-groups/nope", nil), 400, "Security group id should be uuid"},
		{p.do("GET", nova+"/os-security-groups/"+s, nil), 200, `"description":"d"`},
		{p.do("DELETE", nova+"/os-security-group-rules/"+first.str("security_group_rule.id"), nil), 202, ""},
		{p.do("DELETE", nova+"/os-security-group-rules/"+first.str("security_group_rule.id"), nil), 404, "does not exist"},
		{p.do("POST", nova+"/os-floating-ips", object{}), 404, "Floating IP pool not found."},
		{p.do("GET", nova+"/os-floating-ips/nope", nil), 404, "Floating IP not found for ID nope"},
		{p.do("GET", nova+"/os-tenant-networks", nil), 200, `"label":"public"`},
		{p.do("GET", nova+"/os-networks", nil), 200, `"gateway_v6":null`},
		{p.do("GET", nova+"/os-tenant-networks/nope", nil), 404, "Network not found"},
		{p.do("GET", nova+"/os-security-group-default-rules", nil), 410, "no longer available"},
		{p.do("GET", nova+"/images/11111111-1111-1111-1111-111111111111", nil), 404, "Image not found."},
	} {
		c.r.want(c.status, c.words)
	}
	p.micro = "2.36"
	for _, path := range []string{"images", "os-floating-ips", "os-floating-ip-pools", "os-security-groups", "os-networks", "os-tenant-networks"} {
		p.do("GET", nova+"/"+path, nil).want(404)
	}
}

// Nova shows images, and keeps their metadata: POST adds, PUT replaces, as the book of 2011 has it.
func TestImagesOfNova(t *testing.T) {
	w := newWorld(t)
	p := w.as("alice", "team-a")
	server := p.boot("web-1", p.lay().port)
	r := p.do("POST", nova+"/servers/"+server+"/action", object{"createImage": object{"name": "mine", "metadata": object{"version": "1"}}}).want(202)
	at := r.head.Get("Location")
	id := at[strings.LastIndex(at, "/")+1:]
	image := nova + "/images/" + id
	p.do("GET", image, nil).want(200, `"status":"SAVING"`, `"progress":25`)
	p.clock.add(3 * time.Second)
	p.do("GET", image, nil).want(200, `"status":"ACTIVE"`, `"version":"1"`, `"server":{"id":"`+server)
	p.do("POST", image+"/metadata", object{"metadata": object{"owner": "adam"}}).want(200, `"version":"1"`, `"owner":"adam"`)
	p.do("PUT", image+"/metadata", object{"metadata": object{"owner": "joe"}}).want(200, `{"metadata":{"owner":"joe"}}`)
	p.do("PUT", image+"/metadata/group", object{"meta": object{"group": "www"}}).want(200, `"group":"www"`)
	p.do("PUT", image+"/metadata/group", object{"meta": object{"other": "www"}}).want(400)
	p.do("GET", image+"/metadata/group", nil).want(200, `{"meta":{"group":"www"}}`)
	p.do("DELETE", image+"/metadata/group", nil).want(204)
	p.do("GET", image+"/metadata/group", nil).want(404)
	p.do("GET", image+"/metadata", nil).want(200, `{"metadata":{"owner":"joe"}}`)
	foreign := nova + "/images/" + p.image("CentOS 7")
	p.do("PUT", foreign+"/metadata/a", object{"meta": object{"a": "b"}}).want(403, "Not authorized for image")
	p.do("DELETE", foreign, nil).want(403, "You are not allowed to delete the image.")
	first := p.do("GET", nova+"/images?limit=4", nil).want(200)
	if next := first.str("images_links.0.href"); len(first.list("images")) != 4 || next == "" {
		t.Errorf("first page: %s", first.raw)
	} else if rest := p.do("GET", strings.TrimPrefix(next, p.url), nil).want(200); len(rest.list("images")) != 2 {
		t.Errorf("second page: %s", rest.raw)
	}
	p.do("DELETE", image, nil).want(204)
	p.do("DELETE", image, nil).want(404)
}

// Default rules are Nova's while it runs the networks, and administrators' to change.
func TestDefaultRules(t *testing.T) {
	admin, base := past(t, "2011", "admin", "admin")
	path := base + "/os-security-group-default-rules"
	rule := object{"security_group_default_rule": object{"ip_protocol": "tcp", "from_port": 22, "to_port": 22, "cidr": "10.0.0.0/8"}}
	id := admin.do("POST", path, rule).want(200, `"cidr":"10.0.0.0/8"`).str("security_group_default_rule.id")
	alice, _ := admin.asOld("alice", "team-a")
	alice.do("GET", strings.ReplaceAll(path, admin.project, alice.project), nil).want(200, id)
	alice.do("POST", strings.ReplaceAll(path, admin.project, alice.project), rule).want(403)
	admin.do("DELETE", path+"/"+id, nil).want(204)
	admin.do("DELETE", path+"/"+id, nil).want(404)
	later, base := past(t, "2014", "admin", "admin")
	later.do("GET", base+"/os-security-group-default-rules", nil).want(200, `[]`)
	later.do("POST", base+"/os-security-group-default-rules", rule).want(501)
}

func TestPersonality(t *testing.T) {
	p, base := past(t, "2011", "alice", "team-a")
	image := p.do("GET", base+"/images", nil).want(200).str("images.0.id")
	file := object{"path": "/a", "contents": "aGk="}
	for _, c := range []struct {
		files  []object
		status int
		words  string
	}{
		{[]object{file, file, file, file, file}, 202, ""},
		{[]object{file, file, file, file, file, file}, 403, "Personality file limit exceeded"},
		{[]object{{"path": "/" + strings.Repeat("a", 300), "contents": ""}}, 403, "path exceeds maximum 255"},
		{[]object{{"path": "/a", "contents": base64.StdEncoding.EncodeToString(make([]byte, 8000))}}, 403, "content exceeds maximum 10240"},
		{[]object{{"path": "/a", "contents": base64.StdEncoding.EncodeToString(make([]byte, 7680))}}, 202, ""},
		{[]object{{"contents": ""}}, 400, "'path' is a required property"},
		{[]object{{"path": "/a"}}, 500, "KeyError"},
	} {
		p.do("POST", base+"/servers", object{"server": object{"name": "x", "imageRef": image, "flavorRef": "1", "personality": c.files}}).want(c.status, c.words)
	}
}

func TestParseCatalogue(t *testing.T) {
	for line, good := range map[string]bool{
		"catalogue empty": true, "catalogue whole": true, "catalogue host nova.internal:8774": true, "catalogue regions North South": true,
		"catalogue": false, "catalogue empty x": false, "catalogue host": false, "catalogue host http://x": false, "catalogue regions": false, "catalogue gone": false,
	} {
		if _, err := ParseRule(strings.Fields(line)); (err == nil) != good {
			t.Errorf("%s: %v", line, err)
		}
	}
	w := newWorld(t)
	p := w.as("alice", "team-a")
	for line, want := range map[string]string{
		"catalogue empty": `"catalog":[]`, "catalogue host nova.internal:8774": `"url":"http://nova.internal:8774/compute/v2.1"`,
		"catalogue regions North South": `"region":"South"`, "catalogue whole": `"region":"RegionOne"`,
	} {
		rule, err := ParseRule(strings.Fields(line))
		if err != nil || w.cloud.Fault(rule) != nil {
			t.Fatal(err)
		}
		p.do("GET", v3+"/auth/catalog", nil).want(200, want)
	}
}

func TestNoSuchProfile(t *testing.T) {
	defer func() {
		if r := fmt.Sprint(recover()); !strings.Contains(r, "1999") {
			t.Errorf("recovered %q", r)
		}
	}()
	New(Options{Profile: "1999"})
}
