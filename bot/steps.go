package bot

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/stackhand/stackhand"
)

var stepIcons = map[stackhand.StepState]string{
	stackhand.StepWaiting: "○", stackhand.StepRunning: "⏳", stackhand.StepDone: "✓", stackhand.StepFailed: "✗",
	stackhand.StepSkipped: "–", stackhand.StepUndoing: "↩", stackhand.StepUndone: "↩", stepStopped: "✗",
}

// stepStopped is how a step looks that a job left midway when it came to rest.
const stepStopped stackhand.StepState = "stopped"

// maxStepsText leaves room below the limit of chat.update.
const maxStepsText = 3300

// steps is the message in the thread that is edited in place: a line for each step. Where
// there are too many for one message the uneventful ones are counted together.
func (s shown) steps() sheet {
	j := s.job
	head := stackhand.Textf("%s", stackhand.AsBold("Steps of "+j.Title))
	if s.brief() {
		head = s.headline()
	}
	if j.Resumed > 0 {
		head = head.Add("\n↻ resumed after a restart%s", times(j.Resumed))
	}
	switch {
	case s.brief() && j.State == stackhand.JobDone:
		return sheet{{Text: head}} // the final reply stands right below: one line is enough
	case len(j.Steps) > 0:
		return sheet{{Text: s.listed(head)}}
	case s.brief():
		return sheet{{Text: head}}
	}
	return sheet{{Text: head.Add("\nwaiting to start")}}
}

// listed writes the steps below head, so that they fit one message.
func (s shown) listed(head stackhand.Text) stackhand.Text {
	for _, fold := range [][]stackhand.StepState{
		nil, {stackhand.StepWaiting}, {stackhand.StepWaiting, stackhand.StepDone, stackhand.StepSkipped},
		{stackhand.StepWaiting, stackhand.StepDone, stackhand.StepSkipped, stackhand.StepUndone, stackhand.StepRunning, stackhand.StepUndoing, stepStopped},
	} {
		text := s.list(head, fold)
		if out := (sheet{{Text: text}}); len(out.messages()) == 1 && len(out.message().Text) < maxStepsText {
			return text
		}
	}
	return head.Add("\n%d steps", len(s.job.Steps))
}

func times(n int) string {
	if n < 2 {
		return ""
	}
	return fmt.Sprintf(" (%d times)", n)
}

// list writes the steps below head; those in a state to fold are only counted.
func (s shown) list(head stackhand.Text, fold []stackhand.StepState) stackhand.Text {
	t := head
	counts := map[stackhand.StepState]int{}
	for _, st := range s.job.Steps {
		if state, _ := s.standing(st); contains(fold, state) {
			counts[state]++
			continue
		}
		if len(t) > 0 {
			t = t.Add("\n")
		}
		t = append(t, s.line(st)...)
	}
	for _, state := range fold {
		if n := counts[state]; n > 0 {
			t = t.Add("\n%s %d more steps %s", stepIcons[state], n, state)
		}
	}
	return t
}

func contains(all []stackhand.StepState, s stackhand.StepState) bool {
	for _, a := range all {
		if a == s {
			return true
		}
	}
	return false
}

// maxNote keeps a step on one or two lines.
const maxNote = 160

// line is a step: its state as a sign and, where it is not plain, in words, its note, its time.
func (s shown) line(st stackhand.JobStep) stackhand.Text {
	state, problem := s.standing(st)
	t := stackhand.Textf("%s %s", stepIcons[state], st.Title)
	if st.Note != "" && !strings.HasSuffix(st.Title, " "+st.Note) { // "Server web-1 · web-1" says it twice
		t = t.Add(" · %s", clip(st.Note, maxNote))
	}
	switch state {
	case stackhand.StepRunning:
		t = t.Add(" · running")
		if !st.Started.IsZero() {
			t = t.Add("%s", s.sofar(s.now.Sub(st.Started)))
		}
	case stepStopped:
		t = t.Add(" · stopped")
		if !st.Started.IsZero() && !s.job.Ended.IsZero() {
			t = t.Add(" after %s", elapsed(s.job.Ended.Sub(st.Started)))
		}
	case stackhand.StepUndoing:
		t = t.Add(" · being undone")
	case stackhand.StepUndone:
		t = t.Add(" · undone")
	case stackhand.StepFailed:
		t = t.Add(" · failed")
	case stackhand.StepSkipped:
		t = t.Add(" · skipped")
	case stackhand.StepDone:
		if !st.Started.IsZero() && !st.Ended.IsZero() {
			t = t.Add(" · %s", elapsed(st.Ended.Sub(st.Started)))
		}
	}
	if st.Attempt > 1 && st.State == state && state != stackhand.StepUndone && state != stackhand.StepUndoing { // tries to undo count too
		t = t.Add(" · %s", tries(st))
	}
	if problem != nil {
		t = t.Add(" · %s", clip(problem.Msg, maxNote))
	}
	return t
}

// sofar is how long a step has been running. While something is tried again and again it is
// told coarsely, because each change of it is an edit.
func (s shown) sofar(d time.Duration) string {
	if !slices.ContainsFunc(s.job.Steps, again) {
		return ", " + elapsed(d)
	}
	grain := 10 * time.Second
	switch {
	case d < grain:
		return ""
	case d >= 10*time.Minute:
		grain = 5 * time.Minute
	case d >= time.Minute:
		grain = 30 * time.Second
	}
	return ", over " + elapsed(d.Truncate(grain))
}

// again tells that a step is tried again.
func again(st stackhand.JobStep) bool {
	return st.State == stackhand.StepRunning && st.Problem != nil
}

// tries counts the attempts at a step, coarsely once they are many.
func tries(st stackhand.JobStep) string {
	for _, n := range []int{100, 50, 20, 10, 5} {
		if again(st) && st.Attempt >= n {
			return fmt.Sprintf("tried %d times or more", n)
		}
	}
	return fmt.Sprintf("try %d", st.Attempt)
}

// standing is where a step stands and its problem. What a step that failed left is taken
// back too, but what is worth telling of it is the failure.
func (s shown) standing(st stackhand.JobStep) (stackhand.StepState, *stackhand.Problem) {
	state := s.job.Standing(st)
	switch state {
	case stackhand.StepDone, stackhand.StepSkipped:
		return state, nil
	case stackhand.StepUndoing, stackhand.StepUndone:
		if p := s.job.Problem; p != nil && p.Step != "" && (p.Step == st.Title || p.Step == st.Name) {
			return stackhand.StepFailed, p
		}
		if state == stackhand.StepUndone {
			return state, nil
		}
	}
	if s.job.State.Rests() && (state == stackhand.StepRunning || state == stackhand.StepUndoing) {
		state = stepStopped
	}
	return state, st.Problem
}
