package main

import (
	"bytes"
	"io"
	"net/http"
	"regexp"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"
)

// call is one exchange with the cloud, as the bot saw it.
type call struct {
	method, path string
	sent, got    string // where ids travel: address, token and body; token and body
	start, end   time.Time
}

// tracer notes every call to the cloud that the bot makes.
type tracer struct {
	host  string
	mu    sync.Mutex
	calls []call
}

// tap goes between the bot and its network.
func (tr *tracer) tap(net http.RoundTripper, _ *atomic.Bool) http.RoundTripper {
	return roundTrip(func(req *http.Request) (*http.Response, error) {
		if req.URL.Host != tr.host {
			return net.RoundTrip(req)
		}
		c := call{method: req.Method, path: req.URL.Path, sent: req.URL.String() + " " + req.Header.Get("X-Auth-Token")}
		if req.Body != nil {
			body, err := io.ReadAll(req.Body)
			if err != nil {
				return nil, err
			}
			req = req.Clone(req.Context())
			req.Body = io.NopCloser(bytes.NewReader(body))
			c.sent += " " + string(body)
		}
		c.start = time.Now()
		resp, err := net.RoundTrip(req)
		if err != nil {
			return nil, err
		}
		body, err := io.ReadAll(resp.Body)
		resp.Body.Close()
		if err != nil {
			return nil, err
		}
		c.end = time.Now()
		resp.Body = io.NopCloser(bytes.NewReader(body))
		c.got = resp.Header.Get("X-Subject-Token") + " " + string(body)
		tr.mu.Lock()
		tr.calls = append(tr.calls, c)
		tr.mu.Unlock()
		return resp, nil
	})
}

// mark is the number of calls so far, for since.
func (tr *tracer) mark() int {
	tr.mu.Lock()
	defer tr.mu.Unlock()
	return len(tr.calls)
}

// since returns the calls after mark, and those before.
func (tr *tracer) since(mark int) (after, before []call) {
	tr.mu.Lock()
	defer tr.mu.Unlock()
	return slices.Clone(tr.calls[mark:]), slices.Clone(tr.calls[:mark])
}

func (c call) reads() bool { return c.method == http.MethodGet || c.method == http.MethodHead }

// looks tells whether the call looks at the state of servers, as a wait does.
func (c call) looks() bool {
	_, server, ok := strings.Cut(c.path, "/servers/")
	return ok && c.reads() && !strings.Contains(server, "/")
}

func (c call) String() string { return c.method + " " + c.path }

// idIn finds ids, and tokens, which are longer.
var idIn = regexp.MustCompile(`\b[0-9a-f]{8}-?[0-9a-f]{4}-?[0-9a-f]{4}-?[0-9a-f]{4}-?[0-9a-f]{12}\b|\bgAAAA[\w-]+`)

func idsIn(s string) map[string]bool {
	ids := map[string]bool{}
	for _, id := range idIn.FindAllString(s, -1) {
		ids[id] = true
	}
	return ids
}

// critical is how long the calls of a create take at the least, by what they depend on and nothing
// else. A call that sends an id or a token waits for the call that answered it, unless it was known
// before. A job's looks wait for those by which it was accepted. A call that makes something waits
// for the looks that were over when it began; a port also for the subnets of its network, or else
// it has no address. The build begins when the POST of the server is over, and one look must see
// its end. Looks that could have been made side by side count once, calls that could have been made
// earlier count from when they could. way names the calls on the longest chain.
func critical(calls, before []call, accepted time.Time, build time.Duration) (longest time.Duration, way []string) {
	calls = slices.Clone(calls)
	slices.SortFunc(calls, func(a, b call) int { return a.start.Compare(b.start) })
	known := map[string]bool{}
	for _, c := range before {
		for id := range idsIn(c.got) {
			known[id] = true
		}
	}
	chains := make([]chain, len(calls))
	var last, seen chain
	for i, c := range calls {
		if c.looks() {
			seen = chain{c.end.Sub(c.start), []string{c.String()}}
			continue
		}
		need := chain{}
		for j, other := range calls[:i] {
			if c.waitsFor(other, accepted) {
				need = need.longer(chains[j])
			}
		}
		for id := range idsIn(c.sent) {
			if !known[id] {
				need = need.longer(source(id, calls[:i], chains, c.start))
			}
		}
		chains[i] = need.then(c.String(), c.end.Sub(c.start))
		last = last.longer(chains[i])
		if c.String() == "POST /compute/v2.1/servers" {
			last = last.longer(chains[i].then("build", build))
		}
	}
	if seen.way != nil {
		last = last.then(seen.way[0], seen.took)
	}
	return last.took, last.way
}

