package cloud

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/gophercloud/gophercloud/v2"

	"github.com/stackhand/stackhand"
)

func testCaller(s service) caller {
	return caller{
		site:    &site{entry: Entry{Name: "lab"}, opts: Options{}.withDefaults()},
		sc:      &gophercloud.ServiceClient{ProviderClient: &gophercloud.ProviderClient{TokenID: "secret-token-1"}},
		service: s, secrets: []string{"hunter22"},
	}
}

// The bodies are those of real services: Keystone 22, Nova 26, Neutron 21, Glance 25, and
// where marked of older ones.
var answers = []struct {
	name    string
	service service
	status  int
	body    string
	header  http.Header
	kind    stackhand.Kind
	msg     string // part of it
	retry   time.Duration
}{
	{"nova not found", compute, 404, `{"itemNotFound": {"code": 404, "message": "Instance nope could not be found."}}`, nil,
		stackhand.NotFound, "no such server", 0},
	{"nova unknown address", compute, 404, `{"message": "The resource could not be found.<br /><br />\n\n\n", "code": "404 Not Found", "title": "Not Found"}`, nil,
		stackhand.Invalid, "does not know this call: The resource could not be found.", 0},
	{"neutron not found", network, 404, `{"NeutronError": {"type": "NetworkNotFound", "message": "Network nope could not be found.", "detail": ""}}`, nil,
		stackhand.NotFound, "no such network", 0},
	{"neutron unknown address", network, 404, `{"NeutronError": {"type": "HTTPNotFound", "message": "The resource could not be found.", "detail": ""}}`, nil,
		stackhand.Invalid, "does not know this call", 0},
	{"glance not found", image, 404, `{"message": "No image found with ID nope<br /><br />\n\n\n", "code": "404 Not Found", "title": "Not Found"}`, nil,
		stackhand.NotFound, "no such image", 0},
	{"keystone unknown address", identity, 404, "<!doctype html>\n<html lang=en>\n<title>404 Not Found</title>\n<h1>Not Found</h1>\n<p>The requested URL was not found on the server.</p>\n", nil,
		stackhand.Invalid, "Not Found The requested URL", 0},
	{"something else", compute, 404, "404 page not found\n", nil, stackhand.Invalid, "404 page not found.", 0},
	{"nova bad request", compute, 400, `{"badRequest": {"code": 400, "message": "Flavor 99 could not be found."}}`, nil,
		stackhand.Invalid, "no flavor 99.", 0},
	{"nova policy", compute, 403, `{"forbidden": {"code": 403, "message": "Policy doesn't allow os_compute_api:os-hypervisors:list to be performed."}}`, nil,
		stackhand.Forbidden, "Only administrators", 0},
	{"nova quota", compute, 403, `{"forbidden": {"code": 403, "message": "Quota exceeded for cores: Requested 8, but already used 16 of 20 cores"}}`, nil,
		stackhand.Quota, "16 of 20 are used, and this needs 8 more.", 0},
	{"nova key quota", compute, 403, `{"forbidden": {"code": 403, "message": "Quota exceeded, too many key pairs."}}`, nil,
		stackhand.Quota, "more key pairs.", 0},
	{"nova old quota", compute, 413, `{"overLimit": {"code": 413, "message": "Quota exceeded for instances", "retryAfter": "0"}}`, nil,
		stackhand.Quota, "quota of servers", 0},
	{"nova old rate", compute, 413, `{"overLimit": {"code": 413, "message": "This request was rate-limited.", "retryAfter": "7"}}`, nil,
		stackhand.RateLimited, "no more requests", 7 * time.Second},
	{"nova conflict", compute, 409, `{"conflictingRequest": {"code": 409, "message": "Port aed2280c is still in use."}}`, nil,
		stackhand.Conflict, "in use by another server.", 0},
	{"nova crash", compute, 500, `{"computeFault": {"code": 500, "message": "Unexpected API Error. Please report this at http://bugs.launchpad.net/nova/ and attach the Nova API log if possible.\n<class 'oslo_messaging.exceptions.MessagingTimeout'>"}}`, nil,
		stackhand.Unavailable, "did not answer in time", 0},
	{"neutron quota", network, 409, `{"NeutronError": {"type": "OverQuota", "message": "Quota exceeded for resources: ['security_group'].", "detail": ""}}`, nil,
		stackhand.Quota, "more security groups", 0},
	{"neutron no address", network, 409, `{"NeutronError": {"type": "IpAddressGenerationFailure", "message": "No more IP addresses available on network 8025f174.", "detail": ""}}`, nil,
		stackhand.Quota, "no free address left", 0},
	{"neutron in use", network, 409, `{"NeutronError": {"type": "NetworkInUse", "message": "Unable to complete operation on network x.", "detail": ""}}`, nil,
		stackhand.Conflict, "network is in use", 0},
	{"neutron text", network, 500, `{"NeutronError": "Request Failed: internal server error while processing your request."}`, nil,
		stackhand.Unavailable, "mistake of its own", 0},
	{"cinder in use", volume, 400, `{"badRequest": {"code": 400, "message": "Invalid volume: Volume 5e0c0c8a status must be available, but current status is: in-use."}}`, nil,
		stackhand.Conflict, "The volume is in use, and", 0},
	{"cinder by nova", compute, 400, `{"badRequest": {"code": 400, "message": "Invalid volume: volume 5e0c0c8a is already attached to instances: 41db6e2f"}}`, nil,
		stackhand.Conflict, "attached to a server already", 0},
	{"cinder bad size", volume, 400, `{"badRequest": {"code": 400, "message": "Invalid input received: Volume size '-1' must be an integer and greater than 0"}}`, nil,
		stackhand.Invalid, "a number of GB", 0},
	{"root volume", compute, 403, `{"forbidden": {"code": 403, "message": "Cannot detach a root device volume"}}`, nil,
		stackhand.Conflict, "boots from that volume", 0},
	{"glance protected", image, 403, `{"message": "Image x is protected and cannot be deleted.<br /><br />\n\n\n", "code": "403 Forbidden", "title": "Forbidden"}`, nil,
		stackhand.Conflict, "is protected", 0},
	{"keystone", identity, 401, `{"error":{"code":401,"message":"The request you have made requires authentication.","title":"Unauthorized"}}`, nil,
		stackhand.Unauthorized, "does not accept the login", 0},
	{"slow down", network, 429, `{"message": "Too many requests"}`, http.Header{"Retry-After": {"3"}}, stackhand.RateLimited, "no more requests", 3 * time.Second},
	{"proxy", image, 503, "<html><head><title>503</title></head><body><h1>Service Unavailable</h1>No server is available.</body></html>",
		http.Header{"Retry-After": {"120"}}, stackhand.Unavailable, "not available just now", 2 * time.Minute},
	{"no body", network, 502, "", nil, stackhand.Unavailable, "cannot be reached", 0},
	{"not built", network, 501, "", nil, stackhand.Invalid, "cannot do that", 0},
	{"long", compute, 400, `{"badRequest": {"message": "` + strings.Repeat("ü", 2000) + `"}}`, nil, stackhand.Invalid, "ü…", 0},
}

