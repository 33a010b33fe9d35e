package openstack

import (
	"net/http"
	"strconv"
	"strings"
	"time"
)

// Block storage: Cinder v3, microversions 3.0 to 3.70, as an OpenStack Zed answers them.

const (
	newestVolume = 70 // of Cinder's microversions 3.x
	volumeType   = "__DEFAULT__"
	volumeBase   = "/volume/v3/"
)

// storage is what Cinder knows. Its lists are oldest first; what was deleted is not in them.
type storage struct {
	volumes   []*volume
	snapshots []*snapshot
	quotas    map[string]map[string]int
	typeID    string
	serviceID string
	plans     []buildPlan // of volumes and snapshots that end in error
}

func newStorage() storage {
	return storage{quotas: map[string]map[string]int{}, typeID: seedID("volume type", volumeType), serviceID: seedID("service", "cinder-volume")}
}

// volume is a disk; size is in GiB.
type volume struct {
	id, name, description, status string
	size                          int
	project, user                 string
	snapshotID, sourceID          string
	bootable, readonly, multi     bool
	byNova                        bool // made for a server: without a name, where others have none at all
	metadata                      map[string]string
	image                         map[string]string // what Cinder keeps of the image that it was made from
	attached                      *attachment
	created, updated              time.Time
	gone                          bool
	gen                           int // counts state changes: what was planned before one does not happen
}

// snapshot is a volume's content at one moment; size is in GiB.
type snapshot struct {
	id, name, description, status string
	of                            *volume
	size                          int
	project, user                 string
	metadata                      map[string]string
	created, updated              time.Time
	gone                          bool
}

// attachment is a volume on its server.
type attachment struct {
	id, bdm, device, tag string
	volume               *volume
	server               *server
	at                   time.Time // zero while it is on its way
	root, deleteToo      bool
}

// cinderProblem is a refusal as Cinder writes it: as Nova does, but a quota's says when to try again.
func cinderProblem(e *apiError) any {
	v := novaProblem(e)
	if o, isObject := v.(object); isObject && e.code == http.StatusRequestEntityTooLarge && !e.route {
		o["overLimit"].(object)["retryAfter"] = strconv.Itoa(e.after)
	}
	return v
}

func cinderPolicy(rule string) *apiError {
	return refusal(403, "Policy doesn't allow %s to be performed.", rule)
}

func invalidVolume(format string, args ...any) *apiError {
	e := refusal(400, format, args...)
	e.msg = "Invalid volume: " + e.msg
	return e
}

func invalidVolumeInput(format string, args ...any) *apiError {
	e := refusal(400, format, args...)
	e.msg = "Invalid input received: " + e.msg
	return e
}

// negotiateVolume finds the microversion that a request to Cinder asks for, 3.0 without one.
func negotiateVolume(q *call, head map[string]string) error {
	q.minor = 0
	for _, v := range q.Header.Values("OpenStack-API-Version") {
		for _, part := range strings.Split(v, ",") {
			service, version, both := strings.Cut(strings.TrimSpace(part), " ")
			if !both || service != "volume" {
				continue
			}
			major, minor, _ := strings.Cut(version, ".")
			n, err := strconv.Atoi(minor)
			switch {
			case version == "latest":
				n = newestVolume
			case err != nil || major == "":
				return refusal(400, "API Version String %s is of invalid format. Must be of format MajorNum.MinorNum.", version)
			case major != "3" || n > newestVolume:
				return refusal(406, "Version %s is not supported by the API. Minimum is 3.0 and maximum is 3.%d.", version, newestVolume)
			}
			q.minor = n
		}
	}
	head["OpenStack-API-Version"], head["Vary"] = "volume 3."+strconv.Itoa(q.minor), "OpenStack-API-Version"
	return nil
}

// cinder guards a handler against calls whose path names another project than their token.
func (c *Cloud) cinder(h handler) http.HandlerFunc {
	return c.guarded(func(q *call) (answer, error) {
		if asked := q.volumeProject(); asked != "" && asked != q.tok.projectID() {
			return answer{}, refusal(400, "Malformed request url")
		}
		return h(q)
	})
}

// volumeProject is the project that the path named before it was made plain; "" without one, as
// clients may leave it out since 3.67.
func (q *call) volumeProject() string {
	_, rest, found := strings.Cut(q.RequestURI, volumeBase)
	id, _, _ := strings.Cut(rest, "/")
	if !found || !isHexID(id) {
		return ""
	}
	return id
}

// volumeLinks of one of Cinder's resources.
func (q *call) volumeLinks(kind, id string) []link {
	p := q.tok.projectID()
	return []link{
		{Rel: "self", Href: q.base() + volumeBase + p + "/" + kind + "/" + id},
		{Rel: "bookmark", Href: q.base() + "/volume/" + p + "/" + kind + "/" + id},
	}
}

// volume finds one that the caller may see.
func (c *Cloud) volume(q *call, id string) (*volume, error) {
	for _, v := range c.storage.volumes {
		if v.id == id && q.tok.sees(v.project) {
			return v, nil
		}
	}
	return nil, refusal(404, "Volume %s could not be found.", id)
}

// snapshotFor finds one that the caller may see.
func (c *Cloud) snapshotFor(q *call, id string) (*snapshot, error) {
	for _, s := range c.storage.snapshots {
		if s.id == id && q.tok.sees(s.project) {
			return s, nil
		}
	}
	return nil, refusal(404, "Snapshot %s could not be found.", id)
}

// become puts a volume into a state; what was planned for it before is off.
func (v *volume) become(status string, at time.Time) {
	v.gen++
	v.status, v.updated = status, at
}

// laterVolume plans a change of the volume, which is off if something else changes it before.
func (c *Cloud) laterVolume(v *volume, now time.Time, d time.Duration, do func(at time.Time)) {
	gen := v.gen
	c.at(now.Add(d), func(at time.Time) {
		if v.gen == gen && !v.gone {
			do(at)
		}
	})
}

func (c *Cloud) dropVolume(v *volume) {
	v.gone = true
	c.storage.volumes = without(c.storage.volumes, v)
}

// without is the list less one element.
func without[T comparable](list []T, x T) []T {
	var out []T
	for _, o := range list {
		if o != x {
			out = append(out, o)
		}
	}
	return out
}
