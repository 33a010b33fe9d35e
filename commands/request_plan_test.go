package commands

import (
	"context"
	"encoding/json"
	"strings"
	"testing"
	"time"

	"github.com/stackhand/stackhand"
	"github.com/stackhand/stackhand/internal/policy"
)

func specOfJob(t *testing.T, j stackhand.Job) (s stackhand.CreateSpec) {
	t.Helper()
	if err := json.Unmarshal(j.Input, &s); err != nil {
		t.Fatal(err)
	}
	return s
}

func plain(facts []stackhand.Fact) string {
	var b strings.Builder
	for _, f := range facts {
		b.WriteString(f.Name + ": " + f.Value.String() + "\n")
	}
	return b.String()
}

// TestPlanCard holds that approvers see what will be made, down to ids and money.
func TestPlanCard(t *testing.T) {
	_, _, b, id := askWorld(t, "create web --count 2 --for 8h --open 22,80", policy.Rule{Name: "many", Why: "it costs"})
	got := plain(b.all[id].Plan)
	expect(t, got, `Servers: web-1 … web-2, in team-a of lab`, `Image: Ubuntu 22.04 \(i-jammy\)`, `Flavor: m1.small \(2\): 1 vCPU, 2 GiB RAM, 20 GiB disk`,
		`Network: a new one`, `Floating IP: 2, from public`, `Open ports: 22, 80 \(TCP\), to everybody: 0\.0\.0\.0/0`, `Key pair: laptop`, `Ends: 8h after it is ready\n`,
		`Cost: 0\.96 a day, 0\.32 for 8h`, `Quota left afterwards: servers 8 of 10, cores 18 of 20, RAM .*, floating IPs 48 of 50\n`)
	_, _, b, id = askWorld(t, "create web-1 --flavor m1.medium", policy.Rule{})
	expect(t, plain(b.all[id].Plan), `Cost: no price known for m1\.medium`)
	_, _, b, id = askWorld(t, "delete db-1", policy.Rule{})
	expect(t, plain(b.all[id].Plan), `Server: db-1 \(srv-db-1U0ALICE\), m1.small, of @U0ALICE`, `Goes with it: server db-1, network net \(shared\)`, `Would have lasted until: 2026`, `Project: team-a of lab`)
	_, _, b, id = askWorld(t, "resize db-1 --flavor m1.medium", policy.Rule{})
	expect(t, plain(b.all[id].Plan), `Server: db-1`, `Flavor: m1.medium \(3\): 2 vCPU, 4 GiB RAM`, `Cost: no price known`)
	_, _, b, id = askWorld(t, "volume create data --size 10", policy.Rule{})
	expect(t, plain(b.all[id].Plan), `Volume: data`, `Size: 10 GiB`, `Quota left afterwards: volumes 9 of 10, volume storage 990`)
}

