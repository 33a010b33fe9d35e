package slack

import (
	"errors"
	"fmt"
	"slices"
	"strings"
)

// View is a modal as its user sees it.
type View struct {
	ID, CallbackID, Title string
	Text                  string // what can be read in it, as in Shown
	Inputs                []string
}

// Type is a person writing a line in a channel (by name or id; "@stackhand" is the direct message
// with the bot), or with thread, the ts of a message, in its thread. A line that begins with the
// slash command runs it. What Slack itself refuses comes as a Shown of kind notice; the error is
// for people, channels and threads that do not exist.
func (w *Workspace) Type(user, channel, thread, text string) error {
	return w.enter(user, channel, thread, text, nil)
}

// TypeWithFile is Type with a file shared along.
func (w *Workspace) TypeWithFile(user, channel, thread, text, name string, content []byte) error {
	return w.enter(user, channel, thread, text, func(u *User) []*file { return []*file{w.newFile(u.ID, name, content)} })
}

func (w *Workspace) enter(user, channel, thread, text string, files func(*User) []*file) error {
	w.mu.Lock()
	defer w.mu.Unlock()
	u, err := w.person(user)
	if err != nil {
		return err
	}
	c, err := w.place(u, channel)
	if err != nil {
		return err
	}
	var shared []*file
	if files != nil {
		shared = files(u)
	}
	return w.say(u, c, thread, text, shared)
}

// target is an element that a person can see, and where it is.
type target struct {
	found
	place
}

// inSight are the elements that user can use, those first that a person would try first: the open
// modal's, then the newest messages', then the home tab's.
func (w *Workspace) inSight(u *User) []target {
	var all []target
	add := func(p place) {
		for _, f := range elementsOf(p.blocks()) {
			all = append(all, target{f, p})
		}
	}
	if v := w.top(u.ID); v != nil {
		add(place{view: v})
	}
	for _, m := range w.messagesOf(u.ID) {
		add(place{message: m})
	}
	if v := w.homes[u.ID]; v != nil {
		add(place{view: v})
	}
	return all
}

// messagesOf are the messages that user sees, newest first.
func (w *Workspace) messagesOf(user string) []*message {
	var all []*message
	for _, c := range w.channels {
		for _, m := range c.messages {
			if m.visible(user) {
				all = append(all, m)
			}
		}
	}
	slices.SortStableFunc(all, func(a, b *message) int { return tsTime(b.ts).Compare(tsTime(a.ts)) })
	return all
}

// Click presses the newest button (or opens the newest menu) with that action id that user sees,
// and confirms if that is asked. It does not wait for the app.
func (w *Workspace) Click(user, actionID string) error {
	return w.clickFirst(user, actionID, func(target) (any, bool) { return nil, true })
}

// ClickValue is Click for the button with that value or label, or for that option (by value or label) of a
// menu.
func (w *Workspace) ClickValue(user, actionID, value string) error {
	return w.clickFirst(user, actionID, func(t target) (any, bool) {
		if options := optionsOf(t.el); options != nil {
			_, err := pick(options, value)
			return value, err == nil
		}
		if _, stateful := valueKeys[str(t.el, "type")]; stateful {
			return value, true
		}
		return nil, str(t.el, "value") == value || t.label == value
	})
}

func (w *Workspace) clickFirst(user, actionID string, accept func(target) (any, bool)) error {
	w.mu.Lock()
	defer w.mu.Unlock()
	u, err := w.person(user)
	if err != nil {
		return err
	}
	seen := w.inSight(u)
	for _, t := range seen {
		if t.action != actionID || t.input {
			continue
		}
		if raw, ok := accept(t); ok {
			return w.click(u, t.place, t.found, raw)
		}
	}
	return fmt.Errorf("%s sees no button %q, only %s", u.Name, actionID, buttonList(seen))
}

func buttonList(seen []target) string {
	var all []string
	for _, t := range seen {
		s := t.action
		if v := str(t.el, "value"); v != "" {
			s += "=" + v
		}
		if t.label != "" {
			s += " [" + t.label + "]"
		}
		if !t.input && !slices.Contains(all, s) && len(all) < 20 {
			all = append(all, s)
		}
	}
	if all == nil {
		return "none at all"
	}
	return strings.Join(all, ", ")
}

// Submit fills the inputs of the modal open before user, by action id, and sends it. Choices are
// named by value or label, several of them parted by commas. It returns when the app has answered;
// complaints about fields are a Shown of kind modal, not an error.
func (w *Workspace) Submit(user string, values map[string]string) error {
	u, v, filled, err := w.filled(user, values)
	if err != nil {
		return err
	}
	w.mu.Lock()
	s, err := w.submit(u, v, filled)
	w.mu.Unlock()
	if err != nil {
		return err
	}
	select {
	case <-s.done:
		return nil
	case <-w.ctx.Done():
		return errors.New("the workspace was closed")
	}
}

