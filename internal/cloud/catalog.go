package cloud

import (
	"fmt"
	"maps"
	"net/url"
	"regexp"
	"slices"
	"strings"

	"github.com/stackhand/stackhand"
)

// service is a kind of OpenStack service, by its official type.
type service string

const (
	compute  service = "compute"
	network  service = "network"
	image    service = "image"
	volume   service = "block-storage"
	identity service = "identity"
	metric   service = "metric" // Gnocchi
)

// aliases are the types that catalogues use for a service, best first; see
// https://service-types.openstack.org/service-types.json
func (s service) aliases() []string {
	switch s {
	case compute:
		return []string{"compute", "computev21"}
	case network:
		return []string{"network", "networking"}
	case image:
		return []string{"image", "imagev2"}
	case volume:
		return []string{"block-storage", "volumev3", "block-store", "volumev2"} // "volume" is v1 where it differs
	}
	return []string{string(s)}
}

// endpoint is one address of the catalogue.
type endpoint struct {
	Type, Region, Interface, URL string
}

// catalog is what Keystone v2.0 or v3 told with the token.
type catalog []endpoint

// locate picks the address of a service: the override of clouds.yaml, or what the catalogue
// has for region and interface. The result ends with a slash and with the API's version.
func (c catalog) locate(s service, e Entry) (string, error) {
	for _, t := range s.aliases() {
		if u := e.Overrides[t]; u != "" {
			return withVersion(s, u), nil
		}
	}
	var regions []string
	found := false
	for _, t := range s.aliases() {
		for _, p := range c {
			if p.Type != t || p.Interface != e.Interface {
				continue
			}
			if e.Region != "" && p.Region != e.Region {
				regions = append(regions, p.Region)
				continue
			}
			found = true
			u, err := url.Parse(p.URL)
			switch {
			case err != nil || u.Host == "" || u.Scheme != "http" && u.Scheme != "https":
			case u.Scheme == "http" && strings.HasPrefix(e.AuthURL, "https:"):
				return "", inClear(s, e, u.Host)
			default:
				return withVersion(s, p.URL), nil
			}
		}
	}
	return "", c.missing(s, e, found, regions)
}

// inClear refuses an address at which everybody on the way could read the token, which came encrypted. Other hosts than that of
// auth_url are usual in catalogues, and allowed: the catalogue came from there. Only the operator, with an override, may say that
// plain HTTP is meant.
func inClear(s service, e Entry, host string) error {
	return stackhand.Errorf(stackhand.Invalid, "Cloud %s: its catalogue gives the address of the %s service without encryption (http://%s), although its login is encrypted; the token does not go there.", e.Name, s, host).
		Do("Ask the operator to set %s_endpoint_override in clouds.yaml, or to have the catalogue corrected.", strings.ReplaceAll(string(s), "-", "_"))
}

func (c catalog) missing(s service, e Entry, empty bool, regions []string) error {
	slices.Sort(regions)
	var why string
	switch {
	case len(c) == 0:
		why = "its catalogue is empty"
	case empty:
		why = fmt.Sprintf("the catalogue gives no usable address for the %s service", s)
	case len(regions) > 0:
		why = fmt.Sprintf("the catalogue has the %s service only in %s", s, strings.Join(slices.Compact(regions), ", "))
	default:
		types := map[string]bool{}
		for _, p := range c {
			types[p.Type] = true
		}
		why = fmt.Sprintf("the catalogue has no %s service with a %s address, only %s",
			s, e.Interface, strings.Join(slices.Sorted(maps.Keys(types)), ", "))
	}
	where := "Cloud " + e.Name
	if e.Region != "" {
		where += ", region " + e.Region
	}
	return stackhand.Errorf(stackhand.Invalid, "%s: %s.", where, why).
		Do("Ask the operator to correct region_name or to set %s_endpoint_override in clouds.yaml.", strings.ReplaceAll(string(s), "-", "_"))
}

var versionTail = regexp.MustCompile(`/v[0-9]+(\.[0-9]+)?(/[0-9a-zA-Z_%()-]+)?$`) // the last part is a project, or clouds.yaml's %(project_id)s

// withVersion completes addresses that the catalogue gives without a version.
func withVersion(s service, u string) string {
	u = strings.TrimRight(u, "/")
	if s == image {
		u = strings.TrimSuffix(u, "/v1") // an old address beside the API that is spoken today
	}
	switch {
	case versionTail.MatchString(u):
	case s == compute:
		u += "/v2.1"
	case s == network:
		u += "/v2.0"
	case s == image:
		u += "/v2"
	case s == volume:
		u += "/v3"
	case s == metric:
		u += "/v1"
	}
	return u + "/"
}

var versionPart = regexp.MustCompile(`^v[0-9]`)

// versionRoot is the address of the version document of a versioned endpoint, which may have
// the project's id behind the version.
func versionRoot(u string) string {
	parts := strings.Split(strings.TrimRight(u, "/"), "/")
	for i := len(parts) - 1; i > 2; i-- {
		if versionPart.MatchString(parts[i]) {
			return strings.Join(parts[:i+1], "/") + "/"
		}
	}
	return strings.Join(parts, "/") + "/"
}
