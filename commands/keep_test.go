package commands

import (
	"context"
	"encoding/json"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/stackhand/stackhand"
)

// archive lets a server of alice's be gone, with an image of it.
func (w *world) archive(name string) stackhand.Stack {
	st := w.give("U0ALICE", name)
	delete(w.stacks, st.ID)
	st.State, st.Gone, st.Ledger = stackhand.StackGone, w.now.Add(-time.Hour), nil
	st.Lease.Ladder.Take(stackhand.Rung{Step: stackhand.StepSnapshot, Job: "k", Image: w.cloud.images[0].ID, Recipe: &stackhand.Recipe{
		Image: w.cloud.images[0].ID, Flavor: "m1.medium", Network: "auto", Open: []int{443}}})
	w.stacks[st.ID] = st
	w.cloud.servers = w.cloud.servers[:len(w.cloud.servers)-1]
	return st
}

// fakeLeases are the ends of servers without a budget.
type fakeLeases struct {
	fakeStacks
	beyond *int
	asked  bool
	brake  *stackhand.Brake
	dry    bool
	over   string    // why any end is beyond the budget
	gone   time.Time // when it will be deleted
}

func (f fakeLeases) Room(context.Context, string, time.Time) (string, time.Time, error) {
	return f.over, f.gone, nil
}

func (f fakeLeases) Brake(context.Context) (stackhand.Brake, bool, error) {
	return *f.brake, f.dry, nil
}

func (f fakeLeases) Outlook(_ context.Context, s stackhand.Stack, _ string) (next, told stackhand.Text, err error) {
	return stackhand.Textf("stopped %s", stackhand.At(s.Lease.Until)), stackhand.Textf("%s", stackhand.To(s.Lease.Owner)), nil
}

func (f fakeLeases) Go(_ context.Context, user string) (stackhand.Brake, error) {
	*f.brake = stackhand.Brake{Free: f.w.now.Add(time.Hour), By: user}
	return *f.brake, nil
}

func (f fakeLeases) Hold(_ context.Context, user, why string) (stackhand.Brake, error) {
	*f.brake = stackhand.Brake{Held: stackhand.Freeze{At: f.w.now, By: user, Why: why}}
	return *f.brake, nil
}

func (f fakeLeases) Beyond(ctx context.Context, id string, until time.Time, key string) (stackhand.Stack, error) {
	*f.beyond++
	return f.Extend(ctx, id, until, key)
}

func (f fakeLeases) Needed(context.Context, string) (bool, error) { return f.asked, nil }

// show says what comes next for a server, and who was told.
func TestShowSaysWhatComesNext(t *testing.T) {
	w, env := newWorld()
	st := w.give("U0ALICE", "web-1")
	env.Leases = fakeLeases{fakeStacks: fakeStacks{w}}
	r, err := say(t, env, alice, "show "+st.Name)
	expect(t, told(r, err), `Next: stopped 2026-.*Told: @?U0ALICE`)
}

