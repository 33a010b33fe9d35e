package blockkit

import (
	"encoding/json"
	"strconv"
)

// elementSpec is one line of the table of elements.
type elementSpec struct {
	in     string // the blocks that take it, parted by spaces
	acts   bool   // it has an action_id
	fields string // besides type and, when it acts, action_id
	check  func(node)
}

const (
	anywhere  = "section actions input"
	forSelect = " placeholder confirm focus_on_load"
)

var elementTypes = map[string]elementSpec{
	"button":          {"section actions", true, "text url value style confirm accessibility_label", button},
	"workflow_button": {"section actions", true, "text workflow style accessibility_label", func(n node) { n.text("text", plain, 1, 75, true); n.need("workflow") }},
	"overflow":        {"section actions", true, "options confirm", overflow},
	"checkboxes":      {anywhere, true, "options initial_options confirm focus_on_load", choices},
	"radio_buttons":   {anywhere, true, "options initial_option confirm focus_on_load", choices},
	"datepicker":      {anywhere, true, "initial_date" + forSelect, func(n node) { n.day("initial_date") }},
	"timepicker":      {anywhere, true, "initial_time timezone" + forSelect, func(n node) { n.clock("initial_time") }},
	"datetimepicker": {"actions input", true, "initial_date_time confirm focus_on_load", func(n node) {
		n.integer("initial_date_time", 1_000_000_000, 9_999_999_999)
	}},
	"plain_text_input": {"input", true, "initial_value multiline min_length max_length dispatch_action_config focus_on_load placeholder", textInput},
	"email_text_input": {"input", true, "initial_value dispatch_action_config focus_on_load placeholder", func(n node) { n.str("initial_value", 0, 0) }},
	"url_text_input":   {"input", true, "initial_value dispatch_action_config focus_on_load placeholder", func(n node) { n.str("initial_value", 0, 0) }},
	"number_input": {"input", true, "is_decimal_allowed initial_value min_value max_value dispatch_action_config focus_on_load placeholder", func(n node) {
		n.need("is_decimal_allowed")
		n.boolean("is_decimal_allowed")
		for _, k := range []string{"initial_value", "min_value", "max_value"} {
			n.number(k)
		}
	}},
	"rich_text_input": {"input", true, "initial_value min_lines max_lines dispatch_action_config focus_on_load placeholder", func(n node) {
		n.integer("min_lines", 1, 100)
		n.integer("max_lines", 1, 100)
	}},
	"file_input":                 {"input", true, "filetypes max_files", func(n node) { n.integer("max_files", 1, 10) }},
	"static_select":              {anywhere, true, "options option_groups initial_option" + forSelect, choices},
	"multi_static_select":        {anywhere, true, "options option_groups initial_options max_selected_items" + forSelect, choices},
	"external_select":            {anywhere, true, "initial_option min_query_length" + forSelect, external},
	"multi_external_select":      {anywhere, true, "initial_options min_query_length max_selected_items" + forSelect, external},
	"users_select":               {anywhere, true, "initial_user" + forSelect, func(n node) { n.str("initial_user", 1, 0) }},
	"multi_users_select":         {anywhere, true, "initial_users max_selected_items" + forSelect, func(n node) { n.list("initial_users", 0, 0, false) }},
	"conversations_select":       {anywhere, true, "initial_conversation default_to_current_conversation response_url_enabled filter" + forSelect, func(n node) { n.str("initial_conversation", 1, 0) }},
	"multi_conversations_select": {anywhere, true, "initial_conversations default_to_current_conversation max_selected_items filter" + forSelect, func(n node) { n.list("initial_conversations", 0, 0, false) }},
	"channels_select":            {anywhere, true, "initial_channel response_url_enabled" + forSelect, func(n node) { n.str("initial_channel", 1, 0) }},
	"multi_channels_select":      {anywhere, true, "initial_channels max_selected_items" + forSelect, func(n node) { n.list("initial_channels", 0, 0, false) }},
	"image": {"section context", false, "image_url slack_file alt_text image_width image_height image_bytes fallback", func(n node) {
		n.need("alt_text")
		n.str("alt_text", 1, 2000)
		n.picture()
	}},
	"icon_button": {"context_actions", true, "icon text value confirm accessibility_label visible_to_user_ids", func(n node) {
		n.oneOf("icon", "trash")
		n.need("icon")
		n.text("text", plain, 1, 75, true)
		n.str("value", 1, 2000)
		n.confirm()
	}},
	"feedback_buttons": {"context_actions", true, "positive_button negative_button", func(n node) {
		n.need("positive_button", "negative_button")
		for _, k := range []string{"positive_button", "negative_button"} {
			n.sub(k, func(b node) {
				b.fields("text value accessibility_label")
				b.text("text", plain, 1, 75, true)
				b.str("value", 1, 2000)
			})
		}
	}},
}

