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

// decode reads the page item by item: going through a thousand servers as a whole, more than
// once, takes longer than the cloud does.
func (p *page[T]) decode(d *json.Decoder) error {
	p.items, p.more = nil, false
	found := false
	if err := enter(d, '{'); err != nil {
		return err
	}
	for d.More() {
		key, err := d.Token()
		if err != nil {
			return err
		}
		switch key {
		case p.key:
			found = true
			err = p.decodeItems(d)
		case "next":
			var next string
			err = d.Decode(&next)
			p.more = p.more || next != ""
		case p.key + "_links":
			var links []struct {
				Rel string `json:"rel"`
			}
			err = d.Decode(&links)
			for _, l := range links {
				p.more = p.more || l.Rel == "next"
			}
		default:
			err = d.Decode(new(json.RawMessage))
		}
		if err != nil {
			return err
		}
	}
	if !found {
		return &missingKeyError{p.key}
	}
	_, err := d.Token()
	return err
}

func (p *page[T]) decodeItems(d *json.Decoder) error {
	if err := enter(d, '['); err != nil {
		return err
	}
	for d.More() {
		var item T
		if err := d.Decode(&item); err != nil {
			return err
		}
		p.items = append(p.items, item)
	}
	_, err := d.Token()
	return err
}

// enter reads the bracket that an object or an array begins with.
func enter(d *json.Decoder, want json.Delim) error {
	got, err := d.Token()
	if err == nil && got != want {
		err = &missingKeyError{want.String()}
	}
	return err
}

// missingKeyError says that an answer is JSON, but not the list that was asked for.
type missingKeyError struct{ key string }

func (e *missingKeyError) Error() string { return "the answer lacks a " + strconv.Quote(e.key) }

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

// listOn is list on one service, converted.
func listOn[W, T any](ctx context.Context, c *Client, s service, path, key string, q query, marker func(W) string, convert func(W) T) ([]T, error) {
	n, err := c.on(ctx, s)
	if err != nil {
		return nil, err
	}
	all, err := list(ctx, n, path, key, q, marker)
	if err != nil {
		return nil, err
	}
	out := make([]T, 0, len(all))
	for _, w := range all {
		out = append(out, convert(w))
	}
	return out, nil
}
