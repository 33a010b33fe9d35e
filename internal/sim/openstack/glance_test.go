package openstack

import (
	"strings"
	"testing"
)

func TestImages(t *testing.T) {
	w := newWorld(t)
	p := w.as("alice", "team-a")
	const images = "/image/v2/images"
	patch := func(id string, in any) reply {
		return p.do("PATCH", images+"/"+id, in, "Content-Type", "application/openstack-images-v2.1-json-patch")
	}
	for _, tc := range []struct {
		in     object
		status int
		words  string
	}{
		{object{"name": 5}, 400, "5 is not of type 'null', 'string'"},
		{object{"visibility": "public"}, 403, "publicize_image"},
		{object{"disk_format": "foo"}, 400, "'foo' is not one of"},
		{object{"min_disk": "x"}, 400, "integer"},
		{object{"protected": "x"}, 400, "boolean"},
		{object{"tags": "x"}, 400, "array"},
		{object{"foo": 5}, 400, "string"},
		{object{"status": "active"}, 403, "Attribute 'status' is read-only."},
	} {
		p.do("POST", images, tc.in).want(tc.status, tc.words, "<br /><br />")
	}
	id := p.do("POST", images, object{"name": "mine", "foo": "bar", "min_ram": 512, "tags": []string{"t"}}).want(201, `"queued"`, `"size":null`).str("id")
	p.do("PUT", images+"/"+id+"/file", "data").want(400, "disk_format")
	patch(id, []object{{"op": "add", "path": "/disk_format", "value": "raw"}, {"op": "add", "path": "/container_format", "value": "bare"},
		{"op": "replace", "path": "/name", "value": "yours"}, {"op": "remove", "path": "/foo"}, {"op": "add", "path": "/protected", "value": true}}).want(200, `"yours"`)
	patch(id, []object{{"op": "replace", "path": "/name", "value": "lost"}, {"op": "remove", "path": "/nope"}}).want(409, "Property nope does not exist.")
	p.do("GET", images+"/"+id, nil).want(200, `"yours"`)
	for _, tc := range []struct {
		op     object
		status int
	}{
		{object{"op": "replace", "path": "/status", "value": "x"}, 403}, {object{"op": "replace", "path": "/nope", "value": "x"}, 409},
		{object{"op": "burn", "path": "/name"}, 400}, {object{"op": "remove", "path": "/name"}, 403}, {object{"op": "add", "path": "/a/b", "value": "x"}, 400},
	} {
		patch(id, []object{tc.op}).want(tc.status)
	}
	patch(id, object{}).want(400)
	p.do("PATCH", images+"/"+id, []object{}).want(415)
	p.do("GET", images+"/"+id+"/file", nil).want(204)
	p.do("PUT", images+"/"+id+"/file", "data").want(204)
	p.do("PUT", images+"/"+id+"/file", "data").want(409, "Image status transition from active to saving is not allowed")
	if r := p.do("GET", images+"/"+id+"/file", nil).want(200); r.raw != "data" {
		t.Errorf("downloaded %q", r.raw)
	}
	p.do("GET", images+"/"+id, nil).want(200, "8d777f385d3dfec8815d20f7496026dc", `"size":4`)
	p.do("DELETE", images+"/"+id, nil).want(403, "is protected")
	bob := w.as("bob", "team-b")
	bob.do("GET", images+"/"+id, nil).want(404, "No image found with ID "+id)
	bob.do("DELETE", images+"/"+id, nil).want(404, "Failed to find image")
	p.do("DELETE", images+"/"+p.image("CentOS 7"), nil).want(403, "You do not own this image")
	if n := w.cloud.Count("images", "team-a"); n != 1 {
		t.Errorf("%d images of team-a", n)
	}
}

func TestImageLists(t *testing.T) {
	w := newWorld(t)
	p := w.as("alice", "team-a")
	const images = "/image/v2/images"
	id := p.do("POST", images, object{"name": "yours", "tags": []string{"t"}, "disk_format": "raw", "container_format": "bare"}).want(201).str("id")
	p.do("PUT", images+"/"+id+"/file", "data").want(204)
	names := func(query string) string {
		t.Helper()
		var out []string
		for _, x := range p.do("GET", images+"?"+query, nil).want(200).list("images") {
			out = append(out, x.(object)["name"].(string))
		}
		return strings.Join(out, ",")
	}
	for query, want := range map[string]string{
		"sort=name:asc": "CentOS 7,CirrOS 0.6,Debian 12,Ubuntu 22.04,Ubuntu Trusty,yours", "owner=" + p.project: "yours", "visibility=shared": "yours",
		"os_distro=ubuntu&sort_key=name&sort_dir=desc": "Ubuntu Trusty,Ubuntu 22.04", "tag=t": "yours", "size_max=10": "yours", "name=in:yours,nix": "yours",
		"limit=1": "yours", "status=queued": "",
	} {
		if got := names(query); got != want {
			t.Errorf("%s: %q, want %q", query, got, want)
		}
	}
	r := p.do("GET", images+"?limit=4&sort=name:asc", nil).want(200)
	p.do("GET", "/image"+r.str("next"), nil).want(200, "yours")
	for query, words := range map[string]string{"limit=x": "must be an integer", "limit=-1": "positive", "marker=nix": "No image found", "sort=bogus": "Invalid sort key"} {
		p.do("GET", images+"?"+query, nil).want(400, words)
	}
	p.do("GET", "/image/v2/schemas/image", nil).want(200, "os_hash_algo")
	p.do("DELETE", images+"/"+id, nil).want(204)
	p.do("GET", images+"/"+id, nil).want(404)
}
