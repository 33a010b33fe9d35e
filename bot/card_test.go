package bot

import (
	"encoding/json"
	"fmt"
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	"pgregory.net/rapid"

	"github.com/stackhand/stackhand"
	"github.com/stackhand/stackhand/commands"
	"github.com/stackhand/stackhand/internal/sim/slack/blockkit"
)

var start = time.Date(2026, 11, 21, 9, 0, 0, 0, time.UTC)

// job makes a job of alice's in #team-a.
func job(id string, state stackhand.JobState, steps ...stackhand.JobStep) stackhand.Job {
	j := stackhand.Job{
		ID: id, Flow: "create", User: stackhand.User{ID: "U0ALICE", Name: "alice", Role: stackhand.Member}, Cloud: "lab",
		Place: stackhand.Place{Channel: "C0TEAMA"}, Line: "create web-1", Title: "Create web-1", State: state, Steps: steps,
		Created: start, Started: start,
	}
	if state.Rests() {
		j.Ended = start.Add(42 * time.Second)
	}
	return j
}

func readyStack(job string) stackhand.Stack {
	return stackhand.Stack{
		ID: job + "-1", Name: "web-1", Job: job, State: stackhand.StackReady, Server: "6f1c", Address: "203.0.113.5", Login: "ubuntu",
		Flavor: "m1.small", Image: "Ubuntu 22.04", Lease: stackhand.Lease{Owner: "U0ALICE", Ready: start, Until: start.Add(72 * time.Hour)},
	}
}

