package slack

import (
	"strings"
	"testing"
	"time"
)

// trigger lets alice run a command and returns the trigger_id that comes of it.
func (a *app) trigger(l *link) string {
	a.t.Helper()
	a.typed("alice", "team-a", "", "/stack form")
	return str(l.take(), "trigger_id")
}

// press lets alice press a button and returns the payload.
func (a *app) press(l *link, action string) obj {
	a.t.Helper()
	if err := a.w.Click("alice", action); err != nil {
		a.t.Fatal(err)
	}
	return l.take()
}

func (a *app) open(l *link, blocks ...any) obj {
	a.t.Helper()
	return asObj(a.call("views.open", obj{"trigger_id": a.trigger(l), "view": modal("Form", blocks...)})["view"])
}

// send submits alice's modal and gives the app's answer; it returns the payload.
func (a *app) send(l *link, values map[string]string, answer any) obj {
	a.t.Helper()
	done := make(chan error, 1)
	go func() { done <- a.w.Submit("alice", values) }()
	e := l.next()
	l.ack(e, answer)
	if err := <-done; err != nil {
		a.t.Fatal(err)
	}
	return asObj(e["payload"])
}

func TestTriggerWorksOnceAndNotForLong(t *testing.T) {
	a := start(t, Options{Clocks: Clocks{Trigger: time.Minute}})
	l := a.connect()
	view := modal("Form", section("x"))
	id := a.trigger(l)
	a.call("views.open", obj{"trigger_id": id, "view": view})
	a.refused("exchanged_trigger_id", "views.open", obj{"trigger_id": id, "view": view})
	a.refused("invalid_trigger_id", "views.open", obj{"trigger_id": "1.2.3", "view": view})
	a = start(t, Options{Clocks: Clocks{Trigger: time.Millisecond}})
	id = a.trigger(a.connect())
	<-time.After(5 * time.Millisecond)
	a.refused("expired_trigger_id", "views.open", obj{"trigger_id": id, "view": view})
}

func TestViewRefusals(t *testing.T) {
	a := start(t, Options{})
	l := a.connect()
	long := modal("This title is far too long", section("x"))
	a.refused("invalid_arguments", "views.open", obj{"trigger_id": a.trigger(l), "view": long})
	a.refused("invalid_arguments", "views.open", obj{"trigger_id": a.trigger(l), "view": obj{"type": "home", "blocks": []any{}}})
	a.refused("invalid_arguments", "views.open", obj{"trigger_id": a.trigger(l), "view": "{"})
	a.refused("invalid_arguments", "views.open", obj{"trigger_id": a.trigger(l)})
	var blocks []any
	for range 90 {
		blocks = append(blocks, section(strings.Repeat("x", 2900)))
	}
	a.refused("view_too_large", "views.open", obj{"trigger_id": a.trigger(l), "view": modal("Form", blocks...)})
	a.refused("not_found", "views.update", obj{"view_id": "V0NONE", "view": modal("Form")})
	first := modal("Form", section("x"))
	first["external_id"] = "mine"
	a.call("views.open", obj{"trigger_id": a.trigger(l), "view": first})
	a.typed("bob", "team-a", "", "/stack form")
	a.refused("duplicate_external_id", "views.open", obj{"trigger_id": l.take()["trigger_id"], "view": first})
	a.call("views.update", obj{"external_id": "mine", "view": first})
}

func TestViewStack(t *testing.T) {
	a := start(t, Options{})
	l := a.connect()
	with := actions(button("more", "More", ""))
	a.open(l, with)
	a.refused("invalid_trigger_id", "views.push", obj{"trigger_id": a.trigger(l), "view": modal("Next")})
	second := asObj(a.call("views.push", obj{"trigger_id": a.press(l, "more")["trigger_id"], "view": modal("Second", with)})["view"])
	if second["previous_view_id"] != second["root_view_id"] || second["root_view_id"] == second["id"] {
		t.Errorf("pushed %v", second)
	}
	a.call("views.push", obj{"trigger_id": a.press(l, "more")["trigger_id"], "view": modal("Third", with)})
	a.refused("push_limit_reached", "views.push", obj{"trigger_id": a.press(l, "more")["trigger_id"], "view": modal("Fourth")})
	for _, want := range []string{"Third", "Second", "Form"} {
		if m, ok := a.w.Modal("alice"); !ok || m.Title != want {
			t.Errorf("before alice is %v, want %s", m, want)
		}
		if err := a.w.CloseModal("alice"); err != nil {
			t.Fatal(err)
		}
	}
	if err := a.w.CloseModal("alice"); err == nil {
		t.Error("closed what is not open")
	}
}

