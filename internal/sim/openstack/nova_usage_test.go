package openstack

import (
	"net/url"
	"testing"
	"time"
)

// TestTenantUsage: hours within the period only, of servers that are gone as well, page by page.
func TestTenantUsage(t *testing.T) {
	w := newWorld(t)
	p := w.as("alice", "team-a")
	p.micro = "2.40"
	l := p.lay()
	p.boot("web-1", l.port)
	first := p.boot("web-2", p.do("POST", neutron+"/ports", object{"port": object{"network_id": l.net}}).want(201).str("port.id"))
	w.clock.add(2 * time.Hour)
	p.do("DELETE", nova+"/servers/"+first, nil).want(204)
	w.clock.add(2 * time.Hour)
	ask := func(q url.Values) reply {
		return p.do("GET", nova+"/os-simple-tenant-usage/"+p.project+"?"+q.Encode(), nil)
	}
	at := func(back time.Duration) string { return w.clock.now().Add(-back).UTC().Format("2006-01-02T15:04:05") }

	all := url.Values{"start": {at(24 * time.Hour)}, "end": {at(-24 * time.Hour)}}
	ask(all).want(200, `"web-1"`, `"web-2"`, `"state":"terminated"`, `"ended_at":null`)
	late := url.Values{"start": {at(time.Hour)}, "end": {at(0)}}
	if r := ask(late).want(200, `"web-1"`, `"hours":1`); len(r.list("tenant_usage.server_usages")) != 1 {
		t.Errorf("a server that went before the period is in it: %s", r.raw)
	}
	early := url.Values{"start": {at(24 * time.Hour)}, "end": {at(23 * time.Hour)}}
	ask(early).want(200, `{"tenant_usage":{}}`)

	all.Set("limit", "1")
	page := ask(all).want(200, "tenant_usage_links", "marker=")
	all.Set("marker", page.str("tenant_usage.server_usages.0.instance_id"))
	ask(all).want(200, "server_usages")
	all.Set("marker", "nope")
	ask(all).want(400, "Marker nope could not be found.")
	ask(url.Values{"start": {"junk"}}).want(400, "invalid format")
	ask(url.Values{"start": {at(0)}, "end": {at(time.Hour)}}).want(400, "cannot occur after")
}

// TestAllUsage: administrators read every project's, page by page over all of them, in the order of projects and ids.
func TestAllUsage(t *testing.T) {
	w := newWorld(t)
	from := url.Values{"start": {w.clock.now().Add(-time.Hour).UTC().Format("2006-01-02T15:04:05")}, "detailed": {"1"}, "limit": {"3"}}
	ids := map[string]bool{}
	for _, who := range [][2]string{{"alice", "team-a"}, {"bob", "team-b"}} {
		p := w.as(who[0], who[1])
		l := p.lay()
		ids[p.boot("web-1", l.port)] = true
		ids[p.boot("web-2", p.do("POST", neutron+"/ports", object{"port": object{"network_id": l.net}}).want(201).str("port.id"))] = true
	}
	w.clock.add(time.Minute)
	admin := w.as("admin", "admin")
	admin.micro = "2.40"
	ask := func() reply { return admin.do("GET", nova+"/os-simple-tenant-usage?"+from.Encode(), nil).want(200) }
	page := ask().want(200, "tenant_usages_links")
	tenants := page.list("tenant_usages")
	if len(tenants) != 2 || len(page.list("tenant_usages.0.server_usages")) != 2 || len(page.list("tenant_usages.1.server_usages")) != 1 {
		t.Fatalf("the first page: %s", page.raw)
	}
	if a, b := page.str("tenant_usages.0.tenant_id"), page.str("tenant_usages.1.tenant_id"); a >= b {
		t.Errorf("%s comes before %s", a, b)
	}
	last := page.str("tenant_usages.1.server_usages.0.instance_id")
	from.Set("marker", last)
	rest := ask()
	if len(rest.list("tenant_usages")) != 1 || len(rest.list("tenant_usages.0.server_usages")) != 1 || rest.str("tenant_usages.0.server_usages.0.instance_id") <= last {
		t.Errorf("the second page: %s", rest.raw)
	}
	if got := rest.str("tenant_usages.0.server_usages.0.instance_id"); !ids[got] {
		t.Errorf("the second page has %s", got)
	}
	admin.micro = "2.39"
	if all := ask(); len(all.list("tenant_usages.1.server_usages")) != 2 {
		t.Errorf("before there were pages: %s", all.raw)
	}
}