func TestCardSaysWhereTheJobStands(t *testing.T) {
	problem := &stackhand.Problem{Kind: stackhand.Quota, Msg: "The project team-a may have 10 servers and has 10.", Next: "Delete one.", Step: "server", Ref: "ab12"}
	step := stackhand.JobStep{Name: "server", Title: "Server web-1", State: stackhand.StepFailed}
	for _, c := range []struct {
		name    string
		change  func(*stackhand.Job)
		state   stackhand.JobState
		want    []string
		buttons []string
	}{
		{"queued", nil, stackhand.JobQueued, []string{"waiting to start"}, []string{"cancel"}},
		{"running", nil, stackhand.JobRunning, []string{"*Create web-1*: in progress", "asked by alice", "`create web-1`"}, []string{"cancel"}},
		{"a step of a lease", func(j *stackhand.Job) { j.User.Name, j.Line = "", "its lease has ended" }, stackhand.JobRunning, []string{"`its lease has ended` · job `k3v9`"}, []string{"cancel"}},
		{"in trouble", func(j *stackhand.Job) {
			j.Steps = []stackhand.JobStep{{Title: "Server", State: stackhand.StepRunning, Attempt: 2, Problem: &stackhand.Problem{Msg: "No answer."}}}
		}, stackhand.JobRunning, []string{"in progress, but *Server* is tried again: No answer."}, []string{"cancel"}},
		{"in trouble for a moment", func(j *stackhand.Job) {
			j.Steps = []stackhand.JobStep{{Title: "Server", State: stackhand.StepRunning, Started: start.Add(58 * time.Second), Problem: &stackhand.Problem{Msg: "No answer."}}}
		}, stackhand.JobRunning, []string{"in progress; each step is in the thread"}, []string{"cancel"}},
		{"done at once", func(j *stackhand.Job) { j.Ended = j.Started.Add(time.Millisecond) }, stackhand.JobUndone, []string{"*Create web-1*: failed; everything"}, []string{"retry", "keep", "cleanup"}},
		{"stopping", func(j *stackhand.Job) { j.Canceled = "U0BOB" }, stackhand.JobRunning, []string{"stopping, because <@U0BOB> asked"}, nil},
		{"undoing", nil, stackhand.JobUndoing, []string{"did not work; what it made is being removed"}, nil},
		{"done", nil, stackhand.JobDone, []string{"done after 42s", "web-1 ACTIVE 203.0.113.5", "m1.small", "<!date^"}, []string{"reboot", "extend", "delete"}},
		{"done, and stopped since", func(j *stackhand.Job) { j.Stacks = []string{"stopped"} }, stackhand.JobDone, []string{"web-1 SHUTOFF 203.0.113.5"}, []string{"reboot", "extend", "delete"}},
		{"undone", func(j *stackhand.Job) { j.Problem = problem }, stackhand.JobUndone,
			[]string{"everything it made is removed", "*Server web-1*: The project team-a may have 10", "the project is full", "Delete one.", "ref ab12",
				"*Keep for debugging*: runs it again", "*Clean up*: looks in the cloud"}, []string{"retry", "keep", "cleanup"}},
		{"cancelled", func(j *stackhand.Job) { j.Canceled = "U0BOB" }, stackhand.JobUndone, []string{"cancelled after 42s"}, []string{"retry", "keep", "cleanup"}},
		{"failed", nil, stackhand.JobFailed, []string{"failed after 42s"}, []string{"retry", "keep", "cleanup"}},
		{"kept", nil, stackhand.JobKept, []string{"pieces are kept for a look, until <!date^"}, []string{"retry", "cleanup"}},
		{"stuck", nil, stackhand.JobStuck, []string{"a person has to look"}, []string{"retry", "keep", "cleanup"}},
		{"logged out", func(j *stackhand.Job) {
			j.Problem = &stackhand.Problem{Kind: stackhand.Unauthorized, Msg: "The cloud does not accept the login: expired."}
		}, stackhand.JobUndone,
			[]string{"your login ended", "Log in again, then press Retry."}, []string{"login", "retry", "keep", "cleanup"}},
		{"failed in the cloud's own words", func(j *stackhand.Job) {
			j.Problem = &stackhand.Problem{Kind: stackhand.Failed, Msg: "No host has room.", Detail: "No valid host was found."}
		}, stackhand.JobUndone, []string{"No host has room."}, []string{"retry", "keep", "cleanup", "detail"}},
		{"a make at work", func(j *stackhand.Job) { j.Flow = "make" }, stackhand.JobRunning, []string{"in progress\n✗ Server web-1"}, []string{"cancel"}},
		{"an act at work", func(j *stackhand.Job) { j.Flow = "act" }, stackhand.JobRunning, []string{"in progress\n✗ Server web-1"}, nil},
		{"a delete that waits", func(j *stackhand.Job) { j.Flow = "delete" }, stackhand.JobQueued, []string{"waiting to start"}, []string{"cancel"}},
		{"a delete at work", func(j *stackhand.Job) { j.Flow = "delete" }, stackhand.JobRunning, []string{"in progress"}, nil}, // it cannot be taken back
		{"what does not fit the cloud", func(j *stackhand.Job) {
			j.Problem = &stackhand.Problem{Kind: stackhand.Invalid, Msg: "The disk would have to shrink.", Step: "server"}
		}, stackhand.JobUndone, []string{"Send the command again with another choice"}, []string{"cleanup"}},
		{"a delete", func(j *stackhand.Job) { j.Flow = "delete" }, stackhand.JobFailed, []string{"failed after 42s"}, []string{"retry"}},
		{"retried, with rests", func(j *stackhand.Job) { j.RetriedAs = "zzzz" }, stackhand.JobFailed, nil, []string{"cleanup"}},
		{"retried", func(j *stackhand.Job) { j.RetriedAs = "zzzz" }, stackhand.JobUndone, []string{"tried again as job `zzzz`"}, nil},
	} {
		t.Run(c.name, func(t *testing.T) {
			j := job("k3v9", c.state, step)
			if c.change != nil {
				c.change(&j)
			}
			s := shown{job: j, stacks: []stackhand.Stack{readyStack(j.ID)}, now: start.Add(time.Minute)}
			if len(j.Stacks) > 0 {
				s.stacks[0].Status = "SHUTOFF"
			}
			m := s.card().message()
			for _, want := range c.want {
				if !strings.Contains(m.Text, want) {
					t.Errorf("%q is not in\n%s", want, m.Text)
				}
			}
			if got := strings.Join(buttonIDs(t, m), " "); got != strings.Join(c.buttons, " ") {
				t.Errorf("buttons %q, want %q", got, c.buttons)
			}
			valid(t, blockkit.Message, m)
		})
	}
}

