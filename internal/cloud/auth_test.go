package cloud_test

import (
	"context"
	"io"
	"net/http"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stackhand/stackhand"
	"github.com/stackhand/stackhand/internal/cloud"
	"github.com/stackhand/stackhand/internal/sim/openstack"
)

const tokens = "POST /identity/v3/auth/tokens"

// Keystone v2.0 knows passwords and tokens, tenants by id or name, and no application credentials.
func TestKeystoneV2(t *testing.T) {
	w := newWorld(t, quick, cloud.Options{})
	e := w.entry
	e.IdentityVersion = "2.0"
	w.pool = cloud.NewPool(map[string]cloud.Entry{"lab": e}, cloud.Options{Transport: w.net})
	unscoped := alice
	unscoped.ProjectName = ""
	all, err := w.pool.Projects(t.Context(), "lab", unscoped)
	if err != nil || !slices.ContainsFunc(all, func(p stackhand.Project) bool { return p.Name == "team-a" }) {
		t.Fatalf("tenants: %v, %v", all, err)
	}
	c := w.as(t, alice)
	if id := c.Identity(); id.Project != "team-a" || id.User != "alice" || id.UserID == "" || len(id.Roles) == 0 || id.Expires.IsZero() {
		t.Errorf("identity %+v", id)
	}
	if _, err := c.Networks(t.Context()); err != nil {
		t.Error(err)
	}
	byID := unscoped
	byID.ProjectID = c.Identity().ProjectID
	if got := w.as(t, byID).Identity(); got.Project != "team-a" {
		t.Errorf("by the tenant's id: %+v", got)
	}
	both := byID
	both.ProjectName = "team-a"
	before := w.net.count("POST /identity/v2.0/tokens")
	if _, err := w.pool.Client(t.Context(), "lab", both); stackhand.KindOf(err) != stackhand.Invalid || !strings.Contains(err.Error(), "twice") {
		t.Errorf("with id and name of the tenant: %v", err)
	}
	if now := w.net.count("POST /identity/v2.0/tokens"); now != before {
		t.Error("what Keystone refuses was sent all the same")
	}
	if w.net.count("POST /identity/v2.0/tokens") == 0 || w.net.count(tokens) != 0 {
		t.Error("it did not speak v2.0")
	}
	if _, err := w.pool.Client(t.Context(), "lab", unscoped); stackhand.KindOf(err) != stackhand.Invalid {
		t.Errorf("without a project: %v", err)
	}
	if _, _, err := w.pool.Exchange(t.Context(), "lab", alice, "x", time.Time{}); stackhand.KindOf(err) != stackhand.NotFound {
		t.Errorf("exchange: %v", err)
	}
	cred := stackhand.Login{AppCredID: "x", AppCredSecret: "y"}
	if _, err := w.pool.Client(t.Context(), "lab", cred); stackhand.KindOf(err) != stackhand.Invalid {
		t.Errorf("application credential: %v", err)
	}
	w.rule(t, "token expire")
	if _, err := c.Networks(t.Context()); err != nil {
		t.Errorf("after the token's end: %v", err)
	}
}

// sniff notes the newest token that was handed out.
type sniff struct {
	http.Handler
	token string
}

func (s *sniff) ServeHTTP(rw http.ResponseWriter, req *http.Request) {
	s.Handler.ServeHTTP(rw, req)
	if v := rw.Header().Get("X-Subject-Token"); v != "" {
		s.token = v
	}
}

func TestLoginByToken(t *testing.T) {
	w := newWorld(t, quick, cloud.Options{})
	s := &sniff{Handler: w.Cloud}
	w.net.Handler = s
	w.as(t, alice)
	asIs := w.as(t, stackhand.Login{Token: s.token})
	if asIs.Identity().Project != "team-a" {
		t.Errorf("a token as it is: %+v", asIs.Identity())
	}
	carol := person("carol", "team-a")
	w.as(t, carol)
	other := w.as(t, stackhand.Login{AuthType: "v3token", Token: s.token, ProjectName: "team-b", ProjectDomain: "Default"})
	if other.Identity().Project != "team-b" || other.Identity().User != "carol" {
		t.Errorf("a token for another project: %+v", other.Identity())
	}
	w.rule(t, "token expire")
	_, err := other.Servers(t.Context())
	if e, ok := err.(*stackhand.Error); !ok || e.Kind != stackhand.Unauthorized || !strings.Contains(e.Next, "Log in again") {
		t.Errorf("after its end: %v", err)
	}
}

