package openstack

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"net/netip"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"
)

// Request is one call that the cloud received.
type Request struct {
	Method  string
	Path    string
	Query   url.Values
	Status  int // of the answer; 0 while there is none, and where the connection was cut
	At      time.Time
	Project string // its name; "" before the token is known
}

// maxRequests bounds the record of a cloud that runs for long; the oldest are forgotten.
const maxRequests = 50_000

type recordKey struct{}

// Requests lists the calls so far, oldest first.
func (c *Cloud) Requests() []Request {
	c.mu.Lock()
	defer c.mu.Unlock()
	out := make([]Request, len(c.requests))
	for i, r := range c.requests {
		out[i] = *r
	}
	return out
}

// ResetRequests forgets the calls so far.
func (c *Cloud) ResetRequests() {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.requests = nil
}

// record writes a call down and gives back the request that carries its entry.
func (c *Cloud) record(r *http.Request) (*http.Request, *Request) {
	c.mu.Lock()
	defer c.mu.Unlock()
	e := &Request{Method: r.Method, Path: r.URL.Path, Query: r.URL.Query(), At: c.opt.Now()}
	if len(c.requests) >= maxRequests {
		c.requests = slices.Clone(c.requests[maxRequests/2:])
	}
	c.requests = append(c.requests, e)
	return r.WithContext(context.WithValue(r.Context(), recordKey{}, e)), e
}

// recordProject notes whose call it is; the lock is held.
func (c *Cloud) recordProject(r *http.Request, t *token) {
	if e, known := r.Context().Value(recordKey{}).(*Request); known && t.project != nil {
		e.Project = t.project.name
	}
}

// observer notes the status of an answer.
type observer struct {
	http.ResponseWriter
	cloud *Cloud
	entry *Request
}

func (o *observer) WriteHeader(code int) {
	o.cloud.mu.Lock()
	o.entry.Status = code
	o.cloud.mu.Unlock()
	o.ResponseWriter.WriteHeader(code)
}

// Unwrap gives http.ResponseController the connection.
func (o *observer) Unwrap() http.ResponseWriter { return o.ResponseWriter }

// Kinds are what Count counts.
var Kinds = []string{"servers", "networks", "routers", "subnets", "ports", "floating-ips", "volumes", "snapshots", "security-groups", "images", "keypairs"}

// Count tells how many of a kind (see Kinds) the named projects own now; without projects, all
// of them. Security groups count without every project's default one, images without those of
// the seed, and key pairs, which belong to users, for the users of the projects. It answers −1
// for a kind that does not exist.
func (c *Cloud) Count(kind string, projects ...string) int {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.settle(c.opt.Now().UTC())
	ids := map[string]bool{}
	for _, p := range c.identity.projects {
		ids[p.id] = len(projects) == 0 || slices.Contains(projects, p.name) || slices.Contains(projects, p.id)
	}
	switch kind {
	case "servers":
		n := 0
		for _, s := range c.compute.order {
			if !s.gone && ids[s.tenant.id] {
				n++
			}
		}
		return n
	case "images":
		n := 0
		for _, i := range c.images {
			if ids[i.owner] && i.visibility != "public" {
				n++
			}
		}
		return n
	case "keypairs":
		return c.countKeys(ids)
	case "volumes":
		return countIf(c.storage.volumes, func(v *volume) bool { return ids[v.project] })
	case "snapshots":
		return countIf(c.storage.snapshots, func(s *snapshot) bool { return ids[s.project] })
	}
	return c.countNetwork(kind, ids)
}

func countIf[T any](list []T, counts func(T) bool) int {
	n := 0
	for _, x := range list {
		if counts(x) {
			n++
		}
	}
	return n
}

func (c *Cloud) countKeys(projects map[string]bool) int {
	n := 0
	for _, u := range c.identity.users {
		for p := range u.roles {
			if projects[p] {
				n += len(c.compute.keys[u.id])
				break
			}
		}
	}
	return n
}

func (c *Cloud) countNetwork(kind string, projects map[string]bool) int {
	n := 0
	count := func(things []thing) {
		for _, t := range things {
			net, isNet := t.(*netw)
			sub, isSub := t.(*subnet)
			if projects[t.info().project] && !(isNet && net.external) && !(isSub && sub.net.external) &&
				t != c.network.defaults[t.info().project] {
				n++
			}
		}
	}
	switch kind {
	case "networks":
		count(c.network.networks.things())
	case "subnets":
		count(c.network.subnets.things())
	case "routers":
		count(c.network.routers.things())
	case "ports":
		count(c.network.ports.things())
	case "floating-ips":
		count(c.network.floating.things())
	case "security-groups":
		for _, g := range c.network.groups.all {
			if projects[g.project] && c.network.defaults[g.project] != g {
				n++
			}
		}
	default:
		return -1
	}
	return n
}

// Reachable tells whether somebody outside could open a TCP connection to the address: it is a
// floating IP of a running server whose security groups admit the port.
func (c *Cloud) Reachable(ip string, port int) bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.settle(c.opt.Now().UTC())
	addr, err := netip.ParseAddr(ip)
	if err != nil {
		return false
	}
	for _, f := range c.network.floating.all {
		if f.addr != addr || f.target == nil || f.router.down || f.target.down {
			continue
		}
		s := c.compute.servers[f.target.device]
		if s == nil || s.gone || s.vm != "active" || s.task != "" {
			return false
		}
		return slices.ContainsFunc(f.target.groups, func(g *group) bool {
			return slices.ContainsFunc(g.rules, func(r *groupRule) bool { return r.admits(port) })
		})
	}
	return false
}

// banner is what the SSH server of every guest says first.
const banner = "SSH-2.0-OpenSSH_9.2 simulated\r\n"

// Dial opens a connection to a port of a server, like net.Dialer's DialContext, if it is
// Reachable. Only SSH listens there: port 22 answers a banner, others refuse.
func (c *Cloud) Dial(ctx context.Context, network, addr string) (net.Conn, error) {
	refuse := func(err error) (net.Conn, error) {
		return nil, &net.OpError{Op: "dial", Net: network, Err: fmt.Errorf("%s: %w", addr, err)}
	}
	host, service, err := net.SplitHostPort(addr)
	if err != nil {
		return refuse(err)
	}
	if !strings.HasPrefix(network, "tcp") {
		return refuse(net.UnknownNetworkError(network))
	}
	port, err := strconv.Atoi(service)
	if err != nil {
		return refuse(err)
	}
	if err := ctx.Err(); err != nil {
		return refuse(err)
	}
	if !c.Reachable(host, port) {
		return refuse(errors.New("i/o timeout: no route to host, or no security group admits the port"))
	}
	if port != 22 {
		return refuse(errors.New("connection refused"))
	}
	here, there := net.Pipe()
	go func() {
		defer func() { _ = there.Close() }()
		_ = there.SetDeadline(time.Now().Add(10 * time.Second))
		_, _ = there.Write([]byte(banner)) // a client that hangs up has seen enough
	}()
	return here, nil
}
