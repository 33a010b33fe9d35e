package commands

import (
	"context"
	"fmt"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/stackhand/stackhand"
)

const teamC = "p-team-c"

// usageWorld is a midnight, so that seven days are the digest's week: alice is logged in to two projects, with servers of hers and one
// of bob's that the ladder deleted two days ago.
func usageWorld() (*world, *Env) {
	w, env := newWorld()
	delete(env.Settings.Clouds, "svc")
	w.now = time.Date(2026, 11, 21, 0, 0, 0, 0, time.UTC)
	w.creds = []stackhand.Credential{
		{User: "U0ALICE", Cloud: "lab", Identity: stackhand.Identity{ProjectID: teamA, Project: "team-a"}},
		{User: "U0ALICE", Cloud: "lab", Identity: stackhand.Identity{ProjectID: teamC, Project: "team-c"}},
		{User: "U0DANA", Cloud: "lab", Identity: stackhand.Identity{ProjectID: teamA, Project: "team-a"}},
	}
	other := w.cloud
	other.usage, other.who = nil, stackhand.Identity{User: "alice", ProjectID: teamC, Project: "team-c"}
	add := func(name, owner, project string, age time.Duration, edit func(*stackhand.Stack)) {
		st := w.give(owner, name)
		st.Created, st.Lease.Until, st.ProjectID, st.Project = w.now.Add(-age), w.now.Add(20*day), project, strings.TrimPrefix(project, "p-")
		if edit != nil {
			edit(&st)
		}
		w.stacks[st.ID] = st
		u, _ := ran(st)
		if project == teamC {
			other.usage = append(other.usage, u)
		} else {
			w.cloud.usage = append(w.cloud.usage, u)
		}
	}
	add("web-1", "U0ALICE", teamA, 30*day, nil) // 168 h
	add("web-2", "U0ALICE", teamC, 2*day, func(st *stackhand.Stack) { st.Lease.Until = w.now.Add(3 * day) })
	add("old-1", "U0BOB", teamA, 3*day, func(st *stackhand.Stack) { // 24 h
		st.State, st.Gone = stackhand.StackGone, w.now.Add(-2*day)
		st.Lease.Ladder.Take(stackhand.Rung{Step: stackhand.StepDelete, Job: "j", At: w.now.Add(-2 * day)})
	})
	w.cloud.usage = append(w.cloud.usage, stackhand.ServerUsage{ServerID: "elsewhere", ProjectID: teamA, Flavor: "m1.small", Started: w.now.Add(-10 * time.Hour)})
	w.apart = map[string]fakeCloud{teamC: other}
	return w, env
}

func TestUsageOfAllOnesProjects(t *testing.T) {
	_, env := usageWorld()
	r, err := say(t, env, alice, "usage")
	text := told(r, err)
	expect(t, text, `Servers in team-a, team-c \(lab\), 2026-11-14 to 2026-11-20 \(UTC\): 250.0 h, 5.00
• U0ALICE: 216.0 h, 4.32
• U0BOB: 24.0 h, 0.48
• not made here: 10.0 h, 0.20
Ends within seven days
• web-2 \(U0ALICE\): 2026-11-24 00:00 UTC
Given back: 48.0 h, 0.96
That is .* in that period only.
These are the cloud's hours`)
	if len(r.Table.Columns) != 7 || r.Table.Columns[2] != "Project" || r.Table.Rows[0][2] != "team-a" {
		t.Errorf("table %v, %v", r.Table.Columns, r.Table.Rows[0])
	}
	if r.Chart == nil || len(r.Chart.Series) != 3 || r.Chart.Title != "Server hours by day" {
		t.Errorf("chart %+v", r.Chart)
	}
	for line, want := range map[string]string{
		"usage --project team-c":                      `Servers in team-c \(lab\), .*: 48.0 h, 0.96\n• U0ALICE`,
		"usage --since 2026-11-14 --until 2026-11-20": `Servers in team-a, team-c \(lab\), 2026-11-14 to 2026-11-20`,
		"usage --mine":                                `Your servers in team-a, team-c \(lab\), .*: 216.0 h, 4.32\n• U0ALICE`,
		"usage --owner @U0BOB":                        `Servers of U0BOB in team-a, team-c \(lab\), .*: 24.0 h, 0.48\n• U0BOB: .*\nGiven back: 48.0 h`,
		"usage --owner @U0DANA":                       `Servers of U0DANA in team-a, team-c \(lab\): none ran from`,
		"usage --mine --owner @U0BOB":                 `--mine or --owner, not both`,
		"usage --project team-b":                      `There is no project called team-b|Only administrators see what`,
		"usage --all-projects":                        `Only administrators see what the servers of other projects cost`,
		"usage --to 2026-11-18 --days 1":              `2026-11-18 to 2026-11-18 \(UTC\): 48.0 h, 0.96\n• U0ALICE: 24.0 h, 0.48\n• U0BOB: 24.0 h, 0.48\nThese are`,
		"openstack usage list":                        `Servers in team-a, team-c \(lab\)`,
		"usage --days 7 --project p-team-c":           `Servers in team-c \(lab\)`,
	} {
		r, err := say(t, env, alice, line)
		expect(t, told(r, err), want)
	}
}

