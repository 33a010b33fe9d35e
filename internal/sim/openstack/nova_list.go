package openstack

import (
	"maps"
	"regexp"
	"slices"
	"strings"
	"time"
)

var statuses = []string{"ACTIVE", "BUILD", "DELETED", "ERROR", "HARD_REBOOT", "MIGRATING", "PASSWORD", "PAUSED", "REBOOT",
	"REBUILD", "RESCUE", "RESIZE", "REVERT_RESIZE", "SHELVED", "SHELVED_OFFLOADED", "SHUTOFF", "SOFT_DELETED", "SUSPENDED",
	"UNKNOWN", "VERIFY_RESIZE"}

// wanted is what a list of servers is narrowed to.
type wanted struct {
	all     bool
	since   time.Time
	before  time.Time
	name    *regexp.Regexp
	ips     *regexp.Regexp
	exact   map[string][]string
	deleted bool
}

// listServers is GET /servers and /servers/detail, newest first.
func (c *Cloud) listServers(detail bool) handler {
	return func(q *call) (answer, error) {
		w, err := readWanted(q)
		if err != nil {
			return answer{}, err
		}
		limit, marker, err := q.limited()
		if err != nil {
			return answer{}, err
		}
		c.forget(q.now)
		page, err := c.pageOfServers(q, w, limit, marker)
		if err != nil {
			return answer{}, err
		}
		body := object{}
		if n := len(page); n == limit && n > 0 { // a full page, the last one too
			body["servers_links"] = q.nextLink(page[n-1].id)
		}
		views, briefs := []serverView{}, []object{}
		for _, s := range page {
			if detail {
				views = append(views, c.serverView(q, s))
			} else {
				briefs = append(briefs, s.brief(q))
			}
		}
		body["servers"] = briefs
		if detail {
			body["servers"] = views
		}
		return ok(body)
	}
}

// pageOfServers are the servers behind the marker that are wanted, up to limit.
func (c *Cloud) pageOfServers(q *call, w wanted, limit int, marker string) ([]*server, error) {
	seen := marker == ""
	var page []*server
	for _, s := range slices.Backward(c.compute.order) {
		switch {
		case !seen:
			seen = s.id == marker
		case len(page) == limit:
			return page, nil
		case c.fitsServer(q, s, w):
			page = append(page, s)
		}
	}
	if !seen {
		return nil, refusal(400, "marker [%s] not found", marker)
	}
	return page, nil
}

// passedOver are query parameters that change nothing here; since 2.75 Nova refuses those that it does not know.
var passedOver = []string{"limit", "marker", "sort_key", "sort_dir", "access_ip_v4", "access_ip_v6", "auto_disk_config", "changes-before",
	"config_drive", "created_at", "description", "display_description", "display_name", "hostname", "image_ref", "instance_type_id", "kernel_id",
	"launch_index", "launched_at", "locked", "locked_by", "node", "not-tags", "not-tags-any", "power_state", "progress", "ramdisk_id",
	"reservation_id", "root_device_name", "soft_deleted", "tags-any", "terminated_at"}

// readWanted reads the filters. Those that only administrators may use are ignored for
// others, as Nova does.
func readWanted(q *call) (wanted, error) {
	w := wanted{exact: map[string][]string{}}
	query := q.URL.Query()
	for _, key := range slices.Sorted(maps.Keys(query)) {
		if err := w.read(q, key, query[key]); err != nil {
			return w, err
		}
	}
	return w, nil
}

// read reads one filter.
func (w *wanted) read(q *call, key string, values []string) (err error) {
	v := values[len(values)-1]
	switch key {
	case "changes-since":
		w.since, err = changed(key, v)
		w.deleted = true
	case "changes-before":
		w.before, err = changed(key, v)
	case "name":
		w.name, err = pattern(key, v)
	case "ip", "ip6":
		w.ips, err = pattern(key, v)
	case "all_tenants":
		err = w.readAll(q, v)
	case "deleted":
		if b, why := asBool(v); why == "" && q.tok.admin() {
			w.deleted = b.(bool)
		}
	case "status":
		err = w.readStatus(q, values)
	case "flavor", "image", "vm_state", "key_name", "uuid", "tags":
		w.exact[key] = values
	case "user_id", "project_id", "tenant_id", "host", "availability_zone", "task_state":
		if q.tok.admin() || key == "user_id" || key == "availability_zone" {
			w.exact[key] = values
		}
	default:
		if q.minor >= 75 && !slices.Contains(passedOver, key) && !strings.HasPrefix(key, "_") {
			err = refusal(400, "'%s' does not match any of the regexes: '^_'", key)
		}
	}
	return err
}

