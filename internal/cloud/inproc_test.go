package cloud_test

import (
	"io"
	"net/http"
	"net/http/httptest"
	"sync"
	"testing"
	"time"

	"github.com/stackhand/stackhand"
	"github.com/stackhand/stackhand/internal/cloud"
	"github.com/stackhand/stackhand/internal/sim/openstack"
)

// inproc carries requests to a handler without a network, so that time may be fake.
type inproc struct {
	http.Handler

	mu   sync.Mutex
	seen []string // "GET /compute/v2.1/servers"
}

func (p *inproc) RoundTrip(req *http.Request) (resp *http.Response, err error) {
	p.mu.Lock()
	p.seen = append(p.seen, req.Method+" "+req.URL.Path)
	p.mu.Unlock()
	defer func() {
		if r := recover(); r == http.ErrAbortHandler {
			resp, err = nil, io.ErrUnexpectedEOF
		} else if r != nil {
			panic(r)
		}
	}()
	if req.Body == nil {
		req.Body = http.NoBody
	}
	req.Host, req.RequestURI = req.URL.Host, req.URL.RequestURI()
	rec := httptest.NewRecorder()
	p.ServeHTTP(rec, req)
	if err := req.Context().Err(); err != nil {
		return nil, err
	}
	return rec.Result(), nil
}

// count tells how many requests of this method and path there were; reset forgets all.
func (p *inproc) count(what string) (n int) {
	p.mu.Lock()
	defer p.mu.Unlock()
	for _, s := range p.seen {
		if s == what {
			n++
		}
	}
	return n
}

func (p *inproc) reset() {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.seen = nil
}

// world is a simulated cloud in this process, its clock the one of the test.
type world struct {
	sim
	net  *inproc
	pool *cloud.Pool
}

func newWorld(t testing.TB, o openstack.Options, co cloud.Options) *world {
	c := openstack.New(o)
	w := &world{sim: sim{c, cloud.Entry{Name: "lab", AuthURL: "http://cloud.test/identity", Region: "RegionOne", Interface: "public"}}}
	w.net = &inproc{Handler: c}
	co.Transport = w.net
	w.pool = cloud.NewPool(w.entries(), co)
	return w
}

func (w *world) as(t testing.TB, l stackhand.Login) *cloud.Client {
	t.Helper()
	c, err := w.pool.Client(t.Context(), "lab", l)
	if err != nil {
		t.Fatal(err)
	}
	return c
}

// boots starts n servers on a network of their own.
func boots(t testing.TB, c *cloud.Client, names ...string) []string {
	t.Helper()
	ctx := t.Context()
	must := func(err error) {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
	}
	n, err := c.CreateNetwork(ctx, "net", "")
	must(err)
	_, err = c.CreateSubnet(ctx, stackhand.SubnetSpec{NetworkID: n.ID, CIDR: "10.0.0.0/16"})
	must(err)
	images, err := c.Images(ctx)
	must(err)
	flavors, err := c.Flavors(ctx)
	must(err)
	var ids []string
	for _, name := range names {
		p, err := c.CreatePort(ctx, stackhand.PortSpec{NetworkID: n.ID})
		must(err)
		id, err := c.CreateServer(ctx, stackhand.ServerSpec{Name: name, ImageID: images[0].ID, FlavorID: flavors[0].ID, Ports: []string{p.ID}})
		must(err)
		ids = append(ids, id)
	}
	return ids
}

func active(s stackhand.Server) bool { return s.Status == "ACTIVE" && s.Task == "" }

const detail = "GET /compute/v2.1/servers/detail"

var quick = openstack.Options{Build: 2 * time.Second}
