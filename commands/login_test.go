package commands

import (
	"fmt"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/stackhand/stackhand"
)

func submit(t *testing.T, env *Env, u stackhand.User, form *Form, values map[string]string) (Reply, map[string]string, error) {
	t.Helper()
	if form == nil {
		t.Fatal("no form")
	}
	if len(form.Title) > 24 || len(form.Submit) > 24 {
		t.Errorf("title %q or button %q is too long for Slack", form.Title, form.Submit)
	}
	all := map[string]string{}
	for _, in := range form.Inputs {
		all[in.ID] = in.Value
	}
	for k, v := range values {
		if _, ok := all[k]; !ok {
			t.Errorf("the form has no input %s", k)
		}
		all[k] = v
	}
	return Submit(t.Context(), env, u, form.ID, form.State, all, Line{Key: "k"})
}

func TestLogin(t *testing.T) {
	for name, c := range map[string]struct {
		values map[string]string
		want   string   // the answer
		wrong  []string // inputs with a message
	}{
		"password":             {map[string]string{"username": "bob", "password": "bob-secret"}, "You are logged in to lab as bob, project team-b.", nil},
		"with project":         {map[string]string{"username": "carol", "password": "carol-secret", "project_name": "team-a"}, "You are logged in to lab as carol, project team-a.", nil},
		"application":          {map[string]string{"auth_type": authAppCred, "application_credential_id": "bob-id", "application_credential_secret": "bob-secret"}, "logged in to lab as bob", nil},
		"guessed":              {map[string]string{"application_credential_id": "bob-id", "application_credential_secret": "bob-secret"}, "logged in to lab as bob", nil},
		"wrong password":       {map[string]string{"username": "bob", "password": "x"}, "", []string{"password"}},
		"wrong secret":         {map[string]string{"application_credential_id": "bob-id", "application_credential_secret": "x"}, "", []string{"application_credential_secret"}},
		"wrong project":        {map[string]string{"username": "bob", "password": "bob-secret", "project_name": "nope"}, "", []string{"project_name"}},
		"nothing":              {nil, "", []string{"username", "password"}},
		"no password":          {map[string]string{"username": "bob"}, "", []string{"password"}},
		"no secret":            {map[string]string{"application_credential_id": "x"}, "", []string{"application_credential_secret"}},
		"application, nothing": {map[string]string{"auth_type": authAppCred}, "", []string{"application_credential_id", "application_credential_secret"}},
		"token":                {map[string]string{"token": "bob-token"}, "logged in to lab as bob, project team-b", nil},
		"token, nothing":       {map[string]string{"auth_type": authToken}, "", []string{"token"}},
		"project twice":        {map[string]string{"username": "bob", "password": "bob-secret", "project_name": "a", "project_id": "b"}, "", []string{"project_id"}},
		"no project at all":    {map[string]string{"username": "zoe", "password": "zoe-secret"}, "", []string{"username"}},
	} {
		t.Run(name, func(t *testing.T) {
			_, env := newWorld()
			r, err := say(t, env, bob, "login")
			if err != nil {
				t.Fatal(err)
			}
			got, wrong, err := submit(t, env, bob, r.Form, c.values)
			if err != nil {
				t.Fatal(err)
			}
			if len(wrong) != len(c.wrong) {
				t.Errorf("messages %v, want some for %v", wrong, c.wrong)
			}
			for _, id := range c.wrong {
				if wrong[id] == "" {
					t.Errorf("no message for %s in %v", id, wrong)
				}
			}
			expect(t, got.Text.String(), c.want)
		})
	}
}

func TestProjectsInWords(t *testing.T) {
	var all []stackhand.Project
	for i := range 130 {
		all = append(all, stackhand.Project{ID: fmt.Sprint(i), Name: fmt.Sprintf("p%03d", i)})
	}
	for n, want := range map[int]string{
		1: "in p000 of lab", 2: "in p000 and p001 of", 3: "in p000, p001 and p002 of", 20: "p018 and p019 of", 21: "p018, p019 and 1 more of",
		130: "p019 and 110 more of lab.* The first 100 are shown",
	} {
		expect(t, projectForm("lab", all[:n]).Intro.String(), want)
	}
}

func TestLoginChoosesProject(t *testing.T) {
	_, env := newWorld()
	r, err := say(t, env, bob, "log in")
	if err != nil {
		t.Fatal(err)
	}
	second, wrong, err := submit(t, env, bob, r.Form, map[string]string{"username": "carol", "password": "carol-secret"})
	if err != nil || wrong != nil || second.Form == nil {
		t.Fatalf("%+v %v %v", second, wrong, err)
	}
	if diff := cmp.Diff([]Option{{"team-a", "team-a"}, {"team-b", "team-b"}}, second.Form.Inputs[0].Options); diff != "" {
		t.Error(diff)
	}
	expect(t, second.Form.Intro.String(), "You are in team-a and team-b of lab. Which of them")
	for _, v := range []string{"", "nope"} {
		if _, wrong, err := submit(t, env, bob, second.Form, map[string]string{"project_name": v}); err != nil || wrong["project_name"] == "" {
			t.Errorf("project %q: %v %v", v, wrong, err)
		}
	}
	done, _, err := submit(t, env, bob, second.Form, map[string]string{"project_name": "team-b"})
	if err != nil {
		t.Fatal(err)
	}
	expect(t, done.Text.String(), "You are logged in to lab as carol, project team-b.")
	r, err = say(t, env, bob, "whoami")
	expect(t, told(r, err), "lab: carol, project team-b")
	r, err = say(t, env, bob, "clouds")
	expect(t, told(r, err), `lab +team-b +carol .* in use`, `svc +– +the bot's own login`)
	r, err = say(t, env, bob, "log out")
	expect(t, told(r, err), "You are logged out of lab")
	r, err = say(t, env, bob, "logout")
	expect(t, told(r, err), "You are not logged in to lab")
}

func TestLoginTooLate(t *testing.T) {
	_, env := newWorld()
	r, _, err := submit(t, env, bob, projectForm("lab", []stackhand.Project{{ID: "1", Name: "team-a"}, {ID: "2", Name: "team-a"}}), map[string]string{"project_name": "team-a"})
	if stackhand.KindOf(err) != stackhand.Unauthorized || len(r.Actions) != 1 {
		t.Errorf("%+v %v", r, err)
	}
	if _, _, err := Submit(t.Context(), env, bob, "old", "", nil, Line{}); stackhand.KindOf(err) != stackhand.Invalid {
		t.Errorf("unknown form: %v", err)
	}
	if _, _, err := Submit(t.Context(), env, guest, formLogin, "lab", nil, Line{}); stackhand.KindOf(err) != stackhand.Forbidden {
		t.Errorf("guest: %v", err)
	}
	if _, _, err := Submit(t.Context(), env, bob, formLogin, "nowhere", nil, Line{}); stackhand.KindOf(err) != stackhand.NotFound {
		t.Errorf("forged cloud: %v", err)
	}
}

func TestServiceCloud(t *testing.T) {
	_, env := newWorld()
	for line, want := range map[string]string{"login svc": "You need not log in to svc", "logout svc": "Nobody logs in to svc"} {
		if r, err := say(t, env, bob, line); err != nil || r.Form != nil {
			t.Errorf("%s: %s", line, told(r, err))
		} else {
			expect(t, told(r, err), want)
		}
	}
	if r, _, err := Submit(t.Context(), env, bob, formLogin, "svc", nil, Line{}); err != nil {
		t.Error(told(r, err))
	}
}
