package lease

import (
	"regexp"
	"slices"
	"testing"
	"time"

	"github.com/stackhand/stackhand"
)

// What people are told says what comes next, when, what comes after that, and what helps.
func TestWords(t *testing.T) {
	now := time.Date(2026, 11, 30, 12, 0, 0, 0, time.UTC)
	soon, later := now.Add(24*time.Hour), now.Add(96*time.Hour)
	parked := func(step string, reason stackhand.Reason) stackhand.Ladder {
		return stackhand.Ladder{Reason: reason, Rungs: []stackhand.Rung{{Step: step, At: now.Add(-time.Hour)}}}
	}
	for _, c := range []struct {
		name    string
		ladder  stackhand.Ladder
		volumes bool
		next    Next
		want    string
		buttons []string
		brief   string
	}{
		{"stop", stackhand.Ladder{}, false, Next{Step: stackhand.StepStop, At: soon, From: now, Then: later},
			`^web-1 expires in 24 hours \(.*\)\. It will then be stopped\. Nothing of it is lost then, .*deleted with everything that was made for it \(.*\)\. Extend it to keep it\.$`,
			[]string{"extend", "keep", "stop", "archive", "delete"}, `^web-1 will be stopped in 24 hours \(.*\)\. If nobody starts it again it is deleted .*\.$`},
		{"stopped by hand", stackhand.Ladder{}, false, Next{Step: stackhand.StepStop, At: soon, From: now, Then: later, Off: true},
			`^web-1 expires in 24 hours \(.*\)\. It is stopped already, and stays so\. Nothing of it is lost then, .*deleted with everything that was made for it \(.*\)\. Extend it to keep it\.$`,
			[]string{"extend", "keep", "archive", "delete"}, `^web-1 expires in 24 hours \(.*\)\. It is stopped already\. If nobody starts it again it is deleted .*\.$`},
		{"shelve, address freed, image later", stackhand.Ladder{}, false, Next{Step: stackhand.StepShelve, At: soon, From: now, Then: later, FreeIP: true, Archive: true},
			`It will then be shelved, and its floating IP goes back to the cloud\..*, after an image of it is made\.`, []string{"extend", "keep", "stop", "archive", "delete"}, `^web-1 will be shelved in 24 hours \(.*\), and its floating IP goes back to the cloud\. If nobody .* it is deleted .*, after an image of it is made\.$`},
		{"delete at once, with data", stackhand.Ladder{}, true, Next{Step: stackhand.StepDelete, At: soon, From: now},
			"It will then be deleted with everything that was made for it\\. The data on data-1 goes too; `remove volume web-1 data-1` keeps it\\.", []string{"extend", "keep", "stop", "archive", "delete"}, "^web-1 will be deleted with everything that was made for it in 24 hours .*The data on data-1 goes too"},
		{"late", stackhand.Ladder{}, false, Next{Step: stackhand.StepStop, At: now.Add(-time.Hour), From: now.Add(-25 * time.Hour), Then: later},
			`^The time of web-1 is over\. It expires and will be stopped after `, []string{"extend", "keep", "stop", "archive", "delete"}, `^web-1 will be stopped in 15 minutes`},
		{"stopped", parked(stackhand.StepStop, stackhand.ReasonTime), false, Next{Step: stackhand.StepDelete, Parked: true, At: later, From: now},
			`^web-1 is stopped, because its time is over\. It will be deleted .* in 4 days \(.*\)\. Start it to keep it\.$`, []string{"start", "keep", "archive", "delete"}, `^web-1 is stopped, because its time is over, and will be deleted in 4 days \(.*\)\.$`},
		{"shelved since idle", parked(stackhand.StepShelve, stackhand.ReasonIdle), false, Next{Step: stackhand.StepDelete, Parked: true, At: later, From: now, Snapshot: true},
			`^web-1 is shelved, because nobody used it\..*, after an image of it is made\. Unshelve it to keep it\.$`, []string{"unshelve", "keep", "archive", "delete"}, `^web-1 is shelved, because nobody used it, and will be deleted in 4 days \(.*\), after an image of it is made\.$`},
		{"idle", stackhand.Ladder{Reason: stackhand.ReasonIdle, Why: stackhand.Textf("It did nothing for 3 days.")}, false,
			Next{Step: stackhand.StepStop, At: soon, From: now, Then: later, Ask: true},
			`^It did nothing for 3 days\. If nobody needs web-1, it will be stopped in 24 hours \(.*\)\. Nothing.*Say that you need it to keep it\.$`, []string{"needed", "keep", "stop", "archive", "delete"}, `^It did nothing for 3 days\. If nobody needs web-1, it will be stopped in 24 hours`},
		{"moved", stackhand.Ladder{Hold: stackhand.Hold{Until: soon, Why: "its owner is away"}}, false, Next{Step: stackhand.StepStop, At: soon, From: now, Then: later},
			`That is later than its end, since its owner is away\. Extend it`, []string{"extend", "keep", "stop", "archive", "delete"}, `That is later than its end, since its owner is away\.$`},
	} {
		st := stackhand.Stack{ID: "s-1", Name: "web-1", Server: "v-1", Job: "made", State: stackhand.StackReady, Lease: stackhand.Lease{Owner: "U0ALICE", Ready: now, Until: soon, Ladder: c.ladder}}
		if c.volumes {
			st.Ledger = []stackhand.Resource{{Kind: stackhand.KindVolume, ID: "d-1", Name: "data-1", Job: "other"}}
		}
		s := &Sweeper{Rules: Rules{Notice: 15 * time.Minute}}
		if got := s.words(st, c.next, now).String(); !regexp.MustCompile(c.want).MatchString(got) {
			t.Errorf("%s: %q, want %s", c.name, got, c.want)
		}
		if got := s.brief(st, c.next, now).String(); !regexp.MustCompile(c.brief).MatchString(got) || c.brief == "" {
			t.Errorf("%s: in brief %q, want %s", c.name, got, c.brief)
		}
		var ids []string
		for _, b := range buttons(st, c.next) {
			ids = append(ids, b.ID)
			if b.Danger != (b.Confirm != "") && b.ID != "stop" {
				t.Errorf("%s: %s loses something and does not ask: %+v", c.name, b.ID, b)
			}
		}
		if !slices.Equal(ids, c.buttons) {
			t.Errorf("%s: buttons %v, want %v", c.name, ids, c.buttons)
		}
	}
}

