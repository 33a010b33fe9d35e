package cloud_test

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stackhand/stackhand"
	"github.com/stackhand/stackhand/internal/cloud"
	"github.com/stackhand/stackhand/internal/sim/openstack"
)

// canned answers some calls by itself, "POST /compute/v2.1/servers/s1/action", and writes down what was asked.
type canned struct {
	http.Handler
	answers map[string]func(http.ResponseWriter)

	mu    sync.Mutex
	asked []string // "METHOD PATH?QUERY BODY"
}

func (c *canned) ServeHTTP(rw http.ResponseWriter, req *http.Request) {
	answer := c.answers[req.Method+" "+req.URL.Path]
	if answer == nil {
		c.Handler.ServeHTTP(rw, req)
		return
	}
	body, _ := io.ReadAll(req.Body)
	c.mu.Lock()
	c.asked = append(c.asked, strings.TrimSpace(fmt.Sprintf("%s %s %s", req.Method, req.URL.RequestURI(), body)))
	c.mu.Unlock()
	answer(rw)
}

// says answers a status and a body in JSON.
func says(status int, body string) func(http.ResponseWriter) {
	return func(rw http.ResponseWriter) {
		rw.Header().Set("Content-Type", "application/json")
		rw.WriteHeader(status)
		_, _ = io.WriteString(rw, body)
	}
}

// withAnswers is alice at a simulated cloud, some of whose answers are given.
func withAnswers(t *testing.T, old bool, answers map[string]func(http.ResponseWriter)) (*canned, *cloud.Client) {
	t.Helper()
	w := newWorld(t, openstack.Options{}, cloud.Options{})
	can := &canned{Handler: w.Cloud, answers: answers}
	w.net.Handler = can
	if old {
		w.net.Handler = oldNova{can}
	}
	return can, w.as(t, alice)
}

const action = "POST /compute/v2.1/servers/s1/action"

// TestFormsOfTheTime: what a Nova without microversions, and one with them, are asked, word by word.
func TestFormsOfTheTime(t *testing.T) {
	period := [2]time.Time{time.Date(2026, 11, 1, 0, 0, 0, 0, time.UTC), time.Date(2026, 11, 2, 0, 0, 0, 0, time.UTC)}
	located := func(rw http.ResponseWriter) {
		rw.Header().Set("Location", "http://inside:9292/v2/images/i-7")
		rw.WriteHeader(202)
	}
	for _, c := range []struct {
		name   string
		old    bool
		call   string
		answer func(http.ResponseWriter)
		do     func(context.Context, *cloud.Client) (string, error)
		asked  string // without the project's id
		got    string
	}{
		{"old console", true, action, says(200, `{"console": {"type": "novnc", "url": "http://vnc/?token=1"}}`),
			func(ctx context.Context, c *cloud.Client) (string, error) { return c.ConsoleURL(ctx, "s1", "novnc") },
			action + ` {"os-getVNCConsole":{"type":"novnc"}}`, "http://vnc/?token=1"},
		{"old serial console", true, action, says(200, `{"console": {"type": "serial", "url": "ws://serial"}}`),
			func(ctx context.Context, c *cloud.Client) (string, error) { return c.ConsoleURL(ctx, "s1", "serial") },
			action + ` {"os-getSerialConsole":{"type":"serial"}}`, "ws://serial"},
		{"new console", false, "POST /compute/v2.1/servers/s1/remote-consoles", says(200, `{"remote_console": {"url": "ws://spice"}}`),
			func(ctx context.Context, c *cloud.Client) (string, error) {
				return c.ConsoleURL(ctx, "s1", "spice-html5")
			},
			`POST /compute/v2.1/servers/s1/remote-consoles {"remote_console":{"protocol":"spice","type":"spice-html5"}}`, "ws://spice"},
		{"old snapshot", true, action, located,
			func(ctx context.Context, c *cloud.Client) (string, error) {
				return c.SnapshotServer(ctx, "s1", "snap", nil)
			},
			action + ` {"createImage":{"name":"snap"}}`, "i-7"},
		{"old snapshot that is not named", true, action, says(202, ""),
			func(ctx context.Context, c *cloud.Client) (string, error) {
				return c.SnapshotServer(ctx, "s1", "snap", nil)
			},
			action + ` {"createImage":{"name":"snap"}}`, ""},
		{"new snapshot", false, action, says(202, `{"image_id": "i-8"}`),
			func(ctx context.Context, c *cloud.Client) (string, error) {
				return c.SnapshotServer(ctx, "s1", "snap", map[string]string{"k": "v"})
			},
			action + ` {"createImage":{"name":"snap","metadata":{"k":"v"}}}`, "i-8"},
		{"old rebuild with files", true, action, says(202, `{"server": {}}`),
			func(ctx context.Context, c *cloud.Client) (string, error) {
				return "", c.RebuildServer(ctx, "s1", stackhand.RebuildSpec{ImageID: "i1", Files: map[string][]byte{"/b": []byte("2"), "/a": []byte("1")}})
			},
			action + ` {"rebuild":{"imageRef":"i1","personality":[{"path":"/a","contents":"MQ=="},{"path":"/b","contents":"Mg=="}]}}`, ""},
		{"new rebuild", false, action, says(202, `{"server": {}}`),
			func(ctx context.Context, c *cloud.Client) (string, error) {
				return "", c.RebuildServer(ctx, "s1", stackhand.RebuildSpec{ImageID: "i1", Metadata: map[string]string{}, UserData: []byte("u")})
			},
			action + ` {"rebuild":{"imageRef":"i1","metadata":{},"user_data":"dQ=="}}`, ""},
		{"old hypervisors", true, "GET /compute/v2.1/os-hypervisors/detail", says(200, `{"hypervisors": [{"id": 1, "hypervisor_hostname": "n1", "vcpus": 8, "vcpus_used": 3}]}`),
			hosts, "GET /compute/v2.1/os-hypervisors/detail", "1 n1 {3 8} {-1 -1} -1;"},
		{"new hypervisors", false, "GET /compute/v2.1/os-hypervisors/detail", says(200, `{"hypervisors": [{"id": "b1e4", "hypervisor_hostname": "n1", "running_vms": 4, "memory_mb": 9, "memory_mb_used": 0}]}`),
			hosts, "GET /compute/v2.1/os-hypervisors/detail?limit=1000", "b1e4 n1 {-1 -1} {0 9} 4;"},
		{"old usage", true, "GET /compute/v2.1/os-simple-tenant-usage/PROJECT", says(200, `{"tenant_usage": {"server_usages": [{"instance_id": "s1", "hours": 2.5}]}}`),
			used(period), "GET /compute/v2.1/os-simple-tenant-usage/PROJECT?end=2026-11-02T00%3A00%3A00&start=2026-11-01T00%3A00%3A00", "s1 2.5;"},
	} {
		t.Run(c.name, func(t *testing.T) {
			can, client := withAnswers(t, c.old, map[string]func(http.ResponseWriter){})
			project := client.Identity().ProjectID
			can.answers[strings.Replace(c.call, "PROJECT", project, 1)] = c.answer
			got, err := c.do(t.Context(), client)
			if err != nil || got != c.got {
				t.Errorf("got %q, %v; want %q", got, err, c.got)
			}
			if asked := strings.Join(can.asked, "\n"); strings.ReplaceAll(asked, project, "PROJECT") != c.asked {
				t.Errorf("asked\n%s\nwant\n%s", asked, c.asked)
			}
		})
	}
}

