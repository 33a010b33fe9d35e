package stackhand

import "testing"

// Where a flow went back, steps that rest as done stand as undone, unless what they made is left.
func TestStanding(t *testing.T) {
	for _, c := range []struct {
		job  JobState
		step JobStep
		want StepState
	}{
		{JobRunning, JobStep{Name: "network", State: StepDone}, StepDone},
		{JobDone, JobStep{Name: "network", State: StepDone}, StepDone},
		{JobKept, JobStep{Name: "network", State: StepDone}, StepDone},
		{JobUndoing, JobStep{Name: "network", State: StepDone}, StepUndoing},
		{JobUndone, JobStep{Name: "network", State: StepDone}, StepUndone},
		{JobUndone, JobStep{Name: "network", State: StepSkipped}, StepSkipped},
		{JobUndone, JobStep{Name: "build", State: StepFailed}, StepFailed},
		{JobFailed, JobStep{Name: "network", State: StepDone}, StepDone}, // it is left
		{JobFailed, JobStep{Name: "subnet", State: StepDone}, StepUndone},
	} {
		j := Job{State: c.job, Steps: []JobStep{c.step, {Name: "find", State: StepUndone}}, Made: []Resource{{Kind: KindNetwork}}}
		if got := j.Standing(c.step); got != c.want {
			t.Errorf("%s of a job %s that is %s: %s, want %s", c.step.Name, c.step.State, c.job, got, c.want)
		}
	}
	// A flow that does not go back leaves what it did.
	j := Job{State: JobFailed, Steps: []JobStep{{Name: "server", State: StepDone}, {Name: "port", State: StepFailed}}}
	if got := j.Standing(j.Steps[0]); got != StepDone {
		t.Errorf("a deleted server stands as %s", got)
	}
}
