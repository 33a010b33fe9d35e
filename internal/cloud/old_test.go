package cloud_test

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/json"
	"encoding/pem"
	"math/big"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/stackhand/stackhand"
	"github.com/stackhand/stackhand/internal/cloud"
	"github.com/stackhand/stackhand/internal/sim/openstack"
)

// oldNova answers like a Nova that knows no microversions: flavors of servers have only ids.
type oldNova struct{ http.Handler }

func (o oldNova) ServeHTTP(rw http.ResponseWriter, req *http.Request) {
	req.Header.Del("X-OpenStack-Nova-API-Version")
	req.Header.Del("OpenStack-API-Version")
	if strings.TrimRight(req.URL.Path, "/") == "/compute/v2.1" {
		rw.Header().Set("Content-Type", "application/json")
		_ = json.NewEncoder(rw).Encode(map[string]any{"version": map[string]string{"id": "v2.0", "version": "", "min_version": ""}})
		return
	}
	o.Handler.ServeHTTP(rw, req)
}

func TestOldNova(t *testing.T) {
	w := newWorld(t, openstack.Options{Build: time.Millisecond}, cloud.Options{})
	w.net.Handler = oldNova{w.Cloud}
	c := w.as(t, alice)
	id := boots(t, c, "web-1")[0]
	got, err := c.Await(t.Context(), id, active)
	if err != nil {
		t.Fatal(err)
	}
	flavors, err := c.Flavors(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if got.FlavorID != flavors[0].ID || got.Flavor != flavors[0].Name {
		t.Errorf("flavor %q %q, want %+v", got.FlavorID, got.Flavor, flavors[0])
	}
	if n := w.net.count("GET /compute/v2.1/"); n != 1 {
		t.Errorf("Nova was asked for its versions %d times", n)
	}
	l, err := c.Limits(t.Context())
	if err != nil || l.MaxPersonality == 0 || l.MaxPersonalityBytes == 0 {
		t.Errorf("limits %+v, %v", l, err)
	}
}

// Where Neutron does not tell what is used, it is counted; where it tells nothing, it is unknown.
func TestLimitsFallBack(t *testing.T) {
	w := newWorld(t, quick, cloud.Options{})
	c := w.as(t, alice)
	boots(t, c)
	want, err := c.Limits(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	w.net.Handler = noPath{w.Cloud, "/details.json"}
	got, err := c.Limits(t.Context())
	if err != nil || got != want {
		t.Errorf("counted %+v, told %+v: %v", got, want, err)
	}
	if got.Networks.Used != 1 || got.Subnets.Used != 1 || got.Networks.Max <= 0 {
		t.Errorf("limits %+v", got)
	}
	admin := w.as(t, person("admin", "admin"))
	if got, err := admin.Limits(t.Context()); err != nil || got.Subnets.Used > 1 {
		t.Errorf("the administrator is counted what others have: %+v, %v", got, err)
	}
	w.net.Handler = noPath{w.Cloud, "/quotas/"}
	got, err = c.Limits(t.Context())
	if err != nil || got.Networks.Max != -1 || got.Servers != want.Servers || !got.Networks.Room(1000) {
		t.Errorf("unknown %+v: %v", got, err)
	}
}

// noPath is a cloud that does not have part of the API.
type noPath struct {
	http.Handler
	part string
}

func (n noPath) ServeHTTP(rw http.ResponseWriter, req *http.Request) {
	if strings.Contains(req.URL.Path, n.part) {
		http.Error(rw, `{"NeutronError": {"type": "HTTPNotFound", "message": "The resource could not be found.", "detail": ""}}`, http.StatusNotFound)
		return
	}
	n.Handler.ServeHTTP(rw, req)
}

// An own CA and a client's certificate work as clouds.yaml names them.
func TestTLS(t *testing.T) {
	dir := t.TempDir()
	cert, key, leaf := clientCert(t, dir)
	srv := httptest.NewUnstartedServer(openstack.New(quick))
	srv.TLS = &tls.Config{ClientAuth: tls.RequireAndVerifyClientCert, ClientCAs: x509.NewCertPool(), MinVersion: tls.VersionTLS12}
	srv.TLS.ClientCAs.AddCert(leaf)
	srv.StartTLS()
	t.Cleanup(srv.Close)
	ca := filepath.Join(dir, "ca.pem")
	save(t, ca, "CERTIFICATE", srv.Certificate().Raw)
	good := cloud.Entry{Name: "lab", File: "clouds.yaml", AuthURL: srv.URL + "/identity/v3", Interface: "public", CACert: ca, Cert: cert, Key: key}
	for _, c := range []struct {
		name   string
		change func(*cloud.Entry)
		kind   stackhand.Kind
		msg    string
	}{
		{"all", func(*cloud.Entry) {}, "", ""},
		{"unverified", func(e *cloud.Entry) { e.CACert, e.Insecure = "", true }, "", ""},
		{"unknown CA", func(e *cloud.Entry) { e.CACert = "" }, stackhand.Invalid, "certificate that is not trusted"},
		{"no client certificate", func(e *cloud.Entry) { e.Cert, e.Key = "", "" }, stackhand.Unavailable, "was lost"},
		{"no file", func(e *cloud.Entry) { e.CACert = ca + "x" }, stackhand.Invalid, "cannot be read"},
		{"no CA in it", func(e *cloud.Entry) { e.CACert = key }, stackhand.Invalid, "holds no certificate"},
		{"wrong key", func(e *cloud.Entry) { e.Key = ca }, stackhand.Invalid, "its key cannot be used"},
	} {
		t.Run(c.name, func(t *testing.T) {
			e := good
			c.change(&e)
			p := cloud.NewPool(map[string]cloud.Entry{"lab": e}, cloud.Options{RetryPause: time.Millisecond})
			_, err := p.Client(t.Context(), "lab", alice)
			if stackhand.KindOf(err) != c.kind || err != nil && !strings.Contains(err.Error(), c.msg) {
				t.Errorf("got %v, want %q %q", err, c.kind, c.msg)
			}
		})
	}
}

func clientCert(t *testing.T, dir string) (cert, key string, leaf *x509.Certificate) {
	t.Helper()
	private, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	tmpl := &x509.Certificate{
		SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: "stackhand"}, NotAfter: time.Now().Add(time.Hour),
		NotBefore: time.Now().Add(-time.Hour), ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageClientAuth},
	}
	der, err := x509.CreateCertificate(rand.Reader, tmpl, tmpl, private.Public(), private)
	if err != nil {
		t.Fatal(err)
	}
	if leaf, err = x509.ParseCertificate(der); err != nil {
		t.Fatal(err)
	}
	b, err := x509.MarshalECPrivateKey(private)
	if err != nil {
		t.Fatal(err)
	}
	cert, key = filepath.Join(dir, "cert.pem"), filepath.Join(dir, "key.pem")
	save(t, cert, "CERTIFICATE", der)
	save(t, key, "EC PRIVATE KEY", b)
	return cert, key, leaf
}

