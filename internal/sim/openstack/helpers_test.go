package openstack

import (
	"bytes"
	"encoding/json"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"
)

// clock is a clock that tests move by hand.
type clock struct {
	mu sync.Mutex
	t  time.Time
}

func (c *clock) now() time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.t
}

func (c *clock) add(d time.Duration) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.t = c.t.Add(d)
}

// world is a cloud on loopback with its clock.
type world struct {
	*testing.T
	cloud *Cloud
	clock *clock
	url   string
}

func newWorld(t *testing.T) *world {
	t.Helper()
	k := &clock{t: time.Date(2026, 11, 21, 5, 0, 0, 0, time.UTC)}
	c := New(Options{Now: k.now})
	srv := httptest.NewServer(c)
	t.Cleanup(srv.Close)
	return &world{t, c, k, srv.URL}
}

// person is somebody who is logged in.
type person struct {
	*world
	token, project, user string
	micro                string // Nova's microversion; "" for 2.1
}

// as logs in with a password.
func (w *world) as(user, project string) *person {
	w.Helper()
	body := object{"auth": object{"identity": object{"methods": []string{"password"},
		"password": object{"user": object{"name": user, "domain": object{"id": "default"}, "password": user + "-secret"}}},
		"scope": object{"project": object{"name": project, "domain": object{"name": "Default"}}}}}
	p := &person{world: w}
	r := p.do("POST", "/identity/v3/auth/tokens", body)
	r.want(201)
	p.token = r.head.Get("X-Subject-Token")
	p.project, p.user = r.str("token.project.id"), r.str("token.user.id")
	return p
}

// reply is an answer with its JSON.
type reply struct {
	w      *world
	what   string
	status int
	head   http.Header
	raw    string
	body   any
}

func (p *person) do(method, path string, body any, head ...string) reply {
	p.Helper()
	r, err := p.try(method, path, body, head...)
	if err != nil {
		p.Fatalf("%s %s: %v", method, path, err)
	}
	return r
}

func (p *person) try(method, path string, body any, head ...string) (reply, error) {
	var in io.Reader
	switch b := body.(type) {
	case nil:
	case string:
		in = strings.NewReader(b)
	default:
		data, err := json.Marshal(b)
		if err != nil {
			p.Fatal(err)
		}
		in = bytes.NewReader(data)
	}
	q, err := http.NewRequestWithContext(p.Context(), method, p.url+path, in)
	if err != nil {
		p.Fatal(err)
	}
	q.Header.Set("X-Auth-Token", p.token)
	q.Header.Set("Accept", "application/json")
	if p.micro != "" {
		q.Header.Set("X-OpenStack-Nova-API-Version", p.micro)
	}
	for i := 0; i+1 < len(head); i += 2 {
		q.Header.Set(head[i], head[i+1])
	}
	res, err := http.DefaultTransport.RoundTrip(q)
	if err != nil {
		return reply{}, err
	}
	defer func() { _ = res.Body.Close() }()
	data, err := io.ReadAll(res.Body)
	if err != nil {
		return reply{}, err
	}
	r := reply{w: p.world, what: method + " " + path, status: res.StatusCode, head: res.Header, raw: string(data)}
	if len(data) > 0 && strings.Contains(res.Header.Get("Content-Type"), "json") {
		if err := json.Unmarshal(data, &r.body); err != nil {
			p.Fatalf("%s: %v in %s", r.what, err, data)
		}
	}
	return r, nil
}

// want fails the test unless the status is as wanted and the body contains the words.
func (r reply) want(status int, words ...string) reply {
	r.w.Helper()
	if r.status != status {
		r.w.Fatalf("%s: status %d, want %d: %.600s", r.what, r.status, status, r.raw)
	}
	for _, s := range words {
		if !strings.Contains(r.raw, s) {
			r.w.Fatalf("%s: no %q in %.900s", r.what, s, r.raw)
		}
	}
	return r
}

// at walks the body: "server.addresses.net"; numbers index lists.
func (r reply) at(path string) any {
	v := r.body
	for _, key := range strings.Split(path, ".") {
		switch x := v.(type) {
		case map[string]any:
			v = x[key]
		case []any:
			i := int(key[0] - '0')
			if i >= len(x) {
				r.w.Fatalf("%s: no %s in %.300s", r.what, path, r.raw)
			}
			v = x[i]
		default:
			v = nil
		}
	}
	return v
}

func (r reply) str(path string) string {
	s, _ := r.at(path).(string)
	return s
}

func (r reply) list(path string) []any {
	l, _ := r.at(path).([]any)
	return l
}

const (
	nova    = "/compute/v2.1"
	neutron = "/network/v2.0"
	v3      = "/identity/v3"
)

// stack is what a floating server needs.
type stack struct{ net, subnet, router, public, port string }

// lay makes network, subnet, router and port.
func (p *person) lay() stack {
	p.Helper()
	var s stack
	s.public = p.do("GET", neutron+"/networks?router:external=True", nil).want(200).str("networks.0.id")
	s.net = p.do("POST", neutron+"/networks", object{"network": object{"name": "net"}}).want(201).str("network.id")
	s.subnet = p.do("POST", neutron+"/subnets", object{"subnet": object{"network_id": s.net, "ip_version": 4, "cidr": "10.0.0.0/24"}}).want(201).str("subnet.id")
	s.router = p.do("POST", neutron+"/routers", object{"router": object{"name": "r", "external_gateway_info": object{"network_id": s.public}}}).want(201).str("router.id")
	p.do("PUT", neutron+"/routers/"+s.router+"/add_router_interface", object{"subnet_id": s.subnet}).want(200)
	s.port = p.do("POST", neutron+"/ports", object{"port": object{"network_id": s.net}}).want(201).str("port.id")
	return s
}

func (p *person) image(name string) string {
	p.Helper()
	return p.do("GET", "/image/v2/images?name="+strings.ReplaceAll(name, " ", "%20"), nil).want(200).str("images.0.id")
}

// boot starts a server on the port and waits until it is ACTIVE.
func (p *person) boot(name, port string) string {
	p.Helper()
	id := p.order(name, object{"networks": []object{{"port": port}}}).want(202).str("server.id")
	p.clock.add(3 * time.Second)
	p.do("GET", nova+"/servers/"+id, nil).want(200, `"status":"ACTIVE"`)
	return id
}

// order asks for a server; fields override the usual ones, nil takes one away.
func (p *person) order(name string, fields object) reply {
	p.Helper()
	in := object{"name": name, "flavorRef": "2", "imageRef": p.image("Ubuntu 22.04")}
	for k, v := range fields {
		in[k] = v
		if v == nil {
			delete(in, k)
		}
	}
	return p.do("POST", nova+"/servers", object{"server": in})
}
