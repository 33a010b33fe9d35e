package slack

import (
	"fmt"
	"net/mail"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"
)

// found is an interactive element, and where it is.
type found struct {
	block, action string
	el            obj
	label         string // of its input block, or what is written on it
	input         bool   // it is the element of an input block
	optional      bool
}

// elementsOf are all interactive elements in blocks, in reading order.
func elementsOf(blocks []any) []found {
	var all []found
	for _, b := range blocks {
		m := asObj(b)
		before := len(all)
		all = collect(all, m, str(m, "block_id"))
		if m["type"] == "input" && len(all) > before {
			f := &all[before]
			f.input, f.label = true, textOf(m["label"])
			f.optional, _ = m["optional"].(bool)
		}
	}
	return all
}

func collect(all []found, v any, block string) []found {
	switch v := v.(type) {
	case []any:
		for _, x := range v {
			all = collect(all, x, block)
		}
	case obj:
		if id := str(v, "block_id"); id != "" {
			block = id
		}
		if a := str(v, "action_id"); a != "" {
			return append(all, found{block: block, action: a, el: v, label: textOf(v["text"])})
		}
		for _, k := range []string{"accessory", "element", "elements", "actions", "child_blocks", "rows", "items", "block"} {
			all = collect(all, v[k], block)
		}
	}
	return all
}

func inputsOf(doc obj) []found {
	var all []found
	for _, f := range elementsOf(items(doc["blocks"])) {
		if _, ok := valueKeys[str(f.el, "type")]; ok {
			all = append(all, f)
		}
	}
	return all
}

// valueKeys name the field in which each element with a state keeps it.
var valueKeys = map[string]string{
	"plain_text_input": "value", "email_text_input": "value", "url_text_input": "value", "number_input": "value",
	"static_select": "selected_option", "external_select": "selected_option", "radio_buttons": "selected_option",
	"multi_static_select": "selected_options", "multi_external_select": "selected_options", "checkboxes": "selected_options",
	"users_select": "selected_user", "multi_users_select": "selected_users",
	"channels_select": "selected_channel", "multi_channels_select": "selected_channels",
	"conversations_select": "selected_conversation", "multi_conversations_select": "selected_conversations",
	"datepicker": "selected_date", "timepicker": "selected_time", "datetimepicker": "selected_date_time",
	"rich_text_input": "rich_text_value", "file_input": "files",
}

// put sets values[block][action].
func put(values obj, block, action string, v any) {
	if values[block] == nil {
		values[block] = obj{}
	}
	asObj(values[block])[action] = v
}

// optionsOf are the fixed options of an element, those in groups included.
func optionsOf(el obj) []any {
	all := slices.Clone(items(el["options"]))
	for _, g := range items(el["option_groups"]) {
		all = append(all, items(asObj(g)["options"])...)
	}
	return all
}

// pick finds an option by value, or else by label.
func pick(options []any, want string) (obj, error) {
	for _, key := range []func(obj) string{
		func(o obj) string { return str(o, "value") },
		func(o obj) string { return textOf(o["text"]) },
	} {
		for _, o := range options {
			if m := asObj(o); key(m) == want {
				return m, nil
			}
		}
	}
	var labels []string
	for _, o := range options {
		labels = append(labels, strconv.Quote(textOf(asObj(o)["text"])))
	}
	return nil, fmt.Errorf("there is no option %q, only %s", want, strings.Join(labels, ", "))
}

// stateOf is the state of an element into which raw was entered: a string, a list of strings, an
// option as an object, or nil for nothing.
func (w *Workspace) stateOf(el obj, raw any) (obj, error) {
	kind := str(el, "type")
	key := valueKeys[kind]
	if m, ok := raw.(obj); ok && m["type"] == kind {
		return m, nil // the state as Slack writes it
	}
	state := obj{"type": kind, key: nil}
	list := strings.HasSuffix(key, "s") && key != "files"
	if list {
		state[key] = []any{}
	}
	switch v := raw.(type) {
	case nil:
		return state, nil
	case string:
		if v == "" {
			return state, nil
		}
	case []any:
		if len(v) == 0 {
			return state, nil
		}
	}
	value, err := w.entered(el, key, list, raw)
	if err != nil {
		return nil, err
	}
	state[key] = value
	return state, nil
}

