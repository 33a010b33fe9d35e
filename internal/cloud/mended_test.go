package cloud_test

import (
	"net"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/stackhand/stackhand/internal/cloud"
	"github.com/stackhand/stackhand/internal/sim/openstack"
)

// oneHost is a network in which there is the cloud alone.
type oneHost struct{ cloud http.RoundTripper }

func (o oneHost) RoundTrip(r *http.Request) (*http.Response, error) {
	if r.URL.Host != "cloud.test" {
		return nil, &net.DNSError{Err: "no such host", Name: r.URL.Host, IsNotFound: true}
	}
	return o.cloud.RoundTrip(r)
}

// A catalogue comes with the token. One that was mended is noticed soon, though the token is still good.
func TestMendedCatalogue(t *testing.T) {
	for rule, says := range map[string]string{
		"catalogue empty":                  "its catalogue is empty",
		"catalogue regions North":          "only in North",
		"catalogue host nova.invalid:8774": "no host of that name",
	} {
		t.Run(rule, func(t *testing.T) {
			w := newWorld(t, openstack.Options{}, cloud.Options{})
			now := time.Now()
			w.pool = cloud.NewPool(w.entries(), cloud.Options{Transport: oneHost{w.net}, Now: func() time.Time { return now }})
			w.rule(t, rule)
			c := w.as(t, alice)
			if _, err := c.Servers(t.Context()); err == nil || !strings.Contains(err.Error(), says) {
				t.Fatalf("got %v, want %q", err, says)
			}
			w.rule(t, "catalogue whole")
			if _, err := c.Servers(t.Context()); err == nil {
				t.Error("a token was taken for every call")
			}
			now = now.Add(time.Minute)
			if _, err := c.Servers(t.Context()); err != nil {
				t.Errorf("after a minute: %v", err)
			}
		})
	}
}
