package slack

import (
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/stackhand/stackhand/internal/sim/slack/blockkit"
)

// place is where an element is: in a message, or in a view.
type place struct {
	message *message
	view    *view
}

func (p place) blocks() []any {
	if p.view != nil {
		return p.view.blocks()
	}
	return p.message.blocks
}

func (p place) find(block, action string) (found, bool) {
	for _, f := range elementsOf(p.blocks()) {
		if f.action == action && (block == "" || f.block == block) {
			return f, true
		}
	}
	return found{}, false
}

func (w *Workspace) userRef(u *User) obj {
	return obj{"id": u.ID, "username": u.Name, "name": u.Name, "team_id": u.Team}
}

// base is what all interactive payloads have in common.
func (w *Workspace) base(kind string, u *User, p place) obj {
	o := obj{
		"type": kind, "user": w.userRef(u), "api_app_id": AppID, "token": "simulated", "is_enterprise_install": false,
		"enterprise": nil, "team": obj{"id": TeamID, "domain": strings.ToLower(w.opt.Team)},
	}
	if v := p.view; v != nil {
		o["view"], o["container"] = v.json(), obj{"type": "view", "view_id": v.id}
		return o
	}
	if m := p.message; m != nil {
		container := obj{"type": "message", "message_ts": m.ts, "channel_id": m.channel.ID, "is_ephemeral": m.ephemeral != ""}
		if m.thread != "" {
			container["thread_ts"] = m.thread
		}
		name := m.channel.Name
		if m.channel.isDM() {
			name = "directmessage"
		}
		o["container"], o["channel"] = container, obj{"id": m.channel.ID, "name": name}
		if m.ephemeral == "" {
			o["message"] = w.withMetadata(m)
		}
	}
	return o
}

// click is somebody pressing a button or choosing in a menu. The lock is held.
func (w *Workspace) click(u *User, p place, f found, raw any) error {
	action := obj{"action_id": f.action, "block_id": f.block, "type": f.el["type"], "action_ts": w.nextTS()}
	if err := w.fillAction(action, f, raw); err != nil {
		return err
	}
	if p.view != nil {
		if s, ok := action["state"].(obj); ok {
			if p.view.state == nil {
				p.view.state = obj{}
			}
			put(p.view.state, f.block, f.action, s)
		}
	}
	delete(action, "state")
	payload := w.base("block_actions", u, p)
	payload["actions"], payload["trigger_id"] = []any{action}, w.newTrigger(u.ID, modalOf(p))
	if m := p.message; m != nil {
		payload["state"] = obj{"values": obj{}}
		payload["response_url"] = w.newHook(&hook{user: u.ID, channel: m.channel, thread: m.thread, origin: m})
	}
	e := newEnvelope("interactive", payload)
	e.onFail = func() {
		if p.message != nil {
			w.notice(u.ID, p.message.channel, p.message.thread, noTrouble)
			return
		}
		w.notice(u.ID, nil, "", noTrouble)
	}
	w.deliver(e)
	return nil
}

func modalOf(p place) *view {
	if p.view == nil || p.view.home() {
		return nil
	}
	return p.view
}

// fillAction describes what was chosen.
func (w *Workspace) fillAction(action obj, f found, raw any) error {
	kind := str(f.el, "type")
	switch kind {
	case "button", "workflow_button", "icon_button":
		for _, k := range []string{"text", "value", "style"} {
			if v, ok := f.el[k]; ok {
				action[k] = v
			}
		}
		return nil
	case "feedback_buttons":
		s, _ := raw.(string)
		action["value"] = s
		return nil
	case "overflow":
		s, _ := raw.(string)
		if m, ok := raw.(obj); ok {
			s = str(m, "value")
		}
		o, err := pick(optionsOf(f.el), s)
		action["selected_option"] = o
		return err
	}
	state, err := w.stateOf(f.el, raw)
	if err != nil {
		return err
	}
	for k, v := range state {
		action[k] = v
	}
	action["state"] = state
	return nil
}

// submission is a modal on its way to the app.
type submission struct {
	done   chan struct{}
	errors obj    // block_id → text
	failed string // what Slack says when the app did not answer
}

// submit sends what was filled into a modal: values[block][action], raw as for stateOf. Errors
// that Slack finds by itself come back at once. The lock is held.
func (w *Workspace) submit(u *User, v *view, values obj) (*submission, error) {
	if w.top(u.ID) != v || v.doc["submit"] == nil {
		return nil, errors.New("there is no form open that can be sent")
	}
	s := &submission{errors: obj{}}
	if err := w.fill(v, values, s.errors); err != nil {
		return nil, err
	}
	if len(s.errors) > 0 {
		w.showErrors(v, s.errors)
		s.done = make(chan struct{})
		close(s.done)
		return s, nil
	}
	payload := w.base("view_submission", u, place{view: v})
	delete(payload, "container")
	payload["trigger_id"], payload["response_urls"] = w.newTrigger(u.ID, v), []any{}
	e := newEnvelope("interactive", payload)
	s.done = e.done
	fail := func() {
		s.failed = noTrouble
		w.notice(u.ID, nil, "", noTrouble)
	}
	e.onFail = fail
	e.onAck = func(answer json.RawMessage) {
		if err := w.submitted(v, answer, s); err != nil {
			w.log.Debug("answer to view_submission refused", "err", err)
			fail()
		}
	}
	w.deliver(e)
	return s, nil
}

