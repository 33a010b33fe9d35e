package openstack

import (
	"encoding/json"
	"maps"
	"slices"
	"strconv"
	"strings"
)

// newestFirst is the views of what view lets pass, newest first.
func newestFirst[T any](list []T, view func(T) (object, bool)) []object {
	out := []object{}
	for _, x := range slices.Backward(list) {
		if o, shown := view(x); shown {
			out = append(out, o)
		}
	}
	return out
}

// listsProject tells whether a list of Cinder's holds what belongs to a project: the caller's own, or
// with all_tenants an administrator's choice. Others' wish for all is ignored.
func (q *call) listsProject(project string) bool {
	query := q.URL.Query()
	all, why := asBool(query.Get("all_tenants"))
	if q.tok.admin() && why == "" && all.(bool) {
		want := query.Get("project_id")
		return want == "" || want == project
	}
	return project == q.tok.projectID()
}

// cinderPage filters, sorts and cuts one of Cinder's lists; show is what becomes of each item.
func (q *call) cinderPage(key string, items []object, show func(object) object) (answer, error) {
	query := q.URL.Query()
	limit, offset, err := q.cinderLimit()
	if err != nil {
		return answer{}, err
	}
	items = slices.DeleteFunc(items, func(o object) bool { return !cinderFits(o, query) })
	if err := sortVolumes(items, query); err != nil {
		return answer{}, err
	}
	if m := query.Get("marker"); m != "" {
		at := slices.IndexFunc(items, func(o object) bool { return o["id"] == m })
		if at < 0 {
			return answer{}, refusal(404, "%s %s could not be found.", cinderKind(key), m)
		}
		items = items[at+1:]
	}
	items = items[min(offset, len(items)):]
	items = items[:min(limit, len(items))]
	body, out := object{}, []object{}
	for _, o := range items {
		out = append(out, show(o))
	}
	body[key] = out
	if len(items) == limit && limit > 0 { // a full page, the last one too
		query.Set("marker", text(items[limit-1]["id"]))
		rest := strings.TrimPrefix(q.URL.Path, volumeBase)
		href := q.base() + volumeBase + q.tok.projectID() + "/" + rest + "?" + query.Encode()
		body[key+"_links"] = []link{{Rel: "next", Href: href}}
	}
	return ok(body)
}

// cinderKind is what Cinder calls an item of a list in a sentence.
func cinderKind(key string) string {
	s := strings.TrimSuffix(key, "s")
	return strings.ToUpper(s[:1]) + s[1:]
}

func (q *call) cinderLimit() (limit, offset int, err error) {
	limit = 1000
	for name, to := range map[string]*int{"limit": &limit, "offset": &offset} {
		s := q.URL.Query().Get(name)
		if s == "" {
			continue
		}
		n, err := strconv.Atoi(s)
		if err != nil {
			return 0, 0, refusal(400, "%s param must be an integer", name)
		}
		if n < 0 {
			return 0, 0, refusal(400, "%s param must be positive", name)
		}
		*to = n
	}
	return min(limit, 1000), offset, nil
}

// cinderFits compares with the filters; an attribute that is none is passed over, as Cinder does.
func cinderFits(o object, query map[string][]string) bool {
	for key, values := range query {
		want := values[len(values)-1]
		switch key {
		case "limit", "marker", "offset", "sort", "sort_key", "sort_dir", "all_tenants", "project_id", "with_count":
		case "metadata":
			if !hasMetadata(o["metadata"], want) {
				return false
			}
		default:
			key, like := strings.CutSuffix(key, "~")
			have, known := o[key]
			if !known {
				continue
			}
			if like && !strings.Contains(text(have), want) || !like && !matches(have, want) {
				return false
			}
		}
	}
	return true
}

