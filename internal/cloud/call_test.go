package cloud_test

import (
	"context"
	"io"
	"log/slog"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stackhand/stackhand"
	"github.com/stackhand/stackhand/internal/cloud"
	"github.com/stackhand/stackhand/internal/sim/openstack"
)

// Reads are tried again, for a short while; writes are not.
func TestRetries(t *testing.T) {
	for _, c := range []struct {
		name, rule string
		call       func(context.Context, *cloud.Client) error
		what       string
		tries      int
		kind       stackhand.Kind
		least      time.Duration
	}{
		{"a passing 503", "GET /networks 503 times 2", listNetworks, "GET /network/v2.0/networks", 3, "", 300 * time.Millisecond},
		{"a lasting 500", "GET /networks 500 always", listNetworks, "GET /network/v2.0/networks", 4, stackhand.Unavailable, 700 * time.Millisecond},
		{"a lost connection", "GET /networks drop", listNetworks, "GET /network/v2.0/networks", 2, "", 0},
		{"too fast", "GET /networks 429", listNetworks, "GET /network/v2.0/networks", 2, "", 0},
		{"no right", "GET /networks 403", listNetworks, "GET /network/v2.0/networks", 1, stackhand.Forbidden, 0},
		{"a write", "POST /networks 503", makeNetwork, "POST /network/v2.0/networks", 1, stackhand.Unavailable, 0},
		{"a write that was done", "POST /networks drop after", makeNetwork, "POST /network/v2.0/networks", 1, stackhand.Unavailable, 0},
		{"a write, too fast", "POST /networks 429", makeNetwork, "POST /network/v2.0/networks", 1, stackhand.RateLimited, 0},
	} {
		t.Run(c.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				w := newWorld(t, quick, cloud.Options{})
				client := w.as(t, alice)
				w.rule(t, c.rule)
				start := time.Now()
				err := c.call(t.Context(), client)
				if stackhand.KindOf(err) != c.kind {
					t.Errorf("got %v, want %q", err, c.kind)
				}
				if n := w.net.count(c.what); n != c.tries {
					t.Errorf("%d tries, want %d", n, c.tries)
				}
				if took := time.Since(start); took < c.least || took > 10*time.Second {
					t.Errorf("it took %v", took)
				}
			})
		})
	}
}

func listNetworks(ctx context.Context, c *cloud.Client) error {
	_, err := c.Networks(ctx)
	return err
}

func makeNetwork(ctx context.Context, c *cloud.Client) error {
	_, err := c.CreateNetwork(ctx, "n", "")
	return err
}

func TestTimeout(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t, quick, cloud.Options{Timeout: 2 * time.Second})
		c := w.as(t, alice)
		w.rule(t, "POST /networks delay 1m")
		start := time.Now()
		err := makeNetwork(t.Context(), c)
		if stackhand.KindOf(err) != stackhand.Unavailable || time.Since(start) > 3*time.Second {
			t.Errorf("got %v after %v", err, time.Since(start))
		}
		w.rule(t, "GET /networks delay 1m always")
		start = time.Now()
		if err := listNetworks(t.Context(), c); stackhand.KindOf(err) != stackhand.Unavailable || time.Since(start) > 3*time.Second {
			t.Errorf("a read without an answer: %v after %v", err, time.Since(start))
		}
		ctx, cancel := context.WithCancel(t.Context())
		go func() {
			<-time.After(time.Second)
			cancel()
		}()
		start = time.Now()
		if err := listNetworks(ctx, c); stackhand.KindOf(err) != stackhand.Canceled || time.Since(start) > 1100*time.Millisecond {
			t.Errorf("cancelled: %v after %v", err, time.Since(start))
		}
	})
}

// wrapped puts a handler in front of a simulated cloud on loopback.
func wrapped(t *testing.T, before func(http.ResponseWriter, *http.Request) bool, o cloud.Options) (*cloud.Client, error) {
	t.Helper()
	s := openstack.New(quick)
	srv := httptest.NewServer(http.HandlerFunc(func(rw http.ResponseWriter, req *http.Request) {
		if !before(rw, req) {
			s.ServeHTTP(rw, req)
		}
	}))
	t.Cleanup(srv.Close)
	e := cloud.Entry{Name: "lab", AuthURL: srv.URL + "/identity/v3", Interface: "public"}
	return cloud.NewPool(map[string]cloud.Entry{"lab": e}, o).Client(t.Context(), "lab", alice)
}

