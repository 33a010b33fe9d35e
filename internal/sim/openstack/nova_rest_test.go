package openstack

import (
	"strings"
	"testing"
	"time"
)

func TestKeyPairs(t *testing.T) {
	w := newWorld(t)
	p := w.as("alice", "team-a")
	mk := func(in object) reply { return p.do("POST", nova+"/os-keypairs", object{"keypair": in}) }
	mk(object{"name": "k", "public_key": publicKey}).want(200, "58:8f:f1:db:1c:4c:ea:2c:b9:80:31:bf:51:92:dd:7b")
	mk(object{"name": "k", "public_key": publicKey}).want(409, "Key pair 'k' already exists.")
	mk(object{"name": "j", "public_key": "junk"}).want(400, "failed to generate fingerprint")
	mk(object{"name": "j", "public_key": "ssh-rsa " + strings.Fields(publicKey)[1]}).want(400, "fingerprint")
	mk(object{"name": "a b$", "public_key": publicKey}).want(400, "Only expected characters")
	mk(object{"name": "", "public_key": publicKey}).want(400, "too short")
	mk(object{"name": 5, "public_key": publicKey}).want(400, "is not of type 'string'")
	mk(object{"public_key": publicKey}).want(400, "'name' is a required property")
	mk(object{"name": "made"}).want(200, "PRIVATE KEY")
	p.do("GET", nova+"/os-keypairs/k", nil).want(200, "created_at")
	p.do("GET", nova+"/os-keypairs/nix", nil).want(404, "Keypair nix not found for user "+p.user)
	bob := w.as("bob", "team-b")
	bob.do("GET", nova+"/os-keypairs", nil).want(200, `{"keypairs":[]}`)
	bob.do("GET", nova+"/os-keypairs?user_id="+p.user, nil).want(403)
	w.as("admin", "admin").do("GET", nova+"/os-keypairs?user_id="+p.user, nil).want(200, `"k"`)
	p.micro = "2.92"
	mk(object{"name": "none"}).want(400, "'public_key' is a required property")
	mk(object{"name": "a@b.c", "public_key": publicKey, "type": "ssh"}).want(201, `"type":"ssh"`)
	mk(object{"name": "t", "public_key": publicKey, "type": "foo"}).want(400, "is not one of ['ssh', 'x509']")
	page := p.do("GET", nova+"/os-keypairs?limit=1", nil).want(200, "a@b.c")
	p.do("GET", strings.TrimPrefix(page.str("keypairs_links.0.href"), w.url), nil).want(200, `"k"`)
	p.do("GET", nova+"/os-keypairs?marker=nix", nil).want(400)
	p.do("DELETE", nova+"/os-keypairs/k", nil).want(204)
	p.do("DELETE", nova+"/os-keypairs/k", nil).want(404)
	p.micro = ""
	p.do("DELETE", nova+"/os-keypairs/made", nil).want(202)
	if n := w.cloud.Count("keypairs", "team-a"); n != 1 {
		t.Errorf("%d key pairs, want 1", n)
	}
}

func TestFlavors(t *testing.T) {
	w := newWorld(t)
	p := w.as("alice", "team-a")
	p.do("GET", nova+"/flavors/2", nil).want(200, `"m1.small"`, `"ram":2048`)
	p.do("GET", nova+"/flavors/99", nil).want(404, "Flavor 99 could not be found.")
	p.do("GET", nova+"/flavors/2/os-extra_specs", nil).want(200)
	p.do("GET", nova+"/flavors/99/os-extra_specs", nil).want(404)
	if n := len(p.do("GET", nova+"/flavors", nil).list("flavors")); n != 10 {
		t.Errorf("%d flavors", n)
	}
	p.micro = "2.61"
	r := p.do("GET", nova+"/flavors/detail?minRam=16000&minDisk=200&sort_key=memory_mb&sort_dir=desc", nil).want(200, "extra_specs")
	if n := len(r.list("flavors")); n != 1 || r.str("flavors.0.name") != "General XXL" {
		t.Errorf("big flavors: %s", r.raw)
	}
	r = p.do("GET", nova+"/flavors?limit=9", nil).want(200)
	p.do("GET", strings.TrimPrefix(r.str("flavors_links.0.href"), w.url), nil).want(200, `"m1.xlarge"`)
	for _, q := range []string{"minRam=x", "sort_key=x", "marker=nix", "limit=-1"} {
		p.do("GET", nova+"/flavors?"+q, nil).want(400)
	}
}

func TestComputeQuotas(t *testing.T) {
	w := newWorld(t)
	p, admin := w.as("alice", "team-a"), w.as("admin", "admin")
	p.boot("web-1", p.lay().port)
	p.do("GET", nova+"/limits", nil).want(200, `"totalInstancesUsed":1`, `"totalRAMUsed":2048`, `"maxTotalCores":20`)
	path := nova + "/os-quota-sets/" + p.project
	p.do("GET", path, nil).want(200, `"instances":10`)
	p.do("GET", path+"/detail", nil).want(200, `"in_use":1`)
	p.do("GET", path+"/defaults", nil).want(200)
	w.as("bob", "team-b").do("GET", path, nil).want(403)
	w.as("bob", "team-b").do("GET", path+"/detail", nil).want(403)
	set := func(who *person, in object) reply { return who.do("PUT", path, object{"quota_set": in}) }
	set(p, object{"cores": 100}).want(403)
	set(admin, object{"cores": "x"}).want(400)
	set(admin, object{"wishes": 1}).want(400, "unexpected")
	set(admin, object{"cores": 100, "force": true}).want(200, `"cores":100`)
	admin.do("GET", nova+"/limits?tenant_id="+p.project, nil).want(200, `"maxTotalCores":100`)
	p.do("DELETE", path, nil).want(403)
	admin.do("DELETE", path, nil).want(202)
	p.do("GET", path, nil).want(200, `"cores":20`)
	w.clock.add(time.Hour)
	p.do("GET", nova+"/os-simple-tenant-usage/"+p.project, nil).want(200, `"web-1"`, "total_hours")
	w.as("bob", "team-b").do("GET", nova+"/os-simple-tenant-usage/"+p.project, nil).want(403)
	w.as("bob", "team-b").do("GET", nova+"/os-simple-tenant-usage/"+w.as("bob", "team-b").project, nil).want(200, `{"tenant_usage":{}}`)
}

func TestHosts(t *testing.T) {
	w := newWorld(t)
	p, admin := w.as("alice", "team-a"), w.as("admin", "admin")
	p.do("GET", nova+"/os-availability-zone", nil).want(200, `"nova"`)
	p.do("GET", nova+"/extensions", nil).want(200)
	for _, path := range []string{"/os-hypervisors", "/os-hypervisors/detail", "/os-services", "/os-availability-zone/detail"} {
		p.do("GET", nova+path, nil).want(403, "Policy doesn't allow")
		admin.do("GET", nova+path, nil).want(200)
	}
	p.boot("web-1", p.lay().port)
	admin.do("GET", nova+"/os-hypervisors/detail", nil).want(200, `"running_vms":1`, `"vcpus_used":1`)
	admin.micro = "2.93"
	admin.do("GET", nova+"/os-hypervisors/detail", nil).want(200, "uptime")
	admin.do("GET", nova+"/os-services", nil).want(200, "forced_down")
}
