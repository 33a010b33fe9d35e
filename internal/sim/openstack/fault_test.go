package openstack

import (
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
)

func TestParseRule(t *testing.T) {
	for line, want := range map[string]Rule{
		"POST /servers 500":                      {Method: "POST", Path: "/servers", Status: 500},
		"POST /servers 500 after":                {Method: "POST", Path: "/servers", Status: 500, After: true},
		"get /servers/detail 503 times 3":        {Method: "GET", Path: "/servers/detail", Status: 503, Times: 3},
		"POST /ports 409 nth 2":                  {Method: "POST", Path: "/ports", Status: 409, Nth: 2},
		"DELETE /servers always 500":             {Method: "DELETE", Path: "/servers", Status: 500, Times: -1},
		"POST /floatingips drop":                 {Method: "POST", Path: "/floatingips", Drop: true},
		"POST /servers drop after":               {Method: "POST", Path: "/servers", Drop: true, After: true},
		"GET /servers/detail delay 2s":           {Method: "GET", Path: "/servers/detail", Delay: 2 * time.Second},
		"any /network 503 p 0.1":                 {Method: "ANY", Path: "/network", Status: 503, P: 0.1},
		"POST /servers hang after once":          {Method: "POST", Path: "/servers", Hang: true, After: true, Times: 1},
		"POST /servers expire before":            {Method: "POST", Path: "/servers", Expire: true},
		"token expire":                           {Tokens: true},
		"login revoked alice":                    {Revoked: "alice"},
		"none":                                   {None: true},
		"build hang web-1":                       {Build: "web-1"},
		"build error web-1 full times 2":         {Build: "web-1", BuildText: "full", Times: 2},
		"build error *":                          {Build: "*", BuildText: "No valid host was found. There are not enough hosts available."},
		"resize confirms":                        {Confirms: true, Confirm: -1},
		"resize confirms 60":                     {Confirms: true, Confirm: time.Minute},
		"resize waits":                           {Confirms: true},
		"load web-1 0.5":                         {Load: "web-1", Percent: 0.5},
		"load * 100%":                            {Load: "*", Percent: 100},
		"numbers members":                        {Numbers: "members"},
		"numbers no gnocchi":                     {Numbers: "no gnocchi"},
		"hosts away":                             {Hosts: "away"},
		"hosts back":                             {Hosts: "back"},
		"quota team-a instances 1":               {Project: "team-a", Quota: "instances", Limit: 1},
		"quota team-a floating-ips -1":           {Project: "team-a", Quota: "floatingip", Limit: -1},
		"POST /servers delay 1s 500 after nth 2": {Method: "POST", Path: "/servers", Delay: time.Second, Status: 500, After: true, Nth: 2},
	} {
		got, err := ParseRule(strings.Fields(line))
		if err != nil {
			t.Errorf("%s: %v", line, err)
		} else if d := cmp.Diff(want, got, cmpopts.IgnoreUnexported(Rule{})); d != "" {
			t.Errorf("%s: %s", line, d)
		}
	}
}

