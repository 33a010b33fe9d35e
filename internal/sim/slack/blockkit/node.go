package blockkit

import (
	"net/url"
	"slices"
	"strconv"
	"strings"
	"unicode/utf8"
)

// node is a JSON object at a place of the document, with the checks of single fields.
type node struct {
	c   *checker
	ptr string
	m   map[string]any
}

func has[T comparable](list []T, v T) bool { return slices.Contains(list, v) }

func (c *checker) node(ptr string, doc any) (node, bool) {
	m, ok := doc.(map[string]any)
	if !ok {
		c.add(ptr, Malformed, "must be an object")
	}
	return node{c: c, ptr: ptr, m: m}, ok
}

func (n node) at(key string) string {
	return n.ptr + "/" + strings.ReplaceAll(strings.ReplaceAll(key, "~", "~0"), "/", "~1")
}

func (n node) has(key string) bool {
	v, ok := n.m[key]
	return ok && v != nil
}

// fields refuses every field that is not named in the list, whose words are parted by spaces.
func (n node) fields(list string) {
	known := strings.Fields(list)
	var keys []string
	for k := range n.m {
		if !has(known, k) {
			keys = append(keys, k)
		}
	}
	slices.Sort(keys)
	for _, k := range keys {
		n.c.add(n.at(k), Unknown, "invalid additional property: %s", k)
	}
}

func (n node) need(keys ...string) {
	for _, k := range keys {
		if !n.has(k) {
			n.c.add(n.at(k), Missing, "missing required field: %s", k)
		}
	}
}

// str checks a text of min to max characters (max 0: any length); one that is absent is left alone.
func (n node) str(key string, minLen, maxLen int) {
	if !n.has(key) {
		return
	}
	s, ok := n.m[key].(string)
	if !ok {
		n.c.add(n.at(key), Malformed, "must be a string")
		return
	}
	n.length(n.at(key), s, minLen, maxLen)
}

func (n node) length(ptr, s string, minLen, maxLen int) {
	l := utf8.RuneCountInString(s)
	if l < minLen {
		n.c.add(ptr, TooShort, "must be more than %d characters", minLen-1)
	}
	if maxLen > 0 && l > maxLen {
		n.c.add(ptr, TooLong, "must be less than %d characters", maxLen+1)
	}
}

func (n node) oneOf(key string, values ...string) {
	if !n.has(key) {
		return
	}
	if s, ok := n.m[key].(string); !ok || !has(values, s) {
		n.c.add(n.at(key), BadValue, "must be one of: %s", strings.Join(values, ", "))
	}
}

func (n node) boolean(keys ...string) {
	for _, k := range keys {
		if _, ok := n.m[k].(bool); n.has(k) && !ok {
			n.c.add(n.at(k), Malformed, "must be true or false")
		}
	}
}

func (n node) integer(key string, low, high float64) {
	if !n.has(key) {
		return
	}
	f, ok := n.m[key].(float64)
	if !ok || f != float64(int64(f)) {
		n.c.add(n.at(key), Malformed, "must be a whole number")
		return
	}
	if f < low || f > high {
		n.c.add(n.at(key), BadValue, "must be from %.0f to %.0f", low, high)
	}
}

func (n node) url(key string, maxLen int) {
	n.str(key, 1, maxLen)
	s, ok := n.m[key].(string)
	if !ok || s == "" {
		return
	}
	if u, err := url.Parse(s); err != nil || u.Scheme == "" || u.Scheme != "mailto" && u.Host == "" {
		n.c.add(n.at(key), BadValue, "must be a valid URL")
	}
}

// list returns the items of an array of low to high items (high 0: any number).
func (n node) list(key string, low, high int, required bool) []any {
	if !n.has(key) {
		if required {
			n.need(key)
		}
		return nil
	}
	list, ok := n.m[key].([]any)
	switch {
	case !ok:
		n.c.add(n.at(key), Malformed, "must be an array")
	case len(list) < low:
		n.c.add(n.at(key), TooFew, "no less than %d items allowed", low)
	case high > 0 && len(list) > high:
		n.c.add(n.at(key), TooMany, "no more than %d items allowed", high)
	}
	return list
}

// each calls f for every item that is an object.
func (n node) each(key string, items []any, f func(node)) {
	for i, it := range items {
		if sub, ok := n.c.node(n.at(key)+"/"+strconv.Itoa(i), it); ok {
			f(sub)
		}
	}
}

func (n node) sub(key string, f func(node)) {
	if !n.has(key) {
		return
	}
	if s, ok := n.c.node(n.at(key), n.m[key]); ok {
		f(s)
	}
}

// Kinds of text objects.
const (
	plain    = "plain_text"
	mrkdwn   = "mrkdwn"
	eitherTx = plain + " " + mrkdwn
)

// text checks a text object; kinds are the types that are allowed, parted by a space.
func (n node) text(key, kinds string, minLen, maxLen int, required bool) {
	if !n.has(key) {
		if required {
			n.need(key)
		}
		return
	}
	n.sub(key, func(t node) { t.textObject(kinds, minLen, maxLen) })
}

func (n node) textObject(kinds string, minLen, maxLen int) {
	kind, _ := n.m["type"].(string)
	if !has(strings.Fields(kinds), kind) {
		n.c.add(n.at("type"), BadType, "must be one of: %s", kinds)
		return
	}
	if kind == plain {
		n.fields("type text emoji")
		n.boolean("emoji")
	} else {
		n.fields("type text verbatim")
		n.boolean("verbatim")
	}
	n.need("text")
	n.str("text", minLen, maxLen)
}