// fill puts values into the state of v; complaints go to errs by block.
func (w *Workspace) fill(v *view, values, errs obj) error {
	state := obj{}
	for _, f := range inputsOf(v.doc) {
		s := w.initialOf(f.el)
		if old, ok := asObj(v.state[f.block])[f.action].(obj); ok {
			s = old
		}
		if raw, ok := asObj(values[f.block])[f.action]; ok {
			var err error
			if s, err = w.stateOf(f.el, raw); err != nil {
				return fmt.Errorf("%s: %w", f.action, err)
			}
		}
		put(state, f.block, f.action, s)
		if text := f.complaint(s); text != "" {
			errs[f.block] = text
		}
	}
	v.state = state
	return nil
}

func (w *Workspace) showErrors(v *view, errs obj) {
	var lines []string
	for _, f := range inputsOf(v.doc) {
		if text, ok := errs[f.block].(string); ok {
			lines = append(lines, f.label+": "+text)
		}
	}
	w.record(Shown{Kind: "modal", For: v.user, TS: v.id, Text: strings.Join(lines, "\n"), Raw: strings.Join(lines, "\n")})
}

// submitted does what the answer to a view_submission asks for; none closes the modal.
func (w *Workspace) submitted(v *view, payload json.RawMessage, s *submission) error {
	if !slices.Contains(w.stacks[v.user], v) {
		return nil // closed meanwhile
	}
	var answer struct {
		Action string `json:"response_action"`
		Errors obj    `json:"errors"`
		View   any    `json:"view"`
	}
	if len(payload) > 0 {
		if err := json.Unmarshal(payload, &answer); err != nil {
			return err
		}
	}
	switch answer.Action {
	case "":
		w.closeTop(v)
	case "clear":
		w.dropStack(v.user)
	case "errors":
		return w.fieldErrors(v, answer.Errors, s)
	case "update", "push":
		doc, err := readView(answer.View, "modal")
		if err != nil {
			return err
		}
		if answer.Action == "update" {
			return w.reviseView(v, doc)
		}
		_, err = w.openView(v.user, doc, true)
		return err
	default:
		return fmt.Errorf("unknown response_action %q", answer.Action)
	}
	return nil
}

// fieldErrors shows the app's complaints below the fields; each must belong to an input block.
func (w *Workspace) fieldErrors(v *view, errs obj, s *submission) error {
	known := map[string]bool{}
	for _, f := range inputsOf(v.doc) {
		known[f.block] = f.input
	}
	for block, text := range errs {
		if _, ok := text.(string); !ok || !known[block] {
			return fmt.Errorf("there is no input block %q to complain about", block)
		}
	}
	if len(errs) == 0 {
		return errors.New("no errors given")
	}
	s.errors = errs
	w.showErrors(v, errs)
	return nil
}

// closeView is somebody closing a modal with its cancel button.
func (w *Workspace) closeView(u *User, v *view) {
	below := w.top(u.ID) == v && len(w.stacks[u.ID]) > 1
	w.closeTop(v)
	if !v.flag("notify_on_close") {
		return
	}
	payload := w.base("view_closed", u, place{view: v})
	payload["is_cleared"] = !below
	delete(payload, "container")
	w.deliver(newEnvelope("interactive", payload))
}

// suggestion is a question to the app for the options of an external select. What came of it
// may be read once done is closed.
type suggestion struct {
	done    <-chan struct{}
	options []any // those of groups with the label of their group as "group"
	problem string
}

// defaultQuery is how many letters Slack waits for where a select does not say.
const defaultQuery = 3

// suggest asks the app for the options of an external select.
func (w *Workspace) suggest(u *User, p place, f found, query string) *suggestion {
	least := defaultQuery
	if n, ok := f.el["min_query_length"].(float64); ok {
		least = int(n)
	}
	s := &suggestion{}
	if utf8.RuneCountInString(query) < least {
		done := make(chan struct{})
		close(done)
		s.done, s.problem = done, fmt.Sprintf("Type at least %d letters.", least)
		return s
	}
	payload := w.base("block_suggestion", u, p)
	payload["action_id"], payload["block_id"], payload["value"] = f.action, f.block, query
	e := newEnvelope("interactive", payload)
	s.done = e.done
	e.onFail = func() { s.problem = "The options could not be loaded." }
	e.onAck = func(answer json.RawMessage) {
		if problems := blockkit.ValidateOptions(answer); len(problems) > 0 {
			w.log.Debug("answer to block_suggestion refused", "problem", problems[0].String())
			s.problem = "The options could not be loaded: " + problems[0].Message
			return
		}
		var a obj
		if json.Unmarshal(answer, &a) == nil {
			s.options = groupedOptions(a)
		}
	}
	w.deliver(e)
	return s
}

// groupedOptions are options, those in groups with the name of their group.
func groupedOptions(a obj) []any {
	all := slices.Clone(items(a["options"]))
	for _, g := range items(a["option_groups"]) {
		for _, o := range items(asObj(g)["options"]) {
			named := maps.Clone(asObj(o))
			named["group"] = textOf(asObj(g)["label"])
			all = append(all, named)
		}
	}
	return all
}

// ungrouped is an option as the app sent it.
func ungrouped(o obj) obj {
	o = maps.Clone(o)
	delete(o, "group")
	return o
}