func hosts(ctx context.Context, c *cloud.Client) (out string, err error) {
	all, err := c.Hypervisors(ctx)
	for _, h := range all {
		out += fmt.Sprintf("%s %s %v %v %d;", h.ID, h.Name, h.VCPUs, h.RAM, h.Servers)
	}
	return out, err
}

func used(period [2]time.Time) func(context.Context, *cloud.Client) (string, error) {
	return func(ctx context.Context, c *cloud.Client) (out string, err error) {
		all, err := c.Usage(ctx, period[0], period[1])
		for _, u := range all {
			out += fmt.Sprintf("%s %v;", u.ServerID, u.Hours)
		}
		return out, err
	}
}

// TestNotForItsTime: what a Nova cannot do is said, and not sent.
func TestNotForItsTime(t *testing.T) {
	for old, spec := range map[bool]stackhand.RebuildSpec{
		true:  {ImageID: "i1", UserData: []byte("u")},
		false: {ImageID: "i1", Files: map[string][]byte{"/a": nil}},
	} {
		can, c := withAnswers(t, old, map[string]func(http.ResponseWriter){action: says(202, `{}`)})
		err := c.RebuildServer(t.Context(), "s1", spec)
		if stackhand.KindOf(err) != stackhand.Invalid || len(can.asked) != 0 {
			t.Errorf("old %v: %v after %v", old, err, can.asked)
		}
	}
}

// TestPasswordsStayHidden: a service that repeats a password in its refusal does not get it into an error.
func TestPasswordsStayHidden(t *testing.T) {
	const secret = "sesame-opens-77"
	_, c := withAnswers(t, false, map[string]func(http.ResponseWriter){
		action: says(400, `{"badRequest": {"code": 400, "message": "Invalid input for field/attribute adminPass. Value: `+secret+`."}}`),
	})
	for what, err := range map[string]error{
		"password": c.SetServerPassword(t.Context(), "s1", secret),
		"rebuild":  c.RebuildServer(t.Context(), "s1", stackhand.RebuildSpec{ImageID: "i1", Password: secret}),
	} {
		e, ok := err.(*stackhand.Error)
		if !ok || e.Kind != stackhand.Invalid {
			t.Fatalf("%s: %v", what, err)
		}
		whole, _ := json.Marshal([]string{e.Msg, e.Next, e.Detail, e.Err.Error()})
		if strings.Contains(string(whole), secret) || !strings.Contains(string(whole), "[hidden]") {
			t.Errorf("%s: %s", what, whole)
		}
	}
}

// TestMetadataThatIsGone: a property that is not there is no error, a server that is not there is one.
func TestMetadataThatIsGone(t *testing.T) {
	gone := says(404, `{"itemNotFound": {"code": 404, "message": "Metadata item was not found"}}`)
	for status, want := range map[int]stackhand.Kind{200: "", 404: stackhand.NotFound} {
		_, c := withAnswers(t, false, map[string]func(http.ResponseWriter){
			"DELETE /compute/v2.1/servers/s1/metadata/k": gone,
			"GET /compute/v2.1/servers/s1/metadata":      says(status, `{"itemNotFound": {"code": 404, "message": "Instance s1 could not be found."}}`),
		})
		if err := c.ChangeServerMetadata(t.Context(), "s1", nil, []string{"k"}); stackhand.KindOf(err) != want {
			t.Errorf("%d: %v", status, err)
		}
	}
}
