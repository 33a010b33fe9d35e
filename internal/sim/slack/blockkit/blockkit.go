// Package blockkit holds Slack's rules for blocks and views as one table: which blocks and
// elements there are, on which surfaces, with which fields and limits. The simulated workspace
// refuses what breaks them, and tests of an app can ask it directly.
//
// The limits are those of docs.slack.dev (reference/block-kit) and of the doc comments of
// @slack/types 3.2. Where the two disagree (the value of an option: 150 or 75) the smaller counts.
package blockkit

import (
	"encoding/json"
	"fmt"
	"strconv"
)

// Surface is a place where blocks are shown. The zero value is a message.
type Surface string

const (
	Message Surface = "message"
	Modal   Surface = "modal"
	Home    Surface = "home"
)

// Problem is one broken rule. Pointer is a JSON pointer (RFC 6901) into the document that was
// checked, Code is for machines, Message for people.
type Problem struct {
	Pointer string `json:"pointer"`
	Code    string `json:"code"`
	Message string `json:"message"`
}

func (p Problem) String() string {
	return fmt.Sprintf("[ERROR] %s [json-pointer:%s]", p.Message, p.Pointer)
}

// Codes of problems.
const (
	Malformed  = "malformed"      // not JSON, or not of the right JSON type
	Missing    = "missing_field"  // a required field is absent
	Unknown    = "unknown_field"  // a field that the object does not have
	BadType    = "unknown_type"   // a block, element or text of an unknown type
	TooLong    = "too_long"       // more characters than allowed
	TooShort   = "too_short"      // fewer characters than required
	TooMany    = "too_many"       // more items than allowed
	TooFew     = "too_few"        // fewer items than required
	BadValue   = "invalid_value"  // a value that is not among the allowed ones
	Misplaced  = "not_allowed"    // a type that is not allowed on this surface or in this block
	Duplicate  = "duplicate_id"   // a block_id or action_id used twice
	Incomplete = "missing_submit" // a modal with inputs needs a submit button
)

// Validate checks a JSON array of blocks for a surface and returns every broken rule, none if
// all is well.
func Validate(surface Surface, blocks []byte) []Problem {
	var doc any
	if err := json.Unmarshal(blocks, &doc); err != nil {
		return []Problem{{Code: Malformed, Message: "blocks must be a JSON array: " + err.Error()}}
	}
	c := newChecker(surface)
	c.blocks("", doc)
	return c.problems
}

// ValidateView checks a JSON view of type modal or home.
func ValidateView(view []byte) []Problem {
	var doc any
	if err := json.Unmarshal(view, &doc); err != nil {
		return []Problem{{Code: Malformed, Message: "view must be a JSON object: " + err.Error()}}
	}
	c := newChecker(Modal)
	if len(view) > maxViewBytes {
		c.add("", TooLong, "view is larger than 250 kB")
	}
	m, ok := doc.(map[string]any)
	if !ok {
		c.add("", Malformed, "view must be an object")
		return c.problems
	}
	c.view(node{c: c, m: m})
	return c.problems
}

const (
	maxViewBytes     = 250_000
	maxMessageBlocks = 50
	maxViewBlocks    = 100
	maxMarkdown      = 12_000
	maxDepth         = 12
)

type checker struct {
	surface  Surface
	problems []Problem
	blockIDs map[string]bool
	count    map[string]int // blocks by type, where their number is limited
	markdown int            // characters of all markdown blocks together
	inputs   int
	depth    int
}

func newChecker(s Surface) *checker {
	if s == "" {
		s = Message
	}
	return &checker{surface: s, blockIDs: map[string]bool{}, count: map[string]int{}}
}

func (c *checker) add(ptr, code, format string, args ...any) {
	c.problems = append(c.problems, Problem{ptr, code, fmt.Sprintf(format, args...)})
}

func (c *checker) blocks(ptr string, doc any) {
	list, ok := doc.([]any)
	if !ok {
		c.add(ptr, Malformed, "blocks must be an array")
		return
	}
	limit := maxMessageBlocks
	if c.surface != Message {
		limit = maxViewBlocks
	}
	if len(list) > limit {
		c.add(ptr, TooMany, "no more than %d items allowed", limit)
	}
	for i, b := range list {
		c.block(ptr+"/"+strconv.Itoa(i), b, nil)
	}
}

// block checks one block; only names the types that its parent takes (nil: all of the surface).
func (c *checker) block(ptr string, doc any, only []string) {
	n, ok := c.node(ptr, doc)
	if !ok {
		return
	}
	c.depth++
	defer func() { c.depth-- }()
	if c.depth > maxDepth {
		c.add(ptr, TooMany, "blocks are nested too deeply")
		return
	}
	kind, _ := n.m["type"].(string)
	spec, ok := blockTypes[kind]
	switch {
	case !ok:
		c.add(ptr+"/type", BadType, "unsupported type: %s", kind)
		return
	case only == nil && !has(spec.on, c.surface), only != nil && !has(only, kind):
		c.add(ptr+"/type", Misplaced, "%s blocks are not allowed here (%s)", kind, c.surface)
		return
	}
	n.fields(spec.fields + " type block_id")
	n.str("block_id", 0, 255)
	if id, _ := n.m["block_id"].(string); id != "" {
		if c.blockIDs[id] {
			c.add(ptr+"/block_id", Duplicate, "`block_id` %s already exists for another block", id)
		}
		c.blockIDs[id] = true
	}
	c.count[kind]++
	if spec.max > 0 && c.count[kind] > spec.max {
		c.add(ptr, TooMany, "no more than %d %s blocks allowed", spec.max, kind)
	}
	spec.check(n)
}

func (c *checker) view(n node) {
	kind, _ := n.m["type"].(string)
	switch kind {
	case "modal":
		n.fields("type title blocks close submit private_metadata callback_id clear_on_close notify_on_close external_id submit_disabled")
		n.text("title", plain, 1, 24, true)
		n.text("close", plain, 1, 24, false)
		n.text("submit", plain, 1, 24, false)
		n.boolean("clear_on_close", "notify_on_close", "submit_disabled")
	case "home":
		c.surface = Home
		n.fields("type blocks private_metadata callback_id external_id")
	default:
		c.add("/type", BadType, "view type must be modal or home, not %q", kind)
		return
	}
	n.str("private_metadata", 0, 3000)
	n.str("callback_id", 0, 255)
	n.str("external_id", 0, 255)
	blocks, ok := n.m["blocks"]
	if !ok {
		c.add("/blocks", Missing, "missing required field: blocks")
		return
	}
	c.blocks("/blocks", blocks)
	if kind == "modal" && c.inputs > 0 && n.m["submit"] == nil {
		c.add("/submit", Incomplete, "a modal with input blocks needs a submit button")
	}
}

// Assign gives every block without a block_id and every interactive element without an action_id
// one made by id, in place, as Slack does when it takes blocks in.
func Assign(blocks []any, id func() string) {
	for _, b := range blocks {
		m, ok := b.(map[string]any)
		if !ok {
			continue
		}
		if s, _ := m["block_id"].(string); s == "" {
			m["block_id"] = id()
		}
		assignActions(m, id)
	}
}

func assignActions(v any, id func() string) {
	switch v := v.(type) {
	case []any:
		for _, x := range v {
			assignActions(x, id)
		}
	case map[string]any:
		kind, _ := v["type"].(string)
		if spec, ok := elementTypes[kind]; ok && spec.acts {
			if s, _ := v["action_id"].(string); s == "" {
				v["action_id"] = id()
			}
			return
		}
		for _, x := range v {
			assignActions(x, id)
		}
	}
}