func TestParseRuleRefuses(t *testing.T) {
	for line, want := range map[string]string{
		"":                             "missing",
		"token":                        "expire",
		"token burn":                   "expire",
		"build":                        "build error",
		"build burn web-1":             "build error",
		"build hang web-1 soon":        "build error",
		"build hang web-1 times x":     "number",
		"resize":                       "resize confirms",
		"resize confirms soon":         "resize confirms",
		"resize confirms 0":            "resize confirms",
		"resize waits 5":               "resize confirms",
		"load web-1":                   "load NAME",
		"load web-1 much":              "load NAME",
		"load web-1 101":               "load NAME",
		"numbers":                      "numbers members",
		"numbers everybody":            "numbers members",
		"hosts":                        "hosts away",
		"hosts gone":                   "hosts away",
		"quota team-a instances":       "PROJECT",
		"login revoked":                "login revoked USER",
		"none at all":                  "stands alone",
		"quota team-a instances many":  "number",
		"quota team-a wishes 3":        "no quota",
		"FETCH /servers 500":           "begins with",
		"POST /servers":                "missing",
		"POST servers 500":             "slash",
		"POST /servers 200":            "status",
		"POST /servers 500 503":        "one status",
		"POST /servers 500 drop":       "one of",
		"POST /servers soon":           "neither",
		"POST /servers times 3":        "nothing that goes wrong",
		"POST /servers delay 1s after": "`after`",
		"POST /servers delay soon":     "time",
		"POST /servers 500 times":      "value",
		"POST /servers 500 times 0":    "number",
		"POST /servers 500 p 2":        "probability",
		"POST /servers 500 p NaN":      "probability",
	} {
		if r, err := ParseRule(strings.Fields(line)); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: got %+v, error %v; want one with %q", line, r, err, want)
		}
	}
	c := New(Options{})
	for _, r := range []Rule{{Project: "nobody", Quota: "instances"}, {Revoked: "nobody"}, {Project: "team-a", Quota: "wishes"}, {Method: "GET", Path: "/servers"},
		{Method: "GET", Path: "/servers", Delay: 1, After: true}} {
		if c.Fault(r) == nil {
			t.Errorf("%+v was taken", r)
		}
	}
}

// TestRuleMatches asks for every line whether the rule is about the call.
func TestRuleMatches(t *testing.T) {
	c := New(Options{})
	const id = "0b2ad9e2-9a7c-4d61-8a2b-0d9d3f0f6a11"
	for _, tc := range []struct {
		rule, call string
		want       bool
	}{
		{"POST /servers", "POST /compute/v2.1/servers", true},
		{"POST /servers", "POST /compute/v2.1/servers/" + id + "/action", false},
		{"POST /servers", "GET /compute/v2.1/servers", false},
		{"any /servers", "GET /compute/v2.1/servers", true},
		{"GET /servers", "GET /compute/v2.1/servers/detail", true},
		{"GET /servers", "GET /compute/v2.1/servers/" + id, false},
		{"GET /servers/*", "GET /compute/v2.1/servers/" + id, true},
		{"GET /servers/{id}", "GET /compute/v2.1/servers/" + id, true},
		{"GET /servers/detail", "GET /compute/v2.1/servers/detail", true},
		{"GET /servers/detail", "GET /compute/v2.1/servers", false},
		{"DELETE /servers", "DELETE /compute/v2.1/servers/" + id, true},
		{"DELETE /servers/*", "DELETE /compute/v2.1/servers/" + id, true},
		{"DELETE /servers/" + id, "DELETE /compute/v2.1/servers/" + id, true},
		{"DELETE /servers/x", "DELETE /compute/v2.1/servers/" + id, false},
		{"DELETE /networks", "DELETE /network/v2.0/networks/" + id, true},
		{"DELETE /networks", "DELETE /network/v2.0/ports/" + id, false},
		{"PUT /add_router_interface", "PUT /network/v2.0/routers/" + id + "/add_router_interface", true},
		{"PUT /routers/add_router_interface", "PUT /network/v2.0/routers/" + id + "/add_router_interface", true},
		{"PUT /routers/*/add_router_interface", "PUT /network/v2.0/routers/" + id + "/add_router_interface", true},
		{"PUT /routers", "PUT /network/v2.0/routers/" + id + "/add_router_interface", false},
		{"PUT /floatingips", "PUT /network/v2.0/floatingips/" + id, true},
		{"PUT /floating-ips", "PUT /network/v2.0/floatingips/" + id, true},
		{"POST /servers/action", "POST /compute/v2.1/servers/" + id + "/action", true},
		{"POST /action", "POST /compute/v2.1/servers/" + id + "/action", true},
		{"POST /tokens", "POST /identity/v3/auth/tokens", true},
		{"POST /identity/v3/auth/tokens", "POST /identity/v3/auth/tokens", true},
		{"POST /keypairs", "POST /compute/v2.1/os-keypairs", true},
		{"DELETE /keypairs", "DELETE /compute/v2.1/os-keypairs/mine", true},
		{"any /network", "GET /network/v2.0/ports", true},
		{"any /network", "GET /compute/v2.1/servers", false},
		{"any /", "GET /image/v2/images", true},
		{"GET /erver", "GET /compute/v2.1/server", false},
		{"GET /a/b/c/d/e/f/servers", "GET /compute/v2.1/servers", false},
	} {
		method, path, _ := strings.Cut(tc.rule, " ")
		verb, url, _ := strings.Cut(tc.call, " ")
		r := httptest.NewRequest(verb, url, nil)
		_, pattern := c.mux.Handler(r)
		if got := (&Rule{Method: method, Path: path}).matches(r, pattern); got != tc.want {
			t.Errorf("%s on %s: %t, want %t", tc.rule, tc.call, got, tc.want)
		}
	}
}

