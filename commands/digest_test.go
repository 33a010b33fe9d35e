package commands

import (
	"context"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/stackhand/stackhand"
)

// digestWorld has, in the channel C1, two servers of alice's and one of bob's that went in the week, and one in another channel.
func digestWorld() (*world, *Env) {
	w, env := newWorld()
	add := func(name, owner, channel string, age time.Duration, edit func(*stackhand.Stack)) {
		st := w.give(owner, name)
		st.Created, st.Place = w.now.Add(-age), stackhand.Place{Channel: channel}
		st.Lease.Until = w.now.Add(20 * day)
		if edit != nil {
			edit(&st)
		}
		w.stacks[st.ID] = st
	}
	add("web-1", "U0ALICE", "C1", 30*day, nil) // the whole week: 168 h
	add("web-2", "U0ALICE", "C1", 2*day, func(st *stackhand.Stack) {
		st.Lease.Until = w.now.Add(3 * day)
		st.Lease.Ladder.Reason, st.Lease.Ladder.Why = stackhand.ReasonIdle, stackhand.Textf("its processor did nothing for two days")
	})
	add("old-1", "U0BOB", "C1", 3*day, func(st *stackhand.Stack) { // 24 h, then the ladder deleted it
		st.State, st.Gone = stackhand.StackGone, w.now.Add(-2*day)
		st.Lease.Ladder.Take(stackhand.Rung{Step: stackhand.StepDelete, Job: "j", At: w.now.Add(-2 * day)})
	})
	add("far-1", "U0ALICE", "C2", day, nil)
	return w, env
}

func TestDigest(t *testing.T) {
	w, env := digestWorld()
	r, err := say(t, env, bob, "digest")
	text := told(r, err)
	expect(t, text, `The week of the servers of this channel from 2026-11-14 09:00 UTC to 2026-11-21 09:00 UTC`, `There now: 2 servers`, `U0ALICE: 2 \(web-1, web-2\)`,
		`This week: 240.0 h, 4.80`, `U0ALICE: 216.0 h, 4.32`, `U0BOB: 24.0 h, 0.48`, `Ends within seven days`, `web-2 \(U0ALICE\): 2026-11-24 09:00 UTC`,
		`Nobody seems to use`, `web-2 \(U0ALICE\): its processor did nothing for two days`, `Given back: 48.0 h, 0.96`, `was deleted counts in that week only`)
	if strings.Contains(text, "far-1") {
		t.Errorf("another channel's server is told: %s", text)
	}
	if r.Chart == nil || len(r.Chart.Labels) != 2 || r.Chart.Series[0].Values[0] != 216 {
		t.Errorf("chart %+v", r.Chart)
	}
	r, err = say(t, env, alice, "digest --all")
	expect(t, told(r, err), "Only administrators see the digest of all channels")
	r, err = say(t, env, dana, "digest --all")
	expect(t, told(r, err), `There now: 3 servers`)
	r, err = Do(t.Context(), env, alice, Line{Text: "digest", Key: "k", Place: stackhand.Place{Channel: "D1", Direct: true}})
	expect(t, told(r, err), "The week of your servers", `U0ALICE: 3`)
	w.stacks = map[string]stackhand.Stack{}
	r, err = say(t, env, alice, "digest")
	expect(t, told(r, err), "None of the servers of this channel was there in the last seven days")
	r, err = say(t, env, dana, "digest --all")
	expect(t, told(r, err), "No server was there in the last seven days")
}

