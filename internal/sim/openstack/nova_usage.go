package openstack

import (
	"slices"
	"strings"
	"time"
)

// tenantUsage is GET /os-simple-tenant-usage/{id}: what the project's servers have used between start and end, in
// hours; those that are gone as well.
func (c *Cloud) tenantUsage(q *call) (answer, error) {
	if !q.tok.sees(q.id()) {
		return answer{}, novaPolicy("os-simple-tenant-usage:show")
	}
	from, to, err := q.usagePeriod()
	if err != nil {
		return answer{}, err
	}
	used := c.usedIn(q.id(), from, to)
	page, more, err := q.usagePage(used)
	if err != nil {
		return answer{}, err
	}
	if len(page) == 0 {
		return ok(object{"tenant_usage": object{}})
	}
	body := object{"tenant_usage": c.usageView(q, q.id(), page, from, to)}
	if more {
		body["tenant_usage_links"] = q.nextLink(page[len(page)-1].id)
	}
	return ok(body)
}

// usageView is what servers of a project have used between two moments.
func (c *Cloud) usageView(q *call, project string, servers []*server, from, to time.Time) object {
	total := map[string]float64{}
	list := []object{}
	for _, s := range servers {
		h := hoursIn(s, from, to)
		total["total_hours"] += h
		total["total_vcpus_usage"] += h * float64(s.flavor.vcpus)
		total["total_memory_mb_usage"] += h * float64(s.flavor.ram)
		total["total_local_gb_usage"] += h * float64(s.flavor.disk)
		list = append(list, usageOf(s, q.now, h))
	}
	usage := object{"tenant_id": project, "server_usages": list, "start": micro(from), "stop": micro(to)}
	for name, n := range total {
		usage[name] = n
	}
	return usage
}

// usagePeriod reads start and end; both are now by default, and the end is now at most.
func (q *call) usagePeriod() (from, to time.Time, err error) {
	from, to = q.now, q.now
	for name, at := range map[string]*time.Time{"start": &from, "end": &to} {
		v := q.URL.Query().Get(name)
		if v == "" {
			continue
		}
		if *at, err = usageTime(v); err != nil {
			return from, to, err
		}
	}
	if q.URL.Query().Get("end") != "" && !from.Before(to) {
		return from, to, refusal(400, "Invalid start time. The start time cannot occur after the end time.")
	}
	if to.After(q.now) {
		to = q.now
	}
	return from, to, nil
}

func usageTime(v string) (time.Time, error) {
	for _, layout := range []string{"2006-01-02T15:04:05", "2006-01-02T15:04:05.999999", "2006-01-02 15:04:05.999999"} {
		if t, err := time.Parse(layout, v); err == nil {
			return t, nil
		}
	}
	return time.Time{}, refusal(400, "Invalid datetime string: Datetime is in invalid format")
}

// usedIn are the project's servers that ran between two moments, in the order of their ids.
func (c *Cloud) usedIn(project string, from, to time.Time) []*server {
	var out []*server
	for _, s := range c.compute.order {
		if s.tenant.id == project && !s.launched.IsZero() && s.launched.Before(to) && (!s.gone || s.terminated.After(from)) {
			out = append(out, s)
		}
	}
	slices.SortFunc(out, func(a, b *server) int { return strings.Compare(a.id, b.id) })
	return out
}

// usagePage picks the page that is asked for; microversions before 2.40 know none.
func (q *call) usagePage(all []*server) (page []*server, more bool, err error) {
	if q.minor < 40 {
		return all, false, nil
	}
	limit, marker, err := q.limited()
	if err != nil {
		return nil, false, err
	}
	if marker != "" {
		i := slices.IndexFunc(all, func(s *server) bool { return s.id == marker })
		if i < 0 {
			return nil, false, refusal(400, "Marker %s could not be found.", marker)
		}
		all = all[i+1:]
	}
	page = all[:min(limit, len(all))]
	return page, len(page) == limit && limit > 0, nil
}

// hoursIn is how long a server was there between two moments.
func hoursIn(s *server, from, to time.Time) float64 {
	if s.launched.After(from) {
		from = s.launched
	}
	if s.gone && s.terminated.Before(to) {
		to = s.terminated
	}
	return max(to.Sub(from).Hours(), 0)
}

func usageOf(s *server, now time.Time, hours float64) object {
	u := object{"instance_id": s.id, "name": s.name, "hours": hours, "flavor": s.flavor.name, "vcpus": s.flavor.vcpus,
		"memory_mb": s.flavor.ram, "local_gb": s.flavor.disk, "state": s.vm, "started_at": micro(s.launched), "ended_at": nil,
		"uptime": int(now.Sub(s.launched).Seconds()), "tenant_id": s.tenant.id}
	if s.gone {
		u["state"], u["ended_at"], u["uptime"] = "terminated", micro(s.terminated), int(s.terminated.Sub(s.launched).Seconds())
	}
	return u
}

// tenantUsages is GET /os-simple-tenant-usage: every project's, for administrators; detailed=1 tells the servers, too.
func (c *Cloud) tenantUsages(q *call) (answer, error) {
	if !q.tok.admin() {
		return answer{}, novaPolicy("os-simple-tenant-usage:list")
	}
	from, to, err := q.usagePeriod()
	if err != nil {
		return answer{}, err
	}
	var used []*server // by project and id, as Nova pages them
	projects := slices.SortedFunc(slices.Values(c.identity.projects), func(a, b *project) int { return strings.Compare(a.id, b.id) })
	for _, p := range projects {
		used = append(used, c.usedIn(p.id, from, to)...)
	}
	page, more, err := q.usagePage(used)
	if err != nil {
		return answer{}, err
	}
	out := []object{}
	for rest := page; len(rest) > 0; {
		n := 1
		for n < len(rest) && rest[n].tenant == rest[0].tenant {
			n++
		}
		v := c.usageView(q, rest[0].tenant.id, rest[:n], from, to)
		if q.URL.Query().Get("detailed") != "1" {
			delete(v, "server_usages")
		}
		out, rest = append(out, v), rest[n:]
	}
	body := object{"tenant_usages": out}
	if more {
		body["tenant_usages_links"] = q.nextLink(page[len(page)-1].id)
	}
	return ok(body)
}