// Whatever number of calls meets the end of a token, one new token serves them all.
func TestReauthIsShared(t *testing.T) {
	w := newWorld(t, openstack.Options{Latency: 20 * time.Millisecond}, cloud.Options{})
	c := w.as(t, alice)
	if _, err := c.Servers(t.Context()); err != nil {
		t.Fatal(err)
	}
	w.rule(t, "token expire")
	w.net.reset()
	var all sync.WaitGroup
	for i := range 20 {
		all.Go(func() {
			call := []func() error{
				func() error { _, err := c.Servers(t.Context()); return err },
				func() error { _, err := c.Networks(t.Context()); return err },
				func() error { _, err := c.CreateNetwork(t.Context(), "n", ""); return err },
			}[i%3]
			err := call()
			if i%3 == 2 && stackhand.KindOf(err) == stackhand.Unavailable {
				err = call() // it was not done, which a write finds out by looking
			}
			if err != nil {
				t.Error(err)
			}
		})
	}
	all.Wait()
	if n := w.net.count(tokens); n != 1 {
		t.Errorf("%d logins after one expiry", n)
	}
	if n := w.Count("networks", "team-a"); n != 6 {
		t.Errorf("%d networks after 6 creates", n)
	}
}

// A service that says 401 may have done the write all the same, so that only its caller may repeat it. The
// next call has a new token.
func TestAWriteIsNotRepeatedAfterA401(t *testing.T) {
	ctx := t.Context()
	for _, c := range []struct {
		rule string
		want []stackhand.Kind
		made int
	}{
		{"POST /networks expire after", []stackhand.Kind{stackhand.Unavailable, ""}, 2},
		{"POST /networks expire", []stackhand.Kind{stackhand.Unavailable, ""}, 1},
		{"POST /networks 401 times 2", []stackhand.Kind{stackhand.Unavailable, stackhand.Unavailable, ""}, 1},
		{"POST /networks 401 always", []stackhand.Kind{stackhand.Unavailable, stackhand.Unavailable, stackhand.Unauthorized}, 0},
	} {
		w := newWorld(t, quick, cloud.Options{})
		client := w.as(t, alice)
		w.rule(t, c.rule)
		for i, want := range c.want {
			if err := makeNetwork(ctx, client); stackhand.KindOf(err) != want {
				t.Errorf("%s: call %d: %v, want %q", c.rule, i+1, err, want)
			}
			if n := w.net.count("POST /network/v2.0/networks"); n != i+1 {
				t.Errorf("%s: %d requests by %d calls", c.rule, n, i+1)
			}
		}
		if n := w.Count("networks", "team-a"); n != c.made {
			t.Errorf("%s: %d networks, want %d", c.rule, n, c.made)
		}
	}
}

func TestClientsAreShared(t *testing.T) {
	var mu sync.Mutex
	now := time.Now()
	clock := func() time.Time { mu.Lock(); defer mu.Unlock(); return now }
	w := newWorld(t, openstack.Options{Latency: 5 * time.Millisecond}, cloud.Options{Now: clock, Idle: time.Hour})
	var all sync.WaitGroup
	for range 10 {
		all.Go(func() {
			if _, err := w.pool.Client(t.Context(), "lab", alice); err != nil {
				t.Error(err)
			}
		})
	}
	all.Wait()
	if n := w.net.count(tokens); n != 1 {
		t.Errorf("%d logins for one credential", n)
	}
	first := w.as(t, alice)
	if w.as(t, person("carol", "team-a")) == first {
		t.Error("two people share a client")
	}
	mu.Lock()
	now = now.Add(2 * time.Hour)
	mu.Unlock()
	w.as(t, person("bob", "team-b")) // sweeps the idle ones
	if w.as(t, alice) == first {
		t.Error("an idle client was kept")
	}
	again := w.as(t, alice)
	w.pool.Forget("lab", alice)
	if w.as(t, alice) == again {
		t.Error("a forgotten client was kept")
	}
}

