package commands

import (
	"context"
	"testing"
	"time"

	"github.com/stackhand/stackhand"
)

// fakeSchedules remembers schedules in the world; its moments are the next full hours.
type fakeSchedules struct{ w *world }

func withSchedules() (*world, *Env) {
	w, env := newWorld()
	w.schedules = map[string]stackhand.Schedule{}
	env.Schedules = fakeSchedules{w}
	return w, env
}

func (f fakeSchedules) Set(_ context.Context, s stackhand.Schedule) (stackhand.Schedule, error) {
	if s.Stop == "25:00" {
		return s, stackhand.Errorf(stackhand.Invalid, "%q is no time of day.", s.Stop)
	}
	if s.ID = "several7"; !s.Several() {
		s.ID = "of-" + s.Name
	}
	f.w.schedules[s.ID] = s
	return s, nil
}

func (f fakeSchedules) Schedule(_ context.Context, id string) (stackhand.Schedule, error) {
	s, ok := f.w.schedules[id]
	if !ok {
		return s, stackhand.Errorf(stackhand.NotFound, "none")
	}
	return s, nil
}

func (f fakeSchedules) Remove(_ context.Context, id string) error {
	delete(f.w.schedules, id)
	return nil
}

func (f fakeSchedules) OfOwner(_ context.Context, user string) (out []stackhand.Schedule, err error) {
	for _, s := range f.w.schedules {
		if s.Owner == user {
			out = append(out, s)
		}
	}
	return out, nil
}

func (f fakeSchedules) OfServer(_ context.Context, st stackhand.Stack, sv stackhand.Server) (out []stackhand.Schedule, err error) {
	for _, s := range f.w.schedules {
		if s.Covers(st) && s.Wants(sv) {
			out = append(out, s)
		}
	}
	return out, nil
}

func (f fakeSchedules) Leave(ctx context.Context, st stackhand.Stack, sv stackhand.Server) (time.Time, error) {
	all, err := f.OfServer(ctx, st, sv)
	if err != nil || len(all) == 0 {
		return time.Time{}, err
	}
	f.w.schedules[all[0].ID] = leftUntil(all[0], st.ID, f.w.now.Add(15*time.Hour))
	return f.w.now.Add(15 * time.Hour), nil
}

func (f fakeSchedules) Runs(_ stackhand.Schedule, n int) (out []stackhand.Run) {
	for i := range n {
		out = append(out, stackhand.Run{At: f.w.now.Add(time.Duration(i+1) * time.Hour), Verb: []string{"stop", "start"}[i%2]})
	}
	return out
}

// leftUntil is a schedule that leaves a stack alone until a moment.
func leftUntil(s stackhand.Schedule, stack string, until time.Time) stackhand.Schedule {
	s.Turns = map[string]stackhand.Turn{stack: {Left: until}}
	return s
}

func TestSchedule(t *testing.T) {
	w, env := withSchedules()
	w.give("U0ALICE", "web-1")
	r, err := say(t, env, alice, `schedule web-1 --stop "20:00" --start "08:00" --days mon-fri --tz Europe/Istanbul`)
	expect(t, told(r, err), "web-1: stop 20:00, start 08:00, mon-fri, Europe/Istanbul · next: stop 2026-11-21 10:00 UTC, then start 2026-11-21 11:00 UTC")
	s := w.schedules["of-web-1"]
	if s.Owner != "U0ALICE" || s.By != "" || s.Stack == "" || s.Cloud != "lab" || s.Scope.ProjectID != teamA || !r.Public || len(r.Actions) != 1 || r.Actions[0].Value != "schedule delete of-web-1" {
		t.Errorf("%+v %+v", s, r)
	}
	for _, line := range []string{"schedule web-1", "show web-1"} {
		r, err = say(t, env, alice, line)
		expect(t, told(r, err), "stop 20:00, start 08:00, mon-fri, Europe/Istanbul · next: stop")
	}
	s.Turns = map[string]stackhand.Turn{s.Stack: {Left: w.now.Add(90 * time.Minute)}}
	w.schedules["of-web-1"] = s
	r, err = say(t, env, alice, "schedule list")
	expect(t, told(r, err), "web-1: .*left as it is until 2026-11-21 10:30 UTC · next: start 2026-11-21 11:00 UTC, then stop.*schedule delete of-web-1")
	r, err = say(t, env, bob, "schedule list")
	expect(t, told(r, err), "You have no schedules")
	r, err = say(t, env, bob, "schedule delete of-web-1")
	expect(t, told(r, err), "That schedule is U0ALICE's")
	r, err = say(t, env, alice, "schedule leave web-1")
	if expect(t, told(r, err), "web-1 is left as it is until 2026-11-22 00:00 UTC"); w.schedules["of-web-1"].Turns[s.Stack].Left.IsZero() {
		t.Error("it is not left")
	}
	r, err = say(t, env, alice, "schedule leave web-1 --stop 2026-11-21T08:00:00Z")
	if expect(t, told(r, err), "was for the stop at 2026-11-21 08:00 UTC, which is past: web-1 is ACTIVE.*start web-1"); err == nil {
		t.Error("an old button was taken")
	}
	if r, err = say(t, env, alice, "schedule leave web-1 --stop 2026-11-21T20:00:00Z"); err != nil {
		t.Error(told(r, err))
	}
	r, err = say(t, env, alice, "schedule delete web-1")
	if expect(t, told(r, err), "The schedule of web-1 .* has ended"); len(w.schedules) != 0 {
		t.Error("it is still there")
	}
	for _, line := range []string{"schedule delete web-1", "schedule leave web-1"} {
		if r, err = say(t, env, alice, line); stackhand.KindOf(err) != stackhand.NotFound {
			t.Errorf("%s: %s", line, told(r, err))
		}
	}
}

