package commands

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/stackhand/stackhand"
)

// fakeOrphans is what a look comes to, by project or "everywhere".
type fakeOrphans struct {
	w      *world
	at     map[string][]stackhand.Orphan
	looked []string
	fail   map[string]error
}

func (f *fakeOrphans) Find(_ context.Context, _ stackhand.User, cloud string, at stackhand.Scope, everywhere bool) ([]stackhand.Orphan, int, error) {
	where := cloud + " " + at.ProjectID
	if everywhere {
		where = cloud + " everywhere"
	}
	if at.Region != "" {
		where += " " + at.Region
	}
	f.looked = append(f.looked, where)
	return slices.Clone(f.at[where]), 2, f.fail[where]
}

func (f *fakeOrphans) Ignore(_ context.Context, o stackhand.Orphan, by, why string) error {
	f.w.decided = append(f.w.decided, "ignore "+o.ID+" by "+by+": "+why)
	return nil
}

func (f *fakeOrphans) Forget(_ context.Context, _ stackhand.User, o stackhand.Orphan) (stackhand.Stack, error) {
	f.w.decided = append(f.w.decided, "forget "+o.ID)
	return stackhand.Stack{ID: o.Record, Name: o.Name, State: stackhand.StackGone}, nil
}

func (f *fakeOrphans) Keep(_ context.Context, o stackhand.Orphan, stack string) (stackhand.Stack, error) {
	f.w.decided = append(f.w.decided, "keep "+o.ID+" for "+stack)
	return stackhand.Stack{ID: stack, Name: f.w.stacks[stack].Name}, nil
}

// orphanWorld has a server of alice's, an address of bob's, a volume that dana ignores, and two records that lost things.
func orphanWorld() (*world, *Env, *fakeOrphans) {
	w, env := newWorld()
	return w, env, giveOrphans(w, env)
}

func giveOrphans(w *world, env *Env) *fakeOrphans {
	lab := env.Settings.Clouds["lab"]
	lab.Prices = map[string]float64{"m1.small": 0.02, stackhand.PriceFloatingIP: 0.01, stackhand.PriceVolumeGB: 0.001}
	env.Settings.Clouds["lab"] = lab
	delete(env.Settings.Clouds, "svc")
	one := func(id, kind, name, owner string) stackhand.Orphan {
		o := stackhand.Orphan{ID: id, Cloud: "lab", Scope: stackhand.Scope{ProjectID: teamA}, Name: name, Owner: owner, Why: "old-1 is gone; this stayed."}
		o.Thing = stackhand.Thing{Resource: stackhand.Resource{Kind: kind, ID: "id-" + id, Name: name}, Created: w.now.Add(-48 * time.Hour), Flavor: "m1.small", Size: 10, ProjectID: teamA}
		return o
	}
	record := func(id, name string, rest ...stackhand.Resource) stackhand.Orphan {
		return stackhand.Orphan{ID: id, Cloud: "lab", Record: id + "-1", Name: name, Owner: alice.ID, Why: "The record is here.", Rest: rest,
			Missing: []stackhand.Resource{{Kind: stackhand.KindServer, Name: name}}}
	}
	server := one("aaaaaaaa", stackhand.KindServer, "old-1", alice.ID)
	server.With = []stackhand.Thing{{Resource: stackhand.Resource{Kind: stackhand.KindPort, ID: "p"}}}
	ignored := one("cccccccc", stackhand.KindVolume, "data", alice.ID)
	ignored.Ignored = &stackhand.Ignored{By: dana.ID, Why: "an archive"}
	all := []stackhand.Orphan{
		server, one("bbbbbbbb", stackhand.KindFloatingIP, "203.0.113.9", bob.ID), ignored, record("dddddddd", "web-8"),
		record("eeeeeeee", "web-9", stackhand.Resource{Kind: stackhand.KindPort, Name: "web-9"}),
	}
	o := &fakeOrphans{w: w, at: map[string][]stackhand.Orphan{"lab " + teamA: all, "lab everywhere": all}, fail: map[string]error{}}
	env.Orphans = o
	for _, u := range []stackhand.User{alice, bob, dana} {
		c := stackhand.Credential{User: u.ID, Cloud: "lab", Identity: stackhand.Identity{ProjectID: teamA, Project: "team-a"}}
		if u.ID == dana.ID {
			c.Identity.Roles = []string{"admin"}
		}
		w.creds = append(w.creds, c)
	}
	return o
}

func TestOrphans(t *testing.T) {
	_, env, o := orphanWorld()
	r, err := say(t, env, alice, "orphans")
	text := told(r, err)
	expect(t, text, `3 findings of yours in lab, 0.48 per day`, `server old-1 with its port .*U0ALICE +2 days +0.48 +old-1 is gone`, `record web-8`, `Left alone, since another installation of the bot made them: 2 things`)
	if strings.Contains(text, "203.0.113.9") || strings.Contains(text, "data") {
		t.Errorf("alice sees what is not hers, or ignored: %s", text)
	}
	var labels []string
	for _, a := range r.Actions {
		labels = append(labels, a.Label)
		if a.Danger == (a.Confirm == "") {
			t.Errorf("%+v is dangerous and does not ask, or the other way round", a)
		}
	}
	want := []string{"Adopt server old-1", "Delete server old-1", "Ignore server old-1", "Forget record web-8", "Ignore record web-8", "Delete the rest of web-9", "Ignore record web-9"}
	if !slices.Equal(labels, want) {
		t.Errorf("buttons %q, want %q", labels, want)
	}
	r, err = say(t, env, dana, "orphans")
	expect(t, told(r, err), "4 findings in lab, 0.72 per day", "203.0.113.9")
	if !slices.Equal(o.looked, []string{"lab " + teamA, "lab everywhere"}) {
		t.Errorf("looked at %q", o.looked)
	}
	r, err = say(t, env, dana, "orphans --mine")
	expect(t, told(r, err), "Everything that was made for you is on a record")
	r, err = say(t, env, alice, "orphans --ignored")
	expect(t, told(r, err), "1 finding of yours", "by U0DANA: an archive")
	o.fail["lab everywhere"] = stackhand.Errorf(stackhand.Unavailable, "The cloud did not answer.")
	if _, err = say(t, env, dana, "orphans"); stackhand.KindOf(err) != stackhand.Unavailable {
		t.Errorf("a cloud that is down: %v", err)
	}
	env.Orphans = nil
	if _, err = say(t, env, alice, "orphans"); stackhand.KindOf(err) != stackhand.NotFound {
		t.Errorf("without: %v", err)
	}
}

