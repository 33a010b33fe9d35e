package openstack

import (
	"net/http"
	"slices"
	"strings"
	"time"
)

// network is what Neutron knows.
type network struct {
	networks table[*netw]
	subnets  table[*subnet]
	routers  table[*router]
	ports    table[*port]
	groups   table[*group]
	rules    table[*groupRule]
	floating table[*floatIP]
	quotas   map[string]map[string]int // by project, where they differ from the defaults
	defaults map[string]*group         // by project
}

func newNetwork() network {
	return network{quotas: map[string]map[string]int{}, defaults: map[string]*group{}}
}

// meta is what every resource of Neutron has.
type meta struct {
	id, name, description, project string
	tags                           []string
	created, updated               time.Time
	rev                            int
}

func (c *Cloud) newMeta(name, project string, now time.Time) meta {
	return meta{id: newID(), name: name, project: project, created: now, updated: now, rev: 1}
}

func (m *meta) info() *meta { return m }

// touch notes a change.
func (m *meta) touch(now time.Time) {
	m.updated = now
	m.rev++
}

// view is the common part of a resource's JSON.
func (m *meta) view() object {
	tags := m.tags
	if tags == nil {
		tags = []string{}
	}
	return object{
		"id": m.id, "name": m.name, "description": m.description, "project_id": m.project, "tenant_id": m.project,
		"tags": tags, "created_at": stamp(m.created), "updated_at": stamp(m.updated), "revision_number": m.rev,
	}
}

// thing is a resource of Neutron.
type thing interface {
	info() *meta
	json() object
}

// table holds the resources of one kind, sorted by id as Neutron lists them.
type table[T thing] struct {
	byID map[string]T
	all  []T
}

func (t *table[T]) add(x T) {
	if t.byID == nil {
		t.byID = map[string]T{}
	}
	id := x.info().id
	t.byID[id] = x
	at, _ := slices.BinarySearchFunc(t.all, id, func(o T, id string) int { return strings.Compare(o.info().id, id) })
	t.all = slices.Insert(t.all, at, x)
}

func (t *table[T]) drop(id string) {
	delete(t.byID, id)
	at, found := slices.BinarySearchFunc(t.all, id, func(o T, id string) int { return strings.Compare(o.info().id, id) })
	if found {
		t.all = slices.Delete(t.all, at, at+1)
	}
}

func (t *table[T]) things() []thing {
	out := make([]thing, len(t.all))
	for i, x := range t.all {
		out[i] = x
	}
	return out
}

func (t *table[T]) thing(id string) thing {
	if x, found := t.byID[id]; found {
		return x
	}
	return nil
}

// kind is one of Neutron's collections and what can be done with it.
type kind struct {
	path, plural, singular string
	missing, missingMsg    string // type and message of its 404
	attrs                  map[string]attr
	all                    func(c *Cloud) []thing
	find                   func(c *Cloud, id string) thing
	create                 func(c *Cloud, q *call, in object) (thing, error)
	update                 func(c *Cloud, q *call, t thing, in object) error // nil: cannot be changed
	remove                 func(c *Cloud, q *call, t thing) error
	public                 func(q *call, t thing) bool // visible beyond its project; nil: never
	hidden                 string                      // attributes for administrators only start so
}

var neutronKinds []*kind

func init() {
	neutronKinds = []*kind{networkKind, subnetKind, routerKind, portKind, groupKind, ruleKind, floatingKind}
}

// neutronProblem is a refusal as Neutron writes it.
func neutronProblem(e *apiError) any {
	kind := e.kind
	if kind == "" {
		kind = "HTTP" + strings.ReplaceAll(http.StatusText(e.code), " ", "")
	}
	return object{"NeutronError": object{"type": kind, "message": e.msg, "detail": e.detail}}
}

func neutronErr(code int, kind, format string, args ...any) *apiError {
	e := refusal(code, format, args...)
	e.kind = kind
	return e
}

func badInput(format string, args ...any) *apiError {
	return neutronErr(400, "InvalidInput", "Invalid input for operation: "+format, args...)
}

func badRequest(resource, format string, args ...any) *apiError {
	return neutronErr(400, "BadRequest", "Bad "+resource+" request: "+format, args...)
}

func policy(rule string) *apiError {
	return neutronErr(403, "PolicyNotAuthorized", "%s is disallowed by policy", rule)
}

func (k *kind) notFound(id string) *apiError {
	return neutronErr(404, k.missing, k.missingMsg, id)
}

func (k *kind) visible(q *call, t thing) bool {
	return q.tok.sees(t.info().project) || k.public != nil && k.public(q, t)
}

// named is the resource with this id, if the caller may see it.
func (k *kind) named(c *Cloud, q *call, id string) (thing, error) {
	t := k.find(c, id)
	if t == nil || !k.visible(q, t) {
		return nil, k.notFound(id)
	}
	return t, nil
}

