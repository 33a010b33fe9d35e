package openstack

import (
	"fmt"
	"net/url"
	"slices"
	"strconv"
	"strings"
)

// filters that are no attributes
var listWords = []string{"fields", "limit", "marker", "page_reverse", "sort_key", "sort_dir",
	"tags", "tags-any", "not-tags", "not-tags-any"}

// neutronList is a GET of a collection: filters on every attribute, tags, sorting, pages, fields.
func (c *Cloud) neutronList(k *kind) handler {
	return func(q *call) (answer, error) {
		query := q.URL.Query()
		if err := k.checkQuery(query); err != nil {
			return answer{}, err
		}
		if k == groupKind && q.tok.project != nil {
			c.defaultGroup(q.tok.project.id, q.now)
		}
		var items []object
		for _, t := range k.all(c) {
			if !k.visible(q, t) {
				continue
			}
			if v := c.shown(k, q, t); fits(v, query) {
				items = append(items, v)
			}
		}
		order(items, query["sort_key"], query["sort_dir"])
		return k.paged(q, query, items)
	}
}

func (k *kind) checkQuery(query url.Values) error {
	for _, name := range sortedKeys(query) {
		if _, known := k.attrs[name]; !known && !slices.Contains(listWords, name) {
			return neutronErr(400, "HTTPBadRequest", "['%s'] is invalid attribute for filtering", name)
		}
	}
	keys, dirs := query["sort_key"], query["sort_dir"]
	if len(keys) != len(dirs) {
		return neutronErr(400, "HTTPBadRequest", "The number of sort_keys and sort_dirs must be same")
	}
	for i, key := range keys {
		if _, known := k.attrs[key]; !known {
			return neutronErr(400, "HTTPBadRequest", "['%s'] is invalid attribute for sort_keys", key)
		}
		if dirs[i] != "asc" && dirs[i] != "desc" {
			return neutronErr(400, "HTTPBadRequest", "['%s'] is invalid value for sort_dirs, valid value is 'asc' and 'desc'", dirs[i])
		}
	}
	return nil
}

// fits tells whether a resource passes all filters; values of one attribute are alternatives.
func fits(v object, query url.Values) bool {
	for name, wants := range query {
		switch name {
		case "tags", "tags-any", "not-tags", "not-tags-any":
			if !fitsTags(name, tagsOf(v), strings.Split(strings.Join(wants, ","), ",")) {
				return false
			}
		default:
			if slices.Contains(listWords, name) {
				continue
			}
			if !slices.ContainsFunc(wants, func(w string) bool { return matches(v[name], w) }) {
				return false
			}
		}
	}
	return true
}

func tagsOf(v object) []string {
	tags, _ := v["tags"].([]string)
	return tags
}

func fitsTags(word string, has, want []string) bool {
	n := 0
	for _, w := range want {
		if slices.Contains(has, w) {
			n++
		}
	}
	switch word {
	case "tags":
		return n == len(want)
	case "tags-any":
		return n > 0
	case "not-tags":
		return n < len(want)
	}
	return n == 0
}

// matches compares an attribute with a filter's value; of a list one element must fit.
func matches(v any, want string) bool {
	switch x := v.(type) {
	case nil:
		return want == "" || want == "None" || want == "null"
	case bool:
		b, why := asBool(want)
		return why == "" && b == x
	case string:
		return x == want
	case []string:
		return slices.Contains(x, want)
	case []object: // fixed_ips: ip_address=10.0.0.5
		key, value, pair := strings.Cut(want, "=")
		return pair && slices.ContainsFunc(x, func(o object) bool {
			if sub, part := strings.CutSuffix(key, "_substr"); part {
				return strings.Contains(text(o[sub]), value)
			}
			return text(o[key]) == value
		})
	}
	return fmt.Sprint(v) == want
}

// order sorts by the keys; what is equal stays sorted by id.
func order(items []object, keys, dirs []string) {
	if len(keys) == 0 {
		return
	}
	slices.SortStableFunc(items, func(a, b object) int {
		for i, key := range keys {
			d := compare(a[key], b[key])
			if dirs[i] == "desc" {
				d = -d
			}
			if d != 0 {
				return d
			}
		}
		return 0
	})
}

func compare(a, b any) int {
	x, xOK := a.(int)
	y, yOK := b.(int)
	if xOK && yOK {
		return x - y
	}
	return strings.Compare(fmt.Sprint(a), fmt.Sprint(b))
}

// paged cuts the page that limit, marker and page_reverse ask for, with links to its neighbours.
func (k *kind) paged(q *call, query url.Values, items []object) (answer, error) {
	limit := 0
	if s := query.Get("limit"); s != "" {
		n, err := strconv.Atoi(s)
		if err != nil || n < 0 {
			return answer{}, badRequest("limit", "Limit must be an integer 0 or greater and not '%s'.", s)
		}
		limit = n
	}
	back := strings.EqualFold(query.Get("page_reverse"), "true")
	from, to := 0, len(items)
	if m := query.Get("marker"); m != "" {
		at := slices.IndexFunc(items, func(o object) bool { return o["id"] == m })
		if at < 0 {
			return answer{}, k.notFound(m)
		}
		if back {
			to = at
		} else {
			from = at + 1
		}
	}
	if limit > 0 && to-from > limit {
		if back {
			from = to - limit
		} else {
			to = from + limit
		}
	}
	page := items[from:to]
	body := object{}
	if limit > 0 {
		if links := k.links(q, query, page, from, to, len(items)); len(links) > 0 {
			body[k.plural+"_links"] = links
		}
	}
	shown := make([]object, len(page))
	for i, v := range page {
		shown[i] = chosen(v, query["fields"])
	}
	body[k.plural] = shown
	return ok(body)
}

func (k *kind) links(q *call, query url.Values, page []object, from, to, all int) []object {
	link := func(rel, marker, reverse string) object {
		next := url.Values{}
		for key, v := range query {
			next[key] = v
		}
		next.Set("marker", marker)
		next.Del("page_reverse")
		if reverse != "" {
			next.Set("page_reverse", reverse)
		}
		return object{"rel": rel, "href": q.base() + q.URL.Path + "?" + next.Encode()}
	}
	var links []object
	if to < all && len(page) > 0 {
		links = append(links, link("next", text(page[len(page)-1]["id"]), ""))
	}
	if len(page) > 0 {
		links = append(links, link("previous", text(page[0]["id"]), "True"))
	}
	return links
}

// chosen cuts a resource down to the fields that were asked for.
func chosen(v object, fields []string) object {
	if len(fields) == 0 {
		return v
	}
	out := object{}
	for _, list := range fields {
		for _, f := range strings.Split(list, ",") {
			if x, there := v[f]; there {
				out[f] = x
			}
		}
	}
	return out
}
