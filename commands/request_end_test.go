package commands

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/stackhand/stackhand"
	"github.com/stackhand/stackhand/internal/policy"
)

func TestDeny(t *testing.T) {
	w, env, b, id := askWorld(t, "create web-1", policy.Rule{})
	decide(t, env, bob, "deny "+id, "not one of those") // no form for who may not
	decide(t, env, alice, "deny "+id, "You asked for Create web-1 yourself")
	r := decide(t, env, carol, "deny "+id)
	if r.Form == nil || len(r.Form.Inputs) != 1 || r.Form.Inputs[0].Optional {
		t.Fatalf("%+v", r.Form)
	}
	reply, _, err := Submit(t.Context(), env, carol, r.Form.ID, r.Form.State, map[string]string{"why": "it's too large,\nfor a \"test\" <!channel>"}, Line{Key: "k"})
	expect(t, told(reply, err), "You denied Create web-1")
	got := b.all[id]
	if got.State != stackhand.RequestDenied || len(got.Approvals) != 1 || got.Approvals[0].Why != "it's too large,\nfor a \"test\" <!channel>" || got.Approvals[0].Approved || !got.Closed.Equal(w.now) {
		t.Fatalf("%+v", got)
	}
	decide(t, env, carol, "approve "+id, "was denied by you already: it's too large")
	decide(t, env, dana, "deny "+id+" me too", "was denied by carol already")
	decide(t, env, alice, "cancel "+id, "was denied by carol")
	if len(w.jobs) != 0 || len(b.all[id].Approvals) != 1 {
		t.Error("something came of it")
	}
}

// TestDenyTyped takes the reason as it stands, however it is written, and in the card's thread without the id.
func TestDenyTyped(t *testing.T) {
	for _, c := range []struct{ line, thread, why string }{
		{"deny ID too large for a test", "", "too large for a test"},
		{"deny ID it's huge, please ask again", "1.1", "it's huge, please ask again"},
		{"deny too large", "1.1", "too large"},
		{"deny no", "1.1", "no"},
	} {
		_, env, b, id := askWorld(t, "create web-1", policy.Rule{})
		b.threads["C1/1.1"] = []string{id}
		r, err := Do(t.Context(), env, carol, Line{Text: strings.ReplaceAll(c.line, "ID", id), Key: "k", Place: stackhand.Place{Channel: "C1", Thread: c.thread}})
		if got := b.all[id]; err != nil || got.State != stackhand.RequestDenied || got.Approvals[0].Why != c.why {
			t.Errorf("%q: %+v, %s", c.line, got.Approvals, told(r, err))
		}
	}
	_, env, _, id := askWorld(t, "create web-1", policy.Rule{})
	decide(t, env, carol, "deny "+id+" "+strings.Repeat("x", 501), "at most 500 characters")
}

// TestInTheThread decides without an id, where that is clear.
func TestInTheThread(t *testing.T) {
	w, env, b, _ := askWorld(t, "stop db-1 db-2", policy.Rule{})
	other, id := JobID("U0ALICEstop db-1 db-2", 0), JobID("U0ALICEstop db-1 db-2", 1)
	b.threads["C1/1.1"] = []string{id, other}
	at := func(u stackhand.User, line string) string {
		r, err := Do(t.Context(), env, u, Line{Text: line, Key: line + u.ID, Place: stackhand.Place{Channel: "C1", Thread: "1.1"}})
		return told(r, err)
	}
	expect(t, at(carol, "approve"), "2 requests.*Which one", "choose Stop db-1.* → approve "+other)
	decide(t, env, carol, "approve "+id, "is at work")
	if job := w.jobs[id]; len(w.order) != 1 || job.Title != "Stop db-2" {
		t.Fatalf("%+v", w.jobs)
	}
	expect(t, at(alice, "cancel"), "Stop db-1 is withdrawn")
	expect(t, at(carol, "approve "+other), "was withdrawn. Alice withdrew it.")
}

func TestWithdraw(t *testing.T) {
	w, env, b, id := askWorld(t, "create web-1", policy.Rule{})
	decide(t, env, bob, "cancel "+id, "Alice asked for Create web-1, so you cannot withdraw it")
	decide(t, env, carol, "cancel "+id, "cannot withdraw it", "deny "+id)
	decide(t, env, alice, "cancel "+id, "Create web-1 is withdrawn; nothing was done")
	decide(t, env, carol, "approve "+id, "was withdrawn. Alice withdrew it")
	decide(t, env, carol, "deny "+id+" no", "was withdrawn")
	if b.all[id].State != stackhand.RequestWithdrawn || len(w.jobs) != 0 {
		t.Errorf("%+v", b.all[id])
	}
	_, env, b, id = askWorld(t, "create web-1", policy.Rule{})
	decide(t, env, dana, "cancel "+id, "is withdrawn")
	if b.all[id].Note != "Dana withdrew it." {
		t.Errorf("note %q", b.all[id].Note)
	}
}

