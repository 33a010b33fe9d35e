package commands

import (
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/stackhand/stackhand"
	"github.com/stackhand/stackhand/internal/policy"
)

// Approvers give another time than was asked for: it is planned anew, told, and done; what no approver could allow is refused.
func TestAnExtensionIsChanged(t *testing.T) {
	w, env, b, st, beyond := longWorld(t)
	before := st.Lease.Until
	rules(t, env, policy.Rule{Name: "two keys", When: `request.verb == "extend"`, Then: policy.Approve, Needed: 2})
	decide(t, env, alice, "extend web-1 2d", "waits for the approval")
	r := b.only(t)
	for who, there := range map[string]bool{"carol": true, "alice": false} {
		shown := env.showRequest(t.Context(), map[string]stackhand.User{"carol": carol, "alice": alice}[who], r)
		if got := slices.ContainsFunc(shown.Actions, func(a stackhand.Action) bool { return a.ID == "change" }); got != there {
			t.Errorf("%s: Change… is offered: %v", who, got)
		}
	}
	form := decide(t, env, carol, "approve "+r.ID+" --change", "Say in the form").Form
	if form == nil || len(form.Inputs) != 1 || form.Inputs[0].ID != "for" || !strings.Contains(form.Intro.String(), "Would end: ") || !strings.Contains(form.Intro.String(), "Extended so far: ") {
		t.Fatalf("%+v", form)
	}
	for words, want := range map[string]string{"--for 10s": "by a minute at least", "--flavor m1.tiny": "Keep has no --flavor that could be changed", "--for -3h": "makes no sense|at least"} {
		decide(t, env, carol, "approve "+r.ID+" "+words, want)
	}
	if now := b.all[r.ID]; len(now.Changed) > 0 || now.Approved() > 0 {
		t.Fatalf("%+v", now)
	}
	decide(t, env, carol, "approve "+r.ID+" --for 12h", "You approved .*It still needs 1 more approval")
	now, until := b.all[r.ID], before.Add(12*time.Hour)
	expect(t, strings.Join(now.Changed, "\n"), `^Carol changed it\. Would end: .*, 12h later instead of .*, 2d later; Cost: 0\.48 a day, 0\.24 for 12h instead of 0\.48 a day, 0\.96 for 2d\.$`)
	if now.Job.Title != "Keep web-1 until "+stackhand.At(until).String() || now.Rule != "two keys" {
		t.Errorf("%q by %q", now.Job.Title, now.Rule)
	}
	w.now = w.now.Add(2 * time.Hour) // the moment stays what it was, and so does what the second one approves
	decide(t, env, dana, "approve "+r.ID, "You approved Keep web-1")
	if _, err := w.carry(t, env, r.ID); err != nil {
		t.Fatal(err)
	}
	if got := w.stacks[st.ID].Lease.Until; !got.Equal(until) || *beyond != 1 {
		t.Errorf("until %s, want %s", got, until)
	}
}

// A job that is tried again with the word keep is no longer time, and is not changed as one.
func TestOnlyExtensionsAreChangedAsThat(t *testing.T) {
	for want, r := range map[bool]stackhand.Request{
		true:  {Command: "keep", Job: stackhand.Job{Flow: flowLine}},
		false: {Command: "keep", Job: stackhand.Job{Flow: "create"}},
	} {
		if changeable(r) != want {
			t.Errorf("%+v: want %v", r, want)
		}
	}
}
