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

// longWorld is a world in which alice's web-1 can be extended only by an approver.
func longWorld(t *testing.T) (w *world, env *Env, b *fakeBook, st stackhand.Stack, beyond *int) {
	t.Helper()
	w, env = newWorld()
	st = w.give("U0ALICE", "web-1")
	b, beyond = newBook(env), new(int)
	env.Settings.Deciders, env.Settings.Extensions = true, stackhand.Extensions{Times: 1, Total: 48 * time.Hour}
	env.Settings.Clouds["lab"] = CloudSettings{Prices: map[string]float64{"m1.small": 0.02}}
	env.Leases = fakeLeases{fakeStacks: fakeStacks{w}, beyond: beyond, over: "web-1 was extended once already.", gone: w.now.Add(30 * time.Hour)}
	return w, env, b, st, beyond
}

// carry does what the engine does with the job of an approved line.
func (w *world) carry(t *testing.T, env *Env, id string) (string, error) {
	t.Helper()
	job, ok := w.jobs[id]
	if !ok || job.Flow != flowLine {
		t.Fatalf("no job to say a line: %+v", job)
	}
	return CarryOut(t.Context(), env, job)
}

// Beyond the budget an extension waits for somebody who sees what it is, and happens once it is approved.
func TestAnExtensionWaits(t *testing.T) {
	w, env, b, st, beyond := longWorld(t)
	env.Zone = func(context.Context, string) string { return "Europe/Istanbul" }
	before := st.Lease.Until
	decide(t, env, alice, "extend web-1 1d", `Keep web-1 until .* waits for the approval of an approver: web-1 was extended once already`, `ends as before`)
	r := b.only(t)
	until := before.Add(24 * time.Hour)
	expect(t, env.showRequest(t.Context(), carol, r).Whole().String(), `Server: web-1 .*, m1\.small, of @U0ALICE`, `Ends now: `+before.UTC().Format("2006-01-02 15:04"),
		`Would end: `+until.UTC().Format("2006-01-02 15:04 UTC")+`, 1d later`, `Extended so far: 0 times \(of 1\), 0 in all \(of 2d\)`, `Cost: 0\.48 a day, 0\.48 for 1d`)
	if r.Rule != overBudget || !r.Ends.Equal(w.now.Add(30*time.Hour)) || *beyond != 0 || !w.stacks[st.ID].Lease.Until.Equal(before) {
		t.Fatalf("%+v; until %s", r, w.stacks[st.ID].Lease.Until)
	}
	decide(t, env, alice, "keep web-1 --until 3d", `Keep web-1 until .* waits for an approval already \(request `+r.ID+`\)`)
	decide(t, env, alice, "show web-1", `Asked for: Keep web-1 until .*: waits for an approver`)
	decide(t, env, alice, "approve "+r.ID, "You asked for .* yourself")
	w.now = w.now.Add(3 * time.Hour) // the moment stays what it was
	decide(t, env, carol, "approve "+r.ID, "You approved Keep web-1")
	if *beyond != 0 {
		t.Fatal("it happened before its job")
	}
	for range 2 { // again after a crash
		if said, err := w.carry(t, env, r.ID); err != nil || said != "" {
			t.Fatalf("%q, %v", said, err)
		}
	}
	if got := w.stacks[st.ID].Lease.Until; !got.Equal(until) || *beyond != 2 {
		t.Errorf("until %s, want %s", got, until)
	}
}

// What somebody approves is what they saw: another end, owner or right is found out when they press.
func TestAnExtensionIsLookedAtAnew(t *testing.T) {
	for name, c := range map[string]struct {
		edit func(w *world, st *stackhand.Stack)
		want string
		held bool
	}{
		"moved meanwhile":   {func(_ *world, st *stackhand.Stack) { st.Lease.Until = st.Lease.Until.Add(time.Hour) }, `did not pass, because the plan is not the one that was shown any more: Ends now`, false},
		"given away":        {func(_ *world, st *stackhand.Stack) { st.Lease.Owner = "U0BOB" }, `cannot be done now as it was asked: web-1 belongs to bob, so you cannot extend it`, true},
		"being deleted":     {func(_ *world, st *stackhand.Stack) { st.State = stackhand.StackDeleting }, `web-1 is being deleted, so it is too late to extend it`, true},
		"logged out":        {func(w *world, _ *stackhand.Stack) { delete(w.login, "U0ALICE") }, `You approved Keep web-1`, false}, // it needs nothing of the cloud
		"past":              {func(w *world, _ *stackhand.Stack) { w.now = w.now.Add(29 * time.Hour) }, `is over already`, true},
		"nothing different": {func(*world, *stackhand.Stack) {}, `You approved Keep web-1`, false},
	} {
		t.Run(name, func(t *testing.T) {
			w, env, b, st, _ := longWorld(t)
			env.Zone = func(context.Context, string) string { return "Europe/Istanbul" }
			decide(t, env, alice, "keep web-1 --until 28h", `waits for the approval`)
			c.edit(w, &st)
			w.stacks[st.ID] = st
			id := b.only(t).ID
			decide(t, env, carol, "approve "+id, c.want)
			if r := b.all[id]; (r.Held != "") != c.held || (r.State == stackhand.RequestApproved) != strings.HasPrefix(c.want, "You approved") {
				t.Errorf("%s, held %q", r.State, r.Held)
			}
		})
	}
}