// fault arms a rule given in words.
func (w *world) fault(line ...string) {
	w.Helper()
	words := strings.Fields(line[0])
	r, err := ParseRule(append(words, line[1:]...))
	if err == nil {
		err = w.cloud.Fault(r)
	}
	if err != nil {
		w.Fatal(err)
	}
}

func TestFaultOnce(t *testing.T) {
	w := newWorld(t)
	p := w.as("alice", "team-a")
	mk := func() reply { return p.do("POST", neutron+"/networks", object{"network": object{"name": "n"}}) }
	w.fault("POST /networks 500")
	mk().want(500, "NeutronError")
	mk().want(201)
	w.fault("POST /networks 503 after")
	mk().want(503)
	if n := w.cloud.Count("networks", "team-a"); n != 2 {
		t.Errorf("%d networks, want the one that was told and the one that was not", n)
	}
	w.fault("POST /networks 409 nth 2 times 2")
	mk().want(201)
	mk().want(409)
	mk().want(409)
	mk().want(201)
	w.fault("POST /networks 429 always")
	if r := mk().want(429); r.head.Get("Retry-After") != "1" {
		t.Error("429 without Retry-After")
	}
	mk().want(429)
	if n := len(w.cloud.Faults()); n != 1 {
		t.Errorf("%d rules, want one", n)
	}
	w.cloud.ClearFaults()
	mk().want(201)
	w.fault("any /network 503 p 1")
	mk().want(503)
	p.do("GET", nova+"/servers", nil).want(200)
}

func TestFaultDrop(t *testing.T) {
	w := newWorld(t)
	p := w.as("alice", "team-a")
	for _, line := range []string{"POST /networks drop", "POST /networks drop after"} {
		w.fault(line)
		if r, err := p.try("POST", neutron+"/networks", object{"network": object{}}); !errors.Is(err, io.EOF) && !strings.Contains(err.Error(), "EOF") {
			t.Errorf("%s: got %+v, %v; want a cut connection", line, r, err)
		}
	}
	if n := w.cloud.Count("networks", "team-a"); n != 1 {
		t.Errorf("%d networks, want that of the second call only", n)
	}
	last := w.cloud.Requests()
	if r := last[len(last)-1]; r.Status != 0 || r.Method != "POST" || r.Path != neutron+"/networks" {
		t.Errorf("recorded %+v", r)
	}
}

func TestFaultTokens(t *testing.T) {
	w := newWorld(t)
	p := w.as("alice", "team-a")
	for _, line := range []string{"token expire", "GET /networks expire", "GET /networks expire after"} {
		w.fault(line)
		p.do("GET", neutron+"/networks", nil).want(401, "requires authentication")
		p.do("GET", nova+"/servers", nil).want(401)
		p.token = w.as("alice", "team-a").token
		p.do("GET", neutron+"/networks", nil).want(200)
	}
}

