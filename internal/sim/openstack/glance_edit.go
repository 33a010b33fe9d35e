package openstack

import (
	"encoding/json"
	"slices"
	"strings"
)

var (
	diskFormats      = []string{"ami", "ari", "aki", "vhd", "vhdx", "vmdk", "raw", "qcow2", "vdi", "iso", "ploop"}
	containerFormats = []string{"ami", "ari", "aki", "bare", "ovf", "ova", "docker", "compressed"}
	visibilities     = []string{"community", "public", "private", "shared"}
	imageReadOnly    = []string{"status", "size", "checksum", "created_at", "updated_at", "id", "owner", "virtual_size", "os_hash_algo",
		"os_hash_value", "self", "file", "schema", "direct_url", "locations", "stores"}
)

func notInSchema(v any, why string) *apiError {
	return refusal(400, "Provided object does not match schema 'image': %s %s", quoted(v), why)
}

// createImage is POST /v2/images: what it is, without its content.
func (c *Cloud) createImage(q *call) (answer, error) {
	in, err := q.json()
	if err != nil {
		return answer{}, err
	}
	i := &image{owner: q.tok.projectID(), visibility: "shared", status: "queued", created: q.now, updated: q.now, props: map[string]string{}}
	for _, key := range sortedKeys(in) {
		if slices.Contains(imageReadOnly, key) && key != "id" && (key != "owner" || !q.tok.admin()) {
			return answer{}, refusal(403, "Attribute '%s' is read-only.", key)
		}
		if err := i.set(q, key, in[key]); err != nil {
			return answer{}, err
		}
	}
	c.addImage(i)
	a, err := created(i.view())
	a.head = map[string]string{"Location": q.base() + "/image/v2/images/" + i.id}
	return a, err
}

// set changes one attribute; those that Glance does not know are properties.
func (i *image) set(q *call, key string, v any) error {
	switch key {
	case "id":
	case "owner":
		i.owner = text(v)
	case "name":
		return i.rename(v)
	case "disk_format", "container_format", "visibility":
		return i.choose(q, key, v)
	case "min_disk":
		return setSize(&i.minDisk, v)
	case "min_ram":
		return setSize(&i.minRAM, v)
	case "protected":
		return setFlag(&i.protected, v)
	case "os_hidden":
		return setFlag(new(bool), v) // lists show it all the same
	case "tags":
		return i.label(v)
	default:
		s, isText := v.(string)
		if !isText {
			return notInSchema(v, "is not of type 'string'")
		}
		i.props[key] = s
	}
	return nil
}

func (i *image) rename(v any) error {
	s, isText := v.(string)
	if len([]rune(s)) > 255 {
		return notInSchema(v, "is too long Failed validating 'maxLength' in schema['properties']['name']: "+
			"{'description': 'Descriptive name for the image', 'maxLength': 255, 'type': ['null', 'string']} On instance['name']: "+quoted(v))
	}
	if !isText && v != nil {
		return notInSchema(v, "is not of type 'null', 'string'")
	}
	i.name = s
	return nil
}

// setSize sets a number of GiB or MiB.
func setSize(to *int, v any) error {
	n, isNumber := whole(v)
	if _, isText := v.(string); !isNumber || isText || n < 0 {
		return notInSchema(v, "is not of type 'integer'")
	}
	*to = n
	return nil
}

func setFlag(to *bool, v any) error {
	b, isBool := v.(bool)
	if !isBool {
		return notInSchema(v, "is not of type 'boolean'")
	}
	*to = b
	return nil
}

func (i *image) label(v any) error {
	list, isList := v.([]any)
	if !isList {
		return notInSchema(v, "is not of type 'array'")
	}
	i.tags = nil
	for _, t := range list {
		i.tags = append(i.tags, text(t))
	}
	return nil
}

// choose sets an attribute that has a list of values.
func (i *image) choose(q *call, key string, v any) error {
	s := text(v)
	field, values := &i.diskFormat, diskFormats
	switch key {
	case "container_format":
		field, values = &i.containerFormat, containerFormats
	case "visibility":
		field, values = &i.visibility, visibilities
	}
	if !slices.Contains(values, s) && (v != nil || key == "visibility") {
		return notInSchema(v, "is not one of ['"+strings.Join(values, "', '")+"']")
	}
	if key == "visibility" && s == "public" && !q.tok.admin() {
		return refusal(403, "You are not authorized to complete publicize_image action.")
	}
	*field = s
	return nil
}

// patchImage is PATCH /v2/images/{id}: a list of JSON patches, done all or not at all.
func (c *Cloud) patchImage(q *call) (answer, error) {
	i, err := c.ownImage(q)
	if err != nil {
		return answer{}, err
	}
	if t := q.Header.Get("Content-Type"); !strings.HasPrefix(t, "application/openstack-images-v2.") {
		return answer{}, refusal(415, "Unsupported Content-Type: %s", t)
	}
	var patches []object
	dec := json.NewDecoder(q.Body)
	dec.UseNumber()
	if err := dec.Decode(&patches); err != nil {
		return answer{}, refusal(400, "Request body must be a JSON array of operation objects.")
	}
	next := *i
	next.props = map[string]string{}
	for k, v := range i.props {
		next.props[k] = v
	}
	for _, p := range patches {
		if err := next.patch(q, p); err != nil {
			return answer{}, err
		}
	}
	next.updated = q.now
	*i = next
	return ok(i.view())
}

func (i *image) patch(q *call, p object) error {
	op, key := text(p["op"]), strings.TrimPrefix(text(p["path"]), "/")
	pointer := key
	key = strings.NewReplacer("~1", "/", "~0", "~").Replace(pointer) // RFC 6901
	_, there := i.view()[key]
	switch {
	case key == "" || strings.Contains(pointer, "/"):
		return refusal(400, "Invalid JSON pointer for this resource: '%s'", text(p["path"]))
	case slices.Contains(imageReadOnly, key):
		return refusal(403, "Attribute '%s' is read-only.", key)
	case op == "add" || op == "replace" && there:
		return i.set(q, key, p["value"])
	case op == "replace":
		return refusal(409, "There was a conflict when trying to complete your request. Property %s does not exist.", key)
	case op != "remove":
		return refusal(400, "Operation objects must contain exactly one member named one of: add, replace, remove.")
	}
	if _, own := i.props[key]; !own && there {
		return refusal(403, "Property %s may not be removed.", key)
	}
	if !there {
		return refusal(409, "There was a conflict when trying to complete your request. Property %s does not exist.", key)
	}
	delete(i.props, key)
	return nil
}

// imageSchema is GET /v2/schemas/image; clients ask it which attributes are properties.
func imageSchema(*call) (answer, error) {
	props := object{}
	for key, kind := range map[string]string{"id": "string", "name": "string", "status": "string", "visibility": "string", "owner": "string",
		"protected": "boolean", "checksum": "string", "size": "integer", "virtual_size": "integer", "disk_format": "string",
		"container_format": "string", "created_at": "string", "updated_at": "string", "tags": "array", "min_ram": "integer",
		"min_disk": "integer", "self": "string", "file": "string", "schema": "string", "os_hash_algo": "string",
		"os_hash_value": "string", "os_hidden": "boolean"} {
		props[key] = object{"type": kind}
	}
	return ok(object{"name": "image", "properties": props, "additionalProperties": object{"type": "string"},
		"links": []object{{"href": "{self}", "rel": "self"}}})
}
