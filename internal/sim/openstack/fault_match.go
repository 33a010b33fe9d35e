package openstack

import (
	"net/http"
	"slices"
	"strings"
)

// pathAlias are words that people use for a collection.
var pathAlias = map[string]string{
	"floating-ips": "floatingips", "floating_ips": "floatingips", "floatingip": "floatingips", "floating-ip": "floatingips",
	"security_groups": "security-groups", "security-group": "security-groups", "security_group_rules": "security-group-rules",
	"keypairs": "os-keypairs", "keypair": "os-keypairs", "server": "servers", "network-interfaces": "os-interface",
}

// matches tells whether a rule is about a call. The pattern of the call's route says which
// segments are ids.
func (r *Rule) matches(q *http.Request, pattern string) bool {
	if r.Method != "" && !strings.EqualFold(r.Method, "any") && !strings.EqualFold(r.Method, q.Method) {
		return false
	}
	want, path := segments(r.Path), segments(q.URL.Path)
	if len(want) == 0 {
		return true
	}
	if len(want) == 1 && services[want[0]] != nil {
		return path[0] == want[0]
	}
	_, route, _ := strings.Cut(pattern, " ")
	return tail(want, path, segments(route), q.Method)
}

// tail compares from the end, passing over ids that the rule leaves out.
func tail(want, path, route []string, method string) bool {
	i, j := len(want)-1, len(path)-1
	if j > 0 && path[j] == "detail" && want[i] != "detail" && method == http.MethodGet {
		j-- // a list by another name
	}
	mayEndEarly := method == http.MethodDelete || method == http.MethodPut || method == http.MethodPatch
	last := j
	for i >= 0 {
		if j < 0 {
			return false
		}
		w := want[i]
		if to, known := pathAlias[w]; known && w != path[j] {
			w = to
		}
		id := j < len(route) && isID(route[j])
		switch {
		case wild(w) || w == path[j] || strings.TrimSuffix(path[j], ".json") == w:
			i--
		case id && (j < last || mayEndEarly):
		default:
			return false
		}
		j--
	}
	return true
}

// wild tells whether a rule's segment stands for any: *, {id} or :id.
func wild(segment string) bool {
	return segment == "*" || strings.HasPrefix(segment, "{") || strings.HasPrefix(segment, ":")
}

func segments(path string) []string {
	return slices.DeleteFunc(strings.Split(path, "/"), func(s string) bool { return s == "" })
}
