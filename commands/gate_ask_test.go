package commands

import (
	"context"
	"encoding/json"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/stackhand/stackhand"
	"github.com/stackhand/stackhand/internal/policy"
)

// fakeRequests is the record of what waits for approval, as far as the gate uses it.
type fakeRequests struct {
	Requests
	all map[string]stackhand.Request
}

func (f fakeRequests) Ask(_ context.Context, r stackhand.Request) (stackhand.Request, error) {
	if old, ok := f.all[r.ID]; ok {
		return old, nil
	}
	f.all[r.ID] = r
	return r, nil
}

func (f fakeRequests) Request(_ context.Context, id string) (stackhand.Request, error) {
	if r, ok := f.all[id]; ok {
		return r, nil
	}
	return stackhand.Request{}, stackhand.Errorf(stackhand.NotFound, "no request %s", id)
}

// TestAsks has a rule ask for approval: nothing begins, and all that is needed to begin is written down.
func TestAsks(t *testing.T) {
	w, env := newWorld()
	asked := fakeRequests{all: map[string]stackhand.Request{}}
	env.Requests = asked
	env.Name = func(_ context.Context, id string) string { return map[string]string{"U0CAROL": "carol"}[id] }
	rules(t, env, policy.Rule{Name: "large", When: `request.count > 1`, Then: policy.Approve, Why: "it costs", Approvers: []string{"U0CAROL", "S0OPS"}, Needed: 2})
	for range 2 { // a line that is delivered again asks once
		r, err := say(t, env, alice, "create web --count 2 --for 8h")
		expect(t, told(r, err), `Create web-1 … web-2 \(.*\) waits for the approval of carol or somebody of the group S0OPS \(2 of them\): it costs\.`)
		if err != nil || r.Job != "" || len(w.jobs) != 0 || len(w.stacks) != 0 || len(asked.all) != 1 {
			t.Fatalf("%d jobs, %d requests: %s", len(w.jobs), len(asked.all), told(r, err))
		}
	}
	r := asked.all[JobID("U0ALICEcreate web --count 2 --for 8h", 0)]
	var a createArgs
	if err := json.Unmarshal(r.Args, &a); err != nil || a.Name != "web" || a.Count != 2 || a.For != 8*time.Hour || a.Network != "auto" || a.Line.Place.Channel != "C1" {
		t.Errorf("%s: %+v, %v", r.Args, a, err)
	}
	if r.ID != r.Job.ID || r.Command != "create" || r.Rule != "large" || r.Needed != 2 || r.Own || len(r.Stacks) != 2 || r.State != stackhand.RequestOpen || r.Print == "" {
		t.Errorf("%+v", r)
	}
	facts := map[string]string{}
	for _, f := range r.Plan {
		facts[f.Name] = f.Value.String()
	}
	if facts["Cost"] != "0.96 a day, 0.32 for 8h" || facts["Flavor"] == "" || facts["Network"] == "" || facts["Quota left afterwards"] == "" {
		t.Errorf("%v", facts)
	}
	r2, err := say(t, env, alice, "create web --count 2 --dry-run")
	expect(t, told(r2, err), `Needs: the approval of carol or somebody of the group S0OPS .2 of them., by the rule "large": it costs`)
	if r, err := say(t, env, alice, "create web-9"); err != nil || len(w.jobs) != 1 {
		t.Errorf("what no rule is about begins: %s", told(r, err))
	}
}

// TestRetryOfWhatWasApproved needs no second approval; a retry of anything else is decided anew.
func TestRetryOfWhatWasApproved(t *testing.T) {
	for state, want := range map[stackhand.RequestState]string{
		stackhand.RequestApproved: "is at work", stackhand.RequestDenied: "waits for the approval of an approver", "": "waits for the approval of an approver",
	} {
		w, env := newWorld()
		asked := fakeRequests{all: map[string]stackhand.Request{}}
		if state != "" {
			asked.all["older"] = stackhand.Request{ID: "older", State: state}
		}
		giveJob(w, "older", "U0ALICE", stackhand.JobUndone)
		giveJob(w, "bbbb2222", "U0ALICE", stackhand.JobUndone)
		old := w.jobs["older"]
		old.RetryOf = ""
		w.jobs["older"] = old
		env.Requests = asked
		rules(t, env, policy.Rule{Then: policy.Approve})
		r, err := say(t, env, alice, "retry bbbb2222")
		expect(t, told(r, err), want)
		if begun := w.jobs["bbbb2222"].RetriedAs != ""; begun != (state == stackhand.RequestApproved) {
			t.Errorf("%s: begun %v", state, begun)
		}
		rules(t, env, denyAll)
		if r, err := say(t, env, alice, "retry older"); stackhand.KindOf(err) != stackhand.Forbidden {
			t.Errorf("a denial holds for what was approved, too: %s", told(r, err))
		}
	}
}

// TestNoRulesNoLooking counts what the cloud is asked for: nothing for rules that are not there, or do not ask for it.
func TestNoRulesNoLooking(t *testing.T) {
	for when, want := range map[string]bool{"": false, `request.verb == "stop"`: false, `quota.servers.used > 100`: true} {
		w, env := newWorld()
		w.give("U0ALICE", "web-1")
		if when != "" {
			rules(t, env, policy.Rule{When: when, Then: policy.Allow})
		}
		w.fail["Limits"] = stackhand.Errorf(stackhand.Unavailable, "looked")
		if _, err := say(t, env, alice, "stop web-1"); (err != nil) != want {
			t.Errorf("%q: %v", when, err)
		}
	}
}