// TestChangedMeanwhile changes the world between the question and the approval: what approvers have not seen does not pass,
// and what makes no difference does.
func TestChangedMeanwhile(t *testing.T) {
	for name, c := range map[string]struct {
		change func(w *world, env *Env)
		want   string // of the refusal; "" passes
	}{
		"nothing": {func(*world, *Env) {}, ""},
		"the price": {func(_ *world, env *Env) { env.Settings.Clouds["lab"].Prices["m1.small"] = 0.5 },
			`Cost: 12\.00 a day, 4\.00 for 8h instead of 0\.48 a day`},
		"the image behind its name": {func(w *world, _ *Env) { w.cloud.images[0].ID = "i-other" }, `Image: Ubuntu 22\.04 \(i-other\) instead of .*i-jammy`},
		"the flavor behind its name": {func(w *world, _ *Env) { w.cloud.flavors[2].ID, w.cloud.flavors[2].RAM = "22", 8192 },
			`Flavor: m1\.small \(22\): 1 vCPU, 8 GiB RAM, 20 GiB disk instead of m1\.small \(2\)`},
		"the quota":     {func(w *world, _ *Env) { w.cloud.limits.Servers.Max = 5 }, `Quota left afterwards: servers 4 of 5, .* instead of servers 9 of 10`},
		"others' use":   {func(w *world, _ *Env) { w.cloud.limits.Servers.Used = 3 }, ""},
		"time":          {func(w *world, _ *Env) { w.now = w.now.Add(5 * time.Hour) }, ""},
		"another's key": {func(w *world, _ *Env) { w.cloud.keys = []stackhand.KeyPair{{Name: "desktop"}} }, `Key pair: desktop instead of laptop`},
	} {
		t.Run(name, func(t *testing.T) {
			w, env, b, id := askWorld(t, "create web-1 --for 8h", policy.Rule{Needed: 2})
			decide(t, env, carol, "approve "+id, "1 more approval")
			c.change(w, env)
			if c.want == "" {
				decide(t, env, dana, "approve "+id, "is at work")
				return
			}
			decide(t, env, dana, "approve "+id, `did not pass, because the plan is not the one that was shown any more: .*`+c.want, `decide again`)
			r := b.all[id]
			if len(w.jobs) != 0 || r.State != stackhand.RequestOpen || r.Approved() != 0 || len(r.Changed) != 1 {
				t.Fatalf("%d jobs, %+v", len(w.jobs), r)
			}
			decide(t, env, dana, "approve "+id, "1 more approval")
			decide(t, env, carol, "approve "+id, "is at work")
		})
	}
}

// TestApproversChange lets approvers want it otherwise: planned anew as the asker, shown, and approvals of another plan do
// not count.
func TestApproversChange(t *testing.T) {
	w, env, b, id := askWorld(t, "create web --count 4 --for 8h --flavor m1.medium", policy.Rule{Needed: 2})
	decide(t, env, carol, "approve "+id, "1 more approval")
	decide(t, env, dana, "approve "+id+" --for 1d --flavor m1.small --count 2", "1 more approval")
	r := b.all[id]
	if len(r.Approvals) != 1 || r.Approvals[0].User != "U0DANA" || len(r.Stacks) != 2 || r.Job.Title != "Create web-1 … web-2" || r.Job.User.ID != "U0ALICE" {
		t.Fatalf("%+v", r)
	}
	expect(t, strings.Join(r.Changed, "\n"), `^Dana changed it\. Servers: web-1 … web-2.* instead of web-1 … web-4.*; Flavor: m1\.small .* instead of m1\.medium .*; .*Ends: 1d after it is ready instead of 8h after`)
	decide(t, env, carol, "approve "+id, "is at work")
	s := specOfJob(t, w.jobs[id])
	if s.Count != 2 || s.For != 24*time.Hour || s.Flavor != "m1.small" || s.Owner != "U0ALICE" || len(w.stacks) != 4 {
		t.Errorf("%+v", s)
	}
	// Who had logged in: alice only. Carol's own login plays no part.
	if w.login["U0CAROL"] != "" {
		t.Fatal("carol is logged in")
	}
}

func TestApproversChangeInvalid(t *testing.T) {
	w, env, b, id := askWorld(t, "create web-1 --for 8h", policy.Rule{})
	for line, want := range map[string]string{
		" --for 900d":         `at most 14d`,
		" --count 200":        `from 1 to 20`,
		" --flavor m1.nano":   `no flavor`,
		" --flavor m1.medium": `no room`,
	} {
		if strings.Contains(line, "medium") {
			w.cloud.limits.RAM.Used = w.cloud.limits.RAM.Max - 2048
		}
		decide(t, env, carol, "approve "+id+line, "(?i)"+want)
		if len(w.jobs) != 0 || b.all[id].State != stackhand.RequestOpen || b.all[id].Held != "" {
			t.Fatalf("%s: %+v", line, b.all[id])
		}
	}
	decide(t, env, carol, "approve "+id+" --for 8h", "is at work") // says what was asked already
	if len(b.all[id].Changed) != 0 {
		t.Errorf("changed: %v", b.all[id].Changed)
	}
	_, env, _, id = askWorld(t, "delete db-1", policy.Rule{})
	decide(t, env, carol, "approve "+id+" --count 2", `Delete has no --count`)
}

