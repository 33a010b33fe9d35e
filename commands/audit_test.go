package commands

import (
	"context"
	"fmt"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/stackhand/stackhand"
	"github.com/stackhand/stackhand/internal/policy"
)

// trail answers like the store does.
func (l *paper) trail(_ context.Context, q stackhand.AuditQuery) ([]stackhand.AuditRecord, error) {
	var out []stackhand.AuditRecord
	for i, rec := range slices.Backward(l.recs) {
		rec.Seq = int64(i + 1)
		of := q.Of == "" || slices.ContainsFunc(append([]string{rec.User, rec.Name, rec.Job}, rec.About...), func(w string) bool { return strings.EqualFold(w, q.Of) })
		if of && !rec.At.Before(q.Since) && (q.Before == 0 || rec.Seq < q.Before) && (q.Limit == 0 || len(out) < q.Limit) {
			out = append(out, rec)
		}
	}
	return out, l.fail
}

var carol = stackhand.User{ID: "U0CAROL", Name: "carol", Role: stackhand.Approver}

// happened is a world in which a few things have happened.
func happened(t *testing.T) (*world, *Env, *paper) {
	w, env, l := auditedWorld()
	env.Trail = l.trail
	w.give("U0ALICE", "web-1")
	w.give("U0BOB", "bobs")
	w.login["U0BOB"] = "bob"
	for _, c := range []struct {
		who  stackhand.User
		line string
	}{{alice, "reboot web-1"}, {bob, "reboot web-1"}, {bob, "extend bobs 2h"}, {alice, "delete bobs"}} {
		_, _ = say(t, env, c.who, c.line)
		w.now = w.now.Add(time.Hour)
	}
	if got := l.String(); got != "asked reboot, refused reboot forbidden, lease extend, refused delete forbidden" {
		t.Fatal(got)
	}
	return w, env, l
}

// TestAuditRights says who sees what of the trail.
func TestAuditRights(t *testing.T) {
	const mine, tried, extended, refused = "alice asked for reboot web-1", "bob was refused reboot web-1", "bob asked for extend bobs", "alice was refused delete bobs"
	everything := []string{refused, extended, tried, mine}
	for _, c := range []struct {
		who  stackhand.User
		line string
		want []string // nil: refused
	}{
		{alice, "audit", []string{refused, mine}},
		{bob, "audit", []string{extended, tried}},
		{carol, "audit", everything},
		{dana, "audit", everything},
		{alice, "audit web-1", []string{tried, mine}},
		{alice, "audit WEB-1", []string{tried, mine}},
		{bob, "audit web-1", []string{tried}}, // what he tried himself; not what its owner does
		{bob, "audit bobs", []string{refused, extended}},
		{alice, "audit bobs", []string{refused}},
		{alice, "audit U0BOB", []string{tried}},
		{alice, "audit <@U0BOB|bob>", []string{tried}},
		{alice, "audit bob", []string{tried}},
		{carol, "audit bob", []string{extended, tried}},
		{guest, "audit", nil},
		{stackhand.User{ID: "U0EVE", Role: stackhand.Member}, "audit web-1", nil},
		{stackhand.User{ID: "U0EVE", Role: stackhand.Member}, "audit U0ALICE", nil},
		{stackhand.User{ID: "U0EVE", Role: stackhand.Member}, "audit no-such-thing", nil},
		{alice, "audit --since 3h30m", []string{refused}},
		{carol, "audit --since 90m", []string{refused}},
		{carol, "audit --limit 2", []string{refused, extended}},
		{carol, "audit --before 3", []string{tried, mine}},
	} {
		_, env, l := happened(t)
		env.Name = func(_ context.Context, id string) string { return strings.ToLower(strings.TrimPrefix(id, "U0")) }
		before := len(l.recs)
		r, err := say(t, env, c.who, c.line)
		got := told(r, err)
		if (c.want == nil) != (stackhand.KindOf(err) == stackhand.Forbidden) {
			t.Errorf("%s of %s: %s", c.line, c.who.ID, got)
		}
		if refused := err != nil; refused != (len(l.recs) > before) {
			t.Errorf("%s of %s wrote %d records", c.line, c.who.ID, len(l.recs)-before)
		}
		at := 0
		for _, w := range everything {
			i := strings.Index(got, w)
			if i >= 0 != slices.Contains(c.want, w) {
				t.Errorf("%s of %s: %q is there: %v\n%s", c.line, c.who.ID, w, i >= 0, got)
			} else if i >= 0 && i < at {
				t.Errorf("%s of %s is not in order:\n%s", c.line, c.who.ID, got)
			}
			at = max(at, i)
		}
		if r.Share != "" || err == nil && !r.Private {
			t.Errorf("%s can be shared", c.line)
		}
	}
}

