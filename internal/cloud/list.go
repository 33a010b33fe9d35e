package cloud

import (
	"context"
	"net/url"
	"strconv"
	"strings"

	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"

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

// decode reads the page item by item while it comes in, and every item once: encoding/json goes through each twice, and through
// a thousand servers that takes longer than the cloud does.
func (p *page[T]) decode(d *jsontext.Decoder) error {
	p.items, p.more = nil, false
	found := false
	if err := enter(d, '{'); err != nil {
		return err
	}
	for d.PeekKind() != '}' {
		token, err := d.ReadToken()
		if err != nil {
			return err
		}
		switch key := token.String(); key {
		case p.key:
			found = true
			err = p.decodeItems(d)
		case "next":
			var next string
			err = json.UnmarshalDecode(d, &next)
			p.more = p.more || next != ""
		case p.key + "_links":
			var links []struct {
				Rel string `json:"rel"`
			}
			err = json.UnmarshalDecode(d, &links)
			for _, l := range links {
				p.more = p.more || l.Rel == "next"
			}
		default:
			err = d.SkipValue()
		}
		if err != nil {
			return err
		}
	}
	if !found {
		return &missingKeyError{p.key}
	}
	_, err := d.ReadToken()
	return err
}

func (p *page[T]) decodeItems(d *jsontext.Decoder) error {
	if err := enter(d, '['); err != nil {
		return err
	}
	for d.PeekKind() != ']' {
		p.items = append(p.items, *new(T))
		if err := json.UnmarshalDecode(d, &p.items[len(p.items)-1]); err != nil {
			return err
		}
	}
	_, err := d.ReadToken()
	return err
}

// enter reads the bracket that an object or an array begins with.
func enter(d *jsontext.Decoder, want jsontext.Kind) error {
	got, err := d.ReadToken()
	if err == nil && got.Kind() != want {
		err = &missingKeyError{string(want)}
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