func (w *Workspace) entered(el obj, key string, list bool, raw any) (any, error) {
	if !list {
		return w.one(el, key, raw)
	}
	many, ok := raw.([]any)
	if s, isString := raw.(string); isString {
		for part := range strings.SplitSeq(s, ",") {
			many = append(many, strings.TrimSpace(part))
		}
	} else if !ok {
		many = []any{raw}
	}
	out := make([]any, 0, len(many))
	for _, r := range many {
		v, err := w.one(el, strings.TrimSuffix(key, "s"), r)
		if err != nil {
			return nil, err
		}
		out = append(out, v)
	}
	return out, nil
}

// one is a single value that was entered into el.
func (w *Workspace) one(el obj, key string, raw any) (any, error) {
	if key == "selected_option" {
		if o, ok := raw.(obj); ok {
			return o, nil
		}
		s, _ := raw.(string)
		if strings.Contains(str(el, "type"), "external") {
			return obj{"text": obj{"type": "plain_text", "text": s}, "value": s}, nil
		}
		return pick(optionsOf(el), s)
	}
	s, ok := raw.(string)
	if !ok {
		return raw, nil
	}
	switch key {
	case "selected_user":
		if u := w.user(s); u != nil {
			return u.ID, nil
		}
		return nil, fmt.Errorf("nobody here is called %q", s)
	case "selected_channel", "selected_conversation":
		if c := w.channel(s); c != nil {
			return c.ID, nil
		}
		return nil, fmt.Errorf("there is no channel %q", s)
	case "selected_date_time":
		return strconv.ParseInt(s, 10, 64)
	case "rich_text_value":
		text := obj{"type": "rich_text_section", "elements": []any{obj{"type": "text", "text": s}}}
		return obj{"type": "rich_text", "elements": []any{text}}, nil
	}
	return s, nil
}

// initialOf is the state of an element that nobody touched.
func (w *Workspace) initialOf(el obj) obj {
	kind := str(el, "type")
	key := valueKeys[kind]
	initial := el["initial_"+strings.TrimPrefix(key, "selected_")]
	if kind == "rich_text_input" {
		initial = el["initial_value"]
	}
	state := obj{"type": kind, key: initial}
	if initial == nil && strings.HasSuffix(key, "s") {
		state[key] = []any{}
	}
	return state
}

// complaint is what Slack says about a value before it asks the app; "" if it is good.
func (f found) complaint(state obj) string {
	v := state[valueKeys[str(f.el, "type")]]
	list, isList := v.([]any)
	if v == nil || v == "" || isList && len(list) == 0 {
		if f.input && !f.optional {
			return "Please complete this required field."
		}
		return ""
	}
	s, _ := v.(string)
	switch str(f.el, "type") {
	case "plain_text_input":
		return lengthComplaint(f.el, utf8.RuneCountInString(s))
	case "email_text_input":
		if _, err := mail.ParseAddress(s); err != nil {
			return "Please enter a valid email address."
		}
	case "url_text_input":
		if u, err := url.Parse(s); err != nil || u.Scheme == "" || u.Host == "" {
			return "Please enter a valid URL."
		}
	case "number_input":
		return numberComplaint(f.el, s)
	case "datepicker":
		if _, err := time.Parse(time.DateOnly, s); err != nil {
			return "Please enter a valid date."
		}
	case "timepicker":
		if _, err := time.Parse("15:04", s); err != nil {
			return "Please enter a valid time."
		}
	}
	if n, ok := f.el["max_selected_items"].(float64); ok && len(list) > int(n) {
		return fmt.Sprintf("Please choose no more than %.0f.", n)
	}
	return ""
}

func lengthComplaint(el obj, n int) string {
	if low, ok := el["min_length"].(float64); ok && n < int(low) {
		return fmt.Sprintf("Please enter at least %.0f characters.", low)
	}
	high := 3000.0
	if h, ok := el["max_length"].(float64); ok {
		high = h
	}
	if n > int(high) {
		return fmt.Sprintf("Please enter no more than %.0f characters.", high)
	}
	return ""
}

func numberComplaint(el obj, s string) string {
	n, err := strconv.ParseFloat(s, 64)
	if err != nil {
		return "Please enter a number."
	}
	if decimal, _ := el["is_decimal_allowed"].(bool); !decimal && n != float64(int64(n)) {
		return "Please enter a whole number."
	}
	if low, err := strconv.ParseFloat(str(el, "min_value"), 64); err == nil && n < low {
		return "Please enter a number that is at least " + str(el, "min_value") + "."
	}
	if high, err := strconv.ParseFloat(str(el, "max_value"), 64); err == nil && n > high {
		return "Please enter a number that is at most " + str(el, "max_value") + "."
	}
	return ""
}