// A card does not promise a moment that has passed.
func TestTheLineOfAServerWhoseTimeIsOver(t *testing.T) {
	st := readyStack("k3v9")
	end := st.Lease.Until
	st.Lease.Ladder.Take(stackhand.Rung{Step: stackhand.StepStop, Job: "k", At: end.Add(time.Minute)})
	if line := serverLine(st).String(); !strings.HasSuffix(line, "· its time is over") {
		t.Error(line)
	}
	st.Lease.Until = end.Add(time.Hour) // extended since
	if line := serverLine(st).String(); !strings.Contains(line, "· until ") {
		t.Error(line)
	}
}

func TestFinalMentionsTheAsker(t *testing.T) {
	j := job("k3v9", stackhand.JobDone)
	j.Notes = []string{"The image is old."}
	text := shown{job: j, stacks: []stackhand.Stack{readyStack("k3v9")}}.final().message().Text
	for _, want := range []string{"<@U0ALICE> web-1 ACTIVE 203.0.113.5", "`ssh ubuntu@203.0.113.5`", "until <!date^", "The image is old."} {
		if !strings.Contains(text, want) {
			t.Errorf("%q is not in\n%s", want, text)
		}
	}
	j.Flow, j.State = "delete", stackhand.JobDone
	gone := readyStack("k3v9")
	gone.State = stackhand.StackGone
	if text := (shown{job: j, stacks: []stackhand.Stack{gone}}).final().message().Text; !strings.Contains(text, "web-1 is deleted.") {
		t.Errorf("delete ends with %s", text)
	}
	j.Own = true
	if text := (shown{job: j, stacks: []stackhand.Stack{gone}}).final().message().Text; !strings.Contains(text, "web-1 is deleted, as was announced.") {
		t.Errorf("the end of a lease ends with %s", text)
	}
	j.State, j.Made = stackhand.JobFailed, []stackhand.Resource{{Kind: "port", ID: "p1", Name: "web-1"}}
	if text := (shown{job: j}).final().message().Text; !strings.Contains(text, "Left in the cloud: port web-1.") {
		t.Errorf("a failure ends with %s", text)
	}
}

// A command that cannot work is not offered: the ssh line stands only where port 22 is open.
func TestFinalOffersSSHWherePortsAllow(t *testing.T) {
	for _, c := range []struct {
		title, line string
		want        bool
	}{
		{"Security group (22)", "create web-1", true}, {"Security group (80, 443)", "create web-1 --open 80,443", false}, {"Security group (22, 80)", "create web-1 --open 22,80", true},
		{"Security group (2200, 8022)", "create web-1 --open 2200,8022", false}, {"Security group (80)", "create web-1 --open 80 --security-group mine", true}, {"", "create web-1 --security-group mine", true},
	} {
		j := job("k3v9", stackhand.JobDone, stackhand.JobStep{Name: "network", Title: "Network 22", State: stackhand.StepDone})
		j.Line = c.line
		if c.title != "" {
			j.Steps = append(j.Steps, stackhand.JobStep{Name: "group", Title: c.title, State: stackhand.StepDone})
		}
		text := shown{job: j, stacks: []stackhand.Stack{readyStack("k3v9")}}.final().message().Text
		if strings.Contains(text, "ssh ubuntu@") != c.want || !strings.Contains(text, "203.0.113.5") {
			t.Errorf("%s: %s", c.line, text)
		}
	}
}

