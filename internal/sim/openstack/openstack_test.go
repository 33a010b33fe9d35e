package openstack

import (
	"fmt"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"
)

func TestRecord(t *testing.T) {
	w := newWorld(t)
	p := w.as("alice", "team-a")
	w.cloud.ResetRequests()
	p.do("GET", nova+"/servers/nix?x=y", nil).want(404)
	p.do("GET", nova+"/servers", nil, "X-Auth-Token", "x").want(401)
	got := w.cloud.Requests()
	if len(got) != 2 {
		t.Fatalf("%d requests", len(got))
	}
	if r := got[0]; r.Method != "GET" || r.Path != nova+"/servers/nix" || r.Query.Get("x") != "y" || r.Status != 404 || r.Project != "team-a" || !r.At.Equal(w.clock.now()) {
		t.Errorf("recorded %+v", r)
	}
	if r := got[1]; r.Status != 401 || r.Project != "" {
		t.Errorf("recorded %+v", r)
	}
	w.cloud.mu.Lock()
	for range maxRequests {
		w.cloud.requests = append(w.cloud.requests, &Request{})
	}
	w.cloud.mu.Unlock()
	p.do("GET", nova+"/servers", nil).want(200)
	got = w.cloud.Requests()
	if n := len(got); n > maxRequests || got[n-1].Path != nova+"/servers" {
		t.Errorf("%d requests kept, the last is %+v", n, got[n-1])
	}
}

func TestCount(t *testing.T) {
	w := newWorld(t)
	p := w.as("alice", "team-a")
	p.boot("web-1", p.lay().port)
	for kind, want := range map[string]int{"servers": 1, "networks": 1, "routers": 1, "subnets": 1, "ports": 2, "floating-ips": 0, "volumes": 0,
		"security-groups": 0, "images": 0, "keypairs": 0, "wishes": -1} {
		if got := w.cloud.Count(kind, "team-a"); got != want {
			t.Errorf("%s of team-a: %d, want %d", kind, got, want)
		}
		if got := w.cloud.Count(kind); got != want {
			t.Errorf("all %s: %d, want %d", kind, got, want)
		}
		if got := w.cloud.Count(kind, "team-b"); want > 0 && got != 0 {
			t.Errorf("%s of team-b: %d, want none", kind, got)
		}
	}
}

// TestTransport covers what is no API's business: size, schemes, clients that leave.
func TestTransport(t *testing.T) {
	w := newWorld(t)
	p := w.as("alice", "team-a")
	tooLarge := httptest.NewRecorder() // over no connection, which would be cut while the client still writes
	w.cloud.ServeHTTP(tooLarge, httptest.NewRequest("POST", "/image/v2/images", strings.NewReader(strings.Repeat("x", maxBody+1))))
	if tooLarge.Code != 413 {
		t.Errorf("a body of %d bytes: status %d, want 413", maxBody+1, tooLarge.Code)
	}
	p.do("GET", v3, nil, "X-Forwarded-Proto", "https").want(200, `"https://`)
	if _, err := w.cloud.Dial(t.Context(), "udp", "203.0.113.5:22"); err == nil {
		t.Error("udp was dialled")
	}
	for _, addr := range []string{"nowhere", "203.0.113.5:ssh", "x:22"} {
		if _, err := w.cloud.Dial(t.Context(), "tcp", addr); err == nil {
			t.Errorf("%s was dialled", addr)
		}
	}
	slow := httptest.NewServer(New(Options{Latency: time.Hour, Log: slog.New(slog.DiscardHandler)}))
	defer slow.Close()
	client := http.Client{Timeout: 20 * time.Millisecond}
	if res, err := client.Get(slow.URL + "/identity/v3"); err == nil {
		_ = res.Body.Close()
		t.Error("answered before its latency")
	}
}

// TestTogether lets many people work at once; the race detector and the counts judge.
func TestTogether(t *testing.T) {
	w := newWorld(t)
	p := w.as("alice", "team-a")
	s := p.lay()
	w.fault("quota team-a instances -1")
	w.fault("quota team-a cores -1")
	w.fault("quota team-a ram -1")
	image := p.image("CirrOS 0.6")
	var wg sync.WaitGroup
	for i := range 20 {
		wg.Go(func() {
			port, err := p.try("POST", neutron+"/ports", object{"port": object{"network_id": s.net}})
			if err != nil || port.status != 201 {
				t.Errorf("port %d: %d %v", i, port.status, err)
				return
			}
			in := object{"name": fmt.Sprint("s", i), "imageRef": image, "flavorRef": "2", "networks": []object{{"port": port.str("port.id")}}}
			if r, err := p.try("POST", nova+"/servers", object{"server": in}); err != nil || r.status != 202 {
				t.Errorf("server %d: %d %v", i, r.status, err)
			}
			w.clock.add(200 * time.Millisecond)
			if r, err := p.try("GET", nova+"/servers/detail", nil); err != nil || r.status != 200 {
				t.Errorf("list %d: %d %v", i, r.status, err)
			}
			w.cloud.Count("servers")
			w.cloud.Requests()
		})
	}
	wg.Wait()
	w.clock.add(5 * time.Second)
	seen := map[string]bool{}
	for _, x := range p.do("GET", nova+"/servers/detail?status=ACTIVE", nil).list("servers") {
		addr := x.(object)["addresses"].(object)["net"].([]any)[0].(object)["addr"].(string)
		if seen[addr] {
			t.Errorf("%s was given twice", addr)
		}
		seen[addr] = true
	}
	if len(seen) != 20 {
		t.Errorf("%d servers are up, want 20", len(seen))
	}
}

// BenchmarkList lists 1,000 servers with their addresses, as the bot's poll does.
func BenchmarkList(b *testing.B) {
	c := New(Options{})
	now := c.opt.Now().UTC()
	u := c.identity.userNamed("alice")
	n := &netw{meta: c.newMeta("net", u.home.id, now)}
	for i := range 1000 {
		s := &server{id: newID(), name: fmt.Sprint("s", i), tenant: u.home, user: u, flavor: c.compute.flavors[1], vm: "active",
			created: now, updated: now, launched: now, metadata: map[string]string{"a": "b"}, imageID: c.imageIDs[0], host: hostName}
		p := c.newPort(n, c.newMeta("", u.home.id, now))
		p.ips = []fixedIP{{subnet: &subnet{net: n}}}
		p.groups = []*group{c.defaultGroup(u.home.id, now)}
		s.ports = []*port{p}
		c.compute.servers[s.id] = s
		c.compute.order = append(c.compute.order, s)
	}
	tok := c.issue(u, u.home, nil, nil, now)
	r := httptest.NewRequest("GET", nova+"/servers/detail", nil)
	r.Header.Set("X-Auth-Token", tok.id)
	r.Header.Set("OpenStack-API-Version", "compute 2.79")
	b.ReportAllocs()
	for b.Loop() {
		w := httptest.NewRecorder()
		c.ServeHTTP(w, r)
		if w.Code != 200 || w.Body.Len() < 1_000_000 {
			b.Fatal(w.Code, w.Body.Len())
		}
	}
}
