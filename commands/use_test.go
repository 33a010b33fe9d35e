package commands

import (
	"errors"
	"strings"
	"testing"

	"github.com/stackhand/stackhand"
)

// twoProjects gives alice logins to team-a, where she works, and to team-b.
func twoProjects() (*world, *Env) {
	w, env := newWorld()
	f := fakeClouds{w}
	for _, project := range []string{"team-a", "team-b"} {
		f.keep(alice, "lab", "alice", project)
	}
	w.creds[0].Identity.Roles = []string{"member"}
	w.choice[alice.ID] = stackhand.Choice{In: map[string]stackhand.Scope{"lab": {ProjectID: teamA}}}
	w.cloud.regions = []string{"RegionOne", "RegionTwo"}
	w.cloud.own = []stackhand.Project{{ID: teamA, Name: "team-a"}, {ID: "p-team-b", Name: "team-b"}, {ID: "p-ops", Name: "ops"}, {ID: "p-lab", Name: "lab"},
		{ID: "p-old", Name: "old", Disabled: true}}
	other := w.cloud
	other.who = stackhand.Identity{User: "alice", ProjectID: "p-team-b", Project: "team-b", Region: "RegionOne"}
	other.servers = nil
	w.apart = map[string]fakeCloud{"p-team-b": other, "p-ops": {}}
	return w, env
}

func TestUse(t *testing.T) {
	const inB = "You work in the project team-b of lab as alice"
	for line, c := range map[string]struct {
		want string
		at   stackhand.Scope // afterwards
	}{
		"use project team-b":                  {inB, stackhand.Scope{ProjectID: "p-team-b"}},
		"use project p-team-b":                {inB, stackhand.Scope{ProjectID: "p-team-b"}},
		"use tenant team-b":                   {inB, stackhand.Scope{ProjectID: "p-team-b"}},
		"use --project team-b":                {inB, stackhand.Scope{ProjectID: "p-team-b"}},
		"use --os-project-name team-b":        {inB, stackhand.Scope{ProjectID: "p-team-b"}},
		"use team-b":                          {inB, stackhand.Scope{ProjectID: "p-team-b"}},
		"use TEAM-B":                          {inB, stackhand.Scope{ProjectID: "p-team-b"}},
		"use cloud lab project team-b":        {inB, stackhand.Scope{ProjectID: "p-team-b"}},
		"use project team-b region RegionTwo": {"team-b of lab, region RegionTwo, as alice", stackhand.Scope{ProjectID: "p-team-b", Region: "RegionTwo"}},
		"use region regiontwo":                {"team-a of lab, region RegionTwo, as alice \\(member\\)", stackhand.Scope{ProjectID: teamA, Region: "RegionTwo"}},
		"use RegionTwo":                       {"region RegionTwo", stackhand.Scope{ProjectID: teamA, Region: "RegionTwo"}},
		"use project ops":                     {`You are not logged in to the project ops of lab.\nLog in to it.*\n\[login Log in → lab --project p-ops\]`, stackhand.Scope{ProjectID: teamA}},
		"use ops":                             {"You are not logged in to the project ops of lab", stackhand.Scope{ProjectID: teamA}},
		"use lab":                             {`(?s)2 places fit lab.*a cloud.*a project of lab.*\[choose lab .* → use cloud lab\]\n\[choose lab .* → use cloud lab project p-lab\]`, stackhand.Scope{ProjectID: teamA}},
		"use project old":                     {"There is no project called old", stackhand.Scope{ProjectID: teamA}},
		"use team-c":                          {`There is no cloud, project or region called team-c.\nDid you mean team-`, stackhand.Scope{ProjectID: teamA}},
		"use region RegionNine":               {"There is no region called RegionNine", stackhand.Scope{ProjectID: teamA}},
		"use cloud moon":                      {"There is no cloud called moon", stackhand.Scope{ProjectID: teamA}},
		"use team-a team-b":                   {"I do not understand team-a there.\nUsage: use", stackhand.Scope{ProjectID: teamA}},
		"use project team-b team-a":           {"I do not understand team-a there", stackhand.Scope{ProjectID: teamA}},
		"use project":                         {"(?s)You work in the project team-a of lab as alice.*Projects: lab, ops, team-a \\(in use\\), team-b", stackhand.Scope{ProjectID: teamA}},
		"use":                                 {`(?s)Clouds: lab \(in use\), svc.*\[choose Use team-b → use cloud lab project p-team-b\].*\[choose Use RegionTwo → .*region RegionTwo\].*\[choose Use svc`, stackhand.Scope{ProjectID: teamA}},
	} {
		t.Run(line, func(t *testing.T) {
			w, env := twoProjects()
			r, err := say(t, env, alice, line)
			expect(t, told(r, err), c.want)
			choice, err := env.Clouds.Choice(t.Context(), alice)
			if err != nil || choice.In["lab"] != c.at {
				t.Errorf("afterwards at %+v, %v; want %+v", choice.In["lab"], err, c.at)
			}
			for _, a := range r.Actions {
				if line, ok := ClickLine(a.ID, a.Value); ok && a.ID == "choose" {
					if _, err := say(t, env, alice, line); err != nil && stackhand.KindOf(err) != stackhand.Unauthorized {
						t.Errorf("the button %s: %v", line, err)
					}
				}
			}
			_ = w
		})
	}
}