// TestTooLate is an approval after the end, which the sweep has not noted yet.
func TestTooLate(t *testing.T) {
	w, env, b, id := askWorld(t, "create web-1", policy.Rule{})
	w.now = b.all[id].Ends
	decide(t, env, carol, "approve "+id, "has ended: nobody decided until 2026-11-24 09:00 UTC")
	decide(t, env, carol, "deny "+id+" no", "has ended")
	if len(w.jobs) != 0 || b.all[id].Approved() != 0 {
		t.Errorf("%+v", b.all[id])
	}
}

func TestApprovals(t *testing.T) {
	w, env, b, id := askWorld(t, "create web-1", policy.Rule{Needed: 2})
	decide(t, env, bob, "approvals", "Nothing waits for you")
	for _, u := range []struct {
		user    stackhand.User
		buttons string
	}{{alice, "[cancel Withdraw → ID]"}, {carol, "[approve Approve → ID]\n[change Change… → ID]\n[deny Deny… → ID]"}} {
		r := decide(t, env, u.user, "approvals", "Create web-1", "Flavor: m1.small", "Waits for: an approver .2 of them")
		if got := told(r, nil); !strings.Contains(got, strings.ReplaceAll(u.buttons, "ID", id)) || u.user.ID == "U0ALICE" && strings.Contains(got, "[approve") {
			t.Errorf("%s: %s", u.user.Name, got)
		}
	}
	w.now = w.now.Add(time.Hour)
	say(t, env, dana, "create web-9")
	decide(t, env, carol, "approvals", "2 requests wait", "alice +1 hour ago.*in 2d23h", "dana +now", "choose Create web-1 → job show "+id)
	decide(t, env, alice, "approvals", "Create web-1.*asked for by @U0ALICE")
	decide(t, env, carol, "approve "+id)
	decide(t, env, carol, "job show "+id, "asked .1 of 2 approved", "Approved: by @U0CAROL")
	decide(t, env, alice, "jobs", "Create web-1 +asked")
	decide(t, env, dana, "deny "+id+" no need")
	decide(t, env, alice, "jobs", "Create web-1 +denied")
	decide(t, env, alice, "job show "+id, "denied: Create web-1", "Denied: by @U0DANA, .*: no need")
	elsewhere := Line{Text: "job show " + id, Key: "e", Place: stackhand.Place{Channel: "C2"}}
	r, err := Do(t.Context(), env, bob, elsewhere)
	expect(t, told(r, err), "somebody else's, and was asked for in another place")
	delete(b.all, id)
	decide(t, env, alice, "approvals", "Nothing waits")
	env.Requests = nil
	decide(t, env, carol, "approvals", "Nothing waits")
	decide(t, env, carol, "approve "+id, "Nothing waits for approval here")
}

// TestJobThatNeededNone tells who approves a job that it needs no approval.
func TestJobThatNeededNone(t *testing.T) {
	w, env, _, _ := askWorld(t, "create web-1", policy.Rule{When: `request.name == "web-1"`})
	if _, err := say(t, env, alice, "create web-2"); err != nil {
		t.Fatal(err)
	}
	decide(t, env, carol, "approve "+w.order[0], "needed no approval")
}

// TestForged is what buttons and forms may hold that nobody was shown.
func TestForged(t *testing.T) {
	w, env, b, id := askWorld(t, "create web-1", policy.Rule{Approvers: []string{"U0DANA"}})
	for action, values := range map[string][]string{
		"approve": {id, id + " --for 900h", id + "\x00", "../" + id, strings.Repeat("a", 1900), "", `" --for 1h`, "--change", id + "-1"},
		"deny":    {id, id + " because", "", "--why=x"},
		"change":  {id, "x --flavor=m1.tiny", id + " --count=9"},
		"cancel":  {id},
	} {
		for _, v := range values {
			line, ok := ClickLine(action, v)
			if !ok {
				continue
			}
			deliveries++
			r, err := Do(t.Context(), env, carol, Line{Text: line, Key: id + line + v, Place: stackhand.Place{Channel: "C9"}})
			if err == nil && (r.Form != nil || strings.Contains(told(r, err), "You ")) {
				t.Errorf("%s %q: %s", action, v, told(r, err))
			}
		}
	}
	for _, state := range []string{"approve " + id, "deny " + id, "approve " + id + " --own", "cancel " + id, ""} {
		r, _, err := Submit(t.Context(), env, carol, formLine, state, map[string]string{"why": "x", "for": "1h"}, Line{Key: "k" + state})
		if err == nil {
			t.Errorf("form %q: %s", state, told(r, err))
		}
	}
	if got := b.all[id]; got.State != stackhand.RequestOpen || len(got.Approvals) != 0 || len(w.jobs) != 0 {
		t.Errorf("something got through: %+v", got)
	}
	if r := b.only(t); r.ID != id {
		t.Error(r.ID)
	}
}