// Data goes only if that was said in good time before: of a volume that came late its owner hears, and it is kept.
func TestDataIsKeptUntilItWasSaid(t *testing.T) {
	now := time.Date(2026, 11, 30, 12, 0, 0, 0, time.UTC)
	r := Rules{Notice: 15 * time.Minute}
	n := Next{Step: stackhand.StepDelete, At: now, From: now.Add(-72 * time.Hour)}
	st := stackhand.Stack{ID: "s-1", Job: "made", Ledger: []stackhand.Resource{{Kind: stackhand.KindVolume, ID: "d-1", Job: "other"}}}
	for _, c := range []struct {
		volumes   []string
		delivered time.Time
		kept      bool
	}{
		{[]string{"d-1"}, now.Add(-15 * time.Minute), false},
		{[]string{"d-1"}, now.Add(-10 * time.Minute), true},
		{[]string{"d-1"}, time.Time{}, true},
		{nil, now.Add(-time.Hour), true},
	} {
		st.Lease.Warned = []stackhand.Warning{{Step: n.Step, Until: now, Delivered: c.delivered, Volumes: c.volumes}}
		if got := r.unwarned(st, n, now); got != c.kept {
			t.Errorf("%+v: kept %v", c, got)
		}
	}
}

// The job of a step says why it is taken, and does the right thing.
func TestSteps(t *testing.T) {
	now := time.Date(2026, 11, 30, 12, 0, 0, 0, time.UTC)
	st := stackhand.Stack{ID: "s-1", Name: "web-1", Server: "v-1", State: stackhand.StackReady, Lease: stackhand.Lease{Owner: "U0ALICE", Ready: now, Until: now}}
	for _, c := range []struct {
		next        Next
		flow, title string
		verb        string
	}{
		{Next{Step: stackhand.StepStop}, "ladder", "Stop web-1", stackhand.ActStop},
		{Next{Step: stackhand.StepShelve}, "ladder", "Shelve web-1", stackhand.ActShelve},
		{Next{Step: stackhand.StepDelete, Snapshot: true}, "ladder", "Snapshot and delete web-1", stackhand.LadderArchive},
		{Next{Step: stackhand.StepDelete}, "delete", "Delete web-1", ""},
	} {
		flow, title, input := Rules{}.step(st, c.next, now, now)
		spec, _ := input.(stackhand.LadderSpec)
		if flow != c.flow || title != c.title || spec.Verb != c.verb {
			t.Errorf("%+v: %s, %q, %+v", c.next, flow, title, input)
		}
	}
	for want, c := range map[string]struct {
		reason stackhand.Reason
		next   Next
	}{
		"its lease has ended": {}, "its time of grace is over": {next: Next{Parked: true}},
		"nobody uses it": {reason: stackhand.ReasonIdle}, "it has been stopped for long": {reason: stackhand.ReasonStands},
	} {
		st.Lease.Ladder.Reason = c.reason
		if got := line(st, c.next); got != want {
			t.Errorf("%+v: %q, want %q", c, got, want)
		}
	}
}