func TestAnswers(t *testing.T) {
	for _, c := range answers {
		t.Run(c.name, func(t *testing.T) {
			err := testCaller(c.service).classify(t.Context(), "GET", "http://cloud.example:8774/v2.1/x?marker=1",
				gophercloud.ErrUnexpectedResponseCode{Actual: c.status, Body: []byte(c.body), ResponseHeader: c.header})
			var e *stackhand.Error
			if !errors.As(err, &e) {
				t.Fatalf("%T %v", err, err)
			}
			if e.Kind != c.kind || !strings.Contains(e.Msg, c.msg) || e.RetryAfter != c.retry {
				t.Errorf("got %s %q after %v, want %s %q after %v", e.Kind, e.Msg, e.RetryAfter, c.kind, c.msg, c.retry)
			}
			if len(e.Msg) > maxMessage+120 || strings.Contains(e.Msg, "\n") || !strings.HasSuffix(e.Msg, ".") || strings.HasSuffix(e.Msg, "..") {
				t.Errorf("message is no single short sentence: %q", e.Msg)
			}
			var a *answer
			if !errors.As(err, &a) || a.Status != c.status || a.Path != "/v2.1/x" {
				t.Errorf("the log would see %v", e.Err)
			}
		})
	}
}

func TestNoAnswer(t *testing.T) {
	at := func(err error) error { return &url.Error{Op: "Get", URL: "http://cloud.example:9696/v2.0/x", Err: err} }
	for _, c := range []struct {
		name   string
		method string
		err    error
		kind   stackhand.Kind
		msg    string
	}{
		{"refused", "POST", at(&net.OpError{Op: "dial", Err: syscall.ECONNREFUSED}), stackhand.Unavailable, "network service at cloud.example:9696 cannot be reached: nothing listens"},
		{"no host", "GET", at(&net.OpError{Op: "dial", Err: &net.DNSError{Name: "cloud.example", IsNotFound: true}}), stackhand.Unavailable, "no host of that name"},
		{"reset", "POST", at(&net.OpError{Op: "read", Err: syscall.ECONNRESET}), stackhand.Unavailable, "was lost"},
		{"cut short", "GET", io.ErrUnexpectedEOF, stackhand.Unavailable, "was lost"},
		{"timeout", "POST", at(context.DeadlineExceeded), stackhand.Unavailable, "did not answer in time"},
		{"not JSON, read", "GET", syntaxError(), stackhand.Invalid, "does not answer like OpenStack"},
		{"not JSON, write", "POST", syntaxError(), stackhand.Unavailable, "was lost"},
		{"another list", "GET", fmt.Errorf("decode: %w", &missingKeyError{"servers"}), stackhand.Invalid, "does not answer like OpenStack"},
		{"too large", "GET", errTooLarge, stackhand.Invalid, "more than can be read"},
		{"redirect", "GET", at(&redirectError{"http://cloud.example:9696", "https://evil.example"}), stackhand.Invalid, "send us on to evil.example"},
	} {
		t.Run(c.name, func(t *testing.T) {
			err := testCaller(network).classify(t.Context(), c.method, "http://cloud.example:9696/v2.0/x", c.err)
			if k := stackhand.KindOf(err); k != c.kind || !strings.Contains(err.Error(), c.msg) {
				t.Errorf("got %s %q, want %s %q", k, err, c.kind, c.msg)
			}
		})
	}
}