func TestStepsTellTimesAndTries(t *testing.T) {
	j := job("k3v9", stackhand.JobRunning,
		stackhand.JobStep{Title: "Network", State: stackhand.StepDone, Attempt: 1, Note: "net-1", Started: start, Ended: start.Add(400 * time.Millisecond)},
		stackhand.JobStep{Title: "Build", State: stackhand.StepRunning, Attempt: 2, Started: start.Add(5 * time.Second), Problem: &stackhand.Problem{Msg: "no answer"}},
		stackhand.JobStep{Title: "Server web-1", State: stackhand.StepDone, Note: "web-1"},
		stackhand.JobStep{Title: "Subnet", State: stackhand.StepSkipped},
		stackhand.JobStep{Title: "Port", State: stackhand.StepUndone, Attempt: 2},
		stackhand.JobStep{Title: "Lease", State: stackhand.StepWaiting})
	j.Resumed = 1
	got := shown{job: j, now: start.Add(17 * time.Second)}.steps().message().Text
	want := "*Steps of Create web-1*\n↻ resumed after a restart\n✓ Network · net-1 · 0.4s\n⏳ Build · running, over 10s · try 2 · no answer\n✓ Server web-1\n– Subnet · skipped\n↩ Port · undone\n○ Lease"
	if got != want {
		t.Errorf("got\n%s\nwant\n%s", got, want)
	}
}

// Nothing of a job that was undone looks done, also what another step's undo took along.
func TestStepsOfWhatWasUndone(t *testing.T) {
	problem := &stackhand.Problem{Kind: stackhand.Forbidden, Msg: "Forbidden.", Step: "Server web-1", Ref: "ab12"}
	steps := []stackhand.JobStep{
		{Name: "find", Title: "Find network", State: stackhand.StepUndone, Attempt: 2},
		{Name: "network", Title: "Network", State: stackhand.StepDone, Note: "auto", Started: start, Ended: start.Add(time.Second)},
		{Name: "subnet", Title: "Subnet", State: stackhand.StepDone},
		{Name: "server-1", Title: "Server web-1", State: stackhand.StepUndone, Attempt: 4, Problem: &stackhand.Problem{Msg: "the undo's first try"}},
		{Name: "build-1", Title: "Build", State: stackhand.StepSkipped},
	}
	for _, c := range []struct {
		state stackhand.JobState
		made  []stackhand.Resource
		want  string
	}{
		{stackhand.JobUndone, nil, "↩ Find network · undone\n↩ Network · auto · undone\n↩ Subnet · undone\n✗ Server web-1 · failed · Forbidden.\n– Build · skipped"},
		{stackhand.JobUndoing, nil, "↩ Find network · undone\n↩ Network · auto · being undone\n↩ Subnet · being undone\n✗ Server web-1 · failed · Forbidden.\n– Build · skipped"},
		{stackhand.JobFailed, []stackhand.Resource{{Kind: "network", ID: "n"}},
			"↩ Find network · undone\n✓ Network · auto · 1.0s\n↩ Subnet · undone\n✗ Server web-1 · failed · Forbidden.\n– Build · skipped"},
		{stackhand.JobKept, nil, "↩ Find network · undone\n✓ Network · auto · 1.0s\n✓ Subnet\n✗ Server web-1 · failed · Forbidden.\n– Build · skipped"},
	} {
		j := job("k3v9", c.state, steps...)
		j.Problem, j.Made = problem, c.made
		_, got, _ := strings.Cut(shown{job: j, now: start}.steps().message().Text, "\n")
		if got != c.want {
			t.Errorf("%s: got\n%s\nwant\n%s", c.state, got, c.want)
		}
	}
}

// What a failed job left is not said to be there any more once a clean-up removed it.
func TestClearedUp(t *testing.T) {
	j := job("k3v9", stackhand.JobKept)
	j.Made = []stackhand.Resource{{Kind: "port", ID: "p1", Name: "web-1"}, {Kind: "network", ID: "n1", Name: "auto", Shared: true}}
	st := readyStack("k3v9")
	st.State = stackhand.StackKept
	before := shown{job: j, stacks: []stackhand.Stack{st}}.final().message()
	if !strings.Contains(before.Text, "Left in the cloud: port web-1, network auto (shared).") {
		t.Errorf("before:\n%s", before.Text)
	}
	st.State = stackhand.StackGone
	for _, state := range []stackhand.JobState{stackhand.JobKept, stackhand.JobFailed} {
		j.State, j.Notes = state, []string{"Still there: port web-1."}
		after := shown{job: j, stacks: []stackhand.Stack{st}}.final().message()
		if strings.Contains(after.Text, "Left in") || strings.Contains(after.Text, "Still there") || !strings.Contains(after.Text, "removed since") {
			t.Errorf("%s, after:\n%s", state, after.Text)
		}
	}
}

