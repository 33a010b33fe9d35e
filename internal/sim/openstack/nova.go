package openstack

import (
	"fmt"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"time"
)

const hostName = "compute1"

// compute is what Nova knows.
type compute struct {
	flavors []*flavor
	servers map[string]*server
	order   []*server // oldest first; those that are gone included for a while
	keys    map[string][]*keyPair
	quotas  map[string]map[string]int
	hostIDs []string
	plans   []buildPlan
	confirm time.Duration      // as Options.Confirm
	loads   map[string]float64 // by the name of servers
	open    bool               // members may read diagnostics
}

func newCompute() compute {
	return compute{
		servers: map[string]*server{}, keys: map[string][]*keyPair{}, quotas: map[string]map[string]int{},
		hostIDs: []string{newID(), newID(), newID(), newID()},
	}
}

var novaNames = map[int]string{
	400: "badRequest", 401: "unauthorized", 403: "forbidden", 404: "itemNotFound", 405: "badMethod",
	409: "conflictingRequest", 413: "overLimit", 415: "badMediaType", 429: "overLimit", 500: "computeFault",
	501: "notImplemented", 503: "serviceUnavailable",
}

// novaProblem is a refusal as Nova writes it.
func novaProblem(e *apiError) any {
	if e.route {
		return glanceProblem(e)
	}
	name := novaNames[e.code]
	if name == "" {
		name = "computeFault"
	}
	body := object{"code": e.code, "message": e.msg}
	if e.after > 0 {
		body["retryAfter"] = strconv.Itoa(e.after)
	}
	return object{name: body}
}

// invalid is the refusal of a field, as Nova's schemas word it.
func invalid(field string, value any, why string, args ...any) *apiError {
	return refusal(400, "Invalid input for field/attribute %s. Value: %s. %s", field, plain(value), fmt.Sprintf(why, args...))
}

// notOneOf is the refusal of a value that is none of those there are.
func notOneOf(field string, value any, values []string) *apiError {
	if _, isText := value.(string); !isText {
		return invalid(field, value, "%s is not of type 'string'", quoted(value))
	}
	return invalid(field, value, "%s is not one of ['%s']", quoted(value), strings.Join(values, "', '"))
}

// only refuses properties of in, which stands in the body under name, that are none of the known ones.
func only(name string, in object, known ...string) error {
	for _, key := range sortedKeys(in) {
		if !slices.Contains(known, key) {
			return invalid(name, in, "Additional properties are not allowed ('%s' was unexpected)", key)
		}
	}
	return nil
}

// invalidQuery is the refusal of a query parameter.
func invalidQuery(name, value, why string) *apiError {
	return refusal(400, "Invalid input for query parameters %s. Value: %s. '%s' %s", name, value, value, why)
}

// missingPart is the refusal of a body without the part that it should have: err is that of
// reading it.
func missingPart(err error, part string) error {
	if e, isAPI := err.(*apiError); isAPI && e.detail == "part" {
		return refusal(400, "'%s' is a required property", part)
	}
	return err
}

func novaPolicy(rule string) *apiError {
	return refusal(403, "Policy doesn't allow os_compute_api:%s to be performed.", rule)
}

// negotiate finds the microversion that a request asks for, 2.1 without one; newest is the last 2.x there is.
func negotiate(q *call, newest int, head map[string]string) error {
	q.minor = 1
	if q.legacy() {
		return nil
	}
	want := q.Header.Get("X-OpenStack-Nova-API-Version")
	for _, v := range q.Header.Values("OpenStack-API-Version") {
		for _, part := range strings.Split(v, ",") {
			if service, version, both := strings.Cut(strings.TrimSpace(part), " "); both && service == "compute" {
				want = version
			}
		}
	}
	switch want {
	case "":
	case "latest":
		q.minor = newest
	default:
		major, minor, both := strings.Cut(want, ".")
		m, err1 := strconv.Atoi(major)
		n, err2 := strconv.Atoi(minor)
		if !both || err1 != nil || err2 != nil {
			return refusal(400, "API Version String %s is of invalid format. Must be of format MajorNum.MinorNum.", want)
		}
		if m != 2 || n < 1 || n > newest {
			return refusal(406, "Version %s is not supported by the API. Minimum is 2.1 and maximum is 2.%d.", want, newest)
		}
		q.minor = n
	}
	version := "2." + strconv.Itoa(q.minor)
	head["OpenStack-API-Version"], head["X-OpenStack-Nova-API-Version"] = "compute "+version, version
	head["Vary"] = "OpenStack-API-Version, X-OpenStack-Nova-API-Version"
	return nil
}

// links of one of Nova's resources.
func (q *call) links(kind, id string) []link {
	return []link{
		{Rel: "self", Href: q.base() + q.nova() + "/" + kind + "/" + id},
		{Rel: "bookmark", Href: q.base() + "/compute/" + kind + "/" + id},
	}
}

type link struct {
	Rel  string `json:"rel"`
	Href string `json:"href"`
}

// micro is a moment as Nova's database writes it.
func micro(t time.Time) string { return t.UTC().Format("2006-01-02T15:04:05.000000") }

// limited reads limit and marker, as all of Nova's lists take them.
func (q *call) limited() (limit int, marker string, err error) {
	query := q.URL.Query()
	limit = 1000
	if s := query.Get("limit"); s != "" {
		n, convErr := strconv.Atoi(s)
		if convErr != nil || n < 0 {
			return 0, "", invalidQuery("limit", s, "does not match '^[0-9]*$'")
		}
		if n < limit {
			limit = n
		}
	}
	return limit, query.Get("marker"), nil
}

// nextLink leads to the page behind the item with this id.
func (q *call) nextLink(marker string) []link {
	query := q.URL.Query()
	query.Set("marker", marker)
	return []link{{Rel: "next", Href: q.base() + q.URL.Path + "?" + query.Encode()}}
}

// since refuses what a microversion does not have yet, or has no more: 0 is no bound.
func (q *call) since(from, to int) error {
	if q.minor < from || to > 0 && q.minor > to {
		return refusal(http.StatusNotFound, "The resource could not be found.")
	}
	return nil
}