// What was filled in stays while block_id and action_id stay; the hash guards against two updates
// at once.
func TestViewUpdate(t *testing.T) {
	a := start(t, Options{})
	l := a.connect()
	v := a.open(l, input("keep", "name"), input("go", "other"))
	a.send(l, map[string]string{"name": "web-1", "other": "x"}, obj{"response_action": "errors", "errors": obj{"keep": "taken"}})
	next := modal("Form", input("keep", "name"), input("new", "other"))
	updated := asObj(a.call("views.update", obj{"view_id": v["id"], "hash": v["hash"], "view": next})["view"])
	values := asObj(asObj(updated["state"])["values"])
	if str(asObj(asObj(values["keep"])["name"]), "value") != "web-1" || values["new"] != nil || values["go"] != nil {
		t.Errorf("kept %v", values)
	}
	a.refused("hash_conflict", "views.update", obj{"view_id": v["id"], "hash": v["hash"], "view": next})
}

func TestSubmission(t *testing.T) {
	a := start(t, Options{})
	l := a.connect()
	a.open(l, input("b", "name"))
	for _, c := range []struct {
		name   string
		answer any
		shown  Shown
		title  string // of what is open afterwards
	}{
		{"errors", obj{"response_action": "errors", "errors": obj{"b": "no such name"}}, Shown{Kind: "modal", Text: "Your name: no such name"}, "Form"},
		{"errors of a foreign block", obj{"response_action": "errors", "errors": obj{"zzz": "?"}}, Shown{Kind: "notice", Text: noTrouble}, "Form"},
		{"no errors", obj{"response_action": "errors"}, Shown{Kind: "notice", Text: noTrouble}, "Form"},
		{"unknown", obj{"response_action": "dance"}, Shown{Kind: "notice", Text: noTrouble}, "Form"},
		{"bad view", obj{"response_action": "update", "view": obj{"type": "modal"}}, Shown{Kind: "notice", Text: noTrouble}, "Form"},
		{"push", obj{"response_action": "push", "view": modal("Pushed", input("b", "name"))}, Shown{Kind: "modal", Text: "Pushed"}, "Pushed"},
		{"update", obj{"response_action": "update", "view": modal("Updated", input("b", "name"))}, Shown{Kind: "modal", Text: "Updated"}, "Updated"},
		{"close", nil, Shown{}, "Form"},
		{"push again", obj{"response_action": "push", "view": modal("Pushed", input("b", "name"))}, Shown{Kind: "modal", Text: "Pushed"}, "Pushed"},
		{"clear", obj{"response_action": "clear"}, Shown{}, ""},
	} {
		mark := a.w.Mark()
		p := a.send(l, map[string]string{"name": "web-1"}, c.answer)
		if p["type"] != "view_submission" || str(asObj(p["view"]), "callback_id") != "form" || p["trigger_id"] == "" {
			t.Errorf("%s: payload %v", c.name, p)
		}
		if c.shown.Kind != "" {
			a.shown(mark, c.shown.Kind, c.shown.Text)
		}
		if m, _ := a.w.Modal("alice"); m.Title != c.title {
			t.Errorf("%s: afterwards %q is open, want %q", c.name, m.Title, c.title)
		}
	}
}

// What Slack checks by itself never reaches the app.
func TestInputsAreCheckedFirst(t *testing.T) {
	a := start(t, Options{})
	l := a.connect()
	element := func(kind string, more obj) obj {
		in := input("b", "x")
		e := obj{"type": kind, "action_id": "x"}
		for k, v := range more {
			e[k] = v
		}
		in["element"] = e
		return in
	}
	for _, c := range []struct {
		kind  string
		more  obj
		value string
		want  string
	}{
		{"plain_text_input", nil, "", "required"},
		{"plain_text_input", obj{"min_length": 3}, "ab", "at least 3"},
		{"plain_text_input", obj{"max_length": 3}, "abcd", "no more than 3"},
		{"number_input", obj{"is_decimal_allowed": false}, "1.5", "whole number"},
		{"number_input", obj{"is_decimal_allowed": true}, "many", "enter a number"},
		{"number_input", obj{"is_decimal_allowed": true, "min_value": "2"}, "1", "at least 2"},
		{"number_input", obj{"is_decimal_allowed": true, "max_value": "2"}, "3", "at most 2"},
		{"email_text_input", nil, "nobody", "valid email"},
		{"url_text_input", nil, "nowhere", "valid URL"},
		{"datepicker", nil, "tomorrow", "valid date"},
		{"timepicker", nil, "noon", "valid time"},
	} {
		a.open(l, element(c.kind, c.more))
		mark := a.w.Mark()
		if err := a.w.Submit("alice", map[string]string{"x": c.value}); err != nil {
			t.Fatal(err)
		}
		a.shown(mark, "modal", c.want)
	}
	if n := a.w.Unacked(); n != 0 {
		t.Errorf("%d envelopes were sent", n)
	}
}