// What an administrator withdraws serves no more; a password still does, and nobody else's login is touched.
func TestFaultRevoked(t *testing.T) {
	w := newWorld(t)
	alice, bob := w.as("alice", "team-a"), w.as("bob", "team-b")
	made := alice.do("POST", v3+"/users/"+alice.user+"/application_credentials", object{"application_credential": object{"name": "bot"}}).want(201)
	byID := method("application_credential", object{"id": made.str("application_credential.id"), "secret": made.str("application_credential.secret")}, nil)
	alice.do("POST", v3+"/auth/tokens", byID).want(201)
	w.fault("login revoked alice")
	bob.do("POST", v3+"/auth/tokens", byID).want(404)
	alice.do("GET", nova+"/servers", nil).want(401)
	bob.do("GET", nova+"/servers", nil).want(200)
	w.as("alice", "team-a").do("GET", nova+"/servers", nil).want(200)
}

func TestFaultBuild(t *testing.T) {
	w := newWorld(t)
	p := w.as("alice", "team-a")
	s := p.lay()
	w.fault("build error web-1", "No valid host was found. There are not enough hosts available.")
	id := p.order("web-1", object{"networks": []object{{"port": s.port}}}).want(202).str("server.id")
	w.clock.add(time.Second)
	p.do("GET", nova+"/servers/"+id, nil).want(200, `"ERROR"`, "No valid host was found.", `"code":500`)
	p.do("DELETE", nova+"/servers/"+id, nil).want(204)
	p.do("GET", nova+"/servers/"+id, nil).want(404)
	w.fault("build hang web-2")
	id = p.order("web-2", object{"networks": []object{{"port": s.port}}}).want(202).str("server.id")
	w.clock.add(time.Hour)
	p.do("GET", nova+"/servers/"+id, nil).want(200, `"BUILD"`, `"spawning"`)
	w.cloud.ClearFaults()
	p.do("DELETE", nova+"/servers/"+id, nil).want(204)
	w.clock.add(time.Second)
	p.boot("web-1", s.port)
}

func TestFaultQuota(t *testing.T) {
	w := newWorld(t)
	p := w.as("alice", "team-a")
	s := p.lay()
	w.fault("quota team-a instances 1")
	p.boot("one", s.port)
	p.order("two", object{"networks": []object{{"uuid": s.net}}}).want(403, "Quota exceeded for instances: Requested 1, but already used 1 of 1 instances")
	w.fault("quota team-a floating-ips 0")
	p.do("POST", neutron+"/floatingips", object{"floatingip": object{"floating_network_id": s.public}}).want(409, "OverQuota", "floatingip")
}

// TestFaultDelayAndHang waits in real time, which is all that a delay is about.
func TestFaultDelayAndHang(t *testing.T) {
	w := newWorld(t)
	p := w.as("alice", "team-a")
	w.fault("GET /networks delay 30ms")
	start := time.Now()
	p.do("GET", neutron+"/networks", nil).want(200)
	if d := time.Since(start); d < 30*time.Millisecond {
		t.Errorf("answered after %v", d)
	}
	w.cloud.ClearFaults()
	w.fault("GET /networks hang")
	client := http.Client{Timeout: 50 * time.Millisecond}
	if r, err := client.Get(w.url + neutron + "/networks"); err == nil {
		_ = r.Body.Close()
		t.Error("a call that hangs was answered")
	}
}

func FuzzParseRule(f *testing.F) {
	for _, s := range []string{"POST /servers 500 after", "any / drop p 0.5", "build error x y", "quota a ram 1", "GET /{ delay 1s"} {
		f.Add(s)
	}
	c := New(Options{})
	r := httptest.NewRequest("PUT", neutron+"/routers/x/add_router_interface", nil)
	_, pattern := c.mux.Handler(r)
	f.Fuzz(func(t *testing.T, s string) {
		rule, err := ParseRule(strings.Fields(s))
		if err != nil {
			return
		}
		rule.matches(r, pattern)
		if err := rule.sane(); rule.Path != "" && err != nil {
			t.Errorf("%q was taken: %v", s, err)
		}
	})
}