// owned is named, for those who want to change it.
func (k *kind) owned(c *Cloud, q *call, verb string) (thing, error) {
	t, err := k.named(c, q, q.id())
	if err == nil && !q.tok.sees(t.info().project) {
		err = policy("rule:" + verb + "_" + k.singular)
	}
	return t, err
}

// shown is a resource's JSON as the caller may see it.
func (c *Cloud) shown(k *kind, q *call, t thing) object {
	v := c.era.dated(k, t.json())
	if k.hidden != "" && !q.tok.admin() {
		for a := range v {
			if strings.HasPrefix(a, k.hidden) && a != "binding:vnic_type" {
				delete(v, a)
			}
		}
	}
	return v
}

func (c *Cloud) neutronShow(k *kind) handler {
	return func(q *call) (answer, error) {
		t, err := k.named(c, q, q.id())
		if err != nil {
			return answer{}, err
		}
		return ok(object{k.singular: chosen(c.shown(k, q, t), q.URL.Query()["fields"])})
	}
}

// neutronCreate makes one resource, or all of a list or none.
func (c *Cloud) neutronCreate(k *kind) handler {
	return func(q *call) (answer, error) {
		body, err := q.json()
		if err != nil {
			return answer{}, neutronErr(400, "HTTPBadRequest", "Body contains invalid data")
		}
		if list, many := body[k.plural].([]any); many {
			return c.neutronBulk(k, q, list)
		}
		in, isObject := body[k.singular].(object)
		if !isObject {
			return answer{}, neutronErr(400, "HTTPBadRequest", "Unable to find '%s' in request body", k.singular)
		}
		t, err := c.neutronMake(k, q, in)
		if err != nil {
			return answer{}, err
		}
		v := c.shown(k, q, t)
		if k == networkKind {
			v["is_default"] = false // told of an internal one at its creation only
		}
		return created(object{k.singular: v})
	}
}

func (c *Cloud) neutronBulk(k *kind, q *call, list []any) (answer, error) {
	var made []thing
	out := []object{}
	for _, x := range list {
		in, isObject := x.(object)
		err := error(neutronErr(400, "HTTPBadRequest", "Invalid input for %s", k.plural))
		var t thing
		if isObject {
			t, err = c.neutronMake(k, q, in)
		}
		if err != nil {
			for _, t := range made {
				_ = k.remove(c, q, t) // just made, by nobody used yet
			}
			return answer{}, err
		}
		made = append(made, t)
		out = append(out, c.shown(k, q, t))
	}
	return created(object{k.plural: out})
}

func (c *Cloud) neutronMake(k *kind, q *call, in object) (thing, error) {
	if err := c.era.unknown(k, in); err != nil {
		return nil, err
	}
	if err := k.checkPost(q, in); err != nil {
		return nil, err
	}
	if err := c.roomFor(q, k.singular, 1); err != nil {
		return nil, err
	}
	return k.create(c, q, in)
}

func (c *Cloud) neutronUpdate(k *kind) handler {
	return func(q *call) (answer, error) {
		body, err := q.json()
		if err != nil {
			return answer{}, neutronErr(400, "HTTPBadRequest", "Body contains invalid data")
		}
		in, isObject := body[k.singular].(object)
		if !isObject {
			return answer{}, neutronErr(400, "HTTPBadRequest", "Unable to find '%s' in request body", k.singular)
		}
		t, err := k.owned(c, q, "update")
		if err != nil {
			return answer{}, err
		}
		if err := c.era.unknown(k, in); err != nil {
			return answer{}, err
		}
		if err := k.checkPut(q, in); err != nil {
			return answer{}, err
		}
		if err := k.update(c, q, t, in); err != nil {
			return answer{}, err
		}
		m := t.info()
		setText(in, "name", &m.name)
		setText(in, "description", &m.description)
		m.touch(q.now)
		return ok(object{k.singular: c.shown(k, q, t)})
	}
}

func (c *Cloud) neutronDelete(k *kind) handler {
	return func(q *call) (answer, error) {
		t, err := k.owned(c, q, "delete")
		if err != nil {
			return answer{}, err
		}
		if err := k.remove(c, q, t); err != nil {
			return answer{}, err
		}
		return gone()
	}
}

// setText sets a field from an attribute that is there.
func setText(in object, key string, to *string) {
	if s, isText := in[key].(string); isText {
		*to = s
	}
}

func setBool(in object, key string, to *bool) {
	if b, isBool := in[key].(bool); isBool {
		*to = b
	}
}

// begin is the meta of a resource that the caller makes.
func (c *Cloud) begin(q *call, in object) meta {
	m := c.newMeta(text(in["name"]), projectFor(q, in), q.now)
	m.description = text(in["description"])
	return m
}

// projectFor is the project that a new resource belongs to: administrators may say another.
func projectFor(q *call, in object) string {
	for _, key := range []string{"project_id", "tenant_id"} {
		if p := text(in[key]); p != "" && q.tok.admin() {
			return p
		}
	}
	return q.tok.projectID()
}
