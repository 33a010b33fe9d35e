package openstack

import (
	"math"
	"net/http/httptest"
	"testing"
	"time"
)

// A guest counts on while it runs, at the load that it was given; it keeps its counters over a pause, and loses them with a stop.
func TestMeters(t *testing.T) {
	w := newWorld(t)
	p, admin := w.as("alice", "team-a"), w.as("admin", "admin")
	admin.micro = "2.48"
	id := p.boot("web-1", p.lay().port)
	path := nova + "/servers/" + id
	act := func(what string, status int) {
		t.Helper()
		p.do("POST", path+"/action", object{what: nil}).want(status)
		w.clock.add(time.Minute)
	}
	cpu := func() float64 {
		t.Helper()
		return admin.do("GET", path+"/diagnostics", nil).want(200).at("cpu_details.0.time").(float64) / 1e9
	}
	near := func(what string, got, want float64) {
		t.Helper()
		if math.Abs(got-want) > 4 {
			t.Errorf("%s: %.1f s, want %.1f", what, got, want)
		}
	}
	w.fault("load", "web-1", "50")
	before := cpu()
	w.clock.add(time.Hour)
	near("an hour at 50 %", cpu()-before, 1800)
	w.fault("load", "*", "0")
	before = cpu()
	w.clock.add(time.Hour)
	near("an hour at nothing", cpu()-before, 0)
	act("pause", 202)
	admin.do("GET", path+"/diagnostics", nil).want(409, "power state paused")
	act("unpause", 202)
	near("after a pause", cpu(), before)
	act("os-stop", 202)
	admin.do("GET", path+"/diagnostics", nil).want(409, "power state shutdown")
	act("os-start", 202)
	near("started again", cpu(), 0)
	act("shelve", 202)
	admin.do("GET", path+"/diagnostics", nil).want(409, "is not ready")
	p.do("GET", path+"/diagnostics", nil).want(403)
	w.fault("numbers", "members")
	p.do("GET", path+"/diagnostics", nil).want(409)
}

func TestGnocchi(t *testing.T) {
	k := &clock{t: time.Date(2026, 11, 21, 5, 0, 0, 0, time.UTC)}
	c := New(Options{Now: k.now, Metrics: true})
	srv := httptest.NewServer(c)
	t.Cleanup(srv.Close)
	w := &world{t, c, k, srv.URL}
	p, other := w.as("alice", "team-a"), w.as("bob", "team-b")
	p.do("GET", v3+"/auth/catalog", nil).want(200, `"gnocchi"`)
	id := p.boot("web-1", p.lay().port)
	k.add(time.Hour)
	const base = "/metric/v1"
	res := p.do("GET", base+"/resource/instance/"+id, nil).want(200, `"instance"`)
	other.do("GET", base+"/resource/instance/"+id, nil).want(403, "Insufficient privileges")
	p.do("GET", base+"/resource/instance/nobody", nil).want(404, "does not exist", `"description"`)
	metric := base + "/metric/" + res.str("metrics.cpu") + "/measures"
	p.do("GET", metric, nil).want(200, "300")
	p.do("GET", metric+"?start=2026-11-21T05:55:00Z&stop=2026-11-21T05:59:00Z", nil).want(200, `[["2026-11-21T05:55:00Z",300,`)
	p.do("GET", metric+"?aggregation=rate:mean", nil).want(404, "Aggregation method")
	other.do("GET", metric, nil).want(403)
	p.do("GET", base+"/metric/nothing/measures", nil).want(404)
	search := func(who *person, body any) reply {
		return who.do("POST", base+"/search/resource/instance_network_interface", body)
	}
	search(p, object{"=": object{"instance_id": id}}).want(200, `"network.incoming.bytes"`, `"network.outgoing.bytes"`)
	search(other, object{"=": object{"instance_id": id}}).want(200, "[]")
	search(p, object{"like": object{"instance_id": id}}).want(400)
	w.fault("numbers", "no", "gnocchi")
	p.do("GET", base+"/resource/instance/"+id, nil).want(503)
}
