package commands

import (
	"slices"
	"strings"
	"testing"

	"github.com/stackhand/stackhand"
	"github.com/stackhand/stackhand/internal/policy"
)

// A rule counts all that a line is about, and nothing begins if one cannot.
func TestOrphansAreCounted(t *testing.T) {
	w, env, _ := orphanWorld()
	rules(t, env, policy.Rule{Name: "few", Then: policy.Limit, MaxCount: 1})
	for line, want := range map[string]string{
		"orphans delete aaaaaaaa eeeeeeee": "allows at most 1 at once, and you ask for 2.*Name 1 of them, or less",
		"orphans delete aaaaaaaa bbbbbbbb": "at most 1 at once|was not made for you",
	} {
		decide(t, env, alice, line, "(?s)"+want)
	}
	env.Policy = nil
	decide(t, env, alice, "orphans delete aaaaaaaa dddddddd", "Nothing of web-8 is in the cloud")
	decide(t, env, alice, "orphans delete aaaaaaaa zzzzzzzz", "There is no finding zzzzzzzz")
	if len(w.jobs) > 0 {
		t.Fatalf("%d jobs began", len(w.jobs))
	}
	rules(t, env, policy.Rule{Name: "few", Then: policy.Limit, MaxCount: 1})
	decide(t, env, alice, "orphans delete aaaaaaaa AAAAAAAA", "Delete orphan: server old-1")
	if len(w.jobs) != 1 {
		t.Errorf("%d jobs for one finding", len(w.jobs))
	}
}

// Several deletions wait each for itself, and are counted together whenever one of them is planned anew.
func TestOrphansWaitTogether(t *testing.T) {
	w, env, _ := orphanWorld()
	b := newBook(env)
	env.Settings.Deciders = true
	rules(t, env, policy.Rule{Name: "many", When: "request.count > 1", Then: policy.Approve}, policy.Rule{Then: policy.Deny, Why: "alone"})
	decide(t, env, alice, "orphans delete aaaaaaaa eeeeeeee", "(?s)Delete orphan: server old-1 with its port .* waits for the approval.*Delete what is left of web-9 .* waits for the approval")
	if len(b.all) != 2 {
		t.Fatalf("%d requests", len(b.all))
	}
	for id, r := range b.all {
		want := []string{`Finding: server old-1 with its port \(id-aaaaaaaa\)`, `Why: old-1 is gone; this stayed`, `Made for: @U0ALICE`, `Cost: 0\.48 a day`, `Project: team-a of lab`}
		if r.Job.Flow == "delete" {
			want = []string{`Finding: record web-9`, `Still there: port web-9`, `Not there any more: server web-9`}
		}
		expect(t, env.showRequest(t.Context(), carol, r).Whole().String(), want...)
		if decide(t, env, carol, "approve "+id, "You approved"); w.jobs[id].Flow != r.Job.Flow || len(w.jobs[id].Approvals) != 1 {
			t.Errorf("%+v", w.jobs[id])
		}
	}
}

// What is done at once about a finding waits too, and is done as it was asked, once.
func TestFindingDecisionsWait(t *testing.T) {
	for line, c := range map[string]struct{ title, plan, done string }{
		`orphans ignore aaaaaaaa --why "it stays"`: {"Ignore server old-1", "Reason: it stays", "ignore aaaaaaaa by U0ALICE: it stays"},
		"orphans ignore cccccccc --undo":           {"Show volume data again", "Finding: volume data", "ignore cccccccc by : "},
		"orphans forget dddddddd":                  {"Forget record web-8", "Not there any more: server web-8", "forget dddddddd"},
		"orphans adopt ffffffff --to web-1":        {"Put floating ip 203.0.113.9 on the record of web-1", `Goes with: web-1 .*, of @U0ALICE`, "keep ffffffff for "},
	} {
		w, env, o := orphanWorld()
		b := newBook(env)
		env.Settings.Deciders = true
		w.give("U0ALICE", "web-1")
		ip := o.at["lab "+teamA][1]
		ip.ID, ip.Thing.ID, ip.Owner = "ffffffff", "ip-f", alice.ID
		o.at["lab "+teamA] = append(o.at["lab "+teamA], ip)
		rules(t, env, policy.Rule{Name: "four eyes", Then: policy.Approve})
		decide(t, env, alice, line, c.title+` .* waits for the approval of`)
		r := b.only(t)
		expect(t, env.showRequest(t.Context(), carol, r).Whole().String(), c.plan)
		if len(w.decided) > 0 || r.Job.Title != c.title {
			t.Errorf("%s: %q before anybody approved, as %q", line, w.decided, r.Job.Title)
		}
		decide(t, env, carol, "approve "+r.ID, "You approved "+c.title)
		if _, err := w.carry(t, env, r.ID); err != nil || len(w.decided) != 1 || !strings.HasPrefix(w.decided[0], c.done) {
			t.Errorf("%s: %q, %v", line, w.decided, err)
		}
		// Said again after a crash, when there is nothing to find any more, it is done.
		o.at["lab "+teamA] = slices.DeleteFunc(o.at["lab "+teamA], func(f stackhand.Orphan) bool { return strings.Contains(line, f.ID) })
		if said, err := w.carry(t, env, r.ID); err != nil || len(w.decided) != 1 || !strings.Contains(said, "so nothing is left to decide") {
			t.Errorf("%s again: %q, %q, %v", line, said, w.decided, err)
		}
		o.at["lab "+teamA], o.fail["lab "+teamA+" North"] = nil, stackhand.Errorf(stackhand.Unavailable, "The cloud did not answer.")
		w.cloud.regions, w.cloud.who.Region = []string{"North", "South"}, "South"
		if said, err := w.carry(t, env, r.ID); stackhand.KindOf(err) != stackhand.Unavailable || !strings.Contains(err.Error(), "Not looked at: team-a in North") {
			t.Errorf("%s, with a region that does not answer: %q, %v", line, said, err)
		}
	}
}

// What was found differently meanwhile is shown before it is approved.
func TestChangedFindingIsShownAnew(t *testing.T) {
	w, env, o := orphanWorld()
	b := newBook(env)
	env.Settings.Deciders = true
	rules(t, env, policy.Rule{Name: "four eyes", Then: policy.Approve})
	decide(t, env, alice, "orphans ignore aaaaaaaa", "waits for the approval of")
	o.at["lab "+teamA][0].With = nil
	decide(t, env, carol, "approve "+b.only(t).ID, "did not pass, because the plan is not the one that was shown any more: Finding: server old-1")
	o.at["lab "+teamA] = nil
	decide(t, env, carol, "approve "+b.only(t).ID, "cannot be done now as it was asked: There is no finding aaaaaaaa any more")
	if len(w.decided) > 0 {
		t.Errorf("decided %q", w.decided)
	}
}