// TestChangeForm asks in a form, whose values become the same line.
func TestChangeForm(t *testing.T) {
	w, env, b, id := askWorld(t, "create web-1 --for 8h --flavor m1.medium", policy.Rule{})
	line, ok := ClickLine("change", id)
	if !ok {
		t.Fatal("no such button")
	}
	decide(t, env, bob, line, "not one of those")
	r := decide(t, env, carol, line)
	if r.Form == nil || len(r.Form.Inputs) != 3 || !strings.Contains(r.Form.Intro.String(), "m1.medium") {
		t.Fatalf("%+v", r.Form)
	}
	submit := func(u stackhand.User) (Reply, error) {
		r, _, err := Submit(t.Context(), env, u, r.Form.ID, r.Form.State, map[string]string{"for": "1h", "flavor": "m1.tiny", "count": ""}, Line{Key: "k"})
		return r, err
	}
	_, err := submit(bob) // somebody else sends carol's form
	expect(t, told(Reply{}, err), "not one of those")
	_, err = submit(carol)
	expect(t, told(Reply{}, err), "too small")
	w.cloud.images[0].MinDisk = 0
	reply, err := submit(carol)
	expect(t, told(reply, err), "is at work")
	if s := specOfJob(t, w.jobs[id]); s.For != time.Hour || s.Flavor != "m1.tiny" || s.Count != 1 {
		t.Errorf("%+v", s)
	}
	reply, err = submit(carol) // the same form once more
	expect(t, told(reply, err), "was approved by you already")
	if len(w.order) != 1 || b.all[id].State != stackhand.RequestApproved {
		t.Errorf("%d jobs", len(w.order))
	}
}

// TestHeld is a request that cannot go on although somebody approves: nothing is lost, and the asker is told what to do.
func TestHeld(t *testing.T) {
	for name, c := range map[string]struct {
		line    string
		spoil   func(w *world, env *Env, t *testing.T)
		want    string
		mend    func(w *world, env *Env, t *testing.T)
		waiting bool
	}{
		"the asker's login is gone": {"create web-1", func(w *world, _ *Env, _ *testing.T) { delete(w.login, "U0ALICE") },
			"Alice is not logged in to lab any more, .*\nOnce alice has said `login`, approve it again", func(w *world, _ *Env, _ *testing.T) { w.login["U0ALICE"] = "alice" }, true},
		"the name is taken": {"create web-1", func(w *world, _ *Env, _ *testing.T) { w.give("U0ALICE", "web-1") },
			"Create web-1 cannot be done now as it was asked: You have a server called web-1", func(w *world, _ *Env, _ *testing.T) { delete(w.stacks, JobID("web-1U0ALICE", 0)+"-1") }, true},
		"no room any more": {"create web-1", func(w *world, _ *Env, _ *testing.T) { w.cloud.limits.Servers.Used = 10 },
			"no room for web-1", func(w *world, _ *Env, _ *testing.T) { w.cloud.limits.Servers.Used = 0 }, true},
		"a rule denies it now": {"create web-1", func(_ *world, env *Env, t *testing.T) { rules(t, env, denyAll) }, "closed.*does not allow", func(_ *world, env *Env, t *testing.T) {
			rules(t, env, policy.Rule{Then: policy.Approve})
		}, true},
		"a freeze": {"create web-1", func(_ *world, env *Env, _ *testing.T) { env.Freeze = frozenBy("moving house") }, "Changes are stopped.*moving house", func(_ *world, env *Env, _ *testing.T) { env.Freeze = nil }, true},
		"the server is gone": {"delete db-1", func(w *world, _ *Env, _ *testing.T) {
			st := w.stacks[JobID("db-1U0ALICE", 0)+"-1"]
			st.State = stackhand.StackDeleting
			w.stacks[st.ID] = st
		}, "is being deleted already", nil, true},
		"there is nothing to do any more": {"stop db-1", func(w *world, _ *Env, _ *testing.T) { w.cloud.servers[0].Status = "SHUTOFF" }, "cannot be done any more as it was asked", nil, true},
		"the cloud is away": {"create web-1", func(w *world, _ *Env, _ *testing.T) {
			w.fail["Flavors"] = stackhand.Errorf(stackhand.Unavailable, "The cloud does not answer.")
		}, "The cloud does not answer", func(w *world, _ *Env, _ *testing.T) { delete(w.fail, "Flavors") }, false},
	} {
		t.Run(name, func(t *testing.T) {
			w, env, b, id := askWorld(t, c.line, policy.Rule{})
			c.spoil(w, env, t)
			for range 2 {
				decide(t, env, carol, "approve "+id, c.want)
			}
			r := b.all[id]
			if len(w.jobs) != 0 || r.State != stackhand.RequestOpen || (r.Held != "") != c.waiting {
				t.Fatalf("%d jobs, held %q, %+v", len(w.jobs), r.Held, r)
			}
			if c.waiting {
				decide(t, env, alice, "job show "+id, "In the way: ")
			}
			if c.mend == nil {
				return
			}
			c.mend(w, env, t)
			decide(t, env, carol, "approve "+id, "is at work")
			if b.all[id].Held != "" {
				t.Errorf("still held: %s", b.all[id].Held)
			}
		})
	}
}