func TestMoments(t *testing.T) {
	zone := time.FixedZone("Europe/Istanbul", 3*60*60)
	now := time.Date(2026, 11, 30, 12, 0, 0, 0, zone) // a Monday
	for s, want := range map[string]string{
		"friday 18:00": "2026-12-04 18:00", "Next Friday": "2026-12-04 23:59", "until friday at 6pm": "2026-12-04 18:00", "tomorrow": "2026-12-01 23:59",
		"2026-12-24": "2026-12-24 23:59", "2026-12-24 18:00": "2026-12-24 18:00", "24.12.2026 08:30": "2026-12-24 08:30", "dec 24": "2026-12-24 23:59",
		"3d": "2026-12-03 12:00", "18:00": "2026-11-30 18:00", "10:00": "2026-12-01 10:00", "9am": "2026-12-01 09:00", "1.12.2026": "2026-12-01 23:59", "24.12.2026": "2026-12-24 23:59",
		"monday 18:00": "2026-11-30 18:00", "monday 10:00": "2026-12-07 10:00", "monday": "2026-12-07 23:59", "next monday 18:00": "2026-12-07 18:00", "today": "2026-11-30 23:59",
		"2026-12-24T18:00:00Z": "2026-12-24 21:00", "for 3 days": "2026-12-03 12:00", "For 1d 2h": "2026-12-01 14:00", "at 18:00": "2026-11-30 18:00", "midnight": "2026-11-30 23:59",
	} {
		if got, err := moment(s, now); err != nil || got.In(zone).Format("2006-01-02 15:04") != want {
			t.Errorf("%q is %s (%v), want %s", s, got.In(zone).Format("2006-01-02 15:04"), err, want)
		}
	}
	for s, want := range map[string]error{
		"": errNoMoment, "soon": errNoMoment, "web-1 friday": errNoMoment, "0d": errNoMoment, "-3d": errNoMoment, "2020-01-01": errOver, "yesterday": errOver, "2026-11-30 11:59": errOver,
		"forever": errEver, "for ever": errEver, "for": errNoMoment, "for friday": errNoMoment,
	} {
		if got, err := moment(s, now); err != want {
			t.Errorf("%q is %s, %v", s, got, err)
		}
	}
}

// A day of 23 or 25 hours between now and then moves no day that is named.
func TestMomentsAcrossDaylightSaving(t *testing.T) {
	zone, err := time.LoadLocation("Europe/Berlin")
	if err != nil {
		t.Fatal(err)
	}
	back, forth := time.Date(2026, 10, 24, 0, 30, 0, 0, zone), time.Date(2027, 3, 27, 23, 30, 0, 0, zone) // a Saturday, each
	for _, c := range []struct {
		now     time.Time
		s, want string
	}{
		{back, "monday", "2026-10-26 23:59"}, {back, "monday 9:00", "2026-10-26 09:00"}, {back, "saturday 0:45", "2026-10-24 00:45"}, {back, "in 3 hours", "2026-10-24 03:30"},
		{back.AddDate(0, 0, 1), "in 3 hours", "2026-10-25 02:30"},
		{forth, "monday", "2027-03-29 23:59"}, {forth, "monday 9:00", "2027-03-29 09:00"}, {forth, "tomorrow", "2027-03-28 23:59"}, {forth, "in 2 days", "2027-03-29 23:59"},
	} {
		if got, err := moment(c.s, c.now); err != nil || got.Format("2006-01-02 15:04") != c.want {
			t.Errorf("at %s, %q is %s (%v), want %s", c.now, c.s, got, err, c.want)
		}
	}
	night := back.AddDate(0, 0, 1) // in which clocks show half past two twice
	if got, err := moment("in 3 hours", night); err != nil || got.Sub(night) != 3*time.Hour {
		t.Errorf("it is %s later (%v)", got.Sub(night), err)
	}
}

func TestKeep(t *testing.T) {
	w, env := newWorld()
	st := w.give("U0ALICE", "web-1")
	env.Zone = func(context.Context, string) string { return "Europe/Istanbul" }
	r, err := say(t, env, alice, `keep web-1 --until "tomorrow 18:00"`)
	expect(t, told(r, err), `web-1 is yours until .* 15:00 UTC`)
	if r, err = say(t, env, alice, "keep web-1"); err != nil || r.Form == nil || r.Form.State != "keep "+st.ID || r.Form.Inputs[0].ID != "until" {
		t.Fatalf("%s: form %+v", told(r, err), r.Form)
	}
	r, err = fillIn(t, env, alice, r.Form, map[string]string{"until": "2d"})
	expect(t, told(r, err), "web-1 is yours until")
	for line, want := range map[string]string{
		"keep web-1 --until soon": "soon is no moment that I understand", "keep web-1 --until 2020-01-01": "is over already", "keep nobody --until 2d": "(?i)no server",
	} {
		r, err := say(t, env, alice, line)
		expect(t, told(r, err), want)
	}
	for _, line := range []string{
		"keep web-1 --until tomorrow 17:00", "keep web-1 until tomorrow 17:00", "keep web-1 tomorrow 17:00", "keep --until tomorrow 17:00 web-1", "keep web-1 --until=tomorrow 17:00", "keep --until tomorrow 17:00 -- web-1",
	} {
		r, err := say(t, env, alice, line)
		expect(t, told(r, err), `web-1 is yours until .* 14:00 UTC`)
		if _, err := say(t, env, alice, `keep web-1 3d`); err != nil {
			t.Error(err)
		}
	}
	r, err = say(t, env, alice, "keep web-1 1h")
	expect(t, told(r, err), `That is sooner than before \(`)
	w.login["U0BOB"] = "bob"
	r, err = say(t, env, bob, `keep web-1 --until 2d`)
	expect(t, told(r, err), "belongs to")
}