func TestAllInputs(t *testing.T) {
	a := start(t, Options{})
	l := a.connect()
	option := func(v string) obj {
		return obj{"text": obj{"type": "plain_text", "text": strings.ToUpper(v)}, "value": v}
	}
	options := []any{option("a"), option("b"), option("c")}
	elements := []obj{
		{"type": "static_select", "action_id": "one", "options": options},
		{"type": "multi_static_select", "action_id": "some", "options": options},
		{"type": "checkboxes", "action_id": "boxes", "options": options, "initial_options": []any{option("c")}},
		{"type": "radio_buttons", "action_id": "radio", "options": options, "initial_option": option("b")},
		{"type": "users_select", "action_id": "who"},
		{"type": "multi_channels_select", "action_id": "where"},
		{"type": "datepicker", "action_id": "day"},
		{"type": "datetimepicker", "action_id": "moment"},
		{"type": "number_input", "action_id": "count", "is_decimal_allowed": false},
		{"type": "rich_text_input", "action_id": "words"},
	}
	var blocks []any
	for _, e := range elements {
		in := input("b-"+str(e, "action_id"), "")
		in["label"] = obj{"type": "plain_text", "text": "Label"}
		in["element"] = e
		blocks = append(blocks, in)
	}
	a.open(l, blocks...)
	p := a.send(l, map[string]string{
		"one": "B", "some": "a, C", "who": "bob", "where": "ops,#team-a", "day": "2026-11-21", "moment": "1795239064", "count": "3", "words": "hello",
	}, nil)
	values := asObj(asObj(asObj(p["view"])["state"])["values"])
	get := func(action string) obj { return asObj(asObj(values["b-"+action])[action]) }
	valuesOf := func(action string) string {
		var all []string
		for _, o := range items(get(action)["selected_options"]) {
			all = append(all, str(asObj(o), "value"))
		}
		return strings.Join(all, " ")
	}
	for _, c := range []struct{ what, got, want string }{
		{"one", str(asObj(get("one")["selected_option"]), "value"), "b"},
		{"some", valuesOf("some"), "a c"},
		{"boxes", valuesOf("boxes"), "c"},
		{"radio", str(asObj(get("radio")["selected_option"]), "value"), "b"},
		{"who", str(get("who"), "selected_user"), "U0BOB"},
		{"day", str(get("day"), "selected_date"), "2026-11-21"},
		{"count", str(get("count"), "value"), "3"},
		{"words", str(asObj(get("words")["rich_text_value"]), "type"), "rich_text"},
	} {
		if c.got != c.want {
			t.Errorf("%s: got %q, want %q", c.what, c.got, c.want)
		}
	}
	if l := items(get("where")["selected_channels"]); len(l) != 2 || l[0] != "C0OPS" || l[1] != "C0TEAMA" {
		t.Errorf("where: %v", l)
	}
	if get("moment")["selected_date_time"] != 1795239064.0 {
		t.Errorf("moment: %v", get("moment"))
	}
}

func TestInputsAreNotButtons(t *testing.T) {
	a := start(t, Options{})
	a.open(a.connect(), input("b", "name"), actions(button("more", "More", "1")))
	if err := a.w.Click("alice", "name"); err == nil || err.Error() != `alice sees no button "name", only more=1 [More]` {
		t.Errorf("got %v", err)
	}
}

func TestSubmitNamesItsMistakes(t *testing.T) {
	a := start(t, Options{})
	l := a.connect()
	if err := a.w.Submit("alice", nil); err == nil || !strings.Contains(err.Error(), "no modal is open before alice") {
		t.Errorf("got %v", err)
	}
	one := input("b", "size")
	one["element"] = obj{"type": "static_select", "action_id": "size", "options": []any{obj{"text": obj{"type": "plain_text", "text": "Small"}, "value": "s"}}}
	a.open(l, one)
	for _, c := range []struct{ id, value, want string }{
		{"sise", "s", `there is no input "sise", only size`},
		{"size", "huge", `there is no option "huge", only "Small"`},
	} {
		if err := a.w.Submit("alice", map[string]string{c.id: c.value}); err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("got %v, want %s", err, c.want)
		}
	}
}

