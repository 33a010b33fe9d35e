package cloud

import (
	"cmp"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"maps"
	"net/url"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/goccy/go-yaml"

	"github.com/stackhand/stackhand"
)

// Entry is one entry of clouds.yaml. Its format is that of os-client-config:
// https://docs.openstack.org/os-client-config/latest/user/configuration.html
type Entry struct {
	Name            string
	File            string // where it was read from
	AuthURL         string
	IdentityVersion string // identity_api_version: "2.0", "3"; "" is found out
	Region          string
	Interface       string            // public, internal or admin
	Overrides       map[string]string // service type ("compute") → URL, from <type>_endpoint_override
	CACert          string            // file of the CA's certificates, PEM
	Cert, Key       string            // files of the client's certificate and key, PEM
	Insecure        bool              // verify: false

	Auth            stackhand.Login // the entry's own credentials, for `credentials: service`
	UserDomainID    string
	ProjectDomainID string
}

// LoadEntries reads entries of clouds.yaml, all of them where no names are given. An empty
// file means the usual places: OS_CLIENT_CONFIG_FILE, ./clouds.yaml, ~/.config/openstack and
// /etc/openstack. A secure.yaml beside it is laid over it. Errors name the file and the
// entry, and never show a value from it.
func LoadEntries(file string, names ...string) (map[string]Entry, error) {
	path, err := findFile(file)
	if err != nil {
		return nil, err
	}
	raw, err := readClouds(path)
	if err != nil {
		return nil, err
	}
	secure := filepath.Join(filepath.Dir(path), "secure.yaml")
	if _, err := os.Stat(secure); err == nil {
		over, err := readClouds(secure)
		if err != nil {
			return nil, err
		}
		overlay(raw, over)
	}
	if len(names) == 0 {
		names = slices.Sorted(maps.Keys(raw))
	}
	entries := make(map[string]Entry, len(names))
	for _, name := range names {
		section, ok := raw[name].(map[string]any)
		if !ok {
			return nil, stackhand.Errorf(stackhand.Invalid, "%s has no cloud %q.", path, name).
				Do("Add it below `clouds:`, or name one of: %s.", strings.Join(slices.Sorted(maps.Keys(raw)), ", "))
		}
		if entries[name], err = newEntry(path, name, section); err != nil {
			return nil, err
		}
	}
	return entries, nil
}

func findFile(file string) (string, error) {
	if file == "" {
		file = os.Getenv("OS_CLIENT_CONFIG_FILE")
	}
	if file != "" {
		return file, nil
	}
	places := []string{"clouds.yaml"}
	if dir, err := os.UserConfigDir(); err == nil {
		places = append(places, filepath.Join(dir, "openstack", "clouds.yaml"))
	}
	places = append(places, "/etc/openstack/clouds.yaml")
	for _, p := range places {
		if _, err := os.Stat(p); err == nil {
			return p, nil
		}
	}
	return "", stackhand.Errorf(stackhand.Invalid, "There is no clouds.yaml in any of %s.", strings.Join(places, ", ")).
		Do("Write one, or name it in OS_CLIENT_CONFIG_FILE or under clouds.file.")
}

func readClouds(path string) (map[string]any, error) {
	b, err := os.ReadFile(path)
	if err != nil {
		return nil, stackhand.Errorf(stackhand.Invalid, "%s cannot be read.", path).Because(err)
	}
	var doc struct {
		Clouds map[string]any `yaml:"clouds"`
	}
	if err := yaml.Unmarshal(b, &doc); err != nil {
		// The library's own text shows lines of the file, and those hold passwords.
		where := ""
		var at yaml.Error
		if errors.As(err, &at) && at.GetToken() != nil {
			where = fmt.Sprintf(", line %d", at.GetToken().Position.Line)
		}
		return nil, stackhand.Errorf(stackhand.Invalid, "%s%s is not valid YAML with a map of clouds.", path, where)
	}
	if doc.Clouds == nil {
		return nil, stackhand.Errorf(stackhand.Invalid, "%s has no `clouds:`.", path)
	}
	return doc.Clouds, nil
}

func overlay(under, over map[string]any) {
	for k, v := range over {
		below, isMap := under[k].(map[string]any)
		above, alsoMap := v.(map[string]any)
		if isMap && alsoMap {
			overlay(below, above)
			continue
		}
		under[k] = v
	}
}

// section reads scalars of a YAML map as text.
type section map[string]any

