package slack

import (
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"time"

	"github.com/stackhand/stackhand/internal/sim/slack/blockkit"
)

// maxStack is how many modals may lie on top of each other.
const maxStack = 3

// view is a modal or a home tab before one user.
type view struct {
	id, hash string
	user     string
	doc      obj // as the app gave it
	root     string
	previous string
	state    obj // block_id → action_id → value, as last told by a client
}

func (v *view) blocks() []any { return items(v.doc["blocks"]) }

func (v *view) home() bool { return v.doc["type"] == "home" }

func (v *view) flag(key string) bool {
	b, _ := v.doc[key].(bool)
	return b
}

func newHash(now time.Time) string { return fmt.Sprintf("%d.%s", now.Unix(), random(4)) }

// json is the view as events, payloads and the Web API give it.
func (v *view) json() obj {
	o := obj{
		"id": v.id, "team_id": TeamID, "app_id": AppID, "app_installed_team_id": TeamID, "bot_id": BotID,
		"hash": v.hash, "root_view_id": v.root, "previous_view_id": nil, "external_id": "",
		"private_metadata": "", "callback_id": "", "title": nil, "close": nil, "submit": nil,
		"clear_on_close": false, "notify_on_close": false, "state": obj{"values": v.values()},
	}
	if v.previous != "" {
		o["previous_view_id"] = v.previous
	}
	for k, x := range v.doc {
		o[k] = x
	}
	return o
}

// values is a copy of the state: what is shown must not change afterwards.
func (v *view) values() obj {
	out := obj{}
	for block, actions := range v.state {
		out[block] = maps.Clone(asObj(actions))
	}
	return out
}

// readView checks a view of the wanted type ("modal" or "home").
func readView(doc any, kind string) (obj, error) {
	m, ok := doc.(obj)
	if !ok {
		return nil, refuse("invalid_arguments")
	}
	raw, err := json.Marshal(m)
	if err != nil {
		return nil, refuse("invalid_arguments")
	}
	if len(raw) > 250_000 {
		return nil, refuse("view_too_large")
	}
	if m["type"] != kind {
		return nil, invalidBlocks("invalid_arguments", []blockkit.Problem{{Pointer: "/type", Message: "must be " + kind}}, "/view")
	}
	if p := blockkit.ValidateView(raw); p != nil {
		return nil, invalidBlocks("invalid_arguments", p, "/view")
	}
	blockkit.Assign(items(m["blocks"]), func() string { return random(3) })
	return m, nil
}

// top is the modal that user sees, or nil.
func (w *Workspace) top(user string) *view {
	s := w.stacks[user]
	if len(s) == 0 {
		return nil
	}
	return s[len(s)-1]
}

func (w *Workspace) uniqueExternal(doc obj, self *view) error {
	id := str(doc, "external_id")
	if id == "" {
		return nil
	}
	for _, v := range w.views {
		if v != self && str(v.doc, "external_id") == id {
			return refuse("duplicate_external_id")
		}
	}
	return nil
}

// openView puts a new modal before user, on top of the others if push is set.
func (w *Workspace) openView(user string, doc obj, push bool) (*view, error) {
	if err := w.uniqueExternal(doc, nil); err != nil {
		return nil, err
	}
	if push && len(w.stacks[user]) >= maxStack {
		return nil, refuse("push_limit_reached")
	}
	v := &view{id: newID("V"), user: user, doc: doc, hash: newHash(w.opt.Now())}
	v.root = v.id
	if push && len(w.stacks[user]) > 0 {
		below := w.top(user)
		v.previous, v.root = below.id, below.root
	} else {
		w.dropStack(user)
	}
	w.views[v.id] = v
	w.stacks[user] = append(w.stacks[user], v)
	w.showModal(v)
	return v, nil
}