// TestSealedWithAnotherKeyset can be shown, denied and withdrawn, but not approved.
func TestSealedWithAnotherKeyset(t *testing.T) {
	w, env, b, id := askWorld(t, "create web-1", policy.Rule{})
	r := b.all[id]
	r.Args = json.RawMessage(`"c2VhbGVk"`)
	b.all[id] = r
	decide(t, env, carol, "approve "+id, "sealed with another keyset")
	decide(t, env, alice, "job show "+id, "Create web-1")
	decide(t, env, alice, "cancel "+id, "is withdrawn")
	if len(w.jobs) != 0 || b.all[id].State != stackhand.RequestWithdrawn {
		t.Errorf("%+v", b.all[id])
	}
}

// TestLostDecision has somebody else decide at the same moment: what is refused then has no verdict on the trail, and a request that
// cannot be opened is decided all the same.
func TestLostDecision(t *testing.T) {
	_, env, b, id := askWorld(t, "create web-1", policy.Rule{})
	l := &paper{}
	env.Audit = l.audit
	faster := func(edit func(r *stackhand.Request)) func() {
		return func() {
			r := b.all[id]
			b.rev++
			edit(&r)
			r.Rev = b.rev
			b.all[id] = r
		}
	}
	b.meddle = faster(func(r *stackhand.Request) { r.Args = json.RawMessage(`"c2VhbGVk"`) })
	decide(t, env, carol, "deny "+id+" no room", "You denied Create web-1")
	r := b.all[id]
	r.State = stackhand.RequestOpen
	b.all[id] = r
	b.meddle = faster(func(r *stackhand.Request) { r.State, r.Note = stackhand.RequestWithdrawn, "Alice withdrew it." })
	decide(t, env, carol, "deny "+id+" no room", "was withdrawn")
	if last := l.recs[len(l.recs)-1]; last.What != stackhand.AuditRefused || last.Verdict != "" || last.Why != "" {
		t.Errorf("%+v", last)
	}
}

// TestRaceOnTrail has a second approver a moment faster: the record tells what the approval came to then, not before.
func TestRaceOnTrail(t *testing.T) {
	_, env, b, id := askWorld(t, "create web-1", policy.Rule{Needed: 2})
	l := &paper{}
	env.Audit = l.audit
	b.meddle = func() {
		r := b.all[id]
		r.Approvals = []stackhand.Approval{{User: "U0DANA", Approved: true}}
		b.rev++
		r.Rev = b.rev
		b.all[id] = r
	}
	decide(t, env, carol, "approve "+id, "is at work")
	var got []string
	for _, r := range l.recs {
		got = append(got, fmt.Sprint(r.What, " ", r.Result, " ", len(r.Approvals)))
	}
	if want := []string{"decided open 1", "decided not saved 0", "decided approved 2", "asked  0"}; !slices.Equal(got, want) {
		t.Errorf("%q", got)
	}
	expect(t, env.told(t.Context(), l.recs[1]).String(), "What carol decided about job "+id+" just before did not count")
}

// Who asked is not among those for whom it waits, unless the rule says so.
func TestWaitsForOthers(t *testing.T) {
	_, env := newWorld()
	newBook(env)
	r := stackhand.Request{Job: stackhand.Job{User: carol}, Approvers: []string{carol.ID}}
	for _, c := range []struct {
		named []string
		own   bool
		needs int
		want  string
	}{
		{[]string{carol.ID}, false, 1, "an administrator"}, {[]string{carol.ID}, true, 1, "carol"}, {[]string{carol.ID, bob.ID}, false, 1, "bob"}, {nil, false, 1, "an approver"},
		{[]string{carol.ID, bob.ID}, false, 2, "bob or an administrator (2 of them)"}, {[]string{carol.ID}, false, 2, "an administrator (2 of them)"}, {nil, false, 2, "an approver (2 of them)"},
		{[]string{carol.ID, "S0OPS"}, false, 2, "somebody of s0ops (2 of them)"},
	} {
		r.Approvers, r.Own, r.Needed = c.named, c.own, c.needs
		if got := env.waitsFor(t.Context(), r); got != c.want {
			t.Errorf("%v, own %v: it waits for %s, want %s", c.named, c.own, got, c.want)
		}
	}
}