// A cloud that one is not logged in to can be chosen all the same; the form is a button away.
func TestUseAnotherCloud(t *testing.T) {
	w, env := twoProjects()
	env.Settings.Clouds["moon"] = CloudSettings{}
	r, err := say(t, env, alice, "use moon")
	expect(t, told(r, err), "Your lines mean moon from now on. You are not logged in there yet.", `\[login Log in → moon\]`)
	if line, ok := ClickLine(r.Actions[0].ID, r.Actions[0].Value); !ok || line != "login moon" {
		t.Errorf("the button means %q", line)
	}
	r, err = say(t, env, alice, "login")
	expect(t, told(r, err), "Log in to moon in the form")
	// A project of another cloud is found by the login to it.
	w.creds = append(w.creds, stackhand.Credential{User: alice.ID, Cloud: "lab", Identity: stackhand.Identity{User: "alice", Project: "far", ProjectID: "p-far"}})
	r, err = say(t, env, alice, "use far")
	expect(t, told(r, err), "You work in the project far of lab as alice")
	for _, line := range []string{"use svc", "use cloud svc"} {
		if r, err := say(t, env, alice, line); err != nil {
			t.Errorf("%s: %s", line, told(r, err))
		}
	}
	r, err = say(t, env, bob, "use project team-b")
	expect(t, told(r, err), "You are not logged in to lab", `\[login Log in → lab --project team-b\]`)
}

// What the cloud does not tell is left out; what the records do not tell is an error.
func TestUseInTrouble(t *testing.T) {
	for method, fatal := range map[string]bool{"OwnProjects": false, "Regions": false, "Open": true, "Choice": true, "Credentials": true} {
		w, env := twoProjects()
		w.fail[method] = stackhand.Errorf(stackhand.Unavailable, "No answer.")
		_, err := say(t, env, alice, "use")
		if (err != nil) != fatal {
			t.Errorf("without %s: %v", method, err)
		}
	}
	w, env := twoProjects()
	w.fail["Choose"] = stackhand.Errorf(stackhand.Unavailable, "No answer.")
	if _, err := say(t, env, alice, "use team-b"); stackhand.KindOf(err) != stackhand.Unavailable {
		t.Errorf("a choice that could not be kept: %v", err)
	}
}

// A server of another project is reached by its thread and its button, and by its name after a question; jobs
// go to where it is.
func TestServersOfAnotherProject(t *testing.T) {
	w, env := twoProjects()
	st := w.give(alice.ID, "far-1")
	st.ProjectID, st.Project = "p-team-b", "team-b"
	w.stacks[st.ID] = st
	b := w.apart["p-team-b"]
	b.servers, w.cloud.servers = w.cloud.servers, nil
	w.apart["p-team-b"] = b

	line := Line{Text: "reboot", Key: "1", Place: stackhand.Place{Channel: "C1", Thread: "far-1"}}
	r, err := Do(t.Context(), env, alice, line)
	if err != nil || w.jobs[r.Job].Scope.ProjectID != "p-team-b" {
		t.Errorf("in the thread: %s; job %+v", told(r, err), w.jobs[r.Job])
	}
	r, err = say(t, env, alice, "show "+st.ID)
	expect(t, told(r, err), "far-1 ACTIVE")
	r, err = say(t, env, alice, "stop far-1")
	expect(t, told(r, err), "There is no server called far-1 where you work now", `\[choose far-1 → stop `+st.ID)
	if len(r.Actions) != 1 || r.Job != "" {
		t.Fatalf("it was not asked: %+v", r)
	}
	click, _ := ClickLine(r.Actions[0].ID, r.Actions[0].Value)
	r, err = say(t, env, alice, click)
	if err != nil || w.jobs[r.Job].Scope.ProjectID != "p-team-b" {
		t.Errorf("%s: %s; job %+v", click, told(r, err), w.jobs[r.Job])
	}
	// Without a login there the owner is asked to log in, and others are told whose it is.
	w.creds, line.Key = w.creds[:1], "2"
	r, err = Do(t.Context(), env, alice, line)
	expect(t, told(r, err), "far-1 is in the project team-b of lab, and you are not logged in to it", `\[login Log in → lab --project p-team-b\]`)
	fakeClouds{w}.keep(bob, "lab", "bob", "team-a")
	r, err = say(t, env, bob, "reboot "+st.ID)
	if stackhand.KindOf(err) != stackhand.Forbidden {
		t.Errorf("somebody else: %s", told(r, err))
	}
}

