package openstack

import (
	"net/http"
	"slices"
	"strconv"
	"strings"
)

// Version documents tell clients which APIs there are; they need no token.

func identityV3(q *call) object {
	return object{
		"id": "v3.14", "status": "stable", "updated": "2020-04-07T00:00:00Z",
		"links":       []object{{"rel": "self", "href": q.base() + "/identity/v3/"}},
		"media-types": []object{{"base": "application/json", "type": "application/vnd.openstack.identity-v3+json"}},
	}
}

func identityV2(q *call) object {
	return object{
		"id": "v2.0", "status": "deprecated", "updated": "2016-08-04T00:00:00Z",
		"links":       []object{{"rel": "self", "href": q.base() + "/identity/v2.0/"}},
		"media-types": []object{{"base": "application/json", "type": "application/vnd.openstack.identity-v2.0+json"}},
	}
}

func (c *Cloud) identityVersions(q *call) (answer, error) {
	var values []object
	for _, v := range c.era.identity {
		values = append(values, map[string]func(*call) object{"v3": identityV3, "v2.0": identityV2}[v](q))
	}
	a := answer{code: http.StatusMultipleChoices, head: map[string]string{"Location": q.base() + "/identity/" + c.era.identity[0] + "/"}}
	a.body = object{"versions": object{"values": values}}
	return a, nil
}

func identityVersion3(q *call) (answer, error) { return ok(object{"version": identityV3(q)}) }
func identityVersion2(q *call) (answer, error) { return ok(object{"version": identityV2(q)}) }

// novaVersion describes a version of Nova's API; "v2.1" alone has microversions.
func (c *Cloud) novaVersion(q *call, v string) object {
	o := object{"id": v, "status": "CURRENT", "updated": "2011-01-21T11:33:21Z",
		"links": []object{{"rel": "self", "href": q.base() + "/compute/" + v + "/"}}}
	switch {
	case v == "v2.1":
		o["version"], o["min_version"], o["updated"] = "2."+strconv.Itoa(c.era.newest), "2.1", "2013-07-23T11:33:21Z"
	case c.era.newest > 0: // beside v2.1
		o["id"], o["version"], o["min_version"], o["status"] = "v2.0", "", "", "SUPPORTED"
	case v == "v2":
		o["id"] = "v2.0"
	}
	return o
}

func (c *Cloud) computeVersions(q *call) (answer, error) {
	var all []object
	for _, v := range slices.Backward(c.era.nova) {
		all = append(all, c.novaVersion(q, v))
	}
	return ok(object{"versions": all})
}

func (c *Cloud) computeVersion(q *call) (answer, error) {
	_, version, _ := strings.Cut(strings.TrimPrefix(q.nova(), "/"), "/")
	version, _, _ = strings.Cut(version, "/")
	v := c.novaVersion(q, version)
	v["links"] = append(v["links"].([]object), object{"rel": "describedby", "type": "text/html", "href": "http://docs.openstack.org/"})
	v["media-types"] = []object{{"base": "application/json",
		"type": "application/vnd.openstack.compute+json;version=" + strings.TrimPrefix(version, "v")}}
	return ok(object{"version": v})
}

func networkVersions(q *call) (answer, error) {
	return ok(object{"versions": []object{{
		"id": "v2.0", "status": "CURRENT", "links": []object{{"rel": "self", "href": q.base() + "/network/v2.0/"}},
	}}})
}

// networkResources is GET /v2.0, which lists the kinds of resource.
func networkResources(q *call) (answer, error) {
	out := []object{}
	for _, k := range neutronKinds {
		out = append(out, object{"name": k.plural, "collection": k.path,
			"links": []object{{"rel": "self", "href": q.base() + "/network/v2.0/" + k.path}}})
	}
	return ok(object{"resources": out})
}

func imageVersions(q *call) (answer, error) {
	var out []object
	for i, v := range []string{"v2.15", "v2.13", "v2.12", "v2.11", "v2.10", "v2.9", "v2.8", "v2.7", "v2.6", "v2.5",
		"v2.4", "v2.3", "v2.2", "v2.1", "v2.0"} {
		status := "SUPPORTED"
		if i == 0 {
			status = "CURRENT"
		}
		out = append(out, object{"id": v, "status": status, "links": []object{{"rel": "self", "href": q.base() + "/image/v2/"}}})
	}
	return answer{code: http.StatusMultipleChoices, body: object{"versions": out}}, nil
}
