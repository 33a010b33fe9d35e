package blockkit

import (
	"strconv"
	"strings"
	"time"
)

func inList(words, word string) bool { return has(strings.Fields(words), word) }

func (n node) day(key string) { n.layout(key, time.DateOnly, "a date as YYYY-MM-DD") }

func (n node) clock(key string) { n.layout(key, "15:04", "a time as HH:mm") }

func (n node) layout(key, layout, what string) {
	n.str(key, 1, 0)
	s, ok := n.m[key].(string)
	if !ok {
		return
	}
	if _, err := time.Parse(layout, s); err != nil {
		n.c.add(n.at(key), BadValue, "must be %s", what)
	}
}

// richParts are the top-level elements of rich_text, with their fields.
var richParts = map[string]string{
	"rich_text_section":      "elements",
	"rich_text_preformatted": "elements border language",
	"rich_text_quote":        "elements border",
	"rich_text_list":         "elements style indent offset border",
}

// richLeaves are the pieces of a rich text line, with their required fields; a style is always
// allowed, and what else Slack adds over time is let through.
var richLeaves = map[string][]string{
	"text":      {"text"},
	"link":      {"url"},
	"emoji":     {"name"},
	"user":      {"user_id"},
	"usergroup": {"usergroup_id"},
	"channel":   {"channel_id"},
	"team":      {"team_id"},
	"broadcast": {"range"},
	"date":      {"timestamp", "format"},
	"color":     {"value"},
}

func richText(n node) {
	n.each("elements", n.list("elements", 1, 0, true), func(p node) { p.richPart() })
}

func (n node) richPart() {
	kind, _ := n.m["type"].(string)
	fields, ok := richParts[kind]
	if !ok {
		n.c.add(n.at("type"), BadType, "unsupported type: %s", kind)
		return
	}
	n.fields(fields + " type")
	items := n.list("elements", 0, 0, true)
	if kind != "rich_text_list" {
		n.each("elements", items, func(l node) { l.richLeaf() })
		return
	}
	n.need("style")
	n.oneOf("style", "bullet", "ordered")
	n.integer("indent", 0, 8)
	for i, it := range items {
		if s, ok := n.c.node(n.at("elements")+"/"+strconv.Itoa(i), it); ok {
			if s.m["type"] != "rich_text_section" {
				n.c.add(s.at("type"), BadType, "a list holds rich_text_section only")
				continue
			}
			s.richPart()
		}
	}
}

func (n node) richLeaf() {
	kind, _ := n.m["type"].(string)
	required, ok := richLeaves[kind]
	if !ok {
		n.c.add(n.at("type"), BadType, "unsupported type: %s", kind)
		return
	}
	n.need(required...)
	if kind == "text" {
		n.str("text", 1, 0)
	}
	n.sub("style", func(s node) {
		s.fields("bold italic strike code underline highlight client_highlight unlink")
	})
}