// Servers of the project in another region are not listed, and are found as those of another project.
func TestRegionsApart(t *testing.T) {
	w, env := twoProjects()
	w.cloud.who.Region = "RegionOne"
	st := w.give(alice.ID, "far-1")
	st.Region = "RegionTwo"
	w.stacks[st.ID] = st
	w.cloud.servers = nil
	r, err := say(t, env, alice, "list")
	if strings.Contains(told(r, err), "far-1") {
		t.Errorf("the list of RegionOne has %s", told(r, err))
	}
	r, err = say(t, env, alice, "show far-1")
	expect(t, told(r, err), "There is no server called far-1 where you work now")
	st.Region = "" // of before there were regions: the usual one
	w.stacks[st.ID] = st
	for usual, there := range map[string]bool{"": true, "RegionOne": true, "RegionTwo": false} {
		set := env.Settings.Clouds["lab"]
		set.Region = usual
		env.Settings.Clouds["lab"] = set
		r, err := say(t, env, alice, "list")
		if strings.Contains(told(r, err), "far-1") != there {
			t.Errorf("usually in %q: %s", usual, told(r, err))
		}
	}
}

func TestLogoutOfProjects(t *testing.T) {
	for line, c := range map[string]struct {
		want string
		left int
	}{
		"logout":                   {"You are logged out of lab, project team-a. Your servers stay until they end. You are still logged in to team-b.$", 1},
		"logout --project team-b":  {"logged out of lab, project team-b. .* You are still logged in to team-a. Nothing of your login is kept here. The application credential .* stays in the cloud lab until .*openstack application credential delete ac-b", 1},
		"logout --project ops":     {"There is no login to a project called ops.", 2},
		"logout --all":             {"You are logged out of lab, all projects", 0},
		"logout lab --all":         {"You are logged out of lab. Your servers stay", 0},
		"logout --all --project x": {"Say one project or --all", 2},
	} {
		t.Run(line, func(t *testing.T) {
			w, env := twoProjects()
			w.creds[1].AppCredID, w.creds[1].Ends = "ac-b", w.now
			r, err := say(t, env, alice, line)
			expect(t, told(r, err), c.want)
			if len(w.creds) != c.left {
				t.Errorf("%d logins are left, want %d", len(w.creds), c.left)
			}
		})
	}
	w, env := twoProjects()
	w.fail["Logout"] = stackhand.Errorf(stackhand.Conflict, "Job abcd is still at work.").Do("Wait.")
	r, err := say(t, env, alice, "logout --all")
	expect(t, told(r, err), "You are still logged in. Not of lab: Job abcd is still at work. Wait.")
	if _, err := say(t, env, alice, "logout"); stackhand.KindOf(err) != stackhand.Conflict {
		t.Errorf("logout during a job: %v", err)
	}
	w.fail["Logout"] = errors.New("the disk is full")
	if _, err := say(t, env, alice, "logout --all"); err == nil {
		t.Error("a broken store went unnoticed")
	}
	r, err = say(t, env, bob, "logout --all")
	expect(t, told(r, err), "You are logged in to no cloud")
}

func TestWhereOneIs(t *testing.T) {
	w, env := twoProjects()
	w.creds[1].Ends = w.now
	w.choice[alice.ID].In["lab"] = stackhand.Scope{ProjectID: teamA, Region: "RegionTwo"}
	r, err := say(t, env, alice, "clouds")
	expect(t, told(r, err), `lab +team-a +alice +RegionTwo +– +in use`, `lab +team-b +alice +RegionTwo +2026-11-21 09:00 UTC\n`, `svc +– +the bot's own login`)
	r, err = say(t, env, alice, "whoami")
	expect(t, told(r, err), `lab: alice, project team-a \(member\), region RegionTwo – in use`, `lab: alice, project team-b, region RegionTwo, until 2026-11-21`)
	w.choice[alice.ID] = stackhand.Choice{Cloud: "svc", In: map[string]stackhand.Scope{"lab": {ProjectID: "p-team-b"}}}
	r, err = say(t, env, alice, "clouds")
	expect(t, told(r, err), `lab +team-b .* chosen`, `svc .* in use`)
}