// element checks an element inside a block of type parent; ids are the action ids seen in it.
func (n node) element(parent string, ids map[string]bool) {
	kind, _ := n.m["type"].(string)
	spec, ok := elementTypes[kind]
	if !ok {
		n.c.add(n.at("type"), BadType, "unsupported type: %s", kind)
		return
	}
	if !inList(spec.in, parent) || kind == "file_input" && n.c.surface != Modal {
		n.c.add(n.at("type"), Misplaced, "%s is not allowed in %s blocks here (%s)", kind, parent, n.c.surface)
		return
	}
	fields := spec.fields + " type"
	if spec.acts {
		fields += " action_id"
	}
	n.fields(fields)
	n.str("action_id", 1, 255)
	n.text("placeholder", plain, 1, 150, false)
	n.boolean("focus_on_load")
	n.integer("max_selected_items", 1, 1e9)
	if id, _ := n.m["action_id"].(string); id != "" && ids != nil {
		if ids[id] {
			n.c.add(n.at("action_id"), Duplicate, "`action_id` %s already exists for another element", id)
		}
		ids[id] = true
	}
	if kind != "button" && kind != "overflow" && n.has("confirm") {
		n.confirm()
	}
	spec.check(n)
}

func button(n node) {
	n.text("text", plain, 1, 75, true)
	n.url("url", 3000)
	n.str("value", 0, 2000)
	n.oneOf("style", "primary", "danger")
	n.str("accessibility_label", 1, 75)
	n.confirm()
}

func overflow(n node) {
	n.options("options", 1, 5, true, true)
	n.confirm()
}

// choices are all elements with a fixed list of options.
func choices(n node) {
	kind, _ := n.m["type"].(string)
	limit, menu := 100, true
	if kind == "checkboxes" || kind == "radio_buttons" {
		limit, menu = 10, false
	}
	if n.has("option_groups") {
		if n.has("options") {
			n.c.add(n.at("options"), Unknown, "options and option_groups exclude each other")
		}
		n.groups(1, limit)
	} else {
		n.options("options", 1, limit, menu, true)
	}
	n.initial()
}

// initial checks that what is chosen at first is among the choices.
func (n node) initial() {
	known := map[string]bool{}
	collect := func(holder map[string]any) {
		list, _ := holder["options"].([]any)
		for _, o := range list {
			m, _ := o.(map[string]any)
			v, _ := m["value"].(string)
			known[v] = true
		}
	}
	collect(n.m)
	groups, _ := n.m["option_groups"].([]any)
	for _, g := range groups {
		m, _ := g.(map[string]any)
		collect(m)
	}
	check := func(o node) {
		if v, _ := o.m["value"].(string); !known[v] {
			n.c.add(o.ptr, BadValue, "the initial option %q is not among the options", v)
		}
	}
	n.sub("initial_option", check)
	n.each("initial_options", n.list("initial_options", 0, 0, false), check)
}

func external(n node) {
	n.integer("min_query_length", 0, 1e9)
	option := func(o node) { o.option(true) }
	n.sub("initial_option", option)
	n.each("initial_options", n.list("initial_options", 0, 0, false), option)
}

func (n node) options(key string, low, high int, menu, required bool) {
	n.each(key, n.list(key, low, high, required), func(o node) { o.option(menu) })
}

// option checks an option object; those of menus take plain text only.
func (n node) option(menu bool) {
	n.fields("text value description url")
	kinds := eitherTx
	if menu {
		kinds = plain
	}
	n.text("text", kinds, 1, 75, true)
	n.text("description", kinds, 1, 75, false)
	n.need("value")
	n.str("value", 1, 75)
	n.url("url", 3000)
}

func (n node) confirm() {
	n.sub("confirm", func(c node) {
		c.fields("title text confirm deny style")
		c.text("title", plain, 1, 100, true)
		c.text("text", eitherTx, 1, 300, true)
		c.text("confirm", plain, 1, 30, true)
		c.text("deny", plain, 1, 30, true)
		c.oneOf("style", "primary", "danger")
	})
}

func textInput(n node) {
	n.boolean("multiline")
	n.integer("min_length", 0, 3000)
	n.integer("max_length", 1, 3000)
	n.str("initial_value", 0, 3000)
	low, _ := n.m["min_length"].(float64)
	if high, ok := n.m["max_length"].(float64); ok && low > high {
		n.c.add(n.at("min_length"), BadValue, "min_length must not be larger than max_length")
	}
}

func (n node) number(key string) {
	n.str(key, 1, 0)
	s, ok := n.m[key].(string)
	if !ok {
		return
	}
	if _, err := strconv.ParseFloat(s, 64); err != nil {
		n.c.add(n.at(key), BadValue, "must be a number in a string")
	}
}

// ValidateOptions checks what an app answers to a block_suggestion: options, or groups of them.
// Source: docs.slack.dev/reference/interaction-payloads/block_suggestion-payload.
func ValidateOptions(answer []byte) []Problem {
	c := newChecker(Modal)
	var doc any
	if err := json.Unmarshal(answer, &doc); err != nil {
		c.add("", Malformed, "options must be a JSON object: %v", err)
		return c.problems
	}
	n, ok := c.node("", doc)
	if !ok {
		return c.problems
	}
	n.fields("options option_groups")
	switch {
	case n.has("options") == n.has("option_groups"):
		n.c.add("/options", Missing, "exactly one of options and option_groups is required")
	case n.has("options"):
		n.options("options", 0, maxSuggested, true, true)
	default:
		n.groups(0, maxSuggested)
	}
	return c.problems
}

// maxSuggested is how many options, or groups of them, one answer may hold.
const maxSuggested = 100

// groups checks low to 100 groups of options, of at most limit options each.
func (n node) groups(low, limit int) {
	n.each("option_groups", n.list("option_groups", low, maxSuggested, true), func(g node) {
		g.fields("label options")
		g.text("label", plain, 1, 75, true)
		g.options("options", 1, limit, true, true)
	})
}
