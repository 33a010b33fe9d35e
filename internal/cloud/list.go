package cloud

import (
	"context"
	"encoding/json"
	"net/url"
	"strconv"
	"strings"

	"github.com/stackhand/stackhand"
)

// query picks what a list holds.
type query map[string]string

// page is one answer of a list: {"<key>": [...], "<key>_links": [{"rel": "next", ...}]}, or
// with Glance {"<key>": [...], "next": "..."}.
type page[T any] struct {
	key   string
	items []T
	more  bool
}

func (p *page[T]) UnmarshalJSON(b []byte) error {
	var doc map[string]json.RawMessage
	if err := json.Unmarshal(b, &doc); err != nil {
		return err
	}
	p.items, p.more = nil, false
	if raw, ok := doc[p.key]; !ok {
		return &missingKeyError{p.key}
	} else if err := json.Unmarshal(raw, &p.items); err != nil {
		return err
	}
	var next string
	if raw, ok := doc["next"]; ok && json.Unmarshal(raw, &next) == nil && next != "" {
		p.more = true
	}
	var links []struct {
		Rel string `json:"rel"`
	}
	if raw, ok := doc[p.key+"_links"]; ok && json.Unmarshal(raw, &links) == nil {
		for _, l := range links {
			p.more = p.more || l.Rel == "next"
		}
	}
	return nil
}

// missingKeyError says that an answer is JSON, but not the list that was asked for.
type missingKeyError struct{ key string }

func (e *missingKeyError) Error() string { return "the answer holds no " + strconv.Quote(e.key) }

// list reads all pages, one call each. The next page is asked for by the last item's marker,
// not by the link: its host is that of the service behind the proxy often enough.
func list[T any](ctx context.Context, c caller, path, key string, q query, marker func(T) string) ([]T, error) {
	values := url.Values{"limit": {strconv.Itoa(c.site.opts.PageSize)}}
	for k, v := range q {
		values.Set(k, v)
	}
	segments, err := c.url(strings.Split(path, "/")...)
	if err != nil {
		return nil, err
	}
	var all []T
	for {
		p := page[T]{key: key}
		if err := c.read(ctx, segments+"?"+values.Encode(), &p); err != nil {
			return nil, err
		}
		all = append(all, p.items...)
		if !p.more || len(p.items) == 0 {
			return all, nil
		}
		next := marker(p.items[len(p.items)-1])
		if next == values.Get("marker") {
			return nil, stackhand.Errorf(stackhand.Unavailable, "The cloud's %s service gives the same page of its %s list again and again.", c.service, key)
		}
		values.Set("marker", next)
	}
}
