package main

import (
	"bytes"
	"context"
	"encoding/json"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/gophercloud/gophercloud/v2"
	"github.com/gophercloud/gophercloud/v2/openstack"

	"github.com/stackhand/stackhand/internal/cloud"
)

// steered is the bot on real services that the test may break: STACKHAND_REALCLOUD_TOOLS is the folder of their programs up and
// down, REALCLOUD_DIR that of their state. All is put back at the test's end.
type steered struct {
	t     *testing.T
	st    *stage
	p     *player
	said  bytes.Buffer
	tools string
	dir   string
	moment
}

// moment holds a call back until something was done.
type moment struct {
	sync.Mutex
	method, path string
	do           func()
}

func newSteered(t *testing.T) *steered {
	t.Helper()
	args := realArgs(t)
	tools := os.Getenv("STACKHAND_REALCLOUD_TOOLS")
	if tools == "" {
		t.Skip("STACKHAND_REALCLOUD_TOOLS is not set: the real services are not ours to break")
	}
	nothingLeft(t)
	s := &steered{t: t, tools: tools, dir: os.Getenv("REALCLOUD_DIR")}
	if s.dir == "" {
		s.dir = "/var/lib/realcloud"
	}
	d := demoCmd{Cloud: args[1], CloudsFile: args[3], Dir: t.TempDir(), ClockRate: 1, SlackPace: pace, LogLevel: 12}
	var err error
	if s.st, err = newStage(t.Context(), d, streams{err: os.Stderr}); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(s.st.close)
	s.st.tap = func(net http.RoundTripper, _ *atomic.Bool) http.RoundTripper { return waiting{net, &s.moment} }
	s.p = newPlayer(s.st, &s.said)
	s.must(s.st.start(t.Context()))
	s.must(s.p.connected(t.Context()))
	t.Cleanup(func() {
		if t.Failed() {
			t.Logf("what was said:\n%s", &s.said)
		}
	})
	return s
}

func (s *steered) must(err error) {
	s.t.Helper()
	if err != nil {
		s.t.Fatal(err)
	}
}

// talk plays a piece of the conversation. What does not hold fails the test, which goes on: the services are put right again.
func (s *steered) talk(lines string) {
	s.t.Helper()
	script, err := readScript("-", strings.NewReader(lines))
	s.must(err)
	s.p.failed = 0
	if err := s.p.play(s.t.Context(), script); err != nil {
		s.t.Errorf("does not hold: %v", err)
	}
}

// begin plays lines after which work goes on: a wait among them is no more than that much time.
func (s *steered) begin(lines string) {
	s.t.Helper()
	script, err := readScript("-", strings.NewReader(lines))
	s.must(err)
	for _, l := range script {
		if err := s.p.do(s.t.Context(), l); err != nil && !(l.what == "wait" && strings.Contains(err.Error(), "work goes on")) {
			s.t.Errorf("%s: %v", l.text, err)
		}
	}
	s.p.print()
}

// before does something once, when the bot is about to make a call: the end of its path is enough.
func (s *steered) before(method, path string, do func()) {
	s.moment.Lock()
	defer s.moment.Unlock()
	s.method, s.path, s.do = method, path, do
}

// waiting is a network on which one call waits for its moment.
type waiting struct {
	http.RoundTripper
	at *moment
}

// RoundTrip does what is to be done before the call.
func (h waiting) RoundTrip(req *http.Request) (*http.Response, error) {
	h.at.Lock()
	do := h.at.do
	if do == nil || req.Method != h.at.method || !strings.HasSuffix(req.URL.Path, h.at.path) {
		do = nil
	} else {
		h.at.do = nil
	}
	h.at.Unlock()
	if do != nil {
		do()
	}
	return h.RoundTripper.RoundTrip(req)
}

// knobs adds rules for the hypervisor to those that are there, until the test's end or until the answered function is called.
func (s *steered) knobs(rules string) (off func()) {
	s.t.Helper()
	file := filepath.Join(s.dir, "knobs.json")
	old, err := os.ReadFile(file)
	if err != nil && !os.IsNotExist(err) {
		s.t.Fatal(err)
	}
	var all, more []any
	if len(old) > 0 {
		s.must(json.Unmarshal(old, &all))
	}
	s.must(json.Unmarshal([]byte(rules), &more))
	text, err := json.Marshal(append(all, more...))
	s.must(err)
	s.must(replaceFile(file, text))
	off = sync.OnceFunc(func() {
		if err := replaceFile(file, old); err != nil {
			s.t.Errorf("the knobs are not as before: %v", err)
		}
	})
	s.t.Cleanup(off)
	return off
}

// replaceFile changes a file at once: the hypervisor reads it at any time.
func replaceFile(file string, text []byte) error {
	if len(text) == 0 {
		text = []byte("[]")
	}
	if err := os.WriteFile(file+".new", text, 0o644); err != nil {
		return err
	}
	return os.Rename(file+".new", file)
}

// down stops services; they are back at the test's end, or after up.
func (s *steered) down(names ...string) (up func()) {
	s.t.Helper()
	up = sync.OnceFunc(func() {
		ctx, cancel := context.WithTimeout(context.Background(), 3*time.Minute)
		defer cancel()
		if out, err := s.tool(ctx, "up"); err != nil {
			s.t.Errorf("%s do not come back: %v\n%s", names, err, out)
		}
	})
	s.t.Cleanup(up)
	if out, err := s.tool(s.t.Context(), "down", names...); err != nil {
		s.t.Fatalf("down %s: %v\n%s", names, err, out)
	}
	return up
}

func (s *steered) tool(ctx context.Context, name string, args ...string) ([]byte, error) {
	cmd := exec.CommandContext(ctx, filepath.Join(s.tools, name), args...)
	cmd.Env = append(os.Environ(), "REALCLOUD_DIR="+s.dir)
	cmd.WaitDelay = time.Second // the services keep the pipe
	out := &bytes.Buffer{}
	cmd.Stdout, cmd.Stderr = out, out
	err := cmd.Run()
	if err == exec.ErrWaitDelay {
		err = nil
	}
	return out.Bytes(), err
}

// as gives a service's own API with the login of an entry of clouds.yaml, for what only others do.
func (s *steered) as(entry, service string) *gophercloud.ServiceClient {
	s.t.Helper()
	entries, err := cloud.LoadEntries(os.Getenv("OS_CLIENT_CONFIG_FILE"), entry)
	s.must(err)
	e := entries[entry]
	provider, err := openstack.AuthenticatedClient(s.t.Context(), gophercloud.AuthOptions{
		IdentityEndpoint: e.AuthURL, Username: e.Auth.Username, Password: e.Auth.Password, DomainName: e.Auth.UserDomain,
		Scope: &gophercloud.AuthScope{ProjectName: e.Auth.ProjectName, DomainName: e.Auth.ProjectDomain},
	})
	s.must(err)
	at := gophercloud.EndpointOpts{Region: e.Region}
	var c *gophercloud.ServiceClient
	switch service {
	case "compute":
		c, err = openstack.NewComputeV2(provider, at)
	case "image":
		c, err = openstack.NewImageV2(provider, at)
	case "identity":
		c, err = openstack.NewIdentityV3(provider, at)
	}
	s.must(err)
	return c
}