func syntaxError() error {
	var v any
	return json.Unmarshal([]byte("<html>"), &v)
}

func TestCallerEnds(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	err := testCaller(compute).classify(ctx, "GET", "http://x", &url.Error{Op: "Get", URL: "http://x", Err: context.Canceled})
	if stackhand.KindOf(err) != stackhand.Canceled || !errors.Is(err, context.Canceled) {
		t.Errorf("got %s %v", stackhand.KindOf(err), err)
	}
	late, cancel := context.WithDeadline(t.Context(), time.Now().Add(-time.Second))
	defer cancel()
	err = testCaller(compute).classify(late, "GET", "http://x", context.DeadlineExceeded)
	if stackhand.KindOf(err) != stackhand.Unavailable || !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("got %s %v", stackhand.KindOf(err), err)
	}
}

// No secret gets into a message or into the cause that is logged, whoever repeats it.
func TestNoSecretShows(t *testing.T) {
	fernetToken := "gAAAAABl" + strings.Repeat("Ab3_-", 30)
	secrets := []string{"hunter22", "secret-token-1", fernetToken, "tok123456789"}
	said := fmt.Sprintf("denied for hunter22 with secret-token-1 or %s at http://u:hunter22@h/v2.0/tokens/tok123456789?token=%s", fernetToken, fernetToken)
	body, err := json.Marshal(map[string]any{"badRequest": map[string]any{"message": said}})
	if err != nil {
		t.Fatal(err)
	}
	for _, failure := range []error{
		gophercloud.ErrUnexpectedResponseCode{Actual: 400, Body: body, URL: "http://h/v2.0/tokens/tok123456789",
			ResponseHeader: http.Header{"X-Subject-Token": {fernetToken}}},
		&url.Error{Op: "Get", URL: "http://h/v2.0/tokens/tok123456789?token=" + fernetToken, Err: errors.New(said)},
		&gophercloud.ErrUnableToReauthenticate{ErrReauth: errors.New(said), ErrOriginal: errors.New(said)},
	} {
		got := testCaller(compute).classify(t.Context(), "GET", "http://h/v2.0/tokens/tok123456789", failure)
		shown := fmt.Sprintf("%v %+v %v %#v", got, got, errors.Unwrap(got), got.(*stackhand.Error).Err.Error())
		for _, s := range secrets {
			if strings.Contains(shown, s) {
				t.Errorf("%T shows %q: %s", failure, s, shown)
			}
		}
	}
}

func FuzzAnswer(f *testing.F) {
	for _, c := range answers {
		f.Add(c.status, []byte(c.body))
	}
	f.Fuzz(func(t *testing.T, status int, body []byte) {
		err := testCaller(compute).answered("GET", "http://x/", gophercloud.ErrUnexpectedResponseCode{Actual: status, Body: body})
		if msg := err.Error(); len(msg) > maxMessage+120 || strings.ContainsAny(msg, "\n\x00") || msg == "" {
			t.Errorf("message %q", msg)
		}
	})
}
