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