// Every region of a cloud is looked at, and what several tell is told once; one that makes trouble is named.
func TestOrphansInAllRegions(t *testing.T) {
	w, env, o := orphanWorld()
	w.cloud.regions, w.cloud.who.Region = []string{"North", "South", "West"}, "South"
	same := o.at["lab "+teamA][0]
	same.ID = "ssssssss" // as another region names it
	there := same
	there.ID, there.Name, there.Thing.ID = "nnnnnnnn", "north-1", "n"
	o.at["lab "+teamA+" North"] = []stackhand.Orphan{same, there}
	o.fail["lab "+teamA+" West"] = stackhand.Errorf(stackhand.Unavailable, "The cloud did not answer.")
	r, err := say(t, env, alice, "orphans")
	text := told(r, err)
	expect(t, text, "aaaaaaaa +server old-1", "nnnnnnnn +server north-1", "team-a in West: The cloud did not answer")
	if strings.Contains(text, "ssssssss") {
		t.Errorf("told twice: %s", text)
	}
	if want := []string{"lab " + teamA, "lab " + teamA + " North", "lab " + teamA + " West"}; !slices.Equal(o.looked, want) {
		t.Errorf("looked at %q", o.looked)
	}
}

// Ten findings make two pages, and each button belongs to a row that is shown.
func TestOrphanPages(t *testing.T) {
	_, env, o := orphanWorld()
	var many []stackhand.Orphan
	for i := range 10 {
		one := o.at["lab "+teamA][0]
		one.ID, one.Name, one.Thing.ID = fmt.Sprintf("aaaaaaa%d", i), fmt.Sprintf("old-%d", i), fmt.Sprint("s", i)
		many = append(many, one)
	}
	o.at["lab "+teamA] = many
	r, err := say(t, env, alice, "orphans --page 2")
	expect(t, told(r, err), `page 2 of 2`, "old-9")
	if len(r.Actions) != 12 || r.Actions[0].Label != "Adopt server old-6" {
		t.Errorf("%d buttons, the first %+v", len(r.Actions), r.Actions[0])
	}
	if _, err := say(t, env, alice, "orphans --page 3"); stackhand.KindOf(err) != stackhand.Invalid {
		t.Errorf("page 3: %v", err)
	}
}

func TestOrphanDecisions(t *testing.T) {
	w, env, _ := orphanWorld()
	var audit []stackhand.AuditRecord
	env.Audit = func(_ context.Context, r stackhand.AuditRecord) error { audit = append(audit, r); return nil }
	for line, want := range map[string]string{
		"orphans delete bbbbbbbb":                    "was not made for you",
		"orphans delete zzzzzzzz":                    "There is no finding zzzzzzzz",
		"orphans delete dddddddd":                    "Nothing of web-8 is in the cloud",
		"orphans forget aaaaaaaa":                    "no record is about it",
		"orphans forget eeeeeeee":                    "not all of it: port web-9",
		"orphans ignore aaaaaaaa --why \"it stays\"": "server old-1 is ignored from now on: it stays",
		"orphans ignore cccccccc --undo":             "volume data is shown again",
		"orphans forget dddddddd":                    "record of web-8 is closed",
	} {
		r, err := say(t, env, alice, line)
		expect(t, told(r, err), want)
	}
	slices.Sort(w.decided)
	if want := []string{"forget dddddddd", "ignore aaaaaaaa by U0ALICE: it stays", "ignore cccccccc by : "}; !slices.Equal(w.decided, want) {
		t.Errorf("decided %q, want %q", w.decided, want)
	}
	audit = slices.DeleteFunc(audit, func(r stackhand.AuditRecord) bool { return r.What == stackhand.AuditRefused })
	if len(audit) != 3 || audit[0].User != alice.ID || len(audit[0].About) < 2 || !strings.Contains(string(audit[0].Resolved), `"finding":`) {
		t.Errorf("the audit trail has %+v", audit)
	}
	r, err := say(t, env, alice, "orphans delete aaaaaaaa eeeeeeee")
	if err != nil {
		t.Fatal(err)
	}
	expect(t, told(r, err), "Delete orphan: server old-1 with its port", "Delete what is left of web-9")
	var spec stackhand.OrphanSpec
	if err := json.Unmarshal(w.jobs[r.Job].Input, &spec); err != nil || len(spec.Things) != 2 || w.jobs[r.Job].Flow != "orphan" || w.jobs[r.Job].Scope.ProjectID != teamA {
		t.Errorf("%v, %+v", err, w.jobs[r.Job])
	}
}