// Beyond the budget an approver decides, but not about their own servers.
func TestBeyondTheBudget(t *testing.T) {
	w, env := newWorld()
	w.give("U0ALICE", "web-1")
	w.give("U0CAROL", "hers")
	w.login["U0CAROL"] = "carol"
	beyond := 0
	env.Leases = fakeLeases{fakeStacks: fakeStacks{w}, beyond: &beyond}
	carol := stackhand.User{ID: "U0CAROL", Name: "carol", Role: stackhand.Approver}
	for i, c := range []struct {
		user stackhand.User
		line string
		want int
	}{{alice, "extend web-1 2h", 0}, {carol, "extend web-1 3h", 1}, {carol, "extend hers 2h", 1}, {dana, "extend web-1 4h", 2}} {
		if r, err := say(t, env, c.user, c.line); err != nil || beyond != c.want {
			t.Errorf("%d: %s, %d times beyond", i, told(r, err), beyond)
		}
	}
}

func TestNeeded(t *testing.T) {
	w, env := newWorld()
	st := w.give("U0ALICE", "web-1")
	for asked, want := range map[bool]string{true: "web-1 stays, as it is needed", false: "nobody had doubts"} {
		env.Leases = fakeLeases{fakeStacks: fakeStacks{w}, asked: asked}
		r, err := say(t, env, alice, "needed "+st.ID)
		expect(t, told(r, err), want)
	}
}

// Whatever brings back what the ladder put away goes by the ladder's own way.
func TestStartAgain(t *testing.T) {
	for _, line := range []string{"start web-1", "unshelve web-1"} {
		w, env := newWorld()
		st := w.give("U0ALICE", "web-1")
		st.Lease.Ladder.Take(stackhand.Rung{Step: stackhand.StepStop, Job: "k", At: w.now, Address: "203.0.113.7", External: "n-public"})
		st.Lease.Until = w.now.Add(-time.Hour)
		w.stacks[st.ID] = st
		w.put("web-1", "SHUTOFF")
		r, err := say(t, env, alice, line)
		var spec stackhand.LadderSpec
		j := w.jobs[r.Job]
		if err != nil || j.Flow != "ladder" || json.Unmarshal(j.Input, &spec) != nil || spec.Verb != "wake" || spec.Grant != 24*time.Hour || spec.External != "n-public" {
			t.Errorf("%s: %s: %+v", line, told(r, err), j)
		}
		st.Lease.Extensions.Times, env.Settings.Extensions.Times = 3, 3
		w.stacks[st.ID] = st
		r, err = say(t, env, alice, line+" ")
		expect(t, told(r, err), "(?s)extended as often as is allowed.*asks an approver")
	}
}