// TestAuditOthers answers the same to a member for what others have as for what nobody has.
func TestAuditOthers(t *testing.T) {
	_, env, _ := happened(t)
	eve := stackhand.User{ID: "U0EVE", Role: stackhand.Member}
	_, there := say(t, env, eve, "audit web-1")
	_, not := say(t, env, eve, "audit web-7")
	if a, b := there.Error(), strings.ReplaceAll(not.Error(), "web-7", "web-1"); a != b {
		t.Errorf("%q, and %q", a, b)
	}
}

// TestAuditPages leads through a long trail by the button More, without a gap, also where much of it is not the reader's.
func TestAuditPages(t *testing.T) {
	_, env, l := auditedWorld()
	env.Trail = l.trail
	for i := range 300 {
		l.recs = append(l.recs, stackhand.AuditRecord{ID: fmt.Sprint(i), What: stackhand.AuditAsked, User: []string{"U0ALICE", "U0BOB", "U0BOB"}[i%3], Line: fmt.Sprintf("line %d.", i), About: []string{"x"}})
	}
	line, seen := "audit x --limit 30", []string{}
	for range 10 {
		r, err := say(t, env, alice, line)
		if err != nil {
			t.Fatal(told(r, err))
		}
		seen = append(seen, regexp.MustCompile(`line \d+`).FindAllString(r.Whole().String(), -1)...)
		if len(r.Actions) == 0 {
			break
		}
		if line = r.Actions[0].Value; r.Actions[0].ID != "page" {
			t.Fatal(r.Actions)
		}
	}
	if len(seen) != 100 || seen[0] != "line 297" || seen[99] != "line 0" {
		t.Errorf("%d: %v", len(seen), seen)
	}
	for _, line := range []string{"audit --limit 0", "audit --limit 51", "audit --before=-1"} {
		if _, err := say(t, env, alice, line); stackhand.KindOf(err) != stackhand.Invalid {
			t.Errorf("%s: %v", line, err)
		}
	}
}

// TestAuditThread asks in a server's thread.
func TestAuditThread(t *testing.T) {
	w, env, l := happened(t)
	st := w.give("U0ALICE", "web-9")
	job := stackhand.Job{ID: "threadjo", User: alice, Stacks: []string{st.ID}, Place: stackhand.Place{Channel: "C1", Thread: "9.9"}}
	w.jobs[job.ID], w.order = job, append(w.order, job.ID)
	l.recs = append(l.recs, stackhand.AuditRecord{ID: "z", What: stackhand.AuditEnded, Job: job.ID, Result: "failed", Problem: "No host was found", About: []string{st.ID},
		Line: "create web-9", Link: "https://x.slack.com/archives/C1/p99", User: "U0ALICE", Approvals: []stackhand.Approval{{User: "U0CAROL", Approved: true, Why: "fine"}}})
	r, err := Do(t.Context(), env, alice, Line{Text: "audit", Key: "k", Place: job.Place})
	expect(t, told(r, err), `^\n1 record.*Job threadjo of U0ALICE failed: create web-9\. No host was found\. Approved by U0CAROL\. fine\. \(in Slack \(https://x\.slack`)
}

