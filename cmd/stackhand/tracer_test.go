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

var idIn = regexp.MustCompile(`\b[0-9a-f]{8}-?[0-9a-f]{4}-?[0-9a-f]{4}-?[0-9a-f]{4}-?[0-9a-f]{12}\b`)

func idsIn(s string) map[string]bool {
	ids := map[string]bool{}
	for _, id := range idIn.FindAllString(s, -1) {
		ids[id] = true
	}
	return ids
}

// critical is how long the calls of a create take at the least, by what they depend on and nothing
// else: a call that sends an id waits for the call that answered it (unless it was known before);
// a call that makes something waits for the looks that were begun before the first such call (may
// it be made at all, is it there already); the build begins when the POST of the server is over, and
// one look must see its end. Looks that could have been made side by side count once. way names the
// calls on the longest chain.
func critical(calls, before []call, build time.Duration) (longest time.Duration, way []string) {
	calls = slices.Clone(calls)
	slices.SortFunc(calls, func(a, b call) int { return a.start.Compare(b.start) })
	known := map[string]bool{}
	for _, c := range before {
		for id := range idsIn(c.got) {
			known[id] = true
		}
	}
	first := slices.IndexFunc(calls, func(c call) bool { return !c.reads() })
	chains := make([]chain, len(calls))
	var last, lastLook chain
	for i, c := range calls {
		if c.looks() {
			lastLook = chain{took: c.end.Sub(c.start), way: []string{"GET " + c.path}}
			continue
		}
		need := chain{}
		for j, other := range calls[:i] {
			if !c.reads() && first >= 0 && j < first && other.reads() {
				need = need.longer(chains[j])
			}
		}
		for id := range idsIn(c.sent) {
			if from, ok := source(id, calls[:i], chains, c.start); ok && !known[id] {
				need = need.longer(from)
			}
		}
		chains[i] = need.then(c.method+" "+c.path, c.end.Sub(c.start))
		if c.method == http.MethodPost && strings.HasSuffix(c.path, "/servers") {
			last = last.longer(chains[i].then("build", build))
		}
	}
	if last.took > 0 {
		last = last.then("seen by "+strings.Join(lastLook.way, ""), lastLook.took)
	}
	for _, c := range chains {
		last = last.longer(c)
	}
	return last.took, last.way
}

// source is the shortest chain to an answer with the id that had come by then.
func source(id string, calls []call, chains []chain, by time.Time) (best chain, ok bool) {
	for i, c := range calls {
		if c.looks() || c.end.After(by) || !strings.Contains(c.got, id) {
			continue
		}
		if !ok || chains[i].took < best.took {
			best, ok = chains[i], true
		}
	}
	return best, ok
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
	return call{method: method, path: path, sent: path + sent, got: got, start: ms(from), end: ms(to)}
}

func TestCritical(t *testing.T) {
	const (
		project = "00000000-0000-0000-0000-00000000000a"
		image   = "00000000-0000-0000-0000-00000000000b"
		network = "00000000-0000-0000-0000-00000000000c"
		port    = "00000000-0000-0000-0000-00000000000d"
		server  = "00000000-0000-0000-0000-00000000000e"
	)
	before := []call{at("POST", "/auth/tokens", "", project, -100, -50)}
	calls := []call{
		at("GET", "/images", "", image+project, 0, 50),
		at("GET", "/limits/"+project, "", "", 60, 100), // could have begun at 0: the project was known
		at("POST", "/networks", "", network, 120, 170),
		at("POST", "/floatingips", "", "", 120, 190),
		at("POST", "/ports", network, port+network, 200, 250),
		at("POST", "/servers", port+image, server, 260, 320),
		at("GET", "/servers/detail", "", server, 500, 550),
		at("GET", "/servers/detail", "", server, 1400, 1430),
	}
	took, way := critical(calls, before, time.Second)
	const want = "GET /images > POST /networks > POST /ports > POST /servers > build > seen by GET /servers/detail"
	if got := strings.Join(way, " > "); took != (50+50+50+60+1000+30)*time.Millisecond || got != want {
		t.Errorf("critical path %v: %s; want 1.24s: %s", took, got, want)
	}
	if took, way := critical(calls[:4], before, time.Second); took != 120*time.Millisecond {
		t.Errorf("without a server: %v, want 120ms: %v", took, way)
	}
}

func TestBusy(t *testing.T) {
	calls := []call{at("GET", "/c", "", "", 200, 250), at("GET", "/a", "", "", 0, 100), at("GET", "/b", "", "", 50, 80), at("GET", "/d", "", "", 240, 260)}
	if got := busy(calls); got != 160*time.Millisecond {
		t.Errorf("busy for %v, want 160ms", got)
	}
}