// TestInput holds what the rules see of lines against the world.
func TestInput(t *testing.T) {
	for line, when := range map[string]string{
		"create web-9 --flavor m1.small --for 10h --open 22,80 --property a=b --user-data '#!x' --no-floating-ip": `
			user.id == "U0ALICE" && user.name == "alice" && user.role == "member" && user.cloud == "alice" && "S1" in user.groups && channel.id == "C1" && channel.name == "team-a" && !channel.direct
			&& request.noun == "server" && request.name == "web-9" && request.cloud == "lab" && request.project == "team-a" && request.owner == "U0ALICE" && request.count == 1
			&& request.lifetime == duration("10h") && request.network == "auto" && !request.floating && request.open == [22, 80] && request.properties["a"] == "b" && request.user_data
			&& flavor.id == "2" && flavor.vcpus == 1 && flavor.ram == 2048 && image.id == "i-jammy" && image.properties["os_distro"] == "ubuntu" && image.visibility == "public"
			&& usage.servers == 1 && usage.cores == 1 && usage.ram == 2048 && quota.servers.max == 10 && cost.known && cost.hour == 0.02 && cost.total > 0.19 && cost.total < 0.21 && now.getHours() == 9`,
		"resize web-1 --flavor m1.medium":                 `request.verb == "resize" && request.name == "web-1" && request.owner == "U0ALICE" && flavor.name == "m1.medium" && !cost.known && request.lifetime == duration("23h")`,
		"stop web-1":                                      `request.verb == "stop" && request.count == 1`,
		"rebuild web-1 --yes --image debian":              `request.verb == "rebuild" && image.name == "Debian 12"`,
		"add floating ip web-1 203.0.113.9":               `request.verb == "add" && request.noun == "floating ip" && request.floating`,
		"image create web-1":                              `request.verb == "create" && request.noun == "image" && request.owner == "U0ALICE"`,
		"volume create d --size 20":                       `request.verb == "create" && request.noun == "volume" && request.size_gb == 20`,
		"volume delete data-1":                            `request.verb == "delete" && request.noun == "volume" && request.name == "data-1"`,
		"router add subnet idle inner-v4":                 `request.verb == "add" && request.noun == "subnet"`,
		"security group rule create web --dst-port 20:25": `request.noun == "security group rule" && 22 in request.open && size(request.open) == 6`,
		"security group rule create web --protocol any":   `size(request.open) == 65535`,
		"security group rule create web --egress":         `size(request.open) == 0`,
		"image set golden --public":                       `request.verb == "set" && request.noun == "image" && image.id == "i-golden"`,
		"extend web-1 2h":                                 `request.verb == "extend" && request.lifetime == duration("25h") && user.cloud == "alice"`,
		"retry bbbb2222":                                  `request.verb == "reboot" && request.name == "web-1" && user.cloud == "alice"`,
		"cleanup bbbb2222":                                `request.verb == "cleanup" && request.noun == "job" && request.name == "bbbb2222"`,
	} {
		w, env := gateWorld("")
		env.Channel = func(id string) string { return map[string]string{"C1": "team-a"}[id] }
		j := w.jobs["bbbb2222"]
		j.Flow, j.Cloud, j.Input = "reboot", "lab", json.RawMessage(`{"name":"web-1","server":"x"}`)
		w.jobs["bbbb2222"] = j
		rules(t, env, policy.Rule{When: when, Then: policy.Allow}, denyAll)
		u := alice
		u.Groups = []string{"S1"}
		if r, err := say(t, env, u, line); err != nil {
			t.Errorf("%s: %s", line, told(r, err))
		}
	}
}

// TestFactsOfUnknown refuses a flow that the gate cannot tell the facts of.
func TestFactsOfUnknown(t *testing.T) {
	if _, err := factsOf(stackhand.Job{Flow: "invented"}, nil); err == nil {
		t.Error("a flow that the gate does not know is let through")
	}
	if _, err := factsOf(stackhand.Job{Flow: "create", Input: json.RawMessage(`"sealed"`)}, nil); err == nil {
		t.Error("an input that cannot be read is let through")
	}
	if diff := cmp.Diff("unset", func() string {
		f, _ := factsOf(stackhand.Job{Flow: "edit", Input: json.RawMessage(`{"change":{"unset":["a"]}}`)}, nil)
		return f.Verb
	}()); diff != "" {
		t.Error(diff)
	}
}

// TestDoneByApprovers are changes that cannot wait for an approval: whose own one counts does them.
func TestDoneByApprovers(t *testing.T) {
	for _, c := range []struct {
		who  stackhand.User
		rule policy.Rule
		want string
	}{
		{carol, policy.Rule{Own: true}, "is yours until|lasts until"},
		{carol, policy.Rule{Own: true, Approvers: []string{"U0CAROL"}}, "lasts until"},
		{carol, policy.Rule{Own: true, Approvers: []string{"U0DANA"}}, "needs the approval of U0DANA.*Ask one of them"},
		{carol, policy.Rule{Own: true, Needed: 2}, "needs the approval of"},
		{carol, policy.Rule{}, "needs the approval of an approver.*own: true"},
		{dana, policy.Rule{}, "needs the approval of"},
		{alice, policy.Rule{Own: true}, "needs the approval of"},
	} {
		w, env, l := auditedWorld()
		w.login["U0CAROL"] = "carol"
		w.give("U0ALICE", "web-1")
		c.rule.Name, c.rule.Then = "ask", policy.Approve
		rules(t, env, c.rule)
		r, err := say(t, env, c.who, "extend web-1 2h")
		expect(t, told(r, err), "(?s)"+c.want)
		if last := l.recs[len(l.recs)-1]; err == nil && (len(last.Approvals) != 1 || last.Approvals[0].User != c.who.ID || last.Rule != "ask") {
			t.Errorf("on the trail: %+v", last)
		}
	}
}
