package openstack

import "net/http"

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

func identityVersions(q *call) (answer, error) {
	a := answer{code: http.StatusMultipleChoices, head: map[string]string{"Location": q.base() + "/identity/v3/"}}
	a.body = object{"versions": object{"values": []object{identityV3(q), identityV2(q)}}}
	return a, nil
}

func identityVersion3(q *call) (answer, error) { return ok(object{"version": identityV3(q)}) }
func identityVersion2(q *call) (answer, error) { return ok(object{"version": identityV2(q)}) }

func computeV21(q *call) object {
	return object{
		"id": "v2.1", "status": "CURRENT", "version": "2.93", "min_version": "2.1", "updated": "2013-07-23T11:33:21Z",
		"links": []object{{"rel": "self", "href": q.base() + "/compute/v2.1/"}},
	}
}

func computeVersions(q *call) (answer, error) {
	old := object{
		"id": "v2.0", "status": "SUPPORTED", "version": "", "min_version": "", "updated": "2011-01-21T11:33:21Z",
		"links": []object{{"rel": "self", "href": q.base() + "/compute/v2/"}},
	}
	return ok(object{"versions": []object{old, computeV21(q)}})
}

func computeVersion(q *call) (answer, error) {
	v := computeV21(q)
	v["links"] = append(v["links"].([]object), object{"rel": "describedby", "type": "text/html", "href": "http://docs.openstack.org/"})
	v["media-types"] = []object{{"base": "application/json", "type": "application/vnd.openstack.compute+json;version=2.1"}}
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