// The token never follows a redirect to another server, nor does a write follow any.
func TestRedirects(t *testing.T) {
	stolen := make(chan string, 10)
	thief := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, req *http.Request) {
		stolen <- req.Header.Get("X-Auth-Token")
	}))
	t.Cleanup(thief.Close)
	c, err := wrapped(t, func(rw http.ResponseWriter, req *http.Request) bool {
		switch {
		case strings.HasSuffix(req.URL.Path, "/routers"):
			http.Redirect(rw, req, thief.URL+"/v2.0/routers", http.StatusFound)
		case req.Method == http.MethodPost && strings.HasSuffix(req.URL.Path, "/networks"):
			http.Redirect(rw, req, "/network/v2.0/elsewhere", http.StatusTemporaryRedirect)
		case strings.HasSuffix(req.URL.Path, "/floatingips"):
			http.Redirect(rw, req, "/network/v2.0/subnets", http.StatusFound)
		default:
			return false
		}
		return true
	}, cloud.Options{})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := c.Routers(t.Context()); stackhand.KindOf(err) != stackhand.Invalid || !strings.Contains(err.Error(), strings.TrimPrefix(thief.URL, "http://")) {
		t.Errorf("got %v", err)
	}
	if err := makeNetwork(t.Context(), c); stackhand.KindOf(err) != stackhand.Invalid || !strings.Contains(err.Error(), "send us on") {
		t.Errorf("a write was redirected: %v", err)
	}
	if _, err := c.FloatingIPs(t.Context()); err == nil || !strings.Contains(err.Error(), "does not answer like OpenStack") {
		t.Errorf("a read was not redirected on the same server: %v", err)
	}
	if len(stolen) != 0 {
		t.Errorf("the other server got %q", <-stolen)
	}
}

func TestAnswersThatAreNone(t *testing.T) {
	body := ""
	c, err := wrapped(t, func(rw http.ResponseWriter, req *http.Request) bool {
		if !strings.HasSuffix(req.URL.Path, "/networks") {
			return false
		}
		rw.Header().Set("Content-Type", "application/json")
		if body == "endless" {
			_, _ = io.WriteString(rw, `{"networks": [`)
			for range 3 {
				if _, err := io.WriteString(rw, strings.Repeat(" ", 1<<20)); err != nil {
					break
				}
			}
			_, _ = io.WriteString(rw, `]}`)
			return true
		}
		_, _ = io.WriteString(rw, body)
		return true
	}, cloud.Options{RetryPause: time.Millisecond, MaxBody: 2 << 20})
	if err != nil {
		t.Fatal(err)
	}
	for text, kind := range map[string]stackhand.Kind{
		"<html>welcome</html>":     stackhand.Invalid,
		`{"other": []}`:            stackhand.Invalid,
		`{"networks": "rubbish"}`:  stackhand.Invalid,
		`{"networks": [{"id": "x"`: stackhand.Unavailable,
		"endless":                  stackhand.Invalid,
	} {
		body = text
		if err := listNetworks(t.Context(), c); stackhand.KindOf(err) != kind {
			t.Errorf("%.30q gives %s %v, want %s", text, stackhand.KindOf(err), err, kind)
		}
	}
	for _, text := range []string{"<html>welcome</html>", `{"other": {}}`, `{"network": {"id"`, ""} {
		body = text
		if err := makeNetwork(t.Context(), c); stackhand.KindOf(err) != stackhand.Unavailable {
			t.Errorf("a create answered %.30q gives %v", text, err)
		}
	}
}

// A catalogue that names the wrong host is said as that, with host and port.
func TestWrongCatalogue(t *testing.T) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	nobody := l.Addr().String()
	l.Close()
	s := newSim(t, quick)
	s.entry.Overrides = map[string]string{"network": "http://" + nobody + "/v2.0"}
	c := s.client(t, cloud.Options{RetryPause: time.Millisecond})
	err = listNetworks(t.Context(), c)
	e, ok := err.(*stackhand.Error)
	if !ok || e.Kind != stackhand.Unavailable || !strings.Contains(e.Msg, nobody) || !strings.Contains(e.Next, "network_endpoint_override") {
		t.Errorf("got %v", err)
	}
	s.entry.Overrides = nil
	s.entry.Region = "RegionTwo"
	c = s.client(t, cloud.Options{})
	if err := listNetworks(t.Context(), c); stackhand.KindOf(err) != stackhand.Invalid || !strings.Contains(err.Error(), "RegionOne") {
		t.Errorf("a wrong region: %v", err)
	}
	s.entry.AuthURL = "http://" + nobody
	_, err = cloud.NewPool(s.entries(), cloud.Options{RetryPause: time.Millisecond}).Client(t.Context(), "lab", alice)
	if stackhand.KindOf(err) != stackhand.Unavailable || !strings.Contains(err.Error(), nobody) {
		t.Errorf("nobody at auth_url: %v", err)
	}
}

// Nothing that is logged holds a secret, and the agent says who asks.
func TestLogAndAgent(t *testing.T) {
	var log strings.Builder
	agent := ""
	c, err := wrapped(t, func(_ http.ResponseWriter, req *http.Request) bool {
		agent = req.Header.Get("User-Agent")
		return false
	}, cloud.Options{UserAgent: "stackhand/1.2.3", Log: slog.New(slog.NewTextHandler(&log, &slog.HandlerOptions{Level: slog.LevelDebug}))})
	if err != nil {
		t.Fatal(err)
	}
	if err := listNetworks(t.Context(), c); err != nil {
		t.Fatal(err)
	}
	if !strings.HasPrefix(agent, "stackhand/1.2.3 ") {
		t.Errorf("agent %q", agent)
	}
	if !strings.Contains(log.String(), "path=/network/v2.0/networks") || strings.Contains(log.String(), "secret") {
		t.Errorf("log %s", log.String())
	}
}
