package cloud

import (
	"context"
	"net/http"
	"net/url"
	"strings"
	"sync"
	"sync/atomic"

	"github.com/gophercloud/gophercloud/v2"

	"github.com/stackhand/stackhand"
)

// site is one cloud of clouds.yaml, with what all credentials for it share.
type site struct {
	entry Entry
	opts  Options
	http  *http.Client

	plain atomic.Bool // its Neutron takes no descriptions

	mu      sync.Mutex
	base    *identityBase // nil until it was found out
	shelves map[shelfKey]*shelf
	micro   map[string]string // newest microversion that we can use, by version root; "" for none
}

// identityBase is where Keystone speaks which version. URL ends with a slash.
type identityBase struct {
	URL string
	V2  bool
}

// provider makes a gophercloud client without a token.
func (s *site) provider() *gophercloud.ProviderClient {
	p := &gophercloud.ProviderClient{HTTPClient: *s.http, MaxBackoffRetries: 1}
	p.UserAgent.Prepend(s.opts.UserAgent)
	p.UseTokenLock()
	return p
}

// identity tells where to log in. An address without a version is asked for its versions
// once; the hosts in that document are often wrong, so that only its version numbers count.
func (s *site) identity(ctx context.Context) (identityBase, error) {
	s.mu.Lock()
	known := s.base
	s.mu.Unlock()
	if known != nil {
		return *known, nil
	}
	b, sure := s.configuredIdentity()
	if !sure {
		var err error
		if b.V2, err = s.onlyV2(ctx, b.URL); err != nil {
			return b, err
		}
		b.URL += map[bool]string{true: "v2.0/", false: "v3/"}[b.V2]
	}
	s.mu.Lock()
	s.base = &b
	s.mu.Unlock()
	return b, nil
}

func (s *site) configuredIdentity() (b identityBase, sure bool) {
	u := s.entry.AuthURL
	if o := s.entry.Overrides["identity"]; o != "" {
		u = o
	}
	u = strings.TrimRight(u, "/")
	v2 := strings.HasPrefix(strings.TrimPrefix(s.entry.IdentityVersion, "v"), "2")
	v3 := strings.HasPrefix(strings.TrimPrefix(s.entry.IdentityVersion, "v"), "3")
	root := strings.TrimSuffix(strings.TrimSuffix(u, "/v2.0"), "/v3")
	switch {
	case v2, !v3 && strings.HasSuffix(u, "/v2.0"):
		return identityBase{URL: root + "/v2.0/", V2: true}, true
	case v3, strings.HasSuffix(u, "/v3"):
		return identityBase{URL: root + "/v3/"}, true
	}
	return identityBase{URL: u + "/"}, false
}

// onlyV2 reads Keystone's version document and tells whether it offers v2.0 and not v3.
func (s *site) onlyV2(ctx context.Context, u string) (bool, error) {
	var doc struct {
		Versions struct {
			Values []struct {
				ID string `json:"id"`
			} `json:"values"`
		} `json:"versions"`
	}
	c := caller{site: s, sc: &gophercloud.ServiceClient{ProviderClient: s.provider(), Endpoint: u}, service: identity}
	if err := c.read(ctx, u, &doc); err != nil {
		return false, err
	}
	v2 := false
	for _, v := range doc.Versions.Values {
		if strings.HasPrefix(v.ID, "v3") {
			return false, nil
		}
		v2 = v2 || strings.HasPrefix(v.ID, "v2")
	}
	if !v2 {
		return false, stackhand.Errorf(stackhand.Invalid, "What answers at %s is not an OpenStack identity service.", host(u)).
			Do("Ask the operator to check auth_url of cloud %s in clouds.yaml.", s.entry.Name)
	}
	return true, nil
}

// host is the host and port of an address, for messages.
func host(u string) string {
	p, err := url.Parse(u)
	if err != nil || p.Host == "" {
		return "the given address"
	}
	return p.Host
}