// hasMetadata reads a filter that clients write as a Python dictionary.
func hasMetadata(have any, want string) bool {
	var asked map[string]string
	if err := json.Unmarshal([]byte(strings.NewReplacer("u'", `"`, "'", `"`).Replace(want)), &asked); err != nil {
		return false
	}
	m, _ := have.(map[string]string)
	for k, v := range asked {
		if m[k] != v {
			return false
		}
	}
	return true
}

func sortVolumes(items []object, query map[string][]string) error {
	var keys, dirs []string
	for _, part := range strings.Split(strings.Join(query["sort"], ","), ",") {
		key, dir, both := strings.Cut(part, ":")
		if !both {
			dir = "desc"
		}
		if key != "" {
			keys, dirs = append(keys, key), append(dirs, dir)
		}
	}
	for i, key := range query["sort_key"] {
		dir := "desc"
		if i < len(query["sort_dir"]) {
			dir = query["sort_dir"][i]
		}
		keys, dirs = append(keys, key), append(dirs, dir)
	}
	for i, dir := range dirs {
		if dir != "asc" && dir != "desc" {
			return invalidVolumeInput("Unknown sort direction, must be one of: asc, desc.")
		}
		if _, known := map[string]bool{"id": true, "status": true, "size": true, "availability_zone": true, "name": true, "bootable": true,
			"created_at": true, "updated_at": true, "volume_id": true, "display_name": true}[keys[i]]; !known {
			return invalidVolumeInput("Sort key %s is invalid.", keys[i])
		}
		keys[i] = strings.TrimPrefix(keys[i], "display_")
	}
	order(items, keys, dirs)
	return nil
}

// holder of metadata: a volume or a snapshot, by its id.
type metadataOf func(q *call) (m map[string]string, kind string, err error)

func (c *Cloud) volumeMetadataOf(q *call) (map[string]string, string, error) {
	v, err := c.volume(q, q.id())
	if err != nil {
		return nil, "", err
	}
	return v.metadata, "Volume", nil
}

func (c *Cloud) snapshotMetadataOf(q *call) (map[string]string, string, error) {
	s, err := c.snapshotFor(q, q.id())
	if err != nil {
		return nil, "", err
	}
	return s.metadata, "Snapshot", nil
}

func listCinderMetadata(of metadataOf) handler {
	return func(q *call) (answer, error) {
		m, _, err := of(q)
		return answer{code: 200, body: object{"metadata": m}}, err
	}
}

// setCinderMetadata is POST, which adds, and PUT, which replaces.
func setCinderMetadata(of metadataOf) handler {
	return func(q *call) (answer, error) {
		m, _, err := of(q)
		if err != nil {
			return answer{}, err
		}
		in, err := q.part("metadata")
		if err != nil {
			return answer{}, missingPart(err, "metadata")
		}
		set, err := readVolumeMetadata(in)
		if err != nil {
			return answer{}, err
		}
		if q.Method == "PUT" {
			clear(m)
		}
		maps.Copy(m, set)
		return ok(object{"metadata": m})
	}
}

// oneCinderMetadata is GET, PUT and DELETE of one key.
func oneCinderMetadata(of metadataOf) handler {
	return func(q *call) (answer, error) {
		m, kind, err := of(q)
		if err != nil {
			return answer{}, err
		}
		key := q.PathValue("key")
		if q.Method == "PUT" {
			in, err := q.part("meta")
			if err != nil {
				return answer{}, missingPart(err, "meta")
			}
			if _, there := in[key]; !there {
				return answer{}, refusal(400, "Request body and URI mismatch")
			}
			set, err := readVolumeMetadata(in)
			if err != nil {
				return answer{}, err
			}
			m[key] = set[key]
		}
		v, there := m[key]
		if !there {
			return answer{}, refusal(404, "%s %s has no metadata with key %s.", kind, q.id(), key)
		}
		if q.Method == "DELETE" {
			delete(m, key)
			return ok(nil)
		}
		return ok(object{"meta": object{key: v}})
	}
}
