package cloud

import (
	"strings"
	"testing"

	"github.com/stackhand/stackhand"
)

func TestLocate(t *testing.T) {
	c := catalog{
		{"compute", "one", "public", "http://nova.example:8774/v2.1/abc123"},
		{"compute", "one", "internal", "http://10.0.0.1:8774/v2.1"},
		{"compute", "two", "public", "http://two.example/compute"},
		{"network", "one", "public", "http://neutron.example:9696"},
		{"image", "one", "public", "http://glance.example:9292/v1"},
		{"image", "two", "public", ""},
	}
	for _, x := range []struct {
		name    string
		catalog catalog
		service service
		entry   Entry
		want    string
		err     string
	}{
		{"by region", c, compute, Entry{Region: "two", Interface: "public"}, "http://two.example/compute/v2.1/", ""},
		{"first region", c, compute, Entry{Interface: "public"}, "http://nova.example:8774/v2.1/abc123/", ""},
		{"by interface", c, compute, Entry{Region: "one", Interface: "internal"}, "http://10.0.0.1:8774/v2.1/", ""},
		{"version added", c, network, Entry{Region: "one", Interface: "public"}, "http://neutron.example:9696/v2.0/", ""},
		{"old version", c, image, Entry{Region: "one", Interface: "public"}, "http://glance.example:9292/v2/", ""},
		{"override", c, network, Entry{Overrides: map[string]string{"network": "https://n.example/v2.0/"}}, "https://n.example/v2.0/", ""},
		{"override by alias", c, image, Entry{Overrides: map[string]string{"imagev2": "https://g.example"}}, "https://g.example/v2/", ""},
		{"unknown region", c, compute, Entry{Name: "lab", Region: "three", Interface: "public"}, "", "only in one, two"},
		{"no such interface", c, network, Entry{Name: "lab", Region: "one", Interface: "admin"}, "", "no network service with a admin address, only compute, image, network"},
		{"empty address", c, image, Entry{Name: "lab", Region: "two", Interface: "public"}, "", "no usable address for the image service"},
		{"another host", c, compute, Entry{AuthURL: "http://keys.example/v3", Region: "two", Interface: "public"}, "http://two.example/compute/v2.1/", ""},
		{"plain HTTP after an encrypted login", c, compute, Entry{Name: "lab", AuthURL: "https://keys.example/v3", Region: "two", Interface: "public"}, "", "without encryption (http://two.example)"},
		{"plain HTTP, said by the operator", c, compute, Entry{AuthURL: "https://keys.example/v3", Overrides: map[string]string{"compute": "http://n.example/v2.1"}}, "http://n.example/v2.1/", ""},
		{"no web address", catalog{{"compute", "", "public", "file://h/etc/passwd"}}, compute, Entry{Name: "lab", Interface: "public"}, "", "no usable address"},
		{"empty", nil, compute, Entry{Name: "lab", Interface: "public"}, "", "Cloud lab: its catalogue is empty"},
	} {
		t.Run(x.name, func(t *testing.T) {
			got, err := x.catalog.locate(x.service, x.entry)
			if x.err == "" && err != nil || got != x.want {
				t.Errorf("got %q, %v, want %q", got, err, x.want)
			}
			if x.err != "" && (stackhand.KindOf(err) != stackhand.Invalid || !strings.Contains(err.Error(), x.err)) {
				t.Errorf("got %v, want %q", err, x.err)
			}
		})
	}
}

func TestVersionRoot(t *testing.T) {
	for in, want := range map[string]string{
		"http://h:8774/v2.1/":           "http://h:8774/v2.1/",
		"http://h/compute/v2.1/abc123/": "http://h/compute/v2.1/",
		"http://h/v2/":                  "http://h/v2/",
		"http://h/compute/":             "http://h/compute/",
	} {
		if got := versionRoot(in); got != want {
			t.Errorf("versionRoot(%q) = %q, want %q", in, got, want)
		}
	}
}

func TestConfiguredIdentity(t *testing.T) {
	for _, c := range []struct {
		url, version string
		want         identityBase
		sure         bool
	}{
		{"http://h:5000/v3", "", identityBase{"http://h:5000/v3/", false}, true},
		{"http://h:5000/v2.0/", "", identityBase{"http://h:5000/v2.0/", true}, true},
		{"http://h:5000/v3", "2.0", identityBase{"http://h:5000/v2.0/", true}, true},
		{"http://h:5000/v2.0", "3", identityBase{"http://h:5000/v3/", false}, true},
		{"http://h/identity", "3", identityBase{"http://h/identity/v3/", false}, true},
		{"http://h/identity", "", identityBase{"http://h/identity/", false}, false},
	} {
		s := &site{entry: Entry{AuthURL: c.url, IdentityVersion: c.version}}
		if got, sure := s.configuredIdentity(); got != c.want || sure != c.sure {
			t.Errorf("%s %s gives %v %v", c.url, c.version, got, sure)
		}
	}
}