// The digest and a report speak of the same hours and money where both go by the records, and of the same ends and hours given back
// always.
func TestUsageAgreesWithTheDigest(t *testing.T) {
	w, env := usageWorld()
	w.fail["Usage"] = stackhand.Errorf(stackhand.Forbidden, "Policy doesn't allow os_compute_api:os-simple-tenant-usage:show to be performed.")
	d, err := env.Digest(t.Context(), "all", w.now, func(stackhand.Stack) bool { return true })
	if err != nil {
		t.Fatal(err)
	}
	r, err := say(t, env, alice, "usage")
	text := told(r, err)
	sum := d.Sum()
	expect(t, text, fmt.Sprintf(`Servers in team-a, team-c \(lab\), .*: %.1f h, %.2f\n`, sum.Hours, sum.Money),
		`does not tell how long its servers ran \(Policy doesn't allow .* so this is by the bot's own records, as in digest`)
	for _, c := range d.Cost {
		expect(t, text, fmt.Sprintf("• %s: %.1f h, %.2f\n", c.Owner, c.Hours, c.Money))
	}
	expect(t, text, fmt.Sprintf("Given back: %.1f h, %.2f\n", d.Back.Hours, d.Back.Money))
	for _, e := range d.Ends {
		expect(t, text, regexp.QuoteMeta(e.words().String()))
	}
	if sum.Hours != 240 || len(d.Cost) != 2 || len(d.Ends) != 1 || strings.Contains(text, "the cloud's hours") || strings.Count(text, "does not tell") != 1 || strings.Contains(text, "not made here") {
		t.Errorf("%+v\n%s", d, text)
	}
}

// A cloud that has forgotten a server which is gone does not make it free of charge.
func TestUsageOfWhatTheCloudForgot(t *testing.T) {
	w, env := usageWorld()
	w.cloud.usage = w.cloud.usage[:1]
	r, err := say(t, env, alice, "usage --project team-a")
	expect(t, told(r, err), `: 192.0 h, 3.84\n• U0ALICE: 168.0 h, 3.36\n• U0BOB: 24.0 h, 0.48\n`)
	w.cloud.usage = nil // web-1 should be there, and the cloud says that it is not
	r, err = say(t, env, alice, "usage --project team-a")
	expect(t, told(r, err), `: 24.0 h, 0.48\n• U0BOB`)
}