func TestPoolRefuses(t *testing.T) {
	w := newWorld(t, quick, cloud.Options{})
	for name, l := range map[string]stackhand.Login{
		"nothing":     {},
		"no password": {Username: "alice", AuthType: "password"},
		"no user":     {Password: "x"},
		"no secret":   {AppCredID: "x"},
		"no token":    {AuthType: "token"},
		"unknown way": {AuthType: "v3oidcpassword", Username: "alice", Password: "x"},
	} {
		_, err := w.pool.Client(t.Context(), "lab", l)
		if e, ok := err.(*stackhand.Error); !ok || e.Kind != stackhand.Invalid || e.Next == "" {
			t.Errorf("%s: %v", name, err)
		}
	}
	if len(w.Requests()) != 0 {
		t.Errorf("the cloud was asked: %v", w.Requests())
	}
	if _, err := w.pool.Client(t.Context(), "nowhere", alice); stackhand.KindOf(err) != stackhand.NotFound {
		t.Errorf("unknown cloud: %v", err)
	}
	if _, err := w.pool.Service(t.Context(), "lab"); stackhand.KindOf(err) != stackhand.Invalid {
		t.Errorf("no credentials of its own: %v", err)
	}
	e := w.entry
	e.Auth = alice
	p := cloud.NewPool(map[string]cloud.Entry{"lab": e}, cloud.Options{Transport: w.net})
	if c, err := p.Service(t.Context(), "lab"); err != nil || c.Identity().User != "alice" {
		t.Errorf("the entry's own credentials: %v", err)
	}
	if !slices.Equal(p.Clouds(), []string{"lab"}) {
		t.Errorf("clouds %v", p.Clouds())
	}
}

// A lost answer to the exchange leaves one application credential, not two.
func TestExchangeLost(t *testing.T) {
	w := newWorld(t, quick, cloud.Options{})
	w.rule(t, "POST /application_credentials 500 after")
	l, id, err := w.pool.Exchange(t.Context(), "lab", alice, "stackhand", time.Now().Add(time.Hour))
	if err != nil {
		t.Fatal(err)
	}
	w.as(t, l)
	_, _, err = w.pool.Exchange(t.Context(), "lab", alice, "stackhand", time.Time{})
	if stackhand.KindOf(err) != stackhand.Conflict {
		t.Errorf("the name is taken, but: %v", err)
	}
	if err := w.pool.Revoke(t.Context(), "lab", alice, id); err != nil {
		t.Error(err)
	}
	if _, _, err = w.pool.Exchange(t.Context(), "lab", alice, "stackhand", time.Time{}); err != nil {
		t.Errorf("a second credential of the name is left: %v", err)
	}
}

func TestPing(t *testing.T) {
	w := newWorld(t, quick, cloud.Options{RetryPause: time.Millisecond})
	if err := w.pool.Ping(t.Context(), "lab"); err != nil {
		t.Error(err)
	}
	w.net.Handler = http.NotFoundHandler()
	if err := w.pool.Ping(t.Context(), "lab"); stackhand.KindOf(err) != stackhand.Invalid {
		t.Errorf("what is no Keystone: %v", err)
	}
	w.net.Handler = http.HandlerFunc(func(rw http.ResponseWriter, _ *http.Request) { _, _ = rw.Write([]byte(`{"hello": 1}`)) })
	fresh := cloud.NewPool(w.entries(), cloud.Options{Transport: w.net})
	if err := fresh.Ping(t.Context(), "lab"); stackhand.KindOf(err) != stackhand.Invalid || !strings.Contains(err.Error(), "not an OpenStack identity service") {
		t.Errorf("what is no Keystone, but JSON: %v", err)
	}
	if err := w.pool.Ping(t.Context(), "nowhere"); stackhand.KindOf(err) != stackhand.NotFound {
		t.Errorf("unknown cloud: %v", err)
	}
}