func TestScheduleSeveral(t *testing.T) {
	w, env := withSchedules()
	w.give("U0ALICE", "web-1")
	env.Zone = func(_ context.Context, id string) string { return map[string]string{"U0ALICE": "Europe/Rome"}[id] }
	r, err := say(t, env, alice, "schedule --property team=web --stop 20:00")
	expect(t, told(r, err), "The servers of U0ALICE in team-a with team=web: stop 20:00, .*Europe/Rome.*Nothing starts by itself")
	r, err = say(t, env, alice, "show web-1")
	expect(t, told(r, err), "Schedule: stop 20:00.*the servers of U0ALICE in team-a with team=web")
	r, err = say(t, env, alice, "schedule delete web-1")
	expect(t, told(r, err), "has no schedule of its own.*schedule delete several7")
	r, err = say(t, env, alice, "schedule --all --stop 20:00 --start 08:00")
	if expect(t, told(r, err), "All servers of U0ALICE in team-a"); w.schedules["several7"].Stack != "" || w.schedules["several7"].Scope.ProjectID != teamA {
		t.Errorf("%+v", w.schedules)
	}
	w.talk(t, env, []hears{
		{alice, "schedule delete --property team=web", "There is no schedule for the servers of U0ALICE in team-a with team=web"},
		{dana, "schedule delete --all", "There is no schedule for all servers of U0DANA in team-a"},
		{alice, "schedule delete web-1 --all", "one of them"},
		{alice, "schedule delete --all", "The schedule of all servers of U0ALICE in team-a (stop 20:00, start 08:00"},
		{alice, "schedule --property team=web --stop 20:00", "with team=web: stop 20:00"},
		{alice, "schedule delete --all", "There is no schedule for all servers"},
		{alice, "schedule delete --property team=web", "has ended"},
		{alice, "schedule --all --stop 20:00", "All servers of U0ALICE"},
	})
	if r, err = say(t, env, dana, "schedule delete several7"); err != nil || len(w.schedules) != 0 {
		t.Errorf("an administrator: %s", told(r, err))
	}
}

func TestScheduleRefuses(t *testing.T) {
	w, env := withSchedules()
	st := w.give("U0BOB", "web-1")
	w.cloud.servers = append(w.cloud.servers, stackhand.Server{ID: "srv-x", Name: "other", Status: "ACTIVE"})
	gone := w.give("U0ALICE", "old-1")
	gone.State = stackhand.StackDeleting
	w.stacks[gone.ID] = gone
	for line, want := range map[string]string{
		"schedule web-1 --stop 20:00":                "belongs to U0BOB, so you cannot schedule it",
		"schedule leave web-1":                       "belongs to U0BOB",
		"schedule other --stop 20:00":                "was not made here",
		"schedule leave other":                       "has no schedule",
		"schedule old-1 --stop 20:00":                "nothing to schedule",
		"schedule old-1":                             "Say when",
		"schedule --all":                             "Say when",
		"schedule old-1 --days mon-fri":              "Say when",
		"schedule old-1 --all --stop 20:00":          "not both",
		"schedule --all --property a=b --stop":       "needs a value",
		"schedule --all --property a=b --stop 20:00": "make no sense",
		"schedule --all --stop 25:00":                "no time of day",
	} {
		r, err := say(t, env, alice, line)
		expect(t, told(r, err), want)
		if err == nil {
			t.Errorf("%s was taken", line)
		}
	}
	if len(w.schedules) != 0 {
		t.Errorf("%+v", w.schedules)
	}
	// An administrator makes it in the owner's name.
	if r, err := say(t, env, dana, "schedule web-1 --stop 20:00"); err != nil || w.schedules["of-web-1"].Owner != "U0BOB" || w.schedules["of-web-1"].By != "U0DANA" {
		t.Errorf("%s %+v", told(r, err), w.schedules)
	}
	delete(w.schedules, "of-web-1")
	st.Shared = []string{"U0ALICE"}
	w.stacks[st.ID] = st
	r, err := say(t, env, alice, "schedule web-1 --stop 20:00")
	if err != nil {
		t.Errorf("a co-owner: %s", told(r, err))
	}
	if r, err = say(t, env, alice, "schedule delete of-web-1"); err != nil {
		t.Errorf("a co-owner: %s", told(r, err))
	}
	env.Schedules = nil
	for _, line := range []string{"schedule web-1 --stop 20:00", "schedule list", "schedule delete web-1", "schedule leave web-1"} {
		r, err := say(t, env, alice, line)
		expect(t, told(r, err), "There are no schedules here")
	}
}

// What people do with a server is written down; what they only read is not.
func TestUseIsNoted(t *testing.T) {
	w, env := withSchedules()
	st := w.give("U0ALICE", "web-1")
	var used []string
	env.Used = func(_ context.Context, stack, what string) error {
		if stack != st.ID {
			t.Errorf("used %s", stack)
		}
		used = append(used, what)
		return nil
	}
	for _, line := range []string{"show web-1", "list", "stop web-1", "extend web-1 --by 1h", "console log web-1", "reboot web-1", "schedule web-1 --stop 20:00", "create db-1"} {
		if r, err := say(t, env, alice, line); err != nil {
			t.Fatalf("%s: %s", line, told(r, err))
		}
	}
	if got := len(used); got != 4 || used[0] != "stop" || used[1] != "extend" || used[2] != "console" || used[3] != "reboot" {
		t.Errorf("used: %v", used)
	}
}