// readStatus reads the states that are wanted; older Novas find nothing in a state that there is not.
func (w *wanted) readStatus(q *call, values []string) error {
	for _, v := range values {
		s := strings.ToUpper(v)
		if !slices.Contains(statuses, s) {
			if q.minor >= 38 {
				return refusal(400, "Invalid status value")
			}
			s = "no such status"
		}
		w.exact["status"] = append(w.exact["status"], s)
	}
	return nil
}

func (w *wanted) readAll(q *call, v string) error {
	b, why := asBool(v)
	if v == "" {
		b, why = true, ""
	}
	if why != "" {
		return refusal(400, "Unrecognized value '%s', acceptable values are: '0', '1', 'f', 'false', 'n', 'no', 'off', 'on', 't', 'true', 'y', 'yes'", v)
	}
	w.all = b.(bool)
	if w.all && !q.tok.admin() {
		list := "index"
		if strings.HasSuffix(q.URL.Path, "/detail") {
			list = "detail"
		}
		return novaPolicy("servers:" + list + ":get_all_tenants")
	}
	return nil
}

func changed(key, v string) (time.Time, error) {
	t, err := parseTime(strings.Replace(v, " ", "+", 1))
	if err != nil {
		t, err = parseTime(v)
	}
	if err != nil {
		return t, invalidQuery(key, v, "is not a 'date-time'")
	}
	return t, nil
}

// pattern compiles a regular expression of the kind that the database matches anywhere in a value.
func pattern(key, v string) (*regexp.Regexp, error) {
	re, err := regexp.Compile(v)
	if err != nil {
		return nil, invalidQuery(key, v, "is not a 'regex'")
	}
	return re, nil
}

func (c *Cloud) fitsServer(q *call, s *server, w wanted) bool {
	switch {
	case s.gone && (!w.deleted || !w.since.IsZero() && s.updated.Before(w.since)):
		return false
	case !w.all && s.tenant.id != q.tok.projectID():
		return false
	case !w.since.IsZero() && s.updated.Before(w.since.Truncate(time.Second)):
		return false
	case !w.before.IsZero() && s.updated.After(w.before):
		return false
	case w.name != nil && !w.name.MatchString(s.name):
		return false
	case w.ips != nil && !c.hasAddress(s, w.ips):
		return false
	}
	for key, values := range w.exact {
		if !slices.Contains(values, s.attribute(key)) && !(key == "tags" && hasTags(s, values)) {
			return false
		}
	}
	return true
}

func hasTags(s *server, want []string) bool {
	for _, t := range strings.Split(strings.Join(want, ","), ",") {
		if !slices.Contains(s.tags, t) {
			return false
		}
	}
	return true
}

func (s *server) attribute(key string) string {
	switch key {
	case "status":
		return s.status()
	case "flavor":
		return s.flavor.id
	case "image":
		return s.imageID
	case "vm_state":
		return s.vm
	case "task_state":
		return s.task
	case "key_name":
		return s.keyName
	case "uuid":
		return s.id
	case "user_id":
		return s.user.id
	case "project_id", "tenant_id":
		return s.tenant.id
	case "host":
		return s.host
	case "availability_zone":
		return s.zone
	}
	return ""
}

func (c *Cloud) hasAddress(s *server, re *regexp.Regexp) bool {
	for _, p := range s.ports {
		for _, f := range p.ips {
			if re.MatchString(f.addr.String()) {
				return true
			}
		}
	}
	return false
}

// forget drops servers that have been gone for long.
func (c *Cloud) forget(now time.Time) {
	if len(c.compute.order) == 0 || !c.compute.order[0].gone || now.Sub(c.compute.order[0].terminated) < idle {
		return
	}
	c.compute.order = slices.DeleteFunc(c.compute.order, func(s *server) bool {
		old := s.gone && now.Sub(s.terminated) >= idle
		if old {
			delete(c.compute.servers, s.id)
		}
		return old
	})
}