// waitsFor tells whether a call depends on another for what it decides, not for what it sends.
func (c call) waitsFor(other call, accepted time.Time) bool {
	if other.end.After(c.start) || other.looks() {
		return false
	}
	if other.reads() {
		return !c.reads() || c.start.After(accepted) && !other.start.After(accepted)
	}
	if strings.HasSuffix(c.String(), "POST /network/v2.0/ports") && strings.HasSuffix(other.path, "/subnets") {
		for id := range idsIn(c.sent) {
			if strings.Contains(other.sent, id) {
				return true
			}
		}
	}
	return false
}

// source is the shortest chain to an answer with the id that had come by then.
func source(id string, calls []call, chains []chain, by time.Time) (best chain) {
	for i, c := range calls {
		if !c.looks() && !c.end.After(by) && strings.Contains(c.got, id) && (best.way == nil || chains[i].took < best.took) {
			best = chains[i]
		}
	}
	return best
}

// chain is calls of which each depends on the one before.
type chain struct {
	took time.Duration
	way  []string
}

func (c chain) longer(d chain) chain {
	if d.took > c.took {
		return d
	}
	return c
}

func (c chain) then(what string, took time.Duration) chain {
	return chain{c.took + took, append(slices.Clone(c.way), what)}
}

// busy is how long at least one of the calls was under way.
func busy(calls []call) (sum time.Duration) {
	slices.SortFunc(calls, func(a, b call) int { return a.start.Compare(b.start) })
	var until time.Time
	for _, c := range calls {
		from := c.start
		if from.Before(until) {
			from = until
		}
		if c.end.After(from) {
			sum += c.end.Sub(from)
			until = c.end
		}
	}
	return sum
}

// at makes a call from and to so many ms after the start of a test.
func at(method, path, sent, got string, from, to int) call {
	zero := time.Date(2026, 11, 21, 8, 0, 0, 0, time.UTC)
	ms := func(n int) time.Time { return zero.Add(time.Duration(n) * time.Millisecond) }
	return call{method: method, path: path, sent: path + " " + sent, got: got, start: ms(from), end: ms(to)}
}

func TestCritical(t *testing.T) {
	const (
		project = "00000000-0000-0000-0000-00000000000a"
		image   = "00000000-0000-0000-0000-00000000000b"
		network = "00000000-0000-0000-0000-00000000000c"
		port    = "00000000-0000-0000-0000-00000000000d"
		server  = "00000000-0000-0000-0000-00000000000e"
	)
	before := []call{at("POST", "/identity/v3/auth/tokens", "", project, -100, -50)}
	calls := []call{
		at("GET", "/image/v2/images", "", image+" "+project, 0, 50),
		at("GET", "/compute/v2.1/limits", project, "", 60, 100), // could have begun at 0: the project was known
		at("GET", "/network/v2.0/routers", "", "", 120, 160),
		at("GET", "/network/v2.0/subnets", "", "", 170, 210), // could have begun with the routers
		at("POST", "/network/v2.0/networks", "", network, 220, 270),
		at("POST", "/network/v2.0/floatingips", "", "", 220, 300),
		at("POST", "/network/v2.0/subnets", network, network, 310, 370), // need not have waited for the address
		at("POST", "/network/v2.0/ports", network, port+" "+network, 390, 440),
		at("POST", "/compute/v2.1/servers", port+" "+image, server, 450, 510),
		at("GET", "/compute/v2.1/servers/detail", "", server, 700, 750),
		at("GET", "/compute/v2.1/servers/detail", "", server, 1600, 1630),
	}
	accepted := calls[1].end.Add(10 * time.Millisecond)
	took, way := critical(calls, before, accepted, time.Second)
	const want = "GET /image/v2/images > GET /network/v2.0/routers > POST /network/v2.0/networks > POST /network/v2.0/subnets > " +
		"POST /network/v2.0/ports > POST /compute/v2.1/servers > build > GET /compute/v2.1/servers/detail"
	if got := strings.Join(way, " > "); took != (50+40+50+60+50+60+1000+30)*time.Millisecond || got != want {
		t.Errorf("critical path %v: %s; want 1.34s: %s", took, got, want)
	}
	if took, way := critical(calls[:6], before, accepted, time.Second); took != (50+40+80)*time.Millisecond {
		t.Errorf("without a server: %v, want 170ms: %v", took, way)
	}
}

func TestBusy(t *testing.T) {
	calls := []call{at("GET", "/c", "", "", 200, 250), at("GET", "/a", "", "", 0, 100), at("GET", "/b", "", "", 50, 80), at("GET", "/d", "", "", 240, 260)}
	if got := busy(calls); got != 160*time.Millisecond {
		t.Errorf("busy for %v, want 160ms", got)
	}
}