func save(t *testing.T, file, kind string, der []byte) {
	t.Helper()
	if err := os.WriteFile(file, pem.EncodeToMemory(&pem.Block{Type: kind, Bytes: der}), 0o600); err != nil {
		t.Fatal(err)
	}
}

// BenchmarkList reads 1,000 servers in one page, from memory: what remains is decoding.
func BenchmarkList(b *testing.B) {
	one := map[string]any{}
	if err := json.Unmarshal([]byte(serverBody), &one); err != nil {
		b.Fatal(err)
	}
	all := make([]any, 1000)
	for i := range all {
		all[i] = one
	}
	body, err := json.Marshal(map[string]any{"servers": all})
	if err != nil {
		b.Fatal(err)
	}
	w := newWorld(b, quick, cloud.Options{})
	w.net.Handler = http.HandlerFunc(func(rw http.ResponseWriter, req *http.Request) {
		if strings.HasSuffix(req.URL.Path, "/servers/detail") {
			_, _ = rw.Write(body)
			return
		}
		w.Cloud.ServeHTTP(rw, req)
	})
	c := w.as(b, alice)
	b.SetBytes(int64(len(body)))
	for b.Loop() {
		if got, err := c.Servers(b.Context()); err != nil || len(got) != 1000 {
			b.Fatal(len(got), err)
		}
	}
}

const serverBody = `{"id": "4386082e-33e0-4ee8-94ad-2dd6eaf9fa47", "name": "web-1", "status": "ACTIVE", "tenant_id": "32003ef01a6940b2859a5bcd56ccea44",
"user_id": "b533a5ac62f442ab8e12bfc42bc12221", "metadata": {"stackhand_job": "k3v9aaaa", "stackhand_stack": "k3v9aaaa-1"},
"hostId": "4cf92e8c0a9a1dfd6a1c8b9f0c1f3a0a6a3c9b1de2f40f6ddc2a2d2f", "image": {"id": "b19c5271-5ec8-4bd7-8207-9ad71f48f28a",
"links": [{"rel": "bookmark", "href": "http://127.0.0.1:8774/images/b19c5271-5ec8-4bd7-8207-9ad71f48f28a"}]},
"flavor": {"vcpus": 1, "ram": 512, "disk": 1, "ephemeral": 0, "swap": 0, "original_name": "m1.tiny", "extra_specs": {}},
"created": "2026-11-21T05:34:20Z", "updated": "2026-11-21T05:34:21Z", "addresses": {"net": [{"version": 4, "addr": "10.0.0.5",
"OS-EXT-IPS:type": "fixed", "OS-EXT-IPS-MAC:mac_addr": "fa:16:3e:00:00:01"}, {"version": 4, "addr": "203.0.113.7",
"OS-EXT-IPS:type": "floating", "OS-EXT-IPS-MAC:mac_addr": "fa:16:3e:00:00:01"}]}, "accessIPv4": "", "accessIPv6": "",
"links": [{"rel": "self", "href": "http://127.0.0.1:8774/v2.1/servers/4386082e-33e0-4ee8-94ad-2dd6eaf9fa47"},
{"rel": "bookmark", "href": "http://127.0.0.1:8774/servers/4386082e-33e0-4ee8-94ad-2dd6eaf9fa47"}],
"OS-DCF:diskConfig": "MANUAL", "progress": 0, "OS-EXT-AZ:availability_zone": "nova", "config_drive": "", "key_name": null,
"OS-SRV-USG:launched_at": "2026-11-21T05:34:21.000000", "OS-SRV-USG:terminated_at": null, "security_groups": [{"name": "default"}],
"OS-EXT-STS:task_state": null, "OS-EXT-STS:vm_state": "active", "OS-EXT-STS:power_state": 1,
"os-extended-volumes:volumes_attached": [], "locked": false, "locked_reason": null, "description": null, "tags": [],
"trusted_image_certificates": null, "server_groups": []}`