func (s section) str(keys ...string) string {
	for _, k := range keys {
		switch v := s[k].(type) {
		case nil, map[string]any, []any:
		case string:
			if v != "" {
				return v
			}
		default:
			return fmt.Sprint(v)
		}
	}
	return ""
}

func newEntry(file, name string, raw map[string]any) (Entry, error) {
	s := section(raw)
	auth, _ := raw["auth"].(map[string]any)
	a := section(auth)
	e := Entry{
		Name: name, File: file,
		AuthURL:         cmp.Or(a.str("auth_url"), s.str("auth_url")),
		IdentityVersion: s.str("identity_api_version"),
		Region:          cmp.Or(s.str("region_name"), firstRegion(raw["regions"])),
		Interface:       strings.TrimSuffix(cmp.Or(s.str("endpoint_type", "interface"), "public"), "URL"),
		Overrides:       map[string]string{},
		CACert:          s.str("cacert"), Cert: s.str("cert"), Key: s.str("key"),
		Insecure:        s.str("verify") == "false" || s.str("insecure") == "true",
		UserDomainID:    a.str("user_domain_id", "domain_id", "default_domain_id"),
		ProjectDomainID: a.str("project_domain_id", "domain_id", "default_domain_id"),
		Auth: stackhand.Login{
			AuthType:  s.str("auth_type"),
			AppCredID: a.str("application_credential_id"), AppCredSecret: a.str("application_credential_secret"),
			Username: a.str("username", "user_name"), Password: a.str("password"), Token: a.str("token"),
			ProjectName: a.str("project_name", "tenant_name"), ProjectID: a.str("project_id", "tenant_id"),
			UserDomain:    a.str("user_domain_name", "domain_name", "default_domain_name"),
			ProjectDomain: a.str("project_domain_name", "domain_name", "default_domain_name"),
		},
	}
	for key := range raw {
		if service, ok := strings.CutSuffix(key, "_endpoint_override"); ok && s.str(key) != "" {
			e.Overrides[strings.ReplaceAll(service, "_", "-")] = s.str(key)
		}
	}
	return e, e.check()
}

func firstRegion(v any) string {
	list, _ := v.([]any)
	if len(list) == 0 {
		return ""
	}
	if m, ok := list[0].(map[string]any); ok {
		return section(m).str("name")
	}
	return fmt.Sprint(list[0])
}

func (e Entry) check() error {
	bad := func(format string, args ...any) error {
		return stackhand.Errorf(stackhand.Invalid, "Cloud %q in %s %s.", e.Name, e.File, fmt.Sprintf(format, args...))
	}
	if e.AuthURL == "" {
		return bad("has no auth.auth_url")
	}
	urls := map[string]string{"auth.auth_url": e.AuthURL}
	for service, u := range e.Overrides {
		urls[service+"_endpoint_override"] = u
	}
	for _, key := range slices.Sorted(maps.Keys(urls)) {
		if u, err := url.Parse(urls[key]); err != nil || u.Host == "" || u.Scheme != "http" && u.Scheme != "https" {
			return bad("has an %s that is not an http(s) URL", key)
		}
	}
	if !slices.Contains([]string{"public", "internal", "admin"}, e.Interface) {
		return bad("has interface %q; it must be public, internal or admin", e.Interface)
	}
	if (e.Cert == "") != (e.Key == "") {
		return bad("has only one of cert and key")
	}
	return nil
}

// tlsConfig reads the certificate files of the entry.
func (e Entry) tlsConfig() (*tls.Config, error) {
	bad := func(file, why string, err error) error {
		return stackhand.Errorf(stackhand.Invalid, "Cloud %q in %s: %s %s.", e.Name, e.File, file, why).Because(err)
	}
	c := &tls.Config{MinVersion: tls.VersionTLS12, InsecureSkipVerify: e.Insecure} //nolint:gosec // only where the operator wrote verify: false
	if e.CACert != "" {
		pem, err := os.ReadFile(e.CACert)
		if err != nil {
			return nil, bad(e.CACert, "cannot be read", err)
		}
		c.RootCAs = x509.NewCertPool()
		if !c.RootCAs.AppendCertsFromPEM(pem) {
			return nil, bad(e.CACert, "holds no certificate in PEM form", nil)
		}
	}
	if e.Cert != "" {
		pair, err := tls.LoadX509KeyPair(e.Cert, e.Key)
		if err != nil {
			return nil, bad(e.Cert, "and its key cannot be used", err)
		}
		c.Certificates = []tls.Certificate{pair}
	}
	return c, nil
}