// Without ports, Nova has to be told from microversion 2.37 on what to do about networks.
func TestCreateServerWithoutPorts(t *testing.T) {
	w := newWorld(t, quick, cloud.Options{})
	body := ""
	w.net.Handler = http.HandlerFunc(func(rw http.ResponseWriter, req *http.Request) {
		if req.Method == http.MethodPost && strings.HasSuffix(req.URL.Path, "/servers") {
			b, _ := io.ReadAll(req.Body)
			body = string(b)
			rw.WriteHeader(http.StatusAccepted)
			_, _ = rw.Write([]byte(`{"server": {"id": "s1"}}`))
			return
		}
		w.ServeHTTP(rw, req)
	})
	id, err := w.as(t, alice).CreateServer(t.Context(), stackhand.ServerSpec{Name: "x", UserData: []byte("hello")})
	if err != nil || id != "s1" {
		t.Fatal(id, err)
	}
	if !strings.Contains(body, `"networks":"auto"`) || !strings.Contains(body, `"user_data":"aGVsbG8="`) || strings.Contains(body, "key_name") {
		t.Errorf("body %s", body)
	}
}

// A token that is asked for anew for its catalogue, while calls meet the end of the old one, gets into nobody's way. The race
// detector sees more of that than the test.
func TestRenewalsMeet(t *testing.T) {
	var late atomic.Int64
	begin := time.Now()
	w := newWorld(t, quick, cloud.Options{Now: func() time.Time { return begin.Add(time.Duration(late.Load())) }})
	c := w.as(t, alice)
	for range 10 {
		late.Add(int64(time.Minute))
		w.rule(t, "token expire")
		var all sync.WaitGroup
		for i := range 6 {
			all.Go(func() {
				var err error
				if i%2 == 0 {
					_, err = c.Regions(t.Context())
				} else {
					_, err = c.Networks(t.Context())
				}
				if err != nil {
					t.Error(err)
				}
			})
		}
		all.Wait()
	}
	if got, err := c.Regions(t.Context()); err != nil || len(got) != 1 {
		t.Errorf("regions %v, %v", got, err)
	}
}

// stumbling panics over requests for tokens.
type stumbling struct {
	http.RoundTripper
	over *atomic.Bool
}

func (s stumbling) RoundTrip(req *http.Request) (*http.Response, error) {
	if s.over.Load() && strings.HasSuffix(req.URL.Path, "/auth/tokens") {
		panic("no such thing")
	}
	return s.RoundTripper.RoundTrip(req)
}

// A panic while a token is asked for anew is the trouble of that call alone: those that come later do not wait for its end.
func TestARenewalThatPanics(t *testing.T) {
	for name, call := range map[string]func(context.Context, *cloud.Client) error{
		"a call that meets a 401": func(ctx context.Context, c *cloud.Client) error { _, err := c.Networks(ctx); return err },
		"a newer catalogue":       func(ctx context.Context, c *cloud.Client) error { _, err := c.Regions(ctx); return err },
	} {
		var broken atomic.Bool
		var late atomic.Int64
		begin := time.Now()
		w := newWorld(t, quick, cloud.Options{})
		w.pool = cloud.NewPool(map[string]cloud.Entry{"lab": w.entry}, cloud.Options{
			Transport: stumbling{w.net, &broken}, Now: func() time.Time { return begin.Add(time.Duration(late.Load())) },
		})
		c := w.as(t, alice)
		late.Store(int64(time.Hour))
		w.rule(t, "token expire")
		broken.Store(true)
		err := stackhand.Guarded(name, func() error { return call(t.Context(), c) })
		if found := stackhand.Panics(err); len(found) != 1 {
			t.Errorf("%s says %v", name, err)
		}
		broken.Store(false)
		late.Store(int64(2 * time.Hour))
		ctx, stop := context.WithTimeout(t.Context(), time.Minute)
		if err := call(ctx, c); err != nil {
			t.Errorf("%s, once more, says %v", name, err)
		}
		stop()
	}
}