// filled turns values by action id into values by block and action.
func (w *Workspace) filled(user string, values map[string]string) (*User, *view, obj, error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	u, err := w.person(user)
	if err != nil {
		return nil, nil, nil, err
	}
	v := w.top(u.ID)
	if v == nil {
		return nil, nil, nil, fmt.Errorf("no modal is open before %s", u.Name)
	}
	inputs := inputsOf(v.doc)
	out := obj{}
	for name, value := range values {
		at := slices.IndexFunc(inputs, func(f found) bool { return f.action == name })
		if at < 0 {
			return nil, nil, nil, fmt.Errorf("there is no input %q, only %s", name, strings.Join(names(inputs), ", "))
		}
		f := inputs[at]
		if value != "" && strings.Contains(str(f.el, "type"), "external") {
			o, err := w.external(u, v, f, value)
			if err != nil {
				return nil, nil, nil, err
			}
			put(out, f.block, f.action, o)
			continue
		}
		put(out, f.block, f.action, value)
	}
	return u, v, out, nil
}

// external asks the app for the option that a person would choose: the one that they typed, or
// the only one that begins with it. It lets go of the lock meanwhile.
func (w *Workspace) external(u *User, v *view, f found, value string) (any, error) {
	s := w.suggest(u, place{view: v}, f, value)
	w.mu.Unlock()
	select {
	case <-s.done:
	case <-w.ctx.Done():
	}
	w.mu.Lock()
	if s.problem != "" {
		return nil, fmt.Errorf("%s: %s", f.action, s.problem)
	}
	chosen, err := pick(s.options, value)
	if err == nil {
		return ungrouped(chosen), nil
	}
	var begin []obj
	for _, o := range s.options {
		if m := asObj(o); m["group"] == nil && strings.HasPrefix(strings.ToLower(textOf(m["text"])), strings.ToLower(value)) {
			begin = append(begin, m)
		}
	}
	if len(begin) != 1 {
		return nil, err
	}
	return begin[0], nil
}

func names(inputs []found) []string {
	var all []string
	for _, f := range inputs {
		all = append(all, f.action)
	}
	if all == nil {
		return []string{"none at all"}
	}
	return all
}

// CloseModal closes the modal open before user, as its cancel button does.
func (w *Workspace) CloseModal(user string) error {
	w.mu.Lock()
	defer w.mu.Unlock()
	u, err := w.person(user)
	if err != nil {
		return err
	}
	v := w.top(u.ID)
	if v == nil {
		return fmt.Errorf("no modal is open before %s", u.Name)
	}
	w.closeView(u, v)
	return nil
}

// Modal returns the modal open before user.
func (w *Workspace) Modal(user string) (View, bool) {
	w.mu.Lock()
	defer w.mu.Unlock()
	u := w.user(user)
	if u == nil || w.top(u.ID) == nil {
		return View{}, false
	}
	v := w.top(u.ID)
	r := renderer{w: w, seen: map[string]bool{}}
	r.blocks(v.blocks())
	out := View{ID: v.id, CallbackID: str(v.doc, "callback_id"), Title: textOf(v.doc["title"]), Text: r.String()}
	for _, f := range inputsOf(v.doc) {
		out.Inputs = append(out.Inputs, f.action)
	}
	return out, true
}

// OpenHome is user looking at the app's home tab.
func (w *Workspace) OpenHome(user string) error {
	w.mu.Lock()
	defer w.mu.Unlock()
	u, err := w.person(user)
	if err != nil {
		return err
	}
	w.openHome(u)
	return nil
}

func (w *Workspace) openHome(u *User) {
	ev := obj{"type": "app_home_opened", "user": u.ID, "channel": w.dm(u).ID, "tab": "home"}
	if v := w.homes[u.ID]; v != nil {
		ev["view"] = v.json()
		w.showModal(v)
	}
	w.event("app_home_opened", ev)
}

// acts tells whether a message has buttons other than those that show it to others or page through it.
func acts(m *message) bool {
	return slices.ContainsFunc(elementsOf(place{message: m}.blocks()), func(f found) bool {
		return !slices.Contains([]string{"share", "choose", "page", "login"}, f.action)
	})
}

// LastCard finds the newest message of the bot that user sees, is neither ephemeral nor within a thread, and
// is about something: it has a thread of its own, or buttons that do more than show it elsewhere. If there is
// none such, it is just the newest.
func (w *Workspace) LastCard(user string) (channel, ts string, ok bool) {
	w.mu.Lock()
	defer w.mu.Unlock()
	u := w.user(user)
	if u == nil {
		return "", "", false
	}
	for _, m := range w.messagesOf(u.ID) {
		switch {
		case !m.bot || m.ephemeral != "" || m.thread != "":
		case len(m.channel.replies(m.ts)) > 1, acts(m):
			return m.channel.ID, m.ts, true
		case !ok:
			channel, ts, ok = m.channel.ID, m.ts, true
		}
	}
	return channel, ts, ok
}
