package main

import (
	"crypto/x509"
	"encoding/pem"
	"fmt"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stackhand/stackhand"
	"github.com/stackhand/stackhand/internal/sim/openstack"
)

// against puts another cloud behind the bot to be: of a profile, with faults, its entry of clouds.yaml closed by more lines.
func (o *outside) against(profile, more string, secure bool, faults ...string) *httptest.Server {
	o.t.Helper()
	o.cloud = openstack.New(openstack.Options{Profile: profile})
	srv := httptest.NewUnstartedServer(o.cloud)
	if secure {
		srv.StartTLS()
	} else {
		srv.Start()
	}
	o.t.Cleanup(srv.Close)
	for _, f := range faults {
		o.fault(f)
	}
	o.write("clouds.yaml", fmt.Sprintf("clouds:\n  lab:\n    auth: {auth_url: \"%s/identity/%s\"}\n    region_name: RegionOne\n%s",
		srv.URL, o.cloud.IdentityVersion(), strings.ReplaceAll(more, "URL", srv.URL)))
	o.service("", "bob-secret")
	return srv
}

// What an old cloud lacks is a warning; a service that is not where the catalogue says is an error with host, port and mend.
func TestDoctorOfClouds(t *testing.T) {
	for _, c := range []struct {
		name, profile, more, fault string
		code                       int
		want, not                  []string
	}{
		{"today", "today", "", "", 0, []string{"Keystone v3 at 127.0.0.1:", "Nova microversion 2.79", "volumes: 0 there", "room for 10 more servers"},
			[]string{"warning  cloud", "owners whose login has ended"}},
		{"2014", "2014", "", "", 0, []string{"warning  cloud lab      identity: Keystone v2.0", "Nova without microversions", "no block storage (Cinder)",
			"takes no descriptions"}, []string{"no Neutron", "no Glance", "error    cloud"}},
		{"2011", "2011", "", "", 0, []string{"no Neutron", "no Glance", "no block storage", "external network public"}, []string{"error    cloud", "descriptions"}},
		{"empty catalogue", "", "", "catalogue empty", 1, []string{"compute: Cloud lab, region RegionOne: its catalogue is empty", "compute_endpoint_override"}, nil},
		{"mended by overrides", "", "    compute_endpoint_override: URL/compute/v2.1\n    network_endpoint_override: URL/network\n" +
			"    image_endpoint_override: URL/image\n", "catalogue empty", 0, []string{"Nova microversion 2.79", "images: 5 there"}, []string{"error    cloud"}},
		{"wrong hosts", "", "", "catalogue host 127.0.0.1:1", 1, []string{"compute service at 127.0.0.1:1 cannot be reached",
			"network service at 127.0.0.1:1 cannot be reached", "image service at 127.0.0.1:1", "network_endpoint_override"}, nil},
		{"one wrong host", "", "    network_endpoint_override: http://127.0.0.1:1\n", "", 1,
			[]string{"ok       cloud lab      images: 5 there", "error    cloud lab      network: The cloud's network service at 127.0.0.1:1"},
			[]string{"error    cloud lab      quotas", "error    cloud lab      features", "without microversions"}},
		{"another region", "", "", "catalogue regions North", 1, []string{"only in North", "region_name"}, nil},
	} {
		t.Run(c.name, func(t *testing.T) {
			o := newOutside(t)
			o.here()
			var faults []string
			if c.fault != "" {
				faults = []string{c.fault}
			}
			o.against(c.profile, c.more, false, faults...)
			diagnosed(t, c.code, c.want, c.not)
		})
	}
}

func TestReachOfTheBotsOwnLogin(t *testing.T) {
	o := newOutside(t)
	o.here()
	o.against("", "", false)
	config, err := os.ReadFile(filepath.Join(o.dir, "stackhand.yaml"))
	if err != nil {
		t.Fatal(err)
	}
	o.write("stackhand.yaml", strings.Replace(string(config), "credentials: service", "credentials: user", 1))
	diagnosed(t, 0, []string{"owners whose login has ended: their servers end with this login, in the project team-b and wherever its user has a role\n"}, nil)
	admin := stackhand.Identity{Project: "ops", Roles: []string{"member", "Admin"}}
	for want, login := range map[string]stackhand.Login{
		"in the project ops and wherever its user has a role; elsewhere, as an administrator's, it stops and deletes, and makes no images": {Password: "x"},
		"in the project ops; elsewhere, as an administrator's, it stops and deletes, and makes no images":                                  {AppCredSecret: "x"},
	} {
		if got := reach(admin, login); got != want {
			t.Errorf("%q, want %q", got, want)
		}
	}
}

func diagnosed(t *testing.T, code int, want, not []string) {
	t.Helper()
	got, out, _ := command(t, "", "doctor")
	for _, w := range want {
		if !strings.Contains(out, w) {
			t.Errorf("no %q in\n%s", w, out)
		}
	}
	for _, w := range not {
		if strings.Contains(out, w) {
			t.Errorf("%q is in\n%s", w, out)
		}
	}
	if got != code {
		t.Errorf("status %d, want %d\n%s", got, code, out)
	}
}

// A certificate that nobody knows is named with the key that mends it; with the CA's file all is well, and without any check it is
// said what that means.
func TestDoctorOfTLS(t *testing.T) {
	for _, c := range []struct {
		name, more string
		code       int
		want, not  []string
	}{
		{"unknown CA", "", 1, []string{"error    cloud lab", "certificate that is not trusted", "cacert"}, nil},
		{"own CA", "    cacert: ca.pem\n", 0, []string{"logged in as bob"}, []string{"warning  cloud"}},
		{"unverified", "    verify: false\n", 0, []string{"warning  cloud lab      verify: false", "logged in as bob"}, nil},
		{"no file", "    cacert: none.pem\n", 1, []string{"none.pem cannot be read"}, nil},
	} {
		t.Run(c.name, func(t *testing.T) {
			o := newOutside(t)
			o.here()
			srv := o.against("", c.more, true)
			saveCA(t, filepath.Join(o.dir, "ca.pem"), srv.Certificate())
			diagnosed(t, c.code, c.want, c.not)
		})
	}
}

func saveCA(t *testing.T, file string, cert *x509.Certificate) {
	t.Helper()
	if err := os.WriteFile(file, pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: cert.Raw}), 0o600); err != nil {
		t.Fatal(err)
	}
}