// Every kind of failure says whose fault it is and what next, and nothing twice.
func TestProblemsSayWhoseFault(t *testing.T) {
	for _, k := range []stackhand.Kind{stackhand.Invalid, stackhand.NotFound, stackhand.Conflict, stackhand.Quota, stackhand.Forbidden, stackhand.Unauthorized,
		stackhand.RateLimited, stackhand.Unavailable, stackhand.Failed, stackhand.Internal} {
		j := job("k3v9", stackhand.JobUndone)
		j.Problem = &stackhand.Problem{Kind: k, Msg: "It went wrong (ref ab12).", Step: "Server web-1", Ref: "ab12"}
		lines := strings.Split(shown{job: j}.problem().String(), "\n")
		if len(lines) != 3 || lines[0] != "Server web-1: It went wrong (ref ab12)." || strings.Contains(lines[2], "ab12") {
			t.Errorf("%s: %q", k, lines)
		}
	}
}

// However many steps, servers and words there are: the messages of a job hold Slack's
// limits, and an edit is never too long.
func TestMessagesOfAnyJobAreValid(t *testing.T) {
	words := rapid.StringOfN(rapid.RuneFrom([]rune("abc <>&*_`\n漢")), 0, 300, -1)
	states := []stackhand.JobState{stackhand.JobQueued, stackhand.JobRunning, stackhand.JobUndoing, stackhand.JobDone, stackhand.JobUndone, stackhand.JobFailed, stackhand.JobKept, stackhand.JobStuck}
	stepStates := []stackhand.StepState{stackhand.StepWaiting, stackhand.StepRunning, stackhand.StepDone, stackhand.StepFailed, stackhand.StepSkipped, stackhand.StepUndoing, stackhand.StepUndone}
	rapid.Check(t, func(t *rapid.T) {
		j := job("k3v9", rapid.SampledFrom(states).Draw(t, "state"))
		j.Line, j.Title = words.Draw(t, "line"), words.Draw(t, "title")
		for i := range rapid.IntRange(0, 120).Draw(t, "steps") {
			j.Steps = append(j.Steps, stackhand.JobStep{
				Name: fmt.Sprint(i), Title: words.Draw(t, "step"), State: rapid.SampledFrom(stepStates).Draw(t, "stepstate"), Note: words.Draw(t, "note"),
			})
		}
		for i := range rapid.IntRange(0, 60).Draw(t, "notes") {
			j.Notes = append(j.Notes, words.Draw(t, "note"))
			j.Made = append(j.Made, stackhand.Resource{Kind: "port", ID: fmt.Sprint(i), Name: words.Draw(t, "made")})
		}
		s := shown{job: j, now: start}
		for i := range rapid.IntRange(0, 20).Draw(t, "stacks") {
			st := readyStack("k3v9")
			st.ID, st.Server, st.Name = fmt.Sprint("k3v9-", i), fmt.Sprint("srv-", i), clip(words.Draw(t, "server"), 63)
			s.stacks = append(s.stacks, st)
		}
		for _, m := range []message{s.card().message(), s.steps().message(), s.final().message()} {
			if n := utf8.RuneCountInString(m.Text); n > 4000 {
				t.Fatalf("%d characters of text", n)
			}
			valid(t, blockkit.Message, m)
		}
	})
}

func TestReplyIsWholeInItsText(t *testing.T) {
	reply := commands.Reply{
		Text:   stackhand.Textf("2 servers in team-a"),
		Fields: []commands.Field{{Name: "Cloud", Value: stackhand.Textf("lab")}},
		Table:  &commands.Table{Columns: []string{"NAME", "STATUS"}, Rows: [][]string{{"web-1", "ACTIVE"}, {"web-2", "ERROR"}}, More: "list --page 2"},
		Share:  "list --public",
	}
	all := sheetOf(reply).messages()
	if len(all) != 1 {
		t.Fatalf("%d messages", len(all))
	}
	for _, want := range []string{"2 servers in team-a", "*Cloud:* lab", "web-1  ACTIVE", "web-2  ERROR"} {
		if !strings.Contains(all[0].Text, want) {
			t.Errorf("%q is not in\n%s", want, all[0].Text)
		}
	}
	if got := strings.Join(buttonIDs(t, all[0]), " "); got != "page share" {
		t.Errorf("buttons %q", got)
	}
	valid(t, blockkit.Message, all[0])
}

