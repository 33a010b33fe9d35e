package slack

import (
	"fmt"
	"regexp"
	"strings"
)

// renderer writes blocks down as the lines that people read.
type renderer struct {
	w    *Workspace
	out  []string
	seen map[string]bool // lines that are there already: texts often repeat their blocks
}

func (r *renderer) String() string { return strings.Join(r.out, "\n") }

func (r *renderer) line(s string) {
	s = strings.TrimRight(s, " \n")
	if s == "" || r.seen[s] {
		return
	}
	r.seen[s] = true
	r.out = append(r.out, s)
}

func (r *renderer) mrkdwn(s string) {
	for l := range strings.SplitSeq(r.w.readable(s), "\n") {
		r.line(l)
	}
}

// text writes a text object.
func (r *renderer) text(v any) {
	m, _ := v.(obj)
	s, _ := m["text"].(string)
	if m["type"] == "plain_text" {
		for l := range strings.SplitSeq(s, "\n") {
			r.line(l)
		}
		return
	}
	r.mrkdwn(s)
}

// inline is a text object on one line.
func (r *renderer) inline(v any) string {
	m, _ := v.(obj)
	s, _ := m["text"].(string)
	if m["type"] == "mrkdwn" {
		s = r.w.readable(s)
	}
	return strings.Join(strings.Fields(s), " ")
}

func textOf(v any) string {
	m, _ := v.(obj)
	s, _ := m["text"].(string)
	return s
}

func bracket(s string) string {
	if s == "" {
		return ""
	}
	return "[" + s + "]"
}

func (r *renderer) blocks(blocks []any) {
	for _, b := range blocks {
		if m, ok := b.(obj); ok {
			r.block(m)
		}
	}
}

func (r *renderer) block(m obj) {
	switch m["type"] {
	case "section":
		r.text(m["text"])
		for _, f := range items(m["fields"]) {
			r.line(r.inline(f))
		}
		r.line(r.element(m["accessory"]))
	case "header", "alert":
		r.text(m["text"])
	case "markdown":
		s, _ := m["text"].(string)
		for l := range strings.SplitSeq(s, "\n") {
			r.line(l)
		}
	case "context", "actions", "context_actions":
		var all []string
		for _, e := range items(m["elements"]) {
			if s := r.element(e); s != "" {
				all = append(all, s)
			}
		}
		r.line(strings.Join(all, " "))
	case "input":
		r.line(r.inline(m["label"]) + ": " + r.element(m["element"]))
		r.text(m["hint"])
	case "rich_text":
		r.rich(items(m["elements"]))
	case "table", "data_table":
		r.table(m)
	default:
		r.other(m)
	}
}

// other writes the rarer blocks.
func (r *renderer) other(m obj) {
	switch m["type"] {
	case "image":
		r.text(m["title"])
		r.line(str(m, "alt_text"))
	case "card":
		for _, k := range []string{"title", "subtitle", "body", "subtext"} {
			r.text(m[k])
		}
		r.block(obj{"type": "actions", "elements": m["actions"]})
	case "carousel":
		r.blocks(items(m["elements"]))
	case "container":
		r.text(m["title"])
		r.text(m["subtitle"])
		r.blocks(items(m["child_blocks"]))
	case "layout":
		for _, row := range items(m["rows"]) {
			for _, it := range items(asObj(row)["items"]) {
				r.blocks([]any{asObj(it)["block"]})
			}
		}
	case "plan":
		r.line(str(m, "title"))
		r.blocks(items(m["tasks"]))
	case "task_card":
		r.line(strings.TrimSpace(str(m, "title") + " " + str(m, "status")))
		r.blocks([]any{m["details"], m["output"]})
	case "data_visualization":
		r.chart(m)
	}
}

// chart is its title and its numbers, a line for each series.
func (r *renderer) chart(m obj) {
	r.line("[chart] " + str(m, "title"))
	points := func(list []any) string {
		var all []string
		for _, p := range list {
			all = append(all, fmt.Sprint(str(asObj(p), "label"), " ", asObj(p)["value"]))
		}
		return strings.Join(all, ", ")
	}
	r.line(points(items(asObj(m["chart"])["segments"])))
	for _, s := range items(asObj(m["chart"])["series"]) {
		r.line(str(asObj(s), "name") + ": " + points(items(asObj(s)["data"])))
	}
}

func (r *renderer) table(m obj) {
	r.line(str(m, "caption"))
	for _, row := range items(m["rows"]) {
		var cells []string
		for _, c := range items(row) {
			cells = append(cells, r.cell(asObj(c)))
		}
		r.line(strings.Join(cells, " | "))
	}
}

func (r *renderer) cell(c obj) string {
	switch c["type"] {
	case "raw_number":
		if s := str(c, "text"); s != "" {
			return s
		}
		return fmt.Sprint(c["value"])
	case "rich_text":
		sub := renderer{w: r.w, seen: map[string]bool{}}
		sub.rich(items(c["elements"]))
		return strings.Join(sub.out, " ")
	case "button":
		return r.element(c["element"])
	}
	return str(c, "text")
}

