package openstack

import (
	"strings"
	"testing"
	"time"
)

// blocks is where the caller's volumes are.
func (p *person) blocks() string { return "/volume/v3/" + p.project }

// disk orders a volume and waits until it can be used.
func (p *person) disk(fields object) string {
	p.Helper()
	id := p.do("POST", p.blocks()+"/volumes", object{"volume": fields}).want(202, `"status":"creating"`).str("volume.id")
	p.clock.add(time.Second)
	p.do("GET", p.blocks()+"/volumes/"+id, nil).want(200, `"status":"available"`)
	return id
}

func TestVolumes(t *testing.T) {
	w := newWorld(t)
	p := w.as("alice", "team-a")
	id := p.disk(object{"name": "data-1", "size": 2, "metadata": object{"k": "v"}})
	one := p.blocks() + "/volumes/" + id
	p.do("GET", one, nil, "OpenStack-API-Version", "volume 3.70").want(200, `"volume_type_id"`, `"os-vol-tenant-attr:tenant_id"`)
	p.do("GET", one, nil, "OpenStack-API-Version", "volume 3.71").want(406)
	p.do("PUT", one, object{"volume": object{"name": "data-2"}}).want(200, `"data-2"`)
	p.do("PUT", one, object{"volume": object{"size": 5}}).want(400, "'size' was unexpected")
	p.do("POST", one+"/metadata", object{"metadata": object{"a": "b"}}).want(200, `"k":"v"`, `"a":"b"`)
	p.do("PUT", one+"/metadata", object{"metadata": object{"c": "d"}}).want(200, `{"metadata":{"c":"d"}}`)
	p.do("PUT", one+"/metadata/c", object{"meta": object{"c": "e"}}).want(200, `{"meta":{"c":"e"}}`)
	p.do("DELETE", one+"/metadata/c", nil).want(200)
	p.do("GET", one+"/metadata/c", nil).want(404, "has no metadata with key c.")
	act := func(in object) reply { return p.do("POST", one+"/action", in) }
	act(object{"os-extend": object{"new_size": 2}}).want(400, "must be greater than current size. (current: 2, extended: 2)")
	act(object{"os-extend": object{"new_size": 3}}).want(202)
	act(object{"os-extend": object{"new_size": 4}}).want(400, "currently extending.")
	w.clock.add(time.Second)
	p.do("GET", one, nil).want(200, `"size":3`, `"available"`)
	act(object{"os-set_bootable": object{"bootable": true}}).want(200)
	act(object{"os-set_bootable": object{"bootable": "zz"}}).want(400, "'zz' is not one of [True")
	act(object{"os-reset_status": object{"status": "error"}}).want(403, "volume_admin_actions:reset_status")
	act(object{"dance": object{}}).want(400, "There is no such action: dance.")
	w.as("bob", "team-b").do("GET", "/volume/v3/volumes/"+id, nil).want(404)
	w.as("bob", "team-b").do("GET", one, nil).want(400, "Malformed request url")
	p.do("DELETE", one, nil).want(202)
	p.do("GET", one, nil).want(200, `"deleting"`)
	w.clock.add(time.Second)
	p.do("GET", one, nil).want(404, "Volume "+id+" could not be found.")
	if n := w.cloud.Count("volumes", "team-a"); n != 0 {
		t.Errorf("%d volumes left", n)
	}
}

func TestVolumeRefusals(t *testing.T) {
	w := newWorld(t)
	p := w.as("alice", "team-a")
	const nobody = "9b1deb4d-3b7d-4bad-9bdd-2b0d7b3dcb6d"
	for _, c := range []struct {
		in   object
		code int
		says string
	}{
		{object{}, 400, "malformed or otherwise incorrect"},
		{object{"size": 0}, 400, "0 is less than the minimum of 1"},
		{object{"size": "x"}, 400, "'x' does not match '^[0-9]+$'"},
		{object{"size": true}, 400, "is not of type 'integer', 'string', 'null'"},
		{object{"size": 1, "name": 5}, 400, "5 is not of type 'string', 'null'"},
		{object{"size": 1, "name": strings.Repeat("x", 256)}, 400, "name has 256 characters, more than 255."},
		{object{"size": 1, "metadata": object{"": "x"}}, 400, "does not match any of the regexes"},
		{object{"size": 1, "metadata": object{"k": 5}}, 400, "is not of type 'string'"},
		{object{"size": 1, "imageRef": nobody}, 400, "Invalid image identifier"},
		{object{"size": 1, "imageRef": p.image("Ubuntu 22.04")}, 400, "cannot be smaller than the image minDisk size 5GB"},
		{object{"size": 1, "snapshot_id": nobody}, 404, "Snapshot " + nobody},
		{object{"size": 1, "snapshot_id": "x"}, 400, "is not valid under any of the given schemas"},
		{object{"size": 1, "source_volid": nobody}, 404, "Volume " + nobody},
		{object{"size": 5, "imageRef": p.image("Ubuntu 22.04"), "source_volid": nobody}, 400, "May specify only one of"},
		{object{"size": 1, "volume_type": "gold"}, 404, "Volume type with name gold could not be found."},
		{object{"size": 1, "availability_zone": "moon"}, 400, "Availability zone 'moon' is invalid."},
		{object{"size": 2000}, 413, "Requested 2000G, quota is 1000G and 0G has been consumed."},
	} {
		p.do("POST", p.blocks()+"/volumes", object{"volume": c.in}).want(c.code, c.says)
	}
	p.do("POST", p.blocks()+"/volumes", object{"disk": object{}}).want(400, "'volume' is a required property")
}

