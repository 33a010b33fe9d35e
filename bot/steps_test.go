package bot

import (
	"strings"
	"testing"
	"time"

	"github.com/stackhand/stackhand"
)

// A job that rests looks the same however much later, even where a step was stopped midway.
func TestStepsThatRestStandStill(t *testing.T) {
	for _, state := range []stackhand.StepState{stackhand.StepRunning, stackhand.StepUndoing} {
		j := job("k3v9", stackhand.JobStuck, stackhand.JobStep{Title: "Server", State: state, Started: start, Problem: &stackhand.Problem{Msg: "No answer."}})
		first := shown{job: j, now: start.Add(time.Minute)}.steps().message().Text
		later := shown{job: j, now: start.Add(time.Hour)}.steps().message().Text
		if first != later || !strings.Contains(first, "✗ Server · stopped after 42s · No answer.") {
			t.Errorf("%s: first\n%s\nlater\n%s", state, first, later)
		}
	}
}

// While a step is tried again every second, its line changes a few times a minute.
func TestTriesMakeFewEdits(t *testing.T) {
	lines := map[string]bool{}
	for sec := range 60 {
		j := job("k3v9", stackhand.JobRunning,
			stackhand.JobStep{Title: "Server", State: stackhand.StepRunning, Attempt: sec + 1, Started: start, Problem: &stackhand.Problem{Msg: "No answer."}},
			stackhand.JobStep{Title: "Port", State: stackhand.StepRunning, Attempt: 1, Started: start})
		lines[shown{job: j, now: start.Add(time.Duration(sec) * time.Second)}.steps().message().Text] = true
	}
	if len(lines) > 14 {
		t.Errorf("%d edits", len(lines))
	}
	j := job("k3v9", stackhand.JobRunning, stackhand.JobStep{
		Title: "Server", State: stackhand.StepRunning, Attempt: 12, Started: start, Problem: &stackhand.Problem{Msg: "No answer."}})
	for after, want := range map[time.Duration]string{
		9 * time.Second: "running · tried 10", 59 * time.Second: "running, over 50s · tried 10 times or more · No answer.",
		100 * time.Second: "over 1m30s", 29 * time.Minute: "over 25m0s",
	} {
		if got := (shown{job: j, now: start.Add(after)}).steps().message().Text; !strings.Contains(got, want) {
			t.Errorf("after %s: %q is not in %s", after, want, got)
		}
	}
}