// reviseView replaces what a view shows; what was filled in stays where block_id and action_id do.
func (w *Workspace) reviseView(v *view, doc obj) error {
	if err := w.uniqueExternal(doc, v); err != nil {
		return err
	}
	v.doc, v.hash = doc, newHash(w.opt.Now())
	kept := obj{}
	for _, in := range inputsOf(doc) {
		if old, ok := asObj(v.state[in.block])[in.action]; ok {
			put(kept, in.block, in.action, old)
		}
	}
	v.state = kept
	w.showModal(v)
	return nil
}

func (w *Workspace) showModal(v *view) {
	kind, event := "modal", "view"
	if v.home() {
		kind, event = "home", "home"
	}
	w.showView(kind, v)
	w.emit(uiEvent{Type: event, audience: audience{user: v.user}, Body: obj{"view": v.json()}})
}

// closeTop takes the uppermost modal of user away, if it is v.
func (w *Workspace) closeTop(v *view) {
	s := w.stacks[v.user]
	if i := slices.Index(s, v); i >= 0 {
		w.stacks[v.user] = slices.Delete(s, i, i+1)
	}
	delete(w.views, v.id)
	w.emit(uiEvent{Type: "view_closed", audience: audience{user: v.user}, Body: obj{"id": v.id}})
	w.touch()
}

func (w *Workspace) dropStack(user string) {
	for _, v := range slices.Backward(slices.Clone(w.stacks[user])) {
		w.closeTop(v)
	}
}

func viewsOpen(w *Workspace, q *request) (obj, error) { return w.viewsAdd(q, false) }

func viewsPush(w *Workspace, q *request) (obj, error) { return w.viewsAdd(q, true) }

func (w *Workspace) viewsAdd(q *request, push bool) (obj, error) {
	doc, err := q.json("view")
	if err != nil || doc == nil {
		return nil, refuse("invalid_arguments")
	}
	m, err := readView(doc, "modal")
	if err != nil {
		return nil, err
	}
	id := q.str("trigger_id")
	if id == "" {
		id = q.str("interactivity_pointer")
	}
	t, err := w.useTrigger(id)
	if err != nil {
		return nil, err
	}
	if push && (t.view == nil || w.views[t.view.id] == nil) {
		return nil, refuse("invalid_trigger_id") // one can only push onto a modal that is open
	}
	v, err := w.openView(t.user, m, push)
	if err != nil {
		return nil, err
	}
	return obj{"view": v.json()}, nil
}

func viewsUpdate(w *Workspace, q *request) (obj, error) {
	v := w.views[q.str("view_id")]
	if ext := q.str("external_id"); ext != "" {
		for _, x := range w.views {
			if str(x.doc, "external_id") == ext {
				v = x
			}
		}
	}
	if v == nil {
		return nil, refuse("not_found")
	}
	if h := q.str("hash"); h != "" && h != v.hash {
		return nil, refuse("hash_conflict")
	}
	doc, err := q.json("view")
	if err != nil || doc == nil {
		return nil, refuse("invalid_arguments")
	}
	m, err := readView(doc, str(v.doc, "type"))
	if err != nil {
		return nil, err
	}
	if err := w.reviseView(v, m); err != nil {
		return nil, err
	}
	return obj{"view": v.json()}, nil
}

func viewsPublish(w *Workspace, q *request) (obj, error) {
	u := w.user(q.str("user_id"))
	if u == nil || u.ID != q.str("user_id") || u.Bot {
		return nil, refuse("user_not_found")
	}
	doc, err := q.json("view")
	if err != nil || doc == nil {
		return nil, refuse("invalid_arguments")
	}
	m, err := readView(doc, "home")
	if err != nil {
		return nil, err
	}
	v := w.homes[u.ID]
	if h := q.str("hash"); v != nil && h != "" && h != v.hash {
		return nil, refuse("hash_conflict")
	}
	if v == nil {
		v = &view{id: newID("V"), user: u.ID}
		v.root = v.id
		w.homes[u.ID], w.views[v.id] = v, v
	}
	if err := w.reviseView(v, m); err != nil {
		return nil, err
	}
	return obj{"view": v.json()}, nil
}
