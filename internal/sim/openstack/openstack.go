// Package openstack is an OpenStack cloud in memory, as an http.Handler: Keystone v3 and v2.0,
// Nova v2.1 with microversions, Neutron v2.0, Glance v2 and Cinder v3 under one base URL. It refuses what
// a real cloud refuses, with the same status codes and error bodies, and it can be told to
// misbehave (see ParseRule). Nothing in it runs by itself: what takes time in a real cloud, such
// as a build, is computed from the clock whenever somebody looks.
//
// Sources: the API references at docs.openstack.org/api-ref and the answers of an OpenStack Zed.
package openstack

import (
	"bytes"
	"io"
	"log/slog"
	"math/rand/v2"
	"net/http"
	"strings"
	"sync"
	"time"
)

// Region is the name of the only region.
const Region = "RegionOne"

const (
	maxBody     = 16 << 20 // bytes of a request; uploads of images included
	defaultTime = 2 * time.Second
)

// Options changes how a Cloud behaves; the zero value is good.
type Options struct {
	Now     func() time.Time // the cloud's clock; time.Now when nil
	Build   time.Duration    // from POST /servers to ACTIVE by Now; 2 s when 0. Other work takes a part of it
	Confirm time.Duration    // a resize is confirmed by the cloud so long after VERIFY_RESIZE; 0: never, below 0: at once
	Latency time.Duration    // real time that every call takes on top
	Log     *slog.Logger     // one debug line per request; none when nil
	Metrics bool             // there is a Gnocchi, with Ceilometer's measures of every server
	Profile string           // one of Profiles: the time that the cloud is of; "" is a Zed whose Keystone still speaks v2.0, too
}

// Cloud is a simulated cloud. It is safe for use by many goroutines at once.
type Cloud struct {
	opt Options
	mux *http.ServeMux
	era era

	mu       sync.Mutex
	events   eventQueue
	seq      int // counts everything made, so that lists have an order
	identity identity
	advert   advert
	compute  compute
	network  network
	storage  storage
	images   map[string]*image
	imageIDs []string

	ruleTemplates []object // os-security-group-default-rules

	rules     []*Rule
	metered   bool // there is a Gnocchi
	hostsAway bool // no hypervisor takes new servers
	requests  []*Request
	random    *rand.Rand
}

// New makes a cloud that holds the users, projects, flavors, images and the external network
// which the project's scripts expect. It panics on a profile that is none.
func New(opt Options) *Cloud {
	if opt.Now == nil {
		opt.Now = time.Now
	}
	if opt.Build <= 0 {
		opt.Build = defaultTime
	}
	if opt.Log == nil {
		opt.Log = slog.New(slog.DiscardHandler)
	}
	if _, known := eras[opt.Profile]; !known {
		panic("openstack: there is no profile " + opt.Profile)
	}
	c := &Cloud{
		storage: newStorage(),

		opt:     opt,
		metered: opt.Metrics,
		era:     eras[opt.Profile],
		images:  map[string]*image{},
		random:  rand.New(rand.NewPCG(1, 2)),
	}
	c.seed()
	c.seedNova()
	c.compute.confirm = opt.Confirm
	c.mux = c.routes()
	return c
}

// ServeHTTP answers one API call.
func (c *Cloud) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	r, entry := c.record(c.normal(r))
	w = &observer{w, c, entry}
	if !pause(r, c.opt.Latency) {
		return
	}
	var mux http.Handler = c.mux
	if c.era.lacks(r.URL.Path) {
		mux = c.open(func(q *call) (answer, error) { return answer{}, noSuchPath(q) })
	}
	_, pattern := c.mux.Handler(r)
	hit := c.strike(r, pattern)
	if hit != nil && !pause(r, hit.delay) {
		return
	}
	if hit != nil && !hit.after && c.refuse(w, r, hit) {
		return
	}
	body, err := io.ReadAll(http.MaxBytesReader(w, r.Body, maxBody))
	if err != nil {
		http.Error(w, "request body too large or broken", http.StatusRequestEntityTooLarge)
		return
	}
	r.Body = io.NopCloser(bytes.NewReader(body))
	if hit != nil && hit.after {
		mux.ServeHTTP(&void{head: http.Header{}}, r)
		if c.refuse(w, r, hit) {
			return
		}
	}
	mux.ServeHTTP(w, r)
}

// void takes an answer that nobody gets to see.
type void struct{ head http.Header }

func (v *void) Header() http.Header         { return v.head }
func (v *void) Write(b []byte) (int, error) { return len(b), nil }
func (v *void) WriteHeader(int)             {}

// pause waits in real time; it answers false when the client went away meanwhile.
func pause(r *http.Request, d time.Duration) bool {
	if d <= 0 {
		return true
	}
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-t.C:
		return true
	case <-r.Context().Done():
		return false
	}
}

func isHexID(s string) bool {
	return len(s) == 32 && strings.Trim(s, "0123456789abcdef") == ""
}
