package openstack

import (
	"cmp"
	"net/http"
	"strconv"
	"strings"
	"time"
)

// every is how often Ceilometer measures: its archive policy ceilometer-low.
const every = 5 * time.Minute

// gnocchiProblem is a refusal as Gnocchi writes it to those who ask for JSON.
func gnocchiProblem(e *apiError) any {
	return object{"code": e.code, "title": http.StatusText(e.code), "description": e.msg}
}

func (c *Cloud) routeGnocchi(m *http.ServeMux) {
	on := func(method, path string, h handler) {
		m.HandleFunc(method+" /metric/v1"+path, c.guarded(func(q *call) (answer, error) {
			if !c.metered {
				return answer{}, refusal(503, "There is no such service.")
			}
			return h(q)
		}))
	}
	on("GET", "/resource/instance/{id}", c.gnocchiInstance)
	on("POST", "/search/resource/instance_network_interface", c.gnocchiInterfaces)
	on("GET", "/metric/{metric}/measures", c.gnocchiMeasures)
}

// metricsOf are the names that Ceilometer gives, by the type of resource.
var metricsOf = map[string][]string{
	"instance":                   {"cpu", "vcpus", "memory"},
	"instance_network_interface": {"network.incoming.bytes", "network.outgoing.bytes"},
}

// resourceView is a resource with the ids of its metrics, which are made from what they measure.
func resourceView(kind, id string, s *server, part int) object {
	metrics := object{}
	for _, name := range metricsOf[kind] {
		metrics[name] = metricID(s, name, part)
	}
	return object{"id": id, "type": kind, "original_resource_id": id, "project_id": s.tenant.id, "user_id": s.user.id, "metrics": metrics,
		"started_at": micro(s.created), "ended_at": nil, "revision_end": nil, "display_name": s.name, "flavor_name": s.flavor.name, "instance_id": s.id}
}

func metricID(s *server, name string, part int) string {
	return seedID("metric", s.id+"/"+name+"/"+strconv.Itoa(part))
}

func (c *Cloud) gnocchiInstance(q *call) (answer, error) {
	s := c.compute.servers[q.id()]
	if s == nil || s.launched.IsZero() {
		return answer{}, refusal(404, "Resource %s does not exist", q.id())
	}
	if !q.tok.sees(s.tenant.id) {
		return answer{}, refusal(403, "Insufficient privileges")
	}
	return ok(resourceView("instance", s.id, s, 0))
}

// gnocchiInterfaces is a search by {"=": {"instance_id": …}}; Gnocchi shows what the asker may see.
func (c *Cloud) gnocchiInterfaces(q *call) (answer, error) {
	in, err := q.json()
	if err != nil {
		return answer{}, err
	}
	equal, _ := in["="].(object)
	if len(in) != 1 || len(equal) != 1 || text(equal["instance_id"]) == "" {
		return answer{}, refusal(400, "Invalid input: this search is not understood")
	}
	out := []object{}
	if s := c.compute.servers[text(equal["instance_id"])]; s != nil && q.tok.sees(s.tenant.id) {
		for i, p := range s.ports {
			out = append(out, resourceView("instance_network_interface", seedID("interface", p.id), s, i))
		}
	}
	return ok(out)
}

// gnocchiMeasures are [time, granularity, value], oldest first: what a counter showed every five minutes.
func (c *Cloud) gnocchiMeasures(q *call) (answer, error) {
	id := q.PathValue("metric")
	s, name := c.metric(id)
	if s == nil {
		return answer{}, refusal(404, "Metric %s does not exist", id)
	}
	if !q.tok.sees(s.tenant.id) {
		return answer{}, refusal(403, "Insufficient privileges")
	}
	query := q.URL.Query()
	if a := cmp.Or(query.Get("aggregation"), "mean"); a != "mean" {
		return answer{}, refusal(404, "Aggregation method '%s' for metric %s does not exist", a, id)
	}
	start, stop := s.launched, q.now
	if t, err := time.Parse(time.RFC3339, query.Get("start")); err == nil && t.After(start) {
		start = t
	}
	if t, err := time.Parse(time.RFC3339, query.Get("stop")); err == nil && t.Before(stop) {
		stop = t
	}
	out := [][]any{}
	for at := start.Truncate(every); at.Before(stop); at = at.Add(every) {
		if m, runs := s.counters(at); runs && !at.Before(start) {
			out = append(out, []any{at.UTC().Format(time.RFC3339), every.Seconds(), m.measure(name, len(s.ports))})
		}
	}
	return ok(out)
}

func (s stretch) measure(name string, ports int) float64 {
	switch {
	case name == "cpu":
		return float64(s.cpu)
	case name == "vcpus":
		return float64(s.cpus)
	case strings.HasPrefix(name, "network."):
		return s.net / 2 / float64(ports)
	}
	return 0
}

// metric finds what an id measures.
func (c *Cloud) metric(id string) (s *server, name string) {
	for _, s := range c.compute.order {
		for _, names := range metricsOf {
			for _, name := range names {
				for part := range max(1, len(s.ports)) {
					if metricID(s, name, part) == id {
						return s, name
					}
				}
			}
		}
	}
	return nil, ""
}
