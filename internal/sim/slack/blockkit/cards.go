package blockkit

import "strconv"

func taskCard(n node) {
	n.need("task_id", "title")
	n.str("task_id", 1, 255)
	n.str("title", 1, 0)
	n.oneOf("status", "pending", "in_progress", "complete", "error")
	for _, k := range []string{"details", "output"} {
		if n.has(k) {
			n.c.block(n.at(k), n.m[k], []string{"rich_text"})
		}
	}
	n.boolean("hide_title")
	n.each("sources", n.list("sources", 0, 0, false), func(s node) {
		s.fields("type url text")
		s.need("url", "text")
		s.url("url", 0)
	})
}

func plan(n node) {
	n.need("title")
	n.str("title", 1, 0)
	for i, t := range n.list("tasks", 0, 0, false) {
		n.c.block(n.at("tasks")+"/"+strconv.Itoa(i), t, []string{"task_card"})
	}
}

func alert(n node) {
	n.text("text", eitherTx, 1, 3000, true)
	n.oneOf("level", "default", "info", "success", "warning", "error")
}

func card(n node) {
	if !n.has("title") && !n.has("body") && !n.has("hero_image") && !n.has("actions") {
		n.c.add(n.ptr, Missing, "a card needs a title, a body, a hero_image or actions")
	}
	n.text("title", eitherTx, 1, 150, false)
	n.text("subtitle", eitherTx, 1, 150, false)
	n.text("body", eitherTx, 1, 200, false)
	n.text("subtext", eitherTx, 1, 200, false)
	for _, k := range []string{"hero_image", "icon"} {
		n.sub(k, func(e node) { e.element("context", nil) })
	}
	ids := map[string]bool{}
	n.each("actions", n.list("actions", 0, 25, false), func(e node) { e.element("actions", ids) })
}

func carousel(n node) {
	for i, e := range n.list("elements", 1, 10, true) {
		n.c.block(n.at("elements")+"/"+strconv.Itoa(i), e, []string{"card"})
	}
}

// inContainers are the blocks that a container takes.
var inContainers = []string{
	"section", "divider", "header", "image", "actions", "context", "context_actions", "rich_text",
	"markdown", "table", "data_table", "data_visualization", "card", "video",
}

func container(n node) {
	n.text("title", plain, 1, 150, false)
	n.text("subtitle", eitherTx, 1, 150, false)
	n.sub("icon", func(e node) { e.element("context", nil) })
	if n.has("rich_text_title") {
		n.c.block(n.at("rich_text_title"), n.m["rich_text_title"], []string{"rich_text"})
	}
	n.boolean("is_collapsible", "default_collapsed", "has_header_divider")
	n.oneOf("width", "narrow", "standard", "wide", "full")
	for i, b := range n.list("child_blocks", 1, 10, true) {
		n.c.block(n.at("child_blocks")+"/"+strconv.Itoa(i), b, inContainers)
	}
}

func layout(n node) {
	n.need("label")
	n.str("label", 1, 0)
	n.boolean("is_label_visible")
	n.each("rows", n.list("rows", 1, 0, true), func(r node) {
		r.fields("items")
		r.each("items", r.list("items", 1, 0, true), func(it node) {
			it.fields("block width horizontal_alignment")
			it.need("block")
			if it.has("block") {
				it.c.block(it.at("block"), it.m["block"], inContainers)
			}
		})
	})
	for i, b := range n.list("fallback", 0, 0, false) {
		n.c.block(n.at("fallback")+"/"+strconv.Itoa(i), b, inContainers)
	}
}