func TestSnapshots(t *testing.T) {
	w := newWorld(t)
	p := w.as("alice", "team-a")
	id := p.disk(object{"name": "data-1", "size": 2})
	all := p.blocks() + "/snapshots"
	take := func(in object) reply { return p.do("POST", all, object{"snapshot": in}) }
	take(object{}).want(400, "'volume_id' is a required property")
	take(object{"volume_id": id, "colour": "red"}).want(400, "'colour' was unexpected")
	snap := take(object{"volume_id": id, "name": "monday", "metadata": object{"a": "b"}}).want(202, `"creating"`).str("snapshot.id")
	p.do("DELETE", p.blocks()+"/volumes/"+id, nil).want(400, "Volume status must be available or error")
	w.clock.add(time.Second)
	p.do("GET", all+"/"+snap, nil).want(200, `"available"`, `"100%"`)
	p.do("GET", all+"?name=tuesday", nil).want(200, `"snapshots":[]`)
	p.do("PUT", all+"/"+snap, object{"snapshot": object{"name": "mon"}}).want(200, `"mon"`)
	p.do("GET", all+"/"+snap+"/metadata", nil).want(200, `{"a":"b"}`)
	p.do("POST", p.blocks()+"/volumes", object{"volume": object{"snapshot_id": snap, "size": 1}}).want(400, "cannot be smaller than the snapshot size 2GB")
	copied := p.disk(object{"name": "copy", "snapshot_id": snap})
	p.do("GET", p.blocks()+"/volumes/"+copied, nil).want(200, `"size":2`, snap)
	p.disk(object{"name": "twin", "source_volid": id})
	p.do("POST", all+"/"+snap+"/action", object{"os-force_delete": object{}}).want(403)
	p.do("DELETE", p.blocks()+"/volumes/"+id+"?cascade=True", nil).want(202)
	w.clock.add(time.Second)
	p.do("GET", all+"/"+snap, nil).want(404, "Snapshot "+snap)
}

func TestVolumeLists(t *testing.T) {
	w := newWorld(t)
	p, admin := w.as("alice", "team-a"), w.as("admin", "admin")
	for _, name := range []string{"b", "a", "c"} {
		p.disk(object{"name": name, "size": 1, "metadata": object{"of": name}})
	}
	names := func(who *person, query string) string {
		var out []string
		for _, x := range who.do("GET", who.blocks()+"/volumes"+query, nil).want(200).list("volumes") {
			out = append(out, text(x.(object)["name"]))
		}
		return strings.Join(out, " ")
	}
	for query, want := range map[string]string{
		"": "c a b", "/detail": "c a b", "?sort=name:asc": "a b c", "?sort_key=name&sort_dir=desc": "c b a", "?limit=1": "c", "?offset=2": "b",
		"?name=a": "a", "?status=available&limit=2": "c a", "?nothing=1": "c a b", "/detail?metadata=%7B%27of%27%3A+%27b%27%7D": "b",
	} {
		if got := names(p, query); got != want {
			t.Errorf("%s: %q, want %q", query, got, want)
		}
	}
	next := p.do("GET", p.blocks()+"/volumes?limit=2", nil).str("volumes_links.0.href")
	p.do("GET", strings.TrimPrefix(next, w.url), nil).want(200, `"b"`)
	p.do("GET", p.blocks()+"/volumes?limit=x", nil).want(400, "limit param must be an integer")
	p.do("GET", p.blocks()+"/volumes?sort=wings", nil).want(400)
	p.do("GET", p.blocks()+"/volumes?marker=nix", nil).want(404, "Volume nix could not be found.")
	if got := names(admin, "?all_tenants=True") + names(admin, "") + names(admin, "?all_tenants=1&project_id="+admin.project); got != "c a b" {
		t.Errorf("the administrator sees %q", got)
	}
	p.do("GET", p.blocks()+"/volumes/summary", nil, "OpenStack-API-Version", "volume 3.36").want(200, `"total_count":3`)
}