func TestArchiveAndRestore(t *testing.T) {
	w, env := newWorld()
	w.give("U0ALICE", "web-1")
	r, err := say(t, env, alice, "archive web-1 --name golden-web")
	var spec stackhand.LadderSpec
	if j := w.jobs[r.Job]; err != nil || json.Unmarshal(j.Input, &spec) != nil || spec.Verb != "archive" || spec.Image != "golden-web" || !spec.KeepVolumes || !spec.Until.IsZero() {
		t.Errorf("%s: %+v", told(r, err), spec)
	}
	r, err = say(t, env, alice, "archive web-1 --volumes maybe")
	expect(t, told(r, err), "keep or delete")
	old := w.archive("old-1")
	for _, line := range []string{"restore old-1", "restore " + old.ID + " --name old-2"} {
		r, err = say(t, env, alice, line)
		var c stackhand.CreateSpec
		if j := w.jobs[r.Job]; err != nil || json.Unmarshal(j.Input, &c) != nil || c.ImageID != w.cloud.images[0].ID || c.Flavor != "m1.medium" || c.Floating || len(c.Open) != 1 {
			t.Errorf("%s: %s: %+v", line, told(r, err), c)
		}
	}
	// It comes back with its key, or without one: its image lets in whoever it let in before.
	for key, want := range map[string]string{"": "", "laptop": "", "lost": "It had the key pair lost, which you do not have"} {
		st := w.archive("with-" + first(key, "none"))
		st.Lease.Ladder.Rungs[0].Recipe.Key = key
		w.stacks[st.ID] = st
		r, err = say(t, env, alice, "restore "+st.ID)
		var c stackhand.CreateSpec
		if err != nil || json.Unmarshal(w.jobs[r.Job].Input, &c) != nil || (c.KeyName == "laptop") != (key == "laptop") {
			t.Errorf("%q: %s: %+v", key, told(r, err), c)
		}
		expect(t, r.Text.String(), want)
		if strings.Contains(r.Text.String(), "There is no key pair yet") {
			t.Errorf("%q: %s", key, r.Text)
		}
	}
	r, err = say(t, env, bob, "restore old-1")
	expect(t, told(r, err), "(?s)(no image of a server of yours|not logged in)")
	r, err = say(t, env, bob, "restore "+old.ID)
	expect(t, told(r, err), "belongs to")
	r, err = say(t, env, alice, "restore nothing")
	expect(t, told(r, err), "There is no image of a server of yours called nothing")
	r, err = say(t, env, alice, "restore --for 2d")
	expect(t, told(r, err), `(?s)Which one\?.*• old-1: `)
	if n := len(r.Actions); n != 4 || !slices.ContainsFunc(r.Actions, func(a stackhand.Action) bool { return a.Value == "restore "+old.ID+" --for 2d" }) {
		t.Errorf("%d choices: %+v", n, r.Actions)
	}
	r, err = say(t, env, alice, "start "+old.ID)
	expect(t, told(r, err), "(?s)old-1 is gone already.*restore old-1")
	st := w.archive("lost-1")
	st.Lease.Ladder.Rungs[0].Image = "no-such-image"
	w.stacks[st.ID] = st
	r, err = say(t, env, alice, "restore lost-1")
	expect(t, told(r, err), "(?s)lost-1 cannot be restored: its image .* is not there any more.*create lost-1 --image")
}

func TestLadder(t *testing.T) {
	w, env := newWorld()
	l := fakeLeases{fakeStacks: fakeStacks{w}, brake: &stackhand.Brake{Swept: w.now}}
	env.Leases = l
	for _, c := range []struct{ line, want string }{
		{"ladder", "(?s)ended as their leases say.*last hour: 0.*ladder hold"},
		{`ladder hold --why "the audit goes on"`, "No server is ended until an administrator says ladder go"},
		{"ladder", "(?s)U0DANA held it .*the audit goes on.*ladder go"},
		{"ladder go", "goes on, without limits until"},
		{"ladder ", "without limits until .*U0DANA said so"},
	} {
		r, err := say(t, env, dana, c.line)
		expect(t, told(r, err), c.want)
	}
	l.dry, *l.brake = true, stackhand.Brake{}
	env.Leases = l
	r, err := say(t, env, dana, "ladder  ")
	expect(t, told(r, err), "This is a dry run")
	for _, line := range []string{"ladder", "ladder go", "ladder hold"} {
		if r, err := say(t, env, alice, line); stackhand.KindOf(err) != stackhand.Forbidden {
			t.Errorf("%s by alice: %s", line, told(r, err))
		}
		env.Leases = nil
		r, err = say(t, env, dana, line+"   ")
		expect(t, told(r, err), "There is no ladder here")
		env.Leases = l
	}
}