// What nobody seems to use comes from the servers' own records, also before anybody is asked; where a cloud tells nothing, that is
// said once.
func TestDigestOfTheUnused(t *testing.T) {
	w, env := digestWorld()
	since := w.now.Add(-30 * time.Hour)
	says := map[string]Unused{
		"web-1": {Since: since, Why: stackhand.Textf("at most 0.5 %% of its processors in any hour")},
		"web-2": {Since: since, Why: stackhand.Textf("at most 0.7 %% of its processors in any hour")},
		"off-1": {Since: since.Add(-5 * day), Why: stackhand.Textf("it is SHUTOFF"), Needed: w.now.Add(day)},
		"bl-1":  {Blind: "this cloud gives no numbers."}, "bl-2": {Blind: "this cloud gives no numbers."},
		"put-1": {Since: since, Why: stackhand.Textf("it is SHUTOFF")},
	}
	env.Unused = func(_ context.Context, st stackhand.Stack, now time.Time) (Unused, error) {
		if !now.Equal(w.now) {
			t.Errorf("asked about %s", now)
		}
		return says[st.Name], nil
	}
	for _, name := range []string{"off-1", "bl-1", "bl-2", "put-1"} {
		st := w.give("U0BOB", name)
		st.Place = stackhand.Place{Channel: "C1"}
		if name == "off-1" {
			st.Flavor = "m1.tiny" // which has no price
		}
		if name == "put-1" {
			st.Lease.Ladder.Take(stackhand.Rung{Step: stackhand.StepStop, Job: "j", At: w.now.Add(-day)})
		}
		w.stacks[st.ID] = st
	}
	env.Next = func(st stackhand.Stack) (string, time.Time, bool) {
		return stackhand.StepStop, st.Lease.Until, st.Name != "bl-1"
	}
	r, err := say(t, env, bob, "digest")
	text := told(r, err)
	expect(t, text, `web-2 \(U0ALICE\): 2026-11-24 09:00 UTC, when it is stopped`, `Nobody seems to use, for 0.96 per day by the prices of their flavors
• web-1 \(U0ALICE\): since 2026-11-20 03:00 UTC at most 0.5 % of its processors in any hour; 0.48 per day
• web-2 \(U0ALICE\): since 2026-11-20 03:00 UTC at most 0.7 % .*; 0.48 per day; U0ALICE is being asked
• off-1 \(U0BOB\): since 2026-11-15 03:00 UTC it is SHUTOFF; not asked about again before 2026-11-22 09:00 UTC
Whether 2 servers in lab are used is not known: this cloud gives no numbers\.`)
	if strings.Contains(text, "put-1 (U0BOB): since") || strings.Contains(text, "bl-1 (U0BOB):") {
		t.Errorf("the ladder's doing, or what is not known: %s", text)
	}
}

// Many owners and servers are cut, and said to be; without prices there are hours alone.
func TestDigestIsShort(t *testing.T) {
	w, env := newWorld()
	env.Settings.Clouds["lab"] = CloudSettings{}
	for i := range 30 {
		for j := range 8 {
			st := w.give(fmt.Sprintf("U%02d", i), fmt.Sprintf("web-%d", j))
			st.Place.Channel = "C1"
			w.stacks[st.ID] = st
		}
	}
	r, err := say(t, env, alice, "digest")
	text := told(r, err)
	expect(t, text, `There now: 240 servers`, `… and 18 more`, `and 3 more`, `This week: 240.0 h`)
	if len(text) > 4000 || strings.Contains(text, "h, ") {
		t.Errorf("%d characters: %s", len(text), text)
	}
}

func TestDigestNotice(t *testing.T) {
	w, env := digestWorld()
	d, err := env.Digest(t.Context(), "the servers of this channel", w.now, func(stackhand.Stack) bool { return true })
	if err != nil {
		t.Fatal(err)
	}
	a, b := d.Notice("C1", w.now, w.now), d.Notice("C1", w.now, w.now.Add(time.Hour))
	if a.ID != b.ID || a.ID == d.Notice("C2", w.now, w.now).ID || a.ID == d.Notice("C1", w.now.Add(7*day), w.now).ID {
		t.Errorf("ids %q, %q", a.ID, b.ID)
	}
	if a.Place.Channel != "C1" || a.User != "" || !strings.Contains(a.Text.String(), "There now: 3 servers") {
		t.Errorf("%+v", a)
	}
}