// element is a button as [Label], another element by what it shows before it is touched.
func (r *renderer) element(v any) string {
	m, ok := v.(obj)
	if !ok {
		return ""
	}
	switch m["type"] {
	case "plain_text", "mrkdwn":
		return r.inline(m)
	case "button", "workflow_button", "icon_button":
		return bracket(r.inline(m["text"]))
	case "image":
		return str(m, "alt_text")
	case "radio_buttons", "checkboxes", "overflow":
		var all []string
		for _, o := range items(m["options"]) {
			all = append(all, bracket(r.inline(asObj(o)["text"])))
		}
		return strings.Join(all, " ")
	}
	if o, ok := m["initial_option"].(obj); ok {
		return bracket(r.inline(o["text"]))
	}
	for _, k := range []string{"initial_value", "initial_date", "initial_time", "initial_user", "initial_channel"} {
		if s := str(m, k); s != "" {
			return s
		}
	}
	return bracket(r.inline(m["placeholder"]))
}

func (r *renderer) rich(parts []any) {
	for _, p := range parts {
		m := asObj(p)
		if m["type"] == "rich_text_list" {
			for _, it := range items(m["elements"]) {
				r.line("• " + r.leaves(items(asObj(it)["elements"])))
			}
			continue
		}
		for l := range strings.SplitSeq(r.leaves(items(m["elements"])), "\n") {
			r.line(l)
		}
	}
}

func (r *renderer) leaves(leaves []any) string {
	var b strings.Builder
	for _, l := range leaves {
		m := asObj(l)
		switch m["type"] {
		case "text":
			b.WriteString(str(m, "text"))
		case "link":
			b.WriteString(label(str(m, "url"), str(m, "text")))
		case "user":
			b.WriteString("@" + r.w.speaker(str(m, "user_id")))
		case "emoji":
			b.WriteString(":" + str(m, "name") + ":")
		case "date":
			b.WriteString(str(m, "fallback"))
		case "broadcast":
			b.WriteString("@" + str(m, "range"))
		}
	}
	return b.String()
}

func items(v any) []any {
	l, _ := v.([]any)
	return l
}

func asObj(v any) obj {
	m, _ := v.(obj)
	return m
}

func str(m obj, key string) string {
	s, _ := m[key].(string)
	return s
}

func label(url, text string) string {
	if text == "" || text == url {
		return strings.TrimPrefix(url, "mailto:")
	}
	return text + " (" + url + ")"
}

var (
	entity = regexp.MustCompile(`<([^<>\n]+)>`)
	ticks  = regexp.MustCompile("```\n?((?s:.*?))\n?```|`([^`\n]+)`")
	marks  = regexp.MustCompile(`(^|[\s(>"'])(?:\*([^*\s](?:[^*\n]*[^*\s])?)\*|_([^_\s](?:[^_\n]*[^_\s])?)_|~([^~\s](?:[^~\n]*[^~\s])?)~)`)
	unhtml = strings.NewReplacer("&lt;", "<", "&gt;", ">", "&amp;", "&")
)

// readable is mrkdwn as people see it: names for mentions, labels for links, no marks. Inside
// code the marks stand for themselves.
func (w *Workspace) readable(s string) string {
	var b strings.Builder
	at := 0
	for _, m := range ticks.FindAllStringSubmatchIndex(s, -1) {
		b.WriteString(w.prose(s[at:m[0]]))
		for _, g := range []int{2, 4} {
			if m[g] >= 0 {
				b.WriteString(w.plain(s[m[g]:m[g+1]]))
			}
		}
		at = m[1]
	}
	b.WriteString(w.prose(s[at:]))
	return b.String()
}

func (w *Workspace) prose(s string) string {
	for range 3 { // marks may lie within each other
		s = marks.ReplaceAllString(s, "$1$2$3$4")
	}
	return w.plain(s)
}

func (w *Workspace) plain(s string) string {
	s = entity.ReplaceAllStringFunc(s, func(e string) string { return w.named(e[1 : len(e)-1]) })
	return unhtml.Replace(s)
}

// named is what people see in the place of <e>.
func (w *Workspace) named(e string) string {
	ref, text, labelled := strings.Cut(e, "|")
	if ref == "" {
		return text
	}
	switch ref[0] {
	case '@':
		return "@" + w.speaker(ref[1:])
	case '#':
		if c := w.channel(ref[1:]); c != nil {
			return "#" + c.Name
		}
		return "#" + text
	case '!':
		if g := w.group(strings.TrimPrefix(ref, "!subteam^")); g != nil {
			return "@" + g.Handle
		}
		if labelled {
			return text
		}
		return "@" + ref[1:]
	}
	return label(ref, text)
}
