package commands

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/stackhand/stackhand"
)

// fillIn sends a form as it was opened, filled in.
func fillIn(t *testing.T, env *Env, u stackhand.User, f *Form, values map[string]string) (Reply, error) {
	t.Helper()
	if f == nil {
		t.Fatal("there is no form")
	}
	for id := range values {
		if !strings.Contains(inputs(f), " "+id+" ") {
			t.Errorf("the form has no input %s, but%s", id, inputs(f))
		}
	}
	r, problems, err := Submit(t.Context(), env, u, f.ID, f.State, values, Line{Key: fmt.Sprint("form", f.State, values), Place: stackhand.Place{Channel: "C1"}})
	if len(problems) > 0 {
		t.Errorf("problems %v", problems)
	}
	return r, err
}

// inputs are the ids of a form's inputs, each between spaces.
func inputs(f *Form) string {
	out := " "
	for _, in := range f.Inputs {
		out += in.ID + " "
	}
	return out
}

func TestCreateForm(t *testing.T) {
	w, env := newWorld()
	r, err := say(t, env, alice, "create")
	if err != nil || r.Form == nil || len(w.order) != 0 {
		t.Fatal(told(r, err))
	}
	for _, in := range r.Form.Inputs {
		kind, cloud, _ := strings.Cut(in.Search, "@")
		if in.Search != "" && (choices[kind] == nil || cloud != "lab") {
			t.Errorf("%s searches in %q", in.ID, in.Search)
		}
	}
	r, err = fillIn(t, env, alice, r.Form, map[string]string{
		"name": " web-1 ", "image": "i-debian", "flavor": "3", "network": "", "key-name": "", "for": "2 days", "floating-ip": "false",
	})
	if err != nil {
		t.Fatal(told(r, err))
	}
	got := input[stackhand.CreateSpec](t, w)
	want := stackhand.CreateSpec{
		Name: "web-1", Count: 1, Cloud: "lab", ProjectID: teamA, Project: "team-a", Owner: "U0ALICE", ImageID: "i-debian", Image: "Debian 12", Login: "debian",
		FlavorID: "3", Flavor: "m1.medium", Network: "auto", External: "n-public", KeyName: "laptop", For: 48 * time.Hour,
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
	if line := w.jobs[r.Job].Line; line != "create web-1 --flavor 3 --image i-debian --for 2d --no-floating-ip" {
		t.Errorf("line %q", line)
	}
	for _, values := range []map[string]string{{"name": "no good"}, {"name": "web-2", "for": "soon"}, {"name": "--dry-run"}, {"name": "web-2", "image": "nope"}} {
		r, err := Do(t.Context(), env, alice, Line{Text: "create", Key: "k"})
		if err != nil {
			t.Fatal(err)
		}
		if r, err = fillIn(t, env, alice, r.Form, values); err == nil || len(w.order) != 1 {
			t.Errorf("%v: %s", values, told(r, err))
		}
	}
	if _, err := say(t, env, bob, "create"); stackhand.KindOf(err) != stackhand.Unauthorized {
		t.Errorf("not logged in: %v", err)
	}
}

func TestResizeForm(t *testing.T) {
	w, env := newWorld()
	w.give("U0ALICE", "web-1")
	r, err := inThread(t, env, alice, "web-1", "resize")
	if err != nil || r.Form == nil || r.Form.State != "resize" {
		t.Fatalf("%+v %s", r.Form, told(r, err))
	}
	r, err = say(t, env, alice, "resize web-1")
	if err != nil || len(w.order) != 0 {
		t.Fatal(told(r, err))
	}
	r, err = fillIn(t, env, alice, r.Form, map[string]string{"flavor": "3"})
	if err != nil || w.jobs[r.Job].Line != "resize web-1 --flavor 3" {
		t.Errorf("%q: %s", w.jobs[r.Job].Line, told(r, err))
	}
	if got := actOf(t, w); got.FlavorID != "3" {
		t.Errorf("%+v", got)
	}
}

func TestRebuildForm(t *testing.T) {
	for line, want := range map[string]stackhand.ActSpec{
		"rebuild web-1": {Verb: "rebuild", ImageID: "i-jammy", Image: "Ubuntu 22.04", Login: "ubuntu"},
		"rebuild web-1 --image debian --password":    {Verb: "rebuild", ImageID: "i-debian", Image: "Debian 12", Login: "debian", Password: "hunter2hunter2"},
		"rebuild web-1 --password --property tier=2": {Verb: "rebuild", ImageID: "i-jammy", Image: "Ubuntu 22.04", Login: "ubuntu", Password: "hunter2hunter2", Set: map[string]string{"tier": "2"}},
	} {
		w, env := newWorld()
		w.give("U0ALICE", "web-1")
		w.fixed("web-1")
		r, err := say(t, env, alice, line)
		if err != nil || r.Form == nil || len(w.order) != 0 {
			t.Fatalf("%s: %s", line, told(r, err))
		}
		expect(t, r.Form.Intro.String(), "All that is on the disk of web-1 is lost")
		values := map[string]string{"password": want.Password}
		for _, in := range r.Form.Inputs {
			if in.ID == "image" {
				values["image"] = in.Value
			}
		}
		r, err = fillIn(t, env, alice, r.Form, values)
		if err != nil {
			t.Fatalf("%s: %s", line, told(r, err))
		}
		if diff := cmp.Diff(want, actOf(t, w)); diff != "" {
			t.Errorf("%s: %s", line, diff)
		}
		if j := w.jobs[r.Job]; strings.Contains(j.Line+j.Title+told(r, nil), "hunter2") {
			t.Errorf("the password shows: %q %q %s", j.Line, j.Title, told(r, nil))
		}
	}
}

// A password is entered in the form and nowhere else, and never said again.
func TestPassword(t *testing.T) {
	w, env := newWorld()
	w.give("U0ALICE", "web-1")
	r, err := say(t, env, alice, "password web-1")
	if err != nil || r.Form == nil || len(r.Form.Inputs) != 1 || !r.Form.Inputs[0].Secret || len(w.order) != 0 {
		t.Fatalf("%+v %s", r.Form, told(r, err))
	}
	form := r.Form
	if r, err := fillIn(t, env, alice, form, map[string]string{"password": strings.Repeat("x", 300)}); stackhand.KindOf(err) != stackhand.Invalid {
		t.Error(told(r, err))
	}
	r, err = fillIn(t, env, alice, form, map[string]string{"password": " hunter2 hunter2 "})
	if err != nil {
		t.Fatal(told(r, err))
	}
	if diff := cmp.Diff(stackhand.ActSpec{Verb: "password", Password: " hunter2 hunter2 "}, actOf(t, w)); diff != "" {
		t.Error(diff)
	}
	if j := w.jobs[r.Job]; strings.Contains(j.Line+j.Title+told(r, nil), "hunter2") || j.Line != "password web-1" {
		t.Errorf("line %q, title %q, %s", j.Line, j.Title, told(r, nil))
	}
	for _, line := range []string{"password web-1 hunter2hunter2", "password hunter2hunter2", "password web-1 --password hunter2hunter2", "set web-1 --property password=hunter2hunter2"} {
		r, err := say(t, env, alice, line)
		if err == nil || r.Form != nil || len(w.order) != 1 || strings.Contains(told(r, err), "hunter2") {
			t.Errorf("%s: %s", line, told(r, err))
		}
	}
	if r, err := inThread(t, env, alice, "web-1", "password hunter2hunter2"); err == nil || strings.Contains(told(r, err), "hunter2") {
		t.Errorf("in the thread: %s", told(r, err))
	}
	w.put("web-1", "SHUTOFF")
	r, err = say(t, env, alice, " password web-1")
	expect(t, told(r, err), "you cannot change the password of it now.*`start web-1` first")
}

// What comes back with a form is checked like a line that was typed.
func TestFormsAreChecked(t *testing.T) {
	w, env := newWorld()
	w.give("U0ALICE", "web-1")
	for state, kind := range map[string]stackhand.Kind{"": stackhand.Invalid, "frobnicate x": stackhand.Invalid, `"open quote`: stackhand.Invalid, "resize web-1 --nope": stackhand.Invalid} {
		r, err := fillIn(t, env, alice, &Form{ID: formLine, State: state}, nil)
		if stackhand.KindOf(err) != kind || len(w.order) != 0 {
			t.Errorf("%q: %s", state, told(r, err))
		}
	}
	r, err := fillIn(t, env, guest, &Form{ID: formLine, State: "stop web-1"}, nil)
	if stackhand.KindOf(err) != stackhand.Forbidden || len(w.order) != 0 {
		t.Error(told(r, err))
	}
	r, err = fillIn(t, env, alice, &Form{ID: formLine, State: "create", Inputs: []Input{{ID: "name"}, {ID: "property"}}}, map[string]string{"name": "web-2", "property": "password=hunter2hunter2"})
	if stackhand.KindOf(err) != stackhand.Invalid || len(w.order) != 0 || strings.Contains(told(r, err), "hunter2") {
		t.Error(told(r, err))
	}
}
