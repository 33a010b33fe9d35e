package commands

import (
	"context"
	"errors"
	"strings"
	"testing"
	"time"
)

func TestShowActivity(t *testing.T) {
	w, env := newWorld()
	st := w.give("U0ALICE", "web-1")
	st.Lease.Ready = w.now.Add(-30 * 24 * time.Hour)
	w.stacks[st.ID] = st
	var a Activity
	env.Activity = func(_ context.Context, id string) (Activity, error) {
		if id != st.ID {
			t.Errorf("of %s", id)
		}
		return a, nil
	}
	shown := func() (Reply, string) {
		t.Helper()
		r, err := say(t, env, alice, "show web-1")
		return r, told(r, err)
	}
	if _, text := shown(); text == "" || strings.Contains(text, "Activity") {
		t.Errorf("nothing is known:\n%s", text)
	}
	a.Missing = "this cloud gives no numbers: it shows the diagnostics of servers to its administrators only."
	_, text := shown()
	expect(t, text, "Activity: not known: this cloud gives no numbers")
	a.Missing = ""
	hour := w.now.Truncate(time.Hour)
	for i := range 30 { // a gap in the middle, and a peak
		if l := (Load{At: hour.Add(time.Duration(i-29) * time.Hour), CPU: 0.4, Net: 100, Disk: -1}); i < 10 || i > 18 {
			if i == 5 {
				l.CPU, l.Net = 97, 5<<20
			}
			a.Hours = append(a.Hours, l)
		}
	}
	a.Used, a.UsedFor = w.now.Add(-2*time.Hour), "reboot"
	r, text := shown()
	expect(t, text, `Activity: ·{13}▁▁█▁··▁▁▁▁▁ processors in the last 72 hours: 5 % on average, at most 97 %; network at most 5.0 MiB/s; nothing is known of 45 hours`,
		"Last used: 2026-11-21 07:00 UTC, reboot")
	if r.Chart == nil || !r.Chart.Told || len(r.Chart.Labels) != len(r.Chart.Series[0].Values) || len(r.Chart.Labels) > maxLabels || r.Chart.Unit != "%" {
		t.Errorf("the chart: %+v", r.Chart)
	}
	env.Zone = func(context.Context, string) string { return "Asia/Kolkata" }
	if r, _ = shown(); r.Chart.Title != "Processors of web-1 (IST)" || r.Chart.Labels[0] != "11-20 08:30" {
		t.Errorf("for a reader in Kolkata it has the title %s and begins at %s", r.Chart.Title, r.Chart.Labels[0])
	}
	a.Off = hour.Add(-12 * time.Hour) // what comes after is no gap
	a.Hours = a.Hours[:11]
	_, text = shown()
	expect(t, text, "nothing is known of 45 hours; it does not run since 2026-11-20 21:00 UTC")
	a.Off = time.Time{}
	a.Hours = []Load{{At: hour.Add(-2 * time.Hour), CPU: 0.4, Net: 100, Disk: -1}}
	// Before it was made there is nothing to know.
	st.Lease.Ready = w.now.Add(-5 * time.Hour)
	w.stacks[st.ID] = st
	_, text = shown()
	expect(t, text, "processors in the last [0-9]+ hours: 0.4 % on average, at most 0.4 %; network at most 100 B/s")
	env.Activity = func(context.Context, string) (Activity, error) { return a, errors.New("disk on fire") }
	if _, err := say(t, env, alice, "show web-1"); err == nil {
		t.Error("trouble with the record is not told")
	}
}