// Where nobody could approve, where the budget is enough and where the asker decides, it is as without requests.
func TestNoExtensionWaits(t *testing.T) {
	for name, c := range map[string]struct {
		edit func(env *Env)
		who  stackhand.User
	}{
		"no approvers":    {func(env *Env) { env.Settings.Deciders = false }, alice},
		"no requests":     {func(env *Env) { env.Requests = nil }, alice},
		"in the budget":   {func(env *Env) { l := env.Leases.(fakeLeases); l.over = ""; env.Leases = l }, alice},
		"an admin":        {func(*Env) {}, dana},
		"somebody else's": {func(*Env) {}, carol},
	} {
		w, env, b, st, _ := longWorld(t)
		w.login["U0CAROL"] = "carol"
		c.edit(env)
		decide(t, env, c.who, "extend "+st.ID+" 2h", "until")
		if len(b.all) != 0 || w.stacks[st.ID].Lease.Until.Equal(st.Lease.Until) {
			t.Errorf("%s: %d requests", name, len(b.all))
		}
	}
}

// A rule may want an approval of what is done at once: then it waits, and is done as it was asked.
func TestDeedsWait(t *testing.T) {
	for _, c := range []struct {
		line, title, plan string
		done              func(w *world, st stackhand.Stack) bool
	}{
		{"extend web-1 2h", "Keep web-1 until", "Would end", func(w *world, st stackhand.Stack) bool { return w.stacks[st.ID].Lease.Until.After(st.Lease.Until) }},
		{"share web-1 bob", "Share web-1 with bob", "With: bob", func(w *world, st stackhand.Stack) bool { return len(w.stacks[st.ID].Shared) == 1 }},
		{"transfer web-1 bob", "Offer web-1 to bob", "With: bob", func(w *world, st stackhand.Stack) bool { return w.stacks[st.ID].Transfer.Open(w.now) }},
		{"keypair create phone --public-key \"" + pubKey + "\"", "Create key pair phone", "With: SHA256:", func(w *world, _ stackhand.Stack) bool {
			return len(w.cloud.keys) > 0 && w.cloud.keys[len(w.cloud.keys)-1].Name == "phone"
		}},
	} {
		t.Run(c.title, func(t *testing.T) {
			w, env := newWorld()
			st := w.give("U0ALICE", "web-1")
			b := newBook(env)
			env.Leases = fakeLeases{fakeStacks: fakeStacks{w}, beyond: new(int)}
			env.Settings.Deciders = true
			rules(t, env, policy.Rule{Name: "four eyes", Then: policy.Approve})
			decide(t, env, alice, c.line, c.title+".* waits for the approval of")
			r := b.only(t)
			if c.done(w, st) || r.Rule != "four eyes" || strings.Contains(string(r.Job.Input), "team-a #") {
				t.Fatalf("%+v", r)
			}
			expect(t, env.showRequest(t.Context(), carol, r).Whole().String(), c.plan)
			decide(t, env, carol, "approve "+r.ID, "You approved "+c.title)
			if said, err := w.carry(t, env, r.ID); err != nil || !c.done(w, st) {
				t.Errorf("%q, %v: %+v", said, err, w.stacks[st.ID])
			}
			// Tried again it needs no second approval; a rule that denies holds all the same.
			f, err := factsOf(w.jobs[r.ID], nil)
			if err != nil || f.Verb == "" || f.Project != "team-a" {
				t.Errorf("%+v, %v", f, err)
			}
		})
	}
}

// What is left of a line is what somebody may do by then.
func TestCarryOutRefuses(t *testing.T) {
	w, env, b, _, _ := longWorld(t)
	decide(t, env, alice, "extend web-1 1d", "waits")
	id := b.only(t).ID
	decide(t, env, carol, "approve "+id, "You approved")
	good := w.jobs[id]
	for want, edit := range map[string]func(j *stackhand.Job){
		"may not use servers here any more": func(*stackhand.Job) {
			env.Member = func(context.Context, string) (stackhand.User, error) {
				return guest, stackhand.Errorf(stackhand.Forbidden, "a guest")
			}
		},
		"does not know the command": func(j *stackhand.Job) { j.Input = json.RawMessage(`{"command":"fly"}`) },
		"input of line":             func(j *stackhand.Job) { j.Input = json.RawMessage(`"x"`) },
		"arguments of job":          func(j *stackhand.Job) { j.Input = json.RawMessage(`{"command":"keep","args":5}`) },
	} {
		j := good
		env.Member = nil
		edit(&j)
		if _, err := CarryOut(t.Context(), env, j); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("want %q, got %v", want, err)
		}
	}
}

// To accept a server is asked for once, and no longer than the offer lasts.
func TestAnAcceptedTransferWaits(t *testing.T) {
	w, env := newWorld()
	b := newBook(env)
	env.Settings.Deciders = true
	w.give("U0ALICE", "web-1")
	w.login["U0BOB"] = "bob"
	w.talk(t, env, []hears{{alice, "transfer web-1 bob", "was asked"}})
	w.now = w.now.Add(2 * day)
	rules(t, env, policy.Rule{Name: "four eyes", When: `request.verb == "transfer"`, Then: policy.Approve})
	offer := w.lastNotice("U0BOB").Actions[0].Value
	decide(t, env, bob, clicked("accept", offer), "Take web-1 over .* waits for the approval of")
	decide(t, env, bob, clicked("accept", offer), "You accepted web-1 already, just now, and that waits for an approval .request")
	r := b.only(t)
	if ends := w.now.Add(transferFor - 2*day); !r.Ends.Equal(ends) {
		t.Errorf("the request ends %s, and the offer %s", r.Ends, ends)
	}
	decide(t, env, carol, "approve "+r.ID, "You approved Take web-1 over")
	if _, err := w.carry(t, env, r.ID); err != nil {
		t.Error(err)
	}
	if got := w.stacks[r.Job.Stacks[0]].Lease.Owner; got != "U0BOB" {
		t.Errorf("it is of %s", got)
	}
}