// TestAuditWords reads every sort of record.
func TestAuditWords(t *testing.T) {
	_, env, _ := auditedWorld()
	env.Channel = func(string) string { return "team-a" }
	env.Name = func(_ context.Context, id string) string {
		return map[string]string{"U0BOB": "bob", "U0CAROL": "carol"}[id]
	}
	for want, rec := range map[string]stackhand.AuditRecord{
		`^alice asked for create x as alice of lab, project team-a, job abc\. By rule "big": needs approval\.$`:       {What: stackhand.AuditAsked, User: "U0ALICE", Name: "alice", Line: "create x", CloudUser: "alice", Cloud: "lab", Project: "team-a", Job: "abc", Rule: "big", Verdict: "approve"},
		`^carol decided about job abc, which is denied now\. Denied by carol\. Too big\. \(#team-a \(https://s/\)\)$`: {What: stackhand.AuditDecided, User: "U0CAROL", Name: "carol", Job: "abc", Result: "denied", Approvals: []stackhand.Approval{{User: "U0CAROL", Why: "Too big"}}, Link: "https://s/"},
		`^bob logged in to lab as bob, project team-b\.$`:                                                             {What: stackhand.AuditLogin, User: "U0BOB", Name: "bob", Command: "login", Cloud: "lab", CloudUser: "bob", Project: "team-b"},
		`^alice asked for share web-1 with @bob\.$`:                                                                   {What: stackhand.AuditLease, User: "U0ALICE", Name: "alice", Line: "share web-1 with @U0BOB"},
		`^dana asked for freeze "moving"\.$`:                                                                          {What: stackhand.AuditOperator, User: "U0DANA", Name: "dana", Line: `freeze "moving"`, Why: "moving"},
		`^The configuration was read anew \(roles, policy\)\.$`:                                                       {What: stackhand.AuditOperator, Command: "reload", Result: "ok", Resolved: object("changed", []string{"roles", "policy"})},
		`^The configuration was read anew and refused; the old one stays: Line 3 is wrong\.$`:                         {What: stackhand.AuditOperator, Command: "reload", Problem: "Line 3 is wrong"},
		`^carol approved job abc, which is open now\. Approved by carol\.$`:                                           {What: stackhand.AuditDecided, User: "U0CAROL", Name: "carol", Job: "abc", Verdict: "approve", Rule: "big", Approvals: []stackhand.Approval{{User: "U0CAROL", Approved: true}}},
		`^Job abc of the bot is done: Delete web-1 \(expired\)\.$`:                                                    {What: stackhand.AuditEnded, Job: "abc", Result: "done", Resolved: object("title", "Delete web-1 (expired)")},
		`^Job abc of the bot is done: Stop web-1, with the bot's own login \(bot, project team-a\)\.$`:                {What: stackhand.AuditEnded, Job: "abc", Result: "done", Resolved: []byte(`{"title":"Stop web-1","login":"bot, project team-a"}`)},
		`^Job abc was not begun: Nobody decided in time\.$`:                                                           {What: stackhand.AuditDecided, Job: "abc", Rule: "big", Why: "Nobody decided in time.", Result: "ended"},
		`^alice was refused create x: The rule "big" does not allow that\.$`:                                          {What: stackhand.AuditRefused, User: "U0ALICE", Name: "alice", Line: "create x", Rule: "big", Verdict: "deny", Problem: `The rule "big" does not allow that`},
		`^bob logged out of lab as bob\.$`:                                                                            {What: stackhand.AuditLogin, User: "U0BOB", Name: "bob", Command: "logout", Cloud: "lab", CloudUser: "bob"},
		`^The bot was started: version 1\.2, configuration 0123456789a…\.$`:                                           {What: stackhand.AuditOperator, Command: "start", Resolved: object("version", "1.2", "config_sha256", "0123456789abcdef0123")},
		`^alice asked for delete \(web-1\), job abc\.$`:                                                               {What: stackhand.AuditAsked, User: "U0ALICE", Name: "alice", Line: "delete", Job: "abc", About: []string{"abcdefgh-1", "web-1", "web-1"}, Place: stackhand.Place{Thread: "1.1"}},
		`^The warning that web-1 ends at 2026-11-30 12:00 UTC was delivered\.$`:                                       {What: stackhand.AuditLease, Command: "warn", About: []string{"abcdefgh-1", "web-1", "U0ALICE"}, Resolved: object("until", time.Date(2026, 11, 30, 12, 0, 0, 0, time.UTC))},
		`^The bot began delete of web-1, job abc: its lease has ended\.$`:                                             {What: stackhand.AuditLease, Command: "delete", Job: "abc", About: []string{"abcdefgh-1", "web-1"}, Why: "its lease has ended"},
	} {
		expect(t, env.told(t.Context(), rec).String(), want)
	}
}

// TestAuditOfRequest lets whoever asked read what was decided about it, although there is no server of theirs to find it by.
func TestAuditOfRequest(t *testing.T) {
	_, env, _, id := askWorld(t, "create web-1", policy.Rule{})
	l := &paper{}
	env.Audit, env.Trail = l.audit, l.trail
	decide(t, env, carol, "deny "+id+" too large")
	decide(t, env, alice, "audit "+id, "carol denied job "+id)
	if r := decide(t, env, bob, "audit "+id); strings.Contains(told(r, nil), "denied job") {
		t.Error(told(r, nil))
	}
}
