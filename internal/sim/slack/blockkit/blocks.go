package blockkit

import "strconv"

// blockSpec is one line of the table of blocks.
type blockSpec struct {
	on     []Surface
	max    int    // how many of them one surface takes; 0: no limit of its own
	fields string // besides type and block_id
	check  func(node)
}

var (
	everywhere = []Surface{Message, Modal, Home}
	inMessages = []Surface{Message}
	nowhere    []Surface
)

// blockTypes is filled by init because containers refer to it again.
var blockTypes map[string]blockSpec

func init() {
	blockTypes = map[string]blockSpec{
		"section":            {everywhere, 0, "text fields accessory expand", section},
		"divider":            {everywhere, 0, "", func(node) {}},
		"header":             {everywhere, 0, "text level", header},
		"image":              {everywhere, 0, "image_url slack_file alt_text title", image},
		"actions":            {everywhere, 0, "elements", actions},
		"context":            {everywhere, 0, "elements", contextBlock},
		"context_actions":    {inMessages, 0, "elements", contextActions},
		"input":              {everywhere, 0, "label element hint optional dispatch_action", input},
		"rich_text":          {everywhere, 0, "elements", richText},
		"video":              {everywhere, 0, "alt_text author_name description provider_icon_url provider_name title title_url thumbnail_url video_url", video},
		"markdown":           {inMessages, 0, "text", markdown},
		"table":              {inMessages, 1, "rows column_settings", table},
		"data_table":         {inMessages, 0, "caption rows page_size row_header_column_index", dataTable},
		"data_visualization": {inMessages, 2, "title chart", chart},
		"task_card":          {inMessages, 0, "task_id title status details output sources hide_title", taskCard},
		"plan":               {inMessages, 0, "title tasks", plan},
		"alert":              {[]Surface{Modal}, 0, "text level", alert},
		"card":               {everywhere, 0, "hero_image icon slack_icon title subtitle body subtext actions", card},
		"carousel":           {[]Surface{Message, Home}, 0, "elements", carousel},
		"container":          {inMessages, 0, "title rich_text_title subtitle icon width is_collapsible default_collapsed has_header_divider child_blocks", container},
		"layout":             {[]Surface{Message, Modal}, 0, "label rows is_label_visible grid_lines fallback", layout},
		"call":               {inMessages, 0, "call_id api_decoration_available call", func(n node) { n.need("call_id") }},
		"file":               {nowhere, 0, "external_id source file_id", func(node) {}}, // only Slack itself makes these
	}
}

func section(n node) {
	n.text("text", eitherTx, 1, 3000, false)
	fields := n.list("fields", 1, 10, false)
	n.each("fields", fields, func(f node) { f.textObject(eitherTx, 1, 2000) })
	if !n.has("text") && !n.has("fields") {
		n.need("text")
	}
	n.boolean("expand")
	n.sub("accessory", func(e node) { e.element("section", nil) })
}

func header(n node) {
	n.text("text", plain, 1, 150, true)
	n.integer("level", 1, 6)
}

func image(n node) {
	n.need("alt_text")
	n.str("alt_text", 1, 2000)
	n.text("title", plain, 1, 2000, false)
	n.picture()
}

// picture checks the two ways of naming an image.
func (n node) picture() {
	if n.has("image_url") == n.has("slack_file") {
		n.c.add(n.at("image_url"), Missing, "exactly one of image_url and slack_file is required")
	}
	n.url("image_url", 3000)
	n.sub("slack_file", func(f node) { f.fields("id url") })
}

func actions(n node) {
	ids := map[string]bool{}
	n.each("elements", n.list("elements", 1, 25, true), func(e node) { e.element("actions", ids) })
}

func contextBlock(n node) {
	n.each("elements", n.list("elements", 1, 10, true), func(e node) {
		if e.m["type"] == "image" {
			e.element("context", nil)
			return
		}
		e.textObject(eitherTx, 1, 3000)
	})
}

func contextActions(n node) {
	ids := map[string]bool{}
	n.each("elements", n.list("elements", 1, 5, true), func(e node) { e.element("context_actions", ids) })
}

func input(n node) {
	n.c.inputs++
	n.text("label", plain, 1, 2000, true)
	n.text("hint", plain, 1, 2000, false)
	n.boolean("optional", "dispatch_action")
	n.need("element")
	n.sub("element", func(e node) { e.element("input", nil) })
}

func video(n node) {
	n.need("alt_text", "title", "thumbnail_url", "video_url")
	n.str("alt_text", 1, 2000)
	n.str("author_name", 0, 50)
	n.text("title", plain, 1, 200, true)
	n.text("description", plain, 1, 200, false)
	n.url("video_url", 3000)
	n.url("thumbnail_url", 3000)
	n.url("title_url", 3000)
}

func markdown(n node) {
	n.need("text")
	n.str("text", 1, maxMarkdown)
	s, _ := n.m["text"].(string)
	n.c.markdown += len([]rune(s))
	if n.c.markdown > maxMarkdown && len([]rune(s)) <= maxMarkdown {
		n.c.add(n.at("text"), TooLong, "all markdown blocks together must be less than %d characters", maxMarkdown+1)
	}
}

func table(n node) {
	n.rows(100, 20, func(cell node) { cell.cell("raw_text", "raw_number", "rich_text") })
	n.each("column_settings", n.list("column_settings", 0, 20, false), func(s node) {
		s.fields("align is_wrapped")
		s.oneOf("align", "left", "center", "right")
		s.boolean("is_wrapped")
	})
}

func dataTable(n node) {
	n.need("caption")
	n.str("caption", 1, 0)
	n.integer("page_size", 1, 100)
	n.integer("row_header_column_index", 0, 19)
	n.rows(0, 20, func(cell node) { cell.cell("raw_text", "raw_number", "rich_text", "button") })
}

// rows checks an array of arrays of cells.
func (n node) rows(maxRows, maxCols int, check func(node)) {
	for i, r := range n.list("rows", 1, maxRows, true) {
		ptr := n.at("rows") + "/" + strconv.Itoa(i)
		cells, ok := r.([]any)
		switch {
		case !ok:
			n.c.add(ptr, Malformed, "a row must be an array of cells")
		case len(cells) == 0:
			n.c.add(ptr, TooFew, "a row needs at least one cell")
		case len(cells) > maxCols:
			n.c.add(ptr, TooMany, "no more than %d cells allowed", maxCols)
		}
		for j, cell := range cells {
			if sub, ok := n.c.node(ptr+"/"+strconv.Itoa(j), cell); ok {
				check(sub)
			}
		}
	}
}

func (n node) cell(kinds ...string) {
	kind, _ := n.m["type"].(string)
	if !has(kinds, kind) {
		n.c.add(n.at("type"), BadType, "unsupported cell type: %s", kind)
		return
	}
	switch kind {
	case "raw_text":
		n.fields("type text")
		n.need("text")
		n.str("text", 1, 0)
	case "raw_number":
		n.fields("type value text")
		if _, ok := n.m["value"].(float64); !ok {
			n.c.add(n.at("value"), Malformed, "must be a number")
		}
	case "rich_text":
		n.fields("type elements block_id")
		richText(n)
	case "button":
		n.fields("type element fallback")
		n.need("element")
		n.sub("element", func(e node) { e.element("actions", nil) })
	}
}