func choice(label, value string) obj {
	return obj{"text": obj{"type": "plain_text", "text": label}, "value": value}
}

func TestExternalSelect(t *testing.T) {
	some := obj{"options": []any{choice("Ubuntu 22.04 · 2 GB", "id-7"), choice("Ubuntu 24.04 · 2 GB", "id-8"), choice("Debian", "id-9")}}
	for _, c := range []struct {
		name, typed string
		answer      obj
		want, err   string
	}{
		{"by label", "Debian", some, "id-9", ""},
		{"by value", "id-8", some, "id-8", ""},
		{"by its beginning", "ubuntu 22", some, "id-7", ""},
		{"by a beginning that two have", "Ubuntu", some, "", `there is no option "Ubuntu", only "Ubuntu 22.04`},
		{"what tells only why", "Cloud", obj{"option_groups": []any{obj{"label": obj{"type": "plain_text", "text": "x"}, "options": []any{choice("Cloud is down", "none")}}}}, "", "there is no option"},
		{"an answer that Slack would refuse", "Debian", obj{"options": []any{choice("", "id-9")}}, "", "could not be loaded: must be more than 0 characters"},
		{"too few letters", "De", some, "", "Type at least 3 letters"},
	} {
		t.Run(c.name, func(t *testing.T) {
			a := start(t, Options{})
			l := a.connect()
			in := input("b", "image")
			in["element"] = obj{"type": "external_select", "action_id": "image"}
			a.open(l, in)
			done := make(chan error, 1)
			go func() { done <- a.w.Submit("alice", map[string]string{"image": c.typed}) }()
			if len(c.typed) >= defaultQuery {
				e := l.next()
				if p := asObj(e["payload"]); p["type"] != "block_suggestion" || p["value"] != c.typed || p["action_id"] != "image" {
					t.Errorf("asked %v", p)
				}
				l.ack(e, c.answer)
			}
			if c.err == "" {
				p := l.take()
				state := asObj(asObj(asObj(asObj(asObj(p["view"])["state"])["values"])["b"])["image"])
				if str(asObj(state["selected_option"]), "value") != c.want {
					t.Errorf("chosen %v", state)
				}
			}
			if err := <-done; (err == nil) != (c.err == "") || err != nil && !strings.Contains(err.Error(), c.err) {
				t.Errorf("got %v, want %q", err, c.err)
			}
		})
	}
}

func TestViewClosed(t *testing.T) {
	a := start(t, Options{})
	l := a.connect()
	view := modal("Form")
	view["notify_on_close"] = true
	a.call("views.open", obj{"trigger_id": a.trigger(l), "view": view})
	if err := a.w.CloseModal("alice"); err != nil {
		t.Fatal(err)
	}
	if p := l.take(); p["type"] != "view_closed" || p["is_cleared"] != true {
		t.Errorf("payload %v", p)
	}
}

func TestHome(t *testing.T) {
	a := start(t, Options{})
	l := a.connect()
	if err := a.w.OpenHome("alice"); err != nil {
		t.Fatal(err)
	}
	ev := asObj(l.take()["event"])
	if ev["type"] != "app_home_opened" || ev["tab"] != "home" || ev["view"] != nil {
		t.Errorf("event %v", ev)
	}
	home := obj{"type": "home", "blocks": []any{section("Your servers"), actions(button("refresh", "Refresh", ""))}}
	v := asObj(a.call("views.publish", obj{"user_id": "U0ALICE", "view": home})["view"])
	a.refused("hash_conflict", "views.publish", obj{"user_id": "U0ALICE", "view": home, "hash": "old"})
	a.call("views.publish", obj{"user_id": "U0ALICE", "view": home, "hash": v["hash"]})
	a.refused("user_not_found", "views.publish", obj{"user_id": "alice", "view": home})
	a.refused("invalid_arguments", "views.publish", obj{"user_id": "U0ALICE", "view": modal("x")})
	p := a.press(l, "refresh")
	if str(asObj(p["container"]), "type") != "view" || str(asObj(p["view"]), "type") != "home" || p["response_url"] != nil {
		t.Errorf("a click in the home tab brought %v", p)
	}
	if err := a.w.OpenHome("alice"); err != nil {
		t.Fatal(err)
	}
	if ev := asObj(l.take()["event"]); asObj(ev["view"])["id"] != v["id"] {
		t.Errorf("the second visit says %v", ev["view"])
	}
}