func TestUsageOfAllProjects(t *testing.T) {
	w, env := usageWorld()
	all := w.cloud.usage
	// An administrator of the bot whom the cloud tells nothing: by the records.
	r, err := say(t, env, dana, "usage --all-projects")
	expect(t, told(r, err), `Servers in all projects of lab, .*: 240.0 h, 4.80\n• U0ALICE: 216.0 h, 4.32\n• U0BOB: 24.0 h, 0.48`, `so this is by the bot's own records`)
	w.cloud.who.Roles = []string{"admin"}
	w.cloud.projects = []stackhand.Project{{ID: teamA, Name: "team-a"}, {ID: teamC, Name: "team-c"}, {ID: "p-z", Name: "zoo"}}
	w.cloud.usage = append(all, w.apart[teamC].usage...)
	w.cloud.usage = append(w.cloud.usage, stackhand.ServerUsage{ServerID: "z", ProjectID: "p-z", Flavor: "m1.small", Started: w.now.Add(-time.Hour)})
	for _, line := range []string{"usage --all-projects", "usage --all"} {
		r, err = say(t, env, dana, line)
		expect(t, told(r, err), `Servers in all projects of lab, .*: 251.0 h, 5.02\n• U0ALICE: 216.0 h, 4.32\n• U0BOB: 24.0 h, 0.48\n• not made here: 11.0 h, 0.22`, `not made here +zoo +m1.small`)
	}
	r, err = say(t, env, dana, "usage --project zoo")
	expect(t, told(r, err), `Servers in zoo \(lab\), .*: 1.0 h, 0.02`)
}

// With the bot's own login a member sees what is theirs, and nothing of what others cost.
func TestUsageWithTheBotsLogin(t *testing.T) {
	w, env := usageWorld()
	env.Settings.Clouds["lab"] = CloudSettings{Service: true, Prices: map[string]float64{"m1.small": 0.02}}
	w.login["U0BOB"] = "the bot"
	r, err := say(t, env, bob, "usage")
	text := told(r, err)
	expect(t, text, `Your servers in team-a \(lab\), .*: 24.0 h, 0.48\n• U0BOB: 24.0 h, 0.48`, `only your own servers are counted`)
	if strings.Contains(text, "U0ALICE") || strings.Contains(text, "not made here") {
		t.Errorf("a member is told of others: %s", text)
	}
	r, err = say(t, env, bob, "usage --owner @U0ALICE")
	if text := told(r, err); strings.Contains(text, "168") || !strings.Contains(text, "Servers of U0ALICE in team-a (lab): none ran") {
		t.Errorf("a member is told of somebody: %s", text)
	}
	for _, line := range []string{"usage --all-projects", "usage --project zoo"} {
		r, err = say(t, env, bob, line)
		expect(t, told(r, err), "Only administrators see what the servers of other projects cost")
	}
	r, err = say(t, env, dana, "usage")
	expect(t, told(r, err), `Servers in team-a \(lab\), .*: 202.0 h, 4.04`, "U0ALICE: 168.0 h", "U0BOB: 24.0 h", "not made here: 10.0 h")
	w.fail["Usage"] = stackhand.Errorf(stackhand.NotFound, "No such thing.")
	r, err = say(t, env, bob, "usage")
	if text := told(r, err); strings.Contains(text, "U0ALICE") || !strings.Contains(text, "U0BOB: 24.0 h") {
		t.Errorf("by the records: %s", text)
	}
}

// A place that makes trouble is named, and the others are told of.
func TestUsageWithAPlaceInTrouble(t *testing.T) {
	w, env := usageWorld()
	env.Clouds = shutClouds{fakeClouds{w}, teamC}
	r, err := say(t, env, alice, "usage")
	expect(t, told(r, err), `Servers in team-a, team-c \(lab\), .*: 202.0 h, 4.04`, `team-c in lab is not counted: Your login has ended`)
	r, err = say(t, env, alice, "usage --project team-c")
	expect(t, told(r, err), `^\s*Your login has ended`)
}

// shutClouds has one project to which nobody gets in.
type shutClouds struct {
	fakeClouds
	project string
}

func (s shutClouds) Open(ctx context.Context, u stackhand.User, cloud string, at stackhand.Scope) (Cloud, error) {
	if at.ProjectID == s.project {
		return nil, stackhand.Errorf(stackhand.Unauthorized, "Your login has ended.")
	}
	return s.fakeClouds.Open(ctx, u, cloud, at)
}