// TestAskerOfNow plans as whoever asked may do now: with another role, or not at all.
func TestAskerOfNow(t *testing.T) {
	w, env, b, id := askWorld(t, "create web-1", policy.Rule{})
	now, refuse := alice, stackhand.Errorf(stackhand.Forbidden, "Guests cannot use servers here.")
	var err error = refuse
	env.Member = func(_ context.Context, id string) (stackhand.User, error) {
		if id != alice.ID {
			t.Errorf("asked for %s", id)
		}
		return now, err
	}
	decide(t, env, carol, "approve "+id, "Create web-1 cannot be done now as it was asked: Alice may not use servers here any more", "deny it")
	err = stackhand.Errorf(stackhand.Unavailable, "Slack is away.")
	decide(t, env, carol, "approve "+id, "does not tell me what alice may do now, so your approval did not pass")
	err = nil
	rules(t, env, policy.Rule{When: `user.role == "member" && "S0OUT" in user.groups`, Then: policy.Deny, Why: "not for them"})
	now.Groups = []string{"S0OUT"}
	decide(t, env, carol, "approve "+id, "not for them")
	if len(w.jobs) != 0 || b.all[id].State != stackhand.RequestOpen || b.all[id].Approved() != 0 {
		t.Errorf("it passed: %+v", b.all[id])
	}
	now.Groups = nil
	decide(t, env, carol, "approve "+id, "is at work")
}

// TestFormIsPlannedAnew approves what was asked for in forms: also what never stands in a line, such as a password.
func TestFormIsPlannedAnew(t *testing.T) {
	w, env, b, first := askWorld(t, "create web-9", policy.Rule{})
	for _, c := range []struct {
		line   string
		values map[string]string
		title  string
	}{
		{"create web-1", map[string]string{"flavor": "m1.medium", "for": "8h"}, "Create web-1"},
		{"password db-1", map[string]string{"password": "hunter2 hunter2"}, "Set the password of db-1"},
	} {
		_, _, err := Submit(t.Context(), env, alice, formLine, c.line, c.values, Line{Key: "form " + c.line, Place: stackhand.Place{Channel: "C1"}})
		if err != nil {
			t.Fatal(told(Reply{}, err))
		}
		id := JobID("form "+c.line, 0)
		if b.all[id].Job.Title != c.title || id == first {
			t.Fatalf("%+v", b.all[id])
		}
		decide(t, env, carol, "approve "+id, "You approved "+c.title+": job "+id+" is at work")
	}
	if s := specOfJob(t, w.jobs[w.order[0]]); s.Flavor != "m1.medium" || s.For != 8*time.Hour {
		t.Errorf("%+v", s)
	}
	if s := string(w.jobs[w.order[1]].Input); !strings.Contains(s, `"hunter2 hunter2"`) {
		t.Error(s)
	}
}