func TestLongReplyGoesOnInFurtherMessages(t *testing.T) {
	table := &commands.Table{Columns: []string{"NAME"}}
	for i := range 800 {
		table.Rows = append(table.Rows, []string{fmt.Sprintf("server-%04d", i)})
	}
	var text strings.Builder
	for _, m := range sheetOf(commands.Reply{Text: stackhand.Textf("800 servers"), Table: table}).messages() {
		if n := utf8.RuneCountInString(m.Text); n > 4000 {
			t.Errorf("%d characters", n)
		}
		valid(t, blockkit.Message, m)
		text.WriteString(m.Text)
	}
	for _, row := range table.Rows {
		if !strings.Contains(text.String(), row[0]) {
			t.Fatalf("%s is lost", row[0])
		}
	}
}

func TestManyChoicesAreButtonsInTheirOwnRows(t *testing.T) {
	var actions []stackhand.Action
	for i := range 20 {
		actions = append(actions, stackhand.Action{ID: "choose", Label: fmt.Sprintf("web %d", i), Value: fmt.Sprintf("show %d", i), Confirm: "sure?", Danger: true})
	}
	m := sheet{{Text: stackhand.Textf("Which one?"), Actions: actions}}.message()
	if got := len(buttonIDs(t, m)); got != 20 {
		t.Errorf("%d buttons of 20", got)
	}
	valid(t, blockkit.Message, m)
}

func buttonIDs(t *testing.T, m message) (ids []string) {
	var doc []struct {
		Elements []struct {
			Type string `json:"type"`
			ID   string `json:"action_id"`
		} `json:"elements"`
	}
	raw, err := json.Marshal(m.Blocks)
	if err == nil {
		err = json.Unmarshal(raw, &doc)
	}
	if err != nil {
		t.Fatal(err)
	}
	for _, b := range doc {
		for _, e := range b.Elements {
			if e.Type == "button" {
				ids = append(ids, e.ID)
			}
		}
	}
	return ids
}

// valid holds a message against Slack's rules.
func valid(t interface {
	Helper()
	Errorf(string, ...any)
}, surface blockkit.Surface, m message) {
	t.Helper()
	raw, err := json.Marshal(m.Blocks)
	if err != nil {
		t.Errorf("%v", err)
	}
	for _, p := range blockkit.Validate(surface, raw) {
		t.Errorf("%s", p)
	}
}

// A line that was approved shows what came of it: the server as it is now, until when in the reader's own time zone.
func TestApprovedLine(t *testing.T) {
	until := time.Date(2026, 12, 2, 18, 0, 0, 0, time.UTC)
	s := shown{
		job: stackhand.Job{ID: "k3v9x2ab", Flow: flowLine, Title: "Keep web-1 until 2026-12-02 18:00 UTC", State: stackhand.JobDone, User: stackhand.User{ID: "U0ALICE"}, Notes: []string{"It stays stopped."}},
		stacks: []stackhand.Stack{{Name: "web-1", State: stackhand.StackReady, Address: "203.0.113.5", Status: "SHUTOFF",
			Lease: stackhand.Lease{Owner: "U0BOB", Until: until}}},
	}
	final := s.final()
	match(t, final[0].Text.String(), `@U0ALICE ✅ Keep web-1 .*: done\nweb-1 SHUTOFF 203\.0\.113\.5 · until 2026-12-02 18:00 UTC · of @U0BOB`)
	if len(final) != 2 || final[1].Text.String() != "It stays stopped." {
		t.Errorf("%+v", final)
	}
	for flow, want := range map[string]string{flowLine: "Nothing was changed", flowCreate: "Nothing was made"} {
		a := asked{req: stackhand.Request{State: stackhand.RequestEnded, Job: stackhand.Job{Flow: flow}}}
		match(t, a.end().String(), want)
	}
}
