package openstack

import (
	"context"
	"maps"
	"net/http"
	"slices"
	"strings"
)

// era is what a cloud of some time has: which APIs, in which versions.
type era struct {
	identity  []string // versions of Keystone's API
	nova      []string // versions in the paths of Nova, the one of the catalogue first
	newest    int      // microversion 2.x of Nova; 0: it knows none
	services  []string // beside Keystone and Nova
	described bool     // resources of Neutron have descriptions, tags and times
	tenanted  bool     // the catalogue's address of Nova ends with the project's id
	seeded    bool     // Nova runs the networks, and every project shares one that is there
	without   []string // what Nova does not have yet: beginnings of paths, behind the server's id
	verbs     []string // … and actions of servers
	overLimit bool     // quotas are refused with 413
}

var withNeutron = []string{"network", "image", "volume"}

// eras are the profiles of Options. What each time had is told by the documents of that time: the book on the Compute API
// v1.1 (2011, with the images and floating IPs of Nova's own), SkyAtlas' guide (2014, with Neutron and Glance, no Cinder), and the
// history of microversions in Nova's documentation.
var eras = map[string]era{
	"": {
		identity: []string{"v3", "v2.0"}, nova: []string{"v2.1", "v2"}, newest: 93, services: withNeutron, described: true,
	},
	"today": {
		identity: []string{"v3"}, nova: []string{"v2.1", "v2"}, newest: 96, services: withNeutron, described: true,
	},
	"zed": {
		identity: []string{"v3"}, nova: []string{"v2.1", "v2"}, newest: 93, services: withNeutron, described: true,
	},
	"2014": {
		identity: []string{"v2.0"}, nova: []string{"v2"}, services: []string{"network", "image"}, tenanted: true,
		without: []string{"tags", "remote-consoles", "os-volume_attachments"},
		verbs:   []string{"os-getSerialConsole"},
	},
	"2011": {
		identity: []string{"v2.0"}, nova: []string{"v1.1", "v2"}, tenanted: true, seeded: true, overLimit: true,
		without: []string{"tags", "remote-consoles", "os-volume_attachments", "os-instance-actions", "os-interface",
			"os-availability-zone", "os-hypervisors", "os-services"},
		verbs: []string{"os-getSerialConsole", "os-getSPICEConsole", "shelve", "unshelve", "shelveOffload"},
	},
}

// Profiles are the names that Options.Profile takes, beside "".
func Profiles() []string {
	return slices.DeleteFunc(slices.Sorted(maps.Keys(eras)), func(name string) bool { return name == "" })
}

// novaRoot is the key under which a request carries the path of Nova that its client used.
type novaRoot struct{}

// normal gives every path one spelling: without double and trailing slashes, and Nova's as /compute/v2.1/… without the project's
// id, whichever version of those that the cloud has the client spoke. Versions before 2.1 know no microversions.
func (c *Cloud) normal(r *http.Request) *http.Request {
	p := r.URL.Path
	for strings.Contains(p, "//") {
		p = strings.ReplaceAll(p, "//", "/")
	}
	ctx := r.Context()
	if rest, ok := strings.CutPrefix(p, volumeBase); ok {
		if head, tail, more := strings.Cut(rest, "/"); more && isHexID(head) {
			p = volumeBase + tail
		}
	}
	if rest, ok := strings.CutPrefix(p, "/compute/v"); ok {
		version, rest, _ := strings.Cut("v"+rest, "/")
		if !slices.Contains(c.era.nova, version) {
			p = "/compute/unknown/" + rest
		} else {
			root := "/compute/" + version
			if head, tail, more := strings.Cut(rest, "/"); isHexID(head) && (more || c.era.tenanted) {
				root, rest = root+"/"+head, tail
			}
			p = strings.TrimSuffix("/compute/v2.1/"+rest, "/")
			ctx = context.WithValue(ctx, novaRoot{}, root)
		}
	}
	if p == r.URL.Path && ctx == r.Context() {
		return r
	}
	u := *r.URL
	u.Path, u.RawPath = p, ""
	out := r.Clone(ctx)
	out.URL = &u
	return out
}

// nova is the path of Nova that the client used.
func (q *call) nova() string {
	if root, known := q.Context().Value(novaRoot{}).(string); known {
		return root
	}
	return "/compute/v2.1"
}

// legacy tells whether the client speaks a version of Nova's API that has no microversions.
func (q *call) legacy() bool { return !strings.HasPrefix(q.nova(), "/compute/v2.1") }

// lacks tells whether the cloud does not have a call, since it is of another time.
func (e era) lacks(path string) bool {
	parts := segments(path)
	if len(parts) == 0 {
		return false
	}
	switch parts[0] {
	case "identity":
		return len(parts) > 1 && strings.HasPrefix(parts[1], "v") && !slices.Contains(e.identity, parts[1])
	case "compute":
		return slices.ContainsFunc(parts[1:], func(s string) bool { return slices.Contains(e.without, s) })
	case "network":
		return !e.has("network") || !e.described && (slices.Contains(parts, "tags") || slices.Contains(parts, "details.json"))
	}
	return services[parts[0]] != nil && !e.has(parts[0])
}

func (e era) has(service string) bool {
	return service == "identity" || service == "compute" || service == "metric" || slices.Contains(e.services, service)
}

// novelties are the fields that Neutron's resources did not have before 2016.
var novelties = []string{"description", "tags", "created_at", "updated_at", "revision_number", "project_id"}

// dated takes out of a resource of Neutron what its time did not know. Security groups were described from the first.
func (e era) dated(k *kind, v object) object {
	if e.described {
		return v
	}
	for _, name := range novelties {
		if name != "description" || k != groupKind {
			delete(v, name)
		}
	}
	return v
}

// unknown refuses what a client sets of a resource of Neutron and its time did not know.
func (e era) unknown(k *kind, in object) error {
	if e.described {
		return nil
	}
	for _, name := range novelties {
		if _, given := in[name]; given && (name != "description" || k != groupKind) {
			return neutronErr(400, "HTTPBadRequest", "Unrecognized attribute(s) '%s'", name)
		}
	}
	return nil
}

// refusalOf is an error as Nova's time answered it: quotas were a matter of too large an entity once.
func (e era) refusalOf(svc *service, r *apiError) *apiError {
	if !e.overLimit || svc.name != "compute" || r.code != http.StatusForbidden || !strings.HasPrefix(r.msg, "Quota exceeded") {
		return r
	}
	old := *r
	old.code = http.StatusRequestEntityTooLarge
	return &old
}

// told are the limits that Nova told in its time: what is used of them came with an extension in 2012.
func (e era) told(limits object) object {
	if e.seeded {
		maps.DeleteFunc(limits, func(name string, _ any) bool { return strings.HasPrefix(name, "total") })
	}
	return limits
}

// imagesAt is the path of images: Glance's, or where there is none Nova's.
func (c *Cloud) imagesAt(q *call) string {
	if !c.era.has("image") {
		return q.nova() + "/images/"
	}
	return "/image/v2/images/"
}