func TestVolumeQuotas(t *testing.T) {
	w := newWorld(t)
	p, admin := w.as("alice", "team-a"), w.as("admin", "admin")
	for rule, want := range map[string]string{
		"quota team-a volumes 1":    "VolumeLimitExceeded: Maximum number of volumes allowed (1) exceeded for quota 'volumes'.",
		"quota team-a gigabytes 1":  "VolumeSizeExceedsAvailableQuota: Requested volume or snapshot exceeds allowed gigabytes quota. Requested 1G, quota is 1G and 1G has been consumed.",
		"quota team-a snapshots -1": "",
	} {
		r, err := ParseRule(strings.Fields(rule))
		if err != nil {
			t.Fatal(err)
		}
		admin.do("DELETE", admin.blocks()+"/os-quota-sets/"+p.project, nil).want(200)
		id := p.disk(object{"size": 1})
		if err := w.cloud.Fault(r); err != nil {
			t.Fatal(err)
		}
		reply := p.do("POST", p.blocks()+"/volumes", object{"volume": object{"size": 1}})
		if want != "" {
			reply.want(413, want, `"retryAfter":"0"`)
		} else {
			p.do("DELETE", p.blocks()+"/volumes/"+reply.want(202).str("volume.id"), nil).want(202)
		}
		p.do("DELETE", p.blocks()+"/volumes/"+id, nil).want(202)
		w.clock.add(time.Second)
	}
	admin.do("DELETE", admin.blocks()+"/os-quota-sets/"+p.project, nil).want(200) // the last rule of the table
	admin.do("PUT", admin.blocks()+"/os-quota-sets/"+p.project, object{"quota_set": object{"snapshots": 0}}).want(200, `"snapshots":0`)
	id := p.disk(object{"size": 1})
	p.do("POST", p.blocks()+"/snapshots", object{"snapshot": object{"volume_id": id}}).want(413, "SnapshotLimitExceeded")
	p.do("GET", p.blocks()+"/limits", nil).want(200, `"totalVolumesUsed":1`, `"maxTotalVolumes"`)
	p.do("GET", p.blocks()+"/os-quota-sets/"+p.project+"?usage=True", nil).want(200, `"in_use":1`)
	p.do("GET", p.blocks()+"/os-quota-sets/"+admin.project, nil).want(403)
	p.do("PUT", p.blocks()+"/os-quota-sets/"+p.project, object{"quota_set": object{}}).want(403)
}

func TestCinderItself(t *testing.T) {
	w := newWorld(t)
	p, admin := w.as("alice", "team-a"), w.as("admin", "admin")
	p.do("GET", "/volume/", nil).want(300, `"3.70"`)
	p.do("GET", "/volume/v3/", nil).want(200, `"3.70"`)
	p.do("GET", v3+"/auth/catalog", nil).want(200, `"volumev3"`, `"block-storage"`, "/volume/v3/"+p.project)
	kind := p.do("GET", p.blocks()+"/types", nil).want(200, "__DEFAULT__").str("volume_types.0.id")
	p.do("GET", p.blocks()+"/types/"+kind, nil).want(200)
	p.do("GET", p.blocks()+"/types/gold", nil).want(404)
	p.do("GET", p.blocks()+"/os-availability-zone", nil).want(200, `"nova"`)
	p.do("GET", p.blocks()+"/os-services", nil).want(403, "volume_extension:services:index")
	admin.do("GET", admin.blocks()+"/os-services", nil).want(200, "cinder-volume")
	p.do("GET", p.blocks()+"/wishes", nil).want(404)
}

func TestVolumeFaults(t *testing.T) {
	w := newWorld(t)
	p := w.as("alice", "team-a")
	for _, words := range []string{"volume error bad times 1", "POST /snapshots 503", "any /volume delay 1ms"} {
		r, err := ParseRule(strings.Fields(words))
		if err != nil {
			t.Fatal(err)
		}
		if err := w.cloud.Fault(r); err != nil {
			t.Fatal(err)
		}
	}
	bad := p.do("POST", p.blocks()+"/volumes", object{"volume": object{"name": "bad", "size": 1}}).want(202).str("volume.id")
	w.clock.add(time.Second)
	p.do("GET", p.blocks()+"/volumes/"+bad, nil).want(200, `"status":"error"`)
	id := p.disk(object{"name": "bad", "size": 1})
	in := object{"snapshot": object{"volume_id": id}}
	p.do("POST", p.blocks()+"/snapshots", in).want(503)
	p.do("POST", p.blocks()+"/snapshots", in).want(202)
	p.do("DELETE", p.blocks()+"/volumes/"+bad, nil).want(202)
	for _, words := range []string{"volume", "volume grow x", "volume error x nonsense"} {
		if _, err := ParseRule(strings.Fields(words)); err == nil {
			t.Errorf("%s is taken for a rule", words)
		}
	}
}
