package openstack

import (
	"fmt"
	"net"
	"net/netip"
	"slices"
	"strings"
)

// attr is what Neutron takes for one attribute of a resource.
type attr struct {
	post, put bool
	required  bool
	admin     bool                      // only administrators may set it
	check     func(v any) (any, string) // the value as it is kept, or the reason why it is refused
}

// readOnly lists attributes that are shown and can be filtered by, but not set.
func readOnly(into map[string]attr, names ...string) map[string]attr {
	names = append(names, "id", "status", "created_at", "updated_at", "revision_number", "tags")
	for _, n := range names {
		if _, there := into[n]; !there {
			into[n] = attr{}
		}
	}
	into["tenant_id"] = attr{post: true, check: asText(255)}
	into["project_id"] = attr{post: true, check: asText(255)}
	if _, there := into["name"]; !there {
		into["name"] = attr{post: true, put: true, check: asText(255)}
	}
	if _, there := into["description"]; !there {
		into["description"] = attr{post: true, put: true, check: asText(255)}
	}
	return into
}

func bothWays(check func(any) (any, string)) attr { return attr{post: true, put: true, check: check} }
func onPost(check func(any) (any, string)) attr   { return attr{post: true, check: check} }
func needed(check func(any) (any, string)) attr {
	return attr{post: true, required: true, check: check}
}
func adminOnly(check func(any) (any, string)) attr {
	return attr{post: true, put: true, admin: true, check: check}
}

func asText(max int) func(any) (any, string) {
	return func(v any) (any, string) {
		s, isText := v.(string)
		if !isText {
			return nil, fmt.Sprintf("'%v' is not a valid string.", plain(v))
		}
		if len([]rune(s)) > max {
			return nil, fmt.Sprintf("'%s' exceeds maximum length of %d.", s, max)
		}
		return s, ""
	}
}

func asBool(v any) (any, string) {
	switch strings.ToLower(fmt.Sprint(v)) {
	case "true", "1":
		return true, ""
	case "false", "0":
		return false, ""
	}
	return nil, fmt.Sprintf("\x00'%v' cannot be converted to boolean.", plain(v))
}

func asUUID(v any) (any, string) {
	s, _ := v.(string)
	if !isUUID(s) {
		return nil, fmt.Sprintf("'%v' is not a valid UUID.", plain(v))
	}
	return s, ""
}

func orNull(check func(any) (any, string)) func(any) (any, string) {
	return func(v any) (any, string) {
		if v == nil {
			return nil, ""
		}
		return check(v)
	}
}

func asIP(v any) (any, string) {
	if _, err := netip.ParseAddr(text(v)); err != nil {
		return nil, fmt.Sprintf("'%v' is not a valid IP address.", plain(v))
	}
	return v, ""
}

func asMAC(v any) (any, string) {
	m, err := net.ParseMAC(text(v))
	if err != nil {
		return nil, fmt.Sprintf("'%v' is not a valid MAC address.", plain(v))
	}
	return m.String(), ""
}

func asUUIDs(v any) (any, string) {
	list, isList := v.([]any)
	if !isList {
		return nil, fmt.Sprintf("'%v' is not a list.", plain(v))
	}
	out := []string{}
	for _, x := range list {
		if _, why := asUUID(x); why != "" {
			return nil, why
		}
		if slices.Contains(out, text(x)) {
			return nil, fmt.Sprintf("Duplicate items in the list: '%s'.", text(x))
		}
		out = append(out, text(x))
	}
	return out, ""
}

func asNameservers(v any) (any, string) {
	list, isList := v.([]any)
	if !isList {
		return nil, fmt.Sprintf("Invalid data format for nameserver: '%v'.", plain(v))
	}
	out := []string{}
	for _, x := range list {
		if _, why := asIP(x); why != "" {
			return nil, fmt.Sprintf("'%v' is not a valid nameserver. %s", plain(x), why)
		}
		out = append(out, text(x))
	}
	return out, ""
}

func oneOf(values ...string) func(any) (any, string) {
	return func(v any) (any, string) {
		s := text(v)
		if !slices.Contains(values, s) {
			return nil, fmt.Sprintf("%v is not in valid_values.", plain(v))
		}
		return s, ""
	}
}

func asInt(v any) (any, string) {
	n, isNumber := whole(v)
	if !isNumber {
		return nil, fmt.Sprintf("'%v' is not an integer.", plain(v))
	}
	return n, ""
}

func anything(v any) (any, string) { return v, "" }

// isUUID takes the forms that Python's uuid.UUID takes.
func isUUID(s string) bool {
	s = strings.ToLower(strings.ReplaceAll(s, "-", ""))
	return isHexID(s)
}

// checkPost holds a new resource's attributes against the table, in Neutron's order, and
// replaces them by their kept form.
func (k *kind) checkPost(q *call, in object) error {
	if p := text(in["tenant_id"]) + text(in["project_id"]); p != "" && !q.tok.admin() && !strings.HasPrefix(p, q.tok.projectID()) {
		return policy(fmt.Sprintf("(rule:create_%s and rule:create_%s:tenant_id)", k.singular, k.singular))
	}
	for _, name := range sortedKeys(k.attrs) {
		if _, given := in[name]; k.attrs[name].required && !given {
			return neutronErr(400, "HTTPBadRequest", "Failed to parse request. Required attribute '%s' not specified", name)
		}
	}
	return k.check(q, in, "create", func(a attr, name string) error {
		if !a.post {
			return neutronErr(400, "HTTPBadRequest", "Attribute '%s' not allowed in POST", name)
		}
		return nil
	})
}

func (k *kind) checkPut(q *call, in object) error {
	return k.check(q, in, "update", func(a attr, name string) error {
		if !a.put {
			return neutronErr(400, "HTTPBadRequest", "Cannot update read-only attribute %s", name)
		}
		return nil
	})
}

func (k *kind) check(q *call, in object, verb string, allowed func(attr, string) error) error {
	for _, name := range sortedKeys(in) {
		a, known := k.attrs[name]
		if !known {
			return neutronErr(400, "HTTPBadRequest", "Unrecognized attribute(s) '%s'", name)
		}
		if err := allowed(a, name); err != nil {
			return err
		}
		v, why := a.check(in[name])
		if rest, operation := strings.CutPrefix(why, "\x00"); operation {
			return badInput("%s", rest)
		}
		if why != "" {
			return neutronErr(400, "HTTPBadRequest", "Invalid input for %s. Reason: %s", name, why)
		}
		if a.admin && !q.tok.admin() && v != false {
			return policy(fmt.Sprintf("(rule:%s_%s and rule:%s_%s:%s)", verb, k.singular, verb, k.singular, name))
		}
		in[name] = v
	}
	return nil
}

func sortedKeys[V any](m map[string]V) []string {
	out := make([]string, 0, len(m))
	for k := range m {
		out = append(out, k)
	}
	slices.Sort(out)
	return out
}
